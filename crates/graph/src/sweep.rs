//! The two sweeps: forward and reverse mode, each a single walk along the tape that appends nodes to it.
//!
//! A sweep knows nothing of any operation. It asks [`partial`] for the derivative of a node with respect to an
//! operand, lets the map (forward) or its transpose (backward) act, and adds up what meets: rules return, the sweep
//! accumulates.

use smallvec::SmallVec;

use crate::Scalar;
use crate::behalf::Behalf;
use crate::checkpoint::Copies;
use crate::graph::Graph;
use crate::linear::partial;
use crate::op::{Mark, NodeId, Op, Operands};
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
    let mut cotangents = Directions::start(&path, outputs, seeds);
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
    let mut copies = Copies::default();
    for id in path.nodes().rev() {
        let Some(cotangent) = cotangents.get(id) else { continue };
        let node = Visit::new(graph, id);
        let operands = node.operands.clone();
        // Inside of a checkpoint, values are taken from its copy.
        let node = node.with(|id| copies.of(graph, id));
        let mut passed = SmallVec::<[Var<'g, T>; 4]>::new();
        for (i, operand) in operands.iter().enumerate().filter(|(_, operand)| path.has(operand.id)) {
            let derivative = partial(&node.op, i, &node.operands, node.result);
            if !derivative.is_zero() {
                let contribution = derivative.transpose().apply(cotangent);
                passed.push(contribution);
                cotangents.add(operand.id, contribution);
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
    pub(crate) passed: SmallVec<[Var<'g, T>; 4]>,
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
    let mut cotangents = Directions::start(&path, &[output], &[ones]);
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
    let mut tangents = Directions::start(&path, inputs, directions);
    for id in path.nodes() {
        let node = Visit::new(graph, id);
        for (i, operand) in node.operands.iter().enumerate() {
            let Some(tangent) = tangents.get(operand.id) else { continue };
            let derivative = partial(&node.op, i, &node.operands, node.result);
            if !derivative.is_zero() {
                tangents.add(id, derivative.apply(tangent));
            }
        }
    }
    tangents.collect(outputs)
}

/// A node while a sweep is at it: a copy, so that the tape is free to grow. Until it is dropped, new nodes remember
/// the source line of this one, so that an error or a listing of a derivative points to the user's own operation.
struct Visit<'g, T: Scalar> {
    op: Op<T>,
    operands: SmallVec<[Var<'g, T>; 4]>,
    result: Var<'g, T>,
    _behalf: Behalf<'g, T>,
}

impl<'g, T: Scalar> Visit<'g, T> {
    fn new(graph: &'g Graph<T>, id: NodeId) -> Self {
        let tape = graph.tape.borrow();
        let node = tape.nodes.get(id.index());
        let (op, operands) = match node {
            Some(node) => (node.op.clone(), node.operands.clone()),
            None => (Op::Constant, Operands::new()),
        };
        let origin = node.map(|node| node.origin);
        // The derivatives of a checkpoint are needed as shortly as its values.
        let checkpointed = node.is_some_and(|node| node.mark.transient || node.mark.region > 0);
        let mark = Mark { transient: checkpointed || tape.mark.transient, ..tape.mark.derived_from(id) };
        drop(tape);
        let operands = operands.iter().map(|&operand| Var::new(graph, operand)).collect();
        Visit { op, operands, result: Var::new(graph, id), _behalf: graph.on_behalf(origin, mark) }
    }

    /// The same visit, with the values of other nodes.
    fn with(mut self, mut replace: impl FnMut(NodeId) -> NodeId) -> Self {
        let graph = self.result.graph();
        for operand in &mut self.operands {
            *operand = Var::new(graph, replace(operand.id));
        }
        self.result = Var::new(graph, replace(self.result.id));
        self
    }
}
