//! Loops over two arrays of the same sizes and different strides, nested in the order that suits memory best, for work in
//! which the order does not matter: [`copy`](crate::copy) of what does not lie in runs, and [`fold`].

use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::pool;
use crate::scalar::Scalar;
use crate::vector::Vector;
use crate::view::checked_len;
use smallvec::SmallVec;

/// One axis of both arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    size: usize,
    to: isize,
    from: isize,
}

/// A line: `count` places of each array, evenly spaced.
pub(crate) struct Line {
    pub(crate) to: usize,
    pub(crate) from: usize,
    pub(crate) count: usize,
    pub(crate) to_step: usize,
    pub(crate) from_step: usize,
}

/// Axes worth looping over, on the stack for every array that people make.
type Axes = SmallVec<[Axis; 12]>;

/// Calls `f` for the lines that make up the two arrays, which begin at `to` and `from` and have no negative strides.
///
/// The innermost loop goes along an axis that is long enough to be worth it and contiguous in one of the arrays, if there is
/// one; around it, those with short steps are the inner ones.
pub(crate) fn lines(
    shape: &[usize],
    (to, to_strides): (usize, &[isize]),
    (from, from_strides): (usize, &[isize]),
    mut f: impl FnMut(Line),
) {
    let (axes, inner) = nest(shape, to_strides, from_strides);
    walk(&axes, to, from, |to, from| {
        f(Line { to, from, count: inner.size, to_step: inner.to as usize, from_step: inner.from as usize });
    });
}

/// The axes around the innermost loop, and that one.
fn nest(shape: &[usize], to_strides: &[isize], from_strides: &[isize]) -> (Axes, Axis) {
    let mut axes = Axes::new();
    for ((&size, &to), &from) in shape.iter().zip(to_strides).zip(from_strides) {
        match axes.last_mut() {
            _ if size == 1 => {}
            Some(outer) if outer.to == to * size as isize && outer.from == from * size as isize => {
                *outer = Axis { size: outer.size * size, to, from };
            }
            _ => axes.push(Axis { size, to, from }),
        }
    }
    let value = |axis: &Axis| {
        let contiguous = match (axis.to, axis.from) {
            (1, 1) => 8,
            (1, _) => 4,
            (_, 1) => 3,
            _ => 1,
        };
        contiguous * axis.size.min(32)
    };
    let best = (0..axes.len()).max_by_key(|&i| axes.get(i).map(value));
    let inner = match best {
        Some(best) => axes.remove(best),
        None => Axis { size: 1, to: 1, from: 1 },
    };
    // Axes with short steps in either array inside: what one line leaves in the cache, the next ones use.
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.to + axis.from));
    (axes, inner)
}

/// Calls `f` with the places in both arrays for all combinations of places along the axes.
#[inline(always)]
fn walk(axes: &[Axis], to: usize, from: usize, mut f: impl FnMut(usize, usize)) {
    let mut counters: SmallVec<[usize; 12]> = axes.iter().map(|_| 0).collect();
    let (mut to, mut from) = (to as isize, from as isize);
    loop {
        f(to as usize, from as usize);
        // The next combination: the last axis is the fastest.
        let mut axis = axes.len();
        loop {
            let Some(last) = axis.checked_sub(1) else { return };
            axis = last;
            let (Some(Axis { size, to: to_step, from: from_step }), Some(counter)) =
                (axes.get(axis), counters.get_mut(axis))
            else {
                return;
            };
            *counter += 1;
            to += to_step;
            from += from_step;
            if *counter < *size {
                break;
            }
            to -= *size as isize * to_step;
            from -= *size as isize * from_step;
            *counter = 0;
        }
    }
}

impl Line {
    /// `f(target, element)` for the pairs of the line.
    #[inline(always)]
    pub(crate) fn each<T: Copy>(&self, out: &mut [T], data: &[T], f: impl Fn(&mut T, T)) {
        let (Some(out), Some(data)) = (out.get_mut(self.to..), data.get(self.from..)) else { return };
        match (self.to_step, self.from_step) {
            (1, 1) => out.iter_mut().zip(data).take(self.count).for_each(|(to, &from)| f(to, from)),
            (to_step, from_step) => {
                let last = self.count.wrapping_sub(1);
                let fits = last.checked_mul(to_step).is_some_and(|last| last < out.len())
                    && last.checked_mul(from_step).is_some_and(|last| last < data.len());
                if !fits {
                    return;
                }
                let (mut to, mut from) = (0, 0);
                for _ in 0..self.count {
                    // SAFETY: the last places of the line, at `count - 1` steps, are inside of both slices.
                    unsafe { f(out.get_unchecked_mut(to), *data.get_unchecked(from)) };
                    to += to_step;
                    from += from_step;
                }
            }
        }
    }
}

pub(crate) fn fold<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    out: &mut [T],
    to_strides: &[isize],
) -> bool {
    let fits = checked_len(data.len(), offset, shape, strides).is_some()
        && checked_len(out.len(), 0, shape, to_strides).is_some();
    let (Some((&size, outer)), Some((&step, strides)), Some((&to_step, to_strides))) =
        (shape.split_last(), strides.split_last(), to_strides.split_last())
    else {
        return false;
    };
    if !fits {
        return false;
    }
    if shape.contains(&0) {
        out.fill(T::zero());
        return true;
    }
    if to_strides.iter().chain(strides).any(|&stride| stride < 0) {
        out.fill(T::zero());
        for k in (0..size as isize).rev() {
            let (to, from) = (k * to_step, offset as isize + k * step);
            one_by_one(outer, (to, to_strides), (from, strides), |to, from| {
                if let (Some(to), Some(&from)) = (out.get_mut(to), data.get(from)) {
                    *to += from;
                }
            });
        }
        return true;
    }
    // Where nothing meets across the first axis, its parts are folded one by one, while they are in the cache, or on
    // several threads.
    let reach = |shape: &[usize], strides: &[isize]| {
        let last =
            shape.iter().zip(strides).map(|(&size, &stride)| (size - 1) as isize * stride).sum::<isize>();
        last + (size - 1) as isize * to_step
    };
    let first = match (outer.split_first(), to_strides.split_first(), strides.split_first()) {
        (Some((&count, outer)), Some((&to, to_rest)), Some((&from, rest)))
            if count > 1 && reach(outer, to_rest) < to =>
        {
            Some((count, to as usize, from as usize, outer, to_rest, rest))
        }
        _ => None,
    };
    let (count, to_first, from_first, outer, to_strides, strides) =
        first.unwrap_or((1, out.len().max(1), 0, outer, to_strides, strides));
    let (axes, inner) = nest(outer, to_strides, strides);
    let cpu = Cpu::current();
    let part = |index: usize, out: &mut [T]| {
        out.fill(T::zero());
        for k in (0..if index < count { size } else { 0 }).rev() {
            let (to, from) = (k * to_step as usize, offset + index * from_first + k * step as usize);
            cpu.run(AddLines { data, out, axes: &axes, inner, to, from });
        }
    };
    if count > 1 && pool::worth(shape.iter().product()) {
        pool::chunks(out, to_first, part);
    } else {
        out.chunks_mut(to_first).enumerate().for_each(|(index, out)| part(index, out));
    }
    true
}

/// The elements of one array added to places of another one.
struct AddLines<'a, T> {
    data: &'a [T],
    out: &'a mut [T],
    axes: &'a [Axis],
    inner: Axis,
    to: usize,
    from: usize,
}

impl<T: Scalar> Kernel for AddLines<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let AddLines { data, out, axes, inner, to, from } = self;
        let count = inner.size;
        // The axis around the lines is a plain loop.
        let (rows, axes) = match axes.split_last() {
            Some((&rows, axes)) => (rows, axes),
            None => (Axis { size: 1, to: 0, from: 0 }, axes),
        };
        let dense = (inner.to, inner.from) == (1, 1);
        walk(axes, to, from, |mut to, mut from| {
            for _ in 0..rows.size {
                if dense {
                    let out = out.get_mut(to..).and_then(|out| out.get_mut(..count));
                    let data = data.get(from..).and_then(|data| data.get(..count));
                    if let (Some(out), Some(data)) = (out, data) {
                        add::<T, A::Vector<T>>(out, data);
                    }
                } else {
                    let (to_step, from_step) = (inner.to as usize, inner.from as usize);
                    Line { to, from, count, to_step, from_step }.each(out, data, |to, from| *to += from);
                }
                to = to.wrapping_add_signed(rows.to);
                from = from.wrapping_add_signed(rows.from);
            }
        });
    }
}

/// `out[i] += data[i]`, for as many as both have: lines are short, so what a vector leaves over counts.
#[inline(always)]
fn add<T: Scalar, V: Vector<T>>(out: &mut [T], data: &[T]) {
    let len = out.len().min(data.len());
    let whole = len / V::LANES * V::LANES;
    let (to, from) = (out.as_mut_ptr(), data.as_ptr());
    for at in (0..whole).step_by(V::LANES) {
        // SAFETY: both slices have these elements.
        unsafe { V::load(to.add(at)).add(V::load(from.add(at))).store(to.add(at)) };
    }
    if whole < len {
        let mask = V::mask(len - whole);
        // SAFETY: the mask stops where the shorter slice ends.
        unsafe {
            let sum = V::load_part(to.add(whole), mask).add(V::load_part(from.add(whole), mask));
            sum.store_part(to.add(whole), mask);
        }
    }
}

/// The same for any strides, element by element.
fn one_by_one(
    shape: &[usize],
    (to, to_strides): (isize, &[isize]),
    (from, from_strides): (isize, &[isize]),
    mut f: impl FnMut(usize, usize),
) {
    let count: usize = shape.iter().product();
    for mut index in 0..count {
        let (mut to, mut from) = (to, from);
        for ((&size, &to_stride), &from_stride) in shape.iter().zip(to_strides).zip(from_strides).rev() {
            let place = (index % size) as isize;
            to += place * to_stride;
            from += place * from_stride;
            index /= size;
        }
        f(to as usize, from as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Windows of any size, stride and dilation along any axis, read through any strides, against the definition.
        #[test]
        fn windows_are_added_in_their_order(
            (rows, len, cols) in (1usize..4, 1usize..9, 1usize..4),
            (size, stride, dilation) in (1usize..4, 1usize..4, 1usize..3),
            turned in any::<bool>(), backwards in any::<bool>(),
        ) {
            let reach = (size - 1) * dilation + 1;
            prop_assume!(reach <= len);
            let windows = (len - reach) / stride + 1;
            let shape = [rows, windows, cols, size];
            let count: usize = shape.iter().product();
            let data: Vec<f64> = (0..count).map(|i| (i as f64 * 0.7).sin()).collect();
            let mut strides = if turned {
                [1, rows as isize, (rows * windows) as isize, (rows * windows * cols) as isize]
            } else {
                [(windows * cols * size) as isize, (cols * size) as isize, size as isize, 1]
            };
            let mut offset = 0;
            if backwards {
                offset = (rows - 1) * strides[0] as usize;
                strides[0] = -strides[0];
            }
            let to_strides =
                [(len * cols) as isize, (stride * cols) as isize, 1, (dilation * cols) as isize];
            let mut want = vec![0.0; rows * len * cols];
            for r in 0..rows {
                for w in 0..windows {
                    for c in 0..cols {
                        for k in 0..size {
                            let at = [r, w, c, k].iter().zip(strides).map(|(&i, s)| i as isize * s).sum::<isize>();
                            let to = (r * len + w * stride + k * dilation) * cols + c;
                            want[to] += data[(offset as isize + at) as usize];
                        }
                    }
                }
            }
            let mut out = vec![7.0; want.len()];
            prop_assert!(fold(&data, offset, &shape, &strides, &mut out, &to_strides));
            prop_assert_eq!(out, want);
        }

        /// Every element once, whatever the strides.
        #[test]
        fn lines_cover_the_array(
            shape in prop::collection::vec(1usize..6, 0..5), order in any::<prop::sample::Index>(),
        ) {
            let count: usize = shape.iter().product();
            let row_major = |shape: &[usize]| {
                let mut strides = vec![0_isize; shape.len()];
                let mut step = 1;
                for (stride, &size) in strides.iter_mut().zip(shape).rev() {
                    *stride = step;
                    step *= size as isize;
                }
                strides
            };
            let to = row_major(&shape);
            let mut turned = shape.clone();
            let by = order.index(shape.len() + 1);
            turned.rotate_left(by.min(shape.len()));
            let mut from = row_major(&turned);
            from.rotate_right(by.min(shape.len()));
            let mut seen = vec![None; count];
            lines(&shape, (0, &to), (0, &from), |line| {
                for i in 0..line.count {
                    assert!(seen[line.to + i * line.to_step].replace(line.from + i * line.from_step).is_none());
                }
            });
            for (index, seen) in seen.into_iter().enumerate() {
                let (mut rest, mut at) = (index, 0);
                for (&size, &stride) in shape.iter().zip(&from).rev() {
                    at += (rest % size) as isize * stride;
                    rest /= size;
                }
                prop_assert_eq!(seen, Some(at as usize));
            }
        }
    }
}
