//! When two items of a program are the same: the operation with its parameters, the operands and the shape as numbers.

use std::hash::Hasher;

use smallvec::SmallVec;

use super::hash::Quick;
use super::simplify::{Kind, Part};
use super::source::Source;
use crate::Scalar;
use crate::op::Op;

/// What makes two items the same.
#[derive(PartialEq, Eq)]
pub(super) struct Key(SmallVec<[u64; 24]>);

impl Key {
    pub(super) fn hash(&self) -> u64 {
        let mut hash = Quick::default();
        self.0.iter().for_each(|&word| hash.write_u64(word));
        hash.finish()
    }

    pub(super) fn new<T: Scalar>(
        kind: &Kind<T>,
        operands: &[Source],
        shape: &[usize],
        part: Part,
    ) -> Option<Key> {
        let mut words: SmallVec<[u64; 24]> = SmallVec::new();
        // Checkpoints are computed a second time on purpose.
        words.push(u64::from(part == Part::Again));
        match kind {
            Kind::Input(_) | Kind::State(_) => return None,
            Kind::Constant(elements) => match **elements {
                [x] => words.extend([1, x.bits()]),
                _ => return None,
            },
            Kind::Copy => words.push(2),
            Kind::Compute(op) => {
                words.push(3);
                op_words(op, &mut words)?;
            }
        }
        words.extend(shape.iter().map(|&size| size as u64));
        words.push(u64::MAX);
        for source in operands {
            words.push(source.root as u64);
            words.push(source.offset as u64);
            words.push(source.shape.len() as u64);
            words.extend(source.shape.iter().map(|&size| size as u64));
            words.extend(source.strides.iter().map(|&stride| stride as u64));
        }
        Some(Key(words))
    }
}

/// An operation with its parameters as numbers. `None`: it is equal to nothing.
fn op_words<T: Scalar>(op: &Op<T>, words: &mut SmallVec<[u64; 24]>) -> Option<()> {
    match op {
        Op::Map(f) => {
            words.push(10);
            words.extend(f.key());
        }
        Op::Zip(f) => words.extend([11, f.key()]),
        Op::Select => words.push(12),
        Op::MatMul => words.push(13),
        // How many axes there are comes first: what follows would go on with the shape of the result.
        Op::Sum(axes) => {
            words.extend([14, axes.len() as u64]);
            words.extend(axes.iter().map(|&axis| u64::from(axis)));
        }
        Op::Extremum { axes, largest } => {
            words.extend([15, u64::from(*largest), axes.len() as u64]);
            words.extend(axes.iter().map(|&axis| u64::from(axis)));
        }
        Op::ArgExtremum { axis, largest } => words.extend([16, u64::from(*axis), u64::from(*largest)]),
        Op::CumSum { axis, reverse } => words.extend([17, u64::from(*axis), u64::from(*reverse)]),
        Op::Unslice { slices, .. } => {
            words.extend([18, slices.len() as u64]);
            for slice in slices.iter() {
                words.extend([slice.start as u64, slice.step as u64, slice.len as u64]);
            }
        }
        Op::Concat(axis) => words.extend([19, u64::from(*axis)]),
        Op::Gather { axis, along } => words.extend([20, u64::from(*axis), u64::from(*along)]),
        Op::Scatter { axis, along, .. } => words.extend([21, u64::from(*axis), u64::from(*along)]),
        Op::Fold { window, .. } => words.extend([
            22,
            u64::from(window.axis),
            window.size as u64,
            window.stride as u64,
            window.dilation as u64,
        ]),
        Op::Cholesky => words.push(23),
        Op::TriangularSolve(triangle) => {
            words.extend([24, u64::from(triangle.upper), u64::from(triangle.transposed)]);
        }
        Op::Solve => words.push(25),
        Op::LogDet => words.push(26),
        // Whether the user's operation gives the same value twice is the user's affair: it is called as often as recorded.
        Op::Custom(_) | Op::Guard(_) => return None,
        // Views and leaves are no items of their own.
        Op::Invalid(_)
        | Op::Variable(_)
        | Op::Constant
        | Op::Example
        | Op::Detach
        | Op::Broadcast { .. }
        | Op::Reshape(_)
        | Op::Permute(_)
        | Op::Slice(_)
        | Op::Unfold(_) => return None,
    }
    Some(())
}
