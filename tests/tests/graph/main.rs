//! Graphs, whatever is recorded in them: errors and how far they go, mistakes that the compiler finds, very long graphs, and
//! threads.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod compile_fail;
mod errors;
mod foreign;
mod no_panic;
mod scale;
mod spreading;
mod threads;
