//! Packing: a block of an operand is copied to where the loops of `block.rs` read it fastest.
//!
//! Seen from here an operand has *lines* and *steps*: a step is one term of the inner sum, a line is a row of the left
//! operand or a column of the right one. Packed as [`Form::Panels`], the lines of a panel are side by side at each step;
//! packed as [`Form::Lines`], the steps of each line are.
//!
//! What costs time is to go against the grain of the memory. Where lines lie side by side, panels are copied in pieces
//! as long as the runs are; where the steps do, small squares are transposed in registers.

use super::matrix::{Layout, Matrix, Offsets};
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::scalar::Scalar;
use crate::vector::Vector;
use std::ops::Range;

/// How a block is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One line after the other.
    Lines,
    /// Panels of `width` lines, one after the other. At each step the lines of one panel are side by side; the last
    /// panel has only as many as there are, and where it is `padded`, there is room for the others.
    Panels { width: usize, padded: bool },
}

/// The most runs of consecutive offsets that are copied one by one; with more, they are short anyway.
const RUNS: usize = 64;

/// Copies these lines and steps of an operand, whose rows are its lines, to `to` and the elements that follow.
///
/// # Safety
///
/// The lines and steps are inside of the matrix, and there are at most 65 535 steps and as many lines in a panel; all
/// elements of `to` that the form names may be written.
#[inline]
pub(super) unsafe fn pack<T: Scalar>(
    cpu: Cpu,
    from: Matrix<T>,
    lines: Range<usize>,
    steps: Range<usize>,
    form: Form,
    to: *mut T,
) {
    cpu.run(Pack { from, lines, steps, form, to });
}

/// Constructed by [`pack`] only, whose caller guarantees what the loops need.
struct Pack<'a, T> {
    from: Matrix<'a, T>,
    lines: Range<usize>,
    steps: Range<usize>,
    form: Form,
    to: *mut T,
}

impl<T: Scalar> Kernel for Pack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        match self.form {
            // SAFETY: the caller of `pack` has vouched for the block.
            Form::Lines => unsafe { self.lines::<A::Vector<T>>() },
            Form::Panels { width, padded } => {
                let mut begin = self.lines.start;
                while begin < self.lines.end {
                    let end = self.lines.end.min(begin + width);
                    let stride = if padded { width } else { end - begin };
                    let to = self.to.wrapping_add((begin - self.lines.start) * self.steps.len());
                    // SAFETY: as above; this is one panel of it.
                    unsafe { self.panel::<A::Vector<T>>(begin..end, to, stride) };
                    begin = end;
                }
            }
        }
    }
}

impl<T: Scalar> Pack<'_, T> {
    /// One line after the other.
    #[inline(always)]
    unsafe fn lines<V: Vector<T>>(&self) {
        let mut runs = [(0, 0); RUNS];
        let count = match self.from.layout {
            Layout::Strided(_, 1) => all(&mut runs, self.steps.len()),
            Layout::Strided(..) => None,
            Layout::Gathered(_, steps) => find_runs(steps, &self.steps, &mut runs),
        };
        for (i, line) in self.lines.clone().enumerate() {
            let to = self.to.wrapping_add(i * self.steps.len());
            // SAFETY: reads elements of the matrix, and writes the next `steps.len()` elements of `to`.
            unsafe {
                if let Some(runs) = count.and_then(|count| runs.get(..count)) {
                    for &(at, len) in runs {
                        let from = self.from.pointer(line, self.steps.start + at as usize);
                        copy::<T, V>(from, to.wrapping_add(at as usize), len as usize);
                    }
                } else {
                    for (s, step) in self.steps.clone().enumerate() {
                        to.add(s).write(self.from.pointer(line, step).read());
                    }
                }
            }
        }
    }

    /// These lines side by side, at each step; the steps lie `stride` apart.
    #[inline(always)]
    unsafe fn panel<V: Vector<T>>(&self, lines: Range<usize>, to: *mut T, stride: usize) {
        let mut runs = [(0, 0); RUNS];
        let (count, spacing) = match self.from.layout {
            Layout::Strided(1, _) => (all(&mut runs, lines.len()), Some(1)),
            Layout::Strided(line, _) => (None, Some(line)),
            Layout::Gathered(table, _) => {
                let spacing = spacing(table, &lines);
                let runs = find_runs(table, &lines, &mut runs);
                (runs.filter(|runs| runs * 3 <= lines.len() || lines.len() <= 2), spacing)
            }
        };
        if let Some(runs) = count.and_then(|count| runs.get(..count)) {
            for (s, step) in self.steps.clone().enumerate() {
                let to = to.wrapping_add(s * stride);
                for &(at, len) in runs {
                    let from = self.from.pointer(lines.start + at as usize, step);
                    // SAFETY: reads elements of the matrix, and writes those of this step.
                    unsafe { copy::<T, V>(from, to.wrapping_add(at as usize), len as usize) };
                }
            }
            return;
        }
        let side = V::Side::LANES;
        let mut begin = self.steps.start;
        while begin < self.steps.end {
            let end = self.steps.end.min(begin + side);
            let to = to.wrapping_add((begin - self.steps.start) * stride);
            let consecutive = match self.from.layout {
                Layout::Strided(_, step) => step == 1,
                Layout::Gathered(_, table) => spacing_is_one(table, &(begin..end)),
            };
            let squares = match spacing {
                Some(spacing) if consecutive && end - begin == side => {
                    let whole = lines.len() / side * side;
                    for at in (0..whole).step_by(side) {
                        let from = self.from.pointer(lines.start + at, begin);
                        // SAFETY: reads a square of the matrix, and writes it transposed into the panel.
                        unsafe {
                            let turned = V::turned(from, spacing);
                            for (s, vector) in turned.into_iter().take(side).enumerate() {
                                vector.store(to.wrapping_add(s * stride + at));
                            }
                        }
                    }
                    whole
                }
                _ => 0,
            };
            for at in squares..lines.len() {
                for (s, step) in (begin..end).enumerate() {
                    let from = self.from.pointer(lines.start + at, step);
                    // SAFETY: reads an element of the matrix, and writes one of the panel.
                    unsafe { to.add(s * stride + at).write(from.read()) };
                }
            }
            begin = end;
        }
    }
}

/// One run.
#[inline(always)]
fn all(runs: &mut [(u16, u16); RUNS], len: usize) -> Option<usize> {
    runs[0] = (0, len as u16);
    Some(1)
}

/// The runs of consecutive offsets in a part of the table, as (first, number), if there are not too many.
#[inline(always)]
fn find_runs(offsets: &Offsets, part: &Range<usize>, runs: &mut [(u16, u16); RUNS]) -> Option<usize> {
    let table = offsets.table().get(part.clone())?;
    let mut count = 0;
    let mut before = None;
    for (at, &offset) in table.iter().enumerate() {
        if before.is_none_or(|before: i32| before.checked_add(1) != Some(offset)) {
            *runs.get_mut(count)? = (at as u16, 0);
            count += 1;
        }
        runs.get_mut(count - 1)?.1 += 1;
        before = Some(offset);
    }
    Some(count)
}

/// The distance of the offsets in a part of the table, if it is everywhere the same.
#[inline(always)]
fn spacing(offsets: &Offsets, part: &Range<usize>) -> Option<isize> {
    let table = offsets.table().get(part.clone())?;
    let [first, second, ..] = table else { return Some(0) };
    let spacing = second.checked_sub(*first)?;
    let same = |pair: &[i32]| matches!(pair, [a, b] if a.checked_add(spacing) == Some(*b));
    table.windows(2).all(same).then_some(spacing as isize)
}

#[inline(always)]
fn spacing_is_one(offsets: &Offsets, part: &Range<usize>) -> bool {
    offsets.table().get(part.clone()).is_some_and(|table| {
        table.windows(2).all(|pair| matches!(pair, [a, b] if a.checked_add(1) == Some(*b)))
    })
}

/// `len` elements side by side.
#[inline(always)]
unsafe fn copy<T: Scalar, V: Vector<T>>(from: *const T, to: *mut T, len: usize) {
    let whole = len / V::LANES * V::LANES;
    for at in (0..whole).step_by(V::LANES) {
        // SAFETY: the caller says that `len` elements can be read and written.
        unsafe { V::load(from.add(at)).store(to.add(at)) };
    }
    if whole < len {
        let mask = V::mask(len - whole);
        // SAFETY: as above, for the rest.
        unsafe { V::load_part(from.add(whole), mask).store_part(to.add(whole), mask) };
    }
}
