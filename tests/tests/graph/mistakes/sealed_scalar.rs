//! The number types are `f32` and `f64`: there are no loops for others.
use chainrule::graph::Graph;

struct Fixed(i64);

fn main() {
    let graph = Graph::<Fixed>::default();
    let _ = graph.len();
}
