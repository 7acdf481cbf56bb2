//! Normal numbers, and orthonormal rows made of them.

use std::f64::consts::TAU;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

use super::unit;

/// A source of normal numbers with mean 0 and deviation 1.
///
/// Two of two uniform ones (G. Box and M. Muller, "A note on the generation of random normal deviates", Annals of
/// Mathematical Statistics 29, 1958), by functions that are part of the program: those of a system differ from system to
/// system.
pub(super) struct Normal {
    generator: Pcg64,
    other: Option<f64>,
}

impl Normal {
    pub(super) fn new(generator: Pcg64) -> Self {
        Normal { generator, other: None }
    }

    pub(super) fn draw(&mut self) -> f64 {
        if let Some(other) = self.other.take() {
            return other;
        }
        let [radius, angle] = [(); 2].map(|()| unit(self.generator.next_u64()));
        // From (0, 1], for its logarithm.
        let radius = (-2.0 * libm::log(1.0 - radius)).sqrt();
        let (sine, cosine) = libm::sincos(TAU * angle);
        self.other = Some(radius * sine);
        radius * cosine
    }

    /// The next one within a bound, which must not be tiny.
    pub(super) fn draw_within(&mut self, bound: f64) -> f64 {
        loop {
            let number = self.draw();
            if number.abs() <= bound {
                return number;
            }
        }
    }
}

/// A matrix in rows, with orthonormal rows or columns, whichever are fewer; `None` if memory cannot be had.
///
/// The method of Gram and Schmidt, each vector twice: after the second time they are orthogonal to the last digit. It is a QR
/// decomposition with a positive diagonal, so the matrix is distributed evenly over all of them (F. Mezzadri, "How to
/// generate random matrices from the classical compact groups", Notices of the AMS 54, 2007).
pub(super) fn orthogonal(rows: usize, columns: usize, mut normal: Normal) -> Option<Vec<f64>> {
    let (count, len) = (rows.min(columns), rows.max(columns));
    let size = count.checked_mul(len)?;
    let mut vectors = Vec::new();
    vectors.try_reserve_exact(size).ok()?;
    for number in 0..count {
        let from = number * len;
        loop {
            vectors.truncate(from);
            vectors.extend(std::iter::repeat_with(|| normal.draw()).take(len));
            let (before, this) = vectors.split_at_mut(from);
            if orthonormal(before, this) {
                break;
            }
        }
    }
    if rows <= columns {
        return Some(vectors);
    }
    let mut turned = Vec::new();
    turned.try_reserve_exact(size).ok()?;
    turned.extend((0..size).filter_map(|place| vectors.get(place % count * len + place / count)));
    Some(turned)
}

/// Makes a vector orthogonal to others, which are orthonormal, and of length 1. False if nothing is left of it, which does not
/// happen to random ones.
fn orthonormal(before: &[f64], this: &mut [f64]) -> bool {
    for _ in 0..2 {
        for other in before.chunks_exact(this.len().max(1)) {
            let part: f64 = this.iter().zip(other).map(|(a, b)| a * b).sum();
            this.iter_mut().zip(other).for_each(|(a, b)| *a -= part * b);
        }
        let length = this.iter().map(|a| a * a).sum::<f64>().sqrt();
        if length < 1e-9 {
            return false;
        }
        this.iter_mut().for_each(|a| *a /= length);
    }
    true
}
