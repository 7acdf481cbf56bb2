//! [`Loss`]: which loss, as a value.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Scalar, Var};

use super::{
    binary_cross_entropy, half_squared_error, huber_loss, kl_divergence, mean_absolute_error,
    mean_squared_error, smoothed_cross_entropy, softmax_cross_entropy,
};

/// How far an output is from its target, as an argument of a trainer. Each is the function of the same
/// name.
///
/// ```
/// use chainrule_layers::{Loss, Reduction, Task};
///
/// let loss = Loss::<f64>::SoftmaxCrossEntropy;
/// assert_eq!((loss.name(), loss.reduction()), ("softmax_cross_entropy", Reduction::Mean));
/// assert_eq!(loss.task(), Some(Task::Classification));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Loss<T = f64> {
    /// [`mean_squared_error`]
    MeanSquaredError,
    /// [`half_squared_error`]: a sum over the batch.
    HalfSquaredError,
    /// [`mean_absolute_error`]
    MeanAbsoluteError,
    /// [`huber_loss`] with its `delta`.
    Huber(f64),
    /// [`softmax_cross_entropy`], of labels or probabilities.
    SoftmaxCrossEntropy,
    /// [`smoothed_cross_entropy`] with its smoothing.
    SmoothedCrossEntropy(f64),
    /// [`binary_cross_entropy`]
    BinaryCrossEntropy,
    /// [`kl_divergence`]
    KlDivergence,
    /// A function of your own, of target and output; see [`Loss::custom`].
    Custom(Arc<dyn LossFunction<T>>),
}

/// How the losses of samples become one number. What it is for all samples follows from batches: a sum of sums, or the mean
/// of means, each times the size of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// The mean over the samples: batches of all sizes give gradients of one size.
    Mean,
    /// The sum over the samples.
    Sum,
}

/// What outputs stand for, which says how to measure them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// Numbers.
    Regression,
    /// Logits of classes, along the last axis: the class is the largest.
    Classification,
    /// Logits of yes or no: yes above 0.
    Binary,
}

/// A function of target and output that returns a single number: any closure of the form
/// `for<'g> Fn(Var<'g, T>, Var<'g, T>) -> Var<'g, T>`; it is taken for a mean over samples.
pub trait LossFunction<T>: Send + Sync {
    /// The loss.
    fn of<'g>(&self, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T>;

    /// Whether it is a mean over the samples or a sum.
    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    /// What outputs stand for, if that is known.
    fn task(&self) -> Option<Task> {
        None
    }
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
            Loss::MeanAbsoluteError => mean_absolute_error(target, output),
            Loss::Huber(delta) => huber_loss(target, output, *delta),
            Loss::SoftmaxCrossEntropy => softmax_cross_entropy(target, output),
            Loss::SmoothedCrossEntropy(smoothing) => smoothed_cross_entropy(target, output, *smoothing),
            Loss::BinaryCrossEntropy => binary_cross_entropy(target, output),
            Loss::KlDivergence => kl_divergence(target, output),
            Loss::Custom(function) => function.of(target, output),
        }
    }
}

impl<T> Loss<T> {
    /// The name of its function.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::MeanSquaredError => "mean_squared_error",
            Loss::HalfSquaredError => "half_squared_error",
            Loss::MeanAbsoluteError => "mean_absolute_error",
            Loss::Huber(_) => "huber_loss",
            Loss::SoftmaxCrossEntropy => "softmax_cross_entropy",
            Loss::SmoothedCrossEntropy(_) => "smoothed_cross_entropy",
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::KlDivergence => "kl_divergence",
            Loss::Custom(_) => "custom",
        }
    }

    /// Whether it is a mean over the samples or a sum.
    pub fn reduction(&self) -> Reduction {
        match self {
            Loss::HalfSquaredError => Reduction::Sum,
            Loss::Custom(function) => function.reduction(),
            Loss::MeanSquaredError
            | Loss::MeanAbsoluteError
            | Loss::Huber(_)
            | Loss::SoftmaxCrossEntropy
            | Loss::SmoothedCrossEntropy(_)
            | Loss::BinaryCrossEntropy
            | Loss::KlDivergence => Reduction::Mean,
        }
    }

    /// What outputs stand for; `None` where a loss of your own does not say it.
    pub fn task(&self) -> Option<Task> {
        match self {
            Loss::MeanSquaredError | Loss::HalfSquaredError | Loss::MeanAbsoluteError | Loss::Huber(_) => {
                Some(Task::Regression)
            }
            Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy(_) | Loss::KlDivergence => {
                Some(Task::Classification)
            }
            Loss::BinaryCrossEntropy => Some(Task::Binary),
            Loss::Custom(function) => function.task(),
        }
    }
}

/// A loss of your own equals its clones.
impl<T> PartialEq for Loss<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Loss::Huber(a), Loss::Huber(b)) => a == b,
            (Loss::SmoothedCrossEntropy(a), Loss::SmoothedCrossEntropy(b)) => a == b,
            (Loss::Custom(a), Loss::Custom(b)) => Arc::ptr_eq(a, b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// Its name, with its setting.
impl<T> fmt::Debug for Loss<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loss::Huber(setting) | Loss::SmoothedCrossEntropy(setting) => {
                write!(f, "{}({setting:?})", self.name())
            }
            _ => f.write_str(self.name()),
        }
    }
}
