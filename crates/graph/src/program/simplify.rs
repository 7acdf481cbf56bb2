//! From the tape to the items of a program: what is needed, each thing once.
//!
//! Every rewrite here keeps every bit: a compiled program gives exactly what `value()` gives. So `x * 1` is `x`, but
//! `x + 0` is not (of -0 it makes +0), and sums are never reordered.
//!
//! * *Dead nodes* are not visited.
//! * *Common subexpressions* are found by hashing operation and operands.
//! * *Constants* meet in the graph's own evaluator; a uniform one becomes the parameter of a scalar function.
//! * *Views* become strides over their roots ([`Source`]), so transposes and broadcasts disappear into what reads them.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

use super::gathered;
use super::source::{ItemId, Source};
use super::windows;
use crate::Scalar;
use crate::custom::Custom;
use crate::error::Result;
use crate::graph::Graph;
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
    pub(super) operands: SmallVec<[Source; 3]>,
    pub(super) shape: Shape,
    pub(super) len: usize,
    /// The node it comes from.
    pub(super) node: NodeId,
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
    known: HashMap<NodeId, Known<T>>,
    seen: HashMap<Key, ItemId>,
    states: Vec<(String, Shape, NodeId)>,
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
        known: HashMap::with_capacity(needed.len()),
        seen: HashMap::with_capacity(needed.len()),
        states: Vec::new(),
        caller: request.caller,
        free: !graph.tape.borrow().check_finite,
    };
    for (number, &id) in request.inputs.iter().enumerate() {
        let shape: Shape = graph.tape.borrow().sizes(id).into();
        let item = builder.push(Kind::Input(number), SmallVec::new(), &shape, id);
        builder.know(id, item, None, false);
    }
    for &id in &needed {
        if !builder.known.contains_key(&id) {
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
                .zip(&tape.nodes)
                .take_while(|(id, _)| Some(NodeId(*id)) <= last)
                .filter(|(_, node)| matches!(node.op, Op::Guard(_)))
                .map(|(id, _)| NodeId(id)),
        );
    }
    let cut: std::collections::HashSet<NodeId> = request.inputs.iter().copied().collect();
    let mut marked = vec![false; last.map_or(0, |id| id.index() + 1)];
    let mut queue = Vec::new();
    let mut mark = |queue: &mut Vec<NodeId>, id: NodeId| {
        if let Some(slot) = marked.get_mut(id.index())
            && !std::mem::replace(slot, true)
            && !cut.contains(&id)
        {
            queue.push(id);
        }
    };
    wanted.iter().for_each(|&id| mark(&mut queue, id));
    let mut next = 0;
    while let Some(node) = queue.get(next).and_then(|id: &NodeId| tape.nodes.get(id.index())) {
        node.operands.iter().for_each(|&operand| mark(&mut queue, operand));
        next += 1;
    }
    queue.sort_unstable();
    queue
}

impl<T: Scalar> Builder<'_, T> {
    fn push(
        &mut self,
        kind: Kind<T>,
        operands: SmallVec<[Source; 3]>,
        shape: &[usize],
        node: NodeId,
    ) -> ItemId {
        self.items.push(Item { kind, operands, shape: shape.into(), len: element_count(shape), node });
        self.items.len() - 1
    }

    fn know(&mut self, id: NodeId, item: ItemId, uniform: Option<T>, constant: bool) {
        let shape = self.items.get(item).map(|item| item.shape.clone()).unwrap_or_default();
        self.known.insert(id, Known { source: Source::whole(item, &shape), uniform, constant });
    }

    /// What an earlier node has become.
    fn get(&self, id: NodeId) -> Known<T> {
        let nowhere = || Known { source: Source::whole(0, &[]), uniform: None, constant: false };
        self.known.get(&id).cloned().unwrap_or_else(nowhere)
    }

    /// The number of a variable's state.
    fn state(&mut self, id: NodeId) -> usize {
        if let Some(number) = self.states.iter().position(|state| state.2 == id) {
            return number;
        }
        let tape = self.graph.tape.borrow();
        let name = tape.variable_name(id).unwrap_or_default().to_owned();
        self.states.push((name, tape.sizes(id).into(), id));
        self.states.len() - 1
    }

    /// A node whose operands are known.
    fn visit(&mut self, id: NodeId) -> Result<()> {
        let (op, operands, shape_id, shape) = {
            let tape = self.graph.tape.borrow();
            let Some(node) = tape.nodes.get(id.index()) else { return Ok(()) };
            (node.op.clone(), node.operands.clone(), node.shape, Shape::from(tape.sizes(id)))
        };
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
        let known: SmallVec<[Known<T>; 3]> = operands.iter().map(|&operand| self.get(operand)).collect();
        // One element of one is that element; but a sum of a single one begins with +0, which -0 disappears in.
        let len = element_count(&shape);
        let same_len = known.first().is_some_and(|x| element_count(&x.source.shape) == len);
        let reduces = matches!(op, Op::Sum(_) | Op::Extremum { .. });
        let op = match (reduces && same_len, matches!(op, Op::Sum(_)) && len == 1) {
            (true, true) => Op::Map(Unary::Add(T::zero())),
            (true, false) => Op::Reshape(shape_id),
            (false, _) => op,
        };
        if let [x] = &*known
            && let Some(source) = x.source.through(&op, &shape)
        {
            let seen = Known { source, ..x.clone() };
            if let Op::Guard(_) = op {
                self.push(Kind::Compute(op), [x.source.clone()].into_iter().collect(), &shape, id);
            }
            self.known.insert(id, seen);
            return Ok(());
        }
        let small = element_count(&shape) <= FOLD;
        if !known.is_empty() && small && known.iter().all(|x| x.constant) && !matches!(op, Op::Custom(_)) {
            return self.fold(id, &shape);
        }
        match rewrite(op, &known) {
            Rewritten::Operand(i) => {
                if let Some(x) = known.get(i) {
                    self.known.insert(id, x.clone());
                }
            }
            Rewritten::Op(op, which) => {
                let kind = if matches!(op, Op::Reshape(_)) { Kind::Copy } else { Kind::Compute(op) };
                let mut operands: SmallVec<[Source; 3]> =
                    which.iter().filter_map(|&i| known.get(i).map(|x| x.source.clone())).collect();
                if reads_dense(&kind) {
                    operands.iter_mut().for_each(|source| *source = self.contiguous(source, id));
                }
                let source = self.computed(kind, operands, shape, id);
                self.known.insert(id, Known { source, uniform: None, constant: false });
            }
        }
        Ok(())
    }

    /// The value of an operation, in the order of axes in which it is best computed.
    fn computed(
        &mut self,
        kind: Kind<T>,
        operands: SmallVec<[Source; 3]>,
        shape: Shape,
        id: NodeId,
    ) -> Source {
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
    pub(super) fn shared(
        &mut self,
        kind: Kind<T>,
        operands: SmallVec<[Source; 3]>,
        shape: &[usize],
        id: NodeId,
    ) -> ItemId {
        let Some(key) = Key::new(&kind, &operands, shape) else {
            return self.push(kind, operands, shape, id);
        };
        if let Some(&item) = self.seen.get(&key) {
            return item;
        }
        let item = self.push(kind, operands, shape, id);
        self.seen.insert(key, item);
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
                self.known.insert(id, Known { source, uniform, constant: true });
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
        let known = self.get(id);
        let source = &known.source;
        let root_shape = self.items.get(source.root).map(|item| item.shape.clone()).unwrap_or_default();
        if *source == Source::whole(source.root, &root_shape) {
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
fn rewrite<T: Scalar>(op: Op<T>, known: &[Known<T>]) -> Rewritten<T> {
    use smallvec::smallvec;
    let uniform = |i: usize| known.get(i).and_then(|x| x.uniform);
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
            let all = (0..known.len()).collect();
            Rewritten::Op(op, all)
        }
    }
}

/// What makes two items the same.
#[derive(PartialEq, Eq)]
struct Key(SmallVec<[u64; 24]>);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Key {
    fn new<T: Scalar>(kind: &Kind<T>, operands: &[Source], shape: &[usize]) -> Option<Key> {
        let mut words: SmallVec<[u64; 24]> = SmallVec::new();
        match kind {
            Kind::Input(_) | Kind::State(_) => return None,
            Kind::Constant(elements) => match **elements {
                [x] => words.extend([1, x.bits()]),
                _ => return None,
            },
            Kind::Copy => words.push(2),
            Kind::Compute(op) => {
                words.push(3);
                op_words(op, &mut words)?;
            }
        }
        words.extend(shape.iter().map(|&size| size as u64));
        words.push(u64::MAX);
        for source in operands {
            words.push(source.root as u64);
            words.push(source.offset as u64);
            words.push(source.shape.len() as u64);
            words.extend(source.shape.iter().map(|&size| size as u64));
            words.extend(source.strides.iter().map(|&stride| stride as u64));
        }
        Some(Key(words))
    }
}

/// An operation with its parameters as numbers. `None`: it is equal to nothing.
fn op_words<T: Scalar>(op: &Op<T>, words: &mut SmallVec<[u64; 24]>) -> Option<()> {
    match op {
        Op::Map(f) => {
            words.push(10);
            words.extend(f.key());
        }
        Op::Zip(f) => words.extend([11, f.key()]),
        Op::Select => words.push(12),
        Op::MatMul => words.push(13),
        // How many axes there are comes first: what follows would go on with the shape of the result.
        Op::Sum(axes) => {
            words.extend([14, axes.len() as u64]);
            words.extend(axes.iter().map(|&axis| u64::from(axis)));
        }
        Op::Extremum { axes, largest } => {
            words.extend([15, u64::from(*largest), axes.len() as u64]);
            words.extend(axes.iter().map(|&axis| u64::from(axis)));
        }
        Op::ArgExtremum { axis, largest } => words.extend([16, u64::from(*axis), u64::from(*largest)]),
        Op::CumSum { axis, reverse } => words.extend([17, u64::from(*axis), u64::from(*reverse)]),
        Op::Unslice { slices, .. } => {
            words.extend([18, slices.len() as u64]);
            for slice in slices.iter() {
                words.extend([slice.start as u64, slice.step as u64, slice.len as u64]);
            }
        }
        Op::Concat(axis) => words.extend([19, u64::from(*axis)]),
        Op::Gather { axis, along } => words.extend([20, u64::from(*axis), u64::from(*along)]),
        Op::Scatter { axis, along, .. } => words.extend([21, u64::from(*axis), u64::from(*along)]),
        Op::Fold { window, .. } => words.extend([
            22,
            u64::from(window.axis),
            window.size as u64,
            window.stride as u64,
            window.dilation as u64,
        ]),
        Op::Cholesky => words.push(23),
        Op::TriangularSolve(triangle) => {
            words.extend([24, u64::from(triangle.upper), u64::from(triangle.transposed)]);
        }
        Op::Solve => words.push(25),
        Op::LogDet => words.push(26),
        // Whether the user's operation gives the same value twice is the user's affair: it is called as often as recorded.
        Op::Custom(_) | Op::Guard(_) => return None,
        // Views and leaves are no items of their own.
        Op::Invalid(_)
        | Op::Variable(_)
        | Op::Constant
        | Op::Example
        | Op::Detach
        | Op::Broadcast { .. }
        | Op::Reshape(_)
        | Op::Permute(_)
        | Op::Slice(_)
        | Op::Unfold(_) => return None,
    }
    Some(())
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
