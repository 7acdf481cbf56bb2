//! [`Var`]: a node as a user holds it. Its methods stand in pages of their own by family; this one has what all
//! nodes share: identity, shape, value.

mod activation;
mod arithmetic;
mod compare;
mod elementwise;
mod index;
mod join;
mod layout;
mod linalg;
mod loss;
mod order;
mod product;
mod random;
mod reduce;
mod slice;
mod softmax;
mod window;

pub use index::IntoIndices;
pub use linalg::Triangle;
pub use window::{Conv, Pool, Sizes};

use std::fmt;
use std::panic::Location;

use ndarray::ArrayD;

use crate::Scalar;
use crate::error::{ErrorKind, Fault, Result};
use crate::graph::Graph;
use crate::op::{Axes, NodeId, Op, Operands, Origin};
use crate::shape::{Shape, ShapeId};

/// A node of a [`Graph`]: a small copy that carries the operators and methods which record new nodes.
///
/// Recording never fails and never computes. Where shapes do not fit, the new node is *invalid*: it remembers the
/// operation, the shapes and the source line, everything computed from it is invalid too, and the first call that
/// can return an error ([`value`](Var::value), [`shape`](Var::shape), [`grad`](Var::grad), ...) returns that one.
/// The rest of the graph stays usable.
///
/// ```
/// use chainrule_graph::Graph;
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let x = graph.constant(array![1.0, 2.0, 3.0]);
/// let oops = (x + array![1.0, 2.0]).exp().sum();
/// assert!(oops.value().unwrap_err().to_string().starts_with("add: [3] and [2] cannot be broadcast"));
/// assert_eq!(x.sum().item()?, 6.0);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub struct Var<'g, T = f64> {
    graph: &'g Graph<T>,
    pub(crate) id: NodeId,
}

impl<T> Clone for Var<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Var<'_, T> {}

impl<'g, T: Scalar> Var<'g, T> {
    pub(crate) fn new(graph: &'g Graph<T>, id: NodeId) -> Self {
        Var { graph, id }
    }

    /// The graph it belongs to.
    pub fn graph(self) -> &'g Graph<T> {
        self.graph
    }

    /// Whether it belongs to this graph.
    pub(crate) fn is_in(self, graph: &Graph<T>) -> bool {
        std::ptr::eq(self.graph, graph)
    }

    /// The sizes along its axes; `[]` for a single number.
    ///
    /// # Errors
    /// If the node is invalid.
    pub fn shape(self) -> Result<Vec<usize>> {
        self.graph.check(self.id)?;
        Ok(self.sizes().to_vec())
    }

    /// Its value, computed now if it has not been before, as a copy of the caller's own.
    ///
    /// # Errors
    /// If the node is invalid, if an operation it is computed from has no value for its operands (an index out of range,
    /// a singular matrix), or if memory cannot be had.
    #[track_caller]
    pub fn value(self) -> Result<ArrayD<T>> {
        let caller = Location::caller();
        self.evaluate("value", caller)?;
        let read = self.graph.tape.borrow().read(self.id);
        read.or_else(|fault| self.graph.error("value", &[self.id], fault, caller))
    }

    /// The value of a node with exactly one element.
    ///
    /// # Errors
    /// If it has more or none, if the node is invalid, or memory cannot be had.
    #[track_caller]
    pub fn item(self) -> Result<T> {
        let caller = Location::caller();
        self.graph.check(self.id)?;
        let sizes = self.sizes();
        if crate::shape::element_count(&sizes) != 1 {
            let fault = Fault::new(
                ErrorKind::NotScalar,
                format!("a node of shape {:?} has not one element", sizes.as_slice()),
                "read the whole array with `value`",
            );
            return self.graph.error("item", &[self.id], fault, caller);
        }
        self.evaluate("item", caller)?;
        Ok(self.graph.tape.borrow().read_one(self.id))
    }

    /// Whether this number is not 0: a condition to branch on. The decision becomes part of the graph, as a guard; if the program
    /// runs again on other values and would have to branch otherwise, that is an error, and not a wrong result.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 3.0);
    /// let y = if x.greater(0.0).holds()? { x.ln() } else { x * 0.0 };
    /// assert_eq!(y.item()?, 3_f64.ln());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`item`](Var::item); and inside of [`vmap`](crate::vmap), where there are no values.
    #[track_caller]
    pub fn holds(self) -> Result<bool> {
        let holds = self.item()? != T::zero();
        self.record(Op::Guard(holds));
        Ok(holds)
    }

    fn evaluate(self, operation: &str, caller: Origin) -> Result<()> {
        self.graph.check(self.id)?;
        self.graph.evaluate(operation, &[self.id], caller)
    }

    pub(crate) fn shape_id(self) -> ShapeId {
        self.graph.tape.borrow().shape_id(self.id)
    }

    pub(crate) fn sizes(self) -> Shape {
        self.graph.tape.borrow().sizes(self.id).into()
    }

    /// Zeros of the same shape.
    pub(crate) fn zeros_like(self) -> Self {
        let id = self.graph.tape.borrow_mut().zeros_like(self.id);
        Var { id, ..self }
    }

    /// Records an operation of this one operand.
    #[track_caller]
    pub(crate) fn record(self, op: Op<T>) -> Self {
        let id = self.graph.tape.borrow_mut().push(op, &[self.id], Location::caller());
        Var { id, ..self }
    }

    /// Records an operation of this operand and another one.
    #[track_caller]
    pub(crate) fn record_with(self, op: Op<T>, other: Self) -> Self {
        let id = self.graph.tape.borrow_mut().push(op, &[self.id, other.id], Location::caller());
        Var { id, ..self }
    }

    /// Records an operation of these operands, which belong to this node's graph.
    #[track_caller]
    pub(crate) fn record_of(self, op: Op<T>, operands: &[Self]) -> Self {
        let operands: Operands = operands.iter().map(|x| x.id).collect();
        let id = self.graph.tape.borrow_mut().push(op, &operands, Location::caller());
        Var { id, ..self }
    }

    /// This node repeated along `axes`, to the shape of `like`.
    #[track_caller]
    pub(crate) fn spread(self, axes: &Axes, like: Self) -> Self {
        self.record(Op::Broadcast { axes: axes.clone(), to: like.shape_id() })
    }

    /// Records that `operation` could not be done.
    #[track_caller]
    fn reject(self, operation: &str, operands: &[Self], fault: Fault) -> Self {
        self.graph.refuse(operation, operands, fault, Location::caller())
    }
}

/// The node's line of the listing that printing its graph gives.
impl<T: Scalar> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.graph.tape.borrow().line(self.id);
        f.write_str(&line)
    }
}
