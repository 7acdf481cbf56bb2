//! Along one axis, where the order of the elements matters: running sums, and the places of the extremes.

use crate::Scalar;
use crate::error::Fault;
use crate::op::Op;
use crate::shape::normalize_axes;
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// Along an axis, the sum of the elements up to each and including it. Its transpose adds up from the other end.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [1.0, 2.0, 3.0]);
    /// let y = x.cumsum(0);
    /// assert_eq!(y.value()?, ndarray::arr1(&[1.0, 3.0, 6.0]).into_dyn());
    /// assert_eq!(y.vjp(1.0, x)?.value()?, ndarray::arr1(&[3.0, 2.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn cumsum(self, axis: isize) -> Self {
        match self.axis(axis) {
            Ok(axis) => self.record(Op::CumSum { axis, reverse: false }),
            Err(fault) => self.reject("cumsum", &[self], fault),
        }
    }

    /// The place of the largest element along an axis, which disappears, as a number counted from 0; of several equal
    /// ones the first, of NaNs the first NaN. Constant between jumps: a gradient that it alone could carry is refused.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 5.0, 5.0], [7.0, 2.0, 0.0]]));
    /// assert_eq!(x.argmax(1).value()?, ndarray::arr1(&[1.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn argmax(self, axis: isize) -> Self {
        match self.axis(axis) {
            Ok(axis) => self.record(Op::ArgExtremum { axis, largest: true }),
            Err(fault) => self.reject("argmax", &[self], fault),
        }
    }

    /// The place of the smallest element along an axis; as [`argmax`](Var::argmax).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([3.0, 1.0, 2.0]).argmin(0).item()?, 1.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn argmin(self, axis: isize) -> Self {
        match self.axis(axis) {
            Ok(axis) => self.record(Op::ArgExtremum { axis, largest: false }),
            Err(fault) => self.reject("argmin", &[self], fault),
        }
    }

    /// One axis by its number.
    pub(super) fn axis(self, axis: isize) -> Result<u8, Fault> {
        normalize_axes(&[axis], self.sizes().len()).map(|axes| axes.first().copied().unwrap_or(0))
    }
}
