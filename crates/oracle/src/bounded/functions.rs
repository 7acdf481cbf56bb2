//! The functions of [`Bounded`] numbers.
//!
//! An error is passed on by the largest slope over the whole interval that the argument may lie in: its absolute value is
//! monotone between the peaks that each function names, so it is the largest of those at the ends and at the peaks inside.
//!
//! A function's own error, in units in the last place, is the larger one of those that the engine documents for both types and
//! both sorts of arithmetic (`crates/kernels/src/math/mod.rs`), rounded up; for the functions of the standard library (`tan`,
//! `atan`, `pow`, `atan2`, `hypot`) it is 1.

use super::{Bounded, Precision, SLACK, times};
use crate::Number;

impl<P: Precision> Bounded<P> {
    /// A function's value with so many units in the last place of error, its slope and the places where that is steepest.
    fn curve(self, value: f64, ulps: f64, slope: impl Fn(f64) -> f64, peaks: &[f64]) -> Self {
        if self.error == 0.0 {
            return Bounded::rounded(value, 0.0, 2.0 * ulps);
        }
        let (low, high) = (self.value - self.error, self.value + self.error);
        let inside = peaks.iter().copied().filter(|&p| low <= p && p <= high);
        let steepest = inside.chain([low, high]).map(|x| slope(x).abs());
        // beyond the domain it is NaN, and stays that: nothing is known
        let larger = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) };
        let steepest = steepest.fold(0.0, larger);
        Bounded::rounded(value, times(steepest, self.error) * SLACK, 2.0 * ulps)
    }

    /// The same for sine and cosine, whose slope changes by at most the error.
    fn wave(self, value: f64, slope: f64) -> Self {
        Bounded::rounded(value, times((slope.abs() + self.error).min(1.0), self.error) * SLACK, 2.0)
    }
}

impl<P: Precision> Number for Bounded<P> {
    /// The nearest number of the type; the rest is its error.
    fn of(x: f64) -> Self {
        if x.is_finite() { Bounded::new(x, (x - P::nearest(x)).abs()) } else { Bounded::exact(x) }
    }

    fn real(self) -> f64 {
        self.value
    }

    fn detach(self) -> Self {
        self
    }

    fn exp(self) -> Self {
        self.curve(self.value.exp(), 1.0, f64::exp, &[])
    }

    fn expm1(self) -> Self {
        self.curve(self.value.exp_m1(), 1.2, f64::exp, &[])
    }

    fn ln(self) -> Self {
        let positive = self.value > self.error;
        let slope = |x: f64| if positive { 1.0 / x } else { f64::NAN };
        self.curve(self.value.ln(), 0.9, slope, &[])
    }

    fn log1p(self) -> Self {
        let positive = 1.0 + self.value > self.error;
        let slope = |x: f64| if positive { 1.0 / (1.0 + x) } else { f64::NAN };
        self.curve(self.value.ln_1p(), 1.1, slope, &[])
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        let below = self.value - self.error;
        // |√x - √y| = |x - y| / (√x + √y), and at most √(x + e) where the argument may be 0
        let passed = match self.error == 0.0 {
            true => 0.0,
            false if below > 0.0 => self.error / (root + below.sqrt()),
            false => (self.value.max(0.0) + self.error).sqrt(),
        };
        Bounded::rounded(root, passed * SLACK, if self.is_zero() { 0.0 } else { 1.0 })
    }

    fn sin(self) -> Self {
        self.wave(self.value.sin(), self.value.cos())
    }

    fn cos(self) -> Self {
        self.wave(self.value.cos(), self.value.sin())
    }

    fn tan(self) -> Self {
        let (low, high) = (self.value - self.error, self.value + self.error);
        let pole = self.error >= 1.0 || low.cos() * high.cos() <= 0.0;
        let slope = |x: f64| if pole { f64::INFINITY } else { 1.0 + x.tan() * x.tan() };
        self.curve(self.value.tan(), 1.0, slope, &[])
    }

    fn atan(self) -> Self {
        self.curve(self.value.atan(), 1.0, |x| 1.0 / (1.0 + x * x), &[0.0])
    }

    fn tanh(self) -> Self {
        self.curve(Number::tanh(self.value), 1.1, |x| 4.0 * (2.0 * x).density(), &[0.0])
    }

    fn sigmoid(self) -> Self {
        self.curve(self.value.sigmoid(), 2.4, f64::density, &[0.0])
    }

    fn density(self) -> Self {
        // x = ±ln(2 + √3), where the second derivative is 0
        let steepest = 1.3169578969248167;
        let slope = |x: f64| x.density() * Number::tanh(x / 2.0);
        self.curve(self.value.density(), 2.4, slope, &[-steepest, steepest])
    }

    fn softplus(self) -> Self {
        self.curve(self.value.softplus(), 1.7, f64::sigmoid, &[])
    }

    fn erf(self) -> Self {
        self.curve(Number::erf(self.value), 1.3, f64::bell, &[0.0])
    }

    fn erfc(self) -> Self {
        self.curve(Number::erfc(self.value), 2.5, f64::bell, &[0.0])
    }

    /// The engine computes it as an exponential of the rounded square: `x²` units of roundoff more.
    fn bell(self) -> Self {
        let steepest = std::f64::consts::FRAC_1_SQRT_2;
        let square = (self.value * self.value).min(800.0);
        let slope = |x: f64| 2.0 * x * x.bell();
        self.curve(self.value.bell(), 2.0 + square / 2.0, slope, &[-steepest, steepest])
    }

    fn powi(self, n: i32) -> Self {
        if n == 0 {
            return Bounded::exact(1.0);
        }
        let factors = f64::from(n).abs() - 1.0 + if n < 0 { 2.0 } else { 0.0 };
        let slope = |x: f64| f64::from(n) * x.abs().powf(f64::from(n) - 1.0);
        self.curve(Number::powi(self.value, n), factors / 2.0, slope, &[0.0])
    }

    /// For exponents below ½ with the error of the slope of powers: the engine rounds `c - 1` there, which the
    /// logarithm multiplies.
    fn powf(self, c: f64) -> Self {
        if c == 0.0 {
            return Bounded::exact(1.0);
        }
        let ln = self.value.abs().ln().abs();
        let ulps = if c < 0.5 && ln.is_finite() { 1.0 + ln / 2.0 } else { 1.0 };
        let slope = |x: f64| if x < 0.0 && c != c.round() { f64::NAN } else { c * x.abs().powf(c - 1.0) };
        self.curve(self.value.powf(c), ulps, slope, &[0.0])
    }

    fn pow(self, y: Self) -> Self {
        let value = self.value.powf(y.value);
        if y.error == 0.0 {
            let one = y.value == 0.0;
            return if one { Bounded::exact(1.0) } else { self.powf(y.value) };
        }
        let (low, high) = (self.value - self.error, self.value + self.error);
        if self.is_zero() && y.value > y.error {
            return Bounded::exact(value);
        }
        if low <= 0.0 {
            return Bounded::rounded(value, f64::INFINITY, 2.0);
        }
        // exponent times logarithm is largest at a corner of the rectangle that both may lie in
        let corner = |shift: f64| {
            let ends = [y.value - y.error + shift, y.value + y.error + shift];
            ends.iter().flat_map(|&c| [low.powf(c), high.powf(c)]).fold(0.0, f64::max)
        };
        let by_base = times(times(y.reach(), corner(-1.0)), self.error);
        let by_exponent = times(times(corner(0.0), low.ln().abs().max(high.ln().abs())), y.error);
        // as in `powf`
        let units = if y.value < 0.5 { 2.0 + self.value.ln().abs() } else { 2.0 };
        Bounded::rounded(value, (by_base + by_exponent) * SLACK, units)
    }

    fn atan2(self, x: Self) -> Self {
        let value = self.value.atan2(x.value);
        let radius = self.value.hypot(x.value) - self.error.hypot(x.error);
        let errors = [self.error, x.error];
        let passed = if errors == [0.0, 0.0] {
            0.0
        } else if radius <= 0.0 || (self.value.abs() <= self.error && x.value - x.error <= 0.0) {
            std::f64::consts::TAU // around the origin, or over the cut
        } else {
            let turn = times(x.reach() / radius, self.error) + times(self.reach() / radius, x.error);
            turn / radius
        };
        Bounded::rounded(value, passed * SLACK, 2.0)
    }

    fn hypot(self, y: Self) -> Self {
        Bounded::rounded(self.value.hypot(y.value), self.error.hypot(y.error) * SLACK, 2.0)
    }

    fn blend(equals: &[Self]) -> Self {
        let Some(first) = equals.first() else { return Bounded::exact(f64::NAN) };
        Bounded::new(first.value, equals.iter().map(|x| x.error).fold(0.0, f64::max))
    }

    fn undecided(self, other: Self) -> bool {
        let errors = self.error + other.error;
        errors > 0.0 && (self.value - other.value).abs() <= errors
    }

    fn widened(self, by: Self) -> Self {
        let more = by.reach();
        Bounded { error: self.error + more, size: self.size + more, ..self }
    }

    /// Known only where the bits are.
    fn noise(self, y: Self) -> Self {
        let noise = Bounded::exact(P::noise(self.value, y.value));
        if self.error + y.error == 0.0 { noise } else { noise.widened(Bounded::exact(1.0)) }
    }

    fn sum(terms: &[Self]) -> Self {
        let value = terms.iter().map(|x| x.value).sum::<f64>() + 0.0;
        let passed: f64 = terms.iter().map(|x| x.error).sum();
        let (count, sizes) = sizes(terms.iter().map(|x| x.reach()));
        Bounded::added(value, passed, count, sizes)
    }

    fn product(factors: &[Self]) -> Self {
        let value = factors.iter().map(|x| x.value).product();
        let largest: f64 = factors.iter().map(|x| x.reach()).product();
        let smallest: f64 = factors.iter().map(|x| x.value.abs()).product();
        let exact = factors.iter().all(|x| x.error == 0.0);
        // the relative errors add up; the difference of the two products has rounding errors of its own
        let own = largest * factors.len() as f64 * f64::EPSILON;
        let passed = if exact { 0.0 } else { largest - smallest + own };
        Bounded::rounded(value, passed * SLACK, factors.len().saturating_sub(1) as f64)
    }

    fn accumulate(terms: &[Self]) -> Self {
        let value = terms.iter().map(|x| x.value).sum::<f64>() + 0.0;
        let passed: f64 = terms.iter().map(|x| x.error).sum();
        let (count, sizes) = sizes(terms.iter().map(|x| x.size));
        Bounded { size: sizes, ..Bounded::added(value, passed, count, sizes) }
    }

    fn scale(self, slope: Self) -> Self {
        if self.is_zero() || slope.is_zero() {
            return Bounded::exact(0.0);
        }
        let value = times(self.value, slope.value);
        let size = self.size * slope.size;
        let passed = times(self.value.abs(), slope.error) + times(self.error, slope.reach());
        let exact = self.is_exact_factor() || slope.is_exact_factor();
        let units = if exact { 0.0 } else { 1.0 };
        let plain: Self = Bounded::rounded(value, passed, units);
        let paths = (size - value.abs()).max(0.0) * (units * P::UNIT);
        Bounded { error: (plain.error + paths) * SLACK, size, ..plain }
    }
}

/// How many are not 0, and their sum.
fn sizes(sizes: impl Iterator<Item = f64>) -> (usize, f64) {
    sizes.filter(|&size| size != 0.0).fold((0, 0.0), |(count, sum), size| (count + 1, sum + size))
}

impl<P: Precision> Bounded<P> {
    /// A sum of so many terms of these sizes, in whatever order.
    fn added(value: f64, passed: f64, count: usize, sizes: f64) -> Self {
        let rounding = times(count.saturating_sub(1) as f64 * P::UNIT, sizes);
        let plain: Self = Bounded::rounded(value, passed, 0.0);
        let error = if plain.value.is_finite() { (plain.error + rounding) * SLACK } else { plain.error };
        // partial sums may overflow in another order
        Bounded::new(value, if sizes > P::MAX && sizes.is_finite() { f64::INFINITY } else { error })
    }
}
