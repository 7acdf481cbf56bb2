//! What the tests add to the oracle ([`chainrule_oracle`]): the registry's functions on its numbers, and definitions of operations for
//! all the numbers that a test evaluates them with.

use chainrule::graph::{Binary, Scalar, Unary};
use chainrule_check::program::{from_oracle, rounded};
use chainrule_oracle::{Array, Bounded, Complex, Dual, Number, Single};
use ndarray::ArrayD;

/// An `ndarray` array of the oracle's numbers, in either precision.
pub fn array<T: Scalar>(value: &Array) -> ArrayD<T> {
    rounded(&from_oracle(value))
}

/// The registry's functions of one number. A new one does not compile until it has an arm here.
pub fn unary<N: Number>(f: Unary<f64>, x: N) -> N {
    match f {
        Unary::Neg => -x,
        Unary::Add(c) => x + N::of(c),
        Unary::Mul(c) => x * N::of(c),
        Unary::Div(c) => x / N::of(c),
        Unary::DivInto(c) => N::of(c) / x,
        Unary::Square => x.square(),
        Unary::Sqrt => x.sqrt(),
        Unary::Powi(n) => x.powi(n),
        Unary::Powf(c) => x.powf(c),
        Unary::Abs => x.abs(),
        Unary::Sign => x.sign(),
        Unary::Floor => x.floor(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.expm1(),
        Unary::Ln => x.ln(),
        Unary::Log1p => x.log1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Atan => x.atan(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::LogisticDensity => x.density(),
        Unary::Tanh => x.tanh(),
        Unary::Softplus => x.softplus(),
        Unary::Erf => x.erf(),
        Unary::Erfc => x.erfc(),
        Unary::Clamp(low, high) => x.clamp(low, high),
        Unary::Relu => x.relu(),
        Unary::Inside(low, high) => x.inside(low, high),
        Unary::Step => x.step(),
    }
}

/// The registry's functions of two numbers.
pub fn binary<N: Number>(f: Binary, x: N, y: N) -> N {
    match f {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div => x / y,
        Binary::Pow => x.pow(y),
        Binary::Maximum => x.maximum(y),
        Binary::Minimum => x.minimum(y),
        Binary::Above => x.above(y),
        Binary::Less => x.less(y),
        Binary::LessEqual => x.less_equal(y),
        Binary::Equal => x.equal(y),
        Binary::Atan2 => x.atan2(y),
        Binary::Hypot => x.hypot(y),
        Binary::Chain => x.chain(y),
        Binary::Noise => x.noise(y),
    }
}

/// A function of arrays of one kind of numbers.
pub type Of<N> = fn(&[Array<N>]) -> Array<N>;

/// An operation by its definition, for all kinds of numbers: written once, by the macro below.
#[derive(Clone, Copy)]
pub struct Definition {
    /// For values.
    pub plain: Of<f64>,
    /// For derivatives by complex step.
    pub step: Of<Complex>,
    /// For derivatives with error bounds.
    pub first: Of<Dual<Bounded>>,
    /// The same in single precision.
    pub single: Of<Dual<Bounded<Single>>>,
    /// For second derivatives.
    pub second: Of<Dual<Dual<Bounded>>>,
}

/// `|operands| result`, generic in the kind of numbers, which is called `N`.
macro_rules! definition {
    (|$a:pat_param| $definition:expr) => {{
        #[allow(clippy::extra_unused_type_parameters)]
        fn of<N: chainrule_oracle::Number>($a: &[chainrule_oracle::Array<N>]) -> chainrule_oracle::Array<N> {
            $definition
        }
        crate::oracle::Definition { plain: of, step: of, first: of, single: of, second: of }
    }};
}
pub(crate) use definition;
