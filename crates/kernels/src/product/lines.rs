//! One row times a matrix whose *columns* are dense: a matrix that is stored by rows, times a vector.
//!
//! The inner sums run along memory here, but each of them has to be made one term after the other. So several columns go
//! side by side: small squares are transposed in registers, and nothing is packed.

use super::{INNER, PARALLEL};
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::pool;
use crate::scalar::Scalar;
use crate::vector::Vector;

/// The number of columns for one task; a multiple of every group.
const CHUNK: usize = 128;

/// `out[j]` is the sum over `l` of the elements at `a + l*a_step` and `b + j*b_line + l`, for `l` below `inner`.
#[derive(Clone, Copy)]
pub(super) struct Lines<T> {
    pub(super) inner: usize,
    pub(super) a: *const T,
    pub(super) a_step: isize,
    pub(super) b: *const T,
    pub(super) b_line: isize,
}

// SAFETY: `T` is a number, which any thread may read, and nothing is written through the pointers.
unsafe impl<T: Sync> Sync for Lines<T> {}

impl<T: Scalar> Lines<T> {
    /// Multiplies. `false`, with nothing done, if there are so few columns that this does not work.
    ///
    /// # Safety
    ///
    /// All elements that the description names, for as many columns as `out` is long, are readable.
    #[inline]
    pub(super) unsafe fn multiply(self, cpu: Cpu, out: &mut [T]) -> bool {
        if out.len() < 8 {
            return false;
        }
        let work = out.len().saturating_mul(self.inner);
        if work >= PARALLEL && pool::threads() > 1 {
            pool::chunks(out, CHUNK, |chunk, out| cpu.run(Part { lines: &self, begin: chunk * CHUNK, out }));
        } else {
            cpu.run(Part { lines: &self, begin: 0, out });
        }
        true
    }
}

/// The columns from number `begin` on. Constructed by [`Lines::multiply`] only, whose caller vouches for the elements.
struct Part<'a, T> {
    lines: &'a Lines<T>,
    begin: usize,
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let side = <A::Vector<T> as Vector<T>>::Side::LANES;
        let mut at = self.begin;
        let mut groups = self.out.chunks_exact_mut(4 * side);
        for out in groups.by_ref() {
            // SAFETY: these columns are there, and `out` has one element for each.
            unsafe { self.lines.group::<A::Vector<T>, 4>(at, out.as_mut_ptr()) };
            at += 4 * side;
        }
        let mut groups = groups.into_remainder().chunks_exact_mut(side);
        for out in groups.by_ref() {
            // SAFETY: as above.
            unsafe { self.lines.group::<A::Vector<T>, 1>(at, out.as_mut_ptr()) };
            at += side;
        }
        let rest = groups.into_remainder();
        if !rest.is_empty() {
            // A group that ends where these columns do; some of its elements have been computed before.
            let mut last = [T::zero(); 8];
            let begin = (at + rest.len()).saturating_sub(side);
            // SAFETY: there are at least eight columns, so there is such a group; `side` is at most eight.
            unsafe { self.lines.group::<A::Vector<T>, 1>(begin, last.as_mut_ptr()) };
            let known = side - rest.len();
            rest.iter_mut().zip(last.iter().skip(known)).for_each(|(out, &x)| *out = x);
        }
    }
}

impl<T: Scalar> Lines<T> {
    /// `N` sides of squares beside each other, from column number `at` on.
    #[inline(always)]
    unsafe fn group<V: Vector<T>, const N: usize>(&self, at: usize, out: *mut T) {
        let side = V::Side::LANES;
        let line = |column: usize| self.b.wrapping_offset(column as isize * self.b_line);
        let mut totals = [V::Side::zero(); N];
        let mut begin = 0;
        while begin < self.inner {
            let end = self.inner.min(begin + INNER);
            let mut sums = [V::Side::zero(); N];
            let mut step = begin;
            while step < end {
                let count = side.min(end - step);
                for (group, sum) in sums.iter_mut().enumerate() {
                    let first = line(at + group * side).wrapping_add(step);
                    // SAFETY: the caller says that these columns are there, and they have `count` steps from here on.
                    unsafe {
                        if count == side {
                            let columns = V::turned(first, self.b_line);
                            for (s, y) in columns.into_iter().take(side).enumerate() {
                                *sum = self.term::<V>(step + s).mul_add(y, *sum);
                            }
                        } else {
                            for s in 0..count {
                                let mut column = [T::zero(); 8];
                                for (i, y) in column.iter_mut().take(side).enumerate() {
                                    *y = first.wrapping_offset(i as isize * self.b_line).add(s).read();
                                }
                                let y = V::Side::load(column.as_ptr());
                                *sum = self.term::<V>(step + s).mul_add(y, *sum);
                            }
                        }
                    }
                }
                step += count;
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total = if begin == 0 { sum } else { total.add(sum) };
            }
            begin = end;
        }
        for (group, total) in totals.into_iter().enumerate() {
            // SAFETY: the caller says that `out` has room for the groups.
            unsafe { total.store(out.wrapping_add(group * side)) };
        }
    }

    /// The element of the row at this step, in all lanes.
    #[inline(always)]
    unsafe fn term<V: Vector<T>>(&self, step: usize) -> V::Side {
        // SAFETY: the caller says that there is such a step.
        unsafe { V::Side::splat(self.a.wrapping_offset(step as isize * self.a_step)) }
    }
}
