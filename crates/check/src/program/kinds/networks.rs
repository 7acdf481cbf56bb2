//! Layers of networks, each a few lines made from operations of the engine: what users build.

use super::{Kind, places};
use crate::program::call::{Call, Function, Id, Moves, Operator, Over, Reduction};
use crate::program::decode::{Decoder, Gene, MARGIN, plus};

/// This page.
pub(in crate::program) const KINDS: &[Kind] = &[
    Kind { name: "dense_layer", draw: dense },
    Kind { name: "convolution_layer", draw: convolution },
    Kind { name: "norm_layer", draw: norm },
    Kind { name: "attention_layer", draw: attention },
    Kind { name: "residual_layer", draw: residual },
    Kind { name: "recurrent_step", draw: recurrent },
    Kind { name: "classifier_loss", draw: classifier },
    Kind { name: "squared_loss", draw: squared },
];

/// A batch of samples: a line that is a matrix of some rows and columns, or a leaf.
fn batch(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let found = d.pick(g.a, |s| matches!(s, [n, m] if *n > 0 && *m > 0));
    match found {
        Some(x) => Some(x),
        None => d.fresh(&[2 + usize::from(g.p[0] % 2), [3, 2, 1][usize::from(g.p[1] % 3)]], g.p[3]),
    }
}

/// Weights of this shape, halved so that sums stay of a size.
fn parameters(d: &mut Decoder<'_>, shape: &[usize], seed: u8) -> Option<Id> {
    d.leaf(crate::program::decode::grid(shape, seed) * 0.5)
}

fn activate(d: &mut Decoder<'_>, x: Id, which: u8) -> Option<Id> {
    let functions = [Function::Sigmoid, Function::Tanh, Function::Relu, Function::Gelu, Function::Silu];
    let function = functions[usize::from(which) % functions.len()];
    let kinks: &[(f64, f64)] = if function == Function::Relu { &[(0.0, MARGIN)] } else { &[] };
    let x = d.within(x, -8.0, 8.0, kinks)?;
    d.push(function, &[x])
}

fn operate(d: &mut Decoder<'_>, operator: Operator, x: Id, y: Id) -> Option<Id> {
    d.push(Call::Operator(operator), &[x, y])
}

/// `g(x W + b)`
fn affine(d: &mut Decoder<'_>, x: Id, width: usize, seed: u8) -> Option<Id> {
    let columns = *d.shape(x).last()?;
    let w = parameters(d, &[columns, width], seed)?;
    let b = parameters(d, &[width], seed.wrapping_add(1))?;
    let product = d.push(Call::MatMul, &[x, w])?;
    operate(d, Operator::Add, product, b)
}

fn dense(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let z = affine(d, x, 1 + usize::from(g.b % 3), g.p[3])?;
    activate(d, z, g.c)
}

/// Convolution, bias, activation, pooling, and one row a sample again.
fn convolution(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.fresh(&[1, 1 + usize::from(g.a % 2), 4, 3], g.p[3])?;
    let channels = d.shape(x).get(1).copied()?;
    let outputs = 1 + usize::from(g.b % 2);
    let w = parameters(d, &[outputs, channels, 2, 2], g.p[2])?;
    let b = parameters(d, &[outputs, 1, 1], g.p[1])?;
    let moves = Moves { padding: [usize::from(g.p[0] % 2); 2], ..Moves::PLAIN };
    let z = d.push(Call::Conv(2, moves), &[x, w])?;
    let z = operate(d, Operator::Add, z, b)?;
    let y = activate(d, z, g.c)?;
    let y = d.push(Call::Pool(false, 2, [2, 1], Moves { stride: [2, 1], ..Moves::PLAIN }), &[y])?;
    let elements = d.elements(y).len();
    d.push(Call::Reshape(vec![1, elements]), &[y])
}

/// `(x - mean) / √(variance + ε) γ + β`
fn norm(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let axis = usize::from(g.b % 2);
    let mean = d.push(Call::Reduce(Reduction::Mean, Over::Kept(vec![axis])), &[x])?;
    let centred = operate(d, Operator::Sub, x, mean)?;
    let variance = d.push(Call::Reduce(Reduction::Variance, Over::Kept(vec![axis])), &[x])?;
    let raised = d.push(plus(0.125), &[variance])?;
    let deviation = d.push(Function::Sqrt, &[raised])?;
    let unit = operate(d, Operator::Div, centred, deviation)?;
    let width = *d.shape(x).last()?;
    let (gamma, beta) = (parameters(d, &[width], g.p[2])?, parameters(d, &[width], g.p[3])?);
    let scaled = operate(d, Operator::Mul, unit, gamma)?;
    operate(d, Operator::Add, scaled, beta)
}

/// `softmax(Q K' / √d) V`
fn attention(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let q = affine(d, x, 2, g.p[1])?;
    let k = affine(d, x, 2, g.p[2])?;
    let v = affine(d, x, 1 + usize::from(g.b % 3), g.p[3])?;
    let turned = d.push(Call::T, &[k])?;
    let scores = d.push(Call::MatMul, &[q, turned])?;
    let scores = d.push(Call::Number(Operator::Mul, 0.5, false), &[scores])?;
    let scores = d.within(scores, -8.0, 8.0, &[])?;
    let weights = d.push(Call::Softmax(vec![1]), &[scores])?;
    d.push(Call::MatMul, &[weights, v])
}

/// `x + g(x W + b)`
fn residual(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let width = *d.shape(x).last()?;
    let z = affine(d, x, width, g.p[3])?;
    let y = activate(d, z, g.c)?;
    operate(d, Operator::Add, x, y)
}

/// `tanh(x W + h U + b)`
fn recurrent(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let rows = *d.shape(x).first()?;
    let width = 1 + usize::from(g.b % 2);
    let h = d.shaped(g.c, &[rows, width])?;
    let from_input = affine(d, x, width, g.p[2])?;
    let u = parameters(d, &[width, width], g.p[3])?;
    let from_state = d.push(Call::MatMul, &[h, u])?;
    let z = operate(d, Operator::Add, from_input, from_state)?;
    let z = d.within(z, -4.0, 4.0, &[])?;
    d.push(Function::Tanh, &[z])
}

/// Softmax and cross-entropy with labels, the mean over the batch.
fn classifier(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let classes = 2 + usize::from(g.b % 2);
    let logits = affine(d, x, classes, g.p[3])?;
    let rows = *d.shape(x).first()?;
    let labels = places(&[rows], classes, g.c)?;
    let losses = d.push(Call::SoftmaxCrossEntropyLabels(labels), &[logits])?;
    d.push(Call::Reduce(Reduction::Mean, Over::All), &[losses])
}

/// `mean((x - t)²)`
fn squared(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = batch(d, g)?;
    let shape = d.shape(x).to_vec();
    let target = d.shaped(g.b, &shape)?;
    let error = operate(d, Operator::Sub, x, target)?;
    let square = d.push(Function::Square, &[error])?;
    d.push(Call::Reduce(Reduction::Mean, Over::All), &[square])
}
