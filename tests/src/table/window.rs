//! Convolutions and pooling with options of their own for each axis, by loops over all places and window elements.

use chainrule::graph::{Conv, Pool};

use super::{Draw, Input, REAL, Row, rows, smooth};
use crate::oracle::{Arr, C};
use crate::rows::real;

const APART: Input = smooth(Draw::Apart);

/// How windows move along two axes.
#[derive(Clone, Copy)]
struct Steps {
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
    extra: [usize; 2],
}

const PLAIN: Steps = Steps { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1, extra: [0, 0] };

/// Along the second axis only, for arrays whose first one has size 1.
const fn line(stride: usize, padding: usize, dilation: usize) -> Steps {
    Steps { stride: [1, stride], padding: [0, padding], dilation: [1, dilation], ..PLAIN }
}

impl Steps {
    /// Where element `k` of window `i` lies, if not in the padding.
    fn place(self, axis: usize, i: usize, k: usize, size: usize) -> Option<usize> {
        let place = (self.stride[axis] * i + self.dilation[axis] * k).checked_sub(self.padding[axis]);
        place.filter(|&place| place < size)
    }

    /// So many windows fit: counted one by one.
    fn count(self, axis: usize, size: usize, window: usize) -> usize {
        let end = |i: usize| self.stride[axis] * i + self.dilation[axis] * (window - 1);
        (0..).take_while(|&i| end(i) < size + 2 * self.padding[axis]).count()
    }
}

/// `[n, c, h, w]` with kernels `[o, c / groups, kh, kw]`.
fn conv(x: &Arr<C>, w: &Arr<C>, s: Steps) -> Arr<C> {
    let shape =
        [x.shape[0], w.shape[0], s.count(0, x.shape[2], w.shape[2]), s.count(1, x.shape[3], w.shape[3])];
    Arr::from_fn(&shape, |y| {
        let group = y[1] / (w.shape[0] / s.groups);
        let terms = Arr::from_fn(&w.shape[1..], |k| {
            let place = s.place(0, y[2], k[1], x.shape[2]).zip(s.place(1, y[3], k[2], x.shape[3]));
            place.map_or(real(0.0), |(i, j)| {
                x.at(&[y[0], group * w.shape[1] + k[0], i, j]) * w.at(&[y[1], k[0], k[1], k[2]])
            })
        });
        terms.data.into_iter().fold(real(0.0), |sum, term| sum + term)
    })
}

/// `[n, c, h, w]` with kernels `[c, o / groups, kh, kw]`: the transpose of the map that [`conv`] is with the same kernels,
/// found from its entries: the products of all unit arrays.
fn transposed(x: &Arr<C>, w: &Arr<C>, s: Steps) -> Arr<C> {
    let size = |axis: usize| {
        let full = s.stride[axis] * (x.shape[2 + axis] - 1) + s.dilation[axis] * (w.shape[2 + axis] - 1) + 1;
        full + s.extra[axis] - 2 * s.padding[axis]
    };
    let shape = [x.shape[0], w.shape[1] * s.groups, size(0), size(1)];
    Arr::from_fn(&shape, |y| {
        let mut unit: Arr<C> = Arr::zeros(&[&[1], &shape[1..]].concat());
        unit.data[(y[1] * shape[2] + y[2]) * shape[3] + y[3]] = real(1.0);
        let entries = conv(&unit, w, s);
        let terms = Arr::from_fn(&x.shape[1..], |i| {
            entries.at(&[0, i[0], i[1], i[2]]) * x.at(&[y[0], i[0], i[1], i[2]])
        });
        terms.data.into_iter().fold(real(0.0), |sum, term| sum + term)
    })
}

/// The last two axes; `None` for padding.
fn pool(x: &Arr<C>, size: [usize; 2], s: Steps, f: impl Fn(&[Option<C>]) -> C) -> Arr<C> {
    let (front, last) = x.shape.split_at(x.shape.len() - 2);
    let places = [s.count(0, last[0], size[0]), s.count(1, last[1], size[1])];
    Arr::from_fn(&[front, &places].concat(), |y| {
        let (front, y) = y.split_at(front.len());
        let window: Vec<Option<C>> = (0..size[0] * size[1])
            .map(|k| {
                let i = s.place(0, y[0], k / size[1], last[0])?;
                let j = s.place(1, y[1], k % size[1], last[1])?;
                Some(x.at(&[front, &[i, j]].concat()))
            })
            .collect();
        f(&window)
    })
}

fn largest(window: &[Option<C>]) -> C {
    window.iter().flatten().copied().reduce(|a, b| if b.re > a.re { b } else { a }).unwrap()
}

fn mean(window: &[Option<C>]) -> C {
    window.iter().flatten().fold(real(0.0), |sum, &x| sum + x) / window.len() as f64
}

/// With an axis of size 1 before the last.
fn tall(x: &Arr<C>) -> Arr<C> {
    let (last, front) = x.shape.split_last().unwrap();
    x.reshape(&[front, &[1, *last]].concat())
}

/// Without it.
fn flat(x: Arr<C>) -> Arr<C> {
    let mut shape = x.shape.clone();
    shape.remove(shape.len() - 2);
    x.reshape(&shape)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        conv1d "stride, padding, dilation" [REAL, REAL], ["1x2x5 1x2x2", "0x1x4 2x1x2", "1x1x1 1x1x1"],
            |_, x| x[0].conv1d(x[1], Conv::new().stride(2).padding(1).dilation(2)),
            |a| flat(conv(&tall(&a[0]), &tall(&a[1]), line(2, 1, 2)));
        conv1d "groups" [REAL, REAL], ["2x2x3 4x1x2", "1x4x2 2x2x2"],
            |_, x| x[0].conv1d(x[1], Conv::new().groups(2)),
            |a| flat(conv(&tall(&a[0]), &tall(&a[1]), Steps { groups: 2, ..PLAIN }));
        conv1d "more padding than window" [REAL, REAL], ["1x1x2 1x1x2"],
            |_, x| x[0].conv1d(x[1], Conv::new().padding(3)),
            |a| flat(conv(&tall(&a[0]), &tall(&a[1]), line(1, 3, 1)));
        conv1d "no channels" [REAL, REAL], ["1x0x3 2x0x2", "1x2x3 0x2x2"],
            |_, x| x[0].conv1d(x[1], Conv::new()),
            |a| flat(conv(&tall(&a[0]), &tall(&a[1]), PLAIN));
        conv2d "each axis its own" [REAL, REAL], ["1x1x4x5 1x1x2x2", "0x1x4x3 2x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().stride([2, 1]).padding([0, 1]).dilation([1, 2])),
            |a| conv(&a[0], &a[1], Steps { stride: [2, 1], padding: [0, 1], dilation: [1, 2], ..PLAIN });
        conv2d "groups of two channels" [REAL, REAL], ["1x4x2x2 2x2x2x1", "2x2x1x2 2x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().groups(2).padding([1, 0])),
            |a| conv(&a[0], &a[1], Steps { padding: [1, 0], groups: 2, ..PLAIN });
        conv2d "a stride past the window" [REAL, REAL], ["1x1x5x4 1x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().stride(3)),
            |a| conv(&a[0], &a[1], Steps { stride: [3, 3], ..PLAIN });
        conv_transpose1d "plain" [REAL, REAL], ["2x1x3 1x2x2", "1x2x1 2x1x1", "0x1x2 1x1x2"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new()),
            |a| flat(transposed(&tall(&a[0]), &tall(&a[1]), PLAIN));
        conv_transpose1d "all options" [REAL, REAL], ["1x2x3 2x2x2", "2x4x2 4x1x2"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new().stride(3).padding(1).dilation(2).groups(2).output_padding(2)),
            |a| flat(transposed(&tall(&a[0]), &tall(&a[1]), Steps { groups: 2, extra: [0, 2], ..line(3, 1, 2) }));
        conv_transpose1d "dilation below the stride" [REAL, REAL], ["1x1x4 1x1x3"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new().padding(2).dilation(2)),
            |a| flat(transposed(&tall(&a[0]), &tall(&a[1]), line(1, 2, 2)));
        conv_transpose2d "each axis its own" [REAL, REAL], ["1x1x2x3 1x2x2x2", "0x1x1x2 1x1x2x1", "2x2x1x2 2x1x2x1"],
            |_, x| x[0].conv_transpose2d(x[1], Conv::new().stride([2, 1]).padding([1, 0]).dilation([1, 2]).output_padding([1, 0])),
            |a| transposed(&a[0], &a[1], Steps { stride: [2, 1], padding: [1, 0], dilation: [1, 2], extra: [1, 0], ..PLAIN });
        max_pool1d "all options" [APART], ["2x6", "1x2x5", "0x5", "5"],
            |_, x| x[0].max_pool1d(Pool::new(2).stride(1).padding(1).dilation(2)),
            |a| flat(pool(&tall(&a[0]), [1, 2], line(1, 1, 2), largest));
        max_pool1d "overlapping" [APART], ["7", "2x3"],
            |_, x| x[0].max_pool1d(Pool::new(3).stride(1)),
            |a| flat(pool(&tall(&a[0]), [1, 3], PLAIN, largest));
        max_pool1d "far below 0" [APART], ["5", "2x3"],
            |_, x| (x[0] - T::of(512.0)).max_pool1d(Pool::new(2).stride(1).padding(1)),
            |a| flat(pool(&tall(&a[0].map(|z| z - 512.0)), [1, 2], line(1, 1, 1), largest));
        avg_pool1d "all options" [REAL], ["2x6", "1x2x5", "0x5", "5"],
            |_, x| x[0].avg_pool1d(Pool::new(2).stride(3).padding(1).dilation(2)),
            |a| flat(pool(&tall(&a[0]), [1, 2], line(3, 1, 2), mean));
        avg_pool1d "more padding than window" [REAL], ["3", "1x1"],
            |_, x| x[0].avg_pool1d(Pool::new(2).stride(1).padding(3)),
            |a| flat(pool(&tall(&a[0]), [1, 2], line(1, 3, 1), mean));
        max_pool2d "each axis its own" [APART], ["4x5", "2x1x3x4", "0x3x4", "1x2x2"],
            |_, x| x[0].max_pool2d(Pool::new([2, 1]).stride([1, 2]).padding([1, 0])),
            |a| pool(&a[0], [2, 1], Steps { stride: [1, 2], padding: [1, 0], ..PLAIN }, largest);
        max_pool2d "dilation" [APART], ["4x4", "2x3x3"],
            |_, x| x[0].max_pool2d(Pool::new(2).stride(1).dilation([2, 1])),
            |a| pool(&a[0], [2, 2], Steps { dilation: [2, 1], ..PLAIN }, largest);
        max_pool2d "a part left over" [APART], ["5x3", "1x1x3x5"],
            |_, x| x[0].max_pool2d(Pool::new(2)),
            |a| pool(&a[0], [2, 2], Steps { stride: [2, 2], ..PLAIN }, largest);
        avg_pool2d "each axis its own" [REAL], ["4x5", "2x1x3x4", "0x3x4", "1x1x2"],
            |_, x| x[0].avg_pool2d(Pool::new([1, 2]).stride([2, 1]).padding([0, 1])),
            |a| pool(&a[0], [1, 2], Steps { stride: [2, 1], padding: [0, 1], ..PLAIN }, mean);
        avg_pool2d "overlapping" [REAL], ["4x4", "2x2x2"],
            |_, x| x[0].avg_pool2d(Pool::new(2).stride(1)),
            |a| pool(&a[0], [2, 2], PLAIN, mean);
    }
}
