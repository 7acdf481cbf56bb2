//! Long chains on small stacks, wide sums, and values that nobody asks for.
//!
//! No time is asserted: what is not linear in the number of nodes does not end, what recurses overflows the stack.

use chainrule::graph::{ErrorKind, Graph, Var};

const MILLION: usize = 1_000_000;

/// Runs a test on a thread with a stack of 2 MiB, the size that threads have by default, whatever the environment says.
fn on_a_small_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_chain_of_a_million_nodes_is_recorded_differentiated_read_and_dropped() {
    on_a_small_stack(|| {
        let graph = Graph::new();
        let x = graph.variable("x", 0.5);
        // Each step x -> -x: an even number of them is x again, so the value and the slope of x² are exact.
        let y = (0..MILLION).fold(x, |y, _| -y);
        assert!(graph.len() > MILLION);
        let z = y.square();
        assert_eq!(z.item().unwrap(), 0.25);
        let slope = z.grad(x).unwrap();
        assert_eq!(slope.item().unwrap(), 1.0);
        assert_eq!(z.jvp(x, graph.constant(3.0)).unwrap().item().unwrap(), 3.0);
        // A million lines of text, too.
        assert!(graph.to_string().lines().count() > 3 * MILLION);
        drop(graph);
    });
}

#[test]
fn a_million_nodes_are_read_without_a_value_in_between() {
    on_a_small_stack(|| {
        let graph = Graph::f32();
        let x = graph.variable("x", [1.0, 2.0]);
        let y = (0..MILLION).fold(x, |y, _| y + 1.0);
        assert_eq!(y.sum().item().unwrap(), 2.0 * MILLION as f32 + 3.0);
    });
}

#[test]
fn an_error_spreads_through_a_million_nodes() {
    on_a_small_stack(|| {
        let graph = Graph::new();
        let x = graph.variable("x", [1.0, 2.0]);
        let y = (0..MILLION).fold(x.reshape([3]), |y, _| y + x);
        assert_eq!(y.value().unwrap_err().operation(), "reshape");
        assert_eq!(x.sum().item().unwrap(), 3.0);
    });
}

#[test]
fn second_and_third_derivatives_of_a_long_chain() {
    on_a_small_stack(|| {
        let graph = Graph::new();
        let x = graph.variable("x", 1.5);
        let y = (0..10_000).fold(x, |y, _| -y).powi(3);
        let first = y.grad(x).unwrap();
        let second = first.grad(x).unwrap();
        let third = second.grad(x).unwrap();
        let values = [first, second, third].map(|d| d.item().unwrap());
        assert_eq!(values, [6.75, 9.0, 6.0]);
        // A nonlinear chain: y -> y² / y, where every step has a second derivative of its own. At a power of 2 it is exact.
        let two = graph.variable("two", 2.0);
        let z = (0..1000).fold(two, |y, _| y * y / y);
        let first = z.grad(two).unwrap();
        assert_eq!((first.item().unwrap(), first.grad(two).unwrap().item().unwrap()), (1.0, 0.0));
    });
}

#[test]
fn one_node_with_a_hundred_thousand_users_collects_all_of_them() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0);
    let users = (0..100_000).map(|i| x * f64::from(i % 8));
    let y = users.reduce(|sum, user| sum + user).unwrap();
    // 12500 times 0 + 1 + ... + 7
    assert_eq!(y.item().unwrap(), 350_000.0);
    assert_eq!(y.grad(x).unwrap().item().unwrap(), 350_000.0);
    assert_eq!(y.jvp(x, graph.constant(2.0)).unwrap().item().unwrap(), 700_000.0);
}

#[test]
fn a_hundred_thousand_inputs_get_a_gradient_each() {
    let graph = Graph::new();
    let inputs: Vec<Var<'_>> = (0..100_000).map(|i| graph.variable(format!("x{i}"), f64::from(i))).collect();
    let y = inputs.iter().map(|x| x.square()).reduce(|a, b| a + b).unwrap();
    let gradients = y.grad(inputs).unwrap();
    for (i, gradient) in gradients.into_iter().enumerate() {
        assert_eq!(gradient.item().unwrap(), 2.0 * i as f64);
    }
}

/// A value that there is no memory for: if reading another node computed it, that would fail.
#[test]
fn reading_a_node_computes_what_it_needs_and_nothing_else() {
    let graph = Graph::new();
    let huge = graph.full([1 << 55], 1.0) * 2.0;
    let x = graph.variable("x", 3.0);
    let dependent = huge.sum() * x;
    let y = x.square();
    assert_eq!(y.item().unwrap(), 9.0);
    assert_eq!(y.grad(x).unwrap().item().unwrap(), 6.0);
    assert_eq!(huge.value().unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(dependent.item().unwrap_err().kind(), ErrorKind::OutOfMemory);
    // The tangent for the factor that is there needs none of it; the gradient for x would.
    assert_eq!((y + dependent.detach() * 0.0).grad(x).unwrap().item().unwrap(), 6.0);
    assert_eq!(dependent.grad(x).unwrap().item().unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!((y * 2.0).item().unwrap(), 18.0);
}
