//! Seeded random numbers and networks.

use ndarray::{Array1, Array2};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// A generator that gives the same numbers everywhere.
pub struct Random(Pcg64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Random(Pcg64::seed_from_u64(seed))
    }

    /// Between 0 and 1, in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `low` to `high`, both included.
    pub fn whole(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }

    /// With mean 0 and variance 1, by Box and Muller's transformation.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Numbers between 0 and 1.
    pub fn units(&mut self, len: usize) -> Array1<f64> {
        Array1::from_shape_fn(len, |_| self.unit())
    }

    /// Normal weights with variance `1 / inputs`, which keep signals of the same size from layer to layer; one row a sender,
    /// as the lecture writes them.
    pub fn weights(&mut self, inputs: usize, outputs: usize) -> Array2<f64> {
        let scale = 1.0 / (inputs as f64).sqrt();
        Array2::from_shape_fn((inputs, outputs), |_| scale * self.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_as_promised() {
        let mut random = Random::new(1);
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..10_000 {
            let x = random.normal();
            (sum, squares) = (sum + x, squares + x * x);
            assert!((2..=6).contains(&random.whole(2, 6)));
            assert!((0.0..1.0).contains(&random.unit()));
        }
        assert!((sum / 1e4).abs() < 0.05 && (squares / 1e4 - 1.0).abs() < 0.05);
        assert_eq!(Random::new(7).units(4), Random::new(7).units(4));
    }
}
