//! Losses of probabilities. Outputs are *logits*, the numbers before the softmax or the sigmoid: computed with it in one, the
//! losses neither overflow nor lose digits.

use chainrule_graph::{Binary, IntoVar, Scalar, Var};

use super::same_shape;
use crate::fault::Fault;

/// Cross-entropy `-Σ p ln softmax(x)` of logits `x` with the probabilities `p` of the classes, the mean over the samples.
///
/// The classes are the last axis of the logits, `[n, classes]` (or `[classes]`, a single sample). The target is either
///
/// * *labels*, `[n]`: the numbers of the right classes, whole numbers from 0; or
/// * *probabilities*, `[n, classes]`, with the logits' shape: rows with sum 1, such as one-hot rows.
///
/// Its gradient with respect to the logits is `(softmax(x) - p) / n`. NaN where there are no samples.
///
/// Other shapes make an invalid node; a label that is no number of a class is an error when the value is computed.
///
/// ```
/// use chainrule_layers::softmax_cross_entropy;
/// use ndarray::array;
///
/// let graph = chainrule_graph::Graph::new();
/// let logits = graph.constant(array![[1000.0, -1000.0], [0.0, 0.0]]);
/// let want = (2000.0 + 2_f64.ln()) / 2.0;
/// assert_eq!(softmax_cross_entropy([1.0, 0.0], logits).item()?, want);
/// assert_eq!(softmax_cross_entropy(array![[0.0, 1.0], [1.0, 0.0]], logits).item()?, want);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn softmax_cross_entropy<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    each("softmax_cross_entropy", target, output).mean()
}

/// [`softmax_cross_entropy`] with a part of the probability, `smoothing`, spread evenly over all `k` classes: the target is
/// `(1 - smoothing) p + smoothing / k`. It keeps a network from driving its logits to infinity.
///
/// (C. Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7. PyTorch's
/// `label_smoothing`.) A logit of `-∞` makes the loss infinite.
///
/// A `smoothing` outside of `[0, 1]`, and shapes as there, make an invalid node.
///
/// ```
/// use chainrule_layers::smoothed_cross_entropy;
///
/// let graph = chainrule_graph::Graph::new();
/// let logits = graph.constant([20.0, 0.0]);
/// let [a, b] = [0.1, 20.0].map(|x: f64| (-x).exp().ln_1p());
/// let loss = smoothed_cross_entropy(0.0, logits, 0.1).item()?;
/// assert!((loss - (b + 0.05 * 20.0)).abs() < 1e-14 && a > 0.0); // 0.95 b + 0.05 (20 + b)
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn smoothed_cross_entropy<'g, T: Scalar>(
    target: impl IntoVar<'g, T>,
    output: Var<'g, T>,
    smoothing: f64,
) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    if !(0.0..=1.0).contains(&smoothing) {
        let fault =
            Fault::new(format!("the smoothing is {smoothing}"), "give a number from 0 to 1, such as 0.1");
        return fault.node("smoothed_cross_entropy", output.graph(), &[target, output]);
    }
    let loss = each("smoothed_cross_entropy", target, output);
    if loss.shape().is_err() {
        return loss;
    }
    // (1 - s) p + s/k against the logits, taken apart: labels need no row of probabilities.
    let even = output.log_softmax(-1).mean_axes(-1);
    (loss * T::of(1.0 - smoothing) - even * T::of(smoothing)).mean()
}

/// Cross-entropy `-t ln σ(x) - (1 - t) ln σ(-x)` of logits `x` with the probabilities `t`, the mean over all elements: for
/// yes or no, or for labels of which several can be true.
///
/// Its gradient with respect to the logits is `(σ(x) - t) / n`. NaN where there are no elements.
///
/// Shapes that are not equal make an invalid node.
///
/// ```
/// use chainrule_layers::binary_cross_entropy;
///
/// let graph = chainrule_graph::Graph::new();
/// let logits = graph.constant([1000.0, -1000.0, 0.0]);
/// assert_eq!(binary_cross_entropy([1.0, 1.0, 1.0], logits).item()?, (1000.0 + 2_f64.ln()) / 3.0);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn binary_cross_entropy<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let target = target.into_var(output.graph());
    match same_shape("binary_cross_entropy", target, output) {
        Some(invalid) => invalid,
        None => output.sigmoid_cross_entropy(target).mean(),
    }
}

/// The divergence of Kullback and Leibler, `Σ p ln(p / softmax(x))`, of the probabilities `p` from those of the logits `x`,
/// the mean over the samples (all axes but the last, that of the classes).
///
/// It is [`softmax_cross_entropy`] less the entropy of `p`, so it is 0 where the two agree; the gradient with respect to
/// the logits is the same. A probability of 0 adds nothing. Logarithms of probabilities are logits too, for their softmax is
/// the probabilities.
///
/// Shapes that are not equal, or without an axis, make an invalid node.
///
/// ```
/// use chainrule_layers::kl_divergence;
/// use ndarray::array;
///
/// let graph = chainrule_graph::Graph::new();
/// let p = array![[0.5, 0.5, 0.0]];
/// let logits = graph.constant(array![[3.0, 3.0, -2000.0]]);
/// assert_eq!(kl_divergence(&p, logits).item()?, 0.0);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[track_caller]
pub fn kl_divergence<'g, T: Scalar>(target: impl IntoVar<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let p = target.into_var(output.graph());
    match same_shape("kl_divergence", p, output) {
        Some(invalid) => invalid,
        // The difference first: both logarithms alone may be large.
        None => p.zip(Binary::Chain, p.ln() - output.log_softmax(-1)).sum_axes(-1).mean(),
    }
}

/// Of each sample, by the rank of the target.
#[track_caller]
fn each<'g, T: Scalar>(operation: &str, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
    let (Ok(y), Ok(of)) = (target.shape(), output.shape()) else {
        // Whichever is invalid passes its error on.
        return output.softmax_cross_entropy(target);
    };
    match of.split_last() {
        Some((_, samples)) if y == samples => output.softmax_cross_entropy_labels(target),
        Some((_, samples)) if y != of && std::ptr::eq(target.graph(), output.graph()) => {
            let reason = format!("the target has shape {y:?}, the output {of:?}");
            let help = match y.len() == samples.len() + 1 && y.last() == Some(&1) {
                true => "`squeeze` the last axis: labels are one number for each sample",
                false => "labels have the shape of the output without its last axis, probabilities all of it",
            };
            Fault::new(reason, help).node(operation, output.graph(), &[target, output])
        }
        _ => output.softmax_cross_entropy(target),
    }
}
