//! The lecture, section by section, for its own network or for the user's.

mod closed_form;
mod conventions;
mod left_out;
mod normaliser;
pub mod signal;
mod split;

use ndarray::Array1;

use self::signal::Signal;
use crate::layout::printable;
use crate::network::Network;
use crate::report::{Outcome, Report};
use crate::rounding::half_up;

pub use crate::network::LARGEST;

/// Whether numbers are these decimal figures, to twelve decimals.
fn reads(numbers: &Array1<f64>, figures: &[f64]) -> bool {
    numbers.len() == figures.len()
        && numbers.iter().zip(figures).all(|(&x, &f)| half_up(x, 12) == half_up(f, 12))
}

/// How many random networks section 7 looks at, and of what size.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// So many.
    pub networks: usize,
    /// With so many inputs, hidden neurons and outputs.
    pub widths: [usize; 3],
}

impl Default for Sample {
    /// 200 networks for handwritten digits of 28 x 28 pixels.
    fn default() -> Self {
        Sample { networks: 200, widths: [784, 200, 10] }
    }
}

/// Prints and checks the whole lecture.
///
/// # Errors
/// If the text cannot be written.
pub fn lecture(report: &mut Report<'_>, sample: Sample) -> Outcome {
    let network = Network::lecture();
    report.title("Back-propagation 1: the lecture, computed by chainrule and checked")?;
    report.text(
        "Notation: W are weights, Z sums, A signals, E errors, Y targets, g the sigmoid, ' the transpose; [2] is the \
         layer. The matrix W[2], the outputs 0.58 and 0.55 and the targets are those of the lecture. Inputs and W[1] \
         were chosen so that these outputs come out. Figures are shown with up to six digits, computed with sixteen; \
         [ok]~marks a claim that was checked in this run.",
    )?;
    let signal = signal::section(report, &network)?;
    split::section(report, &network, &signal.errors)?;
    split::slides(report, &network, &signal.errors)?;
    closed_form::section(report, &network, &signal)?;
    closed_form::random_networks(report)?;
    conventions::section(report, &network, &signal)?;
    left_out::section(report, &network, &signal)?;
    left_out::table(report)?;
    normaliser::random_networks(report, sample)?;
    normaliser::balance(report, &network, &signal.errors)?;
    report.finish()
}

/// Prints and checks the same for a network of the user's, in the sections where it makes sense.
///
/// # Errors
/// If the text cannot be written.
pub fn own_network(report: &mut Report<'_>, name: &str, network: &Network) -> Outcome {
    report.title(&format!(
        "{}: a network {} through the lecture's eyes",
        printable(name),
        network.shape()
    ))?;
    report.text(
        "Notation: W are weights, Z sums, A signals, E errors, Y targets, g the sigmoid, ' the transpose; [2] is the \
         layer. Figures are shown with up to six digits, computed with sixteen; [ok]~marks a claim that was checked in this \
         run. Of what is too large for this page, the first and the last numbers are shown.",
    )?;
    let signal = signal::section(report, network)?;
    split::section(report, network, &signal.errors)?;
    closed_form::section(report, network, &signal)?;
    closed_form::one_network(report, network, &signal.errors)?;
    conventions::section(report, network, &signal)?;
    left_out::section(report, network, &signal)?;
    normaliser::one_network(report, network)?;
    report.finish()
}
