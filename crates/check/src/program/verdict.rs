//! Comparisons with the oracle.

use std::fmt;

use chainrule_oracle::{Bounded, Precision};

use crate::Failure;

/// What came out of the comparisons so far.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// The largest error, in parts of its bound: at most 1 if all is well.
    pub worst: f64,
    /// Of which value or derivative; empty if there is no error at all.
    pub worst_of: String,
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
        let within = distance <= 1.0;
        if within && distance <= self.worst {
            return Ok(());
        }
        let (what, error, allowed) = (what(), (got - want.value).abs(), 2.0 * want.error);
        // Not `distance > 1`: NaN must fail.
        if !within {
            return Err(Failure::new(format!(
                "{what}: {got:e}, not {:e}; the error is {error:e}, and at most {allowed:e} can be rounding",
                want.value
            )));
        }
        self.worst = distance;
        self.worst_of = format!("{what}: {got:e} for {:e}, off by {error:e} of {allowed:e}", want.value);
        Ok(())
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
