//! [`Model`]: a layer and its parameters, together.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Graph, IntoArray, Result, Scalar};
use ndarray::ArrayD;

use crate::layer::Layer;
use crate::params::Params;

/// A layer with its parameters: what training returns, what is used, saved and loaded.
///
/// ```
/// use chainrule_layers::{Model, Sequential};
///
/// let model = Model::init(Sequential::new().dense(2, 3).tanh().dense(3, 1), 1)?;
/// let outputs = model.predict(ndarray::array![[0.5, 1.0], [2.0, -1.0]])?;
/// assert_eq!(outputs.shape(), [2, 1]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model<L, T = f64> {
    /// What is computed.
    pub layer: L,
    /// With which numbers.
    pub params: Params<T>,
}

/// A layer of whatever type: what a file is loaded as.
pub type AnyLayer<T = f64> = Arc<dyn Layer<T>>;

/// Its description.
impl<T: Scalar> fmt::Debug for dyn Layer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.describe(), f)
    }
}

impl<T: Scalar, L: Layer<T>> Model<L, T> {
    /// With parameters as [`Params::init`] makes them.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn init(layer: L, seed: u64) -> Result<Self> {
        let params = Params::init(&layer, seed)?;
        Ok(Model { layer, params })
    }

    /// The output for these inputs.
    ///
    /// It is recorded and computed anew in every call; for many calls with one shape compile a
    /// [`Program`](chainrule_graph::Program).
    ///
    /// # Errors
    /// If the input or a parameter does not fit the layer.
    #[track_caller]
    pub fn predict(&self, inputs: impl IntoArray<T>) -> Result<ArrayD<T>> {
        let graph = Graph::default();
        let x = graph.constant(inputs);
        self.params.bind(&graph).apply(&self.layer, x).value()
    }
}
