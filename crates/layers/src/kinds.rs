//! The layers of this crate by their kinds: how a [`Description`] becomes a layer again.

use std::sync::Arc;

use chainrule_graph::{Error, ErrorKind, Result, Scalar};

use crate::describe::Description;
use crate::layer::Layer;

/// How the layers inside of a layer are built.
pub(crate) type Build<'a, T> = &'a dyn Fn(&Description) -> Result<Arc<dyn Layer<T>>>;

/// A row for each kind; those with layers inside get what builds them.
macro_rules! kinds {
    ($known:ident($description:ident, $build:ident): $($kind:literal $Layer:ty $(, $inside:ident)?;)+) => {
        /// The names of all kinds.
        pub(crate) const KINDS: &[&str] = &[$($kind),+];

        /// The layer of this crate that was described so; `None` if its kind is none of this crate's.
        pub(crate) fn $known<T: Scalar>(
            $description: &Description,
            $build: Build<'_, T>,
        ) -> Option<Result<Arc<dyn Layer<T>>>> {
            use crate::*;

            Some(match $description.kind() {
                $($kind => <$Layer>::from_description($description $(, $inside)?)
                    .map(|layer| Arc::new(layer) as Arc<dyn Layer<T>>),)+
                _ => return None,
            })
        }
    };
}

kinds! {
    known(description, inside):
    "sequential" Sequential<T>, inside;
    "residual" Residual<Arc<dyn Layer<T>>>, inside;
    "bidirectional" Bidirectional<Arc<dyn Layer<T>>>, inside;
    "dense" Dense;
    "conv1d" Conv1d;
    "conv2d" Conv2d;
    "conv_transpose1d" ConvTranspose1d;
    "conv_transpose2d" ConvTranspose2d;
    "max_pool1d" MaxPool1d;
    "max_pool2d" MaxPool2d;
    "avg_pool1d" AvgPool1d;
    "avg_pool2d" AvgPool2d;
    "global_avg_pool" GlobalAvgPool;
    "flatten" Flatten;
    "reshape" Reshape;
    "embedding" Embedding;
    "positional_embedding" PositionalEmbedding;
    "positional_encoding" PositionalEncoding;
    "layer_norm" LayerNorm;
    "rms_norm" RmsNorm;
    "group_norm" GroupNorm;
    "batch_norm" BatchNorm;
    "rnn" Rnn;
    "gru" Gru;
    "lstm" Lstm;
    "multi_head_attention" MultiHeadAttention;
    "transformer_block" TransformerBlock;
    "dropout" Dropout;
    "sigmoid" Sigmoid;
    "tanh" Tanh;
    "relu" Relu;
    "leaky_relu" LeakyRelu;
    "elu" Elu;
    "silu" Silu;
    "gelu" Gelu;
    "gelu_tanh" GeluTanh;
    "softplus" Softplus;
    "softmax" Softmax;
    "log_softmax" LogSoftmax;
    "identity" Identity;
}

/// A setting that is one size for each axis.
#[track_caller]
pub(crate) fn sizes<const N: usize>(description: &Description, name: &str) -> Result<[usize; N]> {
    let list: Vec<usize> = description.get(name)?;
    <[usize; N]>::try_from(list).map_err(|list| {
        let reason = format!("`{name}` of a `{}` is {list:?}, and there are {N} axes", description.kind());
        Error::new(ErrorKind::File, "describe", reason, "the description was made by something else")
    })
}

/// The one layer inside that has this name.
#[track_caller]
pub(crate) fn only<T: Scalar>(
    description: &Description,
    name: &str,
    inside: Build<'_, T>,
) -> Result<Arc<dyn Layer<T>>> {
    let Some((_, layer)) = description.inside().find(|(inner, _)| *inner == name) else {
        let reason = format!("a `{}` without the layer `{name}` inside", description.kind());
        return Err(Error::new(
            ErrorKind::File,
            "describe",
            reason,
            "the description was made by something else",
        ));
    };
    inside(layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::*;

    fn build(description: &Description) -> Result<Arc<dyn Layer>> {
        known(description, &build).unwrap_or_else(|| panic!("no kind `{}`", description.kind()))
    }

    #[test]
    fn every_layer_is_built_again_of_its_description() {
        let inner = Sequential::<f64>::new().dense(3, 4).sigmoid().tanh().relu().named("last", Identity);
        let all = Sequential::new()
            .named("inner", inner)
            .again("inner")
            .residual(Dense::new(4, 4).without_bias().weights(Convention::OutByIn).init(Init::He))
            .push(Bidirectional(Rnn::new(2, 3).relu().last()))
            .conv1d(1, 2, 3)
            .push(Conv2d::new(2, 4, [3, 5]).same().dilation(2).groups(2).without_bias().init(Init::LeCun))
            .push(ConvTranspose1d::new(2, 3, 4).padding(1))
            .push(ConvTranspose2d::new(2, 3, 4).stride([2, 3]).output_padding([0, 1]))
            .max_pool1d(2)
            .push(MaxPool2d::new(3).stride(2).padding(1))
            .push(AvgPool1d::new(3).dilation(2))
            .avg_pool2d([2, 3])
            .global_avg_pool()
            .flatten()
            .reshape([2, 3])
            .push(Embedding::new(5, 2).init(Init::Zeros))
            .positional_embedding(5, 2)
            .positional_encoding(4)
            .push(LayerNorm::new(3).without_bias().epsilon(1e-3))
            .rms_norm(3)
            .group_norm(2, 4)
            .push(BatchNorm::new(3).momentum(0.2))
            .gru(2, 3)
            .push(Lstm::new(2, 3).last())
            .push(MultiHeadAttention::new(6, 2).causal().dropout(0.1))
            .push(TransformerBlock::new(6, 2).hidden(7).post_norm().causal().dropout(0.5))
            .dropout(0.25)
            .leaky_relu(0.1)
            .elu(1.5)
            .silu()
            .gelu()
            .gelu_tanh()
            .softplus()
            .softmax(-1)
            .log_softmax(1);
        let description = Layer::<f64>::describe(&all);
        assert!(description.is_complete());
        let again = build(&description).unwrap();
        assert_eq!(again.describe(), description);
        let names = |layer: &dyn Layer| Declarations::of(layer).unwrap().into_keys().collect::<Vec<_>>();
        assert_eq!(names(&*again), names(&all));
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        let refused = |description: Description| build(&description).err().unwrap().message().to_owned();
        assert_eq!(refused(Description::new("dense")), "a `dense` without `inputs`");
        assert_eq!(refused(Description::new("residual")), "a `residual` without the layer `branch` inside");
        let pool = Description::new("max_pool2d").with("size", [2]);
        assert_eq!(refused(pool), "`size` of a `max_pool2d` is [2], and there are 2 axes");
        assert!(known::<f64>(&Description::new("lambda"), &build).is_none());
    }
}
