//! W3 by hand, and what it has in common with W4.

use super::functions::{exp, sigmoid};
use super::{Work, fast, lanes, matmul, rows};
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
            let e: [f32; 16] = lanes(|j| exp(e[j]));
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

/// W3: 64-128-10, 32 rows. The gradient of the first weights is subtracted from them where it is computed; the second ones
/// are kept by output, so that all loops run over the 128.
pub(super) struct Classifier {
    w1: Vec<f32>,
    b1: Vec<f32>,
    second: Second,
    x: Vec<f32>,
    labels: Vec<usize>,
}

struct Second {
    w: Box<[[f32; 128]; 10]>,
    b: [f32; 10],
    h: Vec<[f32; 128]>,
    z: Vec<f32>,
    d: Vec<[f32; 128]>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        let [[w1, b1], [w2, b2]] = [linear::<f32>(300, 64, 128), linear(302, 128, 10)];
        Classifier {
            w1: numbers(w1),
            b1: numbers(b1),
            second: Second {
                w: Box::new(std::array::from_fn(|j| std::array::from_fn(|i| w2[[i, j]]))),
                b: std::array::from_fn(|j| b2[[j]]),
                h: vec![[0.0; 128]; 32],
                z: vec![0.0; 32 * 10],
                d: vec![[0.0; 128]; 32],
            },
            x: numbers(inputs(310, &[32, 64])),
            labels: numbers(labels::<f32>(32)).into_iter().map(|x| x as usize).collect(),
        }
    }
}

/// Sigmoid of the hidden layer, and the logits.
struct Forward<'a>(&'a mut Second);

impl Work for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Second { w, b, h, z, .. } = self.0;
        h.as_flattened_mut().iter_mut().for_each(|x| *x = sigmoid(*x));
        for (h, z) in h.iter().zip(z.as_chunks_mut::<10>().0) {
            for (z, (w, b)) in z.iter_mut().zip(w.iter().zip(&*b)) {
                let mut sums = [0.0; 16];
                for (h, w) in h.as_chunks::<16>().0.iter().zip(w.as_chunks::<16>().0) {
                    for j in 0..16 {
                        sums[j] = h[j].mul_add(w[j], sums[j]);
                    }
                }
                let sums: [f32; 8] = lanes(|j| sums[j] + sums[j + 8]);
                let sums: [f32; 4] = lanes(|j| sums[j] + sums[j + 4]);
                *z = b + ((sums[0] + sums[2]) + (sums[1] + sums[3]));
            }
        }
    }
}

/// The gradient by what went into the sigmoid, then the step of the second layer.
struct Back<'a>(&'a mut Second);

impl Work for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Second { w, b, h, z, d } = self.0;
        let z = z.as_chunks::<10>().0;
        for ((d, h), z) in d.iter_mut().zip(&*h).zip(z) {
            for i in 0..128 {
                let mut sum = 0.0;
                for j in 0..10 {
                    sum = z[j].mul_add(w[j][i], sum);
                }
                d[i] = sum * h[i] * (1.0 - h[i]);
            }
        }
        for (j, w) in w.iter_mut().enumerate() {
            for (h, z) in h.iter().zip(z) {
                let step = -RATE * z[j];
                for i in 0..128 {
                    w[i] = h[i].mul_add(step, w[i]);
                }
            }
        }
        for z in z {
            for j in 0..10 {
                b[j] -= RATE * z[j];
            }
        }
    }
}

impl Calls for Classifier {
    fn call(&mut self) -> Result<f64> {
        let Classifier { w1, b1, second, x, labels } = self;
        let h = second.h.as_flattened_mut();
        lay(b1, h);
        matmul(rows(x, 64), rows(w1, 128), h, 1.0, 1.0);
        fast(Forward(second));
        let loss = fast(CrossEntropy { logits: &mut second.z, labels });
        fast(Back(second));
        let d = second.d.as_flattened();
        matmul(rows(x, 64).t(), rows(d, 128), w1, 1.0, -RATE);
        fast(Descend { bias: b1, rows: d, rate: RATE });
        Ok(loss.into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}
