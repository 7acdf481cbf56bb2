//! Every layer with an input and parameters: from the figures of PyTorch, where it has the layer, else made here.

use std::collections::BTreeMap;
use std::sync::Arc;

use chainrule_graph::{Graph, Scalar, Var};
use chainrule_layers::*;
use ndarray::{ArrayD, IxDyn};
use serde::Deserialize;

/// An array in the file.
#[derive(Deserialize)]
pub(crate) struct Figures {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Figures {
    pub(crate) fn array<T: Scalar>(&self) -> ArrayD<T> {
        let values = self.values.iter().map(|&x| T::of(x)).collect();
        ArrayD::from_shape_vec(IxDyn(&self.shape), values).unwrap()
    }
}

/// What PyTorch gives.
#[derive(Deserialize)]
pub(crate) struct Torch {
    params: BTreeMap<String, Figures>,
    buffers: BTreeMap<String, Figures>,
    pub(crate) after: BTreeMap<String, Figures>,
    pub(crate) x: Figures,
    pub(crate) y: Figures,
    pub(crate) e: Figures,
    pub(crate) dx: Option<Figures>,
    pub(crate) dparams: BTreeMap<String, Figures>,
}

pub(crate) fn torch() -> BTreeMap<String, Torch> {
    serde_json::from_str(include_str!("../../data/layers.json")).unwrap()
}

pub(crate) struct Case<T> {
    pub(crate) name: &'static str,
    pub(crate) layer: Arc<dyn Layer<T>>,
    pub(crate) params: Params<T>,
    pub(crate) x: ArrayD<T>,
    /// Whether PyTorch's figures are of training.
    pub(crate) train: bool,
}

impl<T: Scalar> Case<T> {
    /// Whether the first axis numbers samples which do not know of each other.
    pub(crate) fn is_batch(&self) -> bool {
        !(self.name.ends_with(" one") || self.name == "log_softmax" || self.name == "attention across")
    }

    /// Whether the input is whole numbers, without a gradient.
    pub(crate) fn is_whole(&self) -> bool {
        self.name.contains("embedding") && self.name != "positional_embedding"
    }
}

fn wavy<T: Scalar>(shape: &[usize], phase: f64) -> ArrayD<T> {
    let mut place = phase;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        place += 1.0;
        T::of((1.3 * place + 0.011 * place * place).sin())
    })
}

/// A name and a layer.
type Named<T> = (&'static str, Arc<dyn Layer<T>>);

/// Those that PyTorch has, by the names in the file.
fn layers<T: Scalar>() -> Vec<Named<T>> {
    let context = torch_context::<T>();
    let attention = MultiHeadAttention::new(6, 3);
    let across = layer_fn(
        move |params: &mut Declarations<T>| Layer::<T>::declare(&attention, params),
        move |params: &Scoped<'_, '_, T>, x| {
            attention.attend(params, x, params.graph().constant(context.view()))
        },
    );
    let block = TransformerBlock::new(6, 2).hidden(10);
    vec![
        ("conv1d", Arc::new(Conv1d::new(4, 3, 3))),
        ("conv1d strided", Arc::new(Conv1d::new(4, 6, 3).stride(2).padding(2).dilation(2).groups(2))),
        ("conv1d same", Arc::new(Conv1d::new(4, 3, 4).same().dilation(3).without_bias())),
        ("conv2d", Arc::new(Conv2d::new(4, 3, 3))),
        (
            "conv2d strided",
            Arc::new(Conv2d::new(4, 8, [3, 2]).stride([2, 1]).padding([1, 2]).dilation([1, 2]).groups(4)),
        ),
        ("conv2d same", Arc::new(Conv2d::new(4, 2, [2, 3]).same())),
        ("conv2d one", Arc::new(Conv2d::new(4, 3, 3))),
        ("conv_transpose1d", Arc::new(ConvTranspose1d::new(4, 3, 3).stride(2).padding(1).output_padding(1))),
        (
            "conv_transpose2d",
            Arc::new(ConvTranspose2d::new(4, 6, [3, 2]).stride(2).dilation([1, 2]).groups(2)),
        ),
        ("max_pool1d", Arc::new(MaxPool1d::new(3).stride(2).padding(1))),
        ("max_pool2d", Arc::new(MaxPool2d::new([2, 3]).stride([2, 1]).padding([0, 1]))),
        ("avg_pool1d", Arc::new(AvgPool1d::new(3).stride(2).padding(1))),
        ("avg_pool2d", Arc::new(AvgPool2d::new(2))),
        ("global_avg_pool", Arc::new(GlobalAvgPool)),
        ("flatten", Arc::new(Flatten)),
        ("embedding", Arc::new(Embedding::new(5, 3))),
        ("layer_norm", Arc::new(LayerNorm::new(6))),
        ("layer_norm plain", Arc::new(LayerNorm::new(6).without_bias().epsilon(0.1))),
        ("rms_norm", Arc::new(RmsNorm::new(6))),
        ("group_norm", Arc::new(GroupNorm::new(2, 4))),
        ("batch_norm vectors, training", Arc::new(BatchNorm::new(6))),
        ("batch_norm vectors, use", Arc::new(BatchNorm::new(6))),
        ("batch_norm sequences, training", Arc::new(BatchNorm::new(4).momentum(0.3).epsilon(1e-3))),
        ("batch_norm sequences, use", Arc::new(BatchNorm::new(4).momentum(0.3).epsilon(1e-3))),
        ("batch_norm pictures, training", Arc::new(BatchNorm::new(4))),
        ("batch_norm pictures, use", Arc::new(BatchNorm::new(4))),
        ("rnn", Arc::new(Rnn::new(3, 4))),
        ("rnn last", Arc::new(Rnn::new(3, 4).last())),
        ("rnn one", Arc::new(Rnn::new(3, 4))),
        ("rnn relu", Arc::new(Rnn::new(3, 4).relu())),
        ("rnn relu last", Arc::new(Rnn::new(3, 4).relu().last())),
        ("rnn relu one", Arc::new(Rnn::new(3, 4).relu())),
        ("gru", Arc::new(Gru::new(3, 4))),
        ("gru last", Arc::new(Gru::new(3, 4).last())),
        ("gru one", Arc::new(Gru::new(3, 4))),
        ("lstm", Arc::new(Lstm::new(3, 4))),
        ("lstm last", Arc::new(Lstm::new(3, 4).last())),
        ("lstm one", Arc::new(Lstm::new(3, 4))),
        ("lstm both", Arc::new(Bidirectional(Lstm::new(3, 4)))),
        ("gru both last", Arc::new(Bidirectional(Gru::new(3, 4).last()))),
        ("attention", Arc::new(attention)),
        ("attention causal", Arc::new(attention.causal())),
        ("attention one", Arc::new(attention)),
        ("attention across", Arc::new(across)),
        ("transformer_block", Arc::new(block)),
        ("transformer_block causal", Arc::new(block.causal())),
        ("transformer_block post_norm", Arc::new(block.post_norm())),
        ("sigmoid", Arc::new(Sigmoid)),
        ("tanh", Arc::new(Tanh)),
        ("relu", Arc::new(Relu)),
        ("leaky_relu", Arc::new(LeakyRelu::new(0.2))),
        ("elu", Arc::new(Elu::new(1.5))),
        ("silu", Arc::new(Silu)),
        ("gelu", Arc::new(Gelu)),
        ("gelu_tanh", Arc::new(GeluTanh)),
        ("softplus", Arc::new(Softplus)),
        ("softmax", Arc::new(Softmax::new(-1))),
        ("log_softmax", Arc::new(LogSoftmax::new(0))),
        ("identity", Arc::new(Identity)),
        ("dense", Arc::new(Dense::new(6, 2).weights(Convention::OutByIn))),
    ]
}

/// The script's `wavy((2, 4, 6), 8)`.
fn torch_context<T: Scalar>() -> ArrayD<T> {
    let mut place = -1.0_f64;
    ArrayD::from_shape_simple_fn(IxDyn(&[2, 4, 6]), || {
        place += 1.0;
        let number: f64 = (1.3 * place + 0.7 * 8.0 + 0.011 * place * place).sin();
        T::of((number * 10000.0).round() / 10000.0)
    })
}

/// PyTorch's cases.
pub(crate) fn torch_cases<T: Scalar>(torch: &BTreeMap<String, Torch>) -> Vec<Case<T>> {
    let layers = layers::<T>();
    let names: Vec<&str> = layers.iter().map(|(name, _)| *name).collect();
    for name in torch.keys() {
        assert!(names.contains(&name.as_str()), "no layer for `{name}`");
    }
    layers
        .into_iter()
        .map(|(name, layer)| {
            let figures = torch.get(name).unwrap_or_else(|| panic!("no figures for `{name}`"));
            let mut params = Params::init(&layer, 0).unwrap();
            assert_eq!(
                params.len(),
                figures.params.len() + figures.buffers.len(),
                "{name}: {:?}",
                params.names().collect::<Vec<_>>()
            );
            for (key, value) in figures.params.iter().chain(&figures.buffers) {
                let value = value.array::<T>();
                let before = params.insert(key.clone(), &value);
                assert_eq!(before.map(|b| b.shape().to_vec()), Some(value.shape().to_vec()), "{name}: {key}");
            }
            let train = name.ends_with(", training") || name.starts_with("transformer");
            Case { name, layer, params, x: figures.x.array(), train }
        })
        .collect()
}

/// All cases: those of PyTorch, and what it has not.
pub(crate) fn cases<T: Scalar>() -> Vec<Case<T>> {
    let mut all = torch_cases(&torch());
    let branch = Sequential::new().dense(4, 4).tanh();
    type WithInput<T> = (&'static str, Arc<dyn Layer<T>>, ArrayD<T>);
    let more: Vec<WithInput<T>> = vec![
        ("dropout", Arc::new(Dropout::new(0.4)), wavy(&[6, 5], 1.0)),
        ("attention dropout", Arc::new(MultiHeadAttention::new(4, 2).dropout(0.3)), wavy(&[2, 5, 4], 2.0)),
        (
            "transformer_block dropout",
            Arc::new(TransformerBlock::new(4, 2).dropout(0.2).causal()),
            wavy(&[2, 5, 4], 3.0),
        ),
        ("reshape", Arc::new(Reshape::new([2, 3])), wavy(&[4, 6], 4.0)),
        ("positional_embedding", Arc::new(PositionalEmbedding::new(7, 4)), wavy(&[2, 5, 4], 5.0)),
        ("positional_encoding", Arc::new(PositionalEncoding::new(5)), wavy(&[2, 3, 5], 6.0)),
        ("residual", Arc::new(Residual(branch.clone())), wavy(&[3, 4], 7.0)),
        (
            "sequential",
            Arc::new(Sequential::new().dense(4, 4).silu().again("0").dense(4, 2)),
            wavy(&[3, 4], 8.0),
        ),
        (
            "pictures",
            Arc::new(
                Sequential::new()
                    .conv2d(2, 4, 3)
                    .batch_norm(4)
                    .relu()
                    .max_pool2d(2)
                    .dropout(0.2)
                    .flatten()
                    .dense(16, 3)
                    .log_softmax(-1),
            ),
            wavy(&[3, 2, 6, 7], 9.0),
        ),
        (
            "embedding and gru",
            Arc::new(Sequential::new().embedding(4, 3).gru(3, 3).push(Gru::new(3, 2).last())),
            ArrayD::from_shape_fn(IxDyn(&[2, 4]), |i| T::of(((3 * i[0] + i[1]) % 4) as f64)),
        ),
        ("lambda", Arc::new(Sequential::new().lambda(|x: Var<'_, T>| x * x.exp())), wavy(&[3, 2], 10.0)),
    ];
    for (name, layer, x) in more {
        let params = Params::init(&layer, 3).unwrap();
        all.push(Case { name, layer, params, x, train: true });
    }
    all
}

/// A cotangent for an output of this shape.
pub(crate) fn cotangent<T: Scalar>(shape: &[usize]) -> ArrayD<T> {
    wavy(shape, 0.5)
}

/// Parameters that training changes, and the input, if it has a gradient.
pub(crate) fn inputs<'g, T: Scalar>(case: &Case<T>, bound: &Bound<'g, T>, x: Var<'g, T>) -> Vec<Var<'g, T>> {
    let params = bound.trained();
    let params = params.iter().map(|(_, node)| node);
    params.chain((!case.is_whole()).then_some(x)).collect()
}

pub(crate) fn close<T: Scalar>(what: &str, got: &ArrayD<T>, want: &ArrayD<T>, tolerance: f64) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    for (place, (got, want)) in got.iter().zip(want).enumerate() {
        let (got, want) = (got.as_f64(), want.as_f64());
        assert!(
            (got - want).abs() <= tolerance * (1.0 + want.abs()),
            "{what}: {got} is not {want}, at {place}"
        );
    }
}

/// The output of a case.
pub(crate) fn output<T: Scalar>(case: &Case<T>, x: &ArrayD<T>, train: bool) -> ArrayD<T> {
    let graph = Graph::default();
    let bound = case.params.bind(&graph);
    let bound = if train { bound.train(7) } else { bound };
    bound.apply(&case.layer, x).value().unwrap_or_else(|error| panic!("{}: {error}", case.name))
}
