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

/// W3: 64-128-10, 32 rows. The gradients of the weights are subtracted from them where they are computed; the second
/// weights are kept by output, so that rows have 128 numbers.
pub(super) struct Classifier {
    w1: Vec<f32>,
    b1: Vec<f32>,
    w2: Vec<f32>,
    b2: Vec<f32>,
    x: Vec<f32>,
    labels: [usize; 32],
    h: Vec<f32>,
    /// By output too.
    z: [[f32; 32]; 10],
    d: Vec<f32>,
}

impl Classifier {
    pub(super) fn new() -> Self {
        let labels = labels::<f32>(32);
        let [[w1, b1], [w2, b2]] = [linear::<f32>(300, 64, 128), linear(302, 128, 10)];
        Classifier {
            w1: numbers(w1),
            b1: numbers(b1),
            w2: w2.t().iter().copied().collect(),
            b2: numbers(b2),
            x: numbers(inputs(310, &[32, 64])),
            labels: std::array::from_fn(|i| labels[[i]] as usize),
            h: vec![0.0; 32 * 128],
            z: [[0.0; 32]; 10],
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

/// The mean cross-entropy, and the gradient by the logits in their place.
struct CrossEntropy<'a>(&'a mut [[f32; 32]; 10], &'a [usize; 32]);

impl Work for CrossEntropy<'_> {
    type Output = f32;

    #[inline(always)]
    fn run(self) -> f32 {
        let z = self.0;
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
        let Classifier { w1, b1, w2, b2, x, labels, h, z, d } = self;
        lay(b1, h);
        matmul(rows(x, 64), rows(w1, 128), h, 1.0, 1.0);
        fast(Sigmoid(h));
        z.iter_mut().zip(&*b2).for_each(|(z, b)| z.fill(*b));
        matmul(rows(w2, 128), rows(h, 128).t(), z.as_flattened_mut(), 1.0, 1.0);
        let loss = fast(CrossEntropy(z, labels));

        let dz = rows(z.as_flattened(), 32);
        matmul(dz.t(), rows(w2, 128), d, 0.0, 1.0);
        fast(Back(d, h));
        matmul(dz, rows(h, 128), w2, 1.0, -RATE);
        b2.iter_mut().zip(&*z).for_each(|(b, z)| *b -= RATE * z.iter().sum::<f32>());
        matmul(rows(x, 64).t(), rows(d, 128), w1, 1.0, -RATE);
        fast(Descend { bias: b1, rows: d, rate: RATE });
        Ok(loss.into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Err("a step has no sums".into())
    }
}
