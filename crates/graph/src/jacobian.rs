//! Whole derivatives: Jacobians, Hessians, and the product of a Hessian with a vector.

use std::panic::Location;

use crate::Scalar;
use crate::differentiate::jvp;
use crate::error::Result;
use crate::graph::Graph;
use crate::shape::element_count;
use crate::structure::{Structure, fill, flatten};
use crate::var::Var;
use crate::vmap::vmap;

/// How a Jacobian is computed. The numbers are the same but for rounding; the cost is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Forward where the inputs have fewer elements than the output, else reverse.
    #[default]
    Auto,
    /// A column for each element of the inputs.
    Forward,
    /// A row for each element of the output.
    Reverse,
}

impl<'g, T: Scalar> Var<'g, T> {
    /// The derivatives of every element of this node by every element of the inputs: for each input a node of the shape of
    /// this one followed by that of the input.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [2.0, 3.0]);
    /// let y = graph.stack([x.prod(), x.sum(), x.square().sum()], 0);
    /// let j = y.jacobian(x)?;
    /// assert_eq!(j.value()?, ndarray::arr2(&[[3.0, 2.0], [1.0, 1.0], [4.0, 6.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::grad`], but for the shape of this node, which may be any.
    #[track_caller]
    pub fn jacobian<X: Structure<'g, T>>(self, inputs: X) -> Result<X> {
        self.jacobian_by(Mode::Auto, inputs)
    }

    /// As [`jacobian`](Var::jacobian), in a mode of the caller's choice.
    ///
    /// ```
    /// # use chainrule_graph::Mode;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [2.0, 3.0]);
    /// let (forward, reverse) = (x.exp().jacobian_by(Mode::Forward, x)?, x.exp().jacobian_by(Mode::Reverse, x)?);
    /// assert_eq!(forward.value()?, reverse.value()?);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::jacobian`].
    #[track_caller]
    pub fn jacobian_by<X: Structure<'g, T>>(self, mode: Mode, inputs: X) -> Result<X> {
        let caller = Location::caller();
        let graph = self.graph();
        graph.check(self.id)?;
        // Closures do not know who called; this scope without a name keeps the user's line.
        let _line = graph.scope("");
        let (inputs, xs) = flatten(inputs);
        for x in &xs {
            if !x.is_in(graph) {
                return graph.error("jacobian", &[], crate::error::Fault::foreign(), caller);
            }
            graph.check(x.id)?;
        }
        let rows = element_count(&self.sizes());
        let columns: usize = xs.iter().map(|x| element_count(&x.sizes())).sum();
        let forward = match mode {
            Mode::Auto => columns < rows,
            Mode::Forward => true,
            Mode::Reverse => false,
        };
        let to = |x: Var<'g, T>| self.sizes().iter().chain(&x.sizes()).copied().collect::<Vec<usize>>();
        let mut blocks = Vec::new();
        if forward {
            for &x in &xs {
                let columns = vmap(units(graph, x), |t| self.jvp(x, t))?;
                // The first axis, that of the input's elements, goes last.
                let rank = columns.sizes().len();
                let order: Vec<usize> = (1..rank).chain([0]).collect();
                blocks.push(columns.permute(order).reshape(to(x)));
            }
        } else {
            let rows = vmap(units(graph, self), |seed| self.vjp(seed, xs.clone()))?;
            blocks = rows.into_iter().zip(&xs).map(|(rows, &x)| (rows, to(x))).map(reshape).collect();
        }
        for block in &blocks {
            graph.check(block.id)?;
        }
        Ok(fill(inputs, blocks))
    }

    /// The second derivatives of this number by the elements of one input: a node of the input's shape, twice.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [2.0, 3.0]);
    /// let h = (x.prod() + x.powi(3).sum()).hessian(x)?;
    /// assert_eq!(h.value()?, ndarray::arr2(&[[12.0, 1.0], [1.0, 18.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::grad`].
    #[track_caller]
    pub fn hessian(self, input: Var<'g, T>) -> Result<Var<'g, T>> {
        self.grad(input)?.jacobian_by(Mode::Forward, input)
    }

    /// The Hessian of this number times a vector, without the Hessian: the derivative of the gradient along `directions`,
    /// which have the shapes of the inputs.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [2.0, 3.0]);
    /// let v = graph.constant([1.0, 10.0]);
    /// assert_eq!(x.prod().hvp(x, v)?.value()?, ndarray::arr1(&[10.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::grad`] and [`Var::jvp`].
    #[track_caller]
    pub fn hvp<X: Structure<'g, T> + Clone>(self, inputs: X, directions: X) -> Result<X> {
        let gradients = self.grad(inputs.clone())?;
        jvp(gradients, inputs, directions)
    }
}

fn reshape<T: Scalar>((block, to): (Var<'_, T>, Vec<usize>)) -> Var<'_, T> {
    block.reshape(to)
}

/// All arrays of the shape of `like` with a single 1 among zeros, along a first axis.
#[track_caller]
fn units<'g, T: Scalar>(graph: &'g Graph<T>, like: Var<'g, T>) -> Var<'g, T> {
    let sizes = like.sizes();
    let count = element_count(&sizes);
    let shape: Vec<usize> = [count].into_iter().chain(sizes).collect();
    let caller = Location::caller();
    match graph.triangular(count, [T::zero(), T::one(), T::zero()]) {
        Ok(identity) => identity.reshape(shape),
        Err(fault) => graph.refuse("jacobian", &[like], fault, caller),
    }
}
