//! A product that a fused kernel finishes: each block of its rows as soon as it is ready, so that the kernel finds it in the
//! caches. Bias and activation of a layer are such kernels, and so is an update behind the product that is its gradient.
//!
//! What comes out is what the product and then the kernel would make, bit for bit. What is new is that the kernel runs while
//! other blocks are still multiplied: [`Finished::new`] sees to it that neither touches what the other one needs.

use super::fused::{Fusion, Layout, Level, TILE, Value};
use super::instruction::Fused;
use super::memory::{Memory, Sizes, overlap};
use super::product::{Product, Ready};
use crate::pool;
use crate::product::Blocks;
use crate::scalar::Scalar;

impl<T: Scalar> Fusion<T> {
    /// How many elements of memory the kernel needs for itself if it finishes a product
    /// ([`Machine::push_finished`](super::Machine::push_finished)).
    pub fn scratch_behind(&self, product: &Product) -> usize {
        self.scratch_with(self.tasks_behind(product.blocks()))
    }

    /// It may run by itself, or on as many blocks at the same time as there are slots.
    fn tasks_behind(&self, blocks: Option<Blocks>) -> usize {
        self.tasks().max(blocks.map_or(0, |blocks| blocks.slots))
    }

    /// Whether the kernel can go block by block of a product of `len` elements: there are several, and they begin where a
    /// tile may.
    fn goes_by(&self, blocks: &Blocks, cols: usize) -> bool {
        let block = blocks.rows.saturating_mul(cols);
        // A single tile has reductions of everything right in it.
        blocks.count > 1
            && self.len > TILE
            && block.is_multiple_of(16)
            && (self.cols == 0 || block.is_multiple_of(self.cols))
    }

    /// Whether the kernel, with so many elements of memory for itself, and a product can work at the same time, on different
    /// rows of the product. No range reaches beyond its area.
    fn is_beside(&self, product: &Product, scratch: usize, sizes: &Sizes) -> bool {
        let (out, scratch) = ((product.out, self.len), (self.scratch, scratch));
        let own = (product.scratch, product.scratch::<T>());
        let product_reads = [product.a.range(), product.b.range()];
        // It reads of the product what lies in the same places as what it computes, ...
        let loads = self.values.iter().filter_map(|value| self.reads(value, sizes).map(|read| (value, read)));
        let mut loads = loads.map(|(value, read)| match (value, read) {
            (Value::Load { at, layout: Layout::Dense { .. }, level: Level::Full }, Some((range, _))) => {
                (*at == out.0 || !overlap(range, out)) && !overlap(range, own)
            }
            (_, Some((range, _))) => !overlap(range, out) && !overlap(range, own),
            (_, None) => false,
        });
        // ... and writes there, or to where the product has nothing.
        let levels = self.levels().unwrap_or_default();
        let mut writes = self.outputs.iter().map(|output| {
            let Some(&level) = levels.get(output.value) else { return false };
            let count = self.count(level);
            let range = (output.at, if output.padded { count.next_multiple_of(16) } else { count });
            (output.at == out.0 && level == Level::Full || !overlap(range, out))
                && product_reads.iter().chain([&own]).all(|other| !overlap(range, *other))
        });
        loads.all(|apart| apart)
            && writes.all(|apart| apart)
            && product_reads.iter().chain([&own, &out]).all(|other| !overlap(scratch, *other))
    }
}

/// A product and the kernel that finishes it.
#[derive(Clone, Debug)]
pub(super) struct Finished<T> {
    product: Ready,
    fused: Fused<T>,
    blocks: Blocks,
}

impl<T: Scalar> Finished<T> {
    /// Both as one step; `None` if that cannot be, or would touch what it may not.
    pub(super) fn new(product: &Product, fusion: &Fusion<T>, sizes: &Sizes) -> Option<Self> {
        let ([m, _, n], blocks) = (product.sizes(), product.blocks()?);
        let fits = m.checked_mul(n) == Some(fusion.len) && fusion.goes_by(&blocks, n);
        if !fits {
            return None;
        }
        let tasks = fusion.tasks_behind(Some(blocks));
        let fused = fusion.assemble_with(tasks, sizes)?;
        let ready = product.clone().ready::<T>(sizes)?;
        let scratch = tasks * fused.registers * fused.tile.stride();
        let sound = fused.late.is_empty()
            && fused.rows_may_begin_at(blocks.rows.saturating_mul(n))
            && fusion.is_beside(product, scratch, sizes);
        sound.then_some(Finished { product: ready, fused, blocks })
    }

    /// Whether several threads may work on it.
    pub(super) fn forks(&self) -> bool {
        self.product.forks() || self.fused.long
    }

    /// Runs the step.
    ///
    /// # Safety
    /// It was found sound for sizes that the memory fits, and nobody else uses the memory.
    pub(super) unsafe fn run(&self, memory: &Memory<'_, T>) {
        if self.is_even(pool::threads()) {
            // SAFETY: `new` found product and kernel apart, but for the rows of the block, which the product is done with. A
            // block begins and ends where tiles may, and a slot has registers of its own.
            unsafe {
                self.product.run_with(memory, &|block, slot| self.fused.elements(memory, &block, slot));
            }
        } else {
            // SAFETY: both were found sound, and they run one after the other.
            unsafe {
                self.product.run(memory);
                self.fused.run(memory);
            }
        }
    }

    /// Whether blocks give so many threads as much to do as the kernel by itself would.
    fn is_even(&self, threads: usize) -> bool {
        let Blocks { count, by_inner_blocks, .. } = self.blocks;
        let by_blocks = self.product.forks() && !by_inner_blocks;
        let even = count.is_multiple_of(threads.max(1)) || count >= 4 * threads;
        threads == 1 || !self.fused.long || (by_blocks && even)
    }
}

impl<T> Fused<T> {
    /// Whether a tile may begin at this element and its multiples, as far as values of rows go: where whole tiles have a
    /// multiple of 16 of these, loops over them run to the next multiple in memory.
    fn rows_may_begin_at(&self, element: usize) -> bool {
        let by_loops = self.body.iter().any(|instruction| instruction.level == Level::Row);
        !by_loops || !self.tile.rows.is_multiple_of(16) || (element / self.cols).is_multiple_of(16)
    }
}
