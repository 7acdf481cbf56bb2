//! A program on the engine.

use std::sync::Arc;

use chainrule_graph::{Binary, Conv, CustomOp, Graph, Pool, Scalar, Triangle, Unary, Var, keep};
use ndarray::{ArrayD, SliceInfoElem};

use super::Program;
use super::call::{Call, Function, Id, Line, Mapped, Moves, Operator, Over, Part, Reduction};
use super::guest::Guest;

/// A number type of the engine whose numbers can stand on the left of an operator: `f64` and `f32`.
pub trait Number: Scalar {
    /// `c + x`, `c - x`, `c * x` or `c / x`.
    fn left<'g>(self, operator: Operator, x: Var<'g, Self>) -> Var<'g, Self>;

    /// The guest's operation in this precision.
    fn guest(guest: &Guest) -> Option<Arc<dyn CustomOp<Self>>>;
}

macro_rules! numbers {
    ($($T:ty: $guest:expr),+) => {
        $(impl Number for $T {
            #[track_caller]
            fn left<'g>(self, operator: Operator, x: Var<'g, Self>) -> Var<'g, Self> {
                match operator {
                    Operator::Add => self + x,
                    Operator::Sub => self - x,
                    Operator::Mul => self * x,
                    Operator::Div => self / x,
                }
            }

            fn guest(guest: &Guest) -> Option<Arc<dyn CustomOp<Self>>> {
                $guest(guest)
            }
        })+
    };
}

numbers!(f32: Guest::in_single, f64: |guest: &Guest| Some(guest.double()));

/// A parameter of a method, as a graph of `T` takes it.
pub(super) trait Argument<T> {
    type As;
    fn argument(self) -> Self::As;
}

impl<T: Scalar> Argument<T> for f64 {
    type As = T;
    fn argument(self) -> T {
        T::of(self)
    }
}

impl<T: Scalar> Argument<T> for Option<f64> {
    type As = Option<T>;
    fn argument(self) -> Option<T> {
        self.map(T::of)
    }
}

impl<T> Argument<T> for i32 {
    type As = i32;
    fn argument(self) -> i32 {
        self
    }
}

impl Program {
    /// Records the program; one node a line.
    pub fn record<'g, T: Number>(&self, graph: &'g Graph<T>) -> Vec<Var<'g, T>> {
        self.record_with(graph, |_| None)
    }

    /// The same, with other nodes in the place of some.
    pub fn record_with<'g, T: Number>(
        &self,
        graph: &'g Graph<T>,
        given: impl Fn(Id) -> Option<Var<'g, T>>,
    ) -> Vec<Var<'g, T>> {
        let mut nodes: Vec<Var<'g, T>> = Vec::with_capacity(self.lines.len());
        for (id, line) in self.lines.iter().enumerate() {
            let node = given(id).unwrap_or_else(|| line.record(graph, &nodes));
            nodes.push(node);
        }
        nodes
    }
}

impl Line {
    /// Records this line, when `known` are the results of those before it.
    pub fn record<'g, T: Number>(&self, graph: &'g Graph<T>, known: &[Var<'g, T>]) -> Var<'g, T> {
        let operands: Option<Vec<Var<'g, T>>> =
            self.operands.iter().map(|&id| known.get(id).copied()).collect();
        match operands {
            Some(operands) => self.call.record(graph, &operands),
            None => graph.invalid(self.call.name(), &[], "an operand is a later line", "give earlier ones"),
        }
    }
}

/// The numbers in this precision; those of programs are exact in both.
pub fn rounded<T: Scalar>(x: &ArrayD<f64>) -> ArrayD<T> {
    x.mapv(T::of)
}

impl Call {
    /// The call itself.
    pub fn record<'g, T: Number>(&self, graph: &'g Graph<T>, operands: &[Var<'g, T>]) -> Var<'g, T> {
        match (self, operands) {
            (Call::Leaf(value) | Call::Constant(value), []) => graph.constant(rounded::<T>(value)),
            (Call::Operator(Operator::Add), &[x, y]) => x + y,
            (Call::Operator(Operator::Sub), &[x, y]) => x - y,
            (Call::Operator(Operator::Mul), &[x, y]) => x * y,
            (Call::Operator(Operator::Div), &[x, y]) => x / y,
            (Call::Number(operator, c, true), &[x]) => T::of(*c).left(*operator, x),
            (Call::Number(Operator::Add, c, false), &[x]) => x + T::of(*c),
            (Call::Number(Operator::Sub, c, false), &[x]) => x - T::of(*c),
            (Call::Number(Operator::Mul, c, false), &[x]) => x * T::of(*c),
            (Call::Number(Operator::Div, c, false), &[x]) => x / T::of(*c),
            (Call::Neg, &[x]) => -x,
            (Call::Function(function), &[x]) => function.record(x),
            (Call::Map(mapped), &[x]) => x.map(mapped.unary()),
            (Call::Pair(pair), &[x, y]) => pair.record(x, y),
            (Call::PairNumber(pair, c), &[x]) => pair.record(x, T::of(*c)),
            (Call::Chain, &[x, y]) => x.zip(Binary::Chain, y),
            (Call::Above, &[x, y]) => x.zip(Binary::Above, y),
            (Call::Select, &[condition, x, y]) => condition.select(x, y),
            (Call::Reduce(reduction, over), &[x]) => reduce(*reduction, over, x),
            // Negative numbers for the axes here and in `permute`, positive ones elsewhere: both spellings are in use.
            (Call::Softmax(axes), &[x]) => x.softmax(axes.clone()),
            (Call::LogSoftmax(axes), &[x]) => x.log_softmax(axes.clone()),
            (Call::SoftmaxCrossEntropy, &[x, p]) => x.softmax_cross_entropy(p),
            (Call::SoftmaxCrossEntropyLabels(labels), &[x]) => x.softmax_cross_entropy_labels(labels),
            (Call::SigmoidCrossEntropy, &[x, p]) => x.sigmoid_cross_entropy(p),
            (Call::CumSum(axis), &[x]) => x.cumsum(*axis as isize),
            (Call::ArgExtremum(axis, true), &[x]) => x.argmax(*axis as isize),
            (Call::ArgExtremum(axis, false), &[x]) => x.argmin(*axis as isize),
            (Call::Uniform(shape), &[key]) => key.uniform(shape),
            (Call::Normal(shape), &[key]) => key.normal(shape),
            (Call::FoldIn(number), &[key]) => key.fold_in(T::of(*number)),
            (Call::MatMul, &[x, y]) => x.matmul(y),
            (Call::Dot, &[x, y]) => x.dot(y),
            (Call::Outer, &[x, y]) => x.outer(y),
            (Call::Einsum(subscripts), &[x, y]) => x.einsum(subscripts, y),
            (Call::Cholesky, &[x]) => x.cholesky(),
            (Call::SolveTriangular(true), &[x, b]) => x.solve_triangular(Triangle::Upper, b),
            (Call::SolveTriangular(false), &[x, b]) => x.solve_triangular(Triangle::Lower, b),
            (Call::Solve, &[x, b]) => x.solve(b),
            (Call::Inverse, &[x]) => x.inverse(),
            (Call::LogDet, &[x]) => x.log_det(),
            (Call::Reshape(to), &[x]) => x.reshape(to),
            (Call::Permute(axes), &[x]) => {
                x.permute(axes.iter().map(|&axis| axis as isize - axes.len() as isize).collect::<Vec<_>>())
            }
            (Call::T, &[x]) => x.t(),
            (Call::Mt, &[x]) => x.mt(),
            (Call::Squeeze(axes), &[x]) => x.squeeze(axes.clone()),
            (Call::Unsqueeze(axes), &[x]) => x.unsqueeze(axes.clone()),
            (Call::Tile(times), &[x]) => x.tile(times),
            (Call::BroadcastTo(to), &[x]) => x.broadcast_to(to),
            (Call::Detach, &[x]) => x.detach(),
            (Call::Slice(parts), &[x]) => x.slice(parts.iter().map(|&part| part.into()).collect::<Vec<_>>()),
            (Call::Flip(axes), &[x]) => x.flip(axes.clone()),
            (Call::Split(sizes, axis, which), &[x]) => split(x, sizes, *axis as isize, *which),
            (Call::Chunks(count, axis, which), &[x]) => {
                let chunks = x.chunks(*count, *axis as isize);
                chunks.get(*which).copied().unwrap_or_else(|| odd(graph, self, operands))
            }
            (Call::Pad(widths, value), &[x]) => x.pad(widths, T::of(*value)),
            (Call::Concat(axis), nodes) => graph.concat(nodes.iter().copied(), *axis as isize),
            (Call::Stack(axis), nodes) => graph.stack(nodes.iter().copied(), *axis as isize),
            (Call::Take(indices, axis), &[x]) => x.take(indices, *axis as isize),
            (Call::TakeNode(axis), &[x, indices]) => x.take(indices, *axis as isize),
            (Call::TakeAlong(indices, axis), &[x]) => x.take_along(indices, *axis as isize),
            (Call::TakeAlongNode(axis), &[x, indices]) => x.take_along(indices, *axis as isize),
            (Call::ScatterAdd(indices, axis), &[x, updates]) => {
                x.scatter_add(indices, updates, *axis as isize)
            }
            (Call::ScatterAddNode(axis), &[x, indices, updates]) => {
                x.scatter_add(indices, updates, *axis as isize)
            }
            (Call::OneHot(classes), &[indices]) => graph.one_hot(indices, *classes),
            (Call::Conv(1, moves), &[x, w]) => x.conv1d(w, moves.conv1()),
            (Call::Conv(_, moves), &[x, w]) => x.conv2d(w, moves.conv2()),
            (Call::ConvTranspose(1, moves), &[x, w]) => x.conv_transpose1d(w, moves.conv1()),
            (Call::ConvTranspose(_, moves), &[x, w]) => x.conv_transpose2d(w, moves.conv2()),
            (Call::Pool(largest, 1, [_, size], moves), &[x]) => {
                let pool = Pool::<1>::new([*size]).stride([moves.stride[1]]);
                let pool = pool.padding([moves.padding[1]]).dilation([moves.dilation[1]]);
                if *largest { x.max_pool1d(pool) } else { x.avg_pool1d(pool) }
            }
            (Call::Pool(largest, _, size, moves), &[x]) => {
                let pool = Pool::<2>::new(*size).stride(moves.stride);
                let pool = pool.padding(moves.padding).dilation(moves.dilation);
                if *largest { x.max_pool2d(pool) } else { x.avg_pool2d(pool) }
            }
            (Call::Guest(guest), operands) => guest.record(graph, operands),
            (Call::Faulty(call, fault), operands) => fault.record(call, graph, operands),
            (Call::Weigh(weights), &[x]) => (x * rounded::<T>(weights)).sum(),
            _ => odd(graph, self, operands),
        }
    }
}

/// What a line with another number of operands than its call has becomes.
fn odd<'g, T: Number>(graph: &'g Graph<T>, call: &Call, operands: &[Var<'g, T>]) -> Var<'g, T> {
    let message = format!("a call with {} operands", operands.len());
    graph.invalid(
        call.name(),
        operands,
        message,
        "programs are made by decoding, which gives each call its own",
    )
}

fn reduce<'g, T: Scalar>(reduction: Reduction, over: &Over, x: Var<'g, T>) -> Var<'g, T> {
    macro_rules! by {
        ($all:ident, $some:ident) => {
            match over {
                Over::All => x.$all(),
                Over::Axes(axes) => x.$some(axes.as_slice()),
                Over::Kept(axes) => x.$some(keep(axes.as_slice())),
            }
        };
    }
    match reduction {
        Reduction::Sum => by!(sum, sum_axes),
        Reduction::Mean => by!(mean, mean_axes),
        Reduction::Max => by!(max, max_axes),
        Reduction::Min => by!(min, min_axes),
        Reduction::Prod => by!(prod, prod_axes),
        Reduction::Variance => by!(variance, variance_axes),
        Reduction::Norm => by!(norm, norm_axes),
        Reduction::LogSumExp => by!(logsumexp, logsumexp_axes),
    }
}

fn split<'g, T: Scalar>(x: Var<'g, T>, sizes: &[usize], axis: isize, which: usize) -> Var<'g, T> {
    let parts = match *sizes {
        [a] => x.split([a], axis).to_vec(),
        [a, b] => x.split([a, b], axis).to_vec(),
        [a, b, c] => x.split([a, b, c], axis).to_vec(),
        _ => Vec::new(),
    };
    let help = "give one to three sizes, and the number of one of them";
    parts.get(which).copied().unwrap_or_else(|| x.graph().invalid("split", &[x], "no such part", help))
}

impl Mapped {
    /// The function by its name in the table.
    pub(super) fn unary<T: Scalar>(self) -> Unary<T> {
        match self {
            Mapped::LogisticDensity => Unary::LogisticDensity,
            Mapped::Inside(low, high) => Unary::Inside(T::of(low), T::of(high)),
            Mapped::Step => Unary::Step,
        }
    }
}

impl From<Part> for SliceInfoElem {
    fn from(part: Part) -> Self {
        match part {
            Part::Range(start, end, step) => SliceInfoElem::Slice { start, end, step },
            Part::Place(place) => SliceInfoElem::Index(place),
            Part::New => SliceInfoElem::NewAxis,
        }
    }
}

impl Moves {
    /// Stride 1, no padding, dilation 1, one group.
    pub const PLAIN: Moves =
        Moves { stride: [1; 2], padding: [0; 2], dilation: [1; 2], groups: 1, output_padding: [0; 2] };

    fn conv1(&self) -> Conv<1> {
        let conv =
            Conv::new().stride([self.stride[1]]).padding([self.padding[1]]).dilation([self.dilation[1]]);
        conv.groups(self.groups).output_padding([self.output_padding[1]])
    }

    fn conv2(&self) -> Conv<2> {
        let conv = Conv::new().stride(self.stride).padding(self.padding).dilation(self.dilation);
        conv.groups(self.groups).output_padding(self.output_padding)
    }
}

/// Also by their parameters, the functions are ordinary values.
impl From<Function> for Call {
    fn from(function: Function) -> Self {
        Call::Function(function)
    }
}
