//! Trees for the terminal.

use crate::support::{hostile, loss, without_places};
use chainrule_graph::{ErrorKind, Graph};
use chainrule_view::View;
use insta::assert_snapshot;

#[test]
fn a_formula_is_a_tree_with_values_and_gradients() {
    let graph = Graph::new();
    let (loss, _) = loss(&graph);
    let text = without_places(&graph.tree().values(true).gradients(loss).to_string());
    assert_snapshot!(text, @"
    %10 div by number 2 []  = 0.232  grad 1
    └─ %9 sum [0] []  = 0.464  grad 0.5
       └─ %8 square [2]  = [0.1535, 0.3105]  grad [0.5, 0.5]
          └─ %7 sub [2]  = [-0.3917, 0.5572]  grad [-0.3917, 0.5572]
             ├─ %6 sigmoid [2]  = [0.6083, 0.5572]  grad [-0.3917, 0.5572]
             │  └─ %5 add [2]  = [0.44, 0.23]  grad [-0.09334, 0.1375]
             │     ├─ %4 matmul [2]  = [0.34, 0.23]  grad [-0.09334, 0.1375]
             │     │  ├─ %0 w [2, 3]  = [[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]  grad -0.06534..0.09624, mean 0.01324
             │     │  └─ %2 constant [3]  = [0.5, 0.6, 0.7]  grad [-5.061e-4, -0.00492, 0.004414]
             │     └─ %1 b [2]  = [0.1, 0]  grad [-0.09334, 0.1375]
             └─ %3 constant [2]  = [1, 0]  grad [0.3917, -0.5572]
    ");
}

#[test]
fn derivatives_say_of_what_and_can_be_left_out() {
    let graph = Graph::new();
    let (loss, [w, _]) = loss(&graph);
    let [dw] = loss.grad([w]).unwrap();
    let text = without_places(&graph.tree().of(dw).to_string());
    assert_snapshot!(text, @"
    %21 matmul [2, 3]  of %4 matmul
    ├─ %20 reshape [2, 1]  of %4 matmul
    │  └─ %17 chain [2]  of %6 sigmoid
    │     ├─ %16 logistic density [2]  of %6 sigmoid
    │     │  └─ %5 add [2]
    │     │     ├─ %4 matmul [2]
    │     │     │  ├─ %0 w [2, 3]
    │     │     │  └─ %2 constant [3]
    │     │     └─ %1 b [2]
    │     └─ %15 chain [2]  of %8
    │        ├─ %14 mul number 2 [2]  of %8
    │        │  └─ %7 sub [2]
    │        │     ├─ %6 sigmoid [2]
    │        │     │  └─ %5 add (above)
    │        │     └─ %3 constant [2]
    │        └─ %13 broadcast [0] [2]  of %9
    │           └─ %12 div by number 2 []  of %10
    │              └─ %11 constant []
    └─ %19 permute [1, 0] [1, 3]  of %4 matmul
       └─ %18 reshape [3, 1]  of %4 matmul
          └─ %2 constant
    ");
    // Neither the derivative nor the seed that it began with.
    let forward = graph.tree().backward(false).to_string();
    let whole = { Graph::new() };
    crate::support::loss(&whole);
    assert_eq!(without_places(&forward), without_places(&whole.tree().to_string()));
}

#[test]
fn a_scope_is_folded_with_its_leaves_and_its_derivative() {
    let graph = Graph::new();
    let (x, w) = (graph.constant([1.0, 2.0]), graph.variable("w", [0.5, -0.5]));
    let scope = graph.scope("layer");
    let z = (x * w + 1.0).tanh();
    drop(scope);
    let loss = z.sum();
    let [dw] = loss.grad([w]).unwrap();
    let text = without_places(&graph.tree().fold(true).values(true).to_string());
    // `w` and `x` are used by nothing but the layer and its derivative.
    assert_snapshot!(text, @"
    %5 sum [0] []  = 0.9051
    └─ layer (5 nodes) [2]  = [0.9051, 0]
    layer backward (5 nodes) [2]  = [0.1807, 2]
    ├─ layer (above)
    └─ %7 broadcast [0] [2]  = [1, 1]  of %5 sum [0]
       └─ %6 constant []  = 1
    ");
    assert_eq!(dw.value().unwrap().as_slice().map(<[f64]>::len), Some(2));
}

#[test]
fn a_limit_says_what_is_missing() {
    let graph = Graph::new();
    let (_, _) = loss(&graph);
    let text = without_places(&graph.tree().limit(3).to_string());
    assert_snapshot!(text, @"
    %10 div by number 2 []
    └─ %9 sum [0] []
       └─ %8 square [2]  from %7, not shown
    (8 nodes are not shown)
    ");
    assert_eq!(graph.tree().limit(0).to_string(), "(11 nodes are not shown)\n");
    assert_eq!(Graph::new().tree().to_string(), "");
}

#[test]
fn invalid_nodes_say_why_and_terminals_are_safe() {
    let graph = Graph::new();
    hostile(&graph);
    let text = graph.tree().values(true).to_string();
    assert!(text.contains("invalid  ! add: [2] and [3] cannot be broadcast"));
    assert!(text.contains("! no value: the matrix is singular"));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}'));
    // Every node has its line, and no name makes another one.
    assert_eq!(text.lines().filter(|line| !line.ends_with("(above)")).count(), graph.len());
}

#[test]
fn what_goes_wrong_is_printed_and_returned() {
    let (graph, other) = (Graph::new(), Graph::new());
    let (loss, [w, _]) = loss(&graph);
    let picture = graph.tree().of(loss).of(other.variable("z", 1.0));
    let error = picture.to_text().unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::ForeignNode, line!() - 2));
    assert!(picture.to_string().contains("of: the node belongs to another graph\n  --> "));
    assert_eq!(graph.tree().gradients(w).to_text().unwrap_err().kind(), ErrorKind::NotScalar);
    let error = graph.tree().save("no/such/folder/tree.txt").unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::File, line!() - 1));
    assert!(error.message().contains("no/such/folder/tree.txt"));
}

#[test]
fn nodes_without_a_derivative_have_no_gradient() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, -2.0, 3.0]);
    let mask = x.greater(0.0);
    let y = mask.select(x.square(), x.detach()).sum();
    let unused = x.exp();
    let text = graph.tree().gradients(y).to_string();
    let line =
        |number: usize| text.lines().find(|line| line.contains(&format!("%{number} "))).unwrap().to_owned();
    assert!(line(x.number()).contains("grad [2, 0, 6]"), "{text}");
    assert!(line(y.number()).contains("grad 1"));
    assert!(!line(mask.number()).contains("grad") && !line(unused.number()).contains("grad"));
}

#[test]
fn a_chain_of_a_hundred_thousand_nodes_is_written_without_recursion_in_short_lines() {
    let graph = Graph::new();
    let mut y = graph.variable("x", 1.0);
    for _ in 0..50_000 {
        y = y.sin() * 1.5;
    }
    let text = graph.tree().to_string();
    assert_eq!(text.lines().filter(|line| !line.contains("(below)")).count(), graph.len());
    assert!(text.lines().all(|line| line.chars().count() < 120));
    assert_eq!(graph.dot().to_string().matches(" -> ").count(), 100_000);
}

#[test]
fn graphs_of_f32_are_shown_in_as_many_digits() {
    let graph = Graph::f32();
    let y = graph.variable("x", 0.1_f32) * 3.0;
    let text = without_places(&graph.tree().values(true).gradients(y).to_string());
    assert_snapshot!(text, @"
    %1 mul number 3 []  = 0.3  grad 1
    └─ %0 x []  = 0.1  grad 3
    ");
}
