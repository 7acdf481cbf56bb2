//! W1 and W2 by hand.

use super::functions::sigmoid;
use super::{Work, fast};
use crate::data::linear;
use crate::workload::{Calls, Result};

const RATE: f32 = 0.5;

/// Weight and bias of a dense layer as arrays.
fn layer<const I: usize, const O: usize>(seed: u64) -> ([[f32; O]; I], [f32; O]) {
    let [weight, bias] = linear::<f32>(seed, I, O);
    let rows = std::array::from_fn(|i| std::array::from_fn(|j| weight[[i, j]]));
    (rows, std::array::from_fn(|j| bias[[j]]))
}

/// W1: 2-3-2, one row. Three and two are computed as four, for one vector each.
pub(super) struct OneRow {
    w1: [[f32; 3]; 2],
    b1: [f32; 3],
    w2: [[f32; 2]; 3],
    b2: [f32; 2],
    x: [f32; 2],
    y: [f32; 2],
}

impl OneRow {
    pub(super) fn new() -> Self {
        let ((w1, b1), (w2, b2)) = (layer(100), layer(102));
        OneRow { w1, b1, w2, b2, x: [0.05, 0.10], y: [0.01, 0.99] }
    }
}

impl Work for &mut OneRow {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let OneRow { w1, b1, w2, b2, x, y } = self;
        let mut h = [0.0; 4];
        for j in 0..3 {
            h[j] = x[0].mul_add(w1[0][j], x[1].mul_add(w1[1][j], b1[j]));
        }
        let h = h.map(sigmoid);
        let mut o = [0.0; 4];
        for k in 0..2 {
            o[k] = h[0].mul_add(w2[0][k], h[1].mul_add(w2[1][k], h[2].mul_add(w2[2][k], b2[k])));
        }
        let o = o.map(sigmoid);
        let error = [o[0] - y[0], o[1] - y[1]];
        let loss = 0.5 * (error[0] * error[0] + error[1] * error[1]);

        let d: [f32; 2] = std::array::from_fn(|k| RATE * error[k] * o[k] * (1.0 - o[k]));
        for j in 0..3 {
            let back = (w2[j][0] * d[0] + w2[j][1] * d[1]) * h[j] * (1.0 - h[j]);
            for k in 0..2 {
                w2[j][k] -= h[j] * d[k];
            }
            for i in 0..2 {
                w1[i][j] -= x[i] * back;
            }
            b1[j] -= back;
        }
        for k in 0..2 {
            b2[k] -= d[k];
        }
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
            let terms: [f32; 8] = std::array::from_fn(|j| h[j] * w2[j]);
            let halves: [f32; 4] = std::array::from_fn(|j| terms[j] + terms[j + 4]);
            *o += (halves[0] + halves[2]) + (halves[1] + halves[3]);
        }
        let o = o.map(sigmoid);
        let error: [f32; 4] = std::array::from_fn(|b| o[b] - y[b]);
        let loss = error.iter().map(|e| e * e).sum::<f32>() * 0.25;
        let d: [f32; 4] = std::array::from_fn(|b| 0.5 * RATE * error[b] * o[b] * (1.0 - o[b]));

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
