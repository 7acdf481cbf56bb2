//! Linear algebra for single small dense matrices.

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::Fault;
use crate::op::{Op, Triangle as Side};
use crate::scalar::Binary;
use crate::var::Var;

/// Which triangle of a matrix counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Triangle {
    /// On and below the diagonal.
    Lower,
    /// On and above the diagonal.
    Upper,
}

impl<'g, T: Scalar> Var<'g, T> {
    /// The lower triangular `L` with `L L' = A`, of a symmetric positive definite matrix. Of another matrix the symmetric part
    /// `(A + A') / 2` is taken, so the gradient is symmetric. The derivative is
    /// `dL = L Φ(L⁻¹ dA L'⁻¹)`, where `Φ` keeps the lower triangle and half of the diagonal (Murray 2016).
    ///
    /// Reading the value fails where the matrix is not positive definite.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let a = graph.constant(ndarray::arr2(&[[4.0, 2.0], [2.0, 10.0]]));
    /// assert_eq!(a.cholesky().value()?, ndarray::arr2(&[[2.0, 0.0], [1.0, 3.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn cholesky(self) -> Self {
        match self.sizes().as_slice() {
            &[rows, columns] if rows == columns => {
                let symmetric = self.zip(Binary::Add, self.t()) * T::of(0.5);
                symmetric.record(Op::Cholesky)
            }
            _ => self.record(Op::Cholesky),
        }
    }

    /// The solution `X` of `T X = B`, where `T` is a triangle of this matrix (the rest of it is not read) and `B` a vector or
    /// a matrix. Derivatives: `T⁻¹ dB` and `-T⁻¹ dT X`.
    ///
    /// Reading the value fails where the diagonal has a 0.
    ///
    /// ```
    /// # use chainrule_graph::Triangle;
    /// # let graph = chainrule_graph::Graph::new();
    /// let l = graph.constant(ndarray::arr2(&[[2.0, 0.0], [1.0, 3.0]]));
    /// let x = l.solve_triangular(Triangle::Lower, [2.0, 7.0]);
    /// assert_eq!(x.value()?, ndarray::arr1(&[1.0, 2.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn solve_triangular(self, triangle: Triangle, b: impl IntoVar<'g, T>) -> Self {
        let b = b.into_var(self.graph);
        if !b.is_in(self.graph) {
            return self.reject("solve_triangular", &[self], Fault::foreign());
        }
        let side = Side { upper: triangle == Triangle::Upper, transposed: false };
        self.record_with(Op::TriangularSolve(side), b)
    }

    /// The solution `X` of `A X = B` for this square matrix `A` and a vector or matrix `B`, by LU decomposition with pivoting.
    /// Derivatives: `A⁻¹ dB` and `-A⁻¹ dA X`.
    ///
    /// Reading the value fails where the matrix is singular.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let a = graph.constant(ndarray::arr2(&[[0.0, 2.0], [1.0, 1.0]]));
    /// assert_eq!(a.solve([4.0, 5.0]).value()?, ndarray::arr1(&[3.0, 2.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn solve(self, b: impl IntoVar<'g, T>) -> Self {
        let b = b.into_var(self.graph);
        if !b.is_in(self.graph) {
            return self.reject("solve", &[self], Fault::foreign());
        }
        self.record_with(Op::Solve, b)
    }

    /// `A⁻¹`, the solution of `A X = 1`, with derivative `-A⁻¹ dA A⁻¹`. To divide by a matrix, [`solve`](Var::solve) is faster and more accurate.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let a = graph.constant(ndarray::arr2(&[[0.0, 2.0], [1.0, 1.0]]));
    /// assert_eq!(a.inverse().value()?, ndarray::arr2(&[[-0.5, 1.0], [0.5, 0.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn inverse(self) -> Self {
        let n = self.sizes().first().copied().unwrap_or(0);
        match self.graph.triangular(n, [T::zero(), T::one(), T::zero()]) {
            Ok(identity) => self.record_with(Op::Solve, identity),
            Err(fault) => self.reject("inverse", &[self], fault),
        }
    }

    /// Natural logarithm of the determinant; 0 for the empty matrix, `-∞` where the determinant is 0, NaN where it is negative.
    /// The derivative is `A⁻¹'`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let a = graph.variable("a", ndarray::arr2(&[[2.0, 0.0], [0.0, 4.0]]));
    /// assert_eq!(a.log_det().item()?, 8_f64.ln());
    /// assert_eq!(a.log_det().grad(a)?.value()?, ndarray::arr2(&[[0.5, 0.0], [0.0, 0.25]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn log_det(self) -> Self {
        self.record(Op::LogDet)
    }
}
