//! First transformation: the shape of a node from the shapes of its operands, and NumPy's broadcasting.
//!
//! Shapes are interned: a node holds a [`ShapeId`], so that the common question "the same shape?" is one comparison.
//! Broadcasting is settled here, once: [`broadcast_plan`] says which axes of an operand must be dropped and which
//! inserted, and the tape records that as explicit nodes. Nothing behind this page thinks about it again.

use indexmap::IndexSet;
use smallvec::SmallVec;

use crate::error::{ErrorKind, Fault};
use crate::op::{Axes, Op};

/// Sizes along the axes; the empty one is a single number.
pub(crate) type Shape = SmallVec<[usize; 4]>;

/// An interned [`Shape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeId(u32);

impl ShapeId {
    /// The shape of a single number, `[]`.
    pub(crate) const SCALAR: ShapeId = ShapeId(0);
}

/// NumPy's own limit; it keeps axis numbers in a byte.
pub(crate) const MAX_RANK: usize = 64;

/// All shapes that occur on one tape.
#[derive(Debug)]
pub(crate) struct Shapes(IndexSet<Shape>);

impl Shapes {
    pub(crate) fn new() -> Self {
        Shapes(IndexSet::from([Shape::new()]))
    }

    /// Fails where an array of that shape could not be addressed.
    pub(crate) fn intern(&mut self, shape: &[usize]) -> Result<ShapeId, Fault> {
        if let Some(index) = self.0.get_index_of(shape) {
            return Ok(ShapeId(index as u32));
        }
        if shape.len() > MAX_RANK {
            return Err(Fault::new(
                ErrorKind::TooLarge,
                format!("{} axes are more than the {MAX_RANK} an array can have", shape.len()),
                "merge axes with `reshape`",
            ));
        }
        // Zero sizes are left out of the product: strides are computed from the others too.
        let bytes = shape.iter().filter(|&&n| n > 0).try_fold(8_usize, |all, &n| all.checked_mul(n));
        if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) || self.0.len() >= u32::MAX as usize {
            return Err(Fault::new(
                ErrorKind::TooLarge,
                format!("an array of shape {shape:?} has more elements than memory can address"),
                "check the shapes that meet here: a broadcast of [n, 1] with [m] has n * m elements",
            ));
        }
        Ok(ShapeId(self.0.insert_full(shape.into()).0 as u32))
    }

    pub(crate) fn get(&self, id: ShapeId) -> &[usize] {
        self.0.get_index(id.0 as usize).map_or(&[], |shape| shape.as_slice())
    }

    pub(crate) fn clear(&mut self) {
        self.0.truncate(1);
    }
}

/// How many elements an array of this shape has.
pub(crate) fn element_count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The shape of `op` applied to operands of the given shapes.
pub(crate) fn infer<T>(op: &Op<T>, operands: &[ShapeId], shapes: &mut Shapes) -> Result<ShapeId, Fault> {
    // A missing operand cannot happen: each recording method hands over as many as its operation has.
    let operand = |i: usize| operands.get(i).copied().unwrap_or(ShapeId::SCALAR);
    let first = operand(0);
    match op {
        Op::Invalid(_) | Op::Variable(_) | Op::Constant | Op::Example => Ok(ShapeId::SCALAR),
        Op::Detach | Op::Guard(_) | Op::Map(_) | Op::Zip(_) => Ok(first),
        Op::Broadcast { to, .. } => Ok(*to),
        Op::Reshape(to) => {
            let (from, into) = (shapes.get(first), shapes.get(*to));
            let (have, want) = (element_count(from), element_count(into));
            if have == want {
                return Ok(*to);
            }
            Err(Fault::new(
                ErrorKind::Shape,
                format!("{from:?} has {have} elements, {into:?} has {want}"),
                "the number of elements must stay the same",
            ))
        }
        Op::Sum(axes) => {
            let kept = without(shapes.get(first), axes);
            shapes.intern(&kept)
        }
        Op::Permute(axes) => {
            let from = shapes.get(first);
            let to: Shape = axes.iter().filter_map(|&a| from.get(a as usize).copied()).collect();
            shapes.intern(&to)
        }
        Op::MatMul => {
            let to = product_shape(shapes.get(first), shapes.get(operand(1)))?;
            shapes.intern(&to)
        }
        Op::Select => Ok(first),
        Op::Extremum { axes, .. } => {
            let from = shapes.get(first);
            let kept = without(from, axes);
            if element_count(&kept) > 0 && element_count(from) == 0 {
                return Err(empty_choice(from));
            }
            shapes.intern(&kept)
        }
        Op::ArgExtremum { axis, .. } => {
            let from = shapes.get(first);
            let kept = without(from, &[*axis]);
            if element_count(&kept) > 0 && element_count(from) == 0 {
                return Err(empty_choice(from));
            }
            shapes.intern(&kept)
        }
        Op::CumSum { .. } => Ok(first),
        Op::Slice(slices) => {
            let to: Shape = slices.iter().map(|slice| slice.len).collect();
            shapes.intern(&to)
        }
        Op::Unslice { to, .. } | Op::Scatter { to, .. } | Op::Fold { to, .. } => Ok(*to),
        Op::Concat(axis) => {
            let to = concat_shape(operands, *axis as usize, shapes)?;
            shapes.intern(&to)
        }
        Op::Gather { axis, along } => {
            let (from, index) = (shapes.get(first), shapes.get(operand(1)));
            let axis = *axis as usize;
            let to: Shape = match along {
                true => index.into(),
                false => from[..axis].iter().chain(index).chain(&from[axis + 1..]).copied().collect(),
            };
            shapes.intern(&to)
        }
        Op::Unfold(window) => {
            let from = shapes.get(first);
            let mut to: Shape = from.into();
            if let Some(size) = to.get_mut(window.axis as usize) {
                *size = window.count(*size);
            }
            to.push(window.size);
            shapes.intern(&to)
        }
        Op::Cholesky => square(shapes.get(first)).map(|_| first),
        Op::LogDet => square(shapes.get(first)).map(|_| ShapeId::SCALAR),
        Op::TriangularSolve(_) | Op::Solve => {
            let (a, b) = (shapes.get(first), shapes.get(operand(1)));
            let n = square(a)?;
            match *b {
                [rows] | [rows, _] if rows == n => Ok(operand(1)),
                _ => Err(Fault::new(
                    ErrorKind::Shape,
                    format!("{a:?} cannot divide {b:?}"),
                    format!("the right-hand side is a vector of {n} numbers or a matrix of {n} rows"),
                )),
            }
        }
        Op::Custom(custom) => Ok(custom.shape),
    }
}

/// `shape` without the given axes.
pub(crate) fn without(shape: &[usize], axes: &[u8]) -> Shape {
    (0_u8..).zip(shape).filter(|(axis, _)| !axes.contains(axis)).map(|(_, &n)| n).collect()
}

/// `shape` with size 1 along the given axes.
pub(crate) fn kept(shape: &[usize], axes: &[u8]) -> Shape {
    (0_u8..).zip(shape).map(|(axis, &n)| if axes.contains(&axis) { 1 } else { n }).collect()
}

fn empty_choice(from: &[usize]) -> Fault {
    Fault::new(
        ErrorKind::Shape,
        format!("{from:?} has no element to choose along the axis"),
        "the largest or smallest of nothing does not exist; leave out axes of size 0",
    )
}

fn square(shape: &[usize]) -> Result<usize, Fault> {
    match *shape {
        [rows, columns] if rows == columns => Ok(rows),
        _ => Err(Fault::new(
            ErrorKind::Shape,
            format!("an operand of shape {shape:?} is not a square matrix"),
            "linear algebra is for single square matrices; `vmap` maps it over a batch",
        )),
    }
}

fn concat_shape(operands: &[ShapeId], axis: usize, shapes: &Shapes) -> Result<Shape, Fault> {
    let mut to: Shape = operands.first().map_or(&[][..], |&id| shapes.get(id)).into();
    for &id in operands.iter().skip(1) {
        let next = shapes.get(id);
        let fits = next.len() == to.len() && (0..to.len()).all(|i| i == axis || next[i] == to[i]);
        if !fits {
            return Err(Fault::new(
                ErrorKind::Shape,
                format!("{:?} and {next:?} do not fit together along axis {axis}", shapes.get(operands[0])),
                "all sizes but the one along the axis must be equal",
            ));
        }
        if let Some(size) = to.get_mut(axis) {
            *size = size.saturating_add(next[axis]);
        }
    }
    Ok(to)
}

fn product_shape(a: &[usize], b: &[usize]) -> Result<Shape, Fault> {
    // With more than two axes the recording method has made the first ones equal.
    if let ([batch @ .., m, k], [_, .., inner, n]) = (a, b)
        && a.len() > 2
        && a.len() == b.len()
        && k == inner
    {
        return Ok(batch.iter().copied().chain([*m, *n]).collect());
    }
    let (rows, inner) = match *a {
        [k] => (None, k),
        [m, k] => (Some(m), k),
        _ => return Err(product_rank(a)),
    };
    let (inner_b, columns) = match *b {
        [k] => (k, None),
        [k, n] => (k, Some(n)),
        _ => return Err(product_rank(b)),
    };
    if inner != inner_b {
        return Err(Fault::new(
            ErrorKind::Shape,
            format!("{a:?} times {b:?} pairs {inner} columns with {inner_b} rows"),
            "the inner sizes must agree; `.t()` transposes a matrix",
        ));
    }
    Ok(rows.into_iter().chain(columns).collect())
}

fn product_rank(shape: &[usize]) -> Fault {
    Fault::new(
        ErrorKind::Shape,
        format!("an operand of shape {shape:?} is neither a vector nor a matrix"),
        "a single number multiplies with `*`",
    )
}

/// NumPy's rule: align at the right; sizes are equal, or one of them is 1 or missing.
pub(crate) fn broadcast_shape(a: &[usize], b: &[usize]) -> Result<Shape, Fault> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (m, n) if m == n => Ok(m),
            (1, n) => Ok(n),
            (m, 1) => Ok(m),
            (m, n) => Err(Fault::new(
                ErrorKind::Shape,
                format!("{a:?} and {b:?} cannot be broadcast: {m} meets {n} on axis {axis} of the result"),
                "sizes must be equal or 1, counted from the last axis; `reshape` inserts an axis of size 1",
            )),
        })
        .collect()
}

/// How to stretch an array of one shape to another: first keep only `kept` (drop axes of size 1 that must grow),
/// then insert `inserted` (numbered in the result).
pub(crate) struct BroadcastPlan {
    pub(crate) kept: Shape,
    pub(crate) inserted: Axes,
}

pub(crate) fn broadcast_plan(from: &[usize], to: &[usize]) -> Result<BroadcastPlan, Fault> {
    let mut plan = BroadcastPlan { kept: Shape::new(), inserted: Axes::new() };
    let misfit = || {
        Fault::new(
            ErrorKind::Shape,
            format!("{from:?} cannot be broadcast to {to:?}"),
            "counted from the last axis, each size must be the same, or 1, or missing",
        )
    };
    let new_axes = to.len().checked_sub(from.len()).ok_or_else(misfit)?;
    for (axis, &size) in (0_u8..).zip(to) {
        match (axis as usize).checked_sub(new_axes).map(|i| from[i]) {
            Some(have) if have == size => plan.kept.push(have),
            Some(1) | None => plan.inserted.push(axis),
            Some(_) => return Err(misfit()),
        }
    }
    Ok(plan)
}

/// The axes meant by possibly negative numbers; each may occur once.
pub(crate) fn normalize_axes(axes: &[isize], rank: usize) -> Result<Axes, Fault> {
    let mut found = Axes::new();
    for &axis in axes {
        let index = if axis < 0 { axis.checked_add_unsigned(rank).unwrap_or(-1) } else { axis };
        if index < 0 || index as usize >= rank {
            let help = match rank {
                0 => "a single number has no axes".to_owned(),
                _ => format!("axes run from 0 to {}, or from -{rank} to -1 counted from the end", rank - 1),
            };
            return Err(Fault::new(ErrorKind::Axis, format!("there is no axis {axis} in {rank} axes"), help));
        }
        let index = index as u8;
        if found.contains(&index) {
            return Err(Fault::new(
                ErrorKind::Axis,
                format!("axis {axis} is named twice"),
                "name each axis once",
            ));
        }
        found.push(index);
    }
    Ok(found)
}

/// The permutation that undoes `axes`.
pub(crate) fn inverse(axes: &[u8]) -> Axes {
    let mut back: Axes = axes.into();
    for (to, &from) in (0_u8..).zip(axes) {
        if let Some(slot) = back.get_mut(from as usize) {
            *slot = to;
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let check = |a: &[usize], b: &[usize], want: Option<&[usize]>| {
            assert_eq!(broadcast_shape(a, b).ok().as_deref(), want, "{a:?} {b:?}");
            assert_eq!(broadcast_shape(b, a).ok().as_deref(), want, "{b:?} {a:?}");
        };
        check(&[], &[], Some(&[]));
        check(&[3], &[], Some(&[3]));
        check(&[2, 3], &[3], Some(&[2, 3]));
        check(&[2, 1], &[1, 3], Some(&[2, 3]));
        check(&[0, 3], &[1], Some(&[0, 3]));
        check(&[0], &[1], Some(&[0]));
        check(&[0], &[2], None);
        check(&[2, 3], &[2], None);
    }

    #[test]
    fn plans_drop_only_the_ones_that_grow() {
        let plan = broadcast_plan(&[1, 1, 3], &[4, 2, 1, 3]).unwrap();
        assert_eq!((plan.kept.as_slice(), plan.inserted.as_slice()), (&[1, 3][..], &[0, 1][..]));
        assert!(broadcast_plan(&[2, 3], &[3]).is_err());
        assert!(broadcast_plan(&[2], &[4]).is_err());
    }

    #[test]
    fn axes_count_from_both_ends() {
        assert_eq!(normalize_axes(&[0, -1], 3).unwrap().as_slice(), &[0, 2]);
        for (axes, rank) in [(&[3][..], 3), (&[-4], 3), (&[0], 0), (&[0, -2], 2), (&[isize::MIN], 2)] {
            assert!(normalize_axes(axes, rank).is_err(), "{axes:?} of {rank}");
        }
    }

    #[test]
    fn too_large_to_address_is_refused() {
        let mut shapes = Shapes::new();
        assert!(shapes.intern(&[usize::MAX, 0, 2]).is_err());
        assert!(shapes.intern(&[1 << 40, 1 << 40]).is_err());
        assert!(shapes.intern(&[1; MAX_RANK + 1]).is_err());
        assert!(shapes.intern(&[0; MAX_RANK]).is_ok());
    }
}
