//! [`Params`]: the numbers of a model, by name.

use chainrule_graph::{Graph, IntoArray, Result, Scalar, State};
use indexmap::{IndexMap, IndexSet, map};
use ndarray::{ArrayD, Zip};

use crate::bound::Bound;
use crate::fault::{Fault, list};
use crate::layer::{Declarations, Layer};

/// The parameters of a model: named arrays, in the order of their declaration.
///
/// They belong to you, not to a graph or a layer. A training step [binds](Params::bind) them to a graph, takes the
/// gradient of a loss, and [steps](Params::step):
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Dense, Params, half_squared_error};
///
/// let model = Dense::new(2, 1);
/// let mut params = Params::init(&model, 42)?;
/// let mut losses = Vec::new();
/// for _ in 0..2 {
///     let graph = Graph::new();
///     let bound = params.bind(&graph);
///     let output = bound.apply(&model, [0.5, -1.0]);
///     let loss = half_squared_error([1.0], output);
///     params.step(&loss.grad(bound)?, 0.1)?;
///     losses.push(loss.item()?);
/// }
/// assert!(losses[1] < losses[0]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Names are paths: `weight` for a single [`Dense`](crate::Dense), `0.weight` inside of a
/// [`Sequential`](crate::Sequential), `encoder.0.weight` inside of one that is named `encoder`.
#[derive(Clone, Debug, PartialEq)]
pub struct Params<T = f64> {
    values: IndexMap<String, ArrayD<T>>,
    /// The names of those that training leaves alone.
    fixed: IndexSet<String>,
}

impl<T: Scalar> Default for Params<T> {
    fn default() -> Self {
        Params { values: IndexMap::new(), fixed: IndexSet::new() }
    }
}

impl<T: Scalar> Params<T> {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// With these values, of which training leaves alone those that are named in `fixed`.
    pub(crate) fn from_parts(values: IndexMap<String, ArrayD<T>>, fixed: IndexSet<String>) -> Self {
        Params { values, fixed }
    }

    /// Values and names of the fixed ones.
    pub(crate) fn into_parts(self) -> (IndexMap<String, ArrayD<T>>, IndexSet<String>) {
        (self.values, self.fixed)
    }

    /// The first values of all parameters that `model` declares; what they depend on is written at [`Init`](crate::Init).
    ///
    /// ```
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// let model = Sequential::new().dense(64, 128).sigmoid().dense(128, 10);
    /// let params = Params::<f64>::init(&model, 1)?;
    /// assert_eq!(params.names().collect::<Vec<_>>(), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    /// assert_eq!(params.count(), 64 * 128 + 128 + 128 * 10 + 10);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an [`Init`](crate::Init) is refused, a name is impossible or given twice, or memory cannot be had. The error
    /// names the parameter.
    #[track_caller]
    pub fn init<L: Layer<T> + ?Sized>(model: &L, seed: u64) -> Result<Self> {
        let declared = match Declarations::of(model) {
            Ok(declared) => declared,
            Err(fault) => return fault.raise("init"),
        };
        let mut params = Params::new();
        for (path, parameter) in declared {
            let values = match parameter.values(&path, seed) {
                Ok(values) => values,
                Err(fault) => return fault.raise("init"),
            };
            if !parameter.trained {
                params.fixed.insert(path.clone());
            }
            params.values.insert(path, values);
        }
        Ok(params)
    }

    /// Sets a parameter, in place of one of the same name or after all others. Returns what was there before.
    ///
    /// Whether the shape is right is checked by [`Bound::apply`], which knows the model.
    ///
    /// ```
    /// use chainrule_layers::Params;
    /// use ndarray::array;
    ///
    /// let mut params = Params::new();
    /// assert!(params.insert("weight", array![[1.0, 2.0], [3.0, 4.0]]).is_none());
    /// assert!(params.insert("bias", [0.5, 0.5]).is_none());
    /// assert_eq!(params.count(), 6);
    /// ```
    pub fn insert(&mut self, name: impl Into<String>, value: impl IntoArray<T>) -> Option<ArrayD<T>> {
        self.values.insert(name.into(), value.as_view().to_owned())
    }

    /// The values of a parameter.
    pub fn get(&self, name: &str) -> Option<&ArrayD<T>> {
        self.values.get(name)
    }

    /// The values of a parameter, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut ArrayD<T>> {
        self.values.get_mut(name)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ArrayD<T>)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// How many arrays there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many numbers there are in all arrays together.
    pub fn count(&self) -> usize {
        self.values.values().map(ArrayD::len).sum()
    }

    /// From now on, training leaves alone what has this name, or a name that begins with it and a dot: `encoder` freezes
    /// `encoder.0.weight`. An empty name freezes all.
    ///
    /// ```
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// let model = Sequential::new().dense(2, 3).tanh().dense(3, 1);
    /// let mut params = Params::<f64>::init(&model, 1)?;
    /// params.freeze("0")?;
    /// assert_eq!(params.trained().collect::<Vec<_>>(), ["2.weight", "2.bias"]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such name.
    #[track_caller]
    pub fn freeze(&mut self, name: &str) -> Result<()> {
        let names = self.under(name, "freeze")?;
        self.fixed.extend(names);
        Ok(())
    }

    /// The contrary of [`freeze`](Params::freeze). Running statistics, which their layer replaces, must stay frozen.
    ///
    /// # Errors
    /// If there is no such name.
    #[track_caller]
    pub fn unfreeze(&mut self, name: &str) -> Result<()> {
        for name in self.under(name, "unfreeze")? {
            self.fixed.shift_remove(&name);
        }
        Ok(())
    }

    /// Whether training changes the parameter of this name.
    pub fn is_trained(&self, name: &str) -> bool {
        self.values.contains_key(name) && !self.fixed.contains(name)
    }

    /// The names of those that training changes, in order.
    pub fn trained(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|&name| self.is_trained(name))
    }

    /// All names that are `name` or lie in it.
    #[track_caller]
    fn under(&self, name: &str, operation: &str) -> Result<Vec<String>> {
        let inside = |path: &&str| {
            name.is_empty()
                || path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found: Vec<_> = self.names().filter(inside).map(str::to_owned).collect();
        if found.is_empty() {
            let reason =
                format!("there is no parameter `{name}`, nor any in it; there are {}", list(self.names()));
            return Fault::new(reason, "names are paths, such as `0.weight`, or beginnings of paths")
                .raise(operation);
        }
        Ok(found)
    }

    /// Takes over the values that a compiled program has left in its state, for all names that the state has.
    ///
    /// ```
    /// use chainrule_graph::{Graph, Program};
    /// use chainrule_layers::Params;
    ///
    /// let mut params = Params::new();
    /// params.insert("w", [1.0, 2.0]);
    /// let graph = Graph::new();
    /// let w = params.bind(&graph).get("w");
    /// let mut half = Program::new([], [w]).update(w, w * 0.5).compile()?;
    /// half.run(())?;
    /// params.read(half.state())?;
    /// assert_eq!(params.get("w"), Some(&ndarray::arr1(&[0.5, 1.0]).into_dyn()));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the state has a value of another shape, or cannot be [waited for](chainrule_graph::ErrorKind::Busy); nothing is
    /// changed then.
    #[track_caller]
    pub fn read(&mut self, state: &State<T>) -> Result<()> {
        let mut values = Vec::with_capacity(self.len());
        for (name, value) in &self.values {
            let now = if state.contains(name) { Some(state.get(name)?) } else { None };
            if let Some(now) = now.as_ref().filter(|now| now.shape() != value.shape()) {
                let reason =
                    format!("`{name}` has shape {:?}, and in the state {:?}", value.shape(), now.shape());
                return Fault::new(reason, "this is the state of another model").raise("read");
            }
            values.push(now);
        }
        for (value, now) in self.values.values_mut().zip(values) {
            if let Some(now) = now {
                *value = now;
            }
        }
        Ok(())
    }

    /// Declares each parameter as a variable of `graph`, under its name.
    ///
    /// Names are unique in a graph: binding two stores with a name in common makes the later node invalid.
    #[track_caller]
    pub fn bind<'g>(&self, graph: &'g Graph<T>) -> Bound<'g, T> {
        let mut nodes = Vec::with_capacity(self.len());
        // No closure: it would be the line that errors show.
        for (name, value) in &self.values {
            nodes.push((name.clone(), graph.variable(name, value)));
        }
        Bound::new(graph, nodes.into_iter(), self.values.keys().map(|name| self.is_trained(name)).collect())
    }

    /// One step of gradient descent: `p <- p - rate * g` for every parameter `p` that is not frozen, and its gradient `g`.
    ///
    /// `gradients` is what `loss.grad(bound)?` returns. What layers replace by themselves in training (running statistics)
    /// is replaced too. All or nothing: everything is checked before the first parameter changes.
    ///
    /// # Errors
    /// If `rate` is not finite, the names are not the same on both sides, a gradient has another shape than its parameter
    /// or cannot be computed, or a parameter would become infinite or NaN. The error names the parameter.
    #[track_caller]
    pub fn step(&mut self, gradients: &Bound<'_, T>, rate: T) -> Result<()> {
        if !rate.is_finite() {
            return Fault::new(format!("the rate is {rate}"), "give a finite number, such as 0.1")
                .raise("step");
        }
        if let Some(name) = gradients.names().find(|&name| !self.values.contains_key(name)) {
            let reason = format!("no parameter `{name}` for this gradient; there are {}", list(self.names()));
            return Fault::new(reason, "take the gradient with respect to these parameters, bound")
                .raise("step");
        }
        let mut next = Vec::with_capacity(self.len());
        let replaced = gradients.replaced();
        for (name, value) in &self.values {
            if let Some(new) = replaced.get(name) {
                next.push(new.value()?);
                continue;
            }
            if self.fixed.contains(name) {
                next.push(value.clone());
                continue;
            }
            let Some(gradient) = gradients.find(name) else {
                let reason = format!("no gradient for `{name}`; there are {}", list(gradients.names()));
                return Fault::new(reason, "bind the parameters again after adding one").raise("step");
            };
            let gradient = gradient.value()?;
            if gradient.shape() != value.shape() {
                let (g, p) = (gradient.shape(), value.shape());
                let reason = format!("the gradient of `{name}` has shape {g:?}, the parameter {p:?}");
                return Fault::new(reason, "bind the parameters again after changing a shape").raise("step");
            }
            let stepped = Zip::from(value).and(&gradient).map_collect(|&p, &g| p - rate * g);
            if let Some((place, wrong)) = stepped.indexed_iter().find(|(_, p)| !p.is_finite()) {
                let reason =
                    format!("`{name}` would become {wrong} at {:?}", ndarray::Dimension::slice(&place));
                let help = "nothing was changed; a smaller rate often helps, else look for NaN in the data";
                return Fault::new(reason, help).raise("step");
            }
            next.push(stepped);
        }
        for (value, next) in self.values.values_mut().zip(next) {
            *value = next;
        }
        Ok(())
    }
}

/// Names and values, in order.
impl<'a, T> IntoIterator for &'a Params<T> {
    type Item = (&'a String, &'a ArrayD<T>);
    type IntoIter = map::Iter<'a, String, ArrayD<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}
