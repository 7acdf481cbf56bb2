//! Tests of the sums: against naive loops, for accuracy, and for the same bits whatever the layout and the threads.

use super::*;
use crate::view::tests::layouts;
use proptest::prelude::*;

fn value(i: usize) -> f64 {
    (i as f64 * 0.61).sin() + 0.1
}

/// The sum by the definition, and the sum of the absolute values, which bounds the error. What each addition rounds off is
/// kept apart and added in the end (Neumaier 1974): added up plainly, many equal numbers drift further than the bound.
fn naive(elements: &[f64], shape: &[usize], reduced: &[bool]) -> Vec<(f64, f64)> {
    let kept: usize = shape.iter().zip(reduced).filter(|(_, r)| !**r).map(|(&size, _)| size).product();
    let mut out = vec![(0.0_f64, 0.0, 0.0); kept];
    for (index, &x) in elements.iter().enumerate() {
        let (mut rest, mut at, mut stride) = (index, 0, 1);
        for (&size, &reduced) in shape.iter().zip(reduced).rev() {
            if !reduced {
                at += rest % size * stride;
                stride *= size;
            }
            rest /= size;
        }
        let (sum, lost, size) = out[at];
        let next = sum + x;
        let rounded = if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        out[at] = (next, lost + rounded, size + x.abs());
    }
    out.into_iter().map(|(sum, lost, size)| (sum + lost, size)).collect()
}

fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for k in (1..shape.len()).rev() {
        strides[k - 1] = strides[k] * shape[k].max(1) as isize;
    }
    strides
}

fn bits(out: &[f64]) -> Vec<u64> {
    out.iter().map(|x| x.to_bits()).collect()
}

fn with_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

proptest! {
    #[test]
    fn any_layout_against_the_definition(x in layouts(), flags in prop::collection::vec(any::<bool>(), 5)) {
        let reduced = &flags[..x.shape.len()];
        let elements = x.naive();
        let expected = naive(&elements, &x.shape, reduced);
        let mut out = vec![9.0; expected.len()];
        prop_assert!(sum(&x.data, x.offset, &x.shape, &x.strides, reduced, &mut out));
        for (got, (exact, size)) in out.iter().zip(expected) {
            prop_assert!((got - exact).abs() <= 1e-14 * size, "{} instead of {}", got, exact);
        }
        // The order of the additions follows from the sizes alone.
        let mut dense = vec![9.0; out.len()];
        prop_assert!(sum(&elements, 0, &x.shape, &row_major(&x.shape), reduced, &mut dense));
        prop_assert_eq!(bits(&out), bits(&dense));
        prop_assert_eq!(sum_all(x.view()).to_bits(), sum_all(View::dense(&elements)).to_bits());
    }

    #[test]
    fn the_short_way_is_the_long_way(x in prop::collection::vec(-1.0f64..1.0, 0..=FEW)) {
        prop_assert_eq!(few::<f64, Add>(&x).to_bits(), block::<f64, Add>(&View::dense(&x), 0, x.len()).to_bits());
    }

    #[test]
    fn nonsense_never_panics(
        (offset, kept) in (any::<usize>(), 0usize..3),
        shape in prop::collection::vec(prop_oneof![any::<usize>(), 0usize..3], 0..4),
        strides in prop::collection::vec(prop_oneof![any::<isize>(), 0isize..2], 0..4),
        reduced in prop::collection::vec(any::<bool>(), 0..4),
    ) {
        // A repeated element without end would be summed correctly, but not today.
        prop_assume!(!shape.iter().zip(&strides).any(|(&size, &stride)| size > 2 && stride == 0));
        sum(&[1.0, 2.0], offset % 3, &shape, &strides, &reduced, &mut [0.0; 3][..kept]);
    }
}

#[test]
fn descriptions_that_do_not_fit_leave_the_output_alone() {
    let (data, mut out) = ([1.0; 6], [7.0; 2]);
    assert!(!sum(&data, 0, &[2, 3], &[3], &[false, true], &mut out));
    assert!(!sum(&data, 0, &[2, 3], &[3, 1], &[false], &mut out));
    assert!(!sum(&data, 0, &[2, 3], &[3, 1], &[true, false], &mut out));
    assert!(!sum(&data, 1, &[2, 3], &[3, 1], &[false, true], &mut out));
    assert!(!sum(&data, 0, &[0, usize::MAX, 2], &[1, 1, 1], &[true, false, false], &mut out));
    assert_eq!(out, [7.0; 2]);
}

#[test]
fn empty_sums_are_zero() {
    let mut out = [7.0; 2];
    assert!(sum(&[], 0, &[2, 0], &[0, 1], &[false, true], &mut out));
    assert_eq!(bits(&out), [0, 0]);
    assert!(sum(&[], 0, &[0, 2], &[2, 1], &[true, true], &mut out[..1]));
    assert!(sum::<f64>(&[], 0, &[0, 2], &[2, 1], &[false, true], &mut []));
    assert_eq!(sum_all::<f32>(View::dense(&[])), 0.0);
    assert_eq!(sum_all(View::dense(&[-0.0f64])).to_bits(), 0);
}

#[test]
fn many_axes() {
    let data: Vec<f64> = (0..1 << 9).map(value).collect();
    let shape = [2; 9];
    let reduced = [true, false, true, false, false, true, true, false, true];
    let mut out = [0.0; 16];
    assert!(sum(&data, 0, &shape, &row_major(&shape), &reduced, &mut out));
    for (got, (exact, _)) in out.iter().zip(naive(&data, &shape, &reduced)) {
        assert!((got - exact).abs() < 1e-12);
    }
}

#[test]
fn a_million_tenths() {
    let n = 1_000_000;
    let x = vec![0.1f32; n];
    let exact = 0.1f32.as_f64() * n as f64;
    // Adding one after another is off by 958 here.
    assert!((sum_all(View::dense(&x)).as_f64() - exact).abs() < 2e-6 * exact);
    let shape = [n];
    let repeated = View::strided(&x[..1], 0, &shape, &[0]).unwrap();
    assert_eq!(sum_all(repeated), sum_all(View::dense(&x)));
    let mut out = [0.0; 4];
    assert!(sum(&x, 0, &[n / 4, 4], &[4, 1], &[true, false], &mut out));
    assert!(out.iter().all(|sum| (sum.as_f64() - exact / 4.0).abs() < 2e-6 * exact / 4.0));
    let x = vec![0.1f64; n];
    assert!((sum_all(View::dense(&x)) - 1e5).abs() < 1e-9);
}

/// Terms that cancel to a known remainder: the error is measured by the size of the terms, not of the result.
#[test]
fn cancellation() {
    let n = 100_000;
    let mut x: Vec<f64> = (0..n).map(|i| value(i) * 1e8).collect();
    let negated: Vec<f64> = x.iter().rev().map(|x| -x).collect();
    x.extend(negated);
    x.push(1.0);
    let size: f64 = x.iter().map(|x| x.abs()).sum();
    assert!((sum_all(View::dense(&x)) - 1.0).abs() <= 50.0 * f64::EPSILON * size / (n as f64).sqrt());
}

#[test]
fn infinities_and_nan_are_not_lost() {
    let mut x = vec![1.0f64; 5000];
    x[4321] = f64::INFINITY;
    assert_eq!(sum_all(View::dense(&x)), f64::INFINITY);
    x[17] = f64::NAN;
    assert!(sum_all(View::dense(&x)).is_nan());
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let shapes: [&[usize]; 6] =
        [&[300_007], &[401, 777], &[100_003, 3], &[3, 100_003], &[7, 611, 70], &[40, 50, 3, 41]];
    for shape in shapes {
        let data: Vec<f64> = (0..shape.iter().product()).map(value).collect();
        for mask in 0..1usize << shape.len() {
            let reduced: Vec<bool> = (0..shape.len()).map(|k| mask >> k & 1 == 1).collect();
            let expected = naive(&data, shape, &reduced);
            // Row-major, and the same elements stored column-major.
            let column_major: Vec<isize> =
                (0..shape.len()).map(|k| shape[..k].iter().product::<usize>() as isize).collect();
            let mut turned = vec![0.0; data.len()];
            let walk = Walk { origin: 0, shape, strides: &column_major };
            (0..data.len()).for_each(|i| turned[walk.position(i) as usize] = data[i]);
            let mut one = Vec::new();
            for (data, strides) in [(&data, &row_major(shape)), (&turned, &column_major)] {
                for threads in [1, 2, 3, 8] {
                    let mut out = vec![9.0; expected.len()];
                    assert!(with_threads(threads, || sum(data, 0, shape, strides, &reduced, &mut out)));
                    if one.is_empty() {
                        for (got, (exact, size)) in out.iter().zip(&expected) {
                            assert!((got - exact).abs() <= 1e-12 * size);
                        }
                        one = bits(&out);
                    }
                    assert!(bits(&out) == one, "{shape:?} {reduced:?}, {threads} threads");
                }
            }
        }
    }
}
