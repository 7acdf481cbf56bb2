//! [`RmsNorm`]: by sample, without a mean.

use chainrule_graph::{Result, Scalar, Var, keep};

use super::{EPSILON, not_features, scaled};
use crate::bound::Scoped;
use crate::describe::Description;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Each vector along the last axis, divided by the root of its mean square, with a learned scale for each feature:
///
/// ```text
/// y = weight x / √(mean(x²) + ε)
/// ```
///
/// It takes `[..., features]` and keeps the shape; the same in training and in use. One parameter, as in PyTorch: `weight` of
/// shape `[features]`, ones at first. `ε` is 1e-5.
///
/// B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
///
/// ```
/// use chainrule_layers::{Model, RmsNorm};
///
/// let model = Model::init(RmsNorm::new(4).epsilon(0.0), 0)?;
/// assert_eq!(model.predict([2.0, -2.0, 2.0, -2.0])?, ndarray::arr1(&[1.0, -1.0, 1.0, -1.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of features makes an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsNorm {
    features: usize,
    epsilon: f64,
}

impl RmsNorm {
    /// For vectors of so many numbers.
    pub fn new(features: usize) -> Self {
        RmsNorm { features, epsilon: EPSILON }
    }

    /// With this number added to the mean square.
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsNorm { epsilon, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(RmsNorm { features: description.get("features")?, epsilon: description.get("epsilon")? })
    }
}

impl<T: Scalar> Layer<T> for RmsNorm {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("weight", [self.features], Init::Constant(1.0));
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.last() != Some(&self.features) {
            return not_features("rms_norm", self.features, x, &shape);
        }
        scaled(x, x.square().mean_axes(keep(-1)), self.epsilon) * params.get("weight")
    }

    fn describe(&self) -> Description {
        Description::new("rms_norm").with("features", self.features).with("epsilon", self.epsilon)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`RmsNorm`].
    pub fn rms_norm(self, features: usize) -> Self {
        self.push(RmsNorm::new(features))
    }
}
