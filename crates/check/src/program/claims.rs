//! What must hold of every program: the comparisons with the oracle, and the laws that need none.
//!
//! Each law is a function of a recorded graph (an output that is a single number, and inputs), so it can be used on any graph.
//! [`all`] has everything for one program.

use chainrule_graph::{ErrorKind, Graph, Program as Compiled, Scalar, Var, jvp};
use chainrule_oracle::{Array, Bounded, Complex, Double, Dual, Precision, Single};
use ndarray::ArrayD;

use super::call::Call;
use super::decode::weights;
use super::differences;
use super::evaluate::to_oracle;
use super::matrices::{Matrices, in_either_order, triangle};
use super::record::{Number, rounded};
use super::verdict::same;
use super::{Failure, Id, Program, Verdict};

/// A precision of the engine, and the bounds of rounding errors in it.
pub trait Judged: Number {
    /// Its rounding.
    type Rounding: Precision;
}

impl Judged for f64 {
    type Rounding = Double;
}

impl Judged for f32 {
    type Rounding = Single;
}

/// A value, two first derivatives and the second one by both, each with its error bound.
pub type Second<T> = Dual<Dual<Bounded<<T as Judged>::Rounding>>>;

/// Everything about one program.
///
/// # Errors
/// The first claim that does not hold.
pub fn all<T: Judged>(program: &Program, verdict: &mut Verdict) -> Result<(), Failure> {
    let graph = Graph::<T>::default();
    let nodes = program.record(&graph);
    let output = nodes.get(program.output()).copied().unwrap_or(graph.full([], T::zero()));
    let leaves = program.leaves();
    let paths = program.paths();
    let carried: Vec<Id> = leaves.iter().copied().filter(|&id| paths[id] == Path::Open).collect();
    let at = |ids: &[Id]| ids.iter().map(|&id| nodes[id]).collect::<Vec<_>>();
    let inputs = at(&carried);
    let moves: Vec<Array<f64>> = leaves.iter().map(|&id| to_oracle(&program.direction(id))).collect();
    let directions = |ids: &[Id]| -> Vec<Var<'_, T>> {
        ids.iter().map(|&id| graph.constant(rounded::<T>(&program.direction(id)))).collect()
    };

    // Values, and tangents when all inputs move.
    let run = program.derivatives::<T>(&moves, None);
    let tangents = jvp(nodes.clone(), at(&leaves), directions(&leaves))?;
    for (id, want) in run.iter().enumerate() {
        same(|| format!("the shape of v{id}"), nodes[id].shape()?, want.shape.clone())?;
        same(|| format!("the shape of the tangent of v{id}"), tangents[id].shape()?, want.shape.clone())?;
        let (value, tangent) = (numbers(nodes[id])?, numbers(tangents[id])?);
        let name = program.lines[id].call.name();
        for ((value, tangent), want) in value.into_iter().zip(tangent).zip(&want.data) {
            verdict.near(|| format!("the value of v{id} (`{name}`)"), value, want.value.value)?;
            verdict.near(|| format!("the tangent of v{id} (`{name}`)"), tangent, want.value.tangent)?;
        }
    }

    // Gradients, and where there is none.
    let gradients = output.grad(inputs.clone())?;
    for &id in leaves.iter().filter(|&&id| paths[id] != Path::Open) {
        no_gradient(output, nodes[id], paths[id]).map_err(|f| Failure::new(format!("by v{id}: {f}")))?;
    }
    let along = directions(&carried);
    let forward = second_forward(&gradients, &inputs, &along)?;
    let reverse = second_reverse(&gradients, &inputs, &along)?;
    for (k, &id) in carried.iter().enumerate() {
        let shape = program.shape_of_leaf(id);
        same(|| format!("the shape of the gradient by v{id}"), gradients[k].shape()?, shape.clone())?;
        same(|| format!("the shape of the second derivative by v{id}"), reverse[k].shape()?, shape)?;
        let (gradient, forward, reverse) =
            (numbers(gradients[k])?, numbers(forward[k])?, numbers(reverse[k])?);
        for (i, &got) in gradient.iter().enumerate() {
            let run = program.derivatives::<T>(&moves, Some((id, i)));
            let Some(want) = run.last().and_then(|y| y.data.first()) else { continue };
            verdict.near(|| format!("the gradient by v{id}, element {i}"), got, want.tangent.value)?;
            let second = want.tangent.tangent;
            verdict.near(
                || format!("the second derivative by v{id}, element {i}, forward over reverse"),
                forward[i],
                second,
            )?;
            verdict.near(
                || format!("the second derivative by v{id}, element {i}, reverse over reverse"),
                reverse[i],
                second,
            )?;
        }
    }

    scaled_seeds(output, &inputs)?;
    zero_seed(output, &inputs)?;
    unused_input(output)?;
    let mut read: Vec<Var<'_, T>> = vec![output];
    read.extend(gradients);
    read.extend(forward);
    compiled(&at(&leaves), &read)
}

/// The oracle against itself: first derivatives by the complex step, through the definitions of all operations, against the sweep that
/// judges the engine.
///
/// # Errors
/// If they differ by more than the bound.
pub fn complex_step(program: &Program, verdict: &mut Verdict) -> Result<(), Failure> {
    let moves: Vec<Array<f64>> =
        program.leaves().iter().map(|&id| to_oracle(&program.direction(id))).collect();
    for id in program.leaves() {
        let elements: usize = program.shape_of_leaf(id).iter().product();
        for i in 0..elements {
            let moved = |leaf: Id, mut value: Array<Complex>| {
                if let Some(x) = value.data.get_mut(i).filter(|_| leaf == id) {
                    *x = Complex::step(x.re);
                }
                value
            };
            let slope = program.evaluate(moved, &|_, _| None).last().and_then(|y| y.data.first().copied());
            let run = program.derivatives::<f64>(&moves, Some((id, i)));
            let want = run.last().and_then(|y| y.data.first());
            if let (Some(slope), Some(want)) = (slope, want) {
                verdict.near(
                    || format!("the complex step by v{id}, element {i}"),
                    slope.slope(),
                    want.tangent.value,
                )?;
            }
        }
    }
    Ok(())
}

/// The tangents of gradients when the inputs move. What a gradient could follow only through a step of the user's own (the factor
/// of a product, say) is refused by the engine, and its derivative is 0: such an input stays where it is.
fn second_forward<'g, T: Scalar>(
    gradients: &[Var<'g, T>],
    inputs: &[Var<'g, T>],
    along: &[Var<'g, T>],
) -> Result<Vec<Var<'g, T>>, Failure> {
    match jvp(gradients.to_vec(), inputs.to_vec(), along.to_vec()) {
        Err(error) if error.kind() == ErrorKind::Cut => {}
        result => return Ok(result?),
    }
    let mut moving = (Vec::new(), Vec::new());
    for (&x, &v) in inputs.iter().zip(along) {
        match jvp(gradients.to_vec(), x, v) {
            Err(error) if error.kind() == ErrorKind::Cut => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {
                moving.0.push(x);
                moving.1.push(v);
            }
        }
    }
    Ok(jvp(gradients.to_vec(), moving.0, moving.1)?)
}

/// The gradients of the gradients' products with directions; 0 where the engine refuses, as in [`second_forward`].
fn second_reverse<'g, T: Scalar>(
    gradients: &[Var<'g, T>],
    inputs: &[Var<'g, T>],
    along: &[Var<'g, T>],
) -> Result<Vec<Var<'g, T>>, Failure> {
    let products = gradients.iter().zip(along).map(|(&g, &v)| (g * v).sum());
    let Some(sum) = products.reduce(|a, b| a + b) else { return Ok(Vec::new()) };
    match sum.grad(inputs.to_vec()) {
        Err(error) if error.kind() == ErrorKind::Cut => {}
        result => return Ok(result?),
    }
    let one = |&x: &Var<'g, T>| match sum.grad(x) {
        Err(error) if error.kind() == ErrorKind::Cut => Ok(x.graph().full(x.shape()?, T::zero())),
        result => Ok(result?),
    };
    inputs.iter().map(one).collect()
}

/// A seed `2^k` times as large gives gradients that are `2^k` times as large, bit for bit.
///
/// # Errors
/// If not.
pub fn scaled_seeds<T: Scalar>(output: Var<'_, T>, inputs: &[Var<'_, T>]) -> Result<(), Failure> {
    let plain = output.grad(inputs.to_vec())?;
    for k in [-3, 2] {
        let scale = T::of(2_f64.powi(k));
        let scaled = output.vjp(scale, inputs.to_vec())?;
        for (i, (plain, scaled)) in plain.iter().zip(&scaled).enumerate() {
            let (plain, scaled) = (plain.value()?, scaled.value()?);
            for (&plain, &scaled) in plain.iter().zip(&scaled) {
                // Beyond the normal numbers, scaling itself rounds.
                let edge = |x: T| x != T::zero() && !x.is_normal();
                let fits =
                    same_number(scaled, plain * scale) || edge(plain * scale) || edge(plain) || edge(scaled);
                if !fits {
                    let text =
                        format!("a seed of 2^{k} gives {scaled:?} for input {i}, not 2^{k} times {plain:?}");
                    return Err(Failure::new(text));
                }
            }
        }
    }
    Ok(())
}

/// A seed of 0 gives gradients of 0.
///
/// # Errors
/// If not.
pub fn zero_seed<T: Scalar>(output: Var<'_, T>, inputs: &[Var<'_, T>]) -> Result<(), Failure> {
    for (i, gradient) in output.vjp(T::zero(), inputs.to_vec())?.into_iter().enumerate() {
        if let Some(x) = gradient.value()?.iter().find(|x| **x != T::zero()) {
            return Err(Failure::new(format!("a seed of 0 gives {x:?} for input {i}")));
        }
    }
    Ok(())
}

/// An input that the output does not depend on has a gradient of exact zeros.
///
/// # Errors
/// If not.
pub fn unused_input<T: Scalar>(output: Var<'_, T>) -> Result<(), Failure> {
    let unused = output.graph().full([2, 3], T::one());
    let gradient = output.grad(unused)?.value()?;
    if gradient.shape() != [2, 3] || gradient.iter().any(|x| *x != T::zero()) {
        return Err(Failure::new(format!("an input that is not used has the gradient {gradient}")));
    }
    Ok(())
}

/// `<J v, w> = <v, J' w>` for an output of any shape, a direction for each input and a seed: both products, which are the same
/// but for rounding.
///
/// # Errors
/// If the engine refuses one of them.
pub fn pairing<'g, T: Scalar>(
    output: Var<'g, T>,
    inputs: &[Var<'g, T>],
    directions: &[Var<'g, T>],
    seed: Var<'g, T>,
) -> Result<[T; 2], Failure> {
    let there = (jvp(output, inputs.to_vec(), directions.to_vec())? * seed).sum().item()?;
    let mut back = T::zero();
    for (cotangent, &direction) in output.vjp(seed, inputs.to_vec())?.into_iter().zip(directions) {
        back += (cotangent * direction).sum().item()?;
    }
    Ok([there, back])
}

/// A compiled program gives the same bits as `value()`.
///
/// # Errors
/// If not.
pub fn compiled<T: Scalar>(inputs: &[Var<'_, T>], outputs: &[Var<'_, T>]) -> Result<(), Failure> {
    let values: Vec<ArrayD<T>> = inputs.iter().map(|x| x.value()).collect::<Result<_, _>>()?;
    let mut program = Compiled::new(inputs.to_vec(), outputs.to_vec()).compile()?;
    let got = program.run(values)?;
    for (k, (got, want)) in got.iter().zip(outputs).enumerate() {
        let want = want.value()?;
        let different = got.iter().zip(&want).find(|(got, want)| !same_number(**got, **want));
        if let Some((got, want)) = different {
            let text = format!("compiled, result {k} is {got:?}, and interactively {want:?}");
            return Err(Failure::new(text));
        }
        same(|| format!("the shape of the compiled result {k}"), got.shape(), want.shape())?;
    }
    Ok(())
}

/// There is no derivative: none at all (an error), or zeros, where the user has cut the way.
fn no_gradient<T: Scalar>(output: Var<'_, T>, input: Var<'_, T>, path: Path) -> Result<(), Failure> {
    match (output.grad(input), path) {
        (Err(error), Path::Cut) if error.kind() == ErrorKind::Cut => Ok(()),
        (Ok(gradient), Path::None) => {
            let value = gradient.value()?;
            same(|| "the shape of a zero gradient".to_owned(), value.shape(), input.shape()?.as_slice())?;
            match value.iter().find(|x| **x != T::zero()) {
                Some(x) => Err(Failure::new(format!("the gradient is {x:?} where all is detached"))),
                None => Ok(()),
            }
        }
        (Ok(_), _) => Err(Failure::new("there is a gradient, though only steps lie between")),
        (Err(error), _) => Err(error.into()),
    }
}

/// One NaN is as good as another; otherwise the same bits.
fn same_number<T: Scalar>(a: T, b: T) -> bool {
    a.bits() == b.bits() || (a.is_nan() && b.is_nan())
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Result<Vec<f64>, Failure> {
    Ok(x.value()?.iter().map(|x| x.as_f64()).collect())
}

/// What the judging sweep does in its own way: guests, whose derivatives are differences, and matrices, whose error bounds are
/// those of the formulas.
fn judging<P: Precision>(
    call: &Call,
    operands: &[&Array<Dual<Dual<Bounded<P>>>>],
) -> Option<Array<Dual<Dual<Bounded<P>>>>> {
    match (call, operands) {
        (Call::Guest(guest), operands) => differences::guest(guest, operands),
        (Call::Inverse, &[a]) => Some(in_either_order([a], |[a]| Matrices::inverse(a))),
        (Call::Cholesky, &[a]) => Some(in_either_order([a], |[a]| Matrices::cholesky(a))),
        (Call::LogDet, &[a]) => Some(in_either_order([a], |[a]| Matrices::log_det(a))),
        (Call::Solve, &[a, b]) => Some(in_either_order([a, b], |[a, b]| Matrices::solve(a, b))),
        (Call::SolveTriangular(upper), &[a, b]) => {
            Some(in_either_order([a, b], |[a, b]| Matrices::solve(&triangle(a, *upper), b)))
        }
        _ => None,
    }
}

/// How a line acts on the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// Not at all, or only through `detach`.
    None,
    /// Only through operations that are constant between jumps.
    Cut,
    /// With a derivative.
    Open,
}

impl Program {
    /// How each line acts on the result.
    fn paths(&self) -> Vec<Path> {
        let mut paths = vec![Path::None; self.lines.len()];
        if let Some(last) = paths.last_mut() {
            *last = Path::Open;
        }
        for (id, line) in self.lines.iter().enumerate().rev() {
            if matches!(line.call, Call::Detach) {
                continue;
            }
            for (i, &operand) in line.operands.iter().enumerate() {
                let through = match (paths[id], line.call.cuts(i)) {
                    (Path::Open, true) => Path::Cut,
                    (path, _) => path,
                };
                if paths[operand] != Path::Open && through != Path::None {
                    paths[operand] = through;
                }
            }
        }
        paths
    }

    fn shape_of_leaf(&self, id: Id) -> Vec<usize> {
        match self.lines.get(id).map(|line| &line.call) {
            Some(Call::Leaf(value)) => value.shape().to_vec(),
            _ => Vec::new(),
        }
    }

    /// How an input moves.
    pub(super) fn direction(&self, id: Id) -> ArrayD<f64> {
        weights(&self.shape_of_leaf(id), 40 + id as u8)
    }

    /// All lines on the oracle with their derivatives: along `moves`, one for each leaf (`value.tangent`); by one element of a leaf
    /// (`tangent.value`); and by both.
    pub fn derivatives<T: Judged>(
        &self,
        moves: &[Array<f64>],
        element: Option<(Id, usize)>,
    ) -> Vec<Array<Second<T>>> {
        let leaves = self.leaves();
        let bounded = Bounded::<T::Rounding>::exact;
        let moved = |id: Id, value: Array<Second<T>>| {
            let Some(place) = leaves.iter().position(|&leaf| leaf == id) else { return value };
            let data = value.data.iter().zip(&moves[place].data).enumerate().map(|(i, (&x, &v))| Dual {
                value: Dual { value: x.value.value, tangent: bounded(v) },
                tangent: Dual {
                    value: bounded(if element == Some((id, i)) { 1.0 } else { 0.0 }),
                    tangent: bounded(0.0),
                },
            });
            Array { data: data.collect(), shape: value.shape.clone() }
        };
        self.evaluate(moved, &judging::<T::Rounding>)
    }
}
