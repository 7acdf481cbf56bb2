//! Optimisers with a rate of its own for each number.

use chainrule_graph::{Scalar, Var};

use super::{Optimizer, Rule, Schedule, Step};

/// Averages of the gradient and of its square, `m` and `v`, both corrected for their beginning at zero:
///
/// ```text
/// m <- beta1 m + (1 - beta1) g          m̂ = m / (1 - beta1ᵗ)
/// v <- beta2 v + (1 - beta2) g²         v̂ = v / (1 - beta2ᵗ)
/// p <- p - rate m̂ / (√v̂ + epsilon)
/// ```
///
/// D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015. `beta1` is 0.9, `beta2` 0.999 and `epsilon`
/// 10⁻⁸ unless set otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl Adam {
    /// With a rate, such as 10⁻³.
    #[allow(clippy::new_ret_no_self, reason = "what is used is the rule with its rate")]
    pub fn new(rate: impl Into<Schedule>) -> Optimizer<Adam> {
        Optimizer::new(Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }, rate)
    }

    /// What is taken from the parameter, without the rate.
    fn direction<'g, T: Scalar>(&self, step: &mut Step<'_, 'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        let [b1, b2] = [self.beta1, self.beta2].map(T::of);
        let m = step.slot("first", |m| m * b1 + g * T::of(1.0 - self.beta1));
        let v = step.slot("second", |v| v * b2 + g.square() * T::of(1.0 - self.beta2));
        let rest = |beta: f64| -(step.count() * T::of(beta.ln())).expm1();
        m / rest(self.beta1) / ((v / rest(self.beta2)).sqrt() + T::of(self.epsilon))
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
}

impl<T: Scalar> Rule<T> for Adam {
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
        p - step.rate() * self.direction(step, g)
    }
}
