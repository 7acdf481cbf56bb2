//! Clearing a graph ends all its nodes.
use chainrule::graph::Graph;

fn main() {
    let mut graph = Graph::new();
    let x = graph.variable("x", 2.0);
    graph.clear();
    println!("{:?}", x.item());
}
