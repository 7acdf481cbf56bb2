//! Reductions that keep the last axis: whole rows are added to each other, so that the loop runs along memory. See
//! `reduce.rs` for the order.

use crate::pool;
use crate::reduce::{Fold, split};
use crate::scalar::Scalar;
use crate::view::{Walk, spread};

/// The leaves of the tree down the columns.
const ROWS: usize = 32;

/// The number of columns that are summed at once: the running sums stay in the L1 cache.
const WIDTH: usize = 512;

/// The rows that are added to each other: `count` positions of `folded`, each the begin of a row with spacing `step`.
pub(crate) struct Columns<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) folded: Walk<'a>,
    pub(crate) step: isize,
    pub(crate) count: usize,
}

impl<T: Scalar> Columns<'_, T> {
    pub(crate) fn sum<F: Fold>(&self, kept: Walk, width: usize, out: &mut [T]) {
        let tile = |base: isize, index: usize, out: &mut [T], parallel: bool| {
            let origin = base.wrapping_add((index * WIDTH) as isize * self.step);
            let rows = Walk { origin, ..self.folded };
            // Clearing a wide tile at every branch would take longer than adding a few narrow rows.
            match out.len() {
                ..=16 => self.tree::<F, 16>(rows, 0, self.count, out, parallel),
                _ => self.tree::<F, WIDTH>(rows, 0, self.count, out, parallel),
            }
        };
        let width = width.max(1);
        if !pool::worth(out.len().saturating_mul(self.count)) {
            let mut rows = out.chunks_mut(width);
            kept.each(0, rows.len(), |base| {
                let row = rows.next().unwrap_or_default();
                row.chunks_mut(WIDTH).enumerate().for_each(|(index, out)| tile(base, index, out, false));
            });
        } else if out.len() == width {
            let base = kept.origin;
            pool::chunks(out, WIDTH, |index, out| tile(base, index, out, true));
        } else {
            pool::chunks(out, width, |row, out| {
                let base = kept.position(row);
                out.chunks_mut(WIDTH).enumerate().for_each(|(index, out)| tile(base, index, out, true));
            });
        }
    }

    /// Overwrites `out`, at most `N` wide, with the sum of `count` rows from number `start` on.
    fn tree<F: Fold, const N: usize>(
        &self,
        rows: Walk,
        start: usize,
        count: usize,
        out: &mut [T],
        parallel: bool,
    ) {
        if count <= ROWS {
            return self.leaf::<F>(rows, start, count, out);
        }
        let mut other = [F::start(); N];
        let Some(other) = other.get_mut(..out.len()) else { return };
        let left = split(count, ROWS);
        if parallel && count.saturating_mul(out.len()) >= pool::least() {
            pool::join(
                || self.tree::<F, N>(rows, start, left, out, true),
                || self.tree::<F, N>(rows, start + left, count - left, other, true),
            );
        } else {
            self.tree::<F, N>(rows, start, left, out, false);
            self.tree::<F, N>(rows, start + left, count - left, other, false);
        }
        out.iter_mut().zip(other).for_each(|(out, other)| *out = F::both(*out, *other));
    }

    /// Row after row; four rows in one pass where they are slices, because then the running sums are loaded and
    /// stored a quarter as often. The additions and their order are the same.
    fn leaf<F: Fold>(&self, rows: Walk, start: usize, count: usize, out: &mut [T]) {
        out.fill(F::start());
        let add_one = |out: &mut [T], base| {
            spread(self.data, base, self.step, out, |to, from| *to = F::both(*to, from))
        };
        let (mut waiting, mut filled) = ([0isize; 4], 0);
        rows.each(start, count, |base| {
            waiting[filled] = base;
            filled += 1;
            if filled == waiting.len() {
                filled = 0;
                let width = out.len();
                let row = |base: isize| self.data.get(base as usize..)?.get(..width);
                match waiting.map(row) {
                    [Some(a), Some(b), Some(c), Some(d)] if self.step == 1 => {
                        for ((((out, &a), &b), &c), &d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                            *out = F::both(F::both(F::both(F::both(*out, a), b), c), d);
                        }
                    }
                    _ => waiting.iter().for_each(|&base| add_one(out, base)),
                }
            }
        });
        waiting.iter().take(filled).for_each(|&base| add_one(out, base));
    }
}
