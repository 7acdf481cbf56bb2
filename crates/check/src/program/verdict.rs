//! Comparisons, and what is said when one fails.

use std::fmt;

use chainrule_oracle::{Bounded, Precision};

use super::blame::Blame;

/// Why a claim does not hold of a program.
///
/// `{:?}` is the same text as `{}`: what `unwrap` prints can be read.
#[derive(Clone)]
pub struct Failure {
    /// What is wrong: which value or derivative, what it is and what it should be.
    pub claim: String,
    /// The operation whose own derivative is wrong, if there is one.
    pub blame: Option<Box<Blame>>,
    /// The program as Rust code.
    pub program: String,
    /// How many of its lines compute something.
    pub instructions: usize,
    /// How many programs were tried until one failed.
    pub cases: usize,
}

impl Failure {
    /// What is wrong, as a claim of one's own says it to [`Programs::check_by`](super::Programs::check_by), which adds of which
    /// program.
    pub fn new(claim: impl Into<String>) -> Self {
        Failure { claim: claim.into(), blame: None, program: String::new(), instructions: 0, cases: 0 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.claim)?;
        if let Some(blame) = &self.blame {
            write!(f, "\n{blame}")?;
        }
        if !self.program.is_empty() {
            write!(
                f,
                "\nThe program, shrunk to {} lines that compute:\n\n{}",
                self.instructions, self.program
            )?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

impl From<chainrule_graph::Error> for Failure {
    fn from(error: chainrule_graph::Error) -> Self {
        Failure::new(error.to_string())
    }
}

/// What came out of the comparisons so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// The largest error, in parts of its bound: at most 1 if all is well.
    pub worst: f64,
    /// How many numbers were compared with the oracle's.
    pub compared: usize,
}

impl Verdict {
    /// A computed number must be within the bound of the oracle's.
    ///
    /// # Errors
    /// If it is not.
    pub fn near<P: Precision>(
        &mut self,
        what: impl FnOnce() -> String,
        got: f64,
        want: Bounded<P>,
    ) -> Result<(), Failure> {
        let distance = want.distance(got);
        self.compared += 1;
        self.worst = self.worst.max(distance);
        // Not `distance > 1`: NaN must fail.
        if distance <= 1.0 {
            return Ok(());
        }
        let allowed = 2.0 * want.error;
        let error = (got - want.value).abs();
        Err(Failure::new(format!(
            "{}: {got:e}, not {:e}; the error is {error:e}, and at most {allowed:e} can be rounding",
            what(),
            want.value
        )))
    }
}

/// Both must be the same.
pub(super) fn same<E: PartialEq + fmt::Debug>(
    what: impl FnOnce() -> String,
    got: E,
    want: E,
) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(Failure::new(format!("{}: {got:?}, not {want:?}", what()))) }
}
