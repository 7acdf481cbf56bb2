//! [`Step`]: one step of an optimiser while it is recorded.

use chainrule_graph::{Graph, Scalar, Var};

use super::Schedule;

/// One step of training, as a [`Rule`](super::Rule) sees it: the rate, the count of steps, and slots for what is remembered
/// from step to step.
pub struct Step<'s, 'g, T> {
    graph: &'g Graph<T>,
    rate: Var<'g, T>,
    /// The number of this step, from 1.
    count: Var<'g, T>,
    /// Whether parameters change in this run, where gradients are accumulated over several.
    due: Option<Due<'g, T>>,
    /// The parameter whose next value is being recorded.
    parameter: Option<(&'s str, Var<'g, T>)>,
    updates: Vec<(Var<'g, T>, Var<'g, T>)>,
}

struct Due<'g, T> {
    /// 1 in every `steps`-th run, else 0.
    now: Var<'g, T>,
    steps: T,
}

impl<'s, 'g, T: Scalar> Step<'s, 'g, T> {
    pub(super) fn begin(graph: &'g Graph<T>, rate: &Schedule, accumulated: usize) -> Self {
        let mut updates = Vec::new();
        let variable = |name: &str, value: f64| graph.variable(format!("optimizer.{name}"), T::of(value));
        let due = (accumulated > 1).then(|| {
            let (runs, steps) = (variable("runs", 0.0), T::of(accumulated as f64));
            let next = runs + T::one();
            let now = next.greater_equal(steps);
            updates.push((runs, now.select(T::zero(), next)));
            Due { now, steps }
        });
        let step = variable("step", 0.0);
        let count = step + T::one();
        updates.push((step, due.as_ref().map_or(count, |due| due.now.select(count, step))));
        let rate = rate.at_step(step) * variable("factor", 1.0);
        Step { graph, rate, count, due, parameter: None, updates }
    }

    /// The gradient to use in this run: the mean over the runs since parameters changed last.
    pub(super) fn accumulate(&mut self, name: &str, g: Var<'g, T>) -> Var<'g, T> {
        let Some(Due { now, steps }) = self.due else { return g };
        let sum = self.variable(&format!("gradient.{name}"), g);
        let next = sum + g;
        self.updates.push((sum, now.select(T::zero(), next)));
        next / steps
    }

    /// Records the next value of a parameter.
    pub(super) fn parameter(
        &mut self,
        name: &'s str,
        p: Var<'g, T>,
        next: impl FnOnce(&mut Self) -> Var<'g, T>,
    ) {
        self.parameter = Some((name, p));
        let next = next(self);
        self.replace(p, next);
    }

    pub(super) fn finish(self) -> Vec<(Var<'g, T>, Var<'g, T>)> {
        self.updates
    }

    /// The learning rate of this step: a single number.
    pub fn rate(&self) -> Var<'g, T> {
        self.rate
    }

    /// The number of this step, from 1.
    pub fn count(&self) -> Var<'g, T> {
        self.count
    }

    /// Something remembered for the parameter at hand: an array of its shape, zeros before the first step. `next` makes its
    /// next value of the last one; that is returned, too.
    ///
    /// Its name in the state is `optimizer.`, the name, a dot and the parameter's name.
    #[track_caller]
    pub fn slot(&mut self, name: &str, next: impl FnOnce(Var<'g, T>) -> Var<'g, T>) -> Var<'g, T> {
        // Outside of a parameter there is nothing to remember; nobody can call this there.
        let Some((path, p)) = self.parameter else { return self.rate };
        let old = self.variable(&format!("{name}.{path}"), p);
        let next = next(old);
        self.replace(old, next);
        next
    }

    fn replace(&mut self, old: Var<'g, T>, next: Var<'g, T>) {
        let next = self.due.as_ref().map_or(next, |due| due.now.select(next, old));
        self.updates.push((old, next));
    }

    /// Zeros of the shape of `like`.
    fn variable(&self, name: &str, like: Var<'g, T>) -> Var<'g, T> {
        match like.shape() {
            Ok(shape) => self.graph.variable(format!("optimizer.{name}"), ndarray::ArrayD::zeros(shape)),
            Err(_) => like,
        }
    }
}
