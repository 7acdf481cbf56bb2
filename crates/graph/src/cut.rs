//! Where a gradient is cut: by an operation that has none (a comparison, a rounding), or by `detach`.
//!
//! A derivative that only operations without a gradient could carry is an error and not a silent zero; a path that the
//! user has cut with `detach` is a zero, as asked for. Nodes that a sweep has recorded are exempt: the slope of a kink is a
//! step, and that its derivative is 0 is meant.

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::graph::Graph;
use crate::nodes::Node;
use crate::op::{NodeId, Op};
use crate::var::Var;

impl<T: Scalar> Node<T> {
    /// Whether a derivative passes from operand number `i`.
    pub(crate) fn passes(&self, i: usize) -> bool {
        !matches!(self.op, Op::Detach) && !self.op.cuts(i)
    }

    /// Whether a derivative with respect to operand number `i` ends here although nobody has asked for that.
    fn refuses(&self, i: usize) -> bool {
        self.op.cuts(i) && self.mark.primal().is_none()
    }
}

/// The nodes, in the order of the tape, that cut a way from an input to an output; those for which `stops` says so may be
/// crossed. Empty if there is no such way.
pub(crate) fn cuts<T: Scalar>(
    graph: &Graph<T>,
    input: NodeId,
    outputs: &[NodeId],
    stops: impl Fn(&Node<T>, usize) -> bool,
) -> Vec<NodeId> {
    let tape = graph.tape.borrow();
    let first = input.index();
    let last = outputs.iter().map(|y| y.index()).max().unwrap_or(0);
    let nodes = tape.nodes.between(first, last);
    let slot = |id: NodeId| id.index().checked_sub(first).filter(|&i| i < nodes.len());
    let crossed = |node: &Node<T>, i: usize| node.passes(i) || stops(node, i);

    let mut reached = vec![false; nodes.len()];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for (place, node) in nodes.iter().enumerate().skip(1) {
        let from = |(i, &id): (usize, &NodeId)| slot(id).is_some_and(|s| reached[s]) && crossed(node, i);
        reached[place] = tape.nodes.operands(node).iter().enumerate().any(from);
    }
    let mut needed = vec![false; nodes.len()];
    for &y in outputs {
        if let Some(place) = slot(y) {
            needed[place] = true;
        }
    }
    for (place, node) in nodes.iter().enumerate().rev() {
        if needed[place] {
            for (i, &operand) in tape.nodes.operands(node).iter().enumerate() {
                if let Some(s) = slot(operand)
                    && crossed(node, i)
                {
                    needed[s] = true;
                }
            }
        }
    }
    let cutting = |place: &usize| {
        let node = &nodes[*place];
        let cut = |(i, &id): (usize, &NodeId)| slot(id).is_some_and(|s| reached[s]) && stops(node, i);
        reached[*place] && needed[*place] && tape.nodes.operands(node).iter().enumerate().any(cut)
    };
    (0..nodes.len()).filter(cutting).map(|place| NodeId((first + place) as u32)).collect()
}

/// Why there is no derivative between an input and outputs that no path joins, if that is not simply 0.
pub(crate) fn refusal<T: Scalar>(graph: &Graph<T>, input: Var<'_, T>, outputs: &[NodeId]) -> Option<Fault> {
    let cut = cuts(graph, input.id, outputs, Node::refuses).first().copied()?;
    let (name, line) = graph.describe(cut);
    Some(Fault::new(
        ErrorKind::Cut,
        format!("every path between the two is cut: `{name}` at {line} has no gradient"),
        "if a zero is meant, say so with `detach`; else use a smooth function, or `select` for a choice",
    ))
}

impl<T: Scalar> Graph<T> {
    /// The operation of a node, and the line that recorded it.
    pub(crate) fn describe(&self, id: NodeId) -> (String, String) {
        let tape = self.tape.borrow();
        let node = tape.nodes.get(id);
        let name = node.map_or("nothing", |node| node.op.name());
        (name.to_owned(), node.map(|node| node.origin.to_string()).unwrap_or_default())
    }
}
