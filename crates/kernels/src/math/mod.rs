//! Elementary functions of our own, because those of the standard library are calls, and a loop with a call in it is
//! not vectorised.
//!
//! Each is straight-line code: both sides of an `if` are computed and one is chosen, and where a formula needs the bits of a
//! number it takes them as an integer. So a loop over any of them becomes vector instructions inside of
//! [`Cpu::run`](crate::Cpu), and is right over the whole range of the type: subnormal numbers, infinities, both zeros, NaN.
//!
//! The errors in the comments are the largest found, in units in the last place of the exact result (one spacing, where
//! that is subnormal): in `f32` over every 61st, every 67th and every 101st number, in `f64` over 12000 random points.
//! The first figure is where the processor rounds `a b + c` once, the second where it rounds twice. `tests.rs` checks
//! bounds that are slightly wider.
#![allow(unreachable_pub, reason = "`Math` is public only in name")]

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
    /// `e^x`. `x = n ln 2 + r`, a polynomial of `r`, times `2^n` in two steps.
    ///
    /// Error: `f32` 0.91 or 0.98, `f64` 0.89 or 0.95.
    fn exp_with<A: Arithmetic>(self) -> Self;

    /// `e^x - 1`, also near 0.
    ///
    /// Error: `f32` 1.05 or 1.18, `f64` 1.10 or 1.01.
    fn expm1_with<A: Arithmetic>(self) -> Self;

    /// The natural logarithm; NaN for negative numbers. `x = 2^k (1 + f)`, a polynomial or quotient of `f`.
    ///
    /// Error: `f32` 0.87 or 0.88, `f64` 0.70 or 0.72.
    fn ln_with<A: Arithmetic>(self) -> Self;

    /// `ln(1 + x)`; NaN below -1. As the logarithm, with what `1 + x` lost.
    ///
    /// Error: `f32` 1.01 or 1.01, `f64` 0.79 or 0.79.
    fn ln_1p_with<A: Arithmetic>(self) -> Self;

    /// The sine. Has a branch (arguments above 65536, in `f64` above 2^20, go to the standard library): for
    /// many use [`sin_slice`](Math::sin_slice).
    ///
    /// Error: `f32` 0.86 or 0.57, `f64` 0.73 or 0.78.
    fn sin_with<A: Arithmetic>(self) -> Self;

    /// The cosine. Has a branch, as the sine: for many use [`cos_slice`](Math::cos_slice).
    ///
    /// Error: `f32` 0.86 or 0.57, `f64` 0.75 or 0.83.
    fn cos_with<A: Arithmetic>(self) -> Self;

    /// `out[i] = sin(x[i])`, with the bits of [`sin_with`](Math::sin_with).
    fn sin_slice<A: Arithmetic>(x: &[Self], out: &mut [Self]);

    /// `out[i] = cos(x[i])`, with the bits of [`cos_with`](Math::cos_with).
    fn cos_slice<A: Arithmetic>(x: &[Self], out: &mut [Self]);

    /// The hyperbolic tangent: near 0 a polynomial or quotient, further out `1 - 2 / (e^(2 |x|) + 1)`.
    ///
    /// Error: `f32` 1.06 or 1.06, `f64` 1.04 or 1.04.
    fn tanh_with<A: Arithmetic>(self) -> Self;

    /// `tanh(x)` and `logistic_density(2 x)`, with the bits that they have by themselves.
    fn tanh_and_density_with<A: Arithmetic>(self) -> (Self, Self);

    /// `1 / (1 + e^-x)`, in both tails with the digits of `e^-|x|`. (Relative to the result, that is 1.3
    /// `EPSILON`.)
    ///
    /// Error: `f32` 2.32 or 2.32, `f64` 1.84 or 1.84.
    fn sigmoid_with<A: Arithmetic>(self) -> Self;

    /// `sigmoid(x) sigmoid(-x)`, the slope of [`sigmoid_with`](Math::sigmoid_with), as `e / (1 + e)^2` with `e
    /// = e^-|x|`.
    ///
    /// Error: `f32` 2.37 or 2.37, `f64` 1.83 or 2.08.
    fn logistic_density_with<A: Arithmetic>(self) -> Self;

    /// `ln(1 + e^x)` as `max(x, 0) + ln(1 + e^-|x|)`.
    ///
    /// Error: `f32` 1.61 or 1.62, `f64` 1.36 or 1.38.
    fn softplus_with<A: Arithmetic>(self) -> Self;

    /// The error function: near 0 a polynomial, further out `1 - e^p` with a polynomial `p`.
    ///
    /// Error: `f32` 0.98 or 1.24, `f64` 0.95 or 1.06.
    fn erf_with<A: Arithmetic>(self) -> Self;

    /// 1 less the error function, with the digits of the tail: near 0 as that difference, further out `e^(-x^2) / (1 + 2 x)` times
    /// a polynomial of `(x - 3) / (x + 3)`.
    ///
    /// Error: `f32` 2.35 or 2.49, `f64` 1.69 or 1.78 (over 21000 points).
    fn erfc_with<A: Arithmetic>(self) -> Self;
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
            fn tanh_and_density_with<A: Arithmetic>(self) -> ($float, $float) {
                hyperbolic::tanh_and_density::<A, $float>(self)
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

            #[inline(always)]
            fn erfc_with<A: Arithmetic>(self) -> $float {
                erf::erfc::<A, $float>(self)
            }
        }
    };
}

math!(f32);
math!(f64);
