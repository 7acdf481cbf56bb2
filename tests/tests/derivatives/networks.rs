//! A whole network, on the graph and from layers, against figures from NumPy (`networks.py`); and training.

use chainrule::prelude::*;
use ndarray::{Array2, ArrayD, array};

const OUTPUT: [f64; 4] = [0.6151015717707305, 0.57419747803799, 0.7743202626504677, 0.25445088515383396];
const COST: f64 = 0.8166324478187706;
const W1: [f64; 12] = [
    0.028448356602658258,
    0.016415344003647997,
    -0.047818347796566366,
    0.04890164817329033,
    0.014229639213829134,
    0.009617900522914327,
    -0.012889702545524817,
    0.016072402609182204,
    -0.03393053630605409,
    -0.022501077086614064,
    0.03412758956325406,
    -0.0409044743688077,
];
const B1: [f64; 4] = [0.01312665017814996, 0.006708479681012718, -0.028851219815497313, 0.02772594314303429];
const W2: [f64; 8] = [
    0.08983063339769039,
    -0.08939337464672421,
    -0.033641281816568454,
    0.0698541630316124,
    -0.033254277073420914,
    0.07813029505116076,
    0.10705801201314916,
    -0.1101351289544906,
];
const B2: [f64; 2] = [0.04418589238655882, -0.001046606365220859];
const AFTER_TEN_STEPS: f64 = 0.5101231937165918;

fn inputs() -> Array2<f64> {
    array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
}

fn targets() -> Array2<f64> {
    array![[1.0, 0.0], [0.0, 1.0]]
}

fn parameters() -> [ArrayD<f64>; 4] {
    [
        array![[0.1, -0.2, 0.3, 0.4], [0.5, 0.6, -0.7, 0.8], [-0.9, 1.0, 1.1, -1.2]].into_dyn(),
        array![0.05, -0.1, 0.15, -0.2].into_dyn(),
        array![[0.3, -0.5], [0.7, 0.2], [-0.4, 0.6], [0.9, -0.8]].into_dyn(),
        array![0.25, -0.35].into_dyn(),
    ]
}

/// Within a few hundred roundings of values of the size of 1, in 40 operations and ten steps.
fn near(got: &ArrayD<f64>, want: &[f64]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() <= 256.0 * f64::EPSILON), "{got}\n{want:?}");
}

#[test]
fn a_network_on_the_graph_has_numpys_values_and_gradients() {
    let graph = Graph::new();
    let [w1, b1, w2, b2] = parameters().map(|p| graph.constant(p));
    let hidden = (graph.constant(inputs()).matmul(w1) + b1).sigmoid();
    let output = (hidden.matmul(w2) + b2).sigmoid();
    let cost = (output - targets()).square().sum() * 0.5;
    let [dw1, db1, dw2, db2] = cost.grad([w1, b1, w2, b2]).unwrap();
    near(&output.value().unwrap(), &OUTPUT);
    near(&cost.value().unwrap(), &[COST]);
    for (gradient, want) in [(dw1, &W1[..]), (db1, &B1), (dw2, &W2), (db2, &B2)] {
        near(&gradient.value().unwrap(), want);
    }
}

#[test]
fn the_same_network_from_layers_and_its_training() {
    let model = Sequential::new().dense(3, 4).sigmoid().dense(4, 2).sigmoid();
    let mut params = Params::init(&model, 0).unwrap();
    for (name, value) in ["0.weight", "0.bias", "2.weight", "2.bias"].into_iter().zip(parameters()) {
        params.insert(name, value);
    }
    let mut graph = Graph::new();
    for step in 0..=10 {
        graph.clear();
        let bound = params.bind(&graph);
        let cost = half_squared_error(targets(), bound.apply(&model, inputs()));
        let gradients = cost.grad(bound).unwrap();
        if step == 10 {
            near(&cost.value().unwrap(), &[AFTER_TEN_STEPS]);
        }
        if step == 0 {
            near(&cost.value().unwrap(), &[COST]);
            for (name, want) in [("0.weight", &W1[..]), ("0.bias", &B1), ("2.weight", &W2), ("2.bias", &B2)] {
                near(&gradients.get(name).value().unwrap(), want);
            }
        }
        params.step(&gradients, 0.5).unwrap();
    }
}

/// The figures of the lecture's slides, to the digit, by the tape and by a layer in both conventions.
#[test]
fn the_lectures_errors_come_back_as_on_its_slides() {
    let graph = Graph::new();
    let w2 = array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]];
    let e2 = array![1.0, 1.0] - array![0.58, 0.55];
    let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
    let slide = |e1: Var<'_>, want: [f64; 3]| {
        let e1 = e1.value().unwrap();
        assert!(e1.iter().zip(want).all(|(e, want)| (e - want).abs() < 1e-15), "{e1}");
    };
    // Z = W'A with W of 3 x 2: the error goes back as W E, without the normalisers.
    let w = graph.constant(&w2);
    slide(w.t().matmul(a).vjp(&e2, a).unwrap(), [0.216, 0.129, 0.087]);
    slide(w.matmul(&e2), [0.216, 0.129, 0.087]);
    // With them each column of W adds up to 1, and the sum of the errors stays: 0.42 + 0.45 = 0.87.
    let shares = w / w.sum_axes(keep(0));
    let split = shares.t().matmul(a).vjp(&e2, a).unwrap();
    slide(split, [0.435, 0.2525, 0.1825]);
    assert!((split.sum().item().unwrap() - 0.87).abs() < 1e-15);
    for (convention, weight) in
        [(Convention::InByOut, w2.clone().into_dyn()), (Convention::OutByIn, w2.t().to_owned().into_dyn())]
    {
        let layer = Dense::new(3, 2).without_bias().weights(convention);
        let mut params = Params::init(&layer, 0).unwrap();
        params.insert("weight", weight);
        let graph = Graph::new();
        let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
        slide(params.bind(&graph).apply(&layer, a).vjp(&e2, a).unwrap(), [0.216, 0.129, 0.087]);
    }
    // The error is not the gradient: that of half the squared error at the output is -E.
    let output = graph.variable("A2", array![0.58, 0.55]);
    let gradient = half_squared_error(array![1.0, 1.0], output).grad(output).unwrap();
    assert_eq!(gradient.value().unwrap(), -(error(array![1.0, 1.0], output).value().unwrap()));
}

/// The bits of the parameters after training XOR, and the answers.
fn train_xor<T: Scalar>(hidden: Convention) -> (Vec<u64>, Vec<f64>) {
    let number = T::of;
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].mapv(number);
    let targets = array![[0.0], [1.0], [1.0], [0.0]].mapv(number);
    let model = Sequential::new().push(Dense::new(2, 4).weights(hidden)).sigmoid().dense(4, 1).sigmoid();
    let mut params = Params::<T>::init(&model, 5).unwrap();
    let mut graph = Graph::<T>::default();
    for _ in 0..1500 {
        graph.clear();
        let bound = params.bind(&graph);
        let loss = mean_squared_error(&targets, bound.apply(&model, &inputs));
        params.step(&loss.grad(bound).unwrap(), number(4.0)).unwrap();
    }
    let graph = Graph::default();
    let answers = params.bind(&graph).apply(&model, &inputs).value().unwrap();
    let bits =
        params.iter().flat_map(|(_, value)| value.iter().map(|x| x.as_f64().to_bits()).collect::<Vec<_>>());
    (bits.collect(), answers.iter().map(|x| x.as_f64()).collect())
}

#[test]
fn xor_is_learnt_and_training_again_gives_the_same_bits() {
    for convention in [Convention::InByOut, Convention::OutByIn] {
        let (bits, answers) = train_xor::<f64>(convention);
        assert!(answers.iter().zip([0.0, 1.0, 1.0, 0.0]).all(|(a, t)| (a - t).abs() < 0.1), "{answers:?}");
        assert_eq!(train_xor::<f64>(convention).0, bits);
    }
    let (_, answers) = train_xor::<f32>(Convention::InByOut);
    assert!(answers.iter().zip([0.0, 1.0, 1.0, 0.0]).all(|(a, t)| (a - t).abs() < 0.1), "{answers:?}");
}
