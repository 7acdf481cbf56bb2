//! W4 by hand.

use rayon::prelude::*;

use super::functions::exp;
use super::{Work, fast, lanes, lay, matmul, numbers, rows};
use crate::data::{inputs, labels, linear};
use crate::workload::{Calls, Result};

const BATCH: usize = 128;
const SIZES: [usize; 4] = [784, 512, 512, 10];

/// A parameter with its gradient and moments.
struct Parameter {
    w: Vec<f32>,
    d: Vec<f32>,
    m: Vec<f32>,
    v: Vec<f32>,
}

/// W4: 784-512-512-10, 128 rows.
pub(super) struct Adam {
    steps: i32,
    layers: [[Parameter; 2]; 3],
    x: Vec<f32>,
    labels: Vec<usize>,
    /// What comes out of the layers, then the gradient by it.
    h: [Vec<f32>; 3],
    d: [Vec<f32>; 2],
}

impl Adam {
    pub(super) fn new() -> Self {
        let parameter = |w: Vec<f32>| {
            let zeros = vec![0.0; w.len()];
            Parameter { w, d: zeros.clone(), m: zeros.clone(), v: zeros }
        };
        let layers = [linear(400, 784, 512), linear(402, 512, 512), linear(404, 512, 10)];
        Adam {
            steps: 0,
            layers: layers.map(|layer| layer.map(numbers).map(parameter)),
            x: numbers(inputs(410, &[BATCH, 784])),
            labels: numbers(labels::<f32>(BATCH)).into_iter().map(|x| x as usize).collect(),
            h: [1, 2, 3].map(|i| vec![0.0; BATCH * SIZES[i]]),
            d: [1, 2].map(|i| vec![0.0; BATCH * SIZES[i]]),
        }
    }
}

/// Turns the logits of 10 classes into the gradient of the mean cross-entropy, which it returns.
struct CrossEntropy<'a> {
    logits: &'a mut [f32],
    labels: &'a [usize],
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

struct Relu<'a>(&'a mut [f32]);

impl Work for Relu<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().for_each(|x| *x = x.max(0.0));
    }
}

/// The gradient stops where relu gave 0.
struct Back<'a>(&'a mut [f32], &'a [f32]);

impl Work for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.iter_mut().zip(self.1).for_each(|(d, &h)| *d = if h > 0.0 { *d } else { 0.0 });
    }
}

/// The sum of the rows.
struct Sum<'a>(&'a mut [f32], &'a [f32]);

impl Work for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.0.fill(0.0);
        for row in self.1.chunks_exact(self.0.len()) {
            self.0.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
        }
    }
}

/// Adam's step for a piece of a parameter.
struct Update<'a> {
    w: &'a mut [f32],
    d: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
    rate: f32,
    epsilon: f32,
}

impl Work for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let moments = self.m.iter_mut().zip(self.v);
        for ((w, &d), (m, v)) in self.w.iter_mut().zip(self.d).zip(moments) {
            *m = m.mul_add(0.9, 0.1 * d);
            *v = v.mul_add(0.999, 0.001 * (d * d));
            *w -= self.rate * *m / (v.sqrt() + self.epsilon);
        }
    }
}

const PIECE: usize = 1 << 15;

impl Parameter {
    fn update(&mut self, rate: f32, epsilon: f32) {
        let Parameter { w, d, m, v } = self;
        if rayon::current_num_threads() == 1 {
            return fast(Update { w, d, m, v, rate, epsilon });
        }
        let moments = m.par_chunks_mut(PIECE).zip(v.par_chunks_mut(PIECE));
        w.par_chunks_mut(PIECE)
            .zip(d.par_chunks(PIECE))
            .zip(moments)
            .for_each(|((w, d), (m, v))| fast(Update { w, d, m, v, rate, epsilon }));
    }
}

impl Calls for Adam {
    fn call(&mut self) -> Result<f64> {
        let Adam { steps, layers, x, labels, h: [h1, h2, z], d: [d1, d2] } = self;
        let [[w1, b1], [w2, b2], [w3, b3]] = layers;
        lay(&b1.w, h1);
        matmul(rows(x, 784), rows(&w1.w, 512), h1, 1.0, 1.0);
        fast(Relu(h1));
        lay(&b2.w, h2);
        matmul(rows(h1, 512), rows(&w2.w, 512), h2, 1.0, 1.0);
        fast(Relu(h2));
        lay(&b3.w, z);
        matmul(rows(h2, 512), rows(&w3.w, 10), z, 1.0, 1.0);
        let loss = fast(CrossEntropy { logits: z, labels });

        matmul(rows(h2, 512).t(), rows(z, 10), &mut w3.d, 0.0, 1.0);
        fast(Sum(&mut b3.d, z));
        matmul(rows(z, 10), rows(&w3.w, 10).t(), d2, 0.0, 1.0);
        fast(Back(d2, h2));
        matmul(rows(h1, 512).t(), rows(d2, 512), &mut w2.d, 0.0, 1.0);
        fast(Sum(&mut b2.d, d2));
        matmul(rows(d2, 512), rows(&w2.w, 512).t(), d1, 0.0, 1.0);
        fast(Back(d1, h1));
        matmul(rows(x, 784).t(), rows(d1, 512), &mut w1.d, 0.0, 1.0);
        fast(Sum(&mut b1.d, d1));

        *steps += 1;
        let [bias1, bias2] = [0.9_f64, 0.999].map(|beta| 1.0 - beta.powi(*steps));
        let (rate, epsilon) = (1e-3 * bias2.sqrt() / bias1, 1e-8 * bias2.sqrt());
        layers.as_flattened_mut().iter_mut().for_each(|p| p.update(rate as f32, epsilon as f32));
        Ok(loss.into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}
