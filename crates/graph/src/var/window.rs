//! Windows that move along axes: convolution, pooling, and the transpose of convolution.
//!
//! All are made of one operation, the windows of an axis as a new axis ([`Op::Unfold`]), which moves nothing, and of
//! products and reductions over the windows. The transposes follow from its transpose, [`Op::Fold`].

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::op::{Axes, Op, Window};
use crate::var::Var;

/// One size for all axes of a window, or one for each.
pub trait Sizes<const N: usize> {
    /// One for each.
    fn sizes(self) -> [usize; N];
}

impl<const N: usize> Sizes<N> for usize {
    fn sizes(self) -> [usize; N] {
        [self; N]
    }
}

impl<const N: usize> Sizes<N> for [usize; N] {
    fn sizes(self) -> [usize; N] {
        self
    }
}

/// How the windows of a convolution over `N` axes move. The defaults are the plain one: stride 1, no padding, dilation 1, one
/// group.
///
/// With padding `p`, dilation `d`, stride `s` and a kernel of size `k`, an axis of size `n` becomes
/// `(n + 2p - d (k - 1) - 1) / s + 1`, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv<const N: usize> {
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    extra: [usize; N],
    groups: usize,
}

impl<const N: usize> Default for Conv<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Conv<N> {
    /// The plain one.
    pub fn new() -> Self {
        Conv { stride: [1; N], padding: [0; N], dilation: [1; N], extra: [0; N], groups: 1 }
    }

    /// From one window to the next.
    pub fn stride(self, stride: impl Sizes<N>) -> Self {
        Conv { stride: stride.sizes(), ..self }
    }

    /// Zeros at both ends of each axis.
    pub fn padding(self, padding: impl Sizes<N>) -> Self {
        Conv { padding: padding.sizes(), ..self }
    }

    /// From one element of a window to the next.
    pub fn dilation(self, dilation: impl Sizes<N>) -> Self {
        Conv { dilation: dilation.sizes(), ..self }
    }

    /// Channels in so many groups, each with kernels of its own.
    pub fn groups(self, groups: usize) -> Self {
        Conv { groups, ..self }
    }

    /// For the transposed convolution: so many more elements at the end of each axis, which the size of the result leaves open
    /// where the stride is above 1.
    pub fn output_padding(self, extra: impl Sizes<N>) -> Self {
        Conv { extra: extra.sizes(), ..self }
    }
}

/// How the windows of a pooling over `N` axes move: as large as given, side by side, without padding, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool<const N: usize> {
    size: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
}

impl<const N: usize> Pool<N> {
    /// Windows of this size, side by side.
    pub fn new(size: impl Sizes<N>) -> Self {
        let size = size.sizes();
        Pool { size, stride: size, padding: [0; N], dilation: [1; N] }
    }

    /// From one window to the next.
    pub fn stride(self, stride: impl Sizes<N>) -> Self {
        Pool { stride: stride.sizes(), ..self }
    }

    /// More elements at both ends of each axis: zeros, which count, for the mean; none that could be the largest for the maximum.
    pub fn padding(self, padding: impl Sizes<N>) -> Self {
        Pool { padding: padding.sizes(), ..self }
    }

    /// From one element of a window to the next.
    pub fn dilation(self, dilation: impl Sizes<N>) -> Self {
        Pool { dilation: dilation.sizes(), ..self }
    }
}

impl<'g, T: Scalar> Var<'g, T> {
    /// Convolution (in the sense of networks: without flipping the kernel) of a batch of sequences `[n, c, length]` with
    /// kernels `[o, c / groups, k]`: `[n, o, length']`, where `y[n, o, i] = Σ x[n, c, s i + d j - p] w[o, c, j]`.
    ///
    /// ```
    /// # use chainrule_graph::Conv;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0, 3.0, 4.0]).reshape([1, 1, 4]);
    /// let w = graph.constant([1.0, -1.0]).reshape([1, 1, 2]);
    /// assert_eq!(x.conv1d(w, Conv::new()).value()?.into_raw_vec_and_offset().0, [-1.0, -1.0, -1.0]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn conv1d(self, kernels: impl IntoVar<'g, T>, conv: Conv<1>) -> Self {
        self.convolve("conv1d", kernels.into_var(self.graph), conv)
    }

    /// Convolution (without flipping the kernel) of a batch of pictures `[n, c, h, w]` with kernels `[o, c / groups, kh, kw]`:
    /// `[n, o, h', w']`. The sizes are those that [`Conv`] tells.
    ///
    /// ```
    /// # use chainrule_graph::Conv;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.full([1, 3, 8, 8], 1.0);
    /// let w = graph.full([4, 3, 3, 3], 1.0);
    /// let y = x.conv2d(w, Conv::new().stride(2).padding(1));
    /// assert_eq!(y.shape()?, [1, 4, 4, 4]);
    /// assert_eq!(y.value()?[[0, 0, 1, 1]], 27.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn conv2d(self, kernels: impl IntoVar<'g, T>, conv: Conv<2>) -> Self {
        self.convolve("conv2d", kernels.into_var(self.graph), conv)
    }

    /// The transpose of [`conv1d`](Var::conv1d): kernels `[c, o / groups, k]`, and an axis of size `n` becomes
    /// `s (n - 1) + d (k - 1) + 1 - 2p`, plus the output padding.
    ///
    /// ```
    /// # use chainrule_graph::Conv;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0]).reshape([1, 1, 2]);
    /// let w = graph.constant([1.0, 10.0]).reshape([1, 1, 2]);
    /// let y = x.conv_transpose1d(w, Conv::new().stride(2));
    /// assert_eq!(y.value()?.into_raw_vec_and_offset().0, [1.0, 10.0, 2.0, 20.0]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn conv_transpose1d(self, kernels: impl IntoVar<'g, T>, conv: Conv<1>) -> Self {
        self.spread_out("conv_transpose1d", kernels.into_var(self.graph), conv)
    }

    /// The transpose of [`conv2d`](Var::conv2d): kernels `[c, o / groups, kh, kw]`; sizes as in
    /// [`conv_transpose1d`](Var::conv_transpose1d).
    ///
    /// ```
    /// # use chainrule_graph::Conv;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.full([1, 2, 4, 4], 1.0);
    /// let w = graph.full([2, 3, 2, 2], 1.0);
    /// assert_eq!(x.conv_transpose2d(w, Conv::new().stride(2)).shape()?, [1, 3, 8, 8]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn conv_transpose2d(self, kernels: impl IntoVar<'g, T>, conv: Conv<2>) -> Self {
        self.spread_out("conv_transpose2d", kernels.into_var(self.graph), conv)
    }

    /// The largest element of each window along the last axis; ties as in [`max`](Var::max).
    ///
    /// ```
    /// # use chainrule_graph::Pool;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 4.0, 2.0, 3.0]);
    /// assert_eq!(x.max_pool1d(Pool::new(2)).value()?, ndarray::arr1(&[4.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn max_pool1d(self, pool: Pool<1>) -> Self {
        self.pool("max_pool1d", pool, true)
    }

    /// The largest element of each window along the last two axes; ties as in [`max`](Var::max).
    ///
    /// ```
    /// # use chainrule_graph::Pool;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 4.0], [2.0, 3.0]]));
    /// assert_eq!(x.max_pool2d(Pool::new(2)).value()?, ndarray::arr2(&[[4.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn max_pool2d(self, pool: Pool<2>) -> Self {
        self.pool("max_pool2d", pool, true)
    }

    /// The mean of each window along the last axis.
    ///
    /// ```
    /// # use chainrule_graph::Pool;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 3.0, 2.0, 4.0]);
    /// assert_eq!(x.avg_pool1d(Pool::new(2)).value()?, ndarray::arr1(&[2.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn avg_pool1d(self, pool: Pool<1>) -> Self {
        self.pool("avg_pool1d", pool, false)
    }

    /// The mean of each window along the last two axes.
    ///
    /// ```
    /// # use chainrule_graph::Pool;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 4.0], [2.0, 5.0]]));
    /// assert_eq!(x.avg_pool2d(Pool::new(2)).value()?, ndarray::arr2(&[[3.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn avg_pool2d(self, pool: Pool<2>) -> Self {
        self.pool("avg_pool2d", pool, false)
    }

    #[track_caller]
    fn pool<const N: usize>(self, operation: &str, pool: Pool<N>, largest: bool) -> Self {
        let rank = self.sizes().len();
        if self.graph.check(self.id).is_err() {
            return self;
        }
        let Some(first) = rank.checked_sub(N) else {
            return self.reject(
                operation,
                &[self],
                Fault::new(
                    ErrorKind::Axis,
                    format!("{N} axes are pooled, and there are {rank}"),
                    "the pooled axes are the last ones: [..., h, w]",
                ),
            );
        };
        let plan =
            Plan { size: pool.size, stride: pool.stride, padding: pool.padding, dilation: pool.dilation };
        let edge = if largest { T::neg_infinity() } else { T::zero() };
        if largest
            && (0..N)
                .any(|i| pool.padding[i] > pool.size[i].saturating_sub(1).saturating_mul(pool.dilation[i]))
        {
            return self.reject(
                operation,
                &[self],
                Fault::new(
                    ErrorKind::Argument,
                    format!(
                        "with padding {:?}, windows of {:?} would see nothing else",
                        pool.padding, pool.size
                    ),
                    "the padding must be smaller than the window",
                ),
            );
        }
        let windows = match self.windows(&plan, first, edge) {
            Ok(windows) => windows,
            Err(fault) => return self.reject(operation, &[self], fault),
        };
        let axes: Axes = (rank as u8..(rank + N) as u8).collect();
        match largest {
            true => windows.record(Op::Extremum { axes, largest: true }),
            false => windows.record(Op::Sum(axes)) / T::of(pool.size.iter().product::<usize>() as f64),
        }
    }

    /// The windows of `N` axes from `first` on, padded with `edge`, as `N` new last axes.
    #[track_caller]
    fn windows<const N: usize>(self, plan: &Plan<N>, first: usize, edge: T) -> Result<Self, Fault> {
        let sizes = self.sizes();
        plan.check(&sizes[first..])?;
        let mut widths = vec![[0, 0]; sizes.len()];
        for (width, &padding) in widths[first..].iter_mut().zip(&plan.padding) {
            *width = [padding, padding];
        }
        let mut windows = self.pad(widths, edge);
        // The places of the windows move before the other axes, so that what is folded back later has these side by side.
        for i in 0..N {
            windows = windows.record(Op::Unfold(plan.window(i, first + i).into()));
            let last = windows.sizes().len() as isize - 1;
            let place = (first + i) as isize;
            windows = windows.permute((0..place).chain([last]).chain(place..last).collect::<Vec<_>>());
        }
        let (first, n) = (first as isize, N as isize);
        Ok(windows
            .permute((0..first).chain(first + n..first + 2 * n).chain(first..first + n).collect::<Vec<_>>()))
    }

    /// Products of the kernels, flat, with the windows of all places, flat: a matrix product for each example and group.
    #[track_caller]
    fn convolve<const N: usize>(self, operation: &str, kernels: Self, conv: Conv<N>) -> Self {
        let groups = conv.groups;
        let (x, w) = match self.images(operation, kernels, conv) {
            Ok(sizes) => sizes,
            Err(invalid) => return invalid,
        };
        if !w[0].is_multiple_of(groups) || w[1].checked_mul(groups) != Some(x[1]) {
            let fault = channels(x[1], &w, groups, "[out, in / groups, ...]");
            return self.reject(operation, &[self, kernels], fault);
        }
        let plan = Plan::of(&conv, &w[2..]);
        let windows = match self.windows(&plan, 2, T::zero()) {
            Ok(windows) => windows,
            Err(fault) => return self.reject(operation, &[self, kernels], fault),
        };
        if self.graph.check(windows.id).is_err() {
            return windows; // padded beyond what can be addressed
        }
        // [n, c, places.., window..] as [n, groups, c/groups window.., places..]: whoever copies the windows goes along the
        // places, which lie side by side, and the products have the channels first, as the result has.
        let n = x[0];
        let places: Vec<usize> = windows.sizes()[2..2 + N].to_vec();
        let (count, depth) = (places.iter().product::<usize>(), w[1..].iter().product::<usize>());
        let grouped: Vec<usize> =
            [n, groups, w[1]].into_iter().chain(windows.sizes()[2..].iter().copied()).collect();
        let order: Vec<isize> =
            (0..3).chain(3 + N as isize..3 + 2 * N as isize).chain(3..3 + N as isize).collect();
        let flat = windows.reshape(grouped).permute(order).reshape([n, groups, depth, count]);
        let kernels = kernels.reshape([groups, w[0] / groups, depth]);
        let kernels = kernels.broadcast_to([n, groups, w[0] / groups, depth]);
        let shape: Vec<usize> = [n, w[0]].into_iter().chain(places).collect();
        kernels.matmul(flat).reshape(shape)
    }

    /// Each element times each kernel, folded where the windows overlap.
    #[track_caller]
    fn spread_out<const N: usize>(self, operation: &str, kernels: Self, conv: Conv<N>) -> Self {
        let groups = conv.groups;
        let (x, w) = match self.images(operation, kernels, conv) {
            Ok(sizes) => sizes,
            Err(invalid) => return invalid,
        };
        if !w[0].is_multiple_of(groups) || w[0] != x[1] {
            let fault = channels(x[1], &w, groups, "[in, out / groups, ...]");
            return self.reject(operation, &[self, kernels], fault);
        }
        let plan = Plan::of(&conv, &w[2..]);
        let full = match plan.spread(&x[2..], &conv.extra) {
            Ok(full) => full,
            Err(fault) => return self.reject(operation, &[self, kernels], fault),
        };
        // [n, groups, c/groups, places..] as [groups, n places.., c/groups]
        let (n, count) = (x[0], x[2..].iter().product::<usize>());
        let grouped: Vec<usize> =
            [n, groups, x[1] / groups].into_iter().chain(x[2..].iter().copied()).collect();
        let order: Vec<isize> = [1, 0].into_iter().chain(3..3 + N as isize).chain([2]).collect();
        let flat = self.reshape(grouped).permute(order).reshape([groups, n * count, x[1] / groups]);
        let depth = w[1..].iter().product::<usize>();
        let kernels = kernels.reshape([groups, x[1] / groups, depth]);
        // [groups, n, places.., o/groups, window..] as [n, o, places.., window..]
        let split: Vec<usize> =
            [groups, n].into_iter().chain(x[2..].iter().copied()).chain(w[1..].iter().copied()).collect();
        let back: Vec<isize> = [1, 0, 2 + N as isize]
            .into_iter()
            .chain(2..2 + N as isize)
            .chain(3 + N as isize..3 + 2 * N as isize)
            .collect();
        let merged: Vec<usize> = [n, groups * w[1]]
            .into_iter()
            .chain(x[2..].iter().copied())
            .chain(w[2..].iter().copied())
            .collect();
        let mut y = flat.matmul(kernels).reshape(split).permute(back).reshape(merged);
        for i in (0..N).rev() {
            if self.graph.check(y.id).is_err() {
                return y; // more elements than can be addressed
            }
            // Behind this axis there are the windows of the ones before it.
            let mut to: Vec<usize> = y.sizes()[..y.sizes().len() - 1].to_vec();
            to[2 + i] = full[i];
            let Some(to) = self.graph.intern(&to) else {
                return self.reject(operation, &[self, kernels], too_large());
            };
            y = y.record(Op::Fold { window: plan.window(i, 2).into(), to });
        }
        for (i, (&size, &padding)) in full.iter().zip(&plan.padding).enumerate() {
            if padding > 0 {
                y = y.part((2 + i) as u8, padding, size - 2 * padding);
            }
        }
        y
    }

    /// The sizes of a batch and of kernels that can be convolved over `N` axes.
    #[track_caller]
    fn images<const N: usize>(
        self,
        operation: &str,
        kernels: Self,
        conv: Conv<N>,
    ) -> Result<(Vec<usize>, Vec<usize>), Self> {
        if !kernels.is_in(self.graph) {
            return Err(self.reject(operation, &[self], Fault::foreign()));
        }
        let (x, w) = (self.sizes().to_vec(), kernels.sizes().to_vec());
        let invalid = self.graph.check(self.id).is_err() || self.graph.check(kernels.id).is_err();
        let fault = if x.len() != N + 2 || w.len() != N + 2 {
            Fault::new(
                ErrorKind::Shape,
                format!("a batch of shape {x:?} and kernels of shape {w:?}, for {N} axes"),
                "both have two axes more: [n, channels, ...] and [out, in, ...]; `unsqueeze(0)` makes a batch of one",
            )
        } else if conv.groups == 0 {
            Fault::new(ErrorKind::Argument, "there are no groups", "1 is the least number of groups")
        } else if conv.groups > x[1].max(1) {
            // Also where there are no channels: 0 is a multiple of everything.
            Fault::new(
                ErrorKind::Argument,
                format!("{} groups of {} channels", conv.groups, x[1]),
                "each group has at least one channel",
            )
        } else if invalid {
            too_large()
        } else {
            return Ok((x, w));
        };
        Err(self.reject(operation, &[self, kernels], fault))
    }
}

/// The windows of some axes.
struct Plan<const N: usize> {
    size: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
}

impl<const N: usize> Plan<N> {
    fn of(conv: &Conv<N>, kernel: &[usize]) -> Self {
        let mut size = [0; N];
        size.iter_mut().zip(kernel).for_each(|(to, &from)| *to = from);
        Plan { size, stride: conv.stride, padding: conv.padding, dilation: conv.dilation }
    }

    fn window(&self, i: usize, first: usize) -> Window {
        Window {
            axis: (first + i) as u8,
            size: self.size[i],
            stride: self.stride[i],
            dilation: self.dilation[i],
        }
    }

    fn positive(&self) -> Result<(), Fault> {
        let all = [&self.size, &self.stride, &self.dilation];
        if all.iter().any(|numbers| numbers.contains(&0)) {
            return Err(Fault::new(
                ErrorKind::Argument,
                format!(
                    "windows of size {:?}, stride {:?}, dilation {:?}",
                    self.size, self.stride, self.dilation
                ),
                "each of these must be at least 1",
            ));
        }
        Ok(())
    }

    /// Whether at least one window fits each axis.
    fn check(&self, sizes: &[usize]) -> Result<(), Fault> {
        self.positive()?;
        for (i, &size) in sizes.iter().enumerate() {
            let padded = size.saturating_add(self.padding[i].saturating_mul(2));
            if self.window(i, 0).count(padded) == 0 {
                return Err(Fault::new(
                    ErrorKind::Shape,
                    format!(
                        "a window of {} elements, {} apart, does not fit into {size} with padding {}",
                        self.size[i], self.dilation[i], self.padding[i]
                    ),
                    "use a smaller window, or more padding",
                ));
            }
        }
        Ok(())
    }

    /// The sizes, with padding, from which windows like these would give `sizes` places.
    fn spread(&self, sizes: &[usize], extra: &[usize; N]) -> Result<[usize; N], Fault> {
        self.positive()?;
        let mut full = [0; N];
        for (i, &size) in sizes.iter().enumerate() {
            let reach = (self.size[i] - 1).checked_mul(self.dilation[i]);
            let last = size.saturating_sub(1).checked_mul(self.stride[i]);
            let sum = reach
                .zip(last)
                .and_then(|(reach, last)| reach.checked_add(last)?.checked_add(extra[i])?.checked_add(1));
            let sum = sum.filter(|&sum| sum >= self.padding[i].saturating_mul(2)).ok_or_else(|| {
                Fault::new(
                    ErrorKind::Shape,
                    format!("padding {:?} leaves nothing of the result", self.padding),
                    "use less padding",
                )
            })?;
            if size == 0 || extra[i] >= self.stride[i].max(self.dilation[i]) && extra[i] > 0 {
                return Err(Fault::new(
                    ErrorKind::Argument,
                    format!("size {size} with output padding {} and stride {}", extra[i], self.stride[i]),
                    "the input must not be empty, and the output padding smaller than the stride",
                ));
            }
            full[i] = sum;
        }
        Ok(full)
    }
}

fn channels(have: usize, kernels: &[usize], groups: usize, layout: &str) -> Fault {
    Fault::new(
        ErrorKind::Shape,
        format!("{have} channels do not go with kernels of shape {kernels:?} in {groups} groups"),
        format!("the kernels are {layout}, and both numbers of channels multiples of the groups"),
    )
}

fn too_large() -> Fault {
    Fault::new(
        ErrorKind::TooLarge,
        "the result has more elements than memory can address",
        "use smaller sizes",
    )
}
