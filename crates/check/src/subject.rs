//! What is judged: a function of arrays that can be evaluated, and differentiated by whoever claims to know how.
//!
//! Everything behind this page (differences, verdicts, reports) sees a function only through [`Subject`]: one recorded on the
//! engine, one written by hand, and one operation of a tape alone are the same to it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use chainrule_graph::{Error, Scalar};
use ndarray::ArrayD;

use crate::guilty::Guilty;
use crate::reference::Tape;

pub(crate) type Arrays<T> = Vec<ArrayD<T>>;

/// One differentiation: what turns a function into another one.
#[derive(Clone, Debug)]
pub(crate) enum Step<T> {
    /// To the gradients of the outputs, seeded with these cotangents: one result for each input that moves.
    Reverse(Arrays<T>),
    /// To the derivatives of the outputs when the inputs that move go along these tangents.
    Forward(Arrays<T>),
}

/// What one run gave.
pub(crate) struct Run<T> {
    pub(crate) outputs: Arrays<T>,
    /// The decisions that were taken on values: two runs with the same ones are on the same smooth piece. Empty where nobody
    /// can know.
    pub(crate) branches: Vec<Branch>,
}

/// The decisions of one operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) operation: String,
    pub(crate) location: &'static Location<'static>,
    pub(crate) signs: Vec<f64>,
}

/// Why a run gave nothing.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The engine says what, where and how to mend it.
    Engine(Error),
    /// Code of the user's panicked.
    Panic(String),
    /// A function returned an error of its own.
    Refused(String),
    /// Numbers or shapes of results that are not those of what they belong to.
    Shape(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Engine(error)
    }
}

pub(crate) trait Subject<T: Scalar> {
    /// The function, differentiated by each step of `path` in turn, at `x`. An input with `fixed` never moves.
    fn run(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Result<Run<T>, Trouble>;

    /// What it records at `x`.
    ///
    /// # Errors
    /// Why the oracle cannot evaluate that.
    fn tape(&self, x: &[ArrayD<T>]) -> Result<Tape<T>, String>;

    /// Whether it can be differentiated in forward mode, and more than once.
    fn is_differentiable(&self) -> bool;

    /// The operation that makes its derivative wrong, if it is made of operations.
    fn guilty(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Option<Guilty>;
}

/// Runs code of the user's, which may panic.
pub(crate) fn caught<R>(run: impl FnOnce() -> R) -> Result<R, Trouble> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| Trouble::Panic(message(&*payload)))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(a panic without a message)".into())
}

/// Those that move.
pub(crate) fn moving<'a, A>(all: &'a [A], fixed: &'a [bool]) -> impl Iterator<Item = &'a A> {
    all.iter().zip(fixed).filter(|(_, fixed)| !**fixed).map(|(x, _)| x)
}
