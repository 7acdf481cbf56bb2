//! Sums that are accurate, fast and the same every time.
//!
//! A floating-point sum depends on the order of its additions, so the order is part of the definition here: it follows
//! from the sizes alone, never from the layout in memory or the number of threads.
//!
//! * *Along the rows* ([`sum_all`], and [`sum`] where the last axis is summed): blocks of 1024 elements; inside a
//!   block element `i` goes to lane `i % 16`, and the lanes are combined in halves; the block sums are combined
//!   pairwise.
//! * *Down the columns* (the last axis is kept; `columns.rs`): blocks of 32 rows, added one row after another, so that the loop runs
//!   along memory; the blocks are combined pairwise.
//!
//! The pairwise tree makes the error grow with the logarithm of the length, the lanes are what vectorises, and the tree
//! is also where the work is split among threads. Adding starts from +0, so the empty sum is 0.
//!
//! The same loops find extremes: what two elements become is the [`Fold`].

use crate::columns::Columns;
use crate::elementwise::copy;
use crate::pool;
use crate::scalar::Scalar;
use crate::view::{Strided, View, Walk, checked_len};

/// How many independent sums run beside each other: four or eight vector registers hide the latency of an addition.
pub(crate) const LANES: usize = 16;

/// The leaves of the tree along the rows: 64 additions in each lane.
const BLOCK: usize = 1024;

/// The number of elements that are read from a strided operand at once.
const TILE: usize = 256;

/// How a reduction makes one number of two.
pub(crate) trait Fold {
    /// What changes nothing, and what an empty reduction gives.
    fn start<T: Scalar>() -> T;

    /// The two together.
    fn both<T: Scalar>(a: T, b: T) -> T;

    /// A quicker way to the same result for a few elements, if there is one.
    fn short<T: Scalar>(x: &[T]) -> Option<T>;
}

/// The fold of the sums.
pub(crate) struct Add;

impl Fold for Add {
    #[inline(always)]
    fn start<T: Scalar>() -> T {
        T::zero()
    }

    #[inline(always)]
    fn both<T: Scalar>(a: T, b: T) -> T {
        a + b
    }

    #[inline(always)]
    fn short<T: Scalar>(_: &[T]) -> Option<T> {
        None
    }
}

#[inline]
pub(crate) fn sum_all<T: Scalar>(x: View<T>) -> T {
    all::<T, Add>(x)
}

#[inline]
fn all<T: Scalar, F: Fold>(x: View<T>) -> T {
    let len = x.len();
    match x.as_slice() {
        Some(x) if len <= BLOCK => all_of::<T, F>(x),
        _ if len <= BLOCK => block::<T, F>(&x, 0, len),
        _ => tree::<T, F>(&x, 0, len, pool::worth(len)),
    }
}

/// The reduction of at most one block of elements that lie side by side.
#[inline(always)]
pub(crate) fn all_of<T: Scalar, F: Fold>(x: &[T]) -> T {
    if x.len() <= FEW { few::<T, F>(x) } else { slice_block::<T, F>(x) }
}

/// The longest array that is summed without a loop.
const FEW: usize = 8;

/// What [`block`] gives for the first eight elements, without the lanes that hold nothing: a loop would cost several
/// times as much as the additions.
#[inline(always)]
fn few<T: Scalar, F: Fold>(x: &[T]) -> T {
    let lane = |i: usize| x.get(i).map_or(F::start(), |&x| F::both(F::start(), x));
    let pair = |i: usize, j: usize| F::both(lane(i), lane(j));
    match x.len() {
        0 | 1 => lane(0),
        2 => pair(0, 1),
        3 | 4 => F::both(pair(0, 2), pair(1, 3)),
        _ => F::both(F::both(pair(0, 4), pair(2, 6)), F::both(pair(1, 5), pair(3, 7))),
    }
}

/// Adds the lanes in halves: every lane is as deep in the tree as every other.
#[inline(always)]
pub(crate) fn combine<T: Scalar, F: Fold>(mut lanes: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = F::both(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}

/// The recursion is as deep as the logarithm of the length: at most 54 levels of a few words.
fn tree<T: Scalar, F: Fold>(x: &View<T>, start: usize, len: usize, parallel: bool) -> T {
    if len <= BLOCK {
        return block::<T, F>(x, start, len);
    }
    let left = split(len, BLOCK);
    let (a, b) = if parallel && len >= pool::least() {
        let (mut a, mut b) = (F::start(), F::start());
        pool::join(
            || a = tree::<T, F>(x, start, left, parallel),
            || b = tree::<T, F>(x, start + left, len - left, parallel),
        );
        (a, b)
    } else {
        (tree::<T, F>(x, start, left, false), tree::<T, F>(x, start + left, len - left, false))
    };
    F::both(a, b)
}

/// Where the tree over `len` items parts, for leaves of `leaf` items: behind the largest power of two of whole leaves
/// that leaves something for the right side. `len` is more than `leaf`.
pub(crate) fn split(len: usize, leaf: usize) -> usize {
    len.div_ceil(leaf).next_power_of_two() / 2 * leaf
}

#[inline]
fn block<T: Scalar, F: Fold>(x: &View<T>, start: usize, len: usize) -> T {
    if let Some(x) = x.as_slice() {
        return slice_block::<T, F>(x.get(start..start + len).unwrap_or_default());
    }
    let mut lanes = [F::start(); LANES];
    block_strided::<T, F>(x, start, len, &mut lanes);
    combine::<T, F>(lanes)
}

#[inline(always)]
fn slice_block<T: Scalar, F: Fold>(x: &[T]) -> T {
    if x.len() <= LANES
        && let Some(short) = F::short(x)
    {
        return short;
    }
    let mut lanes = [F::start(); LANES];
    add_lanes::<T, F>(&mut lanes, x);
    // The lanes are to be one vector. Without this, the compiler arranges them for `combine` and shuffles in the loop.
    combine::<T, F>(if x.len() > 2 * LANES { std::hint::black_box(lanes) } else { lanes })
}

#[inline(never)]
fn block_strided<T: Scalar, F: Fold>(x: &View<T>, start: usize, len: usize, lanes: &mut [T; LANES]) {
    let mut tile = [T::zero(); TILE];
    let mut done = 0;
    while done < len {
        // A tile is a whole number of lane groups, so an element meets the lane that it meets in a slice.
        let count = TILE.min(len - done);
        x.read(start + done, &mut tile[..count]);
        add_lanes::<T, F>(lanes, &tile[..count]);
        done += count;
    }
}

#[inline(always)]
pub(crate) fn add_lanes<T: Scalar, F: Fold>(lanes: &mut [T; LANES], values: &[T]) {
    let (groups, rest) = values.as_chunks::<LANES>();
    for group in groups {
        for (lane, &value) in lanes.iter_mut().zip(group) {
            *lane = F::both(*lane, value);
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane = F::both(*lane, value);
    }
}

pub(crate) fn sum<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    out: &mut [T],
) -> bool {
    reduce::<T, Add>(data, offset, shape, strides, reduced, out)
}

/// [`sum`], for any fold.
#[inline]
pub(crate) fn reduce<T: Scalar, F: Fold>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    out: &mut [T],
) -> bool {
    let Some(len) = checked_len(data.len(), offset, shape, strides) else { return false };
    if reduced.len() != shape.len() || kept_len(shape, reduced) != Some(out.len()) {
        return false;
    }
    if len == 0 {
        out.fill(F::start());
        return true;
    }
    if out.len() == 1 || out.len() == len {
        let Some(x) = View::strided(data, offset, shape, strides) else { return false };
        match out {
            [out] => *out = all::<T, F>(x),
            _ => copy(x, out),
        }
        return true;
    }
    // Axes of size 1 are dropped and an array has at most `usize::MAX` elements, so 64 axes are always enough.
    if shape.iter().filter(|&&size| size != 1).count() <= 6 {
        sum_axes::<T, F, 6>(data, offset, shape, strides, reduced, out);
    } else {
        sum_axes::<T, F, 64>(data, offset, shape, strides, reduced, out);
    }
    true
}

fn kept_len(shape: &[usize], reduced: &[bool]) -> Option<usize> {
    let kept = || shape.iter().zip(reduced).filter(|&(_, &reduced)| !reduced).map(|(&size, _)| size);
    if kept().any(|size| size == 0) { Some(0) } else { kept().try_fold(1usize, usize::checked_mul) }
}

/// A few axes, merged where they follow each other evenly in memory; on the stack, because a sum may not allocate.
struct Axes<const N: usize> {
    shape: [usize; N],
    strides: [isize; N],
    rank: usize,
}

impl<const N: usize> Axes<N> {
    fn new() -> Self {
        Axes { shape: [1; N], strides: [0; N], rank: 0 }
    }

    fn push(&mut self, size: usize, stride: isize) {
        let last = self.rank.wrapping_sub(1);
        if let (Some(outer), Some(outer_stride)) = (self.shape.get_mut(last), self.strides.get_mut(last))
            && *outer_stride as i128 == size as i128 * stride as i128
        {
            *outer *= size;
            *outer_stride = stride;
        } else if let (Some(new), Some(new_stride)) =
            (self.shape.get_mut(self.rank), self.strides.get_mut(self.rank))
        {
            (*new, *new_stride) = (size, stride);
            self.rank += 1;
        }
    }

    /// The first `rank` axes, beginning at `origin`.
    fn walk(&self, origin: isize, rank: usize) -> Walk<'_> {
        let shape = self.shape.get(..rank).unwrap_or_default();
        Walk { origin, shape, strides: self.strides.get(..rank).unwrap_or_default() }
    }

    /// The last axis, and the number of axes before it.
    fn last(&self) -> (usize, isize, usize) {
        let last = self.rank.saturating_sub(1);
        match (self.shape.get(last), self.strides.get(last)) {
            (Some(&size), Some(&stride)) => (size, stride, last),
            _ => (1, 0, 0),
        }
    }
}

/// The description fits, and there is something to sum and something to keep.
fn sum_axes<T: Scalar, F: Fold, const N: usize>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    out: &mut [T],
) {
    let (mut kept, mut folded, mut last_kept, mut count) = (Axes::<N>::new(), Axes::<N>::new(), false, 1);
    for ((&size, &stride), &reduced) in
        shape.iter().zip(strides).zip(reduced).filter(|((size, _), _)| **size != 1)
    {
        let axes = if reduced { &mut folded } else { &mut kept };
        axes.push(size, stride);
        last_kept = !reduced;
        if reduced {
            count *= size;
        }
    }
    let origin = offset as isize;
    if last_kept {
        let (width, step, outer) = kept.last();
        let columns = Columns { data, folded: folded.walk(0, folded.rank), step, count };
        columns.sum::<F>(kept.walk(origin, outer), width, out);
    } else {
        let (run, step, outer) = folded.last();
        let view_at =
            |base| View::runs(Strided { data, rows: folded.walk(base, outer), run, step, len: count });
        sum_rows::<T, F>(view_at, kept.walk(origin, kept.rank), count, out);
    }
}

/// One tree for each output element; `view_at` gives the elements that belong to the output at a position.
fn sum_rows<'a, T: Scalar, F: Fold>(
    view_at: impl Fn(isize) -> Option<View<'a, T>> + Sync,
    kept: Walk,
    count: usize,
    out: &mut [T],
) {
    let part = |start: usize, out: &mut [T], parallel: bool| {
        let mut targets = out.iter_mut();
        kept.each(start, targets.len(), |base| {
            if let (Some(target), Some(x)) = (targets.next(), view_at(base)) {
                *target = tree::<T, F>(&x, 0, count, parallel);
            }
        });
    };
    if pool::worth(out.len().saturating_mul(count)) {
        let rows = (pool::least() / 4 / count).max(1);
        pool::chunks(out, rows, |index, out| part(index * rows, out, true));
    } else {
        part(0, out, false);
    }
}

#[cfg(test)]
#[path = "reduce_tests.rs"]
mod tests;
