//! W3 by hand.

use super::functions::{exp, log1p, sigmoid};
use super::{Work, fast, lanes, lay, matmul, numbers, rows};
use crate::data::{inputs, labels, linear};
use crate::workload::{Calls, Result};

/// `bias -= rate * (the sum of the rows)`
struct Descend<'a> {
    bias: &'a mut [f32],
    rows: &'a [f32],
    rate: f32,
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
    labels: [usize; 32],
}

struct Second {
    w: Box<[[f32; 128]; 10]>,
    b: [f32; 10],
    h: Vec<[f32; 128]>,
    /// By output too.
    z: [[f32; 32]; 10],
    d: Vec<[f32; 128]>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        let labels = labels::<f32>(32);
        let [[w1, b1], [w2, b2]] = [linear::<f32>(300, 64, 128), linear(302, 128, 10)];
        Classifier {
            w1: numbers(w1),
            b1: numbers(b1),
            second: Second {
                w: Box::new(std::array::from_fn(|j| std::array::from_fn(|i| w2[[i, j]]))),
                b: std::array::from_fn(|j| b2[[j]]),
                h: vec![[0.0; 128]; 32],
                z: [[0.0; 32]; 10],
                d: vec![[0.0; 128]; 32],
            },
            x: numbers(inputs(310, &[32, 64])),
            labels: std::array::from_fn(|i| labels[[i]] as usize),
        }
    }
}

/// Sigmoid of the hidden layer, the logits, the mean cross-entropy and the gradient by the logits in their place.
struct Forward<'a>(&'a mut Second, &'a [usize; 32]);

impl Work for Forward<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let Second { w, b, h, z, .. } = self.0;
        h.as_flattened_mut().iter_mut().for_each(|x| *x = sigmoid(*x));
        let mut by_input = [[0.0; 16]; 128];
        for (j, row) in w.iter().enumerate() {
            by_input.iter_mut().zip(row).for_each(|(w, &x)| w[j] = x);
        }
        for (place, h) in h.iter().enumerate() {
            // Four sums each, so that none waits for another.
            let mut sums = [[0.0; 16]; 4];
            for (h, w) in h.as_chunks::<4>().0.iter().zip(by_input.as_chunks::<4>().0) {
                for s in 0..4 {
                    for j in 0..16 {
                        sums[s][j] = w[s][j].mul_add(h[s], sums[s][j]);
                    }
                }
            }
            for j in 0..10 {
                z[j][place] = b[j] + ((sums[0][j] + sums[1][j]) + (sums[2][j] + sums[3][j]));
            }
        }

        let right: [f32; 32] = lanes(|place| z[self.1[place]][place]);
        let (mut largest, mut sums) = ([f32::MIN; 32], [0.0; 32]);
        for row in &*z {
            largest = lanes(|place| if row[place] > largest[place] { row[place] } else { largest[place] });
        }
        for row in &mut *z {
            *row = lanes(|place| exp(row[place] - largest[place]));
            sums = lanes(|place| sums[place] + row[place]);
        }
        let losses: [f32; 32] = lanes(|place| log1p(sums[place] - 1.0) + largest[place] - right[place]);
        for row in &mut *z {
            *row = lanes(|place| row[place] * ((1.0 / 32.0) / sums[place]));
        }
        self.1.iter().enumerate().for_each(|(place, &label)| z[label][place] -= 1.0 / 32.0);
        losses.iter().sum::<f32>() / 32.0
    }
}

/// The gradient by what went into the sigmoid, then the step of the second layer.
struct Back<'a>(&'a mut Second);

impl Work for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Second { w, b, h, z, d } = self.0;
        for (place, (d, h)) in d.iter_mut().zip(&*h).enumerate() {
            for i in 0..128 {
                let mut sum = 0.0;
                for j in 0..10 {
                    sum = z[j][place].mul_add(w[j][i], sum);
                }
                d[i] = sum * h[i] * (1.0 - h[i]);
            }
        }
        for (w, z) in w.iter_mut().zip(&*z) {
            for (h, z) in h.iter().zip(z) {
                for i in 0..128 {
                    w[i] = h[i].mul_add(-RATE * z, w[i]);
                }
            }
        }
        b.iter_mut().zip(z).for_each(|(b, z)| *b -= RATE * z.iter().sum::<f32>());
    }
}

impl Calls for Classifier {
    fn call(&mut self) -> Result<f64> {
        let Classifier { w1, b1, second, x, labels } = self;
        let h = second.h.as_flattened_mut();
        lay(b1, h);
        matmul(rows(x, 64), rows(w1, 128), h, 1.0, 1.0);
        let loss = fast(Forward(second, labels));
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
