//! Linear algebra, by the textbook in complex numbers (transposed, never conjugated), and an operation of a user's own.

use chainrule::graph::{CustomOp, LinearMap, Scalar, Triangle, Var};
use ndarray::{ArrayD, ArrayViewD};

use super::{Row, ln, real, rows, sqrt};
use crate::oracle::{Arr, C};

/// `A A' + 1`: symmetric and positive definite.
fn definite(a: &Arr<C>) -> Arr<C> {
    a.matmul(&a.permute(&[1, 0])).zip(&identity(a.shape[0]), |x, y: C| x + y)
}

fn identity(n: usize) -> Arr<C> {
    Arr::from_fn(&[n, n], |i| real(f64::from(i[0] == i[1])))
}

/// `A + 3`, so that no pivot is small: the tests solve with it unpivoted.
fn dominant(a: &Arr<C>) -> Arr<C> {
    a.zip(&identity(a.shape[0]), |x, y: C| x + y * 3.0)
}

fn cholesky(a: &Arr<C>) -> Arr<C> {
    let n = a.shape[0];
    let mut l: Arr<C> = Arr::zeros(&[n, n]);
    for i in 0..n {
        for j in 0..=i {
            let dot = (0..j).fold(real(0.0), |sum, k| sum + l.at(&[i, k]) * l.at(&[j, k]));
            let rest = a.at(&[i, j]) - dot;
            l.data[i * n + j] = if i == j { sqrt(rest) } else { rest / l.at(&[j, j]) };
        }
    }
    l
}

/// Gauss's elimination without pivoting; the right-hand side is `n x m`.
fn solve(a: &Arr<C>, b: &Arr<C>) -> Arr<C> {
    let (n, m) = (a.shape[0], b.shape.get(1).copied().unwrap_or(1));
    let (mut u, mut x) = (a.data.clone(), b.data.clone());
    for k in 0..n {
        for i in k + 1..n {
            let factor = u[i * n + k] / u[k * n + k];
            for j in 0..n {
                u[i * n + j] = u[i * n + j] - factor * u[k * n + j];
            }
            for j in 0..m {
                x[i * m + j] = x[i * m + j] - factor * x[k * m + j];
            }
        }
    }
    for i in (0..n).rev() {
        for j in 0..m {
            let known = (i + 1..n).fold(real(0.0), |sum, k| sum + u[i * n + k] * x[k * m + j]);
            x[i * m + j] = (x[i * m + j] - known) / u[i * n + i];
        }
    }
    Arr { shape: b.shape.clone(), data: x }
}

fn triangle(a: &Arr<C>, upper: bool) -> Arr<C> {
    let inside = |i: &[usize]| if upper { i[0] <= i[1] } else { i[0] >= i[1] };
    Arr::from_fn(&a.shape, |i| if inside(i) { a.at(i) } else { real(0.0) })
}

/// `x³ y`, elementwise, with its two derivatives.
struct CubeTimes;

impl<T: Scalar> CustomOp<T> for CubeTimes {
    fn name(&self) -> &'static str {
        "cube_times"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        match operands {
            [x, y] if x == y => Ok(x.to_vec()),
            _ => Err("two operands of one shape".to_owned()),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        match operands {
            [x, y] => Ok(x.mapv(|x| x * x * x) * y),
            _ => Err("two operands".to_owned()),
        }
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        match (i, operands) {
            (0, &[x, y]) => LinearMap::diag(x.square() * T::of(3.0) * y),
            (1, &[x, _]) => LinearMap::diag(x.powi(3)),
            _ => LinearMap::zero(),
        }
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

const SQUARE: [&[&[usize]]; 3] = [&[&[3, 3]], &[&[1, 1]], &[&[0, 0]]];
const SYSTEMS: [&[&[usize]]; 4] =
    [&[&[3, 3], &[3, 2]], &[&[3, 3], &[3]], &[&[1, 1], &[1]], &[&[0, 0], &[0, 2]]];

/// The engine's `A + 3`.
fn shifted<'g, T: Scalar>(x: Var<'g, T>) -> Var<'g, T> {
    let n = x.shape().map_or(0, |shape| shape[0]);
    x + ndarray::Array2::<T>::from_diag_elem(n, T::of(3.0))
}

/// The engine's `A A' + 1`.
fn positive<'g, T: Scalar>(x: Var<'g, T>) -> Var<'g, T> {
    let n = x.shape().map_or(0, |shape| shape[0]);
    x.matmul(x.t()) + ndarray::Array2::<T>::from_diag_elem(n, T::one())
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        cholesky, reals, SQUARE, |g, x| positive(x[0]).cholesky(), |a| cholesky(&definite(&a[0]));
        cholesky, reals, SQUARE, |g, x| shifted(shifted(x[0])).cholesky(), |a| {
            // of a matrix that is not symmetric, the symmetric part is taken
            let a = dominant(&dominant(&a[0]));
            cholesky(&a.zip(&a.permute(&[1, 0]), |x, y: C| (x + y) / 2.0))
        };
        solve_triangular, reals, SYSTEMS, |g, x| shifted(x[0]).solve_triangular(Triangle::Lower, x[1]), |a| {
            solve(&triangle(&dominant(&a[0]), false), &a[1])
        };
        solve_triangular, reals, SYSTEMS, |g, x| shifted(x[0]).solve_triangular(Triangle::Upper, x[1]), |a| {
            solve(&triangle(&dominant(&a[0]), true), &a[1])
        };
        solve, reals, SYSTEMS, |g, x| shifted(x[0]).solve(x[1]), |a| solve(&dominant(&a[0]), &a[1]);
        inverse, reals, SQUARE, |g, x| shifted(x[0]).inverse(), |a| {
            solve(&dominant(&a[0]), &identity(a[0].shape[0]))
        };
        log_det, reals, SQUARE, |g, x| positive(x[0]).log_det(), |a| {
            let l = cholesky(&definite(&a[0]));
            let n = l.shape[0];
            Arr { shape: vec![], data: vec![(0..n).fold(real(0.0), |sum, i| sum + ln(l.at(&[i, i])) * 2.0)] }
        };
        custom, reals, [&[&[2, 2], &[2, 2]], &[&[], &[]], &[&[0], &[0]]], |g, x| g.custom(CubeTimes, [x[0], x[1]]), |a| {
            a[0].zip(&a[1], |x, y: C| x * x * x * y)
        };
    }
}
