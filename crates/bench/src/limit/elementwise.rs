//! W7 by hand: one pass.

use rayon::prelude::*;

use super::functions::{exp, log1p, tanh};
use super::{Work, fast, numbers};
use crate::data::fill;
use crate::workload::{Calls, Result};

pub(super) struct Elementwise {
    x: Vec<f32>,
    dx: Vec<f32>,
}

impl Elementwise {
    pub(super) fn new() -> Self {
        let x = numbers(fill(700, &[1_000_000], 2.0));
        Elementwise { dx: vec![0.0; x.len()], x }
    }
}

struct Pass<'a>(&'a [f32], &'a mut [f32]);

impl Work for Pass<'_> {
    type Output = f64;

    /// In groups that are summed up in `f32` side by side, and these sums in `f64`.
    #[inline(always)]
    fn run(self) -> f64 {
        let mut total = 0.0;
        for (x, dx) in self.0.chunks(4096).zip(self.1.chunks_mut(4096)) {
            let mut sums = [0.0_f32; 64];
            for (x, dx) in x.as_chunks::<64>().0.iter().zip(dx.as_chunks_mut::<64>().0) {
                for j in 0..64 {
                    (sums[j], dx[j]) = element(x[j], sums[j]);
                }
            }
            let rest = x.len() - x.len() % 64;
            for ((x, dx), sum) in x[rest..].iter().zip(&mut dx[rest..]).zip(&mut sums) {
                (*sum, *dx) = element(*x, *sum);
            }
            total += sums.iter().map(|&x| f64::from(x)).sum::<f64>();
        }
        total
    }
}

/// The sum with this element's value, and its derivative.
#[inline(always)]
fn element(x: f32, sum: f32) -> (f32, f32) {
    let square = x * x;
    let (e, t) = (exp(-square), tanh(x));
    let slope = e * (1.0 - t * t - 2.0 * x * t) + 2.0 * x / (1.0 + square);
    (sum + e.mul_add(t, log1p(square)), slope)
}

impl Calls for Elementwise {
    fn call(&mut self) -> Result<f64> {
        let threads = rayon::current_num_threads();
        if threads == 1 {
            return Ok(fast(Pass(&self.x, &mut self.dx)));
        }
        let piece = self.x.len().div_ceil(8 * threads).next_multiple_of(4096);
        let pieces = self.x.par_chunks(piece).zip(self.dx.par_chunks_mut(piece));
        Ok(pieces.map(|(x, dx)| fast(Pass(x, dx))).sum())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Ok((self.call()?, self.dx.iter().map(|&x| f64::from(x.abs())).sum()))
    }
}
