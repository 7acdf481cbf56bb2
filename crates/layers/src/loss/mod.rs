//! How far an output is from its target.
//!
//! Target and output must have *equal* shapes. Broadcasting `[n]` against `[n, 1]` would compare every target with every
//! output, and train towards nonsense without a word.

mod entropy;
mod kind;

use chainrule_graph::{IntoVar, Scalar, Var};

pub use entropy::{binary_cross_entropy, kl_divergence, smoothed_cross_entropy, softmax_cross_entropy};
pub use kind::{Loss, LossFunction, Reduction, Task};

use crate::fault::Fault;

/// The lecture's error `E = y - ŷ` of an output `ŷ` with target `y`, element by element.
///
/// It is what back-propagation carries back, and it is *not* a gradient: it points the other way. See
/// [`half_squared_error`].
///
/// Shapes that are not equal make an invalid node.
///
/// ```
/// use chainrule_layers::error;
///
/// let graph = chainrule_graph::Graph::new();
/// let output = graph.constant([0.58, 0.55]);
/// assert_eq!(error([1.0, 1.0], output).value()?, ndarray::arr1(&[1.0 - 0.58, 1.0 - 0.55]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn error<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    difference("error", target, output)
}

/// `½ Σ (y - ŷ)²` over all elements: a single number.
///
/// Its gradient with respect to the output is `ŷ - y = -E`, with the [error] `E`: a step against the gradient is a step
/// along the error. In a batch the sum runs over all samples, so the gradient grows with their number;
/// [`mean_squared_error`] does not.
///
/// Shapes that are not equal make an invalid node.
///
/// ```
/// use chainrule_layers::half_squared_error;
///
/// let graph = chainrule_graph::Graph::new();
/// let output = graph.constant([0.5, 3.0]);
/// let loss = half_squared_error([1.0, 1.0], output);
/// assert_eq!(loss.item()?, 0.5 * (0.25 + 4.0));
/// assert_eq!(loss.grad(output)?.value()?, ndarray::arr1(&[-0.5, 2.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn half_squared_error<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    difference("half_squared_error", target, output).square().sum() * T::of(0.5)
}

/// `1/n Σ (y - ŷ)²` over all `n` elements: a single number; NaN where there are none.
///
/// Its gradient with respect to the output is `2/n (ŷ - y)`.
///
/// Shapes that are not equal make an invalid node.
///
/// ```
/// use chainrule_layers::mean_squared_error;
/// use ndarray::array;
///
/// let graph = chainrule_graph::Graph::new();
/// let output = graph.constant(array![[0.5], [3.0]]);
/// assert_eq!(mean_squared_error(array![[1.0], [1.0]], output).item()?, (0.25 + 4.0) / 2.0);
///
/// let oops = mean_squared_error(array![1.0, 1.0], output);
/// assert!(oops.item().unwrap_err().message().starts_with("the target has shape [2], the output [2, 1]"));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn mean_squared_error<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    difference("mean_squared_error", target, output).square().mean()
}

/// `1/n Σ |y - ŷ|` over all `n` elements: a single number; NaN where there are none.
///
/// Its gradient with respect to the output is `sign(ŷ - y) / n`, 0 where the two are equal. Outliers count less than in
/// [`mean_squared_error`]: the best constant is the median, not the mean.
///
/// Shapes that are not equal make an invalid node.
///
/// ```
/// use chainrule_layers::mean_absolute_error;
///
/// let graph = chainrule_graph::Graph::new();
/// let output = graph.constant([0.5, 3.0]);
/// let loss = mean_absolute_error([1.0, 1.0], output);
/// assert_eq!(loss.item()?, (0.5 + 2.0) / 2.0);
/// assert_eq!(loss.grad(output)?.value()?, ndarray::arr1(&[-0.5, 0.5]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn mean_absolute_error<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    difference("mean_absolute_error", target, output).abs().mean()
}

/// The mean of `½ d²` where `|d| ≤ delta`, and `delta (|d| - ½ delta)` beyond, with `d = ŷ - y`: a single number; NaN where
/// there are no elements.
///
/// Squared near the target, absolute far from it, and smooth between: its gradient with respect to the output is `d`, kept
/// within `[-delta, delta]`, over `n`. (P. Huber, "Robust estimation of a location parameter", Annals of Mathematical
/// Statistics 35, 1964. PyTorch's `huber_loss`.)
///
/// Shapes that are not equal, and a `delta` that is not positive and finite, make an invalid node.
///
/// ```
/// use chainrule_layers::huber_loss;
///
/// let graph = chainrule_graph::Graph::new();
/// let output = graph.constant([0.5, 3.0]);
/// let loss = huber_loss([1.0, 1.0], output, 1.0);
/// assert_eq!(loss.item()?, (0.5 * 0.25 + 1.5) / 2.0);
/// assert_eq!(loss.grad(output)?.value()?, ndarray::arr1(&[-0.25, 0.5]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn huber_loss<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>, delta: f64) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    let bound = T::of(delta);
    if !(bound > T::zero() && bound.is_finite()) {
        let reason = format!("delta is {delta}");
        return Fault::new(reason, "give a positive number, such as 1.0").node(
            "huber_loss",
            output.graph(),
            &[target, output],
        );
    }
    // With c, the difference within bounds: c (d - c/2) is both formulas at once.
    let d = difference("huber_loss", target, output);
    let c = d.clamp(-bound, bound);
    (c * (d - c * T::of(0.5))).mean()
}

#[track_caller]
fn difference<'g, T: Scalar>(operation: &str, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    // No closure: it would be the line that errors show.
    match same_shape(operation, target, output) {
        Some(invalid) => invalid,
        None => target - output,
    }
}

/// An invalid node if the shapes are not equal. A node that is invalid itself, or of another graph, says so better in
/// whatever is computed of it.
#[track_caller]
fn same_shape<'g, T: Scalar>(operation: &str, target: Var<'g, T>, output: Var<'g, T>) -> Option<Var<'g, T>> {
    match (target.shape(), output.shape()) {
        (Ok(y), Ok(of)) if y != of && std::ptr::eq(target.graph(), output.graph()) => {
            let reason = format!("the target has shape {y:?}, the output {of:?}, and they must be equal");
            let help =
                "`reshape` the target; nothing is broadcast here, for [n] against [n, 1] compares all pairs";
            Some(Fault::new(reason, help).node(operation, output.graph(), &[target, output]))
        }
        _ => None,
    }
}
