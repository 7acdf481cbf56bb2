//! Products of matrices and vectors.

use super::{Row, real, rows};
use crate::oracle::{Arr, C, common_shape};

/// NumPy's rule for `@`, by definition.
fn matmul(a: &Arr<C>, b: &Arr<C>) -> Arr<C> {
    let (vector_a, vector_b) = (a.shape.len() == 1, b.shape.len() == 1);
    let a = if vector_a { a.reshape(&[1, a.shape[0]]) } else { a.clone() };
    let b = if vector_b { b.reshape(&[b.shape[0], 1]) } else { b.clone() };
    let (ra, rb) = (a.shape.len(), b.shape.len());
    let (m, k, n) = (a.shape[ra - 2], a.shape[ra - 1], b.shape[rb - 1]);
    let batch = common_shape(&a.shape[..ra - 2], &b.shape[..rb - 2]).unwrap_or_default();
    let with = |last: [usize; 2]| [&batch[..], &last[..]].concat();
    let (a, b) = (a.broadcast(&with([m, k])), b.broadcast(&with([k, n])));
    let y = Arr::from_fn(&with([m, n]), |index| {
        let (front, last) = index.split_at(batch.len());
        let at = |x: &Arr<C>, i: usize, j: usize| x.at(&[front, &[i, j]].concat());
        (0..k).fold(real(0.0), |sum, l| sum + at(&a, last[0], l) * at(&b, l, last[1]))
    });
    let mut shape = batch.clone();
    shape.extend((!vector_a).then_some(m));
    shape.extend((!vector_b).then_some(n));
    y.reshape(&shape)
}

/// `Σ f(i) ` over all index tuples below the sizes.
fn sum_over(sizes: &[usize], f: impl Fn(&[usize]) -> C) -> C {
    Arr::from_fn(sizes, f).data.into_iter().fold(real(0.0), |sum, x| sum + x)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        matmul, reals, [
            &[&[2, 3], &[3, 2]], &[&[2, 3], &[3]], &[&[3], &[3, 2]], &[&[3], &[3]], &[&[2, 0], &[0, 3]],
            &[&[0, 2], &[2, 1]], &[&[1, 1], &[1]], &[&[2, 2, 3], &[2, 3, 2]], &[&[2, 2, 3], &[3, 2]],
            &[&[2, 3], &[2, 3, 2]], &[&[2, 1, 2, 2], &[3, 2, 1]], &[&[3], &[2, 3, 2]], &[&[2, 2, 3], &[3]],
            &[&[0, 2, 2], &[2, 2]], &[&[0, 2, 2], &[1, 2, 2]], &[&[2, 2, 0], &[2, 0, 2]]
        ], |g, x| x[0].matmul(x[1]), |a| matmul(&a[0], &a[1]);
        dot, reals, [&[&[3], &[3]], &[&[0], &[0]], &[&[1], &[1]]], |g, x| x[0].dot(x[1]), |a| matmul(&a[0], &a[1]);
        outer, reals, [&[&[2], &[3]], &[&[0], &[3]], &[&[1], &[1]]], |g, x| x[0].outer(x[1]), |a| {
            Arr::from_fn(&[a[0].shape[0], a[1].shape[0]], |i| a[0].at(&[i[0]]) * a[1].at(&[i[1]]))
        };
        einsum, reals, [&[&[2, 3], &[3, 2]], &[&[1, 1], &[1, 2]], &[&[0, 2], &[2, 2]]],
            |g, x| x[0].einsum("ij,jk->ki", x[1]),
            |a| matmul(&a[0], &a[1]).permute(&[1, 0]);
        einsum, reals, [&[&[2, 3, 2], &[2, 2]]], |g, x| x[0].einsum("bij,bj->bi", x[1]), |a| {
            Arr::from_fn(&[2, 3], |i| sum_over(&[2], |j| a[0].at(&[i[0], i[1], j[0]]) * a[1].at(&[i[0], j[0]])))
        };
        einsum, reals, [&[&[3, 3], &[3, 2]]], |g, x| x[0].einsum("ii,ij->j", x[1]), |a| {
            Arr::from_fn(&[2], |j| sum_over(&[3], |i| a[0].at(&[i[0], i[0]]) * a[1].at(&[i[0], j[0]])))
        };
        einsum, reals, [&[&[2, 3], &[2]]], |g, x| x[0].einsum("ab,c", x[1]), |a| {
            Arr::from_fn(&[2, 3, 2], |i| a[0].at(&[i[0], i[1]]) * a[1].at(&[i[2]]))
        };
        einsum, reals, [&[&[2, 2, 3], &[3, 2]]], |g, x| x[0].einsum("...ij, jk -> ...k", x[1]), |a| {
            Arr::from_fn(&[2, 2], |i| sum_over(&[2, 3], |j| a[0].at(&[i[0], j[0], j[1]]) * a[1].at(&[j[1], i[1]])))
        };
        einsum, reals, [&[&[1, 3], &[2, 3]]], |g, x| x[0].einsum("ij,ij->", x[1]), |a| {
            Arr { shape: vec![], data: vec![sum_over(&[2, 3], |i| a[0].at(&[0, i[1]]) * a[1].at(i))] }
        };
    }
}
