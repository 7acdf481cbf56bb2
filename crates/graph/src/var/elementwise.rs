//! Scalar functions of each element. Values, slopes and conventions stand in [`scalar`](crate::scalar).

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
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

    /// `|x|`, with derivative `sign(x)`: 0 at the kink, `x = 0`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [-2.0, 0.0, 3.0]);
    /// let [dx] = x.abs().vjp(1.0, [x])?;
    /// assert_eq!(x.abs().value()?, ndarray::arr1(&[2.0, 0.0, 3.0]).into_dyn());
    /// assert_eq!(dx.value()?, ndarray::arr1(&[-1.0, 0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    abs => Abs;

    /// `-1`, `0` or `1`. Constant between jumps: a gradient that it alone could carry is refused.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [-2.0, 0.0, 3.0]);
    /// assert_eq!(x.sign().value()?, ndarray::arr1(&[-1.0, 0.0, 1.0]).into_dyn());
    /// assert!(x.sign().sum().grad(x).unwrap_err().message().contains("`sign`"));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    sign => Sign;

    /// The largest whole number that is not above `x`. Constant between jumps: a gradient that it alone could carry is
    /// refused.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([-0.5, 2.0, 2.9]).floor().value()?, ndarray::arr1(&[-1.0, 2.0, 2.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    floor => Floor;

    /// `eˣ - 1`, with derivative `eˣ`; all digits right near 0, where `x.exp() - 1.0` has few.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant(1e-20).expm1().item()?, 1e-20);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    expm1 => Expm1;

    /// `ln(1 + x)`, with derivative `1 / (1 + x)`; all digits right near 0. `-∞` at -1, NaN below.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant(1e-20).log1p().item()?, 1e-20);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    log1p => Log1p;

    /// Sine of an angle in radians, with derivative `cos x`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 0.0);
    /// assert_eq!((x.sin().item()?, x.sin().grad(x)?.item()?), (0.0, 1.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    sin => Sin;

    /// Cosine of an angle in radians, with derivative `-sin x`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 0.0);
    /// assert_eq!((x.cos().item()?, x.cos().grad(x)?.item()?), (1.0, 0.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    cos => Cos;

    /// Tangent of an angle in radians, with derivative `1 + tan²x`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 0.0);
    /// assert_eq!((x.tan().item()?, x.tan().grad(x)?.item()?), (0.0, 1.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    tan => Tan;

    /// The angle in radians, between -π/2 and π/2, whose tangent is `x`; derivative `1 / (1 + x²)`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 1.0);
    /// assert_eq!(x.atan().item()?, std::f64::consts::FRAC_PI_4);
    /// assert!((x.atan().grad(x)?.item()? - 0.5).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    atan => Atan;

    /// `ln(1 + eˣ)`, a smooth [`relu`](Var::relu), with derivative `σ(x)`; no overflow, and all digits in both tails.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([-1000.0, 0.0, 1000.0]);
    /// assert_eq!(x.softplus().value()?, ndarray::arr1(&[0.0, 2_f64.ln(), 1000.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    softplus => Softplus;

    /// The error function `2/√π ∫₀ˣ e^(-t²) dt`, with derivative `2/√π e^(-x²)`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 0.0);
    /// assert_eq!(x.erf().grad(x)?.item()?, std::f64::consts::FRAC_2_SQRT_PI);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    erf => Erf;

    /// `1 - erf(x)`, with all digits where that is tiny.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let tail = graph.constant(10.0).erfc().item()?;
    /// assert!((tail / 2.088487583762545e-45 - 1.0).abs() < 1e-13);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    erfc => Erfc;
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

    /// `min(max(x, low), high)`, with derivative 1 between the bounds and 0 at and beyond them. `None` leaves an end open.
    ///
    /// Bounds that are NaN, or a lower one above the upper, make an invalid node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([-2.0, 0.5, 3.0]);
    /// assert_eq!(x.clamp(0.0, 1.0).value()?, ndarray::arr1(&[0.0, 0.5, 1.0]).into_dyn());
    /// assert_eq!(x.clamp(None, 1.0).value()?, ndarray::arr1(&[-2.0, 0.5, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn clamp(self, low: impl Into<Option<T>>, high: impl Into<Option<T>>) -> Self {
        let low = low.into().unwrap_or(T::neg_infinity());
        let high = high.into().unwrap_or(T::infinity());
        if low <= high {
            return self.map(Unary::Clamp(low, high));
        }
        let fault = Fault::new(
            ErrorKind::Argument,
            format!("there is no number between {low} and {high}"),
            "the lower bound comes first; `None` leaves an end open",
        );
        self.reject("clamp", &[self], fault)
    }
}
