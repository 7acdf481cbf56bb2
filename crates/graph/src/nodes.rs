//! The list of nodes, as it lies in memory: a node is as long as a cache line, and the operands of all nodes lie end to end in
//! a list of their own. So recording a node writes to the ends of two lists, and a walk along the tape reads memory in order.

use crate::op::{Mark, NodeId, Op, Origin};
use crate::shape::ShapeId;

/// One entry of the tape.
#[derive(Clone)]
pub(crate) struct Node<T> {
    pub(crate) op: Op<T>,
    /// Where its operands are in the list of all.
    first: u32,
    count: u32,
    pub(crate) shape: ShapeId,
    pub(crate) mark: Mark,
    pub(crate) origin: Origin,
}

/// All nodes of a tape in the order of their recording.
pub(crate) struct Nodes<T> {
    list: Vec<Node<T>>,
    operands: Vec<NodeId>,
}

impl<T> Nodes<T> {
    pub(crate) fn new() -> Self {
        Nodes { list: Vec::new(), operands: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.operands.clear();
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    pub(crate) fn get(&self, id: NodeId) -> Option<&Node<T>> {
        self.list.get(id.index())
    }

    pub(crate) fn get_mut(&mut self, id: NodeId) -> Option<&mut Node<T>> {
        self.list.get_mut(id.index())
    }

    /// The nodes with the numbers from `first` to `last`; none if there are not so many.
    pub(crate) fn between(&self, first: usize, last: usize) -> &[Node<T>] {
        self.list.get(first..=last).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn operands(&self, node: &Node<T>) -> &[NodeId] {
        let first = node.first as usize;
        self.operands.get(first..first + node.count as usize).unwrap_or(&[])
    }

    /// The operands of a node by its number.
    #[inline]
    pub(crate) fn operands_of(&self, id: NodeId) -> &[NodeId] {
        self.get(id).map_or(&[], |node| self.operands(node))
    }

    /// Appends a node; `None` if it would have a number, or its operands places, that four bytes cannot hold.
    ///
    /// The operation is made where the node will be. An operation that is written in parts and read as a whole right
    /// afterwards, to be moved there, would cost as much as all the rest.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        op: impl FnOnce() -> Op<T>,
        operands: &[NodeId],
        shape: ShapeId,
        mark: Mark,
        origin: Origin,
    ) -> Option<NodeId> {
        let id = u32::try_from(self.list.len()).ok().map(NodeId).filter(|&id| id != NodeId::NOWHERE)?;
        let first = u32::try_from(self.operands.len()).ok()?;
        let count = operands.len() as u32;
        for &operand in operands {
            self.operands.push(operand);
        }
        self.list.extend(std::iter::once_with(|| Node { op: op(), first, count, shape, mark, origin }));
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_as_long_as_a_cache_line() {
        assert_eq!((size_of::<Node<f64>>(), size_of::<Node<f32>>()), (64, 64));
    }
}
