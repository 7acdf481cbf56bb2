//! How far an error goes: to everything computed from it, first one first, and no farther; scopes, lines and listings.

use std::cell::RefCell;
use std::fmt::{self, Write};

use chainrule::graph::{Binary, Error, ErrorKind, Graph, Unary, Var, jvp, keep, vjp};
use chainrule::ndarray::array;

#[test]
fn everything_computed_from_an_invalid_node_returns_its_error() {
    let graph = Graph::new();
    let (x, m) = (graph.variable("x", [1.0, 2.0]), graph.full([2, 2], 1.0));
    let (line, bad) = (line!(), x + array![1.0, 2.0, 3.0]);
    let mut all = vec![bad, -bad, bad + 1.0, 1.0 - bad, bad * 2.0, 3.0 / bad];
    all.extend([bad + x, x + bad, bad * x, x / bad, bad - bad, bad + array![1.0], bad * &array![[1.0]]]);
    all.extend([bad.matmul(x), x.matmul(bad), m.matmul(bad), bad.matmul(bad), bad.matmul([1.0, 2.0])]);
    all.extend([
        bad.reshape([3]),
        bad.reshape([usize::MAX, 9]),
        bad.t(),
        bad.permute([0, 1]),
        bad.permute([5]),
    ]);
    all.extend([bad.broadcast_to([2, 2]), bad.broadcast_to([usize::MAX, 2]), bad.detach()]);
    all.extend([bad.sum(), bad.mean(), bad.sum_axes(0), bad.mean_axes(keep(-1)), bad.sum_axes([7, 7])]);
    all.extend(Unary::all().into_iter().map(|f| bad.map(f)));
    all.extend(Binary::all().into_iter().flat_map(|f| [bad.zip(f, x), x.zip(f, bad)]));
    all.extend([bad.square(), bad.exp(), bad.powi(2), bad.powf(0.5), bad.recip(), bad.relu()]);
    all.push(graph.invalid("mine", &[x, bad], "another", ""));
    all.push((bad.exp() + x).sum().reshape([4]).t().matmul(m));
    for (i, node) in all.into_iter().enumerate() {
        let errors = [
            node.value().unwrap_err(),
            node.item().unwrap_err(),
            node.shape().unwrap_err(),
            node.grad(x).unwrap_err(),
            x.sum().grad(node).unwrap_err(),
            node.vjp(1.0, x).unwrap_err(),
            x.vjp(node, x).unwrap_err(),
            x.vjp(1.0, [x, node]).unwrap_err(),
            node.jvp(x, x).unwrap_err(),
            x.jvp(node, x).unwrap_err(),
            x.jvp(x, node).unwrap_err(),
            vjp([x, node], [x, x], x).unwrap_err(),
            vjp([x, x], [x, node], x).unwrap_err(),
            jvp([x, node], x, x).unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.operation(), error.location().line()), ("add", line), "node {i}: {error}");
        }
    }
}

#[test]
fn of_two_invalid_operands_the_first_one_speaks() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let (a, b) = (x.reshape([3]), x.sum_axes(1));
    let operation = |x: Var<'_>| x.value().unwrap_err().operation().to_owned();
    assert_eq!((operation(a + b), operation(b + a)), ("reshape".into(), "sum_axes".into()));
    assert_eq!((operation(a.matmul(b)), operation(b.matmul(a))), ("reshape".into(), "sum_axes".into()));
    assert_eq!(vjp([x, b], [a, x], x).unwrap_err().operation(), "sum_axes");
}

#[test]
fn the_rest_of_the_graph_stays_usable() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let before = x.square();
    let bad = x + array![1.0, 2.0, 3.0];
    let after = (before * 3.0).sum();
    assert!(bad.value().is_err());
    assert_eq!(after.item().unwrap(), 15.0);
    assert_eq!(after.grad(x).unwrap().value().unwrap(), array![6.0, 12.0].into_dyn());
    assert!(after.grad([x, bad]).is_err());
    assert_eq!(after.jvp(x, graph.constant([1.0, 1.0])).unwrap().item().unwrap(), 18.0);
    assert!(bad.value().is_err());
}

/// A layer of a user's own, which records on behalf of its caller.
#[track_caller]
fn layer<'g>(w: Var<'g>, x: Var<'g>) -> Var<'g> {
    let _scope = w.graph().scope("layer");
    w.matmul(x).tanh()
}

#[track_caller]
fn model<'g>(w: Var<'g>, x: Var<'g>) -> Var<'g> {
    let _scope = w.graph().scope("model");
    layer(w, x)
}

/// The place and the scope of an error.
fn place(x: Var<'_>) -> (u32, String) {
    let error = x.value().unwrap_err();
    assert!(error.location().file().ends_with("spreading.rs"));
    (error.location().line(), error.scope().to_owned())
}

#[test]
fn scopes_name_the_layers_and_fix_the_line() {
    let graph = Graph::new();
    let (w, x) = (graph.full([2, 2], 1.0), graph.full([3], 1.0));
    let (line, wrong) = (line!(), [layer(w, x), model(w, x)]);
    assert_eq!(place(wrong[0]), (line, "layer".into()));
    assert_eq!(place(wrong[1]), (line, "model.layer".into()));
    let text = wrong[1].value().unwrap_err().to_string();
    assert!(text.contains(", in `model.layer`\n  help: "), "{text}");
    // A scope with no function around it; outside of it, lines are those of the calls again.
    let scope = graph.scope("here");
    let opened = line!() - 1;
    let inside = w.matmul(x);
    drop(scope);
    assert_eq!(place(inside), (opened, "here".into()));
    let (line, outside) = (line!(), w.matmul(x));
    assert_eq!(place(outside), (line, String::new()));
    // Of scopes on different lines the outermost is the line of the call that the user knows.
    let outer = graph.scope("outer");
    let opened = line!() - 1;
    let nested = layer(w, x);
    drop(outer);
    assert_eq!(place(nested), (opened, "outer.layer".into()));
    // Guards that are dropped in the wrong order end what they opened, and all is closed in the end.
    let (outer, inner) = (graph.scope("outer"), graph.scope("inner"));
    drop(outer);
    assert_eq!(place(w.matmul(x)).1, "");
    drop(inner);
    assert_eq!(place(w.matmul(x)).1, "");
}

#[test]
fn lines_are_those_of_the_call_in_closures_chains_and_generic_code() {
    let graph = Graph::new();
    let (w, x) = (graph.full([2, 2], 1.0), graph.full([3], 1.0));
    let product = |x| w.matmul(x);
    let line = line!() - 1;
    assert_eq!(place(product(x)).0, line);
    let wrong: Vec<_> = [x].into_iter().map(|x| w + x).collect();
    assert_eq!(place(wrong[0]).0, line!() - 1);
    let folded = [w, x].into_iter().reduce(|a, b| a * b).unwrap();
    assert_eq!(place(folded).0, line!() - 1);
    #[rustfmt::skip] // the call in the middle has a line of its own
    let chain = w
        .exp()
        .matmul(x)
        .sum();
    assert_eq!(place(chain).0, line!() - 2);
    let differentiate = || x.sum().grad(w + x);
    let error = differentiate().unwrap_err();
    assert_eq!(error.location().line(), line!() - 2);
    let error = graph.full([1 << 55], 1.0).value().map_err(|e| (e.kind(), e.location().line())).unwrap_err();
    assert_eq!(error, (ErrorKind::OutOfMemory, line!() - 1));
    let errors: Vec<u32> =
        [[9], [8]].iter().map(|to| x.reshape(to).value().unwrap_err().location().line()).collect();
    assert_eq!(errors, [line!() - 1; 2]);
}

/// Every node remembers a line of this file: also those that broadcasting, means and derivatives record by themselves.
#[test]
fn a_listing_shows_lines_of_the_user_only() {
    let graph = Graph::new();
    let (x, unused) = (graph.variable("x", array![[1.0, 2.0]]), graph.variable("unused", [1.0; 3]));
    let y = ((x + array![1.0, 2.0]).sigmoid() * 2.0 - graph.full([3, 1], 1.0)).mean_axes(keep(0)).mean();
    let bad = x.reshape([7]);
    let [dx, _] = y.grad([x, unused]).unwrap();
    let _ =
        (dx.square().sum().grad(x).unwrap(), jvp([y, unused.sum()], x, x).unwrap(), x.vjp(1.0, x).unwrap());
    let listing = graph.to_string();
    assert_eq!(listing.lines().count(), graph.len());
    for line in listing.lines() {
        assert!(line.contains("spreading.rs:"), "{line}");
    }
    assert_eq!(format!("{graph:?}"), listing);
    let lines: Vec<&str> = listing.lines().collect();
    assert!(lines[0].starts_with("%0 = variable \"x\" [1, 2]  "), "{}", lines[0]);
    assert!(listing.contains("  reshape: [1, 2] has 2 elements, [7] has 7"), "{listing}");
    assert_eq!(format!("{bad:?}"), lines.into_iter().find(|line| line.contains("reshape: ")).unwrap());
}

/// A name that asks the graph it is given to.
struct Asking<'g>(&'g Graph, &'static str);

impl From<Asking<'_>> for String {
    fn from(name: Asking<'_>) -> String {
        let x = name.0.constant(1.0);
        format!("{}{}", name.1, (x + 1.0).item().unwrap())
    }
}

/// A writer that asks the graph it prints.
struct Nosy<'g>(&'g Graph, RefCell<usize>);

impl Write for Nosy<'_> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        *self.1.borrow_mut() += self.0.constant([1.0, 2.0]).sum().value().map_or(0, |v| v.ndim() + 1);
        Ok(())
    }
}

#[test]
fn code_of_the_user_may_use_the_graph_while_the_graph_calls_it() {
    let graph = Graph::new();
    let x = graph.variable(Asking(&graph, "x"), 3.0);
    assert_eq!(graph.get("x2").unwrap().item().unwrap(), 3.0);
    let scope = graph.scope(Asking(&graph, "scope"));
    let wrong = x.reshape([2]);
    drop(scope);
    assert_eq!(wrong.value().unwrap_err().scope(), "scope2");
    let wrong = graph.invalid("mine", &[x], Asking(&graph, "message"), Asking(&graph, "help"));
    let error = wrong.value().unwrap_err();
    assert_eq!((error.message(), error.help()), ("message2", "help2"));
    let mut nosy = Nosy(&graph, RefCell::new(0));
    write!(nosy, "{graph} {graph:?} {x:?}").unwrap();
    assert!(*nosy.1.borrow() > 0);
}

#[test]
fn errors_can_be_kept_sent_and_boxed() {
    fn travels<E: std::error::Error + Clone + Send + Sync + 'static>(_: &E) {}
    let error: Error = {
        let graph = Graph::new();
        graph.constant([1.0, 2.0]).reshape([3]).value().unwrap_err()
    };
    travels(&error);
    let boxed: Box<dyn std::error::Error> = Box::new(error.clone());
    assert_eq!(boxed.to_string(), error.to_string());
}
