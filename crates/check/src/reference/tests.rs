use chainrule_graph::{Graph, Var};
use chainrule_oracle::{Array, Bounded, Dual};
use ndarray::arr1;

use super::Tape;
use crate::Failure;
use crate::program::{Program, Verdict, programs};

type Slope = Dual<Bounded>;

/// How an element of a leaf moves.
fn speed(leaf: usize, element: usize) -> f64 {
    ((3 * leaf + element) % 7) as f64 / 4.0 - 0.75
}

fn seeded(leaf: usize, value: &Array<f64>) -> Array<Slope> {
    let bounded = Bounded::exact;
    let data = value.data.iter().enumerate();
    let data = data.map(|(i, &x)| Dual { value: bounded(x), tangent: bounded(speed(leaf, i)) });
    Array { shape: value.shape.clone(), data: data.collect() }
}

/// Whether the nodes of a recorded program have the values and derivatives of its lines: one found from operations of the graph,
/// one from methods of `Var`.
fn agrees(program: &Program, verdict: &mut Verdict) -> Result<(), Failure> {
    let graph = Graph::<f64>::new();
    let nodes = program.record(&graph);
    let leaves = program.leaves();
    let inputs: Vec<Var<'_>> = leaves.iter().filter_map(|&id| nodes.get(id).copied()).collect();
    let outputs: Vec<Var<'_>> = nodes.into_iter().filter(|node| node.shape().is_ok()).collect();
    let tape = Tape::of(&inputs, &outputs).map_err(Failure::new)?;
    let by_tape = tape.evaluate::<Slope>(seeded, &|_, _| None);
    let place = |id: usize| leaves.iter().position(|&leaf| leaf == id);
    let by_lines = program.evaluate::<Slope>(
        |id, value| match place(id) {
            Some(leaf) => seeded(leaf, &value.reals()),
            None => value,
        },
        &|_, _| None,
    );
    assert_eq!(outputs.len(), by_lines.len());
    for (&node, want) in tape.outputs.iter().zip(by_lines) {
        let got = &by_tape[node];
        if got.shape != want.shape {
            return Err(Failure::new(format!("a value of shape {:?}, not {:?}", got.shape, want.shape)));
        }
        for (got, want) in got.data.iter().zip(want.data) {
            for (what, got, want) in
                [("value", got.value, want.value), ("derivative", got.tangent, want.tangent)]
            {
                let both = Bounded::<chainrule_oracle::Double>::new(want.value, want.error + got.error);
                verdict.near(|| format!("a {what}"), got.value, both)?;
            }
        }
    }
    Ok(())
}

#[test]
fn nodes_and_methods_have_the_same_values_and_derivatives() {
    for programs in [programs(), programs().at_kinks()] {
        let report = programs.check_by(400, agrees).unwrap();
        assert!(report.compared > 20_000, "{}", report.compared);
    }
    let matrices = ["cholesky", "solve", "solve_triangular", "inverse", "log_det", "matmul", "mul", "t"];
    programs().only(&matrices).lines(6).check_by(100, agrees).unwrap();
}

#[test]
fn two_recordings_are_the_same_if_operations_and_constants_are() {
    let tape = |x: f64, f: fn(Var<'_>, f64) -> Var<'_>| {
        let graph = Graph::new();
        let input = graph.constant([x, 1.0]);
        let _unused = graph.constant(x);
        Tape::of(&[input], &[f(input, x)]).unwrap()
    };
    let through = |x: f64| tape(x, |x, _| (x * 2.0 + arr1(&[0.5, 1.0])).tanh().sum());
    assert!(through(0.5).is_same(&through(0.75)));
    let beside = |x: f64| tape(x, |x, number| x * number);
    assert!(beside(0.5).is_same(&beside(0.5)) && !beside(0.5).is_same(&beside(0.75)));
    let constant = |x: f64| tape(x, |x, number| x * arr1(&[number, 1.0]));
    assert!(!constant(0.5).is_same(&constant(0.75)));
    let branch = |x: f64| tape(x, |x, number| if number > 0.6 { x.exp() } else { x.sin() });
    assert!(!branch(0.5).is_same(&branch(0.75)));
}

#[test]
fn a_value_that_is_not_the_oracles_is_named_with_its_operation() {
    let graph = Graph::new();
    let x = graph.constant([0.5, 1.0]);
    let mut tape = Tape::of(&[x], &[x.exp().sin().sum()]).unwrap();
    assert_eq!(super::values(&tape).unwrap().count, 5);
    let sine = tape.nodes.iter_mut().find(|node| node.name == "sin").unwrap();
    sine.value.data[1] *= 1.0 + 1e-14;
    let cause = super::values(&tape).unwrap_err();
    let text = cause.headline();
    assert!(text.starts_with("the value is wrong: `sin` at ") && text.ends_with(", element [1]"), "{text}");
}
