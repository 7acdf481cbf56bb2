//! Gradient tests for everybody.
#![forbid(unsafe_code)]

pub mod program;
