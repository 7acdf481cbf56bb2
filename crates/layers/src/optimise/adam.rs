//! Adam and its kin: averages of the gradient, scaled for each number.

use chainrule_graph::{Scalar, Var};

use super::{Optimizer, Rule, Schedule, Step, at_least_zero, average, fraction};

/// Averages of the gradient and of its square, `m` and `v`, both corrected for their beginning at zero:
///
/// ```text
/// m <- beta1 m + (1 - beta1) g          m̂ = m / (1 - beta1ᵗ)
/// v <- beta2 v + (1 - beta2) g²         v̂ = v / (1 - beta2ᵗ)
/// p <- p - rate m̂ / (√v̂ + epsilon)
/// ```
///
/// D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015. `beta1` is 0.9, `beta2` 0.999 and `epsilon`
/// 10⁻⁸ unless set otherwise. It is computed in the order of the paper's section 2, with the corrections in the rate and in
/// `epsilon`. An `epsilon` of 0 makes a parameter NaN if all its gradients were 0.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Adam, Params};
///
/// let mut params = Params::new();
/// params.insert("x", [3.0, -2.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let mut step = Program::new([], [loss]).updates(Adam::new(0.5).minimize(loss, &bound)?).compile()?;
/// step.run(())?; // the first step is the rate, against the sign of the gradient
/// params.read(step.state())?;
/// assert!(params.get("x").is_some_and(|x| (x[0] - 2.5).abs() < 1e-8 && (x[1] + 1.5).abs() < 1e-8));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    amsgrad: bool,
}

impl Adam {
    /// With a rate, such as 10⁻³.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Adam> {
        Optimizer::new(Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false }, rate)
    }
}

impl Optimizer<Adam> {
    /// With other averages.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        self.with_rule(|rule| Adam { beta1, beta2, ..rule })
    }

    /// With another number beside the root.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        self.with_rule(|rule| Adam { epsilon, ..rule })
    }

    /// With the largest `v` so far in place of `v`, so that no step becomes longer again. (S. Reddi, S. Kale and S. Kumar, "On
    /// the convergence of Adam and beyond", ICLR 2018, with the corrections as in PyTorch.)
    #[must_use]
    pub fn amsgrad(self) -> Self {
        self.with_rule(|rule| Adam { amsgrad: true, ..rule })
    }
}

impl<T: Scalar> Rule<T> for Adam {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let m = step.slot("first", |m| average(m, g, self.beta1));
        let mut v = step.slot("second", |v| average(v, g.square(), self.beta2));
        if self.amsgrad {
            v = step.slot("largest", |largest| largest.maximum(v));
        }
        // Single numbers, which a program computes once for all parameters. What is left for each element is one root, one
        // quotient, one product, one sum and one difference.
        let root = correction(step, self.beta2).sqrt();
        let rate = step.rate() * root / correction(step, self.beta1);
        p - m * rate / (v.sqrt() + root * T::of(self.epsilon))
    }

    fn check(&self) -> Result<(), String> {
        fraction("beta1", self.beta1)?;
        fraction("beta2", self.beta2)?;
        at_least_zero("epsilon", self.epsilon)
    }
}

/// `1 - betaᵗ`, with all digits where `beta` is close to 1.
fn correction<'g, T: Scalar>(step: &Step<'_, 'g, T>, beta: f64) -> Var<'g, T> {
    match beta == 0.0 {
        true => step.count().graph().constant(T::one()),
        false => -(step.count() * T::of(T::of(beta).as_f64().ln())).expm1(),
    }
}

/// [`Adam`] with [decoupled](Optimizer::decoupled) decay of weights, which its averages do not see:
///
/// ```text
/// p <- p (1 - rate decay) - rate m̂ / (√v̂ + epsilon)
/// ```
///
/// I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, as PyTorch writes it. The decay is 0.01
/// unless [set otherwise](Optimizer::weight_decay).
///
/// ```
/// use chainrule_layers::{Adam, AdamW};
///
/// assert_eq!(AdamW::new(1e-3).weight_decay(0.1), Adam::new(1e-3).weight_decay(0.1).decoupled());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdamW;

impl AdamW {
    /// With a rate, such as 10⁻³.
    #[allow(clippy::new_ret_no_self, reason = "what is used is Adam")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Adam> {
        Adam::new(rate).weight_decay(0.01).decoupled()
    }
}

/// The sign of an average: every number moves by the rate.
///
/// ```text
/// p <- p (1 - rate decay) - rate sign(beta1 m + (1 - beta1) g)
/// m <- beta2 m + (1 - beta2) g
/// ```
///
/// X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023. `beta1` is 0.9 and `beta2` 0.99 unless set
/// otherwise; the decay, [decoupled](Optimizer::decoupled), is 0. Rates are 3 to 10 times smaller than Adam's, decays as much
/// larger.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Lion, Params};
///
/// let mut params = Params::new();
/// params.insert("x", [3.0, -2.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let mut step = Program::new([], [loss]).updates(Lion::new(0.5).minimize(loss, &bound)?).compile()?;
/// step.run(())?;
/// assert_eq!(step.state().get("x")?, ndarray::arr1(&[2.5, -1.5]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    beta1: f64,
    beta2: f64,
}

impl Lion {
    /// With a rate, such as 10⁻⁴.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Lion> {
        Optimizer::new(Lion { beta1: 0.9, beta2: 0.99 }, rate).decoupled()
    }
}

impl Optimizer<Lion> {
    /// With other averages.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Self {
        self.with_rule(|_| Lion { beta1, beta2 })
    }
}

impl<T: Scalar> Rule<T> for Lion {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let mut direction = g;
        step.slot("first", |m| {
            direction = average(m, g, self.beta1).sign();
            average(m, g, self.beta2)
        });
        p - direction * step.rate()
    }

    fn check(&self) -> Result<(), String> {
        fraction("beta1", self.beta1)?;
        fraction("beta2", self.beta2)
    }
}
