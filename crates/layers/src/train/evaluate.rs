//! [`Model::evaluate`]: loss and metrics of a model on a dataset.

use chainrule_graph::{Result, Scalar, State};
use ndarray::{ArrayD, Axis, Slice};

use super::Metric;
use super::batches::ranges;
use super::programs::{Programs, Recipe};
use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::{Loss, Reduction};
use crate::model::Model;

/// What [`Model::evaluate`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation<T = f64> {
    /// The loss over all samples.
    pub loss: f64,
    /// The metrics, in the order in which they were asked for.
    pub metrics: Vec<f64>,
    /// The outputs, a row for each sample.
    pub outputs: ArrayD<T>,
}

/// How many samples are looked at together, where nobody says.
const BATCH: usize = 256;

impl<T: Scalar, L: Layer<T>> Model<L, T> {
    /// Loss, metrics and outputs on a dataset.
    ///
    /// ```
    /// use chainrule_layers::{Dataset, Loss, Metric, Model, Sequential};
    /// use ndarray::array;
    ///
    /// let model = Model::init(Sequential::new().dense(2, 1), 1)?;
    /// let data = Dataset::new(array![[0.0, 1.0], [1.0, 0.0]], array![[0.5], [1.5]])?;
    /// let result = model.evaluate(&data, &Loss::MeanSquaredError, &[Metric::R2])?;
    /// assert!(result.loss > 0.0 && result.metrics[0] < 1.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the data do not fit the model, the loss or a metric.
    #[track_caller]
    pub fn evaluate(
        &self,
        data: &Dataset<T>,
        loss: &Loss<T>,
        metrics: &[Metric<T>],
    ) -> Result<Evaluation<T>> {
        let state = State::new();
        let recipe = Recipe { layer: &self.layer, loss, params: &self.params, state: &state };
        evaluate(&recipe, &mut Programs::new(), data, BATCH, metrics)
    }
}

/// The same with programs that may have been compiled already.
#[track_caller]
pub(super) fn evaluate<L: Layer<T> + ?Sized, T: Scalar>(
    recipe: &Recipe<'_, L, T>,
    programs: &mut Programs<T>,
    data: &Dataset<T>,
    size: usize,
    metrics: &[Metric<T>],
) -> Result<Evaluation<T>> {
    let mut sum = 0.0;
    let mut outputs: Option<ArrayD<T>> = None;
    for range in ranges(data.len(), size) {
        let runner = programs.of_size(range.len(), |batch| recipe.look(batch), data)?;
        runner.batch.fill(data, range.clone());
        let outcome = runner.run()?;
        sum += outcome.loss.as_f64() * weight(recipe.loss, range.len());
        let all = outputs.get_or_insert_with(|| {
            let mut shape = outcome.output.shape().to_vec();
            if let Some(first) = shape.first_mut() {
                *first = data.len();
            }
            ArrayD::zeros(shape)
        });
        if all.ndim() > 0 {
            let mut part = all.slice_axis_mut(Axis(0), Slice::from(range));
            if part.shape() == outcome.output.shape() {
                part.assign(&outcome.output);
            }
        }
    }
    let outputs = outputs.unwrap_or_else(|| ArrayD::zeros(vec![0]));
    let figures = metrics.iter().map(|metric| metric.of(data.targets(), &outputs)).collect::<Result<_>>()?;
    Ok(Evaluation {
        loss: sum / weight(recipe.loss, data.len()).max(f64::MIN_POSITIVE),
        metrics: figures,
        outputs,
    })
}

/// By what the loss of a batch counts in the loss of all: a mean over samples by their number, a sum by itself.
pub(super) fn weight<T>(loss: &Loss<T>, samples: usize) -> f64 {
    match loss.reduction() {
        Reduction::Sum => 1.0,
        Reduction::Mean => samples as f64,
    }
}
