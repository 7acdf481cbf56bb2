//! The builder: what is asked of a function, and where.

use std::cell::{Cell, RefCell};

use chainrule_graph::{Feeds, Scalar};
use ndarray::ArrayD;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::failure::{Cause, Failure, Inner, Mode};
use crate::foreign::Foreign;
use crate::laws::Law;
use crate::point::Point;
use crate::random::Random;
use crate::recorded::{Function, Recorded};
use crate::reference::Reference;
use crate::report::Report;
use crate::settings::{Kinks, Settings};
use crate::source;
use crate::subject::Subject;
use crate::tolerance::Tolerance;

/// What is left to be said when a function is given: what to ask of it, and where. Made by
/// [`check_gradient`](crate::check_gradient), [`check_function`](crate::check_function) and their like; ended by [`at`](Check::at) or [`for_all`](Check::for_all).
#[must_use = "nothing is tested before `at` or `for_all`"]
pub struct Check<'f, T> {
    subject: Box<dyn Tested<T> + 'f>,
    inputs: Option<usize>,
    settings: Settings,
}

impl<'f, T> Check<'f, T> {
    /// Of a subject with so many inputs, if that is known.
    pub(crate) fn new(subject: Box<dyn Tested<T> + 'f>, inputs: Option<usize>) -> Self {
        Check { subject, inputs, settings: Settings::default() }
    }
}

/// A subject, and the laws it can be held to.
pub(crate) trait Tested<T: Scalar>: Subject<T> {
    /// Itself, for what does not need the laws.
    fn subject(&self) -> &dyn Subject<T>;

    /// Whether a law holds at `x`.
    fn law(&self, law: Law, x: &[ArrayD<T>], settings: &Settings) -> Result<(), Cause>;
}

impl<T: Scalar, F: Function<T>> Tested<T> for Recorded<F> {
    fn subject(&self) -> &dyn Subject<T> {
        self
    }

    fn law(&self, law: Law, x: &[ArrayD<T>], settings: &Settings) -> Result<(), Cause> {
        crate::held::holds(law, self, x, settings)
    }
}

impl<T: Scalar> Tested<T> for Foreign<'_, T> {
    fn subject(&self) -> &dyn Subject<T> {
        self
    }

    fn law(&self, _: Law, _: &[ArrayD<T>], _: &Settings) -> Result<(), Cause> {
        Ok(())
    }
}

impl<T: Scalar> Check<'_, T> {
    /// Up to which order derivatives are tested: 1 is gradients, 2 their derivatives, 3 those of these. A gradient that is
    /// merely claimed has the first order only. Default: 1.
    pub fn order(mut self, order: usize) -> Self {
        self.settings.order = order.clamp(1, 3);
        self
    }

    /// Which modes are tested, alone and, in higher orders, over each other. Default: both.
    ///
    /// ```
    /// use chainrule_check::{Mode, check_gradient};
    ///
    /// check_gradient(|[x]| x.exp()).modes([Mode::Reverse]).order(2).at([0.5])?; // reverse over reverse only
    /// # Ok::<(), chainrule_check::Failure>(())
    /// ```
    pub fn modes(mut self, modes: impl IntoIterator<Item = Mode>) -> Self {
        self.settings.modes = modes.into_iter().collect();
        self
    }

    /// What derivatives are compared with. Default: [`Reference::Automatic`].
    pub fn reference(mut self, reference: Reference) -> Self {
        self.settings.reference = reference;
        self
    }

    /// How far derivatives may be from the reference. Default: [`Tolerance::RunningError`].
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.settings.tolerance = tolerance;
        self
    }

    /// The seed of directions and drawn inputs. The same seed makes the same test; the default is 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// How many inputs are drawn. Default: 32, or what the environment variable `PROPTEST_CASES` says.
    pub fn cases(mut self, cases: u32) -> Self {
        self.settings.cases = cases;
        self
    }

    /// What to do with inputs at kinks. Default: given ones are judged there, drawn ones moved.
    ///
    /// ```
    /// use chainrule_check::{Kinks, check_gradient};
    ///
    /// let judged = check_gradient(|[x]| x.relu()).at([[0.0, 1.0]])?;
    /// assert!(judged.kinks()[0].starts_with("`relu` at "));
    /// let moved = check_gradient(|[x]| x.relu()).kinks(Kinks::Nudge).at([[0.0, 1.0]])?;
    /// assert_eq!((moved.kinks().len(), moved.nudged()), (0, 1));
    /// # Ok::<(), chainrule_check::Failure>(())
    /// ```
    pub fn kinks(mut self, kinks: Kinks) -> Self {
        self.settings.kinks = Some(kinks);
        self
    }

    /// An input on which no output depends is a failure, not a note.
    ///
    /// ```
    /// use chainrule_check::{Cause, check_gradient, function};
    ///
    /// let f = function(|[x, _unused]| x.exp());
    /// assert_eq!(check_gradient(f).at([0.5, 1.0])?.ignored().len(), 1);
    /// let failure = check_gradient(f).all_inputs_matter().at([0.5, 1.0]).unwrap_err();
    /// assert!(matches!(failure.cause(), Cause::InputIgnored { .. }));
    /// # Ok::<(), chainrule_check::Failure>(())
    /// ```
    pub fn all_inputs_matter(mut self) -> Self {
        self.settings.all_matter = true;
        self
    }

    /// Also tests the exact [laws](crate::laws), where the function is recorded on the engine.
    pub fn laws(mut self) -> Self {
        self.settings.laws = true;
        self
    }

    /// Input number `input` has no gradient and never moves: indices, labels, a mask.
    ///
    /// ```
    /// use chainrule_check::check_gradient;
    ///
    /// let pick = check_gradient(|[table, rows]| table.take(rows, 0).exp()).fixed(1);
    /// pick.at(([0.5, 1.0, 2.0], [2.0, 0.0, 2.0]))?;
    /// # Ok::<(), chainrule_check::Failure>(())
    /// ```
    pub fn fixed(mut self, input: usize) -> Self {
        self.settings.fixed.push(input);
        self
    }

    /// Names for the inputs in reports.
    ///
    /// ```
    /// use chainrule_check::check_gradient;
    ///
    /// let failure = check_gradient(|[x, w]| x * w.detach()).names(["x", "w"]).at([2.0, 3.0]).unwrap_err();
    /// assert!(failure.to_string().starts_with("the gradient is wrong: input `w`, reverse mode"));
    /// ```
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.settings.names = names.into_iter().map(S::into).collect();
        self
    }

    /// Tests at these inputs: an array, `Vec` or tuple of `ndarray` arrays, numbers, or lists of numbers.
    ///
    /// # Errors
    /// What is wrong; see [`Cause`].
    pub fn at(self, inputs: impl Feeds<T>) -> Result<Report, Failure> {
        let x: Vec<ArrayD<T>> =
            (0..inputs.count()).filter_map(|i| inputs.feed(i)).map(|x| x.to_owned()).collect();
        self.judge(&x, self.settings.kinks.unwrap_or(Kinks::Judge), true)
    }

    /// Tests at inputs that a strategy draws, and shrinks those that fail to the smallest ones that do.
    ///
    /// The strategy's values are what [`at`](Check::at) takes: an array or a tuple of strategies of arrays, for example of
    /// [`array`](crate::strategy::array).
    ///
    /// ```
    /// use chainrule_check::check_gradient;
    /// use chainrule_check::strategy::array;
    ///
    /// check_gradient(|[x, w]| x.matmul(w).sigmoid()).for_all([array([2, 3]), array([3, 1])])?;
    /// # Ok::<(), chainrule_check::Failure>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong with the smallest inputs found; or that more than half of the drawn ones are undecided.
    pub fn for_all<S>(self, strategy: S) -> Result<Report, Failure>
    where
        S: Strategy,
        S::Value: Feeds<T>,
    {
        let config = Config {
            cases: crate::settings::cases(self.settings.cases),
            failure_persistence: None,
            max_shrink_iters: 2048,
            source_file: None,
            ..Config::default()
        };
        let mut seed = [0; 32];
        let mut random = Random(self.settings.seed);
        seed.chunks_mut(8).for_each(|part| part.copy_from_slice(&random.bits().to_le_bytes()));
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let kinks = self.settings.kinks.unwrap_or(Kinks::Nudge);
        let (total, broken) = (RefCell::new(Report::default()), Cell::new(false));
        let last_undecided = RefCell::new(None);
        let result = runner.run(&strategy, |inputs| {
            let x = owned(&inputs);
            match self.judge(&x, kinks, false) {
                Ok(report) => {
                    if !broken.get() {
                        total.replace_with(|total| std::mem::take(total).and(report));
                    }
                    Ok(())
                }
                Err(failure) if matches!(failure.cause(), Cause::Undecided(_)) => {
                    if !broken.get() {
                        total.borrow_mut().undecided += 1;
                        last_undecided.replace(Some(failure));
                    }
                    Ok(())
                }
                Err(failure) => {
                    broken.set(true);
                    Err(TestCaseError::fail(failure.cause().headline()))
                }
            }
        });
        let report = total.into_inner();
        match result {
            Ok(()) => match last_undecided.into_inner() {
                Some(failure) if report.undecided > report.points => Err(failure),
                _ => self.none_ignored(report, &[]),
            },
            Err(TestError::Fail(_, inputs)) => match self.judge(&owned(&inputs), kinks, true) {
                // It failed a moment ago.
                Ok(_) => Err(self
                    .failure(Cause::NonDeterministic { what: "the verdict itself".into() }, &owned(&inputs))),
                Err(mut failure) => {
                    failure.0.drawn = Some(report.points);
                    Err(failure)
                }
            },
            Err(TestError::Abort(reason)) => {
                Err(self.failure(Cause::Refused { message: format!("no inputs: {reason}") }, &[]))
            }
        }
    }

    /// The verdict at a point; with everything that helps if `fully`.
    fn judge(&self, x: &[ArrayD<T>], kinks: Kinks, fully: bool) -> Result<Report, Failure> {
        if let Some(count) = self.inputs.filter(|count| *count != x.len()) {
            let message = format!("{} inputs were given, the function takes {count}", x.len());
            return Err(self.failure(Cause::Shape { message }, x));
        }
        let fixed = self.settings.fixed(x.len());
        let mut x = x.to_vec();
        let mut nudged = 0;
        let mut random = Random(self.settings.seed ^ 0x0ff5_1de0);
        let passed = loop {
            let subject = self.subject.subject();
            let point = Point { subject, x: &x, fixed: &fixed, settings: &self.settings };
            let off_kink = kinks == Kinks::Nudge && nudged < 8;
            match point.check() {
                Ok(passed) if off_kink && !passed.kinks.is_empty() => {}
                Err(found) if off_kink && matches!(found.cause, Cause::Kink(_) | Cause::Undecided(_)) => {}
                Ok(passed) => break passed,
                Err(found) => {
                    let guilty = match &found.cause {
                        Cause::Wrong(_) if fully => subject.guilty(&x, &found.path, &fixed),
                        _ => None,
                    };
                    let mut failure = self.failure(found.cause, &x);
                    (failure.0.taylor, failure.0.guilty) = (found.taylor, guilty);
                    return Err(failure);
                }
            }
            // A short number more or less, so that the inputs stay short, and further away every time.
            nudged += 1;
            for (x, _) in x.iter_mut().zip(&fixed).filter(|(_, fixed)| !**fixed) {
                x.mapv_inplace(|x| T::of(x.as_f64() + f64::from(nudged) * random.dyadic() / 16.0));
            }
        };
        if self.settings.laws {
            for law in Law::ALL {
                if let Err(cause) = self.subject.law(law, &x, &self.settings) {
                    return Err(self.failure(cause, &x));
                }
            }
        }
        let moving = (0..x.len()).filter(|&i| fixed.get(i) == Some(&false));
        let ignored = moving.zip(&passed.ignored).filter(|(_, ignored)| **ignored);
        let report = Report {
            order: if self.subject.is_differentiable() { self.settings.order } else { 1 },
            modes: match self.subject.is_differentiable() {
                true => self.settings.modes.clone(),
                false => vec![Mode::Reverse],
            },
            points: 1,
            values: passed.values,
            by_oracle: passed.by_oracle,
            by_differences: passed.by_differences,
            taylor: passed.taylor,
            ignored: ignored.map(|(i, _)| self.settings.place(Some(i), None)).collect(),
            kinks: passed.kinks,
            nudged: u32::from(nudged > 0),
            undecided: 0,
            seed: self.settings.seed,
        };
        if fully { self.none_ignored(report, &x) } else { Ok(report) }
    }

    fn none_ignored(&self, report: Report, x: &[ArrayD<T>]) -> Result<Report, Failure> {
        match report.ignored.first() {
            Some(place) if self.settings.all_matter => {
                Err(self.failure(Cause::InputIgnored { place: place.clone() }, x))
            }
            _ => Ok(report),
        }
    }

    fn failure(&self, cause: Cause, x: &[ArrayD<T>]) -> Failure {
        Failure(Box::new(Inner {
            cause,
            inputs: x.iter().map(source::array).collect(),
            taylor: None,
            guilty: None,
            seed: self.settings.seed,
            drawn: None,
            program: None,
        }))
    }
}

fn owned<T: Scalar>(inputs: &impl Feeds<T>) -> Vec<ArrayD<T>> {
    (0..inputs.count()).filter_map(|i| inputs.feed(i)).map(|x| x.to_owned()).collect()
}
