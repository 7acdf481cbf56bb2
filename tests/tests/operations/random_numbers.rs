//! `uniform`, `normal`, `fold_in`: the figures, their spread, and that they are the same everywhere.

use chainrule::graph::ErrorKind;
use chainrule::prelude::*;

/// `lowbias32` by arithmetic on wide integers.
fn noise32(a: f32, b: f32) -> f32 {
    const SIZE: u64 = 1 << 32;
    let mix = |x: u64| {
        let x = (x ^ (x / (1 << 16))) * 0x7feb_352d % SIZE;
        let x = (x ^ (x / (1 << 15))) * 0x846c_a68b % SIZE;
        x ^ (x / (1 << 16))
    };
    let bits = |x: f32| u64::from(x.to_bits());
    let sum = (mix(bits(a)) + mix(bits(b) ^ 0x9e37_79b9)) % SIZE;
    (mix(sum) / 256) as f32 / 16_777_216.0
}

#[test]
fn the_figures_in_f32() {
    let graph = Graph::f32();
    for key in [0.0, -0.0, 1.0, 0.1, -7e20, f32::INFINITY] {
        let got = graph.constant(key).uniform([3, 700]).value().unwrap();
        assert!(got.iter().zip(0_u16..).all(|(&x, i)| x == noise32(key, f32::from(i))), "{key}");
        let folded = graph.constant(key).fold_in(5.0).item().unwrap();
        assert_eq!(folded, noise32(key, 5.0));
    }
}

/// Counts in 256 boxes: chi-squared is 255 with a deviation of 22.6.
fn chi_squared(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let expected = numbers.len() as f64 / 256.0;
    let mut boxes = [0.0; 256];
    for x in numbers {
        boxes[(x * 256.0) as usize] += 1.0;
    }
    boxes.iter().map(|n: &f64| (n - expected).powi(2) / expected).sum()
}

fn evenly_spread<T: Scalar>() {
    let graph = Graph::<T>::default();
    let n = 1 << 17;
    let draw = |key: f64| {
        let drawn = graph.constant(T::of(key)).uniform([n]).value().unwrap();
        drawn.into_iter().map(T::as_f64).collect::<Vec<_>>()
    };
    let first = draw(1.0);
    for key in [0.0, 2.0, 3.0, 1e6, 0.5, 1.0 + f64::from(f32::EPSILON)] {
        let other = draw(key);
        // Over the range, in the last digits, against the neighbour, and against another key's.
        let last = |x: f64| (x * 65536.0).fract();
        let apart = |x: f64, y: f64| (x - y).rem_euclid(1.0);
        let tests = [
            chi_squared(other.iter().copied()),
            chi_squared(other.iter().map(|&x| last(x))),
            chi_squared(other.chunks(2).map(|pair| apart(pair[0], pair[1]))),
            chi_squared(first.iter().zip(&other).map(|(&x, &y)| apart(x, y))),
        ];
        // Six deviations: by chance once in 10^8.
        assert!(tests.iter().all(|chi| (120.0..391.0).contains(chi)), "key {key}: {tests:?}");
    }
}

#[test]
fn numbers_are_spread_evenly_and_independently() {
    evenly_spread::<f32>();
    evenly_spread::<f64>();
}

#[test]
fn normal_numbers_have_the_moments_of_the_distribution() {
    let graph = Graph::f32();
    let x = graph.constant(11.0).normal([1 << 18]).value().unwrap().mapv(f64::from);
    let moment = |n| x.mapv(|x| x.powi(n)).mean().unwrap();
    // Deviations of the estimates: 0.002, 0.003, 0.008, 0.02.
    let figures = [moment(1), moment(2) - 1.0, moment(3), moment(4) - 3.0];
    for (figure, allowed) in figures.iter().zip([0.012, 0.017, 0.046, 0.12]) {
        assert!(figure.abs() < allowed, "{figures:?}");
    }
    assert!(x.iter().all(|x| x.abs() < 5.8));
}

#[test]
fn a_program_draws_the_same_bits_and_counts_its_key_up() {
    let graph = Graph::f32();
    let key = graph.variable("key", 3.0);
    let (u, n) = (key.uniform([40, 37]), key.fold_in(1.0).normal([1000]));
    let mut draw = Program::new([], [u, n]).update(key, key + 1.0).compile().unwrap();
    for key in [3.0, 4.0, 5.0] {
        let fresh = Graph::f32();
        let key = fresh.constant(key);
        let [u, n] = draw.run(()).unwrap();
        assert_eq!(u, key.uniform([40, 37]).value().unwrap());
        assert_eq!(n, key.fold_in(1.0).normal([1000]).value().unwrap());
    }
}

#[test]
fn beyond_the_whole_numbers_that_f32_has_a_new_key_begins() {
    let graph = Graph::f32();
    let key = graph.constant(2.0);
    let rest = 5;
    let x = key.uniform([(1 << 24) + rest]);
    let x = x.value().unwrap();
    let next = key.fold_in(1.0).uniform([rest]).value().unwrap();
    assert!(x.iter().skip(1 << 24).eq(next.iter()));
}

#[test]
fn wrong_keys_and_shapes_are_refused() {
    let graph = Graph::new();
    let error = graph.constant([1.0, 2.0]).uniform([3]).value().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Shape, "uniform"));
    assert_eq!(error.message(), "the key has the shape [2], and it is a single number");
    for shape in [[usize::MAX, 2], [1 << 21, 1 << 21]] {
        let error = graph.constant(1.0).normal(shape).value().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
    let key = graph.variable("key", 1.0);
    assert_eq!(key.uniform([3]).sum().grad([key]).unwrap_err().kind(), ErrorKind::Cut);
    assert_eq!(key.uniform([0, 4]).value().unwrap().shape(), [0, 4]);
    assert_eq!(key.uniform([]).value().unwrap().shape(), [0_usize; 0]);
}

/// A key that became NaN in one program and another NaN in the next: the numbers must not depend on which.
#[test]
fn a_key_that_is_no_number_gives_none() {
    fn all_nan<T: Scalar>(keys: [T; 2]) {
        let graph = Graph::<T>::default();
        for key in keys {
            let key = graph.constant(key);
            let other = graph.full([5], T::one()).fold_in(key);
            for numbers in [key.uniform([3, 7]), key.normal([40]), key.fold_in(T::one()), other] {
                let mut program = Program::new([], [numbers]).compile().unwrap();
                let [compiled] = program.run(()).unwrap();
                assert!(numbers.value().unwrap().iter().chain(&compiled).all(|x| x.is_nan()));
            }
        }
    }
    all_nan([f64::NAN, -f64::from_bits(f64::NAN.to_bits() | 1)]);
    all_nan([f32::NAN, -f32::from_bits(f32::NAN.to_bits() | 1)]);
}
