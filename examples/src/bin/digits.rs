//! Handwritten digits, 8 x 8 points each, by a dense network and by a convolutional one: `--bin digits`
//!
//! The 1,797 pictures are the *test part* of the UCI set "Optical recognition of handwritten digits" (as scikit-learn ships it):
//! here 1,437 of them are learnt from and 360 are held out, so the figures are not comparable with published ones.
//!
//! `--resume FILE` trains one convolutional network with a checkpoint after every epoch: ctrl-C finishes the batch and saves, and
//! the same command goes on, to the same bits.

use std::path::PathBuf;

use chainrule::Result;
use chainrule::layers::{Convolution, confusion_matrix};
use chainrule::prelude::*;
use chainrule_examples::data::digits;
use clap::Parser;

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
    Sequential::new().dense(64, 128).relu().dropout(0.2).dense(128, 10)
}

fn convolutional() -> Sequential<f32> {
    Sequential::new()
        .reshape([1, 8, 8])
        .push(Convolution::<2>::new(1, 16, 3).same().init(Init::He))
        .relu()
        .push(Convolution::<2>::new(16, 32, 3).same().init(Init::He))
        .relu()
        .max_pool2d(2)
        .dropout(0.2)
        .flatten()
        .dense(512, 64)
        .relu()
        .dropout(0.3)
        .dense(64, 10)
}

/// Learnt from, and held out: 360 pictures, others for each seed.
fn parts(seed: u64) -> Result<(Dataset<f32>, Dataset<f32>)> {
    let all = digits()?.shuffled(seed);
    all.split((all.len() - 360) as f64 / all.len() as f64)
}

fn trainer(model: Sequential<f32>, seed: u64, epochs: usize) -> Trainer<Sequential<f32>, Adam, f32> {
    let (train, batch) = (1437_usize, 32);
    let rate = Schedule::cosine(2e-3, epochs * train.div_ceil(batch));
    Trainer::new(model, Loss::SoftmaxCrossEntropy, Adam::new(rate))
        .batch(batch)
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
        let report = trainer(model(), seed, epochs).silent().fit(&train, &held_out)?;
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
        compare("dense", dense, 30, arguments.seeds)?;
        return compare("convolutional", convolutional, 25, arguments.seeds);
    };
    let (train, held_out) = parts(0)?;
    let report =
        trainer(convolutional(), 0, 25).checkpoint(&path).resume().catch_ctrl_c()?.fit(&train, &held_out)?;
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
        for (model, wanted) in [(dense(), 0.93), (convolutional(), 0.95)] {
            let report = trainer(model, 1, 3).silent().fit(&train, &held_out).unwrap();
            assert!(accuracy(&report) > wanted, "{}", accuracy(&report));
        }
    }
}
