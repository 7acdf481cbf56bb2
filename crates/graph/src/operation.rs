//! What a node computes, as data: for whoever walks a graph from outside, to export it to another format, to draw it, or to
//! compute it again by other means.
//!
//! [`Op`] itself stays private: it holds interned shapes and shared parts, and may change. What it says is here.

use crate::Scalar;
use crate::op::{NodeId, Op, SliceAxis};
use crate::scalar::{Binary, Unary};
use crate::shape::ShapeId;
use crate::tape::Tape;
use crate::var::Var;

/// The operation of a node with everything that it was told beside its operands.
///
/// The set is small: what a graph offers beyond it (softmax, convolutions, norms, losses, layers) is recorded as formulas of these.
/// Broadcasting is explicit, axes are counted from 0, and operands have the order of [`Var::operands`].
///
/// ```
/// use chainrule_graph::{Binary, Graph, Operation, Unary};
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let x = graph.variable("x", array![[1.0, 2.0], [3.0, 4.0]]);
/// let y = (x * 2.0).tanh().sum_axes(1) + array![0.5, 1.0];
/// let kinds: Vec<Operation<f64>> = graph.nodes().map(|node| node.kind()).collect();
/// assert_eq!(kinds, [
///     Operation::Variable { name: "x".into() },
///     Operation::Map(Unary::Mul(2.0)),
///     Operation::Map(Unary::Tanh),
///     Operation::Sum { axes: vec![1] },
///     Operation::Constant,
///     Operation::Zip(Binary::Add),
/// ]);
/// # let _ = y;
/// ```
///
/// An exporter is a loop with a `match`. Here, to the names of the ONNX operators:
///
/// ```
/// use chainrule_graph::{Binary, Graph, Operation, Scalar, Unary, Var};
///
/// fn onnx<T: Scalar>(node: Var<'_, T>) -> Result<String, String> {
///     Ok(match node.kind() {
///         Operation::Variable { name } => format!("input {name}"),
///         Operation::Constant => "Constant".into(),
///         Operation::Map(Unary::Tanh) => "Tanh".into(),
///         Operation::Zip(Binary::Add) => "Add".into(),
///         Operation::MatMul => "MatMul".into(),
///         Operation::Permute { axes } => format!("Transpose perm={axes:?}"),
///         other => return Err(format!("{other:?} is not exported yet")),
///     })
/// }
///
/// let graph = Graph::new();
/// let x = graph.variable("x", ndarray::array![[0.5, 1.0]]);
/// let y = x.matmul(x.t()).tanh();
/// let names: Result<Vec<String>, String> = graph.nodes().map(onnx).collect();
/// assert_eq!(names?, ["input x", "Transpose perm=[1, 0]", "MatMul", "Tanh"]);
/// # let _ = y;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operation<T> {
    /// Stands where an operation could not be recorded; its error is what [`Var::value`] returns.
    Invalid,
    /// A named leaf.
    Variable {
        /// Its name.
        name: String,
    },
    /// An unnamed leaf; what it holds is its value.
    Constant,
    /// A leaf without a value, which stood for one example of a batch while `vmap` recorded a function.
    Example,
    /// The operand, through which no derivative passes.
    Detach,
    /// The operand, a single number of which a branch was taken.
    Guard {
        /// Whether it must be not 0, or 0.
        expected: bool,
    },
    /// A scalar function of each element.
    Map(Unary<T>),
    /// A scalar function of the elements in the same place of two arrays of one shape.
    Zip(Binary),
    /// The operand, repeated along new axes.
    Broadcast {
        /// Which axes of the result are the new ones, in rising order.
        axes: Vec<usize>,
        /// The result's shape.
        shape: Vec<usize>,
    },
    /// Sums over some axes, which disappear.
    Sum {
        /// Axes of the operand, in rising order.
        axes: Vec<usize>,
    },
    /// The same elements in row-major order under another shape.
    Reshape {
        /// The new shape.
        shape: Vec<usize>,
    },
    /// The axes in another order: axis `i` of the result is axis `axes[i]` of the operand.
    Permute {
        /// Axes of the operand.
        axes: Vec<usize>,
    },
    /// The product of two vectors or matrices; a vector is a row on the left, a column on the right. Further axes, in front, number
    /// the matrices and are equal in both.
    MatMul,
    /// The second operand where the first is not 0, the third elsewhere.
    Select,
    /// The largest or smallest elements over some axes, which disappear. NaN counts as both; equal ones share the derivative.
    Extremum {
        /// Axes of the operand, in rising order.
        axes: Vec<usize>,
        /// The largest, or the smallest.
        largest: bool,
    },
    /// The place of the first largest or smallest element along an axis, which disappears.
    ArgExtremum {
        /// An axis of the operand.
        axis: usize,
        /// Of the largest, or of the smallest.
        largest: bool,
    },
    /// Running sums along an axis.
    CumSum {
        /// The axis.
        axis: usize,
        /// From each element to the end, in the place of from the beginning to each element.
        reverse: bool,
    },
    /// A regular part of the operand.
    Slice {
        /// What is taken of each axis.
        parts: Vec<SliceAxis>,
    },
    /// Zeros with the operand in a regular part: the transpose of [`Slice`](Operation::Slice).
    Unslice {
        /// The places of the operand's elements on each axis.
        parts: Vec<SliceAxis>,
        /// The result's shape.
        shape: Vec<usize>,
    },
    /// The operands one after the other.
    Concat {
        /// Along which axis.
        axis: usize,
    },
    /// Elements of the first operand, chosen by the numbers in the second.
    Gather {
        /// The axis of the first operand that the numbers count along.
        axis: usize,
        /// `false`: the axis is replaced by all axes of the numbers. `true`: the numbers have the result's shape, and each picks
        /// one element.
        along: bool,
    },
    /// Zeros to which the first operand's elements are added, where the numbers in the second say: the transpose of
    /// [`Gather`](Operation::Gather).
    Scatter {
        /// The axis of the result that the numbers count along.
        axis: usize,
        /// As in [`Gather`](Operation::Gather).
        along: bool,
        /// The result's shape.
        shape: Vec<usize>,
    },
    /// Overlapping windows along an axis, whose elements form a new last axis.
    Unfold {
        /// The axis, which then counts the windows.
        axis: usize,
        /// How many elements a window has.
        size: usize,
        /// From one window to the next.
        stride: usize,
        /// From one element of a window to the next.
        dilation: usize,
    },
    /// Windows added up where they overlap: the transpose of [`Unfold`](Operation::Unfold).
    Fold {
        /// The axis that counts the windows.
        axis: usize,
        /// How many elements a window has.
        size: usize,
        /// From one window to the next.
        stride: usize,
        /// From one element of a window to the next.
        dilation: usize,
        /// The result's shape.
        shape: Vec<usize>,
    },
    /// The lower triangle `L` with `L L' = A`, of a symmetric positive definite matrix.
    Cholesky,
    /// `X` with `T X = B`: `T` is a triangle of the first operand, whose rest is not read.
    TriangularSolve {
        /// The upper triangle, or the lower one.
        upper: bool,
        /// Whether the transpose of that triangle divides.
        transposed: bool,
    },
    /// `X` with `A X = B`.
    Solve,
    /// `ln det A`
    LogDet,
    /// An operation of the user's own ([`CustomOp`](crate::CustomOp)).
    Custom {
        /// Its name.
        name: &'static str,
    },
}

impl<T: Scalar> Var<'_, T> {
    /// The operation as data, with its axes, shapes and numbers; its name alone is [`operation`](Var::operation).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// use chainrule_graph::Operation;
    ///
    /// let x = graph.variable("x", [1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(x.reshape([2, 2]).kind(), Operation::Reshape { shape: vec![2, 2] });
    /// assert_eq!(x.reshape([3, 3]).kind(), Operation::Invalid);
    /// ```
    pub fn kind(self) -> Operation<T> {
        self.graph().tape.borrow().kind(self.id)
    }
}

impl<T: Scalar> Tape<T> {
    fn kind(&self, id: NodeId) -> Operation<T> {
        let Some(node) = self.nodes.get(id) else { return Operation::Invalid };
        let shape = |id: ShapeId| self.shapes.get(id).to_vec();
        let many = |axes: &[u8]| -> Vec<usize> { axes.iter().map(|&axis| axis.into()).collect() };
        let sorted = |axes: &[u8]| {
            let mut axes = many(axes);
            axes.sort_unstable();
            axes
        };
        match &node.op {
            Op::Invalid(_) => Operation::Invalid,
            Op::Variable(_) => {
                Operation::Variable { name: self.variable_name(id).unwrap_or_default().to_owned() }
            }
            Op::Constant => Operation::Constant,
            Op::Example => Operation::Example,
            Op::Detach => Operation::Detach,
            Op::Guard(expected) => Operation::Guard { expected: *expected },
            Op::Map(f) => Operation::Map(*f),
            Op::Zip(f) => Operation::Zip(*f),
            Op::Broadcast { axes, to } => Operation::Broadcast { axes: sorted(axes), shape: shape(*to) },
            Op::Sum(axes) => Operation::Sum { axes: sorted(axes) },
            Op::Reshape(to) => Operation::Reshape { shape: shape(*to) },
            Op::Permute(axes) => Operation::Permute { axes: many(axes) },
            Op::MatMul => Operation::MatMul,
            Op::Select => Operation::Select,
            Op::Extremum { axes, largest } => Operation::Extremum { axes: sorted(axes), largest: *largest },
            Op::ArgExtremum { axis, largest } => {
                Operation::ArgExtremum { axis: (*axis).into(), largest: *largest }
            }
            Op::CumSum { axis, reverse } => Operation::CumSum { axis: (*axis).into(), reverse: *reverse },
            Op::Slice(parts) => Operation::Slice { parts: parts.to_vec() },
            Op::Unslice { slices, to } => Operation::Unslice { parts: slices.to_vec(), shape: shape(*to) },
            Op::Concat(axis) => Operation::Concat { axis: (*axis).into() },
            Op::Gather { axis, along } => Operation::Gather { axis: (*axis).into(), along: *along },
            Op::Scatter { axis, along, to } => {
                Operation::Scatter { axis: (*axis).into(), along: *along, shape: shape(*to) }
            }
            Op::Unfold(window) => Operation::Unfold {
                axis: window.axis.into(),
                size: window.size,
                stride: window.stride,
                dilation: window.dilation,
            },
            Op::Fold { window, to } => Operation::Fold {
                axis: window.axis.into(),
                size: window.size,
                stride: window.stride,
                dilation: window.dilation,
                shape: shape(*to),
            },
            Op::Cholesky => Operation::Cholesky,
            Op::TriangularSolve(triangle) => {
                Operation::TriangularSolve { upper: triangle.upper, transposed: triangle.transposed }
            }
            Op::Solve => Operation::Solve,
            Op::LogDet => Operation::LogDet,
            Op::Custom(custom) => Operation::Custom { name: custom.name },
        }
    }
}

#[cfg(test)]
#[path = "operation_tests.rs"]
mod tests;
