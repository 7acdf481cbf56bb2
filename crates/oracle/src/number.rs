//! What an element must be able to do.
//!
//! Every operation of this crate is written once, for any [`Number`]. Which number one evaluates with decides what comes
//! out: values, derivatives, error bounds, or several of these at once.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// An element of an [`Array`](crate::Array).
///
/// Branches, comparisons and indices look at [`real`](Number::real) only. Conventions at kinks are the engine's:
/// the slopes of `relu`, `abs`, `sign` and `clamp` are 0 where they jump, and equal numbers share the slope of a maximum.
///
/// Two families of methods add and multiply. The operators work on *values*, which every evaluation computes in the same
/// order. [`accumulate`](Number::accumulate) and [`scale`](Number::scale) work on *derivatives*, which forward mode and
/// reverse mode add up in different orders; an error bound has to hold for both. For exact numbers they are the same.
pub trait Number:
    Copy
    + Debug
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// A constant.
    fn of(x: f64) -> Self;

    /// The value as a plain number.
    fn real(self) -> f64;

    /// The same value as a constant: no derivative passes.
    fn detach(self) -> Self;

    /// `eˣ`
    fn exp(self) -> Self;
    /// `eˣ - 1`, with all digits near 0
    fn expm1(self) -> Self;
    /// Natural logarithm; `-∞` at 0, NaN below
    fn ln(self) -> Self;
    /// `ln(1 + x)`, with all digits near 0
    fn log1p(self) -> Self;
    /// `√x`; NaN below 0
    fn sqrt(self) -> Self;
    /// Sine
    fn sin(self) -> Self;
    /// Cosine
    fn cos(self) -> Self;
    /// Tangent
    fn tan(self) -> Self;
    /// Arc tangent, between -π/2 and π/2
    fn atan(self) -> Self;
    /// Hyperbolic tangent
    fn tanh(self) -> Self;
    /// `σ(x) = 1 / (1 + e⁻ˣ)`
    fn sigmoid(self) -> Self;
    /// `σ(x) σ(-x)`, the density of the logistic distribution and the slope of [`sigmoid`](Number::sigmoid)
    fn density(self) -> Self;
    /// `ln(1 + eˣ)`
    fn softplus(self) -> Self;
    /// `2/√π ∫₀ˣ e^(-t²) dt`
    fn erf(self) -> Self;
    /// `1 - erf(x)`, with all digits of the tail
    fn erfc(self) -> Self;
    /// `2/√π e^(-x²)`, the slope of [`erf`](Number::erf)
    fn bell(self) -> Self;
    /// `xⁿ`; `x⁰` is the constant 1 for every `x`
    fn powi(self, n: i32) -> Self;
    /// `x^c`; `x⁰` is the constant 1, NaN for negative `x` and a broken `c`
    fn powf(self, c: f64) -> Self;
    /// `x^y`, with slopes `y x^(y-1)` (0 for `y = 0`) and `x^y ln x` (0 for `x = 0`)
    fn pow(self, y: Self) -> Self;
    /// The angle of the point with ordinate `self` and abscissa `x`, between -π and π; slopes 0 at the origin
    fn atan2(self, x: Self) -> Self;
    /// `√(x² + y²)` without overflow of the squares; slopes 0 at the origin
    fn hypot(self, y: Self) -> Self;

    /// One number for several whose values are equal: derivatives are averaged. Of none, NaN.
    fn blend(equals: &[Self]) -> Self;

    /// Whether rounding may have turned the comparison with `other` around. Only error bounds ever say yes.
    fn undecided(self, _other: Self) -> bool {
        false
    }

    /// The same number, if it may have to be changed by `by` because a branch was [`undecided`](Number::undecided).
    #[must_use]
    fn widened(self, _by: Self) -> Self {
        self
    }

    /// The sum of values, in any order; 0 of none.
    fn sum(terms: &[Self]) -> Self {
        terms.iter().copied().reduce(|a, b| a + b).unwrap_or(Self::of(0.0))
    }

    /// The product of values, in any order; 1 of none.
    fn product(factors: &[Self]) -> Self {
        factors.iter().copied().reduce(|a, b| a * b).unwrap_or(Self::of(1.0))
    }

    /// The sum of contributions to a derivative.
    fn accumulate(terms: &[Self]) -> Self {
        Self::sum(terms)
    }

    /// A derivative times a slope. An exact 0 absorbs infinities and NaN: what was not taken poisons nothing.
    #[must_use]
    fn scale(self, slope: Self) -> Self {
        self.chain(slope)
    }

    /// `x²`
    #[must_use]
    fn square(self) -> Self {
        self * self
    }

    /// `1 / x`
    #[must_use]
    fn recip(self) -> Self {
        Self::of(1.0) / self
    }

    /// `x y`, but 0 where that is NaN and one of the two is 0.
    #[must_use]
    fn chain(self, y: Self) -> Self {
        let product = self * y;
        if product.real().is_nan() && (self.real() == 0.0 || y.real() == 0.0) {
            return Self::of(0.0);
        }
        product
    }

    /// `taken`, which a branch chose, unless the branch was undecided: then it may be `other`.
    #[must_use]
    fn choose(taken: Self, other: Self, undecided: bool) -> Self {
        if undecided { taken.widened(other - taken) } else { taken }
    }

    /// The largest (or smallest) of some numbers, NaN if any is; `None` of none.
    fn extreme(items: &[Self], largest: bool) -> Option<Self> {
        let better = |a: f64, b: f64| if largest { a > b } else { a < b };
        if let Some(nan) = items.iter().find(|x| x.real().is_nan()) {
            return Some(*nan);
        }
        let best = items.iter().map(|x| x.real()).reduce(|best, x| if better(x, best) { x } else { best })?;
        let equals: Vec<Self> = items.iter().copied().filter(|x| x.real() == best).collect();
        let blended = Self::blend(&equals);
        Some(items.iter().fold(blended, |chosen, &x| {
            let doubtful = blended.undecided(x);
            Self::choose(chosen, if doubtful { x } else { chosen }, doubtful)
        }))
    }

    /// The larger of two; each has half of the slope where they are equal.
    #[must_use]
    fn maximum(self, y: Self) -> Self {
        Self::extreme(&[self, y], true).unwrap_or(self)
    }

    /// The smaller of two; as [`maximum`](Number::maximum).
    #[must_use]
    fn minimum(self, y: Self) -> Self {
        Self::extreme(&[self, y], false).unwrap_or(self)
    }

    /// `max(x, 0)`, with slope 0 at 0
    #[must_use]
    fn relu(self) -> Self {
        let zero = Self::of(0.0);
        let (taken, other) = if self.real() <= 0.0 { (zero, self) } else { (self, zero) };
        Self::choose(taken, other, self.undecided(zero))
    }

    /// `|x|`, with slope 0 at 0
    #[must_use]
    fn abs(self) -> Self {
        let zero = Self::of(0.0);
        let x = self.real();
        let taken = if x < 0.0 {
            -self
        } else if x == 0.0 {
            zero
        } else {
            self
        };
        if !self.undecided(zero) {
            return taken;
        }
        Self::choose(Self::choose(taken, self, true), -self, true)
    }

    /// `min(max(x, low), high)`, with slope 0 at both bounds
    #[must_use]
    fn clamp(self, low: f64, high: f64) -> Self {
        let (bottom, top) = (Self::of(low), Self::of(high));
        let x = self.real();
        let taken = if x <= low {
            bottom
        } else if x >= high {
            top
        } else {
            self
        };
        // where a bound is nearer than the error, it may be either of the two
        let near = [bottom, top].into_iter().filter(|&bound| self.undecided(bound));
        near.fold(taken, |taken, bound| Self::choose(Self::choose(taken, self, true), bound, true))
    }

    /// 1 or 0, which a comparison of `self` with these numbers decides.
    #[must_use]
    fn truth(self, truth: bool, compared: &[Self]) -> Self {
        let truth = Self::of(f64::from(u8::from(truth)));
        let undecided = compared.iter().any(|&y| self.undecided(y));
        if undecided { truth.widened(Self::of(1.0)) } else { truth }
    }

    /// `-1`, `0` or `1`; NaN of NaN
    #[must_use]
    fn sign(self) -> Self {
        let x = self.real();
        let sign = Self::of(if x == 0.0 || x.is_nan() { x.abs() } else { x.signum() });
        if self.undecided(Self::of(0.0)) { sign.widened(Self::of(2.0)) } else { sign }
    }

    /// The largest whole number that is not above `x`
    #[must_use]
    fn floor(self) -> Self {
        let floor = self.real().floor();
        let near = |n: f64| self.undecided(Self::of(n));
        let whole = Self::of(floor);
        if near(floor) || near(floor + 1.0) { whole.widened(Self::of(1.0)) } else { whole }
    }

    /// 1 strictly between the bounds, else 0
    #[must_use]
    fn inside(self, low: f64, high: f64) -> Self {
        let x = self.real();
        self.truth(low < x && x < high, &[Self::of(low), Self::of(high)])
    }

    /// 1 above 0, else 0
    #[must_use]
    fn step(self) -> Self {
        self.truth(self.real() > 0.0, &[Self::of(0.0)])
    }

    /// 1 where `x > y`, ½ where they are equal, else 0
    #[must_use]
    fn above(self, y: Self) -> Self {
        if self.real() == y.real() {
            let half = Self::of(0.5);
            return if self.undecided(y) { half.widened(half) } else { half };
        }
        self.truth(self.real() > y.real(), &[y])
    }

    /// 1 where `x < y`, else 0
    #[must_use]
    fn less(self, y: Self) -> Self {
        self.truth(self.real() < y.real(), &[y])
    }

    /// 1 where `x <= y`, else 0
    #[must_use]
    fn less_equal(self, y: Self) -> Self {
        self.truth(self.real() <= y.real(), &[y])
    }

    /// 1 where `x = y`, else 0
    #[must_use]
    fn equal(self, y: Self) -> Self {
        self.truth(self.real() == y.real(), &[y])
    }

    /// 1 where `x > y`, else 0
    #[must_use]
    fn greater(self, y: Self) -> Self {
        self.truth(self.real() > y.real(), &[y])
    }

    /// 1 where `x >= y`, else 0
    #[must_use]
    fn greater_equal(self, y: Self) -> Self {
        self.truth(self.real() >= y.real(), &[y])
    }

    /// 0 where `x = y`, else 1
    #[must_use]
    fn not_equal(self, y: Self) -> Self {
        self.truth(self.real() != y.real(), &[y])
    }

    /// A number in `[0, 1)` that the bits of both determine, as the engine makes random numbers (in `f64`, but for bounds in
    /// single precision); constant to every derivative.
    #[must_use]
    fn noise(self, y: Self) -> Self {
        Self::of(crate::ops::noise(self.real(), y.real()))
    }

    /// `x` above 0, else `slope x`; the slope at 0 is `slope`
    #[must_use]
    fn leaky_relu(self, slope: f64) -> Self {
        let below = self * Self::of(slope);
        let (taken, other) = if self.real() > 0.0 { (self, below) } else { (below, self) };
        Self::choose(taken, other, self.undecided(Self::of(0.0)))
    }

    /// `x` above 0, else `alpha (eˣ - 1)`
    #[must_use]
    fn elu(self, alpha: f64) -> Self {
        if self.real() > 0.0 && !self.undecided(Self::of(0.0)) {
            return self;
        }
        let below = self.expm1() * Self::of(alpha);
        let (taken, other) = if self.real() > 0.0 { (self, below) } else { (below, self) };
        Self::choose(taken, other, self.undecided(Self::of(0.0)))
    }

    /// `x σ(x)`
    #[must_use]
    fn silu(self) -> Self {
        self * self.sigmoid()
    }

    /// `½ x erfc(-x/√2)`
    #[must_use]
    fn gelu(self) -> Self {
        let scaled = -self * Self::of(std::f64::consts::FRAC_1_SQRT_2);
        self * (scaled.erfc() * Self::of(0.5))
    }

    /// `x σ(2u)` with `u = √(2/π) (x + 0.044715 x³)`, which is `½ x (1 + tanh u)`
    #[must_use]
    fn gelu_tanh(self) -> Self {
        let cubic = self + self * self * self * Self::of(0.044715);
        let twice = cubic * Self::of(2.0 * (2.0 / std::f64::consts::PI).sqrt());
        self * twice.sigmoid()
    }

    /// The binary cross-entropy `-t ln σ(x) - (1 - t) ln σ(-x)` of the logit `self`
    #[must_use]
    fn sigmoid_cross_entropy(self, t: Self) -> Self {
        t * (-self).softplus() + (Self::of(1.0) - t) * self.softplus()
    }
}
