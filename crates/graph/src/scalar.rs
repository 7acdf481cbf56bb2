//! The slopes of the scalar functions, one line each: with the table of their values (in `chainrule-kernels`) all that there
//! is to know of a function.
//!
//! A slope is written once, as a [`Linear`] map in terms of the argument `x` and the result `y`; it serves forward
//! and reverse mode, and since it is made of graph nodes, every further derivative. Each slope is written in a form
//! that keeps its *relative* accuracy over the whole domain: `1 - tanh(x)^2` has no correct digit left at x = 19.

pub use chainrule_kernels::{Binary, Domain, Unary};

use crate::Scalar;
use crate::linear::Linear;
use crate::var::Var;

/// The derivative at `x`, where `y` is the value. Relative errors are in units of rounding of `T`.
pub(crate) fn unary_slope<'g, T: Scalar>(f: Unary<T>, x: Var<'g, T>, y: Var<'g, T>) -> Linear<'g, T> {
    use Linear::{Diag, Div, Id, Scale, Zero};
    match f {
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
        // σ(x) σ(-x): neither factor cancels, in either tail; error 3
        Unary::Sigmoid => Diag(x.map(Unary::LogisticDensity)),
        // σ(x) σ(-x) (1 - 2 σ(x)), whose last factor is -tanh(x / 2); error 6
        Unary::LogisticDensity => Diag(-(y * (x * T::of(0.5)).tanh())),
        // 1/cosh² as 4 σ(2x) σ(-2x), for the same reason; the powers of 2 are exact, error 3
        Unary::Tanh => Diag((x * T::of(2.0)).map(Unary::LogisticDensity) * T::of(4.0)),
        Unary::Relu => Diag(x.map(Unary::Step)),
        Unary::Step => Zero,
    }
}

/// The derivatives with respect to the first and the second argument, where `y` is the value.
pub(crate) fn binary_slope<'g, T: Scalar>(
    f: Binary,
    operand: usize,
    [a, b]: [Var<'g, T>; 2],
    y: Var<'g, T>,
) -> Linear<'g, T> {
    use Linear::{Diag, Id, Scale, Zero};
    match (f, operand) {
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
        (Binary::Above | Binary::Less | Binary::LessEqual | Binary::Equal | Binary::Noise, _) => Zero,
        // b / (a² + b²) and -a / (a² + b²), in two divisions by √(a² + b²), which does not overflow; 0 at the origin
        (Binary::Atan2, 0) => Diag(over_length(over_length(b, a, b), a, b)),
        (Binary::Atan2, _) => Diag(-over_length(over_length(a, a, b), a, b)),
        (Binary::Hypot, 0) => Diag(over_length(a, a, b)),
        (Binary::Hypot, _) => Diag(over_length(b, a, b)),
    }
}

/// `x / √(a² + b²)`, and 0 where `x` is 0.
fn over_length<'g, T: Scalar>(x: Var<'g, T>, a: Var<'g, T>, b: Var<'g, T>) -> Var<'g, T> {
    x.zip(Binary::Chain, a.zip(Binary::Hypot, b).recip())
}
