//! Section 2: the error of an output is split in proportion to the weights.

use chainrule::prelude::*;
use ndarray::{Array1, Array2, Axis, Ix2, array};

use super::signal::{named, vector_of};
use super::{LARGEST, reads};
use crate::bounds::Bounded;
use crate::layout;
use crate::network::{Network, column_without_shares};
use crate::report::{Outcome, Report};
use crate::rounding::{SMALLEST, figure, gamma, half_up, significant};

/// What the tape says of one split.
struct Split {
    normalisers: Array1<f64>,
    shares: Array2<f64>,
    errors: Array1<f64>,
}

/// On the tape: the sum of each column, the share of each weight in it, and the errors that the shares hand out.
fn split(w: &Array2<f64>, errors: &Array1<f64>) -> chainrule::Result<Split> {
    let graph = Graph::new();
    let w = graph.constant(w);
    let shares = w / w.sum_axes(keep(0)); // each column by its own sum
    Ok(Split {
        normalisers: vector_of(w.sum_axes(0))?,
        errors: vector_of(shares.matmul(errors))?,
        shares: shares.value()?.into_dimensionality::<Ix2>().unwrap_or_default(),
    })
}

/// Prints the section.
pub(super) fn section(report: &mut Report<'_>, network: &Network, errors: &Array1<f64>) -> Outcome {
    report.section("The error is split in proportion to the weights")?;
    report.text(
        "Who sent much to an output gets much of its error. The share of hidden neuron i in output j is its weight \
         w[i,j] divided by the sum of column j, the normaliser of that output.",
    )?;
    let (mut errors, mut warned) = (errors.clone(), false);
    for l in network.pulled_back() {
        let w = &network.weights[l];
        if let Some(j) = column_without_shares(w) {
            return report.text(&format!(
                "Column {} of W[{}] adds up to zero. No weight has a share in zero: the split by shares would divide \
                 by it. So it ends here; the simplification of the next section does not need it.",
                j + 1,
                l + 1
            ));
        }
        let split = split(w, &errors)?;
        if !split.errors.iter().chain(&split.shares).all(|x| x.abs() <= LARGEST) {
            return report.text(&format!(
                "A column of W[{}] adds up to so little that the errors in front of it would be larger than \
                 {LARGEST:e}. The split by shares ends here.",
                l + 1
            ));
        }
        layer(report, l, w, &errors, &split)?;
        errors = split.errors;
        if !warned && w.iter().any(|&weight| weight < 0.0) {
            warned = true;
            report.text(
                "Some of these weights are negative, and so are some shares, while others may be above 1. The sum is \
                 still conserved, but \"who sent much gets much\" has lost its meaning: the sum of a column, by which \
                 one divides, may be small while its weights are not.",
            )?;
        }
    }
    Ok(())
}

/// One layer: the shares, the arithmetic, the sum that is conserved.
fn layer(report: &mut Report<'_>, l: usize, w: &Array2<f64>, errors: &Array1<f64>, split: &Split) -> Outcome {
    let room = report.room();
    let (from, to) = (l, l + 1);
    let name = format!("normalisers of W[{to}]");
    report.block([named(&name, &split.normalisers, room)])?;
    report.block(layout::matrix("shares", split.shares.view(), room))?;
    report.block(arithmetic(&format!("E[{from}] by shares"), w, errors, split, room))?;
    report.block([named(&format!("E[{from}]"), &split.errors, room)])?;
    let (before, after) = (errors.sum(), split.errors.sum());
    report.line(format!(
        "the sum of E[{from}] is {}, the sum of E[{to}] is {}",
        figure(after),
        figure(before)
    ))?;
    report.blank()?;

    let columns = Bounded::start(Array1::ones(w.nrows())).through(w.t());
    report.check(
        columns.compare(&split.normalisers).holds && shares_are_right(w, split),
        format!("the shares of the tape, times the sums of their columns, are W[{to}]"),
    )?;
    let closed = Bounded::start(errors.clone()).through(split.shares.view());
    report.check(
        closed.compare(&split.errors).holds,
        format!("E[{from}] of the tape is the matrix of shares times E[{to}], by plain ndarray"),
    )?;
    report.check(
        (after - before).abs() <= conservation_bound(&split.shares, errors),
        format!("the sum of the errors is conserved: {}", figure(after)),
    )
}

/// Each share's arithmetic, with the products before their sum where there is room for them.
fn arithmetic(head: &str, w: &Array2<f64>, errors: &Array1<f64>, split: &Split, room: usize) -> Vec<String> {
    let rows = |digits: i32, products_shown: bool| -> Vec<(Vec<String>, String)> {
        (w.rows().into_iter().zip(split.shares.rows()).zip(&split.errors))
            .map(|((weights, shares), &result)| {
                let terms = weights.iter().zip(&split.normalisers).zip(errors);
                let terms = terms.map(|((&weight, &sum), &e)| {
                    format!("{}/{} * {}", signed(weight, digits), signed(sum, digits), signed(e, digits))
                });
                let products: Vec<String> =
                    shares.iter().zip(errors).map(|(s, e)| signed(s * e, digits)).collect();
                let result = figure(result);
                (
                    terms.collect(),
                    if products_shown { format!("{} = {result}", products.join(" + ")) } else { result },
                )
            })
            .collect()
    };
    let start = layout::width(head) + 2;
    let choices = [rows(6, true), rows(6, false), rows(4, false), rows(3, false)];
    let rows = choices.iter().find(|rows| layout::sums_fit(start, rows, room)).unwrap_or(&choices[1]);
    layout::sums(head, 0, rows, room)
}

/// A negative number behind an operator stands in parentheses.
pub(super) fn signed(x: f64, digits: i32) -> String {
    let text = significant(x, digits);
    if x < 0.0 { format!("({text})") } else { text }
}

/// A quotient is off by one rounding, its product with the divisor by another.
fn shares_are_right(w: &Array2<f64>, split: &Split) -> bool {
    split.shares.dim() == w.dim()
        && w.indexed_iter().all(|((i, j), &weight)| {
            let sum = split.normalisers[j];
            let lost = (sum.abs() + 1.0) * SMALLEST;
            (split.shares[[i, j]] * sum - weight).abs() <= gamma(3) * weight.abs() + lost
        })
}

/// How far the two sums may lie apart. A product `share * error` goes through the roundings of its normaliser, the
/// quotient, the product, the sum over the outputs and the sum over the hidden neurons; and an error in a normaliser
/// moves the whole column, which is again the sum of the column's shares, absolutely.
fn conservation_bound(shares: &Array2<f64>, errors: &Array1<f64>) -> f64 {
    let size = shares.mapv(f64::abs).sum_axis(Axis(0)).dot(&errors.mapv(f64::abs));
    let (rows, columns) = shares.dim();
    let lost = (rows * columns) as f64 * SMALLEST;
    gamma(2 * rows + 2 * columns + 4) * size + lost * (1.0 + errors.iter().map(|e| e.abs()).sum::<f64>())
}

/// The lecture's figures, and its slide with the slip.
pub(super) fn slides(report: &mut Report<'_>, network: &Network, errors: &Array1<f64>) -> Outcome {
    let Some(w) = network.weights.last() else { return Ok(()) };
    let right = split(w, errors)?;
    report.blank()?;
    report.check(reads(&right.normalisers, &[0.6, 0.4]), "the lecture's normalisers: 0.6 and 0.4")?;
    report.check(
        reads(&right.errors, &[0.435, 0.2525, 0.1825]),
        "the lecture's figures: E[1] = (0.435, 0.2525, 0.1825)",
    )?;
    let rounded: Vec<String> = right.errors.iter().map(|&e| half_up(e, 2)).collect();
    report.check(
        rounded == ["0.44", "0.25", "0.18"],
        format!("rounded to two decimals, as the lecture shows them: ({})", rounded.join(", ")),
    )?;
    report.check(reads(&array![right.errors.sum()], &[0.87]), "its sum is 0.87, as 0.42 + 0.45 is")?;

    report.text(
        "A slip on the slide. Row i of the matrix of shares belongs to hidden neuron i: it begins with \
         w[i,1]~/~(w[1,1]~+~w[2,1]~+~w[3,1]). The slide prints the first row three times, so all of its rows begin with \
         w[1,1]~/~(w[1,1]~+~w[2,1]~+~w[3,1]). Then every hidden neuron would get what is due to the first one, and \
         error would come from nowhere:",
    )?;
    let rows = [right.shares.row(0); 3];
    let wrong = ndarray::stack(Axis(0), &rows).unwrap_or_default();
    let pulled = vector_of(Graph::new().constant(&wrong).matmul(errors))?;
    let mut slide = vec!["on the slide:".to_owned()];
    slide.extend(layout::matrix("", wrong.view(), 36));
    slide.push(named("E[1]", &pulled, 36));
    slide.push(format!("sum  = {}", figure(pulled.sum())));
    let mut corrected = vec!["corrected:".to_owned()];
    corrected.extend(layout::matrix("", right.shares.view(), 36));
    corrected.push(named("E[1]", &right.errors, 36));
    corrected.push(format!("sum  = {}", figure(right.errors.sum())));
    report.block(layout::beside(&slide, &corrected, report.room()))?;
    report.blank()?;
    report.check(
        reads(&pulled, &[0.435; 3]) && reads(&array![pulled.sum()], &[1.305]),
        "the slide's matrix gives 0.435 three times, in all 1.305",
    )?;
    report.check(
        (pulled.sum() - errors.sum()).abs() > conservation_bound(&wrong, errors),
        "that is not the 0.87 that came in: the slide's matrix conserves nothing",
    )?;
    let column_sums = [wrong.sum_axis(Axis(0)), right.shares.sum_axis(Axis(0))];
    report.check(
        reads(&column_sums[0], &[1.5, 1.5]) && reads(&column_sums[1], &[1.0, 1.0]),
        "the reason: its columns add up to 1.5 each, those of the corrected one to 1",
    )
}
