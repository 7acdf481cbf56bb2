//! Random numbers that are the same in every run: the lecture's figures must not change from day to day.

use ndarray::{Array1, Array2};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use crate::network::Network;

/// A seeded source of random numbers.
pub struct Random {
    generator: Pcg64,
    /// The polar method makes normal numbers in pairs.
    spare: Option<f64>,
}

impl Random {
    /// The source that this seed stands for.
    pub fn new(seed: u64) -> Self {
        // The stream is the default one of the algorithm's authors; it has no meaning.
        Random { generator: Pcg64::new(u128::from(seed), 0x0a02_bdbf_7bb3_c0a7), spare: None }
    }

    /// Uniform between `low` and `high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.generator.next_u64() >> 11) as f64 * f64::EPSILON / 2.0;
        low + (high - low) * unit
    }

    /// One of `low`, ..., `high`.
    pub fn integer(&mut self, low: usize, high: usize) -> usize {
        (self.uniform(low as f64, high as f64 + 1.0) as usize).clamp(low, high)
    }

    /// Normal with mean 0 and standard deviation 1, by G. Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// A vector of numbers uniform between `low` and `high`.
    pub fn vector(&mut self, len: usize, low: f64, high: f64) -> Array1<f64> {
        Array1::from_shape_simple_fn(len, || self.uniform(low, high))
    }

    /// Weights of a layer, `inputs x outputs`: normal, with standard deviation `scale / sqrt(inputs)`, which at scale 1
    /// keeps the sums in the next layer at the size of their terms.
    pub fn weights(&mut self, inputs: usize, outputs: usize, scale: f64) -> Array2<f64> {
        let deviation = scale / (inputs as f64).sqrt();
        Array2::from_shape_simple_fn((inputs, outputs), || deviation * self.normal())
    }

    /// A network of these widths that is to tell classes apart: [weights](Self::weights) of this scale, inputs uniform
    /// in 0..1, the target 1 at one output and 0 at the others.
    pub fn network(&mut self, widths: &[usize], scale: f64) -> Network {
        let inputs = widths.first().copied().unwrap_or(0);
        let outputs = widths.last().copied().unwrap_or(0);
        let inputs = self.vector(inputs, 0.0, 1.0);
        let weights = widths.windows(2).map(|pair| match *pair {
            [from, to] => self.weights(from, to, scale),
            _ => Array2::zeros((0, 0)),
        });
        let weights = weights.collect();
        let mut targets = Array1::zeros(outputs);
        let class = self.integer(0, outputs.saturating_sub(1));
        if let Some(target) = targets.get_mut(class) {
            *target = 1.0;
        }
        Network { weights, targets, inputs: Some(inputs), outputs: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(1);
        let numbers = Array1::from_shape_simple_fn(20_000, || random.normal());
        // Four standard errors.
        assert!(numbers.mean().unwrap().abs() < 4.0 / 20_000_f64.sqrt());
        assert!((numbers.std(0.0) - 1.0).abs() < 4.0 / 40_000_f64.sqrt());
    }

    #[test]
    fn integers_reach_both_ends() {
        let mut random = Random::new(2);
        let mut seen = [false; 5];
        (0..200).for_each(|_| seen[random.integer(1, 4)] = true);
        assert_eq!(seen, [false, true, true, true, true]);
    }

    #[test]
    fn a_network_has_the_widths_asked_for() {
        let network = Random::new(3).network(&[5, 4, 3], 1.0);
        assert_eq!(network.widths(), [5, 4, 3]);
        assert_eq!(network.targets.sum(), 1.0);
    }
}
