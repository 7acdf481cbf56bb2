//! L-BFGS on functions with known minima.

use chainrule_graph::{Scalar, Var};
use chainrule_layers::{Bound, Lbfgs, LbfgsStop, Params, binary_cross_entropy};
use ndarray::{Array1, Array2};
use serde_json::Value;

/// `Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²`, 0 at ones.
fn rosenbrock<'g, T: Scalar>(bound: &Bound<'g, T>) -> Var<'g, T> {
    let x = bound.get("x");
    let n = x.shape().map_or(0, |shape| shape[0]);
    let ([head, _], [_, tail]) = (x.split([n - 1, 1], 0), x.split([1, n - 1], 0));
    ((tail - head.square()).square() * T::of(100.0) + (-head + T::one()).square()).sum()
}

#[test]
fn the_valley_of_rosenbrock() {
    for n in [2, 20] {
        let mut params = Params::<f64>::new();
        params.insert("x", Array1::from_shape_fn(n, |i| if i % 2 == 0 { -1.2 } else { 1.0 }));
        let report = Lbfgs::new().tolerance(1e-9).minimize(&mut params, rosenbrock).unwrap();
        println!("{n}: {report:?}");
        assert_eq!(report.stop, LbfgsStop::Converged);
        assert!(report.gradient <= 1e-9 && report.loss < 1e-18);
        assert!(params.get("x").unwrap().iter().all(|x| (x - 1.0).abs() < 1e-9));
        // SciPy's L-BFGS-B takes 38 steps and 46 evaluations, and 144 and 176
        assert!(
            report.iterations <= if n == 2 { 40 } else { 150 }
                && report.evaluations <= report.iterations * 5 / 4
        );
    }
    let mut params = Params::<f32>::new();
    params.insert("x", [-1.2_f32, 1.0]);
    let report = Lbfgs::new().tolerance(1e-3).minimize(&mut params, rosenbrock).unwrap();
    println!("f32: {report:?}");
    assert_eq!(report.stop, LbfgsStop::Converged);
    assert!(params.get("x").unwrap().iter().all(|x| (x - 1.0).abs() < 1e-3));
}

#[test]
fn logistic_regression_finds_the_optimum_of_scipy_and_sklearn() {
    let data: Value = serde_json::from_str(include_str!("../data/logistic.json")).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(data["x"].clone()).unwrap();
    let x = Array2::from_shape_fn((40, 3), |(i, j)| rows[i][j]);
    let y: Vec<f64> = serde_json::from_value(data["y"].clone()).unwrap();
    let mut params = Params::<f64>::new();
    params.insert("w", [0.0; 3]);
    params.insert("b", 0.0);
    let report = Lbfgs::new().tolerance(1e-10).minimize(&mut params, |bound| {
        let w = bound.get("w");
        let logits = bound.graph().constant(&x).matmul(w) + bound.get("b");
        binary_cross_entropy(y.clone(), logits) + w.square().sum() * 0.05
    });
    let report = report.unwrap();
    println!("{report:?}");
    assert_eq!(report.stop, LbfgsStop::Converged);
    assert!((report.loss - data["loss"].as_f64().unwrap()).abs() < 1e-14);
    let found: Vec<f64> = params.iter().flat_map(|(_, p)| p.iter().copied()).collect();
    for (reference, digits) in [("scipy", 1e-9), ("sklearn", 1e-7)] {
        let want: Vec<f64> = serde_json::from_value(data[reference].clone()).unwrap();
        let worst = found.iter().zip(want).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
        println!("{reference}: {worst:e}");
        assert!(worst < digits);
    }
}

#[test]
fn it_stops_where_it_must() {
    let mut params = Params::<f64>::new();
    params.insert("x", [3.0, -2.0]);
    params.insert("held", [5.0]);
    params.freeze("held").unwrap();
    let before = params.clone();
    // no step
    let report = Lbfgs::new().iterations(0).minimize(&mut params, bowl).unwrap();
    assert_eq!((report.stop, report.iterations, report.evaluations), (LbfgsStop::Iterations, 0, 1));
    assert_eq!(params, before);
    // a kink in the minimum: it comes close and goes no further
    let mut kink = params.clone();
    let report = Lbfgs::new().minimize(&mut kink, |bound| bound.get("x").abs().sum()).unwrap();
    assert!(report.loss < 1e-3, "{report:?}");
    // without end: bounded work, and no error
    let mut line = params.clone();
    let report = Lbfgs::new().iterations(3).minimize(&mut line, |bound| bound.get("x").sum()).unwrap();
    assert_eq!(report.stop, LbfgsStop::Iterations);
    assert!(report.loss < -1e6 && report.evaluations < 100);
    // steepest descent
    let report = Lbfgs::new().history(0).minimize(&mut params, bowl).unwrap();
    assert_eq!(report.stop, LbfgsStop::Converged);
    assert_eq!(params.get("held"), before.get("held"));
}

fn bowl<'g>(bound: &Bound<'g, f64>) -> Var<'g, f64> {
    bound.get("x").square().sum() + bound.get("held").sum()
}

/// A wall: beyond it there is no number.
#[test]
fn values_that_are_not_finite_are_avoided() {
    let mut params = Params::<f64>::new();
    params.insert("x", 5.0);
    let report = Lbfgs::new().minimize(&mut params, |bound| bound.get("x") - bound.get("x").ln()).unwrap();
    assert_eq!(report.stop, LbfgsStop::Converged);
    assert!((params.get("x").unwrap()[[]] - 1.0).abs() < 1e-6);
}

#[test]
fn errors_change_nothing() {
    let mut params = Params::<f64>::new();
    params.insert("x", [0.0, 1.0]);
    let before = params.clone();
    let lbfgs = Lbfgs::new();
    let error = lbfgs.minimize(&mut params, |bound| bound.get("x").ln().sum()).unwrap_err();
    assert_eq!(error.message(), "the loss is -inf at first, with such gradients");
    assert_eq!((error.operation(), error.location().line()), ("minimize", line!() - 2));
    assert!(lbfgs.minimize(&mut params, |bound| bound.get("x")).is_err());
    assert!(lbfgs.minimize(&mut params, |bound| bound.get("y").sum()).is_err());
    assert!(lbfgs.tolerance(f64::NAN).minimize(&mut params, |bound| bound.get("x").sum()).is_err());
    params.freeze("").unwrap();
    let error = lbfgs.minimize(&mut params, |bound| bound.get("x").sum()).unwrap_err();
    assert_eq!(error.message(), "there is no parameter to train");
    assert_eq!(params.iter().collect::<Vec<_>>(), before.iter().collect::<Vec<_>>());
}
