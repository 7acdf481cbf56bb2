//! A row against its definition: value, both modes, all four ways to second derivatives, refusals, and single precision.

use chainrule::graph::{ErrorKind, Graph, Scalar, Var, jvp};

use super::{Engine, Random, Row};
use crate::build::array;
use crate::oracle::scalar::H;
use crate::oracle::{Arr, C, derivative};

/// Values, in proportion to the result plus what its rounded operands contribute.
const VALUE: (f64, f64) = (1e-14, 0.1);
/// First derivatives, in proportion to the sum of the absolute values of all terms.
const FIRST: (f64, f64) = (1e-13, 0.02);
/// Second derivatives, in proportion to the first and the second ones.
const SECOND: (f64, f64) = (2e-10, 0.05);
/// The differences must know the second derivatives at least this well.
const KNOWN: (f64, f64) = (2e-10, 0.05);
/// The units of roundoff that single precision may take for values and for gradients.
const SINGLE: [f64; 2] = [32.0, 128.0];

/// The largest error of each sort, in units of what is allowed.
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

/// One case of a row: its operands, a seed, directions, and the Jacobian of the definition.
struct Case<'a> {
    row: &'a Row,
    what: String,
    x: Vec<Arr<f64>>,
    /// Directions of the operands with derivatives; 0 for the others.
    v: Vec<Arr<f64>>,
    seed: Arr<f64>,
    y: Vec<f64>,
    /// For each element of each operand with derivatives, the derivatives of all results.
    columns: Vec<Vec<f64>>,
}

/// The definition at `x + t v`, with imaginary parts `H e`.
fn definition(row: &Row, x: &[Arr<f64>], v: &[Arr<f64>], t: f64, e: &[Arr<f64>]) -> Arr<C> {
    let operands: Vec<Arr<C>> = (0..x.len())
        .map(|i| {
            let data =
                (0..x[i].data.len()).map(|j| C::new(x[i].data[j] + t * v[i].data[j], H * e[i].data[j]));
            Arr { shape: x[i].shape.clone(), data: data.collect() }
        })
        .collect();
    (row.definition)(&operands)
}

fn zeros(x: &[Arr<f64>]) -> Vec<Arr<f64>> {
    x.iter().map(|x| Arr::zeros(&x.shape)).collect()
}

/// The columns of the Jacobian at `x + t v`.
fn columns(row: &Row, x: &[Arr<f64>], v: &[Arr<f64>], t: f64) -> Vec<Vec<f64>> {
    let mut columns = Vec::new();
    for i in (0..x.len()).filter(|&i| !row.inputs[i].cut) {
        for j in 0..x[i].data.len() {
            let mut unit = zeros(x);
            unit[i].data[j] = 1.0;
            columns.push(definition(row, x, v, t, &unit).data.iter().map(|y| y.im / H).collect());
        }
    }
    columns
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn absolute(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a * b).abs()).sum()
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Result<Vec<f64>, String> {
    Ok(x.value().map_err(|e| e.to_string())?.iter().map(|x| x.as_f64()).collect())
}

fn together<T: Scalar>(xs: &[Var<'_, T>]) -> Result<Vec<f64>, String> {
    let lists: Result<Vec<Vec<f64>>, String> = xs.iter().map(|&x| numbers(x)).collect();
    Ok(lists?.concat())
}

/// The largest error in units of `part` of the scale, which is at least this share of the largest one, and of 1.
fn near(
    what: &str,
    got: &[f64],
    want: &[f64],
    scale: &[f64],
    (part, share): (f64, f64),
) -> Result<f64, String> {
    if got.len() != want.len() {
        return Err(format!("{what}: {} elements, not {}", got.len(), want.len()));
    }
    let floor = share * scale.iter().copied().filter(|s| s.is_finite()).fold(1.0, f64::max);
    let mut worst = 0.0_f64;
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let same = g == w || (g.is_nan() && w.is_nan());
        let error = if same { 0.0 } else { (g - w).abs() / (part * scale[i].max(floor)) };
        // A NaN that only one has is no number, and so not below the bound either.
        if error.is_nan() || error > 1.0 {
            let all = format!("{got:?}\n  {want:?}");
            return Err(format!(
                "{what}: element {i} is {g}, not {w}: {error:.2} x what is allowed\n  {all}"
            ));
        }
        worst = worst.max(error);
    }
    Ok(worst)
}

impl<'a> Case<'a> {
    fn new(row: &'a Row, shapes: &[Vec<usize>], number: u64) -> Case<'a> {
        let mut random = Random(number.wrapping_mul(0x1234_5678_9abc_def1));
        let draws: Vec<_> =
            row.inputs.iter().zip(shapes).map(|(input, s)| (input.draw, s.as_slice())).collect();
        let x = random.operands(&draws);
        let y = definition(row, &x, &zeros(&x), 0.0, &zeros(&x));
        let seed = random.direction(&y.shape);
        let direction = |(input, x): (&super::Input, &Arr<f64>)| match input.cut {
            true => Arr::zeros(&x.shape),
            false => random.direction(&x.shape),
        };
        let v = row.inputs.iter().zip(&x).map(direction).collect();
        let columns = columns(row, &x, &zeros(&x), 0.0);
        let what = format!("{} {} of {shapes:?}, draw {number}", row.name, row.note);
        Case { row, what, x, v, seed, y: y.data.iter().map(|y| y.re).collect(), columns }
    }

    /// The elements of the operands with derivatives, or of their directions.
    fn flat(&self, of: &[Arr<f64>]) -> Vec<f64> {
        let smooth = of.iter().zip(&self.row.inputs).filter(|(_, input)| !input.cut);
        smooth.flat_map(|(x, _)| x.data.clone()).collect()
    }

    /// Row `j` of the Jacobian.
    fn derivatives(&self, j: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[j]).collect()
    }

    /// The value with its scale.
    fn value(&self) -> Vec<f64> {
        let x = self.flat(&self.x);
        self.y.iter().enumerate().map(|(j, y)| y.abs() + absolute(&self.derivatives(j), &x)).collect()
    }

    fn cotangent(&self) -> (Vec<f64>, Vec<f64>) {
        let term = |column: &Vec<f64>| (dot(column, &self.seed.data), absolute(column, &self.seed.data));
        self.columns.iter().map(term).unzip()
    }

    /// Runs it in `f64`.
    fn double(&self) -> Result<Worst, String> {
        let what = |part: &str| format!("{}: {part}", self.what);
        let mut worst = Worst::default();
        let graph = Graph::new();
        let all: Vec<Var<'_>> = self.x.iter().map(|x| graph.constant(array::<f64>(x))).collect();
        let y = (self.row.f64)(&graph, &all);
        let shape = y.shape().map_err(|e| what(&e.to_string()))?;
        if shape != self.seed.shape {
            return Err(what(&format!("shape {shape:?}, not {:?}", self.seed.shape)));
        }
        worst.value = near(&what("value"), &numbers(y)?, &self.y, &self.value(), VALUE)?;
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

        let v = self.flat(&self.v);
        let (want, scale): (Vec<f64>, Vec<f64>) = (0..self.y.len())
            .map(|j| (dot(&self.derivatives(j), &v), absolute(&self.derivatives(j), &v)))
            .unzip();
        let tangent = y.jvp(xs.clone(), vs.clone()).map_err(|e| fail("jvp", e))?;
        worst.first = near(&what("tangent"), &numbers(tangent)?, &want, &scale, FIRST)?;
        let (want, scale) = self.cotangent();
        let cotangents = y.vjp(seed, xs.clone()).map_err(|e| fail("vjp", e))?;
        for (x, cotangent) in xs.iter().zip(&cotangents) {
            if x.shape().ok() != cotangent.shape().ok() {
                return Err(what("a cotangent of another shape"));
            }
        }
        let error = near(&what("cotangent"), &together(&cotangents)?, &want, &scale, FIRST)?;
        worst.first = worst.first.max(error);

        let noise = vec![scale.iter().copied().fold(1e-3, f64::max); scale.len()];
        let moved = |t: f64| -> Vec<f64> {
            columns(self.row, &self.x, &self.v, t).iter().map(|c| dot(c, &self.seed.data)).collect()
        };
        let (second, known): (Vec<f64>, Vec<f64>) =
            derivative(1.0 / 256.0, &noise, moved).into_iter().unzip();
        let scale: Vec<f64> = scale.iter().zip(&second).map(|(s, d)| s + d.abs()).collect();
        near(&what("the oracle's own error"), &known, &vec![0.0; known.len()], &scale, KNOWN)?;
        let along =
            cotangents.iter().zip(&vs).map(|(&g, &v)| (g * v).sum()).reduce(|a, b| a + b).unwrap_or(seed);
        let ways = [
            ("reverse over reverse", along.grad(xs.clone())),
            ("forward over reverse", jvp(cotangents, xs.clone(), vs.clone())),
            ("reverse over forward", (tangent * seed).sum().grad(xs.clone())),
        ];
        for (way, got) in ways {
            let got = together(&got.map_err(|e| fail(way, e))?)?;
            worst.second = worst.second.max(near(&what(way), &got, &second, &scale, SECOND)?);
        }
        let twice = tangent.jvp(xs, vs).map_err(|e| fail("forward over forward", e))?;
        let got = [dot(&numbers(twice)?, &self.seed.data)];
        let error =
            near(&what("forward over forward"), &got, &[dot(&second, &v)], &[absolute(&scale, &v)], SECOND)?;
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
        let unit = f64::from(f32::EPSILON);
        let value = near(&what("value"), &numbers(y)?, &self.y, &self.value(), (SINGLE[0] * unit, 1e-3))?;
        let xs: Vec<_> = (0..all.len()).filter(|&i| !self.row.inputs[i].cut).map(|i| all[i]).collect();
        if xs.is_empty() {
            return Ok(value);
        }
        let seed = graph.constant(array::<f32>(&self.seed));
        let cotangents = y.vjp(seed, xs).map_err(|e| what(&e.to_string()))?;
        let (want, scale) = self.cotangent();
        Ok(value.max(near(
            &what("cotangent"),
            &together(&cotangents)?,
            &want,
            &scale,
            (SINGLE[1] * unit, 1e-3),
        )?))
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
            if crate::rows::DRAWN.contains(&row.name) {
                continue;
            }
            match case.single(row.f32) {
                Ok(error) => worst.single = worst.single.max(error),
                Err(failure) => failures.push(failure),
            }
        }
    }
    if failures.is_empty() { Ok(worst) } else { Err(failures.join("\n")) }
}
