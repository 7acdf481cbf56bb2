//! Loops along one axis of a dense row-major array: running sums, the places of extremes, and indexing.
//!
//! The array is seen as [`Lanes`]: the axes before the one in question, that one, and the axes behind it. Indices are
//! numbers of the array's own type, because they may be the result of a computation; one that is not a whole number
//! inside of the axis is refused.

use std::fmt;

use crate::scalar::Scalar;

/// The shape `[outer, size, inner]`; the loops run along the middle axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// The product of the sizes before the axis.
    pub outer: usize,
    /// The size of the axis.
    pub size: usize,
    /// The product of the sizes behind it.
    pub inner: usize,
}

impl Lanes {
    /// The number of elements, if it can be addressed.
    pub fn count(&self) -> Option<usize> {
        self.with(self.size)
    }

    /// The same with another size of the axis.
    fn with(&self, size: usize) -> Option<usize> {
        if self.outer == 0 || size == 0 || self.inner == 0 {
            return Some(0);
        }
        self.outer.checked_mul(size)?.checked_mul(self.inner)
    }
}

/// An index that is not a whole number inside of the axis, or [sizes that do not fit](BadIndex::MISFIT).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadIndex {
    /// Its place among the indices.
    pub position: usize,
    /// What it is.
    pub value: f64,
    /// The size of the axis it should lie in.
    pub size: usize,
}

impl BadIndex {
    /// No index is to blame: the lengths do not fit each other.
    pub const MISFIT: BadIndex = BadIndex { position: usize::MAX, value: f64::NAN, size: 0 };
}

impl fmt::Display for BadIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadIndex { position, value, size } = self;
        if *position == BadIndex::MISFIT.position {
            return write!(f, "the sizes do not fit");
        }
        write!(f, "index number {position} is {value}, on an axis of size {size}")
    }
}

impl std::error::Error for BadIndex {}

/// Refuses the first index that is not a whole number below `size`. Also where nothing is to be moved: whether an
/// index is right does not depend on the other axes.
fn check<T: Scalar>(index: &[T], size: usize) -> Result<(), BadIndex> {
    let good = |value: f64| {
        // NaN fails the comparisons; what passes them is far below 2^63.
        value >= 0.0 && value < size as f64 && (value as i64) as f64 == value
    };
    match index.iter().position(|x| !good(x.as_f64())) {
        None => Ok(()),
        Some(position) => {
            let value = index.get(position).map_or(f64::NAN, |x| x.as_f64());
            Err(BadIndex { position, value, size })
        }
    }
}

/// A checked index as a number of the machine.
#[inline]
fn whole<T: Scalar>(index: T) -> usize {
    index.as_f64() as usize
}

/// Along the axis, the sum of the elements up to each and including it; with `reverse`, of those from each on. They are
/// added one after another. `false`, with `out` untouched, if the lengths do not fit.
pub fn cumsum<T: Scalar>(x: &[T], lanes: Lanes, reverse: bool, out: &mut [T]) -> bool {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(x.len()) || out.len() != x.len() {
        return false;
    }
    out.copy_from_slice(x);
    if out.is_empty() {
        return true;
    }
    for lane in out.chunks_exact_mut(size * inner) {
        match (inner, reverse) {
            (1, false) => run(lane.iter_mut()),
            (1, true) => run(lane.iter_mut().rev()),
            (_, false) => run_rows(lane.chunks_exact_mut(inner)),
            (_, true) => run_rows(lane.chunks_exact_mut(inner).rev()),
        }
    }
    true
}

/// Adds to every element the one before it.
fn run<'a, T: Scalar>(mut elements: impl Iterator<Item = &'a mut T>) {
    let Some(mut before) = elements.next().map(|x| *x) else { return };
    for x in elements {
        *x = before + *x;
        before = *x;
    }
}

/// Adds to every row the one before it.
fn run_rows<'a, T: Scalar>(mut rows: impl Iterator<Item = &'a mut [T]>) {
    let Some(mut before) = rows.next() else { return };
    for row in rows {
        for (x, &before) in row.iter_mut().zip(&*before) {
            *x = before + *x;
        }
        before = row;
    }
}

/// How many lanes are searched side by side.
const WIDTH: usize = 64;

/// The place of the largest (or smallest) element along the axis, which `out` lacks: of equal ones the first, and
/// before all numbers the first NaN. Places are numbers of the array's type: from 2^24 on, an `f32` rounds them.
///
/// `false`, with `out` untouched, if the lengths do not fit, or if there is nothing to choose from.
pub fn arg_extremum<T: Scalar>(x: &[T], lanes: Lanes, largest: bool, out: &mut [T]) -> bool {
    let Lanes { outer, size, inner } = lanes;
    if lanes.count() != Some(x.len()) || outer.checked_mul(inner) != Some(out.len()) {
        return false;
    }
    if out.is_empty() || size == 0 {
        return out.is_empty();
    }
    for (lane, out) in x.chunks_exact(size * inner).zip(out.chunks_exact_mut(inner)) {
        match (inner, largest) {
            (1, true) => out.fill(first(lane, |a, b| a > b)),
            (1, false) => out.fill(first(lane, |a, b| a < b)),
            (_, true) => first_of_rows(lane, inner, out, |a, b| a > b),
            (_, false) => first_of_rows(lane, inner, out, |a, b| a < b),
        }
    }
    true
}

/// The place of the first element than which none is better.
#[inline]
fn first<T: Scalar>(lane: &[T], better: impl Fn(T, T) -> bool) -> T {
    let (mut place, mut best) = (0, lane.first().copied().unwrap_or_default());
    for (step, &next) in lane.iter().enumerate() {
        if best.is_nan() {
            break;
        }
        if better(next, best) || next.is_nan() {
            (place, best) = (step, next);
        }
    }
    T::of(place as f64)
}

/// [`first`], for every column of rows that are `out.len()` wide.
#[inline]
fn first_of_rows<T: Scalar>(rows: &[T], inner: usize, out: &mut [T], better: impl Fn(T, T) -> bool) {
    let mut best = [T::zero(); WIDTH];
    for (tile, out) in out.chunks_mut(WIDTH).enumerate() {
        out.fill(T::zero());
        for (step, row) in rows.chunks_exact(inner).enumerate() {
            let row = row.get(tile * WIDTH..).unwrap_or_default();
            if step == 0 {
                best.iter_mut().zip(row).for_each(|(best, &x)| *best = x);
            }
            let place = T::of(step as f64);
            for ((out, best), &next) in out.iter_mut().zip(&mut best).zip(row) {
                let wins = !best.is_nan() & (better(next, *best) | next.is_nan());
                *out = if wins { place } else { *out };
                *best = if wins { next } else { *best };
            }
        }
    }
}

/// `out[o, j, i] = x[o, index[j], i]`, where `x` has the shape `lanes` and `out` the size of `index` along the axis.
///
/// # Errors
/// If an index is not a whole number inside of the axis, or if the lengths do not fit; `out` is then untouched.
pub fn gather<T: Scalar>(x: &[T], lanes: Lanes, index: &[T], out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(x.len()) || lanes.with(index.len()) != Some(out.len()) {
        return Err(BadIndex::MISFIT);
    }
    check(index, size)?;
    if out.is_empty() {
        return Ok(());
    }
    for (lane, out) in x.chunks_exact(size * inner).zip(out.chunks_exact_mut(index.len() * inner)) {
        if inner == 1 {
            pick(lane, index, out);
            continue;
        }
        for (&at, out) in index.iter().zip(out.chunks_exact_mut(inner)) {
            let row = lane.get(whole(at) * inner..).unwrap_or_default();
            out.iter_mut().zip(row).for_each(|(to, &from)| *to = from);
        }
    }
    Ok(())
}

fn pick<T: Scalar>(lane: &[T], index: &[T], out: &mut [T]) {
    for (&at, out) in index.iter().zip(out) {
        *out = lane.get(whole(at)).copied().unwrap_or(*out);
    }
}

/// The transpose of [`gather`]: `out`, of the shape `lanes`, is filled with zeros, and `x[o, j, i]` added to
/// `out[o, index[j], i]`, in the order of `j`.
///
/// # Errors
/// If an index is not a whole number inside of the axis, or if the lengths do not fit; `out` is then untouched.
pub fn scatter_add<T: Scalar>(x: &[T], index: &[T], lanes: Lanes, out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(out.len()) || lanes.with(index.len()) != Some(x.len()) {
        return Err(BadIndex::MISFIT);
    }
    check(index, size)?;
    out.fill(T::zero());
    if x.is_empty() {
        return Ok(());
    }
    for (x, lane) in x.chunks_exact(index.len() * inner).zip(out.chunks_exact_mut(size * inner)) {
        for (&at, row) in index.iter().zip(x.chunks_exact(inner)) {
            let targets = lane.get_mut(whole(at) * inner..).unwrap_or_default();
            targets.iter_mut().zip(row).for_each(|(to, &from)| *to += from);
        }
    }
    Ok(())
}

/// `out[o, j, i] = x[o, index[o, j, i], i]`: every index picks one element along the axis. `index` and `out` have the
/// shape `lanes`, but any size along the axis.
///
/// # Errors
/// If an index is not a whole number inside of the axis, or if the lengths do not fit; `out` is then untouched.
pub fn take_along<T: Scalar>(x: &[T], lanes: Lanes, index: &[T], out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(x.len()) || index.len() != out.len() {
        return Err(BadIndex::MISFIT);
    }
    let part = part(lanes, index.len())?;
    check(index, size)?;
    if out.is_empty() {
        return Ok(());
    }
    let parts = index.chunks_exact(part).zip(out.chunks_exact_mut(part));
    for (lane, (index, out)) in x.chunks_exact(size * inner).zip(parts) {
        if inner == 1 {
            pick(lane, index, out);
            continue;
        }
        for (index, out) in index.chunks_exact(inner).zip(out.chunks_exact_mut(inner)) {
            for (i, (&at, out)) in index.iter().zip(out).enumerate() {
                *out = lane.get(whole(at) * inner + i).copied().unwrap_or(*out);
            }
        }
    }
    Ok(())
}

/// The transpose of [`take_along`]: `out`, of the shape `lanes`, is filled with zeros, and `x[o, j, i]` added to
/// `out[o, index[o, j, i], i]`, in the order of the elements of `x`.
///
/// # Errors
/// If an index is not a whole number inside of the axis, or if the lengths do not fit; `out` is then untouched.
pub fn put_along_add<T: Scalar>(x: &[T], index: &[T], lanes: Lanes, out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(out.len()) || index.len() != x.len() {
        return Err(BadIndex::MISFIT);
    }
    let part = part(lanes, index.len())?;
    check(index, size)?;
    out.fill(T::zero());
    if x.is_empty() {
        return Ok(());
    }
    let parts = index.chunks_exact(part).zip(x.chunks_exact(part));
    for (lane, (index, x)) in out.chunks_exact_mut(size * inner).zip(parts) {
        for (index, x) in index.chunks_exact(inner).zip(x.chunks_exact(inner)) {
            for (i, (&at, &from)) in index.iter().zip(x).enumerate() {
                if let Some(to) = lane.get_mut(whole(at) * inner + i) {
                    *to += from;
                }
            }
        }
    }
    Ok(())
}

/// How many of `len` elements belong to one outer index; the size along the axis follows from it.
fn part(lanes: Lanes, len: usize) -> Result<usize, BadIndex> {
    if len == 0 {
        return Ok(0);
    }
    let row = lanes.outer.checked_mul(lanes.inner).filter(|&row| row > 0 && len.is_multiple_of(row));
    if row.is_some() { Ok(len / lanes.outer) } else { Err(BadIndex::MISFIT) }
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
