//! Sine and cosine.
//!
//! `x` is a multiple `n` of `pi / 2` and a small rest. The multiple is taken off in three parts (Cody and
//! Waite), which is right up to [`Trigonometric::FAR`]; the few arguments beyond it are left to the standard library.
//! That there are two ways depends on the value alone, so an element has the same bits wherever it stands.

use super::format::{Format, polynomial};
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait Trigonometric: Format {
    /// Up to this size `near` is right.
    const FAR: Self;
    /// `2 / pi`
    const FRAC_2_PI: Self;
    /// `pi / 2` in three parts.
    const PARTS: [Self; 3];
    /// Whether `n` times the second part is exact, and so short that the third one reaches into the digits of the rest. If
    /// not, it takes an [`Arithmetic`] that rounds once, and the third part is tiny.
    const EXACT: bool;

    /// The sine or the cosine of `|x| <= FAR`.
    fn near<A: Arithmetic, const COSINE: bool>(self) -> Self;

    /// `(sin(r) / r - 1) / r^2` for `|r| <= pi / 4`, given `r^2`.
    fn sine<A: Arithmetic>(square: Self) -> Self;

    /// `(cos(r) - 1 + r^2 / 2) / r^4` for `|r| <= pi / 4`, given `r^2`.
    fn cosine<A: Arithmetic>(square: Self) -> Self;
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

// Coefficients of this file: minimax, see `coefficients.py`. Errors are those of the sine and the cosine, relative.
impl Trigonometric for f32 {
    const FAR: f32 = 65536.0;
    const FRAC_2_PI: f32 = std::f32::consts::FRAC_2_PI;
    // 24 bits each
    const PARTS: [f32; 3] = [1.570_796_4, -4.371_139e-8, -1.715_124_5e-15];
    const EXACT: bool = false;

    #[inline(always)]
    fn near<A: Arithmetic, const COSINE: bool>(self) -> f32 {
        // Without a product that is rounded once, single precision has too few digits for the reduction.
        if A::FUSED { by_quarters::<A, f32, COSINE>(self) } else { through_double::<A, COSINE>(self) }
    }

    /// Degree 2, error 2^-27.9.
    #[inline(always)]
    fn sine<A: Arithmetic>(square: f32) -> f32 {
        polynomial::<A, f32, 3>(square, [-0.166_666_54, 0.008_332_102, -0.000_195_067_86])
    }

    /// Degree 2, error 2^-33.1.
    #[inline(always)]
    fn cosine<A: Arithmetic>(square: f32) -> f32 {
        polynomial::<A, f32, 3>(square, [0.041_666_646, -0.001_388_730_2, 2.443_088_1e-5])
    }
}

impl Trigonometric for f64 {
    const FAR: f64 = 1_048_576.0;
    const FRAC_2_PI: f64 = std::f64::consts::FRAC_2_PI;
    // 33, 33 and 53 bits: the products of the first two with numbers of 20 bits are exact.
    const PARTS: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];
    const EXACT: bool = true;

    #[inline(always)]
    fn near<A: Arithmetic, const COSINE: bool>(self) -> f64 {
        by_quarters::<A, f64, COSINE>(self)
    }

    /// Degree 5, error 2^-57.8.
    #[inline(always)]
    fn sine<A: Arithmetic>(square: f64) -> f64 {
        polynomial::<A, f64, 6>(
            square,
            [
                -0.166_666_666_666_666_27,
                0.008_333_333_333_321_079,
                -0.000_198_412_698_287_009_92,
                2.755_731_329_623_08e-6,
                -2.505_069_453_706_242_4e-8,
                1.589_302_631_740_337_5e-10,
            ],
        )
    }

    /// Degree 5, error 2^-63.9.
    #[inline(always)]
    fn cosine<A: Arithmetic>(square: f64) -> f64 {
        polynomial::<A, f64, 6>(
            square,
            [
                0.041_666_666_666_666_59,
                -0.001_388_888_888_887_205_6,
                2.480_158_728_814_45e-5,
                -2.755_731_395_411_74e-7,
                2.087_566_772_676_099_6e-9,
                -1.135_670_648_972_878_2e-11,
            ],
        )
    }
}

/// With `|x| = n pi / 2 + r + tail`: the sine or the cosine of `|r| <= pi / 4`, by the last bits of `n`.
#[inline(always)]
fn by_quarters<A: Arithmetic, T: Trigonometric, const COSINE: bool>(x: T) -> T {
    let [first, second, third] = T::PARTS;
    let size = x.abs();
    let rounded = A::mul_add(size, T::FRAC_2_PI, T::ROUND);
    let n = rounded - T::ROUND;
    let high = A::mul_add(n, -first, size);
    // What is left to take off, as two numbers.
    let product = n * second;
    let (low, lowest) = if T::EXACT {
        let low = A::mul_add(n, third, product);
        (low, A::mul_add(n, third, product - low))
    } else {
        (product, A::mul_add(n, third, A::mul_add(n, second, -product)))
    };
    let r = high - low;
    let tail = ((high - r) - low) - lowest;
    let z = r * r;

    let sine = r + A::mul_add(r * z, T::sine::<A>(z), tail);
    // What the first sum loses comes back.
    let (one, half) = (T::one(), T::of(-0.5));
    let sum = A::mul_add(z, half, one);
    let lost = A::mul_add(z, half, one - sum);
    let cosine = sum + (A::mul_add(z * z, T::cosine::<A>(z), -(r * tail)) + lost);

    // sin, cos, -sin, -cos, ...; the cosine is a quarter ahead. The sine has the sign of x besides, also for 0.
    let turn = if COSINE { rounded.next() } else { rounded };
    let result = if turn.is_odd() { cosine } else { sine }.flip(turn, 1);
    if COSINE { result } else { result.flip_like(x) }
}

/// With `|x| = n pi + r`, for the cosine `|x| = (n - 1/2) pi + r`: `(-1)^n sin(r)`, in double precision, with one rounding
/// to `f32` at the end.
#[inline(always)]
fn through_double<A: Arithmetic, const COSINE: bool>(x: f32) -> f32 {
    use std::f64::consts::FRAC_1_PI;
    // pi in parts of 33 and 53 bits
    const PARTS: [f64; 2] = [3.141_592_653_468_251_2, 1.215_420_101_301_238_4e-10];
    let size = f64::from(x.abs());
    let shift = if COSINE { 0.5 } else { 0.0 };
    let rounded = A::mul_add(size, FRAC_1_PI, shift) + f64::ROUND;
    let n = rounded - f64::ROUND - shift;
    let r = A::mul_add(n, -PARTS[1], A::mul_add(n, -PARTS[0], size));
    let z = r * r;
    // Error 2^-35.6, up to pi / 2.
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
    let result = A::mul_add(r * z, s, r).flip(rounded, 0) as f32;
    if COSINE { result } else { result.flip_like(x) }
}
