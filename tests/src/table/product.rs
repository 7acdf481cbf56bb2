//! Matrix products and Einstein sums by loops over all indices; linear algebra by determinants (Cramer's rule), which
//! needs no pivoting and has no algorithm in common with the engine.

use chainrule::graph::Triangle;

use super::{Draw, Input, REAL, Row, rows, smooth};
use crate::oracle::{Arr, C};
use crate::rows::{ln, real};

const REGULAR: Input = smooth(Draw::Regular);
const DOMINANT: Input = smooth(Draw::Dominant);

/// The sum of `f` over all indices below the sizes.
fn sums(sizes: &[usize], f: impl Fn(&[usize]) -> C) -> C {
    Arr::from_fn(sizes, f).data.into_iter().fold(real(0.0), |sum, x| sum + x)
}

/// By expansion along the first row.
fn determinant(a: &Arr<C>) -> C {
    let n = a.shape[0];
    if n == 0 {
        return real(1.0);
    }
    (0..n).fold(real(0.0), |sum, k| {
        let minor = Arr::from_fn(&[n - 1, n - 1], |i| a.at(&[i[0] + 1, i[1] + usize::from(i[1] >= k)]));
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        sum + a.at(&[0, k]) * determinant(&minor) * sign
    })
}

/// Cramer's rule, each column of the right-hand side by itself.
fn cramer(a: &Arr<C>, b: &Arr<C>) -> Arr<C> {
    let size = determinant(a);
    Arr::from_fn(&b.shape, |i| {
        let column = |row: usize| b.at(&[&[row], &i[1..]].concat());
        determinant(&Arr::from_fn(&a.shape, |at| if at[1] == i[0] { column(at[0]) } else { a.at(at) })) / size
    })
}

fn identity(n: usize) -> Arr<C> {
    Arr::from_fn(&[n, n], |i| real(f64::from(i[0] == i[1])))
}

fn triangle(a: &Arr<C>, upper: bool) -> Arr<C> {
    Arr::from_fn(&a.shape, |i| {
        let inside = if upper { i[0] <= i[1] } else { i[0] >= i[1] };
        if inside { a.at(i) } else { real(0.0) }
    })
}

/// The factor's rows are `L[i, ..]` with `L[i, j]² = det(A_j) / det(A_j-1)` on the diagonal: by minors of the symmetric part.
fn cholesky(a: &Arr<C>) -> Arr<C> {
    let n = a.shape[0];
    let a = a.zip(&a.permute(&[1, 0]), |x, y: C| (x + y) / 2.0);
    Arr::from_fn(&[n, n], |i| {
        let (i, j) = (i[0], i[1]);
        if j > i {
            return real(0.0);
        }
        // rows 0..j and i, columns 0..=j
        let minor = Arr::from_fn(&[j + 1, j + 1], |k| a.at(&[if k[0] == j { i } else { k[0] }, k[1]]));
        let leading = |n: usize| determinant(&Arr::from_fn(&[n, n], |k| a.at(k)));
        determinant(&minor) / crate::rows::sqrt(leading(j) * leading(j + 1))
    })
}

const SYSTEMS: [&str; 7] = ["3x3 3x2", "3x3 3", "2x2 2x3", "1x1 1", "2x2 2x0", "0x0 0", "4x4 4x1"];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        matmul "a matrix and itself" [REAL], ["2x2", "1x1", "0x0"], |_, x| x[0].matmul(x[0]), |a| {
            let n = a[0].shape[0];
            Arr::from_fn(&[n, n], |i| sums(&[n], |k| a[0].at(&[i[0], k[0]]) * a[0].at(&[k[0], i[1]])))
        };
        matmul "its transpose" [REAL], ["2x3", "3x1", "2x0"], |_, x| x[0].t().matmul(x[0]), |a| {
            let (m, n) = (a[0].shape[0], a[0].shape[1]);
            Arr::from_fn(&[n, n], |i| sums(&[m], |k| a[0].at(&[k[0], i[0]]) * a[0].at(&[k[0], i[1]])))
        };
        dot "with itself" [REAL], ["4", "1", "0"], |_, x| x[0].dot(x[0]), |a| {
            Arr { shape: vec![], data: vec![sums(&a[0].shape, |k| a[0].at(k) * a[0].at(k))] }
        };
        outer "with itself" [REAL], ["3", "1", "0"], |_, x| x[0].outer(x[0]), |a| {
            let n = a[0].shape[0];
            Arr::from_fn(&[n, n], |i| a[0].at(&[i[0]]) * a[0].at(&[i[1]]))
        };
        einsum "without an arrow" [REAL, REAL], ["2x3 3x2", "2x0 0x1", "1x1 1x1"],
            |_, x| x[0].einsum("kj,ji", x[1]),
            |a| {
                let (k, j, i) = (a[0].shape[0], a[0].shape[1], a[1].shape[1]);
                Arr::from_fn(&[i, k], |at| sums(&[j], |j| a[0].at(&[at[1], j[0]]) * a[1].at(&[j[0], at[0]])))
            };
        einsum "letters in one operand only" [REAL, REAL], ["2x3x2 2x4", "1x2x0 1x2"],
            |_, x| x[0].einsum("bij,bk->bi", x[1]),
            |a| {
                let (s, t) = (a[0].shape.clone(), a[1].shape[1]);
                Arr::from_fn(&s[..2], |i| {
                    sums(&[s[2], t], |k| a[0].at(&[i[0], i[1], k[0]]) * a[1].at(&[i[0], k[1]]))
                })
            };
        einsum "the trace of a product" [REAL, REAL], ["2x3 3x2", "1x1 1x1", "0x2 2x0"],
            |_, x| x[0].einsum("ij,ji->", x[1]),
            |a| {
                Arr { shape: vec![], data: vec![sums(&a[0].shape, |i| a[0].at(i) * a[1].at(&[i[1], i[0]]))] }
            };
        einsum "diagonals of both" [REAL, REAL], ["2x2 2x2", "1x1 1x1", "0x0 0x0"],
            |_, x| x[0].einsum("ii,ii->i", x[1]),
            |a| {
                Arr::from_fn(&[a[0].shape[0]], |i| a[0].at(&[i[0], i[0]]) * a[1].at(&[i[0], i[0]]))
            };
        einsum "axes of both broadcast" [REAL, REAL], ["3x1x2 2x2x2", "1x2x1 1x1x2"],
            |_, x| x[0].einsum("...k,...kj->j...", x[1]),
            |a| {
                let front = crate::oracle::common_shape(&a[0].shape[..2], &a[1].shape[..1]).unwrap();
                let (k, j) = (a[0].shape[2], a[1].shape[2]);
                let at = |x: &Arr<C>, front: &[usize], last: &[usize]| {
                    let axes = x.shape.len() - last.len();
                    let own: Vec<usize> = front[front.len() - axes..].iter().zip(&x.shape).map(|(&i, &n)| i.min(n - 1)).collect();
                    x.at(&[&own, last].concat())
                };
                Arr::from_fn(&[&[j], &front[..]].concat(), |i| {
                    sums(&[k], |k| at(&a[0], &i[1..], &[k[0]]) * at(&a[1], &i[1..], &[k[0], i[0]]))
                })
            };
        cholesky "of its symmetric part" [DOMINANT], ["3x3", "1x1", "0x0", "2x2"],
            |_, x| x[0].cholesky(),
            |a| cholesky(&a[0]);
        solve "with pivoting" [REGULAR, REAL], SYSTEMS, |_, x| x[0].solve(x[1]), |a| cramer(&a[0], &a[1]);
        solve "by itself" [REGULAR], ["2x2", "3x3"],
            |_, x| (x[0] * x[0]).solve(x[0]),
            |a| cramer(&a[0].map(|z| z * z), &a[0]);
        inverse "with pivoting" [REGULAR], ["3x3", "2x2", "1x1", "0x0"], |_, x| x[0].inverse(), |a| {
            cramer(&a[0], &identity(a[0].shape[0]))
        };
        log_det "not symmetric" [DOMINANT], ["3x3", "2x2", "1x1", "0x0"], |_, x| x[0].log_det(), |a| {
            Arr { shape: vec![], data: vec![ln(determinant(&a[0]))] }
        };
        log_det "with pivoting" [REGULAR], ["3x3", "1x1"], |_, x| x[0].log_det(), |a| {
            Arr { shape: vec![], data: vec![ln(determinant(&a[0]))] }
        };
        solve_triangular "lower" [DOMINANT, REAL], SYSTEMS, |_, x| x[0].solve_triangular(Triangle::Lower, x[1]), |a| {
            cramer(&triangle(&a[0], false), &a[1])
        };
        solve_triangular "upper" [DOMINANT, REAL], SYSTEMS, |_, x| x[0].solve_triangular(Triangle::Upper, x[1]), |a| {
            cramer(&triangle(&a[0], true), &a[1])
        };
    }
}
