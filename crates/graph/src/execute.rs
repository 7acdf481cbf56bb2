//! Third transformation: values. One arm an operation, run when the operands are known.
//!
//! Broadcasting, permuting, slicing and windows move nothing: such a value is a view of its operand's. Where values lie is the
//! subject of [`values`](crate::values), what is computed when that of [`evaluate`](crate::evaluate).

use chainrule_kernels::{self as kernels, BadIndex, Lanes, LinalgError, Matrix};
use smallvec::SmallVec;

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::evaluate::Failure;
use crate::op::{NodeId, Op, Triangle};
use crate::shape::{ShapeId, element_count};
use crate::tape::Tape;
use crate::values::{Layout, Place, Reader, Values, position, reserve, row_major, viewed};

/// Writes a value, with those of the operands at hand.
type Write<'w, T> = dyn FnMut(Reader<'_, T>, &mut [T]) -> Result<(), Failure> + 'w;

impl<T: Scalar> Tape<T> {
    /// Computes a function of single numbers that lie in the arena: in long formulas of such the way through views would take
    /// longer than the function. Whatever else the node is, it is left alone, and the answer is no.
    #[inline]
    pub(crate) fn compute_number(&mut self, id: NodeId) -> bool {
        let Tape { nodes, values, .. } = self;
        let Some(node) = nodes.get(id).filter(|node| node.shape == ShapeId::SCALAR) else { return false };
        if values.is_known(id) {
            return false;
        }
        let number = |id: NodeId| values.number(id);
        #[allow(clippy::wildcard_enum_match_arm, reason = "all else goes the general way")]
        let result = match (&node.op, nodes.operands(node)) {
            (Op::Map(f), &[x]) => number(x).map(|x| f.value(x)),
            (Op::Zip(f), &[a, b]) => number(a).zip(number(b)).map(|(a, b)| f.value(a, b)),
            _ => None,
        };
        result.is_some_and(|result| values.set_number(id, result).is_ok())
    }

    /// Computes one node whose operands are known. Unless it `stays`, its memory is its own.
    pub(crate) fn place_of(&mut self, id: NodeId, stays: bool) -> Result<Place, Failure> {
        let Tape { nodes, values, shapes, .. } = self;
        let Some(node) = nodes.get(id) else { return Ok(Place::Pending) };
        let sizes = |id: NodeId| nodes.get(id).map_or(&[][..], |node| shapes.get(node.shape));
        let to = shapes.get(node.shape);
        let len = element_count(to);
        let fill = |values: &mut Values<T>, write: &mut Write<'_, T>| values.fill(len, !stays, write);
        let bad = |fault| Failure::Node(id, fault);
        match (&node.op, nodes.operands(node)) {
            (Op::Map(f), &[x]) => fill(values, &mut |known, out| {
                known.with(x, to, |x| kernels::map(*f, x, out));
                Ok(())
            }),
            (Op::Zip(f), &[a, b]) => fill(values, &mut |known, out| {
                known.with(a, to, |a| known.with(b, to, |b| kernels::zip(*f, a, b, out)));
                Ok(())
            }),
            (Op::Select, &[condition, a, b]) => fill(values, &mut |known, out| {
                known.with(condition, to, |condition| {
                    known.with(a, to, |a| known.with(b, to, |b| kernels::select(condition, a, b, out)));
                });
                Ok(())
            }),
            (Op::MatMul, &[a, b]) => fill(values, &mut |known, out| {
                products(&known, (a, sizes(a)), (b, sizes(b)), out);
                Ok(())
            }),
            (Op::Sum(axes), &[x]) => fill(values, &mut |known, out| {
                let from = sizes(x);
                let (elements, layout) = known.layout(x, from);
                kernels::sum(elements, layout.offset, from, &layout.strides, &flags(axes, from), out);
                Ok(())
            }),
            (Op::Extremum { axes, largest }, &[x]) => fill(values, &mut |known, out| {
                let from = sizes(x);
                let (elements, layout) = known.layout(x, from);
                let reduced = flags(axes, from);
                kernels::extremum(elements, layout.offset, from, &layout.strides, &reduced, *largest, out);
                Ok(())
            }),
            (Op::ArgExtremum { axis, largest }, &[x]) => fill(values, &mut |known, out| {
                kernels::arg_extremum(&known.dense(x, sizes(x))?, lanes(sizes(x), *axis), *largest, out);
                Ok(())
            }),
            (Op::CumSum { axis, reverse }, &[x]) => fill(values, &mut |known, out| {
                kernels::cumsum(&known.dense(x, to)?, lanes(to, *axis), *reverse, out);
                Ok(())
            }),
            (Op::Gather { axis, along }, &[x, index]) => fill(values, &mut |known, out| {
                let (from, index) = (known.dense(x, sizes(x))?, known.dense(index, sizes(index))?);
                let lanes = lanes(sizes(x), *axis);
                match along {
                    true => kernels::take_along(&from, lanes, &index, out),
                    false => kernels::gather(&from, lanes, &index, out),
                }
                .map_err(|index| bad(bad_index(&index)))
            }),
            (Op::Scatter { axis, along, .. }, &[x, index]) => fill(values, &mut |known, out| {
                let (from, index) = (known.dense(x, sizes(x))?, known.dense(index, sizes(index))?);
                let lanes = lanes(to, *axis);
                match along {
                    true => kernels::put_along_add(&from, &index, lanes, out),
                    false => kernels::scatter_add(&from, &index, lanes, out),
                }
                .map_err(|index| bad(bad_index(&index)))
            }),
            (Op::Unslice { slices, .. }, &[x]) => fill(values, &mut |known, out| {
                let mut layout = Layout { buffer: None, offset: 0, strides: row_major(to) };
                for (slice, stride) in slices.iter().zip(&mut layout.strides) {
                    layout.offset += slice.start * stride.unsigned_abs();
                    *stride *= slice.step;
                }
                known.with(x, sizes(x), |x| {
                    kernels::place(x, out, layout.offset, sizes_of(slices).as_slice(), &layout.strides)
                });
                Ok(())
            }),
            (Op::Fold { window, .. }, &[x]) => fill(values, &mut |known, out| {
                let from = sizes(x);
                let windows = viewed(&Op::<T>::Unfold(window.clone()), from, 0, &row_major(to));
                let (elements, layout) = known.layout(x, from);
                if let Some((_, strides)) = windows {
                    kernels::fold(elements, layout.offset, from, &layout.strides, out, &strides);
                }
                Ok(())
            }),
            (Op::Concat(axis), parts) => fill(values, &mut |known, out| {
                let strides = row_major(to);
                let step = strides.get(*axis as usize).map_or(0, |stride| stride.unsigned_abs());
                let mut offset = 0;
                for &part in parts {
                    let shape = sizes(part);
                    known.with(part, shape, |x| kernels::place(x, out, offset, shape, &strides));
                    offset += step * shape.get(*axis as usize).copied().unwrap_or(0);
                }
                Ok(())
            }),
            (Op::Cholesky, &[a]) => fill(values, &mut |known, out| {
                kernels::cholesky(&known.dense(a, to)?, rows(to), out).map_err(|e| bad(singular(&e)))
            }),
            (Op::LogDet, &[a]) => fill(values, &mut |known, out| {
                let (a, n) = (known.dense(a, sizes(a))?, rows(sizes(a)));
                let mut scratch = scratch(n)?;
                let value = kernels::log_det(&a, n, &mut scratch).map_err(|e| bad(singular(&e)))?;
                out.fill(value);
                Ok(())
            }),
            (Op::Solve, &[a, b]) => fill(values, &mut |known, out| {
                let (a, b, n) = (known.dense(a, sizes(a))?, known.dense(b, to)?, rows(sizes(a)));
                let mut scratch = scratch(n)?;
                kernels::solve(&a, n, &b, columns(to), out, &mut scratch).map_err(|e| bad(singular(&e)))
            }),
            (Op::TriangularSolve(Triangle { upper, transposed }), &[a, b]) => {
                fill(values, &mut |known, out| {
                    let (a, b, n) = (known.dense(a, sizes(a))?, known.dense(b, to)?, rows(sizes(a)));
                    kernels::triangular_solve(&a, n, *upper, *transposed, &b, columns(to), out)
                        .map_err(|e| bad(singular(&e)))
                })
            }
            (Op::Guard(expected), &[x]) => {
                let place = values.place(x);
                let holds = values.reader().with(x, to, |x| {
                    let mut one = [T::nan()];
                    x.read(0, &mut one);
                    one[0] != T::zero()
                });
                if holds != *expected {
                    return Err(bad(branched(*expected)));
                }
                Ok(place)
            }
            (Op::Detach, &[x]) => Ok(values.place(x)),
            (Op::Reshape(_), &[x]) => match values.place(x) {
                dense @ (Place::Dense(_) | Place::Buffer(_)) => Ok(dense),
                Place::Strided(_) | Place::Pending => fill(values, &mut |known, out| {
                    known.with(x, sizes(x), |x| kernels::copy(x, out));
                    Ok(())
                }),
            },
            (op @ (Op::Broadcast { .. } | Op::Permute(_) | Op::Slice(_) | Op::Unfold(_)), &[x]) => {
                let (_, layout) = values.reader().layout(x, sizes(x));
                let view = viewed(op, to, layout.offset, &layout.strides);
                let (offset, strides) = view.unwrap_or((layout.offset, layout.strides));
                Ok(values.strided(Layout { offset, strides, ..layout }))
            }
            (Op::Example, _) => Err(bad(no_example())),
            // Leaves are known from the start; an invalid node makes its users invalid and is never computed; a custom
            // operation is run outside.
            (Op::Invalid(_) | Op::Variable(_) | Op::Constant | Op::Custom(_), _) => Ok(values.place(id)),
            (
                Op::Map(_)
                | Op::Zip(_)
                | Op::Select
                | Op::MatMul
                | Op::Sum(_)
                | Op::Extremum { .. }
                | Op::ArgExtremum { .. }
                | Op::CumSum { .. }
                | Op::Gather { .. }
                | Op::Scatter { .. }
                | Op::Slice(_)
                | Op::Unslice { .. }
                | Op::Unfold(_)
                | Op::Fold { .. }
                | Op::Cholesky
                | Op::LogDet
                | Op::Solve
                | Op::TriangularSolve(_)
                | Op::Broadcast { .. }
                | Op::Permute(_)
                | Op::Reshape(_)
                | Op::Guard(_)
                | Op::Detach,
                _,
            ) => Ok(values.place(id)),
        }
    }
}

fn flags(axes: &[u8], from: &[usize]) -> SmallVec<[bool; 8]> {
    (0_u8..).zip(from).map(|(axis, _)| axes.contains(&axis)).collect()
}

/// An array as the axes before one, that one, and the axes behind it.
pub(crate) fn lanes(shape: &[usize], axis: u8) -> Lanes {
    let axis = axis as usize;
    Lanes {
        outer: element_count(shape.get(..axis).unwrap_or(&[])),
        size: shape.get(axis).copied().unwrap_or(1),
        inner: element_count(shape.get(axis + 1..).unwrap_or(&[])),
    }
}

fn sizes_of(slices: &[crate::op::SliceAxis]) -> SmallVec<[usize; 4]> {
    slices.iter().map(|slice| slice.len).collect()
}

pub(crate) fn rows(shape: &[usize]) -> usize {
    shape.first().copied().unwrap_or(0)
}

/// How many right-hand sides: a vector is one.
pub(crate) fn columns(shape: &[usize]) -> usize {
    shape.get(1).copied().unwrap_or(1)
}

fn scratch<T: Scalar>(n: usize) -> Result<Vec<T>, Fault> {
    let mut scratch = Vec::new();
    reserve(&mut scratch, n * n)?;
    scratch.resize(n * n, T::zero());
    Ok(scratch)
}

/// One product, or one for each place in the axes before the last two.
fn products<T: Scalar>(
    known: &Reader<'_, T>,
    (a, a_shape): (NodeId, &[usize]),
    (b, b_shape): (NodeId, &[usize]),
    out: &mut [T],
) {
    let ((a_elements, a), (b_elements, b)) = (known.layout(a, a_shape), known.layout(b, b_shape));
    let matrix = |shape: &[usize], strides: &[isize], left: bool| match (shape, strides) {
        (&[k], &[step]) if left => [(1, 0), (k, step)],
        (&[k], &[step]) => [(k, step), (1, 0)],
        (&[.., rows, columns], &[.., row, column]) => [(rows, row), (columns, column)],
        _ => [(0, 0), (0, 0)],
    };
    let [(m, a_row), (k, a_column)] = matrix(a_shape, &a.strides, true);
    let [(k_too, b_row), (n, b_column)] = matrix(b_shape, &b.strides, false);
    let batch = a_shape.get(..a_shape.len().saturating_sub(2)).unwrap_or(&[]);
    let each = (m * n).max(1);
    for (index, out) in out.chunks_mut(each).enumerate() {
        let begin = |x: &Layout| position(x.offset, batch, &x.strides, index);
        let (from_a, from_b) = (begin(&a), begin(&b));
        let a = Matrix::new(a_elements, from_a, m, k, a_row, a_column);
        let b = Matrix::new(b_elements, from_b, k_too, n, b_row, b_column);
        if let (Some(a), Some(b)) = (a, b) {
            kernels::matmul(a, b, out);
        }
    }
}

pub(crate) fn bad_index(index: &BadIndex) -> Fault {
    Fault::new(ErrorKind::Index, index.to_string(), "indices are whole numbers from 0 on")
}

pub(crate) fn singular(error: &LinalgError) -> Fault {
    let help = match error {
        LinalgError::NotPositive { .. } => "add a small multiple of the identity, or check the matrix",
        LinalgError::Size | LinalgError::Singular { .. } => "its rows are linearly dependent, or it has NaN",
    };
    Fault::new(ErrorKind::Singular, error.to_string(), help)
}

pub(crate) fn branched(expected: bool) -> Fault {
    let (then, now) = if expected { ("held", "does not hold") } else { ("did not hold", "holds") };
    Fault::new(
        ErrorKind::Guard,
        format!("the condition {then} when the program branched on it, and {now}"),
        "record the program again for these values, or choose without branching: `condition.select(a, b)`",
    )
}

fn no_example() -> Fault {
    Fault::new(
        ErrorKind::Argument,
        "inside of `vmap` there are no values: one recording stands for all examples",
        "choose by value with `condition.select(a, b)`; read values of what `vmap` returns",
    )
}
