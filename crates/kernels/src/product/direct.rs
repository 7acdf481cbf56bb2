//! The definition of the product, element by element: for products so small that anything else takes longer.

use super::INNER;
use super::matrix::{Layout, Matrix};
use crate::cpu::{Arithmetic, Kernel};
use crate::scalar::Scalar;

/// `out = a b`; the sizes fit. An index out of bounds, which `Matrix` excludes, would add nothing.
pub(super) struct Direct<'a, 'b, T> {
    pub(super) a: Matrix<'a, T>,
    pub(super) b: Matrix<'a, T>,
    pub(super) out: &'b mut [T],
}

impl<T: Scalar> Kernel for Direct<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Direct { a, b, out } = self;
        let cols = b.cols().max(1);
        match (a.layout, b.layout) {
            (Layout::Strided(a_row, a_col), Layout::Strided(b_row, b_col)) if a.cols() <= INNER => {
                let mut row = a.offset;
                for out in out.chunks_exact_mut(cols) {
                    let mut col = b.offset;
                    for out in out {
                        let (mut left, mut right) = (row, col);
                        let mut sum = T::zero();
                        for _ in 0..a.cols() {
                            if let (Some(&x), Some(&y)) = (a.data.get(left), b.data.get(right)) {
                                sum = A::mul_add(x, y, sum);
                            }
                            left = left.wrapping_add_signed(a_col);
                            right = right.wrapping_add_signed(b_row);
                        }
                        *out = sum;
                        col = col.wrapping_add_signed(b_col);
                    }
                    row = row.wrapping_add_signed(a_row);
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

/// Element (i, j), for operands of any kind and an inner sum of any length.
#[inline(always)]
fn element<A: Arithmetic, T: Scalar>(a: Matrix<T>, b: Matrix<T>, i: usize, j: usize) -> T {
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
