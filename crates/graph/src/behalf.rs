//! Recording on behalf of an older node: its derivative, its copy, its batched form.

use crate::Scalar;
use crate::graph::Graph;
use crate::op::{Mark, NodeId, Op, Origin};

/// While it lives, new nodes have the source line of an older one, and a mark of their own.
pub(crate) struct Behalf<'g, T: Scalar> {
    graph: &'g Graph<T>,
    before: (Option<Origin>, Mark),
}

impl<T: Scalar> Graph<T> {
    /// The mark that new nodes get now.
    pub(crate) fn mark(&self) -> Mark {
        self.tape.borrow().mark
    }

    /// Without an origin, the lines stay those of the calls.
    pub(crate) fn on_behalf(&self, origin: Option<Origin>, mark: Mark) -> Behalf<'_, T> {
        let mut tape = self.tape.borrow_mut();
        let before = (tape.behalf, tape.mark);
        tape.behalf = origin.or(tape.behalf);
        tape.mark = mark;
        drop(tape);
        Behalf { graph: self, before }
    }
}

impl<T: Scalar> Behalf<'_, T> {
    /// From now on what is recorded is part of the derivative of this node, and has its source line, so that an error or a
    /// listing points to the user's own operation. `copy` becomes what the node is: the tape is free to grow.
    pub(crate) fn turn_to(&self, id: NodeId, copy: &mut NodeCopy<T>) {
        let mut tape = self.graph.tape.borrow_mut();
        let mark = self.before.1;
        let Some(node) = tape.nodes.get(id) else { return };
        copy.op.clone_from(&node.op);
        copy.operands.clear();
        copy.operands.extend_from_slice(tape.nodes.operands(node));
        // The derivatives of a checkpoint are needed as shortly as its values.
        let checkpointed = node.mark.transient || node.mark.region > 0;
        let mark = Mark { transient: checkpointed || mark.transient, ..mark.derived_from(id) };
        (tape.behalf, tape.mark) = (Some(node.origin), mark);
    }
}

/// What a node is. One for a whole walk, so that the list does not have to be made anew for each node.
pub(crate) struct NodeCopy<T> {
    pub(crate) op: Op<T>,
    pub(crate) operands: Vec<NodeId>,
}

impl<T> NodeCopy<T> {
    pub(crate) fn new() -> Self {
        NodeCopy { op: Op::Constant, operands: Vec::new() }
    }
}

impl<T: Scalar> Drop for Behalf<'_, T> {
    fn drop(&mut self) {
        let mut tape = self.graph.tape.borrow_mut();
        (tape.behalf, tape.mark) = self.before;
    }
}
