//! What moves elements: each definition says for an element of the result where it comes from. Indices as nodes.

use ndarray::{NewAxis, s};

use super::{Draw, Input, REAL, Row, cut, rows, smooth};
use crate::oracle::{Arr, C, common_shape};
use crate::rows::real;

const CUBES: [&str; 4] = ["2x3x2", "1x1x1", "2x0x3", "0x3x1"];
/// A place on an axis of size 3.
const PLACE: Input = cut(Draw::Below(3));

/// `y[i] = x[f(i)]`
fn from(x: &Arr<C>, shape: &[usize], f: impl Fn(&[usize]) -> Vec<usize>) -> Arr<C> {
    Arr::from_fn(shape, |i| x.at(&f(i)))
}

fn whole(z: C) -> usize {
    z.re as usize
}

/// `x` with `values` at each axis's place beyond it.
fn padded(x: &Arr<C>, widths: &[[usize; 2]], value: f64) -> Arr<C> {
    let width = |axis: usize| widths.get(axis).copied().unwrap_or([0, 0]);
    let shape: Vec<usize> = (0..x.shape.len()).map(|k| x.shape[k] + width(k)[0] + width(k)[1]).collect();
    Arr::from_fn(&shape, |i| {
        let own: Option<Vec<usize>> =
            (0..i.len()).map(|k| i[k].checked_sub(width(k)[0]).filter(|&j| j < x.shape[k])).collect();
        own.map_or(real(value), |own| x.at(&own))
    })
}

/// One after the other along an axis.
fn concat(parts: &[Arr<C>], axis: usize) -> Arr<C> {
    let mut shape = parts[0].shape.clone();
    shape[axis] = parts.iter().map(|x| x.shape[axis]).sum();
    Arr::from_fn(&shape, |i| {
        let mut i = i.to_vec();
        for x in parts {
            if i[axis] < x.shape[axis] {
                return x.at(&i);
            }
            i[axis] -= x.shape[axis];
        }
        real(f64::NAN)
    })
}

/// Along axis 0.
fn scattered(x: &Arr<C>, indices: &Arr<C>, updates: &Arr<C>) -> Arr<C> {
    let mut y = x.clone();
    for (place, index) in indices.data.iter().enumerate() {
        let row = x.shape[1];
        for j in 0..row {
            y.data[whole(*index) * row + j] += updates.data[place * row + j];
        }
    }
    y
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        reshape "to a number and from one" [REAL], ["1x1", "1", "."],
            |_, x| x[0].reshape([0_usize; 0]).reshape([1, 1]),
            |a| a[0].reshape(&[1, 1]);
        reshape "inferred" [REAL], ["2x3x2", "1x6"],
            |_, x| x[0].reshape([-1, 3]),
            |a| a[0].reshape(&[a[0].data.len() / 3, 3]);
        permute "all orders" [REAL], CUBES, |_, x| x[0].permute([2, 0, 1]).permute([1, 0, -1]), |a| {
            let s = a[0].shape.clone();
            from(&a[0], &[s[0], s[2], s[1]], |i| vec![i[0], i[2], i[1]])
        };
        t "of three axes" [REAL], CUBES, |_, x| x[0].t(), |a| a[0].permute(&[2, 1, 0]);
        t "of fewer than two" [REAL], ["3", ".", "0"], |_, x| x[0].t(), |a| a[0].clone();
        mt "of fewer than three" [REAL], ["2x3", "0x1"], |_, x| x[0].mt(), |a| a[0].permute(&[1, 0]);
        mt "of a vector" [REAL], ["3", "."], |_, x| x[0].mt(), |a| a[0].clone();
        broadcast_to "to nothing" [REAL], ["1", ".", "2x1"],
            |_, x| x[0].broadcast_to([2, 0]),
            |_| Arr::zeros(&[2, 0]);
        broadcast_to "between" [REAL], ["2x1x3", "1x1x1", "1x3"],
            |_, x| x[0].broadcast_to([2, 2, 3]),
            |a| a[0].broadcast(&[2, 2, 3]);
        squeeze "all, one" [REAL], ["1x1", "1x1x1"],
            |_, x| x[0].squeeze([1]).squeeze(-1),
            |a| a[0].reshape(&a[0].shape[2..]);
        unsqueeze "of a number" [REAL], ["."], |_, x| x[0].unsqueeze([0, 1]), |a| a[0].reshape(&[1, 1]);
        unsqueeze "first" [REAL], CUBES, |_, x| x[0].unsqueeze(0), |a| a[0].reshape(&[&[1], &a[0].shape[..]].concat());
        tile "fewer axes than there are" [REAL], ["2x3", "1x1", "0x2"], |_, x| x[0].tile([2]), |a| {
            let (m, n) = (a[0].shape[0], a[0].shape[1]);
            from(&a[0], &[m, 2 * n], |i| vec![i[0], i[1] % n])
        };
        tile "of a number, and no times" [REAL], ["."], |_, x| x[0].tile([3, 2]), |a| a[0].broadcast(&[3, 2]);
        tile "no times" [REAL], ["2x3"], |_, x| x[0].tile([2, 0]), |_| Arr::zeros(&[4, 0]);
        slice "backwards with steps" [REAL], ["5x4"],
            |_, x| x[0].slice(s![..;-2, 1..;-1]),
            |a| from(&a[0], &[3, 3], |i| vec![4 - 2 * i[0], 3 - i[1]]);
        slice "backwards, not from the end" [REAL], ["6"],
            |_, x| x[0].slice(s![1..5;-3]),
            |a| from(&a[0], &[2], |i| vec![4 - 3 * i[0]]);
        slice "places and new axes" [REAL], ["3x2x2"],
            |_, x| x[0].slice(s![-2, NewAxis, .., 1]),
            |a| from(&a[0], &[1, 2], |i| vec![1, i[1], 1]);
        slice "first axes only" [REAL], ["3x2x2", "3x0x2", "3x1x1"], |_, x| x[0].slice(s![1..3]), |a| {
            from(&a[0], &[2, a[0].shape[1], a[0].shape[2]], |i| vec![i[0] + 1, i[1], i[2]])
        };
        slice "a step beyond the end" [REAL], ["4", "1"],
            |_, x| x[0].slice(s![..;9]),
            |a| from(&a[0], &[1], |_| vec![0]);
        slice "overlapping parts" [REAL], ["4x2"],
            |_, x| x[0].slice(s![..3, ..]) * x[0].slice(s![1.., ..]),
            |a| {
                Arr::from_fn(&[3, 2], |i| a[0].at(i) * a[0].at(&[i[0] + 1, i[1]]))
            };
        flip "all axes" [REAL], CUBES, |_, x| x[0].flip([0, 1, -1]), |a| {
            let s = a[0].shape.clone();
            from(&a[0], &s, |i| (0..3).map(|k| s[k] - 1 - i[k]).collect())
        };
        flip "no axes" [REAL], CUBES, |_, x| x[0].flip([0_usize; 0]), |a| a[0].clone();
        split "an empty part" [REAL], ["3x2", "3x0"], |g, x| {
            let [a, b, c] = x[0].split([1, 0, 2], 0);
            g.concat([c, b, a], 0)
        }, |a| from(&a[0], &a[0].shape, |i| vec![(i[0] + 1) % 3, i[1]]);
        split "one part of it used" [REAL], ["2x3", "0x3"],
            |_, x| x[0].split([1, 2], -1)[1],
            |a| from(&a[0], &[a[0].shape[0], 2], |i| vec![i[0], i[1] + 1]);
        chunks "one" [REAL], ["2x3", "0x2"], |_, x| x[0].chunks(1, 0)[0], |a| a[0].clone();
        chunks "as many as there are" [REAL], ["3x2", "3x0"],
            |_, x| x[0].chunks(3, 0)[1],
            |a| from(&a[0], &[1, a[0].shape[1]], |i| vec![1, i[1]]);
        pad "zeros" [REAL], ["2x3", "1x1", "0x2"],
            |_, x| x[0].pad([[1, 2], [0, 1]], T::zero()),
            |a| padded(&a[0], &[[1, 2], [0, 1]], 0.0);
        pad "the first axis" [REAL], ["2x3", "1x1", "0x2", "2x0"],
            |_, x| x[0].pad([[2, 0]], T::of(-1.5)),
            |a| padded(&a[0], &[[2, 0]], -1.5);
        pad "with infinity" [REAL], ["2x2"],
            |_, x| x[0].pad([[0, 1]], T::infinity()),
            |a| padded(&a[0], &[[0, 1]], f64::INFINITY);
        concat "first axis" [REAL, REAL, REAL], ["2x2 1x2 0x2", "1 1 2", "0 0 0"],
            |g, x| g.concat([x[0], x[1], x[2]], 0),
            |a| concat(a, 0);
        concat "one node" [REAL], ["2x2", "0"], |g, x| g.concat([x[0]], -1), |a| a[0].clone();
        stack "last axis" [REAL, REAL], ["2x3 2x3", "0x2 0x2", ". .", "1 1"],
            |g, x| g.stack([x[0], x[1], x[0]], -1),
            |a| {
                Arr::from_fn(&[&a[0].shape[..], &[3]].concat(), |i| {
                    let (&k, i) = i.split_last().unwrap();
                    a[k % 2].at(i)
                })
            };
        stack "in the middle" [REAL, REAL], ["2x3 2x3", "1x0 1x0"], |g, x| g.stack([x[0], x[1]], 1), |a| {
            Arr::from_fn(&[a[0].shape[0], 2, a[0].shape[1]], |i| a[i[1]].at(&[i[0], i[2]]))
        };
        take "indices of a node" [REAL, PLACE], ["3x2 2x2", "3x1 4", "3x2 .", "3x0 2", "3x2 0"],
            |_, x| x[0].take(x[1], 0),
            |a| {
                from(&a[0], &[&a[1].shape[..], &[a[0].shape[1]]].concat(), |i| {
                    let (&j, i) = i.split_last().unwrap();
                    vec![whole(a[1].at(i)), j]
                })
            };
        take "one place" [REAL], ["2x3", "1x3", "0x3"],
            |_, x| x[0].take(-1, 1),
            |a| from(&a[0], &[a[0].shape[0]], |i| vec![i[0], 2]);
        take_along "indices of a node" [REAL, PLACE], ["3x2 4x2", "3x1 1x1", "3x0 2x0", "3x2 0x2"],
            |_, x| x[0].take_along(x[1], 0),
            |a| {
                from(&a[0], &a[1].shape, |i| vec![whole(a[1].at(i)), i[1]])
            };
        take_along "last axis" [REAL, PLACE], ["2x3 2x2", "3 5", "0x3 0x1"],
            |_, x| x[0].take_along(x[1], -1),
            |a| {
                from(&a[0], &a[1].shape, |i| [&i[..i.len() - 1], &[whole(a[1].at(i))]].concat())
            };
        scatter_add "indices of a node" [REAL, PLACE, REAL], ["3x2 4 4x2", "3x2 2x2 2x2x2", "3x1 . 1", "3x0 2 2x0", "3x2 0 0x2"],
            |_, x| x[0].scatter_add(x[1], x[2], 0),
            |a| scattered(&a[0], &a[1], &a[2]);
        scatter_add "last axis" [REAL, REAL], ["2x3 2x4", "1x3 1x4", "0x3 0x4"],
            |_, x| x[0].scatter_add([2, 0, -1, 2], x[1], -1),
            |a| {
                let (x, updates) = (a[0].permute(&[1, 0]), a[1].permute(&[1, 0]));
                let indices = Arr { shape: vec![4], data: [2.0, 0.0, 2.0, 2.0].map(real).to_vec() };
                scattered(&x, &indices, &updates).permute(&[1, 0])
            };
        one_hot "of a node" [PLACE], ["2x3", ".", "1", "0x2"], |g, x| g.one_hot(x[0], 4), |a| {
            Arr::from_fn(&[&a[0].shape[..], &[4]].concat(), |i| {
                let (&class, i) = i.split_last().unwrap();
                real(f64::from(whole(a[0].at(i)) == class))
            })
        };
        one_hot "as a mask" [REAL], ["3x2", "1x2"], |g, x| x[0] * g.one_hot([1], 2), |a| {
            let shape = common_shape(&a[0].shape, &[1, 2]).unwrap();
            Arr::from_fn(&shape, |i| if i[1] == 1 { a[0].at(i) } else { real(0.0) })
        };
        custom "two operands, one of them cut" [smooth(Draw::Away(&[0.0])), cut(Draw::Away(&[-2.0, -1.0, 0.0, 1.0, 2.0]))], ["2x3 2x3", "0 0", "1x1 1x1", ". ."],
            |g, x| g.custom(super::custom::TimesFloor, [x[0], x[1]]),
            |a| a[0].zip(&a[1], |x, y: C| x * x * real(y.re.floor()));
        custom "a map of a pair" [REAL], ["4", "1", "0"],
            |g, x| g.custom(super::custom::Reversed, [x[0].square()]),
            |a| {
                let n = a[0].shape[0];
                from(&a[0].map(|z| z * z), &[n], |i| vec![n - 1 - i[0]])
            };
    }
}
