//! [`GroupNorm`]: by sample and group of channels.

use chainrule_graph::{Result, Scalar, Var};

use super::{EPSILON, by_channel, centred, not_channels, scaled};
use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// The channels of each sample in groups, each group normalised by itself, with a learned scale and offset for each channel:
///
/// ```text
/// y = weight[c] (x - m) / √(v + ε) + bias[c]
/// ```
///
/// where `m` is the mean of all elements of the group and `v` their variance (divided by their number). It takes
/// `[n, channels, ...]` and keeps the shape; the same in training and in use. Parameters, as PyTorch's: `weight` (ones at first)
/// and `bias` (zeros), both of shape `[channels]`. `ε` is 1e-5. One group is layer norm over the whole sample; as many as there
/// are channels, instance norm.
///
/// Y. Wu and K. He, "Group normalization", ECCV 2018.
///
/// ```
/// use chainrule_layers::{GroupNorm, Model};
/// use ndarray::array;
///
/// let model = Model::init(GroupNorm::new(2, 4).epsilon(0.0), 0)?;
/// let y = model.predict(array![[1.0, 3.0, 10.0, 30.0]])?;
/// assert_eq!(y, array![[-1.0, 1.0, -1.0, 1.0]].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of channels, and groups that do not divide it, make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm {
    groups: usize,
    channels: usize,
    epsilon: f64,
}

impl GroupNorm {
    /// For so many channels in so many groups.
    pub fn new(groups: usize, channels: usize) -> Self {
        GroupNorm { groups, channels, epsilon: EPSILON }
    }

    /// With this number added to the variance.
    pub fn epsilon(self, epsilon: f64) -> Self {
        GroupNorm { epsilon, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(GroupNorm {
            groups: description.get("groups")?,
            channels: description.get("channels")?,
            epsilon: description.get("epsilon")?,
        })
    }
}

impl<T: Scalar> Layer<T> for GroupNorm {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("weight", [self.channels], Init::Constant(1.0));
        params.parameter("bias", [self.channels], Init::Zeros);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let (n, rest) = match shape.as_slice() {
            &[n, channels, ref rest @ ..] if channels == self.channels => (n, rest.iter().product::<usize>()),
            _ => return not_channels("group_norm", self.channels, x, &shape),
        };
        if self.groups == 0 || !self.channels.is_multiple_of(self.groups) {
            let reason = format!("{} groups of {} channels", self.groups, self.channels);
            let help = "the number of groups must divide the number of channels";
            return Fault::new(reason, help).node("group_norm", x.graph(), &[x]);
        }
        let grouped = x.reshape([n, self.groups, self.channels / self.groups * rest]);
        let [centre, variance, _] = centred(grouped, &[-1]);
        let y = scaled(centre, variance, self.epsilon).reshape(shape.as_slice());
        let channel = |name| by_channel(params.get(name), self.channels, shape.len());
        y * channel("weight") + channel("bias")
    }

    fn describe(&self) -> Description {
        Description::new("group_norm")
            .with("groups", self.groups)
            .with("channels", self.channels)
            .with("epsilon", self.epsilon)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`GroupNorm`].
    pub fn group_norm(self, groups: usize, channels: usize) -> Self {
        self.push(GroupNorm::new(groups, channels))
    }
}
