//! Random directions: short dyadic numbers, the same for the same seed on every machine.

use ndarray::ArrayD;

use chainrule_graph::Scalar;

/// A small generator (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `±1/4, ±3/8, ..., ±1`: never 0, so that no element is left out, and exact in every format.
    pub(crate) fn dyadic(&mut self) -> f64 {
        let bits = self.bits() >> 32;
        let size = (2 + bits % 7) as f64 / 8.0;
        if bits & 0x100 == 0 { size } else { -size }
    }

    pub(crate) fn array<T: Scalar>(&mut self, shape: &[usize]) -> ArrayD<T> {
        ArrayD::from_shape_simple_fn(shape, || T::of(self.dyadic()))
    }

    /// An array for each, of the same shapes.
    pub(crate) fn like<T: Scalar>(&mut self, arrays: &[ArrayD<T>]) -> Vec<ArrayD<T>> {
        arrays.iter().map(|x| self.array(x.shape())).collect()
    }
}
