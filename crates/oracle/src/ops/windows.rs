//! Windows that move along axes: convolutions and pooling, by their sums over all places of a window.

use super::sum_of_products;
use crate::{Array, Number, count, indices};

/// How the windows of a convolution along `D` axes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv<const D: usize> {
    /// From one window to the next.
    pub stride: [usize; D],
    /// Zeros at both ends of each axis.
    pub padding: [usize; D],
    /// From one element of a window to the next.
    pub dilation: [usize; D],
    /// So many convolutions side by side, each of its part of the channels.
    pub groups: usize,
    /// More elements at the end of each axis of a transposed convolution's result.
    pub output_padding: [usize; D],
}

impl<const D: usize> Default for Conv<D> {
    fn default() -> Self {
        Conv { stride: [1; D], padding: [0; D], dilation: [1; D], groups: 1, output_padding: [0; D] }
    }
}

/// How the windows of a pooling along `D` axes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool<const D: usize> {
    /// The sizes of a window.
    pub size: [usize; D],
    /// From one window to the next.
    pub stride: [usize; D],
    /// More elements at both ends of each axis: zeros, which count, for the mean; none for the maximum.
    pub padding: [usize; D],
    /// From one element of a window to the next.
    pub dilation: [usize; D],
}

impl<const D: usize> Pool<D> {
    /// Windows of this size, side by side.
    pub fn new(size: [usize; D]) -> Self {
        Pool { size, stride: size, padding: [0; D], dilation: [1; D] }
    }
}

/// So many windows fit on an axis.
fn places(n: usize, window: usize, stride: usize, padding: usize, dilation: usize) -> usize {
    let Some(span) = window.checked_sub(1).map(|last| dilation * last + 1) else { return 0 };
    (n + 2 * padding).checked_sub(span).map_or(0, |rest| rest / stride.max(1) + 1)
}

/// `y[n, o, i...] = Σ x[n, c, s i + d k - p ...] w[o, c, k...]`
fn conv<N: Number, const D: usize>(x: &Array<N>, w: &Array<N>, conv: &Conv<D>) -> Array<N> {
    let groups = conv.groups.max(1);
    let fits = x.rank() == D + 2
        && w.rank() == D + 2
        && x.size(1) == groups * w.size(1)
        && w.size(0).is_multiple_of(groups);
    if !fits {
        return Array::misfit();
    }
    let size =
        |d: usize| places(x.size(2 + d), w.size(2 + d), conv.stride[d], conv.padding[d], conv.dilation[d]);
    let shape: Vec<usize> = [x.size(0), w.size(0)].into_iter().chain((0..D).map(size)).collect();
    let outs = (w.size(0) / groups).max(1);
    Array::from_fn(&shape, |y| {
        sum_of_products(indices(&w.shape[1..]).filter_map(|k| {
            let mut from = vec![y[0], y[1] / outs * w.size(1) + k[0]];
            for d in 0..D {
                let padded = conv.stride[d] * y[2 + d] + conv.dilation[d] * k[1 + d];
                from.push(padded.checked_sub(conv.padding[d]).filter(|&i| i < x.size(2 + d))?);
            }
            Some((x.at(&from), w.at(&[&[y[1]], k.as_slice()].concat())))
        }))
    })
}

/// The transpose: `x[n, c, i...] w[c, o, k...]` is added to `y[n, o, s i + d k - p ...]`.
fn transposed<N: Number, const D: usize>(x: &Array<N>, w: &Array<N>, conv: &Conv<D>) -> Array<N> {
    let groups = conv.groups.max(1);
    let fits =
        x.rank() == D + 2 && w.rank() == D + 2 && x.size(1) == w.size(0) && x.size(1).is_multiple_of(groups);
    if !fits {
        return Array::misfit();
    }
    let size = |d: usize| {
        let last = |n: usize, step: usize| step * n.saturating_sub(1);
        let full = last(x.size(2 + d), conv.stride[d]) + last(w.size(2 + d), conv.dilation[d]) + 1;
        (full + conv.output_padding[d]).saturating_sub(2 * conv.padding[d])
    };
    let shape: Vec<usize> = [x.size(0), w.size(1) * groups].into_iter().chain((0..D).map(size)).collect();
    let ins = (x.size(1) / groups).max(1);
    let window = [&[x.size(1) / groups], &w.shape[2..]].concat();
    Array::from_fn(&shape, |y| {
        let (group, out) = (y[1] / w.size(1).max(1), y[1] % w.size(1).max(1));
        sum_of_products(indices(&window).filter_map(|k| {
            let channel = group * ins + k[0];
            let mut from = vec![y[0], channel];
            for d in 0..D {
                let moved = (y[2 + d] + conv.padding[d]).checked_sub(conv.dilation[d] * k[1 + d])?;
                let stride = conv.stride[d].max(1);
                from.push(Some(moved / stride).filter(|&i| moved % stride == 0 && i < x.size(2 + d))?);
            }
            Some((x.at(&from), w.at(&[&[channel, out], &k[1..]].concat())))
        }))
    })
}

/// A function of each window's elements along the last `D` axes, without those in the padding.
fn pool<N: Number, const D: usize>(x: &Array<N>, pool: &Pool<D>, f: impl Fn(&[N]) -> N) -> Array<N> {
    let Some(front) = x.rank().checked_sub(D) else { return Array::misfit() };
    let size =
        |d: usize| places(x.size(front + d), pool.size[d], pool.stride[d], pool.padding[d], pool.dilation[d]);
    let shape: Vec<usize> = x.shape[..front].iter().copied().chain((0..D).map(size)).collect();
    Array::from_fn(&shape, |y| {
        let window = indices(&pool.size).filter_map(|k| {
            let mut from = y[..front].to_vec();
            for d in 0..D {
                let padded = pool.stride[d] * y[front + d] + pool.dilation[d] * k[d];
                from.push(padded.checked_sub(pool.padding[d]).filter(|&i| i < x.size(front + d))?);
            }
            Some(x.at(&from))
        });
        f(&window.collect::<Vec<_>>())
    })
}

fn largest<N: Number>(window: &[N]) -> N {
    N::extreme(window, true).unwrap_or(N::of(f64::NEG_INFINITY))
}

/// Convolution of `[n, c, length]` with kernels `[o, c / groups, k]`, without flipping the kernel.
pub fn conv1d<N: Number>(x: &Array<N>, kernels: &Array<N>, options: &Conv<1>) -> Array<N> {
    conv(x, kernels, options)
}

/// Convolution of `[n, c, h, w]` with kernels `[o, c / groups, kh, kw]`, without flipping the kernel.
pub fn conv2d<N: Number>(x: &Array<N>, kernels: &Array<N>, options: &Conv<2>) -> Array<N> {
    conv(x, kernels, options)
}

/// The transpose of [`conv1d`], with kernels `[c, o / groups, k]`.
pub fn conv_transpose1d<N: Number>(x: &Array<N>, kernels: &Array<N>, options: &Conv<1>) -> Array<N> {
    transposed(x, kernels, options)
}

/// The transpose of [`conv2d`], with kernels `[c, o / groups, kh, kw]`.
pub fn conv_transpose2d<N: Number>(x: &Array<N>, kernels: &Array<N>, options: &Conv<2>) -> Array<N> {
    transposed(x, kernels, options)
}

/// The largest element of each window along the last axis.
pub fn max_pool1d<N: Number>(x: &Array<N>, options: &Pool<1>) -> Array<N> {
    pool(x, options, largest)
}

/// The largest element of each window along the last two axes.
pub fn max_pool2d<N: Number>(x: &Array<N>, options: &Pool<2>) -> Array<N> {
    pool(x, options, largest)
}

/// The mean of each window along the last axis.
pub fn avg_pool1d<N: Number>(x: &Array<N>, options: &Pool<1>) -> Array<N> {
    pool(x, options, |window| N::sum(window) / N::of(count(&options.size) as f64))
}

/// The mean of each window along the last two axes.
pub fn avg_pool2d<N: Number>(x: &Array<N>, options: &Pool<2>) -> Array<N> {
    pool(x, options, |window| N::sum(window) / N::of(count(&options.size) as f64))
}

/// Windows of `size` elements, `dilation` apart, along an axis, a new one every `stride` elements; their elements form a new
/// last axis.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let x = Array::vector(vec![1.0, 2.0, 3.0]);
/// assert_eq!(ops::unfold(&x, 0, 2, 1, 1).data, [1.0, 2.0, 2.0, 3.0]);
/// ```
pub fn unfold<N: Number>(x: &Array<N>, axis: usize, size: usize, stride: usize, dilation: usize) -> Array<N> {
    let mut shape = x.shape.clone();
    let Some(slot) = shape.get_mut(axis) else { return Array::misfit() };
    *slot = places(*slot, size, stride, 0, dilation);
    shape.push(size);
    Array::from_fn(&shape, |index| {
        let (k, from) = index.split_last().map_or((0, index), |(&k, from)| (k, from));
        let mut from = from.to_vec();
        from[axis] = from[axis] * stride + k * dilation;
        x.at(&from)
    })
}

/// The transpose of [`unfold`]: windows added up where they overlap, along an axis that gets `len` elements.
pub fn fold<N: Number>(x: &Array<N>, axis: usize, len: usize, stride: usize, dilation: usize) -> Array<N> {
    let Some((&size, front)) = x.shape.split_last().filter(|(_, front)| axis < front.len()) else {
        return Array::misfit();
    };
    let mut shape = front.to_vec();
    shape[axis] = len;
    Array::from_fn(&shape, |index| {
        let windows = [front[axis], size];
        let here = indices(&windows).filter(|p| p[0] * stride + p[1] * dilation == index[axis]);
        let terms: Vec<N> = here
            .map(|p| {
                let mut from = index.to_vec();
                from[axis] = p[0];
                from.push(p[1]);
                x.at(&from)
            })
            .collect();
        N::sum(&terms)
    })
}
