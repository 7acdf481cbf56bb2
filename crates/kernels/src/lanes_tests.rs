//! Tests of the loops along one axis: by hand, against the definitions, and of the transposes.

use super::*;
use proptest::prelude::*;

const LANES: Lanes = Lanes { outer: 2, size: 3, inner: 2 };

fn small(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 7 + seed * 5) % 11) as f64 - 5.0).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn running_sums_by_hand() {
    let x: Vec<f64> = (1..=12).map(f64::from).collect();
    let mut out = vec![0.0; 12];
    assert!(cumsum(&x, LANES, false, &mut out));
    assert_eq!(out, [1., 2., 4., 6., 9., 12., 7., 8., 16., 18., 27., 30.]);
    assert!(cumsum(&x, LANES, true, &mut out));
    assert_eq!(out, [9., 12., 8., 10., 5., 6., 27., 30., 20., 22., 11., 12.]);
    assert!(!cumsum(&x, LANES, true, &mut out[..11]));
    assert!(cumsum::<f64>(&[], Lanes { outer: 2, size: 0, inner: 3 }, false, &mut []));
}

#[test]
fn the_first_extreme_counts_and_nan_before_all() {
    let lanes = Lanes { outer: 1, size: 4, inner: 2 };
    let x = [1.0, 5.0, 3.0, f64::NAN, 3.0, 9.0, 0.0, f64::NAN];
    let mut out = [9.0; 2];
    assert!(arg_extremum(&x, lanes, true, &mut out));
    assert_eq!(out, [1.0, 1.0]);
    assert!(arg_extremum(&x, lanes, false, &mut out));
    assert_eq!(out, [3.0, 1.0]);
    assert!(!arg_extremum::<f64>(&[], Lanes { size: 0, ..lanes }, true, &mut out));
    assert!(arg_extremum::<f64>(&[], Lanes { outer: 0, ..lanes }, true, &mut []));
    // Zeros are equal, so the first one counts.
    let line = Lanes { outer: 1, size: 2, inner: 1 };
    assert!(arg_extremum(&[-0.0, 0.0], line, true, &mut out[..1]));
    assert_eq!(out[0], 0.0);
}

#[test]
fn indices_outside_are_refused() {
    let x = small(12, 1);
    for wrong in
        [-1.0, -5e-324, 3.0, 0.5, 2.0000000000000004, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300]
    {
        let mut out = vec![7.0; 8];
        let bad = gather(&x, LANES, &[0.0, wrong], &mut out).unwrap_err();
        assert_eq!((bad.position, bad.value.to_bits(), bad.size), (1, wrong.to_bits(), 3));
        assert!(bad != BadIndex::MISFIT);
        assert!(scatter_add(&out, &[wrong, 0.0], LANES, &mut x.clone()).is_err());
        assert!(take_along(&x, LANES, &[wrong; 4], &mut out[..4]).is_err());
        assert!(put_along_add(&[0.0; 4], &[wrong; 4], LANES, &mut x.clone()).is_err());
        assert_eq!(out, [7.0; 8]);
        // Also where there is nothing to take from, or nothing to take.
        for none in [Lanes { size: 0, ..LANES }, Lanes { outer: 0, ..LANES }, Lanes { inner: 0, ..LANES }] {
            let count = none.outer * none.inner;
            let bad = gather(&[], none, &[wrong], &mut out[..count]).unwrap_err();
            assert_eq!((bad.position, bad.size), (0, none.size));
            assert!(scatter_add(&x[..count], &[wrong], none, &mut []).is_err());
        }
    }
    // A negative zero is a zero.
    let mut out = [0.0; 4];
    assert_eq!(gather(&x, LANES, &[-0.0], &mut out), Ok(()));
    assert_eq!(out, [x[0], x[1], x[6], x[7]]);
    let misfit = Err(BadIndex::MISFIT).map_err(|bad: BadIndex| bad.position);
    let position = |result: Result<(), BadIndex>| result.map_err(|bad| bad.position);
    assert_eq!(position(take_along(&x, LANES, &[0.0; 3], &mut out[..3])), misfit);
    assert_eq!(position(gather(&x, LANES, &[0.0; 3], &mut out)), misfit);
    assert_eq!(position(scatter_add(&out, &[0.0; 3], LANES, &mut x.clone())), misfit);
    assert_eq!(position(put_along_add(&out, &[0.0; 3], LANES, &mut x.clone())), misfit);
}

#[test]
fn errors_say_which() {
    let bad = gather(&[1.0f32, 2.0], Lanes { outer: 1, size: 2, inner: 1 }, &[0.0, 2.5], &mut [0.0; 2]);
    assert_eq!(bad.unwrap_err().to_string(), "index number 1 is 2.5, on an axis of size 2");
    assert_eq!(BadIndex::MISFIT.to_string(), "the sizes do not fit");
}

#[test]
fn rows_are_picked_and_duplicates_add_up() {
    let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let lanes = Lanes { outer: 1, size: 3, inner: 2 };
    let (mut out, mut back) = ([0.0; 6], [9.0; 6]);
    gather(&x, lanes, &[2.0, 0.0, 2.0], &mut out).unwrap();
    assert_eq!(out, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
    scatter_add(&x, &[2.0, 0.0, 2.0], lanes, &mut back).unwrap();
    assert_eq!(back, [3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    // In the order of the indices: 2^53 swallows each 1 that comes after it.
    let big = 9007199254740992.0;
    let line = Lanes { outer: 1, size: 1, inner: 1 };
    scatter_add(&[big, 1.0, 1.0], &[0.0; 3], line, &mut back[..1]).unwrap();
    assert_eq!(back[0], big);
    put_along_add(&[1.0, 1.0, big], &[0.0; 3], line, &mut back[..1]).unwrap();
    assert_eq!(back[0], big + 2.0);
}

/// An array with rough values: ties, both zeros and now and then a NaN.
fn rough(count: usize, seed: usize) -> Vec<f64> {
    let value = |i: usize| match (i * 7 + seed * 5 + i * i * 3) % 29 {
        0 => f64::NAN,
        1..4 => -0.0,
        4..7 => 0.0,
        k => (k % 5) as f64 - 2.0,
    };
    (0..count).map(value).collect()
}

proptest! {
    #[test]
    fn any_shape_against_the_definition(
        (outer, size, inner) in (0usize..4, 0usize..6, prop_oneof![3 => 0usize..4, 1 => 60usize..140]),
        (m, seed, largest) in (0usize..4, 0usize..29, any::<bool>()),
    ) {
        let lanes = Lanes { outer, size, inner };
        prop_assert_eq!(lanes.count(), Some(outer * size * inner));
        let x = rough(outer * size * inner, seed);
        let at = |o: usize, k: usize, i: usize| x[(o * size + k) * inner + i];

        let mut places = vec![9.0; outer * inner];
        prop_assert_eq!(arg_extremum(&x, lanes, largest, &mut places), places.is_empty() || size > 0);
        for (slot, &place) in places.iter().enumerate().filter(|_| size > 0) {
            let lane: Vec<f64> = (0..size).map(|k| at(slot / inner, k, slot % inner)).collect();
            let beats = |a: f64, b: f64| a.is_nan() || if largest { a >= b } else { a <= b };
            let expected = lane.iter().position(|&a| lane.iter().all(|&b| a.is_nan() || beats(a, b)));
            prop_assert_eq!(Some(place as usize), expected, "{:?}", lane);
        }

        for reverse in [false, true] {
            let whole = small(x.len(), seed);
            let mut sums = vec![9.0; x.len()];
            prop_assert!(cumsum(&whole, lanes, reverse, &mut sums));
            for (p, &got) in sums.iter().enumerate() {
                let (o, k, i) = (p / (size * inner), p / inner % size, p % inner);
                let range = if reverse { k..size } else { 0..k + 1 };
                prop_assert_eq!(got, range.map(|k| whole[(o * size + k) * inner + i]).sum::<f64>());
            }
        }

        if size > 0 {
            let index: Vec<f64> = (0..m).map(|j| ((j * 3 + seed) % size) as f64).collect();
            let mut out = vec![9.0; outer * m * inner];
            prop_assert_eq!(gather(&x, lanes, &index, &mut out), Ok(()));
            for (p, got) in out.iter().enumerate() {
                let expected = at(p / (m * inner), index[p / inner % m] as usize, p % inner);
                prop_assert_eq!(got.to_bits(), expected.to_bits());
            }
            let index: Vec<f64> = (0..out.len()).map(|p| ((p * 5 + seed) % size) as f64).collect();
            prop_assert_eq!(take_along(&x, lanes, &index, &mut out), Ok(()));
            for (p, got) in out.iter().enumerate() {
                let expected = at(p / (m * inner), index[p] as usize, p % inner);
                prop_assert_eq!(got.to_bits(), expected.to_bits());
            }
        }
    }

    /// `<G x, y> = <x, G' y>`, exact in small whole numbers.
    #[test]
    fn transposes(
        (outer, size, inner) in (0usize..3, 1usize..5, 0usize..4),
        picks in prop::collection::vec(0u8..4, 0..5),
        seed in 0usize..9,
    ) {
        let lanes = Lanes { outer, size, inner };
        let index: Vec<f64> = picks.iter().map(|&p| f64::from(p) % size as f64).collect();
        let x = small(outer * size * inner, seed);
        let y = small(outer * index.len() * inner, seed + 1);
        let (mut gx, mut gy) = (vec![0.0; y.len()], vec![7.0; x.len()]);
        gather(&x, lanes, &index, &mut gx).unwrap();
        scatter_add(&y, &index, lanes, &mut gy).unwrap();
        prop_assert_eq!(dot(&gx, &y), dot(&x, &gy));

        let index: Vec<f64> = (0..y.len()).map(|i| ((i * 5 + seed) % size) as f64).collect();
        take_along(&x, lanes, &index, &mut gx).unwrap();
        gy.fill(7.0);
        put_along_add(&y, &index, lanes, &mut gy).unwrap();
        prop_assert_eq!(dot(&gx, &y), dot(&x, &gy));

        let (mut forth, mut back) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let z = small(x.len(), seed + 2);
        prop_assert!(cumsum(&x, lanes, false, &mut forth) && cumsum(&z, lanes, true, &mut back));
        prop_assert_eq!(dot(&forth, &z), dot(&x, &back));
    }

    #[test]
    fn nonsense_never_panics(
        outer in prop_oneof![any::<usize>(), 0usize..3],
        size in prop_oneof![any::<usize>(), 0usize..3],
        inner in prop_oneof![any::<usize>(), 0usize..3],
        (n, m, k) in (0usize..5, 0usize..5, 0usize..5),
    ) {
        let lanes = Lanes { outer, size, inner };
        let (x, index, mut out) = (vec![0.0; n], vec![0.0; k], vec![0.0; m]);
        cumsum(&x, lanes, true, &mut out);
        arg_extremum(&x, lanes, true, &mut out);
        let _ = gather(&x, lanes, &index, &mut out);
        let _ = scatter_add(&x, &index, lanes, &mut out);
        let _ = take_along(&x, lanes, &index, &mut out);
        let _ = put_along_add(&x, &index, lanes, &mut out);
    }
}
