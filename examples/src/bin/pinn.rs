//! A differential equation solved by a network: second derivatives in a loss. `--bin pinn`
//!
//! The function `u` with `u'' = -π² sin πx` and `u(0) = u(1) = 0` is `sin πx`. A network `n(x)` is made to fit: with
//! `u(x) = x (1 - x) n(x)` the ends are right whatever the network says, and the loss is how far `u''` is from what it should
//! be. So the loss has a second derivative by the input in it, and its gradient is one of third order.

use std::f64::consts::PI;

use chainrule::Result;
use chainrule::ndarray::{Array1, Array2, Axis};
use chainrule::prelude::*;

/// `u` and `u''` at the points in the rows of `x`.
///
/// Each row of the output depends on its own row of the input alone, so the gradient of the sum has the derivative of each.
fn solution<'g>(bound: &Bound<'g>, network: &Sequential, x: Var<'g>) -> Result<[Var<'g>; 2]> {
    let u = x * (1.0 - x) * bound.apply(network, x);
    let [slope] = u.sum().grad([x])?;
    let [curvature] = slope.sum().grad([x])?;
    Ok([u, curvature])
}

/// The largest error of `u` on a fine grid, before training and after.
fn train(steps: usize) -> Result<[f64; 2]> {
    let network = Sequential::new().dense(1, 16).tanh().dense(16, 16).tanh().dense(16, 1);
    let mut params = Params::init(&network, 3)?;
    let points = |n: usize| Array1::linspace(0.0, 1.0, n).insert_axis(Axis(1));

    let graph = Graph::new();
    let bound = params.bind(&graph);
    let x = graph.constant(points(33));
    let [_, curvature] = solution(&bound, &network, x)?;
    let loss = (curvature + (x * PI).sin() * PI.powi(2)).square().mean();
    let adam = Adam::new(Schedule::cosine(0.01, steps));
    let mut step = Program::new([], [loss]).updates(adam.minimize(loss, &bound)?).compile()?;

    let error = |params: &Params| -> Result<f64> {
        let (graph, fine) = (Graph::new(), points(1001));
        let u = solution(&params.bind(&graph), &network, graph.constant(&fine))?[0].value()?;
        let exact: Array2<f64> = fine.mapv(|x| (PI * x).sin());
        Ok((u - exact).iter().fold(0.0, |worst, d| d.abs().max(worst)))
    };
    let before = error(&params)?;
    for number in 0..steps {
        let [loss] = step.run(())?;
        if number % (steps / 8).max(1) == 0 {
            println!("step {number:>5}  mean squared residual {:.3e}", loss[[]]);
        }
    }
    params.read(step.state())?;
    Ok([before, error(&params)?])
}

fn main() -> Result<()> {
    let [before, after] = train(2000)?;
    println!("largest error of u on 1001 points: {before:.3} before, {after:.1e} after");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_solution_is_found() {
        let [before, after] = super::train(400).unwrap();
        assert!(before > 0.3 && after < 3e-3, "{before} {after}");
    }
}
