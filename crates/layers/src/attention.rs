//! [`MultiHeadAttention`]: each vector of a sequence looks at the others.

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::dense::{Convention, Dense};
use crate::describe::Description;
use crate::dropout::Dropout;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Attention: each vector of a sequence becomes a weighted mean of what all vectors offer, with weights that depend on how
/// well its query goes with their keys; in several heads, each with a part of the features.
///
/// ```text
/// Q = X W_q' + b_q,   K = X W_k' + b_k,   V = X W_v' + b_v       cut into heads of d = features / heads
/// Y = softmax(Q K' / √d) V     by head;      output = Y W_out' + b_out     of the heads side by side
/// ```
///
/// It takes a batch of sequences, `[n, time, features]`, or one, `[time, features]`, and keeps the shape. As a layer it is
/// self-attention; [`attend`](MultiHeadAttention::attend) looks at another sequence. With [`causal`](MultiHeadAttention::causal)
/// no vector sees a later one.
///
/// Parameters, as those of PyTorch's `MultiheadAttention`: `in_proj_weight` of shape `[3 features, features]` (`W_q`, `W_k`, `W_v`
/// below each other, [`Init::Xavier`]), `in_proj_bias` of shape `[3 features]` (zeros), `out_proj.weight` of shape
/// `[features, features]` and `out_proj.bias` of shape `[features]`.
///
/// A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
///
/// ```
/// use chainrule_layers::{Model, MultiHeadAttention};
/// use ndarray::Array3;
///
/// let model = Model::init(MultiHeadAttention::new(8, 2).causal(), 1)?;
/// assert_eq!(model.predict(Array3::<f64>::ones((4, 10, 8)))?.shape(), [4, 10, 8]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of features, and a number of heads that does not divide it, make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiHeadAttention {
    features: usize,
    heads: usize,
    causal: bool,
    dropout: f64,
}

impl MultiHeadAttention {
    /// With so many heads, looking at all places, without dropout.
    pub fn new(features: usize, heads: usize) -> Self {
        MultiHeadAttention { features, heads, causal: false, dropout: 0.0 }
    }

    /// No vector sees one at a later place.
    pub fn causal(self) -> Self {
        MultiHeadAttention { causal: true, ..self }
    }

    /// With [`Dropout`] of this probability on the weights, in training.
    pub fn dropout(self, probability: f64) -> Self {
        MultiHeadAttention { dropout: probability, ..self }
    }

    /// Cross-attention: each vector of `query` (`[n, time, features]` or `[time, features]`) becomes a mean of what the vectors of
    /// `context` (`[n, other, features]` or `[other, features]`) offer. For layers that have two inputs; `params` are those of this
    /// layer.
    ///
    /// ```
    /// use chainrule_graph::{Graph, Scalar, Var};
    /// use chainrule_layers::{Declarations, Layer, MultiHeadAttention, Params, Scoped};
    ///
    /// /// Attention to so many vectors that are learned.
    /// struct Memory(usize, MultiHeadAttention);
    ///
    /// impl<T: Scalar> Layer<T> for Memory {
    ///     fn declare(&self, params: &mut Declarations<T>) {
    ///         params.parameter("memory", [self.0, 4], chainrule_layers::Init::Constant(0.1));
    ///         params.layer("attention", &self.1);
    ///     }
    ///     fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
    ///         let memory = params.get("memory");
    ///         params.within("attention", |params| self.1.attend(params, x, memory))
    ///     }
    /// }
    ///
    /// let layer = Memory(7, MultiHeadAttention::new(4, 2));
    /// let graph = Graph::new();
    /// let bound = Params::<f64>::init(&layer, 1)?.bind(&graph);
    /// assert_eq!(bound.apply(&layer, graph.full([3, 4], 1.0)).shape()?, [3, 4]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn attend<'g, T: Scalar>(
        &self,
        params: &Scoped<'_, 'g, T>,
        query: Var<'g, T>,
        context: Var<'g, T>,
    ) -> Var<'g, T> {
        let (Ok(shape), Ok(other)) = (query.shape(), context.shape()) else {
            return if query.shape().is_err() { query } else { context };
        };
        let f = self.features;
        let fits = match (shape.as_slice(), other.as_slice()) {
            (&[_, q], &[_, k]) => q == f && k == f,
            (&[n, _, q], &[m, _, k]) => n == m && q == f && k == f,
            _ => false,
        };
        if !fits {
            let reason = format!("queries of shape {shape:?} and a context of shape {other:?}");
            let reason = format!("{reason}; this layer takes [time, {f}] of both, or [n, time, {f}]");
            return self.refuse(reason, "the time may differ, and nothing else", &[query, context]);
        }
        let (weight, bias) = (params.get("in_proj_weight"), params.get("in_proj_bias"));
        let [weight_q, weight_kv] = weight.split([f, 2 * f], 0);
        let [bias_q, bias_kv] = bias.split([f, 2 * f], 0);
        let q = query.matmul(weight_q.t()) + bias_q;
        let [k, v] = (context.matmul(weight_kv.t()) + bias_kv).split([f, f], -1);
        self.mix(params, [q, k, v])
    }

    /// What follows the projections.
    fn mix<'g, T: Scalar>(&self, params: &Scoped<'_, 'g, T>, projected: [Var<'g, T>; 3]) -> Var<'g, T> {
        let (f, heads) = (self.features, self.heads);
        if heads == 0 || !f.is_multiple_of(heads) {
            let help = "the number of heads must divide the number of features";
            return self.refuse(format!("{heads} heads of {f} features"), help, &projected);
        }
        // An invalid one says more itself.
        let (Ok(shape), Ok(other)) = (projected[0].shape(), projected[1].shape()) else {
            return projected[0];
        };
        let (batch, time, times) = match (shape.as_slice(), other.as_slice()) {
            (&[n, time, _], &[_, times, _]) => (n, time, times),
            (&[time, ..], &[times, ..]) => (1, time, times),
            _ => return projected[0],
        };
        let size = f / heads;
        // [batch, heads, time, size]
        let [q, k, v] = [(0, time), (1, times), (2, times)]
            .map(|(i, time)| projected[i].reshape([batch, time, heads, size]).permute([0, 2, 1, 3]));
        let mut scores = (q * T::of(1.0 / (size as f64).sqrt())).matmul(k.mt());
        if self.causal {
            let place = |count: usize| {
                q.graph().constant((0..count).map(|place| T::of(place as f64)).collect::<Vec<T>>())
            };
            let seen = place(times).less_equal(place(time).unsqueeze(1));
            scores = seen.select(scores, T::neg_infinity());
        }
        let weights = Dropout::new(self.dropout).drop(params, scores.softmax(-1));
        let mixed = weights.matmul(v).permute([0, 2, 1, 3]).reshape(shape);
        params.apply("out_proj", &self.out_proj(), mixed)
    }

    fn out_proj(&self) -> Dense {
        Dense::new(self.features, self.features).weights(Convention::OutByIn)
    }

    fn refuse<'g, T: Scalar>(
        &self,
        reason: String,
        help: &'static str,
        operands: &[Var<'g, T>],
    ) -> Var<'g, T> {
        Fault::new(reason, help).node("multi_head_attention", operands[0].graph(), operands)
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(MultiHeadAttention {
            features: description.get("features")?,
            heads: description.get("heads")?,
            causal: description.get("causal")?,
            dropout: description.get("dropout")?,
        })
    }
}

impl<T: Scalar> Layer<T> for MultiHeadAttention {
    fn declare(&self, params: &mut Declarations<T>) {
        let all = self.features.saturating_mul(3);
        params.weight("in_proj_weight", [all, self.features], [self.features, all], Init::Xavier);
        params.parameter("in_proj_bias", [all], Init::Zeros);
        params.layer("out_proj", &self.out_proj());
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let f = self.features;
        if !matches!(shape.as_slice(), [_, last] | [_, _, last] if *last == f) {
            let reason = format!(
                "this layer takes sequences [time, {f}] or batches [n, time, {f}], and the input is {shape:?}"
            );
            return self.refuse(reason, "the last axis must have the layer's number of features", &[x]);
        }
        // One product for all three.
        let all = x.matmul(params.get("in_proj_weight").t()) + params.get("in_proj_bias");
        self.mix(params, all.split([f, f, f], -1))
    }

    fn describe(&self) -> Description {
        Description::new("multi_head_attention")
            .with("features", self.features)
            .with("heads", self.heads)
            .with("causal", self.causal)
            .with("dropout", self.dropout)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends a [`MultiHeadAttention`] as [`MultiHeadAttention::new`] makes it.
    pub fn multi_head_attention(self, features: usize, heads: usize) -> Self {
        self.push(MultiHeadAttention::new(features, heads))
    }
}
