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
        $($(#[$row:meta])* $Row:ident $(($($Parameter:ty),+) = [$(($($sample:expr),+)),+])?,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $Name $(<$T>)? { $($(#[$row])* $Row $(($($Parameter),+))?,)+ }

        impl $(<$T: Scalar>)? $Name $(<$T>)? {
            /// Every function of the table, those with a parameter with a few samples of it.
            pub fn all() -> Vec<Self> {
                vec![$(functions!(@each $Name::$Row $($(($($sample),+)),+)?)),+].concat()
            }
        }
    };
    (@each $Name:ident::$Row:ident) => { vec![$Name::$Row] };
    (@each $Name:ident::$Row:ident $($sample:tt),+) => { vec![$($Name::$Row $sample),+] };
}

functions! {
    /// A function of one number, applied to each element of an array by [`Var::map`].
    Unary<T>, all: Vec<Self> {
        /// `-x`
        Neg,
        /// `x + c`
        Add(T) = [(T::of(0.75))],
        /// `c x`
        Mul(T) = [(T::of(-1.5)), (T::zero())],
        /// `x / c`
        Div(T) = [(T::of(3.0))],
        /// `c / x`
        DivInto(T) = [(T::of(2.5)), (T::of(-1.0))],
        /// `x²`
        Square,
        /// `√x`
        Sqrt,
        /// `xⁿ` with a whole number `n`; `x⁰` is 1 for every `x`
        Powi(i32) = [(-3), (-1), (0), (1), (2), (5)],
        /// `x^c` with a real number `c`, NaN for negative `x` unless `c` is whole
        Powf(T) = [(T::of(-0.5)), (T::zero()), (T::of(1.5)), (T::of(3.0))],
        /// `|x|`; its slope at 0 is 0
        Abs,
        /// `-1`, `0` or `1`
        Sign,
        /// The largest whole number not above `x`
        Floor,
        /// `eˣ`
        Exp,
        /// `eˣ - 1`, accurate near 0
        Expm1,
        /// Natural logarithm
        Ln,
        /// `ln(1 + x)`, accurate near 0
        Log1p,
        /// Sine
        Sin,
        /// Cosine
        Cos,
        /// Tangent
        Tan,
        /// Arc tangent
        Atan,
        /// `1 / (1 + e⁻ˣ)`
        Sigmoid,
        /// Hyperbolic tangent
        Tanh,
        /// `ln(1 + eˣ)`
        Softplus,
        /// The error function `2/√π ∫₀ˣ e^(-t²) dt`
        Erf,
        /// `1 - erf(x)`, accurate for large `x`
        Erfc,
        /// `min(max(x, low), high)`; its slope at the two bounds is 0
        Clamp(T, T) = [(T::of(-0.5), T::of(1.0))],
        /// `max(x, 0)`; its slope at 0 is 0
        Relu,
        /// `1` strictly between `low` and `high`, else `0`: the slope of [`Clamp`](Unary::Clamp), itself of slope 0
        Inside(T, T) = [(T::of(-0.5), T::of(1.0))],
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
        /// `a^b`
        Pow,
        /// The larger of the two; where they are equal, the slope is ½ for each
        Maximum,
        /// The smaller of the two; where they are equal, the slope is ½ for each
        Minimum,
        /// `1` where `a > b`, `½` where they are equal, else `0`: the slope of [`Maximum`](Binary::Maximum)
        Above,
        /// `1` where `a < b`, else `0`
        Less,
        /// `1` where `a <= b`, else `0`
        LessEqual,
        /// `1` where `a = b`, else `0`
        Equal,
        /// The angle of the point `(b, a)`, between -π and π
        Atan2,
        /// `√(a² + b²)` without overflow
        Hypot,
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
    /// The numbers above -1.
    AboveMinusOne,
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
            Unary::Abs => "abs",
            Unary::Sign => "sign",
            Unary::Floor => "floor",
            Unary::Exp => "exp",
            Unary::Expm1 => "expm1",
            Unary::Ln => "ln",
            Unary::Log1p => "log1p",
            Unary::Sin => "sin",
            Unary::Cos => "cos",
            Unary::Tan => "tan",
            Unary::Atan => "atan",
            Unary::Softplus => "softplus",
            Unary::Erf => "erf",
            Unary::Erfc => "erfc",
            Unary::Clamp(..) => "clamp",
            Unary::Sigmoid => "sigmoid",
            Unary::Tanh => "tanh",
            Unary::Relu => "relu",
            Unary::Inside(..) => "inside",
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
            Unary::Abs => map(x, out, T::abs),
            Unary::Sign => map(x, out, T::sign),
            Unary::Floor => map(x, out, T::floor),
            Unary::Exp => map(x, out, T::exp),
            Unary::Expm1 => map(x, out, T::exp_m1),
            Unary::Ln => map(x, out, T::ln),
            Unary::Log1p => map(x, out, T::ln_1p),
            Unary::Sin => map(x, out, T::sin),
            Unary::Cos => map(x, out, T::cos),
            Unary::Tan => map(x, out, T::tan),
            Unary::Atan => map(x, out, T::atan),
            Unary::Softplus => map(x, out, T::softplus),
            Unary::Erf => map(x, out, T::erf),
            Unary::Erfc => map(x, out, T::erfc),
            Unary::Clamp(low, high) => map(x, out, |x| x.clamp_to(low, high)),
            Unary::Sigmoid => map(x, out, T::sigmoid),
            Unary::Tanh => map(x, out, T::tanh),
            Unary::Relu => map(x, out, T::relu),
            Unary::Inside(low, high) => map(x, out, |x| x.inside(low, high)),
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
            Unary::Abs => Diag(x.map(Unary::Sign)),
            Unary::Sign | Unary::Floor => Zero,
            Unary::Exp => Diag(y),
            // not y + 1, which cancels for negative x
            Unary::Expm1 => Diag(x.map(Unary::Exp)),
            Unary::Ln => Diag(x.recip()),
            Unary::Log1p => Diag((x + T::one()).recip()),
            Unary::Sin => Diag(x.map(Unary::Cos)),
            Unary::Cos => Diag(-x.map(Unary::Sin)),
            Unary::Tan => Diag(y.square() + T::one()),
            // 1 / (1 + x²) as the square of 1/√(1 + x²), which does not overflow; error 3
            Unary::Atan => Diag(x.hypot(T::one()).recip().square()),
            Unary::Softplus => Diag(x.sigmoid()),
            // 2/√π e^(-x²); the rounding of x² makes the error 3 + x²
            Unary::Erf => Diag((-x.square()).exp() * T::of(std::f64::consts::FRAC_2_SQRT_PI)),
            Unary::Erfc => Diag((-x.square()).exp() * T::of(-std::f64::consts::FRAC_2_SQRT_PI)),
            Unary::Clamp(low, high) => Diag(x.map(Unary::Inside(low, high))),
            Unary::Inside(..) => Zero,
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
            Unary::Log1p => Domain::AboveMinusOne,
            Unary::Neg
            | Unary::Add(_)
            | Unary::Mul(_)
            | Unary::Div(_)
            | Unary::Square
            | Unary::Powi(_)
            | Unary::Abs
            | Unary::Sign
            | Unary::Floor
            | Unary::Exp
            | Unary::Expm1
            | Unary::Sin
            | Unary::Cos
            | Unary::Tan
            | Unary::Atan
            | Unary::Sigmoid
            | Unary::Tanh
            | Unary::Softplus
            | Unary::Erf
            | Unary::Erfc
            | Unary::Clamp(..)
            | Unary::Relu
            | Unary::Inside(..)
            | Unary::Step => Domain::Real,
        }
    }

    /// The arguments at which the slope jumps; there the documented one of the possible slopes is taken.
    pub fn kinks(self) -> Vec<f64> {
        match self {
            Unary::Relu | Unary::Step | Unary::Abs | Unary::Sign => vec![0.0],
            Unary::Clamp(low, high) | Unary::Inside(low, high) => vec![low.as_f64(), high.as_f64()],
            // every whole number; those that a test is likely to meet
            Unary::Floor => (-32..=32).map(f64::from).collect(),
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
            | Unary::Expm1
            | Unary::Ln
            | Unary::Log1p
            | Unary::Sin
            | Unary::Cos
            | Unary::Tan
            | Unary::Atan
            | Unary::Sigmoid
            | Unary::Tanh
            | Unary::Softplus
            | Unary::Erf
            | Unary::Erfc => vec![],
        }
    }

    /// Whether it is constant between jumps, with slope 0 wherever there is one.
    pub(crate) fn is_step(self) -> bool {
        matches!(self, Unary::Sign | Unary::Floor | Unary::Inside(..) | Unary::Step)
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
            Binary::Pow => "pow",
            Binary::Maximum => "maximum",
            Binary::Minimum => "minimum",
            Binary::Above => "above",
            Binary::Less => "less",
            Binary::LessEqual => "less_equal",
            Binary::Equal => "equal",
            Binary::Atan2 => "atan2",
            Binary::Hypot => "hypot",
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
            Binary::Pow => zip(a, b, out, T::powf),
            Binary::Maximum => zip(a, b, out, T::larger),
            Binary::Minimum => zip(a, b, out, T::smaller),
            Binary::Above => zip(a, b, out, T::above),
            Binary::Less => zip(a, b, out, T::less),
            Binary::LessEqual => zip(a, b, out, T::less_equal),
            Binary::Equal => zip(a, b, out, T::equal),
            Binary::Atan2 => zip(a, b, out, T::atan2),
            Binary::Hypot => zip(a, b, out, T::hypot),
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
        use Linear::{Diag, Id, Scale, Zero};
        match (self, operand) {
            (Binary::Add, _) => Id,
            (Binary::Sub, 0) => Id,
            (Binary::Sub, _) => Scale(-T::one()),
            (Binary::Mul | Binary::Chain, 0) => Diag(b),
            (Binary::Mul | Binary::Chain, _) => Diag(a),
            (Binary::Div, 0) => Diag(b.recip()),
            // -a / b² as -(a / b) / b: no overflow that the slope itself has not
            (Binary::Div, _) => Diag(-(y / b)),
            // b a^(b-1); 0 for b = 0 even where the power is infinite
            (Binary::Pow, 0) => Diag(b.zip(Binary::Chain, a.zip(Binary::Pow, b - T::one()))),
            // a^b ln a; at a = 0 the limit 0, also for 0^0, where there is none
            (Binary::Pow, _) => {
                let one_at_zero = a.equal(T::zero()).select(T::one(), a);
                Diag(y.zip(Binary::Chain, one_at_zero.ln()))
            }
            (Binary::Maximum, 0) => Diag(a.zip(Binary::Above, b)),
            (Binary::Maximum, _) => Diag(b.zip(Binary::Above, a)),
            (Binary::Minimum, 0) => Diag(b.zip(Binary::Above, a)),
            (Binary::Minimum, _) => Diag(a.zip(Binary::Above, b)),
            (Binary::Above | Binary::Less | Binary::LessEqual | Binary::Equal, _) => Zero,
            // b / (a² + b²) and -a / (a² + b²), in two divisions by √(a² + b²), which does not overflow; 0 at the origin
            (Binary::Atan2, 0) => Diag(over_length(over_length(b, a, b), a, b)),
            (Binary::Atan2, _) => Diag(-over_length(over_length(a, a, b), a, b)),
            (Binary::Hypot, 0) => Diag(over_length(a, a, b)),
            (Binary::Hypot, _) => Diag(over_length(b, a, b)),
        }
    }

    /// Where the second argument must lie for finite values and slopes; the first may be any number.
    pub fn domain(self) -> Domain {
        match self {
            Binary::Div => Domain::NonZero,
            Binary::Add
            | Binary::Sub
            | Binary::Mul
            | Binary::Pow
            | Binary::Maximum
            | Binary::Minimum
            | Binary::Above
            | Binary::Less
            | Binary::LessEqual
            | Binary::Equal
            | Binary::Atan2
            | Binary::Hypot
            | Binary::Chain => Domain::Real,
        }
    }

    /// Whether it is constant between jumps, with slope 0 wherever there is one.
    pub(crate) fn is_step(self) -> bool {
        matches!(self, Binary::Above | Binary::Less | Binary::LessEqual | Binary::Equal)
    }
}

/// `x / √(a² + b²)`, and 0 where `x` is 0.
fn over_length<'g, T: Scalar>(x: Var<'g, T>, a: Var<'g, T>, b: Var<'g, T>) -> Var<'g, T> {
    x.zip(Binary::Chain, a.zip(Binary::Hypot, b).recip())
}
