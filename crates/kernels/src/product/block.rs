//! The innermost loops: one block of the output, one block of the inner sum, operands where they lie or packed.
//!
//! The block is covered by tiles of a few rows and a few vectors' width. The sums of a tile stay in registers during the
//! whole inner block; each step loads the vectors of one row of `b`, and multiplies them by one element of `a` for each
//! row. What is left over at the lower edge gets tiles of fewer rows, at the right edge the last vector is masked:
//! which tile an element is in makes no difference to it.

use super::gathered;
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// How `rows` by `inner` elements of `a` lie from a pointer on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Left<'a> {
    /// At these distances.
    Strided { row: isize, inner: isize },
    /// In panels of `Shape::rows` rows, inside of which each step of the inner sum is side by side. The last panel takes
    /// as much room as the others.
    Panels,
    /// At the sums of these two offsets.
    Gathered { rows: &'a [i32], inner: &'a [i32] },
}

/// How `inner` by `cols` elements of `b` lie from a pointer on: side by side in a row, or at least in long runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Right<'a> {
    /// Rows at this distance.
    Strided { inner: isize },
    /// In dense panels of this number of columns; the last panel has only as many as there are.
    Panels(usize),
    /// At the sums of these two offsets.
    Gathered { inner: &'a [i32], cols: &'a [i32] },
}

/// `out = a b`, or `out += a b`: the sums over `inner` are made from +0 on, then stored or added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a, T> {
    pub(super) rows: usize,
    pub(super) inner: usize,
    pub(super) cols: usize,
    pub(super) a: *const T,
    pub(super) left: Left<'a>,
    pub(super) b: *const T,
    pub(super) right: Right<'a>,
    pub(super) out: *mut T,
    /// The distance of two rows of `out`.
    pub(super) out_row: usize,
    /// Whether to store, not to add.
    pub(super) first: bool,
}

impl<T: Scalar> Block<'_, T> {
    /// Multiplies.
    ///
    /// # Safety
    ///
    /// All elements of `a` and `b` that the description names are readable, those of `out` are writable and, unless
    /// this is the first block of the inner sum, initialised; nobody else uses these meanwhile.
    #[inline]
    pub(super) unsafe fn multiply(self, cpu: Cpu) {
        cpu.run(Multiply(self));
    }
}

/// Constructed by [`Block::multiply`] only, whose caller guarantees what the loops need.
struct Multiply<'a, T>(Block<'a, T>);

impl<T: Scalar> Kernel for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let block = self.0;
        let width = match block.right {
            Right::Strided { .. } => block.cols,
            Right::Panels(width) => width,
            Right::Gathered { inner, cols } => {
                // SAFETY: the caller of `multiply` has vouched for the block.
                return unsafe { gathered::multiply::<T, A::Vector<T>>(&block, inner, cols) };
            }
        };
        let mut begin = 0;
        while begin < block.cols {
            let cols = width.min(block.cols - begin);
            let b_inner = match block.right {
                Right::Strided { inner } => inner,
                Right::Panels(_) | Right::Gathered { .. } => cols as isize,
            };
            let b = block.b.wrapping_add(begin * block.inner);
            // SAFETY: these columns are part of the block, for which the caller of `multiply` has vouched.
            unsafe { panel::<T, A::Vector<T>>(&block, b, b_inner, block.out.wrapping_add(begin), cols) };
            begin += width;
        }
    }
}

/// The columns of one panel.
#[inline(always)]
unsafe fn panel<T: Scalar, V: Vector<T>>(
    block: &Block<T>,
    b: *const T,
    b_inner: isize,
    out: *mut T,
    cols: usize,
) {
    let mut at = 0;
    while at < cols {
        let left = cols - at;
        let strip =
            Strip::<T, V> { b: b.wrapping_add(at), b_inner, out: out.wrapping_add(at), mask: V::mask(left) };
        // SAFETY: each strip is as wide as there are columns left, or less.
        at += unsafe {
            // The fewer rows, the wider: enough sums have to be under way to hide the latency of an addition.
            if block.rows == 1 && left >= 8 * V::LANES {
                strip.run::<1, 8, false>(block)
            } else if block.rows < 4 && left >= 4 * V::LANES {
                strip.run::<3, 4, false>(block)
            } else if left >= 2 * V::LANES {
                strip.run::<8, 2, false>(block)
            } else if left > V::LANES {
                let strip = Strip { mask: V::mask(left - V::LANES), ..strip };
                strip.run::<8, 2, true>(block)
            } else if left == V::LANES {
                strip.run::<8, 1, false>(block)
            } else {
                strip.run::<8, 1, true>(block)
            }
        };
    }
}

/// A few vectors' width of columns; `mask` is for the last vector, where it is not a whole one.
#[derive(Clone, Copy)]
pub(super) struct Strip<T: Scalar, V: Vector<T>> {
    pub(super) b: *const T,
    pub(super) b_inner: isize,
    out: *mut T,
    mask: V::Mask,
}

impl<T: Scalar, V: Vector<T>> Strip<T, V> {
    /// All rows, in tiles of at most `MOST` rows and `N` vectors; returns the width.
    #[inline(always)]
    unsafe fn run<const MOST: usize, const N: usize, const PART: bool>(self, block: &Block<T>) -> usize {
        let (row, inner, tile, cross) = match block.left {
            Left::Strided { row, inner } => (row, inner, row.wrapping_mul(V::ROWS as isize), true),
            Left::Panels => (1, V::ROWS as isize, (V::ROWS * block.inner) as isize, false),
            Left::Gathered { rows, inner } => {
                // SAFETY: as for this function.
                unsafe { self.gathered::<MOST, N, PART>(block, rows, inner) };
                return Self::width::<N, PART>();
            }
        };
        // A tile has no more rows than this, and there is one for each number of rows that can be left over.
        let most = if MOST < V::ROWS { MOST } else { V::ROWS };
        let mut at = 0;
        while at < block.rows {
            let left = block.rows - at;
            // A tile of one, two or three rows waits for its own additions: better two of half the height.
            let rows = if left <= most {
                left
            } else if cross && most > 3 && left < most + 4 {
                left.div_ceil(2)
            } else {
                most
            };
            let a = if cross {
                block.a.wrapping_offset(at as isize * row)
            } else {
                block.a.wrapping_offset((at / V::ROWS) as isize * tile + (at % V::ROWS) as isize)
            };
            // SAFETY: there are `rows` rows from `at` on; in panels they are in the same one.
            unsafe {
                match rows {
                    8 if most >= 8 => self.tile::<8, N, PART>(block, a, row, inner, at),
                    7 if most >= 7 => self.tile::<7, N, PART>(block, a, row, inner, at),
                    6 if most >= 6 => self.tile::<6, N, PART>(block, a, row, inner, at),
                    5 if most >= 5 => self.tile::<5, N, PART>(block, a, row, inner, at),
                    4 if most >= 4 => self.tile::<4, N, PART>(block, a, row, inner, at),
                    3 if most >= 3 => self.tile::<3, N, PART>(block, a, row, inner, at),
                    2 if most >= 2 => self.tile::<2, N, PART>(block, a, row, inner, at),
                    _ => self.tile::<1, N, PART>(block, a, row, inner, at),
                }
            }
            at += rows.clamp(1, 8);
        }
        Self::width::<N, PART>()
    }

    /// How many columns are done; a masked vector is the last one.
    #[inline(always)]
    fn width<const N: usize, const PART: bool>() -> usize {
        if PART { usize::MAX >> 1 } else { N * V::LANES }
    }

    /// `M` rows from number `at` on, which begin at `a`.
    #[inline(always)]
    unsafe fn tile<const M: usize, const N: usize, const PART: bool>(
        &self,
        block: &Block<T>,
        mut a: *const T,
        row: isize,
        inner: isize,
        at: usize,
    ) {
        let mut sums = [[V::zero(); N]; M];
        let mut b = self.b;
        for _ in 0..block.inner {
            // SAFETY: the caller says that there are as many columns.
            let ys = unsafe { self.load::<N, PART>(b) };
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the caller says that there are `M` rows.
                let x = unsafe { V::splat(a.wrapping_offset(i as isize * row)) };
                for (sum, &y) in sums.iter_mut().zip(&ys) {
                    *sum = x.mul_add(y, *sum);
                }
            }
            a = a.wrapping_offset(inner);
            b = b.wrapping_offset(self.b_inner);
        }
        // SAFETY: as above.
        unsafe { self.store::<M, N, PART>(block, &sums, at) };
    }

    /// The vectors of one row of `b`; the mask stops where the columns end.
    #[inline(always)]
    pub(super) unsafe fn load<const N: usize, const PART: bool>(&self, b: *const T) -> [V; N] {
        let mut ys = [V::zero(); N];
        for (j, y) in ys.iter_mut().enumerate() {
            let from = b.wrapping_add(j * V::LANES);
            // SAFETY: the caller says that there are as many columns; the mask stops where they end.
            *y = unsafe { if PART && j + 1 == N { V::load_part(from, self.mask) } else { V::load(from) } };
        }
        ys
    }

    /// Sums to the rows of the output from number `at` on.
    #[inline(always)]
    pub(super) unsafe fn store<const M: usize, const N: usize, const PART: bool>(
        &self,
        block: &Block<T>,
        sums: &[[V; N]; M],
        at: usize,
    ) {
        for (i, sums) in sums.iter().enumerate() {
            let out = self.out.wrapping_add((at + i) * block.out_row);
            for (j, &sum) in sums.iter().enumerate() {
                let to = out.wrapping_add(j * V::LANES);
                // SAFETY: as for the loads; the caller says that `out` may be used.
                unsafe {
                    if PART && j + 1 == N {
                        let sum = if block.first { sum } else { V::load_part(to, self.mask).add(sum) };
                        sum.store_part(to, self.mask);
                    } else {
                        let sum = if block.first { sum } else { V::load(to).add(sum) };
                        sum.store(to);
                    }
                }
            }
        }
    }
}

/// What packing has to know of the vectors of a processor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The number of elements of a vector.
    pub(super) lanes: usize,
    /// The number of rows of a whole tile.
    pub(super) rows: usize,
}

impl Shape {
    /// That of the vectors of `T`.
    #[inline]
    pub(super) fn of<T: Scalar>(cpu: Cpu) -> Shape {
        struct Ask<T>(std::marker::PhantomData<T>);
        impl<T: Scalar> Kernel for Ask<T> {
            type Output = Shape;
            #[inline(always)]
            fn run<A: Arithmetic>(self) -> Shape {
                Shape { lanes: A::Vector::<T>::LANES, rows: A::Vector::<T>::ROWS }
            }
        }
        cpu.run(Ask::<T>(std::marker::PhantomData))
    }
}
