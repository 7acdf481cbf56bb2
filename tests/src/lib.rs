//! What the cross-crate tests share: tables of all operations and random programs, on the engine and on the oracle.
//!
//! * The oracle is a crate of its own, `chainrule_oracle`: it computes values, derivatives of any order and bounds for their
//!   rounding errors without any code of the engine. [`oracle`] says which of its functions stand for the registry's.
//! * [`rows`] and [`table`] have a call of every operation, and its definition.
//! * [`program`] makes random programs that run on the engine and on the oracle, [`property`] runs claims over them, and
//!   [`claims`] has all claims about a single one.
// Not `forbid`: ndarray's macro `s!` has an `allow` of its own.
#![deny(unsafe_code)]

pub mod build;
pub mod claims;
pub mod oracle;
pub mod program;
pub mod property;
pub mod reference;
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
