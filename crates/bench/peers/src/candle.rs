//! The workloads in candle, which records as it computes: each call is the mode `record`.

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::loss::cross_entropy;
use candle_nn::ops::sigmoid;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use chainrule_bench::workload::{self, Calls, Id};
use ndarray::ArrayD;

use crate::arrays::{Arrays, arrays, named};

/// The workload from its fresh state, if it is here.
pub fn calls(id: Id) -> workload::Result<Option<Box<dyn Calls>>> {
    Ok(Some(match id {
        Id::W1 | Id::W2 => Box::new(Descend::new(id, 0.5, squares)?),
        Id::W3 => Box::new(Descend::new(id, 0.1, classes)?),
        Id::W4 => Box::new(Adam::new()?),
        Id::W6 => Box::new(Gradient::new(id, chain)?),
        Id::W7 => Box::new(Gradient::new(id, elementwise)?),
        // W5: the gradient of candle's `max_pool2d` is another one (the sixth loss is 2.29639, not 2.29532).
        Id::W5 | Id::W8 | Id::W9 | Id::W10 => return Ok(None),
    }))
}

fn from_array(array: ArrayD<f32>) -> Result<Tensor> {
    let shape = array.shape().to_vec();
    Tensor::from_vec(array.into_raw_vec_and_offset().0, shape, &Device::Cpu)
}

fn number(x: &Tensor) -> Result<f64> {
    Ok(x.to_scalar::<f32>()?.into())
}

/// Plain gradient descent.
struct Descend {
    parameters: Vec<Var>,
    x: Tensor,
    y: Tensor,
    rate: f64,
    loss: Loss,
}

type Loss = fn(&[Var], &Tensor, &Tensor) -> Result<Tensor>;

impl Descend {
    fn new(id: Id, rate: f64, loss: Loss) -> workload::Result<Self> {
        let Arrays { inputs, parameters } = arrays(id);
        let [x, y] = named(inputs)?.map(from_array);
        let mut y = y?;
        if y.rank() == 1 {
            y = y.to_dtype(DType::U32)?;
        }
        Ok(Descend { parameters: variables(parameters)?, x: x?, y, rate, loss })
    }
}

fn variables(arrays: Vec<ArrayD<f32>>) -> Result<Vec<Var>> {
    arrays.into_iter().map(|array| Var::from_tensor(&from_array(array)?)).collect()
}

fn gradient<'a>(store: &'a GradStore, x: &Tensor) -> Result<&'a Tensor> {
    store.get(x).ok_or_else(|| candle_core::Error::Msg("a parameter has no gradient".into()))
}

impl Calls for Descend {
    fn call(&mut self) -> workload::Result<f64> {
        let loss = (self.loss)(&self.parameters, &self.x, &self.y)?;
        let gradients = loss.backward()?;
        for w in &self.parameters {
            w.set(&(w.as_tensor() - (gradient(&gradients, w)? * self.rate)?)?)?;
        }
        Ok(number(&loss)?)
    }

    fn sums(&mut self) -> workload::Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}

fn dense(x: &Tensor, layer: &[Var]) -> Result<Tensor> {
    x.matmul(&layer[0])?.broadcast_add(&layer[1])
}

fn squares(p: &[Var], x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let output = sigmoid(&dense(&sigmoid(&dense(x, &p[..2])?)?, &p[2..])?)?;
    (output - y)?.sqr()?.mean_all()
}

fn classes(p: &[Var], x: &Tensor, labels: &Tensor) -> Result<Tensor> {
    cross_entropy(&dense(&sigmoid(&dense(x, &p[..2])?)?, &p[2..])?, labels)
}

/// A step of Adam: AdamW without decay.
struct Adam {
    parameters: Vec<Var>,
    x: Tensor,
    labels: Tensor,
    optimizer: AdamW,
}

impl Adam {
    fn new() -> workload::Result<Self> {
        let Arrays { inputs, parameters } = arrays(Id::W4);
        let [x, labels] = named(inputs)?;
        let parameters = variables(parameters)?;
        let rates = ParamsAdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
        Ok(Adam {
            optimizer: AdamW::new(parameters.clone(), rates)?,
            parameters,
            x: from_array(x)?,
            labels: from_array(labels)?.to_dtype(DType::U32)?,
        })
    }
}

impl Calls for Adam {
    fn call(&mut self) -> workload::Result<f64> {
        let p = &self.parameters;
        let hidden = dense(&dense(&self.x, &p[..2])?.relu()?, &p[2..4])?.relu()?;
        let loss = cross_entropy(&dense(&hidden, &p[4..])?, &self.labels)?;
        self.optimizer.backward_step(&loss)?;
        Ok(number(&loss)?)
    }

    fn sums(&mut self) -> workload::Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}

/// A value and its gradient.
struct Gradient {
    inputs: Vec<Var>,
    value: fn(&[Var]) -> Result<Tensor>,
}

impl Gradient {
    fn new(id: Id, value: fn(&[Var]) -> Result<Tensor>) -> Result<Self> {
        Ok(Gradient { inputs: variables(arrays(id).inputs)?, value })
    }
}

impl Calls for Gradient {
    fn call(&mut self) -> workload::Result<f64> {
        let value = (self.value)(&self.inputs)?;
        std::hint::black_box(value.backward()?);
        Ok(number(&value)?)
    }

    fn sums(&mut self) -> workload::Result<(f64, f64)> {
        let value = (self.value)(&self.inputs)?;
        let gradients = value.backward()?;
        let mut sum = 0.0;
        for x in &self.inputs {
            let numbers = gradient(&gradients, x)?.flatten_all()?.to_vec1::<f32>()?;
            sum += numbers.into_iter().map(|x| f64::from(x.abs())).sum::<f64>();
        }
        Ok((number(&value)?, sum))
    }
}

fn chain(inputs: &[Var]) -> Result<Tensor> {
    let [x, a] = inputs else { return Err(candle_core::Error::Msg("two inputs".into())) };
    (0..3333).try_fold(x.as_tensor().clone(), |x, _| (x.sin()? * a.as_tensor())? + &x)
}

fn elementwise(inputs: &[Var]) -> Result<Tensor> {
    let x = inputs[0].as_tensor();
    let square = x.sqr()?;
    ((square.neg()?.exp()? * x.tanh()?)? + (square + 1.0)?.log()?)?.sum_all()
}
