//! Regular parts of an array.

use crate::{Array, Number};

/// What is taken of an axis, as `ndarray`'s macro `s!` writes it. Negative places count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One place; the axis disappears.
    Place(isize),
    /// From `start` to `end` (without it; `None` is the end of the axis), every `step`th. A negative step takes the same range
    /// backwards, from its last element on.
    Range {
        /// The first place.
        start: isize,
        /// The place behind the last.
        end: Option<isize>,
        /// The distance; not 0.
        step: isize,
    },
    /// A new axis of size 1.
    New,
}

impl Part {
    /// The whole axis.
    pub const ALL: Part = Part::Range { start: 0, end: None, step: 1 };

    /// A range with step 1.
    pub const fn range(start: isize, end: isize) -> Part {
        Part::Range { start, end: Some(end), step: 1 }
    }
}

/// A place that may count from the end.
fn from_start(place: isize, size: usize) -> Option<usize> {
    usize::try_from(if place < 0 { place.checked_add_unsigned(size)? } else { place }).ok()
}

/// The places that a range takes.
fn places(start: isize, end: Option<isize>, step: isize, size: usize) -> Option<Vec<usize>> {
    let start = from_start(start, size)?;
    let end = end.map_or(Some(size), |end| from_start(end, size)).filter(|&end| end <= size)?;
    let stride = step.unsigned_abs();
    if stride == 0 || start > size {
        return None;
    }
    Some(match step > 0 {
        true => (start..end).step_by(stride).collect(),
        false => (start..end).rev().step_by(stride).collect(),
    })
}

/// A regular part; axes that are not mentioned, the last ones, are taken whole.
///
/// ```
/// use chainrule_oracle::{Array, ops::{self, Part}};
/// let x = Array::vector(vec![0.0, 1.0, 2.0, 3.0]);
/// let every_second = Part::Range { start: 1, end: None, step: 2 };
/// assert_eq!(ops::slice(&x, &[every_second]).data, [1.0, 3.0]);
/// ```
pub fn slice<N: Number>(x: &Array<N>, parts: &[Part]) -> Array<N> {
    let named = parts.iter().filter(|part| **part != Part::New).count();
    let Some(rest) = x.rank().checked_sub(named) else { return Array::misfit() };
    // for each axis of the operand its places; for each axis of the result the operand's axis, if any
    let (mut taken, mut axes) = (Vec::new(), Vec::new());
    for part in parts.iter().copied().chain(std::iter::repeat_n(Part::ALL, rest)) {
        let size = x.size(taken.len());
        match part {
            Part::New => axes.push(None),
            Part::Place(place) => match from_start(place, size).filter(|&place| place < size) {
                Some(place) => taken.push(vec![place]),
                None => return Array::misfit(),
            },
            Part::Range { start, end, step } => match places(start, end, step, size) {
                Some(places) => {
                    axes.push(Some(taken.len()));
                    taken.push(places);
                }
                None => return Array::misfit(),
            },
        }
    }
    let shape: Vec<usize> = axes.iter().map(|axis| axis.map_or(1, |axis: usize| taken[axis].len())).collect();
    Array::from_fn(&shape, |index| {
        let mut own: Vec<usize> = taken.iter().map(|places| places.first().copied().unwrap_or(0)).collect();
        for (axis, &i) in axes.iter().zip(index) {
            if let Some(axis) = *axis {
                own[axis] = taken[axis][i];
            }
        }
        x.at(&own)
    })
}

/// Some axes in reverse order of their elements.
pub fn flip<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    Array::from_fn(&x.shape, |index| {
        let own: Vec<usize> = index
            .iter()
            .enumerate()
            .map(|(axis, &i)| if axes.contains(&axis) { x.size(axis) - 1 - i } else { i })
            .collect();
        x.at(&own)
    })
}

/// With `[before, after]` more elements at the ends of each axis; axes that are not mentioned, the last ones, stay.
pub fn pad<N: Number>(x: &Array<N>, widths: &[[usize; 2]], value: f64) -> Array<N> {
    let width = |axis: usize| widths.get(axis).copied().unwrap_or([0, 0]);
    let shape: Vec<usize> =
        x.shape.iter().enumerate().map(|(axis, n)| n + width(axis).iter().sum::<usize>()).collect();
    Array::from_fn(&shape, |index| {
        let own: Option<Vec<usize>> = index
            .iter()
            .enumerate()
            .map(|(axis, &i)| i.checked_sub(width(axis)[0]).filter(|&i| i < x.size(axis)))
            .collect();
        own.map_or(N::of(value), |own| x.at(&own))
    })
}
