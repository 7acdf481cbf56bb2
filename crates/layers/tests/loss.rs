//! The losses against their formulas, and the shapes they refuse.

use chainrule_graph::{ErrorKind, Graph};
use chainrule_layers::{error, half_squared_error, mean_squared_error};
use ndarray::{Array2, array};

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
