//! Tests of the linear algebra: known matrices, and the backward errors that the theory promises (Higham, Accuracy and
//! Stability of Numerical Algorithms, 2nd edition, theorems 8.5, 9.4 and 10.3), in both precisions.

use super::*;
use proptest::prelude::*;

/// `a b` in double precision, for an `n x n` matrix `a`.
fn product(a: &[f64], b: &[f64], n: usize, columns: usize) -> Vec<f64> {
    let element = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * columns + j]).sum();
    (0..n * columns).map(|p| element(p / columns, p % columns)).collect()
}

fn transposed(a: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|p| a[p % n * n + p / n]).collect()
}

fn abs(a: &[f64]) -> Vec<f64> {
    a.iter().map(|a| a.abs()).collect()
}

fn wide<T: Scalar>(a: &[T]) -> Vec<f64> {
    a.iter().map(|a| a.as_f64()).collect()
}

fn rounded<T: Scalar>(a: &[f64]) -> Vec<T> {
    a.iter().map(|&a| T::of(a)).collect()
}

/// `count` roundings of `T`, and in double precision as many again for the residual itself.
fn gamma<T: Scalar>(count: usize) -> f64 {
    let own = count as f64 * T::epsilon().as_f64() / 2.0;
    own / (1.0 - own) + count as f64 * f64::EPSILON / 2.0
}

/// Asserts that two arrays differ by at most `unit` times `size`, element by element.
fn near(got: &[f64], want: &[f64], unit: f64, size: &[f64]) {
    assert!(got.len() == want.len() && want.len() == size.len());
    for ((got, want), size) in got.iter().zip(want).zip(size) {
        assert!(
            (got - want).abs() <= unit * size,
            "{got} instead of {want}: {:e}",
            (got - want).abs() / size
        );
    }
}

fn check<T: Scalar>(m: &[f64], b: &[f64], n: usize, columns: usize) {
    let b: Vec<T> = rounded(b);
    // Cholesky of M M' and a little more than nothing, as it is after rounding.
    let mut spd = product(m, &transposed(m, n), n, n);
    (0..n).for_each(|i| spd[i * n + i] += 0.01 * n as f64);
    let spd: Vec<T> = rounded(&spd);
    let mut l = vec![T::nan(); n * n];
    cholesky(&spd, n, &mut l).unwrap();
    assert!((0..n * n).all(|p| p % n <= p / n || l[p] == T::zero()));
    let wide_l = wide(&l);
    let sizes = product(&abs(&wide_l), &transposed(&abs(&wide_l), n), n, n);
    near(&product(&wide_l, &transposed(&wide_l, n), n, n), &wide(&spd), gamma::<T>(n + 1), &sizes);

    // Both triangles of a matrix, both ways, with nothing to be read in the other triangle.
    for (upper, flip) in [(false, false), (false, true), (true, false), (true, true)] {
        let inside = |p: usize| if upper { p / n <= p % n } else { p / n >= p % n };
        let t: Vec<T> = (0..n * n)
            .map(|p| match (inside(p), p / n == p % n) {
                (false, _) => T::nan(),
                (true, true) => T::of(m[p] + 1.5),
                (true, false) => T::of(m[p]),
            })
            .collect();
        let mut x = vec![T::nan(); n * columns];
        triangular_solve(&t, n, upper, flip, &b, columns, &mut x).unwrap();
        let mut t: Vec<f64> = (0..n * n).map(|p| if inside(p) { t[p].as_f64() } else { 0.0 }).collect();
        if flip {
            t = transposed(&t, n);
        }
        let sizes = product(&abs(&t), &abs(&wide(&x)), n, columns);
        near(&product(&t, &wide(&x), n, columns), &wide(&b), gamma::<T>(n), &sizes);
    }

    // Elimination of a general matrix: the bound in the largest row sums, which no permutation changes.
    let a: Vec<T> = rounded(m);
    let (mut x, mut lu) = (vec![T::nan(); n * columns], vec![T::nan(); n * n]);
    solve(&a, n, &b, columns, &mut x, &mut lu).unwrap();
    let (x, lu) = (wide(&x), wide(&lu));
    let part = |keep: fn(usize, usize) -> bool| -> Vec<f64> {
        (0..n * n).map(|p| if keep(p / n, p % n) { lu[p].abs() } else { 0.0 }).collect()
    };
    let mut lower = part(|i, j| i > j);
    (0..n).for_each(|i| lower[i * n + i] = 1.0);
    assert!(lower.iter().all(|&x| x <= 1.0));
    let factors = product(&lower, &part(|i, j| i <= j), n, n);
    let largest = factors.chunks(n).map(|row| row.iter().sum::<f64>()).fold(0.0, f64::max);
    let residual = product(&wide(&a), &x, n, columns);
    for column in 0..columns {
        let norm = x.iter().skip(column).step_by(columns).fold(0.0, |norm, x| x.abs().max(norm));
        for i in 0..n {
            let error = (residual[i * columns + column] - b[i * columns + column].as_f64()).abs();
            assert!(error <= gamma::<T>(3 * n) * largest * norm, "{error:e}");
        }
    }
}

/// The determinant of a matrix of whole numbers, exactly (Bareiss).
fn determinant(entries: &[i32], n: usize) -> i128 {
    let mut a: Vec<i128> = entries.iter().map(|&x| i128::from(x)).collect();
    let (mut sign, mut before) = (1, 1);
    for k in 0..n {
        let Some(pivot) = (k..n).find(|&row| a[row * n + k] != 0) else { return 0 };
        if pivot != k {
            sign = -sign;
            (0..n).for_each(|j| a.swap(k * n + j, pivot * n + j));
        }
        for i in k + 1..n {
            for j in k + 1..n {
                a[i * n + j] = (a[i * n + j] * a[k * n + k] - a[i * n + k] * a[k * n + j]) / before;
            }
        }
        before = a[k * n + k];
    }
    sign * before
}

proptest! {
    #[test]
    fn backward_errors(
        n in 1usize..24, columns in 0usize..4, entries in prop::collection::vec(-1.0..1.0f64, 24 * 28),
    ) {
        let (m, b) = (&entries[..n * n], &entries[24 * 24..][..n * columns]);
        check::<f32>(m, b, n, columns);
        check::<f64>(m, b, n, columns);
    }

    #[test]
    fn determinants_of_whole_numbers(n in 0usize..6, entries in prop::collection::vec(-4i32..5, 25)) {
        let exact = determinant(&entries[..n * n], n);
        let a: Vec<f64> = entries[..n * n].iter().map(|&x| f64::from(x)).collect();
        let got = log_det(&a, n, &mut vec![9.0; n * n]).unwrap();
        match exact {
            // Rounding may leave something, of either sign.
            0 => prop_assert!(got.is_nan() || got < -25.0),
            1.. => prop_assert!((got - (exact as f64).ln()).abs() < 1e-11, "{} for {}", got, exact),
            _ => prop_assert!(got.is_nan()),
        }
    }

    #[test]
    fn nonsense_never_panics(
        n in prop_oneof![any::<usize>(), 0usize..3],
        columns in prop_oneof![any::<usize>(), 0usize..3],
        (k, m) in (0usize..5, 0usize..5),
        entry in prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN), Just(f64::INFINITY)],
    ) {
        let (x, b, mut y, mut z) = (vec![entry; k], vec![entry; m], vec![0.0; m], vec![0.0; k]);
        for (upper, flip) in [(false, false), (false, true), (true, false), (true, true)] {
            let _ = triangular_solve(&x, n, upper, flip, &b, columns, &mut y);
        }
        let _ = solve(&x, n, &b, columns, &mut y, &mut z);
        let _ = cholesky(&x, n, &mut z);
        let _ = cholesky(&x, n, &mut y);
        let _ = log_det(&x, n, &mut z);
    }
}

/// Larger than every tile and lane, once.
#[test]
fn backward_errors_of_a_larger_matrix() {
    let n = 150;
    let m: Vec<f64> = (0..n * n).map(|i| (i as f64 * 0.61 + (i * i % 97) as f64).sin()).collect();
    for columns in [1, 5] {
        let b: Vec<f64> = (0..n * columns).map(|i| (i as f64 * 0.3).cos()).collect();
        check::<f32>(&m, &b, n, columns);
        check::<f64>(&m, &b, n, columns);
    }
}

#[test]
fn known_factors() {
    let mut l = [7.0; 4];
    // What is above the diagonal is not read.
    cholesky(&[4.0, f64::NAN, 2.0, 10.0], 2, &mut l).unwrap();
    assert_eq!(l, [2.0, 0.0, 1.0, 3.0]);
    // Pascal's matrix has the binomial coefficients as its factor, exactly.
    let pascal = [1.0f32, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 1.0, 3.0, 6.0, 10.0, 1.0, 4.0, 10.0, 20.0];
    let mut l = [7.0; 16];
    cholesky(&pascal, 4, &mut l).unwrap();
    assert_eq!(l, [1., 0., 0., 0., 1., 1., 0., 0., 1., 2., 1., 0., 1., 3., 3., 1.]);
    assert_eq!(cholesky::<f64>(&[], 0, &mut []), Ok(()));
}

#[test]
fn not_positive_definite() {
    let row = |a: &[f64], n: usize| cholesky(a, n, &mut vec![0.0; n * n]);
    assert_eq!(row(&[1.0, 2.0, 2.0, 4.0], 2), Err(LinalgError::NotPositive { row: 1 }));
    assert_eq!(row(&[-1.0], 1), Err(LinalgError::NotPositive { row: 0 }));
    assert_eq!(row(&[f64::NAN], 1), Err(LinalgError::NotPositive { row: 0 }));
    assert_eq!(row(&[f64::INFINITY], 1), Err(LinalgError::NotPositive { row: 0 }));
    assert_eq!(row(&[1.0, 0.0, f64::NAN, 1.0], 2), Err(LinalgError::NotPositive { row: 1 }));
    assert_eq!(row(&[1.0, 0.0], 1), Err(LinalgError::Size));
}

#[test]
fn known_solutions() {
    let (mut x, mut scratch) = ([0.0; 2], [9.0; 4]);
    // Impossible without a swap.
    solve(&[0.0, 2.0, 1.0, 1.0], 2, &[4.0, 5.0], 1, &mut x, &mut scratch).unwrap();
    assert_eq!(x, [3.0, 2.0]);
    // Without pivoting this one loses everything.
    solve(&[1e-20, 1.0, 1.0, 1.0], 2, &[1.0, 2.0], 1, &mut x, &mut scratch).unwrap();
    assert_eq!(x, [1.0, 1.0]);
    let singular = |a: &[f64]| solve(a, 2, &[1.0, 1.0], 1, &mut [0.0; 2], &mut [0.0; 4]);
    assert_eq!(singular(&[1.0, 2.0, 2.0, 4.0]), Err(LinalgError::Singular { row: 1 }));
    assert_eq!(singular(&[0.0, 2.0, 0.0, 4.0]), Err(LinalgError::Singular { row: 0 }));
    assert_eq!(singular(&[f64::NAN, 2.0, 1.0, 4.0]), Err(LinalgError::Singular { row: 0 }));
    assert_eq!(solve::<f64>(&[], 0, &[], 3, &mut [], &mut []), Ok(()));
    assert_eq!(solve(&[1.0], 1, &[1.0], 1, &mut x[..1], &mut scratch), Err(LinalgError::Size));
    assert_eq!(solve(&[1.0], 1, &[1.0, 2.0], 1, &mut x, &mut scratch[..1]), Err(LinalgError::Size));

    let zero = |t: &[f64]| triangular_solve(t, 2, true, false, &[1.0, 1.0], 1, &mut [0.0; 2]);
    assert_eq!(zero(&[0.0, 1.0, 1.0, 0.0]), Err(LinalgError::Singular { row: 0 }));
    assert_eq!(zero(&[1.0, 1.0, 1.0, f64::NAN]), Err(LinalgError::Singular { row: 1 }));
    assert_eq!(zero(&[1.0, 1.0, 1.0]), Err(LinalgError::Size));
    // The inverse of a triangle of ones, from the identity.
    let (t, identity) = ([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0], [1., 0., 0., 0., 1., 0., 0., 0., 1.]);
    let mut inverse = [0.0; 9];
    triangular_solve(&t, 3, false, false, &identity, 3, &mut inverse).unwrap();
    assert_eq!(inverse, [1., 0., 0., -1., 1., 0., 0., -1., 1.]);
    triangular_solve(&t, 3, false, true, &identity, 3, &mut inverse).unwrap();
    assert_eq!(inverse, [1., -1., 0., 0., 1., -1., 0., 0., 1.]);
}

#[test]
fn known_determinants() {
    let log_det = |a: &[f64], n: usize| super::log_det(a, n, &mut vec![9.0; n * n]);
    assert_eq!(log_det(&[], 0), Ok(0.0));
    assert_eq!(log_det(&[0.0, 2.0, -4.0, 1.0], 2), Ok(8f64.ln()));
    assert!(log_det(&[0.0, 2.0, 4.0, 1.0], 2).unwrap().is_nan());
    assert!(log_det(&[-1.0], 1).unwrap().is_nan() && log_det(&[f64::NAN], 1).unwrap().is_nan());
    assert!(log_det(&[1.0, 1.0, f64::NAN, 1.0], 2).unwrap().is_nan());
    assert_eq!(log_det(&[1.0, 2.0, 2.0, 4.0], 2), Ok(f64::NEG_INFINITY));
    assert_eq!(log_det(&[1.0], 2), Err(LinalgError::Size));
    // The second difference has the determinant n + 1.
    let n = 60;
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        a[i * n + i] = 2.0;
        if i > 0 {
            (a[i * n + i - 1], a[(i - 1) * n + i]) = (-1.0, -1.0);
        }
    }
    assert!((log_det(&a, n).unwrap() - 61f64.ln()).abs() < 1e-13);
    // A determinant far beyond the range of the type.
    a.iter_mut().for_each(|x| *x *= 1e100);
    let expected = 61f64.ln() + 60.0 * 100.0 * 10f64.ln();
    assert!((log_det(&a, n).unwrap() - expected).abs() < 1e-9);
}

#[test]
fn errors_say_why() {
    assert_eq!(LinalgError::Size.to_string(), "the sizes do not fit");
    assert!(LinalgError::Singular { row: 3 }.to_string().ends_with("no pivot in row 3"));
    assert!(LinalgError::NotPositive { row: 3 }.to_string().contains("pivot of row 3"));
}
