//! [`TransformerBlock`]: attention and a network of two layers, each with a way around it.

use chainrule_graph::{Result, Scalar, Var};

use crate::attention::MultiHeadAttention;
use crate::bound::Scoped;
use crate::dense::{Convention, Dense};
use crate::describe::Description;
use crate::dropout::Dropout;
use crate::layer::{Declarations, Layer};
use crate::norm::LayerNorm;
use crate::sequential::Sequential;

/// A block of a transformer: self-attention, then a network of two layers at each place, each with a way around it and a
/// [`LayerNorm`].
///
/// ```text
/// pre-norm:   u = x + attention(norm1(x)),    y = u + mlp(norm2(u))        the default: trains without a warm-up
/// post-norm:  u = norm1(x + attention(x)),    y = norm2(u + mlp(u))        of the first publication
/// mlp(x) = linear2(gelu(linear1(x)))
/// ```
///
/// with the exact [`Gelu`](crate::Gelu). It takes `[n, time, features]` or `[time, features]` and keeps the shape. A decoder
/// without an encoder (as GPT) is made of [`causal`](TransformerBlock::causal) blocks; after the last pre-norm block belongs a
/// [`LayerNorm`].
///
/// Parameters, as those of PyTorch's `TransformerEncoderLayer`: `self_attn` ([`MultiHeadAttention`]), `linear1` and `linear2`
/// ([`Dense`] with [`Convention::OutByIn`]), `norm1` and `norm2`. Dropout, in training, is where that has it: on the weights of the
/// attention, after it, after `gelu`, and after `linear2`.
///
/// A. Vaswani et al., "Attention is all you need", NeurIPS 2017; pre-norm: R. Xiong et al., "On layer normalization in the
/// transformer architecture", ICML 2020.
///
/// ```
/// use chainrule_layers::{Model, Sequential, TransformerBlock};
/// use ndarray::array;
///
/// let model = Sequential::new()
///     .embedding(50, 8)
///     .positional_embedding(16, 8)
///     .push(TransformerBlock::new(8, 2).causal())
///     .layer_norm(8)
///     .dense(8, 50);
/// let model = Model::init(model, 1)?;
/// assert_eq!(model.predict(array![[3.0, 14.0, 15.0]])?.shape(), [1, 3, 50]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// What [`MultiHeadAttention`] refuses makes an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerBlock {
    features: usize,
    heads: usize,
    hidden: usize,
    causal: bool,
    post_norm: bool,
    dropout: f64,
}

impl TransformerBlock {
    /// Pre-norm, seeing all places, with `4 features` hidden neurons and without dropout.
    pub fn new(features: usize, heads: usize) -> Self {
        let hidden = features.saturating_mul(4);
        TransformerBlock { features, heads, hidden, causal: false, post_norm: false, dropout: 0.0 }
    }

    /// With so many neurons between the two layers of the network.
    pub fn hidden(self, hidden: usize) -> Self {
        TransformerBlock { hidden, ..self }
    }

    /// No place sees a later one.
    pub fn causal(self) -> Self {
        TransformerBlock { causal: true, ..self }
    }

    /// With the norms after the sums.
    pub fn post_norm(self) -> Self {
        TransformerBlock { post_norm: true, ..self }
    }

    /// With [`Dropout`] of this probability.
    pub fn dropout(self, probability: f64) -> Self {
        TransformerBlock { dropout: probability, ..self }
    }

    fn attention(&self) -> MultiHeadAttention {
        let attention = MultiHeadAttention::new(self.features, self.heads).dropout(self.dropout);
        if self.causal { attention.causal() } else { attention }
    }

    fn linear(&self, inputs: usize, outputs: usize) -> Dense {
        Dense::new(inputs, outputs).weights(Convention::OutByIn)
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(TransformerBlock {
            features: description.get("features")?,
            heads: description.get("heads")?,
            hidden: description.get("hidden")?,
            causal: description.get("causal")?,
            post_norm: description.get("post_norm")?,
            dropout: description.get("dropout")?,
        })
    }
}

impl<T: Scalar> Layer<T> for TransformerBlock {
    fn declare(&self, params: &mut Declarations<T>) {
        let norm = LayerNorm::new(self.features);
        params.layer("self_attn", &self.attention());
        params.layer("linear1", &self.linear(self.features, self.hidden));
        params.layer("linear2", &self.linear(self.hidden, self.features));
        params.layer("norm1", &norm);
        params.layer("norm2", &norm);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let dropout = Dropout::new(self.dropout);
        let norm = |name, x| params.apply(name, &LayerNorm::new(self.features), x);
        let attention = |x| dropout.drop(params, params.apply("self_attn", &self.attention(), x));
        let mlp = |x| {
            let inner = params.apply("linear1", &self.linear(self.features, self.hidden), x).gelu();
            let inner = dropout.drop(params, inner);
            dropout.drop(params, params.apply("linear2", &self.linear(self.hidden, self.features), inner))
        };
        if self.post_norm {
            let u = norm("norm1", x + attention(x));
            norm("norm2", u + mlp(u))
        } else {
            let u = x + attention(norm("norm1", x));
            u + mlp(norm("norm2", u))
        }
    }

    fn describe(&self) -> Description {
        Description::new("transformer_block")
            .with("features", self.features)
            .with("heads", self.heads)
            .with("hidden", self.hidden)
            .with("causal", self.causal)
            .with("post_norm", self.post_norm)
            .with("dropout", self.dropout)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends a [`TransformerBlock`] as [`TransformerBlock::new`] makes it.
    pub fn transformer_block(self, features: usize, heads: usize) -> Self {
        self.push(TransformerBlock::new(features, heads))
    }
}
