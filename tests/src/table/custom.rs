//! Operations of a user's own: one with an operand that has no gradient, one whose derivative is a pair of functions.

use chainrule::graph::{CustomOp, LinearMap, Scalar, Var};
use ndarray::{ArrayD, ArrayViewD};

/// `x² floor(y)`, elementwise.
pub(super) struct TimesFloor;

impl<T: Scalar> CustomOp<T> for TimesFloor {
    fn name(&self) -> &'static str {
        "times_floor"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        match operands {
            [x, y] if x == y => Ok(x.to_vec()),
            _ => Err("two operands of one shape".to_owned()),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        Ok(operands[0].mapv(|x| x * x) * operands[1].mapv(|y| y.floor()))
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        match i {
            0 => LinearMap::diag(operands[0] * operands[1].floor() * T::of(2.0)),
            _ => LinearMap::zero(),
        }
    }

    fn cuts(&self, i: usize) -> bool {
        i == 1
    }
}

/// A vector from its end to its start.
pub(super) struct Reversed;

impl<T: Scalar> CustomOp<T> for Reversed {
    fn name(&self) -> &'static str {
        "reversed"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        let mut reversed = operands[0].to_owned();
        reversed.invert_axis(ndarray::Axis(0));
        Ok(reversed)
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        LinearMap::pair(|x| x.flip(0), |e| e.flip(0))
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}
