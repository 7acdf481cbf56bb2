//! Scalar functions of each element. Values, slopes and conventions stand in [`scalar`](crate::scalar).

use crate::Scalar;
use crate::scalar::Unary;
use crate::var::Var;

/// One method a function; the source line that a node remembers is the caller's.
macro_rules! functions {
    ($($(#[$doc:meta])* $method:ident => $Function:ident;)+) => {
        impl<T: Scalar> Var<'_, T> {
            $($(#[$doc])*
            #[track_caller]
            pub fn $method(self) -> Self {
                self.map(Unary::$Function)
            })+
        }
    };
}

functions! {
    /// `x²`, with derivative `2x`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([-3.0, 0.5]).square().value()?, ndarray::arr1(&[9.0, 0.25]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    square => Square;

    /// `√x`, with derivative `1 / (2√x)`, infinite at 0; NaN below 0.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 9.0);
    /// let y = x.sqrt();
    /// assert_eq!((y.item()?, y.grad(x)?.item()?), (3.0, 0.5 / 3.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    sqrt => Sqrt;

    /// `eˣ`, its own derivative.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 1.0);
    /// assert_eq!(x.exp().grad(x)?.item()?, std::f64::consts::E);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    exp => Exp;

    /// Natural logarithm, with derivative `1 / x`; `-∞` at 0, NaN below.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 4.0);
    /// assert_eq!(x.ln().grad(x)?.item()?, 0.25);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ln => Ln;

    /// The logistic function `σ(x) = 1 / (1 + e⁻ˣ)`, with derivative `σ(x) σ(-x)`; no overflow for any `x`, and
    /// both keep their relative accuracy in the tails.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [0.0, -1000.0, 1000.0]);
    /// assert_eq!(x.sigmoid().value()?, ndarray::arr1(&[0.5, 0.0, 1.0]).into_dyn());
    /// let [dx] = x.sigmoid().vjp(1.0, [x])?;
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.25, 0.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    sigmoid => Sigmoid;

    /// Hyperbolic tangent, with derivative `1 / cosh²x`, computed as `4 σ(2x) σ(-2x)`: the usual `1 - y²` has no
    /// correct digit left at `x = 19`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 19.0);
    /// let slope = x.tanh().grad(x)?.item()?;
    /// assert!((slope / 1.2556531168192118e-16 - 1.0).abs() < 1e-14);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    tanh => Tanh;

    /// `max(x, 0)`, with derivative 1 above 0 and 0 below. At the kink, `x = 0`, the derivative is taken as 0; NaN
    /// stays NaN.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [-2.0, 0.0, 3.0]);
    /// let [dx] = x.relu().vjp(1.0, [x])?;
    /// assert_eq!(x.relu().value()?, ndarray::arr1(&[0.0, 0.0, 3.0]).into_dyn());
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.0, 0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    relu => Relu;
}

impl<T: Scalar> Var<'_, T> {
    /// `1 / x`, with derivative `-1 / x²`; infinite at 0.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 4.0);
    /// assert_eq!((x.recip().item()?, x.recip().grad(x)?.item()?), (0.25, -0.0625));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn recip(self) -> Self {
        self.map(Unary::DivInto(T::one()))
    }

    /// `xⁿ` with a whole number `n`, by repeated multiplication, with derivative `n xⁿ⁻¹`. `x⁰` is 1 for every `x`,
    /// 0 and NaN included, with derivative 0.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", -2.0);
    /// assert_eq!((x.powi(3).item()?, x.powi(3).grad(x)?.item()?), (-8.0, 12.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn powi(self, n: i32) -> Self {
        self.map(Unary::Powi(n))
    }

    /// `x^c` with a real number `c`, with derivative `c x^(c-1)`. NaN for negative `x`, unless `c` is whole; at 0 the
    /// limits from the right: `0^c` is 0 for `c > 0`, 1 for `c = 0` and infinite for `c < 0`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 4.0);
    /// assert_eq!((x.powf(1.5).item()?, x.powf(1.5).grad(x)?.item()?), (8.0, 3.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn powf(self, c: T) -> Self {
        self.map(Unary::Powf(c))
    }
}
