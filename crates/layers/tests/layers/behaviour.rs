//! What is particular to some layers: statistics that run on, sharing, masks, long sequences.

use std::sync::Arc;

use chainrule_graph::{Graph, Program, Scalar};
use chainrule_layers::*;
use ndarray::{Array2, Array3, ArrayD, Axis, array, s};

fn wavy(shape: [usize; 3], phase: f64) -> Array3<f64> {
    Array3::from_shape_fn(shape, |(i, j, k)| (phase + 1.7 * i as f64 - 0.9 * j as f64 + 2.3 * k as f64).sin())
}

/// Three steps on three batches, by a compiled program and by hand.
#[test]
fn batch_norm_keeps_running_statistics() {
    let layer = BatchNorm::new(3).momentum(0.25);
    let graph = Graph::new();
    let mut params = Params::init(&layer, 0).unwrap();
    let bound = params.bind(&graph).train(0);
    let x = graph.constant(Array2::<f64>::zeros((6, 3)));
    let y = bound.apply(&layer, x);
    let mut program = Program::new([x], [y]).updates(bound.updates()).compile().unwrap();
    let (mut mean, mut variance) = (ndarray::Array1::zeros(3), ndarray::Array1::ones(3));
    for step in 0..3 {
        let batch = wavy([1, 6, 3], f64::from(step)).index_axis_move(Axis(0), 0);
        program.run([batch.view()]).unwrap();
        mean = mean * 0.75 + batch.mean_axis(Axis(0)).unwrap() * 0.25;
        variance = variance * 0.75 + batch.var_axis(Axis(0), 1.0) * 0.25;
    }
    params.read(program.state()).unwrap();
    let close = |name: &str, want: &ndarray::Array1<f64>| {
        let got = params.get(name).unwrap();
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-14), "{got} is not {want}");
    };
    close("running_mean", &mean);
    close("running_var", &variance);
    // In use they are what the layer goes by, and a batch of one is as good as any.
    let used = params.bind(&Graph::new()).apply(&layer, array![[1.0, 2.0, 3.0]]).value().unwrap();
    for c in 0..3 {
        let want = (c as f64 + 1.0 - mean[c]) / (variance[c] + 1e-5).sqrt();
        assert!((used[[0, c]] - want).abs() < 1e-14);
    }
}

#[test]
fn batch_norm_that_is_applied_twice_counts_twice() {
    let model = Sequential::new().batch_norm(1).again("0");
    let graph = Graph::new();
    let bound = Params::init(&model, 0).unwrap().bind(&graph).train(0);
    bound.apply(&model, array![[1.0], [3.0]]);
    let updates = bound.updates();
    assert_eq!(updates.len(), 2);
    // 0.9 (0.9 0 + 0.1 2) + 0.1 0: the second time the mean of the batch is 0
    assert!((updates[0].1.value().unwrap()[0] - 0.18).abs() < 1e-12);
}

#[test]
fn a_step_replaces_running_statistics_and_leaves_them_out_of_the_gradient() {
    let model = Sequential::new().batch_norm(2).dense(2, 1);
    let mut params = Params::init(&model, 1).unwrap();
    let graph = Graph::new();
    let bound = params.bind(&graph).train(0);
    let loss = bound.apply(&model, array![[1.0, 5.0], [3.0, 9.0]]).square().sum();
    let gradients = loss.grad(bound.trained()).unwrap();
    assert_eq!(gradients.names().collect::<Vec<_>>(), ["0.weight", "0.bias", "1.weight", "1.bias"]);
    params.step(&gradients, 0.1).unwrap();
    let mean = params.get("0.running_mean").unwrap();
    assert!((mean[0] - 0.2).abs() < 1e-15 && (mean[1] - 0.7).abs() < 1e-15, "{mean}");
}

#[test]
fn what_is_normalised_has_mean_0_and_variance_1() {
    let x = wavy([4, 6, 5], 0.3) * 7.0 + 3.0;
    let model = Model::init(LayerNorm::new(5), 0).unwrap();
    for row in model.predict(&x).unwrap().lanes(Axis(2)) {
        assert!(row.mean().unwrap().abs() < 1e-14 && (row.var(0.0) - 1.0).abs() < 1e-5);
    }
    // Constants are 0, and not NaN.
    let flat = model.predict([2.0; 5]).unwrap();
    assert!(flat.iter().all(|&y| y == 0.0));
}

#[test]
fn sequences_of_layers_from_lists() {
    let arcs: Vec<Arc<dyn Layer>> = vec![Arc::new(Dense::new(2, 3)), Arc::new(Tanh)];
    let boxes: Vec<Box<dyn Layer>> = vec![Box::new(Dense::new(2, 3)), Box::new(Tanh)];
    let built = Sequential::<f64>::new().dense(2, 3).tanh();
    for model in
        [Sequential::from(arcs), boxes.into_iter().collect(), [Dense::new(2, 3)].into_iter().collect()]
    {
        assert!(model.names().eq(built.names().take(model.len())));
        assert_eq!(Params::<f64>::init(&model, 4).unwrap(), Params::init(&built, 4).unwrap());
    }
    assert_eq!(built.get("0").unwrap().describe(), Layer::<f64>::describe(&Dense::new(2, 3)));
    assert!(built.get("2").is_none());
}

/// The gradient of shared weights is the sum of those of both places.
#[test]
fn a_layer_again_shares_its_parameters() {
    let shared = Sequential::new().dense(2, 2).tanh().again("0");
    let apart = Sequential::new().dense(2, 2).tanh().dense(2, 2);
    let params = Params::init(&shared, 2).unwrap();
    let mut both = params.clone();
    for name in ["weight", "bias"] {
        both.insert(format!("2.{name}"), params.get(&format!("0.{name}")).unwrap());
    }
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let y = bound.apply(&shared, [0.3, -0.8]);
    let other = Graph::new();
    let both = both.bind(&other);
    let z = both.apply(&apart, [0.3, -0.8]);
    assert_eq!(y.value().unwrap(), z.value().unwrap());
    let (dy, dz) = (y.sum().grad(bound).unwrap(), z.sum().grad(both).unwrap());
    let sum = dz.get("0.weight").value().unwrap() + dz.get("2.weight").value().unwrap();
    let got = dy.get("0.weight").value().unwrap();
    assert!(got.iter().zip(&sum).all(|(a, b)| (a - b).abs() < 1e-15));
    // Only layers before count.
    let early = Sequential::new().again("1").dense(2, 2);
    let bound = Params::init(&early, 0).unwrap().bind(&graph);
    let error = bound.apply(&early, [1.0, 2.0]).value().unwrap_err();
    assert_eq!(error.message(), "no layer `1` comes before place 0, which applies it again");
}

/// What a later place holds changes nothing before it, not by one bit.
#[test]
fn causal_attention_does_not_look_ahead() {
    let model = Model::init(Sequential::new().push(TransformerBlock::new(6, 3).causal()), 1).unwrap();
    let x = wavy([2, 7, 6], 0.1);
    let mut changed = x.clone();
    changed.slice_mut(s![.., 4.., ..]).fill(1e3);
    let part = |y: ArrayD<f64>| {
        y.slice_each_axis(|axis| if axis.axis == Axis(1) { (0..4).into() } else { (..).into() }).to_owned()
    };
    let (a, b) = (model.predict(&x).unwrap(), model.predict(&changed).unwrap());
    assert_ne!(a, b);
    assert_eq!(part(a), part(b));
}

#[test]
fn positions_in_single_precision_are_the_double_ones_rounded() {
    let single = Params::<f32>::new();
    let graph = Graph::f32();
    let y = single.bind(&graph).apply(&PositionalEncoding::new(6), graph.full([40, 6], 0.0)).value().unwrap();
    for ((place, feature), &y) in y.into_dimensionality::<ndarray::Ix2>().unwrap().indexed_iter() {
        let angle = place as f64 / 10000_f64.powf((feature / 2 * 2) as f64 / 6.0);
        let want = if feature % 2 == 0 { angle.sin() } else { angle.cos() };
        assert_eq!(y, want as f32, "{place}, {feature}");
    }
}

fn nodes<T: Scalar>(layer: &dyn Layer<T>, time: usize) -> usize {
    let graph = Graph::default();
    let bound = Params::init(layer, 1).unwrap().bind(&graph);
    let y = bound.apply(layer, graph.full([2, time, 3], T::one()));
    y.square().sum().grad(bound).unwrap();
    graph.len()
}

/// Twice the time, twice the nodes, with gradients.
#[test]
fn long_sequences_are_recorded_in_linear_time() {
    let layers: [(&str, Box<dyn Layer<f32>>); 3] = [
        ("rnn", Box::new(Rnn::new(3, 4))),
        ("gru", Box::new(Gru::new(3, 4).last())),
        ("lstm", Box::new(Lstm::new(3, 4))),
    ];
    for (name, layer) in layers {
        let (half, whole) = (nodes(&*layer, 512), nodes(&*layer, 1024));
        assert!(whole < 2 * half && whole < 64 * 1024, "{name}: {half}, {whole}");
    }
}

/// The sign of the first number, after eleven others.
#[test]
fn a_recurrent_layer_learns_what_came_first() {
    let model = Sequential::new().push(Gru::new(1, 8).last()).dense(8, 1);
    let mut params = Params::<f64>::init(&model, 3).unwrap();
    let inputs = Array3::from_shape_fn((8, 12, 1), |(n, t, _)| match t {
        0 => {
            if n % 2 == 0 {
                1.0
            } else {
                -1.0
            }
        }
        _ => (1.3 * (n * 12 + t) as f64).sin() * 0.3,
    });
    let targets = Array2::from_shape_fn((8, 1), |(n, _)| if n % 2 == 0 { 1.0 } else { -1.0 });
    let mut loss = f64::INFINITY;
    for _ in 0..150 {
        let graph = Graph::new();
        let bound = params.bind(&graph);
        let cost = mean_squared_error(&targets, bound.apply(&model, &inputs));
        loss = cost.item().unwrap();
        params.step(&cost.grad(bound).unwrap(), 0.5).unwrap();
    }
    assert!(loss < 0.05, "{loss}");
}
