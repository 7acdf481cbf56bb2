//! [`Plateau`]: a smaller rate where a metric no longer gets better.

use chainrule_graph::Result;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// Watches a metric, once an epoch, and lowers the rate when it has not become better for a while.
///
/// A metric is better if it is below the best so far by more than `threshold` of that (above it, where [more is
/// better](Plateau::rising)). After more than `patience` epochs without a better one the factor of the rate is multiplied by
/// `factor`, but not below `minimum`; then `cooldown` epochs do not count. (PyTorch's `ReduceLROnPlateau`.)
///
/// It holds no graph: what [`observe`](Plateau::observe) returns belongs into the variable `optimizer.factor` of the
/// program's state. It is its own memory, so a saved one goes on where it was.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use chainrule_layers::{Params, Plateau, Sgd};
///
/// let mut params = Params::new();
/// params.insert("x", [1.0]);
/// let graph = Graph::new();
/// let bound = params.bind(&graph);
/// let loss = bound.get("x").square().sum();
/// let step = Program::new([], [loss]).updates(Sgd::new(0.1).minimize(loss, &bound)?).compile()?;
///
/// let mut plateau = Plateau::new().factor(0.5).patience(1);
/// for (metric, factor) in [(1.0, 1.0), (0.8, 1.0), (0.9, 1.0), (0.8, 0.5)] {
///     assert_eq!(plateau.observe(metric)?, factor);
///     step.state().set("optimizer.factor", plateau.current())?;
/// }
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    factor: f64,
    patience: usize,
    threshold: f64,
    cooldown: usize,
    minimum: f64,
    rising: bool,
    memory: Memory,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Memory {
    best: Option<f64>,
    /// Epochs since.
    waited: usize,
    /// Epochs that do not count.
    cooling: usize,
    current: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Plateau::new()
    }
}

impl Plateau {
    /// With a factor of 0.1, a patience of 10 epochs, a threshold of 10⁻⁴, no cooldown and no minimum.
    pub fn new() -> Self {
        let memory = Memory { best: None, waited: 0, cooling: 0, current: 1.0 };
        Plateau {
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            cooldown: 0,
            minimum: 0.0,
            rising: false,
            memory,
        }
    }

    /// By what the rate is multiplied.
    #[must_use]
    pub fn factor(self, factor: f64) -> Self {
        Plateau { factor, ..self }
    }

    /// How many epochs in a row may be no better.
    #[must_use]
    pub fn patience(self, patience: usize) -> Self {
        Plateau { patience, ..self }
    }

    /// By which part of the best a metric must be better.
    #[must_use]
    pub fn threshold(self, threshold: f64) -> Self {
        Plateau { threshold, ..self }
    }

    /// How many epochs do not count after the rate was lowered.
    #[must_use]
    pub fn cooldown(self, cooldown: usize) -> Self {
        Plateau { cooldown, ..self }
    }

    /// The smallest factor.
    #[must_use]
    pub fn minimum(self, minimum: f64) -> Self {
        Plateau { minimum, ..self }
    }

    /// More is better: accuracies.
    #[must_use]
    pub fn rising(self) -> Self {
        Plateau { rising: true, ..self }
    }

    /// By what the rate is multiplied now.
    pub fn current(&self) -> f64 {
        self.memory.current
    }

    /// Takes in the metric of an epoch, and returns by what the rate is to be multiplied from now on. NaN is never better.
    ///
    /// # Errors
    /// If the factor is not between 0 and 1, the threshold is negative, or the minimum not in `[0, 1]`.
    #[track_caller]
    pub fn observe(&mut self, metric: f64) -> Result<f64> {
        let fine = self.factor > 0.0
            && self.factor < 1.0
            && (0.0..f64::INFINITY).contains(&self.threshold)
            && (0.0..=1.0).contains(&self.minimum);
        if !fine {
            let (factor, threshold, minimum) = (self.factor, self.threshold, self.minimum);
            let reason = format!("the factor is {factor}, the threshold {threshold}, the minimum {minimum}");
            let help =
                "the factor lies between 0 and 1, the threshold is not negative, the minimum at most 1";
            return Fault::new(reason, help).raise("observe");
        }
        let better = match self.memory.best {
            None => metric.is_finite(),
            Some(best) if self.rising => metric > best + self.threshold * best.abs(),
            Some(best) => metric < best - self.threshold * best.abs(),
        };
        let memory = &mut self.memory;
        if better {
            memory.best = Some(metric);
            memory.waited = 0;
        } else {
            memory.waited += 1;
        }
        if memory.cooling > 0 {
            memory.cooling -= 1;
            memory.waited = 0;
        }
        if memory.waited > self.patience {
            memory.current = (memory.current * self.factor).max(self.minimum);
            memory.cooling = self.cooldown;
            memory.waited = 0;
        }
        Ok(memory.current)
    }
}
