//! Who says what a derivative should be: an independent evaluator, or differences.
//!
//! A function that is recorded on the engine is a list of operations of a small closed set ([`Operation`]). The crate
//! `chainrule-oracle` has every one of them by its definition, in plain loops that share nothing with the engine, for numbers of
//! any kind. So the list is taken off the tape (`tape.rs`), computed again (`evaluate.rs`) in numbers that carry derivatives and
//! a running bound of rounding (`derivative.rs`), and what the engine gives has to lie within that bound: no step, no
//! extrapolation, no tolerance.
//!
//! Only what the *user's* function recorded is taken, never the nodes that a sweep of the kit appended, so a derivative is found
//! without any rule of the engine's. An operation of the user's own is no operation of the oracle's, and a function of arrays is
//! no tape at all; and where a function has a kink there is no derivative to compare. There, differences decide.
//!
//! [`Operation`]: chainrule_graph::Operation

mod derivative;
mod evaluate;
mod judge;
mod tape;

pub(crate) use derivative::values;
pub(crate) use tape::Tape;

#[cfg(test)]
mod tests;

/// What derivatives are compared with.
///
/// ```
/// use chainrule_check::{Reference, check_gradient, function};
///
/// let swish = function(|[x]| x * x.sigmoid());
/// let report = check_gradient(swish).at([[0.5, -1.0]])?;
/// assert_eq!((report.by_oracle().count, report.by_differences().count), (report.comparisons(), 0));
///
/// // The same by the other means: the two share nothing.
/// let report = check_gradient(swish).reference(Reference::Differences).at([[0.5, -1.0]])?;
/// assert_eq!((report.by_oracle().count, report.by_differences().count), (0, report.comparisons()));
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reference {
    /// The oracle where it can say, differences elsewhere: for functions that are not recorded on the engine, or with operations of
    /// the user's own in them; that depend on their inputs otherwise than by what they record; at kinks; where rounding
    /// might change a result so much that the bound decides nothing; and for functions so large that plain loops would
    /// take long.
    #[default]
    Automatic,
    /// The independent evaluator `chainrule-oracle`, with the running bound of rounding as what is allowed. A function that it cannot
    /// evaluate is [refused](crate::Cause::Refused), a bound that decides nothing is [undecided](crate::Cause::Undecided). At kinks,
    /// where there is no derivative, the slopes to both sides are still found by differences.
    Oracle,
    /// Central differences, extrapolated to step 0, with an estimate of their own error.
    Differences,
}

impl Reference {
    /// The subject of a sentence that tells what it gives.
    pub(crate) fn gives(self) -> &'static str {
        match self {
            Reference::Oracle => "the oracle gives",
            Reference::Automatic | Reference::Differences => "differences give",
        }
    }
}
