//! Products that read windows where they lie.
//!
//! A convolution is a product of kernels and windows, and the matrix of all windows is many times as large as the image. It
//! is recorded as a reshape, which no strides can say, so it would be a copy. But the rows of that matrix are some of the
//! axes of the windows, and its columns the others: each element is found by two offsets, one from a table of the rows and
//! one from a table of the columns, and the kernels can multiply that. So the operands of a product may have more axes here
//! than those of matrices; [`Groups`] tells which are which.
//!
//! The loops of a product go along the columns of its right factor. If windows stand there with few columns in a row, which
//! is what the derivative with respect to the kernels asks for, the transposed product is computed, which has the same bits.

use chainrule_kernels::{Axis, Factor, Offsets};
use smallvec::SmallVec;

use super::simplify::{Builder, Item, Items, Kind};
use super::source::{ItemId, Source};
use crate::Scalar;
use crate::op::{NodeId, Op};
use crate::shape::{Shape, element_count};
use crate::values::{Strides, row_major};

/// Runs of so many columns are worth loading as vectors.
const RUN: usize = 7;

/// An operand of a product: the axes of the batch, of the rows, and of the columns, one behind the other.
struct Groups<'s> {
    source: &'s Source,
    rows: usize,
    cols: usize,
}

impl<'s> Groups<'s> {
    /// The groups of a view with so many columns and rows in the end.
    fn of(source: &'s Source, [rows, cols]: [usize; 2]) -> Option<Self> {
        let before = |end: usize, size: usize| {
            let (mut at, mut count) = (end, 1_usize);
            // An empty axis stands alone.
            while count < size || (size == 0 && count > 0) {
                at = at.checked_sub(1)?;
                count = count.checked_mul(*source.shape.get(at)?)?;
            }
            (count == size).then_some(at)
        };
        let cols = before(source.shape.len(), cols)?;
        Some(Groups { source, rows: before(cols, rows)?, cols })
    }

    fn part(&self, from: usize, to: usize) -> Source {
        Source {
            root: self.source.root,
            offset: 0,
            shape: self.source.shape.get(from..to).unwrap_or(&[]).into(),
            strides: self.source.strides.get(from..to).unwrap_or(&[]).into(),
        }
    }

    fn factor(&self) -> Option<Factor> {
        let parts = [self.part(self.rows, self.cols), self.part(self.cols, self.source.shape.len())];
        let axes = parts.each_ref().map(|part| match *part.merged() {
            [] => Some(Axis { size: 1, stride: 0 }),
            [(size, stride)] => Some(Axis { size, stride }),
            _ => None,
        });
        if let [Some(rows), Some(cols)] = axes {
            return Some(Factor::Strided([rows, cols]));
        }
        let [rows, cols] = parts.each_ref().map(|part| Offsets::new(offsets(part)));
        Some(Factor::Gathered(Box::new([rows?, cols?])))
    }
}

/// Where the elements of a view are, counted from the first.
fn offsets(part: &Source) -> Vec<isize> {
    let mut offsets = vec![0];
    for (&size, &stride) in part.shape.iter().zip(&part.strides) {
        let along = |offset: &isize| {
            let offset = *offset;
            (0..size as isize).map(move |i| offset.wrapping_add(i.wrapping_mul(stride)))
        };
        offsets = offsets.iter().flat_map(along).collect();
    }
    offsets
}

/// An operand as the machine takes it: the layout of one matrix, and where each of the batch begins.
pub(super) fn factor(source: &Source, sizes: [usize; 2]) -> Option<(Factor, Vec<isize>)> {
    let groups = Groups::of(source, sizes)?;
    Some((groups.factor()?, offsets(&groups.part(0, groups.rows))))
}

/// The windows that a copy of a reshape is made of, in the place of the copy: with more axes, in the same order.
fn windows<T>(items: &[Item<T>], x: &Source) -> Option<Source> {
    let copy = items.get(x.root)?;
    let from = match (&copy.kind, &*copy.operands) {
        (Kind::Copy, [from]) if x.offset == 0 && copy.len > 0 => from,
        _ => return None,
    };
    // Which axes of the windows each axis of the copy is made of.
    let mut parts: SmallVec<[(usize, usize); 8]> = SmallVec::new();
    let mut at = 0;
    for &size in &copy.shape {
        let (begin, mut count) = (at, 1_usize);
        while count < size {
            count = count.checked_mul(*from.shape.get(at)?)?;
            at += 1;
        }
        if count != size {
            return None;
        }
        parts.push((begin, at));
    }
    let steps = row_major(&copy.shape);
    let (mut shape, mut strides) = (Shape::new(), Strides::new());
    for (&size, &stride) in x.shape.iter().zip(&x.strides) {
        if size == 1 {
            shape.push(1);
            strides.push(0);
            continue;
        }
        let along = |axis: &usize| copy.shape.get(*axis) == Some(&size) && steps.get(*axis) == Some(&stride);
        let &(begin, end) = parts.get((0..copy.shape.len()).find(along)?)?;
        shape.extend(from.shape.get(begin..end)?.iter().copied());
        strides.extend(from.strides.get(begin..end)?.iter().copied());
    }
    let all = element_count(&shape) == element_count(&x.shape) && shape.len() > copy.shape.len();
    all.then_some(Source { root: from.root, offset: from.offset, shape, strides })
}

/// How many columns lie in a row, at the end.
fn run(x: &Source) -> usize {
    match x.merged().last() {
        Some(&(size, 1)) => size,
        _ => 1,
    }
}

impl<T: Scalar> Builder<'_, T> {
    /// A product whose operands may be windows where they lie.
    pub(super) fn product(&mut self, a: &Source, b: &Source, shape: &[usize], id: NodeId) -> Source {
        let kind = Kind::Compute(Op::MatMul);
        let (left, right) = (windows(&self.items, a), windows(&self.items, b));
        let matrices = a.shape.len() >= 2 && a.shape.len() == b.shape.len() && shape.len() == a.shape.len();
        if !matrices || left.is_none() && right.is_none() {
            let item = self.shared(kind, [a.clone(), b.clone()].into_iter().collect(), shape, id);
            return Source::whole(item, shape);
        }
        let short = left.is_none() && right.as_ref().is_some_and(|windows| run(windows) < RUN);
        if !short {
            let operands = [left.unwrap_or_else(|| a.clone()), right.unwrap_or_else(|| b.clone())];
            let item = self.shared(kind, operands.into_iter().collect(), shape, id);
            return Source::whole(item, shape);
        }
        let turned = |x: &Source| {
            let mut x = x.clone();
            let last = x.shape.len();
            x.shape.swap(last - 2, last - 1);
            x.strides.swap(last - 2, last - 1);
            x
        };
        let right = turned(b);
        let right = windows(&self.items, &right).unwrap_or(right);
        let mut to: Shape = shape.into();
        let last = to.len();
        to.swap(last - 2, last - 1);
        let item = self.shared(kind, [right, turned(a)].into_iter().collect(), &to, id);
        turned(&Source::whole(item, &to))
    }
}

/// Without the copies that nobody reads any more.
pub(super) fn without_unused<T>(program: &mut Items<T>) {
    let count = program.items.len();
    let mut used = vec![false; count];
    let wanted = program.outputs.iter().copied().chain(program.updates.iter().map(|update| update.value));
    for item in wanted.chain(program.items.iter().flat_map(|item| &item.operands).map(|source| source.root)) {
        if let Some(slot) = used.get_mut(item) {
            *slot = true;
        }
    }
    let unused = |id: ItemId, item: &Item<T>| matches!(item.kind, Kind::Copy) && used.get(id) == Some(&false);
    if !program.items.iter().enumerate().any(|(id, item)| unused(id, item)) {
        return;
    }
    let mut number = vec![0; count];
    let mut items = Vec::with_capacity(count);
    for (id, mut item) in std::mem::take(&mut program.items).into_iter().enumerate() {
        if unused(id, &item) {
            continue;
        }
        for source in &mut item.operands {
            source.root = number.get(source.root).copied().unwrap_or(0);
        }
        if let Some(slot) = number.get_mut(id) {
            *slot = items.len();
        }
        items.push(item);
    }
    program.items = items;
    let renumber = |id: &mut ItemId| *id = number.get(*id).copied().unwrap_or(0);
    program.outputs.iter_mut().for_each(renumber);
    program.updates.iter_mut().for_each(|update| renumber(&mut update.value));
}
