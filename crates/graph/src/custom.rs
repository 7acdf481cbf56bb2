//! Operations of the user's own.
//!
//! The tape treats one like any other node. What is special is that its value is code of the user's, which may use the
//! graph: so it is run while the tape is not borrowed (`execute.rs`), and everything that the tape asks of it (name,
//! shape, cuts) is asked once, before it is recorded.

use std::panic::Location;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::graph::Graph;
use crate::linear_map::LinearMap;
use crate::op::{Op, Operands};
use crate::shape::ShapeId;
use crate::var::Var;

/// An operation of the user's own: a value, and one derivative rule an operand that serves both modes and every order.
///
/// ```
/// use chainrule_graph::{CustomOp, Graph, LinearMap, Scalar, Var};
/// use ndarray::{ArrayD, ArrayViewD};
///
/// /// `x³`, elementwise.
/// struct Cube;
///
/// impl<T: Scalar> CustomOp<T> for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
///         match operands {
///             [x] => Ok(x.to_vec()),
///             _ => Err(format!("one operand, not {}", operands.len())),
///         }
///     }
///     fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
///         Ok(operands[0].mapv(|x| x * x * x))
///     }
///     fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
///         LinearMap::diag(operands[0].square() * T::of(3.0))
///     }
///     fn cuts(&self, _: usize) -> bool {
///         false
///     }
/// }
///
/// let graph = Graph::new();
/// let x = graph.variable("x", [1.0, 2.0]);
/// let y = graph.custom(Cube, [x]);
/// assert_eq!(y.value()?, ndarray::arr1(&[1.0, 8.0]).into_dyn());
/// let [dx] = y.sum().grad([x])?;
/// let [ddx] = dx.sum().grad([x])?;
/// assert_eq!(dx.value()?, ndarray::arr1(&[3.0, 12.0]).into_dyn());
/// assert_eq!(ddx.value()?, ndarray::arr1(&[6.0, 12.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// [`check_custom`](crate::check_custom) tests the rules as our own are tested.
pub trait CustomOp<T: Scalar>: Send + Sync + 'static {
    /// The name that listings and errors show.
    fn name(&self) -> &'static str;

    /// The shape of the result for operands of these shapes, or why there is none.
    ///
    /// # Errors
    /// Whatever the operation refuses, in words: it becomes the message of an invalid node.
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String>;

    /// The result, of the shape that [`shape`](CustomOp::shape) promised.
    ///
    /// # Errors
    /// Why there is none, in words; whoever asked for the value gets it, with the line that recorded the operation.
    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String>;

    /// The derivative with respect to operand number `i`, as a linear map from arrays of that operand's shape to arrays
    /// of the result's. `y` is the result. Its parameters are nodes, so that it can be differentiated again.
    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], y: Var<'g, T>) -> LinearMap<'g, T>;

    /// Whether the result is constant between jumps in operand number `i`: a rounding, an index. A gradient that only
    /// such operands could carry is refused rather than silently zero.
    fn cuts(&self, i: usize) -> bool;
}

impl<T: Scalar, O: CustomOp<T> + ?Sized> CustomOp<T> for Arc<O> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        (**self).shape(operands)
    }

    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        (**self).value(operands)
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], y: Var<'g, T>) -> LinearMap<'g, T> {
        (**self).derivative(i, operands, y)
    }

    fn cuts(&self, i: usize) -> bool {
        (**self).cuts(i)
    }
}

/// A custom operation with all that the tape has to know of it.
pub(crate) struct Custom<T> {
    pub(crate) op: Arc<dyn CustomOp<T>>,
    pub(crate) name: &'static str,
    pub(crate) cuts: SmallVec<[bool; 4]>,
    pub(crate) shape: ShapeId,
}

impl<T: Scalar> Graph<T> {
    /// Records an operation of the user's own; see [`CustomOp`].
    #[track_caller]
    pub fn custom<'g>(
        &'g self,
        op: impl CustomOp<T>,
        operands: impl IntoIterator<Item = Var<'g, T>>,
    ) -> Var<'g, T> {
        let caller = Location::caller();
        let operands: Vec<Var<'g, T>> = operands.into_iter().collect();
        let name = op.name();
        if operands.iter().any(|x| !x.is_in(self)) {
            return self.refuse(name, &operands, Fault::foreign(), caller);
        }
        if let Some(error) = operands.iter().find_map(|x| self.check(x.id).err()) {
            return Var::new(self, self.tape.borrow_mut().invalid(error, caller));
        }
        let sizes: Vec<_> = operands.iter().map(|x| x.sizes()).collect();
        let slices: Vec<&[usize]> = sizes.iter().map(|sizes| sizes.as_slice()).collect();
        let shape = op.shape(&slices).map_err(|message| Fault::new(ErrorKind::Shape, message, ""));
        let shape = shape.and_then(|shape| self.tape.borrow_mut().shapes.intern(&shape));
        let shape = match shape {
            Ok(shape) => shape,
            Err(fault) => return self.refuse(name, &operands, fault, caller),
        };
        let cuts = (0..operands.len()).map(|i| op.cuts(i)).collect();
        let op = Op::Custom(Arc::new(Custom { op: Arc::new(op), name, cuts, shape }));
        let operands: Operands = operands.iter().map(|x| x.id).collect();
        Var::new(self, self.tape.borrow_mut().push(op, &operands, caller))
    }
}
