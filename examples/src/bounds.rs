//! How far two computations of the same thing may lie apart.
//!
//! The tape and the closed form add the same products in different orders, so their results differ in the last bits. How
//! much they may differ is known beforehand (see [`gamma`]); no tolerance is chosen.

use ndarray::{Array1, ArrayView2};

use crate::rounding::{SMALLEST, gamma};

/// A vector on its way through layers, with what is needed to say how well it can be known.
#[derive(Clone, Debug)]
pub struct Bounded {
    /// The vector itself, by plain `ndarray`.
    pub value: Array1<f64>,
    /// The same computed from absolute values: the size of what is added up.
    magnitude: Array1<f64>,
    /// What numbers too small for a relative error may have lost.
    lost: Array1<f64>,
    /// How many roundings a product went through.
    roundings: usize,
}

impl Bounded {
    /// From numbers that are taken as exact.
    pub fn start(errors: Array1<f64>) -> Self {
        Bounded {
            magnitude: errors.mapv(f64::abs),
            lost: Array1::zeros(errors.len()),
            value: errors,
            roundings: 0,
        }
    }

    /// Through a layer: `matrix` times the vector.
    pub fn through(&self, matrix: ArrayView2<'_, f64>) -> Self {
        let size = matrix.mapv(f64::abs);
        let terms = matrix.ncols();
        Bounded {
            value: matrix.dot(&self.value),
            magnitude: size.dot(&self.magnitude),
            lost: size.dot(&self.lost) + terms as f64 * SMALLEST,
            roundings: self.roundings + terms,
        }
    }

    /// Times factors that two computations know up to `roundings` roundings each.
    pub fn times(&self, factors: &Array1<f64>, roundings: usize) -> Self {
        let size = factors.mapv(f64::abs);
        Bounded {
            value: &self.value * factors,
            magnitude: &self.magnitude * &size,
            // A factor below the normal numbers has lost some of itself, too.
            lost: &self.lost * &size + (&self.magnitude + 1.0) * SMALLEST,
            roundings: self.roundings + 1 + roundings,
        }
    }

    /// How far two computations, each in its own order, may lie apart, element by element.
    pub fn bound(&self) -> Array1<f64> {
        // The magnitude has been rounded as often as the value: the division makes up for that.
        let gamma = gamma(self.roundings);
        2.0 * (&self.magnitude * (gamma / (1.0 - gamma)) + &self.lost)
    }

    /// Compares with another computation.
    pub fn compare(&self, other: &Array1<f64>) -> Comparison {
        let difference = (&self.value - other).mapv(f64::abs);
        let bound = self.bound();
        let holds = self.value.len() == other.len() && difference.iter().zip(&bound).all(|(d, b)| d <= b);
        Comparison { largest: largest(&difference), bound: largest(&bound), holds }
    }
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The largest difference.
    pub largest: f64,
    /// The largest bound.
    pub bound: f64,
    /// Whether *every* difference is within its own bound.
    pub holds: bool,
}

/// The largest of non-negative numbers; NaN if one is NaN, so that it does not get lost.
fn largest(numbers: &Array1<f64>) -> f64 {
    numbers.iter().fold(0.0, |most: f64, &x| if x.is_nan() || x > most { x } else { most })
}

/// The cosine of the angle between two directions; `None` if one of them is zero.
pub fn cosine<'a>(
    a: impl IntoIterator<Item = &'a f64> + Clone,
    b: impl IntoIterator<Item = &'a f64> + Clone,
) -> Option<f64> {
    // Dividing by the largest number first: squares of tiny or huge ones would leave the range.
    let most = |x: &mut dyn Iterator<Item = &'a f64>| x.fold(0.0, |most: f64, &x| most.max(x.abs()));
    let (most_a, most_b) = (most(&mut a.clone().into_iter()), most(&mut b.clone().into_iter()));
    if most_a == 0.0 || most_b == 0.0 {
        return None;
    }
    let (mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.into_iter().zip(b) {
        let (x, y) = (x / most_a, y / most_b);
        aa += x * x;
        ab += x * y;
        bb += y * y;
    }
    Some(ab / (aa.sqrt() * bb.sqrt()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_wrong_last_digit_is_found() {
        let bounded = Bounded::start(array![0.42, 0.45]).through(array![[0.3, 0.2], [0.2, 0.1]].view());
        assert!(bounded.compare(&array![0.216, 0.129]).holds);
        assert!(!bounded.compare(&array![0.216, 0.129 + 1e-15]).holds);
        assert!(!bounded.compare(&array![0.216, f64::NAN]).holds);
        assert!(bounded.compare(&array![0.216, f64::NAN]).largest.is_nan());
    }

    #[test]
    fn cosines_of_any_size() {
        let cosine = |a: [f64; 2], b: [f64; 2]| cosine(&a, &b);
        assert_eq!(cosine([1e-300, 0.0], [1e300, 0.0]), Some(1.0));
        assert_eq!(cosine([1.0, 0.0], [0.0, -3.0]), Some(0.0));
        assert_eq!(cosine([1.0, 0.0], [0.0, 0.0]), None);
        assert_eq!(cosine([5e-324, 0.0], [-1.0, 0.0]), Some(-1.0));
    }
}
