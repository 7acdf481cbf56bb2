//! Gradients come back in the structure of the inputs.
use chainrule::graph::Graph;

fn main() {
    let graph = Graph::new();
    let (w, b) = (graph.variable("w", 2.0), graph.variable("b", 3.0));
    let [_dw] = (w * b).grad([w, b]).unwrap();
}
