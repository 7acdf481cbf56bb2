//! Products, einsum, and the linear algebra of small matrices.

use ndarray::ArrayD;

use super::{Kind, axis};
use crate::program::call::{Call, Id, Operator};
use crate::program::decode::{Decoder, Gene, grid};

/// This page.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "matmul", draw: matmul },
    Kind { name: "dot", draw: |d, g| vectors(d, g, true) },
    Kind { name: "outer", draw: |d, g| vectors(d, g, false) },
    Kind { name: "einsum", draw: einsum },
    Kind {
        name: "cholesky",
        draw: |d, g| {
            let a = matrix(d, g, positive_definite)?;
            d.push(Call::Cholesky, &[a])
        },
    },
    Kind {
        name: "solve_triangular",
        draw: |d, g| {
            let a = matrix(d, g, steady_diagonal)?;
            let b = right_side(d, g, a)?;
            d.push(Call::SolveTriangular(g.c % 2 == 1), &[a, b])
        },
    },
    Kind {
        name: "solve",
        draw: |d, g| {
            let a = matrix(d, g, well_conditioned)?;
            let b = right_side(d, g, a)?;
            d.push(Call::Solve, &[a, b])
        },
    },
    Kind {
        name: "inverse",
        draw: |d, g| {
            let a = matrix(d, g, well_conditioned)?;
            d.push(Call::Inverse, &[a])
        },
    },
    Kind {
        name: "log_det",
        draw: |d, g| {
            let a = matrix(d, g, |a, n| well_conditioned(a, n) && determinant(a, n) > 0.0)?;
            d.push(Call::LogDet, &[a])
        },
    },
];

fn matmul(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let shape = d.shape(x).to_vec();
    let inner = *shape.last()?;
    // A vector, a matrix, or a batch of them whose number is the same, 1, or missing.
    let columns = 1 + usize::from(g.b % 3);
    let front: Vec<usize> = match (shape.len(), g.c % 3) {
        (rank @ 3.., 0) => shape[..rank - 2].to_vec(),
        (rank @ 3.., 1) => vec![1; rank - 2],
        (..=2, 2) => vec![2],
        _ => vec![],
    };
    let other = match g.p[0] % 3 {
        0 => vec![inner],
        _ => [&front[..], &[inner, columns]].concat(),
    };
    let fits = |s: &[usize]| match s {
        [k] => *k == inner,
        [k, _] => *k == inner && !g.p[0].is_multiple_of(3),
        _ => false,
    };
    let y = match d.pick(g.p[1], fits) {
        Some(y) if g.p[1] < 160 => y,
        _ => d.fresh(&other, g.p[3])?,
    };
    let product = d.push(Call::MatMul, &[x, y]);
    // The other way round: `x` on the right of a matrix.
    match (product, shape.as_slice()) {
        (Some(_), &[.., rows, _]) if g.p[2] % 4 == 3 => {
            let left = d.fresh(&[2, rows], g.p[3])?;
            d.push(Call::MatMul, &[left, x])
        }
        (product, _) => product,
    }
}

fn vectors(d: &mut Decoder<'_>, g: &Gene, dot: bool) -> Option<Id> {
    let x = d.ranked(g, 1, 1)?;
    let n = d.shape(x).first().copied()?;
    let y = match d.pick(g.b, |s| s.len() == 1 && (!dot || s[0] == n)) {
        Some(y) if g.b < 192 => y,
        _ => d.fresh(&[if dot { n } else { 1 + usize::from(g.c % 3) }], g.p[3])?,
    };
    d.push(if dot { Call::Dot } else { Call::Outer }, &[x, y])
}

/// Subscripts; each letter is an axis, `...` one axis here.
const SUBSCRIPTS: [&str; 14] = [
    "ij,jk->ik",
    "ij,ij->",
    "ij,kj->ik",
    "i,j->ij",
    "bij,bjk->bik",
    "ii,i->i",
    "ij,j",
    "ijk,kj->i",
    "...i,...i->...",
    "i,i->",
    "ijk,ik->kij",
    "ij,k->ji",
    "ab,bc",
    "ij,jj->i",
];

fn einsum(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let subscripts = SUBSCRIPTS[usize::from(g.b) % SUBSCRIPTS.len()];
    // The ellipsis stands for one axis.
    let letters = subscripts.replace("...", "_");
    let (left, rest) = letters.split_once(',')?;
    let right = rest.split("->").next()?;
    let rank = left.len();
    let repeated = |s: &[usize], text: &str| {
        let sizes: Vec<(char, usize)> = text.chars().zip(s.iter().copied()).collect();
        sizes.iter().all(|&(l, n)| sizes.iter().all(|&(m, k)| l != m || n == k))
    };
    let x = match d.pick(g.a, |s| s.len() == rank && repeated(s, left)) {
        Some(x) => x,
        None => {
            let size = |letter: char| [2, 3, 1][letter as usize % 3];
            d.fresh(&left.chars().map(size).collect::<Vec<_>>(), g.p[3])?
        }
    };
    let mut sizes: Vec<(char, usize)> = left.chars().zip(d.shape(x).iter().copied()).collect();
    for letter in right.chars() {
        if !sizes.iter().any(|(l, _)| *l == letter) {
            sizes.push((letter, [2, 3, 1][usize::from(g.c % 3)]));
        }
    }
    let other: Option<Vec<usize>> =
        right.chars().map(|letter| sizes.iter().find(|(l, _)| *l == letter).map(|(_, n)| *n)).collect();
    let y = d.shaped(g.p[0], &other?)?;
    d.push(Call::Einsum(subscripts.to_owned()), &[x, y])
}

/// A square matrix that fits: a line, a line with more on its diagonal, or a leaf.
fn matrix(d: &mut Decoder<'_>, g: &Gene, fits: fn(&[f64], usize) -> bool) -> Option<Id> {
    let diagonal = |n: usize, value: f64, other: &ArrayD<f64>, scale: f64| {
        let mut matrix = other * scale;
        for i in 0..n {
            if let Some(x) = matrix.get_mut([i, i].as_slice()) {
                *x += value;
            }
        }
        matrix
    };
    if let Some(x) = d.pick(g.a, |s| matches!(s, [n, m] if n == m && *n <= 4)) {
        let n = d.shape(x).first().copied()?;
        if fits(d.elements(x), n) {
            return Some(x);
        }
        let more = d.push(Call::Constant(diagonal(n, 12.0, &grid(&[n, n], 1), 0.0)), &[])?;
        let sum = d.push(Call::Operator(Operator::Add), &[x, more])?;
        if fits(d.elements(sum), n) {
            return Some(sum);
        }
    }
    let n = [2, 3, 1, 2, 3, 2, 3, 0][axis(g.p[0], 8)?];
    // Half of numbers of at most 2 beside a diagonal of about 4: fit for everything.
    let seed = g.p[3].max(1);
    d.leaf(diagonal(n, 4.0, &grid(&[n, n], seed), 0.5))
}

/// A vector or a matrix to divide.
fn right_side(d: &mut Decoder<'_>, g: &Gene, a: Id) -> Option<Id> {
    let n = d.shape(a).first().copied()?;
    match g.b % 2 {
        0 => d.shaped(g.p[1], &[n]),
        _ => d.shaped(g.p[1], &[n, 1 + usize::from(g.p[2] % 3)]),
    }
}

fn steady_diagonal(a: &[f64], n: usize) -> bool {
    (0..n).all(|i| a[i * n + i].abs() >= 0.5) && a.iter().all(|x| x.abs() <= 24.0)
}

/// The lower triangle `L` with `L L' = (A + A') / 2`, none of whose pivots is small.
fn positive_definite(a: &[f64], n: usize) -> bool {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let symmetric = 0.5 * (a[i * n + j] + a[j * n + i]);
            let rest = symmetric - (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum::<f64>();
            if i == j && rest < 0.25 {
                return false;
            }
            l[i * n + j] = if i == j { rest.sqrt() } else { rest / l[j * n + j] };
        }
    }
    true
}

/// Each diagonal element by a half more than the rest of its row.
fn well_conditioned(a: &[f64], n: usize) -> bool {
    (0..n).all(|i| {
        let others: f64 = (0..n).filter(|&j| j != i).map(|j| a[i * n + j].abs()).sum();
        a[i * n + i].abs() >= others + 0.5
    })
}

/// Of a matrix with a dominant diagonal: its sign is that of the product of the diagonal.
fn determinant(a: &[f64], n: usize) -> f64 {
    (0..n).map(|i| a[i * n + i]).product()
}
