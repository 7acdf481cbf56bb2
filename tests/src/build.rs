//! A program on the engine.

use chainrule::graph::{Graph, Scalar, Var, keep};
use chainrule_oracle::Array;
use ndarray::{ArrayD, IxDyn};

use crate::program::{Function, Id, Program, Step};

/// A number type whose numbers can stand on the left of an operator.
pub trait Number: Scalar {
    /// `c sign x`
    fn left<'g>(self, sign: char, x: Var<'g, Self>) -> Var<'g, Self>;
}

macro_rules! number {
    ($($T:ty),+) => {
        $(impl Number for $T {
            fn left<'g>(self, sign: char, x: Var<'g, Self>) -> Var<'g, Self> {
                match sign {
                    '+' => self + x,
                    '-' => self - x,
                    '*' => self * x,
                    _ => self / x,
                }
            }
        })+
    };
}

number!(f32, f64);

/// An `ndarray` array of the oracle's numbers.
pub fn array<T: Scalar>(value: &Array) -> ArrayD<T> {
    ArrayD::from_shape_fn(IxDyn(&value.shape), |index| {
        let position = value.shape.iter().enumerate().fold(0, |p, (axis, &n)| p * n + index[axis]);
        T::of(value.data[position])
    })
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
        let mut nodes: Vec<Var<'g, T>> = Vec::new();
        for (id, step) in self.steps.iter().enumerate() {
            let node = given(id).unwrap_or_else(|| line(graph, step, &nodes));
            nodes.push(node);
        }
        nodes
    }
}

fn line<'g, T: Number>(graph: &'g Graph<T>, step: &Step, known: &[Var<'g, T>]) -> Var<'g, T> {
    let at = |id: &usize| known[*id];
    match step {
        Step::Leaf(value) => graph.constant(array::<T>(value)),
        Step::Pair('+', a, b) => at(a) + at(b),
        Step::Pair('-', a, b) => at(a) - at(b),
        Step::Pair('*', a, b) => at(a) * at(b),
        Step::Pair(_, a, b) => at(a) / at(b),
        Step::Number(sign, a, c, true) => T::of(*c).left(*sign, at(a)),
        Step::Number('+', a, c, _) => at(a) + T::of(*c),
        Step::Number('-', a, c, _) => at(a) - T::of(*c),
        Step::Number('*', a, c, _) => at(a) * T::of(*c),
        Step::Number(_, a, c, _) => at(a) / T::of(*c),
        Step::Neg(a) => -at(a),
        Step::MatMul(a, b) => at(a).matmul(at(b)),
        Step::T(a) => at(a).t(),
        // Negative numbers for the axes here, positive ones below: both spellings are in use.
        Step::Permute(a, axes) => {
            at(a).permute(axes.iter().map(|&axis| axis as isize - axes.len() as isize).collect::<Vec<_>>())
        }
        Step::Reshape(a, to) => at(a).reshape(to),
        Step::BroadcastTo(a, to) => at(a).broadcast_to(to),
        Step::Sum(a) => at(a).sum(),
        Step::Mean(a) => at(a).mean(),
        Step::SumAxes(a, axes, true) => at(a).sum_axes(keep(axes.as_slice())),
        Step::SumAxes(a, axes, false) => at(a).sum_axes(axes.as_slice()),
        Step::MeanAxes(a, axes, true) => at(a).mean_axes(keep(axes.as_slice())),
        Step::MeanAxes(a, axes, false) => at(a).mean_axes(axes.as_slice()),
        Step::Function(f, a) => function(*f, at(a)),
        Step::Detach(a) => at(a).detach(),
        Step::Weigh(a, weights) => (at(a) * array::<T>(weights)).sum(),
    }
}

fn function<T: Scalar>(f: Function, x: Var<'_, T>) -> Var<'_, T> {
    match f {
        Function::Exp => x.exp(),
        Function::Ln => x.ln(),
        Function::Sqrt => x.sqrt(),
        Function::Square => x.square(),
        Function::Powi(n) => x.powi(n),
        Function::Powf(c) => x.powf(T::of(c)),
        Function::Sigmoid => x.sigmoid(),
        Function::Tanh => x.tanh(),
        Function::Relu => x.relu(),
        Function::Recip => x.recip(),
    }
}
