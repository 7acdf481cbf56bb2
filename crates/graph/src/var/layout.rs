//! Methods that move elements and compute nothing: reshape, permute, transpose, broadcast; and detach.

use std::panic::Location;

use crate::Scalar;
use crate::convert::IntoAxes;
use crate::error::{ErrorKind, Fault};
use crate::op::{Axes, Op, Origin};
use crate::shape::{ShapeId, normalize_axes};
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// The same elements in row-major order under another shape. The number of elements must stay the same.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// assert_eq!(x.reshape([2, 3]).value()?, ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape(self, shape: impl AsRef<[usize]>) -> Self {
        match self.target("reshape", shape.as_ref(), Location::caller()) {
            Ok(to) => self.record(Op::Reshape(to)),
            Err(invalid) => invalid,
        }
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of `self`. Each must be named once;
    /// negative numbers count from the last.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::Array3::<f64>::zeros((2, 3, 4)));
    /// assert_eq!(x.permute([2, 0, 1]).shape()?, [4, 2, 3]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn permute(self, axes: impl IntoAxes) -> Self {
        let rank = self.sizes().len();
        let (axes, _) = axes.into_axes();
        match normalize_axes(&axes, rank) {
            Ok(axes) if axes.len() == rank => self.record(Op::Permute(axes)),
            Ok(axes) => {
                let fault = Fault::new(
                    ErrorKind::Axis,
                    format!("{} axes are named, and there are {rank}", axes.len()),
                    "name every axis once",
                );
                self.reject("permute", &[self.id], fault)
            }
            Err(fault) => self.reject("permute", &[self.id], fault),
        }
    }

    /// The transpose: the axes in reverse order. A vector is its own.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let w = graph.constant(ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    /// assert_eq!(w.t().value()?, ndarray::arr2(&[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn t(self) -> Self {
        let rank = self.sizes().len();
        if rank < 2 {
            return self;
        }
        let axes: Axes = (0..rank as u8).rev().collect();
        self.record(Op::Permute(axes))
    }

    /// Repeated to another shape by NumPy's rule: counted from the last axis, each size is the same, or 1, or missing.
    /// The operators do this by themselves.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0]);
    /// assert_eq!(x.broadcast_to([2, 2]).value()?, ndarray::arr2(&[[1.0, 2.0], [1.0, 2.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn broadcast_to(self, shape: impl AsRef<[usize]>) -> Self {
        self.broadcast_for("broadcast_to", shape.as_ref(), Location::caller())
    }

    /// The same value, as a constant to every derivative: no gradient passes through.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 3.0);
    /// assert_eq!((x.detach() * x).grad(x)?.item()?, 3.0); // and not 6
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn detach(self) -> Self {
        self.record(Op::Detach)
    }

    /// A shape that the user wants; an invalid node where there cannot be such an array, or this node is invalid.
    fn target(self, operation: &str, shape: &[usize], caller: Origin) -> Result<ShapeId, Self> {
        let mut tape = self.graph.tape.borrow_mut();
        if let Some(error) = tape.error(self.id) {
            return Err(Var { id: tape.invalid(error, caller), ..self });
        }
        let wanted = tape.shapes.intern(shape);
        wanted.map_err(|fault| Var { id: tape.reject(operation, &[self.id], fault, caller), ..self })
    }

    /// [`Var::broadcast_to`] on behalf of `operation`.
    pub(crate) fn broadcast_for(self, operation: &str, shape: &[usize], caller: Origin) -> Self {
        let to = match self.target(operation, shape, caller) {
            Ok(to) => to,
            Err(invalid) => return invalid,
        };
        let mut tape = self.graph.tape.borrow_mut();
        let id = match tape.broadcast(self.id, to, caller) {
            Ok(id) => id,
            Err(fault) => tape.reject(operation, &[self.id], fault, caller),
        };
        Var { id, ..self }
    }
}
