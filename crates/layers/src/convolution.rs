//! Convolution and its transpose, over one axis (sequences) or two (pictures).

use chainrule_graph::{Conv, Result, Scalar, Sizes, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::kinds::sizes;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// [`Convolution`] along one axis: sequences `[n, channels, length]`.
pub type Conv1d = Convolution<1>;

/// [`Convolution`] along two axes: pictures `[n, channels, height, width]`.
pub type Conv2d = Convolution<2>;

/// [`TransposedConvolution`] along one axis.
pub type ConvTranspose1d = TransposedConvolution<1>;

/// [`TransposedConvolution`] along two axes.
pub type ConvTranspose2d = TransposedConvolution<2>;

/// Convolution over `N` axes, as networks use the word (the kernel is not flipped): each output channel is a weighted sum of a
/// window of all input channels, with the same weights at every place, plus a bias.
///
/// For one axis, with stride `s`, padding `p` and dilation `d`:
///
/// ```text
/// y[n, o, i] = bias[o] + Σ weight[o, c, j] x[n, c, s i + d j - p]     over c and j
/// ```
///
/// It takes a batch, channels first, `[n, inputs, height, width]` (`[n, inputs, length]` for one axis), and gives
/// `[n, outputs, height', width']`; or one sample without the first axis. An axis of size `m` becomes
/// `(m + 2p - d (k - 1) - 1) / s + 1`, rounded down.
///
/// Parameters, as PyTorch's: `weight` of shape `[outputs, inputs / groups, k...]` and `bias` of shape `[outputs]`. The fan-in is
/// `inputs / groups` times the size of the window, the fan-out `outputs / groups` times that.
///
/// K. Fukushima, Biological Cybernetics 36 (1980); Y. LeCun et al., "Backpropagation applied to handwritten zip code
/// recognition", Neural Computation 1 (1989).
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Conv2d, Model};
///
/// let layer = Conv2d::new(3, 16, 3).stride(2).padding(1);
/// let model = Model::init(layer, 1)?;
/// assert_eq!(model.params.get("weight").map(|w| w.shape()), Some(&[16, 3, 3, 3][..]));
/// let pictures = ndarray::Array4::<f64>::zeros((8, 3, 32, 32));
/// assert_eq!(model.predict(pictures)?.shape(), [8, 16, 16, 16]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of channels or axes, groups that do not divide both numbers of channels, and a window that does not fit
/// make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convolution<const N: usize> {
    shared: Shared<N>,
    same: bool,
}

/// The transpose of [`Convolution`]: it gives what would be that one's input, larger where the stride is above 1. Each element
/// of the input spreads the kernel, times itself, over a window of the output; where windows overlap they add up.
///
/// ```text
/// y[n, o, s i + d j - p] += weight[c, o, j] x[n, c, i]     for all c, i and j;  then + bias[o]
/// ```
///
/// Shapes as there; an axis of size `m` becomes `s (m - 1) + d (k - 1) + 1 - 2p`, plus the output padding. Parameters, as
/// PyTorch's: `weight` of shape `[inputs, outputs / groups, k...]` and `bias` of shape `[outputs]`. The fan-in is
/// `inputs / groups` times the size of the window, the fan-out `outputs / groups` times that. (PyTorch exchanges the two here.)
///
/// M. Zeiler et al., "Deconvolutional networks", CVPR 2010.
///
/// ```
/// use chainrule_layers::{ConvTranspose2d, Model};
///
/// let model = Model::init(ConvTranspose2d::new(16, 3, 2).stride(2), 1)?;
/// let pictures = model.predict(ndarray::Array4::<f64>::zeros((8, 16, 7, 7)))?;
/// assert_eq!(pictures.shape(), [8, 3, 14, 14]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// What makes an invalid node there does so here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransposedConvolution<const N: usize> {
    shared: Shared<N>,
    output_padding: [usize; N],
}

/// What both have.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shared<const N: usize> {
    inputs: usize,
    outputs: usize,
    kernel: [usize; N],
    stride: [usize; N],
    padding: [usize; N],
    dilation: [usize; N],
    groups: usize,
    bias: bool,
    init: Init,
}

impl<const N: usize> Shared<N> {
    fn new(inputs: usize, outputs: usize, kernel: [usize; N]) -> Self {
        Shared {
            inputs,
            outputs,
            kernel,
            stride: [1; N],
            padding: [0; N],
            dilation: [1; N],
            groups: 1,
            bias: true,
            init: Init::Xavier,
        }
    }

    /// Of these channels, how many each group has.
    fn in_group(&self, channels: usize) -> usize {
        channels.checked_div(self.groups).unwrap_or(0)
    }

    /// The weights have the `first` channels, and of the `second` ones those of a group.
    fn declare<T: Scalar>(&self, params: &mut Declarations<T>, first: usize, second: usize) {
        let shape: Vec<usize> = [first, self.in_group(second)].into_iter().chain(self.kernel).collect();
        let window = self.kernel.iter().fold(1, |all: usize, &size| all.saturating_mul(size));
        let fan = |channels: usize| self.in_group(channels).saturating_mul(window);
        params.weight("weight", shape, [fan(self.inputs), fan(self.outputs)], self.init);
        if self.bias {
            params.parameter("bias", [self.outputs], Init::Zeros);
        }
    }

    /// `record` with a batch and the kernels, and the bias; for one sample too.
    fn forward<'g, T: Scalar>(
        &self,
        operation: &str,
        params: &Scoped<'_, 'g, T>,
        x: Var<'g, T>,
        record: impl FnOnce(Var<'g, T>, Var<'g, T>) -> Var<'g, T>,
    ) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let c = self.inputs;
        let batch = match shape.as_slice() {
            [_, channels, rest @ ..] if *channels == c && rest.len() == N => true,
            [channels, rest @ ..] if *channels == c && rest.len() == N => false,
            _ => {
                let axes = if N == 1 { "length" } else { "height, width" };
                let reason = format!(
                    "this layer takes batches [n, {c}, {axes}] or samples [{c}, {axes}], and the input is {shape:?}"
                );
                let help = "the channels come before the axes of the window; `permute` moves axes";
                return Fault::new(reason, help).node(operation, x.graph(), &[x]);
            }
        };
        let g = self.groups;
        if g == 0 || !c.is_multiple_of(g) || !self.outputs.is_multiple_of(g) {
            let reason = format!("{g} groups of {c} input channels and {} output channels", self.outputs);
            let help = "the number of groups must divide both numbers of channels";
            return Fault::new(reason, help).node(operation, x.graph(), &[x]);
        }
        let mut y = record(if batch { x } else { x.unsqueeze(0) }, params.get("weight"));
        if self.bias {
            let mut shape = vec![1; N + 1];
            shape[0] = self.outputs;
            y = y + params.get("bias").reshape(shape);
        }
        if batch { y } else { y.squeeze(0) }
    }

    fn conv(&self) -> Conv<N> {
        Conv::new().stride(self.stride).padding(self.padding).dilation(self.dilation).groups(self.groups)
    }

    fn describe(&self, kind: &str) -> Description {
        Description::new(kind)
            .with("inputs", self.inputs)
            .with("outputs", self.outputs)
            .with("kernel", self.kernel.as_slice())
            .with("stride", self.stride.as_slice())
            .with("padding", self.padding.as_slice())
            .with("dilation", self.dilation.as_slice())
            .with("groups", self.groups)
            .with("bias", self.bias)
            .with("init", self.init)
    }

    fn from_description(description: &Description) -> Result<Self> {
        Ok(Shared {
            inputs: description.get("inputs")?,
            outputs: description.get("outputs")?,
            kernel: sizes(description, "kernel")?,
            stride: sizes(description, "stride")?,
            padding: sizes(description, "padding")?,
            dilation: sizes(description, "dilation")?,
            groups: description.get("groups")?,
            bias: description.get("bias")?,
            init: description.get("init")?,
        })
    }
}

/// The settings that both have.
macro_rules! settings {
    ($Layer:ident) => {
        impl<const N: usize> $Layer<N> {
            /// From one window to the next: 1 unless said otherwise.
            pub fn stride(self, stride: impl Sizes<N>) -> Self {
                self.with(|shared| shared.stride = stride.sizes())
            }

            /// From one element of a window to the next: 1 unless said otherwise.
            pub fn dilation(self, dilation: impl Sizes<N>) -> Self {
                self.with(|shared| shared.dilation = dilation.sizes())
            }

            /// Channels in so many groups, each with kernels of its own.
            pub fn groups(self, groups: usize) -> Self {
                self.with(|shared| shared.groups = groups)
            }

            /// Without adding a bias.
            pub fn without_bias(self) -> Self {
                self.with(|shared| shared.bias = false)
            }

            /// With weights that start from these values; [`Init::Xavier`] unless said otherwise.
            pub fn init(self, init: Init) -> Self {
                self.with(|shared| shared.init = init)
            }

            fn with(mut self, set: impl FnOnce(&mut Shared<N>)) -> Self {
                set(&mut self.shared);
                self
            }
        }
    };
}

settings!(Convolution);
settings!(TransposedConvolution);

impl<const N: usize> Convolution<N> {
    /// From and to so many channels, with windows of this size (one number, or one for each axis): stride 1, without padding,
    /// dilation 1, one group, with a bias.
    pub fn new(inputs: usize, outputs: usize, kernel: impl Sizes<N>) -> Self {
        Convolution { shared: Shared::new(inputs, outputs, kernel.sizes()), same: false }
    }

    /// Zeros at both ends of each axis, so many.
    pub fn padding(self, padding: impl Sizes<N>) -> Self {
        Convolution { same: false, ..self }.with(|shared| shared.padding = padding.sizes())
    }

    /// As many zeros as make the output as large as the input; where that is an odd number, one more at the end, as in
    /// PyTorch. The stride must be 1.
    pub fn same(self) -> Self {
        Convolution { same: true, ..self }.with(|shared| shared.padding = [0; N])
    }

    /// The input with the padding that [`same`](Convolution::same) asks for.
    fn padded<'g, T: Scalar>(&self, operation: &str, x: Var<'g, T>) -> Var<'g, T> {
        if !self.same {
            return x;
        }
        let Shared { kernel, stride, dilation, .. } = self.shared;
        if stride != [1; N] {
            let reason = format!("no padding keeps the size with stride {stride:?}");
            return Fault::new(reason, "use stride 1, or give the padding as a number").node(
                operation,
                x.graph(),
                &[x],
            );
        }
        let mut widths = vec![[0, 0]; 2];
        for (size, apart) in kernel.into_iter().zip(dilation) {
            let all = size.saturating_sub(1).saturating_mul(apart);
            widths.push([all / 2, all - all / 2]);
        }
        x.pad(widths, T::zero())
    }

    fn described(&self, kind: &str) -> Description {
        self.shared.describe(kind).with("same", self.same)
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let shared = Shared::from_description(description)?;
        Ok(Convolution { shared, same: description.get("same")? })
    }
}

impl<const N: usize> TransposedConvolution<N> {
    /// From and to so many channels, with windows of this size (one number, or one for each axis): stride 1, without padding,
    /// dilation 1, one group, with a bias.
    pub fn new(inputs: usize, outputs: usize, kernel: impl Sizes<N>) -> Self {
        TransposedConvolution { shared: Shared::new(inputs, outputs, kernel.sizes()), output_padding: [0; N] }
    }

    /// So many elements are cut off at both ends of each axis: what a convolution with this padding adds.
    pub fn padding(self, padding: impl Sizes<N>) -> Self {
        self.with(|shared| shared.padding = padding.sizes())
    }

    /// So many more elements at the end of each axis, which the size of the result leaves open where the stride is above 1.
    pub fn output_padding(self, extra: impl Sizes<N>) -> Self {
        TransposedConvolution { output_padding: extra.sizes(), ..self }
    }

    fn described(&self, kind: &str) -> Description {
        self.shared.describe(kind).with("output_padding", self.output_padding.as_slice())
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let shared = Shared::from_description(description)?;
        Ok(TransposedConvolution { shared, output_padding: sizes(description, "output_padding")? })
    }
}

/// The layers for each number of axes that the graph has operations for.
macro_rules! layers {
    ($($N:literal $conv:ident $transpose:ident;)+) => {
        $(
            impl<T: Scalar> Layer<T> for Convolution<$N> {
                fn declare(&self, params: &mut Declarations<T>) {
                    self.shared.declare(params, self.shared.outputs, self.shared.inputs);
                }

                fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
                    self.shared.forward(stringify!($conv), params, x, |x, kernels| {
                        self.padded(stringify!($conv), x).$conv(kernels, self.shared.conv())
                    })
                }

                fn describe(&self) -> Description {
                    self.described(stringify!($conv))
                }
            }

            impl<T: Scalar> Layer<T> for TransposedConvolution<$N> {
                fn declare(&self, params: &mut Declarations<T>) {
                    self.shared.declare(params, self.shared.inputs, self.shared.outputs);
                }

                fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
                    self.shared.forward(stringify!($transpose), params, x, |x, kernels| {
                        x.$transpose(kernels, self.shared.conv().output_padding(self.output_padding))
                    })
                }

                fn describe(&self) -> Description {
                    self.described(stringify!($transpose))
                }
            }

            impl<T: Scalar> Sequential<T> {
                /// Appends a [`Convolution`] as [`Convolution::new`] makes it.
                pub fn $conv(self, inputs: usize, outputs: usize, kernel: impl Sizes<$N>) -> Self {
                    self.push(Convolution::<$N>::new(inputs, outputs, kernel))
                }

                /// Appends a [`TransposedConvolution`] as [`TransposedConvolution::new`] makes it.
                pub fn $transpose(self, inputs: usize, outputs: usize, kernel: impl Sizes<$N>) -> Self {
                    self.push(TransposedConvolution::<$N>::new(inputs, outputs, kernel))
                }
            }
        )+
    };
}

layers! {
    1 conv1d conv_transpose1d;
    2 conv2d conv_transpose2d;
}
