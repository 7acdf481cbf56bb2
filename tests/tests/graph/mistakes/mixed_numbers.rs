//! An `f64` graph takes no `f32` data.
use chainrule::graph::Graph;

fn take(graph: &Graph<f64>, data: [f32; 2]) {
    let _x = graph.constant(data);
}

fn main() {
    take(&Graph::new(), [1.0, 2.0]);
}
