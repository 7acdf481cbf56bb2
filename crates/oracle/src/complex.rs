//! The complex step: a derivative as the imaginary part of a value at `x + i h`.
//!
//! With `h` so tiny that its square vanishes, the imaginary part of `f(x + i h)` is `h f'(x)`, and no subtraction
//! loses a digit of it (Squire and Trapp 1998). No rule of calculus is used: the functions are written out in real and imaginary
//! parts, from their addition theorems. So this is the judge that shares least with what it judges.
//!
//! Functions are those of complex analysis for numbers near the real axis; `erf`, `erfc`, `atan2` and whatever has a kink
//! are continued from the axis to first order in the imaginary part.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::Number;

/// A complex number near the real axis.
///
/// ```
/// use chainrule_oracle::{Complex, Number};
/// let y = Complex::step(0.5).sin();
/// assert_eq!(y.slope(), 0.5_f64.cos());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// The step `h`: its square is far below the smallest number beside 1. A power of 2, so it costs no rounding.
    pub const STEP: f64 = 1.0 / (1_u128 << 120) as f64 / (1_u128 << 120) as f64;

    /// A number by its parts.
    pub const fn new(re: f64, im: f64) -> Complex {
        Complex { re, im }
    }

    /// `x + i h`
    pub const fn step(x: f64) -> Complex {
        Complex::new(x, Complex::STEP)
    }

    /// `x + i h t`: a step along a direction.
    pub fn along(x: f64, direction: f64) -> Complex {
        Complex::new(x, Complex::STEP * direction)
    }

    /// The derivative, of a value computed from steps.
    pub fn slope(self) -> f64 {
        self.im / Complex::STEP
    }

    fn times(self, factor: f64) -> Complex {
        Complex::new(self.re * factor, self.im.scale(factor))
    }

    fn size(self) -> f64 {
        self.re.hypot(self.im)
    }

    /// `size · e^(i angle)`
    fn polar(size: f64, angle: f64) -> Complex {
        Complex::new(size * angle.cos(), angle.sin().scale(size))
    }

    /// Continued from the real axis to first order.
    fn linear(self, value: f64, slope: f64) -> Complex {
        Complex::new(value, self.im.scale(slope))
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, other: Complex) -> Complex {
        Complex::new(self.re + other.re, self.im + other.im)
    }
}

impl Sub for Complex {
    type Output = Complex;
    fn sub(self, other: Complex) -> Complex {
        Complex::new(self.re - other.re, self.im - other.im)
    }
}

impl Neg for Complex {
    type Output = Complex;
    fn neg(self) -> Complex {
        Complex::new(-self.re, -self.im)
    }
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, other: Complex) -> Complex {
        Complex::new(
            self.re * other.re - self.im.scale(other.im),
            self.re.scale(other.im) + self.im.scale(other.re),
        )
    }
}

impl Div for Complex {
    type Output = Complex;
    /// By Smith's way (1962), whose squares cannot overflow.
    fn div(self, other: Complex) -> Complex {
        if other.im == 0.0 {
            let im = if self.im == 0.0 { 0.0 } else { self.im / other.re };
            return Complex::new(self.re / other.re, im);
        }
        if other.re.abs() < other.im.abs() {
            return Complex::new(self.im, -self.re) / Complex::new(other.im, -other.re);
        }
        let ratio = other.im / other.re;
        let below = other.re + other.im * ratio;
        Complex::new((self.re + self.im.scale(ratio)) / below, (self.im - self.re.scale(ratio)) / below)
    }
}

impl Number for Complex {
    fn of(x: f64) -> Self {
        Complex::new(x, 0.0)
    }

    fn real(self) -> f64 {
        self.re
    }

    fn detach(self) -> Self {
        Complex::of(self.re)
    }

    fn exp(self) -> Self {
        Complex::polar(self.re.exp(), self.im)
    }

    /// `eᵃ cos b - 1 = (eᵃ - 1) cos b - 2 sin²(b/2)`
    fn expm1(self) -> Self {
        let half = (self.im / 2.0).sin();
        Complex::new(self.re.expm1() * self.im.cos() - 2.0 * half * half, self.im.sin().scale(self.re.exp()))
    }

    fn ln(self) -> Self {
        if self.re <= 0.0 && self.im == 0.0 {
            return Complex::of(self.re.ln());
        }
        Complex::new(self.size().ln(), self.im.atan2(self.re))
    }

    /// `½ ln((1 + a)² + b²) = ½ ln(1 + (a (2 + a) + b²))` near 0
    fn log1p(self) -> Self {
        let (a, b) = (self.re, self.im);
        if a <= -1.0 && b == 0.0 {
            return Complex::of(a.log1p());
        }
        let re = if b * b == 0.0 {
            a.log1p()
        } else if a.abs() < 0.5 {
            0.5 * (a * (2.0 + a) + b * b).log1p()
        } else {
            (1.0 + a).hypot(b).ln()
        };
        Complex::new(re, b.atan2(1.0 + a))
    }

    fn sqrt(self) -> Self {
        if self.im == 0.0 {
            return Complex::of(self.re.sqrt());
        }
        // halves first: the sum of both could overflow; the one that cancels comes from the other
        let large = (self.size() / 2.0 + self.re.abs() / 2.0).sqrt();
        let small = self.im / (2.0 * large);
        if self.re >= 0.0 {
            Complex::new(large, small)
        } else {
            Complex::new(small.abs(), large.copysign(self.im))
        }
    }

    fn sin(self) -> Self {
        Complex::new(self.re.sin() * self.im.cosh(), self.re.cos() * self.im.sinh())
    }

    fn cos(self) -> Self {
        Complex::new(self.re.cos() * self.im.cosh(), -(self.re.sin() * self.im.sinh()))
    }

    fn tan(self) -> Self {
        self.sin() / self.cos()
    }

    /// `atan z = (ln(1 + iz) - ln(1 - iz)) / 2i`, in real parts
    fn atan(self) -> Self {
        let (a, b) = (self.re, self.im);
        let length = a.hypot(1.0 - b);
        let quotient = b / length / length;
        let re = 0.5 * (a.atan2(1.0 - b) + a.atan2(1.0 + b));
        Complex::new(re, 0.25 * (4.0 * quotient).log1p())
    }

    /// `(sinh 2a + i sin 2b) / (cosh 2a + cos 2b)`; far out both parts times `2 e^(-2|a|)`, which does not overflow
    fn tanh(self) -> Self {
        let (a, b) = (2.0 * self.re, 2.0 * self.im);
        if a.abs() < 40.0 {
            let below = a.cosh() + b.cos();
            return Complex::new(a.sinh() / below, b.sin() / below);
        }
        let t = (-a.abs()).exp();
        let below = 1.0 + t * t + 2.0 * t * b.cos();
        Complex::new((1.0 - t * t).copysign(a) / below, (2.0 * t * b.sin()) / below)
    }

    fn sigmoid(self) -> Self {
        let one = Complex::of(1.0);
        if self.re >= 0.0 {
            return one / (one + (-self).exp());
        }
        let e = self.exp();
        e / (one + e)
    }

    /// `1 / (2 + 2 cosh z)`; far out by exponentials, which do not overflow
    fn density(self) -> Self {
        let (a, b) = (self.re, self.im);
        if a.abs() < 20.0 {
            let cosh = Complex::new(a.cosh() * b.cos(), a.sinh() * b.sin());
            return (Complex::of(2.0) + cosh + cosh).recip();
        }
        let e = if a < 0.0 { self } else { -self }.exp();
        let below = Complex::of(1.0) + e;
        e / below / below
    }

    fn softplus(self) -> Self {
        if self.re.is_infinite() {
            return if self.re > 0.0 { self } else { Complex::of(0.0) };
        }
        if self.re > 0.0 { self + (-self).exp().log1p() } else { self.exp().log1p() }
    }

    fn erf(self) -> Self {
        self.linear(Number::erf(self.re), self.re.bell())
    }

    fn erfc(self) -> Self {
        self.linear(Number::erfc(self.re), -self.re.bell())
    }

    /// `e^(-(a + ib)²) = e^(-a²) e^(b²) e^(-2iab)`
    fn bell(self) -> Self {
        Complex::polar(self.re.bell() * (self.im * self.im).exp(), -2.0 * self.re.scale(self.im))
    }

    /// One factor after another.
    fn powi(self, n: i32) -> Self {
        let power = |x: Complex, n: u32| {
            let (mut power, mut base, mut rest) = (Complex::of(1.0), x, n);
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
            return power(self, n.unsigned_abs());
        }
        let below = power(self, n.unsigned_abs());
        if below.re.is_normal() { below.recip() } else { power(self.recip(), n.unsigned_abs()) }
    }

    /// `r^c e^(i c θ)`
    fn powf(self, c: f64) -> Self {
        if c == 0.0 {
            return Complex::of(1.0);
        }
        if self.re == 0.0 {
            return self.linear(self.re.powf(c), c * self.re.powf(c - 1.0));
        }
        if self.re < 0.0 {
            // the sign apart: an angle near π would lose the imaginary part
            let sign = if c == c.round() { (-1.0_f64).powf(c) } else { f64::NAN };
            return (-self).powf(c).times(sign);
        }
        Complex::polar(self.size().powf(c), c * self.im.atan2(self.re))
    }

    /// `e^(w ln z)`
    fn pow(self, y: Self) -> Self {
        if y.im == 0.0 && (self.re != 0.0 || y.re == 0.0) {
            return self.powf(y.re);
        }
        if self.re <= 0.0 {
            // no exponent but whole ones has a value around here: to first order in the base, nothing of the exponent at 0
            let value = self.re.powf(y.re);
            let by_base = if y.re == 0.0 { 0.0 } else { y.re * self.re.powf(y.re - 1.0) };
            let by_exponent = if self.re == 0.0 { 0.0 } else { y.im.scale(value.scale(self.re.ln())) };
            return Complex::new(value, self.im.scale(by_base) + by_exponent);
        }
        let (ln_size, angle) = (self.size().ln(), self.im.atan2(self.re));
        let size = self.size().powf(y.re) * (-y.im.scale(angle)).exp();
        Complex::polar(size, y.re * angle + y.im.scale(ln_size))
    }

    /// `atan2` turns by the angle of `(x - i y) dz` over the square of the length.
    fn atan2(self, x: Self) -> Self {
        let (a, b) = (self, x);
        let length = a.re.hypot(b.re);
        let value = a.re.atan2(b.re);
        if length == 0.0 {
            return Complex::of(value);
        }
        let along = a.im.scale(b.re / length) - b.im.scale(a.re / length);
        Complex::new(value, along / length)
    }

    fn hypot(self, y: Self) -> Self {
        let size = self.re.abs().max(y.re.abs());
        if size == 0.0 || !size.is_finite() {
            return Complex::of(self.re.hypot(y.re));
        }
        let (a, b) = (self / Complex::of(size), y / Complex::of(size));
        let root = (a * a + b * b).sqrt().times(size);
        Complex::new(self.re.hypot(y.re), root.im)
    }

    fn blend(equals: &[Self]) -> Self {
        let Some(first) = equals.first() else { return Complex::of(f64::NAN) };
        let im: f64 = equals.iter().map(|x| x.im).sum();
        Complex::new(first.re, im / equals.len() as f64)
    }
}
