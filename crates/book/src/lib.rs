//! The tests of the book, and what mdBook needs to build it.
//!
//! The pages under `docs/`, and README.md, are plain Markdown that a forge shows as it is. What stands in them is kept true:
//!
//! * [`pages`] finds the pages and their code blocks, [`programs`] makes programs of the Rust blocks. The build script writes them
//!   all into one binary, `tests/programs.rs`, which runs each one and compares what it prints ([`output`]).
//! * [`quotes`] looks for quoted code in the source files it was taken from.
//! * [`links`] follows every link, anchor and picture inside the repository.
//! * [`formulas`] turns LaTeX between dollars into MathML, which browsers show without a script.
//! * [`preprocess`] is what the binary `chainrule-mdbook` does for mdBook: formulas, pictures, the captions of quotes.
//! * [`picture`] draws the tutorial's figures.
//!
//! What an author has to know is in this crate's README.
#![forbid(unsafe_code)]

pub mod formulas;
pub mod links;
pub mod output;
pub mod pages;
pub mod picture;
pub mod preprocess;
pub mod programs;
pub mod quotes;

/// Blocks marked `compile_fail` are for rustdoc.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/compile_fail.md"))]
mod compile_fail {}
