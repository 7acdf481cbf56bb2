//! [`LayerNorm`]: by sample.

use chainrule_graph::{Result, Scalar, Var};

use super::{EPSILON, centred, not_features, scaled};
use crate::bound::Scoped;
use crate::describe::Description;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Each vector along the last axis, normalised by itself, with a learned scale and offset for each feature:
///
/// ```text
/// y = weight (x - m) / √(v + ε) + bias
/// ```
///
/// where `m` is the mean of the vector's elements and `v` their variance (divided by their number). It takes `[..., features]`
/// and keeps the shape; the same in training and in use. Parameters, as PyTorch's: `weight` (ones at first) and `bias` (zeros),
/// both of shape `[features]`. `ε` is 1e-5.
///
/// J. L. Ba, J. R. Kiros and G. Hinton, "Layer normalization", arXiv 1607.06450 (2016).
///
/// ```
/// use chainrule_layers::{LayerNorm, Model};
///
/// let model = Model::init(LayerNorm::new(2).epsilon(0.0), 0)?;
/// assert_eq!(model.predict([3.0, 7.0])?, ndarray::arr1(&[-1.0, 1.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of features makes an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    features: usize,
    epsilon: f64,
    bias: bool,
}

impl LayerNorm {
    /// For vectors of so many numbers.
    pub fn new(features: usize) -> Self {
        LayerNorm { features, epsilon: EPSILON, bias: true }
    }

    /// With this number added to the variance.
    pub fn epsilon(self, epsilon: f64) -> Self {
        LayerNorm { epsilon, ..self }
    }

    /// Without adding a bias.
    pub fn without_bias(self) -> Self {
        LayerNorm { bias: false, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(LayerNorm {
            features: description.get("features")?,
            epsilon: description.get("epsilon")?,
            bias: description.get("bias")?,
        })
    }
}

impl<T: Scalar> Layer<T> for LayerNorm {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("weight", [self.features], Init::Constant(1.0));
        if self.bias {
            params.parameter("bias", [self.features], Init::Zeros);
        }
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.last() != Some(&self.features) {
            return not_features("layer_norm", self.features, x, &shape);
        }
        let [x, variance, _] = centred(x, &[-1]);
        let y = scaled(x, variance, self.epsilon) * params.get("weight");
        if self.bias { y + params.get("bias") } else { y }
    }

    fn describe(&self) -> Description {
        Description::new("layer_norm")
            .with("features", self.features)
            .with("epsilon", self.epsilon)
            .with("bias", self.bias)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`LayerNorm`].
    pub fn layer_norm(self, features: usize) -> Self {
        self.push(LayerNorm::new(features))
    }
}
