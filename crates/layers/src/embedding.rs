//! Tables of vectors: [`Embedding`], by number, and [`PositionalEmbedding`], by place; and [`PositionalEncoding`], which computes
//! its vectors.

use chainrule_graph::{Result, Scalar, Var};
use ndarray::Array2;

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// As Keras's `Embedding`.
const SMALL: Init = Init::Uniform { low: -0.05, high: 0.05 };

/// A vector for each of so many things (words, letters, users): it takes their numbers, whole ones from 0 on, and gives the rows
/// of a table. `[...]` becomes `[..., size]`.
///
/// The one parameter, as in PyTorch, is the table, `weight` of shape `[count, size]`; a row that occurs several times gets all
/// its gradients, added up. It starts uniform in ±0.05, as in Keras.
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Embedding, Params};
/// use ndarray::array;
///
/// let mut params = Params::new();
/// params.insert("weight", array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
/// let graph = Graph::new();
/// let y = params.bind(&graph).apply(&Embedding::new(3, 2), [2.0, 0.0]);
/// assert_eq!(y.value()?, array![[4.0, 5.0], [0.0, 1.0]].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Numbers are data, so one that is not whole, or no row of the table, is an error where the value is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedding {
    count: usize,
    size: usize,
    init: Init,
}

impl Embedding {
    /// A table of `count` rows of `size` numbers.
    pub fn new(count: usize, size: usize) -> Self {
        Embedding { count, size, init: SMALL }
    }

    /// With a table that starts from these values. The fan-in is `count`, the fan-out `size`.
    pub fn init(self, init: Init) -> Self {
        Embedding { init, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Embedding {
            count: description.get("count")?,
            size: description.get("size")?,
            init: description.get("init")?,
        })
    }
}

impl<T: Scalar> Layer<T> for Embedding {
    fn declare(&self, params: &mut Declarations<T>) {
        params.weight("weight", [self.count, self.size], [self.count, self.size], self.init);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        params.get("weight").take(x, 0)
    }

    fn describe(&self) -> Description {
        Description::new("embedding")
            .with("count", self.count)
            .with("size", self.size)
            .with("init", self.init)
    }
}

/// Adds to each vector of a sequence a vector for its place, which is learned. It takes `[time, features]` or
/// `[n, time, features]`, not longer than `length`, and keeps the shape.
///
/// The one parameter is `weight` of shape `[length, features]`; it starts uniform in ±0.05.
///
/// ```
/// use chainrule_layers::{PositionalEmbedding, Params};
/// use ndarray::array;
///
/// let mut params = Params::new();
/// params.insert("weight", array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
/// let graph = chainrule_graph::Graph::new();
/// let y = params.bind(&graph).apply(&PositionalEmbedding::new(3, 2), array![[0.0, 0.0], [10.0, 10.0]]);
/// assert_eq!(y.value()?, array![[1.0, 2.0], [13.0, 14.0]].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionalEmbedding {
    length: usize,
    features: usize,
    init: Init,
}

impl PositionalEmbedding {
    /// For sequences of up to `length` vectors.
    pub fn new(length: usize, features: usize) -> Self {
        PositionalEmbedding { length, features, init: SMALL }
    }

    /// With a table that starts from these values. The fan-in is `length`, the fan-out `features`.
    pub fn init(self, init: Init) -> Self {
        PositionalEmbedding { init, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(PositionalEmbedding {
            length: description.get("length")?,
            features: description.get("features")?,
            init: description.get("init")?,
        })
    }
}

impl<T: Scalar> Layer<T> for PositionalEmbedding {
    fn declare(&self, params: &mut Declarations<T>) {
        let shape = [self.length, self.features];
        params.weight("weight", shape, shape, self.init);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        match *shape.as_slice() {
            [.., time, features] if features == self.features && time <= self.length => {
                let [used, _] = params.get("weight").split([time, self.length - time], 0);
                x + used
            }
            [.., time, features] if features == self.features => {
                let reason = format!("a sequence of {time} for a table of {} places", self.length);
                let help = "make the table longer, or the sequences shorter";
                Fault::new(reason, help).node("positional_embedding", x.graph(), &[x])
            }
            _ => no_sequence("positional_embedding", self.features, &shape, x),
        }
    }

    fn describe(&self) -> Description {
        Description::new("positional_embedding")
            .with("length", self.length)
            .with("features", self.features)
            .with("init", self.init)
    }
}

/// Adds to each vector of a sequence sines and cosines of its place, of many frequencies: for place `p`, and `i` from 0 on,
///
/// ```text
/// sin(p / 10000^(2i / features))  to feature 2i,    cos(p / 10000^(2i / features))  to feature 2i + 1
/// ```
///
/// It takes `[time, features]` or `[n, time, features]` of any length and keeps the shape; no parameters. A. Vaswani et al.,
/// "Attention is all you need", NeurIPS 2017, section 3.5.
///
/// ```
/// use chainrule_layers::{Params, PositionalEncoding};
/// use ndarray::array;
///
/// let graph = chainrule_graph::Graph::new();
/// let y = Params::new().bind(&graph).apply(&PositionalEncoding::new(2), array![[0.0, 0.0], [10.0, 10.0]]);
/// assert_eq!(y.value()?, array![[0.0, 1.0], [10.0 + 1_f64.sin(), 10.0 + 1_f64.cos()]].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionalEncoding {
    features: usize,
}

impl PositionalEncoding {
    /// For vectors of so many numbers.
    pub fn new(features: usize) -> Self {
        PositionalEncoding { features }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(PositionalEncoding { features: description.get("features")? })
    }

    fn at(self, place: usize, feature: usize) -> f64 {
        let exponent = (feature - feature % 2) as f64 / self.features as f64;
        let angle = place as f64 / 10000_f64.powf(exponent);
        if feature.is_multiple_of(2) { angle.sin() } else { angle.cos() }
    }
}

impl<T: Scalar> Layer<T> for PositionalEncoding {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        match shape.as_slice() {
            &[.., time, features] if features == self.features => {
                x + Array2::from_shape_fn((time, features), |(place, feature)| T::of(self.at(place, feature)))
            }
            _ => no_sequence("positional_encoding", self.features, &shape, x),
        }
    }

    fn describe(&self) -> Description {
        Description::new("positional_encoding").with("features", self.features)
    }
}

fn no_sequence<'g, T: Scalar>(
    operation: &str,
    features: usize,
    shape: &[usize],
    x: Var<'g, T>,
) -> Var<'g, T> {
    let reason = format!(
        "this layer takes sequences [time, {features}] or batches [n, time, {features}], and the input is {shape:?}"
    );
    Fault::new(reason, "the last axis must have the layer's number of features").node(
        operation,
        x.graph(),
        &[x],
    )
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Embedding`].
    pub fn embedding(self, count: usize, size: usize) -> Self {
        self.push(Embedding::new(count, size))
    }

    /// Appends [`PositionalEmbedding`].
    pub fn positional_embedding(self, length: usize, features: usize) -> Self {
        self.push(PositionalEmbedding::new(length, features))
    }

    /// Appends [`PositionalEncoding`].
    pub fn positional_encoding(self, features: usize) -> Self {
        self.push(PositionalEncoding::new(features))
    }
}
