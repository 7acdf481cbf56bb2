//! The error function.
//!
//! Near 0 it is `x + x P(x^2)`, further out `1 - erfc(x)` with `ln erfc(x) = -x + x Q(x)`: one polynomial for the
//! whole range, and no quotient. What the exponential adds to the error counts only as much as `erfc` does.

use super::exp::{Exponential, exp_of_sum, reduce};
use super::format::polynomial;
use crate::cpu::Arithmetic;

/// What differs between the types.
pub(super) trait ErrorFunction: Exponential {
    /// Up to here `near` is right, from here on `far`.
    const BORDER: Self;
    /// From here on the result is rounded to 1.
    const ONE: Self;

    /// `erf(x) / x - 1` for `|x| <= BORDER`, given `x^2`.
    fn near<A: Arithmetic>(square: Self) -> Self;

    /// `ln(erfc(x)) / x + 1` from `BORDER` to `ONE`.
    fn far<A: Arithmetic>(x: Self) -> Self;

    /// From here on `erfc` is rounded to 0.
    const VANISHED: Self;
    /// `(1 + 2 x) e^(x^2) erfc(x)` at `x = 3`.
    const SCALED: Self;

    /// `((1 + 2 x) e^(x^2) erfc(x) - SCALED) / t` from 0.5 to `VANISHED`, given `t = (x - 3) / (x + 3)`.
    fn scaled_slope<A: Arithmetic>(t: Self) -> Self;

    /// With so few digits that the square is exact.
    fn shortened(self) -> Self;
}

// See `coefficients.py`: `near` and `far` are minimax, and the errors those of erf, relative, and of erfc, absolute. The
// scaled function is fitted by least squares in the Chebyshev points; most of its relative error is the rounding of its
// constant.
impl ErrorFunction for f32 {
    const BORDER: f32 = 0.9375;
    const ONE: f32 = 4.0;
    const VANISHED: f32 = 10.3;
    const SCALED: f32 = 1.253_008;

    /// Degree 6, error 2^-29.9.
    #[inline(always)]
    fn near<A: Arithmetic>(square: f32) -> f32 {
        polynomial::<A, f32, 7>(
            square,
            [
                0.128_379_17,
                -0.376_126_32,
                0.112_836_756,
                -0.026_858_453,
                0.005_198_870_3,
                -0.000_811_932_67,
                8.274_32e-5,
            ],
        )
    }

    /// Degree 5, error 2^-28.4.
    #[inline(always)]
    fn far<A: Arithmetic>(x: f32) -> f32 {
        polynomial::<A, f32, 6>(
            x,
            [-0.128_504_72, -0.635_751_1, -0.105_218_306, 0.022_861_851, -0.003_206_127, 0.000_212_906_71],
        )
    }

    /// Degree 9, error 2^-24.3.
    #[inline(always)]
    fn scaled_slope<A: Arithmetic>(t: f32) -> f32 {
        polynomial::<A, f32, 9>(
            t,
            [
                -0.135_621_04,
                -0.047_562_24,
                0.129_642_67,
                -0.119_274_92,
                0.068_337_06,
                -0.023_756_98,
                0.002_397_103_7,
                0.001_824_735_7,
                -0.000_540_423_1,
            ],
        )
    }

    /// 12 of them.
    #[inline(always)]
    fn shortened(self) -> f32 {
        f32::from_bits(self.to_bits() & 0xffff_f000)
    }
}

impl ErrorFunction for f64 {
    const BORDER: f64 = 1.0;
    const ONE: f64 = 6.0;
    const VANISHED: f64 = 27.3;
    const SCALED: f64 = 1.253_008_058_269_729_6;

    /// Degree 11, error 2^-55.8.
    #[inline(always)]
    fn near<A: Arithmetic>(square: f64) -> f64 {
        polynomial::<A, f64, 12>(
            square,
            [
                0.128_379_167_095_512_56,
                -0.376_126_389_031_834_7,
                0.112_837_916_709_432_19,
                -0.026_866_170_643_026_575,
                0.005_223_977_605_729_029,
                -0.000_854_832_591_965_114,
                0.000_120_552_934_652_150_2,
                -1.492_471_250_952_280_4e-5,
                1.644_715_486_812_280_8e-6,
                -1.620_660_835_686_792_9e-7,
                1.371_262_881_467_487_2e-8,
                -7.783_072_047_256_754e-10,
            ],
        )
    }

    /// Degree 17, error 2^-56.2.
    #[inline(always)]
    fn far<A: Arithmetic>(x: f64) -> f64 {
        polynomial::<A, f64, 18>(
            x,
            [
                -0.128_379_108_134_551_47,
                -0.636_620_277_681_456_7,
                -0.102_770_720_638_126_71,
                0.019_124_685_649_513_518,
                0.000_212_540_749_149_536_54,
                -0.001_693_274_721_728_019,
                0.000_575_326_338_560_391_4,
                4.579_254_571_654_647_7e-7,
                -9.517_331_487_100_175e-5,
                5.588_914_994_368_285_6e-5,
                -2.029_531_034_784_114_7e-5,
                5.368_787_462_533_198_6e-6,
                -1.074_394_850_948_817_7e-6,
                1.623_830_430_046_186_6e-7,
                -1.805_035_683_324_472_7e-8,
                1.395_480_945_196_813e-9,
                -6.707_930_285_690_384e-11,
                1.509_810_842_047_425_7e-12,
            ],
        )
    }

    /// Degree 21, error 2^-54.3.
    #[inline(always)]
    fn scaled_slope<A: Arithmetic>(t: f64) -> f64 {
        polynomial::<A, f64, 21>(
            t,
            [
                -0.135_621_106_124_581_34,
                -0.047_562_294_353_450_22,
                0.129_645_158_702_781_3,
                -0.119_273_663_415_347_3,
                0.068_308_027_343_155_18,
                -0.023_770_514_917_463_292,
                0.002_529_391_831_167_388,
                0.001_888_690_339_381_643_6,
                -0.000_779_832_424_812_682_3,
                -0.000_105_159_600_132_734_88,
                0.000_125_100_281_187_518_32,
                4.948_225_140_571_176e-6,
                -2.010_409_819_794_322e-5,
                -7.264_416_771_963_417e-7,
                3.480_803_184_581_693e-6,
                3.438_135_381_234_930_4e-7,
                -6.285_572_489_069_48e-7,
                -1.207_764_340_569_845_2e-7,
                1.106_026_220_133_060_7e-7,
                2.257_149_802_600_396e-8,
                -1.497_328_153_399_453e-8,
            ],
        )
    }

    /// 26 of them.
    #[inline(always)]
    fn shortened(self) -> f64 {
        f64::from_bits(self.to_bits() & 0xffff_ffff_f800_0000)
    }
}

#[inline(always)]
pub(super) fn erf<A: Arithmetic, T: ErrorFunction>(x: T) -> T {
    let near = A::mul_add(x, T::near::<A>(x * x), x);
    let size = x.abs();
    let size = if size > T::ONE { T::ONE } else { size };
    let reduced = reduce::<A, T>(A::mul_add(size, T::far::<A>(size), -size));
    // 1 - 2^n (1 + q) = (1 - 2^n) - 2^n q
    let power = T::power(reduced.rounded, 0);
    let far = A::mul_add(-power, reduced.expm1::<A>(), T::one() - power);
    if size < T::BORDER { near } else { far.copysign(x) }
}

/// `1 - erf(x)`, which no difference gives where it is small: there it is `e^(-x^2) S(x) / (1 + 2 x)`, and `S` is a polynomial
/// of `t = (x - 3) / (x + 3)` for all arguments up to where the result vanishes.
///
/// `S` is nearly constant (from 1.13 to 1.28), so that the rounding of `t` hardly counts, and its constant term is nearly
/// all of it. What rounding `x^2` would lose is kept: `x^2 = h^2 + (x - h)(x + h)`, with so few digits in `h` that its square
/// is exact. The three other roundings that would count, of the last sum of `S`, of its product with the
/// exponential, and of `1 + 2 x`, are kept too and go into a correction of the quotient.
#[inline(always)]
pub(super) fn erfc<A: Arithmetic, T: ErrorFunction>(x: T) -> T {
    let (one, two, three) = (T::one(), T::of(2.0), T::of(3.0));
    let near = one - A::mul_add(x, T::near::<A>(x * x), x);
    let size = x.abs();
    let size = if size > T::VANISHED { T::VANISHED } else { size };

    let t = (size - three) / (size + three);
    let slope = T::scaled_slope::<A>(t);
    let scaled = A::mul_add(t, slope, T::SCALED);
    let scaled_low = A::mul_add(t, slope, T::SCALED - scaled);

    let high = size.shortened();
    let (rounded, w) = exp_of_sum::<A, T>(-(high * high), (high - size) * (high + size));
    let rest = A::mul_add(scaled, w, scaled_low);
    let product = scaled + rest;
    let product_low = (scaled - product) + rest;

    let divisor = A::mul_add(two, size, one);
    let divisor_low = one - (divisor - two * size);
    let quotient = product / divisor;
    let quotient = quotient + A::mul_add(-quotient, divisor_low, product_low) / divisor;
    let tail = quotient.scale(rounded);
    let far = if x < T::zero() { two - tail } else { tail };
    if size < T::of(0.6) { near } else { far }
}
