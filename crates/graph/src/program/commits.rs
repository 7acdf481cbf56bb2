//! New values of variables in scalar code: written where they belong by the operation that computes them.
//!
//! They must not be there before the last operation that reads an old one. So an operation that computes a new value is
//! done behind all others, where that makes no difference, and writes to the state; where it does, a copy is made then.

use chainrule_kernels::{At, STATE, ScalarCode, ScalarStep};

use super::tiny::Operation;
use crate::Scalar;

impl<T> Operation<T> {
    /// What it reads: unused operands name a place that is read anyway.
    fn reads(&self) -> &[At] {
        if self.also().is_some() { &self.operands[..1] } else { &self.operands }
    }

    /// Where the second result goes, if there is one.
    fn also(&self) -> Option<At> {
        matches!(self.code, ScalarCode::Pair(_)).then_some(self.operands[1])
    }

    fn writes(&self, at: At) -> bool {
        self.to == at || self.also() == Some(at)
    }
}

/// The operations, and behind them what brings new values from places in the working memory to others in the state: `(from,
/// to)`. `kept` are the places that are read after the run. The operations write to none of the places `to`.
pub(super) fn commit<T: Scalar>(
    operations: Vec<Operation<T>>,
    commits: &[(At, At)],
    kept: impl Fn(At) -> bool,
) -> Option<Vec<ScalarStep<T>>> {
    let mut operations: Vec<Option<Operation<T>>> = operations.into_iter().map(Some).collect();
    let mut last = Vec::with_capacity(commits.len());
    for &(from, to) in commits {
        let once = commits.iter().filter(|commit| commit.0 == from).count() == 1;
        // Nor by what has been moved already.
        let read = kept(from) || last.iter().any(|it: &Operation<T>| it.reads().contains(&from));
        let moved = if once && !read { take_last(&mut operations, from, to) } else { None };
        last.push(match moved {
            Some(moved) => Operation { to, ..moved },
            None => Operation { code: ScalarCode::Copy, operands: [from; 3], to },
        });
    }
    operations.into_iter().flatten().chain(last).map(Operation::step).collect()
}

/// Takes out the operation that computes what is at `from` in the end, if it can as well be done behind all others, and
/// what is at `to` is the one value in the state that it reads.
fn take_last<T: Scalar>(operations: &mut [Option<Operation<T>>], from: At, to: At) -> Option<Operation<T>> {
    let writer = |operation: &Option<Operation<T>>| operation.as_ref().is_some_and(|it| it.writes(from));
    let number = operations.iter().rposition(writer)?;
    let (before, behind) = operations.split_at_mut(number + 1);
    let slot = before.last_mut()?;
    let fits = slot.as_ref().is_some_and(|operation| {
        let of_others = |at: &&At| at.area == STATE && **at != to;
        let changed = |at: &At| behind.iter().flatten().any(|it| it.writes(*at));
        operation.also().is_none()
            && !operation.reads().iter().any(|at| of_others(&at) || changed(at))
            && !behind.iter().flatten().any(|it| it.reads().contains(&from))
    });
    if fits { slot.take() } else { None }
}
