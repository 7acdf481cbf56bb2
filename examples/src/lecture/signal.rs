//! Step 1: the signals forward, and the errors of the outputs.

use chainrule::prelude::*;
use ndarray::Array1;

use crate::network::{Network, flat};
use crate::report::{Report, matrix, round_half_up, vector};
use crate::rounding::agree;

/// Returns the errors of the outputs, `E[L]`.
///
/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network) -> Result<Array1<f64>, chainrule::Error> {
    report.section("The signals forward: Z = W'A, A = sigmoid(Z)");
    let depth = network.depth();
    let computed = match &network.inputs {
        Some(inputs) => Some(forward(report, network, inputs)?),
        None => {
            report.say("The inputs are not known, so this begins with the outputs that were given.");
            None
        }
    };
    let outputs = match (&network.outputs, &computed) {
        (Some(given), Some(computed)) => {
            compare(report, depth, given, computed);
            given.clone()
        }
        (Some(given), None) => given.clone(),
        (None, Some(computed)) => computed.clone(),
        (None, None) => Array1::zeros(network.targets.len()),
    };

    // E = y - yhat, by the layer's function on the tape.
    let graph = Graph::new();
    let errors = flat(error(&network.targets, graph.constant(&outputs)))?;
    report.lines([
        vector("targets     y", network.targets.iter().copied()),
        vector(&format!("outputs     A[{depth}]"), outputs.iter().copied()),
        vector(&format!("errors      E[{depth}] = y - A[{depth}]"), errors.iter().copied()),
    ]);
    report.check(
        &format!("E[{depth}] is target minus output, element by element"),
        errors == &network.targets - &outputs,
    );
    if let (Some(computed), Some(_)) = (&computed, &network.outputs) {
        let exact = &network.targets - computed;
        report
            .say(&vector(&format!("Without rounding the outputs first: E[{depth}]"), exact.iter().copied()));
    }
    Ok(errors)
}

/// The signal pass on the tape, checked layer by layer; returns the outputs.
fn forward(
    report: &mut Report,
    network: &Network,
    inputs: &Array1<f64>,
) -> Result<Array1<f64>, chainrule::Error> {
    let signals = network.signals(inputs)?;
    report.lines([vector("A[0]", inputs.iter().copied())]);
    let mut right = true;
    for (i, w) in network.weights().enumerate() {
        let (l, a, z, next) = (i + 1, &signals.a[i], &signals.z[i], &signals.a[i + 1]);
        report.lines(matrix(&format!("W[{l}]"), w).into_iter().chain([
            vector(&format!("Z[{l}] = W[{l}]' A[{i}]"), z.iter().copied()),
            vector(&format!("A[{l}] = sigmoid(Z[{l}])"), next.iter().copied()),
        ]));
        let sizes = super::size(&w.t().to_owned(), a);
        let by_hand = w.t().dot(a);
        right &= (0..z.len()).all(|k| agree(z[k], by_hand[k], a.len(), sizes[k]));
        // An exponential, an addition and a division: eight roundings are plenty.
        right &= z.iter().zip(next).all(|(z, a)| agree(*a, 1.0 / (1.0 + (-z).exp()), 8, *a));
    }
    report.check("the tape's Z and A are those of the formulas, within rounding", right);
    Ok(signals.a.last().cloned().unwrap_or_default())
}

/// Given outputs are rounded ones: half a unit of the second decimal may lie between.
fn compare(report: &mut Report, depth: usize, given: &Array1<f64>, computed: &Array1<f64>) {
    let near = given.iter().zip(computed).all(|(g, c)| (g - c).abs() <= 0.005 + f64::EPSILON);
    let rounded: Vec<String> = computed.iter().take(6).map(|&a| round_half_up(a, 2)).collect();
    let claim = format!("A[{depth}], rounded to two decimals, is ({}), as given", rounded.join(", "));
    report.check(&claim, near);
}
