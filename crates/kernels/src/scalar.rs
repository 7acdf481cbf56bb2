//! The number type: everything in this crate is generic over [`Scalar`], which is `f32` or `f64` and nothing else.
//!
//! Besides the arithmetic of `num_traits`, a scalar knows the few functions whose *definition* matters for
//! gradients: where a kink is, what a NaN does, and what happens when a zero meets an infinity. They stand here,
//! once, so that interactive evaluation and compiled kernels cannot disagree about them.
//!
//! All of them are written with selects instead of branches, so that a slice loop over them vectorises.

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
    + sealed::Sealed
{
    /// `"f32"` or `"f64"`, for messages and saved files.
    const NAME: &'static str;

    /// The nearest scalar (beyond the range: an infinity).
    fn of(value: f64) -> Self;

    /// The same value as `f64`; exact.
    fn as_f64(self) -> f64;

    /// The logistic function `1 / (1 + e^-x)`, with full *relative* accuracy in both tails.
    ///
    /// The relative error is at most 2 units of roundoff of the type (`EPSILON`) wherever the result is a normal
    /// number, given that the platform's `exp` is within one ulp; where the result is subnormal (`x` below -708 for
    /// `f64`, -87 for `f32`) the error is at most one spacing of the subnormals. NaN gives NaN.
    #[inline]
    fn sigmoid(self) -> Self {
        // e^-|x| never overflows, and each tail keeps its digits: the left one is e/(1+e), not 1 - 1/(1+e).
        let e = (-self.abs()).exp();
        let numerator = if self < Self::zero() { e } else { Self::one() };
        numerator / (Self::one() + e)
    }

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
        let one = if self > Self::zero() { Self::one() } else { -Self::one() };
        if self == Self::zero() {
            Self::zero()
        } else if self.is_nan() {
            self
        } else {
            one
        }
    }

    /// `ln(1 + e^x)` as `max(x, 0) + ln(1 + e^-|x|)`: no overflow, and all digits in both tails.
    #[inline]
    fn softplus(self) -> Self {
        let rest = (-self.abs()).exp().ln_1p();
        // NaN is not above 0, and its exponential is NaN.
        if self > Self::zero() { self + rest } else { rest }
    }

    /// The error function.
    fn erf(self) -> Self;

    /// 1 less the error function, with all digits where that is tiny.
    fn erfc(self) -> Self;

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

    /// 1 if this is above the other, ½ if they are equal, else 0.
    #[inline]
    fn above(self, other: Self) -> Self {
        let half = if self == other { Self::of(0.5) } else { Self::zero() };
        if self > other { Self::one() } else { half }
    }

    /// 1 if this is less than the other, else 0.
    #[inline]
    fn less(self, other: Self) -> Self {
        if self < other { Self::one() } else { Self::zero() }
    }

    /// 1 if this is not above the other, else 0.
    #[inline]
    fn less_equal(self, other: Self) -> Self {
        if self <= other { Self::one() } else { Self::zero() }
    }

    /// 1 if the two are equal, else 0.
    #[inline]
    fn equal(self, other: Self) -> Self {
        if self == other { Self::one() } else { Self::zero() }
    }

    /// `min(max(x, low), high)`; NaN stays NaN.
    #[inline]
    fn clamp_to(self, low: Self, high: Self) -> Self {
        let raised = if self < low { low } else { self };
        if raised > high { high } else { raised }
    }

    /// 1 strictly between the two bounds, else 0.
    #[inline]
    fn inside(self, low: Self, high: Self) -> Self {
        if (self > low) & (self < high) { Self::one() } else { Self::zero() }
    }

    /// The product of the chain rule: exactly 0 if either factor is 0, even against an infinity or a NaN, so that a
    /// path which contributes nothing cannot poison a gradient; the ordinary product otherwise.
    #[inline]
    fn chain(self, other: Self) -> Self {
        // `|`, not `||`: a mask and an AND instead of a branch.
        let absorbed = (self == Self::zero()) | (other == Self::zero());
        let product = self * other;
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

    fn erf(self) -> f32 {
        libm::erf(f64::from(self)) as f32
    }

    fn erfc(self) -> f32 {
        libm::erfc(f64::from(self)) as f32
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

    fn erf(self) -> f64 {
        libm::erf(self)
    }

    fn erfc(self) -> f64 {
        libm::erfc(self)
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The logistic function to 25 digits, computed with mpmath at 60 digits. As text, because a literal with more
    /// digits than the type has looks like a mistake.
    const SIGMOID: &[(f64, &str)] = &[
        (-745.0, "2.82235073047193707635344e-324"),
        (-744.5, "4.653269682705126982567784e-324"),
        (-720.25, "1.582702940309868978364956e-313"),
        (-710.0, "4.476286225675129956083161e-309"),
        (-708.0, "3.307553003638407996201174e-308"),
        (-700.0, "9.859676543759770856705373e-305"),
        (-650.125, "4.511281760845932075404055e-283"),
        (-500.0, "7.124576406741285531549157e-218"),
        (-300.5, "3.122541277232284838096256e-131"),
        (-150.75, "3.389275350429608720371044e-66"),
        (-100.0, "3.720075976020835962959696e-44"),
        (-87.0, "1.645811431082273651166034e-38"),
        (-60.0, "8.756510762696520338488733e-27"),
        (-40.0, "4.248354255291588977280721e-18"),
        (-37.0, "8.533047625744065066149032e-17"),
        (-36.5, "1.406861712446146569322926e-16"),
        (-20.0, "2.061153618190203581430862e-9"),
        (-10.0, "0.00004539786870243439450477623"),
        (-5.5, "0.004070137715896127325164605"),
        (-2.0, "0.1192029220221175559402709"),
        (-1.0, "0.2689414213699951207488408"),
        (-0.5, "0.3775406687981454353610994"),
        (-0.1, "0.4750208125210600125164917"),
        (-0.001, "0.499750000020833331244796"),
        (-1e-08, "0.4999999975"),
        (0.0, "0.5"),
        (1e-08, "0.5000000025"),
        (0.1, "0.5249791874789399874835083"),
        (0.5, "0.6224593312018545646389006"),
        (1.0, "0.7310585786300048792511592"),
        (2.0, "0.8807970779778824440597291"),
        (5.5, "0.9959298622841038726748354"),
        (10.0, "0.9999546021312975656054952"),
        (20.0, "0.9999999979388463818097964"),
        (36.5, "0.9999999999999998593138288"),
        (37.0, "0.9999999999999999146695237"),
        (40.0, "0.9999999999999999957516457"),
        (100.0, "1.0"),
        (700.0, "1.0"),
        (745.0, "1.0"),
    ];

    #[test]
    fn sigmoid_keeps_its_relative_accuracy_in_both_tails() {
        for &(x, exact) in SIGMOID {
            let exact: f64 = exact.parse().unwrap();
            let got = x.sigmoid();
            let allowed = if exact < f64::MIN_POSITIVE { 5e-324 } else { 2.0 * f64::EPSILON * exact };
            assert!((got - exact).abs() <= allowed, "f64 at {x}: {got:e}, not {exact:e}");

            // Only arguments that f32 holds exactly: elsewhere the argument is already another one.
            if f64::from(x as f32) == x {
                let got = (x as f32).sigmoid().as_f64();
                let tiny = f64::from(f32::MIN_POSITIVE);
                let allowed = if exact < tiny { 1.5e-45 } else { 2.0 * f64::from(f32::EPSILON) * exact };
                assert!((got - exact).abs() <= allowed, "f32 at {x}: {got:e}, not {exact:e}");
            }
        }
    }

    #[test]
    fn sigmoid_at_the_ends() {
        assert_eq!(f64::INFINITY.sigmoid(), 1.0);
        assert_eq!(f64::NEG_INFINITY.sigmoid(), 0.0);
        assert_eq!(0.0f32.sigmoid(), 0.5);
        assert!(f32::NAN.sigmoid().is_nan() && f64::NAN.sigmoid().is_nan());
    }

    fn kinks<T: Scalar>() {
        let (zero, one, inf, nan) = (T::zero(), T::one(), T::infinity(), T::nan());
        let tiny = T::min_positive_value() * T::of(0.25);
        for (x, relu, step) in [
            (zero, zero, zero),
            (-zero, zero, zero),
            (tiny, tiny, one),
            (-tiny, zero, zero),
            (one, one, one),
            (-one, zero, zero),
            (inf, inf, one),
            (-inf, zero, zero),
        ] {
            assert_eq!((x.relu(), x.step()), (relu, step), "at {x}");
            assert!(x.relu().is_sign_positive() && x.step().is_sign_positive());
        }
        assert!(nan.relu().is_nan() && nan.step().is_nan());
        for other in [zero, -zero, one, -one, tiny, inf, -inf, nan] {
            for zero in [zero, -zero] {
                for product in [zero.chain(other), other.chain(zero)] {
                    assert!(product == T::zero() && product.is_sign_positive(), "0 chain {other}");
                }
            }
        }
        assert!(nan.chain(one).is_nan() && one.chain(nan).is_nan() && inf.chain(nan).is_nan());
        assert_eq!(inf.chain(-one), -inf);
        assert_eq!(T::of(3.0).chain(T::of(-0.5)), T::of(-1.5));
        // An underflow is an ordinary product.
        assert_eq!(tiny.chain(tiny), zero);
    }

    #[test]
    fn kinks_and_absorbing_zeros() {
        kinks::<f32>();
        kinks::<f64>();
    }

    #[test]
    fn int_pow_of_special_values() {
        for x in [0.0, -0.0, 1.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(x.int_pow(0), 1.0);
        }
        assert_eq!(0.0f64.int_pow(-2), f64::INFINITY);
        assert_eq!((-0.0f64).int_pow(-3), f64::NEG_INFINITY);
        assert_eq!((-0.0f64).int_pow(3).to_bits(), (-0.0f64).to_bits());
        assert_eq!(f64::NEG_INFINITY.int_pow(3), f64::NEG_INFINITY);
        assert_eq!(f64::NEG_INFINITY.int_pow(-3).to_bits(), (-0.0f64).to_bits());
        assert!(f64::NAN.int_pow(2).is_nan() && f64::NAN.int_pow(-3).is_nan());
        for n in [i32::MIN, i32::MIN + 1, -1, 1, i32::MAX] {
            assert_eq!(1.0f32.int_pow(n), 1.0);
            assert_eq!((-1.0f32).int_pow(n), if n % 2 == 0 { 1.0 } else { -1.0 });
        }
        assert_eq!(2.0f64.int_pow(i32::MIN), 0.0);
        assert_eq!(0.5f64.int_pow(i32::MIN), f64::INFINITY);
    }

    #[test]
    fn int_pow_reaches_the_ends_of_the_range() {
        for n in -1022..=1023 {
            let exact = f64::from_bits(((n + 1023) as u64) << 52);
            assert_eq!((2.0f64.int_pow(n), 0.5f64.int_pow(-n)), (exact, exact), "2^{n}");
        }
        // Subnormal results, of which 2^1074 would already have overflowed, and a finite one next to the end.
        assert_eq!(2.0f64.int_pow(-1074), 5e-324);
        assert_eq!(2.0f32.int_pow(-149), f32::from_bits(1));
        let (near, other) = ((1.0f64 / 3.0).int_pow(-646), 3.0f64.int_pow(646));
        assert!(near.is_finite() && (near / other - 1.0).abs() < 646.0 * f64::EPSILON);
    }

    #[test]
    fn names_and_conversions() {
        assert_eq!((f32::NAME, f64::NAME), ("f32", "f64"));
        assert_eq!(f32::of(0.1), 0.1f32);
        assert_eq!(f32::of(1e300), f32::INFINITY);
        assert_eq!(0.1f32.as_f64(), f64::from(0.1f32));
    }

    proptest! {
        #[test]
        fn sigmoid_is_symmetric(x in -30.0f64..30.0) {
            let sum = x.sigmoid() + (-x).sigmoid();
            prop_assert!((sum - 1.0).abs() <= 2.0 * f64::EPSILON);
        }

        #[test]
        fn int_pow_is_repeated_multiplication(x in -3.0f64..3.0, n in -40i32..40) {
            let naive = (0..n.unsigned_abs()).fold(1.0, |power, _| power * x);
            let naive = if n < 0 { 1.0 / naive } else { naive };
            let bound = 2.0 * f64::from(n.abs() + 1) * f64::EPSILON * naive.abs();
            prop_assert!(naive.is_infinite() || (x.int_pow(n) - naive).abs() <= bound);
        }
    }
}
