//! Running a fused kernel: tile after tile, each instruction a loop over the tile.

use super::chain::{Chain, MOST, Placed, Run, Step};
use super::fused::{Level, Reduction, TILE};
use super::instruction::{Code, Fused, Grid, Instruction, REGISTERS, Slot};
use super::memory::{Memory, Starts};
use super::tasks::{TASKS, divide};
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::elementwise::{map_slice, select_slices, zip_slices};
use crate::extremum::{Larger, Smaller, one_nan};
use crate::pair::PairSlices;
use crate::reduce::{Add, Fold, LANES, add_lanes, all_of, combine, split};
use crate::scalar::Scalar;
use crate::vector::fetch;
use crate::view::View;
use std::ops::Range;

impl<T: Scalar> Fused<T> {
    /// Runs the kernel.
    ///
    /// # Safety
    /// The memory fits the sizes with which the kernel was assembled, and nobody else uses it.
    pub(crate) unsafe fn run(&self, memory: &Memory<'_, T>) {
        let tiles = self.tiles();
        let threads = if self.long { crate::pool::threads() } else { 1 };
        // More pieces than threads, so that a slow thread delays the others less.
        let tasks = if threads > 1 { (2 * threads).min(TASKS).min(tiles.max(1)) } else { 1 };
        // A block of a sum belongs to one task.
        let block = (TILE / self.tile.len.max(1)).max(1);
        divide((0, tiles), (0, tasks), block, &|first, tiles, task| self.task(memory, first, tiles, task));
        for late in &self.late {
            // SAFETY: the partial results are a part of the scratch memory, all of them written by now; the
            // places of outputs were checked to be writable and to overlap nothing.
            unsafe {
                let partials = memory.read(late.partials, self.len.div_ceil(TILE));
                let result = finish(late.reduction, partials);
                for to in late.to.into_iter().flatten() {
                    memory.write(to, 1)[0] = result;
                }
            }
        }
    }

    fn tiles(&self) -> usize {
        if self.len == 0 {
            0
        } else if self.by_rows() {
            self.rows.div_ceil(self.tile.rows.max(1))
        } else {
            self.len.div_ceil(self.tile.len.max(1))
        }
    }

    /// Whether the kernel goes row by row.
    fn by_rows(&self) -> bool {
        self.cols > 1 || self.rows > 1
    }

    /// Some tiles, with the registers of a task.
    fn task(&self, memory: &Memory<'_, T>, first: usize, tiles: usize, task: usize) {
        let (tile, whole) =
            if self.by_rows() { (self.tile.rows, self.rows) } else { (self.tile.len, self.len) };
        self.stretch(memory, first * tile..whole.min((first + tiles) * tile), task);
    }

    /// These elements, with the registers of a task: whole rows if there are rows, otherwise any.
    ///
    /// # Safety
    /// As for `run`, but others may work on other elements of the same kernel at the same time, with the registers of other
    /// tasks. Loops over a tile run to the next multiple of 16, so the elements begin and end at such multiples, of rows too
    /// where there is a loop over rows, or at the end of the kernel. Nothing is reduced to a single element.
    pub(super) unsafe fn elements(&self, memory: &Memory<'_, T>, range: &Range<usize>, task: usize) {
        let unit = if self.by_rows() { self.cols } else { 1 };
        self.stretch(memory, range.start / unit..range.end / unit, task);
    }

    /// Some rows, or elements if there are no rows: tile after tile, from the first one on.
    fn stretch(&self, memory: &Memory<'_, T>, range: Range<usize>, task: usize) {
        let cpu = Cpu::current();
        let registers = self.scratch.plus(task * self.registers * self.tile.stride());
        // SAFETY: there is scratch memory for each task (`is_sound`).
        let registers = unsafe { memory.start(registers) };
        let grids = self.grids(memory);
        let mut frame = Frame {
            memory,
            areas: memory.starts(),
            registers,
            starts: [0; 3],
            counts: [1, 0, 0],
            cpu,
            cols: self.cols,
            grids: &grids,
        };
        let by_rows = self.by_rows();
        let tile = if by_rows { self.tile.rows } else { self.tile.len }.max(1);
        let mut start = range.start;
        while start < range.end {
            let count = tile.min(range.end - start);
            let (rows, len) = if by_rows {
                frame.starts = [0, start, start * self.cols];
                (count, count * self.cols)
            } else {
                frame.starts = [0, 0, start];
                (1, count)
            };
            if start == range.start {
                // For a whole tile, also if this one is shorter: that costs nothing but time.
                frame.counts = [1, self.tile.rows, self.tile.len];
                self.once.iter().for_each(|instruction| frame.run(instruction, self));
            }
            start += count;
            frame.counts = [1, rows, len];
            // A part with each instruction: all at once would wait for each other.
            let part = if start < range.end { len.div_ceil(self.body.len().max(1)) } else { 0 };
            for (i, instruction) in self.body.iter().enumerate() {
                self.streams.iter().for_each(|slot| frame.fetch_next(*slot, len + i * part, part));
                frame.run(instruction, self);
            }
        }
    }

    /// The first grids as views, made once and not for each tile; more than a few would have to be allocated.
    fn grids<'m>(&'m self, memory: &'m Memory<'_, T>) -> smallvec::SmallVec<[View<'m, T>; GRIDS]> {
        // Most kernels have none, and small ones are over before an iterator is.
        if self.grids.is_empty() {
            return smallvec::SmallVec::new();
        }
        self.grids.iter().take(GRIDS).map(|grid| grid.view(memory)).collect()
    }
}

impl Grid {
    fn view<'m, T: Scalar>(&'m self, memory: &'m Memory<'_, T>) -> View<'m, T> {
        // SAFETY: `is_sound` found the grid in the area, and nothing that the kernel writes between its ends.
        let data = unsafe { memory.read(self.at, self.len) };
        View::strided(data, self.offset, &self.shape, &self.strides).unwrap_or(View::dense(&[]))
    }
}

/// How many grids a kernel has views of.
const GRIDS: usize = 4;

/// What an instruction needs to know of the tile.
struct Frame<'m, 'a, T> {
    memory: &'m Memory<'a, T>,
    areas: Starts<'m, T>,
    registers: *mut T,
    /// The first element of the tile, by level.
    starts: [usize; 3],
    /// How many there are, by level.
    counts: [usize; 3],
    cpu: Cpu,
    cols: usize,
    grids: &'m [View<'m, T>],
}

impl<T: Scalar> Frame<'_, '_, T> {
    #[inline(always)]
    fn start(&self, slot: Slot) -> *mut T {
        if slot.area == REGISTERS {
            // SAFETY: every register number is below the number of registers, for which there is scratch memory.
            unsafe { self.registers.add(slot.offset) }
        } else {
            // SAFETY: `is_sound` found the whole array in the area, and the tile is a part of it.
            unsafe { self.areas.start(slot.area, slot.offset + self.starts[slot.moves as usize]) }
        }
    }

    /// Fetches as much as this tile has from where the next one begins, while this one is computed: the first loop over a
    /// tile would wait for memory, with nothing else to do.
    fn fetch_next(&self, slot: Slot, from: usize, len: usize) {
        let start = self.start(slot).wrapping_add(from);
        for i in (0..len).step_by(64 / size_of::<T>()) {
            fetch(start.wrapping_add(i));
        }
    }

    /// Runs one instruction over the tile.
    fn run(&self, instruction: &Instruction<T>, kernel: &Fused<T>) {
        let count = self.counts[instruction.level as usize];
        // Where a loop may run to the next multiple of 16 it does: for the loops of all vector widths there is no rest.
        let even = if instruction.level == Level::One { 1 } else { count.next_multiple_of(16) };
        let [a, b, c] = instruction.operands;
        // A register has room for a multiple of 16 elements; an operand in memory is used where it lies only if its slot is
        // padded, or its length and all tiles are multiples of 16 (`is_even`). Results go to registers that no operand has, or
        // to places that `is_sound` found apart from everything that is read. Other tasks touch other tiles only, and their
        // own registers.
        let read = |slot: Slot, len: usize| {
            // SAFETY: so there are `even` elements behind each start, and nobody writes them meanwhile.
            unsafe { std::slice::from_raw_parts(self.start(slot), len) }
        };
        let write = |slot: Slot, len: usize| {
            // SAFETY: the same, and nobody reads them meanwhile either.
            unsafe { std::slice::from_raw_parts_mut(self.start(slot), len) }
        };
        match instruction.code {
            Code::Map(f) => map_slice(self.cpu, f, read(a, even), write(instruction.to, even)),
            Code::Pair(pair) => {
                let (x, out, other) = (read(a, even), write(instruction.to, even), write(b, even));
                self.cpu.run(PairSlices { pair, x, out, other });
            }
            Code::Zip(f) => {
                zip_slices(self.cpu, f, read(a, even), read(b, even), write(instruction.to, even))
            }
            Code::Select => {
                select_slices(
                    self.cpu,
                    read(a, even),
                    read(b, even),
                    read(c, even),
                    write(instruction.to, even),
                );
            }
            Code::ReduceRows(reduction) => {
                let x = read(a, count * self.cols);
                self.cpu.run(ReduceRows { reduction, x, cols: self.cols, out: write(instruction.to, count) });
            }
            Code::ReduceAll(reduction) => {
                let result = self.cpu.run(ReduceAll { reduction, x: read(a, count) });
                write(instruction.to, 1)[0] = result;
            }
            Code::ReduceBlock(reduction, number) => {
                let lanes = write(instruction.to, LANES);
                if let Some(lanes) = lanes.first_chunk_mut() {
                    self.block(kernel, reduction, number, lanes, count, |lanes| {
                        self.cpu.run(ReduceBlock { reduction, x: read(a, count), lanes });
                    });
                }
            }
            Code::Chain(number) => {
                if let Some(chain) = kernel.chains.get(number as usize) {
                    self.chain(kernel, chain, count);
                }
            }
            Code::SpreadRows => {
                let rows = read(a, self.counts[Level::Row as usize]);
                let out = write(instruction.to, count);
                match self.cols {
                    2 => spread_short::<T, 2>(rows, out),
                    3 => spread_short::<T, 3>(rows, out),
                    4 => spread_short::<T, 4>(rows, out),
                    _ => {
                        for (out, &x) in out.chunks_exact_mut(self.cols).zip(rows) {
                            out.fill(x);
                        }
                    }
                }
            }
            Code::SpreadOne => {
                let x = read(a, 1)[0];
                write(instruction.to, even).fill(x);
            }
            Code::Copy => copy(read(a, count), write(instruction.to, count)),
            Code::Cycle(period) => {
                let period = period as usize;
                let first = read(a, period);
                for out in write(instruction.to, count).chunks_mut(period) {
                    out.copy_from_slice(&first[..out.len()]);
                }
            }
            Code::Grid(number) => {
                let start = self.starts[instruction.level as usize];
                let number = number as usize;
                if let Some(view) = self.grids.get(number) {
                    view.read(start, write(instruction.to, count));
                } else if let Some(grid) = kernel.grids.get(number) {
                    grid.view(self.memory).read(start, write(instruction.to, count));
                }
            }
        }
    }
}

impl<T: Scalar> Frame<'_, '_, T> {
    /// A chain over as many elements.
    fn chain(&self, kernel: &Fused<T>, chain: &Chain<T>, count: usize) {
        let unused = Placed { step: Step::Neg, operand: std::ptr::null(), to: std::ptr::null_mut() };
        let mut placed = [unused; MOST];
        for (placed, link) in placed.iter_mut().zip(&chain.links) {
            let to = link.to.map_or(std::ptr::null_mut(), |to| self.start(to));
            *placed = Placed { step: link.step, operand: self.start(link.operand), to };
        }
        let links = placed.get(..chain.links.len()).unwrap_or(&[]);
        let first = self.start(chain.first);
        // SAFETY: as for the single loops in `run`; an operand of one link is the result of another only where it is the same
        // array, or the operand may be overwritten at its own level.
        let run =
            |lanes: Option<&mut [T; LANES]>| self.cpu.run(unsafe { Run::new(first, links, count, lanes) });
        match chain.sum {
            None => run(None),
            Some((number, lanes)) => {
                // SAFETY: the lanes of a sum have a register for themselves, which has room for 16.
                let lanes = unsafe { &mut *self.start(lanes).cast::<[T; LANES]>() };
                self.block(kernel, Reduction::Sum, number, lanes, count, |lanes| run(Some(lanes)));
            }
        }
    }

    /// What a tile adds to the lanes of a block; behind the last tile of the block, its result.
    #[inline(always)]
    fn block(
        &self,
        kernel: &Fused<T>,
        reduction: Reduction,
        number: u32,
        lanes: &mut [T; LANES],
        count: usize,
        add: impl FnOnce(&mut [T; LANES]),
    ) {
        let start = self.starts[Level::Full as usize];
        if start.is_multiple_of(TILE) {
            *lanes = [start_of(reduction); LANES];
        }
        add(lanes);
        let end = start + count;
        if (end.is_multiple_of(TILE) || end == kernel.len)
            && let Some(late) = kernel.late.get(number as usize)
        {
            let partial = match reduction {
                Reduction::Sum => combine::<T, Add>(*lanes),
                Reduction::Largest => combine::<T, Larger>(*lanes),
                Reduction::Smallest => combine::<T, Smaller>(*lanes),
            };
            // SAFETY: there is a partial result for each block, written by the task that has its last tile.
            unsafe { self.memory.write(late.partials.plus(start / TILE), 1)[0] = partial };
        }
    }
}

fn start_of<T: Scalar>(reduction: Reduction) -> T {
    match reduction {
        Reduction::Sum => Add::start(),
        Reduction::Largest => Larger::start(),
        Reduction::Smallest => Smaller::start(),
    }
}

fn spread_short<T: Scalar, const N: usize>(rows: &[T], out: &mut [T]) {
    for (out, &x) in out.as_chunks_mut::<N>().0.iter_mut().zip(rows) {
        *out = [x; N];
    }
}

/// Short pieces without a call: in pieces of fixed lengths, which are single moves.
#[inline(always)]
fn copy<T: Scalar>(mut from: &[T], mut to: &mut [T]) {
    #[inline(always)]
    fn pieces<'f, 't, T: Scalar, const N: usize>(from: &'f [T], to: &'t mut [T]) -> (&'f [T], &'t mut [T]) {
        match (from.split_first_chunk::<N>(), to.len() >= N) {
            (Some((now, rest)), true) => {
                let (to_now, to_rest) = to.split_at_mut(N);
                to_now.copy_from_slice(now);
                (rest, to_rest)
            }
            _ => (from, to),
        }
    }
    if from.len() > 64 {
        return to.copy_from_slice(from);
    }
    while from.len() >= 16 {
        (from, to) = pieces::<T, 16>(from, to);
    }
    (from, to) = pieces::<T, 8>(from, to);
    (from, to) = pieces::<T, 4>(from, to);
    (from, to) = pieces::<T, 2>(from, to);
    pieces::<T, 1>(from, to);
}

/// Each row to one element.
struct ReduceRows<'a, T> {
    reduction: Reduction,
    x: &'a [T],
    cols: usize,
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for ReduceRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        match self.reduction {
            Reduction::Sum => self.rows::<Add>(|x| x),
            Reduction::Largest => self.rows::<Larger>(one_nan),
            Reduction::Smallest => self.rows::<Smaller>(one_nan),
        }
    }
}

impl<T: Scalar> ReduceRows<'_, T> {
    #[inline(always)]
    fn rows<F: Fold>(self, last: impl Fn(T) -> T) {
        // Of short rows, many at a time: where the length is known, the loop over the rows is vectorised.
        match self.cols {
            2 => self.short_rows::<F, 2>(last),
            3 => self.short_rows::<F, 3>(last),
            4 => self.short_rows::<F, 4>(last),
            _ => {
                for (out, row) in self.out.iter_mut().zip(self.x.chunks_exact(self.cols)) {
                    *out = last(all_of::<T, F>(row));
                }
            }
        }
    }

    #[inline(always)]
    fn short_rows<F: Fold, const N: usize>(self, last: impl Fn(T) -> T) {
        for (out, row) in self.out.iter_mut().zip(self.x.as_chunks::<N>().0) {
            *out = last(all_of::<T, F>(row));
        }
    }
}

/// All elements to one.
struct ReduceAll<'a, T> {
    reduction: Reduction,
    x: &'a [T],
}

impl<T: Scalar> Kernel for ReduceAll<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> T {
        match self.reduction {
            Reduction::Sum => all_of::<T, Add>(self.x),
            Reduction::Largest => one_nan(all_of::<T, Larger>(self.x)),
            Reduction::Smallest => one_nan(all_of::<T, Smaller>(self.x)),
        }
    }
}

/// A tile to the lanes of a block.
struct ReduceBlock<'a, T> {
    reduction: Reduction,
    x: &'a [T],
    lanes: &'a mut [T; LANES],
}

impl<T: Scalar> Kernel for ReduceBlock<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        match self.reduction {
            Reduction::Sum => add_lanes::<T, Add>(self.lanes, self.x),
            Reduction::Largest => add_lanes::<T, Larger>(self.lanes, self.x),
            Reduction::Smallest => add_lanes::<T, Smaller>(self.lanes, self.x),
        }
    }
}

/// The tree over the blocks: that of the reductions in `reduce.rs`.
fn finish<T: Scalar>(reduction: Reduction, partials: &[T]) -> T {
    match reduction {
        Reduction::Sum => tree::<T, Add>(partials),
        Reduction::Largest => one_nan(tree::<T, Larger>(partials)),
        Reduction::Smallest => one_nan(tree::<T, Smaller>(partials)),
    }
}

fn tree<T: Scalar, F: Fold>(partials: &[T]) -> T {
    match partials {
        [] => F::start(),
        [one] => *one,
        _ => {
            let (left, right) = partials.split_at(split(partials.len(), 1));
            F::both(tree::<T, F>(left), tree::<T, F>(right))
        }
    }
}
