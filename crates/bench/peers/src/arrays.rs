//! The data of the workloads, as chainrule-bench makes them, for frameworks that keep arrays of their own.

use chainrule::graph::Scalar;
use chainrule_bench::workload::{Id, Result, Workload};
use chainrule_bench::workloads::{Visitor, visit};
use ndarray::ArrayD;

/// What comes in with each call, and the parameters before the first one.
pub struct Arrays {
    /// In the order of the workload.
    pub inputs: Vec<ArrayD<f32>>,
    /// Weights and biases, layer after layer.
    pub parameters: Vec<ArrayD<f32>>,
}

/// Those of a workload in `f32`.
pub fn arrays(id: Id) -> Arrays {
    let mut arrays = visit(id, Collecting);
    if id == Id::W4 {
        // The number of steps, then parameters and two moments of each: those the frameworks' own optimisers keep.
        let optimiser = arrays.parameters.len() / 3 * 2;
        arrays.parameters.truncate(arrays.parameters.len() - optimiser);
        arrays.parameters.remove(0);
    }
    arrays
}

/// So many arrays, by name.
pub fn named<T, const N: usize>(arrays: Vec<T>) -> Result<[T; N]> {
    let have = arrays.len();
    arrays.try_into().map_err(|_| format!("{have} arrays, not {N}").into())
}

struct Collecting;

impl Visitor for Collecting {
    type Output = Arrays;

    fn visit<T: Scalar, const I: usize, const O: usize>(self, workload: Workload<T, I, O>) -> Arrays {
        let single = |array: &ArrayD<T>| array.map(|x| x.as_f64() as f32);
        Arrays {
            inputs: workload.inputs.iter().map(single).collect(),
            parameters: workload.state.iter().map(single).collect(),
        }
    }
}
