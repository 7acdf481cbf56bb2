//! The logarithm, `ln(1 + x)`, and `ln(1 + e^x)`.
//!
//! `x = 2^k (1 + f)` with `1 + f` from `1 / sqrt(2)` to `sqrt(2)`; `ln(1 + f) = f - f^2 / 2 + ...`

use super::exp::{Exponential, exp_of_negative};
use super::format::polynomial;
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait Logarithm: Exponential {
    /// A power of two that makes every subnormal number normal.
    const RAISE: Self;
    /// Its exponent.
    const RAISE_EXPONENT: Self;
    /// From here up `1 + x` is `x`.
    const LARGE: Self;

    /// `ln(1 + f) - f` for `1 + f` from `1 / sqrt(2)` to `sqrt(2)`.
    fn ln_rest<A: Arithmetic>(f: Self) -> Self;
}

impl Logarithm for f32 {
    const RAISE: f32 = 33_554_432.0;
    const RAISE_EXPONENT: f32 = 25.0;
    const LARGE: f32 = 1e12;

    /// `-f^2 / 2 + f^3 P(f)`, minimax (`coefficients.py`): `P` of degree 7, relative error of the logarithm 2^-27.1.
    #[inline(always)]
    fn ln_rest<A: Arithmetic>(f: f32) -> f32 {
        let p = polynomial::<A, f32, 8>(
            f,
            [
                0.333_333_34,
                -0.250_008_5,
                0.200_011_3,
                -0.166_224_61,
                0.142_025_2,
                -0.131_682_92,
                0.127_620_8,
                -0.076_172_39,
            ],
        );
        f * f * A::mul_add(f, p, -0.5)
    }
}

impl Logarithm for f64 {
    const RAISE: f64 = 18_014_398_509_481_984.0;
    const RAISE_EXPONENT: f64 = 54.0;
    const LARGE: f64 = 1e30;

    /// The formula and the coefficients of `e_log.c` in Sun's fdlibm (1993), relative error 2^-58.45: with
    /// `s = f / (2 + f)`, `ln(1 + f) = 2 s + s R(s^2)` and `2 s = f - f^2 / 2 + s f^2 / 2`.
    #[inline(always)]
    fn ln_rest<A: Arithmetic>(f: f64) -> f64 {
        let s = f / (f + 2.0);
        let z = s * s;
        let p = polynomial::<A, f64, 7>(
            z,
            [
                0.666_666_666_666_673_5,
                0.399_999_999_994_094_2,
                0.285_714_287_436_623_9,
                0.222_221_984_321_497_84,
                0.181_835_721_616_180_5,
                0.153_138_376_992_093_73,
                0.147_981_986_051_165_86,
            ],
        );
        let half_square = 0.5 * f * f;
        A::mul_add(s, A::mul_add(z, p, half_square), -half_square)
    }
}

/// `k ln 2 + ln(1 + f + rest)`, where `rest` is at most a rounding error of `f`.
#[inline(always)]
fn combine<A: Arithmetic, T: Logarithm>(k: T, f: T, rest: T) -> T {
    // `k` times the first part is exact, and 0 or larger than `f`, so the second line is exactly what the first one lost.
    let sum = A::mul_add(k, T::LN_2_HIGH, f);
    let error = A::mul_add(k, T::LN_2_HIGH, -sum) + f;
    sum + (A::mul_add(k, T::LN_2_LOW, T::ln_rest::<A>(f)) + (error + rest))
}

#[inline(always)]
pub(super) fn ln<A: Arithmetic, T: Logarithm>(x: T) -> T {
    let subnormal = x < T::min_positive_value();
    let raised = x * T::RAISE;
    let (k, m, _) = (if subnormal { raised } else { x }).split();
    let k = if subnormal { k - T::RAISE_EXPONENT } else { k };
    let result = combine::<A, T>(k, m - T::one(), T::zero());
    // What is neither positive nor 0 is negative or NaN; of the positive numbers infinity is an exception.
    let edge = if x == T::zero() { T::neg_infinity() } else { T::nan() };
    let result = if x > T::zero() { result } else { edge };
    if x == T::infinity() { x } else { result }
}

/// `ln(1 + x)` for ordinary `x > -1`, except that -0 gives 0.
#[inline(always)]
fn ln_1p_within<A: Arithmetic, T: Logarithm>(x: T) -> T {
    // 1 + x = u + lost: u - 1 is a number of the type while the last place of u counts at most 1, and beyond, what is
    // lost is of no importance.
    let one = T::one();
    let u = one + x;
    let lost = x - (u - one);
    let (k, m, inverse) = u.split();
    let lost = if x < T::LARGE { lost * inverse } else { T::zero() };
    // For k = 0 this sum is x itself.
    let f = m - one;
    let sum = f + lost;
    combine::<A, T>(k, sum, lost - (sum - f))
}

#[inline(always)]
pub(super) fn ln_1p<A: Arithmetic, T: Logarithm>(x: T) -> T {
    let one = T::one();
    let result = ln_1p_within::<A, T>(x);
    let edge = if x == -one { T::neg_infinity() } else { T::nan() };
    let result = if x > -one { result } else { edge };
    let result = if x == T::infinity() { x } else { result };
    // Of numbers so small that the result is `x`, `ln_1p_within` gives that; only -0 has lost its sign.
    result.copysign(x)
}

/// `ln(1 + e^x)` as `max(x, 0) + ln(1 + e^-|x|)`: no overflow, and all digits in both tails.
#[inline(always)]
pub(super) fn softplus<A: Arithmetic, T: Logarithm>(x: T) -> T {
    let e = exp_of_negative::<A, T>(-x.abs());
    let rest = ln_1p_within::<A, T>(e);
    // (Also for NaN.)
    let rest = if e >= T::TINY { rest } else { e };
    if x > T::zero() { x + rest } else { rest }
}
