//! A tape-based computation graph whose nodes can be differentiated with respect to each other, in reverse and in
//! forward mode, to any order.
#![forbid(unsafe_code)]

mod convert;
mod display;
mod error;
mod execute;
mod graph;
mod linear;
mod number;
mod op;
mod scalar;
mod shape;
mod structure;
mod sweep;
mod tape;
mod var;

pub use convert::{IntoArray, IntoAxes, IntoVar, Keep, keep};
pub use error::{Error, ErrorKind, Result};
pub use graph::{Graph, Scope};
pub use number::Scalar;
pub use scalar::{Binary, Domain, Unary};
pub use structure::Structure;
pub use sweep::{jvp, vjp};
pub use var::Var;
