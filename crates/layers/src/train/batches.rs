//! Batches cut out of a dataset, in an order, through buffers that are used again.

use chainrule_graph::Scalar;
use ndarray::{ArrayD, Axis};

use crate::data::Dataset;

/// The rows of some samples, copied one behind the other.
pub(super) struct Batch<T> {
    pub(super) inputs: ArrayD<T>,
    pub(super) targets: ArrayD<T>,
}

impl<T: Scalar> Batch<T> {
    /// Room for `size` samples like those of `data`.
    pub(super) fn new(data: &Dataset<T>, size: usize) -> Self {
        let room = |array: &ArrayD<T>| {
            let mut shape = array.shape().to_vec();
            if let Some(first) = shape.first_mut() {
                *first = size;
            }
            ArrayD::zeros(shape)
        };
        Batch { inputs: room(data.inputs()), targets: room(data.targets()) }
    }

    /// Copies these samples, as many as there is room for.
    pub(super) fn fill(&mut self, data: &Dataset<T>, samples: impl Iterator<Item = usize> + Clone) {
        let copy = |from: &ArrayD<T>, to: &mut ArrayD<T>| {
            let width = from.len() / from.len_of(Axis(0)).max(1);
            // Both lie in row-major order: datasets see to it.
            let (Some(from), Some(to)) = (from.as_slice(), to.as_slice_mut()) else { return };
            if width == 0 {
                return;
            }
            for (row, sample) in to.chunks_exact_mut(width).zip(samples.clone()) {
                if let Some(values) = from.get(sample * width..(sample + 1) * width) {
                    row.copy_from_slice(values);
                }
            }
        };
        copy(data.inputs(), &mut self.inputs);
        copy(data.targets(), &mut self.targets);
    }
}

/// Where the batches of an epoch begin and end.
pub(super) fn ranges(len: usize, size: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let size = size.max(1);
    (0..len.div_ceil(size)).map(move |number| number * size..((number + 1) * size).min(len))
}
