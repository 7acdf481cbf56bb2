//! An operation of a user's own.

use chainrule_graph::{CustomOp, LinearMap, Scalar, Var};
use ndarray::{ArrayD, ArrayViewD};

/// `x³`, with a factor in its rule that should be 3.
pub(crate) struct Cube(pub(crate) f64);

impl Cube {
    /// With that factor.
    pub(crate) fn right() -> Self {
        Cube(3.0)
    }
}

impl<T: Scalar> CustomOp<T> for Cube {
    fn name(&self) -> &'static str {
        "cube"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        Ok(operands[0].mapv(|x| x * x * x))
    }
    fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        LinearMap::diag(operands[0].square() * T::of(self.0))
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}
