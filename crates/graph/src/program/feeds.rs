//! What a program can be run with.

use ndarray::ArrayViewD;

use crate::convert::IntoArray;

/// The inputs of a run: an array, `Vec`, slice or tuple of whatever [`IntoArray`] takes. A tuple may mix arrays of different
/// dimensions, and numbers.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let (x, c) = (graph.constant([0.0, 0.0]), graph.constant(0.0));
/// let mut scale = Program::new([x, c], [x * c]).compile()?;
/// let [y] = scale.run((&array![1.0, 2.0], 10.0))?;
/// assert_eq!(y, array![10.0, 20.0].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub trait Feeds<T> {
    /// How many there are.
    fn count(&self) -> usize;

    /// One of them.
    fn feed(&self, number: usize) -> Option<ArrayViewD<'_, T>>;
}

impl<T, A: IntoArray<T>, const N: usize> Feeds<T> for [A; N] {
    fn count(&self) -> usize {
        N
    }

    fn feed(&self, number: usize) -> Option<ArrayViewD<'_, T>> {
        self.get(number).map(|array| array.as_view())
    }
}

impl<T, A: IntoArray<T>> Feeds<T> for Vec<A> {
    fn count(&self) -> usize {
        self.len()
    }

    fn feed(&self, number: usize) -> Option<ArrayViewD<'_, T>> {
        self.get(number).map(|array| array.as_view())
    }
}

impl<T, A: IntoArray<T>> Feeds<T> for &[A] {
    fn count(&self) -> usize {
        self.len()
    }

    fn feed(&self, number: usize) -> Option<ArrayViewD<'_, T>> {
        self.get(number).map(|array| array.as_view())
    }
}

impl<T> Feeds<T> for () {
    fn count(&self) -> usize {
        0
    }

    fn feed(&self, _: usize) -> Option<ArrayViewD<'_, T>> {
        None
    }
}

macro_rules! tuples {
    ($(($count:literal: $($A:ident $field:tt),+)),+) => {
        $(impl<T, $($A: IntoArray<T>),+> Feeds<T> for ($($A,)+) {
            fn count(&self) -> usize {
                $count
            }

            fn feed(&self, number: usize) -> Option<ArrayViewD<'_, T>> {
                match number {
                    $($field => Some(self.$field.as_view()),)+
                    _ => None,
                }
            }
        })+
    };
}

tuples!(
    (1: A 0),
    (2: A 0, B 1),
    (3: A 0, B 1, C 2),
    (4: A 0, B 1, C 2, D 3),
    (5: A 0, B 1, C 2, D 3, E 4),
    (6: A 0, B 1, C 2, D 3, E 4, F 5)
);
