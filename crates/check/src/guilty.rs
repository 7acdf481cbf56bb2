//! Which operation makes a derivative wrong.
//!
//! A tape is a list of operations whose derivatives are multiplied; if the product is wrong, one of them is. So each operation
//! between the inputs and the outputs is looked at alone: recorded [again](Var::again) on leaves of its own, with the values that
//! its operands had, where its derivative by each operand is compared with differences of its value, in both modes. What makes a
//! derivative of a derivative wrong may be an operation that the first derivative consists of, or one whose rule is
//! right in first order only; so the second order is looked at for every pair of operands. The first one that fails is named.
//! Where all pass, the fault is in none of them alone: in the sweep that puts them together, or in the value itself.
//!
//! Nothing here knows where a tape comes from: a closure that is tested, a random program, a graph of the user's.

use std::fmt;
use std::panic::Location;

use chainrule_graph::{Graph, Scalar, Var, vjp};
use ndarray::ArrayD;

use crate::failure::{Cause, Mismatch, Mode};
use crate::point::Point;
use crate::random::Random;
use crate::recorded::{Alone, differentiated};
use crate::reference::Tape;
use crate::settings::Settings;
use crate::source;
use crate::subject::{Run, Step, Subject, Trouble, caught, moving};

/// An operation whose own derivative is wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Guilty {
    /// The number of the node on the tape.
    pub node: usize,
    /// Its name, as errors call it.
    pub operation: String,
    /// With respect to which operand its derivative is wrong, counted from 0.
    pub operand: usize,
    /// The line that recorded it.
    pub location: &'static Location<'static>,
    /// The operation alone, as Rust that shows the mistake.
    pub rust: String,
    /// What its derivative gives, and what it should be. Of second order, the place is where the operand is that moves.
    pub mismatch: Mismatch,
}

impl fmt::Display for Guilty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "guilty: `{}`, its derivative by operand {}", self.operation, self.operand)?;
        writeln!(f, "  --> {}", self.location)?;
        for line in self.rust.lines() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// The first operation between the inputs and the output whose own derivative is wrong, or none: the way to search a graph by
/// hand. (A test that fails has searched already: [`Failure::guilty`](crate::Failure::guilty).)
///
/// First and second order are looked at. A `detach` is named if the gradients would be others without it. The search appends
/// nodes to the graph, a few for each node that it looks at.
///
/// ```
/// use chainrule_check::guilty;
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
/// let found = guilty(y, &[x]).expect("the rule of the cube is wrong");
/// assert_eq!((found.operation.as_str(), found.operand), ("cube", 0));
/// assert!(guilty(x.exp().sum(), &[x]).is_none());
/// ```
pub fn guilty<'g, T: Scalar>(output: Var<'g, T>, inputs: &[Var<'g, T>]) -> Option<Guilty> {
    let search = Search { graph: output.graph(), inputs, outputs: &[output], order: 2 };
    search.rule().or_else(|| search.cut())
}

/// Looks at every operation between `inputs` and `outputs`, which are `depth` times differentiated.
pub(crate) fn search<'g, T: Scalar>(
    graph: &'g Graph<T>,
    inputs: &[Var<'g, T>],
    outputs: &[Var<'g, T>],
    depth: usize,
    fixed: &[bool],
) -> Option<Guilty> {
    let inputs: Vec<Var<'g, T>> = moving(inputs, fixed).copied().collect();
    let search = Search { graph, inputs: &inputs, outputs, order: depth + 1 };
    search.rule().or_else(|| search.cut())
}

/// Up to how many elements of an operand, each is moved alone.
const FEW: usize = 4;

/// How many nodes are looked at: enough for a network, and an end for a tape of a million.
const MOST: usize = 20_000;

/// What is searched, and up to which order.
pub(crate) struct Search<'a, 'g, T: Scalar> {
    pub(crate) graph: &'g Graph<T>,
    pub(crate) inputs: &'a [Var<'g, T>],
    pub(crate) outputs: &'a [Var<'g, T>],
    pub(crate) order: usize,
}

impl<'g, T: Scalar> Search<'_, 'g, T> {
    /// The first operation whose rule is wrong.
    pub(crate) fn rule(&self) -> Option<Guilty> {
        let suspects = self.suspects();
        // A rule may be right at these very values (where the operands are equal, and it reads the wrong one), so near them too.
        for near in [false, true] {
            for order in [1, self.order].into_iter().take(self.order) {
                // The orders of what is a derivative itself are those of what it was derived from.
                let looked_at = suspects.iter().filter(|suspect| {
                    suspect.node.operation() != "detach"
                        && (order == 1 || suspect.node.derived_from().is_none())
                });
                if let Some(guilty) = looked_at.into_iter().find_map(|suspect| suspect.wrong(order, near)) {
                    return Some(guilty);
                }
            }
        }
        None
    }

    /// `detach` is wrong on purpose. The one that matters is the one without which the gradients are others.
    pub(crate) fn cut(&self) -> Option<Guilty> {
        let suspects = self.suspects().into_iter().filter(|suspect| suspect.node.operation() == "detach");
        let nodes: Vec<Var<'g, T>> = self.graph.nodes().collect();
        let matters = |node| matters(&nodes, node, self.inputs, self.outputs) == Some(true);
        suspects.filter(|suspect| matters(suspect.node)).find_map(|suspect| suspect.wrong(1, false))
    }

    /// The operations between, in the order of recording.
    fn suspects(&self) -> Vec<Suspect<'g, T>> {
        let nodes: Vec<Var<'g, T>> = self.graph.nodes().collect();
        let (mut moved, mut needed) = (vec![false; nodes.len()], vec![false; nodes.len()]);
        let mark = |flags: &mut [bool], node: Var<'g, T>| {
            if let Some(flag) = flags.get_mut(node.number()) {
                *flag = true;
            }
        };
        let is = |flags: &[bool], node: Var<'g, T>| flags.get(node.number()) == Some(&true);
        self.inputs.iter().for_each(|x| mark(&mut moved, *x));
        self.outputs.iter().for_each(|y| mark(&mut needed, *y));
        for &node in nodes.iter().rev() {
            if is(&needed, node) {
                node.operands().into_iter().for_each(|x| mark(&mut needed, x));
                // A derivative may not need the value of what it is the derivative of.
                node.derived_from().into_iter().for_each(|x| mark(&mut needed, x));
            }
        }
        let mut suspects = Vec::new();
        for node in nodes {
            let operands = (0_usize..).zip(node.operands());
            let through: Vec<usize> = operands.filter(|(_, x)| is(&moved, *x)).map(|(i, _)| i).collect();
            if !through.is_empty() {
                mark(&mut moved, node);
                if is(&needed, node) {
                    suspects.push(Suspect { node, through });
                }
            }
        }
        suspects.truncate(MOST);
        suspects
    }
}

/// An operation, and the numbers of the operands through which the inputs act.
struct Suspect<'g, T: Scalar> {
    node: Var<'g, T>,
    through: Vec<usize>,
}

impl<'g, T: Scalar> Suspect<'g, T> {
    /// Whether its derivative of this order is wrong, at the values of its operands or near them.
    fn wrong(&self, order: usize, near: bool) -> Option<Guilty> {
        let operands = self.node.operands();
        let mut values: Vec<ArrayD<T>> = operands.iter().map(|x| x.value().ok()).collect::<Option<_>>()?;
        if near {
            let mut random = Random(3);
            for i in &self.through {
                let Some(x) = values.get_mut(*i) else { continue };
                *x += &random.array::<T>(x.shape()).mapv(|d| d * T::of(1.0 / 64.0));
            }
        }
        let shape = self.node.shape().ok()?;
        self.through.iter().find_map(|&by| {
            let mismatch = match order {
                // Refused where there is no derivative by this operand: then nothing is wrong with it.
                1 => judge(&Alone { node: self.node }, &values, by, 1)?,
                _ => {
                    let slope = Slope { node: self.node, by, cotangent: weights(&shape) };
                    let mut found =
                        self.through.iter().find_map(|&i| judge(&slope, &values, i, order - 1))?;
                    found.modes.push(Mode::Reverse);
                    found
                }
            };
            Some(Guilty {
                node: self.node.number(),
                operation: self.node.operation(),
                operand: by,
                location: self.node.location(),
                rust: source::operation(self.node, &values, by, &mismatch),
                mismatch,
            })
        })
    }
}

/// Numbers without a pattern: no neighbours are equal, and no few of them add up to 0. (Of a softmax, equal weights have no
/// gradient; of its logarithm, those that add up to 0 have a constant one.)
fn weights<T: Scalar>(shape: &[usize]) -> ArrayD<T> {
    let mut number = 0_u32;
    ArrayD::from_shape_simple_fn(shape, || {
        number = (number + 7) % 11;
        T::of((f64::from(number) - 5.5) / 4.0)
    })
}

/// What is wrong with the derivatives of a subject where only one input moves.
fn judge<T: Scalar>(
    subject: &dyn Subject<T>,
    x: &[ArrayD<T>],
    moving: usize,
    order: usize,
) -> Option<Mismatch> {
    let fixed: Vec<bool> = (0..x.len()).map(|i| i != moving).collect();
    let wrong = |modes: &[Mode], seed: u64| {
        // A direction or few tell whether anything is wrong; the elements are found by halves then.
        let modes = modes.to_vec();
        let settings = Settings { order, modes, elements: FEW, seed, ..Settings::default() };
        let point = Point { subject, x, fixed: &fixed, settings: &settings };
        match point.check().err()?.cause {
            Cause::Wrong(mismatch) => Some(*mismatch),
            _ => None,
        }
    };
    // Directions and weights are short numbers: the mistake may be at right angles to those of one seed.
    let seeds = [1, 2];
    let (seed, found) = seeds
        .into_iter()
        .find_map(|seed| wrong(&[Mode::Reverse, Mode::Forward], seed).map(|found| (seed, found)))?;
    // Forward mode tells which element of the result is wrong, too.
    Some(wrong(&[Mode::Forward], seed).unwrap_or(found))
}

/// The gradient of one operation by one of its operands, as a function of all of them.
struct Slope<'g, T: Scalar> {
    node: Var<'g, T>,
    by: usize,
    cotangent: ArrayD<T>,
}

impl<'g, T: Scalar> Subject<T> for Slope<'g, T> {
    fn run(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Result<Run<T>, Trouble> {
        let graph = self.node.graph();
        let (inputs, y) = Alone { node: self.node }.on(x);
        let by = inputs.get(self.by).copied();
        let gradients = caught(|| vjp(vec![y], vec![graph.constant(&self.cotangent)], Vec::from_iter(by)))??;
        let outputs = differentiated(graph, &inputs, gradients, path, fixed)?;
        let outputs = caught(|| outputs.iter().map(|y| y.value()).collect::<Result<_, _>>())??;
        Ok(Run { outputs, branches: crate::branch::decisions(y).into_iter().collect() })
    }

    fn tape(&self, _: &[ArrayD<T>]) -> Result<Tape<T>, String> {
        Err("its operations are those of a rule that may be wrong itself".into())
    }

    fn is_differentiable(&self) -> bool {
        true
    }

    fn guilty(&self, _: &[ArrayD<T>], _: &[Step<T>], _: &[bool]) -> Option<Guilty> {
        None
    }
}

/// Whether the gradients are others if a derivative passes through this `detach`.
fn matters<'g, T: Scalar>(
    nodes: &[Var<'g, T>],
    detach: Var<'g, T>,
    inputs: &[Var<'g, T>],
    outputs: &[Var<'g, T>],
) -> Option<bool> {
    let mut copies: Vec<Var<'g, T>> = Vec::new();
    for node in nodes {
        let operands = node.operands();
        let copied: Vec<Var<'g, T>> =
            operands.iter().map(|x| copies.get(x.number()).copied()).collect::<Option<_>>()?;
        let same = operands.iter().zip(&copied).all(|(a, b)| a.number() == b.number());
        copies.push(match copied.first() {
            Some(operand) if node.number() == detach.number() => *operand,
            Some(_) if !same => node.again(copied),
            _ => *node,
        });
    }
    let through: Vec<Var<'g, T>> =
        outputs.iter().map(|y| copies.get(y.number()).copied()).collect::<Option<_>>()?;
    let gradients = |outputs: &[Var<'g, T>]| -> Option<Vec<f64>> {
        let seeds = outputs.iter().map(|y| *y * T::zero() + T::one()).collect();
        let gradients = vjp(outputs.to_vec(), seeds, inputs.to_vec()).ok()?;
        let values: Option<Vec<ArrayD<T>>> = gradients.into_iter().map(|g| g.value().ok()).collect();
        Some(values?.iter().flatten().map(|g| g.as_f64()).collect())
    };
    let (before, after) = (gradients(outputs)?, gradients(&through)?);
    let largest = before.iter().chain(&after).fold(0.0_f64, |m, g| m.max(g.abs()));
    Some(before.iter().zip(&after).any(|(a, b)| (a - b).abs() > 1e-4 * largest))
}
