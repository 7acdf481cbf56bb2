//! Runs a claim over random programs, shrinks what breaks it, and reports the worst error that passed.

use std::cell::Cell;
use std::fmt;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::oracle::scalar::H;
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
        let error = (got - want).abs();
        // The complex step's own error, of the order of H²: felt only where the derivative itself is exactly 0, as that of
        // a cube at 0.
        let bound = bound + H * H * 1e20;
        if error.to_bits() == 0 || (got.is_nan() && want.is_nan()) {
            return Ok(());
        }
        let ratio = error / bound;
        self.worst = self.worst.max(ratio);
        // Not `ratio > 1`: NaN must fail.
        if ratio <= 1.0 {
            return Ok(());
        }
        Err(Failure(format!("{what}: {got:e}, not {want:e}; error {error:e}, allowed {bound:e}")))
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
    let soak = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let cases = soak.unwrap_or(cases);
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    });
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
