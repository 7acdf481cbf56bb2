//! Reductions, and what goes along an axis.

use chainrule::graph::keep;
use chainrule_oracle::{Array, ops};

use super::{Row, rows};

const ALL: [&[&[usize]]; 4] = [&[&[2, 3]], &[&[]], &[&[5]], &[&[2, 1, 2]]];
const SOME: [&[&[usize]]; 3] = [&[&[2, 3, 2]], &[&[1, 3, 1]], &[&[0, 3, 2]]];
const LAST: [&[&[usize]]; 4] = [&[&[2, 3]], &[&[4]], &[&[0, 3]], &[&[3, 1]]];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        sum, reals, ALL, |g, x| x[0].sum(), |a| ops::sum(&a[0]);
        sum_axes, reals, SOME, |g, x| x[0].sum_axes([0, -1]), |a| ops::sum_axes(&a[0], &[0, 2], false);
        sum_axes, reals, SOME, |g, x| x[0].sum_axes(keep(1)), |a| ops::sum_axes(&a[0], &[1], true);
        mean, reals, ALL, |g, x| x[0].mean(), |a| ops::mean(&a[0]);
        mean_axes, reals, SOME, |g, x| x[0].mean_axes(-2), |a| ops::mean_axes(&a[0], &[1], false);
        max, reals, ALL, |g, x| x[0].max(), |a| ops::max(&a[0]);
        max_axes, reals, SOME, |g, x| x[0].max_axes(keep(1)), |a| ops::max_axes(&a[0], &[1], true);
        min, reals, ALL, |g, x| x[0].min(), |a| ops::min(&a[0]);
        min_axes, reals, SOME, |g, x| x[0].min_axes([1]), |a| ops::min_axes(&a[0], &[1], false);
        prod, reals, ALL, |g, x| x[0].prod(), |a| ops::prod(&a[0]);
        prod_axes, reals, SOME, |g, x| x[0].prod_axes([2, 0]), |a| ops::prod_axes(&a[0], &[2, 0], false);
        prod_axes, reals, SOME, |g, x| x[0].prod_axes(keep(1)), |a| ops::prod_axes(&a[0], &[1], true);
        variance, reals, ALL, |g, x| x[0].variance(), |a| ops::variance(&a[0]);
        variance_axes, reals, SOME, |g, x| x[0].variance_axes(1), |a| ops::variance_axes(&a[0], &[1], false);
        norm, reals, ALL, |g, x| x[0].norm(), |a| ops::norm(&a[0]);
        norm_axes, reals, SOME, |g, x| x[0].norm_axes(1), |a| ops::norm_axes(&a[0], &[1], false);
        logsumexp, reals, ALL, |g, x| x[0].logsumexp(), |a| ops::logsumexp(&a[0]);
        logsumexp_axes, reals, SOME, |g, x| x[0].logsumexp_axes([-2]), |a| ops::logsumexp_axes(&a[0], &[1], false);
        softmax, reals, LAST, |g, x| x[0].softmax(-1), |a| ops::softmax(&a[0], &[a[0].rank() - 1]);
        softmax, reals, [&[&[2, 3, 2]]], |g, x| x[0].softmax([0, 1]), |a| ops::softmax(&a[0], &[0, 1]);
        log_softmax, reals, LAST, |g, x| x[0].log_softmax(-1), |a| ops::log_softmax(&a[0], &[a[0].rank() - 1]);
        cumsum, reals, SOME, |g, x| x[0].cumsum(1), |a| ops::cumsum(&a[0], 1);
        argmax, cut, LAST, |g, x| x[0].argmax(-1), |a| ops::argmax(&a[0], a[0].rank() - 1);
        argmin, cut, SOME, |g, x| x[0].argmin(1), |a| ops::argmin(&a[0], 1);
        softmax_cross_entropy, reals, [&[&[2, 3], &[2, 3]], &[&[3], &[3]], &[&[0, 3], &[0, 3]]],
            |g, x| x[0].softmax_cross_entropy(x[1]),
            |a| ops::softmax_cross_entropy(&a[0], &a[1]);
        softmax_cross_entropy_labels, reals, [&[&[2, 3]], &[&[2, 1]]],
            |g, x| x[0].softmax_cross_entropy_labels([-1, 0]),
            |a| ops::softmax_cross_entropy_labels(&a[0], &Array::of(&Array::vector(vec![-1.0, 0.0])));
        sigmoid_cross_entropy, reals, [&[&[2, 3], &[2, 3]], &[&[], &[]], &[&[0], &[0]]],
            |g, x| x[0].sigmoid_cross_entropy(x[1]),
            |a| ops::sigmoid_cross_entropy(&a[0], &a[1]);
    }
}
