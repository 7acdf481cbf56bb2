//! W1 and W2: the smallest networks, sigmoid after each of two layers, mean squared error, gradient descent.

use chainrule::Var;
use ndarray::{ArrayD, array};

use super::{descend, named};
use crate::data::linear;
use crate::workload::{Id, Recorded, Result, Workload};

/// W1: a net 2-3-2 and a single row.
pub(super) fn one_row() -> Workload<f32, 2, 1> {
    Workload {
        id: Id::W1,
        inputs: [array![[0.05, 0.10]].into_dyn(), array![[0.01, 0.99]].into_dyn()],
        state: layers([linear(100, 2, 3), linear(102, 3, 2)]),
        record,
    }
}

/// W2: a net 2-8-1 and the four rows of exclusive or.
pub(super) fn xor() -> Workload<f32, 2, 1> {
    let rows = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    Workload {
        id: Id::W2,
        inputs: [rows.into_dyn(), array![[0.0], [1.0], [1.0], [0.0]].into_dyn()],
        state: layers([linear(200, 2, 8), linear(202, 8, 1)]),
        record,
    }
}

fn layers(layers: [[ArrayD<f32>; 2]; 2]) -> Vec<ArrayD<f32>> {
    layers.into_iter().flatten().collect()
}

fn record<'g>([x, y]: [Var<'g, f32>; 2], state: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 1>> {
    let [w1, b1, w2, b2] = named(state)?;
    let hidden = (x.matmul(w1) + b1).sigmoid();
    let output = (hidden.matmul(w2) + b2).sigmoid();
    descend((output - y).square().mean(), state, 0.5)
}
