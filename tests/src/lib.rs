//! What the cross-crate tests share: tables of all operations, on the engine and on the oracle, and random programs.
//!
//! * The oracle is a crate of its own, `chainrule_oracle`: it computes values, derivatives of any order and bounds for their
//!   rounding errors without any code of the engine. [`oracle`] says which of its functions stand for the registry's.
//! * [`rows`] and [`table`] have a call of every operation, and its definition.
//! * [`random`] runs claims over the random programs of `chainrule_check`, which is also where those are that compare them with
//!   the oracle.
// Not `forbid`: ndarray's macro `s!` has an `allow` of its own.
#![deny(unsafe_code)]

pub mod oracle;
pub mod random;
pub mod rows;
pub mod sources;
pub mod table;

/// The code blocks of the crates' pages are compiled and run with the doc tests. (Those of the README and of the book are run, and
/// their outputs compared, by `chainrule-book`.)
#[cfg(doctest)]
mod pages {
    macro_rules! pages {
        ($($Name:ident = $path:literal),+ $(,)?) => {
            $(#[doc = include_str!($path)] struct $Name;)+
        };
    }
    pages! {
        Facade = "../../crates/chainrule/README.md",
        Engine = "../../crates/graph/README.md",
    }
}
