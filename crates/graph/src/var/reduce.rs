//! Reductions: sum and mean.

use crate::Scalar;
use crate::convert::IntoAxes;
use crate::op::{Axes, Op};
use crate::shape::{kept, normalize_axes};
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// The sum of all elements, a single number; 0 where there are none.
    ///
    /// The order of the additions is fixed, so the same array gives the same bits at any number of threads.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0, 3.0]).sum().item()?, 6.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn sum(self) -> Self {
        let all: Axes = (0..self.sizes().len() as u8).collect();
        self.record(Op::Sum(all))
    }

    /// The sum over some axes, which disappear; [`keep`](crate::keep) keeps them with size 1.
    ///
    /// ```
    /// use chainrule_graph::keep;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    /// assert_eq!(x.sum_axes(0).value()?, ndarray::arr1(&[5.0, 7.0, 9.0]).into_dyn());
    /// assert_eq!(x.sum_axes(keep(-1)).value()?, ndarray::arr2(&[[6.0], [15.0]]).into_dyn());
    /// assert_eq!(x.sum_axes([0, 1]).item()?, 21.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn sum_axes(self, axes: impl IntoAxes) -> Self {
        let (axes, keep) = axes.into_axes();
        match normalize_axes(&axes, self.sizes().len()) {
            Ok(axes) => self.sum_over(axes, keep),
            Err(fault) => self.reject("sum_axes", &[self.id], fault),
        }
    }

    /// The mean of all elements; NaN where there are none.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0, 6.0]).mean().item()?, 3.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn mean(self) -> Self {
        let count = crate::shape::element_count(&self.sizes());
        self.sum() / T::of(count as f64)
    }

    /// The mean over some axes, which disappear; [`keep`](crate::keep) keeps them with size 1.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    /// assert_eq!(x.mean_axes(0).value()?, ndarray::arr1(&[2.5, 3.5, 4.5]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn mean_axes(self, axes: impl IntoAxes) -> Self {
        let from = self.sizes();
        let (axes, keep) = axes.into_axes();
        let axes = match normalize_axes(&axes, from.len()) {
            Ok(axes) => axes,
            Err(fault) => return self.reject("mean_axes", &[self.id], fault),
        };
        let count: usize = axes.iter().map(|&axis| from[axis as usize]).product();
        self.sum_over(axes, keep) / T::of(count as f64)
    }

    #[track_caller]
    fn sum_over(self, axes: Axes, keep: bool) -> Self {
        let shape = kept(&self.sizes(), &axes);
        let sum = self.record(Op::Sum(axes));
        if keep { sum.reshape(shape) } else { sum }
    }
}
