//! What a node is: an operation of a small closed set, its operands, its shape and the user's source line.
//!
//! The set has two levels. [`Op`] lists the *structural* operations, those that move or combine elements; the
//! scalar functions, applied to one element or two at a time, are wrapped by [`Op::Map`] and [`Op::Zip`] and live
//! in [`scalar`](crate::scalar). Each transformation of the graph is a page with one exhaustive `match` over this
//! enum: shapes in [`shape`](crate::shape), derivatives in [`linear`](crate::linear), values in
//! [`execute`](crate::execute). So the compiler lists what a new operation still needs.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::Scalar;
use crate::custom::Custom;
use crate::scalar::{Binary, Unary};
use crate::shape::ShapeId;

/// The place of a node on the tape. Operands always have smaller numbers: index order is topological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    /// The number of a node that the tape had no room for.
    pub(crate) const NOWHERE: NodeId = NodeId(u32::MAX);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Axis numbers, in the range of the operand's (or the result's) rank.
pub(crate) type Axes = SmallVec<[u8; 16]>;

/// A copy of a list of operands; nearly all have one or two entries.
pub(crate) type Operands = SmallVec<[NodeId; 4]>;

/// Where the user wrote the call.
pub(crate) type Origin = &'static Location<'static>;

/// One axis of a slice: `len` elements of the operand's axis from `start` on, every `step`-th (backwards if negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SliceAxis {
    /// The place of the first element.
    pub start: usize,
    /// From one element to the next.
    pub step: isize,
    /// How many there are.
    pub len: usize,
}

/// Windows of `size` elements, `dilation` apart, along one axis, a new one every `stride` elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window {
    pub(crate) axis: u8,
    pub(crate) size: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
}

impl Window {
    /// How many windows an axis of `len` elements holds; each lies inside of it.
    pub(crate) fn count(&self, len: usize) -> usize {
        let reach = self.size.saturating_sub(1).saturating_mul(self.dilation);
        len.checked_sub(reach.saturating_add(1)).map_or(0, |rest| rest / self.stride.max(1) + 1)
    }
}

/// Which matrix a triangular solve divides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Triangle {
    /// Whether the upper triangle of the operand is read, or the lower one.
    pub(crate) upper: bool,
    /// Whether the transpose of that triangle divides.
    pub(crate) transposed: bool,
}

#[derive(Clone)]
pub(crate) enum Op<T> {
    /// Stands where an operation could not be recorded; the number finds its error on the tape.
    Invalid(u32),
    /// A named leaf; the number finds its name.
    Variable(u32),
    /// An unnamed leaf.
    Constant,
    /// A leaf without a value: one example of a batch, while `vmap` records a function of it.
    Example,
    /// The operand's value, through which no derivative passes.
    Detach,
    /// The operand, of which a branch of the program was taken: it must still be not 0 (or still 0).
    Guard(bool),
    /// A scalar function of each element.
    Map(Unary<T>),
    /// A scalar function of two elements in the same place of two arrays of the same shape.
    Zip(Binary),
    /// Inserts `axes` (numbered in the result) and repeats the operand along them. The exact dual of [`Op::Sum`].
    Broadcast { axes: Axes, to: ShapeId },
    /// Adds up over `axes` (numbered in the operand) and removes them.
    Sum(Axes),
    /// The same elements, in row-major order, under another shape.
    Reshape(ShapeId),
    /// Result axis `i` is the operand's axis `axes[i]`.
    Permute(Axes),
    /// Matrix product of vectors and matrices; a vector on the left is a row, on the right a column. With more axes, the
    /// first ones are equal in both operands and number the matrices.
    MatMul,
    /// The second operand where the first is not 0, the third elsewhere; all of one shape.
    Select,
    /// The largest (or smallest) element over `axes`, which are removed. NaN counts as both.
    Extremum { axes: Axes, largest: bool },
    /// The place, as a number, of the first largest (or smallest) element along an axis, which is removed.
    ArgExtremum { axis: u8, largest: bool },
    /// Sums of the elements up to each along an axis, or of those from each on.
    CumSum { axis: u8, reverse: bool },
    /// A regular part of the operand; one entry an axis.
    Slice(Arc<[SliceAxis]>),
    /// The transpose of [`Op::Slice`]: zeros of shape `to` with the operand in the part.
    Unslice { slices: Arc<[SliceAxis]>, to: ShapeId },
    /// The operands one after the other along an axis.
    Concat(u8),
    /// The entries of the first operand, along an axis, whose numbers the second holds. Not `along`: the axis is
    /// replaced by all axes of the numbers. `along`: the numbers have the result's shape, and each picks one element.
    Gather { axis: u8, along: bool },
    /// The transpose of [`Op::Gather`]: the first operand's entries added to zeros of shape `to`, where the second says.
    Scatter { axis: u8, along: bool, to: ShapeId },
    /// Overlapping windows along an axis, whose elements form a new last axis.
    Unfold(Arc<Window>),
    /// The transpose of [`Op::Unfold`]: windows added up where they overlap, in zeros of shape `to`.
    Fold { window: Arc<Window>, to: ShapeId },
    /// `L` with `L L' = A`, from the lower triangle of a symmetric positive definite matrix.
    Cholesky,
    /// `X` with `T X = B`, where `T` is a triangle of the first operand.
    TriangularSolve(Triangle),
    /// `X` with `A X = B`.
    Solve,
    /// Natural logarithm of the determinant; NaN where it is negative.
    LogDet,
    /// An operation of the user's own.
    Custom(Arc<Custom<T>>),
}

impl<T: Scalar> Op<T> {
    /// The name a user knows it by.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Op::Invalid(_) => "invalid",
            Op::Variable(_) => "variable",
            Op::Constant => "constant",
            Op::Example => "example",
            Op::Guard(_) => "holds",
            Op::Detach => "detach",
            Op::Map(unary) => unary.name(),
            Op::Zip(binary) => binary.name(),
            Op::Broadcast { .. } => "broadcast",
            Op::Sum(_) => "sum",
            Op::Reshape(_) => "reshape",
            Op::Permute(_) => "permute",
            Op::MatMul => "matmul",
            Op::Select => "select",
            Op::Extremum { largest: true, .. } => "max",
            Op::Extremum { largest: false, .. } => "min",
            Op::ArgExtremum { largest: true, .. } => "argmax",
            Op::ArgExtremum { largest: false, .. } => "argmin",
            Op::CumSum { .. } => "cumsum",
            Op::Slice(_) => "slice",
            Op::Unslice { .. } => "unslice",
            Op::Concat(_) => "concat",
            Op::Gather { along: false, .. } => "take",
            Op::Gather { along: true, .. } => "take_along",
            Op::Scatter { along: false, .. } => "scatter_add",
            Op::Scatter { along: true, .. } => "scatter_add_along",
            Op::Unfold(_) => "unfold",
            Op::Fold { .. } => "fold",
            Op::Cholesky => "cholesky",
            Op::TriangularSolve(_) => "solve_triangular",
            Op::Solve => "solve",
            Op::LogDet => "log_det",
            Op::Custom(op) => op.name,
        }
    }

    /// Whether there may be an operand of which [`cuts`](Op::cuts) is true: one look at the operation, for every recording.
    #[inline]
    pub(crate) fn cuts_somewhere(&self) -> bool {
        matches!(
            self,
            Op::Map(Unary::Sign | Unary::Floor | Unary::Inside(..) | Unary::Step)
                | Op::Zip(Binary::Above | Binary::Less | Binary::LessEqual | Binary::Equal | Binary::Noise)
                | Op::ArgExtremum { .. }
                | Op::Guard(_)
                | Op::Select
                | Op::Gather { .. }
                | Op::Scatter { .. }
                | Op::Custom(_)
        )
    }

    /// Whether the operation is constant between jumps in operand number `i`, so that its derivative is 0 wherever there
    /// is one. A gradient that only such operations could carry is refused rather than silently zero.
    pub(crate) fn cuts(&self, i: usize) -> bool {
        match self {
            Op::Map(unary) => unary.is_step(),
            Op::Zip(binary) => binary.is_step(),
            Op::ArgExtremum { .. } | Op::Guard(_) => true,
            Op::Select => i == 0,
            Op::Gather { .. } | Op::Scatter { .. } => i == 1,
            Op::Custom(op) => op.cuts.get(i).copied().unwrap_or(false),
            Op::Invalid(_)
            | Op::Variable(_)
            | Op::Constant
            | Op::Example
            | Op::Detach
            | Op::Broadcast { .. }
            | Op::Sum(_)
            | Op::Reshape(_)
            | Op::Permute(_)
            | Op::MatMul
            | Op::Extremum { .. }
            | Op::CumSum { .. }
            | Op::Slice(_)
            | Op::Unslice { .. }
            | Op::Concat(_)
            | Op::Unfold(_)
            | Op::Fold { .. }
            | Op::Cholesky
            | Op::TriangularSolve(_)
            | Op::Solve
            | Op::LogDet => false,
        }
    }
}

/// How a node came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The node whose derivative it is a part of, counted from 1; 0 if it is part of the user's own formula.
    pub(crate) derived: u32,
    /// Whether its value is let go of as soon as the last of those that need it is computed.
    pub(crate) transient: bool,
    /// Whose checkpoint it stands in, counted from 1; 0 for none.
    pub(crate) region: u32,
}

impl Mark {
    /// Part of the derivative of a node.
    pub(crate) fn derived_from(self, node: NodeId) -> Self {
        Mark { derived: node.0.saturating_add(1), ..self }
    }

    /// The node whose derivative it is a part of.
    pub(crate) fn primal(self) -> Option<NodeId> {
        self.derived.checked_sub(1).map(NodeId)
    }
}
