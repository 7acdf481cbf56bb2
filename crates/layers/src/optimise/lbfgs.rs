//! [`Lbfgs`]: for small models and all data at once.

use std::collections::VecDeque;

use chainrule_graph::{Graph, Program, Result, Scalar, Single, Var};
use ndarray::{ArrayD, IxDyn};

use super::line_search::{Trial, search};
use crate::bound::Bound;
use crate::fault::Fault;
use crate::params::Params;

/// The method of Broyden, Fletcher, Goldfarb and Shanno with limited memory: steps that take account of how the gradient
/// changed over the last few of them. For fits of small models to all data at once; it finds a minimum to many digits.
///
/// It runs on the host, and computes loss and gradient by one compiled program. (J. Nocedal and S. Wright, "Numerical
/// optimization", 2nd edition 2006, algorithms 7.4 and 7.5, with a line search for the strong Wolfe conditions.)
///
/// ```
/// use chainrule_layers::{Dense, Lbfgs, Params, LbfgsStop, mean_squared_error};
/// use ndarray::array;
///
/// let model = Dense::new(1, 1);
/// let mut params = Params::<f64>::init(&model, 1)?;
/// let (x, y) = (array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]]);
/// let report = Lbfgs::new().minimize(&mut params, |bound| mean_squared_error(&y, bound.apply(&model, &x)))?;
/// assert_eq!(report.stop, LbfgsStop::Converged);
/// assert!(params.get("weight").is_some_and(|w| (w[[0, 0]] - 2.0).abs() < 1e-5));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lbfgs {
    history: usize,
    tolerance: f64,
    iterations: usize,
}

/// What a minimisation has come to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LbfgsReport {
    /// The loss at the end.
    pub loss: f64,
    /// The largest element of the gradient there, by absolute value.
    pub gradient: f64,
    /// How many steps were taken.
    pub iterations: usize,
    /// How often loss and gradient were computed.
    pub evaluations: usize,
    /// Why it stopped.
    pub stop: LbfgsStop,
}

/// Why a minimisation stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LbfgsStop {
    /// No element of the gradient is above the tolerance.
    Converged,
    /// The number of steps is used up.
    Iterations,
    /// No lower loss was found, neither against the gradient: the limit of the number type, or a kink.
    Stalled,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Lbfgs::new()
    }
}

impl Lbfgs {
    /// With a history of 10 steps, a tolerance of 10⁻⁶ and at most 200 steps.
    pub fn new() -> Self {
        Lbfgs { history: 10, tolerance: 1e-6, iterations: 200 }
    }

    /// How many steps are remembered; 0 is steepest descent.
    #[must_use]
    pub fn history(self, steps: usize) -> Self {
        Lbfgs { history: steps, ..self }
    }

    /// It is done when no element of the gradient is above this.
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Lbfgs { tolerance, ..self }
    }

    /// How many steps it may take; each computes loss and gradient at most 55 times, nearly always once.
    #[must_use]
    pub fn iterations(self, steps: usize) -> Self {
        Lbfgs { iterations: steps, ..self }
    }

    /// Replaces the parameters that are not frozen by those with the lowest loss that it finds. `loss` records the loss for
    /// bound parameters, a single number.
    ///
    /// # Errors
    /// If the loss cannot be recorded or differentiated, is not finite where the parameters are, if nothing is to be trained,
    /// or the tolerance is negative or NaN. The parameters are unchanged then.
    #[track_caller]
    pub fn minimize<T: Scalar>(
        &self,
        params: &mut Params<T>,
        loss: impl for<'g> FnOnce(&Bound<'g, T>) -> Var<'g, T>,
    ) -> Result<LbfgsReport> {
        if self.tolerance.is_nan() || self.tolerance < 0.0 {
            return Fault::new(format!("the tolerance is {}", self.tolerance), "give 0 or a positive number")
                .raise("minimize");
        }
        let graph = Graph::default();
        let bound = params.bind(&graph);
        let loss = loss(&bound);
        let mut function = Function::compile(loss, &bound)?;
        let start = function.pack(params);
        let mut now = function.at(0.0, start, &[])?;
        if !(now.value.is_finite() && now.gradient.iter().all(|g| g.is_finite())) {
            let reason = format!("the loss is {} at first, with such gradients", now.value);
            return Fault::new(reason, "begin with parameters for which all is finite").raise("minimize");
        }
        let epsilon = T::epsilon().as_f64();
        let mut memory = Memory { pairs: VecDeque::new(), most: self.history };
        let mut iterations = 0;
        let stop = loop {
            if largest(&now.gradient) <= self.tolerance {
                break LbfgsStop::Converged;
            }
            if iterations == self.iterations {
                break LbfgsStop::Iterations;
            }
            let direction = memory.direction(&now.gradient);
            // The first step has no scale yet; a short one is safe.
            let first = match memory.pairs.is_empty() {
                true => (1.0 / now.gradient.iter().map(|g| g.abs()).sum::<f64>()).min(1.0),
                false => 1.0,
            };
            let from = Trial { step: 0.0, slope: dot(&now.gradient, &direction), ..now.clone() };
            let found = match from.slope < 0.0 {
                true => search(&from, first, epsilon, |step| {
                    let point = from.point.iter().zip(&direction).map(|(x, d)| x + step * d).collect();
                    function.at(step, point, &direction)
                })?,
                false => None,
            };
            match found {
                Some(next) => {
                    memory.remember(&now, &next);
                    now = next;
                    iterations += 1;
                }
                None if memory.pairs.is_empty() => break LbfgsStop::Stalled,
                // What was remembered may mislead: once more, against the gradient.
                None => memory.pairs.clear(),
            }
        };
        let (loss, gradient) = (now.value, largest(&now.gradient));
        function.unpack(&now.point, params);
        Ok(LbfgsReport { loss, gradient, iterations, evaluations: function.evaluations, stop })
    }
}

/// Loss and gradient as a function of one long vector.
struct Function<T: Scalar> {
    program: Program<T, Vec<Single>>,
    names: Vec<String>,
    arrays: Vec<ArrayD<T>>,
    evaluations: usize,
}

impl<T: Scalar> Function<T> {
    #[track_caller]
    fn compile<'g>(loss: Var<'g, T>, bound: &Bound<'g, T>) -> Result<Self> {
        let trained = bound.trained();
        if trained.is_empty() {
            return Fault::new("there is no parameter to train", "`unfreeze` some").raise("minimize");
        }
        let gradients = loss.grad(trained.clone())?;
        let outputs: Vec<_> = std::iter::once(loss).chain(gradients.iter().map(|(_, g)| g)).collect();
        let inputs: Vec<_> = trained.iter().map(|(_, p)| p).collect();
        let mut arrays = Vec::with_capacity(inputs.len());
        for p in &inputs {
            arrays.push(ArrayD::zeros(IxDyn(&p.shape()?)));
        }
        let program = Program::new(inputs, outputs).compile()?;
        let names = trained.names().map(str::to_owned).collect();
        Ok(Function { program, names, arrays, evaluations: 0 })
    }

    /// At a point, which is rounded to the number type first.
    fn at(&mut self, step: f64, mut point: Vec<f64>, direction: &[f64]) -> Result<Trial> {
        self.evaluations += 1;
        let places = self.arrays.iter_mut().flat_map(|array| array.iter_mut());
        for (to, x) in places.zip(&mut point) {
            *to = T::of(*x);
            *x = to.as_f64();
        }
        let outputs = self.program.run(self.arrays.as_slice())?;
        let mut numbers = outputs.iter().flat_map(|array| array.iter()).map(|x| x.as_f64());
        let value = numbers.next().unwrap_or(f64::NAN);
        let gradient: Vec<f64> = numbers.collect();
        Ok(Trial { step, value, slope: dot(&gradient, direction), point, gradient })
    }

    fn pack(&self, params: &Params<T>) -> Vec<f64> {
        let arrays = self.names.iter().filter_map(|name| params.get(name));
        arrays.flat_map(|array| array.iter().map(|x| x.as_f64())).collect()
    }

    fn unpack(&self, point: &[f64], params: &mut Params<T>) {
        let mut numbers = point.iter();
        for name in &self.names {
            if let Some(array) = params.get_mut(name) {
                array.iter_mut().zip(&mut numbers).for_each(|(to, &x)| *to = T::of(x));
            }
        }
    }
}

/// The last steps and what they did to the gradient, oldest first.
struct Memory {
    pairs: VecDeque<Pair>,
    most: usize,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// Their product.
    product: f64,
}

impl Memory {
    /// Against the gradient, as the inverse of the remembered curvature bends it (algorithm 7.4).
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut parts = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let part = dot(&pair.step, &q) / pair.product;
            add(&mut q, -part, &pair.change);
            parts.push(part);
        }
        if let Some(last) = self.pairs.back() {
            let scale = last.product / dot(&last.change, &last.change);
            q.iter_mut().for_each(|x| *x *= scale);
        }
        for (pair, part) in self.pairs.iter().zip(parts.into_iter().rev()) {
            let other = dot(&pair.change, &q) / pair.product;
            add(&mut q, part - other, &pair.step);
        }
        q
    }

    fn remember(&mut self, from: &Trial, to: &Trial) {
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
        let (step, change) = (less(&to.point, &from.point), less(&to.gradient, &from.gradient));
        let product = dot(&step, &change);
        // No curvature to speak of: it would say nothing but rounding.
        if product <= f64::EPSILON * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            return;
        }
        if self.pairs.len() >= self.most {
            self.pairs.pop_front();
        }
        if self.most > 0 {
            self.pairs.push_back(Pair { step, change, product });
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, other: &[f64]) {
    to.iter_mut().zip(other).for_each(|(to, x)| *to += factor * x);
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |all, x| x.abs().max(all))
}
