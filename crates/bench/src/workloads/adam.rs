//! W4: a step of Adam on a classifier 784-512-512-10.

use chainrule::Var;
use ndarray::{ArrayD, arr0};

use super::named;
use crate::data::{inputs, labels, linear};
use crate::workload::{Id, Recorded, Result, Workload};

const RATE: f64 = 1e-3;
const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// The state: the number of steps so far, six parameters, their first and their second moments.
pub(super) fn step() -> Workload<f32, 2, 1> {
    let layers = [linear(400, 784, 512), linear(402, 512, 512), linear(404, 512, 10)];
    let parameters: Vec<ArrayD<f32>> = layers.into_iter().flatten().collect();
    let zeros = || parameters.iter().map(|w| ArrayD::zeros(w.raw_dim()));
    let mut state = vec![arr0(0.0).into_dyn()];
    state.extend(parameters.iter().cloned().chain(zeros()).chain(zeros()));
    Workload { id: Id::W4, inputs: [inputs(410, &[128, 784]), labels(128)], state, record }
}

fn record<'g>([x, labels]: [Var<'g, f32>; 2], state: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 1>> {
    let (steps, rest) = state.split_first().ok_or("no counter of steps")?;
    let (parameters, moments) = rest.split_at(rest.len() / 3);
    let (first, second) = moments.split_at(parameters.len());

    let [w1, b1, w2, b2, w3, b3] = named(parameters)?;
    let hidden = (x.matmul(w1) + b1).relu();
    let hidden = (hidden.matmul(w2) + b2).relu();
    let loss = (hidden.matmul(w3) + b3).softmax_cross_entropy_labels(labels).mean();
    let gradients = loss.grad(parameters.to_vec())?;

    // With m and v divided by their bias, 1 - beta^t, the step is rate * m / (sqrt(v) + epsilon). Here both divisions are
    // done once for all, on single numbers; expm1, because 1 - 0.999^t has few correct digits in f32.
    let steps = *steps + 1.0;
    let [bias1, bias2] = BETA.map(|beta| -(steps * beta.ln() as f32).expm1());
    let root = bias2.sqrt();
    let (rate, epsilon) = (root / bias1 * RATE as f32, root * EPSILON as f32);

    let (mut w, mut m, mut v) = (vec![], vec![], vec![]);
    for (i, dw) in gradients.into_iter().enumerate() {
        let mean = first[i] * BETA[0] as f32 + dw * (1.0 - BETA[0]) as f32;
        let square = second[i] * BETA[1] as f32 + dw.square() * (1.0 - BETA[1]) as f32;
        w.push(parameters[i] - mean * rate / (square.sqrt() + epsilon));
        m.push(mean);
        v.push(square);
    }
    let next = [vec![steps], w, m, v].concat();
    Ok(Recorded { outputs: [loss], next })
}
