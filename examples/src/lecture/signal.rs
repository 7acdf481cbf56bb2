//! Section 1: the signal goes forward, and the errors of the outputs are taken.

use chainrule::prelude::*;
use ndarray::{Array1, Ix1};

use crate::bounds::Bounded;
use crate::layout;
use crate::network::Network;
use crate::report::{Outcome, Report};
use crate::rounding::{figure, half_up};

/// What the signal pass leaves behind: from here the errors go back.
#[derive(Clone, Debug)]
pub struct Signal {
    /// `Z[1]`, `Z[2]`, ...; empty where the network has no inputs.
    pub z: Vec<Array1<f64>>,
    /// `A[0]` (the inputs), `A[1]`, ...; empty where the network has no inputs.
    pub a: Vec<Array1<f64>>,
    /// The errors that the lecture goes on with: from the noted outputs, if there are any.
    pub errors: Array1<f64>,
}

/// Sigmoid in plain Rust, for the comparison: no large number goes into `exp`, so none overflows.
pub(crate) fn sigmoid(z: f64) -> f64 {
    let t = (-z.abs()).exp();
    if z < 0.0 { t / (1.0 + t) } else { 1.0 / (1.0 + t) }
}

/// So many roundings may a sigmoid be off: `exp` by two, a sum and a quotient by one each, in both computations.
pub(crate) const SIGMOID_ROUNDINGS: usize = 4;

/// A node's value as a vector.
pub(crate) fn vector_of(node: Var<'_>) -> chainrule::Result<Array1<f64>> {
    let value = node.value()?;
    let len = value.len();
    Ok(value.into_dimensionality::<Ix1>().unwrap_or_else(|_| Array1::from_elem(len, f64::NAN)))
}

/// Runs the network on the tape, without a word.
///
/// # Errors
/// What the tape refuses: wrong shapes.
pub fn run(network: &Network) -> chainrule::Result<Signal> {
    let graph = Graph::new();
    let (mut z, mut a) = (Vec::new(), Vec::new());
    if let Some(inputs) = &network.inputs {
        let mut signal = graph.constant(inputs);
        a.push(inputs.clone());
        for w in &network.weights {
            let sum = graph.constant(w).t().matmul(signal); // Z = W'A
            signal = sum.sigmoid(); //                         A = sigmoid(Z)
            z.push(vector_of(sum)?);
            a.push(vector_of(signal)?);
        }
    }
    let outputs = network.noted_outputs().or_else(|| a.last().cloned()).unwrap_or_default();
    let errors = vector_of(error(&network.targets, graph.constant(outputs)))?; // E = Y - A
    Ok(Signal { z, a, errors })
}

/// Prints the section and returns the signals.
pub(super) fn section(report: &mut Report<'_>, network: &Network) -> Outcome<Signal> {
    let signal = run(network)?;
    let (depth, room) = (network.depth(), report.room());
    report.section("The signal goes forward, and the errors are taken")?;
    report.text(
        "A neuron adds up what comes in, each signal times the weight of its link, and sends the sigmoid of that \
         sum to the next layer. For a whole layer: Z[l]~=~W[l]'~A[l-1] and A[l]~=~sigmoid(Z[l]). W[l] has one row \
         for each sending neuron and one column for each receiving one, and ' is the transpose.",
    )?;
    for (l, w) in network.weights.iter().enumerate() {
        report.block(layout::matrix(&format!("W[{}]", l + 1), w.view(), room))?;
    }
    if network.inputs.is_some() {
        report.block([named("A[0]", &signal.a[0], room - 15) + "   (the inputs)"])?;
        for l in 1..=depth {
            let (z, a) = (&signal.z[l - 1], &signal.a[l]);
            report.line(named(&format!("Z[{l}]"), z, room))?;
            report.line(named(&format!("A[{l}]"), a, room))?;
        }
        report.blank()?;
        for l in 1..=depth {
            let sum = Bounded::start(signal.a[l - 1].clone()).through(network.weights[l - 1].t());
            let squashed = Bounded::start(Array1::ones(signal.z[l - 1].len()))
                .times(&signal.z[l - 1].mapv(sigmoid), SIGMOID_ROUNDINGS);
            report.check(
                sum.compare(&signal.z[l - 1]).holds && squashed.compare(&signal.a[l]).holds,
                format!("Z[{l}] and A[{l}] of the tape are those of plain ndarray"),
            )?;
        }
    } else {
        report.text("There are no inputs, so there is no signal to follow: the outputs are given.")?;
    }
    errors(report, network, &signal)?;
    Ok(signal)
}

/// The errors of the outputs: from the noted outputs, from the computed ones, or from both.
fn errors(report: &mut Report<'_>, network: &Network, signal: &Signal) -> Outcome {
    let (depth, room) = (network.depth(), report.room());
    let last = format!("A[{depth}]");
    report.text(&format!(
        "The error of an output is its target Y minus what came out: E[{depth}]~=~Y~-~{last}."
    ))?;
    if *network == Network::lecture() {
        report.text(
            "The lecture rounds the outputs to two decimals before it goes on, to 0.58 and 0.55, and so does this \
             program. (Section 6 compares with the exact gradient, and there the exact outputs are used.)",
        )?;
    }
    report.block([named("Y", &network.targets, room)])?;
    let computed = signal.a.last();
    if let Some(noted) = &network.outputs {
        let rounded: Vec<String> = noted.iter().map(|n| half_up(n.value, n.decimals)).collect();
        report.line(format!("{last} = ({}), as given", layout::joined(&rounded, ", ", room - 30)))?;
        report.line(named(&format!("E[{depth}]"), &signal.errors, room - 26) + ", from the given outputs")?;
    }
    if let Some(exact) = computed {
        let errors = &network.targets - exact;
        report.line(named(&format!("E[{depth}]"), &errors, room - 26) + ", from the exact outputs")?;
    }
    report.blank()?;
    if let (Some(noted), Some(exact)) = (&network.outputs, computed) {
        let (one_by_one, mut all_right) = (noted.len() <= 8, true);
        for (j, (noted, &exact)) in noted.iter().zip(exact).enumerate() {
            let text = half_up(noted.value, noted.decimals);
            let right = half_up(exact, noted.decimals) == text;
            // Of many outputs only the wrong ones are named.
            if !right || one_by_one {
                report.check(
                    right,
                    format!("output {}: the tape's {}, rounded, is the given {text}", j + 1, figure(exact)),
                )?;
            }
            all_right &= right;
        }
        if !one_by_one && all_right {
            report.check(all_right, "every output of the tape, rounded, is the given one")?;
        }
    }
    let outputs = network.noted_outputs().or_else(|| computed.cloned()).unwrap_or_default();
    report
        .check(signal.errors == &network.targets - &outputs, format!("E[{depth}] of the tape is Y - {last}"))
}

/// `A[1] = (0.598688, 0.622459, 0.190002)`.
pub(super) fn named(name: &str, values: &Array1<f64>, room: usize) -> String {
    format!("{name} = {}", layout::vector(values, room.saturating_sub(layout::width(name) + 3)))
}
