//! Step 5: the two ways to write a weight matrix, and which transpose belongs to which.

use chainrule::prelude::*;
use ndarray::{Array1, Array2};

use super::size;
use crate::network::{Network, flat};
use crate::report::{Report, matrix, vector};
use crate::rounding::agree;

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network, errors: &Array1<f64>) -> Result<(), chainrule::Error> {
    report.section("Two conventions for W, and where the transpose goes");
    let (l, w) = (network.depth(), &network.last);
    let v = w.t().to_owned();
    report.say(
        "The lecture writes the way forward as Z = W'A and the way back as E[l] = W[l+1]' E[l+1]. Both cannot hold for the \
         same matrix. With a row for each sender (call it W) the transpose is on the way forward; with a row for each \
         receiver (call it V = W') it is on the way back:",
    );
    report.lines(matrix("W", w).into_iter().chain(matrix("V", &v)));
    report.lines([
        "convention               W: one row a sender     V: one row a receiver",
        "forward                  Z = W' A                Z = V A",
        "back                     E[l] = W E[l+1]         E[l] = V' E[l+1]",
    ]);
    report.say(
        "The reason is one and the same: number jk of the matrix stands on the way from j to k, the signal sums over the \
         senders j, the error over the receivers k. One of the two sums runs along rows, the other along columns.",
    );
    let a = Array1::from_shape_fn(w.nrows(), |j| 1.0 / (j + 2) as f64);
    let (z, back) = through(Convention::InByOut, w, &a, errors)?;
    let (z_too, back_too) = through(Convention::OutByIn, &v, &a, errors)?;
    report.lines([
        vector(&format!("E[{}] by W,  W E    ", l - 1), back.iter().copied()),
        vector(&format!("E[{}] by V,  V' E   ", l - 1), back_too.iter().copied()),
    ]);
    let (forward, backward) = (size(&v, &a), size(w, errors));
    let same_z = (0..z.len()).all(|k| agree(z[k], z_too[k], a.len(), forward[k]));
    let same_e = (0..back.len()).all(|j| agree(back[j], back_too[j], errors.len(), backward[j]));
    report.check("Dense layers in both conventions give the same Z", same_z);
    report.check("and the tape pulls the same errors back through both", same_e);
    let closed = v.t().dot(errors);
    let right = (0..back.len()).all(|j| agree(back_too[j], closed[j], errors.len(), backward[j]));
    report.check("for V it is the closed form as the lecture writes it, V' E", right);
    Ok(())
}

/// The output of a dense layer with these weights at `a`, and the errors pulled back through it.
fn through(
    convention: Convention,
    weights: &Array2<f64>,
    a: &Array1<f64>,
    errors: &Array1<f64>,
) -> Result<(Array1<f64>, Array1<f64>), chainrule::Error> {
    let layer = Dense::new(a.len(), errors.len()).without_bias().weights(convention);
    let mut params = Params::new();
    params.insert("weight", weights);
    let graph = Graph::new();
    let a = graph.variable("A", a);
    let z = params.bind(&graph).apply(&layer, a);
    let [back] = z.vjp(errors, [a])?;
    Ok((flat(z)?, flat(back)?))
}
