//! Operations of the user's own.

use ndarray::{ArrayD, ArrayViewD};

use crate::Scalar;
use crate::linear::LinearMap;
use crate::var::Var;

/// An operation of the user's own: a value and one derivative rule an operand, which serves both modes and every order.
pub trait CustomOp<T>: Send + Sync + 'static {
    /// The name that listings and errors show.
    fn name(&self) -> &'static str;

    /// The shape of the result for operands of these shapes, or why there is none.
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String>;

    /// The result, of the shape that [`shape`](CustomOp::shape) promised, or why there is none.
    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String>;

    /// The derivative with respect to operand number `i`, as a linear map from arrays of that operand's shape to arrays
    /// of the result's. `y` is the result.
    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], y: Var<'g, T>) -> LinearMap<'g, T>
    where
        T: Scalar;

    /// Whether the result is constant between jumps in operand number `i`: a rounding, an index. A gradient that only
    /// such operands could carry is refused rather than silently zero.
    fn cuts(&self, i: usize) -> bool;
}
