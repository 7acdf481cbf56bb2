//! Windows of arrays, in the order of memory.
//!
//! Pooling reduces windows along axes of their own, and its derivative is computed for each element of each window. Done in
//! the order of these axes, that reads the array in pieces of two or three elements. The rewrites of this page keep to the
//! order in which the array lies, and keep every bit:
//!
//! * *Elementwise items* have no order of their own: one that would go through its operand in short pieces is computed in
//!   the order of that operand, and its users see it through strides.
//! * *Reductions* of windows that lie side by side: all but one of the axes of a window are written out as operations on
//!   whole slices, and what is left are short rows in the order of memory.
//! * *Folding* windows side by side is no addition of several elements: each place has one, or rather that and 0.

use smallvec::SmallVec;

use super::simplify::{Builder, Item, Kind};
use super::source::{Source, Sources};
use crate::Scalar;
use crate::op::{NodeId, Op, Window};
use crate::scalar::{Binary, Unary};
use crate::shape::{Shape, element_count};
use crate::values::{Strides, row_major};

/// Runs of so many elements are long enough for any order, if the last axis is the last one in memory too.
const LONG: usize = 64;

/// Items of fewer elements are not worth another order.
const FEW: usize = 1 << 12;

/// Otherwise so many are, because those who reduce along the last axis want it to be the last.
const SHORT: usize = 16;

/// The largest windows of which the axes are written out: up to here the tree of a sum has a lane for each element.
const LARGEST: usize = 16;

/// An elementwise item with its axes in another order: the operands, the shape, and how the item is seen in the old order.
pub(super) struct Reordered {
    pub(super) operands: Sources,
    pub(super) shape: Shape,
    /// Strides of the old axes over the elements in the new order.
    pub(super) strides: Strides,
}

/// The order in which an elementwise item of this shape is best computed, if that is not the order of its axes. `len_of` tells
/// how many elements an item has.
pub(super) fn reordered(
    operands: &[Source],
    shape: &[usize],
    len_of: impl Fn(usize) -> usize,
) -> Option<Reordered> {
    let len = element_count(shape);
    if len < FEW {
        return None;
    }
    let mut leader: Option<&Source> = None;
    for source in operands {
        let all = len_of(source.root) == len && !source.shape.contains(&0);
        let steps = || source.shape.iter().zip(&source.strides).filter(|(size, _)| **size > 1);
        if !all || steps().any(|(_, &stride)| stride <= 0) {
            continue;
        }
        match source.merged().last() {
            // In order already, or nearly.
            Some((size, 1)) if *size >= LONG || *size == len => return None,
            Some((size, stride)) if *size >= SHORT && *stride != 1 => return None,
            _ => leader = leader.or(Some(source)),
        }
    }
    let leader = leader?;
    let mut order: SmallVec<[usize; 8]> = (0..shape.len()).collect();
    order.sort_by_key(|&axis| {
        let size = shape.get(axis).copied().unwrap_or(1);
        std::cmp::Reverse(if size > 1 { leader.strides.get(axis).copied().unwrap_or(0) } else { 0 })
    });
    if order.is_sorted() {
        return None;
    }
    let of = |list: &[usize], axis: usize| list.get(axis).copied().unwrap_or(1);
    let turned: Shape = order.iter().map(|&axis| of(shape, axis)).collect();
    let operands = operands.iter().map(|source| Source {
        root: source.root,
        offset: source.offset,
        shape: order.iter().map(|&axis| of(&source.shape, axis)).collect(),
        strides: order.iter().map(|&axis| source.strides.get(axis).copied().unwrap_or(0)).collect(),
    });
    let mut strides: Strides = shape.iter().map(|_| 0).collect();
    for (&axis, &stride) in order.iter().zip(&row_major(&turned)) {
        if let Some(slot) = strides.get_mut(axis) {
            *slot = stride;
        }
    }
    Some(Reordered { operands: operands.collect(), shape: turned, strides })
}

/// What windows side by side are folded to, as a view of them, if strides can say it.
pub(super) fn folded(x: &Source, window: &Window, to: &[usize]) -> Option<Source> {
    let axis = window.axis as usize;
    let (&size, &step) = (x.shape.last()?, x.strides.last()?);
    let (&count, &spacing) = (x.shape.get(axis)?, x.strides.get(axis)?);
    let beside = window.stride == window.size && (window.dilation == 1 || size == 1);
    if !beside || size != window.size || count.checked_mul(size) != to.get(axis).copied() || to.contains(&0) {
        return None;
    }
    let even = count == 1 || size == 1 || spacing == step.wrapping_mul(size as isize);
    let mut view = Source { shape: to.into(), ..x.clone() };
    view.strides.pop();
    *view.strides.get_mut(axis)? = if size == 1 { spacing } else { step };
    even.then_some(view)
}

/// A sum of many matrices that all lie transposed, with their axes as they lie: the first axes are summed, the last two kept,
/// so both add whole rows to each other.
pub(super) fn sum_of_matrices(x: &Source, axes: &[u8]) -> Option<Source> {
    let rank = x.shape.len();
    let first = (0..axes.len()).all(|axis| axes.iter().any(|&summed| summed as usize == axis));
    let (rows, cols) = (rank.checked_sub(2)?, rank.checked_sub(1)?);
    let kept = axes.len() <= rows && x.shape.get(rows)? > &1 && x.shape.get(cols)? > &1;
    let lies_transposed = x.strides.get(rows)? == &1 && x.strides.get(cols)? > &1;
    if !first || !kept || !lies_transposed {
        return None;
    }
    let mut x = x.clone();
    x.shape.swap(rows, cols);
    x.strides.swap(rows, cols);
    Some(x)
}

/// Whether an item is a sum with +0, so that another one changes nothing.
pub(super) fn has_no_negative_zero<T: Scalar>(item: &Item<T>) -> bool {
    matches!(&item.kind, Kind::Compute(Op::Map(Unary::Add(c))) if c.bits() == T::zero().bits())
}

/// A reduction of windows, taken apart.
struct Parts {
    /// The windows' axis that stays: its size and stride.
    size: usize,
    stride: isize,
    /// The first elements of the slices, counted from that of all, and which axes of the view are left.
    begins: Vec<isize>,
}

impl Parts {
    /// `axes` are the last axes of the view; the one that lies inside of the steps of the axis before them stays.
    fn of(x: &Source, axes: &[u8], sum: bool) -> Option<Parts> {
        let rank = x.shape.len();
        let first = rank.checked_sub(axes.len())?;
        let trailing = axes.iter().all(|&axis| (first..rank).contains(&(axis as usize)));
        let before = *x.strides.get(first.checked_sub(1)?)?;
        if !trailing || x.shape.contains(&0) || x.shape.get(first - 1) == Some(&1) {
            return None;
        }
        let window = || x.shape.iter().copied().zip(x.strides.iter().copied()).enumerate().skip(first);
        let inner = |&(_, (size, stride)): &(usize, (usize, isize))| {
            size > 1 && stride != 0 && before == stride.wrapping_mul(size as isize)
        };
        let (kept, (size, stride)) = window().find(inner)?;
        let others = || window().filter(|&(axis, (size, _))| axis != kept && size > 1);
        let count = others().try_fold(1_usize, |count, (_, (size, _))| count.checked_mul(size))?;
        if count < 2 || count.checked_mul(size)? > LARGEST {
            return None;
        }
        // The tree over the elements of a window halves them again and again, so it comes to the last axis in the end.
        let last = others().all(|(axis, _)| axis < kept);
        if sum && !(last && count.is_power_of_two() && size.is_power_of_two()) {
            return None;
        }
        let mut begins = vec![0];
        for (_, (size, stride)) in others() {
            begins =
                begins.iter().flat_map(|begin| (0..size as isize).map(move |i| begin + i * stride)).collect();
        }
        Some(Parts { size, stride, begins })
    }
}

impl<T: Scalar> Builder<'_, T> {
    /// A reduction of small windows that lie side by side: the operation that is left, and its operand.
    pub(super) fn by_slices(
        &mut self,
        op: &Op<T>,
        x: &Source,
        kept: &[usize],
        id: NodeId,
    ) -> Option<(Op<T>, Source)> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "nothing else reduces")]
        let (axes, both) = match op {
            Op::Sum(axes) => (axes, Binary::Add),
            Op::Extremum { axes, largest: true } => (axes, Binary::Maximum),
            Op::Extremum { axes, largest: false } => (axes, Binary::Minimum),
            _ => return None,
        };
        let parts = Parts::of(x, axes, both == Binary::Add)?;
        let first = x.shape.len() - axes.len();
        let shape: Shape = kept.iter().copied().chain([parts.size]).collect();
        let strides: Strides = x.strides.iter().take(first).copied().chain([parts.stride]).collect();
        let slices: Vec<Source> = parts
            .begins
            .iter()
            .map(|&begin| Source {
                root: x.root,
                offset: x.offset.wrapping_add_signed(begin),
                shape: shape.clone(),
                strides: strides.clone(),
            })
            .collect();
        let mut slices: Vec<Source> = slices.into_iter().map(|x| self.anew(x, id)).collect();
        while slices.len() > 1 {
            // In halves, as the lanes of a sum are added.
            let behind = slices.split_off(slices.len().div_ceil(2));
            let pairs = slices.iter().zip(&behind).map(|(a, b)| [a.clone(), b.clone()].into_iter().collect());
            let pairs: Vec<Sources> = pairs.collect();
            for (slot, pair) in slices.iter_mut().zip(pairs) {
                let item = self.shared(Kind::Compute(Op::Zip(both)), pair, &shape, id);
                *slot = Source::whole(item, &shape);
            }
        }
        let last = [kept.len() as u8].into_iter().collect();
        #[allow(clippy::wildcard_enum_match_arm, reason = "these two, as above")]
        let op = match op {
            Op::Extremum { largest, .. } => Op::Extremum { axes: last, largest: *largest },
            _ => Op::Sum(last),
        };
        Some((op, slices.pop()?))
    }

    /// A part of a comparison as a comparison of parts: computing it again is cheaper than reading it.
    fn anew(&mut self, part: Source, id: NodeId) -> Source {
        let again = || {
            let item = self.items.get(part.root)?;
            if !matches!(item.kind, Kind::Compute(Op::Zip(Binary::Equal))) {
                return None;
            }
            // Which axis of the item each step of the part goes along; where along it the part begins.
            let steps = row_major(&item.shape);
            let along = |stride: isize| {
                let mut axes = item.shape.iter().zip(&steps).enumerate();
                axes.find(|(_, (size, step))| **size > 1 && **step == stride).map(|(axis, _)| axis)
            };
            let axes: Option<SmallVec<[Option<usize>; 8]>> = part
                .shape
                .iter()
                .zip(&part.strides)
                .map(|(&size, &stride)| if size == 1 { Some(None) } else { along(stride).map(Some) })
                .collect();
            let axes = axes?;
            let view = |operand: &Source| {
                let stride = |axis: usize| operand.strides.get(axis).copied().unwrap_or(0);
                let (mut rest, mut offset) = (part.offset, operand.offset);
                for (axis, &step) in steps.iter().enumerate() {
                    let step = step.unsigned_abs().max(1);
                    offset = offset.wrapping_add_signed((rest / step) as isize * stride(axis));
                    rest %= step;
                }
                let strides = axes.iter().map(|axis| axis.map_or(0, stride)).collect();
                Source { root: operand.root, offset, shape: part.shape.clone(), strides }
            };
            Some((item.kind.clone(), item.operands.iter().map(view).collect::<Sources>()))
        };
        match again() {
            Some((kind, operands)) => {
                let shape = part.shape.clone();
                let item = self.shared(kind, operands, &shape, id);
                Source::whole(item, &shape)
            }
            None => part,
        }
    }
}
