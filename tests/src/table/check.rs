//! A row against its definition: value, both modes, all four ways to second derivatives, refusals, and single precision. The bounds
//! are the oracle's, one for each number: what rounding can have done to it, and no more.

use chainrule::graph::{ErrorKind, Graph, Scalar, Var, jvp};
use chainrule_oracle::{Array, Bounded, Complex, Dual, Number, Precision};

use super::{Engine, Random, Row};
use crate::oracle::{Of, array};

/// Complex arithmetic rounds a few times more than real arithmetic.
const STEP: f64 = 8.0;

/// The largest error of each sort, in parts of what is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst {
    /// Of values.
    pub value: f64,
    /// Of tangents and cotangents.
    pub first: f64,
    /// Of second derivatives, in all four ways.
    pub second: f64,
    /// Of single precision.
    pub single: f64,
}

impl Worst {
    /// The larger ones.
    #[must_use]
    pub fn or(self, other: Worst) -> Worst {
        Worst {
            value: self.value.max(other.value),
            first: self.first.max(other.first),
            second: self.second.max(other.second),
            single: self.single.max(other.single),
        }
    }
}

/// One case of a row: its operands, directions for them, and a seed for the result.
struct Case<'a> {
    row: &'a Row,
    what: String,
    x: Vec<Array>,
    /// Directions of the operands with derivatives; 0 for the others.
    v: Vec<Array>,
    seed: Array,
}

/// A value and its derivative along a direction, neither of them rounded.
fn dual<P: Precision>(x: f64, v: f64) -> Dual<Bounded<P>> {
    Dual { value: Bounded::exact(x), tangent: Bounded::exact(v) }
}

/// `Σ s y`
fn weighted<N: Number>(y: &Array<N>, seed: &Array) -> N {
    N::sum(&y.zip(&Array::<N>::of(seed), |y, s| y * s).data)
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Result<Vec<f64>, String> {
    Ok(x.value().map_err(|e| e.to_string())?.iter().map(|x| x.as_f64()).collect())
}

fn together<T: Scalar>(xs: &[Var<'_, T>]) -> Result<Vec<f64>, String> {
    let lists: Result<Vec<Vec<f64>>, String> = xs.iter().map(|&x| numbers(x)).collect();
    Ok(lists?.concat())
}

/// The largest error in parts of what is allowed.
fn near<P: Precision>(what: &str, got: &[f64], want: &[Bounded<P>], times: f64) -> Result<f64, String> {
    if got.len() != want.len() {
        return Err(format!("{what}: {} elements, not {}", got.len(), want.len()));
    }
    let mut worst = 0.0_f64;
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        let part = want.distance(got) / times;
        if part > 1.0 {
            let (value, error) = (want.value, want.error);
            return Err(format!(
                "{what}: element {i} is {got:e}, not {value:e} ± {error:e}: {part:.2} x what is allowed"
            ));
        }
        worst = worst.max(part);
    }
    Ok(worst)
}

impl<'a> Case<'a> {
    fn new(row: &'a Row, shapes: &[Vec<usize>], number: u64) -> Case<'a> {
        let mut random = Random(number.wrapping_mul(0x1234_5678_9abc_def1));
        let draws: Vec<_> =
            row.inputs.iter().zip(shapes).map(|(input, s)| (input.draw, s.as_slice())).collect();
        let x = random.operands(&draws);
        let seed = random.direction(&(row.definition.plain)(&x).shape);
        let direction = |(input, x): (&super::Input, &Array)| match input.cut {
            true => Array::zeros(&x.shape),
            false => random.direction(&x.shape),
        };
        let v = row.inputs.iter().zip(&x).map(direction).collect();
        let what = format!("{} {} of {shapes:?}, draw {number}", row.name, row.note);
        Case { row, what, x, v, seed }
    }

    /// The definition, of elements made of the place, the value and the direction.
    fn at<N: Number>(&self, of: Of<N>, element: impl Fn((usize, usize), f64, f64) -> N) -> Array<N> {
        let operand = |(i, x): (usize, &Array)| {
            let pairs = x.data.iter().zip(&self.v[i].data).enumerate();
            Array { shape: x.shape.clone(), data: pairs.map(|(j, (&x, &v))| element((i, j), x, v)).collect() }
        };
        of(&self.x.iter().enumerate().map(operand).collect::<Vec<_>>())
    }

    /// For each element of each operand with derivatives.
    fn by_element<R>(&self, f: impl Fn(&dyn Fn((usize, usize)) -> f64) -> R) -> Vec<R> {
        let smooth = (0..self.x.len()).filter(|&i| !self.row.inputs[i].cut);
        let places = smooth.flat_map(|i| (0..self.x[i].data.len()).map(move |j| (i, j)));
        places.map(|place| f(&|here| f64::from(u8::from(here == place)))).collect()
    }

    fn cotangent<P: Precision>(&self, of: Of<Dual<Bounded<P>>>) -> Vec<Bounded<P>> {
        self.by_element(|unit| weighted(&self.at(of, |place, x, _| dual(x, unit(place))), &self.seed).tangent)
    }

    /// The derivatives of the cotangents along the directions.
    fn second(&self) -> Vec<Bounded> {
        self.by_element(|unit| {
            let element = |place, x, v| Dual {
                value: dual(x, v),
                tangent: Dual::constant(Bounded::exact(unit(place))),
            };
            weighted(&self.at(self.row.definition.second, element), &self.seed).tangent.tangent
        })
    }

    /// Runs it in `f64`.
    fn double(&self) -> Result<Worst, String> {
        let what = |part: &str| format!("{}: {part}", self.what);
        let definition = &self.row.definition;
        let mut worst = Worst::default();
        let graph = Graph::new();
        let all: Vec<Var<'_>> = self.x.iter().map(|x| graph.constant(array::<f64>(x))).collect();
        let y = (self.row.f64)(&graph, &all);
        let shape = y.shape().map_err(|e| what(&e.to_string()))?;
        if shape != self.seed.shape {
            return Err(what(&format!("shape {shape:?}, not {:?}", self.seed.shape)));
        }
        let along = self.at(definition.first, |_, x, v| dual(x, v)).data;
        let values: Vec<Bounded> = along.iter().map(|y| y.value).collect();
        worst.value = near(&what("value"), &numbers(y)?, &values, 1.0)?;
        self.refusals(y, &all)?;
        let smooth = |i: &usize| !self.row.inputs[*i].cut;
        let xs: Vec<Var<'_>> = (0..all.len()).filter(smooth).map(|i| all[i]).collect();
        if xs.is_empty() {
            return Ok(worst);
        }
        let vs: Vec<Var<'_>> =
            (0..all.len()).filter(smooth).map(|i| graph.constant(array::<f64>(&self.v[i]))).collect();
        let seed = graph.constant(array::<f64>(&self.seed));
        let fail = |part: &str, e: chainrule::graph::Error| what(&format!("{part}: {e}"));

        let tangents: Vec<Bounded> = along.iter().map(|y| y.tangent).collect();
        // the step has an error of the order of its square: felt where the derivative is exactly 0, as that of a cube at 0
        let slope = |y: &Complex| if y.slope().abs() < 1e-140 { 0.0 } else { y.slope() };
        let steps: Vec<f64> =
            self.at(definition.step, |_, x, v| Complex::along(x, v)).data.iter().map(slope).collect();
        near(&what("the oracle's own tangent"), &steps, &tangents, STEP)?;
        let tangent = y.jvp(xs.clone(), vs.clone()).map_err(|e| fail("jvp", e))?;
        worst.first = near(&what("tangent"), &numbers(tangent)?, &tangents, 1.0)?;
        let cotangents = y.vjp(seed, xs.clone()).map_err(|e| fail("vjp", e))?;
        for (x, cotangent) in xs.iter().zip(&cotangents) {
            if x.shape().ok() != cotangent.shape().ok() {
                return Err(what("a cotangent of another shape"));
            }
        }
        let want = self.cotangent(definition.first);
        worst.first = worst.first.max(near(&what("cotangent"), &together(&cotangents)?, &want, 1.0)?);

        let second = self.second();
        let along =
            cotangents.iter().zip(&vs).map(|(&g, &v)| (g * v).sum()).reduce(|a, b| a + b).unwrap_or(seed);
        let ways = [
            ("reverse over reverse", along.grad(xs.clone())),
            ("forward over reverse", jvp(cotangents, xs.clone(), vs.clone())),
            ("reverse over forward", (tangent * seed).sum().grad(xs.clone())),
        ];
        for (way, got) in ways {
            let got = together(&got.map_err(|e| fail(way, e))?)?;
            worst.second = worst.second.max(near(&what(way), &got, &second, 1.0)?);
        }
        let twice = tangent.jvp(xs, vs).map_err(|e| fail("forward over forward", e))?;
        let element = |_, x, v| Dual { value: dual(x, v), tangent: Dual::constant(Bounded::exact(v)) };
        let want: Vec<Bounded> =
            self.at(definition.second, element).data.iter().map(|y| y.tangent.tangent).collect();
        let error = near(&what("forward over forward"), &numbers(twice)?, &want, 1.0)?;
        worst.second = worst.second.max(error);
        Ok(worst)
    }

    /// An operand without a derivative: asked for alone, an error; beside another way, nothing.
    fn refusals(&self, y: Var<'_>, all: &[Var<'_>]) -> Result<(), String> {
        for (i, &x) in all.iter().enumerate().filter(|(i, _)| self.row.inputs[*i].cut) {
            let kinds = [
                y.vjp(1.0, [x]).err().map(|e| e.kind()),
                y.jvp([x], [x]).err().map(|e| e.kind()),
                y.sum().grad(x).err().map(|e| e.kind()),
            ];
            if kinds != [Some(ErrorKind::Cut); 3] {
                return Err(format!("{}: operand {i} is not refused: {kinds:?}", self.what));
            }
            let beside = (y.sum() + x.sum()).grad(x).map_err(|e| format!("{}: {e}", self.what))?;
            if numbers(beside)?.iter().any(|&d| d != 1.0) {
                return Err(format!("{}: operand {i} adds to the gradient of its sum", self.what));
            }
        }
        Ok(())
    }

    /// Value and gradient in single precision.
    fn single(&self, engine: Engine<f32>) -> Result<f64, String> {
        let graph = Graph::<f32>::default();
        let all: Vec<Var<'_, f32>> = self.x.iter().map(|x| graph.constant(array::<f32>(x))).collect();
        let y = engine(&graph, &all);
        let what = |part: &str| format!("{}: {part} in f32", self.what);
        let single = self.row.definition.single;
        let values: Vec<_> = self.at(single, |_, x, _| dual(x, 0.0)).data.iter().map(|y| y.value).collect();
        let value = near(&what("value"), &numbers(y)?, &values, 1.0)?;
        let xs: Vec<_> = (0..all.len()).filter(|&i| !self.row.inputs[i].cut).map(|i| all[i]).collect();
        if xs.is_empty() {
            return Ok(value);
        }
        let seed = graph.constant(array::<f32>(&self.seed));
        let cotangents = y.vjp(seed, xs).map_err(|e| what(&e.to_string()))?;
        let want = self.cotangent(single);
        Ok(value.max(near(&what("cotangent"), &together(&cotangents)?, &want, 1.0)?))
    }
}

/// All cases of a row.
///
/// # Errors
/// What is wrong, a line or more for each case.
pub fn check(row: &Row) -> Result<Worst, String> {
    let (mut worst, mut failures) = (Worst::default(), Vec::new());
    for shapes in &row.shapes {
        for number in 1..=3 {
            let case = Case::new(row, shapes, number);
            match case.double() {
                Ok(errors) => worst = worst.or(errors),
                Err(failure) => failures.push(failure),
            }
            match case.single(row.f32) {
                Ok(error) => worst.single = worst.single.max(error),
                Err(failure) => failures.push(failure),
            }
        }
    }
    if failures.is_empty() { Ok(worst) } else { Err(failures.join("\n")) }
}
