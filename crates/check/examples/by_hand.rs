//! A dense layer with a sigmoid, and its gradient, written by hand on `ndarray` alone. One of the two gradients has a mistake
//! that is easily made; the kit tells which element of which input shows it.
//!
//! ```text
//! cargo run -p chainrule-check --example by_hand
//! ```

use chainrule_check::check_function;
use ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2, array};

/// The inputs of the layer: a batch of rows, weights, bias.
type Inputs = [ArrayD<f64>; 3];

/// The same as arrays of known ranks.
type Typed = (Array2<f64>, Array2<f64>, Array1<f64>);

fn unpack([x, w, b]: &Inputs) -> Result<Typed, ndarray::ShapeError> {
    let (x, w) = (x.clone().into_dimensionality::<Ix2>()?, w.clone().into_dimensionality::<Ix2>()?);
    Ok((x, w, b.clone().into_dimensionality::<Ix1>()?))
}

/// `σ(x W + b)`
fn dense_sigmoid(inputs: &Inputs) -> Result<Array2<f64>, ndarray::ShapeError> {
    let (x, w, b) = unpack(inputs)?;
    Ok((x.dot(&w) + b).mapv(|z| 1.0 / (1.0 + (-z).exp())))
}

/// What an error at the output is at the input, at the weights and at the bias.
fn gradient(inputs: &Inputs, [e]: &[ArrayD<f64>; 1]) -> Result<Vec<ArrayD<f64>>, ndarray::ShapeError> {
    let (x, w, _) = unpack(inputs)?;
    let y = dense_sigmoid(inputs)?;
    let delta = (e * &y * (1.0 - &y)).into_dimensionality::<Ix2>()?;
    Ok(vec![delta.dot(&w.t()).into_dyn(), x.t().dot(&delta).into_dyn(), delta.sum_axis(Axis(0)).into_dyn()])
}

/// The same with a sign lost in the slope of the sigmoid, on the way to the weights only.
fn gradient_with_a_slip(
    inputs: &Inputs,
    e: &[ArrayD<f64>; 1],
) -> Result<Vec<ArrayD<f64>>, ndarray::ShapeError> {
    let (x, _, _) = unpack(inputs)?;
    let y = dense_sigmoid(inputs)?;
    let slip = (&e[0] * &y * (1.0 + &y)).into_dimensionality::<Ix2>()?;
    let mut all = gradient(inputs, e)?;
    all[1] = x.t().dot(&slip).into_dyn();
    Ok(all)
}

fn main() -> Result<(), chainrule_check::Failure> {
    let inputs = || {
        let x = array![[0.5, -1.0, 0.25], [1.5, 0.0, -0.5]];
        (x, array![[0.5, 1.0], [-0.25, 0.75], [1.0, -1.0]], array![0.125, -0.5])
    };
    let report = check_function(dense_sigmoid, gradient).names(["x", "W", "b"]).at(inputs())?;
    println!("{report}");
    match check_function(dense_sigmoid, gradient_with_a_slip).names(["x", "W", "b"]).at(inputs()) {
        Err(failure) => println!("{failure}"),
        Ok(_) => println!("the slip was not found"),
    }
    Ok(())
}
