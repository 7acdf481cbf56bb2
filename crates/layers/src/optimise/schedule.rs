//! [`Schedule`]: a learning rate that changes with the steps.

use std::f64::consts::PI;

use chainrule_graph::{Graph, Scalar, Var};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// A learning rate as a function of the number of steps done, `t`. A plain number is a schedule too.
///
/// ```
/// use chainrule_layers::Schedule;
///
/// let schedule = Schedule::linear(1.0, 0.0, 10).warm_up(3);
/// let rates: Vec<f64> = (0..6).map(|t| schedule.rate(t)).collect();
/// assert_eq!(rates, [0.25, 0.5, 0.75, 1.0, 0.9, 0.8]);
/// ```
///
/// It is computed in the number type of the graph. `f32` counts steps up to 2²⁴ and stands still there.
///
/// # Errors
/// [`minimize`](crate::Optimizer::minimize) refuses rates that are negative or not finite, schedules over 0 steps, and
/// factors and powers that are not positive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    form: Form,
    /// Over how many steps the rate rises, before the schedule begins.
    warm_up: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Form {
    Constant(f64),
    StepDecay { rate: f64, factor: f64, steps: usize },
    Exponential { rate: f64, factor: f64 },
    Polynomial { from: f64, to: f64, steps: usize, power: f64 },
    Cosine { from: f64, to: f64, steps: usize },
    OneCycle { most: f64, steps: usize },
}

impl From<f64> for Schedule {
    fn from(rate: f64) -> Self {
        Schedule::constant(rate)
    }
}

/// Of a one-cycle schedule, as in PyTorch: the part of the steps in which the rate rises, what the highest rate is of the
/// first, and the first of the last.
const RISING: f64 = 0.3;
const RISE: f64 = 25.0;
const FALL: f64 = 1e4;

impl Schedule {
    fn new(form: Form) -> Self {
        Schedule { form, warm_up: 0 }
    }

    /// Always the same.
    pub fn constant(rate: f64) -> Self {
        Schedule::new(Form::Constant(rate))
    }

    /// `rate factor^⌊t / steps⌋`: a stair of `steps` steps each. (PyTorch's `StepLR`.)
    pub fn step_decay(rate: f64, factor: f64, steps: usize) -> Self {
        Schedule::new(Form::StepDecay { rate, factor, steps })
    }

    /// `rate factorᵗ`. (PyTorch's `ExponentialLR`.)
    pub fn exponential(rate: f64, factor: f64) -> Self {
        Schedule::new(Form::Exponential { rate, factor })
    }

    /// A straight line from one rate to another, `to` after `steps` steps and from then on.
    pub fn linear(from: f64, to: f64, steps: usize) -> Self {
        Schedule::polynomial(from, to, steps, 1.0)
    }

    /// `to + (from - to) (1 - t / steps)^power`, and `to` from then on. (PyTorch's `PolynomialLR`, which ends at 0.)
    pub fn polynomial(from: f64, to: f64, steps: usize, power: f64) -> Self {
        Schedule::new(Form::Polynomial { from, to, steps, power })
    }

    /// `rate ½ (1 + cos(π t / steps))`, and 0 from then on.
    pub fn cosine(rate: f64, steps: usize) -> Self {
        Schedule::cosine_to(rate, 0.0, steps)
    }

    /// `to + (from - to) ½ (1 + cos(π t / steps))`, and `to` from then on. (I. Loshchilov and F. Hutter, "SGDR: stochastic
    /// gradient descent with warm restarts", ICLR 2017, equation 5, without restarts. PyTorch's `CosineAnnealingLR`.)
    pub fn cosine_to(from: f64, to: f64, steps: usize) -> Self {
        Schedule::new(Form::Cosine { from, to, steps })
    }

    /// Half a cosine up from `most / 25` to `most`, in the first 30 % of the steps, and another one down to `most / 250000`,
    /// where it stays. (L. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning
    /// rates", 2018. PyTorch's `OneCycleLR`; 10 steps or more.)
    pub fn one_cycle(most: f64, steps: usize) -> Self {
        Schedule::new(Form::OneCycle { most, steps })
    }

    /// The same after `steps` steps in which its first rate is reached in equal parts: `rate(0) (t + 1) / (steps + 1)`.
    /// (P. Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2.)
    #[must_use]
    pub fn warm_up(self, steps: usize) -> Self {
        Schedule { warm_up: steps, ..self }
    }

    /// The rate after `t` steps: the figure that a graph of `f64` computes.
    ///
    /// NaN for settings that are refused.
    pub fn rate(&self, t: usize) -> f64 {
        if self.check().is_err() {
            return f64::NAN;
        }
        let graph = Graph::new();
        self.at_step(graph.constant(t as f64)).item().unwrap_or(f64::NAN)
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let (rates, factor, steps) = match self.form {
            Form::Constant(rate) => ([rate, 0.0], 1.0, 1),
            Form::StepDecay { rate, factor, steps } => ([rate, 0.0], factor, steps),
            Form::Exponential { rate, factor } => ([rate, 0.0], factor, 1),
            Form::Polynomial { from, to, steps, power } => ([from, to], power, steps),
            Form::Cosine { from, to, steps } => ([from, to], 1.0, steps),
            Form::OneCycle { most, steps } => ([most, 0.0], 1.0, steps / 10),
        };
        if let Some(wrong) = rates.into_iter().find(|rate| !(*rate >= 0.0 && rate.is_finite())) {
            return Err(Fault::new(
                format!("the rate is {wrong}"),
                "give 0 or a positive number, such as 1e-3",
            ));
        }
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(Fault::new(
                format!("the factor or power of the schedule is {factor}"),
                "give a positive number",
            ));
        }
        if steps == 0 {
            return Err(Fault::new(
                "the schedule has too few steps",
                "give 1 or more; 10 or more for one cycle",
            ));
        }
        Ok(())
    }

    pub(super) fn at_step<'g, T: Scalar>(&self, t: Var<'g, T>) -> Var<'g, T> {
        if self.warm_up == 0 {
            return self.form.at_step(t);
        }
        let steps = self.warm_up as f64;
        let part = ((t + T::one()) / T::of(steps + 1.0)).minimum(T::one());
        self.form.at_step((t - T::of(steps)).maximum(T::zero())) * part
    }
}

impl Form {
    fn at_step<'g, T: Scalar>(&self, t: Var<'g, T>) -> Var<'g, T> {
        let constant = |value: f64| t.graph().constant(T::of(value));
        // How much is left, from 1 to 0.
        let left = |steps: usize| -(t.minimum(T::of(steps as f64)) / T::of(steps as f64)) + T::one();
        // From one rate to another by half a cosine, `part` from 0 to 1.
        let wave = |from: f64, to: f64, part: Var<'g, T>| {
            ((part * T::of(PI)).cos() + T::one()) * T::of((from - to) / 2.0) + T::of(to)
        };
        match *self {
            Form::Constant(rate) => constant(rate),
            Form::StepDecay { rate, factor, steps } => {
                constant(factor).pow((t / T::of(steps as f64)).floor()) * T::of(rate)
            }
            Form::Exponential { rate, factor } => constant(factor).pow(t) * T::of(rate),
            Form::Polynomial { from, to, steps, power } => {
                let part = left(steps);
                let part = if power == 1.0 { part } else { part.powf(T::of(power)) };
                part * T::of(from - to) + T::of(to)
            }
            Form::Cosine { from, to, steps } => {
                let part = (t / T::of(steps as f64)).minimum(T::one());
                wave(from, to, part)
            }
            Form::OneCycle { most, steps } => {
                let (top, end) = (RISING * steps as f64 - 1.0, steps as f64 - 1.0);
                let up = wave(most / RISE, most, t / T::of(top));
                let down = ((t - T::of(top)) / T::of(end - top)).minimum(T::one());
                t.less_equal(T::of(top)).select(up, wave(most, most / RISE / FALL, down))
            }
        }
    }
}
