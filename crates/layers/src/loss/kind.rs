//! [`Loss`]: which loss, as a value.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Scalar, Var};

use super::{half_squared_error, mean_squared_error};

/// How far an output is from its target, as an argument of a trainer. Each is the function of the same
/// name.
#[derive(Clone)]
#[non_exhaustive]
pub enum Loss<T = f64> {
    /// [`mean_squared_error`]
    MeanSquaredError,
    /// [`half_squared_error`]: a sum over the batch.
    HalfSquaredError,
    /// A function of your own, of target and output; see [`Loss::custom`].
    Custom(Arc<dyn LossFunction<T>>),
}

/// A function of target and output that returns a single number: any closure of the form
/// `for<'g> Fn(Var<'g, T>, Var<'g, T>) -> Var<'g, T>`.
pub trait LossFunction<T>: Send + Sync {
    /// The loss.
    fn of<'g>(&self, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T>;
}

impl<T, F: for<'g> Fn(Var<'g, T>, Var<'g, T>) -> Var<'g, T> + Send + Sync> LossFunction<T> for F {
    fn of<'g>(&self, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
        self(target, output)
    }
}

impl<T: Scalar> Loss<T> {
    /// A loss of your own.
    ///
    /// ```
    /// use chainrule_layers::Loss;
    ///
    /// let cubic = Loss::<f64>::custom(|target, output| (output - target).abs().powi(3).mean());
    /// let graph = chainrule_graph::Graph::new();
    /// assert_eq!(cubic.of(graph.constant([1.0, 1.0]), graph.constant([3.0, 1.0])).item()?, 4.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn custom(
        function: impl for<'g> Fn(Var<'g, T>, Var<'g, T>) -> Var<'g, T> + Send + Sync + 'static,
    ) -> Self {
        Loss::Custom(Arc::new(function))
    }

    /// The loss of this output: a single number.
    #[track_caller]
    pub fn of<'g>(&self, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
        match self {
            Loss::MeanSquaredError => mean_squared_error(target, output),
            Loss::HalfSquaredError => half_squared_error(target, output),
            Loss::Custom(function) => function.of(target, output),
        }
    }
}

impl<T> fmt::Debug for Loss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::MeanSquaredError => "MeanSquaredError",
            Loss::HalfSquaredError => "HalfSquaredError",
            Loss::Custom(_) => "Custom",
        })
    }
}
