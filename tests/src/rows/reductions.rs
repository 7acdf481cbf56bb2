//! Reductions, and what goes along an axis.

use chainrule::graph::keep;

use super::{Row, exp, ln, over, real, rows, sqrt};
use crate::oracle::{Arr, C};

const ALL: [&[&[usize]]; 4] = [&[&[2, 3]], &[&[]], &[&[5]], &[&[2, 1, 2]]];
const SOME: [&[&[usize]]; 3] = [&[&[2, 3, 2]], &[&[1, 3, 1]], &[&[0, 3, 2]]];
const LAST: [&[&[usize]]; 4] = [&[&[2, 3]], &[&[4]], &[&[0, 3]], &[&[3, 1]]];

fn every(x: &Arr<C>) -> Vec<usize> {
    (0..x.shape.len()).collect()
}

fn sum(x: &[C]) -> C {
    x.iter().fold(real(0.0), |sum, &x| sum + x)
}

fn mean(x: &[C]) -> C {
    sum(x) / x.len() as f64
}

fn extreme(x: &[C], largest: bool) -> C {
    let better = |a: C, b: C| if largest { a.re > b.re } else { a.re < b.re };
    x.iter().copied().reduce(|best, x| if better(x, best) { x } else { best }).unwrap_or(real(f64::NAN))
}

fn place(x: &[C], largest: bool) -> C {
    let best = extreme(x, largest);
    real(x.iter().position(|x| x.re == best.re).unwrap_or(0) as f64)
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
    ln(sum(&x.iter().map(|&x| exp(x)).collect::<Vec<_>>()))
}

/// With the reduced axis of size 1.
fn kept(x: Arr<C>, axis: usize) -> Arr<C> {
    let mut shape = x.shape.clone();
    shape.insert(axis, 1);
    x.reshape(&shape)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        sum, reals, ALL, |g, x| x[0].sum(), |a| over(&a[0], &every(&a[0]), sum);
        sum_axes, reals, SOME, |g, x| x[0].sum_axes([0, -1]), |a| over(&a[0], &[0, 2], sum);
        sum_axes, reals, SOME, |g, x| x[0].sum_axes(keep(1)), |a| kept(over(&a[0], &[1], sum), 1);
        mean, reals, ALL, |g, x| x[0].mean(), |a| over(&a[0], &every(&a[0]), mean);
        mean_axes, reals, SOME, |g, x| x[0].mean_axes(-2), |a| over(&a[0], &[1], mean);
        max, reals, ALL, |g, x| x[0].max(), |a| over(&a[0], &every(&a[0]), |x| extreme(x, true));
        max_axes, reals, SOME, |g, x| x[0].max_axes(keep(1)), |a| kept(over(&a[0], &[1], |x| extreme(x, true)), 1);
        min, reals, ALL, |g, x| x[0].min(), |a| over(&a[0], &every(&a[0]), |x| extreme(x, false));
        min_axes, reals, SOME, |g, x| x[0].min_axes([1]), |a| over(&a[0], &[1], |x| extreme(x, false));
        prod, reals, ALL, |g, x| x[0].prod(), |a| over(&a[0], &every(&a[0]), product);
        prod_axes, reals, SOME, |g, x| x[0].prod_axes([2, 0]), |a| over(&a[0], &[2, 0], product);
        prod_axes, reals, SOME, |g, x| x[0].prod_axes(keep(1)), |a| kept(over(&a[0], &[1], product), 1);
        variance, reals, ALL, |g, x| x[0].variance(), |a| over(&a[0], &every(&a[0]), variance);
        variance_axes, reals, SOME, |g, x| x[0].variance_axes(1), |a| over(&a[0], &[1], variance);
        norm, reals, ALL, |g, x| x[0].norm(), |a| over(&a[0], &every(&a[0]), norm);
        norm_axes, reals, SOME, |g, x| x[0].norm_axes(1), |a| over(&a[0], &[1], norm);
        logsumexp, reals, ALL, |g, x| x[0].logsumexp(), |a| over(&a[0], &every(&a[0]), logsumexp);
        logsumexp_axes, reals, SOME, |g, x| x[0].logsumexp_axes([-2]), |a| over(&a[0], &[1], logsumexp);
        softmax, reals, LAST, |g, x| x[0].softmax(-1), |a| {
            let last = a[0].shape.len() - 1;
            a[0].map(exp).zip(&kept(over(&a[0].map(exp), &[last], sum), last), |x, y: C| x / y)
        };
        softmax, reals, [&[&[2, 3, 2]]], |g, x| x[0].softmax([0, 1]), |a| {
            a[0].map(exp).zip(&over(&a[0].map(exp), &[0, 1], sum), |x, y: C| x / y)
        };
        log_softmax, reals, LAST, |g, x| x[0].log_softmax(-1), |a| {
            let last = a[0].shape.len() - 1;
            a[0].zip(&kept(over(&a[0], &[last], logsumexp), last), |x, y: C| x - y)
        };
        cumsum, reals, SOME, |g, x| x[0].cumsum(1), |a| {
            let x = &a[0];
            Arr::from_fn(&x.shape, |i| (0..=i[1]).fold(real(0.0), |sum, j| sum + x.at(&[i[0], j, i[2]])))
        };
        argmax, cut, LAST, |g, x| x[0].argmax(-1), |a| over(&a[0], &[a[0].shape.len() - 1], |x| place(x, true));
        argmin, cut, SOME, |g, x| x[0].argmin(1), |a| over(&a[0], &[1], |x| place(x, false));
        softmax_cross_entropy, reals, [&[&[2, 3], &[2, 3]], &[&[3], &[3]], &[&[0, 3], &[0, 3]]],
            |g, x| x[0].softmax_cross_entropy(x[1]),
            |a| {
                let last = a[0].shape.len() - 1;
                let ln_p = a[0].zip(&kept(over(&a[0], &[last], logsumexp), last), |x, y: C| x - y);
                over(&ln_p.zip(&a[1], |x, p: C| -x * p), &[last], sum)
            };
        softmax_cross_entropy_labels, reals, [&[&[2, 3]], &[&[2, 1]]],
            |g, x| x[0].softmax_cross_entropy_labels([-1, 0]),
            |a| {
                let ln_sum = over(&a[0], &[1], logsumexp);
                let labels = [a[0].shape[1] - 1, 0];
                Arr::from_fn(&[2], |i| ln_sum.at(i) - a[0].at(&[i[0], labels[i[0]]]))
            };
        sigmoid_cross_entropy, reals, [&[&[2, 3], &[2, 3]], &[&[], &[]], &[&[0], &[0]]],
            |g, x| x[0].sigmoid_cross_entropy(x[1]),
            |a| a[0].zip(&a[1], |x, t: C| ln(exp(-x) + 1.0) * t + ln(exp(x) + 1.0) * (real(1.0) - t));
    }
}
