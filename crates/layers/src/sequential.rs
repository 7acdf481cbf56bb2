//! [`Sequential`]: one layer after the other.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::layer::{Declarations, Layer};

/// Layers in a row, each taking the output of the one before; without any, the identity.
///
/// A layer's name is its place, counted from 0 (activations count too), or the one that [`named`](Sequential::named) gives
/// it. A `Sequential` is a layer itself, so they nest.
///
/// ```
/// use chainrule_layers::{Convention, Dense, Params, Sequential};
///
/// let encoder = Sequential::new().dense(8, 3).tanh();
/// let model = Sequential::new()
///     .named("encoder", encoder)
///     .push(Dense::new(3, 8).weights(Convention::OutByIn).without_bias())
///     .sigmoid();
/// let params = Params::<f64>::init(&model, 1)?;
/// assert_eq!(params.names().collect::<Vec<_>>(), ["encoder.0.weight", "encoder.0.bias", "1.weight"]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub struct Sequential<T = f64> {
    layers: Vec<(String, Arc<dyn Layer<T>>)>,
}

impl<T: Scalar> Sequential<T> {
    /// Without layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a layer, named by its place.
    pub fn push(self, layer: impl Layer<T> + 'static) -> Self {
        let name = self.layers.len().to_string();
        self.named(name, layer)
    }

    /// Appends a layer under a name: not empty, without a dot, and not that of another layer.
    pub fn named(mut self, name: impl Into<String>, layer: impl Layer<T> + 'static) -> Self {
        self.layers.push((name.into(), Arc::new(layer)));
        self
    }

    /// Appends a function without parameters.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// let model = Sequential::new().lambda(|x| x / x.sum());
    /// let graph = Graph::new();
    /// let y = Params::new().bind(&graph).apply(&model, [1.0, 3.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.25, 0.75]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn lambda(self, function: impl for<'g> Fn(Var<'g, T>) -> Var<'g, T> + Send + Sync + 'static) -> Self {
        self.push(Lambda(function))
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl<T: Scalar> Layer<T> for Sequential<T> {
    fn declare(&self, params: &mut Declarations<T>) {
        for (name, layer) in &self.layers {
            params.layer(name, &**layer);
        }
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        self.layers.iter().fold(x, |x, (name, layer)| params.apply(name, &**layer, x))
    }

    fn describe(&self) -> Description {
        let layers = self.layers.iter().map(|(name, layer)| (name.clone(), layer.describe()));
        Description::new("sequential").layers(layers)
    }
}

impl<T> Default for Sequential<T> {
    fn default() -> Self {
        Sequential { layers: Vec::new() }
    }
}

/// The layers themselves are shared; they hold no numbers.
impl<T> Clone for Sequential<T> {
    fn clone(&self) -> Self {
        Sequential { layers: self.layers.clone() }
    }
}

/// The names of the layers.
impl<T> fmt::Debug for Sequential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sequential ")?;
        f.debug_list().entries(self.layers.iter().map(|(name, _)| name)).finish()
    }
}

struct Lambda<F>(F);

impl<T, F> Layer<T> for Lambda<F>
where
    T: Scalar,
    F: for<'g> Fn(Var<'g, T>) -> Var<'g, T> + Send + Sync,
{
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        (self.0)(x)
    }
}
