//! The matrix product, for any strides: transposed, reversed or broadcast operands are multiplied where they lie.
//!
//! A [`Matrix`] is checked against its data when it is made. That check is what makes the one `unsafe` call of this
//! crate sound: everything [`gemm::gemm`] reads or writes is covered by a `Matrix` or by the output slice.

use crate::scalar::Scalar;
use crate::view::checked_len;
use gemm::Parallelism;

/// Up to this number of multiplications a plain loop is faster than setting up a blocked product.
const DIRECT: usize = 32;

/// From this number of multiplications on, the product may use the threads of the current rayon pool. It is the
/// number from which on `gemm` would do so by itself; below it, not asking saves the look-up of the pool.
const PARALLEL: usize = 48 * 48 * 256;

/// A read-only strided matrix: element `(i, j)` is `data[offset + i*row_stride + j*col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    offset: usize,
    rows: usize,
    cols: usize,
    row_stride: isize,
    col_stride: isize,
}

impl<'a, T> Matrix<'a, T> {
    /// `None` if an element would lie outside `data`, or if the sizes overflow. The stride of an axis of size 1 is
    /// irrelevant; an empty matrix fits everywhere.
    #[inline]
    pub fn new(
        data: &'a [T],
        offset: usize,
        rows: usize,
        cols: usize,
        row_stride: isize,
        col_stride: isize,
    ) -> Option<Self> {
        if !fits_forward(data.len(), offset, rows, cols, row_stride, col_stride) {
            checked_len(data.len(), offset, &[rows, cols], &[row_stride, col_stride])?;
        }
        // A stride that is never used must not choose the code path (and so the bits), nor overflow inside `gemm`.
        let row_stride = if rows > 1 { row_stride } else { 1 };
        let col_stride = if cols > 1 { col_stride } else { 1 };
        Some(Matrix { data, offset, rows, cols, row_stride, col_stride })
    }

    /// The number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }
}

/// The common case of [`checked_len`], in a few instructions: something is there, no stride is negative, and the last
/// element lies inside the data. `false` may also mean that only the careful check can tell.
#[inline]
fn fits_forward(
    bound: usize,
    offset: usize,
    rows: usize,
    cols: usize,
    row_stride: isize,
    col_stride: isize,
) -> bool {
    // Below 2^31 nothing can overflow: two products below 2^62 and an offset below 2^63.
    let small = 1 << 31;
    let (row_stride, col_stride) = (row_stride as usize as u64, col_stride as usize as u64);
    let (rows, cols) = ((rows as u64).wrapping_sub(1), (cols as u64).wrapping_sub(1));
    (rows | cols | row_stride | col_stride) < small
        && (offset as u64) < 1 << 62
        && offset as u64 + rows * row_stride + cols * col_stride < bound as u64
}

/// `out = a b`, row-major, whatever `out` held before. `false`, with `out` untouched, if the sizes do not fit:
/// `a.cols() == b.rows()` and `out.len() == a.rows() * b.cols()`. An inner size of 0 gives zeros.
///
/// The bits of the result depend on the sizes and strides and on the kind of processor, not on the number of threads.
#[inline]
pub fn matmul<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) -> bool {
    let inner = a.cols;
    if inner != b.rows || a.rows.checked_mul(b.cols) != Some(out.len()) {
        return false;
    }
    let work = out.len().saturating_mul(inner);
    if work == 0 {
        out.fill(T::zero());
    } else if work <= DIRECT {
        direct(a, b, out);
    } else {
        blocked(a, b, out, work);
    }
    true
}

/// The definition of the product, every inner sum in ascending order. An index out of bounds, which `Matrix` excludes,
/// would add nothing.
fn direct<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) {
    let mut row = a.offset;
    for out in out.chunks_exact_mut(b.cols.max(1)) {
        if b.col_stride == 1 && b.cols >= 4 {
            add_rows(a, b, row, out);
        } else {
            add_products(a, b, row, out);
        }
        row = row.wrapping_add_signed(a.row_stride);
    }
}

/// One row of the output as a sum of rows of `b`, which vectorises; the row of `a` begins at `left`.
fn add_rows<T: Scalar>(a: Matrix<T>, b: Matrix<T>, mut left: usize, out: &mut [T]) {
    let mut right = b.offset;
    out.fill(T::zero());
    for _ in 0..a.cols {
        if let (Some(&x), Some(ys)) = (a.data.get(left), b.data.get(right..)) {
            out.iter_mut().zip(ys).for_each(|(out, &y)| *out += x * y);
        }
        left = left.wrapping_add_signed(a.col_stride);
        right = right.wrapping_add_signed(b.row_stride);
    }
}

/// One row of the output, element by element; the row of `a` begins at `row`.
fn add_products<T: Scalar>(a: Matrix<T>, b: Matrix<T>, row: usize, out: &mut [T]) {
    let mut col = b.offset;
    for out in out {
        let (mut left, mut right) = (row, col);
        let mut sum = T::zero();
        for _ in 0..a.cols {
            if let (Some(&x), Some(&y)) = (a.data.get(left), b.data.get(right)) {
                sum += x * y;
            }
            left = left.wrapping_add_signed(a.col_stride);
            right = right.wrapping_add_signed(b.row_stride);
        }
        *out = sum;
        col = col.wrapping_add_signed(b.col_stride);
    }
}

/// `out` has `a.rows * b.cols` elements, `a.cols` equals `b.rows`, and none of the three sizes is 0.
#[inline(never)]
fn blocked<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T], work: usize) {
    // `gemm` splits the output into tiles among the threads, never the inner sum, and its tiles do not depend on the
    // number of threads: the bits are those of one thread (read in its source, and tested below).
    let parallelism = if work < PARALLEL { Parallelism::None } else { Parallelism::Rayon(0) };
    // SAFETY: `T` is `f32` or `f64` (`Scalar` is sealed), which `gemm` supports.
    // Reads: `gemm` reads `a` at (i, l) and `b` at (l, j) for i < a.rows, l < a.cols = b.rows, j < b.cols, and
    // `Matrix::new` has checked that every such element lies inside the slice its pointer comes from (the fields are
    // private and never change).
    // Writes: element (i, j) of the output is at i * b.cols + j < a.rows * b.cols = out.len(), checked by `matmul`;
    // `out` is borrowed exclusively, so it overlaps neither operand. It is not read (`read_dst` is false).
    // The products i * stride do not overflow: they are differences of positions inside a slice.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            out.as_mut_ptr(),
            1,
            b.cols as isize,
            false,
            a.data.as_ptr().wrapping_add(a.offset),
            a.col_stride,
            a.row_stride,
            b.data.as_ptr().wrapping_add(b.offset),
            b.col_stride,
            b.row_stride,
            T::zero(),
            T::one(),
            false,
            false,
            false,
            parallelism,
        );
    }
}
