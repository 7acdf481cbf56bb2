//! How far a claimed derivative may be from what it should be.

/// How far a claimed derivative may be from what the oracle or differences give.
///
/// ```
/// use chainrule_check::{Tolerance, check_gradient};
///
/// check_gradient(|[x]| x.sin()).tolerance(Tolerance::Rho(1e-8)).at([[0.5, 1.0]])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Tolerance {
    /// As far as rounding can account for. There is no number to choose, cancellation is allowed where it happens, and
    /// everywhere else the verdict is strict.
    ///
    /// Of the oracle that is its running error bound: with each operation goes what it passes on of its operands' errors, and what
    /// its own result is rounded by. Of differences it is their own estimate of what extrapolation and rounding leave, four times
    /// over, and the measured rounding of the gradient; those that are too coarse to decide are
    /// [undecided](crate::Cause::Undecided), not right.
    #[default]
    RunningError,
    /// `|got - want| <= atol + rtol |want|`, as elsewhere.
    Relative {
        /// The part of the expected number.
        rtol: f64,
        /// What is allowed of zero.
        atol: f64,
    },
    /// `|got - want| / max(1, |got| + |want|) <= rho`, the measure of ADBench.
    Rho(f64),
}

impl Tolerance {
    /// How far `got` may be from `want`, given by how much they are uncertain.
    pub(crate) fn allowed(self, got: f64, want: f64, running: f64) -> f64 {
        match self {
            Tolerance::RunningError => running,
            Tolerance::Relative { rtol, atol } => atol + rtol * want.abs(),
            Tolerance::Rho(rho) => rho * (got.abs() + want.abs()).max(1.0),
        }
    }
}
