//! The floating-point numbers whose rounding is bounded.

use std::fmt::Debug;

/// A type of floating-point numbers.
pub trait Precision: Copy + Debug + PartialEq + 'static {
    /// The unit roundoff: the largest relative error of one rounding.
    const UNIT: f64;
    /// The smallest positive number.
    const TINY: f64;
    /// The smallest number with all digits.
    const SMALLEST_NORMAL: f64;
    /// The largest finite number.
    const MAX: f64;
    /// The nearest number of the type.
    fn nearest(x: f64) -> f64;
    /// The engine's random number for two numbers of the type.
    fn noise(a: f64, b: f64) -> f64;
}

/// `f64`: `u = 2⁻⁵³`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Double;

/// `f32`: `u = 2⁻²⁴`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Single;

impl Precision for Double {
    const UNIT: f64 = f64::EPSILON / 2.0;
    const TINY: f64 = 5e-324;
    const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;
    const MAX: f64 = f64::MAX;
    fn nearest(x: f64) -> f64 {
        x
    }
    fn noise(a: f64, b: f64) -> f64 {
        crate::ops::noise(a, b)
    }
}

impl Precision for Single {
    const UNIT: f64 = f32::EPSILON as f64 / 2.0;
    const TINY: f64 = 1.401298464324817e-45;
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    const MAX: f64 = f32::MAX as f64;
    fn nearest(x: f64) -> f64 {
        f64::from(x as f32)
    }
    fn noise(a: f64, b: f64) -> f64 {
        f64::from(crate::ops::noise_single(a as f32, b as f32))
    }
}
