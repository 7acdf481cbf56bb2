//! Every operation of the graph by its definition, in plain loops, one function each.
//!
//! The names are those of the methods of `Var`; the formulas and conventions are those of `docs/operations.md`. Axes are counted from
//! 0. Where a method of the graph accepts several forms of an argument, the function here takes the plainest one.
//!
//! Nothing is computed twice, cached, reordered or skipped; whatever is added up goes through
//! [`Number::sum`], so that an error bound holds for the engine's order of additions too.

mod einsum;
mod elementwise;
mod indexing;
mod joining;
mod layout;
mod linalg;
mod losses;
mod products;
mod random;
mod reductions;
mod slicing;
mod softmax;
mod windows;

pub use einsum::einsum;
pub use elementwise::*;
pub use indexing::{one_hot, scatter_add, take, take_along};
pub use joining::{chunks, concat, split, stack};
pub use layout::{broadcast_to, detach, mt, permute, reshape, squeeze, t, tile, unsqueeze};
pub use linalg::{cholesky, inverse, log_det, solve, solve_triangular};
pub use losses::{softmax_cross_entropy, softmax_cross_entropy_labels};
pub use products::{dot, matmul, outer};
pub use random::{fold_in, noise, noise_single, normal, uniform};
pub use reductions::{
    argmax, argmin, cumsum, max, max_axes, mean, mean_axes, min, min_axes, norm, norm_axes, over, prod,
    prod_axes, sum, sum_axes, variance, variance_axes,
};
pub use slicing::{Part, flip, pad, slice};
pub use softmax::{log_softmax, logsumexp, logsumexp_axes, softmax};
pub use windows::{
    Conv, Pool, avg_pool1d, avg_pool2d, conv_transpose1d, conv_transpose2d, conv1d, conv2d, fold, max_pool1d,
    max_pool2d, unfold,
};

use crate::Number;

/// `Σ aᵢ bᵢ`
fn sum_of_products<N: Number>(pairs: impl Iterator<Item = (N, N)>) -> N {
    N::sum(&pairs.map(|(a, b)| a * b).collect::<Vec<_>>())
}
