//! The largest or smallest elements over some axes: the loops are those of the sums.

use crate::reduce::{Fold, reduce};
use crate::scalar::Scalar;

pub(crate) struct Larger;

impl Fold for Larger {
    #[inline(always)]
    fn start<T: Scalar>() -> T {
        T::neg_infinity()
    }

    #[inline(always)]
    fn both<T: Scalar>(a: T, b: T) -> T {
        a.larger(b)
    }

    #[inline(always)]
    fn short<T: Scalar>(x: &[T]) -> Option<T> {
        Some(short::<T, Self>(x, |a, b| a > b))
    }
}

pub(crate) struct Smaller;

impl Fold for Smaller {
    #[inline(always)]
    fn start<T: Scalar>() -> T {
        T::infinity()
    }

    #[inline(always)]
    fn both<T: Scalar>(a: T, b: T) -> T {
        a.smaller(b)
    }

    #[inline(always)]
    fn short<T: Scalar>(x: &[T]) -> Option<T> {
        Some(short::<T, Self>(x, |a, b| a < b))
    }
}

/// One after another, by the plain comparison: one instruction instead of ten. NaN and the sign of a zero, which it does
/// not see, are looked after behind the loop.
#[inline(always)]
fn short<T: Scalar, F: Fold>(x: &[T], better: impl Fn(T, T) -> bool) -> T {
    let (mut best, mut nan) = (F::start(), false);
    for &x in x {
        best = if better(x, best) { x } else { best };
        nan |= x.is_nan();
    }
    if nan {
        T::nan()
    } else if best == T::zero() {
        x.iter().fold(F::start(), |best, &x| F::both(best, x))
    } else {
        best
    }
}

pub(crate) fn extremum<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    largest: bool,
    out: &mut [T],
) -> bool {
    if shape.contains(&0) && !out.is_empty() {
        return false;
    }
    let done = if largest {
        reduce::<T, Larger>(data, offset, shape, strides, reduced, out)
    } else {
        reduce::<T, Smaller>(data, offset, shape, strides, reduced, out)
    };
    if done {
        for out in out {
            *out = one_nan(*out);
        }
    }
    done
}

/// One NaN for all: which of several is met first would depend on the order.
#[inline(always)]
pub(crate) fn one_nan<T: Scalar>(x: T) -> T {
    if x.is_nan() { T::nan() } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::layouts;
    use proptest::prelude::*;

    fn bits(out: &[f64]) -> Vec<u64> {
        out.iter().map(|x| x.to_bits()).collect()
    }

    /// By the definition, on the elements in row-major order.
    fn naive(elements: &[f64], shape: &[usize], reduced: &[bool], largest: bool) -> Vec<f64> {
        let kept: usize = shape.iter().zip(reduced).filter(|(_, r)| !**r).map(|(&size, _)| size).product();
        let mut slots = vec![Vec::new(); kept];
        for (index, &x) in elements.iter().enumerate() {
            let (mut rest, mut slot, mut stride) = (index, 0, 1);
            for (&size, &reduced) in shape.iter().zip(reduced).rev() {
                if !reduced {
                    slot += rest % size * stride;
                    stride *= size;
                }
                rest /= size;
            }
            slots[slot].push(x);
        }
        let best = |mut slot: Vec<f64>| {
            if slot.iter().any(|x| x.is_nan()) {
                return f64::NAN;
            }
            slot.sort_by(f64::total_cmp);
            slot[if largest { slot.len() - 1 } else { 0 }]
        };
        slots.into_iter().map(best).collect()
    }

    /// Many ties, zeros of both signs and, if wanted, a NaN of either sign now and then.
    fn rough(x: f64, seed: usize, with_nan: bool) -> f64 {
        match ((x * 1e4) as isize as usize).wrapping_mul(7).wrapping_add(seed) % 23 {
            0 if with_nan => f64::NAN,
            1 if with_nan => -f64::NAN,
            2..6 => -0.0,
            6..9 => 0.0,
            9 => f64::INFINITY,
            10 => f64::NEG_INFINITY,
            _ => (x * 4.0).round(),
        }
    }

    proptest! {
        #[test]
        fn any_layout_against_the_definition(
            mut x in layouts(),
            flags in prop::collection::vec(any::<bool>(), 5),
            (largest, with_nan, seed) in (any::<bool>(), any::<bool>(), 0usize..23),
        ) {
            x.data.iter_mut().for_each(|x| *x = rough(*x, seed, with_nan));
            let reduced = &flags[..x.shape.len()];
            let elements = x.naive();
            let kept: usize = x.shape.iter().zip(reduced).filter(|(_, r)| !**r).map(|(n, _)| *n).product();
            let mut out = vec![9.0; kept];
            let done = extremum(&x.data, x.offset, &x.shape, &x.strides, reduced, largest, &mut out);
            prop_assert_eq!(done, out.is_empty() || !elements.is_empty());
            if elements.is_empty() {
                prop_assert!(out.iter().all(|&x| x == 9.0));
            } else {
                prop_assert_eq!(bits(&out), bits(&naive(&elements, &x.shape, reduced, largest)));
            }
        }

        #[test]
        fn nonsense_never_panics(
            (offset, kept, largest) in (0usize..3, 0usize..3, any::<bool>()),
            shape in prop::collection::vec(prop_oneof![any::<usize>(), 0usize..3], 0..4),
            strides in prop::collection::vec(prop_oneof![any::<isize>(), 1isize..2], 0..4),
            reduced in prop::collection::vec(any::<bool>(), 0..4),
        ) {
            prop_assume!(!shape.iter().zip(&strides).any(|(&size, &stride)| size > 2 && stride == 0));
            extremum(&[1.0, 2.0], offset, &shape, &strides, &reduced, largest, &mut [0.0; 3][..kept]);
        }
    }

    #[test]
    fn nan_spreads_and_nothing_is_refused() {
        let data = [1.0, f64::NAN, 3.0, -0.0, 0.0, -5.0];
        let mut out = [9.0; 2];
        assert!(extremum(&data, 0, &[2, 3], &[3, 1], &[false, true], true, &mut out));
        assert!(out[0].is_nan() && out[1].to_bits() == 0);
        assert!(extremum(&data, 3, &[3], &[1], &[true], false, &mut out[..1]));
        assert_eq!(out[0], -5.0);
        out = [9.0; 2];
        assert!(!extremum(&data, 0, &[0], &[1], &[true], true, &mut out[..1]));
        assert!(!extremum(&data, 0, &[2, 0], &[1, 1], &[false, true], true, &mut out));
        assert!(extremum(&data, 0, &[0, 3], &[1, 1], &[false, true], true, &mut []));
        assert!(!extremum(&data, 0, &[2, 3], &[3, 1], &[true], true, &mut out));
        assert!(!extremum(&data, 0, &[2, 3], &[3, 1], &[true, true], true, &mut out));
        assert_eq!(out, [9.0; 2]);
        // Nothing but the starting values themselves.
        assert!(extremum(&[f64::NEG_INFINITY; 3], 0, &[3], &[1], &[true], true, &mut out[..1]));
        assert_eq!(out[0], f64::NEG_INFINITY);
    }

    /// Long enough to be split, with the rare extreme at the far end.
    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for (shape, strides) in [([300_007, 1], [1, 1]), ([401, 777], [777, 1]), ([401, 777], [1, 401])] {
            let mut data: Vec<f64> =
                (0..shape[0] * shape[1]).map(|i| rough(i as f64 / 7.0, i, false)).collect();
            data.iter_mut().for_each(|x| *x = x.clamp(-1e6, 1e6));
            *data.last_mut().unwrap() = 2e6;
            let elements: Vec<f64> = (0..data.len())
                .map(|i| data[i / shape[1] * strides[0] as usize + i % shape[1] * strides[1] as usize])
                .collect();
            for reduced in [[true, true], [true, false], [false, true], [false, false]] {
                for largest in [true, false] {
                    let expected = naive(&elements, &shape, &reduced, largest);
                    for threads in [1, 2, 3, 8] {
                        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                        let mut out = vec![9.0; expected.len()];
                        let run = || extremum(&data, 0, &shape, &strides, &reduced, largest, &mut out);
                        assert!(pool.install(run));
                        assert_eq!(bits(&out), bits(&expected), "{shape:?} {reduced:?} {threads}");
                    }
                }
            }
        }
    }
}
