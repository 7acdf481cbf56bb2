//! The kit on functions and gradients: what it accepts, what it refuses, and how it says so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod functions;
mod laws;
mod reference;
mod reports;
mod verdicts;
