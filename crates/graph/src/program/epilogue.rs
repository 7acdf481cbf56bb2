//! Kernels that finish a product: each block of its rows as soon as it is ready, while it is in the caches. Bias and activation
//! are such kernels, and so is the update of a weight behind the product that is its gradient.
//!
//! The schedule puts such a product right before its kernel ([`find`]), the layout leaves the factors alone until the kernel is
//! done, and here both become one step of the machine, if that finds that they do not get in each other's way.

use chainrule_kernels::{At, Blocks, Fusion, Level, Machine, Product, TILE};

use super::describe::StepInfo;
use super::hash::Map;
use super::layout::GRAIN;
use super::lower::{Draft, Lowering};
use super::schedule::{Domain, Form, Group, Role, reads_in_order};
use super::simplify::{Item, Items, Kind};
use super::source::ItemId;
use crate::Scalar;
use crate::op::Op;
use crate::shape::element_count;

/// The numbers of the two groups.
pub(super) struct Epilogue {
    pub(super) product: usize,
    pub(super) kernel: usize,
}

/// How the rows of a product are cut, if there are several blocks, at whose ends tiles may end.
fn blocks<T>(item: &Item<T>) -> Option<usize> {
    let (Kind::Compute(Op::MatMul), [a, b]) = (&item.kind, &*item.operands) else { return None };
    let [batch @ .., m, n] = &*item.shape else { return None };
    if element_count(batch) != 1 || a.shape.len() < 2 || b.shape.len() < 2 || item.len <= TILE {
        return None;
    }
    let k = element_count(&a.shape) / (*m).max(1);
    let Blocks { rows, count, .. } = Blocks::of(*m, k, *n);
    Some(rows * n).filter(|block| count > 1 && block.is_multiple_of(GRAIN))
}

/// Those who read a product first.
struct Readers {
    /// How deep, and which group.
    depth: usize,
    group: usize,
    /// Whether it is a single group, which reads nothing but the elements in their order.
    in_order: bool,
}

/// Products and the kernels that can finish them, at most one product for each kernel. `groups` come with their depths, `end` is
/// that of the updates; of each item, `number_of` has the group.
pub(super) fn find<T>(
    program: &Items<T>,
    roles: &[Role],
    groups: &[(usize, Group)],
    number_of: &[usize],
    end: usize,
) -> Vec<Epilogue> {
    let mut readers: Map<ItemId, Readers> = Map::default();
    let none = Readers { depth: usize::MAX, group: usize::MAX, in_order: false };
    for (user, item) in program.items.iter().enumerate() {
        if blocks(item).is_some() {
            readers.insert(user, Readers { ..none });
        }
        let role = roles.get(user).copied().unwrap_or(Role::Alone);
        let Some(&group) = number_of.get(user) else { continue };
        let Some((depth, _)) = groups.get(group) else { continue };
        for source in &item.operands {
            let Some(readers) = readers.get_mut(&source.root) else { continue };
            let in_order = reads_in_order(program, role, user, source) == Some(Level::Full);
            if *depth < readers.depth {
                *readers = Readers { depth: *depth, group, in_order };
            } else if *depth == readers.depth {
                readers.in_order &= in_order && group == readers.group;
            }
        }
    }
    // Of several products the last one: that is the nearest.
    let mut of_kernel: indexmap::IndexMap<usize, usize> = indexmap::IndexMap::new();
    for (product, item) in program.items.iter().enumerate() {
        let Some(Readers { depth, group, in_order: true }) = readers.get(&product) else { continue };
        let (Some(&number), Some((_, kernel))) = (number_of.get(product), groups.get(*group)) else {
            continue;
        };
        let (Form::Fused(domain), Some((before, _))) = (kernel.form, groups.get(number)) else { continue };
        let near = before + 1 == *depth || (*depth == end && is_better_late(program, item));
        if near && fits(item, domain) && !(*depth == end && reads_state(program, item)) {
            of_kernel.insert(*group, number);
        }
    }
    let reduces_all = |kernel: usize| {
        let items = groups.get(kernel).map_or(&[][..], |(_, group)| &group.items);
        items.iter().any(|&item| matches!(roles.get(item), Some(Role::All(_))))
    };
    let pairs = of_kernel.into_iter().filter(|(kernel, _)| !reduces_all(*kernel));
    pairs.map(|(kernel, product)| Epilogue { product, kernel }).collect()
}

/// Whether the kernel has the elements of the product, and rows that end where its blocks do.
fn fits<T>(product: &Item<T>, domain: Domain) -> bool {
    let rows = |block: usize| domain.cols == 0 || block.is_multiple_of(domain.cols);
    domain.len == product.len && blocks(product).is_some_and(rows)
}

/// Whether a product takes more memory than its factors do: a gradient of weights, which may as well be computed when the weights
/// are updated.
fn is_better_late<T>(program: &Items<T>, product: &Item<T>) -> bool {
    let len = |id: ItemId| program.items.get(id).map_or(0, |item| item.len);
    product.operands.iter().map(|source| len(source.root)).sum::<usize>() <= product.len
}

/// Whether a factor is a variable: it may be one that is updated, in its place.
fn reads_state<T>(program: &Items<T>, product: &Item<T>) -> bool {
    let kind = |id: ItemId| program.items.get(id).map(|item| &item.kind);
    product.operands.iter().any(|source| matches!(kind(source.root), Some(Kind::State(_))))
}

/// A product and the kernel that finishes it.
pub(super) struct Finished<T> {
    product: Product,
    of_product: StepInfo,
    fusion: Fusion<T>,
}

impl<T: Scalar> Finished<T> {
    /// As one step, whose description `info` becomes, or as two, if the machine finds that they are no one.
    pub(super) fn push(
        self,
        machine: &mut Machine<T>,
        infos: &mut Vec<StepInfo>,
        info: &mut StepInfo,
    ) -> bool {
        let Finished { product, of_product, fusion } = self;
        if machine.push_finished(&product, &fusion) {
            let kernel = std::mem::replace(info, of_product);
            info.title = format!("{}, then {}", info.title, kernel.title);
            info.items.extend(kernel.items);
            // The kernel finds the product in the caches.
            info.read += kernel.read.saturating_sub(fusion.len);
            info.written += kernel.written;
            info.flops += kernel.flops;
            return true;
        }
        if !machine.push_product(product) {
            *info = of_product;
            return false;
        }
        infos.push(of_product);
        machine.push_fusion(&fusion)
    }
}

impl<T: Scalar> Lowering<'_, T> {
    /// Adds a kernel, with the product before it if it finishes that.
    pub(super) fn add_kernel(&mut self, mut fusion: Fusion<T>, info: StepInfo, finishes: bool) {
        match self.drafts.pop() {
            Some((Draft::Product(product), of_product)) if finishes => {
                // Both work at the same time.
                let own = product.scratch::<T>().next_multiple_of(GRAIN);
                fusion.scratch = At { offset: self.scratch.offset + own, ..self.scratch };
                self.scratch_len = self.scratch_len.max(own + fusion.scratch_behind(&product));
                self.add(Draft::Finished(Box::new(Finished { product, of_product, fusion })), info);
            }
            other => {
                self.drafts.extend(other);
                fusion.scratch = self.scratch;
                self.scratch_len = self.scratch_len.max(fusion.scratch());
                self.add(Draft::Fusion(Box::new(fusion)), info);
            }
        }
    }
}
