//! Convolutions and pooling, by their sums.

use chainrule::graph::{Conv, Pool};

use super::{Row, real, rows};
use crate::oracle::{Arr, C};

/// How windows move along both axes.
#[derive(Clone, Copy)]
struct Steps {
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
}

const PLAIN: Steps = Steps { stride: 1, padding: 0, dilation: 1, groups: 1 };

fn places(n: usize, k: usize, s: Steps) -> usize {
    (n + 2 * s.padding - s.dilation * (k - 1) - 1) / s.stride + 1
}

/// Element `(n, c, h, w)`, or 0 in the padding.
fn padded(x: &Arr<C>, n: usize, c: usize, h: isize, w: isize) -> C {
    let inside = |i: isize, size: usize| usize::try_from(i).ok().filter(|&i| i < size);
    match (inside(h, x.shape[2]), inside(w, x.shape[3])) {
        (Some(h), Some(w)) => x.at(&[n, c, h, w]),
        _ => real(0.0),
    }
}

/// `y[n, o, i, j] = Σ x[n, c, s i + d a - p, s j + d b - p] w[o, c, a, b]`
fn conv(x: &Arr<C>, w: &Arr<C>, s: Steps) -> Arr<C> {
    let (per_group, outs) = (w.shape[1], w.shape[0] / s.groups);
    let (kh, kw) = (w.shape[2], w.shape[3]);
    let shape = [x.shape[0], w.shape[0], places(x.shape[2], kh, s), places(x.shape[3], kw, s)];
    Arr::from_fn(&shape, |i| {
        let mut sum = real(0.0);
        for c in 0..per_group {
            for a in 0..kh {
                for b in 0..kw {
                    let at =
                        |i: usize, a: usize| (s.stride * i + s.dilation * a) as isize - s.padding as isize;
                    let channel = i[1] / outs * per_group + c;
                    sum += padded(x, i[0], channel, at(i[2], a), at(i[3], b)) * w.at(&[i[1], c, a, b]);
                }
            }
        }
        sum
    })
}

/// The transpose: `x[n, c, i, j] w[c, o, a, b]` is added to `y[n, o, s i + d a - p, s j + d b - p]`.
fn spread(x: &Arr<C>, w: &Arr<C>, s: Steps, extra: usize) -> Arr<C> {
    let (ins, outs) = (x.shape[1] / s.groups, w.shape[1]);
    let size = |n: usize, k: usize| s.stride * (n - 1) + s.dilation * (k - 1) + 1 + extra - 2 * s.padding;
    let (h, v) = (size(x.shape[2], w.shape[2]), size(x.shape[3], w.shape[3]));
    let mut y: Arr<C> = Arr::zeros(&[x.shape[0], outs * s.groups, h, v]);
    let grid = Arr::from_fn(&[&x.shape[..], &[outs, w.shape[2], w.shape[3]]].concat(), |i| {
        real(i.iter().fold(0.0, |_, &last| last as f64))
    });
    for position in 0..grid.data.len() {
        let mut rest = position;
        let mut index = [0; 7];
        for (slot, &n) in index.iter_mut().zip(&grid.shape).rev() {
            *slot = rest % n;
            rest /= n;
        }
        let [n, c, i, j, o, a, b] = index;
        let at = |i: usize, a: usize| (s.stride * i + s.dilation * a).checked_sub(s.padding);
        let (Some(p), Some(q)) = (at(i, a), at(j, b)) else { continue };
        if p < h && q < v {
            let out = ((n * outs * s.groups + c / ins * outs + o) * h + p) * v + q;
            y.data[out] += x.at(&[n, c, i, j]) * w.at(&[c, o, a, b]);
        }
    }
    y
}

/// The window's elements at each place of the last two axes of `[n, c, h, w]`; `None` in the padding.
fn pool(x: &Arr<C>, k: usize, s: Steps, f: impl Fn(Vec<Option<C>>) -> C) -> Arr<C> {
    let shape = [x.shape[0], x.shape[1], places(x.shape[2], k, s), places(x.shape[3], k, s)];
    Arr::from_fn(&shape, |i| {
        let mut window = Vec::new();
        for a in 0..k {
            for b in 0..k {
                let at = |i: usize, a: usize, size: usize| {
                    (s.stride * i + s.dilation * a).checked_sub(s.padding).filter(|&i| i < size)
                };
                let place = at(i[2], a, x.shape[2]).zip(at(i[3], b, x.shape[3]));
                window.push(place.map(|(h, w)| x.at(&[i[0], i[1], h, w])));
            }
        }
        f(window)
    })
}

fn largest(window: Vec<Option<C>>) -> C {
    window.into_iter().flatten().reduce(|a, b| if b.re > a.re { b } else { a }).unwrap_or(real(f64::NAN))
}

fn mean(window: Vec<Option<C>>) -> C {
    let count = window.len() as f64;
    window.into_iter().flatten().fold(real(0.0), |sum, x| sum + x) / count
}

/// One axis as two, and back.
fn tall(x: &Arr<C>) -> Arr<C> {
    let shape: Vec<usize> = [&x.shape[..x.shape.len() - 1], &[1], &x.shape[x.shape.len() - 1..]].concat();
    x.reshape(&shape)
}

fn flat(x: Arr<C>) -> Arr<C> {
    let mut shape = x.shape.clone();
    shape.remove(2);
    x.reshape(&shape)
}

/// Pooling along one axis only: the windows of the other have one element.
fn pool_line(x: &Arr<C>, k: usize, s: usize, f: impl Fn(Vec<Option<C>>) -> C) -> Arr<C> {
    let n = (x.shape[1] - k) / s + 1;
    Arr::from_fn(&[x.shape[0], n], |i| f((0..k).map(|a| Some(x.at(&[i[0], s * i[1] + a]))).collect()))
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        conv2d, reals, [&[&[1, 2, 3, 3], &[2, 2, 2, 2]], &[&[1, 1, 1, 1], &[1, 1, 1, 1]], &[&[0, 1, 2, 2], &[1, 1, 2, 1]]],
            |g, x| x[0].conv2d(x[1], Conv::new()),
            |a| conv(&a[0], &a[1], PLAIN);
        conv2d, reals, [&[&[2, 1, 4, 3], &[2, 1, 2, 2]]],
            |g, x| x[0].conv2d(x[1], Conv::new().stride([2, 2]).padding(1)),
            |a| conv(&a[0], &a[1], Steps { stride: 2, padding: 1, ..PLAIN });
        conv2d, reals, [&[&[1, 2, 4, 3], &[4, 1, 2, 2]]],
            |g, x| x[0].conv2d(x[1], Conv::new().dilation(2).groups(2)),
            |a| conv(&a[0], &a[1], Steps { dilation: 2, groups: 2, ..PLAIN });
        conv1d, reals, [&[&[2, 2, 4], &[3, 2, 2]], &[&[1, 1, 3], &[1, 1, 3]]],
            |g, x| x[0].conv1d(x[1], Conv::new()),
            |a| flat(conv(&tall(&a[0]), &tall(&a[1]), PLAIN));
        conv_transpose2d, reals, [&[&[1, 2, 2, 2], &[2, 2, 2, 2]], &[&[1, 1, 1, 2], &[1, 1, 2, 1]]],
            |g, x| x[0].conv_transpose2d(x[1], Conv::new()),
            |a| spread(&a[0], &a[1], PLAIN, 0);
        conv_transpose2d, reals, [&[&[1, 2, 2, 3], &[2, 1, 2, 2]]],
            |g, x| x[0].conv_transpose2d(x[1], Conv::new().stride(2).padding(1).groups(2).output_padding(1)),
            |a| spread(&a[0], &a[1], Steps { stride: 2, padding: 1, groups: 2, ..PLAIN }, 1);
        conv_transpose1d, reals, [&[&[1, 2, 3], &[2, 2, 2]]],
            |g, x| x[0].conv_transpose1d(x[1], Conv::new().stride(2).dilation(2)),
            |a| {
                // along the last axis only: the other has one place, and a kernel of one element
                let y = spread(&tall(&a[0]), &tall(&a[1]), Steps { stride: 2, dilation: 2, ..PLAIN }, 0);
                flat(y)
            };
        max_pool2d, reals, [&[&[1, 2, 4, 3]]],
            |g, x| x[0].max_pool2d(Pool::new(2).stride(1).padding(1)),
            |a| pool(&a[0], 2, Steps { padding: 1, ..PLAIN }, largest);
        max_pool2d, reals, [&[&[1, 1, 4, 4]], &[&[0, 1, 2, 2]]],
            |g, x| x[0].max_pool2d(Pool::new([2, 2])),
            |a| pool(&a[0], 2, Steps { stride: 2, ..PLAIN }, largest);
        avg_pool2d, reals, [&[&[1, 2, 4, 3]]],
            |g, x| x[0].avg_pool2d(Pool::new(2).stride(2).padding(1)),
            |a| pool(&a[0], 2, Steps { stride: 2, padding: 1, ..PLAIN }, mean);
        avg_pool2d, reals, [&[&[1, 1, 5, 3]]],
            |g, x| x[0].avg_pool2d(Pool::new(2).stride(1).dilation(2)),
            |a| pool(&a[0], 2, Steps { dilation: 2, ..PLAIN }, mean);
        max_pool1d, reals, [&[&[2, 5]]], |g, x| x[0].max_pool1d(Pool::new(3).stride(2)), |a| {
            pool_line(&a[0], 3, 2, largest)
        };
        avg_pool1d, reals, [&[&[2, 6]]], |g, x| x[0].avg_pool1d(Pool::new(3)), |a| pool_line(&a[0], 3, 3, mean);
    }
}
