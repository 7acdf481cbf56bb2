//! What moves elements, and indexing.

use ndarray::s;

use super::{Row, real, rows};
use crate::oracle::{Arr, C};

/// `y[i] = x[f(i)]`, or 0 where there is none.
fn from(x: &Arr<C>, shape: &[usize], f: impl Fn(&[usize]) -> Option<Vec<usize>>) -> Arr<C> {
    Arr::from_fn(shape, |i| f(i).map_or(real(0.0), |i| x.at(&i)))
}

const MATRICES: [&[&[usize]]; 3] = [&[&[2, 3]], &[&[1, 1]], &[&[0, 3]]];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        reshape, reals, [&[&[2, 6]], &[&[1, 12]]], |g, x| x[0].reshape([3, -1]), |a| a[0].reshape(&[3, 4]);
        reshape, reals, [&[&[0, 6]]], |g, x| x[0].reshape([3, 0]), |a| a[0].reshape(&[3, 0]);
        permute, reals, [&[&[2, 3, 2]], &[&[1, 0, 2]]], |g, x| x[0].permute([-1, 0, 1]), |a| a[0].permute(&[2, 0, 1]);
        t, reals, MATRICES, |g, x| x[0].t(), |a| a[0].permute(&[1, 0]);
        mt, reals, [&[&[2, 3, 2]], &[&[0, 1, 2]]], |g, x| x[0].mt(), |a| a[0].permute(&[0, 2, 1]);
        broadcast_to, reals, [&[&[3, 1]], &[&[1]], &[&[]]], |g, x| x[0].broadcast_to([2, 3, 2]), |a| {
            a[0].broadcast(&[2, 3, 2])
        };
        squeeze, reals, [&[&[1, 3, 1]], &[&[1, 0, 1]]], |g, x| x[0].squeeze([0, -1]), |a| {
            a[0].reshape(&[a[0].shape[1]])
        };
        unsqueeze, reals, MATRICES, |g, x| x[0].unsqueeze([1, -1]), |a| {
            a[0].reshape(&[a[0].shape[0], 1, a[0].shape[1], 1])
        };
        tile, reals, MATRICES, |g, x| x[0].tile([2, 1, 3]), |a| {
            let (m, n) = (a[0].shape[0], a[0].shape[1]);
            from(&a[0], &[2, m, 3 * n], |i| Some(vec![i[1], i[2] % n]))
        };
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![1.., 0..5;2]), |a| {
            from(&a[0], &[2, 3], |i| Some(vec![i[0] + 1, 2 * i[1]]))
        };
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![-1, ..4;-2]), |a| {
            from(&a[0], &[2], |i| Some(vec![2, 3 - 2 * i[0]]))
        };
        slice, reals, [&[&[3, 5]]], |g, x| x[0].slice(s![ndarray::NewAxis, 2..2, ..]), |a| Arr::zeros(&[1, 0, 5]);
        flip, reals, MATRICES, |g, x| x[0].flip(-1), |a| {
            let n = a[0].shape[1];
            from(&a[0], &a[0].shape, |i| Some(vec![i[0], n - 1 - i[1]]))
        };
        split, reals, [&[&[2, 5]], &[&[0, 5]]], |g, x| {
            let [a, b, c] = x[0].split([2, 1, 2], 1);
            a * c + b
        }, |a| Arr::from_fn(&[a[0].shape[0], 2], |i| {
            let x = |j: usize| a[0].at(&[i[0], j]);
            x(i[1]) * x(3 + i[1]) + x(2)
        });
        chunks, reals, [&[&[4, 2]], &[&[2, 0]]], |g, x| {
            let parts = x[0].chunks(2, -2);
            parts[0] * parts[1]
        }, |a| {
            let half = a[0].shape[0] / 2;
            Arr::from_fn(&[half, a[0].shape[1]], |i| a[0].at(i) * a[0].at(&[i[0] + half, i[1]]))
        };
        pad, reals, MATRICES, |g, x| x[0].pad([[1, 0], [2, 1]], T::of(1.5)), |a| {
            let (m, n) = (a[0].shape[0], a[0].shape[1]);
            Arr::from_fn(&[m + 1, n + 3], |i| match (i[0].checked_sub(1), i[1].checked_sub(2)) {
                (Some(r), Some(c)) if c < n => a[0].at(&[r, c]),
                _ => real(1.5),
            })
        };
        concat, reals, [&[&[2, 3], &[2, 1]], &[&[0, 3], &[0, 2]], &[&[2, 0], &[2, 2]]],
            |g, x| g.concat([x[0], x[1], x[0]], -1),
            |a| {
                let (m, n) = (a[0].shape[1], a[1].shape[1]);
                Arr::from_fn(&[a[0].shape[0], 2 * m + n], |i| match i[1] {
                    j if j < m => a[0].at(&[i[0], j]),
                    j if j < m + n => a[1].at(&[i[0], j - m]),
                    j => a[0].at(&[i[0], j - m - n]),
                })
            };
        stack, reals, [&[&[2, 3], &[2, 3]], &[&[0], &[0]], &[&[], &[]]], |g, x| g.stack([x[0], x[1]], 0), |a| {
            let shape = [&[2], &a[0].shape[..]].concat();
            Arr { shape, data: a.iter().flat_map(|x| x.data.clone()).collect() }
        };
        take, reals, [&[&[3, 2]], &[&[3, 0]]], |g, x| x[0].take(ndarray::arr2(&[[2_usize, 0], [2, 2]]), 0), |a| {
            let picks = [[2, 0], [2, 2]];
            from(&a[0], &[2, 2, a[0].shape[1]], |i| Some(vec![picks[i[0]][i[1]], i[2]]))
        };
        take, reals, [&[&[2, 3]]], |g, x| x[0].take(x[0].argmax(1), -1), |a| {
            let best = |r: usize| (0..3).fold(0, |b, j| if a[0].at(&[r, j]).re > a[0].at(&[r, b]).re { j } else { b });
            from(&a[0], &[2, 2], |i| Some(vec![i[0], best(i[1])]))
        };
        take_along, reals, [&[&[2, 3]]], |g, x| x[0].take_along(ndarray::arr2(&[[2_usize, 0, 2, 1], [0, 1, 1, 0]]), 1), |a| {
            let picks = [[2, 0, 2, 1], [0, 1, 1, 0]];
            from(&a[0], &[2, 4], |i| Some(vec![i[0], picks[i[0]][i[1]]]))
        };
        scatter_add, reals, [&[&[3, 2], &[4, 2]], &[&[3, 0], &[4, 0]]],
            |g, x| x[0].scatter_add([1, -1, 1, 0], x[1], 0),
            |a| {
                let to = [1, 2, 1, 0];
                Arr::from_fn(&a[0].shape, |i| {
                    let added = (0..4).filter(|&k| to[k] == i[0]).map(|k| a[1].at(&[k, i[1]]));
                    added.fold(a[0].at(i), |sum, x| sum + x)
                })
            };
        one_hot, cut, [&[&[2, 3]]], |g, x| g.one_hot(x[0].argmax(1), 3), |a| {
            let best = |r: usize| (0..3).fold(0, |b, j| if a[0].at(&[r, j]).re > a[0].at(&[r, b]).re { j } else { b });
            Arr::from_fn(&[2, 3], |i| real(f64::from(best(i[0]) == i[1])))
        };
    }
}
