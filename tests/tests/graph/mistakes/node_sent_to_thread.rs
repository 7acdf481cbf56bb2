//! A node is a reference to its graph, and stays on its thread.
use chainrule::graph::{Graph, Var};

fn send<S: Send>(_: S) {}

fn main() {
    let graph = Graph::new();
    let x: Var<'_> = graph.constant(1.0);
    send(x);
}
