//! Where gradients end: refusals, `explain`, guards, and `check_finite`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use chainrule::graph::{ErrorKind, Explanation, Graph, Place, Var, explain};
use ndarray::array;

fn numbers(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().iter().copied().collect()
}

fn place(operation: &str, line: u32) -> Place {
    Place { operation: operation.to_owned(), line: format!("{}:{line}", file!()) }
}

/// The places without the columns, which say nothing to a reader of this file.
fn lines(places: Vec<Place>) -> Vec<Place> {
    let cut = |line: String| line.rsplit_once(':').map_or(line.clone(), |(line, _)| line.to_owned());
    places.into_iter().map(|p| Place { line: cut(p.line), ..p }).collect()
}

#[test]
fn a_gradient_that_only_steps_could_carry_is_refused_with_the_line() {
    let graph = Graph::new();
    let x = graph.variable("x", [0.5, -1.5]);
    let rounded = (x * 2.0).floor();
    let line = line!() - 1;
    let loss = (rounded - 1.0).square().sum();
    let error = loss.grad(x).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line!() - 1));
    let want = format!("every path between the two is cut: `floor` at {}:{line}:", file!());
    assert!(error.message().starts_with(&want), "{error}");
    assert!(error.help().contains("`detach`"));
    let ones = graph.constant([1.0, 1.0]);
    assert_eq!(loss.jvp(x, ones).unwrap_err().kind(), ErrorKind::Cut);
    // beside another path there is no loss
    let straight = x + (x.floor() - x).detach();
    assert_eq!(numbers(straight.sum().grad(x).unwrap()), [1.0, 1.0]);
    assert_eq!(numbers((x * x.greater(0.0)).sum().grad(x).unwrap()), [1.0, 0.0]);
    // asked for, it is a zero
    assert_eq!(numbers(rounded.detach().sum().grad(x).unwrap()), [0.0, 0.0]);
    assert_eq!(numbers((x.detach().floor() * 2.0).sum().grad(x).unwrap()), [0.0, 0.0]);
    // of several inputs, one is enough
    let y = graph.variable("y", 3.0);
    assert_eq!((y * x.sign().sum()).grad((x, y)).unwrap_err().kind(), ErrorKind::Cut);
    assert_eq!(numbers((y * x.sign().sum()).grad([y]).unwrap()[0]), [0.0]);
    // no path at all is no cut
    assert_eq!(numbers(y.grad(x).unwrap()), [0.0, 0.0]);
}

#[test]
fn indices_and_conditions_carry_none_and_need_none() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[1.0, 5.0, 2.0], [7.0, 0.0, 3.0]]);
    let best = x.argmax(1);
    assert_eq!(best.sum().grad(x).unwrap_err().kind(), ErrorKind::Cut);
    let largest = x.take_along(best.unsqueeze(1), 1).sum();
    assert_eq!(
        largest.grad(x).unwrap().value().unwrap(),
        array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]].into_dyn()
    );
    let index = graph.variable("index", [0.0, 1.0]);
    assert_eq!(graph.one_hot(index, 2).sum().grad(index).unwrap_err().kind(), ErrorKind::Cut);
    let table = graph.variable("table", [3.0, 4.0]);
    assert_eq!(table.take(index, 0).sum().grad(index).unwrap_err().kind(), ErrorKind::Cut);
    let choice = index.select(table, 0.0);
    assert_eq!(choice.sum().grad(index).unwrap_err().kind(), ErrorKind::Cut);
    assert_eq!(numbers(choice.sum().grad(table).unwrap()), [0.0, 1.0]);
}

/// The slope of a kink is a step that nobody has written: its derivative is the zero that it is.
#[test]
fn second_derivatives_of_kinks_are_zero_and_no_error() {
    let graph = Graph::new();
    let x = graph.variable("x", [-2.0, 0.5, 3.0]);
    for y in [x.relu(), x.abs(), x.clamp(-1.0, 1.0), x.maximum(0.25), x.leaky_relu(0.1), x.max() + x * 0.0] {
        let [dx] = y.sum().grad([x]).unwrap();
        let [ddx] = dx.sum().grad([x]).unwrap();
        assert_eq!(numbers(ddx), [0.0; 3]);
    }
}

#[test]
fn explain_names_what_makes_a_gradient_zero() {
    let graph = Graph::new();
    let x = graph.variable("x", [-1.0, -2.0]);
    assert_eq!(explain(x.exp().sum(), x).unwrap(), Explanation::Flows);
    assert_eq!(explain(graph.constant(1.0).exp(), x).unwrap(), Explanation::Independent);
    assert_eq!(explain(x, x).unwrap(), Explanation::Flows);

    let y = x.detach().exp() + x.sign();
    let Explanation::Cut(places) = explain(y.sum(), x).unwrap() else { panic!() };
    assert_eq!(lines(places), [place("detach", line!() - 2), place("sign", line!() - 2)]);

    let dead = (x * 3.0).relu();
    let line = line!() - 1;
    let clamped = x.clamp(0.0, 1.0);
    let Explanation::Zero(places) = explain((dead + clamped).sum(), x).unwrap() else { panic!() };
    assert_eq!(lines(places), [place("clamp", line + 2), place("relu", line)]);

    let masked = graph.constant([0.0, 0.0]).select(x, 1.0).sum();
    let explanation = explain(masked, x).unwrap();
    assert!(explanation.to_string().starts_with("nothing passes at these values"), "{explanation}");
    let Explanation::Zero(places) = explanation else { panic!() };
    assert_eq!(lines(places), [place("select", line!() - 4)]);

    let other = Graph::new();
    assert_eq!(explain(other.constant(1.0), x).unwrap_err().kind(), ErrorKind::ForeignNode);
    assert_eq!(explain(x.reshape([3]).sum(), x).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn check_finite_names_the_first_node_that_is_not() {
    let graph = Graph::new();
    graph.check_finite(true);
    let x = graph.variable("x", array![[1.0, 2.0], [0.0, 4.0]]);
    let y = x.recip();
    let loss = (y * 0.5).sum();
    let error = loss.value().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFinite, "div number by"));
    assert_eq!(error.location().line(), line!() - 4);
    assert_eq!(error.message(), "the value is inf at [1, 0]");
    // a leaf
    let bad = graph.variable("bad", [1.0, f64::NAN]);
    let error = (bad * 2.0).value().unwrap_err();
    assert_eq!((error.operation(), error.location().line()), ("variable", line!() - 2));
    // a gradient whose value is finite
    let z = x.sqrt().sum();
    assert!(z.value().is_ok());
    let error = z.grad(x).unwrap().value().unwrap_err();
    assert!(error.operation().starts_with("derivative of sqrt"), "{error}");
    assert_eq!(error.location().line(), line!() - 4);
    // off again, everything has its value
    graph.check_finite(false);
    assert_eq!(loss.item().unwrap(), f64::INFINITY);
    assert_eq!(x.sum().item().unwrap(), 7.0);
}

#[test]
fn a_branch_is_a_guard_of_the_graph() {
    let graph = Graph::new();
    let x = graph.variable("x", 3.0);
    assert!(x.greater(0.0).holds().unwrap());
    assert!(!x.less(0.0).holds().unwrap());
    let listing = graph.to_string();
    assert!(listing.contains("holds true(") && listing.contains("holds false("), "{listing}");
    assert_eq!(graph.constant([1.0, 2.0]).holds().unwrap_err().kind(), ErrorKind::NotScalar);
}
