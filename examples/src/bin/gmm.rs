//! A density fitted by gradient: three bells in the plane. `--bin gmm`
//!
//! The density is `Σ w_k N(x; m_k, s_k²)` with weights that are a softmax, so that they are positive and add up to one, and
//! deviations that are exponentials. The logarithm of a sum of exponentials keeps it from underflowing far from all bells.
//! Nothing here was derived by hand.

use std::f64::consts::TAU;

use chainrule::Result;
use chainrule::ndarray::{Array2, array};
use chainrule::prelude::*;

/// Weight, place and deviation of the bells that the points are drawn from.
const BELLS: [(f64, [f64; 2], f64); 3] =
    [(0.5, [0.0, 0.0], 0.5), (0.3, [3.0, 1.0], 0.8), (0.2, [-1.0, 3.0], 0.3)];

/// Points drawn from the bells.
fn points(n: usize) -> Result<Array2<f64>> {
    let graph = Graph::new();
    let key = graph.constant(2.0);
    let (which, normal) = (key.fold_in(0.0).uniform([n]).value()?, key.fold_in(1.0).normal([n, 2]).value()?);
    Ok(Array2::from_shape_fn((n, 2), |(i, j)| {
        let u = which[[i]];
        let (_, place, deviation) = if u < 0.5 {
            BELLS[0]
        } else if u < 0.8 {
            BELLS[1]
        } else {
            BELLS[2]
        };
        place[j] + deviation * normal[[i, j]]
    }))
}

/// The mean of the logarithm of the density at the points `x`.
fn log_density<'g>(bound: &Bound<'g>, x: Var<'g>) -> Var<'g> {
    let (logits, places, scale) = (bound.get("logits"), bound.get("places"), bound.get("log_deviations"));
    let apart = x.unsqueeze(1) - places; // [n, 3, 2]
    let squares = apart.square().sum_axes(-1) * (scale * -2.0).exp(); // [n, 3]
    let bells = squares * -0.5 - scale * 2.0 - TAU.ln();
    (bells + logits.log_softmax(0)).logsumexp_axes(-1).mean()
}

/// The parameters after so many steps, and the mean logarithm of the density.
fn fit(n: usize, steps: usize) -> Result<(Params, f64)> {
    let mut params = Params::new();
    params.insert("logits", [0.0, 0.0, 0.0]);
    params.insert("places", array![[-1.0, -1.0], [1.0, 1.0], [0.0, 2.0]]);
    params.insert("log_deviations", [0.0, 0.0, 0.0]);

    let graph = Graph::new();
    let bound = params.bind(&graph);
    let density = log_density(&bound, graph.constant(points(n)?));
    let updates = Adam::new(Schedule::cosine(0.05, steps)).minimize(-density, &bound)?;
    let mut step = Program::new([], [density]).updates(updates).compile()?;
    let mut last = f64::NAN;
    for _ in 0..steps {
        last = step.run(())?[0][[]];
    }
    params.read(step.state())?;
    Ok((params, last))
}

/// Weight, place and deviation of the bells that were found, the heaviest first.
fn bells(params: &Params) -> Result<Vec<(f64, [f64; 2], f64)>> {
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let weights = bound.get("logits").softmax(0).value()?;
    let (places, deviations) = (bound.get("places").value()?, bound.get("log_deviations").exp().value()?);
    let bell = |k: usize| (weights[[k]], [places[[k, 0]], places[[k, 1]]], deviations[[k]]);
    let mut bells: Vec<_> = (0..3).map(bell).collect();
    bells.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(bells)
}

fn main() -> Result<()> {
    let (params, density) = fit(2000, 500)?;
    println!("mean logarithm of the density: {density:.4}\n");
    println!("        true                       found");
    println!("weight  place       deviation     weight  place          deviation");
    for ((w, [x, y], s), (fw, [fx, fy], fs)) in BELLS.into_iter().zip(bells(&params)?) {
        println!("{w:<6}  ({x:>2}, {y:>2})    {s:<9}     {fw:.3}   ({fx:>5.2}, {fy:>5.2})  {fs:.3}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bells_are_found() {
        let (params, _) = super::fit(1000, 300).unwrap();
        for (truth, found) in super::BELLS.into_iter().zip(super::bells(&params).unwrap()) {
            assert!((truth.0 - found.0).abs() < 0.05, "{found:?}");
            assert!(
                (truth.1[0] - found.1[0]).abs() < 0.15 && (truth.1[1] - found.1[1]).abs() < 0.15,
                "{found:?}"
            );
            assert!((truth.2 - found.2).abs() < 0.08, "{found:?}");
        }
    }
}
