//! Nodes of an `f32` graph and of an `f64` graph do not meet.
use chainrule::graph::{Binary, Graph};

fn main() {
    let (single, double) = (Graph::f32(), Graph::new());
    let (x, y) = (single.constant(1.0), double.constant(1.0));
    let _z = x.zip(Binary::Add, y);
}
