//! A function cannot return a node of a graph of its own.
use chainrule::graph::{Graph, Var};

fn make() -> Var<'static> {
    let graph = Graph::new();
    graph.constant(2.0)
}

fn main() {
    println!("{:?}", make().item());
}
