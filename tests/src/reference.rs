//! A program on the oracle: values, derivatives by complex step, and the magnitudes that bound rounding errors.

use chainrule::graph::{Binary, Unary};

use crate::oracle::scalar::{H, binary, unary};
use crate::oracle::{Arr, C, complex, count, derivative};
use crate::program::{Function, Id, Program, Step};

/// A direction: which node moves, and how.
pub type Move = (Id, Arr<f64>);

/// What a run of the oracle knows of each node.
pub struct Run {
    /// The value at the point; the imaginary part over `H` is the tangent.
    pub values: Vec<Arr<C>>,
    /// The sum of the absolute values of all contributions to the tangent.
    pub sizes: Vec<Arr<f64>>,
}

const NAN: C = C::new(f64::NAN, f64::NAN);

fn registry(f: Function) -> Unary<f64> {
    match f {
        Function::Exp => Unary::Exp,
        Function::Ln => Unary::Ln,
        Function::Sqrt => Unary::Sqrt,
        Function::Square => Unary::Square,
        Function::Powi(n) => Unary::Powi(n),
        Function::Powf(c) => Unary::Powf(c),
        Function::Sigmoid => Unary::Sigmoid,
        Function::Tanh => Unary::Tanh,
        Function::Relu => Unary::Relu,
        Function::Recip => Unary::DivInto(1.0),
    }
}

fn sign(sign: char) -> Binary {
    match sign {
        '+' => Binary::Add,
        '-' => Binary::Sub,
        '*' => Binary::Mul,
        _ => Binary::Div,
    }
}

fn elements(shape: &[usize], axes: &[usize]) -> f64 {
    axes.iter().map(|&axis| shape[axis]).product::<usize>() as f64
}

/// Structural operations act alike on values and on magnitudes.
fn structural<E>(step: &Step, x: &Arr<E>, scale: impl Fn(E, f64) -> E) -> Option<Arr<E>>
where
    E: Copy + Default + std::ops::Add<Output = E> + std::ops::Mul<Output = E>,
{
    let all: Vec<usize> = (0..x.shape.len()).collect();
    let total = count(&x.shape) as f64;
    Some(match step {
        Step::T(_) => x.permute(&all.iter().rev().copied().collect::<Vec<_>>()),
        Step::Permute(_, axes) => x.permute(axes),
        Step::Reshape(_, to) => x.reshape(to),
        Step::BroadcastTo(_, to) => x.broadcast(to),
        Step::Sum(_) => x.sum(&all, false),
        Step::Mean(_) => x.sum(&all, false).map(|s| scale(s, 1.0 / total)),
        Step::SumAxes(_, axes, keep) => x.sum(axes, *keep),
        Step::MeanAxes(_, axes, keep) => {
            let n = elements(&x.shape, axes);
            x.sum(axes, *keep).map(|s| scale(s, 1.0 / n))
        }
        _ => return None,
    })
}

/// The value of one line. `frozen` is what a detached node stays at while others move.
fn value(step: &Step, known: &[Arr<C>], frozen: Option<&Arr<C>>) -> Arr<C> {
    let at = |id: Id| &known[id];
    let map = |id: Id, f: Unary<f64>| at(id).map(|z| unary(f, z).unwrap_or(NAN));
    match step {
        Step::Leaf(value) => complex(value),
        Step::Pair(s, a, b) => at(*a).zip(at(*b), |x, y| binary(sign(*s), x, y).unwrap_or(NAN)),
        Step::Number(s, a, c, left) => at(*a).map(|x| {
            let c = C::new(*c, 0.0);
            let (x, y) = if *left { (c, x) } else { (x, c) };
            binary(sign(*s), x, y).unwrap_or(NAN)
        }),
        Step::Neg(a) => at(*a).map(|x| -x),
        Step::MatMul(a, b) => at(*a).matmul(at(*b)),
        Step::Function(f, a) => map(*a, registry(*f)),
        Step::Detach(a) => frozen.unwrap_or(at(*a)).map(|z| C::new(z.re, 0.0)),
        Step::Weigh(a, weights) => {
            let all: Vec<usize> = (0..weights.shape.len()).collect();
            at(*a).zip(weights, |x, w: f64| x * w).sum(&all, false)
        }
        other => {
            let operand = other.operands().first().copied().unwrap_or(0);
            structural(other, at(operand), |x, c| x * c).unwrap_or(Arr::zeros(&[]))
        }
    }
}

/// The magnitude of one line's tangent: each operand's own contribution by complex step, in absolute values.
fn size(step: &Step, known: &[Arr<C>], sizes: &[Arr<f64>]) -> Arr<f64> {
    let re = |id: Id| known[id].map(|z| z.re);
    let moved = |id: Id| known[id].zip(&sizes[id], |z, m: f64| C::new(z.re, H * m));
    let still = |id: Id| known[id].map(|z| C::new(z.re, 0.0));
    let abs = |z: C| (z.im / H).abs();
    match step {
        Step::Leaf(value) => Arr::zeros(&value.shape),
        Step::Pair(s, a, b) => {
            let f = |x, y| abs(binary(sign(*s), x, y).unwrap_or(NAN));
            moved(*a).zip(&still(*b), f).zip(&still(*a).zip(&moved(*b), f), |x, y: f64| x + y)
        }
        Step::MatMul(a, b) => {
            let (left, right) = (re(*a).map(f64::abs), re(*b).map(f64::abs));
            sizes[*a].matmul(&right).zip(&left.matmul(&sizes[*b]), |x, y: f64| x + y)
        }
        Step::Number(..) | Step::Neg(_) | Step::Function(..) => {
            let operand = step.operands().first().copied().unwrap_or(0);
            let mut copy = known.to_vec();
            copy[operand] = moved(operand);
            value(step, &copy, None).map(abs)
        }
        Step::Detach(a) => Arr::zeros(&known[*a].shape),
        Step::Weigh(a, weights) => {
            let all: Vec<usize> = (0..weights.shape.len()).collect();
            sizes[*a].zip(weights, |m, w: f64| m * w.abs()).sum(&all, false)
        }
        other => {
            let operand = other.operands().first().copied().unwrap_or(0);
            structural(other, &sizes[operand], |m, c| m * c).unwrap_or(Arr::zeros(&[]))
        }
    }
}

/// The value of one line while a program is being made.
pub fn real_value(step: &Step, known: &[Arr<f64>]) -> Arr<f64> {
    let known: Vec<Arr<C>> = known.iter().map(complex).collect();
    value(step, &known, None).map(|z| z.re)
}

impl Program {
    /// Values and tangents when some nodes move along directions, at the point shifted by `shift`. Detached nodes
    /// stay at the unshifted point, as a derivative treats them.
    pub fn run(&self, directions: &[Move], shift: &[Move], sizes_too: bool) -> Run {
        let frozen = if shift.is_empty() { None } else { Some(self.run(&[], &[], false).values) };
        let mut run = Run { values: Vec::new(), sizes: Vec::new() };
        for (id, step) in self.steps.iter().enumerate() {
            let mut here = value(step, &run.values, frozen.as_ref().map(|values| &values[id]));
            let mut magnitude = Arr::zeros(&here.shape);
            if sizes_too {
                magnitude = size(step, &run.values, &run.sizes);
            }
            for (_, by) in shift.iter().filter(|(node, _)| *node == id) {
                here = here.zip(by, |z, d: f64| z + d);
            }
            for (_, along) in directions.iter().filter(|(node, _)| *node == id) {
                here = here.zip(along, |z, d: f64| C::new(z.re, z.im + H * d));
                magnitude = magnitude.zip(along, |m, d: f64| m + d.abs());
            }
            run.values.push(here);
            run.sizes.push(magnitude);
        }
        run
    }

    /// The gradient of the result with respect to a node, and the magnitude of each of its elements.
    pub fn gradient(&self, node: Id, shift: &[Move]) -> (Arr<f64>, Arr<f64>) {
        let sizes_too = shift.is_empty();
        let shape = self.run(&[], &[], false).values[node].shape.clone();
        let (mut gradient, mut sizes) = (Arr::zeros(&shape), Arr::zeros(&shape));
        for i in 0..count(&shape) {
            let mut unit = Arr::zeros(&shape);
            unit.data[i] = 1.0;
            let run = self.run(&[(node, unit)], shift, sizes_too);
            gradient.data[i] = run.values[self.output()].data[0].im / H;
            sizes.data[i] = run.sizes[self.output()].data[0];
        }
        (gradient, sizes)
    }

    /// The Hessian of the result with respect to `of`, times the directions: for each element the value and the
    /// error of the differences.
    pub fn hessian_times(&self, of: Id, directions: &[Move]) -> Vec<(f64, f64)> {
        let (_, sizes) = self.gradient(of, &[]);
        derivative(1.0 / 128.0, &sizes.data, |h| {
            let shift: Vec<Move> = directions.iter().map(|(id, d)| (*id, d.map(|x| x * h))).collect();
            self.gradient(of, &shift).0.data
        })
    }
}
