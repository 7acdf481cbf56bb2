//! The workloads on the graph, each as a user would write it: data, loss, gradient, and what a step replaces.

mod adam;
mod classifier;
mod convolution;
mod elementwise;
pub(crate) mod mixture;
mod scalars;
mod sigmoid_net;
mod transformer;

use chainrule::Var;
use chainrule::graph::Scalar;

use crate::workload::{Id, Recorded, Result, Workload};

/// Something done with a workload, whatever its numbers and counts.
pub trait Visitor {
    /// What it results in.
    type Output;
    /// Does it.
    fn visit<T: Scalar, const I: usize, const O: usize>(self, workload: Workload<T, I, O>) -> Self::Output;
}

/// Makes the workload and hands it to the visitor.
pub fn visit<V: Visitor>(id: Id, visitor: V) -> V::Output {
    match id {
        Id::W1 => visitor.visit(sigmoid_net::one_row()),
        Id::W2 => visitor.visit(sigmoid_net::xor()),
        Id::W3 => visitor.visit(classifier::step()),
        Id::W4 => visitor.visit(adam::step()),
        Id::W5 => visitor.visit(convolution::step()),
        Id::W6 => visitor.visit(scalars::gradient()),
        Id::W7 => visitor.visit(elementwise::gradient()),
        Id::W8 => visitor.visit(transformer::step()),
        Id::W9 => visitor.visit(mixture::gradient()),
        Id::W10 => visitor.visit(classifier::hessian_vector_product()),
    }
}

/// A step of plain gradient descent: reports the loss and replaces each `w` by `w - rate dw`.
fn descend<'g, T: Scalar>(
    loss: Var<'g, T>,
    parameters: &[Var<'g, T>],
    rate: T,
) -> Result<Recorded<'g, T, 1>> {
    let gradients = loss.grad(parameters.to_vec())?;
    let next = parameters.iter().zip(gradients).map(|(&w, dw)| w - dw * rate).collect();
    Ok(Recorded { outputs: [loss], next })
}

/// The parameters by name: `let [w, b] = named(state)?`.
fn named<'g, T, const N: usize>(state: &[Var<'g, T>]) -> Result<[Var<'g, T>; N]> {
    state.try_into().map_err(|_| format!("{} arrays as state, not {N}", state.len()).into())
}
