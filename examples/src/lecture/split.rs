//! Step 2: each output's error, split over the weights that led to it in proportion to their size.

use chainrule::prelude::*;
use ndarray::{Array1, Array2, Axis};

use super::{ROWS, written_out};
use crate::network::{Network, flat};
use crate::report::{Report, matrix, round_half_up, short, vector};
use crate::rounding::{agree, gamma};

/// The column sums of the weights, the normalisers; if one is 0, or nothing but rounding, its number: then no shares exist.
pub fn normalisers(w: &Array2<f64>) -> Result<Array1<f64>, usize> {
    let (sums, sizes) = (w.sum_axis(Axis(0)), w.mapv(f64::abs).sum_axis(Axis(0)));
    let zero = sums.iter().zip(&sizes).position(|(sum, size)| sum.abs() <= gamma(w.nrows()) * size);
    zero.map_or(Ok(sums), Err)
}

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network, errors: &Array1<f64>) -> Result<(), chainrule::Error> {
    report.section("Each error split in proportion to the weights");
    let (l, w) = (network.depth(), &network.last);
    report.lines(matrix(&format!("W[{l}]"), w));
    let sums = match normalisers(w) {
        Ok(sums) => sums,
        Err(output) => {
            report.say(&format!(
            "The weights into output {} add up to 0, so its error cannot be split in proportion to them: there is no \
             normaliser to divide by. This is one more reason to do without normalisers, which is the next step.",
            output + 1
        ));
            return Ok(());
        }
    };
    report.say(&format!(
        "The error of output k comes from all its senders j; each is given the share W[{l}]_jk / N_k, where N_k is the \
         sum of column k, the normaliser."
    ));
    report.lines([vector("N", sums.iter().copied())]);

    // On the tape: shares by broadcasting, and one product.
    let graph = Graph::new();
    let (weights, e) = (graph.constant(w), graph.constant(errors));
    let shares = weights / weights.sum_axes(keep(0));
    let back = flat(shares.matmul(e))?;

    let (mut by_hand, mut lines) = (Vec::new(), Vec::new());
    for (j, row) in w.rows().into_iter().enumerate() {
        let terms = row.iter().zip(&sums).zip(errors);
        by_hand.push(terms.clone().map(|((w, n), e)| w / n * e).sum::<f64>());
        if j < ROWS {
            let terms: Vec<String> =
                terms.map(|((w, n), e)| format!("{}/{} * {}", short(*w), short(*n), short(*e))).collect();
            lines.extend(written_out(&format!("E[{}]_{}", l - 1, j + 1), &terms, &short(by_hand[j])));
        }
    }
    report.lines(lines);
    report.lines([vector(&format!("E[{}]", l - 1), back.iter().copied())]);
    // Two roundings for a share, whose normaliser has had one a row; then the sum over the outputs.
    let roundings = w.nrows() + errors.len() + 2;
    let shares = w / &sums.mapv(f64::abs);
    let sizes = super::size(&shares, errors);
    let same = (0..back.len()).all(|j| agree(back[j], by_hand[j], roundings, sizes[j] * spread(w, &sums)));
    report.check("by hand and by the tape agree, within rounding", same);
    let (before, after) = (errors.sum(), back.sum());
    let size = sizes.sum() * spread(w, &sums);
    report.check(
        &format!("the sum of the errors is conserved: {} = {}", short(after), short(before)),
        agree(before, after, roundings + w.nrows(), size + errors.mapv(f64::abs).sum()),
    );
    if w.iter().any(|&w| w < 0.0) {
        report.say("With weights of both signs, some shares are negative or above 1; the sum is conserved all the same.");
    }
    Ok(())
}

/// By how much the rounding of a normaliser is magnified where its column cancels.
fn spread(w: &Array2<f64>, sums: &Array1<f64>) -> f64 {
    let sizes = w.mapv(f64::abs).sum_axis(Axis(0));
    sizes.iter().zip(sums).map(|(size, sum)| size / sum.abs()).fold(1.0, f64::max)
}

/// The lecture's own figures, and the slide that shows one row three times.
pub fn tell_the_slide(report: &mut Report, network: &Network, errors: &Array1<f64>) {
    let w = &network.last;
    let Ok(sums) = normalisers(w) else { return };
    let shares = w / &sums;
    let back = shares.dot(errors);
    let want = [0.435, 0.2525, 0.1825];
    report.check(
        "E[1] is (0.435, 0.2525, 0.1825), within rounding",
        back.iter().zip(want).all(|(&e, want)| agree(e, want, 10, want)),
    );
    let rounded: Vec<String> = back.iter().map(|&e| round_half_up(e, 2)).collect();
    report.check(
        &format!("rounded as the lecture shows them: ({})", rounded.join(", ")),
        rounded == ["0.44", "0.25", "0.18"],
    );
    report.check("the sum is 0.87", agree(back.sum(), 0.87, 12, 0.87));

    report.say(
        "The lecture's slide writes this as a matrix of shares times E[2], but shows the same row three times, the one of \
         the first hidden neuron. Taken at its word:",
    );
    let mut slide = shares.clone();
    for mut row in slide.rows_mut() {
        row.assign(&shares.row(0));
    }
    let wrong = slide.dot(errors);
    report.lines(
        matrix("slide's shares", &slide).into_iter().chain([vector("slide's E[1]", wrong.iter().copied())]),
    );
    report.check(
        &format!("with it, the sum is {} and not 0.87: error comes from nowhere", short(wrong.sum())),
        agree(wrong.sum(), 1.305, 12, 1.305) && !agree(wrong.sum(), errors.sum(), 12, 1.305),
    );
    report.check(
        "its columns do not add up to 1",
        slide.sum_axis(Axis(0)).iter().all(|&sum| (sum - 1.0).abs() > 0.1),
    );
    report.say("Each hidden neuron has a row of its own:");
    report.lines(matrix("shares", &shares));
    report.check(
        "the columns of this matrix add up to 1, which is why the sum is conserved",
        shares.sum_axis(Axis(0)).iter().all(|&sum| agree(sum, 1.0, 8, 1.0)),
    );
}
