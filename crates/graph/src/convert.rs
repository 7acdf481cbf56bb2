//! What can be handed over as an array, and what as a node.

use ndarray::{ArrayBase, ArrayViewD, Data, Dimension, aview0, aview1};

use crate::Scalar;
use crate::graph::Graph;
use crate::var::Var;

/// Data that a graph of `T` can take in: `ndarray` arrays of any dimension and ownership, plain numbers (arrays
/// without axes), and `Vec`s, slices and Rust arrays of numbers (arrays with one axis).
///
/// ```
/// use chainrule_graph::Graph;
/// use ndarray::{array, s};
///
/// let graph = Graph::new();
/// let table = array![[1.0, 2.0], [3.0, 4.0]];
/// assert_eq!(graph.constant(&table).shape()?, [2, 2]);
/// assert_eq!(graph.constant(table.slice(s![.., 0])).shape()?, [2]);
/// assert_eq!(graph.constant(2.5).shape()?, []);
/// assert_eq!(graph.constant([1.0, 2.0, 3.0]).shape()?, [3]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub trait IntoArray<T> {
    /// The data as an array.
    fn as_view(&self) -> ArrayViewD<'_, T>;
}

impl<T, S: Data<Elem = T>, D: Dimension> IntoArray<T> for ArrayBase<S, D> {
    fn as_view(&self) -> ArrayViewD<'_, T> {
        self.view().into_dyn()
    }
}

impl<T, A: IntoArray<T>> IntoArray<T> for &A {
    fn as_view(&self) -> ArrayViewD<'_, T> {
        (*self).as_view()
    }
}

impl<T: Scalar> IntoArray<T> for Vec<T> {
    fn as_view(&self) -> ArrayViewD<'_, T> {
        aview1(self).into_dyn()
    }
}

impl<T: Scalar> IntoArray<T> for &[T] {
    fn as_view(&self) -> ArrayViewD<'_, T> {
        aview1(self).into_dyn()
    }
}

impl<T: Scalar, const N: usize> IntoArray<T> for [T; N] {
    fn as_view(&self) -> ArrayViewD<'_, T> {
        aview1(self).into_dyn()
    }
}

/// What can stand as the other operand of a [`Var`]'s method: another node of the same graph, or anything that
/// [`IntoArray`] takes, which becomes a constant.
pub trait IntoVar<'g, T> {
    /// The node.
    fn into_var(self, graph: &'g Graph<T>) -> Var<'g, T>;
}

impl<'g, T: Scalar> IntoVar<'g, T> for Var<'g, T> {
    fn into_var(self, _: &'g Graph<T>) -> Var<'g, T> {
        self
    }
}

macro_rules! into_var_by_constant {
    ($([$($generics:tt)*] $Type:ty where $T:ty),+ $(,)?) => {
        $(impl<'g, $($generics)*> IntoVar<'g, $T> for $Type {
            #[track_caller]
            fn into_var(self, graph: &'g Graph<$T>) -> Var<'g, $T> {
                graph.constant(self)
            }
        })+
    };
}

into_var_by_constant! {
    [] f64 where f64,
    [] f32 where f32,
    [T: Scalar, S: Data<Elem = T>, D: Dimension] ArrayBase<S, D> where T,
    [T: Scalar, S: Data<Elem = T>, D: Dimension] &ArrayBase<S, D> where T,
    [T: Scalar] Vec<T> where T,
    [T: Scalar] &[T] where T,
    [T: Scalar, const N: usize] [T; N] where T,
}

macro_rules! number_is_an_array {
    ($($T:ty),+) => {
        $(impl IntoArray<$T> for $T {
            fn as_view(&self) -> ArrayViewD<'_, $T> {
                aview0(self).into_dyn()
            }
        })+
    };
}

number_is_an_array!(f64, f32);

/// A list of axes, as the reductions and permutations take it: one number, or an array, slice or `Vec` of them.
/// Negative numbers count from the last axis. [`keep`] around it keeps the axes with size 1.
pub trait IntoAxes {
    /// The axis numbers, and whether a reduction over them keeps them.
    fn into_axes(self) -> (Vec<isize>, bool);
}

/// Reduces over `axes` but keeps each with size 1, so that the result broadcasts against the operand.
///
/// ```
/// use chainrule_graph::{Graph, keep};
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let w = graph.constant(array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]);
/// let shares = w / w.sum_axes(keep(0)); // each column adds up to 1
/// assert_eq!(w.sum_axes(keep(0)).shape()?, [1, 2]);
/// assert!((shares.value()?[[0, 0]] - 0.5).abs() < 1e-15);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub fn keep<A: IntoAxes>(axes: A) -> Keep<A> {
    Keep(axes)
}

/// What [`keep`] returns.
#[derive(Clone, Copy, Debug)]
pub struct Keep<A>(A);

impl<A: IntoAxes> IntoAxes for Keep<A> {
    fn into_axes(self) -> (Vec<isize>, bool) {
        (self.0.into_axes().0, true)
    }
}

macro_rules! axes_of_integers {
    ($($I:ty),+) => {
        $(
            impl IntoAxes for $I {
                fn into_axes(self) -> (Vec<isize>, bool) {
                    (vec![axis(self)], false)
                }
            }
            impl<const N: usize> IntoAxes for [$I; N] {
                fn into_axes(self) -> (Vec<isize>, bool) {
                    (self.into_iter().map(axis).collect(), false)
                }
            }
            impl IntoAxes for &[$I] {
                fn into_axes(self) -> (Vec<isize>, bool) {
                    (self.iter().copied().map(axis).collect(), false)
                }
            }
            impl IntoAxes for Vec<$I> {
                fn into_axes(self) -> (Vec<isize>, bool) {
                    (self.into_iter().map(axis).collect(), false)
                }
            }
        )+
    };
}

axes_of_integers!(i32, isize, usize);

/// A number too large for an axis is one that does not exist, which the shape rule will say.
fn axis<I: TryInto<isize>>(number: I) -> isize {
    number.try_into().unwrap_or(isize::MAX)
}

/// A shape as [`Var::reshape`](crate::Var::reshape) takes it: an array, slice or `Vec` of sizes, of which one may be -1:
/// it is inferred from the number of elements.
pub trait IntoShape {
    /// The sizes, with -1 for the one to be inferred. The type holds every size that can be written.
    fn into_shape(self) -> Vec<i128>;
}

macro_rules! shapes_of_integers {
    ($($I:ty),+) => {
        $(
            impl<const N: usize> IntoShape for [$I; N] {
                fn into_shape(self) -> Vec<i128> {
                    self.into_iter().map(size).collect()
                }
            }
            impl<const N: usize> IntoShape for &[$I; N] {
                fn into_shape(self) -> Vec<i128> {
                    self.iter().copied().map(size).collect()
                }
            }
            impl IntoShape for &[$I] {
                fn into_shape(self) -> Vec<i128> {
                    self.iter().copied().map(size).collect()
                }
            }
            impl IntoShape for Vec<$I> {
                fn into_shape(self) -> Vec<i128> {
                    self.into_iter().map(size).collect()
                }
            }
            impl IntoShape for &Vec<$I> {
                fn into_shape(self) -> Vec<i128> {
                    self.iter().copied().map(size).collect()
                }
            }
        )+
    };
}

shapes_of_integers!(i32, isize, usize);

/// Every integer type fits.
fn size<I: TryInto<i128>>(number: I) -> i128 {
    number.try_into().unwrap_or(i128::MAX)
}
