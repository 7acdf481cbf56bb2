//! The gradient of one number with respect to every node that a derivative reaches.

use chainrule_graph::{Error, ErrorKind, Graph, Result, Scalar, Var};

use crate::text::summary;

/// A summary for each node, by number.
pub(crate) type Gradients = Vec<Option<String>>;

#[track_caller]
pub(crate) fn gradients<'g, T: Scalar>(graph: &'g Graph<T>, of: Var<'g, T>) -> Result<Gradients> {
    if !std::ptr::eq(of.graph(), graph) {
        return Err(Error::new(
            ErrorKind::ForeignNode,
            "gradients",
            "the node belongs to another graph",
            "take the gradients of a node of the graph that is drawn",
        ));
    }
    let nodes: Vec<Var<'g, T>> = graph.nodes().take(of.number() + 1).collect();
    // Asking for the gradient of a node that only comparisons join with the output would be an error, and rightly so.
    let mut reached = vec![false; nodes.len()];
    if let Some(last) = reached.last_mut() {
        *last = true;
    }
    for node in nodes.iter().rev() {
        if reached.get(node.number()) != Some(&true) {
            continue;
        }
        for (place, operand) in node.operands().into_iter().enumerate() {
            if node.passes_derivative(place)
                && let Some(mark) = reached.get_mut(operand.number())
            {
                *mark = true;
            }
        }
    }
    let inputs: Vec<Var<'g, T>> =
        nodes.iter().copied().filter(|node| reached.get(node.number()) == Some(&true)).collect();
    let mut summaries = vec![None; nodes.len()];
    for (input, gradient) in inputs.iter().zip(of.grad(inputs.clone())?) {
        if let Some(place) = summaries.get_mut(input.number()) {
            *place = Some(summary(gradient.value()?.view()));
        }
    }
    Ok(summaries)
}
