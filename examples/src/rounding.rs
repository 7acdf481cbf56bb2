//! How far two ways of computing the same may lie apart: bounds from the theory of rounding, not from experience.
//!
//! A sum of `n` products of floating-point numbers has an error of at most `γₙ Σ|aᵢ bᵢ|`, where `γₙ = n u / (1 - n u)` and
//! `u` is half the distance from 1 to the next number (Higham 2002, "Accuracy and Stability of Numerical Algorithms",
//! section 3.1), whatever the order of the additions. Two computations differ by at most twice that.

/// `γₙ = n u / (1 - n u)` for `f64`.
pub fn gamma(n: usize) -> f64 {
    let nu = n as f64 * (f64::EPSILON / 2.0);
    nu / (1.0 - nu)
}

/// Whether two numbers agree that were computed in `n` roundings each from terms whose absolute values add up to `size`.
pub fn agree(a: f64, b: f64, n: usize, size: f64) -> bool {
    // The smallest normal number: a product of tiny factors loses digits to underflow, which γ does not know.
    (a - b).abs() <= 2.0 * gamma(n) * size + n as f64 * f64::MIN_POSITIVE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_and_are_not_idle() {
        assert!(agree(0.1 + 0.2, 0.3, 2, 0.3));
        assert!(!agree(0.3 + 1e-15, 0.3, 2, 0.3));
        assert!(!agree(f64::NAN, 0.0, 2, 1.0));
    }
}
