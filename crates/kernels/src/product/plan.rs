//! How a product is cut into parts, and what is packed: all of it decided before the first multiplication.
//!
//! The output is a grid of *tasks*, blocks of rows by chunks of columns. Each task goes through its inner sum in blocks of
//! [`INNER`]. How large the parts are follows from the sizes of the product alone, and so does the scratch memory; only
//! what is packed depends on how the operands lie. None of it makes a difference to the bits of the result.

use super::block::Shape;
use super::matrix::{Layout, Matrix};
use super::pack::Form;
use super::{INNER, PARALLEL};

/// The number of elements of a block of the left operand: in the second cache there is room for it.
const LEFT: usize = 64 * INNER;

/// The number of elements of a block of the right operand, where it is packed for one task.
const RIGHT: usize = 256 * INNER;

/// The smallest number of rows that are worth a block, if there are as many.
const ROWS: usize = 64;

/// Where there are fewer blocks of rows than this, and several threads, the columns are cut as well.
pub(super) const BLOCKS: usize = 8;

/// From so many blocks of the inner sum on, several threads each do some of these, if their sums are no more than `SUMS`
/// elements.
const LONG: usize = 4;

/// See [`LONG`]: about as much as a second cache holds.
const SUMS: usize = 1 << 16;

/// The most tasks that run at the same time.
const SLOTS: usize = 32;

/// The grid of the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    /// The rows of a block, and how many blocks there are.
    pub(super) rows: usize,
    pub(super) blocks: usize,
    /// The columns of a chunk, and how many chunks there are; more than 1 only if there are fewer than `BLOCKS` blocks.
    pub(super) cols: usize,
    pub(super) chunks: usize,
    /// The number of tasks that may run at the same time.
    pub(super) slots: usize,
    /// Into how many parts several threads cut a long inner sum, in place of the output; 1 if they do not. So each of them
    /// reads the part of the operands that it has written itself, if the steps before this one were cut the same way; a
    /// part of the output needs all rows of one of them.
    pub(super) parts: usize,
    /// The elements of the sums of all blocks of the inner sum but the first, where it is cut.
    pub(super) sums: usize,
}

impl Grid {
    /// That of `m` by `k` times `k` by `n`; all of them are at least 1.
    pub(super) fn new(m: usize, k: usize, n: usize) -> Grid {
        let parallel = m.saturating_mul(n).saturating_mul(k) >= PARALLEL;
        let inner = k.min(INNER);
        // Narrow blocks may be higher: there is room for them, and each costs some time of its own.
        let most = (LEFT / inner.max(n).max(16)).max(ROWS) / 8 * 8;
        let blocks = match m.div_ceil(most) {
            1 => 1,
            // An even number, for two threads.
            blocks => blocks.next_multiple_of(2),
        };
        let rows = m.div_ceil(blocks).next_multiple_of(8);
        let blocks = m.div_ceil(rows);
        let cols = if blocks >= BLOCKS || (blocks > 1 && !parallel) {
            n
        } else if blocks > 1 {
            n.div_ceil(2 * BLOCKS / blocks).next_multiple_of(64)
        } else {
            // A multiple of the widest panel, which is that of eight vectors of 16.
            let most = RIGHT / inner / 128 * 128;
            if parallel { n.div_ceil(BLOCKS).next_multiple_of(128).min(most) } else { most }
        };
        let cols = cols.min(n);
        let chunks = n.div_ceil(cols);
        let inner_blocks = k.div_ceil(INNER);
        let sums = (inner_blocks - 1).saturating_mul(m).saturating_mul(n);
        let (parts, sums) = match parallel && inner_blocks >= LONG && sums <= SUMS {
            true => (inner_blocks.min(SLOTS), sums),
            false => (1, 0),
        };
        let slots = if parallel { (blocks * chunks).max(parts).min(SLOTS) } else { 1 };
        Grid { rows, blocks, cols, chunks, slots, parts, sums }
    }

    /// The elements of scratch that a task needs for its block of the left operand: a panel's room more than `rows`.
    fn left(&self, k: usize) -> usize {
        (self.rows + 8) * k.min(INNER)
    }

    /// The same for the right operand, if it is packed for each task.
    fn right(&self, k: usize) -> usize {
        self.cols * k.min(INNER)
    }

    /// The scratch for any layout of the operands; `usize::MAX` if that is no number.
    pub(super) fn scratch(&self, k: usize, n: usize) -> usize {
        let (whole, each) = if self.blocks > 1 { (k.saturating_mul(n), 0) } else { (0, self.right(k)) };
        whole.saturating_add(self.slots * (self.left(k) + each) + self.sums)
    }
}

/// What is packed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) grid: Grid,
    pub(super) left: Option<Form>,
    pub(super) right: Option<Form>,
    /// Where the packed right operand ends and the room of the tasks begins.
    pub(super) shared: usize,
    /// The room of each task, and how much of it is for the left operand.
    pub(super) slot: usize,
    pub(super) slot_left: usize,
}

impl Plan {
    /// The plan of `a` times `b`, none of whose sizes is 0.
    pub(super) fn new<T>(shape: Shape, a: &Matrix<T>, b: &Matrix<T>) -> Plan {
        let (m, k, n) = (a.rows(), a.cols(), b.cols());
        let grid = Grid::new(m, k, n);
        // As wide as the strips of `block.rs` for many rows. Wider panels would do for few; but to pack more lines at
        // once is to walk through more pages of memory at once than the processor keeps track of.
        let width = if m < 4 { 4 * shape.lanes } else { 2 * shape.lanes };
        let right = pack_right(shape, b, m).then_some(Form::Panels { width, padded: false });
        let left = pack_left(shape, a, n > 2 * width, right.is_none() && b.is_gathered());
        let each = right.is_some() && grid.blocks == 1;
        let shared = if right.is_some() && !each { k * n } else { 0 };
        let slot_left = if left.is_some() { grid.left(k) } else { 0 };
        let slot = slot_left + if each { grid.right(k) } else { 0 };
        Plan { grid, left, right, shared, slot, slot_left }
    }

    /// The scratch, which is at most that of the grid.
    pub(super) fn scratch(&self) -> usize {
        self.begin_of_sums() + self.grid.sums
    }

    /// Where in the scratch the sums of the blocks of a long inner sum are.
    pub(super) fn begin_of_sums(&self) -> usize {
        self.shared + self.grid.slots * self.slot
    }
}

/// Whether and how to pack the left operand. It can be read where it lies, unless both operands are gathered and the other
/// one is read where it lies; `often` says that it is read again and again, so that it pays to have it close together.
fn pack_left<T>(shape: Shape, a: &Matrix<T>, often: bool, both: bool) -> Option<Form> {
    let panels = Form::Panels { width: shape.rows, padded: true };
    match a.layout {
        Layout::Strided(row, 1) => {
            (often && row.unsigned_abs() * size_of::<T>() >= FAR).then_some(Form::Lines)
        }
        Layout::Strided(..) => often.then_some(panels),
        Layout::Gathered(..) if !both => None,
        Layout::Gathered(rows, cols) if rows.run() >= cols.run().min(8) => Some(panels),
        Layout::Gathered(..) => Some(Form::Lines),
    }
}

/// Whether to pack the right operand, which `m` rows multiply. It can be read where it lies if its rows are dense, or lie in
/// runs that fill most of the lanes of vectors.
pub(super) fn pack_right<T>(shape: Shape, b: &Matrix<T>, m: usize) -> bool {
    match b.layout {
        Layout::Strided(row, 1) => m > 2 * ROWS && row.unsigned_abs() * size_of::<T>() >= FAR,
        Layout::Strided(..) => true,
        Layout::Gathered(_, cols) => {
            let run = cols.run();
            4 * run < 3 * run.next_multiple_of(shape.lanes)
        }
    }
}

/// From this distance of rows on, in bytes, a block is scattered over so many pages and so few sets of the caches that
/// packing it pays.
const FAR: usize = 1024;
