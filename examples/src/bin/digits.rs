//! Handwritten digits, 8 x 8 points each, by a dense network and by a convolutional one: `--bin digits`
//!
//! The 1,797 pictures are the *test part* of the UCI set "Optical recognition of handwritten digits" (as scikit-learn ships it):
//! here 1,437 of them are learnt from (and again moved by one point to each side) and 360 are held out, so the figures are not comparable with published ones.
//!
//! `--resume FILE` trains one convolutional network with a checkpoint after every epoch: ctrl-C finishes the batch and saves, and
//! the same command goes on, to the same bits.

use std::path::PathBuf;

use chainrule::Result;
use chainrule::layers::{Conv2d, confusion_matrix};
use chainrule::prelude::*;
use chainrule_examples::data::digits;
use clap::Parser;

/// Pictures that are not learnt from.
const HELD_OUT: usize = 360;
const BATCH: usize = 64;
/// Epochs of the two networks.
const DENSE: usize = 30;
const CONVOLUTIONAL: usize = 10;

/// Trains networks on handwritten digits.
#[derive(Parser)]
struct Arguments {
    /// How many seeds, each with a split of its own, to take the mean of
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Train one convolutional network with a checkpoint in this file, and go on from it
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
}

fn dense() -> Sequential<f32> {
    Sequential::new().dense(64, 256).relu().dropout(0.3).dense(256, 10)
}

fn convolutional() -> Sequential<f32> {
    Sequential::new()
        .reshape([1, 8, 8])
        .push(Conv2d::new(1, 32, 3).same().without_bias().init(Init::He))
        .batch_norm(32)
        .relu()
        .push(Conv2d::new(32, 32, 3).same().without_bias().init(Init::He))
        .batch_norm(32)
        .relu()
        .max_pool2d(2)
        .flatten()
        .dropout(0.4)
        .dense(512, 64)
        .relu()
        .dropout(0.4)
        .dense(64, 10)
}

/// Learnt from, and held out: 360 pictures, others for each seed. Each picture that is learnt from is there five times: as it is,
/// and moved by one point to each side.
fn parts(seed: u64) -> Result<(Dataset<f32>, Dataset<f32>)> {
    let all = digits()?.shuffled(seed);
    let (train, held_out) = all.split((all.len() - HELD_OUT) as f64 / all.len() as f64)?;
    let graph = Graph::f32();
    let pictures = graph.constant(train.inputs()).reshape([-1, 8, 8]);
    let padded = pictures.pad([[0, 0], [1, 1], [1, 1]], 0.0);
    let moved = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)].map(|(down, right)| {
        let rows = padded.split([down, 8, 2 - down], 1)[1];
        rows.split([right, 8, 2 - right], 2)[1].reshape([-1, 64])
    });
    let targets = graph.constant(train.targets());
    let train = Dataset::new(graph.concat(moved, 0).value()?, graph.concat([targets; 5], 0).value()?)?;
    Ok((train, held_out))
}

fn trainer(
    model: Sequential<f32>,
    seed: u64,
    epochs: usize,
    samples: usize,
) -> Trainer<Sequential<f32>, Adam, f32> {
    let rate = Schedule::cosine(3e-3, epochs * samples.div_ceil(BATCH));
    Trainer::new(model, Loss::SmoothedCrossEntropy(0.1), Adam::new(rate))
        .batch(BATCH)
        .epochs(epochs)
        .seed(seed)
        .metric(Metric::Accuracy)
        .keep_last()
}

/// The accuracy on the pictures held out, after the last epoch: none of them chose anything.
fn accuracy(report: &Report<Sequential<f32>, f32>) -> f64 {
    report.history.last().and_then(|epoch| epoch.metrics.first().copied()).unwrap_or(f64::NAN)
}

fn compare(name: &str, model: fn() -> Sequential<f32>, epochs: usize, seeds: u64) -> Result<()> {
    println!("{name}\n{}\n", model().summary([32, 64])?);
    let mut sum = 0.0;
    for seed in 0..seeds {
        let (train, held_out) = parts(seed)?;
        let report = trainer(model(), seed, epochs, train.len()).silent().fit(&train, &held_out)?;
        let found = accuracy(&report);
        println!("seed {seed}: accuracy {:.2} % on {} pictures held out", 100.0 * found, held_out.len());
        sum += found;
    }
    println!("mean:   accuracy {:.2} %\n", 100.0 * sum / seeds as f64);
    Ok(())
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Some(path) = arguments.resume else {
        compare("dense", dense, DENSE, arguments.seeds)?;
        return compare("convolutional", convolutional, CONVOLUTIONAL, arguments.seeds);
    };
    let (train, held_out) = parts(0)?;
    let report = trainer(convolutional(), 0, CONVOLUTIONAL, train.len())
        .checkpoint(&path)
        .resume()
        .catch_ctrl_c()?
        .fit(&train, &held_out)?;
    if report.stop == Stop::Interrupted {
        println!("stopped; the same command goes on");
        return Ok(());
    }
    println!("accuracy {:.2} %; row: what it is, column: what it was taken for", 100.0 * accuracy(&report));
    let outputs = report.model.predict(held_out.inputs())?;
    for row in confusion_matrix(held_out.targets(), &outputs)?.rows() {
        println!("{}", row.iter().map(|count| format!("{count:>3}")).collect::<String>());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_networks_learn() {
        let (train, held_out) = parts(1).unwrap();
        for (model, epochs, wanted) in [(dense(), 5, 0.93), (convolutional(), 4, 0.95)] {
            let report = trainer(model, 1, epochs, train.len()).silent().fit(&train, &held_out).unwrap();
            assert!(accuracy(&report) > wanted, "{}", accuracy(&report));
        }
    }
}
