//! Tests of the scalar functions: accuracy against mpmath, and what they do at kinks, ties, NaNs and the ends.

#[path = "scalar_table.rs"]
mod table;

use super::*;
use crate::function::Unary;
use proptest::prelude::*;

/// Asserts that a function is within `units` of roundoff (`EPSILON`), relative, of the table; or, where a result is
/// subnormal, within `units` of the spacing there.
fn accurate(table: &[(f64, &str)], units: f64, wide: fn(f64) -> f64, narrow: fn(f32) -> f32) {
    for &(x, exact) in table {
        let exact: f64 = exact.parse().unwrap();
        let got = wide(x);
        let allowed =
            if exact.abs() < f64::MIN_POSITIVE { 5e-324 } else { units * f64::EPSILON * exact.abs() };
        assert!((got - exact).abs() <= allowed, "f64 at {x}: {got:e}, not {exact:e}");

        // Only arguments that f32 holds exactly: elsewhere the argument is already another one.
        if f64::from(x as f32) == x {
            let got = narrow(x as f32).as_f64();
            let tiny = exact.abs() < f64::from(f32::MIN_POSITIVE);
            let allowed = if tiny { 1.5e-45 } else { units * f64::from(f32::EPSILON) * exact.abs() };
            assert!((got - exact).abs() <= allowed, "f32 at {x}: {got:e}, not {exact:e}");
        }
    }
}

#[test]
fn relative_accuracy_over_the_whole_range() {
    accurate(table::SIGMOID, 2.0, |x| Unary::Sigmoid.value(x), |x| Unary::Sigmoid.value(x));
    accurate(table::SOFTPLUS, 2.0, |x| Unary::Softplus.value(x), |x| Unary::Softplus.value(x));
    accurate(table::ERF, 1.0, |x| Unary::Erf.value(x), |x| Unary::Erf.value(x));
    accurate(table::ERFC, 2.0, |x| Unary::Erfc.value(x), |x| Unary::Erfc.value(x));
    accurate(table::ERF, 1.0, |x| -Unary::Erf.value(-x), |x| -Unary::Erf.value(-x));
}

fn ends<T: Scalar>() {
    let (zero, one, inf, nan) = (T::zero(), T::one(), T::infinity(), T::nan());
    let two = one + one;
    assert_eq!((Unary::Softplus.value(inf), Unary::Softplus.value(-inf)), (inf, zero));
    assert_eq!(
        (Unary::Softplus.value(T::of(1000.0)), Unary::Softplus.value(T::of(-1000.0))),
        (T::of(1000.0), zero)
    );
    assert_eq!(Unary::Softplus.value(T::max_value()), T::max_value());
    assert_eq!((Unary::Erf.value(inf), Unary::Erf.value(-inf), Unary::Erf.value(zero)), (one, -one, zero));
    assert_eq!((Unary::Erfc.value(inf), Unary::Erfc.value(-inf), Unary::Erfc.value(zero)), (zero, two, one));
    assert!(Unary::Erf.value(-zero).is_sign_negative());
    assert!(
        Unary::Softplus.value(nan).is_nan()
            && Unary::Erf.value(nan).is_nan()
            && Unary::Erfc.value(nan).is_nan()
    );
}

#[test]
fn the_ends_of_softplus_and_erf() {
    ends::<f32>();
    ends::<f64>();
}

/// Every pair out of these, by the definitions in words.
fn comparisons<T: Scalar>() {
    let (zero, one, inf, nan) = (T::zero(), T::one(), T::infinity(), T::nan());
    let half = T::of(0.5);
    let tiny = T::min_positive_value() * T::of(0.25);
    let values = [-inf, -one, -tiny, -zero, zero, tiny, one, inf, nan];
    // The order of the list is the order of the numbers, if -0 stands before +0.
    let same =
        |a: T, b: T| (a.is_nan() && b.is_nan()) || (a == b && a.is_sign_negative() == b.is_sign_negative());
    for (i, &a) in values.iter().enumerate() {
        for (j, &b) in values.iter().enumerate() {
            let unordered = a.is_nan() || b.is_nan();
            let (larger, smaller) = if unordered { (nan, nan) } else { (values[i.max(j)], values[i.min(j)]) };
            assert!(same(a.larger(b), larger) && same(a.smaller(b), smaller), "{a} {b}");
            let equal = !unordered && (i == j || i + j == 7 && i.abs_diff(j) == 1);
            let number = |holds: bool| if holds { one } else { zero };
            assert_eq!(a.equal(b), number(equal), "{a} {b}");
            assert_eq!(a.less(b), number(!unordered && !equal && i < j), "{a} {b}");
            assert_eq!(a.less_equal(b), number(!unordered && (equal || i < j)), "{a} {b}");
            let above = if equal { half } else { number(!unordered && i > j) };
            assert_eq!(a.above(b), above, "{a} {b}");
            // The two slopes of a maximum add up to 1.
            assert!(unordered || a.above(b) + b.above(a) == one);
        }
        let sign = if a.is_nan() { nan } else { number_of(i, zero, one) };
        assert!(same(a.sign(), sign), "{a}");
    }
}

/// The sign of number `i` of the list above; that of both zeros is +0.
fn number_of<T: Scalar>(i: usize, zero: T, one: T) -> T {
    match i {
        0..3 => -one,
        3 | 4 => zero,
        _ => one,
    }
}

#[test]
fn comparisons_ties_and_signs() {
    comparisons::<f32>();
    comparisons::<f64>();
}

fn bounds<T: Scalar>() {
    let (zero, one, inf, nan) = (T::zero(), T::one(), T::infinity(), T::nan());
    let two = one + one;
    for (x, low, high, clamped, inside) in [
        (-two, -one, one, -one, zero),
        (-one, -one, one, -one, zero),
        (zero, -one, one, zero, one),
        (one, -one, one, one, zero),
        (two, -one, one, one, zero),
        (inf, -one, one, one, zero),
        (-inf, -one, inf, -one, zero),
        (two, -one, inf, two, one),
        (two, -inf, one, one, zero),
        (-two, -inf, inf, -two, one),
        (inf, -inf, inf, inf, zero),
        // The wrong way round: the upper bound is applied last.
        (zero, two, one, one, zero),
    ] {
        assert_eq!((x.clamp_to(low, high), x.inside(low, high)), (clamped, inside), "{x} in {low}..{high}");
    }
    assert!(nan.clamp_to(-one, one).is_nan() && nan.clamp_to(-inf, inf).is_nan());
    assert_eq!((nan.inside(-one, one), nan.inside(-inf, inf)), (zero, zero));
}

#[test]
fn clamping() {
    bounds::<f32>();
    bounds::<f64>();
}

#[test]
fn sigmoid_at_the_ends() {
    assert_eq!(Unary::Sigmoid.value(f64::INFINITY), 1.0);
    assert_eq!(Unary::Sigmoid.value(f64::NEG_INFINITY), 0.0);
    assert_eq!(Unary::Sigmoid.value(0.0f32), 0.5);
    assert!(Unary::Sigmoid.value(f32::NAN).is_nan() && Unary::Sigmoid.value(f64::NAN).is_nan());
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
                let positive = zero.is_sign_positive() == other.is_sign_positive() || !other.is_finite();
                assert!(
                    product == T::zero() && product.is_sign_positive() == positive,
                    "{zero} chain {other}"
                );
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
    /// `softplus(x) - softplus(-x) = x`, and `erf + erfc = 1`.
    #[test]
    fn functional_equations(x in -40.0f64..40.0) {
        prop_assert!((Unary::Softplus.value(x) - Unary::Softplus.value(-x) - x).abs() <= 2.0 * f64::EPSILON * x.abs().max(1.0));
        prop_assert!((Unary::Erf.value(x) + Unary::Erfc.value(x) - 1.0).abs() <= 2.0 * f64::EPSILON);
        prop_assert_eq!(Unary::Erf.value(-x), -Unary::Erf.value(x));
    }

    #[test]
    fn sigmoid_is_symmetric(x in -30.0f64..30.0) {
        let sum = Unary::Sigmoid.value(x) + Unary::Sigmoid.value(-x);
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
