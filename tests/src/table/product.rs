//! Matrix products, Einstein sums with all that their language has, and linear algebra.

use chainrule::graph::Triangle;
use chainrule_oracle::ops;

use super::{Draw, Input, REAL, Row, rows, smooth};

const REGULAR: Input = smooth(Draw::Regular);
const DOMINANT: Input = smooth(Draw::Dominant);

const SYSTEMS: [&str; 7] = ["3x3 3x2", "3x3 3", "2x2 2x3", "1x1 1", "2x2 2x0", "0x0 0", "4x4 4x1"];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        matmul "a matrix and itself" [REAL], ["2x2", "1x1", "0x0"], |_, x| x[0].matmul(x[0]), |a| ops::matmul(&a[0], &a[0]);
        matmul "its transpose" [REAL], ["2x3", "3x1", "2x0"], |_, x| x[0].t().matmul(x[0]), |a| ops::matmul(&ops::t(&a[0]), &a[0]);
        dot "with itself" [REAL], ["4", "1", "0"], |_, x| x[0].dot(x[0]), |a| ops::dot(&a[0], &a[0]);
        outer "with itself" [REAL], ["3", "1", "0"], |_, x| x[0].outer(x[0]), |a| ops::outer(&a[0], &a[0]);
        einsum "without an arrow" [REAL, REAL], ["2x3 3x2", "2x0 0x1", "1x1 1x1"],
            |_, x| x[0].einsum("kj,ji", x[1]),
            |a| ops::einsum(&a[0], "kj,ji->ik", &a[1]);
        einsum "letters in one operand only" [REAL, REAL], ["2x3x2 2x4", "1x2x0 1x2"],
            |_, x| x[0].einsum("bij,bk->bi", x[1]),
            |a| ops::einsum(&a[0], "bij,bk->bi", &a[1]);
        einsum "the trace of a product" [REAL, REAL], ["2x3 3x2", "1x1 1x1", "0x2 2x0"],
            |_, x| x[0].einsum("ij,ji->", x[1]),
            |a| ops::einsum(&a[0], "ij,ji->", &a[1]);
        einsum "diagonals of both" [REAL, REAL], ["2x2 2x2", "1x1 1x1", "0x0 0x0"],
            |_, x| x[0].einsum("ii,ii->i", x[1]),
            |a| ops::einsum(&a[0], "ii,ii->i", &a[1]);
        einsum "axes of both broadcast" [REAL, REAL], ["3x1x2 2x2x2", "1x2x1 1x1x2"],
            |_, x| x[0].einsum("...k,...kj->j...", x[1]),
            |a| ops::einsum(&a[0], "...k,...kj->j...", &a[1]);
        cholesky "of its symmetric part" [DOMINANT], ["3x3", "1x1", "0x0", "2x2"], |_, x| x[0].cholesky(), |a| ops::cholesky(&a[0]);
        solve "with pivoting" [REGULAR, REAL], SYSTEMS, |_, x| x[0].solve(x[1]), |a| ops::solve(&a[0], &a[1]);
        solve "by itself" [REGULAR], ["2x2", "3x3"],
            |_, x| (x[0] * x[0]).solve(x[0]),
            |a| ops::solve(&ops::mul(&a[0], &a[0]), &a[0]);
        inverse "with pivoting" [REGULAR], ["3x3", "2x2", "1x1", "0x0"], |_, x| x[0].inverse(), |a| ops::inverse(&a[0]);
        log_det "not symmetric" [DOMINANT], ["3x3", "2x2", "1x1", "0x0"], |_, x| x[0].log_det(), |a| ops::log_det(&a[0]);
        log_det "with pivoting" [REGULAR], ["3x3", "1x1"], |_, x| x[0].log_det(), |a| ops::log_det(&a[0]);
        solve_triangular "lower" [DOMINANT, REAL], SYSTEMS,
            |_, x| x[0].solve_triangular(Triangle::Lower, x[1]),
            |a| ops::solve_triangular(&a[0], false, &a[1]);
        solve_triangular "upper" [DOMINANT, REAL], SYSTEMS,
            |_, x| x[0].solve_triangular(Triangle::Upper, x[1]),
            |a| ops::solve_triangular(&a[0], true, &a[1]);
    }
}
