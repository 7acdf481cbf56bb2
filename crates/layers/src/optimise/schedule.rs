//! [`Schedule`]: a learning rate that changes with the steps.

use chainrule_graph::{Graph, Scalar, Var};

use crate::fault::Fault;

/// A learning rate as a function of the number of steps done, `t`. A plain number is a schedule too.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    form: Form,
    /// Over how many steps the rate rises from 0, before the schedule begins.
    warm_up: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Constant(f64),
    Cosine { rate: f64, steps: usize },
}

impl From<f64> for Schedule {
    fn from(rate: f64) -> Self {
        Schedule::constant(rate)
    }
}

impl Schedule {
    /// Always the same.
    pub fn constant(rate: f64) -> Self {
        Schedule { form: Form::Constant(rate), warm_up: 0 }
    }

    /// `rate ½ (1 + cos(π t / steps))`, and 0 from then on.
    pub fn cosine(rate: f64, steps: usize) -> Self {
        Schedule { form: Form::Cosine { rate, steps }, warm_up: 0 }
    }

    /// The rate after `t` steps.
    pub fn rate(&self, t: usize) -> f64 {
        let graph = Graph::new();
        self.at_step(graph.constant(t as f64)).item().unwrap_or(f64::NAN)
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let (Form::Constant(rate) | Form::Cosine { rate, .. }) = self.form;
        if rate.is_finite() {
            Ok(())
        } else {
            Err(Fault::new(format!("the rate is {rate}"), "give a finite number"))
        }
    }

    pub(super) fn at_step<'g, T: Scalar>(&self, t: Var<'g, T>) -> Var<'g, T> {
        let graph = t.graph();
        match self.form {
            Form::Constant(rate) => graph.constant(T::of(rate)),
            Form::Cosine { rate, steps } => {
                let part = (t / T::of(steps.max(1) as f64)).minimum(T::one());
                ((part * T::of(std::f64::consts::PI)).cos() + T::one()) * T::of(rate / 2.0)
            }
        }
    }
}
