//! Optimisers, schedules and the training loop.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod lbfgs;
mod optimisers;
mod schedules;
mod trainer;
