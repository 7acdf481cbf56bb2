//! The exponential and what is made of one: `e^x`, `e^x - 1`, the logistic function and its density.
//!
//! `x = n ln 2 + r` with a whole `n` and `|r| <= ln 2 / 2`, so `e^x = 2^n (1 + q)` with `q = e^r - 1`, a polynomial of
//! `r`. The multiple of `ln 2` is taken off in two parts (Cody and Waite): the first has so many zeros at its end that
//! `n` times it is exact, whether or not the processor rounds once.

use super::format::{Format, polynomial};
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait Exponential: Format {
    /// `1 / ln 2`
    const LOG2_E: Self;
    /// The first digits of `ln 2`, followed by zeros.
    const LN_2_HIGH: Self;
    /// The rest of `ln 2`.
    const LN_2_LOW: Self;
    /// From here down `e^x` is rounded to 0.
    const VANISHES: Self;
    /// From here up `e^x` is rounded to infinity.
    const OVERFLOWS: Self;
    /// From here down `e^x - 1` is rounded to -1.
    const MINUS_ONE: Self;

    /// `(e^r - 1 - r) / r^2` for `|r| <= ln 2 / 2`.
    fn expm1_rest<A: Arithmetic>(r: Self) -> Self;
}

// Coefficients of this file: minimax by the algorithm of Remez, see `coefficients.py`. The errors are those of
// e^r - 1, relative.
impl Exponential for f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    // 15 bits and 24
    const LN_2_HIGH: f32 = 0.693_145_75;
    const LN_2_LOW: f32 = 1.428_606_8e-6;
    const VANISHES: f32 = -104.0;
    const OVERFLOWS: f32 = 89.0;
    const MINUS_ONE: f32 = -20.0;

    /// Degree 5, error 2^-31.
    #[inline(always)]
    fn expm1_rest<A: Arithmetic>(r: f32) -> f32 {
        polynomial::<A, f32, 6>(
            r,
            [0.5, 0.166_666_67, 0.041_666_478, 0.008_333_192, 0.001_393_37, 0.000_199_584_67],
        )
    }
}

impl Exponential for f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    // 41 bits and 53
    const LN_2_HIGH: f64 = 0.693_147_180_559_663;
    const LN_2_LOW: f64 = 2.823_529_056_303_157_7e-13;
    const VANISHES: f64 = -746.0;
    const OVERFLOWS: f64 = 710.0;
    const MINUS_ONE: f64 = -40.0;

    /// Degree 9, error 2^-55.1.
    #[inline(always)]
    fn expm1_rest<A: Arithmetic>(r: f64) -> f64 {
        polynomial::<A, f64, 10>(
            r,
            [
                0.5,
                0.166_666_666_666_666_77,
                0.041_666_666_666_617_835,
                0.008_333_333_333_321_442,
                0.001_388_888_892_137_542_2,
                0.000_198_412_698_865_698_08,
                2.480_151_526_410_541e-5,
                2.755_724_378_612_794_3e-6,
                2.762_265_546_740_647e-7,
                2.510_917_872_274_554_4e-8,
            ],
        )
    }
}

/// `x = n ln 2 + r + tail`; `n` stands in `rounded`, see [`Format::ROUND`].
#[derive(Clone, Copy)]
pub(super) struct Reduced<T> {
    pub(super) rounded: T,
    pub(super) r: T,
    high: T,
}

#[inline(always)]
pub(super) fn reduce<A: Arithmetic, T: Exponential>(x: T) -> Reduced<T> {
    let rounded = A::mul_add(x, T::LOG2_E, T::ROUND);
    let n = rounded - T::ROUND;
    let high = A::mul_add(n, -T::LN_2_HIGH, x);
    Reduced { rounded, r: A::mul_add(n, -T::LN_2_LOW, high), high }
}

impl<T: Exponential> Reduced<T> {
    /// `e^r - 1`, to within one unit.
    #[inline(always)]
    pub(super) fn expm1<A: Arithmetic>(self) -> T {
        A::mul_add(self.r * self.r, T::expm1_rest::<A>(self.r), self.r)
    }

    /// `e^(r + tail) - 1 - r`
    #[inline(always)]
    fn expm1_less_r<A: Arithmetic>(self) -> T {
        let n = self.rounded - T::ROUND;
        let tail = A::mul_add(n, -T::LN_2_LOW, self.high - self.r);
        A::mul_add(self.r * self.r, T::expm1_rest::<A>(self.r), tail)
    }
}

/// `x`, cut off where `e^x` vanishes; written so that NaN stays.
#[inline(always)]
fn above_vanishing<T: Exponential>(x: T) -> T {
    if x < T::VANISHES { T::VANISHES } else { x }
}

impl<T: Exponential> Reduced<T> {
    /// What [`reduce`] makes of `-x`, bit for bit: rounding to the nearest knows no sign.
    #[inline(always)]
    fn negated(self) -> Reduced<T> {
        let n = self.rounded - T::ROUND;
        Reduced { rounded: T::ROUND - n, r: -self.r, high: -self.high }
    }

    /// `e^x`
    #[inline(always)]
    fn exp<A: Arithmetic>(self) -> T {
        // Whichever of the two loses less: the inner sum counts only r times, but the product must not be rounded.
        let (r, one) = (self.r, T::one());
        let power = if A::FUSED {
            A::mul_add(r, A::mul_add(r, T::expm1_rest::<A>(r), one), one)
        } else {
            one + self.expm1::<A>()
        };
        power.scale(self.rounded)
    }
}

/// `e^x` for `x <= 0`.
#[inline(always)]
pub(super) fn exp_of_negative<A: Arithmetic, T: Exponential>(x: T) -> T {
    reduce::<A, T>(above_vanishing(x)).exp::<A>()
}

/// `x >= 0` reduced, for [`density_of_reduced`].
#[inline(always)]
pub(super) fn reduce_positive<A: Arithmetic, T: Exponential>(x: T) -> Reduced<T> {
    reduce::<A, T>(-above_vanishing(-x))
}

#[inline(always)]
pub(super) fn exp<A: Arithmetic, T: Exponential>(x: T) -> T {
    exp_of_negative::<A, T>(if x > T::OVERFLOWS { T::OVERFLOWS } else { x })
}

/// `n`, as in [`Reduced`], and `w` with `e^(x + rest) = 2^n (1 + w)`: for an `x` between the ends of the range with digits
/// enough left that taking off `n` times the first part of `ln 2` is exact, and a `rest` well below 1.
#[inline(always)]
pub(super) fn exp_of_sum<A: Arithmetic, T: Exponential>(x: T, rest: T) -> (T, T) {
    let rounded = A::mul_add(x + rest, T::LOG2_E, T::ROUND);
    let n = rounded - T::ROUND;
    let high = A::mul_add(n, -T::LN_2_HIGH, x);
    let low = A::mul_add(n, -T::LN_2_LOW, rest);
    let r = high + low;
    let tail = (high - r) + low;
    (rounded, r + A::mul_add(r * r, T::expm1_rest::<A>(r), tail))
}

/// `e^x - 1` from `MINUS_ONE` to `OVERFLOWS`, except that -0 gives 0, and numbers so small that half of them is not
/// exact.
#[inline(always)]
fn expm1_within<A: Arithmetic, T: Exponential>(x: T) -> T {
    // Half of 2^n (1 + r + rest) - 1, because 2^n may be just beyond the largest number: (h - 1/2) + h r + h rest
    // with h = 2^(n - 1). What the two sums lose comes back: h - 1/2 is 0 or larger than h r.
    let reduced = reduce::<A, T>(x);
    let half = T::of(0.5);
    let scale = T::power(reduced.rounded, -1);
    let power = scale - half;
    let sum = A::mul_add(scale, reduced.r, power);
    let lost = A::mul_add(scale, reduced.r, power - sum) + ((scale - power) - half);
    (sum + A::mul_add(scale, reduced.expm1_less_r::<A>(), lost)) * T::of(2.0)
}

#[inline(always)]
pub(super) fn expm1<A: Arithmetic, T: Exponential>(x: T) -> T {
    let within = if x > T::OVERFLOWS { T::OVERFLOWS } else { x };
    let within = if within < T::MINUS_ONE { T::MINUS_ONE } else { within };
    let result = expm1_within::<A, T>(within);
    if x.abs() < T::TINY { x } else { result }
}

/// `1 / (1 + e^-x)`. `e^-|x|` never overflows, and each tail keeps its digits: the left one is `e / (1 + e)`, not
/// `1 - 1 / (1 + e)`.
#[inline(always)]
pub(super) fn sigmoid<A: Arithmetic, T: Exponential>(x: T) -> T {
    let e = exp_of_negative::<A, T>(-x.abs());
    let numerator = if x < T::zero() { e } else { T::one() };
    numerator / (T::one() + e)
}

/// `sigmoid(x) sigmoid(-x) = e / (1 + e)^2` with `e = e^-|x|`.
#[inline(always)]
pub(super) fn logistic_density<A: Arithmetic, T: Exponential>(x: T) -> T {
    density::<A, T>(exp_of_negative::<A, T>(-x.abs()))
}

/// The bits of [`logistic_density`], given what [`reduce_positive`] makes of `|x|`.
#[inline(always)]
pub(super) fn density_of_reduced<A: Arithmetic, T: Exponential>(size: Reduced<T>) -> T {
    density::<A, T>(size.negated().exp::<A>())
}

#[inline(always)]
fn density<A: Arithmetic, T: Exponential>(e: T) -> T {
    // (1 + e)^2 with one rounding that counts.
    e / A::mul_add(e, e + T::of(2.0), T::one())
}
