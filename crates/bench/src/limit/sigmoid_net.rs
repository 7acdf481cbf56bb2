//! W1 and W2 by hand.

use super::functions::{exp, sigmoid};
use super::{Work, fast, lanes};
use crate::data::linear;
use crate::workload::{Calls, Result};

const RATE: f32 = 0.5;

/// Weight and bias of a dense layer as arrays.
fn layer<const I: usize, const O: usize>(seed: u64) -> ([[f32; O]; I], [f32; O]) {
    let [weight, bias] = linear::<f32>(seed, I, O);
    let rows = std::array::from_fn(|i| std::array::from_fn(|j| weight[[i, j]]));
    (rows, std::array::from_fn(|j| bias[[j]]))
}

/// W1: 2-3-2, one row. All is kept and computed in fours, each one vector; what is beyond 2 or 3 is 0.
pub(super) struct OneRow {
    w1: [[f32; 4]; 2],
    b1: [f32; 4],
    /// By output.
    w2: [[f32; 4]; 2],
    b2: [f32; 4],
    x: [f32; 2],
    y: [f32; 4],
}

/// With zeros behind.
fn four<const N: usize>(numbers: [f32; N]) -> [f32; 4] {
    std::array::from_fn(|j| numbers.get(j).copied().unwrap_or(0.0))
}

impl OneRow {
    pub(super) fn new() -> Self {
        let ((w1, b1), (w2, b2)) = (layer::<2, 3>(100), layer::<3, 2>(102));
        let w2 = [0, 1].map(|k| four(w2.map(|row| row[k])));
        OneRow { w1: w1.map(four), b1: four(b1), w2, b2: four(b2), x: [0.05, 0.10], y: four([0.01, 0.99]) }
    }
}

impl Work for &mut OneRow {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let OneRow { w1, b1, w2, b2, x, y } = self;
        let z: [f32; 4] = lanes(|j| x[0].mul_add(w1[0][j], x[1].mul_add(w1[1][j], b1[j])));
        let real = [1.0, 1.0, 1.0, 0.0];
        let h: [f32; 4] = lanes(|j| real[j] / (1.0 + exp(-z[j])));
        let dot = |w: &[f32; 4]| (h[0] * w[0] + h[2] * w[2]) + h[1] * w[1];
        let sums = [dot(&w2[0]), dot(&w2[1]), 0.0, 0.0];
        let real = [1.0, 1.0, 0.0, 0.0];
        let o: [f32; 4] = lanes(|k| real[k] / (1.0 + exp(-sums[k] - b2[k])));
        let error: [f32; 4] = lanes(|k| o[k] - y[k]);
        let loss = 0.5 * (error[0] * error[0] + error[1] * error[1]);

        let d: [f32; 4] = lanes(|k| RATE * error[k] * o[k] * (1.0 - o[k]));
        let back: [f32; 4] = lanes(|j| (w2[0][j] * d[0] + w2[1][j] * d[1]) * (h[j] * (1.0 - h[j])));
        *w2 = [lanes(|j| w2[0][j] - h[j] * d[0]), lanes(|j| w2[1][j] - h[j] * d[1])];
        *b2 = lanes(|k| b2[k] - d[k]);
        *w1 = [lanes(|j| w1[0][j] - x[0] * back[j]), lanes(|j| w1[1][j] - x[1] * back[j])];
        *b1 = lanes(|j| b1[j] - back[j]);
        loss
    }
}

impl Calls for OneRow {
    fn call(&mut self) -> Result<f64> {
        Ok(fast(self).into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}

/// W2: 2-8-1, four rows; the eight are a vector.
pub(super) struct Xor {
    w1: [[f32; 8]; 2],
    b1: [f32; 8],
    w2: [f32; 8],
    b2: f32,
    x: [[f32; 2]; 4],
    y: [f32; 4],
}

impl Xor {
    pub(super) fn new() -> Self {
        let ((w1, b1), (w2, [b2])) = (layer(200), layer::<8, 1>(202));
        let x = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        Xor { w1, b1, w2: w2.map(|[w]| w), b2, x, y: [0.0, 1.0, 1.0, 0.0] }
    }
}

impl Work for &mut Xor {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let Xor { w1, b1, w2, b2, x, y } = self;
        let mut h = [[0.0; 8]; 4];
        for (h, x) in h.iter_mut().zip(&*x) {
            for j in 0..8 {
                h[j] = x[0].mul_add(w1[0][j], x[1].mul_add(w1[1][j], b1[j]));
            }
        }
        h.as_flattened_mut().iter_mut().for_each(|h| *h = sigmoid(*h));
        let mut o = [*b2; 4];
        for (o, h) in o.iter_mut().zip(&h) {
            let terms: [f32; 8] = lanes(|j| h[j] * w2[j]);
            let halves: [f32; 4] = lanes(|j| terms[j] + terms[j + 4]);
            *o += (halves[0] + halves[2]) + (halves[1] + halves[3]);
        }
        let o: [f32; 4] = lanes(|b| sigmoid(o[b]));
        let error: [f32; 4] = lanes(|b| o[b] - y[b]);
        let loss = error.iter().map(|e| e * e).sum::<f32>() * 0.25;
        let d: [f32; 4] = lanes(|b| 0.5 * RATE * error[b] * o[b] * (1.0 - o[b]));

        let (mut d2, mut d1, mut db) = ([0.0; 8], [[0.0; 8]; 2], [0.0; 8]);
        for b in 0..4 {
            for j in 0..8 {
                let back = d[b] * w2[j] * h[b][j] * (1.0 - h[b][j]);
                d2[j] += h[b][j] * d[b];
                d1[0][j] += x[b][0] * back;
                d1[1][j] += x[b][1] * back;
                db[j] += back;
            }
        }
        for j in 0..8 {
            w2[j] -= d2[j];
            w1[0][j] -= d1[0][j];
            w1[1][j] -= d1[1][j];
            b1[j] -= db[j];
        }
        *b2 -= d.iter().sum::<f32>();
        loss
    }
}

impl Calls for Xor {
    fn call(&mut self) -> Result<f64> {
        Ok(fast(self).into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}
