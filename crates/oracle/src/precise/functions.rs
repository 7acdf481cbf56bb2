//! The functions of [`Precise`] numbers: series, continued fractions and Newton steps on what the standard library knows.

use std::f64::consts::{FRAC_PI_2, LN_2};

use super::Precise;
use crate::Number;

const fn constant(hi: f64, lo: f64) -> Precise {
    Precise { hi, lo }
}

const ZERO: Precise = constant(0.0, 0.0);
const ONE: Precise = constant(1.0, 0.0);
const LN2: [f64; 3] = [LN_2, 2.3190468138462996e-17, 5.707708438416212e-34];
const HALF_PI: [f64; 3] = [FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
const TWO_OVER_ROOT_PI: Precise = constant(std::f64::consts::FRAC_2_SQRT_PI, 1.533545961316588e-17);
const ROOT_PI: Precise = constant(1.772453850905516, -7.666586499825799e-17);

/// `x - k (c₀ + c₁ + c₂)` for a whole number `k`.
fn reduced(x: Precise, k: f64, c: [f64; 3]) -> Precise {
    x - Precise::product_of(k, c[0]) - Precise::product_of(k, c[1]) - Precise::product_of(k, c[2])
}

/// `eˣ - 1` for `|x| < 0.4`: a power series of `x / 32`, doubled five times by `e²ˣ - 1 = y (2 + y)`.
fn small_expm1(x: Precise) -> Precise {
    let r = x.shifted(-5);
    let mut tail = ONE; // 1 + r/2 (1 + r/3 (1 + ...))
    for n in (2..=14).rev() {
        tail = ONE + tail * r / Precise::of(f64::from(n));
    }
    let mut y = r * tail;
    for _ in 0..5 {
        y = y * (y + Precise::of(2.0));
    }
    y
}

/// `ln(1 + x)` for `|x| < 0.45`: one Newton step for `e^y - 1 = x`.
fn small_log1p(x: Precise) -> Precise {
    let y = Precise::of(x.hi.ln_1p());
    let expm1 = y.expm1();
    y - (expm1 - x) / (ONE + expm1)
}

/// The sine and the cosine of `|x| <= π/4`, by their series.
fn small_sin_cos(x: Precise) -> (Precise, Precise) {
    let square = x * x;
    let series = |first: u32| {
        let mut tail = ONE;
        for n in (1..=14).rev() {
            let k = f64::from(2 * n + first);
            tail = ONE - tail * square / Precise::of(k * (k - 1.0));
        }
        tail
    };
    (x * series(1), series(0))
}

/// Sine and cosine. Above 2⁵² to the precision of `f64`.
fn sin_cos(x: Precise) -> (Precise, Precise) {
    if x.hi.is_nan() || x.hi.abs() > 4.5e15 {
        return (Precise::of(x.hi.sin()), Precise::of(x.hi.cos()));
    }
    let k = (x.hi / FRAC_PI_2).round();
    let (sin, cos) = small_sin_cos(reduced(x, k, HALF_PI));
    match k.rem_euclid(4.0) {
        0.0 => (sin, cos),
        1.0 => (cos, -sin),
        2.0 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// `erf(x) / (2/√π e^(-x²))`, the sum of `2ⁿ x²ⁿ⁺¹ / (1 · 3 · ... · (2n + 1))`: all terms have one sign.
fn erf_series(x: Precise) -> Precise {
    let twice_square = (x * x).shifted(1);
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term = term * twice_square / Precise::of(f64::from(2 * n + 1));
        sum = sum + term;
        if term.hi.abs() <= 1e-34 * sum.hi.abs() {
            break;
        }
    }
    sum
}

/// `erfc(x)` from 2 on: `e^(-x²)/√π` over Laplace's continued fraction `x + ½/(x + 1/(x + 1½/(x + ...)))`.
fn erfc_fraction(x: Precise) -> Precise {
    let depth = (1600.0 / (x.hi * x.hi)) as u32 + 10;
    let mut fraction = x;
    for k in (1..=depth).rev() {
        fraction = x + Precise::of(f64::from(k) / 2.0) / fraction;
    }
    (-(x * x)).exp() / (ROOT_PI * fraction)
}

/// Where series meet the continued fraction.
const MIDDLE: f64 = 2.0;

/// Below it, `eˣ - 1` and `ln(1 + x)` are `x` to all digits.
const TINY: f64 = 1e-200;

impl Number for Precise {
    fn of(x: f64) -> Self {
        Precise { hi: x, lo: 0.0 }
    }

    fn real(self) -> f64 {
        self.hi
    }

    fn detach(self) -> Self {
        self
    }

    fn exp(self) -> Self {
        if !(-746.0..=709.8).contains(&self.hi) {
            return Precise::of(self.hi.exp()); // 0, infinity, NaN
        }
        let k = (self.hi / LN_2).round();
        (ONE + small_expm1(reduced(self, k, LN2))).shifted(k as i32)
    }

    fn expm1(self) -> Self {
        if self.hi.abs() < 0.35 {
            return if self.hi.abs() < TINY { self } else { small_expm1(self) };
        }
        self.exp() - ONE
    }

    fn ln(self) -> Self {
        if self.hi <= 0.0 || !self.hi.is_finite() {
            return Precise::of(self.hi.ln());
        }
        // x = 2^k m with m between √½ and √2; a subnormal number is brought up first
        let up = if self.hi < 1e-290 { 200 } else { 0 };
        let x = self.shifted(up);
        let k = (x.hi.log2()).round() as i32;
        let m = x.shifted(-k);
        reduced(small_log1p(m - ONE), f64::from(up - k), LN2)
    }

    fn log1p(self) -> Self {
        if self.hi.abs() < TINY {
            return self;
        }
        if self.hi.abs() < 0.4 { small_log1p(self) } else { (ONE + self).ln() }
    }

    fn sqrt(self) -> Self {
        let root = self.hi.sqrt();
        if root == 0.0 || !root.is_finite() {
            return Precise::of(root);
        }
        // one Newton step, on the argument brought near 1
        let exponent = (self.hi.log2() / 2.0).round() as i32;
        let (x, y) = (self.shifted(-2 * exponent), Precise::of(root).shifted(-exponent));
        let better = y + (x - y * y) / y.shifted(1);
        better.shifted(exponent)
    }

    fn sin(self) -> Self {
        if self.hi == 0.0 { self } else { sin_cos(self).0 }
    }

    fn cos(self) -> Self {
        sin_cos(self).1
    }

    fn tan(self) -> Self {
        if self.hi == 0.0 {
            return self;
        }
        let (sin, cos) = sin_cos(self);
        if self.hi.abs() > 4.5e15 { Precise::of(self.hi.tan()) } else { sin / cos }
    }

    fn atan(self) -> Self {
        if self.hi == 0.0 || self.hi.is_nan() {
            return self;
        }
        if self.hi.abs() > 1.0 {
            let rest = if self.hi.is_infinite() { ZERO } else { (ONE / self).atan() };
            let half = constant(HALF_PI[0].copysign(self.hi), HALF_PI[1].copysign(self.hi));
            return half - rest;
        }
        // tan(θ - t) = (x cos t - sin t) / (cos t + x sin t), and the tangent of what is left is itself
        let near = Precise::of(self.hi.atan());
        let (sin, cos) = small_sin_cos(near);
        near + (self * cos - sin) / (cos + self * sin)
    }

    fn tanh(self) -> Self {
        let x = if self.hi < 0.0 { -self } else { self };
        if x.hi == 0.0 || x.hi.is_nan() {
            return self;
        }
        let y = if x.hi > 400.0 {
            ONE
        } else {
            let expm1 = x.shifted(1).expm1();
            if x.hi > 20.0 {
                ONE - Precise::of(2.0) / (expm1 + Precise::of(2.0))
            } else {
                expm1 / (expm1 + Precise::of(2.0))
            }
        };
        if self.hi < 0.0 { -y } else { y }
    }

    fn sigmoid(self) -> Self {
        if self.hi >= 0.0 {
            return ONE / (ONE + (-self).exp());
        }
        let e = self.exp();
        e / (ONE + e)
    }

    fn density(self) -> Self {
        let e = if self.hi < 0.0 { self } else { -self }.exp();
        let below = ONE + e;
        e / (below * below)
    }

    fn softplus(self) -> Self {
        if self.hi.is_infinite() {
            return Precise::of(self.hi.max(0.0));
        }
        if self.hi > 0.0 { self + (-self).exp().log1p() } else { self.exp().log1p() }
    }

    fn erf(self) -> Self {
        let x = self.hi;
        if x == 0.0 || x.is_nan() {
            return self;
        }
        if x.abs() < MIDDLE {
            return TWO_OVER_ROOT_PI * (-(self * self)).exp() * erf_series(self);
        }
        let tail = if x < 0.0 { -self } else { self }.erfc();
        if x < 0.0 { tail - ONE } else { ONE - tail }
    }

    fn erfc(self) -> Self {
        if self.hi < MIDDLE || self.hi.is_nan() {
            return ONE - self.erf();
        }
        if self.hi > 30.0 { ZERO } else { erfc_fraction(self) }
    }

    fn bell(self) -> Self {
        if self.hi.abs() > 30.0 {
            return ZERO;
        }
        TWO_OVER_ROOT_PI * (-(self * self)).exp()
    }

    fn powi(self, n: i32) -> Self {
        let power = |x: Precise| {
            let (mut power, mut base, mut rest) = (ONE, x, n.unsigned_abs());
            while rest > 0 {
                if rest % 2 == 1 {
                    power = power * base;
                }
                rest /= 2;
                if rest > 0 {
                    base = base * base;
                }
            }
            power
        };
        if n >= 0 {
            return power(self);
        }
        // the power may leave the range that its reciprocal is in
        let below = power(self);
        if below.hi.is_finite() && below.hi.abs() > 1e-280 { ONE / below } else { power(ONE / self) }
    }

    fn powf(self, c: f64) -> Self {
        self.pow(Precise::of(c))
    }

    fn pow(self, y: Self) -> Self {
        let (x, c) = (self.hi, y.hi);
        let plain = x.powf(c);
        if c == 0.0 || x == 0.0 || !x.is_finite() || !c.is_finite() || plain.is_nan() {
            return Precise::of(plain);
        }
        let size = (y * if x < 0.0 { -self } else { self }.ln()).exp();
        if plain < 0.0 { -size } else { size }
    }

    fn atan2(self, x: Self) -> Self {
        let special = self.hi == 0.0 || x.hi == 0.0 || !self.hi.is_finite() || !x.hi.is_finite();
        if special {
            let plain = self.hi.atan2(x.hi);
            let turns = plain / FRAC_PI_2;
            // halves and wholes of π have their digits; 0, π/4 and the like are only rounded
            let rest = if turns == turns.round() { HALF_PI[1] * turns } else { 0.0 };
            return Precise::normal(plain, rest);
        }
        let half = constant(HALF_PI[0].copysign(self.hi), HALF_PI[1].copysign(self.hi));
        if self.hi.abs() > x.hi.abs() {
            return half - (x / self).atan();
        }
        let angle = (self / x).atan();
        if x.hi > 0.0 { angle } else { half + angle + half }
    }

    fn hypot(self, y: Self) -> Self {
        let size = self.hi.abs().max(y.hi.abs());
        if size == 0.0 || !self.hi.is_finite() || !y.hi.is_finite() {
            return Precise::of(self.hi.hypot(y.hi));
        }
        let exponent = size.log2().round() as i32;
        let (a, b) = (self.shifted(-exponent), y.shifted(-exponent));
        (a * a + b * b).sqrt().shifted(exponent)
    }

    fn blend(equals: &[Self]) -> Self {
        let parts: Option<Precise> = equals.iter().copied().reduce(|a, b| a + b);
        match (equals, parts) {
            ([one], _) => *one,
            (_, Some(sum)) if sum.hi.is_finite() => sum / Precise::of(equals.len() as f64),
            (_, Some(_)) => equals[0],
            (_, None) => Precise::of(f64::NAN),
        }
    }
}
