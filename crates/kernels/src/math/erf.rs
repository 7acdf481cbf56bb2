//! The error function.
//!
//! Near 0 it is `x + x P(x^2)`, further out `1 - erfc(x)` with `ln erfc(x) = -x + x Q(x)`: one polynomial for the
//! whole range, and no quotient. What the exponential adds to the error counts only as much as `erfc` does.

use super::exp::{Exponential, exp, reduce};
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

    /// `erfc(x)`
    fn complement<A: Arithmetic>(self) -> Self;
}

// Minimax, see `coefficients.py`. Errors are those of erf, relative, and of erfc, absolute.
impl ErrorFunction for f32 {
    const BORDER: f32 = 0.9375;
    const ONE: f32 = 4.0;

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

    #[inline(always)]
    fn complement<A: Arithmetic>(self) -> f32 {
        erfc_single::<A>(self)
    }
}

impl ErrorFunction for f64 {
    const BORDER: f64 = 1.0;
    const ONE: f64 = 6.0;

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

    #[inline(always)]
    fn complement<A: Arithmetic>(self) -> f64 {
        libm::erfc(self)
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

/// `1 - erf(x)`, which no difference gives where it is small: there it is `e^(-x^2) S(x)`, and the scaled function `S` is a
/// polynomial of `(x - 3) / (x + 3)` for all arguments up to where the result vanishes. What rounding `x^2` would lose is
/// kept: `x^2 = h^2 + (x - h)(x + h)`, with so few digits in `h` that its square is exact.
#[inline(always)]
fn erfc_single<A: Arithmetic>(x: f32) -> f32 {
    let near = 1.0 - A::mul_add(x, f32::near::<A>(x * x), x);
    let size = x.abs();
    let size = if size > 10.3 { 10.3 } else { size };
    // Least squares in the Chebyshev points (`coefficients.py`), relative error 2^-29.
    let scaled = polynomial::<A, f32, 11>(
        (size - 3.0) / (size + 3.0),
        [
            0.179_001_15,
            -0.326_233_57,
            0.245_603_78,
            -0.150_115_82,
            0.071_665_95,
            -0.024_393_938,
            0.004_268_532,
            7.1458716e-4,
            -5.944145e-4,
            3.0487277e-5,
            5.6751498e-5,
        ],
    );
    let high = f32::from_bits(size.to_bits() & 0xffff_f000);
    let low = (size - high) * (size + high);
    // e^-low for low < 0.1: five terms leave 2^-32
    let rest = polynomial::<A, f32, 6>(-low, [1.0, 1.0, 0.5, 0.166_666_67, 0.041_666_668, 0.008_333_334]);
    let tail = exp::<A, f32>(-(high * high)) * (scaled * rest);
    let far = if x < 0.0 { 2.0 - tail } else { tail };
    if size < 0.5 { near } else { far }
}

#[inline(always)]
pub(super) fn erfc<A: Arithmetic, T: ErrorFunction>(x: T) -> T {
    x.complement::<A>()
}
