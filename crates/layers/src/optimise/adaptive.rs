//! Optimisers with a rate of its own for each number: the scale of its gradients is divided out.

use chainrule_graph::{Scalar, Var};

use super::{Optimizer, Rule, Schedule, Step, at_least_zero, average, fraction};

/// RMSProp: the gradient over the root of the average of its square.
///
/// ```text
/// v <- smoothing v + (1 - smoothing) g²          p <- p - rate g / (√v + epsilon)
/// ```
///
/// T. Tieleman and G. Hinton, lecture 6.5 of "Neural networks for machine learning", Coursera 2012. `smoothing` is 0.99 and
/// `epsilon` 10⁻⁸ unless set otherwise, as in PyTorch (Keras: 0.9 and 10⁻⁷). With
/// [`momentum`](Optimizer::<RmsProp>::momentum) it is a velocity that is taken from `p`: `u <- momentum u + g / (√v + epsilon)`,
/// `p <- p - rate u`. [Centred](Optimizer::<RmsProp>::centered), `v` is less the square of the average of `g`: an estimate of
/// the variance (A. Graves, "Generating sequences with recurrent neural networks", 2013).
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Params, RmsProp};
///
/// let mut params = Params::new();
/// params.insert("x", [3.0, -2.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let mut step = Program::new([], [loss]).updates(RmsProp::new(0.1).minimize(loss, &bound)?).compile()?;
/// step.run(())?; // the first step is rate / √(1 - smoothing), against the sign of the gradient
/// params.read(step.state())?;
/// assert!(params.get("x").is_some_and(|x| (x[0] - 2.0).abs() < 1e-6 && (x[1] + 1.0).abs() < 1e-6));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    smoothing: f64,
    epsilon: f64,
    momentum: f64,
    centered: bool,
}

impl RmsProp {
    /// With a rate, such as 10⁻³.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<RmsProp> {
        Optimizer::new(RmsProp { smoothing: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false }, rate)
    }
}

impl Optimizer<RmsProp> {
    /// With another average.
    #[must_use]
    pub fn smoothing(self, smoothing: f64) -> Self {
        self.with_rule(|rule| RmsProp { smoothing, ..rule })
    }

    /// With another number beside the root.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.with_rule(|rule| RmsProp { epsilon, ..rule })
    }

    /// With momentum.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Self {
        self.with_rule(|rule| RmsProp { momentum, ..rule })
    }

    /// By the variance instead of the mean square.
    #[must_use]
    pub fn centered(self) -> Self {
        self.with_rule(|rule| RmsProp { centered: true, ..rule })
    }
}

impl<T: Scalar> Rule<T> for RmsProp {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let mut v = step.slot("second", |v| average(v, g.square(), self.smoothing));
        if self.centered {
            let mean = step.slot("first", |m| average(m, g, self.smoothing));
            // Below zero by rounding, where all gradients were alike.
            v = (v - mean.square()).maximum(T::zero());
        }
        let root = v.sqrt() + T::of(self.epsilon);
        if self.momentum == 0.0 {
            return p - step.rate() * g / root;
        }
        let u = step.slot("velocity", |u| u * T::of(self.momentum) + g / root);
        p - step.rate() * u
    }

    fn check(&self) -> Result<(), String> {
        fraction("smoothing", self.smoothing)?;
        fraction("momentum", self.momentum)?;
        at_least_zero("epsilon", self.epsilon)
    }
}

/// Adagrad: the gradient over the root of the sum of all its squares so far.
///
/// ```text
/// v <- v + g²          p <- p - rate g / (√v + epsilon)
/// ```
///
/// J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12,
/// 2011. `epsilon` is 10⁻¹⁰ unless set otherwise, as in PyTorch.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Adagrad, Params};
///
/// let mut params = Params::new();
/// params.insert("x", [3.0, -2.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let mut step = Program::new([], [loss]).updates(Adagrad::new(0.5).minimize(loss, &bound)?).compile()?;
/// step.run(())?; // the first step is the rate, against the sign of the gradient
/// assert_eq!(step.state().get("optimizer.second.x")?, ndarray::arr1(&[36.0, 16.0]).into_dyn());
/// params.read(step.state())?;
/// assert!(params.get("x").is_some_and(|x| (x[0] - 2.5).abs() < 1e-9 && (x[1] + 1.5).abs() < 1e-9));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    epsilon: f64,
}

impl Adagrad {
    /// With a rate, such as 10⁻².
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Adagrad> {
        Optimizer::new(Adagrad { epsilon: 1e-10 }, rate)
    }
}

impl Optimizer<Adagrad> {
    /// With another number beside the root.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.with_rule(|_| Adagrad { epsilon })
    }
}

impl<T: Scalar> Rule<T> for Adagrad {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let v = step.slot("second", |v| v + g.square());
        p - step.rate() * g / (v.sqrt() + T::of(self.epsilon))
    }

    fn check(&self) -> Result<(), String> {
        at_least_zero("epsilon", self.epsilon)
    }
}
