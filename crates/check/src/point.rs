//! One function at one point: every order, every mode, every direction.
//!
//! Order by order: a function is judged, then the functions that its two modes turn it into, then those that these are turned
//! into. Each of them is a [`Level`] at which nothing but first derivatives is looked at.

use chainrule_graph::Scalar;
use ndarray::ArrayD;

use crate::failure::{Cause, Mode};
use crate::level::Level;
use crate::reference::{Reference, Tape, values};
use crate::report::Compared;
use crate::settings::Settings;
use crate::subject::{Step, Subject, Trouble, moving};
use crate::taylor::Taylor;

impl From<Trouble> for Cause {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Engine(error) => Cause::Invalid(error),
            Trouble::Panic(message) => Cause::Panicked { message },
            Trouble::Refused(message) => Cause::Refused { message },
            Trouble::Shape(message) => Cause::Shape { message },
        }
    }
}

/// What a point gave, if nothing is wrong.
#[derive(Default)]
pub(crate) struct Passed {
    pub(crate) values: Compared,
    pub(crate) by_oracle: Compared,
    pub(crate) by_differences: Compared,
    pub(crate) taylor: Option<Taylor>,
    /// For each input, whether its gradients and the differences are all zeros.
    pub(crate) ignored: Vec<bool>,
    pub(crate) kinks: Vec<String>,
}

impl Passed {
    /// Those that were compared with this reference.
    pub(crate) fn by(&mut self, reference: Reference) -> &mut Compared {
        match reference {
            Reference::Oracle => &mut self.by_oracle,
            Reference::Automatic | Reference::Differences => &mut self.by_differences,
        }
    }
}

/// What is wrong, and after which steps.
pub(crate) struct Found<T> {
    pub(crate) cause: Cause,
    pub(crate) taylor: Option<Taylor>,
    pub(crate) path: Vec<Step<T>>,
}

/// Where a function is judged, and what is asked of it.
pub(crate) struct Point<'a, T> {
    pub(crate) subject: &'a dyn Subject<T>,
    pub(crate) x: &'a [ArrayD<T>],
    pub(crate) fixed: &'a [bool],
    pub(crate) settings: &'a Settings,
}

/// The differentiations behind a function, as steps and as what they are called, the last one first.
type Path<T> = (Vec<Step<T>>, Vec<Mode>);

impl<T: Scalar> Point<'_, T> {
    /// All orders.
    pub(crate) fn check(&self) -> Result<Passed, Box<Found<T>>> {
        let ignored = moving(self.x, self.fixed).map(|x| !x.is_empty()).collect();
        let mut passed = Passed { ignored, ..Passed::default() };
        let order = if self.subject.is_differentiable() { self.settings.order } else { 1 };
        let found = |cause| Box::new(Found { cause, taylor: None, path: Vec::new() });
        let tape = self.tape().map_err(found)?;
        if let Some(tape) = &tape {
            passed.values = values(tape).map_err(found)?;
        }
        let mut paths: Vec<Path<T>> = vec![(Vec::new(), Vec::new())];
        for _ in 0..order {
            let mut next = Vec::new();
            for path in &paths {
                let before = passed.kinks.len();
                let further = self.level(path, tape.as_ref(), &mut passed)?;
                // What jumps has no derivative.
                if passed.kinks.len() == before {
                    next.extend(further);
                }
            }
            paths = next;
        }
        Ok(passed)
    }

    /// One level; returns the paths to the next ones.
    fn level(
        &self,
        (path, modes): &Path<T>,
        tape: Option<&Tape<T>>,
        passed: &mut Passed,
    ) -> Result<Vec<Path<T>>, Box<Found<T>>> {
        let found = |cause: Cause, taylor| Box::new(Found { cause, taylor, path: path.clone() });
        let mut level = Level::new(self, path, modes, tape).map_err(|cause| found(cause, None))?;
        if path.is_empty() {
            passed.taylor = level.taylor().map_err(|cause| found(cause, None))?;
        }
        let mut directions = level.directions().into_iter();
        // Where several are tied, each alone may have all of the slope, but not all of them together.
        let mut tied = Some(level.joint().iter().map(|v| v.mapv(f64::abs)).collect());
        while let Some(direction) =
            directions.next().or_else(|| tied.take().filter(|_| !passed.kinks.is_empty()))
        {
            if let Err(cause) = level.along(&direction, passed) {
                let taylor = if path.is_empty() { passed.taylor.take() } else { None };
                return Err(found(level.locate(&direction, cause), taylor));
            }
        }
        let further = level.steps().into_iter().map(|(step, mode)| {
            let path = path.iter().cloned().chain([step]).collect();
            (path, [&[mode], modes.as_slice()].concat())
        });
        Ok(further.collect())
    }
}
