//! The tape: an append-only list of nodes, and beside it their values.
//!
//! A node's operands stand before it, so walking the list forwards visits every node after its operands, walking it
//! backwards every node after its users: no sorting and no recursion, here or in any sweep. A node is recorded
//! without an allocation of its own. Nothing is ever changed or removed but by [`Tape::clear`].

use indexmap::IndexMap;

use crate::Scalar;
use crate::error::{Error, ErrorKind, Fault};
use crate::inspect::{OpenScope, Section};
use crate::marks::Marks;
use crate::nodes::{Node, Nodes};
use crate::op::{Mark, NodeId, Op, Origin};
use crate::shape::{self, ShapeId, Shapes};
use crate::values::Values;

pub(crate) struct Tape<T> {
    pub(crate) nodes: Nodes<T>,
    pub(crate) values: Values<T>,
    /// Room for finding what a value needs; empty in between.
    pub(crate) marks: Marks,
    pub(crate) shapes: Shapes,
    pub(crate) names: IndexMap<String, NodeId>,
    errors: Vec<Error>,
    /// Open scopes, outermost first.
    pub(crate) scopes: Vec<OpenScope>,
    /// What was recorded in those that have ended.
    pub(crate) sections: Vec<Section>,
    /// While something is recorded on behalf of an older node (its derivative, its copy): that node's line.
    pub(crate) behalf: Option<Origin>,
    /// What new nodes are marked with.
    pub(crate) mark: Mark,
    /// The nodes of each checkpoint; the last one may still grow.
    pub(crate) regions: Vec<std::ops::Range<u32>>,
    /// Whether there is a node through an operand of which no derivative passes, `detach` aside.
    pub(crate) has_cuts: bool,
    /// Whether a branch was taken on a value.
    pub(crate) has_guards: bool,
    /// Whether values are tested for being finite as they are computed.
    pub(crate) check_finite: bool,
}

impl<T: Scalar> Tape<T> {
    pub(crate) fn new() -> Self {
        Tape {
            nodes: Nodes::new(),
            values: Values::new(),
            marks: Marks::default(),
            shapes: Shapes::new(),
            names: IndexMap::new(),
            errors: Vec::new(),
            scopes: Vec::new(),
            sections: Vec::new(),
            behalf: None,
            mark: Mark::default(),
            regions: Vec::new(),
            has_cuts: false,
            has_guards: false,
            check_finite: false,
        }
    }

    /// Forgets every node and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.values.clear();
        self.shapes.clear();
        self.names.clear();
        self.errors.clear();
        self.scopes.clear();
        self.sections.clear();
        self.regions.clear();
        self.has_cuts = false;
        self.has_guards = false;
    }

    pub(crate) fn shape_id(&self, id: NodeId) -> ShapeId {
        self.nodes.get(id).map_or(ShapeId::SCALAR, |node| node.shape)
    }

    /// The sizes of a node; those of an invalid one are `[]` and mean nothing.
    pub(crate) fn sizes(&self, id: NodeId) -> &[usize] {
        self.shapes.get(self.shape_id(id))
    }

    /// The error of an invalid node.
    pub(crate) fn error(&self, id: NodeId) -> Option<Error> {
        match self.nodes.get(id) {
            Some(Node { op: Op::Invalid(number), .. }) => self.errors.get(*number as usize).cloned(),
            Some(_) => None,
            None => Some(full().at("record", Vec::new(), std::panic::Location::caller(), String::new())),
        }
    }

    /// Records `op`. If an operand is invalid or the shapes do not fit, the new node is invalid.
    pub(crate) fn push(&mut self, op: Op<T>, operands: &[NodeId], caller: Origin) -> NodeId {
        if let Some(refused) = self.refuse_operands(operands, caller) {
            return refused;
        }
        let shapes: smallvec::SmallVec<[ShapeId; 4]> =
            operands.iter().map(|&operand| self.shape_id(operand)).collect();
        match shape::infer(&op, &shapes, &mut self.shapes) {
            Ok(shape) => self.append(|| op, operands, shape, caller),
            Err(fault) => self.reject(op.name(), operands, fault, caller),
        }
    }

    /// Records a scalar function of operands of the same shape, which is the result's: the same as [`Tape::push`], faster.
    #[inline(always)]
    pub(crate) fn push_function<const N: usize>(
        &mut self,
        op: impl FnOnce() -> Op<T>,
        operands: [NodeId; N],
        caller: Origin,
    ) -> NodeId {
        match self.refuse_operands(&operands, caller) {
            Some(refused) => refused,
            None => self.append(op, &operands, self.shape_id(operands[0]), caller),
        }
    }

    /// What is recorded in place of an operation of which an operand is invalid.
    #[inline]
    fn refuse_operands(&mut self, operands: &[NodeId], caller: Origin) -> Option<NodeId> {
        for &operand in operands {
            match self.nodes.get(operand) {
                Some(Node { op: Op::Invalid(number), .. }) => {
                    let number = *number;
                    return Some(self.append_plain(Op::Invalid(number), ShapeId::SCALAR, caller));
                }
                Some(_) => {}
                None => return Some(NodeId::NOWHERE),
            }
        }
        None
    }

    /// Records a leaf with a name that none has yet.
    pub(crate) fn variable(
        &mut self,
        name: String,
        value: ndarray::ArrayViewD<'_, T>,
        caller: Origin,
    ) -> NodeId {
        if let Some(&first) = self.names.get(&name) {
            let line = self.nodes.get(first).map(|node| node.origin.to_string()).unwrap_or_default();
            let fault = Fault::new(
                ErrorKind::DuplicateName,
                format!("there is a variable `{name}` already, declared at {line}"),
                "give each variable its own name, or find the first with `graph.get`",
            );
            return self.reject("variable", &[], fault, caller);
        }
        let leaf = self.leaf(Op::Variable(self.names.len() as u32), value, caller);
        let id = leaf.unwrap_or_else(|fault| self.reject("variable", &[], fault, caller));
        self.names.insert(name, id);
        id
    }

    /// Records a leaf with its value.
    pub(crate) fn leaf(
        &mut self,
        op: Op<T>,
        value: ndarray::ArrayViewD<'_, T>,
        caller: Origin,
    ) -> Result<NodeId, Fault> {
        let shape = self.shapes.intern(value.shape())?;
        let place = self.values.store(value)?;
        let id = self.append_plain(op, shape, caller);
        self.values.reach(&[id]);
        self.values.set(id, place);
        Ok(id)
    }

    /// A node without operands.
    #[inline(never)]
    fn append_plain(&mut self, op: Op<T>, shape: ShapeId, caller: Origin) -> NodeId {
        self.append(|| op, &[], shape, caller)
    }

    #[inline(always)]
    fn append(
        &mut self,
        op: impl FnOnce() -> Op<T>,
        operands: &[NodeId],
        shape: ShapeId,
        caller: Origin,
    ) -> NodeId {
        let (mark, origin) = (self.mark, self.origin(caller));
        let Some(id) = self.nodes.push(op, operands, shape, mark, origin) else { return NodeId::NOWHERE };
        if let Some(node) = self.nodes.get(id) {
            self.has_cuts |= mark.primal().is_none() && node.op.cuts_somewhere();
            self.has_guards |= matches!(node.op, Op::Guard(_));
        }
        id
    }

    /// Records that `operation` could not be done.
    pub(crate) fn reject(
        &mut self,
        operation: &str,
        operands: &[NodeId],
        fault: Fault,
        caller: Origin,
    ) -> NodeId {
        let error = self.locate(operation, operands, fault, caller);
        self.invalid(error, caller)
    }

    /// Records an invalid node with this error.
    pub(crate) fn invalid(&mut self, error: Error, caller: Origin) -> NodeId {
        let number = self.errors.len() as u32;
        self.errors.push(error);
        self.append_plain(Op::Invalid(number), ShapeId::SCALAR, caller)
    }

    /// Adds to a fault where it happened.
    pub(crate) fn locate(&self, operation: &str, operands: &[NodeId], fault: Fault, caller: Origin) -> Error {
        let shapes = operands.iter().map(|&id| self.sizes(id).to_vec()).collect();
        let scope = self
            .scopes
            .iter()
            .map(|scope| scope.name.as_str())
            .filter(|name| !name.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        fault.at(operation, shapes, self.origin(caller), scope)
    }

    /// The error of a node that has no value, at the line that recorded it.
    pub(crate) fn locate_node(&self, id: NodeId, fault: Fault) -> Error {
        let Some(node) = self.nodes.get(id) else {
            return fault.at("value", Vec::new(), std::panic::Location::caller(), String::new());
        };
        let shapes = self.nodes.operands(node).iter().map(|&id| self.sizes(id).to_vec()).collect();
        fault.at(self.node_name(id), shapes, node.origin, String::new())
    }

    /// The name of a variable.
    pub(crate) fn variable_name(&self, id: NodeId) -> Option<&str> {
        let Op::Variable(number) = self.nodes.get(id)?.op else { return None };
        self.names.get_index(number as usize).map(|(name, _)| name.as_str())
    }

    /// What a node is, for a message: of a part of a derivative also of what.
    pub(crate) fn node_name(&self, id: NodeId) -> String {
        match self.node_names(id) {
            [Some(primal), own] => format!("derivative of {primal}, {}", own.unwrap_or_default()),
            [None, own] => own.unwrap_or_default().to_owned(),
        }
    }

    /// The name of the operation that a node is a part of the derivative of, if it is, and its own.
    pub(crate) fn node_names(&self, id: NodeId) -> [Option<&'static str>; 2] {
        let name = |id: NodeId| self.nodes.get(id).map(|node| node.op.name());
        [self.nodes.get(id).and_then(|node| node.mark.primal()).and_then(name), name(id)]
    }

    /// Records a stand-in for one example of a batch.
    pub(crate) fn example(&mut self, shape: ShapeId, caller: Origin) -> NodeId {
        self.append_plain(Op::Example, shape, caller)
    }

    /// The user's line: that of the node being differentiated, of the outermost scope, or of the call itself.
    fn origin(&self, caller: Origin) -> Origin {
        self.behalf.or(self.scopes.first().map(|scope| scope.line)).unwrap_or(caller)
    }

    /// Repeats a node to the shape `to`, by NumPy's rule.
    pub(crate) fn broadcast(&mut self, id: NodeId, to: ShapeId, caller: Origin) -> Result<NodeId, Fault> {
        if self.shape_id(id) == to {
            return Ok(id);
        }
        let from = self.sizes(id);
        let plan = shape::broadcast_plan(from, self.shapes.get(to))?;
        let mut id = id;
        if plan.kept.as_slice() != from {
            let kept = self.shapes.intern(&plan.kept)?;
            id = self.push(Op::Reshape(kept), &[id], caller);
        }
        if !plan.inserted.is_empty() {
            id = self.push(Op::Broadcast { axes: plan.inserted, to }, &[id], caller);
        }
        Ok(id)
    }

    /// Zeros of the shape of a node, and with its source line.
    pub(crate) fn zeros_like(&mut self, like: NodeId) -> NodeId {
        let (shape, origin) = match self.nodes.get(like) {
            Some(node) => (node.shape, node.origin),
            None => return NodeId::NOWHERE,
        };
        let zero = T::zero();
        let zeros = self
            .leaf(Op::Constant, ndarray::aview0(&zero).into_dyn(), origin)
            .and_then(|zero| self.broadcast(zero, shape, origin));
        zeros.unwrap_or_else(|fault| self.reject("constant", &[], fault, origin))
    }

    /// Two nodes, each repeated to the shape that NumPy's rule gives the two.
    pub(crate) fn broadcast_pair(
        &mut self,
        a: NodeId,
        b: NodeId,
        caller: Origin,
    ) -> Result<[NodeId; 2], Fault> {
        let to = shape::broadcast_shape(self.sizes(a), self.sizes(b))?;
        let to = self.shapes.intern(&to)?;
        Ok([self.broadcast(a, to, caller)?, self.broadcast(b, to, caller)?])
    }
}

fn full() -> Fault {
    Fault::new(
        ErrorKind::TooLarge,
        format!("a tape holds at most {} nodes", u32::MAX),
        "record a part, or clear the graph and start again",
    )
}
