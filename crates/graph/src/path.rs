//! Which nodes a sweep has to visit: those on a path from an input to an output.

use crate::Scalar;
use crate::graph::Graph;
use crate::op::NodeId;
use crate::scalar::Binary;
use crate::var::Var;

/// The part of the tape that lies on a path from an input to an output.
pub(crate) struct Path {
    first: usize,
    on_path: Vec<bool>,
}

impl Path {
    pub(crate) fn between<T: Scalar>(
        graph: &Graph<T>,
        inputs: &[Var<'_, T>],
        outputs: &[Var<'_, T>],
    ) -> Path {
        let first = inputs.iter().map(|x| x.id.index()).min().unwrap_or(usize::MAX);
        let last = outputs.iter().map(|y| y.id.index()).max().unwrap_or(0);
        let tape = graph.tape.borrow();
        let nodes = tape.nodes.between(first, last);
        let mut dependent = vec![false; nodes.len()];
        let mark = |marks: &mut Vec<bool>, id: NodeId| {
            if let Some(mark) = id.index().checked_sub(first).and_then(|i| marks.get_mut(i)) {
                *mark = true;
            }
        };
        for x in inputs {
            mark(&mut dependent, x.id);
        }
        for (i, node) in nodes.iter().enumerate() {
            let on = |id: NodeId| id.index().checked_sub(first).is_some_and(|i| dependent[i]);
            let mut operands = tape.nodes.operands(node).iter().enumerate();
            if operands.any(|(i, &operand)| on(operand) && node.passes(i)) {
                dependent[i] = true;
            }
        }
        let mut needed = vec![false; nodes.len()];
        for y in outputs {
            mark(&mut needed, y.id);
        }
        for (i, node) in nodes.iter().enumerate().rev() {
            if needed[i] && dependent[i] {
                for (i, &operand) in tape.nodes.operands(node).iter().enumerate() {
                    if node.passes(i) {
                        mark(&mut needed, operand);
                    }
                }
            }
        }
        let on_path = dependent.into_iter().zip(needed).map(|(d, n)| d && n).collect();
        Path { first, on_path }
    }

    #[inline]
    pub(crate) fn has(&self, id: NodeId) -> bool {
        self.slot(id).is_some()
    }

    /// The place of a node on the path.
    #[inline]
    fn slot(&self, id: NodeId) -> Option<usize> {
        id.index().checked_sub(self.first).filter(|&i| self.on_path.get(i) == Some(&true))
    }

    /// The nodes of the path in the order of the tape.
    pub(crate) fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeId> {
        (0..self.on_path.len()).filter(|&i| self.on_path[i]).map(|i| NodeId((self.first + i) as u32))
    }
}

/// Tangents or cotangents of the nodes on a path.
pub(crate) struct Directions<'p, 'g, T> {
    path: &'p Path,
    graph: &'g Graph<T>,
    of: Vec<Option<NodeId>>,
}

impl<'p, 'g, T: Scalar> Directions<'p, 'g, T> {
    /// With `directions` at the `ends` of the path where the walk begins.
    pub(crate) fn start(
        graph: &'g Graph<T>,
        path: &'p Path,
        ends: &[Var<'g, T>],
        directions: &[Var<'g, T>],
    ) -> Self {
        let mut all = Directions { path, graph, of: vec![None; path.on_path.len()] };
        for (end, &direction) in ends.iter().zip(directions) {
            all.add(end.id, direction);
        }
        all
    }

    #[inline]
    pub(crate) fn get(&self, id: NodeId) -> Option<Var<'g, T>> {
        let there = self.path.slot(id).and_then(|i| self.of[i]);
        there.map(|id| Var::new(self.graph, id))
    }

    /// Adds to what is there: where paths meet, derivatives add up.
    #[inline]
    pub(crate) fn add(&mut self, id: NodeId, direction: Var<'g, T>) {
        if let Some(i) = self.path.slot(id) {
            let sum =
                self.of[i].map_or(direction, |sum| Var::new(self.graph, sum).zip(Binary::Add, direction));
            self.of[i] = Some(sum.id);
        }
    }

    /// The directions of the `ends` where the walk stops; zeros where no path leads.
    pub(crate) fn collect(&self, ends: &[Var<'g, T>]) -> Vec<Var<'g, T>> {
        ends.iter().map(|x| self.get(x.id).unwrap_or_else(|| x.zeros_like())).collect()
    }
}
