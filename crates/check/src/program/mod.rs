//! Random programs: every operation of the engine, mixed at random, run on the engine and on the oracle.
//!
//! ```
//! use chainrule_check::program::programs;
//!
//! // Values, gradients, tangents, second derivatives in every way, and all laws, over 20 random programs.
//! let report = programs().check(20)?;
//! assert!(report.worst <= 1.0);
//! # Ok::<(), chainrule_check::Failure>(())
//! ```
//!
//! The way of a program:
//!
//! * A strategy of proptest makes a list of genes, which always decodes (`decode`, and a page for each family
//!   of operations in `kinds`) into [`Line`]s.
//! * The lines are recorded on the engine (`record`), evaluated on the oracle (`evaluate`) and printed as Rust (`print`).
//! * [`claims`] compares the two, and tests the laws that need no oracle.
//! * What breaks a claim is shrunk to a few lines (`shrink`), and [`guilty`](crate::guilty()) names the operation.
//! * [`fault`] has wrong rules for every operation, which all this must find.

mod call;
pub mod claims;
mod convention;
mod decode;
mod differences;
mod evaluate;
pub mod fault;
mod guest;
mod kinds;
pub(crate) mod matrices;
mod print;
pub mod random_calls;
mod record;
mod shrink;
mod strategy;
mod verdict;

pub use call::{Call, Function, Id, Line, Mapped, Moves, Operator, Over, Pair, Part, Reduction};
pub use evaluate::{Rule, from_oracle, to_oracle};
pub use guest::Guest;
pub use record::{Number, rounded};
pub use strategy::{Programs, Report, networks, programs};
pub use verdict::Verdict;

pub use crate::failure::Failure;

/// A straight-line program. Its last line is its result, a single number.
///
/// `{:?}` prints a `main` that reproduces it.
#[derive(Clone, PartialEq)]
pub struct Program {
    /// One a node, operands before users.
    pub lines: Vec<Line>,
    /// The number of the first of the last lines, which add up what nobody else reads.
    pub readout: usize,
}

impl Program {
    /// The lines that are inputs.
    pub fn leaves(&self) -> Vec<Id> {
        (0..self.lines.len()).filter(|&id| matches!(self.lines[id].call, Call::Leaf(_))).collect()
    }

    /// The line with the result.
    pub fn output(&self) -> Id {
        self.lines.len().saturating_sub(1)
    }

    /// How many lines compute something, but for those that only add up the result.
    pub fn instructions(&self) -> usize {
        self.lines.iter().take(self.readout).filter(|line| !line.call.is_leaf()).count()
    }

    /// Whether an operation occurs, by the name of its method.
    pub fn contains(&self, operation: &str) -> bool {
        self.lines.iter().any(|line| line.call.name() == operation)
    }

    /// The same with a wrong derivative in the place of each call of an operation.
    #[must_use]
    pub fn with_fault(mut self, fault: fault::Fault) -> Self {
        for line in &mut self.lines {
            if let Some(call) = fault.spoil(&line.call) {
                line.call = call;
            }
        }
        self
    }
}

/// The operations that programs draw from, by the names of their methods.
pub fn operations() -> impl Iterator<Item = &'static str> {
    kinds::all().map(|kind| kind.name)
}
