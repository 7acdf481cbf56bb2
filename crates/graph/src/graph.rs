//! [`Graph`]: the tape as a user holds it, with its leaves.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use indexmap::IndexMap;

use crate::Scalar;
use crate::convert::IntoArray;
use crate::error::{ErrorKind, Fault, Result};
use crate::inspect::OpenScope;
use crate::op::{NodeId, Op};
use crate::shape::ShapeId;
use crate::tape::Tape;
use crate::var::Var;

/// A computation graph: every operation on its nodes is recorded, and any node can be differentiated with respect
/// to any other.
///
/// Nodes are handled as [`Var`]s, small copies that borrow the graph. A graph is `f64` unless said otherwise:
/// [`Graph::new`] for `f64`, [`Graph::f32`] for `f32`, `Graph::<T>::default()` in generic code.
///
/// ```
/// use chainrule_graph::Graph;
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let w = graph.variable("w", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
/// let z = w.matmul(array![0.5, 0.6, 0.7]);
/// assert_eq!(z.shape()?, [2]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Printing a graph lists its tape, one node a line.
pub struct Graph<T = f64> {
    /// Borrowed for single calls of the tape only, never while code of a user runs: so no borrow can fail.
    pub(crate) tape: RefCell<Tape<T>>,
}

impl Graph<f64> {
    /// An empty graph of `f64` numbers.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Graph<f32> {
    /// An empty graph of `f32` numbers.
    pub fn f32() -> Self {
        Self::default()
    }
}

impl<T: Scalar> Default for Graph<T> {
    fn default() -> Self {
        Graph { tape: RefCell::new(Tape::new()) }
    }
}

impl<T: Scalar> Graph<T> {
    /// A leaf with a name: a weight, an input. Names are unique within a graph; [`Graph::get`] finds the node again.
    ///
    /// Takes `ndarray` arrays of any dimension (owned, borrowed or views), plain numbers, slices, `Vec`s and
    /// one-dimensional Rust arrays. There is no other difference to a [constant](Graph::constant): a gradient can be
    /// taken with respect to either.
    ///
    /// A name given before makes an invalid node.
    #[track_caller]
    pub fn variable(&self, name: impl Into<String>, value: impl IntoArray<T>) -> Var<'_, T> {
        let (name, caller) = (name.into(), Location::caller());
        // `as_view` runs code of the value's own, which may use this graph: the tape is borrowed behind it only.
        let view = value.as_view();
        let id = self.tape.borrow_mut().variable(name, view, caller);
        Var::new(self, id)
    }

    /// A leaf without a name: data, a seed, a fixed number. Takes what [`Graph::variable`] takes.
    #[track_caller]
    pub fn constant(&self, value: impl IntoArray<T>) -> Var<'_, T> {
        let caller = Location::caller();
        let view = value.as_view();
        let mut tape = self.tape.borrow_mut();
        let leaf = tape.leaf(Op::Constant, view, caller);
        let id = leaf.unwrap_or_else(|fault| tape.reject("constant", &[], fault, caller));
        drop(tape);
        Var::new(self, id)
    }

    /// An array of the given shape, filled with one number.
    #[track_caller]
    pub fn full(&self, shape: impl AsRef<[usize]>, value: T) -> Var<'_, T> {
        self.constant(value).broadcast_for("full", shape.as_ref(), Location::caller())
    }

    /// The variable of that name.
    pub fn get(&self, name: &str) -> Option<Var<'_, T>> {
        self.tape.borrow().names.get(name).map(|&id| Var::new(self, id))
    }

    /// All variables by name, in the order of their declaration.
    ///
    /// The map can be given to [`Var::grad`], which returns the gradients under the same names.
    pub fn variables(&self) -> IndexMap<String, Var<'_, T>> {
        self.tape.borrow().names.iter().map(|(name, &id)| (name.clone(), Var::new(self, id))).collect()
    }

    /// How many nodes have been recorded.
    pub fn len(&self) -> usize {
        self.tape.borrow().nodes.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all nodes and values, and keeps their memory for the next recording.
    ///
    /// Nodes borrow the graph, so the compiler sees to it that none is used afterwards.
    pub fn clear(&mut self) {
        self.tape.get_mut().clear();
    }

    /// Until the returned guard is dropped, errors name `name` beside the operation, and the source line of nodes and
    /// errors is that of the call of `scope` (or of the function that called it, if that is `#[track_caller]` too).
    ///
    /// For code that records on behalf of its caller: a layer, say. Scopes nest: names are joined by dots, and the
    /// outermost line counts.
    ///
    /// ```
    /// use chainrule_graph::{Graph, Var};
    /// use ndarray::array;
    ///
    /// #[track_caller]
    /// fn my_layer<'g>(w: Var<'g>, x: Var<'g>) -> Var<'g> {
    ///     let _scope = w.graph().scope("my_layer");
    ///     w.matmul(x).tanh()
    /// }
    ///
    /// let graph = Graph::new();
    /// let y = my_layer(graph.constant(array![[1.0, 2.0]]), graph.constant(array![1.0, 2.0, 3.0]));
    /// let error = y.value().unwrap_err();
    /// assert_eq!(error.scope(), "my_layer");
    /// assert_eq!(error.location().line(), line!() - 3);
    /// ```
    #[track_caller]
    pub fn scope(&self, name: impl Into<String>) -> Scope<'_, T> {
        let (name, caller) = (name.into(), Location::caller());
        let mut tape = self.tape.borrow_mut();
        let (depth, first) = (tape.scopes.len(), tape.nodes.len());
        tape.scopes.push(OpenScope { name, line: caller, first });
        Scope { graph: self, depth }
    }

    /// An invalid node with an error of the caller's own: how a layer reports a wrong argument without a `Result`.
    ///
    /// `shapes` are those of the operands `operation` was given. If one of the operands is invalid itself, the new
    /// node carries that one's error.
    #[track_caller]
    pub fn invalid<'g>(
        &'g self,
        operation: &str,
        operands: &[Var<'g, T>],
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Var<'g, T> {
        let caller = Location::caller();
        let fault = Fault::new(ErrorKind::Argument, message, help);
        self.refuse(operation, operands, fault, caller)
    }

    /// An invalid node for a call with these operands, of this graph or others.
    pub(crate) fn refuse<'g>(
        &'g self,
        operation: &str,
        operands: &[Var<'g, T>],
        fault: Fault,
        caller: crate::op::Origin,
    ) -> Var<'g, T> {
        let mut tape = self.tape.borrow_mut();
        let ours: Vec<NodeId> = operands.iter().filter(|x| x.is_in(self)).map(|x| x.id).collect();
        // The error of an operand comes first: it is the cause.
        let earlier = ours.iter().find_map(|&id| tape.error(id));
        let id = match earlier {
            Some(error) => tape.invalid(error, caller),
            None => tape.reject(operation, &ours, fault, caller),
        };
        Var::new(self, id)
    }

    /// From now on, computing a value fails at the first one that is not finite, of a leaf or an operation, a derivative or not;
    /// the error names the operation and the line that recorded it. For finding where a NaN comes from: it costs time, and
    /// refuses infinities that are meant (a mask with `-∞`, a branch that [`select`](Var::select) does not take).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// graph.check_finite(true);
    /// let x = graph.variable("x", [1.0, 0.0]);
    /// let error = x.ln().sum().value().unwrap_err();
    /// assert_eq!((error.operation(), error.location().line()), ("ln", line!() - 1));
    /// assert_eq!(error.message(), "the value is -inf at [1]");
    /// ```
    pub fn check_finite(&self, on: bool) {
        self.tape.borrow_mut().check_finite = on;
    }

    /// Records a stand-in for one example of a batch.
    pub(crate) fn example(&self, shape: &[usize], caller: crate::op::Origin) -> Var<'_, T> {
        let mut tape = self.tape.borrow_mut();
        let interned = tape.shapes.intern(shape);
        let id = match interned {
            Ok(shape) => tape.example(shape, caller),
            Err(fault) => tape.reject("vmap", &[], fault, caller),
        };
        Var::new(self, id)
    }

    pub(crate) fn intern(&self, shape: &[usize]) -> Option<ShapeId> {
        self.tape.borrow_mut().shapes.intern(shape).ok()
    }

    /// An error of a call that returns one at once.
    pub(crate) fn error<V>(
        &self,
        operation: &str,
        operands: &[NodeId],
        fault: Fault,
        caller: crate::op::Origin,
    ) -> Result<V> {
        Err(self.tape.borrow().locate(operation, operands, fault, caller))
    }

    pub(crate) fn check(&self, id: NodeId) -> Result<()> {
        self.tape.borrow().error(id).map_or(Ok(()), Err)
    }
}

/// Ends the [scope](Graph::scope) it was returned for when it is dropped.
#[must_use = "a scope ends when its guard is dropped"]
pub struct Scope<'g, T> {
    graph: &'g Graph<T>,
    depth: usize,
}

impl<T> Drop for Scope<'_, T> {
    fn drop(&mut self) {
        self.graph.tape.borrow_mut().close_scopes(self.depth);
    }
}

impl<T: Scalar> fmt::Display for Graph<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text first, in a statement of its own: the writer may be code that uses this graph.
        let text = self.tape.borrow().listing();
        f.write_str(&text)
    }
}

impl<T: Scalar> fmt::Debug for Graph<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text first, in a statement of its own: the writer may be code that uses this graph.
        let text = self.tape.borrow().listing();
        f.write_str(&text)
    }
}
