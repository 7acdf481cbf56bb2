//! Where code of other crates comes in.
//!
//! A generic function is compiled in every crate that calls it, with that crate's settings. What this crate has is compiled here,
//! once for each type: the functions of this page hand over to methods of a trait that `f32` and `f64` implement, which are
//! no generic ones. So whoever uses the crate does not compile its loops again, and has them optimised in a debug build too.

use std::ops::Range;

use crate::function::{Binary, Unary};
use crate::machine::{Machine, Memory, Trouble};
use crate::product::Matrix;
use crate::scalar::Scalar;
use crate::view::View;
use crate::{elementwise, nest, product, reduce};

/// The loops, compiled for a type. Implemented by `f32` and `f64`; called by the functions of this page.
#[doc(hidden)]
pub trait Compiled: Sized {
    fn map_here(f: Unary<Self>, x: View<Self>, out: &mut [Self]);
    fn zip_here(f: Binary, a: View<Self>, b: View<Self>, out: &mut [Self]);
    fn select_here(condition: View<Self>, a: View<Self>, b: View<Self>, out: &mut [Self]);
    fn copy_here(x: View<Self>, out: &mut [Self]);
    fn sum_all_here(x: View<Self>) -> Self;
    fn sum_here(
        data: &[Self],
        offset: usize,
        shape: &[usize],
        strides: &[isize],
        reduced: &[bool],
        out: &mut [Self],
    ) -> bool;
    fn extremum_here(
        data: &[Self],
        offset: usize,
        shape: &[usize],
        strides: &[isize],
        reduced: &[bool],
        largest: bool,
        out: &mut [Self],
    ) -> bool;
    fn fold_here(
        data: &[Self],
        offset: usize,
        shape: &[usize],
        strides: &[isize],
        out: &mut [Self],
        to_strides: &[isize],
    ) -> bool;
    fn matmul_here(a: Matrix<Self>, b: Matrix<Self>, out: &mut [Self]) -> bool;
    fn matmul_in_here(a: Matrix<Self>, b: Matrix<Self>, out: &mut [Self], scratch: &mut [Self]) -> bool;
    fn unary_here(f: Unary<Self>, x: Self) -> Self;
    fn binary_here(f: Binary, a: Self, b: Self) -> Self;
    fn run_here(
        machine: &Machine<Self>,
        steps: Range<usize>,
        memory: &mut Memory<'_, Self>,
    ) -> Result<(), (usize, Trouble)>;
}

macro_rules! compiled {
    ($($T:ty),+) => {
        $(impl Compiled for $T {
            fn map_here(f: Unary<Self>, x: View<Self>, out: &mut [Self]) {
                elementwise::map(f, x, out)
            }

            fn zip_here(f: Binary, a: View<Self>, b: View<Self>, out: &mut [Self]) {
                elementwise::zip(f, a, b, out)
            }

            fn select_here(condition: View<Self>, a: View<Self>, b: View<Self>, out: &mut [Self]) {
                elementwise::select(condition, a, b, out)
            }

            fn copy_here(x: View<Self>, out: &mut [Self]) {
                elementwise::copy(x, out)
            }

            fn sum_all_here(x: View<Self>) -> Self {
                reduce::sum_all(x)
            }

            fn sum_here(data: &[Self], offset: usize, shape: &[usize], strides: &[isize], reduced: &[bool], out: &mut [Self]) -> bool {
                reduce::sum(data, offset, shape, strides, reduced, out)
            }

            fn extremum_here(data: &[Self], offset: usize, shape: &[usize], strides: &[isize], reduced: &[bool], largest: bool, out: &mut [Self]) -> bool {
                crate::extremum::extremum(data, offset, shape, strides, reduced, largest, out)
            }

            fn fold_here(data: &[Self], offset: usize, shape: &[usize], strides: &[isize], out: &mut [Self], to_strides: &[isize]) -> bool {
                nest::fold(data, offset, shape, strides, out, to_strides)
            }

            fn matmul_here(a: Matrix<Self>, b: Matrix<Self>, out: &mut [Self]) -> bool {
                product::matmul(a, b, out)
            }

            fn matmul_in_here(a: Matrix<Self>, b: Matrix<Self>, out: &mut [Self], scratch: &mut [Self]) -> bool {
                product::matmul_in(a, b, out, scratch)
            }

            fn unary_here(f: Unary<Self>, x: Self) -> Self {
                f.value_here(x)
            }

            fn binary_here(f: Binary, a: Self, b: Self) -> Self {
                f.value_here(a, b)
            }

            fn run_here(machine: &Machine<Self>, steps: Range<usize>, memory: &mut Memory<'_, Self>) -> Result<(), (usize, Trouble)> {
                machine.run_here(steps, memory)
            }
        })+
    };
}

compiled!(f32, f64);

/// `out[i] = f(x[i])`.
#[inline]
pub fn map<T: Scalar>(f: Unary<T>, x: View<T>, out: &mut [T]) {
    T::map_here(f, x, out)
}

/// `out[i] = f(a[i], b[i])`.
#[inline]
pub fn zip<T: Scalar>(f: Binary, a: View<T>, b: View<T>, out: &mut [T]) {
    T::zip_here(f, a, b, out)
}

/// `out[i] = a[i]` where `condition[i]` is not 0 (NaN is not), else `b[i]`.
#[inline]
pub fn select<T: Scalar>(condition: View<T>, a: View<T>, b: View<T>, out: &mut [T]) {
    T::select_here(condition, a, b, out)
}

/// `out[i] = x[i]`.
#[inline]
pub fn copy<T: Scalar>(x: View<T>, out: &mut [T]) {
    T::copy_here(x, out)
}

/// The sum of all elements; 0 if there are none.
#[inline]
pub fn sum_all<T: Scalar>(x: View<T>) -> T {
    T::sum_all_here(x)
}

/// The sum of the array over the axes flagged in `reduced`; `out` has the kept axes, row-major.
///
/// `offset`, `shape` and `strides` are those of [`View::strided`], and `reduced` is as long as `shape`. `false`, with
/// `out` untouched, if they do not describe elements inside `data`, or if `out` has another length than the product of
/// the kept axes.
#[inline]
pub fn sum<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    out: &mut [T],
) -> bool {
    T::sum_here(data, offset, shape, strides, reduced, out)
}

/// The largest (or smallest) element of the array over the axes flagged in `reduced`; NaN if any element is. `out` has
/// the kept axes, row-major. Zeros are ordered: +0 is larger than -0.
///
/// `offset`, `shape` and `strides` are those of [`View::strided`](crate::View::strided), and `reduced` is as long as
/// `shape`. `false`, with `out` untouched, if they do not describe elements inside `data`, if `out` has another length
/// than the product of the kept axes, or if there is nothing to choose from.
#[inline]
pub fn extremum<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    largest: bool,
    out: &mut [T],
) -> bool {
    T::extremum_here(data, offset, shape, strides, reduced, largest, out)
}

/// Windows added up where they overlap: `out`, of `to_strides`, is filled with zeros, and element `[.., w, .., k]` of the array
/// that `offset`, `shape` and `strides` describe is added at the place that `to_strides` give; the last axis counts the
/// places `k` of a window.
///
/// What meets in one place is added in the order of the windows: the last place of a window first. `false`, with `out` untouched, if
/// the descriptions do not fit. No two elements with the same `k` may meet.
#[inline]
pub fn fold<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    out: &mut [T],
    to_strides: &[isize],
) -> bool {
    T::fold_here(data, offset, shape, strides, out, to_strides)
}

/// `out = a b`, row-major, whatever `out` held before. `false`, with `out` untouched, if the sizes do not fit:
/// `a.cols() == b.rows()` and `out.len() == a.rows() * b.cols()`. An inner size of 0 gives zeros.
///
/// Each element is a sum in ascending order, in blocks of [`INNER`](crate::INNER) terms: its bits depend on the inner size and on
/// whether the processor rounds `a b + c` once, and on nothing else.
///
/// Large products and those of operands that have to be packed allocate scratch memory; [`matmul_in`] does not.
#[inline]
pub fn matmul<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) -> bool {
    T::matmul_here(a, b, out)
}

/// The same as [`matmul`] with scratch that the caller brings, so that nothing is allocated: [`matmul_scratch`](crate::matmul_scratch) elements
/// with any content are enough. `false`, with `out` untouched, if there is less than it takes, or if the sizes do not fit.
#[inline]
pub fn matmul_in<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T], scratch: &mut [T]) -> bool {
    T::matmul_in_here(a, b, out, scratch)
}
