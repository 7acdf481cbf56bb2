//! Fused kernels: many elementwise operations, with the broadcasts and reductions between them, in one pass over memory.
//!
//! A fused kernel goes over an array of `rows x cols` elements tile by tile. A tile is small enough that all intermediate
//! results of it stay in the nearest caches; each operation is a loop over the tile ([`map_slice`] and its like), so that an
//! operation costs a few nanoseconds a tile more than its arithmetic, and no memory traffic. Cheap operations that use each
//! other's results share a loop, and so do a function and its slope.
//!
//! Values have one of three [`Level`]s: an element for each place of the array, one for each row, or a single one.
//! Reducing along a row goes from the first to the second, spreading back again; a tile holds whole rows then. So
//! softmax or layer norm is one kernel. Without rows, a tile may end anywhere, and only reductions of everything are
//! possible, which are finished behind the last tile.
//!
//! This file says what a kernel is and checks it; `arrange.rs` finds the order of its values, `assemble.rs` gives them their
//! registers, `chain.rs` joins instructions, and `tile.rs` runs them.

use super::memory::{At, Sizes, WORK, overlap};
use super::tasks::TASKS;
use crate::function::{Binary, Unary};
use crate::scalar::Scalar;
use crate::view::{checked_len, span};

/// How many elements a value has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// One for all.
    One,
    /// One for each row.
    Row,
    /// One for each place.
    Full,
}

/// How elements are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// The largest, NaN if any is.
    Largest,
    /// The smallest, NaN if any is.
    Smallest,
}

/// How the elements of an operand lie in memory.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// One after the other, in the order of the level. `padded`: the next multiple of 16 elements may be read too.
    Dense {
        /// Whether it is.
        padded: bool,
    },
    /// The same one for every place of the level.
    Same,
    /// The first `period` elements again and again.
    Cycle {
        /// How many.
        period: usize,
    },
    /// In row-major order of a grid with these sizes and strides.
    Grid {
        /// Sizes along the axes.
        shape: Box<[usize]>,
        /// Strides along the axes.
        strides: Box<[isize]>,
    },
}

/// A value in a fused kernel. Operands are numbers of earlier values.
#[derive(Clone, Debug)]
pub enum Value<T> {
    /// Read from memory.
    Load {
        /// From where.
        at: At,
        /// Lying how.
        layout: Layout,
        /// Of which level.
        level: Level,
    },
    /// A function of each element.
    Map(Unary<T>, usize),
    /// A function of two elements in the same place.
    Zip(Binary, usize, usize),
    /// The second where the first is not 0, else the third.
    Select(usize, usize, usize),
    /// One element of those of a row.
    ReduceRows(Reduction, usize),
    /// One of all. Nothing but [`Output`]s can use it unless the kernel is a single tile.
    ReduceAll(Reduction, usize),
    /// The same value for more places: that of a row for each of its elements, a single one for all.
    Spread(usize, Level),
}

/// A value that is kept.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Which.
    pub value: usize,
    /// Where it goes, dense in the order of its level. It may be the very place of a dense operand of the same level;
    /// any other overlap is refused.
    pub at: At,
    /// Whether what follows, up to the next multiple of 16 elements, may be overwritten.
    pub padded: bool,
}

/// What a fused kernel is to compute.
#[derive(Clone, Debug)]
pub struct Fusion<T> {
    /// How many elements values of the full level have.
    pub len: usize,
    /// How many of them are a row; 0 if there are no rows.
    pub cols: usize,
    /// The values, each behind its operands.
    pub values: Vec<Value<T>>,
    /// Those that are kept.
    pub outputs: Vec<Output>,
    /// Memory for itself: [`Fusion::scratch`] elements.
    pub scratch: At,
}

/// The longest tile.
pub const TILE: usize = 1024;

/// The registers of a task are to stay near the processor. Not all are in use at the same time, and a few that have to come from
/// the L2 cache cost less than beginning twice as many loops.
const CACHE: usize = 48 << 10;

impl<T: Scalar> Fusion<T> {
    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.len.checked_div(self.cols).unwrap_or(1)
    }

    /// How many elements a value of this level has.
    pub(crate) fn count(&self, level: Level) -> usize {
        match level {
            Level::One => 1,
            Level::Row => self.rows(),
            Level::Full => self.len,
        }
    }

    /// The levels of all values; `None` if operands do not fit.
    pub(crate) fn levels(&self) -> Option<Vec<Level>> {
        let mut levels: Vec<Level> = Vec::with_capacity(self.values.len());
        for value in &self.values {
            let of = |x: &usize| levels.get(*x).copied();
            let level = match value {
                Value::Load { level, .. } => *level,
                Value::Map(_, x) => of(x)?,
                Value::Zip(_, a, b) => Some(of(a)?).filter(|level| Some(*level) == of(b))?,
                Value::Select(c, a, b) => {
                    Some(of(c)?).filter(|level| Some(*level) == of(a) && Some(*level) == of(b))?
                }
                Value::ReduceRows(_, x) => {
                    Some(Level::Row).filter(|_| of(x) == Some(Level::Full) && self.cols > 0)?
                }
                Value::ReduceAll(_, x) => Some(Level::One).filter(|_| of(x) != Some(Level::One))?,
                Value::Spread(x, level) => Some(*level).filter(|level| of(x) < Some(*level))?,
            };
            if level == Level::Row && self.cols == 0 {
                return None;
            }
            levels.push(level);
        }
        Some(levels)
    }

    /// How many elements of memory it needs for itself, with `registers` of them for each of some tasks.
    pub(crate) fn scratch_for(&self, tasks: usize, registers: usize) -> usize {
        tasks * registers * self.tile(registers).stride() + self.partials()
    }

    /// How many tasks it is divided into, at most.
    pub(crate) fn tasks(&self) -> usize {
        if self.is_long() { TASKS } else { 1 }
    }

    /// Whether more than one thread may be worth it: a fork and join costs as much as some ten thousand operations.
    pub(crate) fn is_long(&self) -> bool {
        self.len > TILE && self.len.saturating_mul(self.values.len()) >= 1 << 17
    }

    /// How many partial results its reductions of everything have.
    pub(crate) fn partials(&self) -> usize {
        let all = self.values.iter().filter(|value| matches!(value, Value::ReduceAll(..))).count();
        if self.len <= TILE { 0 } else { all * self.len.div_ceil(TILE) }
    }

    /// How it is cut into tiles.
    pub(crate) fn tile(&self, registers: usize) -> Tiling {
        let most = [1024, 512, 256]
            .into_iter()
            .find(|most| most * registers * size_of::<T>() <= CACHE)
            .unwrap_or(128);
        if self.len <= TILE {
            return Tiling { len: self.len, rows: self.rows() };
        }
        if self.cols == 0 {
            return Tiling { len: most, rows: 1 };
        }
        // Whole rows, as a multiple of 16 elements if there can be one.
        let fit = (most / self.cols).max(1);
        let group = 16 >> self.cols.trailing_zeros().min(4);
        let rows = if fit >= 16 {
            fit / 16 * 16
        } else if fit >= group {
            fit / group * group
        } else {
            fit
        };
        Tiling { len: rows * self.cols, rows }
    }

    /// Whether a plan of this kind is one that `tile.rs` can run: levels fit, memory is there, and nothing is written
    /// that is still to be read.
    pub(crate) fn is_sound(&self, levels: &[Level], tasks: usize, registers: usize, sizes: &Sizes) -> bool {
        let single = self.len <= TILE;
        let rows_fit = self.cols == 0 || (self.cols <= TILE && self.len.is_multiple_of(self.cols));
        let scratch = (self.scratch, self.scratch_for(tasks, registers));
        let loads_fit = self.values.iter().all(|value| match value {
            Value::Load { at, layout, level } => match layout {
                Layout::Cycle { period } => {
                    *period > 0
                        && self.count(*level).is_multiple_of(*period)
                        && (single || (self.cols > 0 && self.cols.is_multiple_of(*period)))
                }
                Layout::Grid { shape, strides } => {
                    let len = checked_len(sizes.reach(*at), at.offset, shape, strides);
                    len == Some(self.count(*level))
                }
                Layout::Dense { .. } | Layout::Same => true,
            },
            _ => true,
        });
        let reads: Option<Vec<_>> = self.values.iter().filter_map(|value| self.reads(value, sizes)).collect();
        let Some(reads) = reads else { return false };
        if !reads.iter().all(|&(range, ..)| sizes.hold(range.0, range.1)) {
            return false;
        }
        // What comes of all tiles can be used behind the last one only.
        let late = |x: usize| !single && matches!(self.values.get(x), Some(Value::ReduceAll(..)));
        let in_time = self.values.iter().all(|value| match value {
            Value::Load { .. } => true,
            Value::Map(_, x) | Value::ReduceRows(_, x) | Value::Spread(x, _) => !late(*x),
            // Blocks of a sum are tiles, or several of them.
            Value::ReduceAll(_, x) => {
                !late(*x) && (single || (self.cols == 0 && levels.get(*x) == Some(&Level::Full)))
            }
            Value::Zip(_, a, b) => !late(*a) && !late(*b),
            Value::Select(c, a, b) => !late(*c) && !late(*a) && !late(*b),
        });
        // What is kept, in the order of memory: it is apart, so the ends are in order too.
        let mut places: Vec<(At, usize, Level)> = Vec::with_capacity(self.outputs.len());
        for output in &self.outputs {
            let Some(&level) = levels.get(output.value) else { return false };
            let count = self.count(level);
            let len = if output.padded { count.next_multiple_of(16) } else { count };
            if !sizes.hold_mut(output.at, len) {
                return false;
            }
            places.push((output.at, len, level));
        }
        places.sort_by_key(|place| (place.0.area, place.0.offset));
        let apart = places.windows(2).all(|pair| !overlap((pair[0].0, pair[0].1), (pair[1].0, pair[1].1)));
        let met = |(at, len): (At, usize)| {
            let before =
                |place: &(At, usize, Level)| (place.0.area, place.0.offset + place.1) <= (at.area, at.offset);
            let first = places.partition_point(before);
            let behind = places.get(first..).unwrap_or(&[]).iter();
            behind.take_while(move |place| overlap((place.0, place.1), (at, len)))
        };
        // A dense operand may be overwritten at its own level: a tile is stored when all of it is computed. Where a grid
        // reaches in between is not worth computing: it must begin and end elsewhere.
        let beside = |&(range, dense): &((At, usize), Option<Level>)| {
            met(range).all(|place| place.0 == range.0 && dense == Some(place.2))
        };
        // A single element is written by no tile, because all would.
        let kept_late =
            |output: &Output| single || levels.get(output.value) != Some(&Level::One) || late(output.value);
        let scratch_fits = self.scratch.area == WORK
            && sizes.hold_mut(scratch.0, scratch.1)
            && reads.iter().all(|&(range, _)| !overlap(range, scratch))
            && places.iter().all(|&(at, len, _)| !overlap((at, len), scratch));
        rows_fit
            && loads_fit
            && in_time
            && apart
            && scratch_fits
            && self.outputs.iter().all(kept_late)
            && reads.iter().all(beside)
    }

    /// The range that a value is read from, if it is read, and the level of what lies there one after the other; `Some(None)`
    /// if there is no such range.
    #[allow(clippy::type_complexity, reason = "a range and a level")]
    pub(super) fn reads(
        &self,
        value: &Value<T>,
        sizes: &Sizes,
    ) -> Option<Option<((At, usize), Option<Level>)>> {
        let Value::Load { at, layout, level } = value else { return None };
        let count = self.count(*level);
        Some(match layout {
            Layout::Dense { padded } => {
                Some(((*at, if *padded { count.next_multiple_of(16) } else { count }), Some(*level)))
            }
            Layout::Same => Some(((*at, 1), None)),
            Layout::Cycle { period } => Some(((*at, *period), None)),
            Layout::Grid { shape, strides } => span(sizes.reach(*at), at.offset, shape, strides)
                .map(|(low, high)| ((At { offset: low, ..*at }, high - low), None)),
        })
    }
}

/// How long tiles are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiling {
    /// Elements of the full level.
    pub(crate) len: usize,
    /// Rows.
    pub(crate) rows: usize,
}

impl Tiling {
    /// The distance of registers: every loop may run to the next multiple of 16.
    pub(crate) fn stride(self) -> usize {
        self.len.max(self.rows).next_multiple_of(16).max(16)
    }
}
