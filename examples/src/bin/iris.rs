//! Three kinds of iris by the sizes of their leaves: `--bin iris`
//!
//! A table, standardised with the figures of its training part alone; a small network; the confusion matrix; the model saved,
//! loaded again, and asked about a flower.

use chainrule::layers::{Standardiser, confusion_matrix};
use chainrule::ndarray::array;
use chainrule::prelude::*;
use chainrule::{Error, ErrorKind, Result};
use chainrule_examples::data::iris;

/// The trained model, how the inputs are prepared for it, and the flowers that it has not seen.
type Trained = (Model<Sequential<f32>, f32>, Standardiser, Dataset<f32>);

fn train(epochs: usize) -> Result<Trained> {
    let (train, test) = iris()?.shuffled(3).split(0.7)?;
    let standard = Standardiser::fit(train.inputs())?;
    let model = Sequential::new().dense(4, 16).tanh().dense(16, 3);
    let report = Trainer::new(model, Loss::SoftmaxCrossEntropy, Adam::new(0.01))
        .batch(15)
        .epochs(epochs)
        .silent()
        .fit(&standard.apply_to(&train)?, None)?;
    let test = standard.apply_to(&test)?;
    Ok((report.model, standard, test))
}

fn main() -> Result<()> {
    let (model, standard, test) = train(60)?;
    let result = model.evaluate(&test, &Loss::SoftmaxCrossEntropy, &[Metric::Accuracy])?;
    println!("{} flowers that were not learnt from: accuracy {:.3}\n", test.len(), result.metrics[0]);
    println!("is \\ taken for  {}", test.classes().join("  "));
    let counts = confusion_matrix(test.targets(), &result.outputs)?;
    for (name, row) in test.classes().iter().zip(counts.rows()) {
        println!("{name:<14}  {:>6}  {:>10}  {:>9}", row[0], row[1], row[2]);
    }

    let folder = std::env::temp_dir().join("chainrule-iris");
    std::fs::create_dir_all(&folder).map_err(|reason| {
        Error::new(
            ErrorKind::File,
            "iris",
            reason.to_string(),
            "the folder for temporary files must be writable",
        )
    })?;
    let path = folder.join("iris.safetensors");
    model.save(&path)?;
    let again = Model::load(&path)?;
    let flower = standard.apply(array![[5.9_f32, 3.0, 5.1, 1.8]])?;
    let graph = Graph::f32();
    let probabilities = graph.constant(again.predict(flower)?).softmax(1).value()?;
    println!("\nsaved in {}, loaded again, and asked about a flower:", path.display());
    for (name, p) in test.classes().iter().zip(&probabilities) {
        println!("{name:<12} {p:.3}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_flowers_are_told_apart() {
        let (model, _, test) = train(60).unwrap();
        let result = model.evaluate(&test, &Loss::SoftmaxCrossEntropy, &[Metric::Accuracy]).unwrap();
        assert!(result.metrics[0] > 0.9, "{}", result.metrics[0]);
    }
}
