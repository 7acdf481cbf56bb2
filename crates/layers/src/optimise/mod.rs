//! Optimisers: how gradients become new parameters, as nodes of the graph.
//!
//! [`Rule`] is the formula for one parameter, [`Optimizer`] what surrounds all formulas alike: the learning rate, clipping,
//! weight decay, the accumulation of gradients, the count of steps. [`Optimizer::minimize`] records a whole step as updates
//! for a [`Program`](chainrule_graph::Program): one compiled run is one step of training.

mod adam;
mod adaptive;
mod clip;
mod descent;
mod lbfgs;
mod line_search;
mod plateau;
mod schedule;
mod step;

use chainrule_graph::{Scalar, Var};

pub use adam::{Adam, AdamW, Lion};
pub use adaptive::{Adagrad, RmsProp};
use clip::Clip;
pub use descent::{Momentum, Nesterov, Sgd};
pub use lbfgs::{Lbfgs, LbfgsReport, LbfgsStop};
pub use plateau::Plateau;
pub use schedule::Schedule;
pub use step::Step;

use crate::bound::Bound;
use crate::fault::Fault;

/// The formula of an optimiser: one parameter's next value from its gradient.
///
/// An optimiser of your own:
///
/// ```
/// use chainrule_graph::{Graph, Program, Scalar, Var};
/// use chainrule_layers::{Optimizer, Params, Rule, Step};
///
/// /// `v <- 0.9 v + sign(g)`, `p <- p - rate v`
/// #[derive(Clone)]
/// struct SignMomentum;
///
/// impl<T: Scalar> Rule<T> for SignMomentum {
///     fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T> {
///         let v = step.slot("velocity", |v| v * T::of(0.9) + g.sign());
///         p - step.rate() * v
///     }
/// }
///
/// let mut params = Params::new();
/// params.insert("x", [3.0, -2.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let updates = Optimizer::new(SignMomentum, 0.1).minimize(loss, &bound)?;
/// let mut step = Program::new([], [loss]).updates(updates).compile()?;
/// step.run(())?;
/// assert_eq!(step.state().get("x")?, ndarray::arr1(&[2.9, -1.9]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub trait Rule<T: Scalar>: Send + Sync {
    /// The next value of the parameter `p` with the gradient `g`; what has to be remembered is in [slots](Step::slot).
    fn next<'g>(&self, step: &mut Step<'_, 'g, T>, p: Var<'g, T>, g: Var<'g, T>) -> Var<'g, T>;

    /// What is wrong with the rule's settings, if anything is; [`Optimizer::minimize`] returns it as its error.
    ///
    /// # Errors
    /// A message such as `"beta1 is 1.5, and must be in [0, 1)"`.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// `decay old + (1 - decay) new`. The parts are those of the decay as the number type holds it, so they are 1 together: as
/// `f32`, 0.999 and 0.001 are 10⁻⁸ more, which is 10⁻⁵ of the average in the end.
fn average<'g, T: Scalar>(old: Var<'g, T>, new: Var<'g, T>, decay: f64) -> Var<'g, T> {
    let decay = T::of(decay);
    old * decay + new * (T::one() - decay)
}

/// Decays, of averages and velocities.
fn fraction(name: &str, value: f64) -> Result<(), String> {
    match (0.0..1.0).contains(&value) {
        true => Ok(()),
        false => Err(format!("{name} is {value}, and must be in [0, 1)")),
    }
}

fn at_least_zero(name: &str, value: f64) -> Result<(), String> {
    match value >= 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(format!("{name} is {value}, and must be 0 or a positive number")),
    }
}

/// A [`Rule`] with its learning rate and what is done to the gradients before.
///
/// In this order: the gradients of `n` steps are averaged ([`accumulate`](Optimizer::accumulate)), clipped
/// ([`clip_value`](Optimizer::clip_value), [`clip_norm`](Optimizer::clip_norm)), the decay of weights is added
/// ([`weight_decay`](Optimizer::weight_decay)), and the rule is applied with the rate of its
/// [`Schedule`]. A rate is a number, or a schedule. The last of several calls of one method counts, and of the two clips.
/// Frozen parameters take no part in anything, neither in the norm.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Adam, Params, Schedule, Sequential, mean_squared_error};
/// use ndarray::array;
///
/// let model = Sequential::new().dense(2, 8).tanh().dense(8, 1);
/// let graph = Graph::new();
/// let bound = Params::init(&model, 1)?.bind(&graph).train(0);
/// let (x, y) = (array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], array![[0.0], [1.0], [1.0], [0.0]]);
/// let loss = mean_squared_error(&y, bound.apply(&model, &x));
///
/// let adam = Adam::new(Schedule::cosine(0.05, 300)).clip_norm(1.0);
/// let mut step = Program::new([], [loss]).updates(adam.minimize(loss, &bound)?).compile()?;
/// for _ in 0..300 {
///     step.run(())?;
/// }
/// assert!(step.run(())?[0][[]] < 1e-3);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer<R> {
    rule: R,
    rate: Schedule,
    clip: Option<Clip>,
    decay: f64,
    /// Whether the decay is taken from the parameters, not added to the gradients.
    decoupled: bool,
    accumulated: usize,
}

impl<R> Optimizer<R> {
    /// This rule, with a rate.
    pub fn new(rule: R, rate: impl Into<Schedule>) -> Self {
        Optimizer { rule, rate: rate.into(), clip: None, decay: 0.0, decoupled: false, accumulated: 1 }
    }

    /// If the norm `√Σg²` of all gradients together is above `most`, all are multiplied by `most / norm`. (R. Pascanu et al., "On
    /// the difficulty of training recurrent neural networks", ICML 2013. PyTorch adds 10⁻⁶ to the norm; this does not.)
    ///
    /// An infinite element of a gradient makes its own parameter NaN, and the others stand still; one that is NaN makes all
    /// NaN: there is no direction in such gradients.
    #[must_use]
    pub fn clip_norm(self, most: f64) -> Self {
        Optimizer { clip: Some(Clip::Norm(most)), ..self }
    }

    /// Every element of a gradient is moved into `[-most, most]`, infinite ones too; NaN stays NaN.
    #[must_use]
    pub fn clip_value(self, most: f64) -> Self {
        Optimizer { clip: Some(Clip::Value(most)), ..self }
    }

    /// `decay` times each parameter is added to its gradient, which is the gradient of `½ decay Σp²`; or it is taken from the
    /// parameter itself, where the decay is [decoupled](Optimizer::decoupled), as that of [`AdamW`] and [`Lion`] is.
    /// It is meant for all parameters that are trained, biases too.
    #[must_use]
    pub fn weight_decay(self, decay: f64) -> Self {
        Optimizer { decay, ..self }
    }

    /// The decay of weights goes past the rule: each parameter is multiplied by `1 - rate decay` before the rule takes its
    /// step, and no average or velocity sees it. Without a decay nothing changes.
    #[must_use]
    pub fn decoupled(self) -> Self {
        Optimizer { decoupled: true, ..self }
    }

    /// Parameters change in every `steps`-th run only, by the mean of the gradients since: a large batch in small pieces.
    #[must_use]
    pub fn accumulate(self, steps: usize) -> Self {
        Optimizer { accumulated: steps, ..self }
    }

    /// The rule.
    pub fn rule(&self) -> &R {
        &self.rule
    }

    /// How the rate goes.
    pub fn schedule(&self) -> &Schedule {
        &self.rate
    }

    pub(crate) fn with_rule<Q>(self, change: impl FnOnce(R) -> Q) -> Optimizer<Q> {
        let Optimizer { rule, rate, clip, decay, decoupled, accumulated } = self;
        Optimizer { rule: change(rule), rate, clip, decay, decoupled, accumulated }
    }

    /// Records one step: the gradients of `loss`, and for each parameter that is trained, everything the rule remembers, and
    /// what layers replace by themselves, the next value. For [`Program`](chainrule_graph::Program)'s `updates`.
    ///
    /// What is remembered are variables of the graph: `optimizer.step`, the number of steps done; `optimizer.factor`, 1, by
    /// which the rate is multiplied, for whoever wants to change it between runs; and slots such as
    /// `optimizer.velocity.0.weight`.
    ///
    /// # Errors
    /// As [`Var::grad`]; if a rate or another number makes no sense, or the rule makes an invalid node; and if the graph has
    /// variables of these names already, for there is room for one optimiser in a graph.
    #[track_caller]
    pub fn minimize<'g, T: Scalar>(
        &self,
        loss: Var<'g, T>,
        bound: &Bound<'g, T>,
    ) -> chainrule_graph::Result<Vec<(Var<'g, T>, Var<'g, T>)>>
    where
        R: Rule<T>,
    {
        let rule = self
            .rule
            .check()
            .map_err(|message| Fault::new(message, "the documentation of the rule says what is usual"));
        if let Err(fault) = self.check().and(rule) {
            return fault.raise("minimize");
        }
        let trained = bound.trained();
        let gradients = loss.grad(trained.clone())?;
        let pairs: Vec<_> =
            trained.iter().zip(gradients.iter()).map(|((name, p), (_, g))| (name, p, g)).collect();
        // Errors and plans name this part, with the line of this call.
        let _scope = bound.graph().scope("optimizer");
        let mut step = Step::begin(bound.graph(), &self.rate, self.accumulated);
        let mut ready: Vec<_> = pairs.iter().map(|&(name, _, g)| step.accumulate(name, g)).collect();
        if let Some(clip) = self.clip {
            clip.apply(&mut ready);
        }
        for ((name, p, _), g) in pairs.into_iter().zip(ready) {
            let (from, g) = match (self.decay == 0.0, self.decoupled) {
                (true, _) => (p, g),
                (false, false) => (p, g + p * T::of(self.decay)),
                (false, true) => (p * (step.rate() * T::of(-self.decay) + T::one()), g),
            };
            step.parameter(name, p, |step| self.rule.next(step, from, g));
        }
        let mut updates = step.finish();
        updates.extend(bound.updates());
        // What is invalid says so here, and not in whatever is made of it.
        for (old, next) in &updates {
            old.shape().and(next.shape())?;
        }
        Ok(updates)
    }

    fn check(&self) -> Result<(), Fault> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        let refuse = |message: String, help: &'static str| Err(Fault::new(message, help));
        if let Some(Clip::Norm(most) | Clip::Value(most)) = self.clip
            && !positive(most)
        {
            return refuse(format!("gradients are clipped to {most}"), "give a positive number");
        }
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            return refuse(
                format!("the decay of weights is {}", self.decay),
                "give 0 or a positive number, such as 1e-4",
            );
        }
        if self.accumulated == 0 {
            return refuse("gradients are accumulated over 0 steps".into(), "give 1 or more");
        }
        self.rate.check()
    }
}
