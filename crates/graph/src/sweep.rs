//! The two sweeps: forward and reverse mode, each a single walk along the tape that appends nodes to it.
//!
//! A sweep knows nothing of any operation. It asks [`partial`] for the derivative of a node with respect to an
//! operand, lets the map (forward) or its transpose (backward) act, and adds up what meets: rules return, the sweep
//! accumulates.

use smallvec::SmallVec;

use crate::Scalar;
use crate::behalf::NodeCopy;
use crate::checkpoint::Copies;
use crate::graph::Graph;
use crate::linear::partial;
use crate::op::NodeId;
use crate::path::{Directions, Path};
use crate::var::Var;

/// Reverse mode: the cotangents of `inputs` from the `seeds` of `outputs`.
pub(crate) fn reverse<'g, T: Scalar>(
    graph: &'g Graph<T>,
    outputs: &[Var<'g, T>],
    seeds: &[Var<'g, T>],
    inputs: &[Var<'g, T>],
) -> Vec<Var<'g, T>> {
    let path = Path::between(graph, inputs, outputs);
    let mut cotangents = Directions::start(graph, &path, outputs, seeds);
    walk_back(graph, &path, &mut cotangents, |_, _, _| {});
    cotangents.collect(inputs)
}

/// The walk itself; `seen` is told of each node, its cotangent, and what it passes to its operands.
fn walk_back<'g, T: Scalar>(
    graph: &'g Graph<T>,
    path: &Path,
    cotangents: &mut Directions<'_, 'g, T>,
    mut seen: impl FnMut(NodeId, Var<'g, T>, &[Var<'g, T>]),
) {
    let (mut node, mut operands, mut passed) = (NodeCopy::new(), Vec::new(), Vec::new());
    let (mut copies, behalf) = (Copies::new(graph), graph.on_behalf(None, graph.mark()));
    for id in path.nodes().rev() {
        let Some(cotangent) = cotangents.get(id) else { continue };
        behalf.turn_to(id, &mut node);
        // Inside of a checkpoint, values are taken from its copy.
        let mut value = |id: NodeId| Var::new(graph, copies.of(graph, id));
        operands.clear();
        operands.extend(node.operands.iter().map(|&id| value(id)));
        let result = value(id);
        passed.clear();
        for (i, &operand) in node.operands.iter().enumerate().filter(|(_, operand)| path.has(**operand)) {
            let derivative = partial(&node.op, i, &operands, result);
            if !derivative.is_zero() {
                let contribution = derivative.transpose().apply(cotangent);
                passed.push(contribution);
                cotangents.add(operand, contribution);
            }
        }
        seen(id, cotangent, &passed);
    }
}

/// What a reverse sweep meets at one node.
pub(crate) struct Step<'g, T> {
    pub(crate) id: NodeId,
    pub(crate) cotangent: Var<'g, T>,
    /// What it passes to its operands on the path.
    pub(crate) passed: SmallVec<[Var<'g, T>; 2]>,
}

/// A reverse sweep, step by step.
pub(crate) struct Trace<'g, T> {
    pub(crate) nodes: Vec<Step<'g, T>>,
    /// The cotangent of the input.
    pub(crate) arrived: Option<Var<'g, T>>,
}

/// The sweep from an output, with ones as its cotangent, to an input; `None` if no path joins them.
pub(crate) fn trace<'g, T: Scalar>(
    graph: &'g Graph<T>,
    output: Var<'g, T>,
    input: Var<'g, T>,
) -> Option<Trace<'g, T>> {
    let path = Path::between(graph, &[input], &[output]);
    if !path.has(input.id) {
        return None;
    }
    let ones = graph.constant(T::one()).broadcast_to(output.sizes());
    let mut cotangents = Directions::start(graph, &path, &[output], &[ones]);
    let mut nodes = Vec::new();
    walk_back(graph, &path, &mut cotangents, |id, cotangent, passed| {
        nodes.push(Step { id, cotangent, passed: passed.into() });
    });
    Some(Trace { nodes, arrived: cotangents.get(input.id) })
}

/// Forward mode: the tangents of `outputs` from the `directions` of `inputs`.
pub(crate) fn forward<'g, T: Scalar>(
    graph: &'g Graph<T>,
    outputs: &[Var<'g, T>],
    inputs: &[Var<'g, T>],
    directions: &[Var<'g, T>],
) -> Vec<Var<'g, T>> {
    let path = Path::between(graph, inputs, outputs);
    let mut tangents = Directions::start(graph, &path, inputs, directions);
    let (mut node, mut operands) = (NodeCopy::new(), Vec::new());
    let behalf = graph.on_behalf(None, graph.mark());
    for id in path.nodes() {
        behalf.turn_to(id, &mut node);
        operands.clear();
        operands.extend(node.operands.iter().map(|&id| Var::new(graph, id)));
        for (i, &operand) in node.operands.iter().enumerate() {
            let Some(tangent) = tangents.get(operand) else { continue };
            let derivative = partial(&node.op, i, &operands, Var::new(graph, id));
            if !derivative.is_zero() {
                tangents.add(id, derivative.apply(tangent));
            }
        }
    }
    tangents.collect(outputs)
}
