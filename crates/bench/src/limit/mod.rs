//! The limit: what straight Rust for the one workload takes, without a graph. A yardstick for the engine, and no part of it:
//! shapes and constants are fixed, gradients derived by hand, functions as exact as the check values need in their own range.
//!
//! Products of matrices are those of the crate `gemm`; everything else is plain loops that the compiler vectorises for the
//! processor at hand. Asking for that, and calling `gemm`, are `unsafe` in Rust: this module is measuring code, and the one
//! place outside of the kernels where that is allowed.
#![allow(unsafe_code)]

mod adam;
mod classifier;
mod elementwise;
mod functions;
mod mixture;
mod scalars;
mod sigmoid_net;

use gemm::Parallelism;

use crate::workload::{Calls, Id, Result};

/// The workload by hand, from its fresh state, if it was written.
pub fn calls(id: Id) -> Option<Box<dyn Calls>> {
    Some(match id {
        Id::W1 => Box::new(sigmoid_net::OneRow::new()),
        Id::W2 => Box::new(sigmoid_net::Xor::new()),
        Id::W3 => Box::new(classifier::Classifier::new()),
        Id::W4 => Box::new(adam::Adam::new()),
        Id::W6 => Box::new(scalars::Chain::new()),
        Id::W7 => Box::new(elementwise::Elementwise::new()),
        Id::W9 => Box::new(mixture::Mixture::new()),
        Id::W5 | Id::W8 | Id::W10 => return None,
    })
}

/// A bare product of two square matrices of this size, on the current threads.
pub fn product(n: usize) -> Box<dyn Calls> {
    Box::new(Product { n, a: vec![0.5; n * n], b: vec![0.25; n * n], c: vec![0.0; n * n] })
}

struct Product {
    n: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

impl Calls for Product {
    fn call(&mut self) -> Result<f64> {
        let n = self.n;
        matmul(rows(&self.a, n), rows(&self.b, n), &mut self.c, 0.0, 1.0);
        Ok(self.c[0].into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Ok((self.call()?, 0.0))
    }
}

/// A loop that is to be compiled for the processor at hand; `run` must be `#[inline(always)]`.
trait Work {
    type Output;
    fn run(self) -> Self::Output;
}

/// Runs it with the widest vectors there are.
#[inline(always)]
fn fast<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        if avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the processor has the features that the function is compiled for.
            return unsafe { avx512(work) };
        }
        if avx2 {
            // SAFETY: as above.
            return unsafe { avx2_fma(work) };
        }
    }
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
fn avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2_fma<W: Work>(work: W) -> W::Output {
    work.run()
}

/// The array of what `lane` says of each place. (`std::array::from_fn` and `map` are not compiled for the processor.)
#[inline(always)]
fn lanes<const N: usize>(lane: impl Fn(usize) -> f32) -> [f32; N] {
    let mut lanes = [0.0; N];
    for (j, place) in lanes.iter_mut().enumerate() {
        *place = lane(j);
    }
    lanes
}

/// A matrix in a slice, or its transpose.
#[derive(Clone, Copy)]
struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

/// The rows of so many columns that a slice consists of.
fn rows<T>(data: &[T], columns: usize) -> Matrix<'_, T> {
    Matrix { data, rows: data.len() / columns, columns, transposed: false }
}

impl<T> Matrix<'_, T> {
    fn t(self) -> Self {
        Matrix { rows: self.columns, columns: self.rows, transposed: !self.transposed, ..self }
    }

    /// From one column, and from one row, to the next.
    fn strides(&self) -> (isize, isize) {
        if self.transposed { (self.rows as isize, 1) } else { (1, self.columns as isize) }
    }
}

/// `out = keep * out + scale * a b`, on the current threads. The sizes must fit.
fn matmul<T: Number>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], keep: T, scale: T) {
    let threads = rayon::current_num_threads();
    let parallelism = if threads > 1 { Parallelism::Rayon(threads) } else { Parallelism::None };
    matmul_by(parallelism, a, b, out, keep, scale);
}

/// The same, on so many threads.
fn matmul_by<T: Number>(
    parallelism: Parallelism,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    out: &mut [T],
    keep: T,
    scale: T,
) {
    assert!(a.columns == b.rows && out.len() == a.rows * b.columns);
    assert!(a.data.len() >= a.rows * a.columns && b.data.len() >= b.rows * b.columns);
    let ((a_column, a_row), (b_column, b_row)) = (a.strides(), b.strides());
    // SAFETY: the pointers are those of slices that are as long as sizes and strides say (asserted above), and `out` is
    // borrowed exclusively.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            keep != T::default(),
            a.data.as_ptr(),
            a_column,
            a_row,
            b.data.as_ptr(),
            b_column,
            b_row,
            keep,
            scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// The numbers of an array.
fn numbers<T: Clone>(array: ndarray::ArrayD<T>) -> Vec<T> {
    array.into_raw_vec_and_offset().0
}

/// Fills each row with the bias, for a product to be added.
fn lay(bias: &[f32], out: &mut [f32]) {
    out.chunks_exact_mut(bias.len()).for_each(|row| row.copy_from_slice(bias));
}

/// What is multiplied here.
trait Number: Copy + Default + PartialEq + 'static {}
impl Number for f32 {}
impl Number for f64 {}
