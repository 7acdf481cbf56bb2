//! What a node is: an operation of a small closed set, its operands, its shape and the user's source line.
//!
//! The set has two levels. [`Op`] lists the *structural* operations, those that move or combine elements; the
//! scalar functions, applied to one element or two at a time, are wrapped by [`Op::Map`] and [`Op::Zip`] and live
//! in [`scalar`](crate::scalar). Each transformation of the graph is a page with one exhaustive `match` over this
//! enum: shapes in [`shape`](crate::shape), derivatives in [`linear`](crate::linear), values in
//! [`execute`](crate::execute). So the compiler lists what a new operation still needs.

use std::panic::Location;

use smallvec::SmallVec;

use crate::Scalar;
use crate::scalar::{Binary, Unary};
use crate::shape::ShapeId;

/// The place of a node on the tape. Operands always have smaller numbers: index order is topological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Axis numbers, in the range of the operand's (or the result's) rank.
pub(crate) type Axes = SmallVec<[u8; 16]>;

/// Operand lists; nearly all have one or two entries and stay inside the node.
pub(crate) type Operands = SmallVec<[NodeId; 4]>;

/// Where the user wrote the call.
pub(crate) type Origin = &'static Location<'static>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op<T> {
    /// Stands where an operation could not be recorded; the number finds its error on the tape.
    Invalid(u32),
    /// A named leaf; the number finds its name.
    Variable(u32),
    /// An unnamed leaf.
    Constant,
    /// The operand's value, through which no derivative passes.
    Detach,
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
    /// Matrix product of vectors and matrices; a vector on the left is a row, on the right a column.
    MatMul,
}

impl<T: Scalar> Op<T> {
    /// The name a user knows it by.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Op::Invalid(_) => "invalid",
            Op::Variable(_) => "variable",
            Op::Constant => "constant",
            Op::Detach => "detach",
            Op::Map(unary) => unary.name(),
            Op::Zip(binary) => binary.name(),
            Op::Broadcast { .. } => "broadcast",
            Op::Sum(_) => "sum",
            Op::Reshape(_) => "reshape",
            Op::Permute(_) => "permute",
            Op::MatMul => "matmul",
        }
    }
}

/// One entry of the tape.
#[derive(Clone, Debug)]
pub(crate) struct Node<T> {
    pub(crate) op: Op<T>,
    pub(crate) operands: Operands,
    pub(crate) shape: ShapeId,
    pub(crate) origin: Origin,
}
