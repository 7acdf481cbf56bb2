//! `vmap`: a function of one example, for a whole batch at once.
//!
//! The function is recorded once, on stand-ins that have a shape and no value. Then the nodes that depend on them are
//! recorded again in batched form, each by the rule of its operation in [`batch`](crate::batch). Nothing is special about a
//! gradient inside of the function: its nodes are nodes.

use std::panic::Location;

use crate::Scalar;
use crate::batch::{Batched, batched};
use crate::error::{ErrorKind, Fault, Result};
use crate::graph::Graph;
use crate::op::{Mark, NodeId, Operands, Origin};
use crate::structure::{Structure, fill, flatten};
use crate::var::Var;

/// Applies `function` to each entry along the first axis of the inputs, all at once. The results have a first axis of that
/// size too; one that does not depend on the inputs is repeated.
///
/// Inside, the nodes have no values: one recording stands for all examples, so a branch on a value cannot be taken
/// (`condition.select(a, b)` chooses by value). Everything else works, gradients too, so that the gradient of each example
/// is `vmap` of `grad`:
///
/// ```
/// use chainrule_graph::{Graph, vmap};
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let w = graph.variable("w", array![2.0, 3.0]);
/// let xs = graph.constant(array![[1.0, 0.0], [1.0, 1.0], [0.0, 5.0]]);
/// let each = vmap(xs, |x| w.dot(x).square().grad(w))?; // 2 (w x) x, one row an example
/// assert_eq!(each.value()?, array![[4.0, 0.0], [10.0, 10.0], [0.0, 150.0]].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If a node is invalid or belongs to another graph, if an input has no axis, if their first axes differ, or whatever
/// `function` returns.
#[track_caller]
pub fn vmap<'g, T: Scalar, X: Structure<'g, T>, Y: Structure<'g, T>>(
    inputs: X,
    function: impl FnOnce(X) -> Result<Y>,
) -> Result<Y> {
    let caller = Location::caller();
    let (inputs, batches) = flatten(inputs);
    let Some(graph) = batches.first().map(|x| x.graph()) else { return function(inputs) };
    let count = check(graph, &batches, caller)?;
    let first = graph.len();
    let mut pairs = Vec::new();
    for &batch in &batches {
        let example = graph.example(batch.sizes().get(1..).unwrap_or(&[]), caller);
        graph.check(example.id)?;
        pairs.push((example, batch));
    }
    let examples = pairs.iter().map(|&(example, _)| example).collect();
    let (outputs, results) = flatten(function(fill(inputs, examples))?);
    for &y in &results {
        if !y.is_in(graph) {
            return graph.error("vmap", &[], Fault::foreign(), caller);
        }
        graph.check(y.id)?;
    }
    let copies = rerecord(graph, first, count, &pairs);
    let mut whole = Vec::new();
    for y in results {
        let batch = match copies.get(y.id.index().wrapping_sub(first)) {
            Some(&Some(batch)) => batch,
            _ => crate::batch::repeated(y, count),
        };
        graph.check(batch.id)?;
        whole.push(batch);
    }
    Ok(fill(outputs, whole))
}

/// The size that the first axes of all have in common.
fn check<'g, T: Scalar>(graph: &'g Graph<T>, batches: &[Var<'g, T>], caller: Origin) -> Result<usize> {
    let mut count = None;
    for x in batches {
        if !x.is_in(graph) {
            return graph.error("vmap", &[], Fault::foreign(), caller);
        }
        graph.check(x.id)?;
        let fault = match (x.sizes().first(), count) {
            (Some(&size), None) => {
                count = Some(size);
                continue;
            }
            (Some(&size), Some(count)) if size == count => continue,
            (Some(&size), Some(count)) => Fault::new(
                ErrorKind::Shape,
                format!("{count} examples in one input, {size} in another"),
                "the first axes of all inputs must have the same size",
            ),
            (None, _) => Fault::new(
                ErrorKind::Axis,
                "a single number has no first axis",
                "what is the same for all examples need not be an input: the function can use any node",
            ),
        };
        return graph.error("vmap", &[x.id], fault, caller);
    }
    Ok(count.unwrap_or(0))
}

/// The batched forms of the nodes from `first` on that depend on the examples.
fn rerecord<'g, T: Scalar>(
    graph: &'g Graph<T>,
    first: usize,
    count: usize,
    pairs: &[(Var<'g, T>, Var<'g, T>)],
) -> Vec<Option<Var<'g, T>>> {
    let len = graph.len() - first;
    let mut copies: Vec<Option<Var<'g, T>>> = vec![None; len];
    for (example, batch) in pairs {
        if let Some(slot) = copies.get_mut(example.id.index() - first) {
            *slot = Some(*batch);
        }
    }
    let outside = graph.mark();
    let mut regions: Vec<(u32, u32)> = Vec::new();
    for place in 0..len {
        let id = NodeId((first + place) as u32);
        let tape = graph.tape.borrow();
        let Some(node) = tape.nodes.get(id).cloned() else { continue };
        let operands = Operands::from_slice(tape.nodes.operands(&node));
        drop(tape);
        let operands: Vec<Batched<'g, T>> = operands
            .iter()
            .map(|&operand| match copies.get(operand.index().wrapping_sub(first)) {
                Some(&Some(batch)) => Batched::Whole(batch),
                _ => Batched::Same(Var::new(graph, operand)),
            })
            .collect();
        if !operands.iter().any(|x| matches!(x, Batched::Whole(_))) {
            continue;
        }
        // A checkpoint inside of the function becomes one of the batch.
        let region = match node.mark.region {
            0 => outside.region,
            old if outside.region > 0 || old == outside.region => outside.region,
            old => match regions.iter().find(|(known, _)| *known == old) {
                Some(&(_, new)) => new,
                None => {
                    let new = graph.open_region();
                    regions.push((old, new));
                    new
                }
            },
        };
        let transient = outside.transient || node.mark.transient;
        let _behalf = graph.on_behalf(Some(node.origin), Mark { region, transient, ..node.mark });
        let shape = Var::new(graph, id).sizes();
        if let Some(slot) = copies.get_mut(place) {
            *slot = Some(batched(graph, &node.op, &operands, count, &shape));
        }
        if region != outside.region {
            graph.extend_region(region);
        }
    }
    copies
}
