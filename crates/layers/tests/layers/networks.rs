//! Loss curves of whole networks in single precision: the same as PyTorch's and scikit-learn's from the same weights and
//! batches. Figures by `data/networks.py`.

use chainrule_graph::{Conv, Graph, Pool, Program, Var};
use chainrule_layers::{Adam, Bound, Loss, Optimizer, Params, Rule, Sequential, Sgd};
use ndarray::{ArrayD, Axis, IxDyn, Slice};
use serde_json::Value;

const BATCH: usize = 8;

fn figures() -> Value {
    serde_json::from_str(include_str!("../data/networks.json")).unwrap()
}

fn array(value: &Value) -> ArrayD<f32> {
    fn fill(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f32>) {
        match value.as_array() {
            Some(list) => {
                if shape.len() == depth {
                    shape.push(list.len());
                }
                list.iter().for_each(|inner| fill(inner, depth + 1, shape, numbers));
            }
            None => numbers.push(value.as_f64().unwrap() as f32),
        }
    }
    let (mut shape, mut numbers) = (Vec::new(), Vec::new());
    fill(value, 0, &mut shape, &mut numbers);
    ArrayD::from_shape_vec(IxDyn(&shape), numbers).unwrap()
}

/// The losses of 50 steps, each against its figure: the largest relative deviation.
fn deviation<R: Rule<f32>>(
    problem: &str,
    names: [&str; 4],
    forward: impl for<'g> Fn(&Bound<'g, f32>, Var<'g, f32>) -> Var<'g, f32>,
    optimizer: Optimizer<R>,
    curve: &str,
) -> f32 {
    let data = figures();
    let (x, labels) = (array(&data[problem]["x"]), array(&data[problem]["labels"]));
    let mut params = Params::new();
    for (name, value) in names.iter().zip(data[problem]["parameters"].as_array().unwrap()) {
        params.insert(*name, array(value));
    }
    let graph = Graph::f32();
    let bound = params.bind(&graph);
    let part =
        |all: &ArrayD<f32>, from: usize| all.slice_axis(Axis(0), Slice::from(from..from + BATCH)).to_owned();
    let [a, b] = [&x, &labels].map(|all| graph.constant(part(all, 0)));
    let loss = Loss::SoftmaxCrossEntropy.of(b, forward(&bound, a));
    let updates = optimizer.minimize(loss, &bound).unwrap();
    let mut step = Program::new([a, b], [loss]).updates(updates).compile().unwrap();
    let want = array(&data[curve]);
    assert_eq!(want.len(), 50);
    let mut worst = 0.0_f32;
    for (number, &want) in want.iter().enumerate() {
        let from = number * BATCH % x.shape()[0];
        let [have] = step.run((&part(&x, from), &part(&labels, from))).unwrap();
        worst = worst.max((have[[]] / want - 1.0).abs());
    }
    println!("{curve}: {worst:e}");
    worst
}

fn dense<R: Rule<f32>>(optimizer: Optimizer<R>, curve: &str) -> f32 {
    let model = Sequential::new().dense(8, 16).tanh().dense(16, 4);
    let names = ["0.weight", "0.bias", "2.weight", "2.bias"];
    deviation("dense", names, |bound, x| bound.apply(&model, x), optimizer, curve)
}

fn convolutional<R: Rule<f32>>(optimizer: Optimizer<R>, curve: &str) -> f32 {
    deviation("conv", ["k", "b", "w", "c"], record, optimizer, curve)
}

fn record<'g>(bound: &Bound<'g, f32>, x: Var<'g, f32>) -> Var<'g, f32> {
    let y = x.conv2d(bound.get("k"), Conv::new().padding(1)) + bound.get("b").reshape([4, 1, 1]);
    y.relu().max_pool2d(Pool::new(2)).reshape([BATCH, 36]).matmul(bound.get("w")) + bound.get("c")
}

/// Rounding grows from step to step; 2⁻²⁴ is 6e-8.
#[test]
fn a_dense_network_learns_as_elsewhere() {
    assert!(dense(Sgd::new(0.2), "dense_sgd") < 3e-6);
    assert!(dense(Sgd::new(0.2), "dense_sgd_sklearn") < 3e-6);
    assert!(dense(Adam::new(0.01), "dense_adam") < 3e-6);
    assert!(dense(Adam::new(0.01), "dense_adam_sklearn") < 6e-6);
}

#[test]
fn a_convolutional_network_learns_as_elsewhere() {
    assert!(convolutional(Sgd::new(0.2), "conv_sgd") < 3e-6);
    assert!(convolutional(Adam::new(0.01), "conv_adam") < 3e-6);
}
