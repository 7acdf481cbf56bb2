//! A layer of one's own: a highway layer, which learns how much of its input to let pass. `--bin custom_layer`
//!
//! `y = t h(x) + (1 - t) x` with a gate `t = σ(x T + b)` (R. Srivastava et al., "Highway networks", 2015). A bias of -2 keeps the
//! gates nearly shut at first, so that even twenty layers let the gradient through; twenty plain layers do not.

use chainrule::Result;
use chainrule::ndarray::{Array2, Axis};
use chainrule::prelude::*;

/// `y = t h(x) + (1 - t) x`
struct Highway {
    transform: Dense,
    gate: Dense,
    width: usize,
}

impl Highway {
    fn new(width: usize) -> Self {
        Highway { transform: Dense::new(width, width), gate: Dense::new(width, width).without_bias(), width }
    }
}

impl<T: Scalar> Layer<T> for Highway {
    fn declare(&self, params: &mut Declarations<T>) {
        params.layer("transform", &self.transform);
        params.layer("gate", &self.gate);
        params.parameter("shut", [self.width], Init::Constant(-2.0));
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let h = params.apply("transform", &self.transform, x).tanh();
        let t = (params.apply("gate", &self.gate, x) + params.get("shut")).sigmoid();
        x + t * (h - x)
    }
}

/// Points in the plane, and whether they lie in one of the odd fields of a chessboard.
fn chessboard(n: usize) -> Result<Dataset> {
    let graph = Graph::new();
    let points = (graph.constant(5.0).uniform([n, 2]) * 2.0 - 1.0).value()?;
    let odd = points.map_axis(Axis(1), |p| f64::from(u8::from((p[0] > 0.0) != (p[1] > 0.0))));
    Dataset::new(points, odd.insert_axis(Axis(1)))
}

/// The accuracy on other points after training a network of so many layers.
fn accuracy(depth: usize, highways: bool, epochs: usize) -> Result<f64> {
    let mut model = Sequential::new().dense(2, 8).tanh();
    for _ in 0..depth {
        model = if highways { model.push(Highway::new(8)) } else { model.dense(8, 8).tanh() };
    }
    let (train, valid) = chessboard(600)?.split(0.75)?;
    let report = Trainer::new(model.dense(8, 1), Loss::BinaryCrossEntropy, Momentum::new(0.05, 0.9))
        .epochs(epochs)
        .metric(Metric::BinaryAccuracy)
        .silent()
        .fit(&train, &valid)?;
    Ok(report.history.best().and_then(|epoch| epoch.metrics.first().copied()).unwrap_or(0.0))
}

/// The largest difference between the gradient of one layer and differences of its values.
fn gradient_error() -> Result<f64> {
    let layer = Highway::new(3);
    let params = Params::init(&layer, 1)?;
    let x = Array2::from_shape_fn((2, 3), |(i, j)| (1.0 + i as f64 - 0.7 * j as f64).sin());
    let value = |params: &Params| -> Result<f64> {
        let graph = Graph::new();
        params.bind(&graph).apply(&layer, &x).square().sum().item()
    };
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let gradients = bound.apply(&layer, &x).square().sum().grad(bound)?;
    let (mut worst, h) = (0.0_f64, 1e-6);
    for (name, gradient) in gradients.iter() {
        for (i, g) in gradient.value()?.into_iter().enumerate() {
            let at = |step: f64| {
                let mut moved = params.clone();
                if let Some(p) = moved.get_mut(name).and_then(|value| value.iter_mut().nth(i)) {
                    *p += step;
                }
                value(&moved)
            };
            worst = worst.max(((at(h)? - at(-h)?) / (2.0 * h) - g).abs());
        }
    }
    Ok(worst)
}

fn main() -> Result<()> {
    println!("gradient against differences: {:.1e} apart at most\n", gradient_error()?);
    println!("layers   plain   highway    (accuracy on other points)");
    for depth in [2, 10, 20] {
        let (plain, highway) = (accuracy(depth, false, 40)?, accuracy(depth, true, 40)?);
        println!("{depth:>6}   {plain:.3}   {highway:.3}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_gradient_is_right() {
        assert!(super::gradient_error().unwrap() < 1e-8);
    }

    #[test]
    fn twenty_highways_learn() {
        assert!(super::accuracy(20, true, 40).unwrap() > 0.9);
    }
}
