//! A compiled program runs without allocating.

use chainrule::graph::{Conv, Graph, Pool, Program, Var, keep};
use ndarray::ArrayD;

use crate::counter::Counter;

static COUNTER: Counter = Counter::new();

fn wave(shape: &[usize]) -> ArrayD<f32> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| (i as f32 * 0.37).sin() * 0.5).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

/// How many allocations three runs of a step of gradient descent make, once it has been run.
fn allocations(
    inputs: &[ArrayD<f32>; 2],
    loss: impl for<'g> Fn(&'g Graph<f32>, [Var<'g, f32>; 2]) -> Var<'g, f32>,
) -> usize {
    let graph = Graph::f32();
    let nodes = inputs.each_ref().map(|x| graph.constant(x));
    let loss = loss(&graph, nodes);
    let variables: Vec<_> = graph.variables().into_values().collect();
    let slopes = loss.grad(variables.clone()).unwrap();
    let updates = variables.into_iter().zip(slopes).map(|(x, slope)| (x, x - slope * 0.01));
    let mut step = Program::new(nodes, [loss]).updates(updates.collect::<Vec<_>>()).compile().unwrap();
    COUNTER.threads(2).install(|| {
        let [first] = step.run((&inputs[0], &inputs[1])).unwrap();
        let first = first[[]];
        COUNTER.since();
        for _ in 0..3 {
            let [loss] = step.run((&inputs[0], &inputs[1])).unwrap();
            assert!(loss[[]].is_finite() && loss[[]] != first);
        }
        let (_, count) = COUNTER.since();
        drop(std::hint::black_box(vec![1_u8; 100]));
        assert_eq!(COUNTER.since().1, 1, "the counter counts");
        count
    })
}

fn perceptron<'g>(graph: &'g Graph<f32>, [x, target]: [Var<'g, f32>; 2]) -> Var<'g, f32> {
    let dense = |x: Var<'g, f32>, i: usize, from: usize, to: usize| {
        x.matmul(graph.variable(format!("w{i}"), wave(&[from, to])))
            + graph.variable(format!("b{i}"), wave(&[to]))
    };
    let hidden = dense(dense(x, 0, 20, 32).relu(), 1, 32, 32).tanh();
    dense(hidden, 2, 32, 5).softmax_cross_entropy(target.softmax(1)).mean()
}

fn convolutions<'g>(graph: &'g Graph<f32>, [x, target]: [Var<'g, f32>; 2]) -> Var<'g, f32> {
    let first = graph.variable("k1", wave(&[8, 2, 3, 3]));
    let second = graph.variable("k2", wave(&[4, 8, 3, 3]));
    let x = x.conv2d(first, Conv::new().padding(1)).relu().max_pool2d(Pool::new(2).stride(2));
    let x = x.conv2d(second, Conv::new()).sigmoid().avg_pool2d(Pool::new(2)).mean_axes([2, 3]);
    (x - target).square().mean()
}

fn attention<'g>(graph: &'g Graph<f32>, [x, target]: [Var<'g, f32>; 2]) -> Var<'g, f32> {
    let heads = ["q", "k", "v"].map(|name| {
        x.matmul(graph.variable(name, wave(&[16, 16]))).reshape([3, 10, 4, 4]).permute([0, 2, 1, 3])
    });
    let weights = (heads[0].matmul(heads[1].mt()) * 0.5).softmax(-1);
    let y = weights.matmul(heads[2]).permute([0, 2, 1, 3]).reshape([3, 10, 16]) + x;
    let centred = y - y.mean_axes(keep(-1));
    let y =
        centred / (centred.square().mean_axes(keep(-1)) + 1e-5).sqrt() * graph.variable("gain", wave(&[16]));
    (y - target).square().mean()
}

fn memory_cells<'g>(graph: &'g Graph<f32>, [x, target]: [Var<'g, f32>; 2]) -> Var<'g, f32> {
    let (w, u) = (graph.variable("w", wave(&[6, 32])), graph.variable("u", wave(&[8, 32])));
    let b = graph.variable("b", wave(&[32]));
    let (mut h, mut c) = (graph.full([4, 8], 0.0), graph.full([4, 8], 0.0));
    for step in x.split([1; 5], 0) {
        let gates = (step.squeeze(0).matmul(w) + h.matmul(u) + b).chunks(4, 1);
        c = gates[0].sigmoid() * c + gates[1].sigmoid() * gates[2].tanh();
        h = gates[3].sigmoid() * c.tanh();
    }
    (h - target).square().mean()
}

#[test]
fn runs_do_not_allocate() {
    let counts = [
        ("perceptron", allocations(&[wave(&[64, 20]), wave(&[64, 5])], perceptron)),
        ("convolutions", allocations(&[wave(&[4, 2, 12, 12]), wave(&[4, 4])], convolutions)),
        ("attention", allocations(&[wave(&[3, 10, 16]), wave(&[3, 10, 16])], attention)),
        ("memory cells", allocations(&[wave(&[5, 4, 6]), wave(&[4, 8])], memory_cells)),
        // Without products, and long enough for several threads.
        (
            "elementwise",
            allocations(&[wave(&[300, 1000]), wave(&[1000])], |graph, [x, y]| {
                let w = graph.variable("w", wave(&[1000]));
                ((x * w).softmax(1) - y.tanh()).square().mean() + (x * w).sum_axes(0).square().mean()
            }),
        ),
    ];
    assert!(counts.iter().all(|count| count.1 == 0), "{counts:?}");
}
