//! An independent evaluator: what the engine computes, computed again by plain loops, for numbers of any kind.
//!
//! A gradient is believed when somebody who shares nothing with the engine finds the same one. This crate is that
//! somebody. It has no dependencies (a test reads its manifest), no tape, no rules that append nodes, no vector instructions
//! and no clever order of operations. It has numbers, arrays of them, and one function for each operation.
//!
//! # Numbers
//!
//! Every operation is written once, for any [`Number`]. Which one is put in decides what comes out:
//!
//! | number | what comes out |
//! |---|---|
//! | `f64` | the value, within 1.5 units in the last place |
//! | [`Complex`] | the derivative by complex step: no rule of calculus, no subtraction, no step to choose |
//! | [`Dual<N>`] | the derivative by the rules of calculus, and nested any order of it |
//! | [`Precise`] | 31 digits: what "exact" means in a test |
//! | [`Bounded`] | a value and how far rounding may have moved it, in `f64` or `f32` |
//!
//! and they combine: `Dual<Precise>` is a derivative of 30 digits, `Dual<Bounded>` one with its error bound,
//! `Dual<Complex>` a second derivative of which one order is by complex step.
//!
//! # A tour
//!
//! A small function, of any numbers: the logistic loss of a linear model.
//!
//! ```
//! use chainrule_oracle::{Array, Bounded, Complex, Dual, Number, Precise, ops};
//!
//! fn loss<N: Number>(w: &Array<N>) -> N {
//!     let x = Array::of(&Array::new(&[2, 3], vec![0.5, -1.0, 2.0, 1.5, 0.25, -0.75]));
//!     let y = Array::of(&Array::vector(vec![1.0, 0.0]));
//!     ops::mean(&ops::sigmoid_cross_entropy(&ops::matmul(&x, w), &y)).at(&[])
//! }
//!
//! let w = [0.3, -0.2, 0.7];
//! // a vector that moves along its first axis
//! let moving = |i: usize| f64::from(u8::from(i == 0));
//!
//! // The derivative by the first weight: by complex step ...
//! let steps = (0..3).map(|i| Complex::along(w[i], moving(i))).collect();
//! let by_step = loss(&Array::vector(steps)).slope();
//!
//! // ... and by dual numbers, twice: the second derivative comes along.
//! let duals = |i| {
//!     let x = Dual { value: w[i], tangent: moving(i) };
//!     Dual { value: x, tangent: Dual::constant(moving(i)) }
//! };
//! let y = loss(&Array::vector((0..3).map(duals).collect()));
//! assert!((y.tangent.value - by_step).abs() < 1e-15);
//! assert!(y.tangent.tangent > 0.0); // it is convex
//!
//! // What may a computation in f64 be off by? This much, and no more:
//! let bounded = (0..3).map(|i| Dual { value: Bounded::exact(w[i]), tangent: Bounded::exact(moving(i)) });
//! let bound: Dual<Bounded> = loss(&Array::vector(bounded.collect()));
//! assert!(bound.tangent.error < 1e-14);
//! assert!(bound.tangent.admits(by_step));
//! assert!(!bound.tangent.admits(by_step * (1.0 + 1e-12)));
//!
//! // And what is it really off by?
//! let exact = (0..3).map(|i| Dual { value: Precise::of(w[i]), tangent: Precise::of(moving(i)) });
//! let exact: Dual<Precise> = loss(&Array::vector(exact.collect()));
//! assert!(exact.tangent.distance(by_step).abs() <= bound.tangent.error);
//! ```
//!
//! # Which judge for what
//!
//! * [`Complex`] shares least with the engine: its functions come from addition theorems, so that even a wrong rule of calculus
//!   would show. It needs numbers well above the step (1e-72), and sees only analytic functions; at kinks and
//!   branches it follows the real part.
//! * [`Dual`] is exact everywhere, conventions at kinks included, and has any order. Its rules are checked against complex steps
//!   and against figures of 80 digits.
//! * [`Bounded`] is the verdict: a gradient is wrong if it is farther from the oracle's than twice the bound. Where a branch was
//!   decided by rounding, the bound covers both ways; where nothing can be said, it is infinite.
//!
//! # Conventions
//!
//! Those of the engine. `relu`, `abs`, `sign` and `clamp` have slope 0 where they jump, equal numbers share the slope
//! of a maximum, a zero slope absorbs infinities, `x⁰` is 1 everywhere. Shapes that do not fit give the single number NaN, and
//! elements that do not exist read as NaN: nothing panics, and no mistake looks like agreement.
#![forbid(unsafe_code)]

mod array;
mod bounded;
mod complex;
mod dual;
mod float;
mod number;
pub mod ops;
mod precise;

pub use array::{Array, common_shape, count, indices};
pub use bounded::{Bounded, Double, Precision, Single};
pub use complex::Complex;
pub use dual::Dual;
pub use number::Number;
pub use precise::Precise;

/// The page people read first is compiled and run too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
