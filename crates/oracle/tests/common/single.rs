//! Numbers of single precision, to have a computation in `f32` that bounds can be compared with: arithmetic rounds each result,
//! functions are those of `f64`, rounded.

use std::ops::{Add, Div, Mul, Neg, Sub};

use chainrule_oracle::Number;

/// An `f32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounded(pub f32);

macro_rules! operators {
    ($($Trait:ident $method:ident),+) => {
        $(impl $Trait for Rounded {
            type Output = Rounded;
            fn $method(self, other: Rounded) -> Rounded { Rounded(self.0.$method(other.0)) }
        })+
    };
}
operators!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Rounded {
    type Output = Rounded;
    fn neg(self) -> Rounded {
        Rounded(-self.0)
    }
}

macro_rules! functions {
    ($($name:ident($($x:ident: $X:ty),*)),+) => {
        $(fn $name(self, $($x: $X),*) -> Self { Rounded(Number::$name(f64::from(self.0), $($x),*) as f32) })+
    };
}

macro_rules! pairs {
    ($($name:ident),+) => {
        $(fn $name(self, y: Self) -> Self {
            Rounded(Number::$name(f64::from(self.0), f64::from(y.0)) as f32)
        })+
    };
}

impl Number for Rounded {
    fn of(x: f64) -> Self {
        Rounded(x as f32)
    }

    fn real(self) -> f64 {
        self.0.into()
    }

    fn detach(self) -> Self {
        self
    }

    functions! {
        exp(), expm1(), ln(), log1p(), sqrt(), sin(), cos(), tan(), atan(), tanh(), sigmoid(), density(), softplus(), erf(),
        erfc(), bell(), powi(n: i32), powf(c: f64)
    }
    pairs! { pow, atan2, hypot }

    fn blend(equals: &[Self]) -> Self {
        equals.first().copied().unwrap_or(Rounded(f32::NAN))
    }
}
