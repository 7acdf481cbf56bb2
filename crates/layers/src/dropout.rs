//! [`Dropout`]: noise in training against overfitting.

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// In training, sets each element to 0 with a probability `p` and divides the others by `1 - p`, so that the mean stays;
/// in use, the identity. Any shape; no parameters.
///
/// N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014). What is dropped
/// is determined as [`Bound::train`](crate::Bound::train) says, the same on every machine.
///
/// A probability that is not in `[0, 1)` makes an invalid node.
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Dropout, Params};
///
/// let graph = Graph::new();
/// let layer = Dropout::new(0.25);
/// let y = Params::new().bind(&graph).train(1).apply(&layer, graph.full([1000], 3.0));
/// let zeros = y.value()?.iter().filter(|&&y| y == 0.0).count();
/// assert!((200..300).contains(&zeros));
/// assert!(y.value()?.iter().all(|&y| y == 0.0 || y == 4.0));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    probability: f64,
}

impl Dropout {
    /// With the probability of dropping an element.
    pub fn new(probability: f64) -> Self {
        Dropout { probability }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Dropout { probability: description.get("probability")? })
    }

    /// For layers that drop out something inside of them: with a key of theirs.
    pub(crate) fn drop<'g, T: Scalar>(self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        if !(0.0..1.0).contains(&self.probability) {
            let reason = format!("the probability of dropping is {}", self.probability);
            return Fault::new(reason, "it is at least 0 and below 1").node("dropout", x.graph(), &[x]);
        }
        if self.probability == 0.0 {
            return x;
        }
        match (params.key(), x.shape()) {
            (Some(key), Ok(shape)) => {
                let kept = key.uniform(shape).greater_equal(T::of(self.probability));
                x * (kept * T::of(1.0 / (1.0 - self.probability)))
            }
            _ => x,
        }
    }
}

impl<T: Scalar> Layer<T> for Dropout {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        self.drop(params, x)
    }

    fn describe(&self) -> Description {
        Description::new("dropout").with("probability", self.probability)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Dropout`].
    pub fn dropout(self, probability: f64) -> Self {
        self.push(Dropout::new(probability))
    }
}
