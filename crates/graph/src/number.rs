//! The number types.

use crate::convert::{IntoArray, IntoVar};

/// The numbers a graph can be made of: `f64` and `f32`.
///
/// The trait is closed. Code that is generic over it has the functions of `num_traits::Float`, conversion from `f64`
/// by `T::of`, and can hand a `T` to whatever takes an array or a node.
///
/// ```
/// use chainrule_graph::{Graph, Scalar};
///
/// fn golden<T: Scalar>() -> T {
///     let graph = Graph::<T>::default();
///     let five = graph.constant(T::of(5.0));
///     ((five.sqrt() + T::one()) / T::of(2.0)).item().unwrap_or(T::nan())
/// }
/// assert_eq!(golden::<f64>(), 1.618033988749895);
/// assert_eq!(golden::<f32>(), 1.618034);
/// ```
pub trait Scalar: chainrule_kernels::Scalar + IntoArray<Self> + for<'g> IntoVar<'g, Self> {}

impl Scalar for f64 {}
impl Scalar for f32 {}
