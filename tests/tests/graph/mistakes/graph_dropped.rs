//! A graph cannot be given away while a node of it is in use.
use chainrule::graph::Graph;

fn main() {
    let graph = Graph::new();
    let x = graph.constant(2.0);
    drop(graph);
    println!("{:?}", x.item());
}
