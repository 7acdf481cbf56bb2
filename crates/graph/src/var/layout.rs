//! Methods that move elements and compute nothing: reshape, permute, transpose, broadcast; and detach.

use std::panic::Location;

use crate::Scalar;
use crate::convert::{IntoAxes, IntoShape};
use crate::error::{ErrorKind, Fault};
use crate::op::{Axes, Op, Origin};
use crate::shape::{MAX_RANK, ShapeId, element_count, normalize_axes, without};
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// The same elements in row-major order under another shape. One size may be -1: it is inferred. The number of elements
    /// must stay the same. (Rust cannot guess the type of an empty list: the shape of a single number is `[0_usize; 0]`.)
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// assert_eq!(x.reshape([2, 3]).value()?, ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn());
    /// assert_eq!(x.reshape([-1, 2]).shape()?, [3, 2]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape(self, shape: impl IntoShape) -> Self {
        let wanted = shape.into_shape();
        let sizes = match inferred(&wanted, element_count(&self.sizes())) {
            Ok(sizes) => sizes,
            Err(fault) => return self.reject("reshape", &[self], fault),
        };
        match self.target("reshape", &sizes, Location::caller()) {
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
                self.reject("permute", &[self], fault)
            }
            Err(fault) => self.reject("permute", &[self], fault),
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

    /// The transpose of each matrix: the last two axes change places (NumPy's `.mT`). A vector is its own.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::Array3::<f64>::zeros((2, 3, 4)));
    /// assert_eq!(x.mt().shape()?, [2, 4, 3]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn mt(self) -> Self {
        let rank = self.sizes().len();
        if rank < 2 {
            return self;
        }
        let mut axes: Axes = (0..rank as u8).collect();
        axes.swap(rank - 2, rank - 1);
        self.record(Op::Permute(axes))
    }

    /// Without some axes, which must have size 1.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::Array3::<f64>::zeros((1, 3, 1)));
    /// assert_eq!(x.squeeze([0, -1]).shape()?, [3]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn squeeze(self, axes: impl IntoAxes) -> Self {
        let sizes = self.sizes();
        let (axes, _) = axes.into_axes();
        let axes = match normalize_axes(&axes, sizes.len()) {
            Ok(axes) => axes,
            Err(fault) => return self.reject("squeeze", &[self], fault),
        };
        if let Some(&axis) = axes.iter().find(|&&axis| sizes[axis as usize] != 1) {
            let fault = Fault::new(
                ErrorKind::Shape,
                format!("axis {axis} of {:?} has not size 1", sizes.as_slice()),
                "only axes of size 1 can be left out; a reduction removes others",
            );
            return self.reject("squeeze", &[self], fault);
        }
        self.reshape(without(&sizes, &axes).as_slice())
    }

    /// With new axes of size 1, at these places of the result (NumPy's `expand_dims`).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0, 3.0]);
    /// assert_eq!(x.unsqueeze([0, -1]).shape()?, [1, 3, 1]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn unsqueeze(self, axes: impl IntoAxes) -> Self {
        let sizes = self.sizes();
        let (axes, _) = axes.into_axes();
        let rank = sizes.len() + axes.len();
        let axes = match normalize_axes(&axes, rank.min(MAX_RANK)) {
            Ok(axes) => axes,
            Err(fault) => return self.reject("unsqueeze", &[self], fault),
        };
        let mut old = sizes.iter().copied();
        let new = (0..rank).map(|axis| match axes.contains(&(axis as u8)) {
            true => 1,
            false => old.next().unwrap_or(1),
        });
        self.reshape(new.collect::<Vec<usize>>())
    }

    /// Repeated as a whole, so many times along each axis. A missing number at the front is 1; more numbers than axes make
    /// new axes at the front, as NumPy's `tile`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0]);
    /// assert_eq!(x.tile([2]).value()?, ndarray::arr1(&[1.0, 2.0, 1.0, 2.0]).into_dyn());
    /// assert_eq!(x.tile([3, 1]).shape()?, [3, 2]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn tile(self, times: impl AsRef<[usize]>) -> Self {
        let (sizes, times) = (self.sizes(), times.as_ref());
        let rank = sizes.len().max(times.len());
        if 2 * rank > MAX_RANK {
            let fault = Fault::new(
                ErrorKind::TooLarge,
                format!("{rank} axes are too many to repeat: at most {}", MAX_RANK / 2),
                "merge axes with `reshape`",
            );
            return self.reject("tile", &[self], fault);
        }
        let size = |axis: usize| (axis + sizes.len()).checked_sub(rank).map_or(1, |i| sizes[i]);
        let time = |axis: usize| (axis + times.len()).checked_sub(rank).map_or(1, |i| times[i]);
        let apart: Vec<usize> = (0..rank).flat_map(|axis| [1, size(axis)]).collect();
        let repeated: Vec<usize> = (0..rank).flat_map(|axis| [time(axis), size(axis)]).collect();
        let merged: Vec<usize> = (0..rank).map(|axis| time(axis).saturating_mul(size(axis))).collect();
        let caller = Location::caller();
        self.reshape(apart).broadcast_for("tile", &repeated, caller).reshape(merged)
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

/// The sizes that are meant, where at most one is -1.
fn inferred(wanted: &[i128], elements: usize) -> Result<Vec<usize>, Fault> {
    let known = wanted.iter().filter(|&&size| size != -1);
    let product = known.clone().try_fold(1_usize, |all, &size| all.checked_mul(usize::try_from(size).ok()?));
    let open = wanted.len() - known.count();
    let missing = match (open, product) {
        // Whether they fit is for the shape rule to say.
        (0, _) if wanted.iter().all(|&size| usize::try_from(size).is_ok()) => 0,
        (1, Some(product)) if product > 0 && elements.is_multiple_of(product) => elements / product,
        (1, Some(0)) if elements == 0 => 0,
        // Too large to be right, or negative: both are said here.
        _ => {
            return Err(Fault::new(
                ErrorKind::Shape,
                format!("{elements} elements cannot have the shape {wanted:?}"),
                "the number of elements must stay the same; at most one size is -1, to be inferred",
            ));
        }
    };
    Ok(wanted.iter().map(|&size| usize::try_from(size).unwrap_or(missing)).collect())
}
