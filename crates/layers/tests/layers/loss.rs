//! The losses against their formulas, and the shapes they refuse.

use chainrule_graph::{ErrorKind, Graph, Scalar, Var};
use chainrule_layers::{
    Loss, LossFunction, Reduction, Task, binary_cross_entropy, error, half_squared_error, huber_loss,
    kl_divergence, mean_absolute_error, mean_squared_error, smoothed_cross_entropy, softmax_cross_entropy,
};
use ndarray::{Array2, ArrayD, arr1, array};
use serde_json::Value;

#[test]
fn the_gradient_is_minus_the_error_exactly() {
    let target = Array2::from_shape_fn((7, 3), |(i, j)| (0.7 * i as f64 + 1.3 * j as f64).sin());
    let output = Array2::from_shape_fn((7, 3), |(i, j)| (1.9 * i as f64 - 0.4 * j as f64).cos());
    let graph = Graph::new();
    let node = graph.variable("output", &output);
    let e = error(&target, node);
    assert_eq!(e.value().unwrap(), (&target - &output).into_dyn());
    let loss = half_squared_error(&target, node);
    assert_eq!(loss.grad(node).unwrap().value().unwrap(), (-(&target - &output)).into_dyn());
    assert_eq!(loss.grad(node).unwrap().value().unwrap(), (-e).value().unwrap());
    let want = 0.5 * (&target - &output).mapv(|d| d * d).sum();
    assert!((loss.item().unwrap() - want).abs() < 1e-14);
}

#[test]
fn the_mean_runs_over_all_elements() {
    let graph = Graph::new();
    let output = graph.variable("output", array![[1.0, 2.0], [3.0, 5.0]]);
    let loss = mean_squared_error(array![[1.0, 0.0], [0.0, 1.0]], output);
    assert_eq!(loss.item().unwrap(), (4.0 + 9.0 + 16.0) / 4.0);
    assert_eq!(loss.grad(output).unwrap().value().unwrap(), array![[0.0, 1.0], [1.5, 2.0]].into_dyn());
}

#[test]
fn sizes_zero_and_one_and_plain_numbers() {
    let graph = Graph::new();
    let empty = graph.variable("empty", Array2::<f64>::zeros((0, 3)));
    assert_eq!(half_squared_error(Array2::zeros((0, 3)), empty).item().unwrap(), 0.0);
    assert!(mean_squared_error(Array2::zeros((0, 3)), empty).item().unwrap().is_nan());
    let number = graph.constant(3.0);
    assert_eq!(mean_squared_error(1.0, number).item().unwrap(), 4.0);
    let single = Graph::f32();
    assert_eq!(half_squared_error([1.0_f32], single.constant([3.0_f32])).item().unwrap(), 2.0_f32);
}

#[test]
fn nothing_is_broadcast() {
    let graph = Graph::new();
    let output = graph.constant(array![[1.0], [2.0]]);
    for (loss, name, line) in [
        (error([1.0, 2.0], output), "error", line!()),
        (half_squared_error([1.0, 2.0], output), "half_squared_error", line!()),
        (mean_squared_error([1.0, 2.0], output), "mean_squared_error", line!()),
    ] {
        let error = loss.value().unwrap_err();
        assert_eq!(error.message(), "the target has shape [2], the output [2, 1], and they must be equal");
        assert_eq!((error.operation(), error.location().line()), (name, line));
        assert_eq!(error.location().file(), file!());
        assert_eq!(error.shapes(), [vec![2], vec![2, 1]]);
    }
    assert!(mean_squared_error(1.0, output).value().is_err());
}

#[test]
fn the_first_error_counts() {
    let (graph, other) = (Graph::new(), Graph::new());
    let oops = graph.constant([1.0, 2.0]).matmul([1.0, 2.0, 3.0]);
    let output = graph.constant([1.0]);
    assert_eq!(mean_squared_error(oops, output).item().unwrap_err().operation(), "matmul");
    assert_eq!(mean_squared_error([1.0], oops).item().unwrap_err().operation(), "matmul");
    for target in [other.constant([1.0]), other.constant([1.0, 2.0])] {
        assert_eq!(mean_squared_error(target, output).item().unwrap_err().kind(), ErrorKind::ForeignNode);
    }
}

fn figures() -> Value {
    serde_json::from_str(include_str!("../data/losses.json")).unwrap()
}

fn matrix<T: Scalar>(value: &Value) -> ArrayD<T> {
    let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).unwrap();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| T::of(rows[i][j])).into_dyn()
}

/// How far loss and gradient are from PyTorch's (`data/optimisers.py`), for outputs near 0 and at 1000, relative to 1 and
/// themselves.
fn deviation<T: Scalar>(name: &str, loss: &Loss<T>, labels: bool) -> f64 {
    let data = figures();
    let mut worst = 0.0_f64;
    let mut compare = |have: T, want: f64| {
        assert!(have.is_finite(), "{name}");
        worst = worst.max((have.as_f64() - want).abs() / want.abs().max(1.0));
    };
    for (place, outputs) in ["near", "far"].into_iter().enumerate() {
        let graph = Graph::<T>::default();
        let output = graph.variable("output", matrix::<T>(&data[outputs]));
        let target = if labels {
            let labels: Vec<f64> = serde_json::from_value(data["labels"].clone()).unwrap();
            graph.constant(labels.into_iter().map(T::of).collect::<Vec<_>>())
        } else {
            graph.constant(matrix::<T>(&data["p"]))
        };
        let node = loss.of(target, output);
        let want = &data[name][place];
        compare(node.item().unwrap(), want["loss"].as_f64().unwrap());
        let gradient: Vec<f64> = serde_json::from_value(want["gradient"].clone()).unwrap();
        let have = node.grad(output).unwrap().value().unwrap();
        have.iter().zip(gradient).for_each(|(&have, want)| compare(have, want));
    }
    worst
}

#[test]
fn losses_and_gradients_near_and_far() {
    fn all<T: Scalar>() -> f64 {
        let custom = Loss::custom(|target, output| mean_squared_error(target, output));
        let cases = [
            ("mean_squared_error", Loss::MeanSquaredError, false),
            ("mean_squared_error", custom, false),
            ("mean_absolute_error", Loss::MeanAbsoluteError, false),
            ("huber_loss", Loss::Huber(0.7), false),
            ("labels_cross_entropy", Loss::SoftmaxCrossEntropy, true),
            ("softmax_cross_entropy", Loss::SoftmaxCrossEntropy, false),
            ("labels_smoothed", Loss::SmoothedCrossEntropy(0.1), true),
            ("smoothed_cross_entropy", Loss::SmoothedCrossEntropy(0.3), false),
            ("binary_cross_entropy", Loss::BinaryCrossEntropy, false),
            ("kl_divergence", Loss::KlDivergence, false),
        ];
        let deviations = cases.map(|(name, loss, labels)| deviation::<T>(name, &loss, labels));
        deviations.into_iter().fold(0.0, f64::max)
    }
    let (double, single) = (all::<f64>(), all::<f32>());
    println!("f64: {double:e}, f32: {single:e}");
    assert!(double < 1e-15 && single < 5e-7, "{double:e} {single:e}");
}

#[test]
fn samples_of_every_rank() {
    let graph = Graph::new();
    let logits = graph.constant(Array2::from_shape_fn((6, 4), |(i, j)| ((3 * i + j) as f64).sin()));
    let labels = [0.0, 3.0, 1.0, 2.0, 3.0, 0.0];
    let batch = softmax_cross_entropy(labels, logits).item().unwrap();
    // as [2, 3, 4], and one by one
    let cube = softmax_cross_entropy(
        Array2::from_shape_vec((2, 3), labels.to_vec()).unwrap(),
        logits.reshape([2, 3, 4]),
    );
    assert!((cube.item().unwrap() - batch).abs() < 1e-15);
    let single =
        |i: usize| softmax_cross_entropy(labels[i], logits.slice(ndarray::s![i, ..])).item().unwrap();
    assert!(((0..6).map(single).sum::<f64>() / 6.0 - batch).abs() < 1e-15);
    // no samples
    let none = graph.constant(Array2::zeros((0, 4)));
    assert!(softmax_cross_entropy(Vec::new(), none).item().unwrap().is_nan());
    assert!(kl_divergence(Array2::zeros((0, 4)), none).item().unwrap().is_nan());
}

#[test]
fn probabilities_of_zero_and_infinite_logits() {
    let graph = Graph::new();
    let logits = graph.variable("logits", [0.0, 0.0, f64::NEG_INFINITY]);
    let p = [0.5, 0.5, 0.0];
    for loss in [softmax_cross_entropy(p, logits) - 2_f64.ln(), kl_divergence(p, logits)] {
        assert!(loss.item().unwrap().abs() < 1e-16);
        assert_eq!(loss.grad(logits).unwrap().value().unwrap(), arr1(&[0.0, 0.0, 0.0]).into_dyn());
    }
    assert_eq!(softmax_cross_entropy([0.0, 0.0, 1.0], logits).item().unwrap(), f64::INFINITY);
    assert_eq!(kl_divergence([0.0, 0.0, 1.0], logits).item().unwrap(), f64::INFINITY);
    // logarithms of probabilities are logits
    let q = graph.constant([0.2, 0.3, 0.5]);
    let want = 0.5 * (0.5_f64 / 0.2).ln() + 0.5 * (0.5_f64 / 0.3).ln();
    assert!((kl_divergence(p, q.ln()).item().unwrap() - want).abs() < 1e-15);
}

#[test]
fn shapes_and_settings_that_are_refused() {
    let graph = Graph::new();
    let output = graph.constant(array![[1.0, 2.0], [2.0, 3.0], [0.0, 1.0]]);
    let equal = "the target has shape [3], the output [3, 2], and they must be equal";
    let loose = "the target has shape [3, 1], the output [3, 2]";
    let three = [0.0, 1.0, 0.0];
    let column = array![[0.0], [1.0], [0.0]];
    let soft = "smoothed_cross_entropy";
    for (loss, operation, message, line) in [
        (mean_absolute_error(three, output), "mean_absolute_error", equal, line!()),
        (huber_loss(three, output, 1.0), "huber_loss", equal, line!()),
        (huber_loss(three, output, 0.0), "huber_loss", "delta is 0", line!()),
        (huber_loss(three, output, f64::NAN), "huber_loss", "delta is NaN", line!()),
        (binary_cross_entropy(three, output), "binary_cross_entropy", equal, line!()),
        (kl_divergence(three, output), "kl_divergence", equal, line!()),
        (softmax_cross_entropy(&column, output), "softmax_cross_entropy", loose, line!()),
        (smoothed_cross_entropy(&column, output, 0.1), soft, loose, line!()),
        (smoothed_cross_entropy(three, output, 1.5), soft, "the smoothing is 1.5", line!()),
    ] {
        let error = loss.value().unwrap_err();
        assert_eq!((error.message(), error.operation()), (message, operation));
        assert_eq!((error.location().file(), error.location().line()), (file!(), line), "{operation}");
        assert!(!error.help().is_empty());
    }
    // labels that are none
    for label in [2.0, 0.5, -1.0, f64::NAN] {
        assert!(softmax_cross_entropy([0.0, label, 1.0], output).item().is_err(), "{label}");
    }
    // a single number has no classes
    assert!(softmax_cross_entropy(0.0, graph.constant(1.0)).item().is_err());
    assert!(kl_divergence(0.0, graph.constant(1.0)).item().is_err());
    // the first error counts
    let (oops, other) = (graph.constant([1.0]).matmul([1.0, 2.0]), Graph::new());
    for loss in [
        Loss::MeanAbsoluteError,
        Loss::Huber(1.0),
        Loss::SoftmaxCrossEntropy,
        Loss::SmoothedCrossEntropy(0.1),
        Loss::BinaryCrossEntropy,
        Loss::KlDivergence,
    ] {
        assert_eq!(loss.of(oops, output).item().unwrap_err().operation(), "matmul", "{loss:?}");
        assert_eq!(loss.of(output, oops).item().unwrap_err().operation(), "matmul", "{loss:?}");
        for foreign in [other.constant(array![[1.0, 2.0], [2.0, 3.0], [0.0, 1.0]]), other.constant(1.0)] {
            let error = loss.of(foreign, output).item().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignNode, "{loss:?}");
        }
    }
}

struct Total;

impl<T: Scalar> LossFunction<T> for Total {
    fn of<'g>(&self, target: Var<'g, T>, output: Var<'g, T>) -> Var<'g, T> {
        (target - output).abs().sum()
    }
    fn reduction(&self) -> Reduction {
        Reduction::Sum
    }
    fn task(&self) -> Option<Task> {
        Some(Task::Regression)
    }
}

#[test]
fn what_losses_say_of_themselves() {
    let own = Loss::<f64>::Custom(std::sync::Arc::new(Total));
    assert_eq!((own.reduction(), own.task(), own.name()), (Reduction::Sum, Some(Task::Regression), "custom"));
    let closure = Loss::<f64>::custom(|y, x| (x - y).sum());
    assert_eq!((closure.reduction(), closure.task()), (Reduction::Mean, None));
    assert_eq!(closure, closure.clone());
    assert_ne!(closure, Loss::custom(|y, x| (x - y).sum()));
    assert_eq!(Loss::<f64>::HalfSquaredError.reduction(), Reduction::Sum);
    assert_eq!(Loss::<f64>::BinaryCrossEntropy.task(), Some(Task::Binary));
    assert_ne!(Loss::<f64>::Huber(1.0), Loss::Huber(2.0));
    assert_ne!(Loss::<f64>::KlDivergence, Loss::SoftmaxCrossEntropy);
    assert_eq!(format!("{:?}", Loss::<f64>::SmoothedCrossEntropy(0.1)), "smoothed_cross_entropy(0.1)");
}
