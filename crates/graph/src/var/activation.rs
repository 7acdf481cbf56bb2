//! Activation functions that are made of others. Each is written in a form that neither overflows nor cancels.

use crate::Scalar;
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// `x` above 0, else `slope * x`; the derivative at 0 is `slope`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([-2.0, 0.0, 3.0]);
    /// assert_eq!(x.leaky_relu(0.5).value()?, ndarray::arr1(&[-1.0, 0.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn leaky_relu(self, slope: T) -> Self {
        self.greater(T::zero()).select(self, self * slope)
    }

    /// `x` above 0, else `alpha (eˣ - 1)`, with derivative 1 above 0, else `alpha eˣ` (Clevert et al. 2016).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [-1000.0, 0.0, 1000.0]);
    /// let [dx] = x.elu(2.0).vjp(1.0, [x])?;
    /// assert_eq!(x.elu(2.0).value()?, ndarray::arr1(&[-2.0, 0.0, 1000.0]).into_dyn());
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.0, 2.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn elu(self, alpha: T) -> Self {
        self.greater(T::zero()).select(self, self.expm1() * alpha)
    }

    /// `x σ(x)`, also called swish, with derivative `σ(x) (1 + x σ(-x))`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 0.0);
    /// assert_eq!((x.silu().item()?, x.silu().grad(x)?.item()?), (0.0, 0.5));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn silu(self) -> Self {
        self * self.sigmoid()
    }

    /// `x Φ(x)` with the normal distribution function `Φ(x) = ½ erfc(-x/√2)` (Hendrycks and Gimpel 2016), exact. The derivative is
    /// `Φ(x) + x φ(x)` with the density `φ`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [0.0, 1.0]);
    /// assert!((x.gelu().value()?[1] - 0.8413447460685429).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn gelu(self) -> Self {
        self * (self * T::of(-std::f64::consts::FRAC_1_SQRT_2)).erfc() * T::of(0.5)
    }

    /// The approximation of [`gelu`](Var::gelu) by `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, as some published networks
    /// use it. (Computed as `x σ(2u)`, where `u` is the argument of the `tanh`: the same, and it
    /// does not cancel for negative `x`. The derivative is `σ(2u) + 2 x σ(2u) σ(-2u) u'`.)
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [0.0, 1.0]);
    /// assert!((x.gelu_tanh().value()?[1] - 0.8411919906082768).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn gelu_tanh(self) -> Self {
        let twice = T::of(2.0 * 0.797_884_560_802_865_4); // 2 √(2/π)
        let u = self * (self.square() * T::of(0.044715) + T::one());
        self * (u * twice).sigmoid()
    }
}
