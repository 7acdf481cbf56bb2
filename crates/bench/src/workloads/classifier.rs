//! W3 and W10: a classifier 64-128-10, and the product of its loss's Hessian with a vector.

use chainrule::Var;
use chainrule::graph::jvp;
use ndarray::ArrayD;

use super::{descend, named};
use crate::data::{fill, inputs, labels, linear};
use crate::workload::{Id, Recorded, Result, Workload};

/// W3: a step of gradient descent.
pub(super) fn step() -> Workload<f32, 2, 1> {
    Workload {
        id: Id::W3,
        inputs: [inputs(310, &[32, 64]), labels(32)],
        state: parameters(),
        record: |[x, labels], state| descend(loss(x, labels, state)?, state, 0.1),
    }
}

/// W10: the gradient, differentiated forwards in the direction of the vector.
pub(super) fn hessian_vector_product() -> Workload<f32, 6, 4> {
    let vector = [fill(1000, &[64, 128], 1.0), fill(1001, &[128], 1.0), fill(1002, &[128, 10], 1.0)];
    let [v1, v2, v3] = vector;
    Workload {
        id: Id::W10,
        inputs: [inputs(310, &[32, 64]), labels(32), v1, v2, v3, fill(1003, &[10], 1.0)],
        state: parameters(),
        record: |[x, labels, vector @ ..], state| {
            let parameters: [Var<'_, f32>; 4] = named(state)?;
            let gradients = loss(x, labels, state)?.grad(parameters)?;
            Ok(Recorded { outputs: jvp(gradients, parameters, vector)?, next: vec![] })
        },
    }
}

fn parameters() -> Vec<ArrayD<f32>> {
    [linear(300, 64, 128), linear(302, 128, 10)].into_iter().flatten().collect()
}

fn loss<'g>(x: Var<'g, f32>, labels: Var<'g, f32>, state: &[Var<'g, f32>]) -> Result<Var<'g, f32>> {
    let [w1, b1, w2, b2] = named(state)?;
    let hidden = (x.matmul(w1) + b1).sigmoid();
    Ok((hidden.matmul(w2) + b2).softmax_cross_entropy_labels(labels).mean())
}
