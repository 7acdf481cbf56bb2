//! W5: a step of gradient descent on a convolutional classifier of pictures of 28 x 28.

use chainrule::Var;
use chainrule::graph::{Conv, Pool};

use super::{descend, named};
use crate::data::{fill, inputs, labels, linear};
use crate::workload::{Id, Recorded, Result, Workload};

pub(super) fn step() -> Workload<f32, 2, 1> {
    let [w, b] = linear(504, 1568, 10);
    Workload {
        id: Id::W5,
        inputs: [inputs(510, &[64, 1, 28, 28]), labels(64)],
        state: vec![
            fill(500, &[16, 1, 3, 3], 1.0 / 3.0),
            fill(501, &[16], 0.1),
            fill(502, &[32, 16, 3, 3], 1.0 / 12.0),
            fill(503, &[32], 0.1),
            w,
            b,
        ],
        record,
    }
}

fn record<'g>([x, labels]: [Var<'g, f32>; 2], state: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 1>> {
    let [k1, b1, k2, b2, w, b] = named(state)?;
    let small = block(block(x, k1, b1), k2, b2);
    let logits = small.reshape([64, 1568]).matmul(w) + b;
    descend(logits.softmax_cross_entropy_labels(labels).mean(), state, 0.05)
}

/// Convolution of the same size with a bias for each channel, relu, and the largest of each 2 x 2.
fn block<'g>(x: Var<'g, f32>, kernels: Var<'g, f32>, bias: Var<'g, f32>) -> Var<'g, f32> {
    (x.conv2d(kernels, Conv::new().padding(1)) + bias.reshape([-1, 1, 1])).relu().max_pool2d(Pool::new(2))
}
