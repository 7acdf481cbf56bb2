//! The two number formats, as far as the algorithms take numbers apart and put them together.

use crate::cpu::Arithmetic;
use crate::scalar::Scalar;

/// `f32` or `f64` with its bits: whole numbers, powers of two, exponent and mantissa.
///
/// Only operations that every vector unit has: no conversion between 64-bit integers and numbers, no comparison and no
/// signed shift of 64-bit integers.
pub(super) trait Format: Scalar {
    /// A number of this size has no bits behind the point: adding it rounds to a whole number, which then stands in
    /// the last bits of the sum, and subtracting it again gives that number.
    const ROUND: Self;

    /// Below this in size `f(x) = x + c x^2 + ...` with `|c| <= 1/2` is `x` to within half a unit in the last place.
    const TINY: Self;

    /// `2^(n + offset)` for `rounded = ROUND + n`; the power has to be a normal number.
    fn power(rounded: Self, offset: i32) -> Self;

    /// `self * 2^n` for `rounded = ROUND + n`, rounded once: to an infinity, or to a subnormal number. `self` is of
    /// ordinary size and `n` between the exponents of the smallest and of twice the largest number.
    fn scale(self, rounded: Self) -> Self;

    /// `k`, `m` and `2^-k` with `self = m 2^k` and `m` from `1 / sqrt(2)` to `sqrt(2)`, for a normal positive number.
    /// (`2^-k` only if that is a normal number.)
    fn split(self) -> (Self, Self, Self);

    /// `ROUND + n + 1` for `self = ROUND + n`, where only the last bits count.
    fn next(self) -> Self;

    /// Whether `n` is odd, for `self = ROUND + n`.
    fn is_odd(self) -> bool;

    /// `self`, with the sign changed if bit number `bit` of `n` is set, for `rounded = ROUND + n`.
    fn flip(self, rounded: Self, bit: u32) -> Self;

    /// `self`, with the sign changed if `other` is negative or -0.
    fn flip_like(self, other: Self) -> Self;
}

macro_rules! format {
    ($float:ty, $bits:ty, $digits:expr, $sqrt_half:expr) => {
        impl Format for $float {
            const ROUND: $float = 1.5 * (1_u64 << $digits) as $float;
            const TINY: $float = <$float>::EPSILON / 2.0;

            #[inline(always)]
            fn power(rounded: $float, offset: i32) -> $float {
                // The bits of `ROUND` itself are shifted out.
                let bias = (<$float>::MAX_EXP - 1 + offset) as $bits;
                <$float>::from_bits(rounded.to_bits().wrapping_add(bias) << $digits)
            }

            #[inline(always)]
            fn scale(self, rounded: $float) -> $float {
                // Two factors, each a normal number: with b the bias, n + 2b = (n + 2b) / 2 + the rest. The offset 2b
                // makes the number positive, so that a shift halves it. Of a NaN this makes some factors, harmlessly.
                const TWICE_BIAS: $bits = 2 * (<$float>::MAX_EXP - 1) as $bits;
                const OFFSET: $bits = <$float>::to_bits(<$float as Format>::ROUND) - TWICE_BIAS;
                let exponents = rounded.to_bits().wrapping_sub(OFFSET);
                let first = exponents >> 1;
                let second = exponents.wrapping_sub(first);
                self * <$float>::from_bits(first << $digits) * <$float>::from_bits(second << $digits)
            }

            #[inline(always)]
            fn split(self) -> ($float, $float, $float) {
                const ONE: $bits = <$float>::to_bits(1.0);
                const SQRT_HALF: $bits = <$float>::to_bits($sqrt_half);
                const BIAS: $float = (<$float>::MAX_EXP - 1) as $float;
                const WHOLE: $float = (1_u64 << $digits) as $float;
                // The exponent goes up where the mantissa passes the square root of two.
                let bits = self.to_bits();
                let biased = bits.wrapping_add(ONE - SQRT_HALF) >> $digits;
                let k = <$float>::from_bits(biased | WHOLE.to_bits()) - (WHOLE + BIAS);
                let shift = (biased << $digits).wrapping_sub(ONE);
                (
                    k,
                    <$float>::from_bits(bits.wrapping_sub(shift)),
                    <$float>::from_bits(ONE.wrapping_sub(shift)),
                )
            }

            #[inline(always)]
            fn next(self) -> $float {
                <$float>::from_bits(self.to_bits().wrapping_add(1))
            }

            #[inline(always)]
            fn is_odd(self) -> bool {
                self.to_bits() & 1 != 0
            }

            #[inline(always)]
            fn flip(self, rounded: $float, bit: u32) -> $float {
                let sign = rounded.to_bits() >> bit << (<$bits>::BITS - 1);
                <$float>::from_bits(self.to_bits() ^ sign)
            }

            #[inline(always)]
            fn flip_like(self, other: $float) -> $float {
                const LAST: u32 = <$bits>::BITS - 1;
                <$float>::from_bits(self.to_bits() ^ (other.to_bits() >> LAST << LAST))
            }
        }
    };
}

format!(f32, u32, 23, std::f32::consts::FRAC_1_SQRT_2);
format!(f64, u64, 52, std::f64::consts::FRAC_1_SQRT_2);

/// `c[0] + c[1] x + c[2] x^2 + ...` by Horner's scheme; if there are more than three, for the even and the odd powers by
/// themselves, so that two chains of half the length run beside each other.
#[inline(always)]
pub(super) fn polynomial<A: Arithmetic, T: Scalar, const N: usize>(x: T, coefficients: [T; N]) -> T {
    let (mut even, mut odd) = (T::zero(), T::zero());
    if N <= 3 {
        for (i, &c) in coefficients.iter().enumerate().rev() {
            even = if i + 1 < N { A::mul_add(even, x, c) } else { c };
        }
        return even;
    }
    let square = x * x;
    for (i, &c) in coefficients.iter().enumerate().rev() {
        let sum = if i % 2 == 0 { &mut even } else { &mut odd };
        *sum = if i + 2 < N { A::mul_add(*sum, square, c) } else { c };
    }
    A::mul_add(odd, x, even)
}
