//! The lecture, step by step. Each step is a file; all of them write what they claim, and its check, to one report.

pub mod closed_form;
pub mod conventions;
pub mod left_out;
pub mod normaliser;
pub mod signal;
pub mod simplified;
pub mod split;

use ndarray::{Array1, Array2};

use crate::network::Network;
use crate::report::Report;

/// How large the studies of random networks are.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// How many networks there are in the last step.
    pub networks: usize,
    /// How many inputs, hidden neurons and outputs each of them has.
    pub sizes: [usize; 3],
}

impl Default for Study {
    fn default() -> Self {
        Study { networks: 200, sizes: [784, 200, 10] }
    }
}

/// The lecture for its own network.
///
/// # Errors
/// Only if the engine has one.
pub fn run(study: Study) -> Result<Report, chainrule::Error> {
    let network = Network::of_the_lecture();
    let mut report = Report::new();
    report.say("Back-propagation 1: how the error of the outputs goes back to the hidden layers.");
    report.say(
        "W[l] holds the weights into layer l, one row for each sender and one column for each receiver; A[l] are the \
         signals that leave layer l, E[l] its errors; ' is the transpose. Each line marked [ok] has been checked in this \
         run.",
    );
    let errors = signal::tell(&mut report, &network)?;
    split::tell(&mut report, &network, &errors)?;
    split::tell_the_slide(&mut report, &network, &errors);
    simplified::tell(&mut report, &network, &errors)?;
    simplified::check_the_lecture(&mut report, &network, &errors);
    closed_form::tell_random(&mut report)?;
    conventions::tell(&mut report, &network, &errors)?;
    left_out::tell(&mut report, &network)?;
    left_out::tell_random(&mut report)?;
    normaliser::tell(&mut report, study)?;
    Ok(report)
}

/// The same for a network of the reader's own.
///
/// # Errors
/// Only if the engine has one.
pub fn run_for(network: &Network, name: &str) -> Result<Report, chainrule::Error> {
    let mut report = Report::new();
    let sizes: Vec<String> =
        network.weights().map(|w| w.nrows()).chain([network.targets.len()]).map(|n| n.to_string()).collect();
    report.say(&format!("The lecture's steps for the network in {name}: {} neurons.", sizes.join("-")));
    let errors = signal::tell(&mut report, network)?;
    split::tell(&mut report, network, &errors)?;
    simplified::tell(&mut report, network, &errors)?;
    closed_form::tell(&mut report, network, &errors)?;
    conventions::tell(&mut report, network, &errors)?;
    left_out::tell(&mut report, network)?;
    Ok(report)
}

/// `Σ |w| |e|` for each row of `W`: what rounding errors of `W E` are in proportion to.
pub(crate) fn size(w: &Array2<f64>, e: &Array1<f64>) -> Array1<f64> {
    w.mapv(f64::abs).dot(&e.mapv(f64::abs))
}

/// An equation with its terms written out, in lines that fit: `a = 1 * 2 + 3 * 4 = 14`.
pub(crate) fn written_out(left: &str, terms: &[String], result: &str) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut parts: Vec<String> = terms.iter().take(SHOWN).cloned().collect();
    if terms.len() > SHOWN {
        parts.push(format!("... ({} terms in all)", terms.len()));
    }
    let indent = " ".repeat(left.chars().count());
    let mut lines = vec![format!("{left} =")];
    let pieces =
        parts.iter().enumerate().map(|(i, part)| if i == 0 { part.clone() } else { format!("+ {part}") });
    for piece in pieces.chain([format!("= {result}")]) {
        let line = match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + piece.chars().count() <= crate::report::COLUMNS - 2 => {
                line
            }
            _ => {
                lines.push(indent.clone() + " ");
                match lines.last_mut() {
                    Some(line) => line,
                    None => continue,
                }
            }
        };
        line.push(' ');
        line.push_str(&piece);
    }
    lines
}

/// How many rows are written out.
pub(crate) const ROWS: usize = 6;
