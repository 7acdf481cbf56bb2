//! Gradient descent, and with momentum.

use chainrule_graph::{Scalar, Var};

use super::{Optimizer, Rule, Schedule, Step, fraction};

/// Gradient descent: `p <- p - rate g`.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Params, Sgd};
///
/// let mut params = Params::new();
/// params.insert("x", [1.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").sum() * 2.0; // its gradient is 2
/// let mut step = Program::new([], [loss]).updates(Sgd::new(0.25).minimize(loss, &bound)?).compile()?;
/// let x = [(); 2].map(|()| {
///     step.run(()).ok();
///     step.state().get("x").map_or(f64::NAN, |x| x[0])
/// });
/// assert_eq!(x, [0.5, 0.0]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
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
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Params, Momentum};
///
/// let mut params = Params::new();
/// params.insert("x", [1.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").sum() * 2.0; // its gradient is 2
/// let mut step = Program::new([], [loss]).updates(Momentum::new(0.25, 0.5).minimize(loss, &bound)?).compile()?;
/// let x = [(); 2].map(|()| {
///     step.run(()).ok();
///     step.state().get("x").map_or(f64::NAN, |x| x[0])
/// });
/// assert_eq!(x, [0.5, -0.25]); // v is 2, then 3
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
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
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Params, Nesterov};
///
/// let mut params = Params::new();
/// params.insert("x", [1.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").sum() * 2.0; // its gradient is 2
/// let mut step = Program::new([], [loss]).updates(Nesterov::new(0.25, 0.5).minimize(loss, &bound)?).compile()?;
/// let x = [(); 2].map(|()| {
///     step.run(()).ok();
///     step.state().get("x").map_or(f64::NAN, |x| x[0])
/// });
/// assert_eq!(x, [0.25, -0.625]); // 2 + 1, then 2 + 1.5
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
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
