//! W9: the logarithmic likelihood of points under a mixture of Gaussians, with a Wishart prior, as the benchmark suite
//! ADBench has it.
//!
//! Gaussian `k` has the weight `exp(alpha_k)` (normalised), the mean `mu_k` and, in place of a covariance, the triangular
//! `Q_k` with `Q_k' Q_k` its inverse. A row of `icf` holds the logarithms `q` of the diagonal of `Q_k`, then what is below the
//! diagonal, column by column. The objective is
//!
//! ```text
//! sum_i logsumexp_k(alpha_k + sum(q_k) - |Q_k (x_i - mu_k)|² / 2) - n logsumexp(alpha) - n d ln(2 pi) / 2
//!     + sum_k (gamma² |Q_k|² / 2 - m sum(q_k)) - K c
//! ```
//!
//! with the constant `c` of the prior; gamma is 1 and m is 0 here. (The prior enters with a plus, as it does in ADBench.)

use std::f64::consts::{LN_2, PI};

use chainrule::Var;
use ndarray::Array1;

use crate::data::fill;
use crate::workload::{Id, Recorded, Result, Workload};

/// Numbers a point, Gaussians, points.
const D: usize = 10;
const K: usize = 25;
const N: usize = 1000;

pub(super) fn gradient() -> Workload<f64, 4, 4> {
    let alphas = fill(900, &[K], 1.0);
    let means = fill(901, &[K, D], 1.0);
    let icf = fill(902, &[K, D + D * (D - 1) / 2], 1.0);
    Workload { id: Id::W9, inputs: [alphas, means, icf, fill(903, &[N, D], 1.0)], state: vec![], record }
}

fn record<'g>([alphas, means, icf, points]: [Var<'g>; 4], _: &[Var<'g>]) -> Result<Recorded<'g, f64, 4>> {
    let loss = objective(alphas, means, icf, points);
    let [d_alphas, d_means, d_icf] = loss.grad([alphas, means, icf])?;
    Ok(Recorded { outputs: [loss, d_alphas, d_means, d_icf], next: vec![] })
}

fn objective<'g>(alphas: Var<'g>, means: Var<'g>, icf: Var<'g>, points: Var<'g>) -> Var<'g> {
    let graph = icf.graph();
    let [logarithms, below] = icf.split([D, D * (D - 1) / 2], 1);
    let entries = graph.concat([logarithms.exp(), below, graph.full([K, 1], 0.0)], 1);
    let q = entries.take(places(), 1).reshape([K, D, D]);

    // |Q (x - mu)|² is x'Ax - 2 x'b + mu'b with A = Q'Q and b = A mu: linear in what is left of the Gaussian, so one product
    // of matrices does for all pairs, of the points' products [N, D D + D] with [K, D D + D], and nothing has N K D numbers.
    // (It costs digits where Gaussians are narrow and far from 0. Here all are near it.)
    let mu = means.reshape([K, D, 1]);
    let a = q.mt().matmul(q);
    let b = a.matmul(mu);
    let products = (points.unsqueeze(2) * points.unsqueeze(1)).reshape([N, D * D]);
    let features = graph.concat([products, points], 1);
    let factors = graph.concat([a.reshape([K, D * D]), b.reshape([K, D]) * -2.0], 1);
    let distances = features.matmul(factors.t()) + (mu * b).sum_axes([1, 2]);

    let weights = alphas + logarithms.sum_axes(1);
    let likelihood = (weights - distances * 0.5).logsumexp_axes(1).sum() - alphas.logsumexp() * N as f64;
    let prior = entries.square().sum() * 0.5;
    likelihood + prior + (constant() - K as f64 * prior_constant())
}

/// Where in a row of `[diagonal, below it, 0]` each element of the matrix is, row by row.
fn places() -> Vec<usize> {
    let zero = D + D * (D - 1) / 2;
    let mut places = vec![zero; D * D];
    let mut next = D;
    for column in 0..D {
        places[column * D + column] = column;
        for row in column + 1..D {
            places[row * D + column] = next;
            next += 1;
        }
    }
    places
}

/// `-n d ln(2 pi) / 2`
pub(crate) fn constant() -> f64 {
    -0.5 * (N * D) as f64 * (2.0 * PI).ln()
}

/// The logarithm of the prior's normaliser: with `n = d + m + 1`, `n d (ln gamma - ln(2) / 2)` less the logarithm of the
/// multivariate gamma function at `n / 2`.
pub(crate) fn prior_constant() -> f64 {
    let n = D + 1;
    let gammas: f64 = (1..=D).map(|j| ln_gamma_of_half(n + 1 - j)).sum();
    let ln_multigamma = 0.25 * (D * (D - 1)) as f64 * PI.ln() + gammas;
    (n * D) as f64 * (-0.5 * LN_2) - ln_multigamma
}

/// `ln Γ(k / 2)`, up from `Γ(1/2) = √π` or `Γ(1) = 1`.
fn ln_gamma_of_half(k: usize) -> f64 {
    let start = if k % 2 == 1 { 0.5 * PI.ln() } else { 0.0 };
    let factors = Array1::range(if k % 2 == 1 { 0.5 } else { 1.0 }, k as f64 / 2.0, 1.0);
    start + factors.iter().map(|x: &f64| x.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against Python's `math.lgamma`.
    #[test]
    fn the_priors_constant() {
        assert!((prior_constant() - -77.31890261619034).abs() < 1e-12);
    }
}
