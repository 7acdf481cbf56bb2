//! The scalar functions: value, slope, domain and kinks of each stand on this page, one line each.
//!
//! A function is a row in the `functions!` list and an arm in each of the tables below it: `name`, the value
//! (`run`), the slope (`slope`) and `domain` / `kinks`. The compiler asks for every arm, and the tests in
//! `tests/` and below loop over [`Unary::all`] and [`Binary::all`], so a new row is tested without another line.
//!
//! A slope is written once, as a [`Linear`] map in terms of the argument `x` and the result `y`; it serves forward
//! and reverse mode, and since it is made of graph nodes, every further derivative. Each slope is written in a form
//! that keeps its *relative* accuracy over the whole domain: `1 - tanh(x)^2` has no correct digit left at x = 19.

use chainrule_kernels::{View, map, zip};

use crate::Scalar;
use crate::linear::Linear;
use crate::var::Var;

/// Writes an enum and the list of its values (with sample parameters) that tests loop over.
macro_rules! functions {
    ($(#[$doc:meta])* $Name:ident $(<$T:ident>)?, all: $all:ty {
        $($(#[$row:meta])* $Row:ident $(($Parameter:ty) = [$($sample:expr),+])?,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $Name $(<$T>)? { $($(#[$row])* $Row $(($Parameter))?,)+ }

        impl $(<$T: Scalar>)? $Name $(<$T>)? {
            /// Every function of the table, those with a parameter with a few samples of it.
            pub fn all() -> Vec<Self> {
                vec![$(functions!(@each $Name::$Row $($($sample),+)?)),+].concat()
            }
        }
    };
    (@each $Name:ident::$Row:ident) => { vec![$Name::$Row] };
    (@each $Name:ident::$Row:ident $($sample:expr),+) => { vec![$($Name::$Row($sample)),+] };
}

functions! {
    /// A function of one number, applied to each element of an array by [`Var::map`].
    Unary<T>, all: Vec<Self> {
        /// `-x`
        Neg,
        /// `x + c`
        Add(T) = [T::of(0.75)],
        /// `c x`
        Mul(T) = [T::of(-1.5), T::zero()],
        /// `x / c`
        Div(T) = [T::of(3.0)],
        /// `c / x`
        DivInto(T) = [T::of(2.5), T::of(-1.0)],
        /// `x²`
        Square,
        /// `√x`
        Sqrt,
        /// `xⁿ` with a whole number `n`; `x⁰` is 1 for every `x`
        Powi(i32) = [-3, -1, 0, 1, 2, 5],
        /// `x^c` with a real number `c`, NaN for negative `x` unless `c` is whole
        Powf(T) = [T::of(-0.5), T::zero(), T::of(1.5), T::of(3.0)],
        /// `eˣ`
        Exp,
        /// Natural logarithm
        Ln,
        /// `1 / (1 + e⁻ˣ)`
        Sigmoid,
        /// Hyperbolic tangent
        Tanh,
        /// `max(x, 0)`; its slope at 0 is 0
        Relu,
        /// `1` where `x > 0`, else `0`: the slope of [`Relu`](Unary::Relu), itself of slope 0 everywhere
        Step,
    }
}

functions! {
    /// A function of two numbers, applied to the elements of two arrays in the same place by [`Var::zip`].
    Binary, all: Vec<Self> {
        /// `a + b`
        Add,
        /// `a - b`
        Sub,
        /// `a b`
        Mul,
        /// `a / b`
        Div,
        /// The product of the chain rule: `0` if either factor is `0`, else `a b`. So a zero slope, or the zero
        /// cotangent of a branch that was not taken, absorbs infinities and NaN.
        Chain,
    }
}

/// Where a scalar function has finite values and slopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Every real number.
    Real,
    /// Every real number but 0.
    NonZero,
    /// The numbers above 0.
    Positive,
}

impl<T: Scalar> Unary<T> {
    /// The name that listings and errors show.
    pub fn name(self) -> &'static str {
        match self {
            Unary::Neg => "neg",
            Unary::Add(_) => "add number",
            Unary::Mul(_) => "mul number",
            Unary::Div(_) => "div by number",
            Unary::DivInto(_) => "div number by",
            Unary::Square => "square",
            Unary::Sqrt => "sqrt",
            Unary::Powi(_) => "powi",
            Unary::Powf(_) => "powf",
            Unary::Exp => "exp",
            Unary::Ln => "ln",
            Unary::Sigmoid => "sigmoid",
            Unary::Tanh => "tanh",
            Unary::Relu => "relu",
            Unary::Step => "step",
        }
    }

    /// The function's value at one number.
    pub fn value(self, x: T) -> T {
        let mut y = [T::nan()];
        self.run(View::dense(&[x]), &mut y);
        y[0]
    }

    /// Values. The `match` is outside of the loops, so that each loop is compiled for one function.
    pub(crate) fn run(self, x: View<'_, T>, out: &mut [T]) {
        match self {
            Unary::Neg => map(x, out, |x| -x),
            Unary::Add(c) => map(x, out, |x| x + c),
            Unary::Mul(c) => map(x, out, |x| c * x),
            Unary::Div(c) => map(x, out, |x| x / c),
            Unary::DivInto(c) => map(x, out, |x| c / x),
            Unary::Square => map(x, out, |x| x * x),
            Unary::Sqrt => map(x, out, T::sqrt),
            Unary::Powi(n) => map(x, out, |x| x.int_pow(n)),
            Unary::Powf(c) => map(x, out, |x| x.powf(c)),
            Unary::Exp => map(x, out, T::exp),
            Unary::Ln => map(x, out, T::ln),
            Unary::Sigmoid => map(x, out, T::sigmoid),
            Unary::Tanh => map(x, out, T::tanh),
            Unary::Relu => map(x, out, T::relu),
            Unary::Step => map(x, out, T::step),
        }
    }

    /// The derivative at `x`, where `y` is the value. Relative errors are in units of rounding of `T`.
    pub(crate) fn slope<'g>(self, x: Var<'g, T>, y: Var<'g, T>) -> Linear<'g, T> {
        use Linear::{Diag, Div, Id, Scale, Zero};
        match self {
            Unary::Neg => Scale(-T::one()),
            Unary::Add(_) => Id,
            Unary::Mul(c) => Scale(c),
            Unary::Div(c) => Div(c),
            // -c / x² as -(c / x) / x: no overflow that the slope itself has not; error 2
            Unary::DivInto(_) => Diag(-(y / x)),
            Unary::Square => Diag(x * T::of(2.0)),
            // 1 / (2√x); infinite at 0; error 2
            Unary::Sqrt => Diag(y.map(Unary::DivInto(T::of(0.5)))),
            // n xⁿ⁻¹; exact cases first, so that 0 times an infinite power never occurs
            Unary::Powi(0) => Zero,
            Unary::Powi(1) => Id,
            Unary::Powi(i32::MIN) => Diag((y / x) * T::of(i32::MIN.into())),
            Unary::Powi(n) => Diag(x.powi(n - 1) * T::of(n.into())),
            Unary::Powf(c) if c == T::zero() => Zero,
            // c - 1 is exact from 1/2 on. Below, its rounding error would be multiplied by ln x; the quotient has not
            // that error, but is 0/0 at 0 for c > 0: there the power stays, with an error of 2 + |ln x| / 2.
            Unary::Powf(c) if c < T::zero() => Diag(y / x * c),
            Unary::Powf(c) => Diag(x.powf(c - T::one()) * c),
            Unary::Exp => Diag(y),
            Unary::Ln => Diag(x.recip()),
            // σ(x) σ(-x): neither factor cancels, in either tail; error 6
            Unary::Sigmoid => Diag(y * (-x).sigmoid()),
            // 1/cosh² as 4 σ(2x) σ(-2x), for the same reason; error 12
            Unary::Tanh => {
                let twice = x * T::of(2.0);
                Diag(twice.sigmoid() * (-twice).sigmoid() * T::of(4.0))
            }
            Unary::Relu => Diag(x.map(Unary::Step)),
            Unary::Step => Zero,
        }
    }

    /// Where value and slope are finite.
    pub fn domain(self) -> Domain {
        match self {
            Unary::DivInto(_) => Domain::NonZero,
            Unary::Powi(n) if n < 0 => Domain::NonZero,
            Unary::Sqrt | Unary::Powf(_) | Unary::Ln => Domain::Positive,
            Unary::Neg
            | Unary::Add(_)
            | Unary::Mul(_)
            | Unary::Div(_)
            | Unary::Square
            | Unary::Powi(_)
            | Unary::Exp
            | Unary::Sigmoid
            | Unary::Tanh
            | Unary::Relu
            | Unary::Step => Domain::Real,
        }
    }

    /// The arguments at which the slope jumps; there the documented one of the possible slopes is taken.
    pub fn kinks(self) -> &'static [f64] {
        match self {
            Unary::Relu | Unary::Step => &[0.0],
            Unary::Neg
            | Unary::Add(_)
            | Unary::Mul(_)
            | Unary::Div(_)
            | Unary::DivInto(_)
            | Unary::Square
            | Unary::Sqrt
            | Unary::Powi(_)
            | Unary::Powf(_)
            | Unary::Exp
            | Unary::Ln
            | Unary::Sigmoid
            | Unary::Tanh => &[],
        }
    }
}

impl Binary {
    /// The name that listings and errors show.
    pub fn name(self) -> &'static str {
        match self {
            Binary::Add => "add",
            Binary::Sub => "sub",
            Binary::Mul => "mul",
            Binary::Div => "div",
            Binary::Chain => "chain",
        }
    }

    /// The function's value at two numbers.
    pub fn value<T: Scalar>(self, a: T, b: T) -> T {
        let mut y = [T::nan()];
        self.run(View::dense(&[a]), View::dense(&[b]), &mut y);
        y[0]
    }

    /// Values.
    pub(crate) fn run<T: Scalar>(self, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
        match self {
            Binary::Add => zip(a, b, out, |a, b| a + b),
            Binary::Sub => zip(a, b, out, |a, b| a - b),
            Binary::Mul => zip(a, b, out, |a, b| a * b),
            Binary::Div => zip(a, b, out, |a, b| a / b),
            Binary::Chain => zip(a, b, out, T::chain),
        }
    }

    /// The derivatives with respect to the first and the second argument, where `y` is the value.
    pub(crate) fn slope<'g, T: Scalar>(
        self,
        operand: usize,
        [a, b]: [Var<'g, T>; 2],
        y: Var<'g, T>,
    ) -> Linear<'g, T> {
        use Linear::{Diag, Id, Scale};
        match (self, operand) {
            (Binary::Add, _) => Id,
            (Binary::Sub, 0) => Id,
            (Binary::Sub, _) => Scale(-T::one()),
            (Binary::Mul | Binary::Chain, 0) => Diag(b),
            (Binary::Mul | Binary::Chain, _) => Diag(a),
            (Binary::Div, 0) => Diag(b.recip()),
            // -a / b² as -(a / b) / b: no overflow that the slope itself has not
            (Binary::Div, _) => Diag(-(y / b)),
        }
    }

    /// Where the second argument must lie for finite values and slopes; the first may be any number.
    pub fn domain(self) -> Domain {
        match self {
            Binary::Div => Domain::NonZero,
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Chain => Domain::Real,
        }
    }
}
