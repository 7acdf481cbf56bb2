//! Plain `f64`: what the standard library rounds well, and the rest computed as [`Precise`] and rounded once.

use crate::{Number, Precise};

impl Number for f64 {
    fn of(x: f64) -> Self {
        x
    }

    fn real(self) -> f64 {
        self
    }

    fn detach(self) -> Self {
        self
    }

    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn expm1(self) -> Self {
        self.exp_m1()
    }

    fn ln(self) -> Self {
        f64::ln(self)
    }

    fn log1p(self) -> Self {
        self.ln_1p()
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn sin(self) -> Self {
        f64::sin(self)
    }

    fn cos(self) -> Self {
        f64::cos(self)
    }

    fn tan(self) -> Self {
        f64::tan(self)
    }

    fn atan(self) -> Self {
        f64::atan(self)
    }

    fn tanh(self) -> Self {
        Precise::of(self).tanh().hi()
    }

    fn sigmoid(self) -> Self {
        Precise::of(self).sigmoid().hi()
    }

    fn density(self) -> Self {
        Precise::of(self).density().hi()
    }

    fn softplus(self) -> Self {
        Precise::of(self).softplus().hi()
    }

    fn erf(self) -> Self {
        Precise::of(self).erf().hi()
    }

    fn erfc(self) -> Self {
        Precise::of(self).erfc().hi()
    }

    fn bell(self) -> Self {
        Precise::of(self).bell().hi()
    }

    fn powi(self, n: i32) -> Self {
        Precise::of(self).powi(n).hi()
    }

    fn powf(self, c: f64) -> Self {
        f64::powf(self, c)
    }

    fn pow(self, y: Self) -> Self {
        f64::powf(self, y)
    }

    fn atan2(self, x: Self) -> Self {
        f64::atan2(self, x)
    }

    fn hypot(self, y: Self) -> Self {
        f64::hypot(self, y)
    }

    fn blend(equals: &[Self]) -> Self {
        equals.first().copied().unwrap_or(f64::NAN)
    }

    fn square(self) -> Self {
        self * self
    }

    fn recip(self) -> Self {
        1.0 / self
    }
}
