//! The logarithm of a sum of exponentials, and softmax. The largest element is subtracted first, so nothing overflows; to
//! every derivative it is a constant, for the results do not depend on it.

use crate::Scalar;
use crate::convert::IntoAxes;
use crate::op::{Axes, Op};
use crate::scalar::Binary;
use crate::var::Var;
use crate::var::reduce::Over;

impl<T: Scalar> Var<'_, T> {
    /// `ln Σ eˣ` over all elements, whose derivative is the softmax; `-∞` where all are, or where there are none.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [1000.0, 1000.0, f64::NEG_INFINITY]);
    /// let [dx] = x.logsumexp().grad([x])?;
    /// assert_eq!(x.logsumexp().item()?, 1000.0 + 2_f64.ln());
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.5, 0.5, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn logsumexp(self) -> Self {
        let over = self.over_all();
        self.logsumexp_over(over)
    }

    /// `ln Σ eˣ` over some axes; as [`logsumexp`](Var::logsumexp).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[0.0, 0.0], [800.0, 800.0]]));
    /// let want = [2_f64.ln(), 800.0 + 2_f64.ln()];
    /// assert_eq!(x.logsumexp_axes(1).value()?, ndarray::arr1(&want).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn logsumexp_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("logsumexp_axes", axes) {
            Ok(over) => self.logsumexp_over(over),
            Err(invalid) => invalid,
        }
    }

    /// `eˣ / Σ eˣ` along some axes (one, nearly always): positive numbers with sum 1. `-∞` gives exactly 0; where all
    /// elements are `-∞` the result is NaN. Derivatives: `∂pᵢ/∂xⱼ = pᵢ (δᵢⱼ - pⱼ)`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[0.0, 0.0], [800.0, f64::NEG_INFINITY]]));
    /// assert_eq!(x.softmax(-1).value()?, ndarray::arr2(&[[0.5, 0.5], [1.0, 0.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn softmax(self, axes: impl IntoAxes) -> Self {
        match self.over("softmax", axes) {
            Ok(over) => {
                let e = self.less_largest(&over).exp();
                let sum = e.record(Op::Sum(over.axes.clone()));
                e.zip(Binary::Div, sum.spread(&over.axes, self))
            }
            Err(invalid) => invalid,
        }
    }

    /// The logarithm of [`softmax`](Var::softmax), `x - ln Σ eˣ`, with all digits where the softmax is tiny or 0.
    /// Derivatives: `δᵢⱼ - softmax(x)ⱼ`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([0.0, -2000.0]);
    /// assert_eq!(x.log_softmax(0).value()?, ndarray::arr1(&[0.0, -2000.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn log_softmax(self, axes: impl IntoAxes) -> Self {
        match self.over("log_softmax", axes) {
            Ok(over) => {
                let x = self.less_largest(&over);
                let sum = x.exp().record(Op::Sum(over.axes.clone())).ln();
                x.zip(Binary::Sub, sum.spread(&over.axes, self))
            }
            Err(invalid) => invalid,
        }
    }

    #[track_caller]
    fn logsumexp_over(self, over: Over) -> Self {
        let x = self.less_largest(&over);
        let mut sum = x.exp().record(Op::Sum(over.axes.clone())).ln();
        if over.count > 0 {
            sum = sum.zip(Binary::Add, self.largest(&over.axes));
        }
        self.shaped(&over, sum)
    }

    /// The elements less the largest along the axes.
    #[track_caller]
    fn less_largest(self, over: &Over) -> Self {
        if over.count == 0 {
            return self;
        }
        self.zip(Binary::Sub, self.largest(&over.axes).spread(&over.axes, self))
    }

    /// The largest element along the axes, or 0 where that is infinite: a constant to every derivative.
    #[track_caller]
    fn largest(self, axes: &Axes) -> Self {
        let largest = self.record(Op::Extremum { axes: axes.clone(), largest: true }).detach();
        largest.abs().less(T::infinity()).select(largest, T::zero())
    }
}
