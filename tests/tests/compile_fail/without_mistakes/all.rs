//! What the programs of this folder try, done rightly.
use chainrule::graph::{Binary, Graph, Scalar, Var};

fn item(graph: &Graph) -> f64 {
    graph.constant(2.0).square().item().unwrap()
}

fn send<S: Send>(value: S) -> S {
    value
}

fn generic<T: Scalar>(x: Var<'_, T>) -> usize {
    x.graph().len()
}

fn main() {
    let mut graph = Graph::new();
    assert_eq!(item(&graph), 4.0);
    let x = graph.variable("x", 2.0);
    let gradients = x.square().grad(vec![x]).unwrap();
    assert_eq!(gradients[0].item().unwrap(), 4.0);
    graph.clear();
    assert!(graph.is_empty());
    let graph = send(graph);
    std::thread::spawn(move || drop(graph)).join().unwrap();
    let (single, double) = (Graph::f32(), Graph::<f64>::default());
    let (x, y) = (single.constant([1.0_f32, 2.0]), double.constant(f64::from(1.0_f32)));
    assert_eq!((generic(x), generic(y)), (1, 1));
    let z = double.constant(2.0);
    assert_eq!(y.zip(Binary::Add, z).item().unwrap(), 3.0);
    let [_dw, _db] = (y * z).grad([y, z]).unwrap();
}
