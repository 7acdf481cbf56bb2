//! Activations as layers: scalar functions of each element, without parameters.

use chainrule_graph::{Scalar, Var};

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
}
