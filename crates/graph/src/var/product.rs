//! Matrix products.

use std::panic::Location;

use smallvec::smallvec;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::Fault;
use crate::op::Op;
use crate::var::Var;

impl<'g, T: Scalar> Var<'g, T> {
    /// Matrix product, by NumPy's rule for `@`:
    ///
    /// | `self` | `other` | result | |
    /// |---|---|---|---|
    /// | `[m, k]` | `[k, n]` | `[m, n]` | matrix times matrix |
    /// | `[m, k]` | `[k]` | `[m]` | matrix times column |
    /// | `[k]` | `[k, n]` | `[n]` | row times matrix |
    /// | `[k]` | `[k]` | `[]` | dot product |
    ///
    /// The derivative with respect to `other` is `X -> self X`, so a cotangent `E` goes back as `self' E`; with
    /// respect to `self` it is `X -> X other`, and `E` goes back as `E other'`.
    ///
    /// An inner size of 0 gives zeros. Other ranks, and inner sizes that differ, make an invalid node.
    ///
    /// ```
    /// use chainrule_graph::Graph;
    /// use ndarray::array;
    ///
    /// let graph = Graph::new();
    /// let w = graph.variable("w", array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// assert_eq!(w.matmul([1.0, -1.0]).value()?, array![-1.0, -1.0, -1.0].into_dyn());
    /// let oops = w.matmul([1.0, 2.0, 3.0]);
    /// assert!(oops.value().unwrap_err().message().starts_with("[3, 2] times [3] pairs 2 columns with 3 rows"));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(self, other: impl IntoVar<'g, T>) -> Self {
        let other = other.into_var(self.graph);
        if !other.is_in(self.graph) {
            return self.reject("matmul", &[self.id], Fault::foreign());
        }
        let operands = smallvec![self.id, other.id];
        let id = self.graph.tape.borrow_mut().push(Op::MatMul, operands, Location::caller());
        Var { id, ..self }
    }
}
