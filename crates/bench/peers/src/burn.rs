//! The workloads in burn on its CPU backend `flex`, which records as it computes: each call is the mode `record`.
//!
//! Networks are burn's modules and steps are taken by its optimisers. It reports errors by panics.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, PaddingConfig2d};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::{gelu, relu, sigmoid, softmax};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData};
use chainrule_bench::workload::{Calls, Id, Result};
use ndarray::ArrayD;

use crate::arrays::{Arrays, arrays, named};

/// The workload from its fresh state, if it is here.
pub fn calls(id: Id) -> Result<Option<Box<dyn Calls>>> {
    Ok(Some(match id {
        Id::W1 | Id::W2 => {
            let Arrays { inputs, parameters } = arrays(id);
            let [x, y] = named(inputs)?;
            let (x, y) = (tensor(x), tensor(y));
            let loss = move |net: &Dense| {
                let output = sigmoid(net.last(sigmoid(net.layers[0].forward(x.clone()))));
                MseLoss::new().forward(output, y.clone(), Reduction::Mean)
            };
            Training::new(Dense::new(parameters), SgdConfig::new().init(), 0.5, loss)
        }
        Id::W3 => {
            let Arrays { inputs, parameters } = arrays(id);
            let [x, labels] = named(inputs)?;
            let (x, loss) = (tensor(x), classes(labels));
            let loss = move |net: &Dense| loss(net.last(sigmoid(net.layers[0].forward(x.clone()))));
            Training::new(Dense::new(parameters), SgdConfig::new().init(), 0.1, loss)
        }
        Id::W4 => {
            let Arrays { inputs, parameters } = arrays(id);
            let [x, labels] = named(inputs)?;
            let (x, loss) = (tensor(x), classes(labels));
            let loss = move |net: &Dense| {
                let hidden = relu(net.layers[0].forward(x.clone()));
                loss(net.last(relu(net.layers[1].forward(hidden))))
            };
            let adam = AdamConfig::new().with_epsilon(1e-8).init();
            Training::new(Dense::new(parameters), adam, 1e-3, loss)
        }
        Id::W5 => {
            let Arrays { inputs, parameters } = arrays(id);
            let [x, labels] = named(inputs)?;
            let (x, loss) = (tensor(x), classes(labels));
            let loss = move |net: &Convolutional| loss(net.forward(x.clone()));
            Training::new(Convolutional::new(parameters)?, SgdConfig::new().init(), 0.05, loss)
        }
        Id::W6 => Gradient::<1>::new(id, chain),
        Id::W7 => Gradient::<1>::new(id, elementwise),
        Id::W8 => {
            let Arrays { inputs, parameters } = arrays(id);
            let [x, target] = named(inputs)?;
            let (x, target) = (tensor(x), tensor(target));
            let loss = move |net: &Transformer| {
                MseLoss::new().forward(net.forward(x.clone()), target.clone(), Reduction::Mean)
            };
            Training::new(Transformer::new(parameters)?, SgdConfig::new().init(), 0.1, loss)
        }
        Id::W9 | Id::W10 => return Ok(None),
    }))
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn data(array: ArrayD<f32>) -> TensorData {
    let shape = array.shape().to_vec();
    TensorData::new(array.into_raw_vec_and_offset().0, shape)
}

fn tensor<const D: usize>(array: ArrayD<f32>) -> Tensor<D> {
    Tensor::from_data(data(array), &device())
}

fn parameter<const D: usize>(array: ArrayD<f32>) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(array))
}

fn number<const D: usize>(x: Tensor<D>) -> f64 {
    x.into_scalar::<f32>().into()
}

/// The mean cross-entropy of logits with these labels.
fn classes(labels: ArrayD<f32>) -> impl Fn(Tensor<2>) -> Tensor<1> {
    let labels: Tensor<1, Int> = tensor::<1>(labels).int();
    let loss = CrossEntropyLossConfig::new().init(&device());
    move |logits| loss.forward(logits, labels.clone())
}

/// A step of an optimiser.
struct Training<M, L> {
    /// Taken out during the call.
    net: Option<M>,
    optimizer: ModuleOptimizer,
    rate: f64,
    loss: L,
}

impl<M: Module + 'static, L: Fn(&M) -> Tensor<1> + 'static> Training<M, L> {
    fn new(net: M, optimizer: ModuleOptimizer, rate: f64, loss: L) -> Box<dyn Calls> {
        Box::new(Training { net: Some(net), optimizer, rate, loss })
    }
}

impl<M: Module, L: Fn(&M) -> Tensor<1>> Calls for Training<M, L> {
    fn call(&mut self) -> Result<f64> {
        let net = self.net.take().ok_or("a step before has failed")?;
        let loss = (self.loss)(&net);
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.optimizer.step(self.rate, net, gradients));
        Ok(number(loss))
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}

fn linear(weight: ArrayD<f32>, bias: ArrayD<f32>) -> Linear {
    Linear { weight: parameter(weight), bias: Some(parameter(bias)) }
}

/// Dense layers.
#[derive(Module, Debug)]
struct Dense {
    layers: Vec<Linear>,
}

impl Dense {
    fn new(parameters: Vec<ArrayD<f32>>) -> Dense {
        let pairs = parameters.chunks_exact(2);
        Dense { layers: pairs.map(|pair| linear(pair[0].clone(), pair[1].clone())).collect() }
    }

    fn last(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers[self.layers.len() - 1].forward(x)
    }
}

/// Two convolutions and a dense layer.
#[derive(Module, Debug)]
struct Convolutional {
    convolutions: [Conv2d; 2],
    dense: Linear,
}

impl Convolutional {
    fn new(parameters: Vec<ArrayD<f32>>) -> Result<Convolutional> {
        let [k1, b1, k2, b2, w, b] = named(parameters)?;
        let convolution = |channels, kernels, bias| {
            let plan = Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Same);
            Conv2d { weight: parameter(kernels), bias: Some(parameter(bias)), ..plan.init(&device()) }
        };
        Ok(Convolutional {
            convolutions: [convolution([1, 16], k1, b1), convolution([16, 32], k2, b2)],
            dense: linear(w, b),
        })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        let small = self.convolutions.iter().fold(x, |x, layer| pool.forward(relu(layer.forward(x))));
        self.dense.forward(small.flatten(1, 3))
    }
}

const HEADS: usize = 4;

/// One pre-norm block.
#[derive(Module, Debug)]
struct Transformer {
    norms: [LayerNorm; 2],
    projections: [Linear; 3],
    out: Linear,
    widen: Linear,
    narrow: Linear,
}

impl Transformer {
    fn new(parameters: Vec<ArrayD<f32>>) -> Result<Transformer> {
        let [g1, o1, wq, bq, wk, bk, wv, bv, wo, bo, g2, o2, w1, b1, w2, b2] = named(parameters)?;
        let norm = |gain: ArrayD<f32>, offset| {
            let mut norm = LayerNormConfig::new(gain.len()).with_epsilon(1e-5).init(&device());
            norm.gamma = parameter(gain);
            norm.beta = Some(parameter(offset));
            norm
        };
        Ok(Transformer {
            norms: [norm(g1, o1), norm(g2, o2)],
            projections: [linear(wq, bq), linear(wk, bk), linear(wv, bv)],
            out: linear(wo, bo),
            widen: linear(w1, b1),
            narrow: linear(w2, b2),
        })
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.out.forward(self.attend(self.norms[0].forward(x)));
        x.clone() + self.narrow.forward(gelu(self.widen.forward(self.norms[1].forward(x))))
    }

    fn attend(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let depth = width / HEADS;
        let [query, key, value] = self.projections.each_ref().map(|projection| {
            projection.forward(x.clone()).reshape([batch, tokens, HEADS, depth]).swap_dims(1, 2)
        });
        let scores = query.matmul(key.transpose()).div_scalar((depth as f64).sqrt());
        softmax(scores, 3).matmul(value).swap_dims(1, 2).reshape([batch, tokens, width])
    }
}

/// A value and its gradient.
struct Gradient<const D: usize> {
    inputs: Vec<Tensor<D>>,
    value: fn(&[Tensor<D>]) -> Tensor<1>,
}

impl<const D: usize> Gradient<D> {
    fn new(id: Id, value: fn(&[Tensor<D>]) -> Tensor<1>) -> Box<dyn Calls> {
        // Numbers are arrays of one element: burn has no others.
        let reshaped =
            |array: ArrayD<f32>| if array.ndim() == 0 { array.insert_axis(ndarray::Axis(0)) } else { array };
        let inputs = arrays(id).inputs.into_iter().map(|array| tensor(reshaped(array)).require_grad());
        Box::new(Gradient { inputs: inputs.collect(), value })
    }

    fn evaluated(&self) -> (Tensor<1>, Gradients) {
        let value = (self.value)(&self.inputs);
        let gradients = value.backward();
        (value, gradients)
    }
}

impl<const D: usize> Calls for Gradient<D> {
    fn call(&mut self) -> Result<f64> {
        let (value, gradients) = self.evaluated();
        std::hint::black_box(gradients);
        Ok(number(value))
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        let (value, gradients) = self.evaluated();
        let mut sum = 0.0;
        for x in &self.inputs {
            let gradient = x.grad(&gradients).ok_or("an input has no gradient")?.into_data();
            let numbers = gradient.try_to_vec::<f32>().map_err(|error| format!("{error:?}"))?;
            sum += numbers.into_iter().map(|x| f64::from(x.abs())).sum::<f64>();
        }
        Ok((number(value), sum))
    }
}

fn chain(inputs: &[Tensor<1>]) -> Tensor<1> {
    let (x, a) = (inputs[0].clone(), &inputs[1]);
    (0..3333).fold(x, |x, _| x.clone().sin() * a.clone() + x)
}

fn elementwise(inputs: &[Tensor<1>]) -> Tensor<1> {
    let x = inputs[0].clone();
    let square = x.clone().square();
    (square.clone().neg().exp() * x.tanh() + square.log1p()).sum()
}
