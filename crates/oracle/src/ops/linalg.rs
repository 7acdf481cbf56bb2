//! Linear algebra of single matrices, by the textbook. In complex numbers everything is transposed, never conjugated: the
//! functions are those of real matrices, continued.

use super::sum_of_products;
use crate::{Array, Number};

/// The side of a square matrix.
fn side<N: Number>(a: &Array<N>) -> Option<usize> {
    let n = a.size(0);
    (a.shape == [n, n] && a.data.len() == n * n).then_some(n)
}

/// The lower triangular `L` with `L L' = (A + A') / 2`; NaN where that is not positive definite.
pub fn cholesky<N: Number>(a: &Array<N>) -> Array<N> {
    let Some(n) = side(a) else { return Array::misfit() };
    let mut l = Array::<N>::zeros(&[n, n]);
    for i in 0..n {
        for j in 0..=i {
            let half = (a.at(&[i, j]) + a.at(&[j, i])) * N::of(0.5);
            let known = sum_of_products((0..j).map(|k| (l.at(&[i, k]), l.at(&[j, k]))));
            let rest = half - known;
            l.data[i * n + j] = if i == j { root(rest) } else { rest / l.at(&[j, j]) };
        }
    }
    l
}

fn root<N: Number>(x: N) -> N {
    if x.real() > 0.0 { x.sqrt() } else { N::of(f64::NAN) }
}

/// Columns of a vector or a matrix with `n` rows.
fn columns<N: Number>(b: &Array<N>, n: usize) -> Option<usize> {
    let fits = matches!(b.shape.as_slice(), [m] | [m, _] if *m == n);
    (fits && b.data.len() == n * b.size(1)).then(|| b.size(1))
}

/// The solution `X` of `T X = B` with the upper or lower triangle of a matrix, whose rest is not read.
pub fn solve_triangular<N: Number>(a: &Array<N>, upper: bool, b: &Array<N>) -> Array<N> {
    let Some((n, m)) = side(a).and_then(|n| Some((n, columns(b, n)?))) else { return Array::misfit() };
    let mut x = b.clone();
    let order: Vec<usize> = if upper { (0..n).rev().collect() } else { (0..n).collect() };
    for (done, &i) in order.iter().enumerate() {
        for j in 0..m {
            let known = order[..done].iter().map(|&k| -(a.at(&[i, k]) * x.data[k * m + j]));
            // One sum, so that its error bound holds whether products are added up first or taken off one by one.
            let terms: Vec<N> = std::iter::once(x.data[i * m + j]).chain(known).collect();
            x.data[i * m + j] = N::sum(&terms) / a.at(&[i, i]);
        }
    }
    x
}

/// Gauss's elimination with the largest pivot of each column: the upper triangle, the right-hand side along with it, and
/// whether the rows changed places an odd number of times.
fn eliminate<N: Number>(a: &Array<N>, b: &Array<N>, n: usize, m: usize) -> (Array<N>, Array<N>, bool) {
    let (mut u, mut x, mut odd) = (a.clone(), b.clone(), false);
    for k in 0..n {
        let size = |i: usize| u.data[i * n + k].real().abs();
        let pivot = (k..n).fold(k, |best, i| if size(i) > size(best) { i } else { best });
        if pivot != k {
            odd = !odd;
            (0..n).for_each(|j| u.data.swap(k * n + j, pivot * n + j));
            (0..m).for_each(|j| x.data.swap(k * m + j, pivot * m + j));
        }
        for i in k + 1..n {
            let (below, pivot) = (u.data[i * n + k], u.data[k * n + k]);
            // of a column of zeros nothing is to be done
            let factor = if below.real() == 0.0 && pivot.real() == 0.0 { below } else { below / pivot };
            for j in k..n {
                u.data[i * n + j] = u.data[i * n + j] - factor * u.data[k * n + j];
            }
            for j in 0..m {
                x.data[i * m + j] = x.data[i * m + j] - factor * x.data[k * m + j];
            }
        }
    }
    (u, x, odd)
}

/// The solution `X` of `A X = B`; infinite or NaN where the matrix is singular.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let a = Array::new(&[2, 2], vec![0.0, 2.0, 4.0, 0.0]);
/// assert_eq!(ops::solve(&a, &Array::vector(vec![2.0, 4.0])).data, [1.0, 1.0]);
/// ```
pub fn solve<N: Number>(a: &Array<N>, b: &Array<N>) -> Array<N> {
    let Some((n, m)) = side(a).and_then(|n| Some((n, columns(b, n)?))) else { return Array::misfit() };
    let (u, x, _) = eliminate(a, b, n, m);
    solve_triangular(&u, true, &x)
}

/// `A⁻¹`, the solution of `A X = 1`.
pub fn inverse<N: Number>(a: &Array<N>) -> Array<N> {
    let Some(n) = side(a) else { return Array::misfit() };
    solve(a, &Array::from_fn(&[n, n], |i| N::of(f64::from(u8::from(i[0] == i[1])))))
}

/// `ln det A`: `-∞` where the determinant is 0, NaN where it is negative, 0 of the empty matrix.
pub fn log_det<N: Number>(a: &Array<N>) -> Array<N> {
    let Some(n) = side(a) else { return Array::misfit() };
    let (u, _, odd) = eliminate(a, &Array::zeros(&[n, 0]), n, 0);
    let pivots: Vec<N> = (0..n).map(|i| u.at(&[i, i])).collect();
    let negative = pivots.iter().filter(|x| x.real() < 0.0).count() % 2 == 1;
    let singular = pivots.iter().any(|x| x.real() == 0.0);
    if negative != odd && !singular {
        return Array::scalar(N::of(f64::NAN));
    }
    Array::scalar(N::sum(&pivots.iter().map(|x| x.abs().ln()).collect::<Vec<_>>()))
}
