//! Step 7: why the normaliser may be dropped, on many random networks.

use ndarray::Array1;

use super::Study;
use super::left_out::{first_layer_cosine, recursion};
use super::split::normalisers;
use crate::network::Network;
use crate::random::Random;
use crate::report::Report;

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, study: Study) -> Result<(), chainrule::Error> {
    report.section("Why dropping the normaliser is right");
    report.say(
        "\"Only the scale changes\" is not the reason: there is one normaliser for each output, so the normalised matrix \
         rescales every output's error by a factor of its own, of either sign. The reason is the direction in which W[1] is \
         changed. The one to compare with is the exact direction of descent.",
    );
    let [inputs, hidden, outputs] = study.sizes;
    report.say(&format!(
        "{} random sigmoid networks {inputs}-{hidden}-{outputs}: normal weights of variance 1/inputs, inputs between 0 and 1, \
         targets 0.01 but for one 0.99. Cosine of the update of W[1] with the exact one:",
        study.networks
    ));
    let (mut without, mut with, mut lost) = (Vec::new(), Vec::new(), 0.0_f64);
    let mut random = Random::new(784);
    for _ in 0..study.networks {
        let mut network = Network::random(&mut random, &study.sizes);
        network.targets = Array1::from_elem(outputs, 0.01);
        if let Some(target) = network.targets.get_mut(random.whole(0, outputs.saturating_sub(1))) {
            *target = 0.99;
        }
        let Some((inputs, sums)) = network.inputs.as_ref().zip(normalisers(&network.last).ok()) else {
            continue;
        };
        let signals = network.signals(inputs)?;
        let exact = recursion(&network, &signals);
        let errors = &network.targets - &signals.a[2];
        let (simple, split) = (network.last.dot(&errors), (&network.last / &sums).dot(&errors));
        without.push(first_layer_cosine(&signals, &simple, &exact.errors[1]));
        with.push(first_layer_cosine(&signals, &split, &exact.errors[1]));
        lost += (simple.sum() - errors.sum()).abs();
    }
    let (without, with) = (Summary::of(without), Summary::of(with));
    report.lines([
        format!("{:<22} {:>8} {:>8} {:>8} {:>8}", "errors of layer 1", "mean", "median", "least", "most"),
        without.row("without normaliser"),
        with.row("with normaliser"),
    ]);
    report.check("without the normaliser the mean cosine is above 0.99", without.mean > 0.99);
    report.check("with it the mean is below 0.2: nearly no direction at all", with.mean < 0.2);
    report.check("some of the normalised updates go uphill", with.least < 0.0);
    report.check("none of the others does", without.least > 0.0);
    report.say(&format!(
        "What is lost is the conservation of the sum (here it changes by {:.2} on average). What is gained is the gradient: \
         with g' put back, the product with W is exactly the vector-Jacobian product that the tape computes, for this network \
         and for any other graph.",
        lost / study.networks.max(1) as f64
    ));
    Ok(())
}

/// What is said of many cosines.
struct Summary {
    mean: f64,
    median: f64,
    least: f64,
    most: f64,
}

impl Summary {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        Summary {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            median: at(values.len() / 2),
            least: at(0),
            most: at(values.len().saturating_sub(1)),
        }
    }

    fn row(&self, name: &str) -> String {
        let Summary { mean, median, least, most } = self;
        format!("{name:<22} {mean:>8.3} {median:>8.3} {least:>8.3} {most:>8.3}")
    }
}
