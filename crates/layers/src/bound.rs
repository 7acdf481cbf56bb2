//! [`Bound`]: parameters as nodes of a graph, and [`Scoped`], a layer's view of them.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use chainrule_graph::{Graph, IntoVar, Scalar, Single, Structure, Var};
use indexmap::{IndexMap, IndexSet};

use crate::fault::{Fault, list};
use crate::layer::{Declarations, Layer, join};
use crate::training::Training;

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
///
/// Layers compute as in use, unless [`train`](Bound::train) was called: then dropout drops, and batch norm takes the
/// statistics of the batch.
#[derive(Clone)]
pub struct Bound<'g, T = f64> {
    graph: &'g Graph<T>,
    names: Arc<IndexSet<String>>,
    /// As many as there are names, in the same order.
    nodes: Vec<Var<'g, T>>,
    /// Whether an optimiser changes them, in the same order.
    trained: Arc<[bool]>,
    training: Option<Rc<Training<'g, T>>>,
    /// Told of every layer that was applied.
    trace: Option<Trace<'g, T>>,
}

/// The layers that were applied, outer ones first.
pub(crate) type Trace<'g, T> = Rc<RefCell<Vec<Applied<'g, T>>>>;

/// One layer that was applied.
pub(crate) struct Applied<'g, T> {
    pub(crate) path: String,
    pub(crate) kind: String,
    /// None while what is inside of it is recorded.
    pub(crate) output: Option<Var<'g, T>>,
}

impl<'g, T: Scalar> Bound<'g, T> {
    pub(crate) fn new(
        graph: &'g Graph<T>,
        nodes: impl Iterator<Item = (String, Var<'g, T>)>,
        trained: Arc<[bool]>,
    ) -> Self {
        let (names, nodes): (IndexSet<String>, Vec<_>) = nodes.unzip();
        Bound { graph, names: Arc::new(names), nodes, trained, training: None, trace: None }
    }

    /// The same parameters, for training: layers that behave otherwise then do so.
    ///
    /// Their random numbers are determined by the seed, the path of the layer, and a variable of the graph, `random`, from 0
    /// on, which [`updates`](Bound::updates) counts up: so a compiled program draws anew in every run. Where every step is
    /// recorded anew, give each a seed of its own.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use chainrule_layers::{Dropout, Params};
    ///
    /// let graph = Graph::new();
    /// let bound = Params::init(&Dropout::new(0.5), 0)?.bind(&graph);
    /// let x = graph.full([100], 1.0);
    /// assert_eq!(bound.apply(&Dropout::new(0.5), x).sum().item()?, 100.0);
    /// let dropped = bound.train(1).apply(&Dropout::new(0.5), x);
    /// assert!(dropped.value()?.iter().all(|&y| y == 0.0 || y == 2.0));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[must_use]
    pub fn train(&self, seed: u64) -> Self {
        Bound { training: Some(Rc::new(Training::new(self.graph, seed))), ..self.clone() }
    }

    /// Those that an optimiser changes: without running statistics and what is [frozen](crate::Params::freeze).
    #[must_use]
    pub fn trained(&self) -> Self {
        let kept = |number: usize| self.trained.get(number).copied().unwrap_or(true);
        let (names, nodes): (IndexSet<String>, Vec<_>) =
            (self.names.iter().cloned().zip(self.nodes.iter().copied()))
                .enumerate()
                .filter_map(|(number, pair)| kept(number).then_some(pair))
                .unzip();
        Bound { names: Arc::new(names), trained: vec![true; nodes.len()].into(), nodes, ..self.clone() }
    }

    /// The variables that the layers applied so far replace by themselves in training, each with its next value: running
    /// statistics, and the counter of random numbers. For [`Program`](chainrule_graph::Program)'s `updates`.
    ///
    /// Empty unless [`train`](Bound::train) was called.
    pub fn updates(&self) -> Vec<(Var<'g, T>, Var<'g, T>)> {
        let Some(training) = &self.training else { return Vec::new() };
        let replaced = self.replaced();
        let named = |(name, &node): (&String, &Var<'g, T>)| replaced.get(name).map(|&next| (node, next));
        // Of gradients the nodes are no variables any more; the graph has these by name.
        let nodes = self.names.iter().zip(&self.nodes);
        nodes.filter_map(named).chain(training.counter()).collect()
    }

    /// The next values of what layers replace by themselves, by name.
    pub(crate) fn replaced(&self) -> IndexMap<String, Var<'g, T>> {
        self.training.as_ref().map(|training| training.replaced()).unwrap_or_default()
    }

    /// The same, telling of every layer that is applied.
    pub(crate) fn traced(&self) -> (Self, Trace<'g, T>) {
        let trace = Trace::default();
        (Bound { trace: Some(trace.clone()), ..self.clone() }, trace)
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
    /// assert!(error.message().contains("takes vectors [3] or batches [..., 3]"));
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
    /// node. The name may lead into a layer inside, `embedding.weight`: so weights are shared.
    pub fn get(&self, name: &str) -> Var<'g, T> {
        let path = join(&self.path, name);
        // A layer that is applied twice goes on from what its first application left.
        let replaced = self.bound.training.as_ref().and_then(|training| training.get(&path));
        replaced.unwrap_or_else(|| self.bound.get(&path))
    }

    /// Replaces what was declared as a [buffer](Declarations::buffer) when the step is done. Nothing happens outside of
    /// training.
    pub fn set(&self, name: &str, value: Var<'g, T>) {
        if let Some(training) = &self.bound.training {
            training.set(join(&self.path, name), value);
        }
    }

    /// Whether the model is being trained.
    pub fn is_training(&self) -> bool {
        self.bound.training.is_some()
    }

    /// In training, a key for [random numbers](Var::uniform), which no other layer has, nor another call, nor another run of
    /// a program.
    pub fn key(&self) -> Option<Var<'g, T>> {
        self.bound.training.as_ref().map(|training| training.key(&self.path))
    }

    /// The output of a layer inside of this one, which was declared under this name by [`Declarations::layer`].
    pub fn apply<L: Layer<T> + ?Sized>(&self, name: &str, layer: &L, x: Var<'g, T>) -> Var<'g, T> {
        let _scope = self.bound.graph.scope(name);
        let path = join(&self.path, name);
        let place = self.bound.trace.as_ref().map(|trace| {
            let mut trace = trace.borrow_mut();
            let kind = layer.describe().kind().to_owned();
            trace.push(Applied { path: path.clone(), kind, output: None });
            trace.len() - 1
        });
        let y = layer.forward(&Scoped { bound: self.bound, path }, x);
        if let (Some(trace), Some(place)) = (&self.bound.trace, place)
            && let Some(applied) = trace.borrow_mut().get_mut(place)
        {
            applied.output = Some(y);
        }
        y
    }

    /// The parameters of a layer inside of this one, for what [`apply`](Scoped::apply) does not do: methods of that layer that
    /// take more than one input.
    pub fn within<R>(&self, name: &str, record: impl FnOnce(&Scoped<'_, 'g, T>) -> R) -> R {
        let _scope = self.bound.graph.scope(name);
        record(&Scoped { bound: self.bound, path: join(&self.path, name) })
    }

    /// The graph to record on.
    pub fn graph(&self) -> &'g Graph<T> {
        self.bound.graph
    }
}
