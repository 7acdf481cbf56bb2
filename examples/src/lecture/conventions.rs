//! Section 5: the two ways to write a weight matrix, and where the transpose goes.

use chainrule::prelude::*;
use ndarray::{Array1, Array2};

use super::Signal;
use super::signal::{named, vector_of};
use crate::bounds::Bounded;
use crate::layout;
use crate::network::Network;
use crate::report::{Outcome, Report};
use crate::rounding::{SMALLEST, figure, gamma};

/// The sums going forward, and the errors coming back.
type Pass = (Array1<f64>, Array1<f64>);

/// `Z = W'A` and its pull-back, with a row of `w` for each sending neuron.
fn row_per_sender(w: &Array2<f64>, a: &Array1<f64>, errors: &Array1<f64>) -> chainrule::Result<Pass> {
    let graph = Graph::new();
    let a = graph.variable("A", a);
    let z = graph.constant(w).t().matmul(a);
    let [e] = z.vjp(graph.constant(errors), [a])?;
    Ok((vector_of(z)?, vector_of(e)?))
}

/// `Z = W A` and its pull-back, with a row of `w` for each receiving neuron.
fn row_per_receiver(w: &Array2<f64>, a: &Array1<f64>, errors: &Array1<f64>) -> chainrule::Result<Pass> {
    let graph = Graph::new();
    let a = graph.variable("A", a);
    let z = graph.constant(w).matmul(a);
    let [e] = z.vjp(graph.constant(errors), [a])?;
    Ok((vector_of(z)?, vector_of(e)?))
}

/// The same by a layer, which is told how its matrix is written.
fn dense(
    convention: Convention,
    w: &Array2<f64>,
    a: &Array1<f64>,
    errors: &Array1<f64>,
) -> chainrule::Result<Pass> {
    let layer = Dense::new(a.len(), errors.len()).without_bias().weights(convention);
    let mut params = Params::new();
    params.insert("weight", w);

    let graph = Graph::new();
    let a = graph.variable("A", a);
    let z = params.bind(&graph).apply(&layer, a);
    let [e] = z.vjp(graph.constant(errors), [a])?;
    Ok((vector_of(z)?, vector_of(e)?))
}

/// Prints the section, for the last layer of the network.
pub(super) fn section(report: &mut Report<'_>, network: &Network, signal: &Signal) -> Outcome {
    let Some(w) = network.weights.last() else { return Ok(()) };
    let (to, room) = (network.depth(), report.room());
    let from = to - 1;
    let e = &signal.errors;
    let a = signal.a.get(from).cloned().unwrap_or_else(|| Array1::ones(w.nrows()));
    let turned = w.t().to_owned();

    report.section("Two ways to write W, and where the transpose goes")?;
    report.text(&format!(
        "The lecture writes the signal pass as Z~=~W'A and also the errors as E[l]~=~W[l+1]'~E[l+1]. Both are right, \
         but not with the same matrix. Here is W[{to}] written both ways:",
    ))?;
    let (z1, e1) = row_per_sender(w, &a, e)?;
    let (z2, e2) = row_per_receiver(&turned, &a, e)?;
    let half = room / 2 - 2;
    let matrices = [w, &turned].map(|w| layout::matrix("W", w.view(), half));
    let height = matrices.iter().map(Vec::len).max().unwrap_or(0);
    let side = |title: &str, w: &Array2<f64>, z: &Array1<f64>, back: &Array1<f64>, formulas: [&str; 2]| {
        let mut lines = vec![title.to_owned(), format!("{} x {}", w.nrows(), w.ncols()), String::new()];
        lines.extend(layout::matrix("W", w.view(), half));
        lines.resize(3 + height, String::new()); // so that the formulas stand beside each other
        lines.extend([String::new(), formulas[0].to_owned(), named("  Z", z, half)]);
        lines.extend([formulas[1].to_owned(), named("  E", back, half)]);
        lines
    };
    report.block(layout::beside(
        &side(
            "a row for each sender",
            w,
            &z1,
            &e1,
            ["forward:  Z = W' A   (transposed)", "back:     E = W E"],
        ),
        &side(
            "a row for each receiver",
            &turned,
            &z2,
            &e2,
            ["forward:  Z = W A", "back:     E = W' E   (transposed)"],
        ),
        room,
    ))?;
    if signal.a.is_empty() {
        report.text("(There are no inputs, so there are no signals: A is taken to be all ones here.)")?;
    }
    report.blank()?;
    let sums = Bounded::start(a.clone()).through(w.t());
    let back = Bounded::start(e.clone()).through(w.view());
    report.check(
        sums.compare(&z1).holds && back.compare(&e1).holds,
        "a row for each sender: W' A and W E by ndarray are what the tape computes",
    )?;
    report.check(
        sums.compare(&z2).holds && back.compare(&e2).holds,
        "a row for each receiver: W A and W' E by ndarray are what the tape computes",
    )?;
    let (z3, e3) = dense(Convention::InByOut, w, &a, e)?;
    let (z4, e4) = dense(Convention::OutByIn, &turned, &a, e)?;
    report.check(
        [z3, z4].iter().all(|z| sums.compare(z).holds) && [e3, e4].iter().all(|e| back.compare(e).holds),
        "the layer Dense gives the same, with Convention::InByOut and Convention::OutByIn",
    )?;

    report.text(
        "Why: the error goes back over the same links as the signal came, in the other direction, so its matrix is \
         the transpose of the one that the signal met. Where that was W', it is (W')'~=~W; where it was W, it is W'. \
         Nothing is inverted or undone. What the transpose guarantees is one number seen from both sides: the \
         receivers' sums weighed with their errors, and the senders' signals weighed with theirs.",
    )?;
    let (right, left) = (e.dot(&z1), e1.dot(&a));
    report.block([
        format!("sum over the receivers of E[{to}] * Z[{to}]   {}", figure(right)),
        format!("sum over the senders of E[{from}] * A[{from}]     {}", figure(left)),
    ])?;
    report.blank()?;
    let size = e.mapv(f64::abs).dot(&w.t().mapv(f64::abs).dot(&a.mapv(f64::abs)));
    let bound = 2.0 * gamma(w.nrows() + w.ncols() + 4) * size;
    // A product below the normal numbers may be lost, and what is lost is then multiplied.
    let lost = w.len() as f64 * SMALLEST * (2.0 + e.mapv(f64::abs).sum() + a.mapv(f64::abs).sum());
    report.check((right - left).abs() <= bound + lost, "both are the same number, up to rounding")
}
