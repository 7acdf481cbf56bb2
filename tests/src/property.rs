//! Runs a claim over random programs, shrinks what breaks it, and reports the worst error that passed.

use std::cell::Cell;
use std::fmt;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use chainrule_oracle::{Bounded, Precision};

use crate::program::{Program, programs};

/// Why a claim fails: text for people, also as `Debug`, so that `unwrap` prints it readably.
pub struct Failure(pub String);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

/// Collects comparisons of one program: the largest error in units of its bound.
#[derive(Default)]
pub struct Verdict {
    /// At most 1 if all is well.
    pub worst: f64,
}

impl Verdict {
    /// `got` must be within `bound` of `want`; what is not finite must be the same.
    pub fn near(&mut self, what: &str, got: f64, want: f64, bound: f64) -> Result<(), Failure> {
        self.within(what, got, Bounded::<chainrule_oracle::Double>::new(want, bound / 2.0))
    }

    /// `got` must be what the oracle has, up to what rounding can have done.
    pub fn within<P: Precision>(&mut self, what: &str, got: f64, want: Bounded<P>) -> Result<(), Failure> {
        let part = want.distance(got);
        self.worst = self.worst.max(part);
        if part <= 1.0 {
            return Ok(());
        }
        let (value, error) = (want.value, want.error);
        Err(Failure(format!("{what}: {got:e}, not {value:e} ± {error:e}; {part:.3e} x what is allowed")))
    }

    /// Both must be the same bits.
    pub fn same<T: PartialEq + fmt::Debug>(&self, what: &str, got: T, want: T) -> Result<(), Failure> {
        if got == want { Ok(()) } else { Err(Failure(format!("{what}: {got:?}, not {want:?}"))) }
    }
}

/// Checks a claim over random programs. `PROPTEST_CASES`, where set, is the number of programs for every claim: a soak.
pub fn for_programs(
    name: &str,
    cases: u32,
    lines: usize,
    claim: impl Fn(&Program, &mut Verdict) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let soak: Option<u32> = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let cases = soak.unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    // The same programs every time; a soak looks for new ones.
    let mut runner = match soak {
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
        Some(_) => TestRunner::new(config),
    };
    let worst = Cell::new(0.0_f64);
    let result = runner.run(&programs(lines), |program| {
        let mut verdict = Verdict::default();
        claim(&program, &mut verdict).map_err(|failure| TestCaseError::fail(failure.0))?;
        worst.set(worst.get().max(verdict.worst));
        Ok(())
    });
    println!("{name}: {cases} programs, worst error {:.2e} of its bound", worst.get());
    result.map_err(|error| match error {
        TestError::Fail(reason, program) => Failure(format!("{name}: {reason}\n{program:?}")),
        TestError::Abort(reason) => Failure(format!("{name}: {reason}")),
    })
}
