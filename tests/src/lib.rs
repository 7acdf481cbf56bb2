//! What the cross-crate tests share: an independent evaluator and random programs.
//!
//! * [`oracle`] computes values and derivatives without any code of the engine: complex step for the first order,
//!   extrapolated differences of that for the second.
//! * [`program`] makes random programs that run on the engine and on the oracle.
#![forbid(unsafe_code)]

pub mod build;
pub mod oracle;
pub mod program;
pub mod property;
pub mod reference;
