//! The matrix product, for operands of any layout: transposed, reversed, broadcast or gathered ones are multiplied where
//! they lie.
//!
//! # The result
//!
//! Every element is a sum in a fixed order, which nothing but the inner size decides. The inner sum is cut into blocks of
//! [`INNER`] terms; the last one may be shorter. In each block, from +0 on, the terms are added in ascending order by
//! `sum = a b + sum`, rounded as the kind of processor says (once with AVX2 and AVX-512, twice on the portable path).
//! The sums of the blocks are added in order, the first one as it is.
//!
//! So an element has the same bits for any layout of the operands, for any number of other rows and columns, and for
//! any number of threads; and AVX2 and AVX-512 give the same bits. (Which of several NaNs comes out is not defined.)
//!
//! # The way there
//!
//! The processor is busy if each element that it loads is multiplied many times. `block.rs` has the loops that do so: they
//! keep the sums of a tile of the output in registers. They read operands with strides where these lie, as long as the
//! rows of the right one are dense; gathered ones (`gathered.rs`) if they lie in long runs. What lies badly is first packed
//! (`pack.rs`). `plan.rs` decides about
//! that and cuts the output into tasks, which `drive.rs` carries out, on several threads where that pays. A product with
//! one column is computed as its transpose, which has one row and the same elements in the same order. A row
//! times a matrix with dense columns has loops of its own (`lines.rs`), and tiny products are computed by the definition
//! (`direct.rs`).

mod block;
mod direct;
mod drive;
mod gathered;
mod lines;
mod matrix;
mod pack;
mod plan;
#[cfg(test)]
mod tests;

use crate::cpu::Cpu;
use crate::scalar::Scalar;
use block::{Block, Left, Right, Shape};
use direct::Direct;
use drive::{Drive, Shared};
use lines::Lines;
use matrix::Layout;
pub use matrix::{Matrix, Offsets};
use plan::{Grid, Plan};
use std::ops::Range;

/// The number of terms of a block of the inner sum: the result depends on it, so it is the same for all.
pub const INNER: usize = 256;

/// Up to this number of multiplications the definition is followed literally.
const DIRECT: usize = 24;

/// The same for operands that would have to be packed.
const DIRECT_PACKED: usize = 256;

/// From this number of multiplications on, the product may use the threads of the current rayon pool.
pub(crate) const PARALLEL: usize = 48 * 48 * 256;

#[inline]
pub(crate) fn matmul<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) -> bool {
    fits(&a, &b, out.len()) && (small(Cpu::current(), &a, &b, out) || allocating(a, b, out))
}

#[inline]
pub(crate) fn matmul_in<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T], scratch: &mut [T]) -> bool {
    fits(&a, &b, out.len())
        && (small(Cpu::current(), &a, &b, out)
            // SAFETY: the output is borrowed exclusively.
            || unsafe { product(Cpu::current(), a, b, out, scratch, &|_, _| ()) })
}

/// The same as [`matmul_in`](crate::matmul_in), and calls `finish` with the rows of the output as soon as they are ready, a block of them
/// at a time, as long as they are in the caches: `finish(first, rows)`, where `rows` are whole rows, from number `first`
/// on, one after the other. What `finish` makes of them stays.
///
/// Each row is in exactly one block. The blocks depend on the sizes of the product alone, not on the number of threads;
/// but the order of the calls is not defined, and they may come from several threads.
#[inline]
pub fn matmul_with<T: Scalar>(
    a: Matrix<T>,
    b: Matrix<T>,
    out: &mut [T],
    scratch: &mut [T],
    finish: impl Fn(usize, &mut [T]) + Sync,
) -> bool {
    fits(&a, &b, out.len()) && with(Cpu::current(), a, b, out, scratch, &finish)
}

/// The same for whoever has pointers: `finish` gets the range of the elements of the output that are ready, whole rows, and
/// the number of a slot. No two calls at the same time have the same slot; there are [`Blocks::slots`] of them.
///
/// # Safety
/// All of `out` may be written and read, and nobody else does meanwhile; but what `finish` is called for belongs to it from
/// then on.
pub(crate) unsafe fn matmul_finished<T: Scalar, F: Fn(Range<usize>, usize) + Sync>(
    a: Matrix<T>,
    b: Matrix<T>,
    out: *mut [T],
    scratch: &mut [T],
    finish: &F,
) -> bool {
    // SAFETY: the same promise.
    fits(&a, &b, out.len()) && unsafe { finished(Cpu::current(), a, b, out, scratch, finish) }
}

/// How [`matmul_with`] cuts a product into blocks of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The rows of a block; the last one may have fewer.
    pub rows: usize,
    /// How many blocks there are.
    pub count: usize,
    /// How many calls of `finish` can run at the same time, at most.
    pub(crate) slots: usize,
    /// Whether several threads cut the inner sum, so that all blocks are ready at the end.
    pub(crate) by_inner_blocks: bool,
}

impl Blocks {
    /// Those of `m` by `k` times `k` by `n`.
    pub fn of(m: usize, k: usize, n: usize) -> Blocks {
        let [m, k, n] = [m, k, n].map(|size| size.max(1));
        // One column is computed as a row.
        let grid = if n == 1 { Grid::new(1, k, m) } else { Grid::new(m, k, n) };
        let rows = if n == 1 { m } else { grid.rows };
        Blocks { rows, count: grid.blocks, slots: grid.slots, by_inner_blocks: grid.parts > 1 }
    }
}

/// The scratch, in elements, that [`matmul_in`](crate::matmul_in) and [`matmul_with`] need for a matrix of `m` by `k` times one of `k` by
/// `n`, whatever the layout of the operands; it does not depend on the number of threads.
#[inline]
pub fn matmul_scratch<T: Scalar>(m: usize, k: usize, n: usize) -> usize {
    if m.saturating_mul(k).saturating_mul(n) <= DIRECT {
        0
    } else if n == 1 {
        // Computed as its transpose.
        Grid::new(1, k, m).scratch(k, m)
    } else {
        Grid::new(m, k, n).scratch(k, n)
    }
}

#[inline]
fn fits<T>(a: &Matrix<T>, b: &Matrix<T>, out: usize) -> bool {
    a.cols() == b.rows() && a.rows().checked_mul(b.cols()) == Some(out)
}

/// Whether the product is so simple that it needs no plan; then it is computed. The sizes fit.
#[inline]
fn small<T: Scalar>(cpu: Cpu, a: &Matrix<T>, b: &Matrix<T>, out: &mut [T]) -> bool {
    let work = out.len().saturating_mul(a.cols());
    if work <= DIRECT {
        cpu.run(Direct::<T, false>::new(a, b, out));
        return true;
    }
    let turned;
    let (a, b) = if b.cols() == 1 {
        turned = upright(*a, *b);
        (&turned.0, &turned.1)
    } else {
        (a, b)
    };
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let dense = match (a.layout, b.layout) {
        (Layout::Strided(a_row, a_col), Layout::Strided(b_row, 1)) => Some((a_row, a_col, b_row)),
        _ => None,
    };
    match dense {
        Some((row, inner, b_row)) if k <= INNER && m <= 64 && n <= 256 && work < PARALLEL => {
            let block = Block {
                rows: m,
                inner: k,
                cols: n,
                a: a.pointer(0, 0),
                left: Left::Strided { row, inner },
                b: b.pointer(0, 0),
                right: Right::Strided { inner: b_row },
                out: out.as_mut_ptr(),
                out_row: n,
                first: true,
            };
            // SAFETY: the block is all of the matrices, whose elements are readable, and all of the output, which has
            // as many elements and is borrowed exclusively.
            unsafe { block.multiply(cpu) };
        }
        None if work <= DIRECT_PACKED => cpu.run(Direct::<T, true>::new(a, b, out)),
        None if m == 1 => match (a.layout, b.layout) {
            (Layout::Strided(_, a_step), Layout::Strided(1, b_line)) => {
                let lines = Lines { inner: k, a: a.pointer(0, 0), a_step, b: b.pointer(0, 0), b_line };
                // SAFETY: these are the elements of the matrices, all of them readable; `out` is as long as `b` is wide.
                return unsafe { lines.multiply(cpu, out) };
            }
            _ => return false,
        },
        _ => return false,
    }
    true
}

/// A product with one column as its transpose, which has one row, and the same elements in the same order.
#[inline(always)]
fn upright<'a, T>(a: Matrix<'a, T>, b: Matrix<'a, T>) -> (Matrix<'a, T>, Matrix<'a, T>) {
    if b.cols() == 1 { (b.transposed(), a.transposed()) } else { (a, b) }
}

/// The product with scratch of its own; the sizes fit, and none of them is 0.
#[inline(never)]
fn allocating<T: Scalar>(a: Matrix<T>, b: Matrix<T>, out: &mut [T]) -> bool {
    let cpu = Cpu::current();
    let (a, b) = upright(a, b);
    let plan = Plan::new(Shape::of::<T>(cpu), &a, &b);
    let mut scratch = vec![T::zero(); plan.scratch()];
    // SAFETY: the output is borrowed exclusively.
    unsafe { Drive::run(cpu, plan, a, b, out, &mut scratch, &|_, _| ()) }
}

/// The product by a plan; the sizes fit, and none of them is 0.
///
/// # Safety
/// As for [`Drive::run`].
#[inline(never)]
unsafe fn product<T: Scalar, F: Fn(Range<usize>, usize) + Sync>(
    cpu: Cpu,
    a: Matrix<T>,
    b: Matrix<T>,
    out: *mut [T],
    scratch: &mut [T],
    finish: &F,
) -> bool {
    let (a, b) = upright(a, b);
    let plan = Plan::new(Shape::of::<T>(cpu), &a, &b);
    // SAFETY: the caller's promise.
    unsafe { Drive::run(cpu, plan, a, b, out, scratch, finish) }
}

/// The product with the calls of `finish`; the sizes fit.
fn with<T: Scalar, F: Fn(usize, &mut [T]) + Sync>(
    cpu: Cpu,
    a: Matrix<T>,
    b: Matrix<T>,
    out: &mut [T],
    scratch: &mut [T],
    finish: &F,
) -> bool {
    let (n, out) = (b.cols(), &raw mut *out);
    let begin = Shared(out.cast::<T>());
    let finish = |ready: Range<usize>, _: usize| {
        // SAFETY: these elements of the output are left to this call.
        finish(ready.start / n, unsafe { begin.slice(&ready) });
    };
    // SAFETY: the output is borrowed exclusively, for the product and for `finish`.
    unsafe { finished(cpu, a, b, out, scratch, &finish) }
}

/// The same, with ranges and slots: see [`matmul_finished`]. The sizes fit.
///
/// # Safety
/// As for [`Drive::run`].
unsafe fn finished<T: Scalar, F: Fn(Range<usize>, usize) + Sync>(
    cpu: Cpu,
    a: Matrix<T>,
    b: Matrix<T>,
    out: *mut [T],
    scratch: &mut [T],
    finish: &F,
) -> bool {
    // SAFETY: the caller's promise; the slice is gone before `finish` is called.
    if !small(cpu, &a, &b, unsafe { &mut *out }) {
        // SAFETY: as above.
        return unsafe { product(cpu, a, b, out, scratch, finish) };
    }
    // The blocks of the plan there would be otherwise: this one is in the caches as a whole, or a single row.
    let block = Blocks::of(a.rows(), a.cols(), b.cols()).rows * b.cols().max(1);
    for begin in (0..out.len()).step_by(block) {
        finish(begin..out.len().min(begin + block), 0);
    }
    true
}
