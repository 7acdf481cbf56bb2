//! The hyperbolic tangent.

use super::exp::{Exponential, Reduced, density_of_reduced, reduce, reduce_positive};
use super::format::polynomial;
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait Tangent: Exponential {
    /// Up to here `near` is right.
    const BORDER: Self;
    /// From here on the result is rounded to 1.
    const ONE: Self;

    /// Numerator and denominator of `(tanh(x) / x - 1) / x^2` for `|x| <= BORDER`, given `x^2`.
    fn near<A: Arithmetic>(square: Self) -> (Self, Self);
}

impl Tangent for f32 {
    const BORDER: f32 = 0.75;
    const ONE: f32 = 10.0;

    /// A polynomial of degree 5, minimax (`coefficients.py`): relative error of the tangent 2^-29.1.
    #[inline(always)]
    fn near<A: Arithmetic>(square: f32) -> (f32, f32) {
        let p = polynomial::<A, f32, 6>(
            square,
            [-0.333_333_16, 0.133_327_2, -0.053_894_535, 0.021_457_793, -0.007_665_812_5, 0.001_741_756_5],
        );
        (p, 1.0)
    }
}

impl Tangent for f64 {
    const BORDER: f64 = 0.625;
    const ONE: f64 = 20.0;

    /// The quotient of `tanh.c` in Moshier's Cephes library (1984): degree 2 by degree 3.
    #[inline(always)]
    fn near<A: Arithmetic>(square: f64) -> (f64, f64) {
        let p = polynomial::<A, f64, 3>(
            square,
            [-1.614_687_684_417_084_5e3, -9.928_772_310_019_185e1, -9.643_991_794_250_523e-1],
        );
        let q = polynomial::<A, f64, 4>(
            square,
            [4.844_063_053_251_255e3, 2.235_488_390_601_004_5e3, 1.128_116_784_916_329_3e2, 1.0],
        );
        (p, q)
    }
}

/// Near 0 it is `x + x^3 P(x^2)`, further out `1 - 2 / (e^(2 |x|) + 1)`. One division does for both.
#[inline(always)]
pub(super) fn tanh<A: Arithmetic, T: Tangent>(x: T) -> T {
    let size = x.abs();
    let reduced = reduce::<A, T>((if size > T::ONE { T::ONE } else { size }) * T::of(2.0));
    with_power::<A, T>(x, reduced)
}

/// The tangent of `x`, and the logistic density of `2 x` (a quarter of its slope), with the bits that they have by themselves:
/// both need the same reduction and most of the same polynomial.
#[inline(always)]
pub(super) fn tanh_and_density<A: Arithmetic, T: Tangent>(x: T) -> (T, T) {
    let size = x.abs();
    let reduced = reduce_positive::<A, T>(size * T::of(2.0));
    // Beyond `ONE` the power may be none.
    let tanh = with_power::<A, T>(x, reduced);
    (if size > T::ONE { T::one().copysign(x) } else { tanh }, density_of_reduced::<A, T>(reduced))
}

/// The tangent, given what `2 |x|` is reduced to.
#[inline(always)]
fn with_power<A: Arithmetic, T: Tangent>(x: T, reduced: Reduced<T>) -> T {
    let (one, two) = (T::one(), T::of(2.0));
    let size = x.abs();
    let square = x * x;
    let (p, q) = T::near::<A>(square);

    // 2^n (1 + q) + 1 = 2^n q + (2^n + 1)
    let power = T::power(reduced.rounded, 0);
    let sum = A::mul_add(power, reduced.expm1::<A>(), power + one);

    let near = size < T::BORDER;
    let quotient = (if near { p } else { two }) / (if near { q } else { sum });
    let result = if near { A::mul_add(size * square, quotient, size) } else { one - quotient };
    result.copysign(x)
}
