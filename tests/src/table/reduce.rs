//! Reductions: all ways to name axes, nothing to reduce, zeros; softmax and losses.

use chainrule::graph::keep;

use super::{Draw, Input, REAL, Row, cut, rows, smooth};
use crate::oracle::{Arr, C};
use crate::rows::{exp, ln, over, real, sqrt};

const APART: Input = smooth(Draw::Apart);
/// As logits: nothing that is rounded away.
const CUBES: [&str; 4] = ["2x3x2", "1x1x1", "2x0x3", "0x2x2"];

fn sum(x: &[C]) -> C {
    x.iter().fold(real(0.0), |sum, &x| sum + x)
}

fn mean(x: &[C]) -> C {
    sum(x) / x.len() as f64
}

fn product(x: &[C]) -> C {
    x.iter().fold(real(1.0), |product, &x| product * x)
}

fn variance(x: &[C]) -> C {
    let mean = mean(x);
    x.iter().fold(real(0.0), |sum, &x| sum + (x - mean) * (x - mean)) / x.len() as f64
}

fn norm(x: &[C]) -> C {
    sqrt(x.iter().fold(real(0.0), |sum, &x| sum + x * x))
}

fn logsumexp(x: &[C]) -> C {
    ln(x.iter().fold(real(0.0), |sum, &x| sum + exp(x)))
}

fn largest(x: &[C]) -> C {
    x.iter().copied().reduce(|best, x| if x.re > best.re { x } else { best }).unwrap()
}

fn smallest(x: &[C]) -> C {
    -largest(&x.iter().map(|x| -x).collect::<Vec<_>>())
}

fn all(x: &Arr<C>, f: impl Fn(&[C]) -> C) -> Arr<C> {
    Arr { shape: vec![], data: vec![f(&x.data)] }
}

/// Reduced, and the axes stay with size 1.
fn kept(x: &Arr<C>, axes: &[usize], f: impl Fn(&[C]) -> C) -> Arr<C> {
    let shape: Vec<usize> =
        (0..x.shape.len()).map(|i| if axes.contains(&i) { 1 } else { x.shape[i] }).collect();
    over(x, axes, f).reshape(&shape)
}

fn softmax(x: &Arr<C>, axes: &[usize]) -> Arr<C> {
    let x = x.map(exp);
    x.zip(&kept(&x, axes, sum), |x, y: C| x / y)
}

fn log_softmax(x: &Arr<C>, axes: &[usize]) -> Arr<C> {
    x.zip(&kept(x, axes, logsumexp), |x, y: C| x - y)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        sum "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].sum(), |a| all(&a[0], sum);
        sum_axes "no axes" [REAL], CUBES, |_, x| x[0].sum_axes([0_usize; 0]), |a| a[0].clone();
        sum_axes "all axes" [REAL], CUBES, |_, x| x[0].sum_axes([2, 0, 1]), |a| all(&a[0], sum);
        sum_axes "two, kept" [REAL], CUBES, |_, x| x[0].sum_axes(keep([-1, 0])), |a| kept(&a[0], &[0, 2], sum);
        mean "of many axes" [REAL], ["2x3x2", "1x1"], |_, x| x[0].mean(), |a| all(&a[0], mean);
        mean_axes "two, kept" [REAL], ["2x3x2", "2x0x2", "1x1x1"],
            |_, x| x[0].mean_axes(keep([0, 2])),
            |a| kept(&a[0], &[0, 2], mean);
        max_axes "two, one of size 1" [APART], ["2x1x3", "2x2x3", "2x3x0"],
            |_, x| x[0].max_axes([1, 0]),
            |a| over(&a[0], &[0, 1], largest);
        max_axes "no axes" [APART], ["2x3", "0", "."], |_, x| x[0].max_axes([0_usize; 0]), |a| a[0].clone();
        min_axes "kept" [APART], ["2x3x2", "0x2x2"],
            |_, x| x[0].min_axes(keep([-1, 1])),
            |a| kept(&a[0], &[1, 2], smallest);
        prod "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].prod(), |a| all(&a[0], product);
        prod "with zeros" [smooth(Draw::Zeros)], ["2", "3", "5", "2x4", "7"],
            |_, x| x[0].prod(),
            |a| all(&a[0], product);
        prod_axes "with zeros" [smooth(Draw::Zeros)], CUBES, |_, x| x[0].prod_axes(keep([1, 2])), |a| kept(&a[0], &[1, 2], product);
        variance_axes "two, kept" [REAL], ["2x3x2", "1x2x1", "2x0x2"],
            |_, x| x[0].variance_axes(keep([0, 2])),
            |a| kept(&a[0], &[0, 2], variance);
        variance_axes "far from 0" [smooth(Draw::Between(40.0, 44.0))], ["4", "2x3"],
            |_, x| x[0].variance_axes(-1),
            |a| over(&a[0], &[a[0].shape.len() - 1], variance);
        norm "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].norm(), |a| all(&a[0], sum);
        norm_axes "two, kept" [REAL], ["2x3x2", "2x0x2", "1x2x1"],
            |_, x| x[0].norm_axes(keep([0, 2])),
            |a| kept(&a[0], &[0, 2], norm);
        norm_axes "all" [REAL], ["2x3x2"], |_, x| x[0].norm_axes([0, 1, 2]), |a| all(&a[0], norm);
        logsumexp "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].logsumexp(), |a| all(&a[0], logsumexp);
        logsumexp_axes "two, kept" [REAL], ["2x3x2", "1x2x1", "2x0x2"],
            |_, x| x[0].logsumexp_axes(keep([-1, 0])),
            |a| kept(&a[0], &[0, 2], logsumexp);
        softmax "first axis" [REAL], ["3x2", "1x2", "0x2", "3x0"],
            |_, x| x[0].softmax(0),
            |a| softmax(&a[0], &[0]);
        log_softmax "first axis" [REAL], ["3x2", "1x2", "0x2", "3x0"],
            |_, x| x[0].log_softmax(0),
            |a| log_softmax(&a[0], &[0]);
        log_softmax "two axes" [REAL], CUBES, |_, x| x[0].log_softmax([1, -1]), |a| log_softmax(&a[0], &[1, 2]);
        cumsum "first axis" [REAL], ["3x2", "1x3", "0x2", "4x0"], |_, x| x[0].cumsum(0), |a| {
            Arr::from_fn(&a[0].shape, |i| (0..=i[0]).fold(real(0.0), |sum, j| sum + a[0].at(&[j, i[1]])))
        };
        cumsum "last axis" [REAL], ["5", "2x3", "0", "2x0"], |_, x| x[0].cumsum(-1), |a| {
            let last = a[0].shape.len() - 1;
            Arr::from_fn(&a[0].shape, |i| {
                (0..=i[last]).fold(real(0.0), |sum, j| sum + a[0].at(&[&i[..last], &[j]].concat()))
            })
        };
        argmax "first axis" [cut(Draw::Apart)], ["3x2", "1x2", "4", "3x0"], |_, x| x[0].argmax(0), |a| {
            over(&a[0], &[0], |x| real(x.iter().position(|y| y.re == largest(x).re).unwrap() as f64))
        };
        argmin "last axis" [cut(Draw::Apart)], ["3x2", "2x1", "4", "0x3"], |_, x| x[0].argmin(-1), |a| {
            over(&a[0], &[a[0].shape.len() - 1], |x| real(x.iter().position(|y| y.re == smallest(x).re).unwrap() as f64))
        };
        softmax_cross_entropy "by samples of samples" [REAL, smooth(Draw::Between(0.0, 1.0))], ["2x2x3 2x2x3", "1 1", "2x0x3 2x0x3", "2x0 2x0"],
            |_, x| x[0].softmax_cross_entropy(x[1]),
            |a| {
                let last = a[0].shape.len() - 1;
                let terms = a[1].zip(&log_softmax(&a[0], &[last]), |p, l: C| -p * l);
                over(&terms, &[last], sum)
            };
        softmax_cross_entropy_labels "a node" [REAL, cut(Draw::Below(3))], ["2x3 2", "3 .", "0x3 0", "2x1x3 2x1"],
            |_, x| x[0].softmax_cross_entropy_labels(x[1]),
            |a| {
                let terms = log_softmax(&a[0], &[a[0].shape.len() - 1]);
                Arr::from_fn(&a[1].shape, |i| -terms.at(&[i, &[a[1].at(i).re as usize]].concat()))
            };
        softmax_cross_entropy_labels "one sample" [REAL], ["4"],
            |_, x| x[0].softmax_cross_entropy_labels(2),
            |a| {
                Arr { shape: vec![], data: vec![-log_softmax(&a[0], &[0]).data[2]] }
            };
        sigmoid_cross_entropy "by definition" [REAL, smooth(Draw::Between(0.0, 1.0))], ["2x3 2x3", "2x0 2x0", "1x1 1x1"],
            |_, x| x[0].sigmoid_cross_entropy(x[1]),
            |a| {
                let sigmoid = |z: C| real(1.0) / (exp(-z) + 1.0);
                a[0].zip(&a[1], |x, t: C| -t * ln(sigmoid(x)) - (real(1.0) - t) * ln(sigmoid(-x)))
            };
    }
}
