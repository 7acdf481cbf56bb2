//! Functions of `ndarray` arrays with a gradient that somebody claims: written by hand, or taken from another engine.

use chainrule_graph::{IntoArray, Scalar};
use ndarray::ArrayD;

use crate::guilty::Guilty;
use crate::reference::Tape;
use crate::subject::{Arrays, Run, Step, Subject, Trouble, caught, moving};

/// What a function of arrays may return: an array of any dimension or a number, a `Vec` or Rust array of arrays, or a `Result`
/// of these.
pub trait Outputs<T> {
    /// The arrays in order.
    ///
    /// # Errors
    /// What the function says.
    fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String>;
}

impl<T: Clone, S: ndarray::Data<Elem = T>, D: ndarray::Dimension> Outputs<T> for ndarray::ArrayBase<S, D> {
    fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String> {
        Ok(vec![self.into_dyn().to_owned()])
    }
}

macro_rules! numbers {
    ($($T:ty),+) => {
        $(impl Outputs<$T> for $T {
            fn into_arrays(self) -> Result<Vec<ArrayD<$T>>, String> {
                Ok(vec![self.as_view().to_owned()])
            }
        })+
    };
}

numbers!(f64, f32);

impl<T, O: Outputs<T>> Outputs<T> for Vec<O> {
    fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String> {
        let lists: Result<Vec<_>, _> = self.into_iter().map(O::into_arrays).collect();
        Ok(lists?.into_iter().flatten().collect())
    }
}

impl<T, O: Outputs<T>, const N: usize> Outputs<T> for [O; N] {
    fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String> {
        Vec::from(self).into_arrays()
    }
}

macro_rules! tuples {
    ($(($($O:ident $field:tt),+)),+) => {
        $(impl<T, $($O: Outputs<T>),+> Outputs<T> for ($($O,)+) {
            fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String> {
                let mut all = Vec::new();
                $(all.extend(self.$field.into_arrays()?);)+
                Ok(all)
            }
        })+
    };
}

tuples!((A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

impl<T, O: Outputs<T>, E: std::fmt::Display> Outputs<T> for Result<O, E> {
    fn into_arrays(self) -> Result<Vec<ArrayD<T>>, String> {
        self.map_err(|error| error.to_string())?.into_arrays()
    }
}

type Value<'f, T> = Box<dyn Fn(&[ArrayD<T>]) -> Result<Arrays<T>, Trouble> + 'f>;
type Claim<'f, T> = Box<dyn Fn(&[ArrayD<T>], &[ArrayD<T>]) -> Result<Arrays<T>, Trouble> + 'f>;

/// A value, and the vector-Jacobian product that is claimed for it.
pub(crate) struct Foreign<'f, T> {
    pub(crate) value: Value<'f, T>,
    pub(crate) claim: Claim<'f, T>,
}

impl<T: Scalar> Subject<T> for Foreign<'_, T> {
    fn run(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Result<Run<T>, Trouble> {
        let outputs = match path {
            [] => caught(|| (self.value)(x))??,
            [Step::Reverse(cotangents)] => {
                let all = caught(|| (self.claim)(x, cotangents))??;
                let wanted = moving(x, fixed).count();
                match all.len() {
                    n if n == x.len() => moving(&all, fixed).cloned().collect(),
                    n if n == wanted => all,
                    n => return Err(Trouble::Shape(format!("{n} gradients for {} inputs", x.len()))),
                }
            }
            _ => return Err(Trouble::Refused("only its first gradient is claimed".into())),
        };
        Ok(Run { outputs, branches: Vec::new() })
    }

    fn tape(&self, _: &[ArrayD<T>]) -> Result<Tape<T>, String> {
        Err("it is not recorded on the engine".into())
    }

    fn is_differentiable(&self) -> bool {
        false
    }

    fn guilty(&self, _: &[ArrayD<T>], _: &[Step<T>], _: &[bool]) -> Option<Guilty> {
        None
    }
}
