//! W9 by hand. With `A = Q'Q` the exponent of a point under a Gaussian is linear in the point's 66 products (two of its
//! numbers, one of them, none), so all exponents are one product of matrices, and so is the gradient by its 66 factors.

use gemm::Parallelism::None as Alone;
use rayon::prelude::*;

use super::functions::exp_f64;
use super::{Work, fast, matmul_by, numbers, rows};
use crate::data::fill;
use crate::workload::{Calls, Result};
use crate::workloads::mixture::{constant, prior_constant};

const D: usize = 10;
const K: usize = 25;
const N: usize = 1000;
const ICF: usize = D + D * (D - 1) / 2;
/// Products of two, single numbers, 1.
const F: usize = D * (D + 1) / 2 + D + 1;

pub(super) struct Mixture {
    alphas: Vec<f64>,
    means: Vec<f64>,
    icf: Vec<f64>,
    /// By the points' numbers: `[D, N]`.
    points: Vec<f64>,
    q: Vec<f64>,
    factors: Vec<f64>,
    pieces: Vec<Piece>,
    gradient: Vec<f64>,
}

/// What is computed of some of the points.
struct Piece {
    start: usize,
    len: usize,
    /// `[F, len]`
    products: Vec<f64>,
    /// `[K, len]`: exponents, then each Gaussian's share of the point.
    shares: Vec<f64>,
    /// `[K, F]`: the gradient by the factors.
    slopes: Vec<f64>,
    largest: Vec<f64>,
    sums: Vec<f64>,
    sum: f64,
}

impl Piece {
    fn new(start: usize, len: usize) -> Self {
        let zeros = |n: usize| vec![0.0; n];
        Piece {
            start,
            len,
            products: zeros(F * len),
            shares: zeros(K * len),
            slopes: zeros(K * F),
            largest: zeros(len),
            sums: zeros(len),
            sum: 0.0,
        }
    }

    fn run(&mut self, points: &[f64], factors: &[f64]) {
        fast(Products { points, piece: self });
        let len = self.len;
        matmul_by(Alone, rows(factors, F), rows(&self.products, len), &mut self.shares, 0.0, 1.0);
        fast(Shares(self));
        let products = rows(&self.products, len).t();
        matmul_by(Alone, rows(&self.shares, len), products, &mut self.slopes, 0.0, 1.0);
    }
}

impl Mixture {
    pub(super) fn new() -> Self {
        let points = fill::<f64>(903, &[N, D], 1.0);
        Mixture {
            alphas: numbers(fill(900, &[K], 1.0)),
            means: numbers(fill(901, &[K, D], 1.0)),
            icf: numbers(fill(902, &[K, ICF], 1.0)),
            points: points.t().iter().copied().collect(),
            q: vec![0.0; K * D * D],
            factors: vec![0.0; K * F],
            pieces: vec![],
            gradient: vec![0.0; K * (1 + D + ICF)],
        }
    }
}

struct Products<'a> {
    points: &'a [f64],
    piece: &'a mut Piece,
}

impl Work for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Piece { start, len, products, .. } = self.piece;
        let column = |i: usize| &self.points[i * N + *start..][..*len];
        let mut products = products.chunks_exact_mut(*len);
        for i in 0..D {
            for (j, out) in (0..=i).zip(&mut products) {
                out.iter_mut().zip(column(i)).zip(column(j)).for_each(|((out, a), b)| *out = a * b);
            }
        }
        (0..D).zip(&mut products).for_each(|(i, out)| out.copy_from_slice(column(i)));
        products.for_each(|out| out.fill(1.0));
    }
}

struct Shares<'a>(&'a mut Piece);

impl Work for Shares<'_> {
    type Output = ();

    /// Each point's logsumexp, and its derivative in place of the exponents.
    #[inline(always)]
    fn run(self) {
        let Piece { len, shares, largest, sums, sum, .. } = self.0;
        largest.fill(f64::MIN);
        for row in shares.chunks_exact(*len) {
            largest.iter_mut().zip(row).for_each(|(a, &b)| *a = if b > *a { b } else { *a });
        }
        sums.fill(0.0);
        for row in shares.chunks_exact_mut(*len) {
            for ((x, largest), sum) in row.iter_mut().zip(&*largest).zip(&mut *sums) {
                *x = exp_f64(*x - largest);
                *sum += *x;
            }
        }
        *sum = largest.iter().zip(&*sums).map(|(largest, sum)| largest + sum.ln()).sum();
        sums.iter_mut().for_each(|sum| *sum = sum.recip());
        for row in shares.chunks_exact_mut(*len) {
            row.iter_mut().zip(&*sums).for_each(|(x, share)| *x *= share);
        }
    }
}

/// Where below the diagonal `(row, column)` stands in a row of `icf`.
fn below() -> impl Iterator<Item = (usize, usize, usize)> {
    let pairs = (0..D).flat_map(|column| (column + 1..D).map(move |row| (row, column)));
    pairs.zip(D..).map(|((row, column), place)| (row, column, place))
}

struct Factors<'a>(&'a mut Mixture);

impl Work for Factors<'_> {
    type Output = ();

    /// `Q`, and the factors of the exponent `alpha + sum(q) - (x'Ax - 2 x'A mu + mu'A mu) / 2`.
    #[inline(always)]
    fn run(self) {
        let Mixture { alphas, means, icf, q, factors, .. } = self.0;
        for k in 0..K {
            let (icf, mu) = (&icf[k * ICF..][..ICF], &means[k * D..][..D]);
            let q = &mut q[k * D * D..][..D * D];
            for j in 0..D {
                q[j * D + j] = icf[j].exp();
            }
            below().for_each(|(row, column, place)| q[row * D + column] = icf[place]);

            let mut a = [[0.0; D]; D];
            for row in q.as_chunks::<D>().0 {
                for (a, x) in a.iter_mut().zip(row) {
                    for j in 0..D {
                        a[j] += x * row[j];
                    }
                }
            }
            let mut b = [0.0; D];
            for (b, row) in b.iter_mut().zip(&a) {
                *b = (0..D).map(|j| row[j] * mu[j]).sum();
            }
            let factors = &mut factors[k * F..][..F];
            let mut next = 0;
            for (i, row) in a.iter().enumerate() {
                for &a in &row[..i] {
                    factors[next] = -a;
                    next += 1;
                }
                factors[next] = -0.5 * row[i];
                next += 1;
            }
            factors[next..next + D].copy_from_slice(&b);
            let square: f64 = (0..D).map(|j| b[j] * mu[j]).sum();
            factors[F - 1] = alphas[k] + icf[..D].iter().sum::<f64>() - 0.5 * square;
        }
    }
}

struct Gradient<'a>(&'a mut Mixture);

impl Work for Gradient<'_> {
    type Output = f64;

    /// From the moments of the points, which the gradient by the factors is, to that by the parameters; returns the value.
    #[inline(always)]
    fn run(self) -> f64 {
        let Mixture { alphas, means, icf, q, pieces, gradient, .. } = self.0;
        let (d_alphas, rest) = gradient.split_at_mut(K);
        let (d_means, d_icf) = rest.split_at_mut(K * D);
        let sum: f64 = alphas.iter().map(|x| x.exp()).sum();
        let mut prior = 0.0;
        for k in 0..K {
            let mut moments = [0.0; F];
            for piece in &*pieces {
                moments.iter_mut().zip(&piece.slopes[k * F..]).for_each(|(m, slope)| *m += slope);
            }
            let (mu, q) = (&means[k * D..][..D], &q[k * D * D..][..D * D]);
            let (s, total) = (&moments[F - 1 - D..F - 1], moments[F - 1]);
            // Of the points' distances from the mean: the second moments, then Q times them; and Q times the first.
            let mut m = [[0.0; D]; D];
            let mut next = 0;
            for i in 0..D {
                for j in 0..=i {
                    let central = moments[next] - s[i] * mu[j] - mu[i] * s[j] + total * mu[i] * mu[j];
                    (m[i][j], m[j][i]) = (central, central);
                    next += 1;
                }
            }
            let (mut qm, mut qs) = ([[0.0; D]; D], [0.0; D]);
            for (i, row) in q.as_chunks::<D>().0.iter().enumerate() {
                for l in 0..=i {
                    for j in 0..D {
                        qm[i][j] += row[l] * m[l][j];
                    }
                    qs[i] += row[l] * (s[l] - total * mu[l]);
                }
            }
            let d_mu = &mut d_means[k * D..][..D];
            d_mu.fill(0.0);
            for (i, row) in q.as_chunks::<D>().0.iter().enumerate() {
                for j in 0..D {
                    d_mu[j] += row[j] * qs[i];
                }
            }
            let (d, icf) = (&mut d_icf[k * ICF..][..ICF], &icf[k * ICF..][..ICF]);
            for j in 0..D {
                let diagonal = q[j * D + j];
                d[j] = total + diagonal * (diagonal - qm[j][j]);
            }
            below().for_each(|(row, column, place)| d[place] = icf[place] - qm[row][column]);
            prior += 0.5 * q.iter().map(|x| x * x).sum::<f64>();
            d_alphas[k] = total - N as f64 * (alphas[k].exp() / sum);
        }
        let likelihood: f64 = pieces.iter().map(|piece| piece.sum).sum();
        likelihood - N as f64 * sum.ln() + prior + constant() - K as f64 * prior_constant()
    }
}

impl Calls for Mixture {
    fn call(&mut self) -> Result<f64> {
        let threads = rayon::current_num_threads();
        if self.pieces.len() != threads {
            let cut = |i: usize| i * N / threads;
            self.pieces = (0..threads).map(|i| Piece::new(cut(i), cut(i + 1) - cut(i))).collect();
        }
        fast(Factors(&mut *self));
        let Mixture { points, factors, pieces, .. } = &mut *self;
        match &mut pieces[..] {
            [piece] => piece.run(points, factors),
            pieces => pieces.par_iter_mut().for_each(|piece| piece.run(points, factors)),
        }
        Ok(fast(Gradient(self)))
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        Ok((self.call()?, self.gradient.iter().map(|x| x.abs()).sum()))
    }
}
