//! A computation graph with automatic differentiation: the facade over the crates of chainrule.
//!
//! ```
//! use chainrule::ndarray::array;
//! use chainrule::prelude::*;
//!
//! // A network of your own, straight on the graph: any node can be differentiated by any other.
//! let graph = Graph::new();
//! let w = graph.variable("w", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
//! let b = graph.variable("b", array![0.0, 0.0]);
//! let (x, y) = (array![0.5, 0.6, 0.7], array![1.0, 1.0]);
//! let loss = ((w.matmul(x) + b).sigmoid() - y).square().mean();
//! let [dw, db] = loss.grad([w, b])?;
//! assert_eq!((dw.shape()?, db.shape()?), (vec![2, 3], vec![2]));
//!
//! // Gradients are nodes: a Hessian-vector product is the gradient of a product.
//! let [hv] = (dw * array![[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]).sum().grad([w])?;
//! assert_eq!(hv.shape()?, [2, 3]);
//! # Ok::<(), chainrule::Error>(())
//! ```
//!
//! What to read:
//!
//! * [`Graph`] and [`Var`]: recording, values, derivatives. The crate's page ([`graph`]) tells in five
//!   minutes how it works.
//! * [`layers`]: dense layers and activations, `Sequential`, a [`Layer`](layers::Layer) of your own, losses, parameters.
//! * [`view`]: pictures. `println!("{}", graph.tree())` in a terminal, `graph.dot()` for Graphviz, `graph.svg().save(path)`.
#![cfg_attr(
    feature = "check",
    doc = "* [`check`]: one test, and a gradient of your own is known to be right, or the guilty operation is named."
)]
//! * [`prelude`]: the names that nearly every program needs, for one `use`.
//! * [`ndarray`]: the array library whose types go in and come out, in the version that fits.
//!
//! Nothing here panics, and there is one error type, [`Error`]: it has the operation, the shapes, the line of *your* call
//! and a remedy.
#![forbid(unsafe_code)]

#[cfg(feature = "check")]
pub use chainrule_check as check;
pub use chainrule_graph as graph;
pub use chainrule_graph::{Error, ErrorKind, Graph, Result, Var};
#[cfg(feature = "layers")]
pub use chainrule_layers as layers;
#[cfg(feature = "view")]
pub use chainrule_view as view;
pub use ndarray;

pub mod prelude {
    //! What nearly every program needs: `use chainrule::prelude::*`.
    //!
    //! Layers come with it where the feature `layers` is on. [`Error`](crate::Error) and [`Result`](crate::Result) do
    //! not, so that they hide no names of your own.

    pub use chainrule_graph::{
        Binary, Conv, CustomOp, Graph, IntoArray, IntoAxes, IntoIndices, IntoShape, IntoVar, LinearMap, Mode,
        Pool, Program, Scalar, State, Structure, Triangle, Unary, Var,
    };
    pub use chainrule_graph::{explain, jvp, keep, vjp, vmap};
    #[cfg(feature = "layers")]
    pub use chainrule_layers::{
        Adam, Bound, Convention, Dataset, Declarations, Dense, Dropout, History, Init, Layer, Loss, Metric,
        Model, Momentum, Optimizer, Params, Relu, Report, Rule, Schedule, Scoped, Sequential, Sgd, Sigmoid,
        Step, Stop, Tanh, Trainer, error, half_squared_error, mean_squared_error,
    };
    #[cfg(feature = "view")]
    pub use chainrule_view::View;
}
