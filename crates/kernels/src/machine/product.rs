//! Matrix products as steps: one, or many of the same sizes.

use super::memory::{At, Memory};
use super::others::Operand;
use crate::product::{Matrix, PARALLEL, matmul_in, matmul_scratch};
use crate::scalar::Scalar;
use crate::view::checked_len;

/// Size and stride of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// How many places.
    pub size: usize,
    /// How far apart.
    pub stride: isize,
}

/// Matrix products of the same sizes: one for each pair of starts.
#[derive(Clone, Debug)]
pub struct Product {
    /// The left factors: where the elements of all of them lie.
    pub a: Operand,
    /// The right factors.
    pub b: Operand,
    /// Rows and columns of a left factor.
    pub a_axes: [Axis; 2],
    /// Rows and columns of a right factor.
    pub b_axes: [Axis; 2],
    /// Where each pair of factors begins, counted from the begins of `a` and `b`.
    pub starts: Box<[[isize; 2]]>,
    /// The products, one after the other.
    pub out: At,
    /// Memory of its own: [`Product::scratch`] elements.
    pub scratch: At,
}

/// The most products that are computed at the same time.
const TASKS: usize = 16;

impl Product {
    fn sizes(&self) -> [usize; 3] {
        [self.a_axes[0].size, self.a_axes[1].size, self.b_axes[1].size]
    }

    /// How many threads may be worth it for the products as wholes.
    fn tasks(&self) -> usize {
        let [m, k, n] = self.sizes();
        let work = m.saturating_mul(k).saturating_mul(n).saturating_mul(self.starts.len());
        if work >= PARALLEL { self.starts.len().clamp(1, TASKS) } else { 1 }
    }

    /// How many elements of memory it needs for itself.
    pub fn scratch<T: Scalar>(&self) -> usize {
        let [m, k, n] = self.sizes();
        self.tasks().saturating_mul(matmul_scratch::<T>(m, k, n).next_multiple_of(16))
    }

    /// What is written: products, and memory of its own. `None` if sizes overflow.
    pub(super) fn writes<T: Scalar>(&self) -> Option<((At, usize), (At, usize))> {
        let [m, _, n] = self.sizes();
        let len = m.checked_mul(n)?.checked_mul(self.starts.len())?;
        Some(((self.out, len), (self.scratch, self.scratch::<T>())))
    }

    /// Ready to run: what depends on the sizes alone is known.
    pub(super) fn ready<T: Scalar>(self) -> Ready {
        let [m, k, n] = self.sizes();
        let scratch = matmul_scratch::<T>(m, k, n).next_multiple_of(16);
        Ready { tasks: self.tasks(), scratch, each: m * n, product: self }
    }

    /// Whether the factors lie inside of their operands.
    pub(super) fn fits(&self) -> bool {
        let inside = |x: &Operand, start: isize, axes: &[Axis; 2]| {
            let offset = x.offset.checked_add_signed(start);
            let (shape, strides) = (axes.map(|axis| axis.size), axes.map(|axis| axis.stride));
            offset.is_some_and(|offset| checked_len(x.reach, offset, &shape, &strides).is_some())
        };
        self.a_axes[1].size == self.b_axes[0].size
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
    /// Runs the step.
    ///
    /// # Safety
    /// It was found sound for sizes that the memory fits, and nobody else uses the memory.
    pub(super) unsafe fn run<T: Scalar>(&self, memory: &Memory<'_, T>) {
        let tasks = self.tasks;
        if tasks > 1 && rayon::current_num_threads() > 1 {
            self.divide(memory, (0, self.product.starts.len()), (0, tasks));
        } else {
            self.part(memory, 0, self.product.starts.len(), 0);
        }
    }

    /// Halves the products, and with them the tasks, until there is one task for each part.
    fn divide<T: Scalar>(
        &self,
        memory: &Memory<'_, T>,
        (first, count): (usize, usize),
        (task, tasks): (usize, usize),
    ) {
        if tasks <= 1 || count <= 1 {
            self.part(memory, first, count, task);
        } else {
            let (left, left_tasks) = (count / 2, tasks / 2);
            rayon::join(
                || self.divide(memory, (first, left), (task, left_tasks)),
                || self.divide(memory, (first + left, count - left), (task + left_tasks, tasks - left_tasks)),
            );
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
        let factor = |data, x: &Operand, start: isize, [rows, cols]: [Axis; 2]| {
            let offset = x.offset.wrapping_add_signed(start);
            Matrix::new(data, offset, rows.size, cols.size, rows.stride, cols.stride)
        };
        for (number, [a_start, b_start]) in
            (first..).zip(starts.get(first..first + count).unwrap_or_default())
        {
            let (a, b) = (factor(left, a, *a_start, *a_axes), factor(right, b, *b_start, *b_axes));
            if let (Some(a), Some(b)) = (a, b) {
                // SAFETY: as above.
                let out = unsafe { memory.write(out.plus(number * each), *each) };
                matmul_in(a, b, out, scratch);
            }
        }
    }
}
