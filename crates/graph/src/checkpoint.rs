//! Checkpoints: parts of a graph whose values are not kept for the way back, but computed again.
//!
//! The nodes of a checkpoint are a range of the tape, a *region*, and marked as transient: their values are let go of when
//! the last node that needs them is computed. When a reverse sweep comes to a region, it records a copy of it and takes the
//! values that it needs from there. Copies are the same operations on the same operands, so they have the same bits.

use crate::Scalar;
use crate::graph::Graph;
use crate::op::{Mark, NodeId, Op, Operands};
use crate::structure::{Structure, flatten};

impl<T: Scalar> Graph<T> {
    /// What `function` records is a checkpoint: the values inside are not kept for derivatives but computed a second time on
    /// the way back. Memory for them is needed only while they are. Values and gradients are the same, to the bit. (Derivatives of
    /// gradients may differ by rounding: contributions to a node meet in another order.)
    ///
    /// Compiled programs do the same: the copy of a checkpoint is a part of the plan, and is not computed before the way back gets
    /// there.
    ///
    /// The nodes that `function` returns keep their values. A checkpoint inside of another belongs to the outer one. Values of
    /// several gradients are best read together, by [`compute`](Graph::compute): each call computes anew what it
    /// needs.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [0.1, 0.2]);
    /// let plain = x.exp().sin().sum();
    /// let saving = graph.checkpoint(|| x.exp().sin()).sum();
    /// assert_eq!(plain.grad(x)?.value()?, saving.grad(x)?.value()?);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn checkpoint<'g, Y: Structure<'g, T>>(&'g self, function: impl FnOnce() -> Y) -> Y {
        let mark = self.mark();
        if mark.region > 0 {
            return function();
        }
        let region = self.open_region();
        let behalf = self.on_behalf(None, Mark { region, transient: true, ..mark });
        let (structure, results) = flatten(function());
        drop(behalf);
        self.extend_region(region);
        let mut tape = self.tape.borrow_mut();
        for y in results {
            if y.is_in(self)
                && let Some(node) = tape.nodes.get_mut(y.id)
                && node.mark.region == region
            {
                node.mark.transient = false;
            }
        }
        drop(tape);
        structure
    }

    /// Computes all these nodes and what they need in one go, so that nothing inside of checkpoints is computed twice as often
    /// as necessary. Without checkpoints this is the same as reading the values one by one.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 2.0);
    /// let y = graph.checkpoint(|| x.exp().sin());
    /// let dy = y.grad(x)?;
    /// graph.compute([y, dy])?;
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::value`](crate::Var::value).
    #[track_caller]
    pub fn compute<'g, S: Structure<'g, T>>(&'g self, nodes: S) -> crate::Result<()> {
        let caller = std::panic::Location::caller();
        let (_, nodes) = flatten(nodes);
        for x in &nodes {
            if !x.is_in(self) {
                return self.error("compute", &[], crate::error::Fault::foreign(), caller);
            }
            self.check(x.id)?;
        }
        let ids: Vec<NodeId> = nodes.iter().map(|x| x.id).collect();
        self.evaluate("compute", &ids, caller)
    }

    /// A new region, still empty, at the end of the tape; its number.
    pub(crate) fn open_region(&self) -> u32 {
        let mut tape = self.tape.borrow_mut();
        let end = tape.nodes.len() as u32;
        tape.regions.push(end..end);
        tape.regions.len() as u32
    }

    /// The region reaches to the end of the tape.
    pub(crate) fn extend_region(&self, region: u32) {
        let mut tape = self.tape.borrow_mut();
        let end = tape.nodes.len() as u32;
        if let Some(range) = (region as usize).checked_sub(1).and_then(|i| tape.regions.get_mut(i)) {
            range.end = end;
        }
    }
}

/// Copies of the regions that a reverse sweep has come to.
pub(crate) struct Copies {
    /// Whether there are checkpoints at all.
    any: bool,
    /// For each: its number, its first node, and the copies from there on.
    regions: Vec<(u32, usize, Vec<NodeId>)>,
}

impl Copies {
    pub(crate) fn new<T: Scalar>(graph: &Graph<T>) -> Self {
        Copies { any: !graph.tape.borrow().regions.is_empty(), regions: Vec::new() }
    }

    /// Where to take the value of a node from on the way back: for one inside of a checkpoint, its copy.
    #[inline]
    pub(crate) fn of<T: Scalar>(&mut self, graph: &Graph<T>, id: NodeId) -> NodeId {
        if self.any { self.find(graph, id) } else { id }
    }

    fn find<T: Scalar>(&mut self, graph: &Graph<T>, id: NodeId) -> NodeId {
        let (region, transient) = match graph.tape.borrow().nodes.get(id) {
            Some(node) => (node.mark.region, node.mark.transient),
            None => return id,
        };
        // The results of a checkpoint are kept, and in an open one the copy would be just another part of it.
        if region == 0 || !transient || region == graph.mark().region {
            return id;
        }
        if !self.regions.iter().any(|(number, ..)| *number == region) {
            self.copy(graph, region);
        }
        let copied = self.regions.iter().find(|(number, ..)| *number == region);
        let copy = copied.and_then(|(_, first, copies)| copies.get(id.index().checked_sub(*first)?));
        copy.copied().unwrap_or(id)
    }

    fn copy<T: Scalar>(&mut self, graph: &Graph<T>, region: u32) {
        let range =
            (region as usize).checked_sub(1).and_then(|i| graph.tape.borrow().regions.get(i).cloned());
        let range = range.unwrap_or(0..0);
        let mark = graph.mark();
        let mut copies: Vec<NodeId> = Vec::new();
        for number in range.clone() {
            let id = NodeId(number);
            let tape = graph.tape.borrow();
            let Some(node) = tape.nodes.get(id).cloned() else { continue };
            let operands = Operands::from_slice(tape.nodes.operands(&node));
            drop(tape);
            let leaf = matches!(node.op, Op::Variable(_) | Op::Constant | Op::Invalid(_) | Op::Example);
            if leaf {
                copies.push(id);
                continue;
            }
            let inside = |operand: NodeId| {
                let place = operand.index().checked_sub(range.start as usize);
                place.and_then(|place| copies.get(place)).copied().unwrap_or(operand)
            };
            let operands: Operands = operands.iter().map(|&operand| inside(operand)).collect();
            let mark = Mark { region: mark.region, transient: true, ..node.mark };
            let _behalf = graph.on_behalf(Some(node.origin), mark);
            copies.push(graph.tape.borrow_mut().push(node.op, &operands, node.origin));
        }
        self.regions.push((region, range.start as usize, copies));
    }
}
