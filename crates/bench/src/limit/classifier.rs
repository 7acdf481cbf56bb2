//! W3 by hand, and what it has in common with W4.

use super::functions::{exp, sigmoid};
use super::{Work, fast, matmul, rows};
use crate::data::{inputs, labels, linear};
use crate::workload::{Calls, Result};

/// The numbers of an array.
pub(super) fn numbers<T: Clone>(array: ndarray::ArrayD<T>) -> Vec<T> {
    array.into_raw_vec_and_offset().0
}

/// Fills each row with the bias, for a product to be added.
pub(super) fn lay(bias: &[f32], out: &mut [f32]) {
    out.chunks_exact_mut(bias.len()).for_each(|row| row.copy_from_slice(bias));
}

/// Turns the logits of 10 classes into the gradient of the mean cross-entropy, which it returns.
pub(super) struct CrossEntropy<'a> {
    pub(super) logits: &'a mut [f32],
    pub(super) labels: &'a [usize],
}

impl Work for CrossEntropy<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let scale = 1.0 / self.labels.len() as f32;
        let mut loss = 0.0;
        for (row, &label) in self.logits.as_chunks_mut::<10>().0.iter_mut().zip(self.labels) {
            let largest = row.iter().fold(f32::MIN, |a, &b| a.max(b));
            let right = row[label] - largest;
            // Sixteen, for the vectors' sake.
            let mut e = [-87.0; 16];
            for j in 0..10 {
                e[j] = row[j] - largest;
            }
            let e = e.map(exp);
            let sum: f32 = e[..10].iter().sum();
            loss += sum.ln() - right;
            for j in 0..10 {
                row[j] = e[j] * (scale / sum);
            }
            row[label] -= scale;
        }
        loss * scale
    }
}

/// `bias -= rate * (the sum of the rows)`
pub(super) struct Descend<'a> {
    pub(super) bias: &'a mut [f32],
    pub(super) rows: &'a [f32],
    pub(super) rate: f32,
}

impl Work for Descend<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for row in self.rows.chunks_exact(self.bias.len()) {
            self.bias.iter_mut().zip(row).for_each(|(b, d)| *b -= self.rate * d);
        }
    }
}

const RATE: f32 = 0.1;

/// W3: 64-128-10, 32 rows. The products with the gradients are subtracted from the weights where they are computed.
pub(super) struct Classifier {
    layers: [[Vec<f32>; 2]; 2],
    x: Vec<f32>,
    labels: Vec<usize>,
    h: Vec<f32>,
    z: Vec<f32>,
    d: Vec<f32>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        Classifier {
            layers: [linear(300, 64, 128), linear(302, 128, 10)].map(|layer| layer.map(numbers)),
            x: numbers(inputs(310, &[32, 64])),
            labels: numbers(labels::<f32>(32)).into_iter().map(|x| x as usize).collect(),
            h: vec![0.0; 32 * 128],
            z: vec![0.0; 32 * 10],
            d: vec![0.0; 32 * 128],
        }
    }
}

struct Sigmoid<'a>(&'a mut [f32]);

impl Work for Sigmoid<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|x| *x = sigmoid(*x));
    }
}

/// `d *= h (1 - h)`
struct Back<'a>(&'a mut [f32], &'a [f32]);

impl Work for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().zip(self.1).for_each(|(d, h)| *d *= h * (1.0 - h));
    }
}

impl Calls for Classifier {
    fn call(&mut self) -> Result<f64> {
        let Classifier { layers: [[w1, b1], [w2, b2]], x, labels, h, z, d } = self;
        lay(b1, h);
        matmul(rows(x, 64), rows(w1, 128), h, 1.0, 1.0);
        fast(Sigmoid(h));
        lay(b2, z);
        matmul(rows(h, 128), rows(w2, 10), z, 1.0, 1.0);
        let loss = fast(CrossEntropy { logits: z, labels });

        matmul(rows(z, 10), rows(w2, 10).t(), d, 0.0, 1.0);
        fast(Back(d, h));
        matmul(rows(h, 128).t(), rows(z, 10), w2, 1.0, -RATE);
        fast(Descend { bias: b2, rows: z, rate: RATE });
        matmul(rows(x, 64).t(), rows(d, 128), w1, 1.0, -RATE);
        fast(Descend { bias: b1, rows: d, rate: RATE });
        Ok(loss.into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}
