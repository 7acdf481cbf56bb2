//! Matrix products.

use std::panic::Location;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::op::Op;
use crate::scalar::Binary;
use crate::shape::broadcast_shape;
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
    /// With more axes, the last two are matrices and the ones before them number the matrices, broadcast against each other:
    /// `[b, m, k]` times `[k, n]` is `[b, m, n]`.
    ///
    /// An inner size of 0 gives zeros. A single number, and inner sizes that differ, make an invalid node.
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
            return self.reject("matmul", &[self], Fault::foreign());
        }
        let (a, b) = (self.sizes(), other.sizes());
        if a.len() > 2 || b.len() > 2 {
            return self.batched(other, &a, &b);
        }
        self.record_with(Op::MatMul, other)
    }

    /// At least one has more than two axes. Vectors are matrices for the time being.
    #[track_caller]
    fn batched(self, other: Self, a: &[usize], b: &[usize]) -> Self {
        let (&[.., inner], &([.., inner_b, _] | [inner_b])) = (a, b) else {
            // A single number, or an invalid operand: the shape rule says so.
            return self.record_with(Op::MatMul, other);
        };
        if inner != inner_b {
            let fault = Fault::new(
                ErrorKind::Shape,
                format!("{a:?} times {b:?} pairs {inner} columns with {inner_b} rows"),
                "the inner sizes must agree; `.mt()` transposes each matrix",
            );
            return self.reject("matmul", &[self, other], fault);
        }
        let columns = if b.len() > 1 { b.last().copied() } else { None };
        if b.len() <= 2 {
            // One right factor for all: one product of all rows.
            let rows: usize = a[..a.len() - 1].iter().product();
            let shape: Vec<usize> = a[..a.len() - 1].iter().copied().chain(columns).collect();
            return self.reshape([rows, inner]).record_with(Op::MatMul, other).reshape(shape);
        }
        let left = if a.len() == 1 { self.reshape([1, inner]) } else { self };
        let rows = if a.len() == 1 { 1 } else { a[a.len() - 2] };
        let batches = (a.get(..a.len().saturating_sub(2)).unwrap_or(&[]), &b[..b.len() - 2]);
        let batch = match broadcast_shape(batches.0, batches.1) {
            Ok(batch) => batch,
            Err(fault) => return self.reject("matmul", &[self, other], fault),
        };
        let shape = |last: [usize; 2]| batch.iter().copied().chain(last).collect::<Vec<usize>>();
        let n = columns.unwrap_or(1);
        let caller = Location::caller();
        let left = left.broadcast_for("matmul", &shape([rows, inner]), caller);
        let right = other.broadcast_for("matmul", &shape([inner, n]), caller);
        let product = left.record_with(Op::MatMul, right);
        if a.len() > 1 {
            return product;
        }
        product.reshape(batch.iter().copied().chain([n]).collect::<Vec<usize>>())
    }

    /// The sum of the products of two vectors of the same size, `Σ aᵢ bᵢ`. Derivatives `b` and `a`; other shapes make an invalid
    /// node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0]).dot([3.0, 4.0]).item()?, 11.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn dot(self, other: impl IntoVar<'g, T>) -> Self {
        let other = other.into_var(self.graph);
        if !other.is_in(self.graph) {
            return self.reject("dot", &[self], Fault::foreign());
        }
        match (self.sizes().as_slice(), other.sizes().as_slice()) {
            (&[m], &[n]) if m == n => self.record_with(Op::MatMul, other),
            (a, b) => self.reject("dot", &[self, other], not_vectors(a, b, "the same size")),
        }
    }

    /// All products of the elements of two vectors: `y[i, j] = self[i] other[j]`. A cotangent `E` goes back as `E b` and `E' a`.
    /// Other shapes make an invalid node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let y = graph.constant([1.0, 2.0]).outer([3.0, 4.0]);
    /// assert_eq!(y.value()?, ndarray::arr2(&[[3.0, 4.0], [6.0, 8.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn outer(self, other: impl IntoVar<'g, T>) -> Self {
        let other = other.into_var(self.graph);
        if !other.is_in(self.graph) {
            return self.reject("outer", &[self], Fault::foreign());
        }
        match (self.sizes().as_slice(), other.sizes().as_slice()) {
            (&[m], &[n]) => self.reshape([m, 1]).zip(Binary::Mul, other.reshape([1, n])),
            (a, b) => self.reject("outer", &[self, other], not_vectors(a, b, "any size")),
        }
    }
}

fn not_vectors(a: &[usize], b: &[usize], sizes: &str) -> Fault {
    Fault::new(
        ErrorKind::Shape,
        format!("{a:?} and {b:?} are not vectors of {sizes}"),
        "`matmul` multiplies matrices; `reshape` makes a vector",
    )
}
