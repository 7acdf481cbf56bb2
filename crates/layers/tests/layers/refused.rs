//! What layers refuse, in their words.

use std::sync::Arc;

use chainrule_graph::{Graph, Program};
use chainrule_layers::*;
use ndarray::{ArrayD, IxDyn};

fn refusal(layer: &dyn Layer, shape: &[usize], train: bool) -> (String, String) {
    let graph = Graph::new();
    let bound = Params::init(layer, 0).unwrap().bind(&graph);
    let bound = if train { bound.train(0) } else { bound };
    let y = bound.apply(layer, ArrayD::zeros(IxDyn(shape)));
    let error = y.value().unwrap_err();
    // The user's line, wherever the layer recorded.
    assert_eq!((error.location().file(), error.location().line()), (file!(), line!() - 3));
    (error.operation().to_owned(), error.message().to_owned())
}

/// A layer, the shape of an input, and the operation and message of the error.
type Refusal = (Arc<dyn Layer>, &'static [usize], &'static str, &'static str);

#[test]
fn shapes_that_do_not_fit() {
    let rows: Vec<Refusal> = vec![
        (
            Arc::new(Dense::new(3, 2)),
            &[2, 3, 4],
            "dense",
            "this layer takes vectors [3] or batches [..., 3], and the input is [2, 3, 4]",
        ),
        (
            Arc::new(Conv1d::new(3, 2, 3)),
            &[5, 4, 9],
            "conv1d",
            "this layer takes batches [n, 3, length] or samples [3, length], and the input is [5, 4, 9]",
        ),
        (
            Arc::new(Conv2d::new(3, 2, 3)),
            &[3, 9],
            "conv2d",
            "this layer takes batches [n, 3, height, width] or samples [3, height, width], and the input is [3, 9]",
        ),
        (
            Arc::new(Conv2d::new(3, 2, 5)),
            &[1, 3, 4, 9],
            "conv2d",
            "a window of 5 elements, 1 apart, does not fit into 4 with padding 0",
        ),
        (
            Arc::new(Conv2d::new(4, 6, 3).groups(4)),
            &[1, 4, 9, 9],
            "conv2d",
            "4 groups of 4 input channels and 6 output channels",
        ),
        (
            Arc::new(Conv1d::new(4, 4, 3).groups(0).init(Init::Zeros)),
            &[1, 4, 9],
            "conv1d",
            "0 groups of 4 input channels and 4 output channels",
        ),
        (
            Arc::new(Conv1d::new(4, 4, 3).stride(2).same()),
            &[1, 4, 9],
            "conv1d",
            "no padding keeps the size with stride [2]",
        ),
        (
            Arc::new(ConvTranspose1d::new(3, 2, 3)),
            &[3],
            "conv_transpose1d",
            "this layer takes batches [n, 3, length] or samples [3, length], and the input is [3]",
        ),
        (Arc::new(MaxPool2d::new(2)), &[5], "max_pool2d", "2 axes are pooled, and there are 1"),
        (
            Arc::new(GlobalAvgPool),
            &[2, 3],
            "global_avg_pool",
            "this layer takes batches [n, channels, ...], and the input is [2, 3]",
        ),
        (Arc::new(Flatten), &[], "flatten", "a single number is no batch"),
        (
            Arc::new(Reshape::new([2, 2])),
            &[7, 3],
            "reshape",
            "samples of shape [3] have not as many elements as [2, 2]",
        ),
        (
            Arc::new(LayerNorm::new(3)),
            &[3, 2],
            "layer_norm",
            "this layer takes vectors [3] or batches [..., 3], and the input is [3, 2]",
        ),
        (
            Arc::new(RmsNorm::new(3)),
            &[],
            "rms_norm",
            "this layer takes vectors [3] or batches [..., 3], and the input is []",
        ),
        (
            Arc::new(GroupNorm::new(2, 4)),
            &[4],
            "group_norm",
            "this layer takes batches [n, 4, ...], and the input is [4]",
        ),
        (Arc::new(GroupNorm::new(3, 4)), &[2, 4], "group_norm", "3 groups of 4 channels"),
        (
            Arc::new(BatchNorm::new(4)),
            &[4, 3],
            "batch_norm",
            "this layer takes batches [n, 4, ...], and the input is [4, 3]",
        ),
        (
            Arc::new(PositionalEmbedding::new(8, 4)),
            &[12, 4],
            "positional_embedding",
            "a sequence of 12 for a table of 8 places",
        ),
        (
            Arc::new(PositionalEncoding::new(4)),
            &[12, 5],
            "positional_encoding",
            "this layer takes sequences [time, 4] or batches [n, time, 4], and the input is [12, 5]",
        ),
        (
            Arc::new(Rnn::new(3, 2)),
            &[3],
            "rnn",
            "this layer takes sequences [time, 3] or batches [n, time, 3], and the input is [3]",
        ),
        (Arc::new(Gru::new(3, 2)), &[5, 0, 3], "gru", "the sequence is empty"),
        (
            Arc::new(Lstm::new(3, 2)),
            &[5, 7, 2],
            "lstm",
            "this layer takes sequences [time, 3] or batches [n, time, 3], and the input is [5, 7, 2]",
        ),
        (
            Arc::new(Bidirectional(Lstm::new(3, 2))),
            &[3],
            "bidirectional",
            "a sequence has the axes [time, features], and the input is [3]",
        ),
        (
            Arc::new(MultiHeadAttention::new(4, 2)),
            &[4],
            "multi_head_attention",
            "this layer takes sequences [time, 4] or batches [n, time, 4], and the input is [4]",
        ),
        (Arc::new(MultiHeadAttention::new(4, 3)), &[2, 4], "multi_head_attention", "3 heads of 4 features"),
        (
            Arc::new(Residual(Dense::new(4, 1))),
            &[2, 4],
            "residual",
            "the layer makes [2, 1] of [2, 4], and both are added up",
        ),
        (
            Arc::new(Sequential::new().again("0").dense(4, 4)),
            &[2, 4],
            "again",
            "no layer `0` comes before place 0, which applies it again",
        ),
        (Arc::new(Dropout::new(1.0)), &[2], "dropout", "the probability of dropping is 1"),
    ];
    for (layer, shape, operation, message) in rows {
        assert_eq!(refusal(&layer, shape, false), (operation.to_owned(), message.to_owned()));
    }
}

#[test]
fn a_batch_without_a_variance() {
    let message = "in training a batch of shape [1, 4] has 1 elements a channel";
    assert_eq!(refusal(&BatchNorm::new(4), &[1, 4], true), ("batch_norm".to_owned(), message.to_owned()));
    let message = "in training a batch of shape [0, 4, 7] has 0 elements a channel";
    assert_eq!(refusal(&BatchNorm::new(4), &[0, 4, 7], true), ("batch_norm".to_owned(), message.to_owned()));
}

/// Attention to a context of this shape.
fn across(context: &'static [usize]) -> impl Layer {
    let attention = MultiHeadAttention::new(4, 2);
    layer_fn(
        move |params: &mut Declarations| Layer::<f64>::declare(&attention, params),
        move |params: &Scoped<'_, '_>, x| attention.attend(params, x, params.graph().full(context, 1.0)),
    )
}

#[test]
fn contexts_that_do_not_fit() {
    let want = "queries of shape [2, 4] and a context of shape [3, 5]; this layer takes [time, 4] of both, or [n, time, 4]";
    assert_eq!(refusal(&across(&[3, 5]), &[2, 4], false).1, want);
    assert!(refusal(&across(&[3, 4]), &[1, 2, 4], false).1.starts_with("queries of shape [1, 2, 4]"));
    assert!(refusal(&across(&[2, 3, 4]), &[1, 2, 4], false).1.starts_with("queries of shape [1, 2, 4]"));
}

/// Numbers are data: the shape is right, and the value is not there.
#[test]
fn numbers_that_are_no_rows_of_the_table() {
    let graph = Graph::new();
    let bound = Params::init(&Embedding::new(3, 2), 0).unwrap().bind(&graph);
    for wrong in [3.0, -1.0, 0.5, f64::NAN] {
        let y = bound.apply(&Embedding::new(3, 2), [0.0, wrong]);
        assert_eq!(y.shape().unwrap(), [2, 2]);
        assert!(y.value().is_err(), "{wrong}");
    }
    let x = graph.constant([0.0, 1.0]);
    let mut program = Program::new([x], [bound.apply(&Embedding::new(3, 2), x)]).compile().unwrap();
    assert!(program.run([ndarray::arr1(&[2.0, 2.0])]).is_ok());
    assert!(program.run([ndarray::arr1(&[2.0, 7.0])]).is_err());
}

#[test]
fn sizes_of_nothing_and_sizes_beyond_memory() {
    let vast = usize::MAX / 2;
    let rows: Vec<Arc<dyn Layer>> = vec![
        Arc::new(Conv2d::new(vast, vast, vast)),
        Arc::new(ConvTranspose1d::new(vast, vast, vast).padding(vast).dilation(vast)),
        Arc::new(Conv1d::new(0, 0, 0).same()),
        Arc::new(Embedding::new(vast, vast)),
        Arc::new(Lstm::new(vast, vast)),
        Arc::new(MultiHeadAttention::new(vast, 0)),
        Arc::new(TransformerBlock::new(vast, vast)),
        Arc::new(BatchNorm::new(vast)),
    ];
    for layer in rows {
        assert!(Params::init(&layer, 0).is_err());
        assert!(Sequential::new().push(layer).summary([1, 2, 3]).is_err());
    }
    let graph = Graph::new();
    let padded = Conv1d::new(1, 1, 1).padding(vast);
    let bound = Params::init(&padded, 0).unwrap().bind(&graph);
    assert!(bound.apply(&padded, graph.full([1, 1, 1], 1.0)).value().is_err());
    let none = Lstm::new(2, 0);
    let graph = Graph::new();
    let bound = Params::init(&none, 0).unwrap().bind(&graph);
    assert_eq!(bound.apply(&none, graph.full([3, 4, 2], 1.0)).value().unwrap().shape(), [3, 4, 0]);
}
