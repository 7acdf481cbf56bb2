//! facade
pub mod prelude {
    //! What nearly every program needs.
    pub use chainrule_graph::{
        Graph, IntoArray, IntoAxes, IntoVar, Scalar, Structure, Unary, Var, jvp, keep, vjp,
    };
    #[cfg(feature = "layers")]
    pub use chainrule_layers::*;
}
pub use chainrule_graph as graph;
pub use chainrule_graph::{Error, ErrorKind, Graph, Result, Var};
#[cfg(feature = "layers")]
pub use chainrule_layers as layers;
pub use ndarray;
