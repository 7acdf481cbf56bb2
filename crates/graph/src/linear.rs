//! Second transformation, and the only place where a derivative is written: **one rule an operand**.
//!
//! The derivative of an operation with respect to one operand is a linear map. [`partial`] says which, as a value of
//! the small closed set [`Linear`]; [`Linear::apply`] lets the map act on a tangent, which is forward mode;
//! [`Linear::transpose`] turns it into the map that carries a cotangent back, which is reverse mode. So nobody
//! writes the same derivative twice, and the two modes cannot disagree.
//!
//! The lecture's closed form is one line of this page: the derivative of `W A` with respect to `A` is `Left(W)`, its
//! transpose is `Left(W')`, and that applied to the output's error is `E1 = W' E2`.

use std::rc::Rc;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::Scalar;
use crate::op::{Axes, Op, SliceAxis, Triangle, Window};
use crate::scalar::{Binary, binary_slope, unary_slope};
use crate::shape::{self, ShapeId};
use crate::var::Var;

/// A linear function as code that records it.
pub(crate) type LinearFn<'g, T> = Rc<dyn Fn(Var<'g, T>) -> Var<'g, T> + 'g>;

/// A linear map from arrays of one shape to arrays of another. Its parameters are nodes, so that applying it records
/// nodes that can be differentiated again.
pub(crate) enum Linear<'g, T> {
    /// Everything to 0. The sweeps pass it over.
    Zero,
    /// `X -> X`
    Id,
    /// `X -> c X`, an infinite `c` leaving zeros zero
    Scale(T),
    /// `X -> X / c`, which `Scale(1 / c)` would round twice, or overflow
    Div(T),
    /// `X -> D X` with a diagonal `D`: each element by its own factor, a zero factor absorbing inf and NaN
    Diag(Var<'g, T>),
    /// `X -> W X`
    Left(Var<'g, T>),
    /// `X -> X W`
    Right(Var<'g, T>),
    /// `X` where the condition is not 0, else 0; or, if not `taken`, the other way round
    Select { condition: Var<'g, T>, taken: bool },
    /// Running sums along an axis
    CumSum { axis: u8, reverse: bool },
    /// A regular part of an array of shape `from`
    Slice { slices: Arc<[SliceAxis]>, from: ShapeId },
    /// Zeros of shape `to` with the argument in the part
    Unslice { slices: Arc<[SliceAxis]>, to: ShapeId },
    /// The entries of an array of shape `from` whose numbers `index` holds
    Gather { axis: u8, along: bool, index: Var<'g, T>, from: ShapeId },
    /// Added to zeros of shape `to`, where `index` says
    Scatter { axis: u8, along: bool, index: Var<'g, T>, to: ShapeId },
    /// Windows of an array of shape `from`
    Unfold { window: Arc<Window>, from: ShapeId },
    /// Windows added up in zeros of shape `to`
    Fold { window: Arc<Window>, to: ShapeId },
    /// `X -> A⁻¹ X`
    Solve(Var<'g, T>),
    /// `X -> T⁻¹ X` with a triangle of a matrix
    TriangularSolve { matrix: Var<'g, T>, triangle: Triangle },
    /// A map and its transpose as functions of the user's
    Pair { apply: LinearFn<'g, T>, transpose: LinearFn<'g, T> },
    /// Adds up over `axes` of an array of shape `from`
    Sum { axes: Axes, from: ShapeId },
    /// Repeats along `axes` of the result's shape `to`
    Broadcast { axes: Axes, to: ShapeId },
    /// The same elements under another shape
    Reshape { from: ShapeId, to: ShapeId },
    /// Result axis `i` is argument axis `axes[i]`
    Permute(Axes),
    /// One after the other, the first one first
    Then(SmallVec<[Box<Linear<'g, T>>; 2]>),
}

/// The derivative of the node `y` with respect to its operand number `i`.
pub(crate) fn partial<'g, T: Scalar>(
    op: &Op<T>,
    i: usize,
    operands: &[Var<'g, T>],
    y: Var<'g, T>,
) -> Linear<'g, T> {
    match (op, operands) {
        (Op::Map(f), &[x]) => unary_slope(*f, x, y),
        (Op::Zip(f), &[a, b]) => binary_slope(*f, i, [a, b], y),
        (Op::MatMul, &[a, b]) => product(i, a, b, y),
        // The others are linear in their one operand, so they are their own derivative.
        (Op::Sum(axes), &[x]) => Linear::Sum { axes: axes.clone(), from: x.shape_id() },
        (Op::Broadcast { axes, to }, _) => Linear::Broadcast { axes: axes.clone(), to: *to },
        (Op::Reshape(to), &[x]) => Linear::Reshape { from: x.shape_id(), to: *to },
        (Op::Permute(axes), _) => Linear::Permute(axes.clone()),
        (Op::Detach, _) => Linear::Zero,
        (Op::Select, &[condition, _, _]) => match i {
            0 => Linear::Zero,
            _ => Linear::Select { condition, taken: i == 1 },
        },
        (Op::Extremum { axes, .. }, &[x]) => {
            // Each of the elements that equal the extreme one has the same share of its derivative.
            let ties = x.zip(Binary::Equal, y.spread(axes, x));
            let share = ties / ties.record(Op::Sum(axes.clone())).spread(axes, x);
            Linear::Diag(share).then(Linear::Sum { axes: axes.clone(), from: x.shape_id() })
        }
        (Op::CumSum { axis, reverse }, _) => Linear::CumSum { axis: *axis, reverse: *reverse },
        (Op::Slice(slices), &[x]) => Linear::Slice { slices: slices.clone(), from: x.shape_id() },
        (Op::Unslice { slices, to }, _) => Linear::Unslice { slices: slices.clone(), to: *to },
        (Op::Concat(axis), operands) => concat_part(*axis, i, operands, y),
        (Op::Gather { axis, along }, &[x, index]) => match i {
            0 => Linear::Gather { axis: *axis, along: *along, index, from: x.shape_id() },
            _ => Linear::Zero,
        },
        (Op::Scatter { axis, along, to }, &[_, index]) => match i {
            0 => Linear::Scatter { axis: *axis, along: *along, index, to: *to },
            _ => Linear::Zero,
        },
        (Op::Unfold(window), &[x]) => Linear::Unfold { window: window.clone(), from: x.shape_id() },
        (Op::Fold { window, to }, _) => Linear::Fold { window: window.clone(), to: *to },
        (Op::Cholesky, _) => cholesky(y),
        (Op::LogDet, &[a]) => {
            // d ln det A = tr(A⁻¹ dA), the sum of the elements of A⁻¹' and dA in the same places
            let all = Axes::from_slice(&[0, 1]);
            Linear::Diag(a.inverse().t()).then(Linear::Sum { axes: all, from: a.shape_id() })
        }
        (Op::Solve, &[a, _]) => match i {
            // dX = -A⁻¹ dA X
            0 => right(y).then(Linear::Scale(-T::one())).then(Linear::Solve(a)),
            _ => Linear::Solve(a),
        },
        (Op::TriangularSolve(triangle), &[a, _]) => match i {
            0 => triangular_divisor(*triangle, a, y),
            _ => Linear::TriangularSolve { matrix: a, triangle: *triangle },
        },
        (Op::Custom(custom), operands) => custom.op.derivative(i, operands, y).0,
        (Op::ArgExtremum { .. } | Op::Guard(_), _) => Linear::Zero,
        // Leaves have no operands, and each operation has the number of operands matched above.
        (Op::Invalid(_) | Op::Variable(_) | Op::Constant | Op::Example, _) => Linear::Zero,
        (
            Op::Map(_)
            | Op::Zip(_)
            | Op::MatMul
            | Op::Sum(_)
            | Op::Reshape(_)
            | Op::Select
            | Op::Extremum { .. }
            | Op::Slice(_)
            | Op::Gather { .. }
            | Op::Scatter { .. }
            | Op::Unfold(_)
            | Op::LogDet
            | Op::Solve
            | Op::TriangularSolve(_),
            _,
        ) => Linear::Zero,
    }
}

/// A part of a concatenation goes to its place among zeros.
fn concat_part<'g, T: Scalar>(axis: u8, i: usize, parts: &[Var<'g, T>], y: Var<'g, T>) -> Linear<'g, T> {
    let length = |part: &Var<'g, T>| part.sizes().get(axis as usize).copied().unwrap_or(0);
    let before: usize = parts.iter().take(i).map(length).sum();
    let own = parts.get(i).map_or(0, length);
    let slices = (0_u8..).zip(y.sizes()).map(|(a, len)| match a == axis {
        true => SliceAxis { start: before, step: 1, len: own },
        false => SliceAxis { start: 0, step: 1, len },
    });
    Linear::Unslice { slices: slices.collect(), to: y.shape_id() }
}

/// `X -> X B` for a vector or a matrix `B`: for a vector, an outer product goes back.
fn right<'g, T: Scalar>(b: Var<'g, T>) -> Linear<'g, T> {
    match *b.sizes() {
        [k] => {
            let shapes = b.graph().intern(&[k, 1]).zip(b.graph().intern(&[k]));
            let flat = shapes.map_or(Linear::Id, |(from, to)| Linear::Reshape { from, to });
            Linear::Right(b.reshape([k, 1])).then(flat)
        }
        _ => Linear::Right(b),
    }
}

/// `dL = L Φ(L⁻¹ dA L'⁻¹)`, where `Φ` keeps the lower triangle and half of the diagonal (Murray 2016, "Differentiation
/// of the Cholesky decomposition", equation 8).
fn cholesky<'g, T: Scalar>(l: Var<'g, T>) -> Linear<'g, T> {
    let n = l.sizes().first().copied().unwrap_or(0);
    let half = mask(l, n, [T::one(), T::of(0.5), T::zero()]);
    let divide =
        || Linear::TriangularSolve { matrix: l, triangle: Triangle { upper: false, transposed: false } };
    let swap = || Linear::Permute(Axes::from_slice(&[1, 0]));
    // X L'⁻¹ = (L⁻¹ X')'
    divide().then(swap()).then(divide()).then(swap()).then(Linear::Diag(half)).then(Linear::Left(l))
}

/// A matrix of constants for the triangles and the diagonal, on the graph of `like`; where there cannot be one, the invalid
/// node that says why.
fn mask<'g, T: Scalar>(like: Var<'g, T>, n: usize, parts: [T; 3]) -> Var<'g, T> {
    let graph = like.graph();
    let origin = graph.tape.borrow().behalf.unwrap_or(std::panic::Location::caller());
    graph.triangular(n, parts).unwrap_or_else(|fault| graph.refuse("derivative", &[like], fault, origin))
}

/// `dX = -T⁻¹ dT X`, of which only the triangle of `dT` counts.
fn triangular_divisor<'g, T: Scalar>(triangle: Triangle, a: Var<'g, T>, x: Var<'g, T>) -> Linear<'g, T> {
    let n = a.sizes().first().copied().unwrap_or(0);
    let [below, above] = if triangle.upper { [T::zero(), T::one()] } else { [T::one(), T::zero()] };
    let mask = Linear::Diag(mask(a, n, [below, T::one(), above]));
    let masked = match triangle.transposed {
        true => mask.then(Linear::Permute(Axes::from_slice(&[1, 0]))),
        false => mask,
    };
    masked.then(right(x)).then(Linear::Scale(-T::one())).then(Linear::TriangularSolve { matrix: a, triangle })
}

/// `A B`, linear in each factor. A vector is taken for the matrix it stands for (a row on the left, a column on the
/// right) where the other factor needs one: the derivative of `W a` with respect to `W` is `X -> X a`, and its
/// transpose the outer product with `a`.
fn product<'g, T: Scalar>(i: usize, a: Var<'g, T>, b: Var<'g, T>, y: Var<'g, T>) -> Linear<'g, T> {
    let (a_size, b_size) = (a.sizes(), b.sizes());
    // A vector has one axis; as a matrix in this product it has another of size 1, which the result then lacks.
    let reshape_result = |sizes: &[usize]| {
        y.graph().intern(sizes).map_or(Linear::Id, |from| Linear::Reshape { from, to: y.shape_id() })
    };
    match (i, a_size.as_slice(), b_size.as_slice()) {
        (0, _, &[.., _, _]) => Linear::Right(b),
        (0, a_size, &[k]) => {
            let column: SmallVec<[usize; 2]> =
                a_size[..a_size.len() - 1].iter().copied().chain([1]).collect();
            Linear::Right(b.reshape([k, 1])).then(reshape_result(&column))
        }
        (_, &[.., _, _], _) => Linear::Left(a),
        (_, &[k], b_size) => {
            let row: SmallVec<[usize; 2]> = [1].into_iter().chain(b_size[1..].iter().copied()).collect();
            Linear::Left(a.reshape([1, k])).then(reshape_result(&row))
        }
        _ => Linear::Zero,
    }
}

impl<'g, T: Scalar> Linear<'g, T> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "every map but a composition is taken as it is")]
    pub(crate) fn then(self, next: Self) -> Self {
        match self {
            Linear::Then(mut maps) => {
                maps.push(Box::new(next));
                Linear::Then(maps)
            }
            first => Linear::Then(smallvec![Box::new(first), Box::new(next)]),
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        matches!(self, Linear::Zero)
    }

    /// The map's value at `x`: one node, or one a step.
    pub(crate) fn apply(&self, x: Var<'g, T>) -> Var<'g, T> {
        match self {
            Linear::Zero => x * T::zero(),
            Linear::Id => x,
            Linear::Scale(c) if c.is_finite() => x * *c,
            Linear::Scale(c) => x.graph().constant(*c).zip(Binary::Chain, x),
            Linear::Div(c) if *c != T::zero() => x / *c,
            Linear::Div(c) => x.graph().constant(c.recip()).zip(Binary::Chain, x),
            Linear::Diag(d) => d.zip(Binary::Chain, x),
            Linear::Left(w) => w.matmul(x),
            Linear::Right(w) => x.matmul(*w),
            Linear::Select { condition, taken: true } => condition.select(x, T::zero()),
            Linear::Select { condition, taken: false } => condition.select(T::zero(), x),
            Linear::CumSum { axis, reverse } => x.record(Op::CumSum { axis: *axis, reverse: *reverse }),
            Linear::Slice { slices, .. } => x.record(Op::Slice(slices.clone())),
            Linear::Unslice { slices, to } => x.record(Op::Unslice { slices: slices.clone(), to: *to }),
            Linear::Gather { axis, along, index, .. } => {
                x.record_with(Op::Gather { axis: *axis, along: *along }, *index)
            }
            Linear::Scatter { axis, along, index, to } => {
                x.record_with(Op::Scatter { axis: *axis, along: *along, to: *to }, *index)
            }
            Linear::Unfold { window, .. } => x.record(Op::Unfold(window.clone())),
            Linear::Fold { window, to } => x.record(Op::Fold { window: window.clone(), to: *to }),
            Linear::Solve(a) => a.record_with(Op::Solve, x),
            Linear::TriangularSolve { matrix, triangle } => {
                matrix.record_with(Op::TriangularSolve(*triangle), x)
            }
            Linear::Pair { apply, .. } => apply(x),
            Linear::Sum { axes, .. } => x.record(Op::Sum(axes.clone())),
            Linear::Broadcast { axes, to } => x.record(Op::Broadcast { axes: axes.clone(), to: *to }),
            Linear::Reshape { to, .. } => x.record(Op::Reshape(*to)),
            Linear::Permute(axes) => x.record(Op::Permute(axes.clone())),
            Linear::Then(maps) => maps.iter().fold(x, |x, map| map.apply(x)),
        }
    }

    /// The map `L'` with `<L x, y> = <x, L' y>` for all `x` and `y`.
    pub(crate) fn transpose(&self) -> Self {
        match self {
            Linear::Zero => Linear::Zero,
            Linear::Id => Linear::Id,
            Linear::Scale(c) => Linear::Scale(*c),
            Linear::Div(c) => Linear::Div(*c),
            Linear::Diag(d) => Linear::Diag(*d),
            Linear::Left(w) => Linear::Left(w.mt()),
            Linear::Right(w) => Linear::Right(w.mt()),
            Linear::Select { condition, taken } => Linear::Select { condition: *condition, taken: *taken },
            Linear::CumSum { axis, reverse } => Linear::CumSum { axis: *axis, reverse: !reverse },
            Linear::Slice { slices, from } => Linear::Unslice { slices: slices.clone(), to: *from },
            Linear::Unslice { slices, to } => Linear::Slice { slices: slices.clone(), from: *to },
            Linear::Gather { axis, along, index, from } => {
                Linear::Scatter { axis: *axis, along: *along, index: *index, to: *from }
            }
            Linear::Scatter { axis, along, index, to } => {
                Linear::Gather { axis: *axis, along: *along, index: *index, from: *to }
            }
            Linear::Unfold { window, from } => Linear::Fold { window: window.clone(), to: *from },
            Linear::Fold { window, to } => Linear::Unfold { window: window.clone(), from: *to },
            Linear::Solve(a) => Linear::Solve(a.t()),
            Linear::TriangularSolve { matrix, triangle } => Linear::TriangularSolve {
                matrix: *matrix,
                triangle: Triangle { transposed: !triangle.transposed, ..*triangle },
            },
            Linear::Pair { apply, transpose } => {
                Linear::Pair { apply: transpose.clone(), transpose: apply.clone() }
            }
            Linear::Sum { axes, from } => Linear::Broadcast { axes: axes.clone(), to: *from },
            Linear::Broadcast { axes, to } => Linear::Sum { axes: axes.clone(), from: *to },
            Linear::Reshape { from, to } => Linear::Reshape { from: *to, to: *from },
            Linear::Permute(axes) => Linear::Permute(shape::inverse(axes)),
            Linear::Then(maps) => {
                Linear::Then(maps.iter().rev().map(|map| Box::new(map.transpose())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::scalar::Unary;

    /// Whole numbers, so that both sides of the identity are exact.
    fn whole<'g>(graph: &'g Graph, shape: &[usize], seed: i64) -> Var<'g> {
        let count: usize = shape.iter().product();
        let numbers: Vec<f64> = (0..count as i64).map(|i| ((i * 7 + seed * 5) % 11 - 5) as f64).collect();
        graph.constant(numbers).reshape(shape)
    }

    /// `<L x, y> = <x, L' y>`, and the result of each has the shape of the other's argument.
    fn check<'g>(graph: &'g Graph, from: &[usize], to: &[usize], map: impl Fn() -> Linear<'g, f64>) {
        let (x, y) = (whole(graph, from, 1), whole(graph, to, 2));
        let (there, back) = (map().apply(x), map().transpose().apply(y));
        assert_eq!((there.shape().unwrap(), back.shape().unwrap()), (to.to_vec(), from.to_vec()));
        let (left, right) = ((there * y).sum().item().unwrap(), (x * back).sum().item().unwrap());
        assert_eq!(left, right, "{from:?} -> {to:?}");
        assert!(left != 0.0 || from.contains(&0), "a check that proves nothing: {from:?} -> {to:?}");
    }

    /// Sweeps never ask for these, because they pass cut operands over; that they may depends on this.
    #[test]
    fn what_is_cut_has_the_zero_map_and_so_has_an_operand_that_there_is_not() {
        let graph = &Graph::new();
        let (x, z) = (graph.constant([1.0, 0.0]), graph.constant(0.0));
        let one = |op: Op<f64>| (op, vec![x], 0);
        let cut = [
            one(Op::Map(Unary::Sign)),
            one(Op::Map(Unary::Floor)),
            one(Op::Map(Unary::Inside(0.0, 1.0))),
            one(Op::Map(Unary::Step)),
            one(Op::ArgExtremum { axis: 0, largest: true }),
            one(Op::Guard(true)),
            (Op::Select, vec![x, x, x], 0),
            (Op::Gather { axis: 0, along: false }, vec![x, x], 1),
            (Op::Scatter { axis: 0, along: false, to: x.shape_id() }, vec![x, x], 1),
        ];
        for (op, operands, i) in cut {
            assert!(op.cuts(i) && partial(&op, i, &operands, x).is_zero(), "{}", op.name());
        }
        assert!(!Op::<f64>::Detach.cuts(0) && partial(&Op::Detach, 0, &[x], x).is_zero());
        for (op, operands) in [(Op::Constant, vec![]), (Op::LogDet, vec![]), (Op::MatMul, vec![z, z])] {
            assert!(partial(&op, 0, &operands, x).is_zero(), "{}", op.name());
        }
        let zero = [Linear::Zero.apply(x), Linear::<f64>::Zero.transpose().apply(x)];
        assert!(zero.iter().all(|zero| zero.value().unwrap() == ndarray::arr1(&[0.0, 0.0]).into_dyn()));
    }

    /// Its `n - 1` is no `i32`.
    #[test]
    fn the_most_negative_power_has_a_slope() {
        let graph = &Graph::new();
        let x = graph.variable("x", [1.0, 2.0]);
        let slope = x.powi(i32::MIN).sum().grad(x).unwrap().value().unwrap();
        assert_eq!(slope, ndarray::arr1(&[f64::from(i32::MIN), 0.0]).into_dyn());
    }

    #[test]
    fn every_map_is_transposed_rightly() {
        let graph = &Graph::new();
        let id = |shape: &[usize]| graph.intern(shape).unwrap();
        let w = whole(graph, &[3, 2], 3);
        check(graph, &[2, 3], &[2, 3], || Linear::Id);
        check(graph, &[2, 3], &[2, 3], || Linear::Scale(-3.0));
        check(graph, &[2, 3], &[2, 3], || Linear::Div(0.5));
        check(graph, &[4], &[4], || Linear::Diag(whole(graph, &[4], 4)));
        for (from, to) in [(&[2, 4][..], &[3, 4][..]), (&[2], &[3]), (&[2, 0], &[3, 0])] {
            check(graph, from, to, || Linear::Left(w));
        }
        for (from, to) in [(&[4, 3][..], &[4, 2][..]), (&[3], &[2]), (&[0, 3], &[0, 2])] {
            check(graph, from, to, || Linear::Right(w));
        }
        let axes = |axes: &[u8]| Axes::from_slice(axes);
        check(graph, &[2, 3, 4], &[3], || Linear::Sum { axes: axes(&[0, 2]), from: id(&[2, 3, 4]) });
        check(graph, &[3], &[2, 3, 4], || Linear::Broadcast { axes: axes(&[0, 2]), to: id(&[2, 3, 4]) });
        check(graph, &[2, 6], &[3, 4], || Linear::Reshape { from: id(&[2, 6]), to: id(&[3, 4]) });
        check(graph, &[2, 3, 4], &[4, 2, 3], || Linear::Permute(axes(&[2, 0, 1])));
        check(graph, &[6], &[3], || {
            let matrix = Linear::Reshape { from: id(&[6]), to: id(&[2, 3]) };
            matrix.then(Linear::Sum { axes: axes(&[0]), from: id(&[2, 3]) })
        });
    }

    #[test]
    fn products_of_vectors_and_matrices_have_their_outer_products() {
        let graph = &Graph::new();
        let shapes = [
            (&[3, 2][..], &[2, 4][..], &[3, 4][..]),
            (&[3, 2], &[2], &[3]),
            (&[2], &[2, 4], &[4]),
            (&[2], &[2], &[]),
        ];
        for (a_shape, b_shape, y_shape) in shapes {
            let (a, b) = (whole(graph, a_shape, 1), whole(graph, b_shape, 2));
            let y = a.matmul(b);
            check(graph, a_shape, y_shape, || product(0, a, b, y));
            check(graph, b_shape, y_shape, || product(1, a, b, y));
        }
    }

    #[test]
    fn a_zero_on_the_diagonal_absorbs_everything() {
        let graph = Graph::new();
        let d = Linear::Diag(graph.constant([0.0, 2.0, f64::INFINITY]));
        let x = graph.constant([f64::NAN, 3.0, 0.0]);
        assert_eq!(d.apply(x).value().unwrap(), ndarray::arr1(&[0.0, 6.0, 0.0]).into_dyn());
        for map in
            [Linear::Scale(f64::INFINITY), Linear::Scale(f64::NAN), Linear::Div(0.0), Linear::Div(-0.0)]
        {
            assert_eq!(map.apply(graph.constant(0.0)).item().unwrap(), 0.0);
        }
    }
}
