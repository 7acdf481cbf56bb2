//! Section 6: what the lecture leaves out.

use chainrule::prelude::*;
use ndarray::{Array1, Array2, Ix2};

use super::Signal;
use super::signal::{SIGMOID_ROUNDINGS, named, sigmoid, vector_of};
use crate::bounds::{Bounded, cosine};
use crate::layout;
use crate::network::{Network, column_without_shares};
use crate::random::Random;
use crate::report::{Outcome, Report};
use crate::rounding::half_up;

/// Three ways to change the weights of the first layer.
pub(super) struct Updates {
    /// Against the gradient of `C = 1/2 |Y - A|^2`: the steepest way down.
    pub exact: Array2<f64>,
    /// From errors that came back by the simplification.
    pub simplified: Array2<f64>,
    /// From errors that were split by shares; `None` where a column has none.
    pub by_shares: Option<Array2<f64>>,
}

impl Updates {
    /// The cosine of the angle between the simplified and the exact update.
    pub(super) fn cosine_simplified(&self) -> Option<f64> {
        cosine(&self.simplified, &self.exact)
    }

    /// The cosine of the angle between the update by shares and the exact one.
    pub(super) fn cosine_by_shares(&self) -> Option<f64> {
        cosine(self.by_shares.as_ref()?, &self.exact)
    }
}

/// All three updates on one tape. A node's error, pulled back to the weights in front of it, is their update.
pub(super) fn updates(network: &Network) -> chainrule::Result<Option<Updates>> {
    let Some(inputs) = &network.inputs else { return Ok(None) };
    let graph = Graph::new();
    let weights: Vec<Var> = network.weights.iter().map(|w| graph.constant(w)).collect();
    let Some((&first, later)) = weights.split_first() else { return Ok(None) };

    let a1 = first.t().matmul(inputs).sigmoid();
    let output = later.iter().fold(a1, |a, w| w.t().matmul(a).sigmoid());
    let loss = half_squared_error(&network.targets, output);

    let (mut simplified, mut by_shares) = (error(&network.targets, output), error(&network.targets, output));
    for &w in later.iter().rev() {
        simplified = w.matmul(simplified);
        by_shares = (w / w.sum_axes(keep(0))).matmul(by_shares);
    }
    let matrix = |node: Var<'_>| -> chainrule::Result<Array2<f64>> {
        Ok(node.value()?.into_dimensionality::<Ix2>().unwrap_or_default())
    };
    let [gradient] = loss.grad([first])?;
    let [update] = a1.vjp(simplified, [first])?;
    let shared = match network.weights.iter().skip(1).any(|w| column_without_shares(w).is_some()) {
        true => None,
        false => Some(matrix(a1.vjp(by_shares, first)?)?),
    };
    Ok(Some(Updates { exact: matrix(-gradient)?, simplified: matrix(update)?, by_shares: shared }))
}

/// The tape's `-dC/dA[l]` for all `l`, the inputs' first.
fn descent(network: &Network, inputs: &Array1<f64>) -> chainrule::Result<Vec<Array1<f64>>> {
    let graph = Graph::new();
    let mut signals = vec![graph.variable("A[0]", inputs)];
    let mut a = signals[0];
    for w in &network.weights {
        a = graph.constant(w).t().matmul(a).sigmoid();
        signals.push(a);
    }
    let loss = half_squared_error(&network.targets, a);
    loss.grad(signals)?.into_iter().map(|gradient| vector_of(-gradient)).collect()
}

/// Prints the section for a network with inputs.
pub(super) fn section(report: &mut Report<'_>, network: &Network, signal: &Signal) -> Outcome {
    let room = report.room();
    report.section("What the lecture leaves out")?;
    let (Some(inputs), Some(outputs)) = (&network.inputs, signal.a.last()) else {
        return report.text(
            "This section needs the signals of the hidden neurons. Give `inputs` in the file, and it will compare the \
             simplification with the exact gradient.",
        );
    };
    let depth = network.depth();
    let exact = descent(network, inputs)?;
    let mut chain = Bounded::start(&network.targets - outputs);

    report.text(&format!(
        "The sign. The error points from the output to the target. The gradient of C~=~1/2~|Y~-~A[{depth}]|^2 points \
         uphill, the other way: dC/dA[{depth}]~=~-E[{depth}]. A step against the gradient is a step along the error. \
         (This section uses the exact outputs, not given or rounded ones.)"
    ))?;
    report.block([
        named(&format!("E[{depth}]            "), &chain.value, room),
        named(&format!("dC/dA[{depth}], tape  "), &exact[depth].mapv(|x| 0.0 - x), room),
    ])?;
    report.blank()?;
    report.check(chain.compare(&exact[depth]).holds, format!("the tape's dC/dA[{depth}] is -E[{depth}]"))?;

    report.text(
        "The slope. An error has to go back through the sigmoid before it goes back over the links, and there it is \
         multiplied by the slope g'(Z)~=~A~*~(1~-~A), neuron by neuron. The exact recursion is \
         E[l]~=~W'(E[l+1]~*~g'(Z[l+1])) with a row of W for each receiver, and with our W[l+1], a row for each sender, \
         W[l+1]~(E[l+1]~*~g'(Z[l+1])). The lecture leaves out g'.",
    )?;
    let mut simplified = chain.clone();
    for l in network.pulled_back() {
        let w = network.weights[l].view();
        // The slope as a product of two sigmoids keeps its digits where A is close to 1.
        let slopes = signal.z[l].mapv(|z| sigmoid(z) * sigmoid(-z));
        simplified = simplified.through(w);
        chain = chain.times(&slopes, 2 * SIGMOID_ROUNDINGS + 1).through(w);
        report.block([
            named(&format!("g'(Z[{}])                  ", l + 1), &slopes, room),
            named(&format!("E[{l}] simplified           "), &simplified.value, room),
            named(&format!("E[{l}] exact, by recursion  "), &chain.value, room),
            named(&format!("-dC/dA[{l}], by the tape    "), &exact[l], room),
        ])?;
        report.blank()?;
        report.check(
            chain.compare(&exact[l]).holds,
            format!("the tape's -dC/dA[{l}] is the exact recursion's E[{l}]"),
        )?;
    }
    if depth > 1 {
        let same_way = updates(network)?.and_then(|updates| updates.cosine_simplified());
        angle(report, same_way, *network == Network::lecture())?;
    }
    Ok(())
}

/// The angle between the two updates of the first layer.
fn angle(report: &mut Report<'_>, same_way: Option<f64>, lecture: bool) -> Outcome {
    report.text(
        "Is the simplified direction a good one? Both errors at A[1] are pulled back to W[1], which gives two ways to \
         change it. Their cosine is 1 if both point the same way, and 0 if they have nothing in common:",
    )?;
    match same_way {
        Some(cosine) => {
            report.block([format!("cosine, for this network:  {}", half_up(cosine, 7))])?;
            if lecture {
                report.blank()?;
                return report.check(
                    cosine > 0.9999,
                    "nearly parallel, as the two slopes are nearly equal: what is left out is a factor of about 1/4",
                );
            }
            report.text(match cosine > 0.0 {
                true => "It is positive: a small step along the simplified direction brings the outputs closer.",
                false => "It is not positive: a small step along the simplified direction brings the outputs no closer.",
            })
        }
        None => report.text(
            "There is no angle: one of the two is zero, because there is no error or no slope left (where a sigmoid is \
             saturated, g' is zero).",
        ),
    }
}

/// How often a figure is drawn for the table.
const DRAWS: usize = 25;

/// Prints the cosines of random networks.
pub(super) fn table(report: &mut Report<'_>) -> Outcome {
    report.text(&format!(
        "The same for random networks: {DRAWS} of each kind, 50 neurons in every hidden layer, 10 outputs, normal \
         weights with standard deviation 1/sqrt(inputs of the neuron), and four times larger ones, which saturate the \
         sigmoids:"
    ))?;
    let mut rows = Vec::new();
    let mut checks = Vec::new();
    for hidden in [1, 3, 5] {
        let kind = |scale: f64, random: &mut Random| -> Outcome<Cosines> {
            let widths: Vec<usize> = (0..=hidden).map(|_| 50).chain([10]).collect();
            let mut cosines = Vec::new();
            for _ in 0..DRAWS {
                cosines.extend(updates(&random.network(&widths, scale))?.and_then(|u| u.cosine_simplified()));
            }
            Ok(Cosines::of(cosines))
        };
        let mut random = Random::new(6);
        let (usual, large) = (kind(1.0, &mut random)?, kind(4.0, &mut random)?);
        rows.push([vec![format!("{hidden} hidden, usual weights")], usual.cells()].concat());
        rows.push([vec![format!("{hidden} hidden, 4 times larger")], large.cells()].concat());
        checks.push((hidden, usual, large));
    }
    let head = ["hidden layers and weights", "median", "mean", "smallest", "largest"];
    report.block(layout::table(&head, &rows, report.room()))?;
    report.blank()?;
    for (hidden, usual, large) in checks {
        report.check(
            usual.median > 0.9 && usual.median > large.median,
            format!("{hidden} hidden: above 0.9 with usual weights, and less with large ones"),
        )?;
    }
    Ok(())
}

/// Some cosines in a few figures.
#[derive(Clone, Copy)]
pub(super) struct Cosines {
    /// The middle one.
    pub median: f64,
    /// The mean.
    pub mean: f64,
    /// The standard error of the mean: so far it would move, or twice that, with another seed.
    pub error: f64,
    /// The smallest.
    pub smallest: f64,
    /// The largest.
    pub largest: f64,
}

impl Cosines {
    pub(super) fn of(mut cosines: Vec<f64>) -> Self {
        cosines.sort_by(f64::total_cmp);
        let at = |place: usize| cosines.get(place).copied().unwrap_or(f64::NAN);
        let count = cosines.len();
        let mean = cosines.iter().sum::<f64>() / count as f64;
        let squares: f64 = cosines.iter().map(|x| (x - mean).powi(2)).sum();
        Cosines {
            median: (at(count.saturating_sub(1) / 2) + at(count / 2)) / 2.0,
            mean,
            error: (squares / (count as f64 * (count as f64 - 1.0))).sqrt(),
            smallest: at(0),
            largest: at(count.wrapping_sub(1)),
        }
    }

    pub(super) fn cells(&self) -> Vec<String> {
        [self.median, self.mean, self.smallest, self.largest].iter().map(|&x| half_up(x, 3)).collect()
    }
}
