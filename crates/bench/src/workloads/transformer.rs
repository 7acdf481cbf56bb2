//! W8: a step of gradient descent on one pre-norm transformer block, 8 x 64 tokens of 128 numbers.

use chainrule::Var;
use chainrule::graph::keep;
use ndarray::ArrayD;

use super::descend;
use crate::data::{fill, gains, linear};
use crate::workload::{Id, Recorded, Result, Workload};

const BATCH: usize = 8;
const TOKENS: usize = 64;
const WIDTH: usize = 128;
const HEADS: usize = 4;
const DEPTH: usize = WIDTH / HEADS;

pub(super) fn step() -> Workload<f32, 2, 1> {
    let norm = |seed| [gains(seed, WIDTH), fill(seed + 1, &[WIDTH], 0.1)];
    let square = |seed| linear(seed, WIDTH, WIDTH);
    let attention = [norm(802), square(804), square(806), square(808), square(810)];
    let perceptron = [norm(812), linear(814, WIDTH, 512), linear(816, 512, WIDTH)];
    let state: Vec<ArrayD<f32>> = attention.into_iter().chain(perceptron).flatten().collect();
    let shape = [BATCH, TOKENS, WIDTH];
    Workload { id: Id::W8, inputs: [fill(800, &shape, 1.0), fill(801, &shape, 1.0)], state, record }
}

/// Weight and bias, or gain and offset.
type Pair<'g> = [Var<'g, f32>; 2];

fn record<'g>([x, target]: [Var<'g, f32>; 2], state: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 1>> {
    let pairs: Vec<Pair<'g>> = state.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    let [norm1, query, key, value, out, norm2, widen, narrow]: [Pair<'g>; 8] =
        pairs.try_into().map_err(|_| "eight pairs of parameters are needed")?;
    let x = x + dense(attend(normalize(x, norm1), [query, key, value]), out);
    let x = x + dense(dense(normalize(x, norm2), widen).gelu(), narrow);
    descend((x - target).square().mean(), state, 0.1)
}

fn dense<'g>(x: Var<'g, f32>, [w, b]: Pair<'g>) -> Var<'g, f32> {
    x.matmul(w) + b
}

/// Each token's numbers with mean 0 and variance 1, then gain and offset.
fn normalize<'g>(x: Var<'g, f32>, [gain, offset]: Pair<'g>) -> Var<'g, f32> {
    let centred = x - x.mean_axes(keep(-1));
    let deviation = (centred.square().mean_axes(keep(-1)) + 1e-5).sqrt();
    centred / deviation * gain + offset
}

/// Each head looks, from each token, at all tokens of the same sequence.
fn attend<'g>(x: Var<'g, f32>, projections: [Pair<'g>; 3]) -> Var<'g, f32> {
    let [query, key, value] = projections
        .map(|projection| dense(x, projection).reshape([BATCH, TOKENS, HEADS, DEPTH]).permute([0, 2, 1, 3]));
    let weights = (query.matmul(key.mt()) * (1.0 / (DEPTH as f32).sqrt())).softmax(-1);
    weights.matmul(value).permute([0, 2, 1, 3]).reshape([BATCH, TOKENS, WIDTH])
}
