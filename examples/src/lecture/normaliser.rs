//! Section 7: why dropping the normaliser is right.

use ndarray::{Array1, Axis};

use super::left_out::{Cosines, Updates, updates};
use super::{Sample, reads};
use crate::bounds::Bounded;
use crate::layout;
use crate::network::{Network, column_without_shares};
use crate::random::Random;
use crate::report::{Outcome, Report};
use crate::rounding::{figure, gamma, half_up};

const TITLE: &str = "Why dropping the normaliser is right";

const REASON: &str = "The usual reason, \"only the scale changes\", is not the reason. The split by shares divides the \
    error of every output by the normaliser of that output, so each output gets a factor of its own. The hidden neurons \
    then pull in another direction, and where a normaliser is negative, against that output's error.";

/// Prints the section for random networks.
pub(super) fn random_networks(report: &mut Report<'_>, sample: Sample) -> Outcome {
    report.section(TITLE)?;
    report.text(REASON)?;
    let Sample { networks, widths } = sample;
    let mut random = Random::new(7);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let mut positive = Positive { networks: 0, without: 1.0, with: 1.0 };
    // One at a time: two hundred of these at once would fill a quarter of a gigabyte.
    for i in 0..networks {
        let network = random.network(&widths, 1.0);
        if i == 0 {
            factors(report, &network, "of the first of the networks below")?;
        }
        if let Some(updates) = updates(&network)? {
            without.extend(updates.cosine_simplified());
            with.extend(updates.cosine_by_shares());
        }
        if i < networks.div_ceil(4) {
            positive.add(network)?;
        }
    }
    let shape = widths.map(|width| width.to_string()).join("-");
    report.text(&format!(
        "What that does to learning: {networks} random sigmoid networks {shape}, weights normal with standard deviation \
         1/sqrt(inputs of the neuron), inputs uniform in 0..1, the target 1 at one output and 0 at the others. For \
         each, the update of the first layer by both methods, and its cosine with the exact way down, which is minus \
         the tape's gradient:"
    ))?;
    let (uphill, all) = (with.iter().filter(|&&cosine| cosine < 0.0).count(), with.len());
    let counted = without.len() == networks && all == networks;
    let (without, with) = (Cosines::of(without), Cosines::of(with));
    report.block(layout::table(
        &["cosine with the way down", "median", "mean", "smallest", "largest"],
        &[
            [vec!["without the normaliser".to_owned()], without.cells()].concat(),
            [vec!["with the normaliser".to_owned()], with.cells()].concat(),
        ],
        report.room(),
    ))?;
    report.blank()?;
    report.check(
        counted && without.smallest > 0.9,
        "without: close to the exact direction (above 0.9) in every network, so that a small step leads down",
    )?;
    report.check(
        with.median.abs() < 0.5 && with.mean.abs() < 0.5,
        "with: hardly related to the exact direction (median and mean below 0.5)",
    )?;
    report.check(
        uphill > 0,
        format!("with: the step leads *up* in {uphill} of {all} networks, where the cosine is negative"),
    )?;
    report.text(&format!(
        "(The mean with the normaliser, {}, belongs to these {all} networks: it has a standard error of {}, so others \
         give a somewhat different one.)",
        half_up(with.mean, 3),
        half_up(with.error, 3)
    ))?;
    positive.tell(report)
}

/// Where the normaliser does no harm: with weights of one sign its factors are nearly one factor. The smallest cosines of
/// some networks.
struct Positive {
    networks: usize,
    without: f64,
    with: f64,
}

impl Positive {
    /// The same network with positive weights into the outputs.
    fn add(&mut self, mut network: Network) -> Outcome {
        if let Some(last) = network.weights.last_mut() {
            let divisor = (last.nrows() as f64).sqrt();
            last.mapv_inplace(|weight| weight.abs() / divisor);
        }
        let (without, with) = cosines(&network)?;
        // Not `min`, which would pass a NaN over.
        self.without = if self.without <= without { self.without } else { without };
        self.with = if self.with <= with { self.with } else { with };
        self.networks += 1;
        Ok(())
    }

    fn tell(&self, report: &mut Report<'_>) -> Outcome {
        report.text(&format!(
            "The harm comes from weights of both signs, and networks begin with such. The lecture's W[2] is positive, and \
             then no column can cancel. The first {} of these networks once more, with W[2] replaced by its absolute \
             values divided by sqrt(hidden neurons), which keeps the sums small; and the lecture's own network:",
            self.networks
        ))?;
        let (without, with) = cosines(&Network::lecture())?;
        let row = |name: &str, without: f64, with: f64| {
            vec![name.to_owned(), half_up(without, 6), half_up(with, 6)]
        };
        report.block(layout::table(
            &["cosine with the way down", "without normaliser", "with normaliser"],
            &[
                row(&format!("smallest of {} networks", self.networks), self.without, self.with),
                row("the lecture's network", without, with),
            ],
            report.room(),
        ))?;
        report.blank()?;
        report.check(
            self.with > 0.9 && with > 0.9,
            "positive weights: with the normaliser, too, every update is close to the exact direction (above 0.9)",
        )
    }
}

/// The cosines of the updates without and with the normaliser; NaN where there is none.
fn cosines(network: &Network) -> Outcome<(f64, f64)> {
    let updates = updates(network)?;
    let or_nan = |cosine: Option<f64>| cosine.unwrap_or(f64::NAN);
    Ok(updates
        .map_or((f64::NAN, f64::NAN), |u| (or_nan(u.cosine_simplified()), or_nan(u.cosine_by_shares()))))
}

/// The normalisers are factors, and differ.
fn factors(report: &mut Report<'_>, network: &Network, whose: &str) -> Outcome {
    let Some(w) = network.weights.last().filter(|w| column_without_shares(w).is_none()) else {
        return Ok(());
    };
    let normalisers = w.sum_axis(Axis(0));
    let factors = normalisers.mapv(f64::recip);
    if !factors.iter().all(|factor| factor.is_finite()) {
        return report.text(
            "A normaliser is so small here that 1/normaliser is beyond all numbers: too small for a factor to be \
             shown.",
        );
    }
    let errors = Array1::ones(factors.len());
    // w / normaliser against w times the factor: a rounding on this side, two on that one.
    let scaled = Bounded::start(errors.clone()).times(&factors, 2).through(w.view());
    let shares = w / &normalisers;
    let (least, most) = factors.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &factor| {
        (least.min(factor), most.max(factor))
    });
    report.text(&format!("The factors 1/normaliser {whose}:"))?;
    report.block([layout::vector(&factors, report.room())])?;
    report.blank()?;
    // How well a normaliser is known: its rounding errors are relative to the sum of absolute values.
    let size = w.mapv(f64::abs).sum_axis(Axis(0));
    let known =
        (&size / &normalisers.mapv(f64::abs)).fold(0.0, |most: f64, &x| most.max(x)) * gamma(w.nrows() + 2);
    let differ = most - least > 2.0 * known * most.abs().max(least.abs());
    report.check(
        scaled.compare(&shares.dot(&errors)).holds,
        "the matrix of shares is W with each output's error times its factor",
    )?;
    if differ {
        return report.text(&format!(
            "Not one factor, then: they go from {} to {}.",
            figure(least),
            figure(most)
        ));
    }
    report.text(
        "In this network the factors happen to be equal (or there is only one). Here, and only here, it is the scale \
         alone that changes.",
    )
}

/// What is lost and what is gained, in the lecture's own figures.
pub(super) fn balance(report: &mut Report<'_>, network: &Network, errors: &Array1<f64>) -> Outcome {
    let Some(w) = network.weights.last() else { return Ok(()) };
    let simplified = w.dot(errors);
    report.text(
        "What is lost without the normaliser is a balance: the hidden errors no longer add up to the errors of the \
         outputs. Nothing that learns needs that sum. What is gained is the gradient (up to the slopes of section 6).",
    )?;
    report.block([
        format!("the sum of E[2]                      {}", figure(errors.sum())),
        format!(
            "the sum of E[1], split by shares     {}",
            figure((w / &w.sum_axis(Axis(0))).dot(errors).sum())
        ),
        format!("the sum of E[1], without normaliser  {}", figure(simplified.sum())),
    ])?;
    report.blank()?;
    report.check(
        reads(&ndarray::array![simplified.sum(), errors.sum()], &[0.432, 0.87]),
        "without the normaliser 0.87 becomes 0.432: the sum is not conserved",
    )
}

/// Prints the section for the user's network.
pub(super) fn one_network(report: &mut Report<'_>, network: &Network) -> Outcome {
    report.section(TITLE)?;
    report.text(REASON)?;
    if network.depth() == 1 {
        return report
            .text("This network has no hidden neurons, so nothing is handed back that could be normalised.");
    }
    factors(report, network, &format!("of W[{}]", network.depth()))?;
    let updates = updates(network)?;
    let Some(Updates { by_shares: Some(_), .. }) = &updates else {
        return report.text(match updates {
            None => "Without inputs there is no gradient to compare with.",
            Some(_) => {
                "A column of the weights adds up to zero, so there is no split by shares to compare with."
            }
        });
    };
    report.text(
        "The update of the first layer by both methods, and its cosine with minus the tape's gradient:",
    )?;
    let show = |cosine: Option<f64>| cosine.map_or("none: one of the two is zero".into(), |x| half_up(x, 6));
    let (without, with) = updates.map_or((None, None), |u| (u.cosine_simplified(), u.cosine_by_shares()));
    report.block([
        format!("without the normaliser   {}", show(without)),
        format!("with the normaliser      {}", show(with)),
    ])
}
