//! Forward mode: a value and its derivative along a direction, by the rules of calculus.
//!
//! `Dual<f64>` has first derivatives, `Dual<Dual<f64>>` second ones, and so on: the derivative of a function is written with
//! the functions of the type inside, so it has derivatives of its own. `Dual<Precise>` has derivatives of 30
//! digits, `Dual<Bounded>` derivatives with their error bounds, `Dual<Complex>` second derivatives of which
//! one order is by complex step.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::Number;

/// A value and its derivative.
///
/// ```
/// use chainrule_oracle::{Dual, Number};
/// // x³ and its first two derivatives at 2
/// let x = Dual::variable(Dual::variable(2.0));
/// let y = x * x * x;
/// assert_eq!(y.value.value, 8.0);
/// assert_eq!(y.tangent.value, 12.0);
/// assert_eq!(y.tangent.tangent, 12.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<N> {
    /// The value.
    pub value: N,
    /// The derivative.
    pub tangent: N,
}

impl<N: Number> Dual<N> {
    /// Moves along itself: a derivative of 1.
    pub fn variable(value: N) -> Self {
        Dual { value, tangent: N::of(1.0) }
    }

    /// Does not move.
    pub fn constant(value: N) -> Self {
        Dual { value, tangent: N::of(0.0) }
    }

    /// A function's value here, and its slope: the chain rule.
    fn along(self, value: N, slope: N) -> Self {
        Dual { value, tangent: self.tangent.scale(slope) }
    }

    /// The same for a function of two numbers.
    fn along_both(self, other: Self, value: N, slopes: [N; 2]) -> Self {
        let parts = [self.tangent.scale(slopes[0]), other.tangent.scale(slopes[1])];
        Dual { value, tangent: N::accumulate(&parts) }
    }
}

impl<N: Number> Add for Dual<N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Dual { value: self.value + other.value, tangent: N::accumulate(&[self.tangent, other.tangent]) }
    }
}

impl<N: Number> Sub for Dual<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Dual { value: self.value - other.value, tangent: N::accumulate(&[self.tangent, -other.tangent]) }
    }
}

impl<N: Number> Neg for Dual<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Dual { value: -self.value, tangent: -self.tangent }
    }
}

impl<N: Number> Mul for Dual<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.along_both(other, self.value * other.value, [other.value, self.value])
    }
}

impl<N: Number> Div for Dual<N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        self.along_both(other, quotient, [other.value.recip(), -(quotient / other.value)])
    }
}

/// `x / length`, and 0 where `x` is 0, at the origin too.
fn over<N: Number>(x: N, length: N) -> N {
    if length.real() == 0.0 { N::of(0.0) } else { x / length }
}

impl<N: Number> Number for Dual<N> {
    fn of(x: f64) -> Self {
        Dual::constant(N::of(x))
    }

    fn real(self) -> f64 {
        self.value.real()
    }

    fn detach(self) -> Self {
        Dual::constant(self.value.detach())
    }

    fn exp(self) -> Self {
        let y = self.value.exp();
        self.along(y, y)
    }

    fn expm1(self) -> Self {
        self.along(self.value.expm1(), self.value.exp())
    }

    fn ln(self) -> Self {
        self.along(self.value.ln(), self.value.recip())
    }

    fn log1p(self) -> Self {
        self.along(self.value.log1p(), (N::of(1.0) + self.value).recip())
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.along(root, N::of(0.5) / root)
    }

    fn sin(self) -> Self {
        self.along(self.value.sin(), self.value.cos())
    }

    fn cos(self) -> Self {
        self.along(self.value.cos(), -self.value.sin())
    }

    fn tan(self) -> Self {
        let tan = self.value.tan();
        self.along(tan, N::of(1.0) + tan.square())
    }

    fn atan(self) -> Self {
        // 1 / (1 + x²) as the square of a reciprocal: x² may overflow, this does not
        self.along(self.value.atan(), self.value.hypot(N::of(1.0)).recip().square())
    }

    fn tanh(self) -> Self {
        // 1/cosh² x = 4 σ(2x) σ(-2x); 1 - tanh² x has no digits at 19
        let slope = (self.value * N::of(2.0)).density() * N::of(4.0);
        self.along(self.value.tanh(), slope)
    }

    fn sigmoid(self) -> Self {
        self.along(self.value.sigmoid(), self.value.density())
    }

    fn density(self) -> Self {
        let y = self.value.density();
        self.along(y, -(y * (self.value * N::of(0.5)).tanh()))
    }

    fn softplus(self) -> Self {
        self.along(self.value.softplus(), self.value.sigmoid())
    }

    fn erf(self) -> Self {
        self.along(self.value.erf(), self.value.bell())
    }

    fn erfc(self) -> Self {
        self.along(self.value.erfc(), -self.value.bell())
    }

    fn bell(self) -> Self {
        let y = self.value.bell();
        self.along(y, (self.value * N::of(-2.0)).chain(y))
    }

    fn powi(self, n: i32) -> Self {
        if n == 0 {
            return Dual::of(1.0);
        }
        let slope = match n.checked_sub(1) {
            Some(m) => self.value.powi(m) * N::of(f64::from(n)),
            None => self.value.powi(n) / self.value * N::of(f64::from(n)),
        };
        self.along(self.value.powi(n), slope)
    }

    fn powf(self, c: f64) -> Self {
        if c == 0.0 {
            return Dual::of(1.0);
        }
        let y = self.value.powf(c);
        // c - 1 is exact from ½ on; below, the quotient has no rounding error that the logarithm would multiply
        let slope = if c < 0.5 && self.real() != 0.0 { y / self.value } else { self.value.powf(c - 1.0) };
        self.along(y, slope * N::of(c))
    }

    fn pow(self, y: Self) -> Self {
        let (a, b) = (self.value, y.value);
        let power = a.pow(b);
        // as in `powf`
        let quotient = b.real() < 0.5 && b.real() != 0.0 && a.real() != 0.0;
        let by_base = if quotient { power / a * b } else { b.chain(a.pow(b - N::of(1.0))) };
        let by_exponent = if a.real() == 0.0 { N::of(0.0) } else { power.chain(a.ln()) };
        self.along_both(y, power, [by_base, by_exponent])
    }

    fn atan2(self, x: Self) -> Self {
        let (a, b) = (self.value, x.value);
        let length = a.hypot(b);
        let slopes = [over(over(b, length), length), -over(over(a, length), length)];
        self.along_both(x, a.atan2(b), slopes)
    }

    fn hypot(self, y: Self) -> Self {
        let length = self.value.hypot(y.value);
        self.along_both(y, length, [over(self.value, length), over(y.value, length)])
    }

    fn noise(self, y: Self) -> Self {
        Dual::constant(self.value.noise(y.value))
    }

    fn blend(equals: &[Self]) -> Self {
        let (values, tangents) = parts(equals);
        let share = N::of(1.0) / N::of(equals.len().max(1) as f64);
        let tangent = match tangents.as_slice() {
            [one] => *one,
            _ => N::accumulate(&tangents).scale(share),
        };
        Dual { value: N::blend(&values), tangent }
    }

    fn undecided(self, other: Self) -> bool {
        self.value.undecided(other.value)
    }

    fn widened(self, by: Self) -> Self {
        Dual { value: self.value.widened(by.value), tangent: self.tangent.widened(by.tangent) }
    }

    fn sum(terms: &[Self]) -> Self {
        let (values, tangents) = parts(terms);
        Dual { value: N::sum(&values), tangent: N::accumulate(&tangents) }
    }

    /// Each factor's tangent times the product of the others: never by a division, so zeros are right.
    fn product(factors: &[Self]) -> Self {
        let (values, tangents) = parts(factors);
        let mut after = vec![N::of(1.0); values.len() + 1];
        for (i, &x) in values.iter().enumerate().rev() {
            after[i] = x * after[i + 1];
        }
        let mut before = N::of(1.0);
        let mut terms = Vec::with_capacity(values.len());
        for (i, (&x, &t)) in values.iter().zip(&tangents).enumerate() {
            terms.push(t.scale(before * after[i + 1]));
            before = before * x;
        }
        Dual { value: N::product(&values), tangent: N::accumulate(&terms) }
    }

    fn accumulate(terms: &[Self]) -> Self {
        if let [a, b] = terms {
            // what every product does: without lists
            return Dual {
                value: N::accumulate(&[a.value, b.value]),
                tangent: N::accumulate(&[a.tangent, b.tangent]),
            };
        }
        let (values, tangents) = parts(terms);
        Dual { value: N::accumulate(&values), tangent: N::accumulate(&tangents) }
    }

    fn scale(self, slope: Self) -> Self {
        let parts = [self.tangent.scale(slope.value), self.value.scale(slope.tangent)];
        Dual { value: self.value.scale(slope.value), tangent: N::accumulate(&parts) }
    }
}

/// Values and tangents.
fn parts<N: Number>(of: &[Dual<N>]) -> (Vec<N>, Vec<N>) {
    of.iter().map(|x| (x.value, x.tangent)).unzip()
}
