//! The number type: everything in this crate is generic over [`Scalar`], which is `f32` or `f64` and nothing else.
//!
//! Besides the arithmetic of `num_traits`, a scalar knows the few functions whose *definition* matters for
//! gradients: where a kink is, what a NaN does, and what happens when a zero meets an infinity. They stand here,
//! once, so that interactive evaluation and compiled kernels cannot disagree about them.
//!
//! All of them are written with selects instead of branches, so that a slice loop over them vectorises.

use crate::entry::Compiled;
use crate::math::Math;
use std::fmt::{Debug, Display, LowerExp};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`; sealed, because the matrix product knows only these two.
pub trait Scalar:
    num_traits::Float
    + num_traits::NumAssign
    + Default
    + Debug
    + Display
    + LowerExp
    + Send
    + Sync
    + 'static
    + Math
    + Compiled
    + sealed::Sealed
{
    /// `"f32"` or `"f64"`, for messages and saved files.
    const NAME: &'static str;

    /// The nearest scalar (beyond the range: an infinity).
    fn of(value: f64) -> Self;

    /// The same value as `f64`; exact.
    fn as_f64(self) -> f64;

    /// The bits that it is made of.
    fn bits(self) -> u64;

    /// `max(x, 0)`, but NaN stays NaN: a poisoned value is not to look healthy behind a ReLU.
    #[inline]
    fn relu(self) -> Self {
        if self <= Self::zero() { Self::zero() } else { self }
    }

    /// The slope of [`relu`](Scalar::relu): 1 right of zero, 0 at and left of it, NaN for NaN.
    #[inline]
    fn step(self) -> Self {
        let slope = if self > Self::zero() { Self::one() } else { Self::zero() };
        if self.is_nan() { self } else { slope }
    }

    /// `x^n` by repeated squaring in one fixed order, so that the bits are the same on every platform
    /// (the precision of the standard library's `powi` is unspecified). `x^0` is 1, also for 0 and NaN.
    ///
    /// The relative error is at most `(|n| + 1) * EPSILON / 2` to first order, wherever the result is a normal
    /// number. A negative power is `1 / x^|n|`; where `x^|n|` is not a normal number it is divided out in two
    /// halves, so that results near the ends of the range neither vanish nor overflow too early.
    #[inline]
    fn int_pow(self, n: i32) -> Self {
        // The power that nearly every program uses; the same bits as below, and it vectorises.
        if n == 2 {
            return self * self;
        }
        let size = n.unsigned_abs();
        let power = natural_power(self, size);
        if n >= 0 {
            power
        } else if power.is_normal() {
            Self::one() / power
        } else {
            let half = size / 2;
            (Self::one() / natural_power(self, half)) / natural_power(self, size - half)
        }
    }

    /// -1, 0 or 1; NaN for NaN. (`signum` of the standard library is 1 for 0.)
    #[inline]
    fn sign(self) -> Self {
        let above = if self > Self::zero() { Self::one() } else { Self::zero() };
        let below = if self < Self::zero() { Self::one() } else { Self::zero() };
        if self.is_nan() { self } else { above - below }
    }

    /// The larger of the two, NaN if either is; of the two zeros the positive one.
    #[inline]
    fn larger(self, other: Self) -> Self {
        if self.is_nan() | (self > other) | ((self == other) & other.is_sign_negative()) {
            self
        } else {
            other
        }
    }

    /// The smaller of the two, NaN if either is; of the two zeros the negative one.
    #[inline]
    fn smaller(self, other: Self) -> Self {
        if self.is_nan() | (self < other) | ((self == other) & self.is_sign_negative()) {
            self
        } else {
            other
        }
    }

    /// 1 if this is above the other, ½ if they are equal, else 0, also next to NaN: the slope of
    /// [`larger`](Scalar::larger) that gives each of two equal numbers its half.
    #[inline]
    fn above(self, other: Self) -> Self {
        let half = if self == other { Self::of(0.5) } else { Self::zero() };
        if self > other { Self::one() } else { half }
    }

    /// 1 if this is less than the other, else 0, also next to NaN.
    #[inline]
    fn less(self, other: Self) -> Self {
        if self < other { Self::one() } else { Self::zero() }
    }

    /// 1 if this is less than the other or equal to it, else 0, also next to NaN.
    #[inline]
    fn less_equal(self, other: Self) -> Self {
        if self <= other { Self::one() } else { Self::zero() }
    }

    /// 1 if the two are equal, else 0, also next to NaN. The two zeros are equal.
    #[inline]
    fn equal(self, other: Self) -> Self {
        if self == other { Self::one() } else { Self::zero() }
    }

    /// `min(max(x, low), high)`; NaN stays NaN, and an infinite bound is none. (So `low > high` gives `high`.)
    #[inline]
    fn clamp_to(self, low: Self, high: Self) -> Self {
        let raised = if self < low { low } else { self };
        if raised > high { high } else { raised }
    }

    /// 1 strictly between the two bounds, else 0, also for NaN: the slope of [`clamp_to`](Scalar::clamp_to).
    #[inline]
    fn inside(self, low: Self, high: Self) -> Self {
        if (self > low) & (self < high) { Self::one() } else { Self::zero() }
    }

    /// A number in `[0, 1)`, as if drawn at random, that the bits of the two numbers determine: the same two always give the
    /// same one, and two that differ in any bit have nothing to do with each other. It is a multiple of the distance of
    /// the numbers below 1 (2⁻²⁴ or 2⁻⁵³). NaN if one of them is NaN: which of the many, two computations of the same may not
    /// agree on.
    fn noise(self, other: Self) -> Self;

    /// The product of the chain rule: the ordinary product, but 0 if either factor is 0 and the other an infinity or a NaN,
    /// so that a path which contributes nothing cannot poison a gradient. With the factor 1 it is exactly the other one.
    #[inline]
    fn chain(self, other: Self) -> Self {
        let product = self * other;
        // `|`, not `||`: masks and an AND instead of branches. Against a finite number 0 needs no help.
        let absorbed = product.is_nan() & ((self == Self::zero()) | (other == Self::zero()));
        if absorbed { Self::zero() } else { product }
    }
}

impl Scalar for f32 {
    const NAME: &'static str = "f32";

    #[inline]
    fn of(value: f64) -> f32 {
        value as f32
    }

    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }

    #[inline(always)]
    fn noise(self, other: f32) -> f32 {
        // Chris Wellons' "lowbias32" of each and of the sum: nearly no bias (0.17 of a bit in 1000), no 64-bit arithmetic.
        let mix = |x: u32| {
            let x = (x ^ (x >> 16)).wrapping_mul(0x7feb_352d);
            let x = (x ^ (x >> 15)).wrapping_mul(0x846c_a68b);
            x ^ (x >> 16)
        };
        let sum = mix(self.to_bits()).wrapping_add(mix(other.to_bits() ^ 0x9e37_79b9));
        // 24 bits, as a signed number: every vector unit converts those.
        let number = (mix(sum) >> 8).cast_signed() as f32 * (1.0 / (1_u32 << 24) as f32);
        if self.is_nan() | other.is_nan() { f32::NAN } else { number }
    }
}

impl Scalar for f64 {
    const NAME: &'static str = "f64";

    #[inline]
    fn of(value: f64) -> f64 {
        value
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self
    }

    #[inline]
    fn bits(self) -> u64 {
        self.to_bits()
    }

    #[inline(always)]
    fn noise(self, other: f64) -> f64 {
        // The last steps of SplitMix64 (S. Vigna) of each and of the sum.
        let mix = |x: u64| {
            let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        };
        let sum = mix(self.to_bits()).wrapping_add(mix(other.to_bits() ^ 0x9e37_79b9_7f4a_7c15));
        // 53 bits, in two parts that are put behind the point of a number so large that it has no digits there: not
        // every vector unit converts 64-bit integers.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        let bits = mix(sum) >> 11;
        let part = |bits: u64| f64::from_bits(bits | WHOLE.to_bits()) - WHOLE;
        let number = part(bits >> 26) * (1_u64 << 26) as f64 + part(bits & 0x03ff_ffff);
        if self.is_nan() | other.is_nan() { f64::NAN } else { number * (1.0 / (1_u64 << 53) as f64) }
    }
}

/// `x^n` by squaring, least significant bit first. The last square is always used, so no intermediate leaves the
/// range unless the result does.
#[inline]
fn natural_power<T: Scalar>(x: T, mut n: u32) -> T {
    let mut power = T::one();
    let mut square = x;
    while n > 0 {
        if n & 1 == 1 {
            power *= square;
        }
        n >>= 1;
        if n > 0 {
            square *= square;
        }
    }
    power
}

#[cfg(test)]
#[path = "scalar_tests.rs"]
mod tests;
