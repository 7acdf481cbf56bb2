//! Elements by their numbers. Indices are data: a list or an array of integers, checked as they come in; or a node, the
//! result of [`argmax`](Var::argmax) say, checked when the value is computed.

use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::graph::Graph;
use crate::op::Op;
use crate::scalar::Binary;
use crate::var::Var;

/// What can stand for indices: integers as a number, array, slice, `Vec` or `ndarray` array, or a node whose values are
/// whole numbers from 0 on. Negative integers count from the end.
pub trait IntoIndices<'g, T: Scalar> {
    /// The node, for an axis of `size` elements; an invalid one if an index lies outside.
    fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T>;
}

impl<'g, T: Scalar> IntoIndices<'g, T> for Var<'g, T> {
    fn into_indices(self, _: &'g Graph<T>, _: usize) -> Var<'g, T> {
        self
    }
}

/// The node for integers in row-major order. All of them must be numbers that a `T` holds exactly.
#[track_caller]
fn indices<'g, T: Scalar>(
    graph: &'g Graph<T>,
    size: usize,
    shape: &[usize],
    integers: impl Iterator<Item = Option<i64>>,
) -> Var<'g, T> {
    let mut numbers = Vec::new();
    for (position, integer) in integers.enumerate() {
        let counted = integer.and_then(|i| if i < 0 { i.checked_add_unsigned(size as u64) } else { Some(i) });
        match counted {
            Some(i) if i >= 0 && (i as u64) < size as u64 && T::of(i as f64).as_f64() == i as f64 => {
                numbers.push(T::of(i as f64));
            }
            _ => {
                let shown = integer.map_or("too large".to_owned(), |i| i.to_string());
                let message = format!("index number {position} is {shown}, on an axis of size {size}");
                let help =
                    "indices count from 0, or from -1 at the end backwards; f32 holds them up to 16777216";
                let fault = Fault::new(ErrorKind::Index, message, help);
                return graph.refuse("indices", &[], fault, std::panic::Location::caller());
            }
        }
    }
    match ArrayD::from_shape_vec(IxDyn(shape), numbers) {
        Ok(array) => graph.constant(array),
        // Cannot be: there are as many numbers as the shape says.
        Err(_) => graph.constant(T::nan()),
    }
}

macro_rules! integers {
    ($($I:ty),+) => {
        $(
            impl<'g, T: Scalar> IntoIndices<'g, T> for $I {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, &[], [i64::try_from(self).ok()].into_iter())
                }
            }
            impl<'g, T: Scalar, const N: usize> IntoIndices<'g, T> for [$I; N] {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, &[N], self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
            impl<'g, T: Scalar> IntoIndices<'g, T> for &[$I] {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, &[self.len()], self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
            impl<'g, T: Scalar> IntoIndices<'g, T> for Vec<$I> {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, &[self.len()], self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
            impl<'g, T: Scalar> IntoIndices<'g, T> for &Vec<$I> {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, &[self.len()], self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
        )+
    };
}

integers!(usize, isize, u8, u16, u32, u64, i8, i16, i32, i64);

/// `ndarray` arrays of integers. (Not all integer types: each is a promise that inference has one answer.)
macro_rules! arrays {
    ($($I:ty),+) => {
        $(
            impl<'g, T: Scalar, S: Data<Elem = $I>, D: Dimension> IntoIndices<'g, T> for ArrayBase<S, D> {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, self.shape(), self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
            impl<'g, T: Scalar, S: Data<Elem = $I>, D: Dimension> IntoIndices<'g, T> for &ArrayBase<S, D> {
                #[track_caller]
                fn into_indices(self, graph: &'g Graph<T>, size: usize) -> Var<'g, T> {
                    indices(graph, size, self.shape(), self.iter().map(|&i| i64::try_from(i).ok()))
                }
            }
        )+
    };
}

arrays!(usize);

impl<'g, T: Scalar> Var<'g, T> {
    /// The entries along an axis with these numbers: rows of a table, for axis 0. The axis is replaced by the axes of the
    /// indices. An entry taken twice gets both cotangents, added up.
    ///
    /// Integers outside of the axis make an invalid node; for a node as indices, reading the value fails.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let table = graph.variable("table", ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]));
    /// let rows = table.take([2, 0, 2], 0);
    /// assert_eq!(rows.value()?, ndarray::arr2(&[[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]).into_dyn());
    /// let [d] = rows.sum().grad([table])?;
    /// assert_eq!(d.value()?, ndarray::arr2(&[[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn take(self, indices: impl IntoIndices<'g, T>, axis: isize) -> Self {
        let (axis, size) = match self.indexed_axis(axis) {
            Ok(found) => found,
            Err(fault) => return self.reject("take", &[self], fault),
        };
        let indices = indices.into_indices(self.graph, size);
        if !indices.is_in(self.graph) {
            return self.reject("take", &[self], Fault::foreign());
        }
        self.record_with(Op::Gather { axis, along: false }, indices)
    }

    /// Along an axis, the elements that `indices` names, place by place: `y[i, j] = x[i, indices[i, j]]` for the last of two
    /// axes (NumPy's `take_along_axis`). The indices have the shape of the result, and of `self` but for the axis.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 5.0], [7.0, 2.0]]));
    /// let largest = x.take_along(x.argmax(1).unsqueeze(1), 1);
    /// assert_eq!(largest.value()?, ndarray::arr2(&[[5.0], [7.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn take_along(self, indices: impl IntoIndices<'g, T>, axis: isize) -> Self {
        let (axis, size) = match self.indexed_axis(axis) {
            Ok(found) => found,
            Err(fault) => return self.reject("take_along", &[self], fault),
        };
        let indices = indices.into_indices(self.graph, size);
        if !indices.is_in(self.graph) {
            return self.reject("take_along", &[self], Fault::foreign());
        }
        if self.graph.check(indices.id).is_ok() && self.graph.check(self.id).is_ok() {
            let (have, want) = (indices.sizes(), self.sizes());
            let fits = have.len() == want.len()
                && have.iter().zip(&want).enumerate().all(|(i, (m, n))| i == axis as usize || m == n);
            if !fits {
                let message =
                    format!("indices of shape {:?} along axis {axis} of {:?}", &have[..], &want[..]);
                let help = "the indices have the shape of the operand but for the axis";
                let fault = Fault::new(ErrorKind::Shape, message, help);
                return self.reject("take_along", &[self, indices], fault);
            }
        }
        self.record_with(Op::Gather { axis, along: true }, indices)
    }

    /// This array with `updates` added to its entries, along an axis, that the indices name; where one is named twice, both
    /// are added. The updates have the shape of [`take`](Var::take) with the same indices.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([10.0, 20.0, 30.0]);
    /// let y = x.scatter_add([2, 0, 2], [1.0, 2.0, 3.0], 0);
    /// assert_eq!(y.value()?, ndarray::arr1(&[12.0, 20.0, 34.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn scatter_add(
        self,
        indices: impl IntoIndices<'g, T>,
        updates: impl IntoVar<'g, T>,
        axis: isize,
    ) -> Self {
        let (axis, size) = match self.indexed_axis(axis) {
            Ok(found) => found,
            Err(fault) => return self.reject("scatter_add", &[self], fault),
        };
        let (indices, updates) = (indices.into_indices(self.graph, size), updates.into_var(self.graph));
        if !(indices.is_in(self.graph) && updates.is_in(self.graph)) {
            return self.reject("scatter_add", &[self], Fault::foreign());
        }
        let operands = [self, indices, updates];
        if operands.iter().all(|x| self.graph.check(x.id).is_ok()) {
            let (to, index, have) = (self.sizes(), indices.sizes(), updates.sizes());
            let axis = axis as usize;
            let want: Vec<usize> = to[..axis].iter().chain(&index).chain(&to[axis + 1..]).copied().collect();
            if *have != *want {
                let message = format!("updates of shape {:?} where {want:?} is needed", have.as_slice());
                let help = "the updates have the shape of `take` with the same indices";
                let fault = Fault::new(ErrorKind::Shape, message, help);
                return self.reject("scatter_add", &operands, fault);
            }
        }
        let scattered = updates.record_with(Op::Scatter { axis, along: false, to: self.shape_id() }, indices);
        self.zip(Binary::Add, scattered)
    }

    fn indexed_axis(self, axis: isize) -> Result<(u8, usize), Fault> {
        let axis = self.axis(axis)?;
        Ok((axis, self.sizes().get(axis as usize).copied().unwrap_or(0)))
    }
}

impl<T: Scalar> Graph<T> {
    /// A new last axis of `classes` numbers, 1 at the place of each index and 0 elsewhere.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let y = graph.one_hot([2, 0], 3);
    /// assert_eq!(y.value()?, ndarray::arr2(&[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn one_hot<'g>(&'g self, indices: impl IntoIndices<'g, T>, classes: usize) -> Var<'g, T> {
        let indices = indices.into_indices(self, classes);
        if !indices.is_in(self) {
            return self.refuse("one_hot", &[], Fault::foreign(), std::panic::Location::caller());
        }
        let caller = std::panic::Location::caller();
        match self.count_up(classes) {
            Ok(numbers) => indices.unsqueeze(-1).zip(Binary::Equal, numbers),
            Err(fault) => self.refuse("one_hot", &[indices], fault, caller),
        }
    }

    /// The numbers from 0 on, so many. Memory is asked for, not taken for granted.
    #[track_caller]
    pub(crate) fn count_up(&self, count: usize) -> Result<Var<'_, T>, Fault> {
        let last = count.saturating_sub(1) as f64;
        if T::of(last).as_f64() != last || count as u64 > 1 << 53 {
            return Err(Fault::new(
                ErrorKind::TooLarge,
                format!("{count} places are more than an {} can number", T::NAME),
                "f32 holds whole numbers up to 16777216, f64 up to 2^53",
            ));
        }
        let mut numbers = Vec::new();
        crate::values::reserve(&mut numbers, count)?;
        numbers.extend((0..count).map(|place| T::of(place as f64)));
        Ok(self.constant(numbers))
    }

    /// The matrix of `n` rows with `below` under the diagonal, `on` it and `above` it, as nodes: it takes no memory before it is
    /// computed.
    #[track_caller]
    pub(crate) fn triangular(&self, n: usize, [below, on, above]: [T; 3]) -> Result<Var<'_, T>, Fault> {
        let places = self.count_up(n)?;
        let (row, column) = (places.unsqueeze(1), places.unsqueeze(0));
        let on = row.zip(Binary::Equal, column) * on;
        let below = column.zip(Binary::Less, row) * below;
        let above = row.zip(Binary::Less, column) * above;
        Ok(on.zip(Binary::Add, below).zip(Binary::Add, above))
    }
}
