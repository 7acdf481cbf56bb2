//! The hyperbolic tangent.

use super::exp::{Exponential, expm1_within};
use crate::cpu::Arithmetic;

/// With `t = e^(-2 |x|) - 1`: `tanh |x| = -t / (t + 2)`, which keeps the digits of small numbers; where the result is
/// large, `1 - 2 (t + 1) / (t + 2)`, so that the errors of the quotient count less.
#[inline(always)]
pub(super) fn tanh<A: Arithmetic, T: Exponential>(x: T) -> T {
    let (one, two) = (T::one(), T::of(2.0));
    let size = x.abs();
    let size = if size * -two < T::MINUS_ONE { T::MINUS_ONE * T::of(-0.5) } else { size };
    let t = expm1_within::<A, T>(size * -two);
    let large = size > T::of(0.5);
    let numerator = if large { A::mul_add(t, two, two) } else { -t };
    let quotient = numerator / (t + two);
    let result = if large { one - quotient } else { quotient };
    if x.abs() < T::TINY { x } else { result.copysign(x) }
}
