//! Sine and cosine.
//!
//! `x` is a multiple `n` of `pi` or `pi / 2` and a small rest. The multiple is taken off in three parts (Cody and
//! Waite), which is right up to [`Trigonometric::FAR`]; the few arguments beyond it are left to the standard library.
//! That there are two ways depends on the value alone, so an element has the same bits wherever it stands.

use super::format::{Format, polynomial};
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait Trigonometric: Format {
    /// Up to this size `near` is right.
    const FAR: Self;

    /// The sine or the cosine of `|x| <= FAR`.
    fn near<A: Arithmetic, const COSINE: bool>(self) -> Self;
}

/// For one element.
#[inline(always)]
pub(super) fn one<A: Arithmetic, T: Trigonometric, const COSINE: bool>(x: T) -> T {
    if x.abs() > T::FAR { beyond::<T, COSINE>(x) } else { x.near::<A, COSINE>() }
}

/// For many: a loop that vectorises, and another one if there is something left to repair.
#[inline(always)]
pub(super) fn slice<A: Arithmetic, T: Trigonometric, const COSINE: bool>(x: &[T], out: &mut [T]) {
    let mut far = 0;
    for (out, &x) in out.iter_mut().zip(x) {
        *out = x.near::<A, COSINE>();
        far |= u32::from(x.abs() > T::FAR);
    }
    if far != 0 {
        repair::<T, COSINE>(x, out);
    }
}

#[cold]
#[inline(never)]
fn repair<T: Trigonometric, const COSINE: bool>(x: &[T], out: &mut [T]) {
    for (out, &x) in out.iter_mut().zip(x) {
        if x.abs() > T::FAR {
            *out = beyond::<T, COSINE>(x);
        }
    }
}

#[cold]
#[inline(never)]
fn beyond<T: Trigonometric, const COSINE: bool>(x: T) -> T {
    if COSINE { x.cos() } else { x.sin() }
}

impl Trigonometric for f32 {
    const FAR: f32 = 65536.0;

    #[inline(always)]
    fn near<A: Arithmetic, const COSINE: bool>(self) -> f32 {
        // Without a product that is rounded once, single precision has too few digits for the reduction.
        if A::FUSED { by_quarters::<A, COSINE>(self) } else { through_double::<A, COSINE>(self) }
    }
}

/// With `x = n pi / 2 + r + tail`: the sine or the cosine of `|r| <= pi / 4`, by the last bits of `n`.
#[inline(always)]
fn by_quarters<A: Arithmetic, const COSINE: bool>(x: f32) -> f32 {
    // pi / 2 in three parts of 24 bits
    const PARTS: [f32; 3] = [1.570_796_4, -4.371_139e-8, -1.715_124_5e-15];
    let size = x.abs();
    let rounded = A::mul_add(size, std::f32::consts::FRAC_2_PI, f32::ROUND);
    let n = rounded - f32::ROUND;
    let first = A::mul_add(n, -PARTS[0], size);
    // The second product takes two numbers.
    let second = n * PARTS[1];
    let rest = A::mul_add(n, PARTS[2], A::mul_add(n, PARTS[1], -second));
    let r = first - second;
    let tail = ((first - r) - second) - rest;
    let z = r * r;

    // r + r^3 S(r^2): minimax (`coefficients.py`), relative error 2^-27.9
    let s = polynomial::<A, f32, 3>(z, [-0.166_666_54, 0.008_332_102, -0.000_195_067_86]);
    let sine = r + A::mul_add(r * z, s, tail);

    // 1 - r^2 / 2 + r^4 C(r^2): error 2^-33.1; what the first sum loses comes back.
    let c = polynomial::<A, f32, 3>(z, [0.041_666_646, -0.001_388_730_2, 2.443_088_1e-5]);
    let sum = A::mul_add(z, -0.5, 1.0);
    let lost = A::mul_add(z, -0.5, 1.0 - sum);
    let cosine = sum + (A::mul_add(z * z, c, -(r * tail)) + lost);

    // sin, cos, -sin, -cos, ...; the cosine is a quarter ahead. The sine has the sign of x besides, also for 0.
    let (turn, sign) = if COSINE {
        (rounded.to_bits().wrapping_add(1), 0)
    } else {
        (rounded.to_bits(), (x.to_bits() >> 31) << 31)
    };
    let result = if turn & 1 == 0 { sine } else { cosine };
    f32::from_bits(result.to_bits() ^ ((turn >> 1) << 31) ^ sign)
}

/// `pi` in parts of 33, 33 and 53 bits: their products with numbers of 20 bits are exact.
const PI_PARTS: [f64; 3] = [3.141_592_653_468_251_2, 1.215_420_101_260_793_2e-10, 4.044_532_497_591_901e-21];

/// The nearest whole `n` for the sine, the nearest `n + 1/2` for the cosine, to `x / pi`; and `ROUND` and a number
/// whose last bit says whether the result is to be negated.
#[inline(always)]
fn half_turns<A: Arithmetic, const COSINE: bool>(x: f64) -> (f64, f64) {
    use std::f64::consts::FRAC_1_PI;
    if COSINE {
        let rounded = A::mul_add(x, FRAC_1_PI, 0.5) + f64::ROUND;
        (rounded - f64::ROUND - 0.5, rounded)
    } else {
        let rounded = A::mul_add(x, FRAC_1_PI, f64::ROUND);
        (rounded - f64::ROUND, rounded)
    }
}

/// As below, with one rounding to `f32` at the end.
#[inline(always)]
fn through_double<A: Arithmetic, const COSINE: bool>(x: f32) -> f32 {
    let size = f64::from(x.abs());
    let (n, rounded) = half_turns::<A, COSINE>(size);
    let r = A::mul_add(n, -PI_PARTS[1], A::mul_add(n, -PI_PARTS[0], size));
    let z = r * r;
    // Minimax (`coefficients.py`), relative error 2^-35.6
    let s = polynomial::<A, f64, 5>(
        z,
        [
            -0.166_666_666_315_229_44,
            0.008_333_331_312_078_529,
            -0.000_198_408_923_677_374_86,
            2.752_652_018_783_825_4e-6,
            -2.390_737_057_692_044e-8,
        ],
    );
    let result = A::mul_add(r * z, s, r).flip(rounded) as f32;
    if COSINE { result } else { result.flip_like(x) }
}

impl Trigonometric for f64 {
    const FAR: f64 = 1_048_576.0;

    /// With `|x| = n pi + r`: `(-1)^n sin(r)`, for the cosine `n + 1/2` in the place of `n`.
    #[inline(always)]
    fn near<A: Arithmetic, const COSINE: bool>(self) -> f64 {
        let size = self.abs();
        let (n, rounded) = half_turns::<A, COSINE>(size);
        let first = A::mul_add(n, -PI_PARTS[0], size);
        let second = A::mul_add(n, -PI_PARTS[1], first);
        // What the second difference lost, and the third part.
        let lost = A::mul_add(n, -PI_PARTS[1], first - second);
        let r = second + A::mul_add(n, -PI_PARTS[2], lost);
        let z = r * r;
        // Minimax (`coefficients.py`), relative error 2^-61.5
        let s = polynomial::<A, f64, 8>(
            z,
            [
                -0.166_666_666_666_666_66,
                0.008_333_333_333_333_207,
                -0.000_198_412_698_412_124_84,
                2.755_731_921_157_145e-6,
                -2.505_210_690_468_763_3e-8,
                1.605_894_101_899_932_5e-10,
                -7.643_019_870_609_112e-13,
                2.721_425_249_467_407e-15,
            ],
        );
        let result = A::mul_add(r * z, s, r).flip(rounded);
        if COSINE { result } else { result.flip_like(self) }
    }
}
