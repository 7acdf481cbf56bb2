//! Where gradients end: refusals, `explain`, guards, and `check_finite`.

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

/// Every operation that has no gradient by an operand: refused in all modes, with its name and the line that recorded it; and
/// with another path beside it, or with `detach`, it is no obstacle.
#[test]
fn every_cut_names_its_operation_and_line() {
    let graph = Graph::new();
    let x = graph.variable("x", [0.0, 1.0, 1.0]);
    let table = graph.constant([5.0, 7.0, 9.0]);
    let first = line!() + 2;
    let nodes = [
        x.sign(),
        x.floor(),
        x.less(0.5),
        x.less_equal(0.5),
        x.equal(0.5),
        x.greater(0.5),
        x.greater_equal(0.5),
        x.not_equal(0.5),
        table.less(x),
        x.argmax(0),
        x.argmin(-1),
        x.select(table, 1.0),
        table.take(x, 0),
        table.take_along(x, 0),
        table.scatter_add(x, 1.0 + table, 0),
        graph.one_hot(x, 2),
        table.softmax_cross_entropy_labels(x.take(1, 0)),
    ];
    let names = "sign floor less less_equal equal less less_equal equal less argmax argmin select take take_along scatter_add";
    let names = names.split(' ').chain(["equal", "take_along"]);
    for ((i, node), name) in nodes.into_iter().enumerate().zip(names) {
        let loss = (node * 2.0).sum().exp();
        let wanted =
            format!("every path between the two is cut: `{name}` at {}:{}:", file!(), first + i as u32);
        let ones = graph.full([3], 1.0);
        let errors = [
            (loss.grad(x).unwrap_err(), line!()),
            (loss.vjp(1.0, x).unwrap_err(), line!()),
            (loss.jvp(x, ones).unwrap_err(), line!()),
            (node.jacobian(x).unwrap_err(), line!()),
            (loss.hessian(x).unwrap_err(), line!()),
            (loss.hvp(x, ones).unwrap_err(), line!()),
        ];
        for (error, line) in errors {
            assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line), "{name}: {error}");
            assert!(error.message().starts_with(&wanted), "{error}\nnot {wanted}");
        }
        let Explanation::Cut(places) = explain(loss, x).unwrap() else { panic!("{name}") };
        assert_eq!(places[0].operation, name);
        // beside another path, and on purpose
        let both = loss.detach() * x.sum() + loss * 0.0;
        let slope = loss.item().unwrap();
        assert_eq!(numbers(both.grad(x).unwrap()), [slope; 3], "{name}");
        assert_eq!(numbers(loss.detach().grad(x).unwrap()), [0.0; 3], "{name}");
        assert_eq!(numbers(loss.detach().jvp(x, ones).unwrap()), [0.0], "{name}");
    }
}

/// Slopes that the engine itself makes of steps have derivatives of any order; a step of the user's own in a slope has none.
#[test]
fn steps_in_slopes_are_the_users_only_if_the_user_wrote_them() {
    let graph = Graph::new();
    let x = graph.variable("x", [-2.0, 0.5, 3.0, 0.25]);
    for (i, y) in [
        x.relu(),
        x.abs(),
        x.clamp(-1.0, 1.0),
        x.leaky_relu(0.1),
        x.elu(0.5),
        x.maximum(0.25),
        x.minimum(x * 2.0),
        x.max() * x,
        x.reshape([1, 4]).max_pool1d(chainrule::graph::Pool::new(2)),
        x.norm_axes(0) * x,
        x.prod() * x,
        x.logsumexp() * x,
        x.softmax(0),
        x.square().pow(1.5),
        x.greater(0.0).select(x.powi(3), -x),
        x.take_along(graph.constant([0.0, 0.0, 3.0, 1.0]), 0) * x,
    ]
    .into_iter()
    .enumerate()
    {
        let mut d = y;
        for order in 1..4 {
            d = d.sum().grad(x).unwrap_or_else(|e| panic!("{i}, order {order}: {e}"));
            assert!(numbers(d).iter().all(|d| d.is_finite()), "{i}, order {order}");
        }
    }
    let masked = x * x.greater(0.0);
    let line = line!() - 1;
    let slope = masked.sum().grad(x).unwrap();
    assert_eq!(numbers(slope), [0.0, 1.0, 1.0, 1.0]);
    let error = slope.sum().grad(x).unwrap_err();
    assert!(error.message().contains(&format!("`less` at {}:{line}:", file!())), "{error}");
    let masked = x * x.greater(0.0).detach();
    assert_eq!(numbers(masked.sum().grad(x).unwrap().sum().grad(x).unwrap()), [0.0; 4]);
    // one way cut, the other detached: what was not asked for is refused, and the first of several is named
    let y = x.detach().exp() + x.floor() * x.sign();
    let error = y.sum().grad(x).unwrap_err();
    assert!(error.message().contains("`floor`"), "{error}");
}

#[test]
fn explain_looks_through_every_sort_of_path() {
    let graph = Graph::new();
    let x = graph.variable("x", [-1.0, 2.0]);
    let flows = |y: Var<'_>| assert_eq!(explain(y, x).unwrap(), Explanation::Flows);
    flows(x.relu().sum());
    flows(x.relu());
    flows(x.sign().sum() + x.sum() * 1e-300);
    flows(x.select(x.square(), 0.0).sum());
    let zero = |y: Var<'_>, operation: &str, line| {
        let Explanation::Zero(places) = explain(y, x).unwrap() else { panic!("{operation}") };
        assert_eq!(lines(places), [place(operation, line)]);
    };
    zero((x * 1e6).sigmoid().sum(), "sigmoid", line!());
    zero((x.square() * 0.0).sum(), "mul number", line!());
    zero((x - x).square().sum(), "square", line!());
    zero(x.maximum(5.0).sum(), "maximum", line!());
    let blind = graph.constant([9.0, -9.0]).select(graph.constant(0.0), 1.0).sum();
    zero(blind + (x + 10.0).minimum(1.0).sum(), "minimum", line!());
    // on both sides of the dead one the derivative flows
    let dead = (x.exp() * -1.0).relu();
    let line = line!() - 1;
    zero((dead + 1.0).ln().sum(), "relu", line);
    flows((dead + 1.0).ln().sum() + x.sum());
    assert_eq!(explain(dead, dead).unwrap(), Explanation::Flows);
    let cut = |y: Var<'_>, operations: &[&str]| {
        let Explanation::Cut(places) = explain(y, x).unwrap() else { panic!("{operations:?}") };
        assert_eq!(places.iter().map(|p| &p.operation[..]).collect::<Vec<_>>(), operations);
    };
    cut(x.floor().exp().sum(), &["floor"]);
    cut(x.floor().sign().detach().sum(), &["floor", "sign", "detach"]);
    cut(x.argmax(0) * x.detach(), &["argmax", "detach"]);
    assert_eq!(explain(graph.constant(3.0).floor(), x).unwrap(), Explanation::Independent);
}

/// Which node is the first not finite: a leaf, a value in the middle, a slope, a slope's slope; and off, none is refused.
#[test]
fn check_finite_in_every_order_and_off() {
    let graph = Graph::new();
    let x = graph.variable("x", [0.0, 4.0]);
    let big = graph.constant([1e200, 1.0]);
    let line = line!();
    let product = big * big * 1e-300 + x;
    let root = x.powf(1.5).sum();
    let bad = graph.full([2], f64::NEG_INFINITY);
    let all = [
        (product.sum(), "mul", line + 1),
        (root.grad(x).unwrap().sum().grad(x).unwrap(), "powf", line + 2),
        (bad.exp(), "constant", line + 3),
    ];
    for (node, operation, line) in all {
        graph.check_finite(true);
        let error = node.value().unwrap_err();
        assert_eq!((error.kind(), error.location().line()), (ErrorKind::NotFinite, line), "{error}");
        assert!(error.operation().contains(operation), "{error}, not {operation}");
        graph.check_finite(false);
        assert!(node.value().is_ok() && graph.compute(node).is_ok());
    }
    graph.check_finite(true);
    assert_eq!(root.item().unwrap(), 8.0);
    assert_eq!((x.sum() + 1.0).item().unwrap(), 5.0);
    let f32s = Graph::f32();
    f32s.check_finite(true);
    let error = f32s.constant([1e30_f32]).square().value().unwrap_err();
    assert_eq!((error.operation(), error.message()), ("square", "the value is inf at [0]"));
}

/// What was refused is refused again, with the same words, however often one asks and for whatever is computed from it: the
/// value that was not finite is never handed out, nor called a finite operand.
#[test]
fn what_check_finite_refuses_it_refuses_again() {
    let graph = Graph::new();
    graph.check_finite(true);
    let log = graph.variable("x", [1.0, 0.0]).ln();
    let error = (log * 2.0).sum().value().unwrap_err();
    assert_eq!((error.operation(), error.location().line()), ("ln", line!() - 2));
    for later in [log, log * 2.0, log.exp().sum(), log] {
        let again = later.value().map(|value| panic!("{value} was handed out")).unwrap_err();
        assert_eq!(again.to_string(), error.to_string());
    }
}
