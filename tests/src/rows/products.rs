//! Products of matrices and vectors.

use chainrule_oracle::ops;

use super::{Row, rows};

pub(super) fn rows() -> Vec<Row> {
    rows! {
        matmul, reals, [
            &[&[2, 3], &[3, 2]], &[&[2, 3], &[3]], &[&[3], &[3, 2]], &[&[3], &[3]], &[&[2, 0], &[0, 3]],
            &[&[0, 2], &[2, 1]], &[&[1, 1], &[1]], &[&[2, 2, 3], &[2, 3, 2]], &[&[2, 2, 3], &[3, 2]],
            &[&[2, 3], &[2, 3, 2]], &[&[2, 1, 2, 2], &[3, 2, 1]], &[&[3], &[2, 3, 2]], &[&[2, 2, 3], &[3]],
            &[&[0, 2, 2], &[2, 2]], &[&[0, 2, 2], &[1, 2, 2]], &[&[2, 2, 0], &[2, 0, 2]]
        ], |g, x| x[0].matmul(x[1]), |a| ops::matmul(&a[0], &a[1]);
        dot, reals, [&[&[3], &[3]], &[&[0], &[0]], &[&[1], &[1]]], |g, x| x[0].dot(x[1]), |a| ops::dot(&a[0], &a[1]);
        outer, reals, [&[&[2], &[3]], &[&[0], &[3]], &[&[1], &[1]]], |g, x| x[0].outer(x[1]), |a| ops::outer(&a[0], &a[1]);
        einsum, reals, [&[&[2, 3], &[3, 2]], &[&[1, 1], &[1, 2]], &[&[0, 2], &[2, 2]]],
            |g, x| x[0].einsum("ij,jk->ki", x[1]),
            |a| ops::einsum(&a[0], "ij,jk->ki", &a[1]);
        einsum, reals, [&[&[2, 3, 2], &[2, 2]]], |g, x| x[0].einsum("bij,bj->bi", x[1]), |a| {
            ops::einsum(&a[0], "bij,bj->bi", &a[1])
        };
        einsum, reals, [&[&[3, 3], &[3, 2]]], |g, x| x[0].einsum("ii,ij->j", x[1]), |a| {
            ops::einsum(&a[0], "ii,ij->j", &a[1])
        };
        einsum, reals, [&[&[2, 3], &[2]]], |g, x| x[0].einsum("ab,c", x[1]), |a| ops::einsum(&a[0], "ab,c", &a[1]);
        einsum, reals, [&[&[2, 2, 3], &[3, 2]]], |g, x| x[0].einsum("...ij, jk -> ...k", x[1]), |a| {
            ops::einsum(&a[0], "...ij,jk->...k", &a[1])
        };
        einsum, reals, [&[&[1, 3], &[2, 3]]], |g, x| x[0].einsum("ij,ij->", x[1]), |a| {
            ops::einsum(&a[0], "ij,ij->", &a[1])
        };
    }
}
