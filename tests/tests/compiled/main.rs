//! Compiled programs: the bits of `value()`, whatever is compiled; their plans, their state, their errors, and threads.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod bits;
mod epilogues;
mod errors;
mod plans;
mod random;
mod rows_and_cycles;
mod state;
mod structure;
mod threads;
mod windows;
