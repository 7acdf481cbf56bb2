//! What users call to differentiate: `grad`, `vjp` and `jvp`. They check what they are given and leave the walking to
//! [`sweep`].

use std::panic::Location;

use crate::Scalar;
use crate::cut;
use crate::error::{ErrorKind, Fault, Result};
use crate::graph::Graph;
use crate::op::{NodeId, Origin};
use crate::path::Path;
use crate::structure::{Structure, fill, flatten};
use crate::sweep;
use crate::var::Var;

/// Vector-Jacobian product: for every input `x` the sum over the outputs `y` of `(∂y/∂x)' seed`, in reverse mode.
///
/// `seeds` are the cotangents of the outputs, in the same number and of the same shapes. The results have the shapes
/// of the inputs and are ordinary nodes. An input that no output depends on gets zeros. For a single output,
/// [`Var::vjp`] reads better.
///
/// ```
/// use chainrule_graph::{Graph, vjp};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 3.0);
/// let outputs = [x.square(), x * 5.0];
/// let dx = vjp(outputs, [graph.constant(1.0), graph.constant(10.0)], x)?;
/// assert_eq!(dx.item()?, 6.0 + 50.0);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If a node is invalid, belongs to another graph, or a seed has not the shape of its output; or if an input reaches the
/// outputs only through operations that have no gradient, such as comparisons.
#[track_caller]
pub fn vjp<'g, T: Scalar, Y: Structure<'g, T>, X: Structure<'g, T>>(
    outputs: Y,
    seeds: Y,
    inputs: X,
) -> Result<X> {
    pull_back("vjp", outputs, seeds, inputs, Location::caller())
}

/// [`vjp`] on behalf of `operation`.
fn pull_back<'g, T: Scalar, Y: Structure<'g, T>, X: Structure<'g, T>>(
    operation: &str,
    outputs: Y,
    seeds: Y,
    inputs: X,
    caller: Origin,
) -> Result<X> {
    let (_, outputs) = flatten(outputs);
    let (_, seeds) = flatten(seeds);
    let (inputs, wrt) = flatten(inputs);
    let Some(graph) = outputs.iter().chain(&seeds).chain(&wrt).map(|x| x.graph()).next() else {
        return Ok(inputs);
    };
    check(graph, operation, &[&outputs, &seeds, &wrt], caller)?;
    check_pairs(graph, operation, ("output", &outputs), ("seed", &seeds), caller)?;
    refuse_cuts(graph, operation, &wrt, &outputs, caller)?;
    let cotangents = sweep::reverse(graph, &outputs, &seeds, &wrt);
    for x in &cotangents {
        graph.check(x.id)?;
    }
    Ok(fill(inputs, cotangents))
}

/// Jacobian-vector product: for every output `y` the sum over the inputs `x` of `(∂y/∂x) tangent`, in forward mode.
///
/// `tangents` are the directions of the inputs, in the same number and of the same shapes. The results have the
/// shapes of the outputs and are ordinary nodes. An output that depends on no input gets zeros. For a single output,
/// [`Var::jvp`] reads better.
///
/// ```
/// use chainrule_graph::{Graph, jvp};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", 3.0);
/// let [dy, dz] = jvp([x.square(), x * 5.0], x, graph.constant(2.0))?;
/// assert_eq!((dy.item()?, dz.item()?), (12.0, 10.0));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If a node is invalid, belongs to another graph, or a tangent has not the shape of its input; or if an input reaches the
/// outputs only through operations that have no gradient, such as comparisons.
#[track_caller]
pub fn jvp<'g, T: Scalar, Y: Structure<'g, T>, X: Structure<'g, T>>(
    outputs: Y,
    inputs: X,
    tangents: X,
) -> Result<Y> {
    let caller = Location::caller();
    let (outputs, ys) = flatten(outputs);
    let (_, wrt) = flatten(inputs);
    let (_, tangents) = flatten(tangents);
    let Some(graph) = ys.iter().chain(&wrt).chain(&tangents).map(|x| x.graph()).next() else {
        return Ok(outputs);
    };
    check(graph, "jvp", &[&ys, &wrt, &tangents], caller)?;
    check_pairs(graph, "jvp", ("input", &wrt), ("tangent", &tangents), caller)?;
    refuse_cuts(graph, "jvp", &wrt, &ys, caller)?;
    let results = sweep::forward(graph, &ys, &wrt, &tangents);
    for y in &results {
        graph.check(y.id)?;
    }
    Ok(fill(outputs, results))
}

impl<'g, T: Scalar> Var<'g, T> {
    /// The gradient of this number with respect to `inputs`: nodes of the same shapes, in the same structure.
    ///
    /// The inputs may be any nodes: variables, constants, intermediate results. One that this node does not depend on
    /// gets zeros. The gradients are ordinary nodes, so they can be differentiated again.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use ndarray::array;
    ///
    /// let graph = Graph::new();
    /// let (w, x) = (graph.variable("w", array![1.0, 2.0]), graph.constant(array![3.0, 4.0]));
    /// let loss = (w * x).sum().square(); // 11²
    /// let [dw] = loss.grad([w])?; // 2 · 11 · x
    /// assert_eq!(dw.value()?, array![66.0, 88.0].into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this node has not exactly one element (a gradient belongs to one number; [`Var::vjp`] takes a seed for each
    /// element), if a node is invalid or belongs to another graph, or if an input reaches this node only through operations
    /// that have no gradient, such as comparisons.
    #[track_caller]
    pub fn grad<X: Structure<'g, T>>(self, inputs: X) -> Result<X> {
        let caller = Location::caller();
        self.graph().check(self.id)?;
        let sizes = self.sizes();
        if crate::shape::element_count(&sizes) != 1 {
            let fault = Fault::new(
                ErrorKind::NotScalar,
                format!(
                    "a gradient belongs to one number, and this node has the shape {:?}",
                    sizes.as_slice()
                ),
                "reduce it with `sum` or `mean`, or give each element a seed with `vjp`",
            );
            return self.graph().error("grad", &[self.id], fault, caller);
        }
        let seed = self.graph().constant(T::one()).broadcast_to(sizes);
        pull_back("grad", self, seed, inputs, caller)
    }

    /// Vector-Jacobian product with any seed: `(∂self/∂x)' seed` for every `x` of `inputs`, in the same structure.
    ///
    /// The seed has the shape of this node; a plain number stands for an array filled with it. With the error of a
    /// layer's output as the seed, this is the lecture's back-propagation:
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use ndarray::array;
    ///
    /// let graph = Graph::new();
    /// let w = graph.variable("W2", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
    /// let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
    /// let [e1] = w.matmul(a).vjp(array![0.42, 0.45], [a])?;
    /// let closed_form = array![0.216, 0.129, 0.087]; // W2' E2
    /// assert!((e1.value()? - closed_form).iter().all(|d| d.abs() < 1e-16));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a node is invalid, belongs to another graph, or the seed has another shape.
    #[track_caller]
    pub fn vjp<X: Structure<'g, T>>(self, seed: impl crate::IntoVar<'g, T>, inputs: X) -> Result<X> {
        let seed = seed.into_var(self.graph());
        vjp(self, seed.fill_if_number(self), inputs)
    }

    /// Jacobian-vector product: the derivative of this node when the `inputs` move along `tangents`.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use ndarray::array;
    ///
    /// let graph = Graph::new();
    /// let x = graph.variable("x", array![1.0, 2.0]);
    /// let dy = x.square().jvp([x], [graph.constant(array![1.0, 10.0])])?;
    /// assert_eq!(dy.value()?, array![2.0, 40.0].into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a node is invalid, belongs to another graph, or a tangent has not the shape of its input.
    #[track_caller]
    pub fn jvp<X: Structure<'g, T>>(self, inputs: X, tangents: X) -> Result<Var<'g, T>> {
        jvp(self, inputs, tangents)
    }

    /// A number as seed stands for an array of the output's shape.
    #[track_caller]
    fn fill_if_number(self, output: Self) -> Self {
        let same_graph = self.is_in(output.graph());
        if same_graph && self.sizes().is_empty() { self.broadcast_to(output.sizes()) } else { self }
    }
}

fn check<'g, T: Scalar>(
    graph: &'g Graph<T>,
    operation: &str,
    lists: &[&[Var<'g, T>]],
    caller: Origin,
) -> Result<()> {
    for x in lists.iter().copied().flatten() {
        if !x.is_in(graph) {
            return graph.error(operation, &[], Fault::foreign(), caller);
        }
        graph.check(x.id)?;
    }
    Ok(())
}

/// An input that no output depends on has the gradient 0, but not if that is because something on the way has none.
fn refuse_cuts<'g, T: Scalar>(
    graph: &'g Graph<T>,
    operation: &str,
    inputs: &[Var<'g, T>],
    outputs: &[Var<'g, T>],
    caller: Origin,
) -> Result<()> {
    if graph.tape.borrow().has_cuts {
        let path = Path::between(graph, inputs, outputs);
        let ids: Vec<NodeId> = outputs.iter().map(|y| y.id).collect();
        for &x in inputs.iter().filter(|x| !path.has(x.id)) {
            if let Some(fault) = cut::refusal(graph, x, &ids) {
                return graph.error(operation, &[x.id], fault, caller);
            }
        }
    }
    Ok(())
}

/// Each primal has its own direction, of its own shape.
fn check_pairs<'g, T: Scalar>(
    graph: &'g Graph<T>,
    operation: &str,
    (primal, primals): (&str, &[Var<'g, T>]),
    (direction, directions): (&str, &[Var<'g, T>]),
    caller: Origin,
) -> Result<()> {
    if primals.len() != directions.len() {
        let fault = Fault::new(
            ErrorKind::Count,
            format!("{} nodes as {primal}, {} as {direction}", primals.len(), directions.len()),
            format!("give one {direction} to each {primal}, in the same order"),
        );
        return graph.error(operation, &[], fault, caller);
    }
    for (x, d) in primals.iter().zip(directions) {
        if x.shape_id() != d.shape_id() {
            let fault = Fault::new(
                ErrorKind::Shape,
                format!(
                    "the {direction} has the shape {:?}, its {primal} {:?}",
                    d.sizes().as_slice(),
                    x.sizes().as_slice()
                ),
                format!("a {direction} has one number for each element of the {primal}"),
            );
            return graph.error(operation, &[x.id, d.id], fault, caller);
        }
    }
    Ok(())
}
