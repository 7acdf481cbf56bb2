//! Where the elements of a view are: in the row-major array of another item, its root.
//!
//! A compiled program keeps every computed value dense and row-major, so a view (broadcast, permute, slice, windows,
//! reshape) is nothing but an offset and strides over its root. How a kernel best reads it is its [`Pattern`].

use smallvec::SmallVec;

use crate::op::Op;
use crate::shape::{Shape, element_count};
use crate::values::{Strides, row_major, viewed};

/// The number of an item.
pub(super) type ItemId = usize;

/// A view of a root.
#[derive(Debug, PartialEq)]
pub(super) struct Source {
    pub(super) root: ItemId,
    pub(super) offset: usize,
    pub(super) shape: Shape,
    pub(super) strides: Strides,
}

/// Not derived: the lists are copied as a whole.
impl Clone for Source {
    fn clone(&self) -> Self {
        let (shape, strides) = (Shape::from_slice(&self.shape), Strides::from_slice(&self.strides));
        Source { shape, strides, ..*self }
    }
}

/// The operands of an item: seldom more than two.
pub(super) type Sources = SmallVec<[Source; 2]>;

/// How the elements of a view follow each other in its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pattern {
    /// All of the root, in order.
    Whole,
    /// A contiguous part of it.
    Part,
    /// Each element of the root so many times in a row.
    Rows(usize),
    /// The same element for all places.
    Same,
    /// So many elements of the root, one after the other, again and again.
    Cycle(usize),
    /// Anything else.
    Grid,
}

impl Source {
    /// The item itself.
    pub(super) fn whole(root: ItemId, shape: &[usize]) -> Self {
        Source { root, offset: 0, shape: Shape::from_slice(shape), strides: row_major(shape) }
    }

    /// A view of this view; `None` if the operation computes something, or moves elements that no strides can.
    pub(super) fn through<T>(&self, op: &Op<T>, to: &[usize]) -> Option<Source> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "a view is one of these few")]
        match op {
            Op::Detach | Op::Guard(_) => Some(Source { shape: to.into(), ..self.clone() }),
            Op::Reshape(_) => Some(Source { shape: to.into(), strides: self.reshaped(to)?, ..*self }),
            op => {
                let (offset, strides) = viewed(op, to, self.offset, &self.strides)?;
                Some(Source { shape: to.into(), offset, strides, ..*self })
            }
        }
    }

    /// Strides under another shape with the same elements in the same order, if there are such.
    fn reshaped(&self, to: &[usize]) -> Option<Strides> {
        if element_count(to) <= 1 {
            return Some(row_major(to));
        }
        let merged = self.merged();
        let mut groups = merged.iter().rev();
        let mut strides: Strides = to.iter().map(|_| 0).collect();
        let (mut left, mut stride) = (1, 0);
        for (&size, slot) in to.iter().zip(&mut strides).rev() {
            if size == 1 {
                continue;
            }
            if left == 1 {
                (left, stride) = *groups.next()?;
            }
            if !left.is_multiple_of(size) {
                return None;
            }
            *slot = stride;
            stride = stride.wrapping_mul(size as isize);
            left /= size;
        }
        (left == 1).then_some(strides)
    }

    /// Sizes and strides without axes of size 1, those merged that follow each other evenly.
    pub(super) fn merged(&self) -> SmallVec<[(usize, isize); 6]> {
        let mut merged: SmallVec<[(usize, isize); 6]> = SmallVec::new();
        for (&size, &stride) in self.shape.iter().zip(&self.strides).filter(|(size, _)| **size != 1) {
            match merged.last_mut() {
                Some((outer, outer_stride)) if *outer_stride == stride.wrapping_mul(size as isize) => {
                    *outer *= size;
                    *outer_stride = stride;
                }
                _ => merged.push((size, stride)),
            }
        }
        merged
    }

    /// How a kernel reads it, whose root has so many elements.
    pub(super) fn pattern(&self, root_len: usize) -> Pattern {
        if root_len == 1 && self.shape.is_empty() {
            return Pattern::Whole;
        }
        match *self.merged() {
            [] if root_len == 1 => Pattern::Whole,
            [] => Pattern::Same,
            [(_, 0)] => Pattern::Same,
            [(len, 1)] if len == root_len && self.offset == 0 => Pattern::Whole,
            [(_, 1)] => Pattern::Part,
            [(rows, 1), (cols, 0)] if rows == root_len && self.offset == 0 => Pattern::Rows(cols),
            [(_, 0), (period, 1)] => Pattern::Cycle(period),
            _ => Pattern::Grid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(shape: &[usize], strides: &[isize]) -> Source {
        Source { root: 0, offset: 0, shape: shape.into(), strides: strides.into() }
    }

    #[test]
    fn patterns() {
        assert_eq!(source(&[2, 3], &[3, 1]).pattern(6), Pattern::Whole);
        assert_eq!(source(&[2, 3], &[3, 1]).pattern(9), Pattern::Part);
        assert_eq!(source(&[2, 3], &[0, 0]).pattern(1), Pattern::Same);
        assert_eq!(source(&[1, 1], &[5, 7]).pattern(1), Pattern::Whole);
        assert_eq!(source(&[2, 3, 4], &[3, 1, 0]).pattern(6), Pattern::Rows(4));
        assert_eq!(source(&[2, 3, 4], &[0, 4, 1]).pattern(12), Pattern::Cycle(12));
        assert_eq!(source(&[2, 3], &[1, 2]).pattern(6), Pattern::Grid);
    }

    /// A reshape without a copy reads the same elements in the same order.
    #[test]
    fn reshapes_keep_the_order_or_refuse() {
        let element = |x: &Source, mut index: usize| {
            let mut at = x.offset as isize;
            for (&size, &stride) in x.shape.iter().zip(&x.strides).rev() {
                at += (index % size) as isize * stride;
                index /= size;
            }
            at
        };
        let mut done = 0;
        for (shape, strides) in
            [([2, 6, 4], [24, 4, 1]), ([2, 6, 4], [1, 2, 12]), ([2, 6, 4], [0, 4, 1]), ([2, 6, 4], [4, 8, 1])]
        {
            let x = source(&shape, &strides);
            for to in [&[48][..], &[12, 4], &[2, 24], &[2, 2, 3, 4], &[2, 3, 2, 2, 2], &[8, 6], &[2, 6, 1, 4]]
            {
                if let Some(strides) = x.reshaped(to) {
                    let y = source(to, &strides);
                    assert!((0..48).all(|i| element(&x, i) == element(&y, i)), "{x:?} {to:?}");
                    done += 1;
                }
            }
        }
        assert!(done > 14, "{done}");
    }
}
