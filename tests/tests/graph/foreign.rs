//! Nodes of another graph are refused at every entry that takes more than one node, with the line of the call.

use chainrule::graph::{Binary, Error, ErrorKind, Graph, jvp, vjp};
use chainrule::layers::{Params, Sequential, error, half_squared_error, mean_squared_error};

#[track_caller]
fn is(error: &Error, operation: &str, line: u32) {
    assert_eq!((error.kind(), error.operation()), (ErrorKind::ForeignNode, operation));
    assert_eq!(error.message(), "an operand belongs to another graph");
    assert_eq!(
        error.help(),
        "record both in one graph, or carry the value over: `graph.constant(other.value()?)`"
    );
    assert!(error.location().file().ends_with("foreign.rs"));
    assert_eq!(error.location().line(), line, "{error}");
}

/// Two graphs with a node each that looks like the other's: the same number, shape and name.
fn twins() -> (Graph, Graph) {
    let pair = (Graph::new(), Graph::new());
    for graph in [&pair.0, &pair.1] {
        graph.variable("x", [1.0, 2.0]);
    }
    pair
}

#[test]
fn operators_and_products_refuse_nodes_of_another_graph() {
    let (here, there) = twins();
    let (a, b) = (here.get("x").unwrap(), there.get("x").unwrap());
    let (line, wrong) = (line!(), [a + b, a - b, a * b, a / b, a.matmul(b)]);
    for (x, operation) in wrong.iter().zip(["add", "sub", "mul", "div", "matmul"]) {
        is(&x.value().unwrap_err(), operation, line);
        assert_eq!(x.value().unwrap_err().shapes(), [[2]]);
    }
    // The node belongs to the graph on the left; the other way round it is the same.
    assert!(std::ptr::eq(wrong[0].graph(), &here));
    is(&(b + a).value().unwrap_err(), "add", line!());
    for f in Binary::all() {
        is(&a.zip(f, b).value().unwrap_err(), f.name(), line!());
    }
    // Both graphs go on.
    assert_eq!((a.sum().item().unwrap(), (b * b).sum().item().unwrap()), (3.0, 5.0));
}

#[test]
fn derivatives_refuse_nodes_of_another_graph() {
    let (here, there) = twins();
    let (a, b) = (here.get("x").unwrap(), there.get("x").unwrap());
    let y = a.square().sum();
    is(&y.grad(b).unwrap_err(), "grad", line!());
    is(&y.grad([a, b]).unwrap_err(), "grad", line!());
    is(&a.vjp(b, a).unwrap_err(), "vjp", line!());
    is(&a.vjp(there.constant(1.0), a).unwrap_err(), "vjp", line!());
    is(&a.vjp(a, b).unwrap_err(), "vjp", line!());
    is(&a.jvp(b, a).unwrap_err(), "jvp", line!());
    is(&a.jvp(a, b).unwrap_err(), "jvp", line!());
    is(&vjp([a, b], [a, a], a).unwrap_err(), "vjp", line!());
    is(&vjp([a, a], [a, b], a).unwrap_err(), "vjp", line!());
    is(&vjp([a, a], [a, a], b).unwrap_err(), "vjp", line!());
    is(&jvp([a, b], a, a).unwrap_err(), "jvp", line!());
    is(&jvp([a, a], b, a).unwrap_err(), "jvp", line!());
    is(&jvp([a, a], [a, a], [a, b]).unwrap_err(), "jvp", line!());
    assert_eq!(y.grad(a).unwrap().value().unwrap(), chainrule::ndarray::array![2.0, 4.0].into_dyn());
}

#[test]
fn a_node_carried_over_by_its_value_is_welcome() {
    let (here, there) = twins();
    let (a, b) = (here.get("x").unwrap(), there.get("x").unwrap());
    let carried = here.constant(b.value().unwrap());
    assert_eq!((a * carried).sum().item().unwrap(), 5.0);
}

#[test]
fn errors_made_for_foreign_operands_show_the_shapes_of_the_own() {
    let (here, there) = twins();
    let (a, b) = (here.get("x").unwrap(), there.get("x").unwrap().reshape([7]));
    let wrong = here.invalid("mine", &[b, a], "no", "");
    assert_eq!(wrong.value().unwrap_err().shapes(), [[2]]);
}

#[test]
fn layers_and_losses_refuse_nodes_of_another_graph() {
    let (here, there) = twins();
    let (a, b) = (here.get("x").unwrap(), there.get("x").unwrap());
    for wrong in [error(a, b), half_squared_error(a, b), mean_squared_error(a, b)] {
        assert_eq!(wrong.value().unwrap_err().kind(), ErrorKind::ForeignNode);
    }
    let model = Sequential::new().dense(2, 1);
    let bound = Params::init(&model, 1).unwrap().bind(&here);
    let (line, wrong) = (line!(), bound.apply(&model, b));
    let refused = wrong.value().unwrap_err();
    assert_eq!((refused.operation(), refused.location().line()), ("apply", line));
    assert_eq!(refused.message(), "the input belongs to another graph");
    assert_eq!(bound.apply(&model, a).shape().unwrap(), [1]);
    assert_eq!(b.sum().grad(bound).unwrap_err().kind(), ErrorKind::ForeignNode);
}
