//! Linear algebra for small dense square matrices, row-major: straightforward loops that run along the rows.
//!
//! Every function checks all lengths first; behind that, an index is always below `n`. On an error the outputs hold
//! anything.

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

fn fits_columns(n: usize, columns: usize, b: usize, x: usize) -> Result<(), LinalgError> {
    if n.checked_mul(columns) == Some(b) && x == b { Ok(()) } else { Err(LinalgError::Size) }
}

/// `Σ aᵢ bᵢ` in eight sums side by side, which vectorise; the order follows from the length alone.
#[inline]
fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [T::zero(); 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    for ((sum, &a), &b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += a * b;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// `to -= factor * from`.
#[inline]
fn subtract<T: Scalar>(to: &mut [T], factor: T, from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to -= factor * from;
    }
}

/// Two different rows of the given width: the first to be changed, the second to be read.
#[inline]
fn two_rows<T>(x: &mut [T], width: usize, i: usize, j: usize) -> (&mut [T], &[T]) {
    let (low, high) = x.split_at_mut(i.max(j) * width);
    let (low, high) = (&mut low[i.min(j) * width..][..width], &mut high[..width]);
    if i < j { (low, high) } else { (high, low) }
}

/// The lower triangular `L` with `L L' = A`, zeros above its diagonal; only the lower triangle of `A` is read.
///
/// Backward stable: `L L'` differs from `A` by at most `(n + 1) EPSILON / 2` times `|L| |L|'`, element by element.
///
/// # Errors
/// If a pivot is not positive and finite, or the lengths are not `n²`.
pub fn cholesky<T: Scalar>(a: &[T], n: usize, l: &mut [T]) -> Result<(), LinalgError> {
    fits(n, &[a.len(), l.len()])?;
    l.fill(T::zero());
    for i in 0..n {
        let (done, row) = l.split_at_mut(i * n);
        for j in 0..i {
            let other = &done[j * n..][..n];
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

/// `X` with `T X = B`, or `T' X = B` if `transposed`, where `T` is the upper or the lower triangle of `t`, and `B` and
/// `X` are `n x columns`. The other triangle is not read.
///
/// Backward stable: `T X` differs from `B` by at most about `n EPSILON / 2` times `|T| |X|`, element by element.
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
    fits_columns(n, columns, b.len(), x.len())?;
    if let Some(row) = (0..n).find(|&i| !is_pivot(t[i * n + i])) {
        return Err(LinalgError::Singular { row });
    }
    x.copy_from_slice(b);
    substitute(t, n, upper, transposed, x, columns);
    Ok(())
}

#[inline]
fn is_pivot<T: Scalar>(x: T) -> bool {
    x != T::zero() && !x.is_nan()
}

/// Solves in place. All sizes fit, and the diagonal has pivots only. The loops always run along the rows of `t`: either
/// a row of the result gathers from those that are known, or, transposed, it is taken from all that are not.
fn substitute<T: Scalar>(t: &[T], n: usize, upper: bool, transposed: bool, x: &mut [T], columns: usize) {
    for step in 0..n {
        // The lower triangle is solved from the first row on, the upper one from the last.
        let i = if upper != transposed { n - 1 - step } else { step };
        let row = &t[i * n..][..n];
        let others = if upper { i + 1..n } else { 0..i };
        if !transposed {
            if columns == 1 {
                x[i] -= dot(&row[others.clone()], &x[others]);
            } else {
                for j in others.clone() {
                    let (to, from) = two_rows(x, columns, i, j);
                    subtract(to, row[j], from);
                }
            }
            x[i * columns..][..columns].iter_mut().for_each(|x| *x /= row[i]);
        } else {
            x[i * columns..][..columns].iter_mut().for_each(|x| *x /= row[i]);
            if columns == 1 {
                let known = x[i];
                subtract(&mut x[others.clone()], known, &row[others]);
            } else {
                for j in others {
                    let (to, from) = two_rows(x, columns, j, i);
                    subtract(to, row[j], from);
                }
            }
        }
    }
}

/// Elimination in place, swapping rows for the largest pivot of each column: the upper triangle becomes `U`, what is
/// below it `L` without its ones, and every row operation is done to `b`, of `columns` columns, as well. Tells whether
/// the number of swaps is odd, or else the first row without a pivot.
fn eliminate<T: Scalar>(lu: &mut [T], n: usize, b: &mut [T], columns: usize) -> Result<bool, usize> {
    let mut odd = false;
    for k in 0..n {
        let size = |row: usize| lu[row * n + k].abs();
        // NaN is never larger: it stays where it is, and is found as the pivot or spreads.
        let best = (k + 1..n).fold(k, |best, row| if size(row) > size(best) { row } else { best });
        if best != k {
            odd = !odd;
            swap_rows(lu, n, k, best);
            swap_rows(b, columns, k, best);
        }
        let (above, below) = lu.split_at_mut((k + 1) * n);
        let pivots = &above[k * n..];
        if !is_pivot(pivots[k]) {
            return Err(k);
        }
        for (row, to) in below.chunks_exact_mut(n).enumerate() {
            let factor = to[k] / pivots[k];
            to[k] = factor;
            if factor != T::zero() {
                subtract(&mut to[k + 1..], factor, &pivots[k + 1..]);
                let (to, from) = two_rows(b, columns, k + 1 + row, k);
                subtract(to, factor, from);
            }
        }
    }
    Ok(odd)
}

/// The upper row is `i`.
fn swap_rows<T>(x: &mut [T], width: usize, i: usize, j: usize) {
    let (low, high) = x.split_at_mut(j * width);
    low[i * width..][..width].swap_with_slice(&mut high[..width]);
}

/// `X` with `A X = B`, where `B` and `X` are `n x columns`, by elimination with row pivoting. `scratch` has `n²`
/// elements, whatever they are.
///
/// Backward stable in practice: `A X` differs from `B` by at most about `3 n EPSILON / 2` times the norms of
/// `|L| |U|`, the factors, and `X`.
///
/// # Errors
/// If the matrix is singular, so that a pivot is exactly 0 (or NaN), or the lengths do not fit. A matrix that is singular
/// but for rounding is solved, with large numbers.
pub fn solve<T: Scalar>(
    a: &[T],
    n: usize,
    b: &[T],
    columns: usize,
    x: &mut [T],
    scratch: &mut [T],
) -> Result<(), LinalgError> {
    fits(n, &[a.len(), scratch.len()])?;
    fits_columns(n, columns, b.len(), x.len())?;
    scratch.copy_from_slice(a);
    x.copy_from_slice(b);
    eliminate(scratch, n, x, columns).map_err(|row| LinalgError::Singular { row })?;
    substitute(scratch, n, true, false, x, columns);
    Ok(())
}

/// The natural logarithm of the determinant: 0 for the empty matrix, `-∞` where a pivot is exactly 0 and so is the
/// determinant, NaN where it is negative or anything is NaN. `scratch` has `n²` elements, whatever they are.
///
/// # Errors
/// If the lengths do not fit.
pub fn log_det<T: Scalar>(a: &[T], n: usize, scratch: &mut [T]) -> Result<T, LinalgError> {
    fits(n, &[a.len(), scratch.len()])?;
    scratch.copy_from_slice(a);
    let mut negative = match eliminate(scratch, n, &mut [], 0) {
        Ok(odd) => odd,
        Err(row) => {
            let pivot = scratch[row * n + row];
            return Ok(if pivot.is_nan() { pivot } else { T::neg_infinity() });
        }
    };
    let mut sum = T::zero();
    for i in 0..n {
        let pivot = scratch[i * n + i];
        negative ^= pivot < T::zero();
        sum += pivot.abs().ln();
    }
    Ok(if negative { T::nan() } else { sum })
}

#[cfg(test)]
#[path = "linalg_tests.rs"]
mod tests;
