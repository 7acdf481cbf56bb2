//! Sections 3 and 4: the simplification without normalisers, and its closed form on deeper networks.

use chainrule::prelude::*;
use ndarray::{Array1, Array2};

use super::reads;
use super::signal::{named, vector_of};
use super::split::signed;
use crate::bounds::Bounded;
use crate::layout;
use crate::network::Network;
use crate::random::Random;
use crate::report::{Outcome, Report};
use crate::rounding::significant;

/// `E[l]` for one layer by the tape: `Z = W'A` pulled back from `Z` to `A`.
fn by_the_tape(w: &Array2<f64>, a: &Array1<f64>, errors: &Array1<f64>) -> chainrule::Result<Array1<f64>> {
    let graph = Graph::new();
    let w = graph.variable("W", w);
    let a = graph.variable("A", a);
    let z = w.t().matmul(a);
    let [e] = z.vjp(graph.constant(errors), [a])?;
    vector_of(e)
}

/// The same by hand: one sum for each hidden neuron, term after term.
fn by_hand(w: &Array2<f64>, errors: &Array1<f64>) -> Array1<f64> {
    let sum = |row: ndarray::ArrayView1<'_, f64>| row.iter().zip(errors).map(|(weight, e)| weight * e).sum();
    w.rows().into_iter().map(sum).collect()
}

/// The sums written out, in the first layout that has room for them.
fn arithmetic(
    head: &str,
    w: &Array2<f64>,
    errors: &Array1<f64>,
    results: &Array1<f64>,
    room: usize,
) -> Vec<String> {
    let rows = |digits: i32| -> Vec<(Vec<String>, String)> {
        let term = |(&w, &e): (&f64, &f64)| format!("{} * {}", signed(w, digits), signed(e, digits));
        let terms = |row: ndarray::ArrayView1<'_, f64>| row.iter().zip(errors).map(term).collect();
        let rows = w.rows().into_iter().zip(results);
        rows.map(|(row, &result)| (terms(row), significant(result, digits))).collect()
    };
    let narrow = layout::width(head) + 2;
    let choices = [(24, rows(6)), (narrow, rows(6)), (narrow, rows(4)), (narrow, rows(3))];
    let fitting = choices.iter().find(|(start, rows)| layout::sums_fit(*start, rows, room));
    let (start, rows) = fitting.unwrap_or(&choices[1]);
    layout::sums(head, *start, rows, room)
}

/// Prints section 3.
pub(super) fn section(report: &mut Report<'_>, network: &Network, signal: &super::Signal) -> Outcome {
    let room = report.room();
    report.section("The simplification: no normalisers")?;
    report.text(
        "The lecture then drops the normalisers and hands every error back over the links, times their weights. For a \
         whole layer that is a matrix product. (Section 5 tells when the matrix has to be transposed.)",
    )?;
    let mut errors = signal.errors.clone();
    for l in network.pulled_back() {
        let w = &network.weights[l];
        let (from, to) = (l, l + 1);
        let hand = by_hand(w, &errors);
        let closed = Bounded::start(errors.clone()).through(w.view());
        // The pull-back of a product does not depend on the signals; without inputs any will do.
        let a = signal.a.get(l).cloned().unwrap_or_else(|| Array1::ones(w.nrows()));
        let tape = by_the_tape(w, &a, &errors)?;

        report.block(arithmetic(&format!("E[{from}] = W[{to}] E[{to}]"), w, &errors, &hand, room))?;
        report.blank()?;
        report.line(named(&format!("E[{from}] by hand                    "), &hand, room))?;
        report.line(named(&format!("E[{from}] by the closed form, ndarray"), &closed.value, room))?;
        report.line(named(&format!("E[{from}] by the tape, Z.vjp(E, [A]) "), &tape, room))?;
        report.blank()?;
        let (by_hand, by_tape) = (closed.compare(&hand), closed.compare(&tape));
        report.check(
            by_hand.holds && by_tape.holds,
            format!("hand, closed form and tape agree on E[{from}] up to rounding"),
        )?;
        if *network == Network::lecture() {
            report.check(
                [&hand, &closed.value, &tape].iter().all(|e| reads(e, &[0.216, 0.129, 0.087])),
                "each gives the lecture's figures: E[1] = (0.216, 0.129, 0.087)",
            )?;
        }
        errors = tape;
    }
    Ok(())
}

/// One row of the table: a layer of a network.
struct Layer {
    cells: Vec<String>,
    holds: bool,
}

/// All layers of one network, `weights` being `n[l] x n[l-1]`: the tape pulls back through all of them at once.
fn layers(
    shape: &str,
    weights: &[Array2<f64>],
    first: usize,
    errors: &Array1<f64>,
) -> chainrule::Result<Vec<Layer>> {
    let graph = Graph::new();
    let inputs = weights.first().map_or(0, Array2::ncols);
    let mut signals = vec![graph.variable("A[0]", Array1::ones(inputs))];
    let mut z = signals[0];
    for w in weights {
        z = graph.constant(w).matmul(z); // the linear part: Z = W A, and the next layer's A is Z
        signals.push(z);
    }
    signals.truncate(weights.len()); // the outputs' own errors are the seed
    let pulled = z.vjp(graph.constant(errors), signals)?;

    let mut closed = Bounded::start(errors.clone());
    let mut rows = Vec::new();
    for l in (first..weights.len()).rev() {
        closed = closed.through(weights[l].t()); // E[l] = W[l+1]' E[l+1]
        let comparison = closed.compare(&vector_of(pulled[l])?);
        rows.push(Layer {
            cells: vec![
                if rows.is_empty() { shape.into() } else { String::new() },
                format!("E[{l}]"),
                closed.value.len().to_string(),
                significant(comparison.largest, 2),
                significant(comparison.bound, 2),
            ],
            holds: comparison.holds,
        });
    }
    Ok(rows)
}

const HEAD: [&str; 5] = ["network", "layer", "neurons", "largest difference", "bound"];

const EXPLANATION: &str = "The bound follows from the theory of rounding: a sum of products that went through n \
    roundings each is off by at most gamma(n)~=~n~u~/~(1~-~n~u) times the sum of their absolute values, with \
    u~=~2^-53. Twice that, because both sides round. It holds for every number by itself; the table has the largest.";

/// Prints section 4 for random networks.
pub(super) fn random_networks(report: &mut Report<'_>) -> Outcome {
    report.section("The closed form on deeper networks")?;
    report.text(
        "With one row of W[l] for each receiving neuron, Z[l]~=~W[l]~A[l-1], the closed form of the lecture is \
         E[l]~=~W[l+1]'~E[l+1]. For the linear part of a network, without the sigmoids, it is exactly what the tape \
         computes, a vector-Jacobian product. Here are random networks of 2 to 6 layers, the tape against plain ndarray:",
    )?;
    let mut random = Random::new(4);
    let mut all = Vec::new();
    // The extremes once, then what chance gives.
    let mut shapes = vec![vec![1, 64, 1]];
    shapes.extend((2..=6).map(|depth| (0..=depth).map(|_| random.integer(1, 64)).collect()));
    for widths in shapes {
        let network = random.network(&widths, 1.0);
        let transposed: Vec<Array2<f64>> = network.weights.iter().map(|w| w.t().to_owned()).collect();
        let errors = random.vector(network.targets.len(), -1.0, 1.0);
        all.push((network.shape(), layers(&network.shape(), &transposed, 1, &errors)?));
    }
    let rows: Vec<Vec<String>> = all.iter().flat_map(|(_, rows)| rows).map(|row| row.cells.clone()).collect();
    report.block(layout::table(&HEAD, &rows, report.room()))?;
    report.text(EXPLANATION)?;
    report.blank()?;
    for (shape, rows) in &all {
        let holds = rows.iter().all(|row| row.holds);
        report.check(holds, format!("{shape}: every difference is within its bound"))?;
    }
    Ok(())
}

/// Prints section 4 for the user's network: all its layers in one sweep of the tape, down to the inputs.
pub(super) fn one_network(report: &mut Report<'_>, network: &Network, errors: &Array1<f64>) -> Outcome {
    report.section("The closed form on the whole network")?;
    report.text(
        "With the matrices transposed, Z[l]~=~W[l]~A[l-1], the closed form of the lecture is \
         E[l]~=~W[l+1]'~E[l+1]. For the linear part of the network, without the sigmoids, it is exactly what the tape \
         computes in one sweep from the outputs to the inputs, a vector-Jacobian product.",
    )?;
    let transposed: Vec<Array2<f64>> = network.weights.iter().map(|w| w.t().to_owned()).collect();
    let rows = layers(&network.shape(), &transposed, 0, errors)?;
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells.clone()).collect();
    report.block(layout::table(&HEAD, &cells, report.room()))?;
    report.text(EXPLANATION)?;
    report.blank()?;
    report.check(rows.iter().all(|row| row.holds), "every difference is within its bound")
}
