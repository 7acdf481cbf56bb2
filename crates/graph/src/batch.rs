//! The batched form of each operation: the same for every entry of a new first axis. Most operations only have their axis
//! numbers moved by one.

use std::sync::Arc;

use crate::Scalar;
use crate::graph::Graph;
use crate::op::{Axes, Op, SliceAxis, Window};
use crate::shape::ShapeId;
use crate::var::Var;

/// An operand: one entry for each example, or the same for all.
#[derive(Clone, Copy)]
pub(crate) enum Batched<'g, T: Scalar> {
    Whole(Var<'g, T>),
    Same(Var<'g, T>),
}

/// A node repeated along a new first axis.
pub(crate) fn repeated<T: Scalar>(x: Var<'_, T>, count: usize) -> Var<'_, T> {
    let to: Vec<usize> = [count].into_iter().chain(x.sizes()).collect();
    match x.graph().intern(&to) {
        Some(to) => x.record(Op::Broadcast { axes: Axes::from_slice(&[0]), to }),
        None => x.broadcast_to(to),
    }
}

impl<'g, T: Scalar> Batched<'g, T> {
    fn whole(self, count: usize) -> Var<'g, T> {
        match self {
            Batched::Whole(x) => x,
            Batched::Same(x) => repeated(x, count),
        }
    }

    /// The entry of one example.
    fn entry(self, number: usize) -> Var<'g, T> {
        match self {
            Batched::Same(x) => x,
            Batched::Whole(x) => {
                let rest: Vec<usize> = x.sizes().iter().skip(1).copied().collect();
                x.part(0, number, 1).reshape(rest)
            }
        }
    }
}

/// `op` for a batch of `count`, where `shape` is that of a single result. At least one operand is whole.
pub(crate) fn batched<'g, T: Scalar>(
    graph: &'g Graph<T>,
    op: &Op<T>,
    operands: &[Batched<'g, T>],
    count: usize,
    shape: &[usize],
) -> Var<'g, T> {
    let next = |axes: &Axes| -> Axes { axes.iter().map(|axis| axis + 1).collect() };
    let sizes = |to: &ShapeId| -> Vec<usize> { graph.tape.borrow().shapes.get(*to).to_vec() };
    // A shape too large makes the node invalid; it is the only way that this can fail.
    let with_batch = |sizes: &[usize]| graph.intern(&[&[count], sizes].concat());
    let whole = |i: usize| operands.get(i).map(|x| x.whole(count));
    let too_large = || graph.full([&[count], shape].concat(), T::zero());
    let record = |op: Option<Op<T>>| match (op, whole(0)) {
        (Some(op), Some(x)) => x.record(op),
        _ => too_large(),
    };
    let all = || operands.iter().map(|x| x.whole(count)).collect::<Vec<_>>();
    match op {
        Op::Map(_) | Op::Detach => record(Some(op.clone())),
        Op::Zip(_) | Op::Select => match whole(0) {
            Some(x) => x.record_of(op.clone(), &all()),
            None => too_large(),
        },
        Op::MatMul => match operands {
            &[a, b] => product(a, b, shape, count),
            _ => too_large(),
        },
        Op::Sum(axes) => record(Some(Op::Sum(next(axes)))),
        Op::Extremum { axes, largest } => record(Some(Op::Extremum { axes: next(axes), largest: *largest })),
        Op::ArgExtremum { axis, largest } => {
            record(Some(Op::ArgExtremum { axis: axis + 1, largest: *largest }))
        }
        Op::CumSum { axis, reverse } => record(Some(Op::CumSum { axis: axis + 1, reverse: *reverse })),
        Op::Broadcast { axes, to } => {
            record(with_batch(&sizes(to)).map(|to| Op::Broadcast { axes: next(axes), to }))
        }
        Op::Reshape(to) => record(with_batch(&sizes(to)).map(Op::Reshape)),
        Op::Permute(axes) => record(Some(Op::Permute([0].into_iter().chain(next(axes)).collect()))),
        Op::Slice(slices) => record(Some(Op::Slice(after(count, slices)))),
        Op::Unslice { slices, to } => {
            record(with_batch(&sizes(to)).map(|to| Op::Unslice { slices: after(count, slices), to }))
        }
        Op::Concat(axis) => match whole(0) {
            Some(x) => x.record_of(Op::Concat(axis + 1), &all()),
            None => too_large(),
        },
        Op::Unfold(window) => record(Some(Op::Unfold(Window { axis: window.axis + 1, ..**window }.into()))),
        Op::Fold { window, to } => {
            let window = Window { axis: window.axis + 1, ..**window };
            record(with_batch(&sizes(to)).map(|to| Op::Fold { window: window.into(), to }))
        }
        Op::Gather { axis, along: true } => match (whole(0), whole(1)) {
            (Some(x), Some(index)) => x.record_with(Op::Gather { axis: axis + 1, along: true }, index),
            _ => too_large(),
        },
        Op::Scatter { axis, along: true, to } => match (whole(0), whole(1), with_batch(&sizes(to))) {
            (Some(x), Some(index), Some(to)) => {
                x.record_with(Op::Scatter { axis: axis + 1, along: true, to }, index)
            }
            _ => too_large(),
        },
        // With the same indices for all, a batch is one more axis; else each example has its own.
        Op::Gather { axis, along: false } => match operands {
            &[Batched::Whole(x), Batched::Same(index)] => {
                x.record_with(Op::Gather { axis: axis + 1, along: false }, index)
            }
            _ => one_by_one(graph, op, operands, count, shape),
        },
        Op::Scatter { axis, along: false, to } => match (operands, with_batch(&sizes(to))) {
            (&[Batched::Whole(x), Batched::Same(index)], Some(to)) => {
                x.record_with(Op::Scatter { axis: axis + 1, along: false, to }, index)
            }
            _ => one_by_one(graph, op, operands, count, shape),
        },
        Op::Cholesky | Op::TriangularSolve(_) | Op::Solve | Op::LogDet | Op::Custom(_) => {
            one_by_one(graph, op, operands, count, shape)
        }
        // Leaves have no operands; a condition cannot have been read, for there are no values; an invalid node makes the
        // result invalid, and is refused before this.
        Op::Invalid(_) | Op::Variable(_) | Op::Constant | Op::Example | Op::Guard(_) => too_large(),
    }
}

fn after(count: usize, slices: &[SliceAxis]) -> Arc<[SliceAxis]> {
    [SliceAxis { start: 0, step: 1, len: count }].into_iter().chain(slices.iter().copied()).collect()
}

/// Where an operation has no batched form of its own.
fn one_by_one<'g, T: Scalar>(
    graph: &'g Graph<T>,
    op: &Op<T>,
    operands: &[Batched<'g, T>],
    count: usize,
    shape: &[usize],
) -> Var<'g, T> {
    let mut results = Vec::new();
    for number in 0..count {
        let entries: Vec<_> = operands.iter().map(|x| x.entry(number)).collect();
        if let Some(&x) = entries.first() {
            results.push(x.record_of(op.clone(), &entries));
        }
    }
    match results.is_empty() {
        true => graph.full([&[count], shape].concat(), T::zero()),
        false => graph.stack(results, 0),
    }
}

/// Products by NumPy's rule do most of it: a batch of matrices is one.
fn product<'g, T: Scalar>(a: Batched<'g, T>, b: Batched<'g, T>, shape: &[usize], count: usize) -> Var<'g, T> {
    let rank = |x: Batched<'g, T>| match x {
        Batched::Whole(x) => x.sizes().len().saturating_sub(1),
        Batched::Same(x) => x.sizes().len(),
    };
    let to = || [&[count], shape].concat();
    // [n, k] as n rows or n columns
    let rows = |x: Var<'g, T>| x.unsqueeze(-2);
    let columns = |x: Var<'g, T>| x.unsqueeze(-1);
    match (a, rank(a), b, rank(b)) {
        (Batched::Whole(a), _, Batched::Same(b), 1 | 2) => a.matmul(b),
        (Batched::Same(a), 1, Batched::Whole(b), 1) => b.matmul(a),
        (Batched::Same(a), 2, Batched::Whole(b), 1) => b.matmul(a.t()),
        (Batched::Same(a), _, Batched::Whole(b), _) => a.matmul(b),
        (Batched::Whole(a), 1, Batched::Whole(b), 1) => rows(a).matmul(columns(b)).reshape(to()),
        (Batched::Whole(a), 1, Batched::Whole(b), _) => rows(a).matmul(b).reshape(to()),
        (Batched::Whole(a), _, Batched::Whole(b), 1) => a.matmul(columns(b)).reshape(to()),
        // The axes that number the matrices are the same in both.
        (Batched::Whole(a), _, Batched::Whole(b) | Batched::Same(b), _) => a.matmul(b),
        (Batched::Same(a), _, Batched::Same(b), _) => repeated(a.matmul(b), count),
    }
}
