//! Matrix products as steps: one, or many of the same sizes.

use super::memory::{At, Memory, Sizes};
use super::others::{Operand, are_sound};
use super::tasks::{TASKS, divide};
use crate::product::{Blocks, Matrix, Offsets, PARALLEL, matmul_finished, matmul_in, matmul_scratch};
use crate::scalar::Scalar;
use crate::view::checked_len;
use std::ops::Range;
use std::ptr::slice_from_raw_parts_mut;

/// Size and stride of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// How many places.
    pub size: usize,
    /// How far apart.
    pub stride: isize,
}

/// How the elements of a factor lie, from its begin on.
#[derive(Clone, Debug)]
pub enum Factor {
    /// Rows and columns, evenly spaced.
    Strided([Axis; 2]),
    /// The offsets of rows and of columns.
    Gathered(Box<[Offsets; 2]>),
}

impl Factor {
    /// How many rows and columns.
    pub fn sizes(&self) -> [usize; 2] {
        match self {
            Factor::Strided(axes) => axes.map(|axis| axis.size),
            Factor::Gathered(tables) => [tables[0].len(), tables[1].len()],
        }
    }

    /// Whether it lies inside of `reach` elements, of which its begin is number `offset`.
    fn is_inside(&self, reach: usize, offset: usize) -> bool {
        match self {
            Factor::Strided(axes) => {
                let (shape, strides) = (axes.map(|axis| axis.size), axes.map(|axis| axis.stride));
                checked_len(reach, offset, &shape, &strides).is_some()
            }
            Factor::Gathered(tables) => {
                let [rows, cols] = [tables[0].span(), tables[1].span()];
                let place = |(row, col): (isize, isize)| offset.checked_add_signed(row.checked_add(col)?);
                let [first, last] = [place((rows[0], cols[0])), place((rows[1], cols[1]))];
                tables.iter().any(Offsets::is_empty)
                    || (first.is_some() && last.is_some_and(|last| last < reach))
            }
        }
    }

    fn matrix<'a, T>(&'a self, data: &'a [T], offset: usize) -> Option<Matrix<'a, T>> {
        match self {
            Factor::Strided([rows, cols]) => {
                Matrix::new(data, offset, rows.size, cols.size, rows.stride, cols.stride)
            }
            Factor::Gathered(tables) => Matrix::gathered(data, offset, &tables[0], &tables[1]),
        }
    }
}

/// Matrix products of the same sizes: one for each pair of starts.
#[derive(Clone, Debug)]
pub struct Product {
    /// The left factors: where the elements of all of them lie.
    pub a: Operand,
    /// The right factors.
    pub b: Operand,
    /// Rows and columns of a left factor.
    pub a_axes: Factor,
    /// Rows and columns of a right factor.
    pub b_axes: Factor,
    /// Where each pair of factors begins, counted from the begins of `a` and `b`.
    pub starts: Box<[[isize; 2]]>,
    /// The products, one after the other.
    pub out: At,
    /// Memory of its own: [`Product::scratch`] elements.
    pub scratch: At,
}

impl Product {
    /// Rows, inner size and columns.
    pub fn sizes(&self) -> [usize; 3] {
        let ([m, k], [_, n]) = (self.a_axes.sizes(), self.b_axes.sizes());
        [m, k, n]
    }

    /// How the product is cut, if it is a single one.
    pub(super) fn blocks(&self) -> Option<Blocks> {
        let [m, k, n] = self.sizes();
        (self.starts.len() == 1).then(|| Blocks::of(m, k, n))
    }

    /// How many threads may be worth it for the products as wholes.
    fn tasks(&self) -> usize {
        if self.work() >= PARALLEL { self.starts.len().clamp(1, TASKS) } else { 1 }
    }

    /// How many multiplications all of them are.
    fn work(&self) -> usize {
        let [m, k, n] = self.sizes();
        m.saturating_mul(k).saturating_mul(n).saturating_mul(self.starts.len())
    }

    /// How many of them a task needs.
    fn scratch_each<T: Scalar>(&self) -> usize {
        let [m, k, n] = self.sizes();
        matmul_scratch::<T>(m, k, n).next_multiple_of(16)
    }

    /// How many elements of memory it needs for itself.
    pub fn scratch<T: Scalar>(&self) -> usize {
        self.tasks().saturating_mul(self.scratch_each::<T>())
    }

    /// Ready to run, with what depends on the sizes alone; `None` if it would touch what it may not.
    pub(super) fn ready<T: Scalar>(self, sizes: &Sizes) -> Option<Ready> {
        let [m, _, n] = self.sizes();
        let each = m.checked_mul(n)?;
        let reads = [self.a.range(), self.b.range()];
        let writes = [(self.out, each.checked_mul(self.starts.len())?), (self.scratch, self.scratch::<T>())];
        // Without elements, the scratch may be nowhere.
        let writes = if writes[1].1 > 0 { &writes[..] } else { &writes[..1] };
        let sound = are_sound(&reads, writes, sizes) && self.fits();
        sound.then(|| Ready { tasks: self.tasks(), scratch: self.scratch_each::<T>(), each, product: self })
    }

    /// Whether the factors lie inside of their operands.
    fn fits(&self) -> bool {
        let inside = |x: &Operand, start: isize, factor: &Factor| {
            let offset = x.offset.checked_add_signed(start);
            offset.is_some_and(|offset| factor.is_inside(x.reach, offset))
        };
        self.a_axes.sizes()[1] == self.b_axes.sizes()[0]
            && self.starts.iter().all(|&[left, right]| {
                inside(&self.a, left, &self.a_axes) && inside(&self.b, right, &self.b_axes)
            })
    }
}

/// Products, and what depends on their sizes alone.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    product: Product,
    tasks: usize,
    /// The scratch of a task.
    scratch: usize,
    /// The elements of a product.
    each: usize,
}

impl Ready {
    /// Whether several threads may work on it.
    pub(super) fn forks(&self) -> bool {
        self.product.work() >= PARALLEL
    }

    /// Runs the step.
    ///
    /// # Safety
    /// It was found sound for sizes that the memory fits, and nobody else uses the memory.
    pub(super) unsafe fn run<T: Scalar>(&self, memory: &Memory<'_, T>) {
        let products = self.product.starts.len();
        let tasks = if self.tasks > 1 && crate::pool::threads() > 1 { self.tasks } else { 1 };
        divide((0, products), (0, tasks), 1, &|first, count, task| self.part(memory, first, count, task));
    }

    /// Runs the step, if it is a single product, and calls `finish` with the range of the elements of each block of rows that
    /// is ready, and the number of a slot that no other call has at the same time.
    ///
    /// # Safety
    /// As for `run`; but `finish` may write to a block for which it is called, and anywhere that the product does not touch.
    pub(super) unsafe fn run_with<T: Scalar>(
        &self,
        memory: &Memory<'_, T>,
        finish: &(impl Fn(Range<usize>, usize) + Sync),
    ) {
        let Ready {
            product: Product { a, b, a_axes, b_axes, starts, out, scratch: own }, scratch, each, ..
        } = self;
        // SAFETY: the operands were found in memory, and nothing that the product or `finish` writes among them; nobody else
        // uses the scratch. There is no reference to the output, because `finish` has its own way to it.
        let (left, right, scratch, out) = unsafe {
            (
                memory.read(a.low, a.reach),
                memory.read(b.low, b.reach),
                memory.write(*own, *scratch),
                slice_from_raw_parts_mut(memory.start(*out), *each),
            )
        };
        let Some([a_start, b_start]) = starts.first() else { return };
        let a = a_axes.matrix(left, a.offset.wrapping_add_signed(*a_start));
        let b = b_axes.matrix(right, b.offset.wrapping_add_signed(*b_start));
        if let (Some(a), Some(b)) = (a, b) {
            // SAFETY: the output was found in memory, and apart from what is read.
            unsafe { matmul_finished(a, b, out, scratch, finish) };
        }
    }

    /// Some of the products, with the memory of one task.
    fn part<T: Scalar>(&self, memory: &Memory<'_, T>, first: usize, count: usize, task: usize) {
        let Ready {
            product: Product { a, b, a_axes, b_axes, starts, out, scratch: own }, scratch, each, ..
        } = self;
        // SAFETY: the operands were found in memory, and nothing that is written among them; each task has scratch of
        // its own, and each product is written by one task.
        let (left, right, scratch) = unsafe {
            (
                memory.read(a.low, a.reach),
                memory.read(b.low, b.reach),
                memory.write(own.plus(task * scratch), *scratch),
            )
        };
        for (number, [a_start, b_start]) in
            (first..).zip(starts.get(first..first + count).unwrap_or_default())
        {
            let a = a_axes.matrix(left, a.offset.wrapping_add_signed(*a_start));
            let b = b_axes.matrix(right, b.offset.wrapping_add_signed(*b_start));
            if let (Some(a), Some(b)) = (a, b) {
                // SAFETY: as above.
                let out = unsafe { memory.write(out.plus(number * each), *each) };
                matmul_in(a, b, out, scratch);
            }
        }
    }
}
