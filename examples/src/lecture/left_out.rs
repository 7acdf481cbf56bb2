//! Step 6: what the lecture leaves out. The error is not the gradient, and sigmoid layers are not linear.

use chainrule::prelude::*;
use ndarray::Array1;

use crate::network::{Network, Signals, flat};
use crate::random::Random;
use crate::report::{Report, vector};
use crate::rounding::gamma;

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network) -> Result<(), chainrule::Error> {
    report.section("What the lecture leaves out: g', and a sign");
    let Some(inputs) = &network.inputs else {
        report.say(
            "The exact way back needs the slopes g'(Z) of every layer, and so the inputs, which are not known here. With \
             `inputs` in the file, this step compares the two.",
        );
        return Ok(());
    };
    report.say(
        "With the cost C = 1/2 |y - A[L]|^2 the gradient at the outputs is -E[L]: the error points downhill, the gradient \
         uphill. And a sigmoid layer multiplies what passes by its slope g'(Z) = A (1 - A), so the exact way back is \
         E[l] = W[l+1] (E[l+1] * g'(Z[l+1])), with * element by element.",
    );
    let signals = network.signals(inputs)?;
    let exact = recursion(network, &signals);
    let gradients = by_the_tape(network, inputs)?;
    let last = network.depth();
    let mut lines = Vec::new();
    for (l, (e, gradient)) in exact.errors.iter().zip(&gradients).enumerate().skip(1) {
        lines.push(vector(&format!("E[{l}], exact   "), e.iter().copied()));
        lines.push(vector(&format!("dC/dA[{l}], tape"), gradient.iter().copied()));
    }
    report.lines(lines);
    let agree = |l: usize| {
        let close = |((e, g), bound): ((&f64, &f64), &f64)| (e + g).abs() <= bound + f64::MIN_POSITIVE;
        exact.errors[l].iter().zip(&gradients[l]).zip(&exact.bounds[l]).all(close)
    };
    report.check(&format!("at the outputs, the tape's gradient is -E[{last}]"), agree(last));
    for l in (0..last).rev() {
        report.check(
            &format!("the exact E[{l}] is minus the tape's gradient by A[{l}], within rounding"),
            agree(l),
        );
    }
    let simple = simplified(network, &signals);
    let cosine = first_layer_cosine(&signals, &simple[1], &exact.errors[1]);
    report.say(&match cosine.is_nan() {
        true => "All errors of layer 1 are 0 here, so there is no direction to compare.".to_owned(),
        false => format!(
            "The update of W[1] by the lecture's simplified errors and the exact direction of descent have the cosine \
             {cosine:.7}."
        ),
    });
    Ok(())
}

/// The cosine for a few random networks.
///
/// # Errors
/// Only if the engine has one.
pub fn tell_random(report: &mut Report) -> Result<(), chainrule::Error> {
    report
        .say("How far the simplification leads astray, for a few random networks (1 is the same direction):");
    let mut random = Random::new(17);
    let mut lines = vec![format!("{:<20} {:>10}", "neurons", "cosine")];
    let mut cosines = Vec::new();
    for sizes in
        [&[8, 5, 3][..], &[64, 32, 10], &[16, 16, 16, 4], &[30, 20, 20, 20, 5], &[12, 40, 40, 40, 40, 3]]
    {
        let network = Network::random(&mut random, sizes);
        let Some(inputs) = &network.inputs else { continue };
        let signals = network.signals(inputs)?;
        let exact = recursion(&network, &signals);
        let cosine = first_layer_cosine(&signals, &simplified(&network, &signals)[1], &exact.errors[1]);
        let shape = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        lines.push(format!("{shape:<20} {:>10}", format!("{cosine:.6}")));
        cosines.push(cosine);
    }
    report.lines(lines);
    report.check("in all of them, the simplified update goes downhill", cosines.iter().all(|&c| c > 0.0));
    report.check("and in none is it the exact direction", cosines.iter().all(|&c| c < 1.0 - 1e-6));
    Ok(())
}

/// The exact errors of all layers, from `A[0]` on, and what rounding may have done to them.
pub struct Exact {
    /// `E[0]` to `E[L]`.
    pub errors: Vec<Array1<f64>>,
    /// How far each element may lie from the tape's.
    pub bounds: Vec<Array1<f64>>,
}

/// `E[l] = W[l+1] (E[l+1] * g'(Z[l+1]))`, in plain `ndarray`.
pub fn recursion(network: &Network, signals: &Signals) -> Exact {
    let outputs = signals.a.last().cloned().unwrap_or_default();
    let mut e = &network.targets - &outputs;
    // Targets and outputs are the same numbers for the tape, so the difference is too.
    let (mut errors, mut bounds) = (vec![e.clone()], vec![Array1::zeros(e.len())]);
    for (w, z) in network.weights().rev().zip(signals.z.iter().rev()) {
        // Both ways to write the slope, σ(z) σ(-z) on the tape and a (1 - a) here, are products of two sigmoids, each within
        // some 8 roundings; 1 - a cancels, by at most 1 / (1 - a).
        let a = z.mapv(|z| 1.0 / (1.0 + (-z).exp()));
        let passed = &e * &a.mapv(|a| a * (1.0 - a));
        let slope_error = &e.mapv(f64::abs) * &a.mapv(|a| a * (2.0 * gamma(20)));
        let inherited = &bounds[0] * &a.mapv(|a| a * (1.0 - a));
        let rounded = super::size(w, &passed) * (2.0 * gamma(w.ncols()));
        bounds.insert(0, w.mapv(f64::abs).dot(&(slope_error + inherited)) + rounded);
        e = w.dot(&passed);
        errors.insert(0, e.clone());
    }
    Exact { errors, bounds }
}

/// The lecture's errors of all layers: the same without `g'`.
fn simplified(network: &Network, signals: &Signals) -> Vec<Array1<f64>> {
    let outputs = signals.a.last().cloned().unwrap_or_default();
    let mut errors = vec![&network.targets - &outputs];
    for w in network.weights().rev() {
        errors.insert(0, w.dot(&errors[0]));
    }
    errors
}

/// `dC/dA[l]` for all layers, from `A[0]` on.
fn by_the_tape(network: &Network, inputs: &Array1<f64>) -> Result<Vec<Array1<f64>>, chainrule::Error> {
    let graph = Graph::new();
    let mut a = graph.variable("A[0]", inputs);
    let mut signals = vec![a];
    for w in network.weights() {
        a = graph.constant(w).t().matmul(a).sigmoid();
        signals.push(a);
    }
    let cost = half_squared_error(&network.targets, a);
    cost.grad(signals)?.into_iter().map(flat).collect()
}

/// The cosine of two updates of `W[1]` that use these errors of layer 1: `A[0] (E[1] * g'(Z[1]))'`. Both have the factor
/// `A[0]`, so the cosine is that of the other factors.
pub fn first_layer_cosine(signals: &Signals, e: &Array1<f64>, other: &Array1<f64>) -> f64 {
    let Some(a) = signals.a.get(1) else { return 1.0 };
    let slope = a * &(1.0 - a);
    let (u, v) = (e * &slope, other * &slope);
    // Scaled first: squares of tiny or huge errors would leave the range.
    let scaled = |x: Array1<f64>| {
        let largest = x.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        if largest > 0.0 { x / largest } else { x }
    };
    let (u, v) = (scaled(u), scaled(v));
    u.dot(&v) / (u.dot(&u).sqrt() * v.dot(&v).sqrt())
}
