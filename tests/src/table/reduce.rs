//! Reductions: all ways to name axes, nothing to reduce, zeros; softmax and losses.

use chainrule::graph::keep;
use chainrule_oracle::{Array, ops};

use super::{Draw, Input, REAL, Row, cut, rows, smooth};

const APART: Input = smooth(Draw::Apart);
/// As logits: nothing that is rounded away.
const CUBES: [&str; 4] = ["2x3x2", "1x1x1", "2x0x3", "0x2x2"];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        sum "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].sum(), |a| ops::sum(&a[0]);
        sum_axes "no axes" [REAL], CUBES, |_, x| x[0].sum_axes([0_usize; 0]), |a| a[0].clone();
        sum_axes "all axes" [REAL], CUBES, |_, x| x[0].sum_axes([2, 0, 1]), |a| ops::sum(&a[0]);
        sum_axes "two, kept" [REAL], CUBES, |_, x| x[0].sum_axes(keep([-1, 0])), |a| ops::sum_axes(&a[0], &[0, 2], true);
        mean "of many axes" [REAL], ["2x3x2", "1x1"], |_, x| x[0].mean(), |a| ops::mean(&a[0]);
        mean_axes "two, kept" [REAL], ["2x3x2", "2x0x2", "1x1x1"],
            |_, x| x[0].mean_axes(keep([0, 2])),
            |a| ops::mean_axes(&a[0], &[0, 2], true);
        max_axes "two, one of size 1" [APART], ["2x1x3", "2x2x3", "2x3x0"],
            |_, x| x[0].max_axes([1, 0]),
            |a| ops::max_axes(&a[0], &[0, 1], false);
        max_axes "no axes" [APART], ["2x3", "0", "."], |_, x| x[0].max_axes([0_usize; 0]), |a| a[0].clone();
        min_axes "kept" [APART], ["2x3x2", "0x2x2"],
            |_, x| x[0].min_axes(keep([-1, 1])),
            |a| ops::min_axes(&a[0], &[1, 2], true);
        prod "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].prod(), |a| ops::prod(&a[0]);
        prod "with zeros" [smooth(Draw::Zeros)], ["2", "3", "5", "2x4", "7"], |_, x| x[0].prod(), |a| ops::prod(&a[0]);
        prod_axes "with zeros" [smooth(Draw::Zeros)], CUBES,
            |_, x| x[0].prod_axes(keep([1, 2])),
            |a| ops::prod_axes(&a[0], &[1, 2], true);
        variance_axes "two, kept" [REAL], ["2x3x2", "1x2x1", "2x0x2"],
            |_, x| x[0].variance_axes(keep([0, 2])),
            |a| ops::variance_axes(&a[0], &[0, 2], true);
        variance_axes "far from 0" [smooth(Draw::Between(40.0, 44.0))], ["4", "2x3"],
            |_, x| x[0].variance_axes(-1),
            |a| ops::variance_axes(&a[0], &[a[0].rank() - 1], false);
        norm "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].norm(), |a| ops::norm(&a[0]);
        norm_axes "two, kept" [REAL], ["2x3x2", "2x0x2", "1x2x1"],
            |_, x| x[0].norm_axes(keep([0, 2])),
            |a| ops::norm_axes(&a[0], &[0, 2], true);
        norm_axes "all" [REAL], ["2x3x2"], |_, x| x[0].norm_axes([0, 1, 2]), |a| ops::norm(&a[0]);
        logsumexp "of nothing" [REAL], ["0", "2x0"], |_, x| x[0].logsumexp(), |a| ops::logsumexp(&a[0]);
        logsumexp_axes "two, kept" [REAL], ["2x3x2", "1x2x1", "2x0x2"],
            |_, x| x[0].logsumexp_axes(keep([-1, 0])),
            |a| ops::logsumexp_axes(&a[0], &[0, 2], true);
        softmax "first axis" [REAL], ["3x2", "1x2", "0x2", "3x0"], |_, x| x[0].softmax(0), |a| ops::softmax(&a[0], &[0]);
        log_softmax "first axis" [REAL], ["3x2", "1x2", "0x2", "3x0"],
            |_, x| x[0].log_softmax(0),
            |a| ops::log_softmax(&a[0], &[0]);
        log_softmax "two axes" [REAL], CUBES, |_, x| x[0].log_softmax([1, -1]), |a| ops::log_softmax(&a[0], &[1, 2]);
        cumsum "first axis" [REAL], ["3x2", "1x3", "0x2", "4x0"], |_, x| x[0].cumsum(0), |a| ops::cumsum(&a[0], 0);
        cumsum "last axis" [REAL], ["5", "2x3", "0", "2x0"], |_, x| x[0].cumsum(-1), |a| ops::cumsum(&a[0], a[0].rank() - 1);
        argmax "first axis" [cut(Draw::Apart)], ["3x2", "1x2", "4", "3x0"], |_, x| x[0].argmax(0), |a| ops::argmax(&a[0], 0);
        argmin "last axis" [cut(Draw::Apart)], ["3x2", "2x1", "4", "0x3"], |_, x| x[0].argmin(-1), |a| ops::argmin(&a[0], a[0].rank() - 1);
        softmax_cross_entropy "by samples of samples" [REAL, smooth(Draw::Between(0.0, 1.0))], ["2x2x3 2x2x3", "1 1", "2x0x3 2x0x3", "2x0 2x0"],
            |_, x| x[0].softmax_cross_entropy(x[1]),
            |a| ops::softmax_cross_entropy(&a[0], &a[1]);
        softmax_cross_entropy_labels "a node" [REAL, cut(Draw::Below(3))], ["2x3 2", "3 .", "0x3 0", "2x1x3 2x1"],
            |_, x| x[0].softmax_cross_entropy_labels(x[1]),
            |a| ops::softmax_cross_entropy_labels(&a[0], &a[1]);
        softmax_cross_entropy_labels "one sample" [REAL], ["4"],
            |_, x| x[0].softmax_cross_entropy_labels(2),
            |a| ops::softmax_cross_entropy_labels(&a[0], &Array::scalar(N::of(2.0)));
        sigmoid_cross_entropy "by definition" [REAL, smooth(Draw::Between(0.0, 1.0))], ["2x3 2x3", "2x0 2x0", "1x1 1x1"],
            |_, x| x[0].sigmoid_cross_entropy(x[1]),
            |a| ops::sigmoid_cross_entropy(&a[0], &a[1]);
    }
}
