//! From the tape to the items of a program: what is needed, each thing once.
//!
//! Every rewrite here keeps every bit: a compiled program gives exactly what `value()` gives. So `x * 1` is `x`, but
//! `x + 0` is not (of -0 it makes +0), and sums are never reordered.
//!
//! * *Dead nodes* are not visited.
//! * *Common subexpressions* are found by hashing operation and operands.
//! * *Constants* meet in the graph's own evaluator; a uniform one becomes the parameter of a scalar function.
//! * *Views* become strides over their roots ([`Source`]), so transposes and broadcasts disappear into what reads them.

use std::sync::Arc;

use smallvec::SmallVec;

use super::gathered;
use super::hash::Map;
use super::same::Key;
use super::source::{ItemId, Source, Sources};
use super::windows;
use crate::Scalar;
use crate::custom::Custom;
use crate::error::Result;
use crate::graph::Graph;
use crate::marks::Marks;
use crate::op::{NodeId, Op, Origin};
use crate::scalar::{Binary, Unary};
use crate::shape::{Shape, element_count};

/// What an item is.
#[derive(Clone)]
pub(super) enum Kind<T> {
    /// Handed in for each run: its number.
    Input(usize),
    /// Lives from run to run: the number of its name.
    State(usize),
    /// The same for all runs.
    Constant(Arc<[T]>),
    /// Computed.
    Compute(Op<T>),
    /// The elements of its operand in row-major order: a view that no strides describe, or one that leaves the program.
    Copy,
}

/// One thing of a program. Operands are views of items with smaller numbers.
#[derive(Clone)]
pub(super) struct Item<T> {
    pub(super) kind: Kind<T>,
    pub(super) operands: Sources,
    pub(super) shape: Shape,
    pub(super) len: usize,
    /// The node it comes from.
    pub(super) node: NodeId,
    pub(super) part: Part,
}

/// What part of a program an item is, as far as checkpoints are concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A formula of the user's.
    Formula,
    /// The way back, or forward mode: derivatives.
    Derivative,
    /// A checkpoint's copy: computed once more on the way back, and not before. It must not become one with what it is a copy
    /// of, for then that would have to be kept.
    Again,
}

/// A variable and what it becomes.
#[derive(Clone, Copy)]
pub(super) struct Update {
    pub(super) state: usize,
    pub(super) value: ItemId,
}

/// A program before it is planned.
pub(super) struct Items<T> {
    pub(super) items: Vec<Item<T>>,
    /// The items of the outputs; each is computed or copied, dense.
    pub(super) outputs: Vec<ItemId>,
    pub(super) updates: Vec<Update>,
    /// Names and shapes of what lives from run to run, and the nodes of the variables.
    pub(super) states: Vec<(String, Shape, NodeId)>,
    /// How many nodes of the tape it stands for.
    pub(super) nodes: usize,
}

/// Arrays up to this size are folded where all operands are constants.
const FOLD: usize = 1 << 14;

pub(super) struct Request<'r> {
    pub(super) inputs: &'r [NodeId],
    pub(super) outputs: &'r [NodeId],
    /// Variables and their new values.
    pub(super) updates: &'r [(NodeId, NodeId)],
    pub(super) caller: Origin,
}

/// What a node has become.
#[derive(Clone)]
struct Known<T> {
    source: Source,
    /// The one number that it consists of, if it is a constant.
    uniform: Option<T>,
    /// Whether its root is a constant.
    constant: bool,
}

pub(super) struct Builder<'g, T: Scalar> {
    graph: &'g Graph<T>,
    pub(super) items: Vec<Item<T>>,
    /// What nodes have become; several of them may be the same.
    known: Vec<Known<T>>,
    /// Of each node of the tape, where that stands, counted from 1; 0 for those that have not been visited.
    places: Vec<u32>,
    /// An item for each hash of what makes items the same.
    seen: Map<u64, ItemId>,
    states: Vec<(String, Shape, NodeId)>,
    /// The number of each variable among them.
    state_of: Map<NodeId, usize>,
    caller: Origin,
    /// Whether nobody looks at the elements of single nodes, so that these may be other ones than recorded.
    free: bool,
}

/// The items of a program.
pub(super) fn simplify<T: Scalar>(graph: &Graph<T>, request: &Request<'_>) -> Result<Items<T>> {
    let needed = needed(graph, request);
    let mut builder = Builder {
        graph,
        items: Vec::with_capacity(needed.len()),
        known: Vec::with_capacity(needed.len()),
        places: vec![0; graph.len()],
        seen: Map::with_capacity_and_hasher(needed.len(), Default::default()),
        states: Vec::new(),
        state_of: Map::default(),
        caller: request.caller,
        free: !graph.tape.borrow().check_finite,
    };
    for (number, &id) in request.inputs.iter().enumerate() {
        let shape: Shape = graph.tape.borrow().sizes(id).into();
        let item = builder.push(Kind::Input(number), SmallVec::new(), &shape, id);
        builder.know(id, item, None, false);
    }
    for &id in &needed {
        if builder.place(id) == 0 {
            builder.visit(id)?;
        }
    }
    let mut outputs = Vec::new();
    for id in request.outputs {
        let item = builder.dense(*id);
        outputs.push(builder.apart(item, *id));
    }
    let mut updates = Vec::new();
    for &(variable, value) in request.updates {
        let state = builder.state(variable);
        let item = builder.dense(value);
        // A leaf as a new value is copied like any other.
        let item = builder.apart(item, value);
        updates.push(Update { state, value: item });
    }
    let Builder { items, states, .. } = builder;
    let mut program = Items { items, outputs, updates, states, nodes: needed.len() };
    gathered::without_unused(&mut program);
    Ok(program)
}

/// The nodes that outputs, updates and guards need, in the order of the tape. Inputs need nothing.
fn needed<T: Scalar>(graph: &Graph<T>, request: &Request<'_>) -> Vec<NodeId> {
    let tape = graph.tape.borrow();
    let mut wanted: Vec<NodeId> = request.outputs.to_vec();
    wanted.extend(request.updates.iter().map(|update| update.1));
    let last = wanted.iter().copied().max();
    // Branches that were taken before the last of it was recorded: another one may have given another program.
    if tape.has_guards {
        wanted.extend(
            (0..)
                .zip(tape.nodes.between(0, last.map_or(0, NodeId::index)))
                .filter(|(_, node)| matches!(node.op, Op::Guard(_)))
                .map(|(id, _)| NodeId(id)),
        );
    }
    let inputs: Map<NodeId, ()> = request.inputs.iter().map(|&id| (id, ())).collect();
    let (mut marks, mut needed) = (Marks::default(), Vec::new());
    let mut walk = marks.walk(last.unwrap_or(NodeId(0)));
    wanted.iter().for_each(|&id| walk.insert(id));
    while let Some(id) = walk.pop() {
        if !inputs.contains_key(&id) {
            tape.nodes.operands_of(id).iter().for_each(|&operand| walk.insert(operand));
            needed.push(id);
        }
    }
    needed.reverse();
    needed
}

impl<T: Scalar> Builder<'_, T> {
    fn push(&mut self, kind: Kind<T>, operands: Sources, shape: &[usize], node: NodeId) -> ItemId {
        let part = self.part(node);
        self.items.push(Item {
            kind,
            operands,
            shape: Shape::from_slice(shape),
            len: element_count(shape),
            node,
            part,
        });
        self.items.len() - 1
    }

    fn part(&self, id: NodeId) -> Part {
        match self.graph.tape.borrow().nodes.get(id).map(|node| node.mark) {
            Some(mark) if mark.primal().is_some() => Part::Derivative,
            Some(mark) if mark.transient && mark.region == 0 => Part::Again,
            _ => Part::Formula,
        }
    }

    fn know(&mut self, id: NodeId, item: ItemId, uniform: Option<T>, constant: bool) {
        let shape = self.items.get(item).map_or(&[][..], |item| &item.shape);
        let source = Source::whole(item, shape);
        self.become_known(id, Known { source, uniform, constant });
    }

    fn become_known(&mut self, id: NodeId, known: Known<T>) {
        self.known.push(known);
        self.become_the_same(id, self.known.len() as u32);
    }

    fn become_the_same(&mut self, id: NodeId, place: u32) {
        if let Some(slot) = self.places.get_mut(id.index()) {
            *slot = place;
        }
    }

    /// Where what a node has become stands, counted from 1.
    fn place(&self, id: NodeId) -> u32 {
        self.places.get(id.index()).copied().unwrap_or(0)
    }

    fn at(&self, place: u32) -> Option<&Known<T>> {
        self.known.get((place as usize).checked_sub(1)?)
    }

    /// The number of a variable's state.
    fn state(&mut self, id: NodeId) -> usize {
        if let Some(&number) = self.state_of.get(&id) {
            return number;
        }
        let tape = self.graph.tape.borrow();
        let name = tape.variable_name(id).unwrap_or_default().to_owned();
        self.state_of.insert(id, self.states.len());
        self.states.push((name, tape.sizes(id).into(), id));
        self.states.len() - 1
    }

    /// A node whose operands are known.
    fn visit(&mut self, id: NodeId) -> Result<()> {
        let tape = self.graph.tape.borrow();
        let Some(node) = tape.nodes.get(id) else { return Ok(()) };
        let (op, shape_id, shape) = (node.op.clone(), node.shape, Shape::from_slice(tape.sizes(id)));
        let known: SmallVec<[u32; 4]> = tape.nodes.operands(node).iter().map(|&id| self.place(id)).collect();
        drop(tape);
        #[allow(clippy::wildcard_enum_match_arm, reason = "leaves; the others have operands")]
        match &op {
            Op::Variable(_) => {
                let number = self.state(id);
                let item = self.push(Kind::State(number), SmallVec::new(), &shape, id);
                self.know(id, item, None, false);
                return Ok(());
            }
            Op::Constant => return self.fold(id, &shape),
            _ => {}
        }
        let first = known.first().and_then(|&place| self.at(place));
        // One element of one is that element; but a sum of a single one begins with +0, which -0 disappears in.
        let len = element_count(&shape);
        let same_len = first.is_some_and(|x| element_count(&x.source.shape) == len);
        let reduces = matches!(op, Op::Sum(_) | Op::Extremum { .. });
        let op = match (reduces && same_len, matches!(op, Op::Sum(_)) && len == 1) {
            (true, true) => Op::Map(Unary::Add(T::zero())),
            (true, false) => Op::Reshape(shape_id),
            (false, _) => op,
        };
        if let ([_], Some(x)) = (&*known, first)
            && let Some(source) = x.source.through(&op, &shape)
        {
            let seen = Known { source, ..*x };
            if let Op::Guard(_) = op {
                let operand = [x.source.clone()].into_iter().collect();
                self.push(Kind::Compute(op), operand, &shape, id);
            }
            self.become_known(id, seen);
            return Ok(());
        }
        let constant = |&place: &u32| self.at(place).is_some_and(|x| x.constant);
        if !known.is_empty() && len <= FOLD && known.iter().all(constant) && !matches!(op, Op::Custom(_)) {
            return self.fold(id, &shape);
        }
        let uniform = |i: usize| known.get(i).and_then(|&place| self.at(place)?.uniform);
        match rewrite(op, known.len(), uniform) {
            Rewritten::Operand(i) => self.become_the_same(id, known.get(i).copied().unwrap_or(0)),
            Rewritten::Op(op, which) => {
                let kind = if matches!(op, Op::Reshape(_)) { Kind::Copy } else { Kind::Compute(op) };
                let source =
                    |&i: &usize| known.get(i).and_then(|&place| self.at(place)).map(|x| x.source.clone());
                let mut operands: Sources = which.iter().filter_map(source).collect();
                if reads_dense(&kind) {
                    operands.iter_mut().for_each(|source| *source = self.contiguous(source, id));
                }
                let source = self.computed(kind, operands, shape, id);
                self.become_known(id, Known { source, uniform: None, constant: false });
            }
        }
        Ok(())
    }

    /// The value of an operation, in the order of axes in which it is best computed.
    fn computed(&mut self, kind: Kind<T>, operands: Sources, shape: Shape, id: NodeId) -> Source {
        let (mut kind, mut operands) = (kind, operands);
        if self.free {
            match (&kind, &*operands) {
                (Kind::Compute(Op::MatMul), [a, b]) => return self.product(a, b, &shape, id),
                (Kind::Compute(Op::Fold { window, .. }), [x]) => {
                    if let Some(view) = windows::folded(x, window, &shape) {
                        if self.items.get(view.root).is_some_and(windows::has_no_negative_zero) {
                            return view;
                        }
                        kind = Kind::Compute(Op::Map(Unary::Add(T::zero())));
                        operands = [view].into_iter().collect();
                    }
                }
                (Kind::Compute(op @ (Op::Sum(_) | Op::Extremum { .. })), [x]) => {
                    if let Some((op, x)) = self.by_slices(op, x, &shape, id) {
                        kind = Kind::Compute(op);
                        operands = [x].into_iter().collect();
                    } else if let Op::Sum(axes) = op
                        && let Some(turned) = windows::sum_of_matrices(x, axes)
                        && let Some(to) = turned.shape.get(axes.len()..).map(Shape::from)
                    {
                        let rank = to.len();
                        let item = self.shared(kind, [turned].into_iter().collect(), &to, id);
                        let mut source = Source::whole(item, &to);
                        source.shape.swap(rank - 2, rank - 1);
                        source.strides.swap(rank - 2, rank - 1);
                        return source;
                    }
                }
                _ => {}
            }
            let elementwise = matches!(kind, Kind::Compute(Op::Map(_) | Op::Zip(_) | Op::Select));
            let len_of = |root: ItemId| self.items.get(root).map_or(0, |item| item.len);
            if elementwise && let Some(better) = windows::reordered(&operands, &shape, len_of) {
                let item = self.shared(kind, better.operands, &better.shape, id);
                return Source { root: item, offset: 0, shape, strides: better.strides };
            }
        }
        let item = self.shared(kind, operands, &shape, id);
        Source::whole(item, &shape)
    }

    /// The item with this operation and these operands: the one there is, or a new one.
    pub(super) fn shared(&mut self, kind: Kind<T>, operands: Sources, shape: &[usize], id: NodeId) -> ItemId {
        let Some(key) = Key::new(&kind, &operands, shape, self.part(id)) else {
            return self.push(kind, operands, shape, id);
        };
        let hash = key.hash();
        let seen = self.seen.get(&hash).copied();
        if let Some((number, item)) = seen.and_then(|number| Some((number, self.items.get(number)?))) {
            if Key::new(&item.kind, &item.operands, &item.shape, item.part) == Some(key) {
                return number;
            }
            // Another one with the same hash: the chance is one in 2^64, and computing twice gives the same.
            return self.push(kind, operands, shape, id);
        }
        let item = self.push(kind, operands, shape, id);
        self.seen.insert(hash, item);
        item
    }

    /// A node whose value is the same for all runs.
    fn fold(&mut self, id: NodeId, shape: &[usize]) -> Result<()> {
        self.graph.evaluate("compile", &[id], self.caller)?;
        let read = self.graph.tape.borrow().read(id);
        let value = match read {
            Ok(value) => value,
            Err(fault) => return self.graph.error("compile", &[id], fault, self.caller),
        };
        let elements: Arc<[T]> = value.iter().copied().collect();
        // By bits: -0 is not 0 here.
        let same = |x: &T| x.bits() == elements[0].bits();
        let uniform = elements.first().copied().filter(|_| elements.iter().all(same));
        let item = match uniform {
            Some(x) => {
                let single = self.shared(Kind::Constant([x].into()), SmallVec::new(), &[], id);
                let mut source = Source::whole(single, &[]);
                source.shape = shape.into();
                source.strides = shape.iter().map(|_| 0).collect();
                self.become_known(id, Known { source, uniform, constant: true });
                return Ok(());
            }
            None => self.push(Kind::Constant(elements), SmallVec::new(), shape, id),
        };
        self.know(id, item, uniform, true);
        Ok(())
    }

    /// The elements of a view one after the other: where they are, or in a copy.
    fn contiguous(&mut self, source: &Source, id: NodeId) -> Source {
        if matches!(*source.merged(), [] | [(_, 1)]) || source.shape.contains(&0) {
            return source.clone();
        }
        let item = self.shared(Kind::Copy, [source.clone()].into_iter().collect(), &source.shape, id);
        Source::whole(item, &source.shape)
    }

    /// The item that has the elements of a node one after the other: its root, or a copy.
    fn dense(&mut self, id: NodeId) -> ItemId {
        let source = self.at(self.place(id)).map_or_else(|| Source::whole(0, &[]), |x| x.source.clone());
        let root_shape = self.items.get(source.root).map(|item| item.shape.clone()).unwrap_or_default();
        if source == Source::whole(source.root, &root_shape) {
            return source.root;
        }
        let shape = source.shape.clone();
        self.shared(Kind::Copy, [source.clone()].into_iter().collect(), &shape, id)
    }

    /// The item, or a copy if it is a leaf: those are not the program's own to hand out.
    fn apart(&mut self, item: ItemId, id: NodeId) -> ItemId {
        let Some(leaf) = self.items.get(item) else { return item };
        match leaf.kind {
            Kind::Compute(_) | Kind::Copy => item,
            Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => {
                let shape = leaf.shape.clone();
                self.shared(Kind::Copy, [Source::whole(item, &shape)].into_iter().collect(), &shape, id)
            }
        }
    }
}

/// Whether the loop of an operation reads its operands one element after the other.
fn reads_dense<T>(kind: &Kind<T>) -> bool {
    matches!(
        kind,
        Kind::Compute(
            Op::ArgExtremum { .. }
                | Op::CumSum { .. }
                | Op::Gather { .. }
                | Op::Scatter { .. }
                | Op::Cholesky
                | Op::LogDet
                | Op::Solve
                | Op::TriangularSolve(_)
                | Op::Custom(_)
        )
    )
}

/// What a node is without what it does not need.
enum Rewritten<T> {
    /// One of its operands.
    Operand(usize),
    /// An operation on some of its operands.
    Op(Op<T>, SmallVec<[usize; 3]>),
}

#[allow(clippy::wildcard_enum_match_arm, reason = "most operations are what they are")]
fn rewrite<T: Scalar>(op: Op<T>, count: usize, uniform: impl Fn(usize) -> Option<T>) -> Rewritten<T> {
    use smallvec::smallvec;
    let one = |f: Unary<T>, i: usize| Rewritten::Op(Op::Map(f), smallvec![i]);
    match &op {
        Op::Map(Unary::Mul(c) | Unary::Div(c)) if *c == T::one() => Rewritten::Operand(0),
        Op::Map(Unary::Powi(1)) => Rewritten::Operand(0),
        Op::Map(Unary::Powi(2)) => one(Unary::Square, 0),
        Op::Zip(f) => match (f, uniform(0), uniform(1)) {
            (Binary::Add, _, Some(c)) => one(Unary::Add(c), 0),
            (Binary::Add, Some(c), _) => one(Unary::Add(c), 1),
            (Binary::Sub, _, Some(c)) => one(Unary::Add(-c), 0),
            (Binary::Mul | Binary::Chain, _, Some(c)) if c == T::one() => Rewritten::Operand(0),
            (Binary::Mul | Binary::Chain, Some(c), _) if c == T::one() => Rewritten::Operand(1),
            (Binary::Mul, _, Some(c)) => one(Unary::Mul(c), 0),
            (Binary::Mul, Some(c), _) => one(Unary::Mul(c), 1),
            // A finite factor that is not 0 absorbs nothing.
            (Binary::Chain, _, Some(c)) if c != T::zero() && c.is_finite() => one(Unary::Mul(c), 0),
            (Binary::Chain, Some(c), _) if c != T::zero() && c.is_finite() => one(Unary::Mul(c), 1),
            (Binary::Div, _, Some(c)) if c == T::one() => Rewritten::Operand(0),
            (Binary::Div, _, Some(c)) => one(Unary::Div(c), 0),
            (Binary::Div, Some(c), _) => one(Unary::DivInto(c), 1),
            _ => Rewritten::Op(op, smallvec![0, 1]),
        },
        _ => {
            let all = (0..count).collect();
            Rewritten::Op(op, all)
        }
    }
}

impl<T> Item<T> {
    /// The user's operation that it is, if it is one.
    pub(super) fn custom(&self) -> Option<&Arc<Custom<T>>> {
        match &self.kind {
            Kind::Compute(Op::Custom(custom)) => Some(custom),
            Kind::Input(_) | Kind::State(_) | Kind::Constant(_) | Kind::Compute(_) | Kind::Copy => None,
        }
    }
}
