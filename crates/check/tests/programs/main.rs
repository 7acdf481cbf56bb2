//! Random programs: of the engine everything holds, and of a wrong rule something does not.
#![allow(clippy::unwrap_used, clippy::unreachable, reason = "helpers of tests are tests")]

mod calls;
mod cube;
mod everything;
mod faults;
#[rustfmt::skip]
mod printed;
mod printing;
