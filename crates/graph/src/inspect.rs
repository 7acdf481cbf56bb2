//! The tape as data, for what draws it, walks it or tests it: every node with its operation, operands, place and scope.

use std::ops::Range;
use std::panic::Location;

use crate::Scalar;
use crate::error::Fault;
use crate::graph::Graph;
use crate::op::{NodeId, Op, Operands, Origin};
use crate::tape::Tape;
use crate::var::Var;

/// A scope that is open.
pub(crate) struct OpenScope {
    pub(crate) name: String,
    /// The line of the user's call that opened it.
    pub(crate) line: Origin,
    /// The number of the first node that can be recorded in it.
    pub(crate) first: usize,
}

/// A stretch of the tape that was recorded while a [scope](Graph::scope) was open: a layer, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name of the scope.
    pub name: String,
    /// The numbers of the nodes recorded in it.
    pub nodes: Range<usize>,
    /// How many named scopes were open around it.
    pub depth: usize,
}

impl<T: Scalar> Graph<T> {
    /// All nodes in the order of their recording, operands before users.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let y = (graph.variable("x", 2.0) * 3.0).exp();
    /// let operations: Vec<String> = graph.nodes().map(|node| node.operation()).collect();
    /// assert_eq!(operations, ["variable", "mul number", "exp"]);
    /// # let _ = y;
    /// ```
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Var<'_, T>> {
        (0..self.len() as u32).map(|number| Var::new(self, NodeId(number)))
    }

    /// The stretches of the tape that were recorded in [scopes](Graph::scope) that have ended, in the order of their first
    /// nodes, outer ones before those inside of them. Scopes without a name or without a node are left out.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 2.0);
    /// let scope = graph.scope("square");
    /// let y = x * x;
    /// drop(scope);
    /// let sections = graph.sections();
    /// assert_eq!((sections[0].name.as_str(), sections[0].nodes.clone()), ("square", 1..2));
    /// # let _ = y;
    /// ```
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = self.tape.borrow().sections.clone();
        sections.sort_by_key(|section| (section.nodes.start, section.depth));
        sections
    }
}

impl<T> Tape<T> {
    /// Closes the scopes beyond the first `depth` ones and remembers what was recorded in them.
    pub(crate) fn close_scopes(&mut self, depth: usize) {
        let end = self.nodes.len();
        while self.scopes.len() > depth {
            let Some(scope) = self.scopes.pop() else { return };
            if !scope.name.is_empty() && scope.first < end {
                let depth = self.scopes.iter().filter(|outer| !outer.name.is_empty()).count();
                self.sections.push(Section { name: scope.name, nodes: scope.first..end, depth });
            }
        }
    }
}

impl<'g, T: Scalar> Var<'g, T> {
    /// Its place on the tape: how many nodes were recorded before it.
    pub fn number(self) -> usize {
        self.id.index()
    }

    /// The name of the operation, as errors call it: `"matmul"`, `"variable"`, `"sigmoid"`.
    pub fn operation(self) -> String {
        self.graph().tape.borrow().nodes.get(self.id).map_or("invalid", |node| node.op.name()).to_owned()
    }

    /// What the operation was told beside its operands, as the listing of the graph shows it: the axes of a sum, an exponent, a
    /// part. Empty for most.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!((x.sum_axes(1).options(), (x * 2.0).options()), ("[1]".into(), "2".into()));
    /// ```
    pub fn options(self) -> String {
        self.graph().tape.borrow().options(self.id)
    }

    /// Whether a derivative of this node passes to its operand of that place: not through a `detach`, nor to what only makes a
    /// choice (the condition of a `select`, the indices of a `take`, either side of a comparison).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [1.0, -2.0]);
    /// assert_eq!((x.exp().passes_derivative(0), x.greater(0.0).passes_derivative(0)), (true, false));
    /// ```
    pub fn passes_derivative(self, operand: usize) -> bool {
        self.graph().tape.borrow().nodes.get(self.id).is_some_and(|node| node.passes(operand))
    }

    /// The name of a variable.
    pub fn name(self) -> Option<String> {
        self.graph().tape.borrow().variable_name(self.id).map(str::to_owned)
    }

    /// The nodes it is computed from, in the order in which the operation takes them; none of a leaf.
    pub fn operands(self) -> Vec<Self> {
        let graph = self.graph();
        graph.tape.borrow().nodes.operands_of(self.id).iter().map(|&id| Var::new(graph, id)).collect()
    }

    /// The source line that recorded it; of a part of a derivative, that of the operation it is the derivative of.
    pub fn location(self) -> &'static Location<'static> {
        let caller = Location::caller();
        self.graph().tape.borrow().nodes.get(self.id).map_or(caller, |node| node.origin)
    }

    /// The node whose derivative a sweep recorded this one for, if it is part of one.
    pub fn derived_from(self) -> Option<Self> {
        let graph = self.graph();
        let primal = graph.tape.borrow().nodes.get(self.id).and_then(|node| node.mark.primal());
        primal.map(|id| Var::new(graph, id))
    }

    /// Whether its value has been computed, so that [`value`](Var::value) only copies it.
    pub fn is_computed(self) -> bool {
        self.graph().tape.borrow().values.is_known(self.id)
    }

    /// The same operation, with the same options, of other operands: for looking at one operation alone.
    ///
    /// A leaf is itself. The operands must have the shapes of the old ones where the operation holds a shape of its own (a
    /// `reshape`, a `broadcast`); their number must be the same.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [1.0, 2.0]);
    /// let y = (x * x).sum();
    /// let product = y.operands()[0];
    /// let alone = product.again([graph.constant([3.0, 4.0]), graph.constant([5.0, 6.0])]);
    /// assert_eq!(alone.value()?.as_slice(), Some(&[15.0, 24.0][..]));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn again(self, operands: impl IntoIterator<Item = Self>) -> Self {
        let caller = Location::caller();
        let (graph, operands) = (self.graph(), operands.into_iter().collect::<Vec<_>>());
        if operands.iter().any(|x| !x.is_in(graph)) {
            return graph.refuse(&self.operation(), &operands, Fault::foreign(), caller);
        }
        let Some(node) = graph.tape.borrow().nodes.get(self.id).cloned() else { return self };
        if matches!(node.op, Op::Invalid(_) | Op::Variable(_) | Op::Constant | Op::Example) {
            return self;
        }
        let count = graph.tape.borrow().nodes.operands_of(self.id).len();
        if operands.len() != count {
            let message = format!("the operation has {count} operands, not {}", operands.len());
            let help = "give as many nodes as `operands` returns";
            let fault = Fault::new(crate::ErrorKind::Argument, message, help);
            return graph.refuse(node.op.name(), &operands, fault, caller);
        }
        let ids: Operands = operands.iter().map(|x| x.id).collect();
        let fits = {
            let tape = graph.tape.borrow();
            let old = tape.nodes.operands_of(self.id);
            // A scalar function of two takes two of one shape; shapes held inside must still be those of the result.
            ids.iter()
                .zip(old)
                .all(|(&new, &old)| tape.error(new).is_some() || tape.sizes(new) == tape.sizes(old))
        };
        if !fits {
            let message = "an operand has another shape than in the node that is repeated";
            let help = "give operands of the shapes that `operands` have";
            let fault = Fault::new(crate::ErrorKind::Shape, message, help);
            return graph.refuse(node.op.name(), &operands, fault, caller);
        }
        let id = graph.tape.borrow_mut().push(node.op, &ids, caller);
        Var::new(graph, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_nest_and_unnamed_or_empty_ones_are_left_out() {
        let mut graph = Graph::new();
        let x = graph.variable("x", [1.0, 2.0]);
        let outer = graph.scope("outer");
        let a = x * 2.0;
        {
            let _unnamed = graph.scope("");
            let _inner = graph.scope("inner");
            a.exp();
        }
        drop(graph.scope("empty"));
        a.sin();
        drop(outer);
        let found: Vec<_> = graph.sections().into_iter().map(|s| (s.name, s.nodes, s.depth)).collect();
        assert_eq!(found, [("outer".to_owned(), 1..4, 0), ("inner".to_owned(), 2..3, 1)]);
        graph.clear();
        assert!(graph.sections().is_empty());
    }

    #[test]
    fn a_node_knows_itself_and_whose_derivative_it_is() {
        let graph = Graph::new();
        let x = graph.variable("x", [1.0, 2.0]);
        let (y, line) = (x.exp(), line!());
        assert!(!y.is_computed());
        y.value().unwrap();
        assert!(y.is_computed());
        assert_eq!(
            (y.number(), y.operation(), x.name(), y.name()),
            (1, "exp".into(), Some("x".into()), None)
        );
        assert_eq!(y.location().line(), line);
        let before = graph.len();
        let dx = y.sum().grad(x).unwrap();
        assert!(graph.nodes().skip(before + 1).any(|node| node.derived_from().is_some_and(|n| n.id == y.id)));
        assert_eq!((dx.location().file(), y.derived_from().is_none()), (file!(), true));
    }

    #[test]
    fn again_refuses_what_does_not_fit_and_leaves_leaves_alone() {
        let (graph, other) = (Graph::new(), Graph::new());
        let x = graph.variable("x", [1.0, 2.0]);
        let y = (x + x).reshape([2, 1]);
        let kind = |node: Var<'_>| node.value().unwrap_err().kind();
        assert_eq!(x.again([]).id, x.id);
        assert_eq!(kind(y.again([])), crate::ErrorKind::Argument);
        assert_eq!(kind(y.again([graph.constant([1.0, 2.0, 3.0])])), crate::ErrorKind::Shape);
        assert_eq!(kind(y.again([other.constant([1.0, 2.0])])), crate::ErrorKind::ForeignNode);
        assert_eq!(y.again([x]).value().unwrap(), ndarray::array![[1.0], [2.0]].into_dyn());
    }
}
