//! The scalar functions: name, value, domain and kinks of each stand on this page, a line each.
//!
//! A function is a row in the `functions!` list and an arm in each of the tables below it. (Its slope is a matter of the
//! graph, which has the one other table.) The compiler asks for every arm, and tests loop over [`Unary::all`] and
//! [`Binary::all`], so a new row is tested without another line.
//!
//! Values are handed out as *code*: [`Unary::visit`] calls its visitor with a closure for the function, so that whatever
//! loop the visitor has is compiled for each function, and the `match` stands outside of it. Interactive evaluation, the
//! fused kernels of compiled programs and their scalar code all go through here, so they cannot disagree in any bit.

use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::scalar::Scalar;

/// Writes an enum and the list of its values (with sample parameters) that tests loop over.
macro_rules! functions {
    ($(#[$doc:meta])* $Name:ident $(<$T:ident>)?, all: $all:ty {
        $($(#[$row:meta])* $Row:ident $(($($Parameter:ty),+) = [$(($($sample:expr),+)),+])?,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum $Name $(<$T>)? { $($(#[$row])* $Row $(($($Parameter),+))?,)+ }

        impl $(<$T: Scalar>)? $Name $(<$T>)? {
            /// Every function of the table, those with a parameter with a few samples of it.
            pub fn all() -> Vec<Self> {
                vec![$(functions!(@each $Name::$Row $($(($($sample),+)),+)?)),+].concat()
            }

            /// The number of the function's row in the table.
            fn row(&self) -> u64 {
                enum Row { $($Row),+ }
                match self { $($Name::$Row { .. } => Row::$Row as u64),+ }
            }
        }
    };
    (@each $Name:ident::$Row:ident) => { vec![$Name::$Row] };
    (@each $Name:ident::$Row:ident $($sample:tt),+) => { vec![$($Name::$Row $sample),+] };
}

functions! {
    /// A function of one number, applied to each element of an array.
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
        /// `σ(x) σ(-x)`, the density of the logistic distribution: the slope of [`Sigmoid`](Unary::Sigmoid)
        LogisticDensity,
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
    /// A function of two numbers, applied to the elements of two arrays in the same place.
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
        /// The product of the chain rule: `a b`, but a factor `0` makes it `0` even beside an infinity or a NaN. So a zero
        /// slope, or the zero cotangent of a branch that was not taken, poisons nothing.
        Chain,
        /// A number in `[0, 1)`, as if drawn at random, that the bits of `a` and `b` determine
        Noise,
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

/// A loop over a function of one number.
pub(crate) trait UnaryVisitor<T> {
    /// What the loop returns.
    type Output;

    /// Runs the loop with this function; `#[inline(always)]`.
    fn visit(self, f: impl Fn(T) -> T + Copy) -> Self::Output;

    /// The same with a function that has a branch for one number, and another form without one for many.
    fn visit_slices(self, one: impl Fn(T) -> T + Copy, many: impl Fn(&[T], &mut [T]) + Copy) -> Self::Output;
}

/// A loop over a function of two numbers.
pub(crate) trait BinaryVisitor<T> {
    /// What the loop returns.
    type Output;

    /// Runs the loop with this function; `#[inline(always)]`.
    fn visit(self, f: impl Fn(T, T) -> T + Copy) -> Self::Output;

    /// The same with a function that is right unless its result is `odd`, which is rare; then `exact` is called.
    fn visit_mostly(
        self,
        f: impl Fn(T, T) -> T + Copy,
        odd: impl Fn(T) -> bool + Copy,
        exact: impl Fn(T, T) -> T + Copy,
    ) -> Self::Output;
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
            Unary::LogisticDensity => "logistic density",
            Unary::Tanh => "tanh",
            Unary::Relu => "relu",
            Unary::Inside(..) => "inside",
            Unary::Step => "step",
        }
    }

    /// The function's value at one number.
    #[inline]
    pub fn value(self, x: T) -> T {
        T::unary_here(self, x)
    }

    pub(crate) fn value_here(self, x: T) -> T {
        Cpu::current().run(One { f: self, x })
    }

    /// Numbers that are the same for the same function with the same bits as parameters, and for no other.
    pub fn key(&self) -> [u64; 3] {
        let [a, b] = match *self {
            Unary::Add(c) | Unary::Mul(c) | Unary::Div(c) | Unary::DivInto(c) | Unary::Powf(c) => {
                [c.bits(), 0]
            }
            Unary::Clamp(low, high) | Unary::Inside(low, high) => [low.bits(), high.bits()],
            Unary::Powi(n) => [u64::from(n.cast_unsigned()), 0],
            _ => [0, 0],
        };
        [self.row(), a, b]
    }

    /// Hands the function to a loop.
    #[inline(always)]
    pub(crate) fn visit<A: Arithmetic, V: UnaryVisitor<T>>(self, v: V) -> V::Output {
        match self {
            Unary::Neg => v.visit(|x| -x),
            Unary::Add(c) => v.visit(|x| x + c),
            Unary::Mul(c) => v.visit(|x| c * x),
            Unary::Div(c) => v.visit(|x| x / c),
            Unary::DivInto(c) => v.visit(|x| c / x),
            Unary::Square => v.visit(|x| x * x),
            Unary::Sqrt => v.visit(|x| x.sqrt()),
            Unary::Powi(n) => v.visit(|x| x.int_pow(n)),
            Unary::Powf(c) => v.visit(|x| x.powf(c)),
            Unary::Abs => v.visit(|x| x.abs()),
            Unary::Sign => v.visit(|x| x.sign()),
            Unary::Floor => v.visit(|x| x.floor()),
            Unary::Exp => v.visit(|x| x.exp_with::<A>()),
            Unary::Expm1 => v.visit(|x| x.expm1_with::<A>()),
            Unary::Ln => v.visit(|x| x.ln_with::<A>()),
            Unary::Log1p => v.visit(|x| x.ln_1p_with::<A>()),
            Unary::Sin => v.visit_slices(|x| x.sin_with::<A>(), |x, out| T::sin_slice::<A>(x, out)),
            Unary::Cos => v.visit_slices(|x| x.cos_with::<A>(), |x, out| T::cos_slice::<A>(x, out)),
            Unary::Tan => v.visit(|x| x.tan()),
            Unary::Atan => v.visit(|x| x.atan()),
            Unary::Softplus => v.visit(|x| x.softplus_with::<A>()),
            Unary::Erf => v.visit(|x| x.erf_with::<A>()),
            Unary::Erfc => v.visit(|x| x.erfc_with::<A>()),
            Unary::Clamp(low, high) => v.visit(|x| x.clamp_to(low, high)),
            Unary::Sigmoid => v.visit(|x| x.sigmoid_with::<A>()),
            Unary::LogisticDensity => v.visit(|x| x.logistic_density_with::<A>()),
            Unary::Tanh => v.visit(|x| x.tanh_with::<A>()),
            Unary::Relu => v.visit(|x| x.relu()),
            Unary::Inside(low, high) => v.visit(|x| x.inside(low, high)),
            Unary::Step => v.visit(|x| x.step()),
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
            | Unary::LogisticDensity
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
            | Unary::LogisticDensity
            | Unary::Tanh
            | Unary::Softplus
            | Unary::Erf
            | Unary::Erfc => vec![],
        }
    }

    /// Whether it is constant between jumps, with slope 0 wherever there is one.
    pub fn is_step(self) -> bool {
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
            Binary::Noise => "noise",
        }
    }

    /// The function's value at two numbers.
    #[inline]
    pub fn value<T: Scalar>(self, a: T, b: T) -> T {
        T::binary_here(self, a, b)
    }

    pub(crate) fn value_here<T: Scalar>(self, a: T, b: T) -> T {
        Cpu::current().run(Two { f: self, a, b })
    }

    /// A number that no other function has.
    pub fn key(&self) -> u64 {
        self.row()
    }

    /// Hands the function to a loop.
    #[inline(always)]
    pub(crate) fn visit<T: Scalar, V: BinaryVisitor<T>>(self, v: V) -> V::Output {
        match self {
            Binary::Add => v.visit(|a, b| a + b),
            Binary::Sub => v.visit(|a, b| a - b),
            Binary::Mul => v.visit(|a, b| a * b),
            Binary::Div => v.visit(|a, b| a / b),
            Binary::Pow => v.visit(|a, b| a.powf(b)),
            Binary::Maximum => v.visit(|a, b| a.larger(b)),
            Binary::Minimum => v.visit(|a, b| a.smaller(b)),
            Binary::Above => v.visit(|a, b| a.above(b)),
            Binary::Less => v.visit(|a, b| a.less(b)),
            Binary::LessEqual => v.visit(|a, b| a.less_equal(b)),
            Binary::Equal => v.visit(|a, b| a.equal(b)),
            Binary::Atan2 => v.visit(|a, b| a.atan2(b)),
            Binary::Hypot => v.visit(|a, b| a.hypot(b)),
            // Nearly always the plain product; the masks for the rest would cost more than it.
            Binary::Chain => v.visit_mostly(|a, b| a * b, |y| y.is_nan(), |a, b| a.chain(b)),
            Binary::Noise => v.visit(|a, b| a.noise(b)),
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
            | Binary::Chain
            | Binary::Noise => Domain::Real,
        }
    }

    /// Whether it is constant between jumps, with slope 0 wherever there is one.
    pub fn is_step(self) -> bool {
        matches!(self, Binary::Above | Binary::Less | Binary::LessEqual | Binary::Equal | Binary::Noise)
    }
}

/// One function at one number.
struct One<T> {
    f: Unary<T>,
    x: T,
}

impl<T: Scalar> Kernel for One<T> {
    type Output = T;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> T {
        self.f.visit::<A, _>(At(self.x))
    }
}

/// One function at two numbers.
struct Two<T> {
    f: Binary,
    a: T,
    b: T,
}

impl<T: Scalar> Kernel for Two<T> {
    type Output = T;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> T {
        self.f.visit(At((self.a, self.b)))
    }
}

/// No loop: a single argument.
pub(crate) struct At<X>(pub(crate) X);

impl<T: Scalar> UnaryVisitor<T> for At<T> {
    type Output = T;

    #[inline(always)]
    fn visit(self, f: impl Fn(T) -> T + Copy) -> T {
        f(self.0)
    }

    #[inline(always)]
    fn visit_slices(self, one: impl Fn(T) -> T + Copy, _: impl Fn(&[T], &mut [T]) + Copy) -> T {
        one(self.0)
    }
}

impl<T: Scalar> BinaryVisitor<T> for At<(T, T)> {
    type Output = T;

    #[inline(always)]
    fn visit(self, f: impl Fn(T, T) -> T + Copy) -> T {
        f(self.0.0, self.0.1)
    }

    #[inline(always)]
    fn visit_mostly(
        self,
        f: impl Fn(T, T) -> T + Copy,
        odd: impl Fn(T) -> bool + Copy,
        exact: impl Fn(T, T) -> T + Copy,
    ) -> T {
        let (a, b) = self.0;
        let y = f(a, b);
        if odd(y) { rarely(|| exact(a, b)) } else { y }
    }
}

/// A branch that is hardly ever taken: nobody has to wait for a choice between two results.
#[cold]
#[inline(never)]
fn rarely<T>(f: impl FnOnce() -> T) -> T {
    f()
}
