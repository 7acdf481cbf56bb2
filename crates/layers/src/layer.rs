//! [`Layer`], the trait of this crate, and [`Declarations`], in which a layer lists its parameters.

use std::marker::PhantomData;
use std::sync::Arc;

use chainrule_graph::{Scalar, Var};
use indexmap::IndexMap;
use ndarray::ArrayD;

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;

/// A function with parameters: what it needs, and what it computes.
///
/// A layer holds sizes and choices, never numbers: those are in [`Params`](crate::Params), outside. So one layer can be
/// used with many sets of parameters, on many graphs and threads. There is no gradient to write: the graph has it.
///
/// A layer of your own:
///
/// ```
/// use chainrule_graph::{Graph, Scalar, Var};
/// use chainrule_layers::{Declarations, Init, Layer, Params, Scoped};
///
/// /// `y = g x`, with a factor for each column.
/// struct Gain(usize);
///
/// impl<T: Scalar> Layer<T> for Gain {
///     fn declare(&self, params: &mut Declarations<T>) {
///         params.parameter("gain", [self.0], Init::Constant(2.0));
///     }
///     fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
///         x * params.get("gain")
///     }
/// }
///
/// let graph = Graph::new();
/// let params = Params::init(&Gain(3), 0)?.bind(&graph);
/// let y = params.apply(&Gain(3), [1.0, 2.0, 3.0]);
/// assert_eq!(y.value()?, ndarray::arr1(&[2.0, 4.0, 6.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// A layer made of layers names each of them twice, in [`Declarations::layer`] and in [`Scoped::apply`]:
///
/// ```
/// # use chainrule_graph::{Graph, Scalar, Var};
/// # use chainrule_layers::{Declarations, Layer, Params, Scoped};
/// /// `y = x + f(x)`
/// struct Residual<L>(L);
///
/// impl<T: Scalar, L: Layer<T>> Layer<T> for Residual<L> {
///     fn declare(&self, params: &mut Declarations<T>) {
///         params.layer("branch", &self.0);
///     }
///     fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
///         x + params.apply("branch", &self.0, x)
///     }
/// }
///
/// let model = Residual(chainrule_layers::Dense::new(2, 2));
/// let params = Params::<f64>::init(&model, 1)?;
/// assert_eq!(params.names().collect::<Vec<_>>(), ["branch.weight", "branch.bias"]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub trait Layer<T: Scalar = f64>: Send + Sync {
    /// Lists the parameters: name, shape, first values. A layer without any leaves the body empty.
    fn declare(&self, params: &mut Declarations<T>);

    /// The output at `x`, recorded on `x`'s graph.
    ///
    /// Like all recording, this cannot fail: what is wrong makes an invalid node
    /// ([`Graph::invalid`](chainrule_graph::Graph::invalid) for reasons of the layer's own), whose error names this layer's
    /// path and the user's line.
    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T>;

    /// Its kind and settings, as a summary shows them and a saved model rebuilds the layer from them.
    ///
    /// Needed only where a model with this layer is to be rebuilt from a file: without it, saving the description says so,
    /// and names the layer. Weights are saved without it.
    fn describe(&self) -> Description {
        Description::of_type::<Self>()
    }
}

macro_rules! pointers {
    ($($Pointer:ident),+) => {
        $(impl<T: Scalar, L: Layer<T> + ?Sized> Layer<T> for $Pointer<L> {
            fn declare(&self, params: &mut Declarations<T>) {
                (**self).declare(params);
            }

            fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
                (**self).forward(params, x)
            }

            fn describe(&self) -> Description {
                (**self).describe()
            }
        })+
    };
}

pointers!(Box, Arc);

/// The list that [`Layer::declare`] fills: every parameter of a model, by its path.
///
/// Names must not be empty, contain no dot (dots join the names of nested layers to a path) and be given once in a layer.
/// [`Params::init`](crate::Params::init) and [`Bound::apply`](crate::Bound::apply) report one that breaks this.
pub struct Declarations<T = f64> {
    found: IndexMap<String, Declared>,
    path: String,
    fault: Option<Fault>,
    numbers: PhantomData<fn() -> T>,
}

/// What is known of a parameter before it has values.
pub(crate) struct Declared {
    pub(crate) shape: Vec<usize>,
    fans: Option<[usize; 2]>,
    init: Init,
    /// Whether an optimiser changes it, or the layer itself.
    pub(crate) trained: bool,
}

impl<T: Scalar> Declarations<T> {
    /// Everything `model` declares.
    pub(crate) fn of<L: Layer<T> + ?Sized>(model: &L) -> Result<IndexMap<String, Declared>, Fault> {
        let mut all =
            Declarations { found: IndexMap::new(), path: String::new(), fault: None, numbers: PhantomData };
        model.declare(&mut all);
        all.fault.map_or(Ok(all.found), Err)
    }

    /// A parameter with its name, shape and first values: a bias, a gain.
    ///
    /// [`Init`]s that depend on the fan-in need [`weight`](Declarations::weight).
    pub fn parameter(&mut self, name: &str, shape: impl AsRef<[usize]>, init: Init) {
        self.add(name, Declared { shape: shape.as_ref().to_vec(), fans: None, init, trained: true });
    }

    /// Numbers that no optimiser changes and that are saved with the parameters: a running mean. The layer replaces them
    /// itself, by [`Scoped::set`].
    pub fn buffer(&mut self, name: &str, shape: impl AsRef<[usize]>, init: Init) {
        self.add(name, Declared { shape: shape.as_ref().to_vec(), fans: None, init, trained: false });
    }

    /// A parameter that mixes inputs to outputs. `fans` is `[fan_in, fan_out]`: how many numbers each output is computed
    /// from, and how many outputs each input reaches.
    pub fn weight(&mut self, name: &str, shape: impl AsRef<[usize]>, fans: [usize; 2], init: Init) {
        self.add(name, Declared { shape: shape.as_ref().to_vec(), fans: Some(fans), init, trained: true });
    }

    /// The parameters of a layer inside of this one, under `name.`. [`Scoped::apply`] with the same name uses them.
    pub fn layer<L: Layer<T> + ?Sized>(&mut self, name: &str, layer: &L) {
        self.check(name);
        let outside = std::mem::take(&mut self.path);
        self.path = join(&outside, name);
        layer.declare(self);
        self.path = outside;
    }

    fn add(&mut self, name: &str, parameter: Declared) {
        self.check(name);
        let path = join(&self.path, name);
        if self.found.contains_key(&path) {
            self.fault.get_or_insert_with(|| {
                let help = "give each parameter of a layer, and each layer of a model, a name of its own";
                Fault::new(format!("the parameter `{path}` is declared twice"), help)
            });
        }
        self.found.insert(path, parameter);
    }

    fn check(&mut self, name: &str) {
        if name.is_empty() || name.contains('.') {
            let place = match self.path.as_str() {
                "" => "the model".to_owned(),
                path => format!("`{path}`"),
            };
            let reason = format!("{name:?} cannot be a name in {place}");
            self.fault
                .get_or_insert_with(|| Fault::new(reason, "a name has at least one character and no dot"));
        }
    }
}

impl Declared {
    pub(crate) fn values<T: Scalar>(&self, path: &str, seed: u64) -> Result<ArrayD<T>, Fault> {
        let made = self.init.values(&self.shape, self.fans, seed, path);
        made.map_err(|fault| Fault { message: format!("`{path}`: {}", fault.message), ..fault })
    }
}

/// `outside.name`
pub(crate) fn join(outside: &str, name: &str) -> String {
    if outside.is_empty() { name.to_owned() } else { format!("{outside}.{name}") }
}
