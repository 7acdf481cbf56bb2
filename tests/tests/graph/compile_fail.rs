//! What must not compile: what would otherwise be a dangling node, a data race, or two number types in one graph.
//!
//! Each file of `mistakes/` is a program with one mistake, and beside it what the compiler says. After a change of the toolchain
//! or the API: `TRYBUILD=overwrite cargo test -p chainrule-tests --test graph compile_fail`, and read the diff.

use chainrule::graph::{Binary, Graph, Scalar, Var};

#[test]
fn mistakes_that_the_compiler_finds() {
    // Programs that compile are not among them: for their sake the engine would be compiled a second time, and not only checked.
    trybuild::TestCases::new().compile_fail("tests/graph/mistakes/*.rs");
}

fn item(graph: &Graph) -> f64 {
    graph.constant(2.0).square().item().unwrap()
}

fn send<S: Send>(value: S) -> S {
    value
}

fn generic<T: Scalar>(x: Var<'_, T>) -> usize {
    x.graph().len()
}

/// The same programs without their mistakes compile, so that each one fails for its mistake alone.
#[test]
fn what_those_programs_try_is_possible_without_their_mistakes() {
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
