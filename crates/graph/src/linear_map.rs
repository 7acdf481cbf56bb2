//! [`LinearMap`]: a derivative as the author of a [`CustomOp`](crate::CustomOp) writes it.

use std::rc::Rc;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::linear::Linear;
use crate::var::Var;

/// A linear map between arrays: the derivative of an operation with respect to one operand.
///
/// Built from the maps below, put together by [`then`](LinearMap::then), it can be applied (forward mode) and transposed
/// (reverse mode), so one rule serves both. A derivative of another form is a [`pair`](LinearMap::pair) of functions,
/// whose agreement [`check_transpose`](LinearMap::check_transpose) tests.
pub struct LinearMap<'g, T>(pub(crate) Linear<'g, T>);

impl<'g, T: Scalar> LinearMap<'g, T> {
    /// Everything to 0.
    pub fn zero() -> Self {
        LinearMap(Linear::Zero)
    }

    /// `X -> X`
    pub fn identity() -> Self {
        LinearMap(Linear::Id)
    }

    /// `X -> c X`
    pub fn scale(c: T) -> Self {
        LinearMap(Linear::Scale(c))
    }

    /// Each element by its own factor: the derivative of an elementwise function is `diag` of its slope.
    pub fn diag(factors: Var<'g, T>) -> Self {
        LinearMap(Linear::Diag(factors))
    }

    /// `X -> W X`, a matrix product.
    pub fn left(w: Var<'g, T>) -> Self {
        LinearMap(Linear::Left(w))
    }

    /// `X -> X W`, a matrix product.
    pub fn right(w: Var<'g, T>) -> Self {
        LinearMap(Linear::Right(w))
    }

    /// `X -> A⁻¹ X`
    pub fn solve(a: Var<'g, T>) -> Self {
        LinearMap(Linear::Solve(a))
    }

    /// Any map, as two functions that record it and its transpose.
    pub fn pair(
        apply: impl Fn(Var<'g, T>) -> Var<'g, T> + 'g,
        transpose: impl Fn(Var<'g, T>) -> Var<'g, T> + 'g,
    ) -> Self {
        LinearMap(Linear::Pair { apply: Rc::new(apply), transpose: Rc::new(transpose) })
    }

    /// This map, and `next` on its result.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        LinearMap(self.0.then(next.0))
    }

    /// The map's value at `x`.
    pub fn apply(&self, x: Var<'g, T>) -> Var<'g, T> {
        self.0.apply(x)
    }

    /// The map `L'` with `<L x, y> = <x, L' y>` for all `x` and `y`.
    #[must_use]
    pub fn transpose(self) -> Self {
        LinearMap(self.0.transpose())
    }

    /// `<L x, y>` and `<x, L' y>` as nodes: equal, but for rounding, if the map and its transpose agree.
    pub fn check_transpose(
        self,
        x: impl IntoVar<'g, T>,
        y: impl IntoVar<'g, T>,
        graph: &'g crate::Graph<T>,
    ) -> [Var<'g, T>; 2] {
        let (x, y) = (x.into_var(graph), y.into_var(graph));
        let there = (self.apply(x) * y).sum();
        [there, (x * self.transpose().apply(y)).sum()]
    }
}
