//! Pooling: one number for each window, or for each channel.

use chainrule_graph::{Pool, Result, Scalar, Sizes, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::kinds::sizes;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// [`MaxPool`] along the last axis.
pub type MaxPool1d = MaxPool<1>;

/// [`MaxPool`] along the last two axes.
pub type MaxPool2d = MaxPool<2>;

/// [`AvgPool`] along the last axis.
pub type AvgPool1d = AvgPool<1>;

/// [`AvgPool`] along the last two axes.
pub type AvgPool2d = AvgPool<2>;

/// A pooling over windows: the struct, its settings, and what it has of the graph for each number of axes.
macro_rules! pooling {
    ($(#[$doc:meta])* $Name:ident, padding: $padding:literal, $($N:literal $method:ident;)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $Name<const N: usize> {
            size: [usize; N],
            stride: [usize; N],
            padding: [usize; N],
            dilation: [usize; N],
        }

        impl<const N: usize> $Name<N> {
            /// Windows of this size (one number, or one for each axis), side by side, without padding.
            pub fn new(size: impl Sizes<N>) -> Self {
                let size = size.sizes();
                $Name { size, stride: size, padding: [0; N], dilation: [1; N] }
            }

            /// From one window to the next: its size unless said otherwise.
            pub fn stride(self, stride: impl Sizes<N>) -> Self {
                $Name { stride: stride.sizes(), ..self }
            }

            #[doc = $padding]
            pub fn padding(self, padding: impl Sizes<N>) -> Self {
                $Name { padding: padding.sizes(), ..self }
            }

            /// From one element of a window to the next: 1 unless said otherwise.
            pub fn dilation(self, dilation: impl Sizes<N>) -> Self {
                $Name { dilation: dilation.sizes(), ..self }
            }

            fn pool(&self) -> Pool<N> {
                Pool::new(self.size).stride(self.stride).padding(self.padding).dilation(self.dilation)
            }

            fn described(&self, kind: &str) -> Description {
                Description::new(kind)
                    .with("size", self.size.as_slice())
                    .with("stride", self.stride.as_slice())
                    .with("padding", self.padding.as_slice())
                    .with("dilation", self.dilation.as_slice())
            }

            pub(crate) fn from_description(description: &Description) -> Result<Self> {
                Ok($Name {
                    size: sizes(description, "size")?,
                    stride: sizes(description, "stride")?,
                    padding: sizes(description, "padding")?,
                    dilation: sizes(description, "dilation")?,
                })
            }
        }

        $(
            impl<T: Scalar> Layer<T> for $Name<$N> {
                fn declare(&self, _: &mut Declarations<T>) {}

                fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
                    x.$method(self.pool())
                }

                fn describe(&self) -> Description {
                    self.described(stringify!($method))
                }
            }

            impl<T: Scalar> Sequential<T> {
                #[doc = concat!("Appends [`", stringify!($Name), "`] with windows of this size, side by side.")]
                pub fn $method(self, size: impl Sizes<$N>) -> Self {
                    self.push($Name::<$N>::new(size))
                }
            }
        )+
    };
}

pooling! {
    /// The largest element of each window along the last `N` axes. `[n, channels, height, width]` becomes
    /// `[n, channels, height', width']`, sizes as those of [`Convolution`](crate::Convolution); there may be fewer axes in
    /// front, or more. The derivative belongs to the largest element, in equal parts where several are equal.
    ///
    /// ```
    /// use chainrule_layers::{MaxPool1d, Params};
    ///
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&MaxPool1d::new(2), [1.0, 4.0, 2.0, 3.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[4.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    MaxPool, padding: "So many elements at both ends of each axis, which are never the largest.",
    1 max_pool1d;
    2 max_pool2d;
}

pooling! {
    /// The mean of each window along the last `N` axes; shapes as those of [`MaxPool`]. The derivative is `1 / k` for each of the
    /// `k` elements of a window.
    ///
    /// ```
    /// use chainrule_layers::{AvgPool1d, Params};
    ///
    /// let graph = chainrule_graph::Graph::new();
    /// let y = Params::new().bind(&graph).apply(&AvgPool1d::new(2), [1.0, 3.0, 2.0, 4.0]);
    /// assert_eq!(y.value()?, ndarray::arr1(&[2.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    AvgPool, padding: "So many zeros at both ends of each axis, which count, as in PyTorch by default.",
    1 avg_pool1d;
    2 avg_pool2d;
}

/// The mean of each channel: `[n, channels, ...]` becomes `[n, channels]`. M. Lin et al., "Network in network", ICLR 2014.
///
/// ```
/// use chainrule_layers::{GlobalAvgPool, Params};
///
/// let graph = chainrule_graph::Graph::new();
/// let x = ndarray::arr3(&[[[1.0, 2.0, 3.0], [0.0, 5.0, 1.0]]]);
/// let y = Params::new().bind(&graph).apply(&GlobalAvgPool, x);
/// assert_eq!(y.value()?, ndarray::arr2(&[[2.0, 2.0]]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Fewer than three axes make an invalid node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GlobalAvgPool;

impl GlobalAvgPool {
    pub(crate) fn from_description(_: &Description) -> Result<Self> {
        Ok(GlobalAvgPool)
    }
}

impl<T: Scalar> Layer<T> for GlobalAvgPool {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.len() < 3 {
            let reason = format!("this layer takes batches [n, channels, ...], and the input is {shape:?}");
            let help = "the means are over the axes after the second one";
            return Fault::new(reason, help).node("global_avg_pool", x.graph(), &[x]);
        }
        x.mean_axes((2..shape.len() as isize).collect::<Vec<_>>())
    }

    fn describe(&self) -> Description {
        Description::new("global_avg_pool")
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`GlobalAvgPool`].
    pub fn global_avg_pool(self) -> Self {
        self.push(GlobalAvgPool)
    }
}
