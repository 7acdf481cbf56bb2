#![doc = include_str!("../README.md")]
//!
//! # A tour
//!
//! XOR, the smallest task that a network without a hidden layer cannot learn:
//!
//! ```
//! use chainrule_graph::Graph;
//! use chainrule_layers::{Params, Sequential, mean_squared_error};
//! use ndarray::array;
//!
//! // 1. A model is sizes and choices. It holds no numbers.
//! let model = Sequential::new().dense(2, 3).sigmoid().dense(3, 1).sigmoid();
//!
//! // 2. The numbers are yours: arrays with names, the same for the same seed everywhere.
//! let mut params = Params::init(&model, 2)?;
//! assert_eq!(params.names().collect::<Vec<_>>(), ["0.weight", "0.bias", "2.weight", "2.bias"]);
//!
//! // 3. Samples are rows.
//! let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
//! let targets = array![[0.0], [1.0], [1.0], [0.0]];
//!
//! // 4. A step: bind the numbers to a graph, compute a loss, ask for its gradient, go against it.
//! let mut loss = f64::INFINITY;
//! for _ in 0..2000 {
//!     let graph = Graph::new();
//!     let bound = params.bind(&graph);
//!     let output = bound.apply(&model, &inputs);
//!     let cost = mean_squared_error(&targets, output);
//!     loss = cost.item()?;
//!     let gradients = cost.grad(bound)?; // the same names, gradients for values
//!     params.step(&gradients, 4.0)?;
//! }
//! assert!(loss < 0.01, "{loss}");
//!
//! // 5. Use it. A single sample is a vector.
//! let graph = Graph::new();
//! let answer = params.bind(&graph).apply(&model, [1.0, 0.0]).item()?;
//! assert!(answer > 0.9);
//! # Ok::<(), chainrule_graph::Error>(())
//! ```
//!
//! Where to read on: [`Layer`] shows a layer of your own, [`Dense`] and [`Convention`] the formulas, [`Init`] what a seed
//! determines.
//!
//! # What goes wrong
//!
//! Nothing here panics. Recording (`apply`, `get`, the losses) makes *invalid nodes*, whose error the first call with a
//! `Result` returns; it has the path of the layer and the line of *your* call of [`Bound::apply`]:
//!
//! ```text
//! dense: this layer takes vectors [2] or batches [..., 2], and the input is [4, 3]
//!   --> src/main.rs:20:24, in `0`
//!   help: the last axis must have the layer's number of inputs; `reshape` merges axes
//! ```
//!
//! [`Params::init`] and [`Params::step`] return the same [`Error`](chainrule_graph::Error), so one `?` serves all.
#![forbid(unsafe_code)]

mod activation;
mod arrange;
mod attention;
mod bound;
mod convolution;
mod data;
mod dense;
mod describe;
mod dropout;
mod embedding;
mod fault;
mod files;
mod function;
mod hash;
mod init;
mod kinds;
mod layer;
mod loss;
mod model;
mod norm;
mod optimise;
mod params;
mod pooling;
mod recurrent;
mod residual;
mod sequential;
mod summary;
mod train;
mod training;
mod transformer;

pub use activation::{
    Elu, Gelu, GeluTanh, Identity, LeakyRelu, LogSoftmax, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh,
};
pub use arrange::{Flatten, Reshape};
pub use attention::MultiHeadAttention;
pub use bound::{Bound, Scoped};
pub use convolution::{Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Convolution, TransposedConvolution};
#[cfg(feature = "images")]
pub use data::ImageFolder;
#[cfg(feature = "npz")]
pub use data::load_npz;
pub use data::{Column, Csv, Dataset, MinMax, Standardiser, load_idx, load_npy};
pub use dense::{Convention, Dense};
pub use describe::Description;
pub use dropout::Dropout;
pub use embedding::{Embedding, PositionalEmbedding, PositionalEncoding};
pub use files::{Inside, Registry};
pub use function::{LayerFn, layer_fn};
pub use init::Init;
pub use layer::{Declarations, Layer};
pub use loss::{
    Loss, LossFunction, Reduction, Task, binary_cross_entropy, error, half_squared_error, huber_loss,
    kl_divergence, mean_absolute_error, mean_squared_error, smoothed_cross_entropy, softmax_cross_entropy,
};
pub use model::{AnyLayer, Model};
pub use norm::{BatchNorm, GroupNorm, LayerNorm, RmsNorm};
pub use optimise::{
    Adagrad, Adam, AdamW, Lbfgs, LbfgsReport, LbfgsStop, Lion, Momentum, Nesterov, Optimizer, Plateau,
    RmsProp, Rule, Schedule, Sgd, Step,
};
pub use params::Params;
pub use pooling::{AvgPool, AvgPool1d, AvgPool2d, GlobalAvgPool, MaxPool, MaxPool1d, MaxPool2d};
pub use recurrent::{Bidirectional, Gru, Lstm, Rnn};
pub use residual::Residual;
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow, summary};
pub use train::{
    Epoch, Evaluation, History, Metric, MetricFunction, Progress, Report, Stop, Trainer, confusion_matrix,
};
pub use transformer::TransformerBlock;
