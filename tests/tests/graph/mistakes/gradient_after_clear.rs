//! Gradients are nodes, so they end with the others.
use chainrule::graph::Graph;

fn main() {
    let mut graph = Graph::new();
    let x = graph.variable("x", 2.0);
    let gradients = x.square().grad(vec![x]).unwrap();
    graph.clear();
    println!("{:?}", gradients[0].item());
}
