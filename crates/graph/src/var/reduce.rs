//! Reductions: over all elements, or (`..._axes`) over some axes, which disappear or, with [`keep`](crate::keep), stay
//! with size 1.

use crate::Scalar;
use crate::convert::IntoAxes;
use crate::op::{Axes, Op, SliceAxis};
use crate::shape::{element_count, kept, normalize_axes};
use crate::var::Var;

/// Which axes a reduction is over.
pub(super) struct Over {
    pub(super) axes: Axes,
    pub(super) keep: bool,
    /// How many elements become one.
    pub(super) count: usize,
}

impl<T: Scalar> Var<'_, T> {
    /// The sum of all elements, a single number; 0 where there are none. The derivative by each element is 1.
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
        let over = self.over_all();
        self.sum_over(over)
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
        match self.over("sum_axes", axes) {
            Ok(over) => self.sum_over(over),
            Err(invalid) => invalid,
        }
    }

    /// The mean of all `n` elements; NaN where there are none. The derivative by each element is `1 / n`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0, 6.0]).mean().item()?, 3.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn mean(self) -> Self {
        let count = element_count(&self.sizes());
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
        match self.over("mean_axes", axes) {
            Ok(over) => {
                let count = T::of(over.count as f64);
                self.sum_over(over) / count
            }
            Err(invalid) => invalid,
        }
    }

    /// The largest element; NaN if any is. The derivative belongs to the largest element, in equal parts where several are
    /// equal. Of no elements there is none: an invalid node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [1.0, 3.0, 3.0]);
    /// let [dx] = x.max().grad([x])?;
    /// assert_eq!(x.max().item()?, 3.0);
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.0, 0.5, 0.5]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn max(self) -> Self {
        let over = self.over_all();
        self.extremum(over, true)
    }

    /// The largest elements along some axes; as [`max`](Var::max).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 5.0], [4.0, 2.0]]));
    /// assert_eq!(x.max_axes(0).value()?, ndarray::arr1(&[4.0, 5.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn max_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("max_axes", axes) {
            Ok(over) => self.extremum(over, true),
            Err(invalid) => invalid,
        }
    }

    /// The smallest element; as [`max`](Var::max).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([2.0, 1.0, 3.0]).min().item()?, 1.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn min(self) -> Self {
        let over = self.over_all();
        self.extremum(over, false)
    }

    /// The smallest elements along some axes; as [`max`](Var::max).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 5.0], [4.0, 2.0]]));
    /// assert_eq!(x.min_axes(-1).value()?, ndarray::arr1(&[1.0, 2.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn min_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("min_axes", axes) {
            Ok(over) => self.extremum(over, false),
            Err(invalid) => invalid,
        }
    }

    /// The product of all elements, 1 where there are none. The derivative by one element is the product of the others, also
    /// where some are 0: it is never computed by a division.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [2.0, 0.0, 4.0]);
    /// let [dx] = x.prod().grad([x])?;
    /// assert_eq!(x.prod().item()?, 0.0);
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.0, 8.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn prod(self) -> Self {
        let over = self.over_all();
        self.product_over(over)
    }

    /// The products along some axes; as [`prod`](Var::prod).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 5.0], [4.0, 2.0]]));
    /// assert_eq!(x.prod_axes(0).value()?, ndarray::arr1(&[4.0, 10.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn prod_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("prod_axes", axes) {
            Ok(over) => self.product_over(over),
            Err(invalid) => invalid,
        }
    }

    /// The mean squared distance of the elements from their mean (divided by their number, as NumPy's `var` without `ddof`).
    /// The mean `m` is subtracted first, so a common offset costs no digits. The derivative is `2 (x - m) / n`. NaN where there are no
    /// elements.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1e6 + 1.0, 1e6 + 3.0]);
    /// assert_eq!(x.variance().item()?, 1.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn variance(self) -> Self {
        let over = self.over_all();
        self.variance_over(over)
    }

    /// The variances along some axes; as [`variance`](Var::variance).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 3.0], [4.0, 4.0]]));
    /// assert_eq!(x.variance_axes(1).value()?, ndarray::arr1(&[1.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn variance_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("variance_axes", axes) {
            Ok(over) => self.variance_over(over),
            Err(invalid) => invalid,
        }
    }

    /// The Euclidean length `√Σ x²`, without overflow or underflow of the squares; 0 of nothing. The derivative is `x / y`;
    /// at 0, where there is none, it is taken as 0.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", [3e200, 4e200]);
    /// assert!((x.norm().item()? / 5e200 - 1.0).abs() < 1e-15);
    /// let zero = graph.variable("zero", [0.0, 0.0]);
    /// assert_eq!(zero.norm().grad(zero)?.value()?, ndarray::arr1(&[0.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn norm(self) -> Self {
        let over = self.over_all();
        self.norm_over(over)
    }

    /// The Euclidean lengths along some axes; as [`norm`](Var::norm).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[3.0, 4.0], [0.0, 2.0]]));
    /// assert_eq!(x.norm_axes(1).value()?, ndarray::arr1(&[5.0, 2.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn norm_axes(self, axes: impl IntoAxes) -> Self {
        match self.over("norm_axes", axes) {
            Ok(over) => self.norm_over(over),
            Err(invalid) => invalid,
        }
    }

    pub(super) fn over_all(self) -> Over {
        let sizes = self.sizes();
        Over { axes: (0..sizes.len() as u8).collect(), keep: false, count: element_count(&sizes) }
    }

    #[track_caller]
    pub(super) fn over(self, operation: &str, axes: impl IntoAxes) -> Result<Over, Self> {
        let sizes = self.sizes();
        let (axes, keep) = axes.into_axes();
        match normalize_axes(&axes, sizes.len()) {
            Ok(axes) => {
                let count = axes.iter().map(|&axis| sizes[axis as usize]).product();
                Ok(Over { axes, keep, count })
            }
            Err(fault) => Err(self.reject(operation, &[self], fault)),
        }
    }

    /// `reduced`, which lacks the axes, as the user wants it.
    #[track_caller]
    pub(super) fn shaped(self, over: &Over, reduced: Self) -> Self {
        if over.keep { reduced.reshape(kept(&self.sizes(), &over.axes).as_slice()) } else { reduced }
    }

    #[track_caller]
    fn sum_over(self, over: Over) -> Self {
        let sum = self.record(Op::Sum(over.axes.clone()));
        self.shaped(&over, sum)
    }

    #[track_caller]
    fn extremum(self, over: Over, largest: bool) -> Self {
        let extremum = self.record(Op::Extremum { axes: over.axes.clone(), largest });
        self.shaped(&over, extremum)
    }

    /// In halves: the axes are brought together at the front, and the second half multiplies the first until one is left.
    /// So each derivative is a product of the other elements, with a logarithmic number of nodes.
    #[track_caller]
    fn product_over(self, over: Over) -> Self {
        let sizes = self.sizes();
        let rest: Axes = (0..sizes.len() as u8).filter(|axis| !over.axes.contains(axis)).collect();
        let order: Axes = over.axes.iter().chain(&rest).copied().collect();
        let rest: Vec<usize> = rest.iter().map(|&axis| sizes[axis as usize]).collect();
        let inner = element_count(&rest);
        let mut x = self.record(Op::Permute(order)).reshape([over.count, inner]);
        let mut count = over.count;
        if count == 0 {
            x = self.graph.full([1, inner], T::one());
        }
        while count > 1 {
            let half = count / 2;
            let (a, b) = (x.rows(0, half, inner), x.rows(half, half, inner));
            let product = a.zip(crate::Binary::Mul, b);
            x = match count % 2 {
                1 => product.record_of(Op::Concat(0), &[product, x.rows(count - 1, 1, inner)]),
                _ => product,
            };
            count = half + count % 2;
        }
        self.shaped(&over, x.reshape(rest.as_slice()))
    }

    /// Some rows of a matrix.
    #[track_caller]
    fn rows(self, start: usize, len: usize, columns: usize) -> Self {
        let all = SliceAxis { start: 0, step: 1, len: columns };
        self.record(Op::Slice([SliceAxis { start, step: 1, len }, all].into()))
    }

    #[track_caller]
    fn variance_over(self, over: Over) -> Self {
        let count = T::of(over.count as f64);
        let mean = self.record(Op::Sum(over.axes.clone())) / count;
        let distance = self.zip(crate::Binary::Sub, mean.spread(&over.axes, self));
        let variance = distance.square().record(Op::Sum(over.axes.clone())) / count;
        self.shaped(&over, variance)
    }

    /// The elements are divided by the largest first, a constant to every derivative: the length does not depend on it.
    #[track_caller]
    fn norm_over(self, over: Over) -> Self {
        if over.count == 0 {
            return self.sum_over(over);
        }
        let largest = self.abs().record(Op::Extremum { axes: over.axes.clone(), largest: true }).detach();
        // 1 in place of 0 and of what is not finite, whose length is itself.
        let usable = largest.greater(T::zero()).zip(crate::Binary::Mul, largest.less(T::infinity()));
        let scale = usable.select(largest, T::one());
        let unit = self.zip(crate::Binary::Div, scale.spread(&over.axes, self));
        let length = unit.square().record(Op::Sum(over.axes.clone())).sqrt().zip(crate::Binary::Mul, scale);
        self.shaped(&over, length)
    }
}
