//! A node borrows its graph and cannot outlive it.
use chainrule::graph::Graph;

fn main() {
    let y = {
        let graph = Graph::new();
        graph.constant(2.0).square()
    };
    println!("{:?}", y.item());
}
