//! Gradient descent, and with momentum.

use chainrule_graph::{Scalar, Var};

use super::{Optimizer, Rule, Schedule, Step, fraction};

/// Gradient descent: `p <- p - rate g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sgd;

impl Sgd {
    /// With a rate.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Sgd> {
        Optimizer::new(Sgd, rate)
    }
}

impl<T: Scalar> Rule<T> for Sgd {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        p - step.rate() * g
    }
}

/// Gradient descent with momentum: `v <- momentum v + g`, `p <- p - rate v`. (Polyak's method as PyTorch writes it; Keras
/// multiplies the rate into `v`.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    momentum: f64,
}

impl Momentum {
    /// With a rate and a momentum, such as 0.9.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>, momentum: f64) -> Optimizer<Momentum> {
        Optimizer::new(Momentum { momentum }, rate)
    }
}

impl<T: Scalar> Rule<T> for Momentum {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let v = step.slot("velocity", |v| v * T::of(self.momentum) + g);
        p - step.rate() * v
    }

    fn check(&self) -> Result<(), String> {
        fraction("momentum", self.momentum)
    }
}

/// Nesterov's momentum: `v <- momentum v + g`, `p <- p - rate (g + momentum v)`. (I. Sutskever et al., "On the importance of
/// initialization and momentum in deep learning", ICML 2013, in the form of PyTorch.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov {
    momentum: f64,
}

impl Nesterov {
    /// With a rate and a momentum, such as 0.9.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>, momentum: f64) -> Optimizer<Nesterov> {
        Optimizer::new(Nesterov { momentum }, rate)
    }
}

impl<T: Scalar> Rule<T> for Nesterov {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let momentum = T::of(self.momentum);
        let v = step.slot("velocity", |v| v * momentum + g);
        p - step.rate() * (g + v * momentum)
    }

    fn check(&self) -> Result<(), String> {
        fraction("momentum", self.momentum)
    }
}
