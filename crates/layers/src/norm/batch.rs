//! [`BatchNorm`]: by channel, over the batch.

use chainrule_graph::{Result, Scalar, Var};

use super::{EPSILON, by_channel, centred, not_channels, scaled};
use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Each channel normalised over the whole batch, with a learned scale and offset for each:
///
/// ```text
/// y = weight[c] (x - m[c]) / √(v[c] + ε) + bias[c]
/// ```
///
/// In training `m` and `v` are the mean and the variance (divided by the number of elements) of the channel in this batch; in
/// use they are the running ones, which training has kept:
///
/// ```text
/// running_mean <- (1 - momentum) running_mean + momentum m
/// running_var  <- (1 - momentum) running_var  + momentum v k / (k - 1)     for k elements a channel
/// ```
///
/// It takes `[n, channels]`, `[n, channels, length]` or `[n, channels, height, width]` and keeps the shape. Parameters, as
/// PyTorch's: `weight` (ones at first) and `bias` (zeros), and the buffers `running_mean` (zeros) and `running_var` (ones), all of
/// shape `[channels]`. `ε` is 1e-5, the momentum 0.1. (Keras calls `1 - momentum` momentum.)
///
/// S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015.
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{BatchNorm, Params};
/// use ndarray::array;
///
/// let layer = BatchNorm::new(2).epsilon(0.0);
/// let graph = Graph::new();
/// let bound = Params::init(&layer, 0)?.bind(&graph);
/// let x = array![[1.0, 10.0], [3.0, 30.0]];
/// let training = bound.train(0);
/// let y = training.apply(&layer, &x);
/// assert_eq!(y.value()?, array![[-1.0, -1.0], [1.0, 1.0]].into_dyn());
/// let [(_, mean), _] = training.updates()[..] else { panic!("two buffers") };
/// assert_eq!(mean.value()?, array![0.2, 2.0].into_dyn());
/// // In use it is the running statistics, 0 and 1 still:
/// assert_eq!(bound.apply(&layer, &x).value()?, x.into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of channels makes an invalid node; so does, in training, a batch with fewer than two elements a channel, which
/// has no variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    channels: usize,
    epsilon: f64,
    momentum: f64,
}

impl BatchNorm {
    /// For so many channels.
    pub fn new(channels: usize) -> Self {
        BatchNorm { channels, epsilon: EPSILON, momentum: 0.1 }
    }

    /// With this number added to the variance.
    pub fn epsilon(self, epsilon: f64) -> Self {
        BatchNorm { epsilon, ..self }
    }

    /// With this weight of the new batch in the running statistics.
    pub fn momentum(self, momentum: f64) -> Self {
        BatchNorm { momentum, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(BatchNorm {
            channels: description.get("channels")?,
            epsilon: description.get("epsilon")?,
            momentum: description.get("momentum")?,
        })
    }
}

impl<T: Scalar> Layer<T> for BatchNorm {
    fn declare(&self, params: &mut Declarations<T>) {
        let shape = [self.channels];
        params.parameter("weight", shape, Init::Constant(1.0));
        params.parameter("bias", shape, Init::Zeros);
        params.buffer("running_mean", shape, Init::Zeros);
        params.buffer("running_var", shape, Init::Constant(1.0));
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let elements = match shape.as_slice() {
            &[n, channels, ref rest @ ..] if channels == self.channels => n * rest.iter().product::<usize>(),
            _ => return not_channels("batch_norm", self.channels, x, &shape),
        };
        let channel = |x| by_channel(x, self.channels, shape.len());
        let y = if params.is_training() {
            if elements < 2 {
                let reason =
                    format!("in training a batch of shape {shape:?} has {elements} elements a channel");
                let help = "a variance needs two; use larger batches, or leave out the last one";
                return Fault::new(reason, help).node("batch_norm", x.graph(), &[x]);
            }
            let axes: Vec<isize> = (0..shape.len() as isize).filter(|&axis| axis != 1).collect();
            let [centre, variance, mean] = centred(x, &axes);
            let unbiased = elements as f64 / (elements - 1) as f64;
            for (name, new, factor) in [("running_mean", mean, 1.0), ("running_var", variance, unbiased)] {
                let old = params.get(name) * T::of(1.0 - self.momentum);
                params.set(name, old + new.reshape([self.channels]) * T::of(self.momentum * factor));
            }
            scaled(centre, variance, self.epsilon)
        } else {
            let (mean, variance) = (params.get("running_mean"), params.get("running_var"));
            scaled(x - channel(mean), channel(variance), self.epsilon)
        };
        y * channel(params.get("weight")) + channel(params.get("bias"))
    }

    fn describe(&self) -> Description {
        Description::new("batch_norm")
            .with("channels", self.channels)
            .with("epsilon", self.epsilon)
            .with("momentum", self.momentum)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`BatchNorm`].
    pub fn batch_norm(self, channels: usize) -> Self {
        self.push(BatchNorm::new(channels))
    }
}
