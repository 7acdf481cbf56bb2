//! Linear algebra for small dense square matrices, row-major: straightforward loops that run along the rows.

use std::fmt;

use crate::scalar::Scalar;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinalgError {
    /// Lengths that do not fit each other.
    Size,
    /// No pivot other than 0 is left in this row, or it is NaN.
    Singular {
        /// Counted from 0.
        row: usize,
    },
    /// The pivot of this row is not positive.
    NotPositive {
        /// Counted from 0.
        row: usize,
    },
}

impl fmt::Display for LinalgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinalgError::Size => write!(f, "the sizes do not fit"),
            LinalgError::Singular { row } => {
                write!(f, "the matrix is singular: there is no pivot in row {row}")
            }
            LinalgError::NotPositive { row } => {
                write!(f, "the matrix is not positive definite: the pivot of row {row} is not positive")
            }
        }
    }
}

impl std::error::Error for LinalgError {}

fn fits(n: usize, lengths: &[usize]) -> Result<(), LinalgError> {
    let square = n.checked_mul(n).ok_or(LinalgError::Size)?;
    if lengths.iter().all(|&length| length == square) { Ok(()) } else { Err(LinalgError::Size) }
}

/// `Σ aᵢ bᵢ`, one after the other.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::zero(), |sum, (&a, &b)| sum + a * b)
}

/// The lower triangular `L` with `L L' = A`, zeros above its diagonal; only the lower triangle of `A` is read.
///
/// # Errors
/// If a pivot is not positive (or is NaN), or the lengths are not `n²`.
pub fn cholesky<T: Scalar>(a: &[T], n: usize, l: &mut [T]) -> Result<(), LinalgError> {
    fits(n, &[a.len(), l.len()])?;
    l.fill(T::zero());
    for i in 0..n {
        let (done, row) = l.split_at_mut(i * n);
        for j in 0..i {
            let other = &done[j * n..j * n + n];
            row[j] = (a[i * n + j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = a[i * n + i] - dot(&row[..i], &row[..i]);
        if pivot > T::zero() && pivot.is_finite() {
            row[i] = pivot.sqrt();
        } else {
            return Err(LinalgError::NotPositive { row: i });
        }
    }
    Ok(())
}

/// `X` with `T X = B`, or `T' X = B` if `transposed`, where `T` is the upper or the lower triangle of `t`, and `B` and `X`
/// are `n x columns`.
///
/// # Errors
/// If the diagonal has a 0 or NaN, or the lengths do not fit.
pub fn triangular_solve<T: Scalar>(
    t: &[T],
    n: usize,
    upper: bool,
    transposed: bool,
    b: &[T],
    columns: usize,
    x: &mut [T],
) -> Result<(), LinalgError> {
    fits(n, &[t.len()])?;
    if n.checked_mul(columns) != Some(b.len()) || x.len() != b.len() {
        return Err(LinalgError::Size);
    }
    x.copy_from_slice(b);
    let element = |i: usize, j: usize| if transposed { t[j * n + i] } else { t[i * n + j] };
    // A lower triangle is solved from the first row on, an upper one from the last.
    let upwards = upper != transposed;
    for step in 0..n {
        let i = if upwards { n - 1 - step } else { step };
        let pivot = element(i, i);
        if pivot == T::zero() || pivot.is_nan() {
            return Err(LinalgError::Singular { row: i });
        }
        let known = if upwards { i + 1..n } else { 0..i };
        for j in known {
            subtract_row(x, columns, i, j, element(i, j));
        }
        for x in &mut x[i * columns..(i + 1) * columns] {
            *x /= pivot;
        }
    }
    Ok(())
}

/// Row `i` less `factor` times row `j`.
fn subtract_row<T: Scalar>(x: &mut [T], columns: usize, i: usize, j: usize, factor: T) {
    let (low, high) = x.split_at_mut(i.max(j) * columns);
    let (low, high) = (&mut low[i.min(j) * columns..][..columns], &mut high[..columns]);
    let (to, from) = if i < j { (low, high) } else { (high, low) };
    for (to, &from) in to.iter_mut().zip(from.iter()) {
        *to -= factor * from;
    }
}

/// Eliminates in place, swapping rows for the largest pivot of each column; `each` sees the swaps and the factors. Returns
/// whether the number of swaps is odd, and the first row without a pivot.
fn eliminate<T: Scalar>(
    lu: &mut [T],
    n: usize,
    mut swap: impl FnMut(usize, usize),
    mut subtract: impl FnMut(usize, usize, T),
) -> (bool, Option<usize>) {
    let mut odd = false;
    for k in 0..n {
        let size = |row: usize| lu[row * n + k].abs();
        // NaN is never larger, so it stays where it is and is found as the pivot or spreads.
        let best = (k + 1..n).fold(k, |best, row| if size(row) > size(best) { row } else { best });
        if best != k {
            odd = !odd;
            for column in 0..n {
                lu.swap(k * n + column, best * n + column);
            }
            swap(k, best);
        }
        let pivot = lu[k * n + k];
        if pivot == T::zero() || pivot.is_nan() {
            return (odd, Some(k));
        }
        for row in k + 1..n {
            let factor = lu[row * n + k] / pivot;
            if factor != T::zero() {
                let (above, below) = lu.split_at_mut(row * n);
                for (to, &from) in below[k..n].iter_mut().zip(&above[k * n + k..k * n + n]) {
                    *to -= factor * from;
                }
                subtract(row, k, factor);
            }
        }
    }
    (odd, None)
}

/// `X` with `A X = B`, where `B` and `X` are `n x columns`, by elimination with row pivoting. `scratch` has `n²` elements.
///
/// # Errors
/// If the matrix is singular, or the lengths do not fit.
pub fn solve<T: Scalar>(
    a: &[T],
    n: usize,
    b: &[T],
    columns: usize,
    x: &mut [T],
    scratch: &mut [T],
) -> Result<(), LinalgError> {
    fits(n, &[a.len(), scratch.len()])?;
    if n.checked_mul(columns) != Some(b.len()) || x.len() != b.len() {
        return Err(LinalgError::Size);
    }
    scratch.copy_from_slice(a);
    x.copy_from_slice(b);
    let cells = std::cell::RefCell::new(&mut *x);
    let swap = |i: usize, j: usize| {
        let mut x = cells.borrow_mut();
        (0..columns).for_each(|column| x.swap(i * columns + column, j * columns + column));
    };
    let subtract =
        |i: usize, j: usize, factor: T| subtract_row(&mut cells.borrow_mut(), columns, i, j, factor);
    if let (_, Some(row)) = eliminate(scratch, n, swap, subtract) {
        return Err(LinalgError::Singular { row });
    }
    for i in (0..n).rev() {
        for j in i + 1..n {
            subtract_row(x, columns, i, j, scratch[i * n + j]);
        }
        for x in &mut x[i * columns..(i + 1) * columns] {
            *x /= scratch[i * n + i];
        }
    }
    Ok(())
}

/// The natural logarithm of the determinant: 0 for the empty matrix, `-∞` where the determinant is 0, NaN where it is
/// negative. `scratch` has `n²` elements.
///
/// # Errors
/// If the lengths do not fit.
pub fn log_det<T: Scalar>(a: &[T], n: usize, scratch: &mut [T]) -> Result<T, LinalgError> {
    fits(n, &[a.len(), scratch.len()])?;
    scratch.copy_from_slice(a);
    let (mut negative, missing) = eliminate(scratch, n, |_, _| {}, |_, _, _| {});
    if let Some(row) = missing {
        let pivot = scratch[row * n + row];
        return Ok(if pivot.is_nan() { pivot } else { T::neg_infinity() });
    }
    let mut sum = T::zero();
    for i in 0..n {
        let pivot = scratch[i * n + i];
        negative ^= pivot < T::zero();
        sum += pivot.abs().ln();
    }
    Ok(if negative { T::nan() } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn product(a: &[f64], b: &[f64], n: usize, columns: usize) -> Vec<f64> {
        let element = |i: usize, j: usize| (0..n).map(|k| a[i * n + k] * b[k * columns + j]).sum();
        (0..n * columns).map(|p| element(p / columns, p % columns)).collect()
    }

    fn transposed(a: &[f64], n: usize) -> Vec<f64> {
        (0..n * n).map(|p| a[p % n * n + p / n]).collect()
    }

    #[test]
    fn known_matrices() {
        let mut l = [0.0; 4];
        cholesky(&[4.0, 99.0, 2.0, 10.0], 2, &mut l).unwrap();
        assert_eq!(l, [2.0, 0.0, 1.0, 3.0]);
        assert_eq!(cholesky(&[1.0, 2.0, 2.0, 4.0], 2, &mut l), Err(LinalgError::NotPositive { row: 1 }));
        assert_eq!(cholesky(&[f64::NAN], 1, &mut [0.0]), Err(LinalgError::NotPositive { row: 0 }));
        let (mut x, mut scratch) = ([0.0; 2], [0.0; 4]);
        solve(&[0.0, 2.0, 1.0, 1.0], 2, &[4.0, 5.0], 1, &mut x, &mut scratch).unwrap();
        assert_eq!(x, [3.0, 2.0]);
        let dependent = solve(&[1.0, 2.0, 2.0, 4.0], 2, &[1.0, 1.0], 1, &mut x, &mut scratch);
        assert_eq!(dependent, Err(LinalgError::Singular { row: 1 }));
        assert_eq!(log_det(&[0.0, 2.0, -4.0, 1.0], 2, &mut scratch), Ok(8_f64.ln()));
        assert!(log_det(&[0.0, 2.0, 4.0, 1.0], 2, &mut scratch).unwrap().is_nan());
        assert_eq!(log_det(&[1.0, 2.0, 2.0, 4.0], 2, &mut scratch), Ok(f64::NEG_INFINITY));
        assert_eq!(log_det::<f64>(&[], 0, &mut []), Ok(0.0));
        assert_eq!(log_det(&[1.0], 2, &mut scratch), Err(LinalgError::Size));
        let zero = triangular_solve(&[0.0], 1, true, false, &[1.0], 1, &mut [0.0]);
        assert_eq!(zero, Err(LinalgError::Singular { row: 0 }));
    }

    proptest! {
        /// Backward errors are a few roundings of the factors' sizes (Higham 2002, theorems 8.5, 9.4 and 10.3).
        #[test]
        fn factors_and_solutions_multiply_back(n in 1usize..7, columns in 0usize..3, entries in prop::collection::vec(-1.0..1.0f64, 49 + 14)) {
            let m: Vec<f64> = entries[..n * n].to_vec();
            let b: Vec<f64> = entries[49..49 + n * columns].to_vec();
            // diagonally dominant, so that no bound depends on luck
            let mut a = m.clone();
            let mut spd = product(&m, &transposed(&m, n), n, n);
            for i in 0..n {
                a[i * n + i] += 8.0;
                spd[i * n + i] += 1.0;
            }
            let unit = 64.0 * n as f64 * f64::EPSILON;
            let near = |got: &[f64], want: &[f64], size: f64| got.iter().zip(want).all(|(g, w)| (g - w).abs() <= unit * size);

            let mut l = vec![0.0; n * n];
            cholesky(&spd, n, &mut l).unwrap();
            prop_assert!(near(&product(&l, &transposed(&l, n), n, n), &spd, 8.0));
            let (mut x, mut scratch) = (vec![0.0; n * columns], vec![0.0; n * n]);
            solve(&a, n, &b, columns, &mut x, &mut scratch).unwrap();
            prop_assert!(near(&product(&a, &x, n, columns), &b, 16.0));
            for (upper, flip) in [(false, false), (false, true), (true, false), (true, true)] {
                triangular_solve(&a, n, upper, flip, &b, columns, &mut x).unwrap();
                let inside = |p: usize| if upper { p / n <= p % n } else { p / n >= p % n };
                let triangle: Vec<f64> = (0..n * n).map(|p| if inside(p) { a[p] } else { 0.0 }).collect();
                let triangle = if flip { transposed(&triangle, n) } else { triangle };
                prop_assert!(near(&product(&triangle, &x, n, columns), &b, 16.0));
            }
            // ln det L L' = 2 Σ ln lᵢᵢ
            let by_factor: f64 = (0..n).map(|i| 2.0 * l[i * n + i].ln()).sum();
            prop_assert!((log_det(&spd, n, &mut scratch).unwrap() - by_factor).abs() <= unit * 64.0);
        }

        #[test]
        fn nonsense_never_panics(n in any::<usize>(), columns in any::<usize>(), k in 0usize..5) {
            let (x, mut y, mut z) = (vec![1.0; k], vec![0.0; k], vec![0.0; k]);
            let _ = cholesky(&x, n, &mut y);
            let _ = solve(&x, n, &x, columns, &mut y, &mut z);
            let _ = triangular_solve(&x, n, true, false, &x, columns, &mut y);
            let _ = log_det(&x, n, &mut y);
        }
    }
}
