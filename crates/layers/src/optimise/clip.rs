//! Gradients kept within bounds.

use chainrule_graph::{Scalar, Unary, Var};

/// What is bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clip {
    /// The norm of all gradients together.
    Norm(f64),
    /// Each element.
    Value(f64),
}

impl Clip {
    pub(super) fn apply<T: Scalar>(self, gradients: &mut [Var<'_, T>]) {
        match self {
            Clip::Value(most) => {
                let most = T::of(most);
                gradients.iter_mut().for_each(|g| *g = g.clamp(-most, most));
            }
            Clip::Norm(most) => {
                // Of the parts' norms, each without overflow of its squares.
                let norms: Vec<_> = gradients.iter().map(|g| g.norm()).collect();
                let Some(norm) = norms.into_iter().reduce(|all, one| all.hypot(one)) else { return };
                // Exactly 1 up to the bound.
                let most = T::of(most);
                let factor = norm.maximum(most).map(Unary::DivInto(most));
                gradients.iter_mut().for_each(|g| *g = *g * factor);
            }
        }
    }
}
