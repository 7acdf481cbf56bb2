//! An independent evaluator: what the engine computes, computed again by plain loops, for numbers of any kind.
#![forbid(unsafe_code)]

mod array;
mod bounded;
mod complex;
mod dual;
mod float;
mod number;
pub mod ops;
mod precise;

pub use array::{Array, common_shape, count, indices};
pub use bounded::{Bounded, Double, Precision, Single};
pub use complex::Complex;
pub use dual::Dual;
pub use number::Number;
pub use precise::Precise;
