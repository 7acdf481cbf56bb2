//! Random calls with random, mostly wrong arguments: nothing panics, every error points into this file, and what was
//! right before and beside the wrong calls stays right.

use chainrule::graph::{Binary, Error, Graph, Unary, Var, jvp, keep, vjp};
use chainrule::ndarray::{Array, IxDyn};
use proptest::collection::vec;
use proptest::prelude::*;

/// One call: what, on which nodes, with which numbers.
type Call = (u8, usize, usize, Vec<isize>, f64);

fn calls() -> impl Strategy<Value = Vec<Call>> {
    // Small numbers are sometimes right; large ones never.
    let whole =
        prop_oneof![8 => -3_isize..5, 1 => any::<isize>(), 1 => Just(isize::MIN), 1 => Just(isize::MAX)];
    let number = prop_oneof![4 => -2.0..2.0_f64, 1 => any::<f64>()];
    vec((any::<u8>(), any::<usize>(), any::<usize>(), vec(whole, 0..5), number), 1..40)
}

/// Sizes that an array may have here; those that would only fill the memory of the machine are left out.
fn small(numbers: &[isize]) -> Vec<usize> {
    numbers.iter().map(|n| n.unsigned_abs() % 4).collect()
}

/// Sizes without bounds, for calls that compute nothing: absurd ones are refused, and the rest is never read.
fn wild(numbers: &[isize]) -> Vec<usize> {
    numbers.iter().map(|n| n.unsigned_abs()).collect()
}

fn here(error: &Error) {
    let text = error.to_string();
    assert!(error.location().file().ends_with("no_panic.rs"), "{text}");
    assert!(
        !error.operation().is_empty() && !error.message().is_empty() && !error.help().is_empty(),
        "{text}"
    );
}

fn call<'g>(
    graph: &'g Graph,
    other: &'g Graph,
    nodes: &[Var<'g>],
    (kind, a, b, numbers, c): &Call,
) -> Vec<Var<'g>> {
    let a = nodes[a % nodes.len()];
    let b = nodes[b % nodes.len()];
    let (shape, axes, c) = (small(numbers), numbers.as_slice(), *c);
    let (first, foreign) = (numbers.first().copied().unwrap_or(0), other.constant([1.0, 2.0]));
    let unary = Unary::<f64>::all();
    let either = |result: Result<Var<'g>, Error>| result.map_err(|error| here(&error)).into_iter().collect();
    match kind % 32 {
        0 => vec![graph.constant(Array::from_elem(IxDyn(&shape), c))],
        1 => vec![graph.variable(format!("v{}", first % 3), c)],
        2 => {
            let huge = graph.full(wild(numbers), c);
            vec![huge, huge + b, huge.t(), huge.matmul(a), a.matmul(huge), huge.reshape(shape)]
        }
        3 => vec![a + b, c - a],
        4 => vec![a - b, a / c],
        5 => vec![a * b, c * a],
        6 => vec![a / b, c / a],
        7 => vec![a.matmul(b), a.matmul(vec![c; shape.len()])],
        8 => vec![a.reshape(shape)],
        9 => vec![a.reshape(wild(numbers))],
        10 => vec![a.permute(axes), a.t()],
        11 => vec![a.broadcast_to(shape)],
        12 => vec![a.sum_axes(axes), a.sum()],
        13 => vec![a.mean_axes(keep(axes)), a.mean()],
        14 => vec![a.map(unary[first.unsigned_abs() % unary.len()])],
        15 => vec![a.powi(first as i32), a.powf(c)],
        16 => Binary::all().into_iter().map(|f| a.zip(f, b)).collect(),
        17 => vec![a.detach(), -a],
        18 => vec![a + foreign, a.matmul(foreign)],
        19 => vec![graph.invalid("mine", &[a, foreign], "no", "yes")],
        20 => graph.get(&format!("v{}", first % 3)).into_iter().collect(),
        21 => graph.variables().into_values().collect(),
        22 => either(a.grad(b)),
        23 => either(a.sum().grad(b)),
        24 => either(a.vjp(b, a)),
        25 => either(a.vjp(c, b)),
        26 => either(a.jvp(b, a)),
        27 => either(a.jvp(b, b)),
        28 => either(vjp([a, b], [b, a], a)),
        29 => match jvp(vec![a, b], vec![b; shape.len()], vec![a; first.unsigned_abs() % 4]) {
            Ok(tangents) => tangents,
            Err(error) => {
                here(&error);
                vec![]
            }
        },
        30 => either(a.vjp(foreign, b)),
        _ => either(a.grad(foreign)),
    }
}

/// `PROPTEST_CASES`, where set, makes a soak of it.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_panics_and_every_error_points_here(calls in calls()) {
        let (mut graph, other) = (Graph::new(), Graph::new());
        for round in 0..2 {
            let anchor = graph.variable("anchor", [1.0, 2.0, 3.0]);
            let mut nodes = vec![anchor];
            let mut seen = Vec::new();
            for call_ in &calls {
                let scope = (call_.1 % 5 == 0).then(|| graph.scope("scope"));
                let new = call(&graph, &other, &nodes, call_);
                drop(scope);
                for node in new {
                    match node.shape() {
                        // Some are recorded and never read: there is no memory for them, or no time.
                        Ok(shape) if shape.iter().product::<usize>() > 5000 => continue,
                        Ok(shape) => match node.value() {
                            Ok(value) => {
                                prop_assert_eq!(value.shape(), shape.as_slice());
                                seen.push((node, value));
                            }
                            Err(error) => here(&error),
                        },
                        Err(error) => here(&error),
                    }
                    nodes.push(node);
                }
                let _ = (node_text(&nodes), graph.len());
            }
            // The anchor's own derivative is what it was, whatever has happened around it.
            let slope = anchor.square().sum().grad(anchor).unwrap().value().unwrap();
            prop_assert_eq!(slope.iter().copied().collect::<Vec<_>>(), vec![2.0, 4.0, 6.0]);
            // What has been read reads the same again, bit for bit.
            for (node, value) in seen {
                let again = node.value().unwrap();
                prop_assert!(again.iter().zip(&value).all(|(a, b)| a.to_bits() == b.to_bits()), "round {}", round);
            }
            prop_assert_eq!(graph.to_string().lines().count(), graph.len());
            graph.clear();
        }
    }
}

/// The line of the newest node.
fn node_text(nodes: &[Var<'_>]) -> Option<String> {
    nodes.last().map(|node| format!("{node:?}"))
}

/// Most calls are wrong, and many are not: otherwise the test above shows nothing.
#[test]
fn the_random_calls_are_right_and_wrong_in_turn() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut right, mut wrong) = (0, std::collections::BTreeMap::new());
    for _ in 0..300 {
        let (graph, other) = (Graph::new(), Graph::new());
        let mut nodes = vec![graph.variable("anchor", [1.0, 2.0, 3.0])];
        for one in calls().new_tree(&mut runner).unwrap().current() {
            let new = call(&graph, &other, &nodes, &one);
            for node in &new {
                match node.shape() {
                    Ok(_) => right += 1,
                    Err(error) => *wrong.entry(format!("{:?}", error.kind())).or_insert(0) += 1,
                }
            }
            nodes.extend(new);
        }
    }
    assert!(right > 1000, "{right} right");
    for kind in ["Shape", "Axis", "ForeignNode", "DuplicateName", "TooLarge", "Argument"] {
        assert!(wrong.get(kind).is_some_and(|&n| n > 20), "{kind}: {wrong:?}");
    }
}
