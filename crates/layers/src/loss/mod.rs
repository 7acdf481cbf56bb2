//! How far an output is from its target.
//!
//! Target and output must have *equal* shapes. Broadcasting `[n]` against `[n, 1]` would compare every target with every
//! output, and train towards nonsense without a word.

mod kind;

use chainrule_graph::{IntoVar, Scalar, Var};

pub use kind::{Loss, LossFunction};

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

#[track_caller]
fn difference<'g, T: Scalar>(operation: &str, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    // Of an invalid node the subtraction passes the error on, of a foreign one it makes it.
    match (target.shape(), output.shape()) {
        (Ok(y), Ok(of)) if y != of && std::ptr::eq(target.graph(), output.graph()) => {
            let reason = format!("the target has shape {y:?}, the output {of:?}, and they must be equal");
            let help =
                "`reshape` the target; nothing is broadcast here, for [n] against [n, 1] compares all pairs";
            Fault::new(reason, help).node(operation, output.graph(), &[target, output])
        }
        _ => target - output,
    }
}
