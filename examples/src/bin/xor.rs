//! XOR, the smallest task that needs a hidden layer, by a plain loop over a compiled program: `--bin xor`.

use chainrule::Result;
use chainrule::ndarray::{Array2, array};
use chainrule::prelude::*;

/// The four rows and what is wanted of them.
fn rows() -> (Array2<f64>, Array2<f64>) {
    (array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], array![[0.0], [1.0], [1.0], [0.0]])
}

/// Losses every 250 steps, and the trained parameters.
fn train(seed: u64, steps: usize) -> Result<(Vec<f64>, Params)> {
    let (x, y) = rows();
    let model = network();
    let mut params = Params::init(&model, seed)?;

    // Recorded once: the loss, its gradient, and the step against it.
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let loss = mean_squared_error(&y, bound.apply(&model, &x));
    let updates = Momentum::new(0.5, 0.9).minimize(loss, &bound)?;
    let mut step = Program::new([], [loss]).updates(updates).compile()?;

    // Run many times.
    let mut losses = Vec::new();
    for number in 0..steps {
        let [loss] = step.run(())?;
        if number % 250 == 0 {
            losses.push(loss[[]]);
        }
    }
    params.read(step.state())?;
    Ok((losses, params))
}

fn network() -> Sequential {
    Sequential::new().dense(2, 3).sigmoid().dense(3, 1).sigmoid()
}

fn main() -> Result<()> {
    let (losses, params) = train(1, 1000)?;
    for (number, loss) in losses.iter().enumerate() {
        println!("step {:>4}  loss {loss:.5}", number * 250);
    }
    let (x, y) = rows();
    let answers = Model { layer: network(), params }.predict(&x)?;
    println!("\n  a  b  wanted  answer");
    for ((row, wanted), answer) in x.rows().into_iter().zip(&y).zip(&answers) {
        println!("  {}  {}  {wanted:>6}  {answer:.3}", row[0], row[1]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_learnt_from_most_beginnings() {
        let learnt = |seed| {
            let (x, y) = super::rows();
            let params = super::train(seed, 1500).unwrap().1;
            let answers = super::Model { layer: super::network(), params }.predict(&x).unwrap();
            answers.iter().zip(&y).all(|(answer, wanted)| (answer - wanted).abs() < 0.1)
        };
        let count = (0..10).filter(|&seed| learnt(seed)).count();
        assert!(count >= 8, "{count} of 10");
    }
}
