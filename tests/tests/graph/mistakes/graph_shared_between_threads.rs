//! Recording changes a graph behind a shared reference, so two threads cannot have one. (Moving it is fine.)
use chainrule::graph::Graph;

fn main() {
    let graph = Graph::new();
    std::thread::scope(|scope| {
        scope.spawn(|| graph.constant(1.0));
    });
}
