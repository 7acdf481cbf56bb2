//! A program on the oracle: values, derivatives of any order, and bounds for the rounding errors of both.

use chainrule_oracle::{Array, Bounded, Dual, Number, Precision, count, ops};

use crate::program::{Function, Id, Program, Step};

/// A direction: which node moves, and how.
pub type Move = (Id, Array);

fn function<N: Number>(f: Function, x: N) -> N {
    match f {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Sqrt => x.sqrt(),
        Function::Square => x.square(),
        Function::Powi(n) => x.powi(n),
        Function::Powf(c) => x.powf(c),
        Function::Sigmoid => x.sigmoid(),
        Function::Tanh => x.tanh(),
        Function::Relu => x.relu(),
        Function::Recip => x.recip(),
    }
}

fn pair<N: Number>(sign: char, x: N, y: N) -> N {
    match sign {
        '+' => x + y,
        '-' => x - y,
        '*' => x * y,
        _ => x / y,
    }
}

/// The value of one line, from those of the lines before it.
pub fn value<N: Number>(step: &Step, known: &[Array<N>]) -> Array<N> {
    let at = |id: &Id| &known[*id];
    match step {
        Step::Leaf(value) => Array::of(value),
        Step::Pair(sign, a, b) => at(a).zip(at(b), |x, y| pair(*sign, x, y)),
        Step::Number(sign, a, c, false) => at(a).map(|x| pair(*sign, x, N::of(*c))),
        Step::Number(sign, a, c, true) => at(a).map(|x| pair(*sign, N::of(*c), x)),
        Step::Neg(a) => ops::neg(at(a)),
        Step::MatMul(a, b) => ops::matmul(at(a), at(b)),
        Step::T(a) => ops::t(at(a)),
        Step::Permute(a, axes) => ops::permute(at(a), axes),
        Step::Reshape(a, to) => ops::reshape(at(a), to),
        Step::BroadcastTo(a, to) => ops::broadcast_to(at(a), to),
        Step::Sum(a) => ops::sum(at(a)),
        Step::Mean(a) => ops::mean(at(a)),
        Step::SumAxes(a, axes, keep) => ops::sum_axes(at(a), axes, *keep),
        Step::MeanAxes(a, axes, keep) => ops::mean_axes(at(a), axes, *keep),
        Step::Function(f, a) => at(a).map(|x| function(*f, x)),
        Step::Detach(a) => ops::detach(at(a)),
        Step::Weigh(a, weights) => ops::sum(&ops::mul(at(a), &Array::of(weights))),
    }
}

/// `1` in one place.
fn unit(shape: &[usize], place: usize) -> Array {
    let mut unit = Array::zeros(shape);
    unit.data[place] = 1.0;
    unit
}

impl Program {
    /// All lines, each moved as soon as it is known.
    fn run<N: Number>(&self, moved: impl Fn(Id, Array<N>) -> Array<N>) -> Vec<Array<N>> {
        let mut known = Vec::new();
        for (id, step) in self.steps.iter().enumerate() {
            let here = value(step, &known);
            known.push(moved(id, here));
        }
        known
    }

    /// The values of all lines.
    pub fn values(&self) -> Vec<Array> {
        self.run(|_, here| here)
    }

    /// Values and tangents of all lines when some nodes move along directions.
    pub fn tangents<P: Precision>(&self, moves: &[Move]) -> Vec<Array<Dual<Bounded<P>>>> {
        self.run(|id, here| {
            along(here, moves, id, |d| Dual { value: Bounded::exact(0.0), tangent: Bounded::exact(d) })
        })
    }

    /// The gradient of the result with respect to a node.
    pub fn gradient<P: Precision>(&self, node: Id) -> Array<Bounded<P>> {
        let shape = self.values()[node].shape.clone();
        let by = |place| self.tangents(&[(node, unit(&shape, place))])[self.output()].data[0].tangent;
        Array { data: (0..count(&shape)).map(by).collect(), shape }
    }

    /// The Hessian of the result with respect to `of`, times the directions.
    pub fn hessian_times(&self, of: Id, directions: &[Move]) -> Array<Bounded> {
        let shape = self.values()[of].shape.clone();
        let by = |place| {
            let units = [(of, unit(&shape, place))];
            let run = self.run::<Dual<Dual<Bounded>>>(|id, here| {
                let still = Bounded::exact(0.0);
                let inner = |d| Dual {
                    value: Dual { value: still, tangent: Bounded::exact(d) },
                    tangent: Dual::of(0.0),
                };
                let outer = |d| Dual { value: Dual::of(0.0), tangent: Dual::constant(Bounded::exact(d)) };
                along(along(here, directions, id, inner), &units, id, outer)
            });
            run[self.output()].data[0].tangent.tangent
        };
        Array { data: (0..count(&shape)).map(by).collect(), shape }
    }
}

/// With the moves of this node added.
fn along<N: Number>(here: Array<N>, moves: &[Move], id: Id, step: impl Fn(f64) -> N) -> Array<N> {
    moves.iter().filter(|(node, _)| *node == id).fold(here, |here, (_, d)| here.zip(d, |x, d| x + step(d)))
}
