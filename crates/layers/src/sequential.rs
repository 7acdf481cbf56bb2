//! [`Sequential`]: one layer after the other.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::kinds::Build;
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
    layers: Vec<(String, Step<T>)>,
}

enum Step<T> {
    Layer(Arc<dyn Layer<T>>),
    /// The layer of this name, with the same parameters.
    Again(String),
}

/// The kind that stands for [`Step::Again`] in a description.
const AGAIN: &str = "again";

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
        self.layers.push((name.into(), Step::Layer(Arc::new(layer))));
        self
    }

    /// Applies the layer of this name, one of those before, once more, with the same parameters: weights are shared.
    ///
    /// It counts as a place. A name that no layer before has makes an invalid node.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// let model = Sequential::new().dense(2, 2).tanh().again("0").again("1");
    /// let graph = Graph::new();
    /// let bound = Params::init(&model, 1)?.bind(&graph);
    /// assert_eq!(bound.names().collect::<Vec<_>>(), ["0.weight", "0.bias"]);
    /// let once = Sequential::new().dense(2, 2).tanh();
    /// let twice = bound.apply(&once, bound.apply(&once, [1.0, 2.0]));
    /// assert_eq!(bound.apply(&model, [1.0, 2.0]).value()?, twice.value()?);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn again(mut self, name: impl Into<String>) -> Self {
        let place = self.layers.len().to_string();
        self.layers.push((place, Step::Again(name.into())));
        self
    }

    /// The layer of this name.
    ///
    /// ```
    /// use chainrule_layers::Sequential;
    ///
    /// let model = Sequential::<f64>::new().dense(2, 3).named("squash", chainrule_layers::Tanh);
    /// assert_eq!(model.get("squash").map(|layer| layer.describe().to_string()), Some("tanh".to_owned()));
    /// assert!(model.get("2").is_none());
    /// ```
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Layer<T>>> {
        self.layers.iter().find_map(|(own, step)| match step {
            Step::Layer(layer) if own == name => Some(layer),
            _ => None,
        })
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.layers.iter().map(|(name, _)| name.as_str())
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

    /// How many layers there are; one that is applied [again](Sequential::again) counts again.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    pub(crate) fn from_description(description: &Description, inside: Build<'_, T>) -> Result<Self> {
        let mut layers = Vec::new();
        for (name, layer) in description.inside() {
            let step = match layer.kind() {
                AGAIN => Step::Again(layer.get("layer")?),
                _ => Step::Layer(inside(layer)?),
            };
            layers.push((name.to_owned(), step));
        }
        Ok(Sequential { layers })
    }
}

impl<T: Scalar> Layer<T> for Sequential<T> {
    fn declare(&self, params: &mut Declarations<T>) {
        for (name, step) in &self.layers {
            if let Step::Layer(layer) = step {
                params.layer(name, layer);
            }
        }
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        self.layers.iter().enumerate().fold(x, |x, (place, (name, step))| {
            let (name, layer) = match step {
                Step::Layer(layer) => (name, Some(layer)),
                Step::Again(name) => {
                    let before = self.layers.iter().take(place);
                    let found = before.filter(|(own, _)| own == name).find_map(|(_, step)| match step {
                        Step::Layer(layer) => Some(layer),
                        Step::Again(_) => None,
                    });
                    (name, found)
                }
            };
            match layer {
                Some(layer) => params.apply(name, layer, x),
                None => {
                    let reason =
                        format!("no layer `{name}` comes before place {place}, which applies it again");
                    let help = "a layer's name is its place, counted from 0, or what `named` gave it";
                    Fault::new(reason, help).node("again", x.graph(), &[x])
                }
            }
        })
    }

    fn describe(&self) -> Description {
        let layers = self.layers.iter().map(|(name, step)| {
            let description = match step {
                Step::Layer(layer) => layer.describe(),
                Step::Again(layer) => Description::new(AGAIN).with("layer", layer),
            };
            (name.clone(), description)
        });
        Description::new("sequential").layers(layers)
    }
}

/// Layers named by their places.
impl<T: Scalar, L: Layer<T> + 'static> FromIterator<L> for Sequential<T> {
    /// The layers are of one type: `Arc<dyn Layer<T>>` and `Box<dyn Layer<T>>` are layers themselves.
    fn from_iter<I: IntoIterator<Item = L>>(layers: I) -> Self {
        layers.into_iter().fold(Self::new(), Self::push)
    }
}

/// Layers named by their places.
///
/// ```
/// use std::sync::Arc;
/// use chainrule_layers::{Dense, Layer, Params, Sequential, Tanh};
///
/// let layers: Vec<Arc<dyn Layer>> = vec![Arc::new(Dense::new(2, 3)), Arc::new(Tanh)];
/// let params = Params::init(&Sequential::from(layers), 1)?;
/// assert_eq!(params.names().collect::<Vec<_>>(), ["0.weight", "0.bias"]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
impl<T: Scalar, L: Layer<T> + 'static> From<Vec<L>> for Sequential<T> {
    fn from(layers: Vec<L>) -> Self {
        layers.into_iter().collect()
    }
}

impl<T> Default for Sequential<T> {
    fn default() -> Self {
        Sequential { layers: Vec::new() }
    }
}

impl<T> Clone for Step<T> {
    fn clone(&self) -> Self {
        match self {
            Step::Layer(layer) => Step::Layer(layer.clone()),
            Step::Again(name) => Step::Again(name.clone()),
        }
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
