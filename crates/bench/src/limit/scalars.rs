//! W6 by hand. The sines must wait for each other; the cosines need not.

use super::functions::{cos, sin};
use super::{Work, fast};
use crate::workload::{Calls, Result};

const ROUNDS: usize = 3333;

pub(super) struct Chain {
    x: f32,
    a: f32,
    /// At each round: `x`, then `1 + a cos x`; and `sin x`.
    slopes: Vec<f32>,
    sines: Vec<f32>,
}

impl Chain {
    pub(super) fn new() -> Self {
        Chain { x: 0.5, a: 0.001, slopes: vec![0.0; ROUNDS], sines: vec![0.0; ROUNDS] }
    }
}

impl Work for &mut Chain {
    type Output = [f32; 3];

    #[inline(always)]
    fn run(self) -> [f32; 3] {
        let (mut x, a) = (self.x, self.a);
        for (place, sine) in self.slopes.iter_mut().zip(&mut self.sines) {
            *place = x;
            *sine = sin(x);
            x = sine.mul_add(a, x);
        }
        self.slopes.iter_mut().for_each(|x| *x = cos(*x).mul_add(a, 1.0));
        let (mut dx, mut da) = (1.0, 0.0);
        for (slope, sine) in self.slopes.iter().zip(&self.sines).rev() {
            da = sine.mul_add(dx, da);
            dx *= slope;
        }
        [x, dx, da]
    }
}

impl Calls for Chain {
    fn call(&mut self) -> Result<f64> {
        let [y, dx, da] = fast(self);
        std::hint::black_box((dx, da));
        Ok(y.into())
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        let [y, dx, da] = fast(self).map(f64::from);
        Ok((y, dx.abs() + da.abs()))
    }
}
