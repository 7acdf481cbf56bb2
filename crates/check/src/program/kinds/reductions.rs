//! Reductions, softmax and its losses, what goes along an axis, and random numbers.

use chainrule_oracle::{Array, count};
use ndarray::{ArrayD, IxDyn};

use super::{Kind, axes, axis, number, places};
use crate::program::call::{Call, Id, Over, Reduction};
use crate::program::decode::{Decoder, Gene, MARGIN};

/// This page.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "sum", draw: |d, g| reduce(d, g, Reduction::Sum, true) },
    Kind { name: "sum_axes", draw: |d, g| reduce(d, g, Reduction::Sum, false) },
    Kind { name: "mean", draw: |d, g| reduce(d, g, Reduction::Mean, true) },
    Kind { name: "mean_axes", draw: |d, g| reduce(d, g, Reduction::Mean, false) },
    Kind { name: "max", draw: |d, g| reduce(d, g, Reduction::Max, true) },
    Kind { name: "max_axes", draw: |d, g| reduce(d, g, Reduction::Max, false) },
    Kind { name: "min", draw: |d, g| reduce(d, g, Reduction::Min, true) },
    Kind { name: "min_axes", draw: |d, g| reduce(d, g, Reduction::Min, false) },
    Kind { name: "prod", draw: |d, g| reduce(d, g, Reduction::Prod, true) },
    Kind { name: "prod_axes", draw: |d, g| reduce(d, g, Reduction::Prod, false) },
    Kind { name: "variance", draw: |d, g| reduce(d, g, Reduction::Variance, true) },
    Kind { name: "variance_axes", draw: |d, g| reduce(d, g, Reduction::Variance, false) },
    Kind { name: "norm", draw: |d, g| reduce(d, g, Reduction::Norm, true) },
    Kind { name: "norm_axes", draw: |d, g| reduce(d, g, Reduction::Norm, false) },
    Kind { name: "logsumexp", draw: |d, g| reduce(d, g, Reduction::LogSumExp, true) },
    Kind { name: "logsumexp_axes", draw: |d, g| reduce(d, g, Reduction::LogSumExp, false) },
    Kind { name: "softmax", draw: |d, g| softmax(d, g, Call::Softmax) },
    Kind { name: "log_softmax", draw: |d, g| softmax(d, g, Call::LogSoftmax) },
    Kind { name: "softmax_cross_entropy", draw: cross_entropy },
    Kind { name: "softmax_cross_entropy_labels", draw: cross_entropy_labels },
    Kind {
        name: "cumsum",
        draw: |d, g| {
            let x = d.ranked(g, 1, 4)?;
            let axis = axis(g.b, d.rank(x))?;
            d.push(Call::CumSum(axis), &[x])
        },
    },
    Kind { name: "argmax", draw: |d, g| arg(d, g, true) },
    Kind { name: "argmin", draw: |d, g| arg(d, g, false) },
    Kind { name: "uniform", draw: |d, g| random(d, g, Call::Uniform) },
    Kind { name: "normal", draw: |d, g| random(d, g, Call::Normal) },
    Kind {
        name: "fold_in",
        draw: |d, g| {
            let key = key(d, g)?;
            d.push(Call::FoldIn(number(g.p[1])), &[key])
        },
    },
];

/// The elements in groups, each of which is reduced to one number.
fn groups(x: &Array<f64>, over: &[usize]) -> Vec<Vec<f64>> {
    let shape = &x.shape;
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !over.contains(axis)).collect();
    let mut groups = vec![Vec::new(); kept.iter().map(|&axis| shape[axis]).product()];
    for (flat, &x) in x.data.iter().enumerate() {
        let mut rest = flat;
        let mut index = vec![0; shape.len()];
        for (i, &n) in index.iter_mut().zip(shape).rev() {
            *i = rest % n;
            rest /= n;
        }
        groups[kept.iter().fold(0, |place, &axis| place * shape[axis] + index[axis])].push(x);
    }
    groups
}

/// Whether the largest (or smallest) one has no near rival.
fn one_winner(group: &[f64], largest: bool) -> bool {
    let mut sorted: Vec<f64> = group.iter().map(|&x| if largest { -x } else { x }).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.len() < 2 || sorted[1] - sorted[0] >= MARGIN
}

fn reduce(d: &mut Decoder<'_>, g: &Gene, reduction: Reduction, all: bool) -> Option<Id> {
    let x = d.any(g)?;
    let rank = d.rank(x);
    let over: Vec<usize> = if all { (0..rank).collect() } else { axes(g.b, rank) };
    let elements = count(&over.iter().map(|&axis| d.shape(x)[axis]).collect::<Vec<_>>());
    let of = |fits: fn(&[f64]) -> bool| {
        let over = over.clone();
        move |x: &Array<f64>| groups(x, &over).iter().all(|group| fits(group))
    };
    let x = match reduction {
        // A sum of nothing is 0.
        Reduction::Sum => x,
        // More factors run out of the range of single precision.
        // Of no factors it is a constant, which the operand does not reach.
        Reduction::Prod if elements > 12 || elements == 0 => return None,
        Reduction::Prod => d.within(x, -2.5, 2.5, &[])?,
        // A length of nothing is 0.
        Reduction::Norm if elements == 0 => x,
        Reduction::Norm => d.scattered(x, of(|group| group.iter().map(|x| x * x).sum::<f64>() >= 0.0625))?,
        // What there is not of no elements.
        _ if elements == 0 => return None,
        Reduction::Max | Reduction::Min if d.at_kinks(&[x]) => x,
        Reduction::Max => d.scattered(x, of(|group| one_winner(group, true)))?,
        Reduction::Min => d.scattered(x, of(|group| one_winner(group, false)))?,
        Reduction::Mean | Reduction::Variance | Reduction::LogSumExp => x,
    };
    let over = match (all, g.c % 2) {
        (true, _) => Over::All,
        (false, 0) => Over::Axes(over),
        (false, _) => Over::Kept(over),
    };
    d.push(Call::Reduce(reduction, over), &[x])
}

fn softmax(d: &mut Decoder<'_>, g: &Gene, call: fn(Vec<usize>) -> Call) -> Option<Id> {
    let x = d.any(g)?;
    let axes = axes(g.b, d.rank(x));
    d.push(call(axes), &[x])
}

fn cross_entropy(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let shape = d.shape(x).to_vec();
    if shape.last() == Some(&0) {
        return None;
    }
    let p = d.shaped(g.b, &shape)?;
    d.push(Call::SoftmaxCrossEntropy, &[x, p])
}

fn cross_entropy_labels(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let shape = d.shape(x).to_vec();
    let (classes, samples) = shape.split_last()?;
    let labels = places(samples, *classes, g.b)?;
    d.push(Call::SoftmaxCrossEntropyLabels(labels), &[x])
}

fn arg(d: &mut Decoder<'_>, g: &Gene, largest: bool) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let axis = axis(g.b, d.rank(x))?;
    if d.shape(x).get(axis) == Some(&0) {
        return None;
    }
    let x = d.scattered(x, |x| groups(x, &[axis]).iter().all(|group| one_winner(group, largest)))?;
    d.push(Call::ArgExtremum(axis, largest), &[x])
}

/// A key is a leaf of its own: of a computed one every bit would count.
fn key(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    d.leaf(ArrayD::from_elem(IxDyn(&[]), number(g.p[0])))
}

fn random(d: &mut Decoder<'_>, g: &Gene, call: fn(Vec<usize>) -> Call) -> Option<Id> {
    let key = key(d, g)?;
    let mut shape = crate::program::decode::shape_of(&Gene { p: [g.p[1], g.p[2], g.p[3], 0], ..*g });
    shape.truncate(3);
    d.push(call(shape), &[key])
}
