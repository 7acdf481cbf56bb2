//! Layers that bring numbers to mean 0 and variance 1, or to a size of 1, and then learn the scale that they need.

mod batch;
mod group;
mod layer_norm;
mod rms;

pub use batch::BatchNorm;
pub use group::GroupNorm;
pub use layer_norm::LayerNorm;
pub use rms::RmsNorm;

use chainrule_graph::{Scalar, Var, keep};

use crate::fault::Fault;

/// What all of them add to the variance, so that nothing is divided by 0.
const EPSILON: f64 = 1e-5;

/// `x` less its mean `m` over some axes, the variance over them, and `m`; the axes stay with size 1.
fn centred<'g, T: Scalar>(x: Var<'g, T>, axes: &[isize]) -> [Var<'g, T>; 3] {
    let mean = x.mean_axes(keep(axes.to_vec()));
    let centred = x - mean;
    [centred, centred.square().mean_axes(keep(axes.to_vec())), mean]
}

/// `x / √(variance + ε)`
fn scaled<'g, T: Scalar>(x: Var<'g, T>, variance: Var<'g, T>, epsilon: f64) -> Var<'g, T> {
    x / (variance + T::of(epsilon)).sqrt()
}

/// With shape `[channels, 1, ...]`, to go with an input of so many axes whose second one is the channels.
fn by_channel<T: Scalar>(x: Var<'_, T>, channels: usize, rank: usize) -> Var<'_, T> {
    let mut shape = vec![1; rank.saturating_sub(1).max(1)];
    shape[0] = channels;
    x.reshape(shape)
}

/// The input has not the features on its last axis.
fn not_features<'g, T: Scalar>(
    operation: &str,
    features: usize,
    x: Var<'g, T>,
    shape: &[usize],
) -> Var<'g, T> {
    let reason = format!(
        "this layer takes vectors [{features}] or batches [..., {features}], and the input is {shape:?}"
    );
    let help = "the last axis must have the layer's number of features";
    Fault::new(reason, help).node(operation, x.graph(), &[x])
}

/// The input has not the channels on its second axis.
fn not_channels<'g, T: Scalar>(
    operation: &str,
    channels: usize,
    x: Var<'g, T>,
    shape: &[usize],
) -> Var<'g, T> {
    let reason = format!("this layer takes batches [n, {channels}, ...], and the input is {shape:?}");
    let help = "the second axis must have the layer's number of channels";
    Fault::new(reason, help).node(operation, x.graph(), &[x])
}
