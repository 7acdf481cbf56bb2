//! Linear algebra, and an operation of a user's own.

use chainrule::graph::{CustomOp, LinearMap, Scalar, Triangle, Var};
use chainrule_oracle::{Array, Number, ops};
use ndarray::{ArrayD, ArrayViewD};

use super::{Row, rows};

/// `A + c`, on the diagonal.
fn plus<N: Number>(a: &Array<N>, c: f64) -> Array<N> {
    ops::add(a, &Array::from_fn(&a.shape, |i| N::of(if i[0] == i[1] { c } else { 0.0 })))
}

/// `A A' + 1`: symmetric and positive definite.
fn definite<N: Number>(a: &Array<N>) -> Array<N> {
    plus(&ops::matmul(a, &ops::t(a)), 1.0)
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
        cholesky, reals, SQUARE, |g, x| positive(x[0]).cholesky(), |a| ops::cholesky(&definite(&a[0]));
        // of a matrix that is not symmetric, the symmetric part is taken
        cholesky, reals, SQUARE, |g, x| shifted(shifted(x[0])).cholesky(), |a| ops::cholesky(&plus(&plus(&a[0], 3.0), 3.0));
        solve_triangular, reals, SYSTEMS, |g, x| shifted(x[0]).solve_triangular(Triangle::Lower, x[1]), |a| {
            ops::solve_triangular(&plus(&a[0], 3.0), false, &a[1])
        };
        solve_triangular, reals, SYSTEMS, |g, x| shifted(x[0]).solve_triangular(Triangle::Upper, x[1]), |a| {
            ops::solve_triangular(&plus(&a[0], 3.0), true, &a[1])
        };
        solve, reals, SYSTEMS, |g, x| shifted(x[0]).solve(x[1]), |a| ops::solve(&plus(&a[0], 3.0), &a[1]);
        inverse, reals, SQUARE, |g, x| shifted(x[0]).inverse(), |a| ops::inverse(&plus(&a[0], 3.0));
        log_det, reals, SQUARE, |g, x| positive(x[0]).log_det(), |a| ops::log_det(&definite(&a[0]));
        custom, reals, [&[&[2, 2], &[2, 2]], &[&[], &[]], &[&[0], &[0]]], |g, x| g.custom(CubeTimes, [x[0], x[1]]), |a| {
            a[0].zip(&a[1], |x, y| x.powi(3) * y)
        };
    }
}
