//! The loops of `block.rs` for a gathered operand that is read where it lies: the windows of an image are multiplied from the
//! image itself, which stays in the L1 cache, however many windows an element is in.
//!
//! An element of the left operand is found by two offsets, and goes to all lanes anyway. Of the right operand whole vectors
//! are loaded, so its columns have to lie in runs: a vector, or what a run has left, is a piece of columns.

use super::block::{Block, Left, Strip};
use crate::scalar::Scalar;
use crate::vector::Vector;

/// Calls the method for the number of rows that a tile has.
macro_rules! by_rows {
    ($rows:expr, $self:ident . $tile:ident [$($more:tt)*] $arguments:tt) => {
        match $rows {
            8 => $self.$tile::<8, $($more)*> $arguments,
            7 => $self.$tile::<7, $($more)*> $arguments,
            6 => $self.$tile::<6, $($more)*> $arguments,
            5 => $self.$tile::<5, $($more)*> $arguments,
            4 => $self.$tile::<4, $($more)*> $arguments,
            3 => $self.$tile::<3, $($more)*> $arguments,
            2 => $self.$tile::<2, $($more)*> $arguments,
            _ => $self.$tile::<1, $($more)*> $arguments,
        }
    };
}

/// How many rows the next tile has: a tile of one, two or three waits for its own additions, so better two of half the
/// height.
#[inline(always)]
fn next(left: usize, most: usize) -> usize {
    if left <= most {
        left
    } else if most > 3 && left < most + 4 {
        left.div_ceil(2)
    } else {
        most
    }
}

impl<T: Scalar, V: Vector<T>> Strip<T, V> {
    /// All rows of a gathered left operand.
    #[inline(always)]
    pub(super) unsafe fn gathered<const MOST: usize, const N: usize, const PART: bool>(
        &self,
        block: &Block<T>,
        rows: &[i32],
        inner: &[i32],
    ) {
        let most = if MOST < V::ROWS { MOST } else { V::ROWS };
        let mut at = 0;
        while at < block.rows {
            let height = next(block.rows - at, most);
            let offsets = rows.get(at..).unwrap_or_default();
            // SAFETY: the caller vouches for the block; these are rows of it.
            unsafe { by_rows!(height, self.gathered_tile[N, PART](block, offsets, inner, at)) };
            at += height;
        }
    }

    /// `M` rows from number `at` on.
    #[inline(always)]
    unsafe fn gathered_tile<const M: usize, const N: usize, const PART: bool>(
        &self,
        block: &Block<T>,
        rows: &[i32],
        inner: &[i32],
        at: usize,
    ) {
        let mut begins = [block.a; M];
        for (begin, &row) in begins.iter_mut().zip(rows) {
            *begin = begin.wrapping_offset(row as isize);
        }
        let mut sums = [[V::zero(); N]; M];
        let mut b = self.b;
        for &step in inner {
            // SAFETY: the caller vouches for all rows, columns and terms of the block.
            let ys = unsafe { self.load::<N, PART>(b) };
            for (sums, begin) in sums.iter_mut().zip(&begins) {
                // SAFETY: as above; this is the place of the element.
                let x = unsafe { V::splat(begin.wrapping_offset(step as isize)) };
                for (sum, &y) in sums.iter_mut().zip(&ys) {
                    *sum = x.mul_add(y, *sum);
                }
            }
            b = b.wrapping_offset(self.b_inner);
        }
        // SAFETY: as above.
        unsafe { self.store::<M, N, PART>(block, &sums, at) };
    }
}

/// All of a block whose right operand is gathered.
///
/// # Safety
///
/// As for [`Block::multiply`].
#[inline(always)]
pub(super) unsafe fn multiply<T: Scalar, V: Vector<T>>(block: &Block<T>, inner: &[i32], cols: &[i32]) {
    let mut at = 0;
    while at < cols.len() {
        let first = Piece::<T, V>::new(block, cols, at);
        let middle = at + first.len;
        if middle < cols.len() {
            let second = Piece::new(block, cols, middle);
            at = middle + second.len;
            // SAFETY: these are columns of the block.
            unsafe { Pieces([first, second]).rows(block, inner) };
        } else {
            at = middle;
            // SAFETY: as above.
            unsafe { Pieces([first]).rows(block, inner) };
        }
    }
}

/// Columns that lie side by side, at most a vector of them.
#[derive(Clone, Copy)]
struct Piece<T: Scalar, V: Vector<T>> {
    from: *const T,
    out: *mut T,
    mask: V::Mask,
    len: usize,
}

impl<T: Scalar, V: Vector<T>> Piece<T, V> {
    /// The one that begins with column `at`.
    #[inline(always)]
    fn new(block: &Block<T>, cols: &[i32], at: usize) -> Self {
        let cols = cols.get(at..).unwrap_or_default();
        let begin = cols.first().copied().unwrap_or(0);
        let follow = |(i, &offset): (usize, &i32)| begin.checked_add(i as i32) == Some(offset);
        let len = cols.iter().take(V::LANES).enumerate().skip(1).take_while(|pair| follow(*pair)).count() + 1;
        Piece {
            from: block.b.wrapping_offset(begin as isize),
            out: block.out.wrapping_add(at),
            mask: V::mask(len),
            len,
        }
    }
}

/// As many as there are accumulators for.
struct Pieces<T: Scalar, V: Vector<T>, const N: usize>([Piece<T, V>; N]);

impl<T: Scalar, V: Vector<T>, const N: usize> Pieces<T, V, N> {
    #[inline(always)]
    unsafe fn rows(self, block: &Block<T>, inner: &[i32]) {
        let (row, step, panel) = match block.left {
            Left::Strided { row, inner } => (row, inner, None),
            Left::Panels => (1, V::ROWS as isize, Some((V::ROWS * block.inner) as isize)),
            // The plan packs one of two gathered operands.
            Left::Gathered { .. } => return,
        };
        let mut at = 0;
        while at < block.rows {
            let (height, a) = match panel {
                None => (next(block.rows - at, V::ROWS), block.a.wrapping_offset(at as isize * row)),
                Some(panel) => {
                    let begin = block.a.wrapping_offset((at / V::ROWS) as isize * panel);
                    (V::ROWS.min(block.rows - at), begin)
                }
            };
            // SAFETY: the caller vouches for the block; these are rows of it, and in panels of the same one.
            unsafe { by_rows!(height, self.tile[](block, inner, (a, row, step), at)) };
            at += height;
        }
    }

    /// `M` rows from number `at` on, which begin at `a`.
    #[inline(always)]
    unsafe fn tile<const M: usize>(
        &self,
        block: &Block<T>,
        inner: &[i32],
        (mut a, row, step): (*const T, isize, isize),
        at: usize,
    ) {
        let mut sums = [[V::zero(); N]; M];
        for &offset in inner {
            let mut ys = [V::zero(); N];
            for (y, piece) in ys.iter_mut().zip(&self.0) {
                // SAFETY: the columns of a piece lie side by side, at each term of the sum; the mask stops where they end.
                *y = unsafe { V::load_part(piece.from.wrapping_offset(offset as isize), piece.mask) };
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the caller says that there are `M` rows.
                let x = unsafe { V::splat(a.wrapping_offset(i as isize * row)) };
                for (sum, &y) in sums.iter_mut().zip(&ys) {
                    *sum = x.mul_add(y, *sum);
                }
            }
            a = a.wrapping_offset(step);
        }
        for (i, sums) in sums.iter().enumerate() {
            for (&sum, piece) in sums.iter().zip(&self.0) {
                let to = piece.out.wrapping_add((at + i) * block.out_row);
                // SAFETY: the caller says that these elements of the output may be used, within the mask.
                unsafe {
                    let sum = if block.first { sum } else { V::load_part(to, piece.mask).add(sum) };
                    sum.store_part(to, piece.mask);
                }
            }
        }
    }
}
