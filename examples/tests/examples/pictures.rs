//! The pictures of the README pages. They fail when they are stale; `UPDATE_PAGES=1 cargo test -p chainrule-examples --test
//! pictures` draws them anew.

use chainrule::prelude::*;
use chainrule::view::network;
use chainrule_examples::lecture::signal;
use chainrule_examples::network::Network;
use ndarray::{Array1, Array2, Ix1, array};

fn check(name: &str, picture: &str) {
    let path = format!("{}/../docs/images/{name}.svg", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, picture).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let update = "UPDATE_PAGES=1 cargo test -p chainrule-examples --test examples pictures";
    let line = written.lines().zip(picture.lines()).position(|(a, b)| a != b);
    assert!(written == picture, "docs/images/{name}.svg is stale (line {line:?}, counted from 0): {update}");
}

fn vector(node: Var<'_>) -> Array1<f64> {
    node.value().unwrap().into_dimensionality::<Ix1>().unwrap()
}

/// The lecture's network: the signals go forward, the errors of the outputs come back through `W[2]`.
#[test]
fn the_lectures_signals_and_errors() {
    let lecture = Network::lecture();
    let signal = signal::run(&lecture).unwrap();
    let forward = network(&lecture.weights)
        .signals(&signal.a)
        .arithmetic(true)
        .title("The lecture's network: signals forward")
        .to_svg()
        .unwrap();
    check("forward", &forward);

    // By the tape: with Z = W'A, the transpose of the pass forward is E[1] = W[2] E[2].
    let graph = Graph::new();
    let hidden = graph.constant(&signal.a[1]);
    let sums = graph.constant(&lecture.weights[1]).t().matmul(hidden);
    let [errors] = sums.vjp(graph.constant(&signal.errors), [hidden]).unwrap();
    let errors = vector(errors);
    for (error, figure) in errors.iter().zip([0.216, 0.129, 0.087]) {
        assert!((error - figure).abs() < 1e-12, "{errors}");
    }
    let backward = network(&lecture.weights)
        .signals(&signal.a)
        .errors([&errors, &signal.errors])
        .arithmetic(true)
        .title("The lecture's network: errors backward")
        .to_svg()
        .unwrap();
    for figure in ["0.216", "0.129", "0.087", "0.42", "0.45"] {
        assert!(backward.contains(&format!(">{figure}</text>")), "{figure} is not in the picture");
    }
    check("backward", &backward);
}

/// A formula, its derivative, and a step of descent.
#[test]
fn a_graph_and_its_derivative() {
    let graph = Graph::new();
    let w = graph.variable("w", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
    let b = graph.variable("b", array![0.1, 0.0]);
    let (x, y) = (array![0.5, 0.6, 0.7], array![1.0, 0.0]);
    let loss = ((w.matmul(x) + b).sigmoid() - y).square().mean();
    let [dw, db] = loss.grad([w, b]).unwrap();
    let _ = (w - 0.1 * dw, b - 0.1 * db);
    check("graph", &graph.svg().values(true).title("A formula, its derivative, a step").to_svg().unwrap());
}

/// A network from layers, each folded to a box.
#[test]
fn folded_layers() {
    let model = Sequential::new().dense(4, 8).tanh().dense(8, 3);
    let params = Params::init(&model, 1).unwrap();
    let graph = Graph::new();
    let inputs = Array2::from_shape_fn((5, 4), |(i, j)| ((i * 4 + j) % 7) as f64 / 7.0);
    let bound = params.bind(&graph).train(0);
    let loss = mean_squared_error(Array2::zeros((5, 3)), bound.apply(&model, &inputs));
    let picture = graph.svg().of(loss).fold(true).values(true).gradients(loss);
    check("layers", &picture.title("Folded layers").to_svg().unwrap());
}
