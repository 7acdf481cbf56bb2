//! Cross-entropies of logits. (That of single logits is elementwise:
//! [`sigmoid_cross_entropy`](super::sigmoid_cross_entropy).)

use super::indexing::place;
use super::reductions::over;
use super::softmax::log_softmax;
use crate::{Array, Number};

/// `-Σ p ln softmax(x)` over the last axis; a probability of 0 adds nothing.
pub fn softmax_cross_entropy<N: Number>(x: &Array<N>, probabilities: &Array<N>) -> Array<N> {
    let Some(last) = x.rank().checked_sub(1) else { return Array::misfit() };
    if x.shape != probabilities.shape {
        return Array::misfit();
    }
    let terms = log_softmax(x, &[last]).zip(probabilities, |l, p| -p.chain(l));
    over(&terms, &[last], false, N::sum)
}

/// `-ln softmax(x)[label]` along the last axis; negative labels count from the end.
pub fn softmax_cross_entropy_labels<N: Number>(x: &Array<N>, labels: &Array<N>) -> Array<N> {
    let Some(last) = x.rank().checked_sub(1) else { return Array::misfit() };
    if x.shape.get(..last) != Some(labels.shape.as_slice()) {
        return Array::misfit();
    }
    let terms = log_softmax(x, &[last]);
    Array::from_fn(&labels.shape, |i| match place(labels.at(i), x.size(last)) {
        Some(label) => -terms.at(&[i, &[label]].concat()),
        None => N::of(f64::NAN),
    })
}
