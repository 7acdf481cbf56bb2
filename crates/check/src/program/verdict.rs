//! Comparisons with the oracle.

use std::fmt;

use chainrule_oracle::{Bounded, Precision};

use crate::Failure;

/// What came out of the comparisons so far.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// The largest error, in parts of its bound: at most 1 if all is well. Errors of one unit in the last place do not count.
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
        let error = (got - want.value).abs();
        // Two numbers that are each rounded but once may be neighbours. Just above a power of 2 that is all of what is allowed (2.0000005
        // is off by 1.000 of its bound, if it is off at all), and says nothing of how near the bound is.
        let neighbours = error <= last_place::<P>(want.value);
        if within && (neighbours || distance <= self.worst) {
            return Ok(());
        }
        let (what, allowed) = (what(), 2.0 * want.error);
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

/// A unit in the last place of a number of this size.
fn last_place<P: Precision>(x: f64) -> f64 {
    2.0 * P::UNIT * x.abs().log2().floor().exp2()
}

/// Both must be the same.
pub(super) fn same<E: PartialEq + fmt::Debug>(
    what: impl FnOnce() -> String,
    got: E,
    want: E,
) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(Failure::new(format!("{}: {got:?}, not {want:?}", what()))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_oracle::Double;

    #[test]
    fn neighbours_are_within_their_bound_and_are_no_near_miss() {
        let mut verdict = Verdict::default();
        let x = 2.0000005_f64;
        let once = Bounded::<Double>::new(x, x * f64::EPSILON / 2.0);
        verdict.near(|| "x".into(), x + 2.0 * f64::EPSILON, once).unwrap();
        assert_eq!((verdict.worst, verdict.compared), (0.0, 1));
        verdict.near(|| "y".into(), x + 4.0 * f64::EPSILON, Bounded::<Double>::new(x, 1e-15)).unwrap();
        assert!((0.4..0.5).contains(&verdict.worst) && verdict.worst_of.starts_with("y: "), "{verdict:?}");
        assert!(verdict.near(|| "z".into(), x + 4.0 * f64::EPSILON, once).is_err());
        assert!(verdict.near(|| "nan".into(), f64::NAN, once).is_err());
    }
}
