//! The definition of the product, element by element: for products so small that anything else takes longer.

use super::INNER;
use super::matrix::{Layout, Matrix};
use crate::cpu::{Arithmetic, Kernel};
use crate::scalar::Scalar;

/// `out = a b`; the sizes fit, as [`Direct::new`] has made sure. Where there is a little more to do, it pays to make
/// several sums at a time (`GROUPS`), so that one need not wait for the other.
pub(super) struct Direct<'a, 'b, T, const GROUPS: bool> {
    // By reference: to copy what has just been written costs more than the product.
    a: &'b Matrix<'a, T>,
    b: &'b Matrix<'a, T>,
    out: &'b mut [T],
}

impl<'a, 'b, T, const GROUPS: bool> Direct<'a, 'b, T, GROUPS> {
    /// Nothing happens to what is longer or shorter than it should be.
    #[inline(always)]
    pub(super) fn new(a: &'b Matrix<'a, T>, b: &'b Matrix<'a, T>, out: &'b mut [T]) -> Self {
        let fits = a.cols() == b.rows() && a.rows().checked_mul(b.cols()) == Some(out.len());
        Direct { a, b, out: if fits { out } else { &mut [] } }
    }
}

impl<T: Scalar, const GROUPS: bool> Kernel for Direct<'_, '_, T, GROUPS> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Direct { a, b, out } = self;
        let cols = b.cols().max(1);
        match (a.layout, b.layout) {
            (Layout::Strided(a_row, a_col), Layout::Strided(b_row, b_col)) if a.cols() <= INNER => {
                let line = Line { inner: a.cols(), a_col, b_row, b_col };
                let mut left = a.pointer(0, 0);
                for out in out.chunks_exact_mut(cols) {
                    let mut right = b.pointer(0, 0);
                    let mut rest = out;
                    if GROUPS {
                        let mut groups = rest.chunks_exact_mut(8);
                        for out in groups.by_ref() {
                            // SAFETY: eight columns are left.
                            unsafe { line.sums::<8, A, T>(left, right, out) };
                            right = right.wrapping_offset(8 * b_col);
                        }
                        let mut groups = groups.into_remainder().chunks_exact_mut(2);
                        for out in groups.by_ref() {
                            // SAFETY: two columns are left.
                            unsafe { line.sums::<2, A, T>(left, right, out) };
                            right = right.wrapping_offset(2 * b_col);
                        }
                        rest = groups.into_remainder();
                    }
                    for out in rest.chunks_exact_mut(1) {
                        // SAFETY: this column is left.
                        unsafe { line.sums::<1, A, T>(left, right, out) };
                        right = right.wrapping_offset(b_col);
                    }
                    left = left.wrapping_offset(a_row);
                }
            }
            _ => {
                for (i, out) in out.chunks_exact_mut(cols).enumerate() {
                    for (j, out) in out.iter_mut().enumerate() {
                        *out = element::<A, T>(a, b, i, j);
                    }
                }
            }
        }
    }
}

/// What all inner sums have in common.
struct Line {
    inner: usize,
    a_col: isize,
    b_row: isize,
    b_col: isize,
}

impl Line {
    /// `N` elements side by side: the row of `a` from `left` on by the columns of `b` from `right` on.
    #[inline(always)]
    unsafe fn sums<const N: usize, A: Arithmetic, T: Scalar>(
        &self,
        mut left: *const T,
        mut right: *const T,
        out: &mut [T],
    ) {
        let mut sums = [T::zero(); N];
        for _ in 0..self.inner {
            // SAFETY: the caller says that this is an element of `a`.
            let x = unsafe { left.read() };
            for (j, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller says that `b` has `N` columns from here on.
                let y = unsafe { right.wrapping_offset(j as isize * self.b_col).read() };
                *sum = A::mul_add(x, y, *sum);
            }
            left = left.wrapping_offset(self.a_col);
            right = right.wrapping_offset(self.b_row);
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum);
    }
}

/// Element (i, j), for operands of any kind and an inner sum of any length.
#[inline(always)]
fn element<A: Arithmetic, T: Scalar>(a: &Matrix<T>, b: &Matrix<T>, i: usize, j: usize) -> T {
    let mut total = T::zero();
    let mut begin = 0;
    while begin < a.cols() {
        let end = a.cols().min(begin + INNER);
        let mut sum = T::zero();
        for k in begin..end {
            if let (Some(&x), Some(&y)) = (a.data.get(a.position(i, k)), b.data.get(b.position(k, j))) {
                sum = A::mul_add(x, y, sum);
            }
        }
        total = if begin == 0 { sum } else { total + sum };
        begin = end;
    }
    total
}
