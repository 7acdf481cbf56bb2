//! Activations as layers: functions without parameters, of each element nearly all.

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// A unit struct, its layer, and the builder method of [`Sequential`].
macro_rules! activations {
    ($($(#[$doc:meta])* $Name:ident $method:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $Name;

            impl $Name {
                pub(crate) fn from_description(_: &Description) -> Result<Self> {
                    Ok($Name)
                }
            }

            impl<T: Scalar> Layer<T> for $Name {
                fn declare(&self, _: &mut Declarations<T>) {}

                fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
                    x.$method()
                }

                fn describe(&self) -> Description {
                    Description::new(stringify!($method))
                }
            }

            impl<T: Scalar> Sequential<T> {
                #[doc = concat!("Appends [`", stringify!($Name), "`].")]
                pub fn $method(self) -> Self {
                    self.push($Name)
                }
            }
        )+
    };
}

activations! {
    /// The logistic function `σ(x) = 1 / (1 + e⁻ˣ)` of each element, with derivative `σ(x) σ(-x)`. Any shape.
    ///
    /// ```
    /// # use chainrule_layers::{Params, Sigmoid};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Sigmoid, [0.0, 1000.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.5, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Sigmoid sigmoid;

    /// The hyperbolic tangent of each element, with derivative `1 / cosh²x`. Any shape.
    ///
    /// ```
    /// # use chainrule_layers::{Params, Tanh};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Tanh, [0.0, -1000.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.0, -1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Tanh tanh;

    /// `max(x, 0)` of each element, with derivative 1 above 0, and 0 at and below it. Any shape.
    ///
    /// ```
    /// # use chainrule_layers::{Params, Relu};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Relu, [3.0, -3.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[3.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Relu relu;
    /// `x σ(x)` of each element, also called swish, with derivative `σ(x) (1 + x σ(-x))`. Any shape. S. Elfwing et al.,
    /// "Sigmoid-weighted linear units for neural network function approximation in reinforcement learning", Neural Networks
    /// 107 (2018).
    ///
    /// ```
    /// # use chainrule_layers::{Params, Silu};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Silu, [0.0, 1000.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.0, 1000.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Silu silu;

    /// `x Φ(x)` of each element, exact, with the normal distribution function `Φ`; the derivative is `Φ(x) + x φ(x)`. Any
    /// shape. D. Hendrycks and K. Gimpel, "Gaussian error linear units", arXiv 1606.08415 (2016).
    ///
    /// ```
    /// # use chainrule_layers::{Gelu, Params};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Gelu, [0.0, 1.0]);
    /// assert!((y.value()?[1] - 0.8413447460685429).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Gelu gelu;

    /// The approximation of [`Gelu`] by `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`, as some published networks use it. Any
    /// shape.
    ///
    /// ```
    /// # use chainrule_layers::{GeluTanh, Params};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&GeluTanh, [0.0, 1.0]);
    /// assert!((y.value()?[1] - 0.8411919906082768).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    GeluTanh gelu_tanh;

    /// `ln(1 + eˣ)` of each element, a smooth [`Relu`], with derivative `σ(x)`. Any shape.
    ///
    /// ```
    /// # use chainrule_layers::{Params, Softplus};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Softplus, [0.0, 1000.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[2_f64.ln(), 1000.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Softplus softplus;
}

/// A layer of one setting, what it computes, and the builder method of [`Sequential`].
macro_rules! activations_with {
    ($($(#[$doc:meta])* $Name:ident $method:ident, $setting:ident: $Setting:ty, $meaning:literal,
        |$x:ident, $value:ident| $result:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct $Name {
                $setting: $Setting,
            }

            impl $Name {
                #[doc = concat!("With ", $meaning, ".")]
                pub fn new($setting: $Setting) -> Self {
                    $Name { $setting }
                }

                pub(crate) fn from_description(description: &Description) -> Result<Self> {
                    Ok($Name { $setting: description.get(stringify!($setting))? })
                }
            }

            impl<T: Scalar> Layer<T> for $Name {
                fn declare(&self, _: &mut Declarations<T>) {}

                fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, $x: Var<'g, T>) -> Var<'g, T> {
                    let $value = self.$setting;
                    $result
                }

                fn describe(&self) -> Description {
                    Description::new(stringify!($method)).with(stringify!($setting), self.$setting)
                }
            }

            impl<T: Scalar> Sequential<T> {
                #[doc = concat!("Appends [`", stringify!($Name), "`] with ", $meaning, ".")]
                pub fn $method(self, $setting: $Setting) -> Self {
                    self.push($Name::new($setting))
                }
            }
        )+
    };
}

activations_with! {
    /// `x` above 0, else `slope x`, of each element; the derivative at 0 is the slope. Any shape. A. Maas et al., "Rectifier
    /// nonlinearities improve neural network acoustic models", ICML 2013.
    ///
    /// ```
    /// # use chainrule_layers::{LeakyRelu, Params};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&LeakyRelu::new(0.5), [-2.0, 3.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[-1.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    LeakyRelu leaky_relu, slope: f64, "the slope below 0; 0.01 is usual",
        |x, slope| x.leaky_relu(T::of(slope));

    /// `x` above 0, else `alpha (eˣ - 1)`, of each element; the derivative at 0 is `alpha`. Any shape. D.-A. Clevert et al.,
    /// "Fast and accurate deep network learning by exponential linear units", ICLR 2016.
    ///
    /// ```
    /// # use chainrule_layers::{Elu, Params};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Elu::new(2.0), [-1000.0, 3.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[-2.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Elu elu, alpha: f64, "what it comes near to, negated, far below 0; 1 is usual",
        |x, alpha| x.elu(T::of(alpha));

    /// `eˣ / Σ eˣ` along an axis: positive numbers with sum 1. Derivatives: `∂pᵢ/∂xⱼ = pᵢ (δᵢⱼ - pⱼ)`.
    ///
    /// For training use [`Loss`](crate::Loss)es that take the numbers before it: they do not lose digits.
    ///
    /// ```
    /// # use chainrule_layers::{Params, Softmax};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&Softmax::new(-1), ndarray::array![[0.0, 0.0], [800.0, 0.0]]);
    /// assert_eq!(y.value()?, ndarray::arr2(&[[0.5, 0.5], [1.0, 0.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Softmax softmax, axis: isize, "the axis, from the last one backwards if negative",
        |x, axis| x.softmax(axis);

    /// The logarithm of [`Softmax`], `x - ln Σ eˣ`, with all digits where the softmax is tiny or 0. Derivatives:
    /// `δᵢⱼ - softmax(x)ⱼ`.
    ///
    /// ```
    /// # use chainrule_layers::{LogSoftmax, Params};
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&LogSoftmax::new(-1), [0.0, -2000.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.0, -2000.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    LogSoftmax log_softmax, axis: isize, "the axis, from the last one backwards if negative",
        |x, axis| x.log_softmax(axis);
}

/// What it gets, unchanged: a place holder.
///
/// ```
/// # use chainrule_layers::{Identity, Params};
/// let graph = chainrule_graph::Graph::new();
/// let y = Params::new().bind(&graph).apply(&Identity, [1.0, 2.0]);
/// assert_eq!(y.value()?, ndarray::arr1(&[1.0, 2.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl Identity {
    pub(crate) fn from_description(_: &Description) -> Result<Self> {
        Ok(Identity)
    }
}

impl<T: Scalar> Layer<T> for Identity {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x
    }

    fn describe(&self) -> Description {
        Description::new("identity")
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Identity`].
    pub fn identity(self) -> Self {
        self.push(Identity)
    }
}
