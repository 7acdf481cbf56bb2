//! The steps that are not fused: the other loops of this crate, on places in memory.

use super::fused::Reduction;
use super::memory::{At, Memory, Sizes, overlap};
use crate::elementwise::copy;
use crate::extremum::extremum;
use crate::grid::place;
use crate::lanes::{BadIndex, Lanes, arg_extremum, cumsum, gather, put_along_add, scatter_add, take_along};
use crate::linalg::{LinalgError, cholesky, log_det, solve, triangular_solve};
use crate::nest::fold;
use crate::pool;
use crate::reduce::sum;
use crate::scalar::Scalar;
use crate::view::{View, span};

/// An array in memory, of any strides.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The first place that belongs to it, and how many elements lie from there to the last.
    pub(super) low: At,
    pub(super) reach: usize,
    /// Its first element, counted from there.
    pub(super) offset: usize,
    shape: Box<[usize]>,
    strides: Box<[isize]>,
}

impl Operand {
    /// The array that begins at `at`; `None` if sizes and strides make no sense.
    pub fn new(at: At, shape: &[usize], strides: &[isize]) -> Option<Self> {
        let (low, high) = span(isize::MAX as usize, at.offset, shape, strides)?;
        Some(Operand {
            low: At { offset: low, ..at },
            reach: high - low,
            offset: at.offset - low,
            shape: shape.into(),
            strides: strides.into(),
        })
    }

    /// Elements one after the other.
    pub fn dense(at: At, len: usize) -> Self {
        Operand { low: at, reach: len, offset: 0, shape: [len].into(), strides: [1].into() }
    }

    pub(super) fn range(&self) -> (At, usize) {
        (self.low, self.reach)
    }
}

/// An array, and its place in another one.
#[derive(Clone, Debug)]
pub struct Part {
    /// The array.
    pub x: Operand,
    /// Where it begins in the other one.
    pub offset: usize,
    /// Its sizes.
    pub shape: Box<[usize]>,
    /// The strides of its elements in the other one.
    pub strides: Box<[isize]>,
}

/// Places and numbers of elements.
type Ranges = Vec<(At, usize)>;

/// Whether all that a step touches is in memory, and what it writes apart from the rest.
pub(super) fn are_sound(reads: &[(At, usize)], writes: &[(At, usize)], sizes: &Sizes) -> bool {
    reads.iter().all(|&(at, len)| sizes.hold(at, len))
        && writes.iter().all(|&(at, len)| sizes.hold_mut(at, len))
        && writes.iter().enumerate().all(|(i, &range)| {
            let others = reads.iter().chain(writes.iter().skip(i + 1));
            range.1 == 0 || others.copied().all(|other| other.1 == 0 || !overlap(range, other))
        })
}

/// A step that is not fused. What it writes lies apart from all that it reads, and is dense and row-major.
#[derive(Clone, Debug)]
pub enum Other<T> {
    /// One element of those along some axes.
    Reduce {
        /// How.
        reduction: Reduction,
        /// Of what.
        x: Operand,
        /// Along which axes.
        reduced: Box<[bool]>,
        /// To where.
        out: At,
    },
    /// The elements in row-major order.
    Copy {
        /// Of what.
        x: Operand,
        /// To where.
        out: At,
    },
    /// Windows added up where they overlap; see [`fold`](crate::fold).
    Fold {
        /// Of what.
        x: Operand,
        /// Strides of the places in the output.
        strides: Box<[isize]>,
        /// To where.
        out: At,
        /// How many elements.
        len: usize,
    },
    /// Arrays written at the places of grids.
    Place {
        /// The arrays.
        parts: Box<[Part]>,
        /// Whether the parts leave gaps: then zeros come first.
        clear: bool,
        /// To where.
        out: At,
        /// How many elements.
        len: usize,
    },
    /// Running sums along an axis.
    CumSum {
        /// Of what.
        x: At,
        /// Along which axis.
        lanes: Lanes,
        /// Whether from the end.
        reverse: bool,
        /// To where.
        out: At,
    },
    /// The number of the first largest or smallest element along an axis.
    ArgExtremum {
        /// Of what.
        x: At,
        /// Along which axis.
        lanes: Lanes,
        /// Which of the two.
        largest: bool,
        /// To where.
        out: At,
    },
    /// Entries along an axis by number.
    Gather {
        /// From where.
        x: At,
        /// Along which axis.
        lanes: Lanes,
        /// The numbers.
        index: At,
        /// How many.
        count: usize,
        /// Whether each number picks one element.
        along: bool,
        /// To where.
        out: At,
        /// How many elements.
        len: usize,
    },
    /// Entries added up along an axis by number.
    Scatter {
        /// From where.
        x: At,
        /// How many elements.
        len: usize,
        /// The numbers.
        index: At,
        /// How many.
        count: usize,
        /// Along which axis of the output.
        lanes: Lanes,
        /// Whether each number places one element.
        along: bool,
        /// To where.
        out: At,
    },
    /// The Cholesky factor.
    Cholesky {
        /// Of what.
        a: At,
        /// Of so many rows.
        n: usize,
        /// To where.
        out: At,
    },
    /// The logarithm of a determinant.
    LogDet {
        /// Of what.
        a: At,
        /// Of so many rows.
        n: usize,
        /// Memory for as many elements.
        scratch: At,
        /// To where.
        out: At,
    },
    /// The solution of linear equations.
    Solve {
        /// The matrix.
        a: At,
        /// Of so many rows.
        n: usize,
        /// The right-hand sides.
        b: At,
        /// How many.
        columns: usize,
        /// Memory for as many elements as the matrix has; none for a triangular one.
        scratch: Option<At>,
        /// Of a triangular one: whether it is the upper triangle, and transposed.
        triangle: Option<[bool; 2]>,
        /// To where.
        out: At,
    },
    /// Fails unless a number is not 0, or is 0.
    Guard {
        /// The number.
        x: At,
        /// Whether it must differ from 0.
        expected: bool,
        /// Nothing is written; what type of number it is.
        of: std::marker::PhantomData<T>,
    },
    /// Fails unless all elements are finite.
    Finite {
        /// From where.
        x: At,
        /// How many.
        len: usize,
    },
}

/// Why a step could not be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// The memory has other sizes than declared.
    Memory,
    /// An index that is none.
    Index(BadIndex),
    /// A matrix without what was asked for.
    Linalg(LinalgError),
    /// A number is 0, or is not, against what was expected.
    Guard,
    /// A number is not finite: which, and what it is.
    NotFinite(usize, f64),
}

impl From<BadIndex> for Trouble {
    fn from(index: BadIndex) -> Self {
        Trouble::Index(index)
    }
}

impl From<LinalgError> for Trouble {
    fn from(error: LinalgError) -> Self {
        Trouble::Linalg(error)
    }
}

impl<T: Scalar> Other<T> {
    /// What is read and what is written; `None` if sizes overflow.
    fn ranges(&self) -> Option<(Ranges, Ranges)> {
        let square = |n: usize| n.checked_mul(n);
        Some(match self {
            Other::Reduce { x, reduced, out, .. } => {
                let kept = x.shape.iter().zip(reduced).filter(|(_, reduced)| !**reduced);
                let len = kept.map(|(size, _)| *size).try_fold(1, usize::checked_mul)?;
                (vec![x.range()], vec![(*out, len)])
            }
            Other::Copy { x, out } => {
                (vec![x.range()], vec![(*out, x.shape.iter().copied().try_fold(1, usize::checked_mul)?)])
            }
            Other::Fold { x, out, len, .. } => (vec![x.range()], vec![(*out, *len)]),
            Other::Place { parts, out, len, .. } => {
                (parts.iter().map(|part| part.x.range()).collect(), vec![(*out, *len)])
            }
            Other::CumSum { x, lanes, out, .. } => {
                let len = lanes.count()?;
                (vec![(*x, len)], vec![(*out, len)])
            }
            Other::ArgExtremum { x, lanes, out, .. } => {
                (vec![(*x, lanes.count()?)], vec![(*out, lanes.outer.checked_mul(lanes.inner)?)])
            }
            Other::Gather { x, lanes, index, count, out, len, .. } => {
                (vec![(*x, lanes.count()?), (*index, *count)], vec![(*out, *len)])
            }
            Other::Scatter { x, len, index, count, lanes, out, .. } => {
                (vec![(*x, *len), (*index, *count)], vec![(*out, lanes.count()?)])
            }
            Other::Cholesky { a, n, out } => (vec![(*a, square(*n)?)], vec![(*out, square(*n)?)]),
            Other::LogDet { a, n, scratch, out } => {
                (vec![(*a, square(*n)?)], vec![(*scratch, square(*n)?), (*out, 1)])
            }
            Other::Solve { a, n, b, columns, scratch, out, .. } => {
                let sides = n.checked_mul(*columns)?;
                let square = square(*n)?;
                let scratch = scratch.map(|scratch| (scratch, square));
                (vec![(*a, square), (*b, sides)], [(*out, sides)].into_iter().chain(scratch).collect())
            }
            Other::Guard { x, .. } => (vec![(*x, 1)], vec![]),
            Other::Finite { x, len } => (vec![(*x, *len)], vec![]),
        })
    }

    /// Whether it writes to an area.
    pub(super) fn writes(&self, area: u32) -> bool {
        self.ranges().is_some_and(|(_, writes)| writes.iter().any(|range| range.0.area == area))
    }

    /// Whether several threads may work on it.
    pub(super) fn forks(&self) -> bool {
        let elements = |x: &Operand| x.shape.iter().copied().fold(1, usize::saturating_mul);
        match self {
            Other::Reduce { x, .. } | Other::Copy { x, .. } | Other::Fold { x, .. } => {
                elements(x) >= pool::MANY
            }
            Other::Place { parts, .. } => parts.iter().any(|part| elements(&part.x) >= pool::MANY),
            Other::CumSum { .. }
            | Other::ArgExtremum { .. }
            | Other::Gather { .. }
            | Other::Scatter { .. }
            | Other::Cholesky { .. }
            | Other::LogDet { .. }
            | Other::Solve { .. }
            | Other::Guard { .. }
            | Other::Finite { .. } => false,
        }
    }

    /// Whether all that it touches is in memory, and what it writes apart from the rest.
    pub(super) fn is_sound(&self, sizes: &Sizes) -> bool {
        self.ranges().is_some_and(|(reads, writes)| are_sound(&reads, &writes, sizes))
    }

    /// Runs the step.
    ///
    /// # Safety
    /// It was sound for sizes that the memory fits, and nobody else uses the memory.
    pub(super) unsafe fn run(&self, memory: &Memory<'_, T>) -> Result<(), Trouble> {
        // SAFETY: all ranges that are read here are those that `ranges` gave to `is_sound`.
        let read = |at: At, len: usize| unsafe { memory.read(at, len) };
        // SAFETY: the same holds of those that are written.
        let write = |at: At, len: usize| unsafe { memory.write(at, len) };
        let array = |x: &Operand| read(x.low, x.reach);
        match self {
            Other::Reduce { reduction, x, reduced, out } => {
                let kept = x.shape.iter().zip(reduced).filter(|(_, reduced)| !**reduced);
                let out = write(*out, kept.map(|(size, _)| *size).product());
                let (data, offset, shape, strides) = (array(x), x.offset, &x.shape, &x.strides);
                match reduction {
                    Reduction::Sum => sum(data, offset, shape, strides, reduced, out),
                    Reduction::Largest => extremum(data, offset, shape, strides, reduced, true, out),
                    Reduction::Smallest => extremum(data, offset, shape, strides, reduced, false, out),
                };
            }
            Other::Copy { x, out } => {
                let out = write(*out, x.shape.iter().product());
                if let Some(view) = View::strided(array(x), x.offset, &x.shape, &x.strides) {
                    copy(view, out);
                }
            }
            Other::Fold { x, strides, out, len } => {
                fold(array(x), x.offset, &x.shape, &x.strides, write(*out, *len), strides);
            }
            Other::Place { parts, clear, out, len } => {
                let out = write(*out, *len);
                if *clear {
                    out.fill(T::zero());
                }
                for Part { x, offset, shape, strides } in parts {
                    let Some(view) = View::strided(array(x), x.offset, &x.shape, &x.strides) else {
                        continue;
                    };
                    place(view, out, *offset, shape, strides);
                }
            }
            Other::CumSum { x, lanes, reverse, out } => {
                let len = lanes.count().unwrap_or(0);
                cumsum(read(*x, len), *lanes, *reverse, write(*out, len));
            }
            Other::ArgExtremum { x, lanes, largest, out } => {
                let out = write(*out, lanes.outer * lanes.inner);
                arg_extremum(read(*x, lanes.count().unwrap_or(0)), *lanes, *largest, out);
            }
            Other::Gather { x, lanes, index, count, along, out, len } => {
                let (x, index) = (read(*x, lanes.count().unwrap_or(0)), read(*index, *count));
                match along {
                    true => take_along(x, *lanes, index, write(*out, *len))?,
                    false => gather(x, *lanes, index, write(*out, *len))?,
                }
            }
            Other::Scatter { x, len, index, count, lanes, along, out } => {
                let (x, index) = (read(*x, *len), read(*index, *count));
                let out = write(*out, lanes.count().unwrap_or(0));
                match along {
                    true => put_along_add(x, index, *lanes, out)?,
                    false => scatter_add(x, index, *lanes, out)?,
                }
            }
            Other::Cholesky { a, n, out } => cholesky(read(*a, n * n), *n, write(*out, n * n))?,
            Other::LogDet { a, n, scratch, out } => {
                write(*out, 1)[0] = log_det(read(*a, n * n), *n, write(*scratch, n * n))?;
            }
            Other::Solve { a, n, b, columns, scratch, triangle, out } => {
                let (a, b, out) = (read(*a, n * n), read(*b, n * columns), write(*out, n * columns));
                match (triangle, scratch) {
                    (Some([upper, transposed]), _) => {
                        triangular_solve(a, *n, *upper, *transposed, b, *columns, out)?;
                    }
                    (None, Some(scratch)) => solve(a, *n, b, *columns, out, write(*scratch, n * n))?,
                    (None, None) => return Err(Trouble::Memory),
                }
            }
            Other::Guard { x, expected, .. } => {
                if (read(*x, 1)[0] != T::zero()) != *expected {
                    return Err(Trouble::Guard);
                }
            }
            Other::Finite { x, len } => {
                let x = read(*x, *len);
                if let Some((place, x)) = x.iter().enumerate().find(|(_, x)| !x.is_finite()) {
                    return Err(Trouble::NotFinite(place, x.as_f64()));
                }
            }
        }
        Ok(())
    }
}
