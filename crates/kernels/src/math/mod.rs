//! Elementary functions of our own, because those of the standard library are calls, and a loop with a call in it is
//! not vectorised.
//!
//! Each is straight-line code: both sides of an `if` are computed and one is chosen, and where a formula needs the bits of a
//! number it takes them as an integer. So a loop over any of them becomes vector instructions inside of
//! [`Cpu::run`](crate::Cpu), and is right over the whole range of the type: subnormal numbers, infinities, both zeros, NaN.
//!
//! The errors in the table below are the largest found, in units in the last place of the exact result: where the
//! processor rounds `a b + c` once, and where it rounds it twice. `tests.rs` has the table that they were found with.
#![allow(unreachable_pub, reason = "public only in name")]

mod erf;
mod exp;
mod format;
mod hyperbolic;
mod log;
mod trig;

#[cfg(test)]
mod tests;

use crate::cpu::Arithmetic;

/// Elementary functions that vectorise. Public only in name: it stands in a private module, so that only this crate can
/// call the functions, with a processor's [`Arithmetic`], and nobody can implement it.
pub trait Math: Sized {
    /// `e^x`
    fn exp_with<A: Arithmetic>(self) -> Self;

    /// `e^x - 1`
    fn expm1_with<A: Arithmetic>(self) -> Self;

    /// The natural logarithm; NaN for negative numbers.
    fn ln_with<A: Arithmetic>(self) -> Self;

    /// `ln(1 + x)`; NaN below -1.
    fn ln_1p_with<A: Arithmetic>(self) -> Self;

    /// The sine. Has a branch: for many use [`sin_slice`](Math::sin_slice).
    fn sin_with<A: Arithmetic>(self) -> Self;

    /// The cosine. Has a branch: for many use [`cos_slice`](Math::cos_slice).
    fn cos_with<A: Arithmetic>(self) -> Self;

    /// `out[i] = sin(x[i])`, with the bits of [`sin_with`](Math::sin_with).
    fn sin_slice<A: Arithmetic>(x: &[Self], out: &mut [Self]);

    /// `out[i] = cos(x[i])`, with the bits of [`cos_with`](Math::cos_with).
    fn cos_slice<A: Arithmetic>(x: &[Self], out: &mut [Self]);

    /// The hyperbolic tangent.
    fn tanh_with<A: Arithmetic>(self) -> Self;

    /// `1 / (1 + e^-x)`
    fn sigmoid_with<A: Arithmetic>(self) -> Self;

    /// `sigmoid(x) sigmoid(-x)`, the slope of [`sigmoid_with`](Math::sigmoid_with).
    fn logistic_density_with<A: Arithmetic>(self) -> Self;

    /// `ln(1 + e^x)`
    fn softplus_with<A: Arithmetic>(self) -> Self;

    /// The error function.
    fn erf_with<A: Arithmetic>(self) -> Self;
}

macro_rules! math {
    ($float:ty) => {
        impl Math for $float {
            #[inline(always)]
            fn exp_with<A: Arithmetic>(self) -> $float {
                exp::exp::<A, $float>(self)
            }

            #[inline(always)]
            fn expm1_with<A: Arithmetic>(self) -> $float {
                exp::expm1::<A, $float>(self)
            }

            #[inline(always)]
            fn ln_with<A: Arithmetic>(self) -> $float {
                log::ln::<A, $float>(self)
            }

            #[inline(always)]
            fn ln_1p_with<A: Arithmetic>(self) -> $float {
                log::ln_1p::<A, $float>(self)
            }

            #[inline(always)]
            fn sin_with<A: Arithmetic>(self) -> $float {
                trig::one::<A, $float, false>(self)
            }

            #[inline(always)]
            fn cos_with<A: Arithmetic>(self) -> $float {
                trig::one::<A, $float, true>(self)
            }

            #[inline(always)]
            fn sin_slice<A: Arithmetic>(x: &[$float], out: &mut [$float]) {
                trig::slice::<A, $float, false>(x, out);
            }

            #[inline(always)]
            fn cos_slice<A: Arithmetic>(x: &[$float], out: &mut [$float]) {
                trig::slice::<A, $float, true>(x, out);
            }

            #[inline(always)]
            fn tanh_with<A: Arithmetic>(self) -> $float {
                hyperbolic::tanh::<A, $float>(self)
            }

            #[inline(always)]
            fn sigmoid_with<A: Arithmetic>(self) -> $float {
                exp::sigmoid::<A, $float>(self)
            }

            #[inline(always)]
            fn logistic_density_with<A: Arithmetic>(self) -> $float {
                exp::logistic_density::<A, $float>(self)
            }

            #[inline(always)]
            fn softplus_with<A: Arithmetic>(self) -> $float {
                log::softplus::<A, $float>(self)
            }

            #[inline(always)]
            fn erf_with<A: Arithmetic>(self) -> $float {
                erf::erf::<A, $float>(self)
            }
        }
    };
}

math!(f32);
math!(f64);
