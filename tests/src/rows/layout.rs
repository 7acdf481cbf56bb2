//! What moves elements, and indexing.

use chainrule_oracle::ops::{self, Part};
use chainrule_oracle::{Array, Number};
use ndarray::s;

use super::{Row, rows};

const MATRICES: [&[&[usize]]; 3] = [&[&[2, 3]], &[&[1, 1]], &[&[0, 3]]];

/// Indices.
fn whole<N: Number>(numbers: &[f64]) -> Array<N> {
    Array::of(&Array::vector(numbers.to_vec()))
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        reshape, reals, [&[&[2, 6]], &[&[1, 12]]], |g, x| x[0].reshape([3, -1]), |a| ops::reshape(&a[0], &[3, 4]);
        reshape, reals, [&[&[0, 6]]], |g, x| x[0].reshape([3, 0]), |a| ops::reshape(&a[0], &[3, 0]);
        permute, reals, [&[&[2, 3, 2]], &[&[1, 0, 2]]], |g, x| x[0].permute([-1, 0, 1]), |a| ops::permute(&a[0], &[2, 0, 1]);
        t, reals, MATRICES, |g, x| x[0].t(), |a| ops::t(&a[0]);
        mt, reals, [&[&[2, 3, 2]], &[&[0, 1, 2]]], |g, x| x[0].mt(), |a| ops::mt(&a[0]);
        broadcast_to, reals, [&[&[3, 1]], &[&[1]], &[&[]]], |g, x| x[0].broadcast_to([2, 3, 2]), |a| {
            ops::broadcast_to(&a[0], &[2, 3, 2])
        };
        squeeze, reals, [&[&[1, 3, 1]], &[&[1, 0, 1]]], |g, x| x[0].squeeze([0, -1]), |a| ops::squeeze(&a[0], &[0, 2]);
        unsqueeze, reals, MATRICES, |g, x| x[0].unsqueeze([1, -1]), |a| ops::unsqueeze(&a[0], &[1, 3]);
        tile, reals, MATRICES, |g, x| x[0].tile([2, 1, 3]), |a| ops::tile(&a[0], &[2, 1, 3]);
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![1.., 0..5;2]), |a| {
            let every_second = Part::Range { start: 0, end: Some(5), step: 2 };
            ops::slice(&a[0], &[Part::Range { start: 1, end: None, step: 1 }, every_second])
        };
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![-1, ..4;-2]), |a| {
            ops::slice(&a[0], &[Part::Place(-1), Part::Range { start: 0, end: Some(4), step: -2 }])
        };
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![ndarray::NewAxis, 2..2, ..]), |a| {
            ops::slice(&a[0], &[Part::New, Part::range(2, 2), Part::ALL])
        };
        flip, reals, MATRICES, |g, x| x[0].flip(-1), |a| ops::flip(&a[0], &[1]);
        split, reals, [&[&[2, 5]], &[&[0, 5]]], |g, x| {
            let [a, b, c] = x[0].split([2, 1, 2], 1);
            a * c + b
        }, |a| {
            let parts = ops::split(&a[0], &[2, 1, 2], 1);
            ops::add(&ops::mul(&parts[0], &parts[2]), &parts[1])
        };
        chunks, reals, [&[&[4, 2]], &[&[2, 0]]], |g, x| {
            let parts = x[0].chunks(2, -2);
            parts[0] * parts[1]
        }, |a| {
            let parts = ops::chunks(&a[0], 2, 0);
            ops::mul(&parts[0], &parts[1])
        };
        pad, reals, MATRICES, |g, x| x[0].pad([[1, 0], [2, 1]], T::of(1.5)), |a| ops::pad(&a[0], &[[1, 0], [2, 1]], 1.5);
        concat, reals, [&[&[2, 3], &[2, 1]], &[&[0, 3], &[0, 2]], &[&[2, 0], &[2, 2]]],
            |g, x| g.concat([x[0], x[1], x[0]], -1),
            |a| ops::concat(&[&a[0], &a[1], &a[0]], 1);
        stack, reals, [&[&[2, 3], &[2, 3]], &[&[0], &[0]], &[&[], &[]]], |g, x| g.stack([x[0], x[1]], 0), |a| {
            ops::stack(&[&a[0], &a[1]], 0)
        };
        take, reals, [&[&[3, 2]], &[&[3, 0]]], |g, x| x[0].take(ndarray::arr2(&[[2_usize, 0], [2, 2]]), 0), |a| {
            ops::take(&a[0], &whole(&[2.0, 0.0, 2.0, 2.0]).reshape(&[2, 2]), 0)
        };
        take, reals, [&[&[2, 3]]], |g, x| x[0].take(x[0].argmax(1), -1), |a| {
            ops::take(&a[0], &ops::argmax(&a[0], 1), 1)
        };
        take_along, reals, [&[&[2, 3]]], |g, x| x[0].take_along(ndarray::arr2(&[[2_usize, 0, 2, 1], [0, 1, 1, 0]]), 1), |a| {
            ops::take_along(&a[0], &whole(&[2.0, 0.0, 2.0, 1.0, 0.0, 1.0, 1.0, 0.0]).reshape(&[2, 4]), 1)
        };
        scatter_add, reals, [&[&[3, 2], &[4, 2]], &[&[3, 0], &[4, 0]]],
            |g, x| x[0].scatter_add([1, -1, 1, 0], x[1], 0),
            |a| ops::scatter_add(&a[0], &whole(&[1.0, -1.0, 1.0, 0.0]), &a[1], 0);
        one_hot, cut, [&[&[2, 3]]], |g, x| g.one_hot(x[0].argmax(1), 3), |a| ops::one_hot(&ops::argmax(&a[0], 1), 3);
    }
}
