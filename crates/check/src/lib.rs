//! Gradient tests for everybody.
#![forbid(unsafe_code)]

mod branch;
mod check;
mod compare;
mod differences;
mod entry;
mod failure;
mod foreign;
mod guilty;
mod held;
mod kink;
pub mod laws;
mod level;
mod macros;
mod point;
pub mod program;
mod random;
mod recorded;
mod report;
mod settings;
pub mod source;
pub mod strategy;
mod subject;
mod taylor;
mod tolerance;

pub use check::Check;
pub use entry::{
    check_function, check_function_f32, check_gradient, check_gradient_f32, check_gradients, function,
};
pub use failure::{Cause, Failure, Mismatch, Mode, Place};
pub use foreign::Outputs;
pub use guilty::Guilty;
pub use report::Report;
pub use settings::Kinks;
pub use taylor::Taylor;
pub use tolerance::Tolerance;
