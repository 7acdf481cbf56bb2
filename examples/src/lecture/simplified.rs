//! Step 3: without the normalisers, and the closed form that this makes possible.

use chainrule::prelude::*;
use ndarray::Array1;

use super::{ROWS, size, written_out};
use crate::network::{Network, flat};
use crate::report::{Report, short, vector};
use crate::rounding::agree;

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network, errors: &Array1<f64>) -> Result<(), chainrule::Error> {
    report.section("Without the normalisers: a product with the weights");
    let (l, w) = (network.depth(), &network.last);
    report.say(
        "The lecture drops the normalisers: each sender is given its weight times the error. What is lost is the sum; \
         what is gained comes in the last steps.",
    );

    // By hand.
    let (mut by_hand, mut lines) = (Vec::new(), Vec::new());
    for (j, row) in w.rows().into_iter().enumerate() {
        by_hand.push(row.iter().zip(errors).map(|(w, e)| w * e).sum::<f64>());
        if j < ROWS {
            let terms: Vec<String> =
                row.iter().zip(errors).map(|(w, e)| format!("{} * {}", short(*w), short(*e))).collect();
            lines.extend(written_out(&format!("E[{}]_{}", l - 1, j + 1), &terms, &short(by_hand[j])));
        }
    }
    report.lines(lines);
    // By the closed form, in plain ndarray.
    let closed = w.dot(errors);
    // By the tape: Z = W'A is recorded, and E[L] pulled back through it.
    let graph = Graph::new();
    let a = graph.variable("A", Array1::<f64>::zeros(w.nrows()));
    let z = graph.constant(w).t().matmul(a);
    let [back] = z.vjp(errors, [a])?;
    let tape = flat(back)?;

    report.lines([
        vector("by hand         ", by_hand.iter().copied()),
        vector(&format!("W[{l}] E[{l}]       "), closed.iter().copied()),
        vector("the tape's vjp  ", tape.iter().copied()),
    ]);
    let (sizes, n) = (size(w, errors), errors.len());
    let all = |a: &dyn Fn(usize) -> f64, b: &dyn Fn(usize) -> f64| {
        (0..w.nrows()).all(|j| agree(a(j), b(j), n, sizes[j]))
    };
    report
        .check("by hand and by the closed form agree, within rounding", all(&|j| by_hand[j], &|j| closed[j]));
    report.check(
        "by the closed form and by the tape agree, within rounding",
        all(&|j| closed[j], &|j| tape[j]),
    );
    let (before, after) = (errors.sum(), closed.sum());
    let kept = agree(before, after, n + w.nrows(), sizes.sum() + errors.mapv(f64::abs).sum());
    report.say(&match kept {
        true => format!("Here the sum happens to stay: {}.", short(after)),
        false => format!("The sum is no longer conserved: {} in place of {}.", short(after), short(before)),
    });
    Ok(())
}

/// The lecture's own figures.
pub fn check_the_lecture(report: &mut Report, network: &Network, errors: &Array1<f64>) {
    let back = network.last.dot(errors);
    let want = [0.216, 0.129, 0.087];
    report.check(
        "E[1] is (0.216, 0.129, 0.087), within rounding",
        back.iter().zip(want).all(|(&e, want)| agree(e, want, 6, want)),
    );
    report.check("their sum is 0.432, not 0.87", agree(back.sum(), 0.432, 9, 0.432));
}
