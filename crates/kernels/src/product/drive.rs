//! Carrying out a plan: the tasks, one after the other or on the threads of the current rayon pool.

use super::INNER;
use super::block::{Block, Left, Right};
use super::matrix::{Layout, Matrix, Offsets};
use super::pack::{Form, pack};
use super::plan::{BLOCKS, Plan};
use crate::cpu::Cpu;
use crate::pool;
use crate::scalar::Scalar;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One product: `out` has `a.rows() * b.cols()` elements, `scratch` has at least `plan.scratch()`, `a.cols()` equals
/// `b.rows()`, and none of the sizes is 0. `finish` gets the range of each block of the output that is ready, and the slot
/// whose task has made it so; no two calls at the same time have the same slot.
pub(super) struct Drive<'a, T, F> {
    cpu: Cpu,
    plan: Plan,
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    out: Shared<T>,
    scratch: Shared<T>,
    /// How many tasks of each block of rows are done, where there are several.
    done: [AtomicUsize; BLOCKS],
    finish: &'a F,
}

/// A pointer into memory of which each task uses a part of its own.
#[derive(Clone, Copy)]
pub(super) struct Shared<T>(pub(super) *mut T);

impl<T> Shared<T> {
    /// The elements of this range.
    ///
    /// # Safety
    /// They are in memory, and nobody else uses them while the slice is in use.
    pub(super) unsafe fn slice<'a>(self, range: &Range<usize>) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.0.wrapping_add(range.start), range.len()) }
    }
}

// SAFETY: `T` is a number, which any thread may use; that no two tasks use the same element at the same time is the
// business of `Drive`, which says why wherever it makes use of the pointer.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<'a, T: Scalar, F: Fn(Range<usize>, usize) + Sync> Drive<'a, T, F> {
    /// Does everything. `false`, with nothing done, if `out` or `scratch` is too short.
    ///
    /// # Safety
    /// All of `out` may be written and read, and nobody else does meanwhile; but what `finish` is called for belongs to it
    /// from then on.
    pub(super) unsafe fn run(
        cpu: Cpu,
        plan: Plan,
        a: Matrix<'a, T>,
        b: Matrix<'a, T>,
        out: *mut [T],
        scratch: &mut [T],
        finish: &'a F,
    ) -> bool {
        let fits = a.cols() == b.rows() && a.rows().checked_mul(b.cols()) == Some(out.len());
        if !fits || scratch.len() < plan.scratch() {
            return false;
        }
        let (out, scratch) = (Shared(out.cast()), Shared(scratch.as_mut_ptr()));
        let done = [const { AtomicUsize::new(0) }; BLOCKS];
        let drive = Drive { cpu, plan, a, b, out, scratch, done, finish };
        let tasks = plan.grid.blocks * plan.grid.chunks;
        let slots = plan.grid.slots;
        if plan.grid.slots > 1 && pool::threads() > 1 {
            if plan.shared > 0 {
                let parts = drive.parts();
                pool::numbers(parts, parts, |part| drive.pack_part(part));
            }
            if plan.grid.parts > 1 {
                drive.by_inner_blocks();
                return true;
            }
            pool::numbers(slots, slots, |slot| {
                (tasks * slot / slots..tasks * (slot + 1) / slots).for_each(|task| drive.task(task, slot));
            });
        } else {
            if plan.shared > 0 {
                (0..drive.parts()).for_each(|part| drive.pack_part(part));
            }
            (0..tasks).for_each(|task| drive.task(task, 0));
        }
        true
    }

    /// Into how many parts the packing of the whole right operand is cut: a block of the inner sum, or some.
    fn parts(&self) -> usize {
        self.a.cols().div_ceil(INNER) * self.groups()
    }

    /// Into how many groups of panels each block of the inner sum is cut.
    fn groups(&self) -> usize {
        self.b.cols().div_ceil(self.group())
    }

    /// The columns of a group; a multiple of the width of all panels.
    fn group(&self) -> usize {
        256
    }

    /// Packs one part of the right operand, for all tasks.
    fn pack_part(&self, part: usize) {
        let (block, group) = (part / self.groups(), part % self.groups());
        let steps = inner_block(block * INNER, self.a.cols());
        let (n, begin) = (self.b.cols(), group * self.group());
        let cols = begin..n.min(begin + self.group());
        let to = self.scratch.0.wrapping_add(steps.start * n + begin * steps.len());
        if let Some(form) = self.plan.right {
            // SAFETY: the lines and steps are in the matrix. The parts, one behind the other in the order of blocks and
            // columns, make up the `k n` elements in front of the room of the tasks; each is written by one call.
            unsafe { pack(self.cpu, self.b.transposed(), cols, steps, form, to) };
        }
    }

    /// The rows and columns of a task.
    fn part_of(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let grid = &self.plan.grid;
        let (block, chunk) = (task / grid.chunks, task % grid.chunks);
        let (m, n) = (self.a.rows(), self.b.cols());
        let rows = block * grid.rows..m.min((block + 1) * grid.rows);
        (rows, chunk * grid.cols..n.min((chunk + 1) * grid.cols))
    }

    /// What some steps of the inner sum add to a part of the output, or, if they are the `first`, make of it. What is packed
    /// goes to the room of `slot`.
    ///
    /// # Safety
    /// `out` has as many elements as the product, and nobody else uses this part of it, or that room, at the same time.
    unsafe fn multiply(
        &self,
        (rows, cols): (&Range<usize>, &Range<usize>),
        inner: Range<usize>,
        slot: usize,
        out: *mut T,
        first: bool,
    ) {
        let room = self.scratch.0.wrapping_add(self.plan.shared + slot * self.plan.slot);
        let (a, left) = self.left(rows, &inner, room);
        let (b, right) = self.right(cols, &inner, room.wrapping_add(self.plan.slot_left));
        let n = self.b.cols();
        let product = Block {
            rows: rows.len(),
            inner: inner.len(),
            cols: cols.len(),
            a,
            left,
            b,
            right,
            out: out.wrapping_add(rows.start * n + cols.start),
            out_row: n,
            first,
        };
        // SAFETY: `left` and `right` name elements of the matrices or those that have just been packed; the part of the
        // output is inside of it, and is this task's alone (the caller).
        unsafe { product.multiply(self.cpu) };
    }

    /// Each task does some blocks of the inner sum, for all of the output; at the end the sums are added in order.
    fn by_inner_blocks(&self) {
        let grid = &self.plan.grid;
        let (m, k, n) = (self.a.rows(), self.a.cols(), self.b.cols());
        let (blocks, parts) = (k.div_ceil(INNER), grid.parts);
        let sums = self.plan.begin_of_sums();
        // The first one is where it stays.
        let of = |block: usize| match block.checked_sub(1) {
            None => self.out.0,
            Some(number) => self.scratch.0.wrapping_add(sums + number * m * n),
        };
        pool::numbers(parts, parts, |part| {
            for block in blocks * part / parts..blocks * (part + 1) / parts {
                for task in 0..grid.blocks * grid.chunks {
                    let (rows, cols) = self.part_of(task);
                    // SAFETY: there is room for the sums of each block, and each is in one part; a part has the room of
                    // its number, of which there are as many as parts.
                    unsafe {
                        let inner = inner_block(block * INNER, k);
                        self.multiply((&rows, &cols), inner, part, of(block), true);
                    };
                }
            }
        });
        for rows in (0..grid.blocks).map(|block| self.part_of(block * grid.chunks).0) {
            let ready = rows.start * n..rows.end * n;
            // SAFETY: these are some rows of the output, and below of the sums; all tasks are done.
            let out = unsafe { self.out.slice(&ready) };
            for block in 1..blocks {
                // SAFETY: as above.
                let sum = unsafe { Shared(of(block)).slice(&ready) };
                out.iter_mut().zip(sum).for_each(|(out, &mut sum)| *out += sum);
            }
            (self.finish)(ready, 0);
        }
    }

    /// One task, with the room of `slot` for what it packs; no other task uses that room at the same time.
    fn task(&self, task: usize, slot: usize) {
        let grid = &self.plan.grid;
        let (rows, cols) = self.part_of(task);
        let (block, k, n) = (task / grid.chunks, self.a.cols(), self.b.cols());
        for begin in (0..k).step_by(INNER) {
            // SAFETY: the part of the output belongs to this task alone.
            unsafe {
                self.multiply((&rows, &cols), inner_block(begin, k), slot, self.out.0, begin == 0);
            };
        }
        let last = match self.done.get(block) {
            Some(done) if grid.chunks > 1 => done.fetch_add(1, Ordering::AcqRel) + 1 == grid.chunks,
            _ => true,
        };
        // All tasks that write to these rows are done: this one is the last, and the counter has made what the others wrote
        // visible.
        if last {
            (self.finish)(rows.start * n..rows.end * n, slot);
        }
    }

    /// The block of the left operand, packed into `room` if the plan says so.
    fn left(&self, rows: &Range<usize>, inner: &Range<usize>, room: *mut T) -> (*const T, Left<'a>) {
        if let Some(form) = self.plan.left {
            // SAFETY: the lines and steps are in the matrix, and the room of each task has a panel more than that.
            unsafe { pack(self.cpu, self.a, rows.clone(), inner.clone(), form, room) };
        }
        match (self.plan.left, self.a.layout) {
            (None, Layout::Strided(row, step)) => {
                (self.a.pointer(rows.start, inner.start), Left::Strided { row, inner: step })
            }
            (None, Layout::Gathered(table, steps)) => {
                let (rows, inner) = (part(table, rows), part(steps, inner));
                (self.a.begin(), Left::Gathered { rows, inner })
            }
            (Some(Form::Panels { .. }), _) => (room, Left::Panels),
            _ => (room, Left::Strided { row: inner.len() as isize, inner: 1 }),
        }
    }

    /// The block of the right operand: where it lies, or packed for all tasks, or packed into `room` now.
    fn right(&self, cols: &Range<usize>, inner: &Range<usize>, room: *mut T) -> (*const T, Right<'a>) {
        match (self.plan.right, self.b.layout) {
            (Some(form @ Form::Panels { width, .. }), _) => {
                if self.plan.shared > 0 {
                    // A chunk of columns begins where a panel does.
                    let at = inner.start * self.b.cols() + cols.start * inner.len();
                    return (self.scratch.0.wrapping_add(at), Right::Panels(width));
                }
                // SAFETY: the lines and steps are in the matrix; the room of each task has as many elements.
                unsafe { pack(self.cpu, self.b.transposed(), cols.clone(), inner.clone(), form, room) };
                (room, Right::Panels(width))
            }
            (_, Layout::Strided(step, _)) => {
                (self.b.pointer(inner.start, cols.start), Right::Strided { inner: step })
            }
            (_, Layout::Gathered(steps, table)) => {
                let (inner, cols) = (part(steps, inner), part(table, cols));
                (self.b.begin(), Right::Gathered { inner, cols })
            }
        }
    }
}

/// These offsets of all.
fn part<'a>(offsets: &'a Offsets, range: &Range<usize>) -> &'a [i32] {
    offsets.table().get(range.clone()).unwrap_or_default()
}

/// The block of the inner sum that begins at `begin`.
fn inner_block(begin: usize, k: usize) -> Range<usize> {
    begin..k.min(begin + INNER)
}
