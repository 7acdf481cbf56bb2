//! Random sequences of calls of the public interface, most of them wrong: nothing may panic.
//!
//! This is what the fuzz targets run, and what a plain test runs on thousands of random byte strings. Bytes are read as calls
//! with operands, options and shapes that nobody has made fit: operands of another graph, axes that are not there, sizes
//! that are absurd.

use chainrule_graph::{
    Binary, Graph, Mode, Program as Compiled, Triangle, Unary, Var, explain, jvp, keep, vjp, vmap,
};
use ndarray::{ArrayD, IxDyn, SliceInfoElem};

use super::call::{Call, Function, Moves, Operator, Over, Pair, Reduction};
use super::{Verdict, claims, programs};

/// Bytes, from the front; zeros behind the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }

    /// Mostly a small number, seldom an absurd one.
    fn size(&mut self) -> usize {
        match self.byte() {
            byte @ 0..250 => usize::from(byte % 5),
            250 => usize::MAX,
            251 => isize::MAX as usize,
            252 => 1 << 40,
            byte => usize::from(byte),
        }
    }

    fn axis(&mut self) -> isize {
        match self.byte() {
            byte @ 0..250 => isize::from(byte % 8) - 4,
            250 => isize::MIN,
            251 => isize::MAX,
            byte => isize::from(byte),
        }
    }

    fn number(&mut self) -> f64 {
        match self.byte() {
            byte @ 0..240 => f64::from(byte % 33) / 8.0 - 2.0,
            240 => f64::NAN,
            241 => f64::INFINITY,
            242 => f64::NEG_INFINITY,
            243 => f64::MAX,
            244 => f64::MIN_POSITIVE / 4.0,
            245 => -0.0,
            byte => f64::from(byte) * 1e30,
        }
    }

    fn list<E>(&mut self, mut one: impl FnMut(&mut Self) -> E) -> Vec<E> {
        (0..self.below(5)).map(|_| one(self)).collect()
    }

    /// Sizes that are computed with: no absurd ones.
    fn shape(&mut self) -> Vec<usize> {
        self.list(|b| b.below(4))
    }

    fn array(&mut self) -> ArrayD<f64> {
        let shape = self.shape();
        ArrayD::from_shape_simple_fn(IxDyn(&shape), || self.number())
    }

    fn places(&mut self) -> ArrayD<usize> {
        let shape = self.shape();
        ArrayD::from_shape_simple_fn(IxDyn(&shape), || self.size())
    }

    fn moves(&mut self) -> Moves {
        Moves {
            stride: [self.size(), self.size()],
            padding: [self.below(4), self.below(4)],
            dilation: [self.size(), self.size()],
            groups: self.size(),
            output_padding: [self.below(4), self.below(4)],
        }
    }

    fn part(&mut self) -> SliceInfoElem {
        match self.below(4) {
            0 => SliceInfoElem::Index(self.axis()),
            1 => SliceInfoElem::NewAxis,
            _ => {
                let end = if self.below(2) == 0 { None } else { Some(self.axis()) };
                SliceInfoElem::Slice { start: self.axis(), end, step: self.axis() }
            }
        }
    }
}

/// Larger values are not computed: there is no time for them, and no memory.
const ELEMENTS: usize = 4096;

/// Reads bytes as calls of the public interface, and makes them. The result is how many calls returned an error.
pub fn calls(bytes: &[u8]) -> usize {
    let mut bytes = Bytes(bytes);
    let (mut graph, other) = (Graph::<f64>::new(), Graph::<f64>::new());
    let mut errors = 0;
    for _ in 0..2 {
        errors += session(&mut bytes, &graph, &other);
        graph.clear();
    }
    errors
}

fn session<'g>(bytes: &mut Bytes<'_>, graph: &'g Graph<f64>, other: &'g Graph<f64>) -> usize {
    let mut nodes = vec![graph.variable("x", [1.0, 2.0, 3.0]), graph.constant(bytes.array())];
    let mut errors = 0;
    for _ in 0..24 {
        if bytes.0.is_empty() {
            break;
        }
        let foreign = bytes.byte() == 255;
        let [x, y, z] = [0, 1, 2].map(|_| nodes[bytes.below(nodes.len())]);
        let y = if foreign { other.constant([1.0, 2.0]) } else { y };
        let scope = (bytes.byte() == 7).then(|| graph.scope("scope"));
        let new: Vec<Var<'g>> = match bytes.byte() {
            0..110 => {
                let operands: Vec<Var<'g>> = [x, y, z].into_iter().take(bytes.below(4)).collect();
                vec![call(bytes).record(graph, &operands)]
            }
            110..150 => direct(bytes, graph, [x, y, z]),
            _ => match asked(bytes, graph, [x, y, z], &nodes) {
                Ok(new) => new,
                Err(_) => {
                    errors += 1;
                    Vec::new()
                }
            },
        };
        drop(scope);
        // What is absurdly large is recorded and not read.
        nodes.extend(new.into_iter().filter(|node| match node.shape() {
            Ok(shape) => {
                shape.iter().try_fold(1_usize, |n, &k| n.checked_mul(k)).is_some_and(|n| n <= ELEMENTS)
            }
            Err(_) => true,
        }));
        if nodes.len() > 40 {
            nodes.drain(2..20);
        }
    }
    errors
}

/// A call as programs make them, but with options of any sort.
fn call(b: &mut Bytes<'_>) -> Call {
    let over = |b: &mut Bytes<'_>| match b.below(3) {
        0 => Over::All,
        1 => Over::Axes(b.list(Bytes::size)),
        _ => Over::Kept(b.list(Bytes::size)),
    };
    match b.below(48) {
        0 => Call::Constant(b.array()),
        1 => Call::Operator([Operator::Add, Operator::Sub, Operator::Mul, Operator::Div][b.below(4)]),
        2 => Call::Number(
            [Operator::Add, Operator::Sub, Operator::Mul, Operator::Div][b.below(4)],
            b.number(),
            b.below(2) == 1,
        ),
        3 => Call::Neg,
        4 => Call::Function(
            [
                Function::Ln,
                Function::Sqrt,
                Function::Tan,
                Function::Floor,
                Function::Erfc,
                Function::Gelu,
                Function::Relu,
            ][b.below(7)],
        ),
        5 => Call::Function(Function::Powi(b.axis() as i32)),
        6 => Call::Function(Function::Powf(b.number())),
        7 => Call::Function(Function::Clamp(Some(b.number()), Some(b.number()))),
        8 => Call::Function(Function::LeakyRelu(b.number())),
        9 => Call::Pair(Pair::ALL[b.below(Pair::ALL.len())]),
        10 => Call::PairNumber(Pair::ALL[b.below(Pair::ALL.len())], b.number()),
        11 => Call::Chain,
        12 => Call::Select,
        13..17 => Call::Reduce(Reduction::ALL[b.below(8)], over(b)),
        17 => Call::Softmax(b.list(Bytes::size)),
        18 => Call::LogSoftmax(b.list(Bytes::size)),
        19 => Call::SoftmaxCrossEntropy,
        20 => Call::SoftmaxCrossEntropyLabels(b.places()),
        21 => Call::SigmoidCrossEntropy,
        22 => Call::CumSum(b.size()),
        23 => Call::ArgExtremum(b.size(), b.below(2) == 0),
        24 => Call::Uniform(b.list(Bytes::size)),
        25 => Call::Normal(b.shape()),
        26 => Call::MatMul,
        27 => [Call::Dot, Call::Outer][b.below(2)].clone(),
        28 => {
            let texts = [
                "ij,jk->ik",
                "ii,i->i",
                "...i,i->...",
                "ij",
                "i,j->ik",
                "",
                "ij,jk->",
                "aa,aa->a",
                "i,,j",
                "->",
                "A b,c",
            ];
            Call::Einsum(texts[b.below(texts.len())].to_owned())
        }
        29 => [Call::Cholesky, Call::Solve, Call::Inverse, Call::LogDet, Call::SolveTriangular(true)]
            [b.below(5)]
        .clone(),
        30 => Call::Reshape(b.list(Bytes::size)),
        31 => Call::Permute(b.list(Bytes::size)),
        32 => [Call::T, Call::Mt, Call::Detach][b.below(3)].clone(),
        33 => Call::Squeeze(b.list(Bytes::size)),
        34 => Call::Unsqueeze(b.list(Bytes::size)),
        35 => Call::Tile(b.list(Bytes::size)),
        36 => Call::BroadcastTo(b.list(Bytes::size)),
        37 => Call::Flip(b.list(Bytes::size)),
        38 => Call::Split(b.list(Bytes::size), b.size(), b.below(3)),
        39 => Call::Chunks(b.below(9), b.size(), b.below(3)),
        40 => Call::Pad(b.list(|b| [b.size(), b.size()]), b.number()),
        41 => [Call::Concat(b.size()), Call::Stack(b.size())][b.below(2)].clone(),
        42 => Call::Take(b.places(), b.size()),
        43 => Call::TakeAlong(b.places(), b.size()),
        44 => Call::ScatterAdd(b.places(), b.size()),
        45 => [
            Call::TakeNode(b.size()),
            Call::TakeAlongNode(b.size()),
            Call::ScatterAddNode(b.size()),
            Call::OneHot(b.size()),
        ][b.below(4)]
        .clone(),
        46 => [Call::Conv(1 + b.below(2), b.moves()), Call::ConvTranspose(1 + b.below(2), b.moves())]
            [b.below(2)]
        .clone(),
        _ => Call::Pool(b.below(2) == 0, 1 + b.below(2), [b.size(), b.size()], b.moves()),
    }
}

/// Calls whose arguments have forms of their own.
fn direct<'g>(b: &mut Bytes<'_>, graph: &'g Graph<f64>, [x, y, z]: [Var<'g>; 3]) -> Vec<Var<'g>> {
    match b.below(16) {
        0 => vec![graph.variable(["x", "y", ""][b.below(3)], b.array())],
        1 => vec![graph.full(b.list(Bytes::size), b.number())],
        2 => vec![x.slice(b.list(Bytes::part))],
        3 => vec![x.sum_axes(b.list(Bytes::axis)), x.max_axes(keep(b.list(Bytes::axis)))],
        4 => vec![x.permute(b.list(Bytes::axis)), x.unsqueeze(b.list(Bytes::axis))],
        5 => vec![x.reshape(b.list(Bytes::axis))],
        6 => vec![x.map(Unary::all()[b.below(Unary::<f64>::all().len())])],
        7 => vec![x.zip(Binary::all()[b.below(Binary::all().len())], y)],
        8 => vec![x.solve_triangular(Triangle::Upper, y), x.solve(y)],
        9 => vec![x.again([y]), x.again([y, z]), x.again([])],
        10 => vec![graph.checkpoint(|| (x * y).sin())],
        11 => vec![graph.invalid("mine", &[x, y], "no", "yes")],
        12 => graph.get("x").into_iter().collect(),
        13 => x.split([b.size(), b.size()], b.axis()).to_vec(),
        14 => vec![x.take(b.list(Bytes::axis), b.axis())],
        _ => vec![x.cumsum(b.axis()), x.argmax(b.axis())],
    }
}

type Answer<'g> = chainrule_graph::Result<Vec<Var<'g>>>;

/// Calls that return a `Result`.
fn asked<'g>(
    b: &mut Bytes<'_>,
    graph: &'g Graph<f64>,
    [x, y, z]: [Var<'g>; 3],
    nodes: &[Var<'g>],
) -> Answer<'g> {
    match b.below(20) {
        0 => x.value().map(|_| Vec::new()),
        1 => x.item().map(|_| Vec::new()),
        2 => x.sum().grad(y).map(|dy| vec![dy]),
        3 => x.vjp(y, [z, x]).map(Vec::from),
        4 => x.jvp(y, z).map(|t| vec![t]),
        5 => jvp(vec![x, y], vec![z, x], vec![y, z]),
        6 => vjp([x, y], [y, x], [z, x]).map(Vec::from),
        7 => x.jacobian(y).map(|j| vec![j]),
        8 => {
            x.jacobian_by(if b.below(2) == 0 { Mode::Forward } else { Mode::Reverse }, [y, z]).map(Vec::from)
        }
        9 => x.sum().hessian(y).map(|h| vec![h]),
        10 => x.sum().hvp(y, z).map(|h| vec![h]),
        11 => explain(x, y).map(|_| Vec::new()),
        12 => vmap(x, |row: Var<'g>| Ok(row * y + row.sum())).map(|m| vec![m]),
        13 => graph.compute([x, y]).map(|()| Vec::new()),
        14 => x.sum().greater(b.number()).holds().map(|_| Vec::new()),
        15 => {
            let _ = (graph.to_string(), format!("{y:?}"));
            let _ = (x.operands(), x.operation(), x.name(), x.location(), x.derived_from(), x.is_computed());
            let _ = (graph.len(), graph.sections(), graph.variables(), graph.nodes().len());
            Ok(Vec::new())
        }
        16 => {
            graph.check_finite(b.below(2) == 0);
            x.value().map(|_| Vec::new())
        }
        _ => {
            let inputs: Vec<Var<'g>> = (0..b.below(3)).map(|_| nodes[b.below(nodes.len())]).collect();
            let outputs: Vec<Var<'g>> = (0..b.below(4)).map(|_| nodes[b.below(nodes.len())]).collect();
            let mut builder = Compiled::new(inputs.clone(), outputs);
            if b.below(3) == 0 {
                builder = builder.update(x, y);
            }
            let mut program = builder.compile()?;
            for _ in 0..2 {
                let feeds: Vec<ArrayD<f64>> = match b.below(3) {
                    0 => inputs.iter().map(|_| b.array()).collect(),
                    _ => inputs.iter().map(|x| x.value()).collect::<chainrule_graph::Result<_>>()?,
                };
                program.run(feeds)?;
            }
            let _ = program.explain().to_string();
            Ok(Vec::new())
        }
    }
}

/// Reads bytes as a program, in which everything must be right.
///
/// # Errors
/// What is wrong.
pub fn program(bytes: &[u8]) -> Result<(), super::Failure> {
    let programs = programs();
    let program = programs.decode(bytes.get(..bytes.len().min(12 * 8)).unwrap_or_default());
    let result = claims::all::<f64>(&program, &mut Verdict::default());
    result.map_err(|mut failure| {
        failure.0.guilty = program.guilty();
        failure.0.program = Some(program);
        failure
    })
}
