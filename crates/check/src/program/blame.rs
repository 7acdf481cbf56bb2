//! Which operation is to blame for a wrong derivative.
//!
//! A derivative is put together of those of single operations. So each node between the inputs and the output is
//! recorded [again](Var::again) on leaves of its own, with the values that its operands have, and its derivative by each
//! operand is compared with differences of its value: forward mode, reverse mode, and both of the second order. The first
//! node that fails, in the order of recording, is named with the operand. Where all pass, the fault is in none of them
//! alone: in the sweep that puts them together, or in the value itself.
//!
//! Nothing here knows of random programs: any recorded graph can be searched.

use std::fmt;
use std::panic::Location;

use chainrule_graph::{Graph, Scalar, Var, jvp};
use ndarray::ArrayD;

/// How a derivative was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Way {
    /// A tangent, carried forward.
    Forward,
    /// A cotangent, carried back.
    Reverse,
    /// The tangent of a cotangent, where the operand with this number moves.
    ForwardOverReverse(usize),
    /// The cotangent of a cotangent, by the operand with this number.
    ReverseOverReverse(usize),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Forward => f.write_str("in forward mode"),
            Way::Reverse => f.write_str("in reverse mode"),
            Way::ForwardOverReverse(i) => {
                write!(f, "of second order (with operand {i}), forward over reverse")
            }
            Way::ReverseOverReverse(i) => {
                write!(f, "of second order (with operand {i}), reverse over reverse")
            }
        }
    }
}

/// An operation whose derivative is not the derivative of its value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Blame {
    /// The number of the node on the tape.
    pub node: usize,
    /// The operation, as errors call it.
    pub operation: String,
    /// By which of its operands the derivative is wrong, counted from 0.
    pub operand: usize,
    /// In which mode and order.
    pub way: Way,
    /// What the rule gives.
    pub got: f64,
    /// What differences of the value give.
    pub want: f64,
    /// The line that recorded the node.
    pub location: &'static Location<'static>,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Blame { node, operation, operand, way, got, want, location } = self;
        write!(f, "the derivative of `{operation}` (node {node}) by operand {operand} is wrong {way}: ")?;
        write!(f, "{got:e}, and differences of its value give {want:e}\n  --> {location}")
    }
}

/// The first operation between the inputs and the output whose own derivative is wrong, or none.
///
/// The search appends nodes to the graph, a few for each node that it tests. Operations that have no derivative by an
/// operand (a rounding, an index), and `detach`, are passed over for that operand.
///
/// ```
/// use chainrule_check::program::blame;
/// use chainrule_graph::{CustomOp, Graph, LinearMap, Var};
/// use ndarray::{ArrayD, ArrayViewD};
///
/// /// `x³` with a factor of 2 that should be 3.
/// struct Cube;
///
/// impl CustomOp<f64> for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
///         Ok(operands[0].to_vec())
///     }
///     fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
///         Ok(operands[0].mapv(|x| x * x * x))
///     }
///     fn derivative<'g>(&self, _: usize, operands: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
///         LinearMap::diag(operands[0].square() * 2.0)
///     }
///     fn cuts(&self, _: usize) -> bool {
///         false
///     }
/// }
///
/// let graph = Graph::new();
/// let x = graph.variable("x", [0.5, -1.5]);
/// let y = graph.custom(Cube, [x.exp()]).sum();
/// let guilty = blame(y, &[x]).expect("the rule of the cube is wrong");
/// assert_eq!((guilty.operation.as_str(), guilty.operand), ("cube", 0));
/// ```
pub fn blame<'g, T: Scalar>(output: Var<'g, T>, inputs: &[Var<'g, T>]) -> Option<Blame> {
    between(output, inputs).into_iter().find_map(|(node, operands)| examine(node, &operands))
}

/// The nodes between, in the order of recording, with the numbers of their operands through which the inputs act.
fn between<'g, T: Scalar>(output: Var<'g, T>, inputs: &[Var<'g, T>]) -> Vec<(Var<'g, T>, Vec<usize>)> {
    let graph = output.graph();
    let nodes: Vec<Var<'g, T>> = graph.nodes().take(output.number() + 1).collect();
    let mut moved = vec![false; nodes.len()];
    for input in inputs {
        if let Some(flag) = moved.get_mut(input.number()) {
            *flag = true;
        }
    }
    let mut candidates = Vec::new();
    for node in &nodes {
        let operands: Vec<usize> = node.operands().iter().map(|x| x.number()).collect();
        let through: Vec<usize> = (0..operands.len())
            .filter(|&i| operands.get(i).and_then(|&number| moved.get(number)) == Some(&true))
            .collect();
        if !through.is_empty() {
            if let Some(flag) = moved.get_mut(node.number()) {
                *flag = true;
            }
            candidates.push((*node, operands, through));
        }
    }
    let mut needed = vec![false; nodes.len()];
    if let Some(last) = needed.last_mut() {
        *last = true;
    }
    for (node, operands, _) in candidates.iter().rev() {
        if needed.get(node.number()) == Some(&true) {
            for &number in operands {
                if let Some(flag) = needed.get_mut(number) {
                    *flag = true;
                }
            }
        }
    }
    let kept = candidates.into_iter().filter(|(node, ..)| needed.get(node.number()) == Some(&true));
    kept.map(|(node, _, through)| (node, through)).collect()
}

fn examine<T: Scalar>(node: Var<'_, T>, through: &[usize]) -> Option<Blame> {
    if node.operation() == "detach" {
        return None;
    }
    let operands: Option<Vec<ArrayD<T>>> = node.operands().iter().map(|x| x.value().ok()).collect();
    let alone = Alone { node, operands: operands? };
    let result = node.value().ok()?;
    if result.is_empty() {
        return None;
    }
    let weights = spread::<T>(result.shape(), 7);
    let examine = |alone: &Alone<'_, T>| {
        through.iter().find_map(|&i| alone.first(i, &weights).or_else(|| alone.second(i, through, &weights)))
    };
    // A rule may be right at these very values (where the operands are equal, and it reads the wrong one), so near them too.
    let moved = |(k, x): (usize, &ArrayD<T>)| {
        if through.contains(&k) {
            x + &spread::<T>(x.shape(), 3 + 2 * k).mapv(|d| d * T::of(1.0 / 64.0))
        } else {
            x.clone()
        }
    };
    let near = Alone { node, operands: alone.operands.iter().enumerate().map(moved).collect() };
    examine(&alone).or_else(|| examine(&near))
}

/// A node, and the values of its operands.
struct Alone<'g, T: Scalar> {
    node: Var<'g, T>,
    operands: Vec<ArrayD<T>>,
}

/// A derivative by differences: one number each, and how far it can be trusted.
struct Known {
    low: f64,
    high: f64,
    error: f64,
}

impl<'g, T: Scalar> Alone<'g, T> {
    fn graph(&self) -> &'g Graph<T> {
        self.node.graph()
    }

    /// The node on leaves of its own, with operand `j` moved by `t` along a direction.
    fn record(&self, moved: Option<(usize, &ArrayD<T>, f64)>) -> (Vec<Var<'g, T>>, Var<'g, T>) {
        let leaves: Vec<Var<'g, T>> = (0_usize..)
            .zip(&self.operands)
            .map(|(k, value)| match moved {
                Some((j, direction, t)) if j == k => {
                    self.graph().constant(value + &direction.mapv(|d| d * T::of(t)))
                }
                _ => self.graph().constant(value),
            })
            .collect();
        let y = self.node.again(leaves.iter().copied());
        (leaves, y)
    }

    fn cotangent(
        &self,
        i: usize,
        weights: &ArrayD<T>,
        moved: Option<(usize, &ArrayD<T>, f64)>,
    ) -> Option<Numbers> {
        let (leaves, y) = self.record(moved);
        numbers(y.vjp(weights, *leaves.get(i)?).ok()?)
    }

    fn direction(&self, i: usize, step: usize) -> Option<ArrayD<T>> {
        let direction = spread(self.operands.get(i)?.shape(), step);
        // Of a symmetric matrix, `cholesky` reads one triangle: it may only move as a symmetric one.
        if self.node.operation() == "cholesky" && direction.ndim() == 2 {
            return Some((&direction + &direction.t()).mapv(|x| x * T::of(0.5)));
        }
        Some(direction)
    }

    /// Of first order by operand `i`, in both modes.
    fn first(&self, i: usize, weights: &ArrayD<T>) -> Option<Blame> {
        for step in [3, 5] {
            let direction = self.direction(i, step)?;
            let (leaves, y) = self.record(None);
            let (leaf, along) = (*leaves.get(i)?, self.graph().constant(&direction));
            // Refused where there is no derivative by this operand.
            let tangent = numbers(jvp(y, leaf, along).ok()?)?;
            let wanted = differences::<T>(|t| numbers(self.record(Some((i, &direction, t))).1))?;
            let scale = wanted.iter().fold(1.0_f64, |scale, known| scale.max(known.low.abs()));
            if let Some((got, want)) = disagreement::<T>(&tangent, &wanted, scale) {
                return Some(self.blame(i, Way::Forward, got, want));
            }
            let cotangent = self.cotangent(i, weights, None)?;
            let back = dot(&cotangent, &flat(&direction));
            // Forward mode has just been found right, and is sharper than the differences.
            let there = dot(&tangent, &flat(weights));
            let size = cotangent.iter().chain(&tangent).map(|x| x.abs()).sum::<f64>();
            let apart = (back - there).abs();
            // NaN is apart, too.
            if apart.is_nan() || apart > 1e4 * epsilon::<T>() * (1.0 + size) {
                return Some(self.blame(i, Way::Reverse, back, there));
            }
        }
        None
    }

    /// Of second order by operand `i` and another one.
    fn second(&self, i: usize, through: &[usize], weights: &ArrayD<T>) -> Option<Blame> {
        let probe = self.direction(i, 3)?;
        for &j in through {
            let direction = self.direction(j, 5)?;
            let Some(wanted) = differences::<T>(|t| self.cotangent(i, weights, Some((j, &direction, t))))
            else {
                continue;
            };
            let scale = wanted.iter().fold(1.0_f64, |scale, known| scale.max(known.low.abs()));
            let (leaves, y) = self.record(None);
            let (leaf, other) = (*leaves.get(i)?, *leaves.get(j)?);
            let first = y.vjp(weights, leaf).ok()?;
            let tangent = jvp(first, other, self.graph().constant(&direction)).ok();
            if let Some(tangent) = tangent.and_then(numbers)
                && let Some((got, want)) = disagreement::<T>(&tangent, &wanted, scale)
            {
                return Some(self.blame(i, Way::ForwardOverReverse(j), got, want));
            }
            let along = (first * self.graph().constant(&probe)).sum();
            let back = along.grad(other).ok().and_then(numbers);
            if let Some(back) = back {
                let got = dot(&back, &flat(&direction));
                let sum = |f: fn(&Known) -> f64| wanted.iter().zip(flat(&probe)).map(|(k, p)| f(k) * p).sum();
                let size = flat(&probe).iter().map(|p| p.abs()).sum::<f64>();
                let error =
                    wanted.iter().zip(flat(&probe)).map(|(k, p)| (k.error + k.high - k.low) * p.abs());
                let known = Known { low: sum(|k| k.low), high: sum(|k| k.low), error: error.sum() };
                if let Some((got, want)) = disagreement::<T>(&[got], &[known], scale * size.max(1.0)) {
                    return Some(self.blame(i, Way::ReverseOverReverse(j), got, want));
                }
            }
        }
        None
    }

    fn blame(&self, operand: usize, way: Way, got: f64, want: f64) -> Blame {
        Blame {
            node: self.node.number(),
            operation: self.node.operation(),
            operand,
            way,
            got,
            want,
            location: self.node.location(),
        }
    }
}

type Numbers = Vec<f64>;

fn flat<T: Scalar>(x: &ArrayD<T>) -> Numbers {
    x.iter().map(|x| x.as_f64()).collect()
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Option<Numbers> {
    x.value().ok().map(|x| flat(&x))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn epsilon<T: Scalar>() -> f64 {
    T::epsilon().as_f64()
}

/// Numbers without a pattern, none of them 0.
fn spread<T: Scalar>(shape: &[usize], step: usize) -> ArrayD<T> {
    let mut number = 0;
    ArrayD::from_shape_simple_fn(shape, || {
        number += 1;
        T::of(((number * step % 11) as f64 - 5.5) / 4.0)
    })
}

/// The first element that is not what differences give.
fn disagreement<T: Scalar>(got: &[f64], wanted: &[Known], scale: f64) -> Option<(f64, f64)> {
    let tolerance = epsilon::<T>().powf(0.4) * scale;
    got.iter().zip(wanted).find_map(|(&got, known)| {
        let allowed = 10.0 * known.error + tolerance;
        // Where differences are not finite, nothing is known.
        let blank = !known.low.is_finite() || !known.high.is_finite() || !known.error.is_finite();
        let fits = got >= known.low - allowed && got <= known.high + allowed;
        (!blank && !fits).then_some((got, 0.5 * (known.low + known.high)))
    })
}

/// The derivatives of `f` at 0: central differences with steps `h`, `h/2` and `h/4`, extrapolated to step 0 (Richardson); where
/// the slopes to the right and to the left do not approach each other, all between them.
fn differences<T: Scalar>(f: impl Fn(f64) -> Option<Numbers>) -> Option<Vec<Known>> {
    let step = 2_f64.powi((epsilon::<T>().log2() / 6.0).round() as i32);
    let middle = f(0.0)?;
    let points = [step, step / 2.0, step / 4.0];
    let sides: Option<Vec<(Numbers, Numbers)>> = points.iter().map(|&h| Some((f(h)?, f(-h)?))).collect();
    let sides = sides?;
    let known = middle.iter().enumerate().map(|(k, &here)| {
        let at = |side: &Numbers| side.get(k).copied().unwrap_or(f64::NAN);
        let slopes: Vec<(f64, f64)> = sides
            .iter()
            .zip(points)
            .map(|((right, left), h)| ((at(right) - here) / h, (here - at(left)) / h))
            .collect();
        let [a, b, c] = [0, 1, 2].map(|i| slopes.get(i).map_or(f64::NAN, |(r, l)| 0.5 * (r + l)));
        let (ab, bc) = (b + (b - a) / 3.0, c + (c - b) / 3.0);
        let best = bc + (bc - ab) / 15.0;
        let rounding = epsilon::<T>() * (1.0 + here.abs()) / step * 8.0;
        let [jump, finer] = [1, 2].map(|i| slopes.get(i).map_or(0.0, |(r, l)| r - l));
        // Of a jump, they grow as the step shrinks.
        if c.abs() > 1.5 * a.abs() && c.abs() > 1.2 * b.abs() && (c - b).abs() > 1e3 * rounding {
            return Known { low: best, high: best, error: f64::INFINITY };
        }
        // A smooth function's jump is halved with the step.
        if finer.abs() > 0.75 * jump.abs() && finer.abs() > 1e3 * rounding {
            let (r, l) = slopes.get(2).copied().unwrap_or_default();
            return Known { low: r.min(l), high: r.max(l), error: finer.abs() * 0.01 };
        }
        Known { low: best, high: best, error: (best - bc).abs() + rounding }
    });
    Some(known.collect())
}
