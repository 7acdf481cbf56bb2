//! The numbers of the workloads, made by integer arithmetic: the same bits in every engine and language.

use chainrule::graph::Scalar;
use ndarray::{ArrayD, IxDyn};

/// A number in [-1, 1): SplitMix64's output function on the place `i` of the stream `seed`.
pub fn u(seed: u64, i: u64) -> f64 {
    let mut z =
        seed.wrapping_mul(1_000_003).wrapping_add(i).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z ^= z >> 30;
    z = z.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^= z >> 27;
    z = z.wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 * 2.0 / (1_u64 << 53) as f64 - 1.0
}

/// `number` of each place in row-major order, computed in `f64` and rounded to `T`.
fn array<T: Scalar>(shape: &[usize], number: impl Fn(u64) -> f64) -> ArrayD<T> {
    let mut place = 0;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        place += 1;
        T::of(number(place - 1))
    })
}

/// `scale * u`
pub fn fill<T: Scalar>(seed: u64, shape: &[usize], scale: f64) -> ArrayD<T> {
    array(shape, |i| scale * u(seed, i))
}

/// `(u + 1) / 2`, numbers in [0, 1).
pub fn inputs<T: Scalar>(seed: u64, shape: &[usize]) -> ArrayD<T> {
    array(shape, |i| (u(seed, i) + 1.0) / 2.0)
}

/// `1 + 0.1 u`, the factors of a normalising layer.
pub fn gains<T: Scalar>(seed: u64, n: usize) -> ArrayD<T> {
    array(&[n], |i| 1.0 + 0.1 * u(seed, i))
}

/// `(7 i + 3) mod 10`, the number of the right class of each of `n` samples.
pub fn labels<T: Scalar>(n: usize) -> ArrayD<T> {
    array(&[n], |i| ((7 * i + 3) % 10) as f64)
}

/// Weight `[inputs, outputs]` and bias `[outputs]` of a dense layer `x W + b`.
pub fn linear<T: Scalar>(seed: u64, inputs: usize, outputs: usize) -> [ArrayD<T>; 2] {
    [fill(seed, &[inputs, outputs], 1.0 / (inputs as f64).sqrt()), fill(seed + 1, &[outputs], 0.1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against numbers that a few lines of Python with its big integers gave.
    #[test]
    fn known_numbers() {
        assert_eq!(u(0, 0), 0.7666216164272852);
        assert_eq!(u(100, 5), -0.7219025690751915);
        assert_eq!(u(700, 999_999), 0.9182711900689133);
        assert_eq!(u(903, 9999), 0.3530264307641653);
        assert_eq!(u(1 << 40, 7), -0.5990451835871689);
    }

    #[test]
    fn arrays_in_row_major_order_rounded_once() {
        let [weight, bias] = linear::<f32>(100, 2, 3);
        let expected = [0.09595065, -0.28474954, -0.12716727, -0.39860237, -0.63573664, -0.510_462_2];
        assert_eq!((weight.shape(), weight.as_slice().unwrap()), (&[2, 3][..], &expected[..]));
        assert_eq!(bias.as_slice().unwrap(), [0.005_440_607, -0.05743238, 0.024886046]);
        let x = inputs::<f32>(310, &[3]);
        assert_eq!(x.as_slice().unwrap(), [0.977_398_1, 0.571_309_3, 0.398_101_78]);
        assert_eq!(gains::<f32>(802, 3).as_slice().unwrap(), [1.0116465, 1.0879737, 0.946_254_1]);
        assert_eq!(labels::<f64>(12).as_slice().unwrap(), [3., 0., 7., 4., 1., 8., 5., 2., 9., 6., 3., 0.]);
    }
}
