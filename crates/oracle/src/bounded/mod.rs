//! Running error analysis: a value, and how far a computation in floating-point numbers may be from the exact result.
//!
//! Every operation adds to the error what it passes on of its operands' errors (the exact amount, by Lipschitz bounds over
//! the whole interval, not to first order) and what its own result is rounded by (Wilkinson 1963; Higham, *Accuracy and
//! Stability of Numerical Algorithms*, sections 2.2 and 3.3). Its own rounding is, with the unit roundoff `u`:
//!
//! | operation | rounding | source |
//! |---|---|---|
//! | `+ - * /`, `√` | `u` of the result | IEEE 754 |
//! | sum of `n` terms that are not 0 | `(n - 1) u Σ\|x\|` | Higham, section 4.2: holds for every order of additions |
//! | product of `n` factors | `(n - 1) u` of the result | likewise |
//! | `xⁿ` | `(n - 1) u`, for negative `n` two more | repeated multiplication, in any order |
//! | elementary functions | so many units in the last place as the engine documents, rounded up | `functions.rs` |
//!
//! Underflow adds the smallest subnormal number; overflow makes the error infinite, unless nothing was rounded before. A branch
//! on numbers whose difference is below their errors may have gone the other way: the result's error then covers both.
//!
//! Derivatives need one thing more. Forward mode adds up contributions where paths meet, reverse mode where they
//! part, so what cancels early in one of the two may be carried along and rounded in the other. So a derivative
//! remembers its *size*, the sum of the absolute values of all contributions, and roundings are in proportion to that:
//! [`Number::accumulate`](crate::Number::accumulate) and [`Number::scale`](crate::Number::scale). With this,
//! `Dual<Bounded>` bounds the derivatives of both modes.

mod functions;
mod precision;

use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

pub use precision::{Double, Precision, Single};

/// A value in `f64` with a bound for the error of computing it, in `f64` or (as `Bounded<Single>`) in `f32`.
///
/// The bound holds for the engine's result as well as for [`value`](Bounded::value) itself, so the two differ by at most
/// twice as much: [`admits`](Bounded::admits).
///
/// ```
/// use chainrule_oracle::{Bounded, Number};
/// let x: Bounded = Bounded::exact(0.1);
/// let y = (x + Bounded::of(1.0)).ln();
/// assert!(y.admits(1.1_f64.ln()) && !y.admits(1.1_f64.ln() + 1e-14));
/// assert!(y.error < 4e-16);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded<P = Double> {
    /// The value, computed in `f64`.
    pub value: f64,
    /// The bound of the error, infinite where nothing is known.
    pub error: f64,
    /// The sum of the absolute values of all contributions; at least the absolute value.
    size: f64,
    precision: PhantomData<P>,
}

/// Makes up for the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-12;

impl<P: Precision> Bounded<P> {
    /// A value without an error.
    pub fn exact(value: f64) -> Self {
        Bounded { value, error: 0.0, size: value.abs(), precision: PhantomData }
    }

    /// A value with an error.
    pub fn new(value: f64, error: f64) -> Self {
        Bounded { value, error, size: value.abs() + error, precision: PhantomData }
    }

    /// The same number, which may have been computed in another way too: the larger bound of both.
    #[must_use]
    pub fn covering(self, other: Self) -> Self {
        let apart = (self.value - other.value).abs();
        Bounded { error: self.error.max(other.error + apart), size: self.size.max(other.size), ..self }
    }

    /// Whether a computed number may be the same one: the two differ by at most twice the error. (NaN is the same as NaN, and an
    /// infinity only as itself.)
    pub fn admits(self, computed: f64) -> bool {
        self.distance(computed) <= 1.0
    }

    /// How far a computed number is off, in parts of what is allowed: at most 1 if it is right, 0 if it is the same.
    pub fn distance(self, computed: f64) -> f64 {
        if computed == self.value || (computed.is_nan() && self.value.is_nan()) {
            return 0.0;
        }
        let part = (computed - self.value).abs() / (2.0 * self.error);
        if self.error == f64::INFINITY {
            0.0
        } else if part.is_nan() {
            f64::INFINITY
        } else {
            part
        }
    }

    /// A result: what its operands' errors make of it, and its own rounding, in units of roundoff.
    fn rounded(value: f64, passed: f64, units: f64) -> Self {
        let underflow =
            if units > 0.0 && value.abs() < P::SMALLEST_NORMAL { units.ceil() * P::TINY } else { 0.0 };
        let rounding = times(value.abs() + passed, units * P::UNIT) + underflow;
        let error = if !value.is_finite() {
            if passed == 0.0 { 0.0 } else { f64::INFINITY }
        } else if value.abs() > P::MAX || passed.is_nan() {
            f64::INFINITY
        } else {
            (passed + rounding) * SLACK
        };
        Bounded::new(value, error)
    }

    /// Exactly 0, not just rounded to it.
    fn is_zero(self) -> bool {
        self.value == 0.0 && self.error == 0.0 && self.size == 0.0
    }

    /// An infinity that no rounding has made, as a mask has it.
    fn is_infinity(self) -> bool {
        self.error == 0.0 && self.value.is_infinite()
    }

    /// Whether its sign is known, and that it is not 0.
    fn has_sign(self) -> bool {
        self.value.abs() > self.error
    }

    /// Whether a product with it is exact: a power of 2.
    fn is_exact_factor(self) -> bool {
        self.error == 0.0 && self.value.is_normal() && self.value.to_bits() << 12 == 0
    }

    /// The largest absolute value that it may have.
    fn reach(self) -> f64 {
        self.value.abs() + self.error
    }
}

/// A product in which 0 absorbs infinities.
fn times(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

impl<P: Precision> Add for Bounded<P> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if (self.is_infinity() && other.reach().is_finite())
            || (other.is_infinity() && self.reach().is_finite())
        {
            return Bounded::exact(self.value + other.value);
        }
        let exact = self.is_zero() || other.is_zero();
        Bounded::rounded(self.value + other.value, self.error + other.error, if exact { 0.0 } else { 1.0 })
    }
}

impl<P: Precision> Sub for Bounded<P> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<P: Precision> Neg for Bounded<P> {
    type Output = Self;
    fn neg(self) -> Self {
        Bounded { value: -self.value, ..self }
    }
}

impl<P: Precision> Mul for Bounded<P> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if (self.is_zero() && other.value.is_finite()) || (other.is_zero() && self.value.is_finite()) {
            return Bounded::exact(self.value * other.value);
        }
        if (self.is_infinity() && other.has_sign()) || (other.is_infinity() && self.has_sign()) {
            return Bounded::exact(self.value * other.value);
        }
        let passed = times(self.value.abs(), other.error) + times(self.error, other.reach());
        // a power of 2 changes no digit (unless the result is subnormal)
        let value = self.value * other.value;
        let normal = value.abs() >= P::SMALLEST_NORMAL;
        let exact = normal && (self.is_exact_factor() || other.is_exact_factor());
        Bounded::rounded(value, passed, if exact { 0.0 } else { 1.0 })
    }
}

impl<P: Precision> Div for Bounded<P> {
    type Output = Self;
    /// `|a/b - a'/b'| <= (e_a + |a/b| e_b) / (|b| - e_b)`
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        if self.is_infinity() && other.has_sign() && other.reach().is_finite() {
            return Bounded::exact(value);
        }
        let (above, below) = (self.error + times(value.abs(), other.error), other.value.abs() - other.error);
        let passed = match above == 0.0 {
            true => 0.0,
            false if below > 0.0 => above / below,
            false => f64::INFINITY,
        };
        let exact = other.is_exact_factor() && value.abs() >= P::SMALLEST_NORMAL;
        Bounded::rounded(value, passed, if exact || self.is_zero() { 0.0 } else { 1.0 })
    }
}
