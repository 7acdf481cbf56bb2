//! [`Bound`]: parameters as nodes of a graph, and [`Scoped`], a layer's view of them.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Graph, IntoVar, Scalar, Single, Structure, Var};
use indexmap::{IndexMap, IndexSet};

use crate::fault::{Fault, list};
use crate::layer::{Declarations, Layer, join};

/// The nodes of a [`Params`](crate::Params) on one graph, by name.
///
/// It is a [`Structure`]: `loss.grad(bound)?` returns another `Bound` with the gradients under the same names. `grad`
/// takes its inputs by value; a clone is cheap where the nodes are needed afterwards.
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Dense, Params};
///
/// let model = Dense::new(2, 1);
/// let graph = Graph::new();
/// let bound = Params::init(&model, 3)?.bind(&graph);
/// let loss = bound.apply(&model, [5.0, 7.0]).sum();
/// let gradients = loss.grad(bound)?;
/// assert_eq!(gradients.get("weight").value()?, ndarray::arr2(&[[5.0], [7.0]]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone)]
pub struct Bound<'g, T = f64> {
    graph: &'g Graph<T>,
    names: Arc<IndexSet<String>>,
    /// As many as there are names, in the same order.
    nodes: Vec<Var<'g, T>>,
}

impl<'g, T: Scalar> Bound<'g, T> {
    pub(crate) fn new(graph: &'g Graph<T>, nodes: IndexMap<String, Var<'g, T>>) -> Self {
        let (names, nodes): (IndexSet<String>, Vec<_>) = nodes.into_iter().unzip();
        Bound { graph, names: Arc::new(names), nodes }
    }

    /// The output of a model with these parameters at `x`: a node, or what becomes one.
    ///
    /// The parameters must have the names and shapes that the model declares; others beside them do not matter. This line
    /// is the one that errors from inside of the model show, with the path of the layer.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// let model = Sequential::new().dense(3, 4).sigmoid().dense(4, 1);
    /// let graph = Graph::new();
    /// let bound = Params::init(&model, 3)?.bind(&graph);
    /// assert_eq!(bound.apply(&model, [1.0, 2.0, 3.0]).shape()?, [1]);
    /// let error = bound.apply(&model, [1.0, 2.0]).shape().unwrap_err();
    /// assert_eq!(error.location().line(), line!() - 1);
    /// assert!(error.message().contains("takes vectors [3] or batches [n, 3]"));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn apply<L: Layer<T> + ?Sized>(&self, model: &L, x: impl IntoVar<'g, T>) -> Var<'g, T> {
        let x = x.into_var(self.graph);
        if !std::ptr::eq(x.graph(), self.graph) {
            let help = "bind the parameters to the input's graph, or carry the value over: `x.value()?`";
            return Fault::new("the input belongs to another graph", help).node("apply", self.graph, &[]);
        }
        if let Err(fault) = self.fits(model) {
            return fault.node("apply", self.graph, &[]);
        }
        // This scope has no name, for the model has none; it fixes the line.
        let _line = self.graph.scope("");
        model.forward(&Scoped { bound: self, path: String::new() }, x)
    }

    /// The node of that name.
    ///
    /// One that does not exist makes an invalid node whose error lists those that do.
    #[track_caller]
    pub fn get(&self, name: &str) -> Var<'g, T> {
        match self.find(name) {
            Some(node) => node,
            None => {
                let reason = format!("there is no `{name}`; there are {}", list(self.names()));
                Fault::new(reason, "names are paths, such as `0.weight`").node("parameter", self.graph, &[])
            }
        }
    }

    /// Names and nodes, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Var<'g, T>)> {
        self.names.iter().map(String::as_str).zip(self.nodes.iter().copied())
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The graph they belong to.
    pub fn graph(&self) -> &'g Graph<T> {
        self.graph
    }

    pub(crate) fn find(&self, name: &str) -> Option<Var<'g, T>> {
        self.nodes.get(self.names.get_index_of(name)?).copied()
    }

    /// Whether the model's parameters are all there, in the shapes it declares. Without this, a bias of shape `[1]` would
    /// be broadcast, silently.
    fn fits<L: Layer<T> + ?Sized>(&self, model: &L) -> Result<(), Fault> {
        for (path, declared) in Declarations::of(model)? {
            let Some(node) = self.find(&path) else {
                let reason =
                    format!("the model needs a parameter `{path}`; there are {}", list(self.names()));
                return Err(Fault::new(
                    reason,
                    "these are the parameters of another model; see `Params::init`",
                ));
            };
            // An invalid one says more itself.
            let Ok(shape) = node.shape() else { continue };
            if shape != declared.shape {
                let want = declared.shape;
                let reason =
                    format!("the parameter `{path}` has shape {shape:?}, and the model needs {want:?}");
                return Err(Fault::new(
                    reason,
                    "these are the parameters of another model; see `Params::init`",
                ));
            }
        }
        Ok(())
    }
}

impl<'g, T> Structure<'g, T> for Bound<'g, T> {
    type Form = IndexMap<String, Single>;

    fn form(&self) -> Self::Form {
        self.names.iter().map(|name| (name.clone(), Single)).collect()
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        Bound { nodes: self.nodes.map_vars(replace), ..self }
    }
}

/// Names with the nodes' lines of the graph's listing.
impl<T: Scalar> fmt::Debug for Bound<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The parameters as a layer sees them in [`Layer::forward`]: under the names it declared them by.
pub struct Scoped<'b, 'g, T = f64> {
    bound: &'b Bound<'g, T>,
    path: String,
}

impl<'g, T: Scalar> Scoped<'_, 'g, T> {
    /// The node of the parameter that was [declared](Layer::declare) under this name; one that was not makes an invalid
    /// node.
    pub fn get(&self, name: &str) -> Var<'g, T> {
        self.bound.get(&join(&self.path, name))
    }

    /// The output of a layer inside of this one, which was declared under this name by [`Declarations::layer`].
    pub fn apply<L: Layer<T> + ?Sized>(&self, name: &str, layer: &L, x: Var<'g, T>) -> Var<'g, T> {
        let _scope = self.bound.graph.scope(name);
        layer.forward(&Scoped { bound: self.bound, path: join(&self.path, name) }, x)
    }

    /// The graph to record on.
    pub fn graph(&self) -> &'g Graph<T> {
        self.bound.graph
    }
}
