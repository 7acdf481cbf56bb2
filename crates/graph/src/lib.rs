//! A tape-based computation graph whose nodes can be differentiated with respect to each other, in reverse and in
//! forward mode, to any order.
//!
//! ```
//! use chainrule_graph::Graph;
//! use ndarray::array;
//!
//! // The lecture: pull the output's error back through one layer.
//! let graph = Graph::new();
//! let w = graph.variable("W2", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
//! let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
//! let z = w.matmul(a);
//! let e2 = graph.constant(array![0.42, 0.45]);
//! let [e1] = z.vjp(e2, [a])?; // E1 = W2' E2, by the tape
//! assert!((e1.value()? - array![0.216, 0.129, 0.087]).iter().all(|d| d.abs() < 1e-15));
//!
//! // A custom network: no special code for gradients, and gradients are nodes like all others.
//! let loss = (w.matmul(a).sigmoid() - array![1.0, 1.0]).square().mean();
//! let [dw] = loss.grad([w])?;
//! let [curvature] = (dw * dw).sum().grad([w])?;
//! assert_eq!(curvature.shape()?, [2, 3]);
//! # Ok::<(), chainrule_graph::Error>(())
//! ```
//!
//! # How it works, in five minutes
//!
//! **Record.** A [`Graph`] is a tape: a list to which every operation on a [`Var`] appends one node, its operands
//! before it (`tape.rs`). What a node can be is a small closed set: about twenty structural operations (`op.rs`) and a
//! table of scalar functions (`scalar.rs`, public as [`Unary`] and [`Binary`]). Shapes are inferred and broadcasting
//! is made explicit at once (`shape.rs`); a mistake becomes an invalid node with an [`Error`] inside.
//!
//! **Differentiate.** The derivative of an operation with respect to one operand is a linear map, and `linear.rs`
//! says which: for `W A` with respect to `A` it is `X -> W X`. That is the only place where a derivative is written.
//! Walking the tape forwards and letting the maps act on tangents is forward mode ([`Var::jvp`]); walking it
//! backwards and letting their transposes act on cotangents is reverse mode ([`Var::vjp`], [`Var::grad`]). The
//! transpose of `X -> W X` is `X -> W' X`, and there is the lecture's closed form `E1 = W' E2`. Both sweeps
//! (`sweep.rs`) append nodes, so derivatives can be differentiated again.
//!
//! **Evaluate.** [`Var::value`] computes what a node needs and has not been computed, each node once (`execute.rs`),
//! with the loops of the crate `chainrule-kernels`.
//!
//! # Conventions
//!
//! * Any node can be differentiated with respect to any other; there is no mode to switch on and nothing to reset.
//! * An input that an output does not depend on has the gradient zero. [`Var::detach`] cuts a path on purpose.
//! * A zero derivative, or a zero cotangent, absorbs infinities and NaN: a branch not taken never poisons a gradient.
//! * At a kink the documented one of the possible slopes is taken: `relu'(0) = 0`.
//! * The same program gives the same bits at any number of threads.
//! * Nothing panics: wrong arguments give [`Error`]s that name the operation, the shapes, the source line and the
//!   remedy.
#![forbid(unsafe_code)]
#![deny(clippy::wildcard_enum_match_arm)]

mod batch;
mod behalf;
mod checkpoint;
mod convert;
mod custom;
mod custom_check;
mod cut;
mod differentiate;
mod display;
mod einsum;
mod error;
mod evaluate;
mod execute;
mod explain;
mod graph;
mod inspect;
mod jacobian;
mod linear;
mod linear_map;
mod marks;
mod nodes;
mod number;
mod op;
mod operation;
mod path;
mod program;
mod scalar;
mod shape;
mod structure;
mod sweep;
mod tape;
mod values;
mod var;
mod vmap;

pub use convert::{IntoArray, IntoAxes, IntoShape, IntoVar, Keep, keep};
pub use custom::CustomOp;
pub use custom_check::check_custom;
pub use differentiate::{jvp, vjp};
pub use error::{Error, ErrorKind, Result};
pub use explain::{Explanation, Place, explain};
pub use graph::{Graph, Scope};
pub use inspect::Section;
pub use jacobian::Mode;
pub use linear_map::LinearMap;
pub use number::Scalar;
pub use op::SliceAxis;
pub use operation::Operation;
pub use program::{Builder, Feeds, Plan, PlanStep, Program, State};
pub use scalar::{Binary, Domain, Unary};
pub use structure::{Form, Single, Structure};
pub use var::{Conv, IntoIndices, Pool, Sizes, Triangle, Var};
pub use vmap::vmap;
