//! [`Dense`], the fully connected layer.

use chainrule_graph::{Result, Scalar, Var};
use serde::{Deserialize, Serialize};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// A fully connected layer: every output is a weighted sum of all inputs, plus a bias.
///
/// It takes one sample, a vector `[inputs]`, or a batch of them as rows, `[n, inputs]`, and gives `[outputs]` or
/// `[n, outputs]`. There may be more axes, which number the samples: `[n, time, inputs]` gives `[n, time, outputs]`. Its parameters are `weight` and `bias` (shape `[outputs]`, zeros at first). The weight matrix can be
/// written in two [conventions](Convention).
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Convention, Dense, Params};
/// use ndarray::array;
///
/// // the lecture: Z = W A, one row of W per receiving neuron
/// let layer = Dense::new(3, 2).without_bias().weights(Convention::OutByIn);
/// let mut params = Params::init(&layer, 0)?;
/// params.insert("weight", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
///
/// let graph = Graph::new();
/// let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
/// let z = params.bind(&graph).apply(&layer, a);
/// let [e1] = z.vjp(array![0.42, 0.45], [a])?; // E1 = W' E2
/// assert!((e1.value()? - array![0.216, 0.129, 0.087]).iter().all(|d| d.abs() < 1e-15));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of inputs makes an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    inputs: usize,
    outputs: usize,
    bias: bool,
    convention: Convention,
    init: Init,
}

/// Which way round the weight matrix is written: `W` with a row for each input is the other's transpose.
///
/// With a vector `a`, a batch `A` of vectors as rows, and the error `e` (or `E`) coming back:
///
/// | | shape of `W` | vector | batch | error of the inputs |
/// |---|---|---|---|---|
/// | `InByOut` | `[inputs, outputs]` | `z = W' a` | `Z = A W` | `W e`, `E W'` |
/// | `OutByIn` | `[outputs, inputs]` | `z = W a` | `Z = A W'` | `W' e`, `E W` |
///
/// The one transposes on the way forward, the other on the way back. The numbers are the same if the matrices are each
/// other's transpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Convention {
    /// `inputs x outputs`, one row per sending neuron, as in Keras; the default. The lecture's `Z = W'A` with `W` of
    /// `n[l-1] x n[l]`.
    #[default]
    InByOut,
    /// `outputs x inputs`, one row per receiving neuron, as in PyTorch. The lecture's `Z = W A` with `W` of
    /// `n[l] x n[l-1]`, to which its closed form `E[l] = W[l+1]' E[l+1]` belongs.
    OutByIn,
}

impl Dense {
    /// A layer with a bias, weights in the convention [`InByOut`](Convention::InByOut), initialised by [`Init::Xavier`].
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Dense { inputs, outputs, bias: true, convention: Convention::default(), init: Init::Xavier }
    }

    /// Without adding a bias.
    pub fn without_bias(self) -> Self {
        Dense { bias: false, ..self }
    }

    /// With the weight matrix written this way round.
    pub fn weights(self, convention: Convention) -> Self {
        Dense { convention, ..self }
    }

    /// With weights that start from these values. The fan-in is `inputs`, the fan-out `outputs`, in both conventions.
    pub fn init(self, init: Init) -> Self {
        Dense { init, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Dense {
            inputs: description.get("inputs")?,
            outputs: description.get("outputs")?,
            bias: description.get("bias")?,
            convention: description.get("weights")?,
            init: description.get("init")?,
        })
    }
}

impl<T: Scalar> Layer<T> for Dense {
    fn declare(&self, params: &mut Declarations<T>) {
        let shape = match self.convention {
            Convention::InByOut => [self.inputs, self.outputs],
            Convention::OutByIn => [self.outputs, self.inputs],
        };
        params.weight("weight", shape, [self.inputs, self.outputs], self.init);
        if self.bias {
            params.parameter("bias", [self.outputs], Init::Zeros);
        }
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let w = params.get("weight");
        let z = match (self.convention, shape.as_slice()) {
            (Convention::InByOut, &[.., n]) if n == self.inputs => x.matmul(w),
            (Convention::OutByIn, &[n]) if n == self.inputs => w.matmul(x),
            (Convention::OutByIn, &[.., n]) if n == self.inputs => x.matmul(w.t()),
            _ => {
                let n = self.inputs;
                let reason = format!(
                    "this layer takes vectors [{n}] or batches [..., {n}], and the input is {shape:?}"
                );
                let help = "the last axis must have the layer's number of inputs; `reshape` merges axes";
                return Fault::new(reason, help).node("dense", x.graph(), &[x]);
            }
        };
        if self.bias { z + params.get("bias") } else { z }
    }

    fn describe(&self) -> Description {
        Description::new("dense")
            .with("inputs", self.inputs)
            .with("outputs", self.outputs)
            .with("bias", self.bias)
            .with("weights", self.convention)
            .with("init", self.init)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends a [`Dense`] layer as [`Dense::new`] makes it.
    pub fn dense(self, inputs: usize, outputs: usize) -> Self {
        self.push(Dense::new(inputs, outputs))
    }
}
