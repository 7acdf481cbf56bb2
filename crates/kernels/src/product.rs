//! The matrix product, for any strides: transposed, reversed or broadcast operands are multiplied where they lie.
//!
//! A [`Matrix`] is checked against its data when it is made. That check is what makes the one `unsafe` call of this
//! crate sound: everything [`gemm::gemm`] reads or writes is covered by a `Matrix` or by the output slice.

use crate::scalar::Scalar;
use crate::view::checked_len;
use gemm::Parallelism;

/// Up to this number of multiplications a plain loop is faster than any call of `gemm` (measured on Zen 4: 20 to 50 ns
/// for either at 27 to 64 multiplications).
const DIRECT: usize = 32;

/// The same for the products that `gemm` has to pack: that allocates, and costs 150 to 400 ns even for 3 x 3 matrices.
const DIRECT_PACKED: usize = 128;

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

    /// The transposed matrix, on the same data.
    #[inline]
    pub fn transposed(self) -> Self {
        Matrix {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
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
    } else if work <= DIRECT || (work <= DIRECT_PACKED && packs(a, b)) {
        direct(a, b, out);
    } else {
        blocked(a, b, out, work);
    }
    true
}

/// Whether `gemm` packs the operands. It has loops without packing for vectors, for an inner size of 1 or 2, and for
/// small products whose inner sums run along memory in both operands.
#[inline]
fn packs<T>(a: Matrix<T>, b: Matrix<T>) -> bool {
    a.rows > 1 && b.cols > 1 && a.cols > 2 && !(a.col_stride == 1 && b.row_stride == 1)
}

/// The definition of the product, every inner sum in ascending order. An index out of bounds, which `Matrix` excludes,
/// would add nothing.
fn direct<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) {
    let mut row = a.offset;
    for out in out.chunks_exact_mut(b.cols.max(1)) {
        // Shorter rows are faster element by element.
        if b.col_stride == 1 && b.cols >= 8 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A matrix with its data; the strides may be negative, zero, transposed or spread out.
    #[derive(Debug)]
    struct Owned<T> {
        data: Vec<T>,
        offset: usize,
        rows: usize,
        cols: usize,
        strides: (isize, isize),
    }

    impl<T: Scalar> Owned<T> {
        fn new(rows: usize, cols: usize, layout: usize, seed: f64) -> Self {
            let (r, c) = (rows.max(1) as isize, cols.max(1) as isize);
            let strides =
                [(c, 1), (1, r), (-c, 1), (c, -1), (2 * c, 2), (0, 1), (1, 0), (-1, -r), (0, 0)][layout % 9];
            let spans = [(r - 1) * strides.0, (c - 1) * strides.1];
            let offset = -spans.iter().filter(|&&span| span < 0).sum::<isize>();
            let bound = offset + spans.iter().filter(|&&span| span > 0).sum::<isize>() + 1;
            let data = (0..bound).map(|i| T::of((i as f64 * 0.7 + seed).sin())).collect();
            Owned { data, offset: offset as usize, rows, cols, strides }
        }

        fn matrix(&self) -> Matrix<'_, T> {
            let (row_stride, col_stride) = self.strides;
            Matrix::new(&self.data, self.offset, self.rows, self.cols, row_stride, col_stride).unwrap()
        }

        fn at(&self, i: usize, j: usize) -> f64 {
            let index = self.offset as isize + i as isize * self.strides.0 + j as isize * self.strides.1;
            self.data[index as usize].as_f64()
        }
    }

    /// Every element within the bound that any order of summation keeps.
    fn check<T: Scalar>(a: &Owned<T>, b: &Owned<T>) {
        let mut out = vec![T::nan(); a.rows * b.cols];
        assert!(matmul(a.matrix(), b.matrix(), &mut out));
        for i in 0..a.rows {
            for j in 0..b.cols {
                let terms = || (0..a.cols).map(|l| a.at(i, l) * b.at(l, j));
                let (exact, size): (f64, f64) = (terms().sum(), terms().map(f64::abs).sum());
                let error = (out[i * b.cols + j].as_f64() - exact).abs();
                let allowed = (a.cols + 2) as f64 * T::epsilon().as_f64() * size;
                assert!(error <= allowed, "({i}, {j}) of {a:?} {b:?}: {error:e} > {allowed:e}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_layout_against_the_definition(
            (m, k, n) in (0usize..20, 0usize..20, 0usize..20), (p, q) in (0usize..9, 0usize..9),
        ) {
            check(&Owned::<f32>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
            check(&Owned::<f64>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
        }

        /// `(A B)' = B' A'`, exact in small whole numbers.
        #[test]
        fn transposed_products_change_sides(
            (m, k, n) in (0usize..6, 0usize..6, 0usize..6), (p, q) in (0usize..9, 0usize..9),
        ) {
            let whole = |mut x: Owned<f64>| {
                x.data.iter_mut().for_each(|x| *x = (*x * 9.0).round());
                x
            };
            let (a, b) = (whole(Owned::new(m, k, p, 0.1)), whole(Owned::new(k, n, q, 0.2)));
            let turned = a.matrix().transposed();
            prop_assert_eq!((turned.rows(), turned.cols()), (k, m));
            let (mut ab, mut ba) = (vec![0.0; m * n], vec![0.0; m * n]);
            prop_assert!(matmul(a.matrix(), b.matrix(), &mut ab));
            prop_assert!(matmul(b.matrix().transposed(), turned, &mut ba));
            prop_assert!((0..m * n).all(|at| ab[at] == ba[at % n * m + at / n]));
            prop_assert!(matmul(turned.transposed(), b.matrix(), &mut ba));
            prop_assert_eq!(ab, ba);
        }

        #[test]
        fn nonsense_never_panics(
            (offset, rows, cols) in (any::<usize>(), any::<usize>(), any::<usize>()),
            (row_stride, col_stride) in (any::<isize>(), any::<isize>()),
        ) {
            let _ = Matrix::new(&[1.0, 2.0], offset, rows, cols, row_stride, col_stride);
        }

        #[test]
        fn the_quick_check_is_the_careful_one(
            (bound, offset, rows, cols) in (0usize..60, 0usize..9, 0usize..6, 0usize..6),
            (r, c) in (-9isize..9, -9isize..9),
        ) {
            let careful = checked_len(bound, offset, &[rows, cols], &[r, c]).is_some();
            let quick = fits_forward(bound, offset, rows, cols, r, c);
            prop_assert!(careful || !quick);
            prop_assert!(quick == careful || rows * cols == 0 || r < 0 || c < 0);
        }
    }

    #[test]
    fn sizes_that_matter_to_gemm() {
        for (m, k, n) in
            [(1, 300, 1), (65, 3, 70), (1, 70, 65), (70, 65, 1), (33, 600, 17), (5, 1100, 40), (130, 20, 90)]
        {
            for (p, q) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 3), (5, 6), (7, 4)] {
                check(&Owned::<f32>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
                check(&Owned::<f64>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
            }
        }
    }

    #[test]
    fn sizes_must_fit() {
        let data = [1.0; 6];
        let matrix = |rows, cols| Matrix::new(&data, 0, rows, cols, cols as isize, 1).unwrap();
        let mut out = [7.0; 4];
        assert!(!matmul(matrix(2, 3), matrix(2, 3), &mut out));
        assert!(!matmul(matrix(2, 3), matrix(3, 1), &mut out));
        assert_eq!(out, [7.0; 4]);
        assert!(matmul(matrix(2, 0), matrix(0, 2), &mut out));
        assert_eq!(out, [0.0; 4]);
        assert!(matmul(matrix(0, 3), matrix(3, 2), &mut []));
        assert!(Matrix::new(&data, 0, 2, 4, 4, 1).is_none() && Matrix::new(&data, 1, 2, 3, 3, 1).is_none());
        assert!(Matrix::new(&data, 0, 2, 3, -3, 1).is_none());
        // The strides of axes of size 1 are never used, so they may be anything.
        let odd = Matrix::new(&data, 5, 1, 1, isize::MIN, isize::MAX).unwrap();
        assert!((odd.rows(), odd.cols()) == (1, 1) && matmul(odd, odd, &mut out[..1]));
        assert_eq!(out[0], 1.0);
        let row = Matrix::new(&data, 0, 1, 3, isize::MIN, 2).unwrap();
        assert!(matmul(row, Matrix::new(&data, 5, 3, 4, 0, 0).unwrap(), &mut out));
        assert_eq!(out, [3.0; 4]);
    }

    /// What the output held before must not matter, not even a NaN.
    #[test]
    fn overwrites() {
        for (m, k, n) in [(1, 2, 3), (20, 1, 20), (20, 2, 20), (20, 30, 1), (1, 30, 20), (20, 30, 20)] {
            check(&Owned::<f64>::new(m, k, 0, 0.3), &Owned::new(k, n, 0, 0.4));
        }
    }

    fn same_bits<T: Scalar>() {
        let sizes =
            [(96, 900, 96), (7, 20_000, 9), (400, 3, 700), (1, 1000, 1000), (1000, 1000, 1), (65, 4000, 3)];
        for (m, k, n) in sizes {
            for (p, q) in [(0, 0), (0, 1), (1, 0), (1, 1), (7, 3)] {
                let (a, b) = (Owned::<T>::new(m, k, p, 0.5), Owned::<T>::new(k, n, q, 0.6));
                assert!(m * n * k >= PARALLEL);
                let run = |threads| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    let mut out = vec![T::zero(); m * n];
                    assert!(pool.install(|| matmul(a.matrix(), b.matrix(), &mut out)));
                    out
                };
                let mut serial = vec![T::zero(); m * n];
                // Small enough a number of multiplications is what keeps `blocked` on one thread.
                blocked(a.matrix(), b.matrix(), &mut serial, 0);
                for threads in [1, 2, 3, 8] {
                    assert!(run(threads) == serial, "{m}x{k}x{n}, {threads} threads");
                }
            }
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        same_bits::<f32>();
        same_bits::<f64>();
    }
}
