//! Two functions of one number that have most of their work in common: a function and its slope, as nearly every gradient
//! needs them.
//!
//! Both have the bits that they have by themselves: the code of the two stands side by side, and the compiler does once
//! what both do.

use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::function::Unary;
use crate::scalar::Scalar;

/// Two functions of one number, computed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Sine and cosine.
    SinCos,
    /// [`Unary::Sigmoid`] and its slope, [`Unary::LogisticDensity`].
    Logistic,
    /// `tanh x`, and [`Unary::LogisticDensity`] of `2 x`, a quarter of its slope.
    Tanh,
}

impl Pair {
    /// All pairs.
    pub const ALL: [Pair; 3] = [Pair::SinCos, Pair::Logistic, Pair::Tanh];

    /// The two functions.
    pub fn functions<T: Scalar>(self) -> [Unary<T>; 2] {
        match self {
            Pair::SinCos => [Unary::Sin, Unary::Cos],
            Pair::Logistic => [Unary::Sigmoid, Unary::LogisticDensity],
            Pair::Tanh => [Unary::Tanh, Unary::LogisticDensity],
        }
    }

    /// By what the number is multiplied before the second function.
    pub fn factor(self) -> f64 {
        match self {
            Pair::SinCos | Pair::Logistic => 1.0,
            Pair::Tanh => 2.0,
        }
    }

    /// The pair that two functions of the same number are, and whether they are the other way round.
    pub fn of<T: Scalar>(one: Unary<T>, other: Unary<T>) -> Option<(Pair, bool)> {
        Pair::ALL.into_iter().filter(|pair| pair.factor() == 1.0).find_map(|pair| {
            let functions = pair.functions();
            if functions == [one, other] {
                Some((pair, false))
            } else {
                (functions == [other, one]).then_some((pair, true))
            }
        })
    }

    /// Both values at one number.
    pub fn values<T: Scalar>(self, x: T) -> (T, T) {
        Cpu::current().run(One { pair: self, x })
    }

    #[inline(always)]
    pub(crate) fn at<A: Arithmetic, T: Scalar>(self, x: T) -> (T, T) {
        match self {
            Pair::SinCos => (x.sin_with::<A>(), x.cos_with::<A>()),
            Pair::Logistic => (x.sigmoid_with::<A>(), x.logistic_density_with::<A>()),
            Pair::Tanh => x.tanh_and_density_with::<A>(),
        }
    }
}

struct One<T> {
    pair: Pair,
    x: T,
}

impl<T: Scalar> Kernel for One<T> {
    type Output = (T, T);

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> (T, T) {
        self.pair.at::<A, T>(self.x)
    }
}

/// Both values for each element of `x`, for as many as all have.
pub(crate) struct PairSlices<'a, T> {
    pub(crate) pair: Pair,
    pub(crate) x: &'a [T],
    pub(crate) out: &'a mut [T],
    pub(crate) other: &'a mut [T],
}

impl<T: Scalar> Kernel for PairSlices<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let PairSlices { pair, x, out, other } = self;
        match pair {
            // With the branch for large numbers there would be no vectors; the loops without it are two.
            Pair::SinCos => {
                T::sin_slice::<A>(x, out);
                T::cos_slice::<A>(x, other);
            }
            Pair::Logistic => each(x, out, other, |x| Pair::Logistic.at::<A, T>(x)),
            Pair::Tanh => each(x, out, other, |x| Pair::Tanh.at::<A, T>(x)),
        }
    }
}

#[inline(always)]
fn each<T: Scalar>(x: &[T], out: &mut [T], other: &mut [T], f: impl Fn(T) -> (T, T)) {
    for ((out, other), &x) in out.iter_mut().zip(other).zip(x) {
        (*out, *other) = f(x);
    }
}
