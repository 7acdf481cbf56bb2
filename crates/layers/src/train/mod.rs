//! Training: the loop around a compiled step.
//!
//! [`Trainer`] holds the settings (this page), `run.rs` is the loop, `programs.rs` the compiled programs that it runs, on one
//! shared state; `batches.rs` cuts batches out of a dataset, `checkpoint.rs` saves and restores a run in the middle,
//! `progress.rs` shows how it goes. [`Metric`] and [`History`] are what comes of it.

mod batches;
mod checkpoint;
mod evaluate;
mod history;
#[cfg(feature = "interrupt")]
mod interrupt;
mod metric;
#[cfg(feature = "plot")]
mod plot;
mod programs;
mod progress;
mod run;

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chainrule_graph::{Result, Scalar};

pub use evaluate::Evaluation;
pub use history::{Epoch, History};
pub use metric::{Metric, MetricFunction, confusion_matrix};
pub use progress::Progress;

use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::model::Model;
use crate::optimise::{Optimizer, Plateau, Rule};
use crate::params::Params;

/// Trains a model on a dataset.
///
/// ```
/// use chainrule_layers::{Adam, Dataset, Loss, Metric, Sequential, Stop, Trainer};
/// use ndarray::Array2;
///
/// // Whether a point lies in the circle.
/// let points = Array2::from_shape_fn((200, 2), |(i, j)| ((i * (7 + 4 * j)) % 41) as f64 / 20.0 - 1.0);
/// let inside = points.map_axis(ndarray::Axis(1), |p| f64::from(p[0] * p[0] + p[1] * p[1] < 0.6));
/// let (train, valid) = Dataset::new(points, inside.insert_axis(ndarray::Axis(1)))?.shuffled(1).split(0.8)?;
///
/// let model = Sequential::new().dense(2, 16).tanh().dense(16, 1);
/// let report = Trainer::new(model, Loss::MeanSquaredError, Adam::new(0.02))
///     .batch(16)
///     .epochs(60)
///     .seed(7)
///     .metric(Metric::R2)
///     .silent()
///     .fit(&train, &valid)?;
/// assert_eq!(report.stop, Stop::Finished);
/// assert!(report.history.best().is_some_and(|epoch| epoch.metrics[0] > 0.7));
/// let answer = report.model.predict(ndarray::array![[0.1, 0.1]])?; // the parameters of the best epoch
/// assert!(answer[[0, 0]] > 0.6);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// **Steps.** The model is recorded and compiled once for each size of a batch, and one run of the program is one step:
/// loss, gradient, optimiser, running statistics. The last batch of an epoch has the samples that remain; none are left out.
///
/// **The same bits.** Everything depends on the seed, the data and the settings alone: first parameters, the order of the
/// samples (shuffled anew in every epoch), what dropout drops. A run that was interrupted and [resumed](Trainer::resume) ends
/// with the same bits as one that was not.
///
/// **Which parameters.** With validation data those of the epoch with the smallest loss on them, else those of the last
/// epoch; [`keep_last`](Trainer::keep_last) always gives the last.
///
/// Where this is not enough, write the loop: it is [`Optimizer::minimize`], a [`Program`](chainrule_graph::Program), and a
/// `for`.
pub struct Trainer<L, R, T = f64> {
    layer: L,
    loss: Loss<T>,
    optimizer: Optimizer<R>,
    params: Option<Params<T>>,
    batch: usize,
    epochs: usize,
    seed: u64,
    shuffle: bool,
    metrics: Vec<Metric<T>>,
    patience: Option<usize>,
    plateau: Option<Plateau>,
    keep_last: bool,
    checkpoint: Option<PathBuf>,
    resume: bool,
    progress: Progress,
    interrupt: Vec<Arc<AtomicBool>>,
    watch: Option<Watch>,
}

/// What is asked after every epoch whether to go on.
type Watch = Box<dyn FnMut(&Epoch) -> ControlFlow<()> + Send>;

/// What training returns.
#[derive(Clone, Debug)]
pub struct Report<L, T = f64> {
    /// The layer with the parameters to use.
    pub model: Model<L, T>,
    /// What happened.
    pub history: History,
    /// Why it stopped.
    pub stop: Stop,
}

/// Why training stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// All epochs are done.
    Finished,
    /// The loss on the validation set has not become smaller for as many epochs as [`Trainer::patience`] allows.
    Patience,
    /// [`Trainer::on_epoch`] said so.
    Asked,
    /// A flag of [`Trainer::stop_on`] was raised, or ctrl-C pressed. The batch was finished, and the checkpoint written.
    Interrupted,
    /// The loss became infinite or NaN. The model has the parameters of the last epoch that ended well, or of the best one.
    Diverged,
}

impl<L: Layer<T>, R: Rule<T>, T: Scalar> Trainer<L, R, T> {
    /// With batches of 32, 10 epochs and seed 0.
    pub fn new(layer: L, loss: Loss<T>, optimizer: Optimizer<R>) -> Self {
        Trainer {
            layer,
            loss,
            optimizer,
            params: None,
            batch: 32,
            epochs: 10,
            seed: 0,
            shuffle: true,
            metrics: Vec::new(),
            patience: None,
            plateau: None,
            keep_last: false,
            checkpoint: None,
            resume: false,
            progress: Progress::Auto,
            interrupt: Vec::new(),
            watch: None,
        }
    }

    /// Samples in a batch.
    #[must_use]
    pub fn batch(self, size: usize) -> Self {
        Trainer { batch: size, ..self }
    }

    /// How often all samples are gone through.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Trainer { epochs, ..self }
    }

    /// What everything random is determined by.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Trainer { seed, ..self }
    }

    /// In the order of the dataset, always.
    #[must_use]
    pub fn in_order(self) -> Self {
        Trainer { shuffle: false, ..self }
    }

    /// Starts from these parameters, those of another training perhaps, with some of them
    /// [frozen](Params::freeze); not from new ones.
    #[must_use]
    pub fn start(self, params: Params<T>) -> Self {
        Trainer { params: Some(params), ..self }
    }

    /// Computes this after every epoch too, on the validation set (or on the training set, where there is no other).
    #[must_use]
    pub fn metric(mut self, metric: Metric<T>) -> Self {
        self.metrics.push(metric);
        self
    }

    /// Stops when the loss on the validation set has not become smaller for so many epochs.
    #[must_use]
    pub fn patience(self, epochs: usize) -> Self {
        Trainer { patience: Some(epochs), ..self }
    }

    /// Lowers the rate when the loss on the validation set (on the training set, where there is no other) no longer becomes
    /// smaller.
    #[must_use]
    pub fn reduce_on(self, plateau: Plateau) -> Self {
        Trainer { plateau: Some(plateau), ..self }
    }

    /// Returns the parameters of the last epoch even if another one was better.
    #[must_use]
    pub fn keep_last(self) -> Self {
        Trainer { keep_last: true, ..self }
    }

    /// Saves the run in this file after every epoch, and when it is interrupted. The file is replaced as a whole: a machine
    /// that goes off in the middle of writing leaves the one before.
    #[must_use]
    pub fn checkpoint(self, path: impl Into<PathBuf>) -> Self {
        Trainer { checkpoint: Some(path.into()), ..self }
    }

    /// Goes on from the checkpoint, if there is one, to the same bits as without the interruption. Its settings and data must
    /// be these, but for the number of epochs and the patience.
    #[must_use]
    pub fn resume(self) -> Self {
        Trainer { resume: true, ..self }
    }

    /// How it is shown.
    #[must_use]
    pub fn progress(self, progress: Progress) -> Self {
        Trainer { progress, ..self }
    }

    /// Shows nothing.
    #[must_use]
    pub fn silent(self) -> Self {
        self.progress(Progress::Silent)
    }

    /// Finishes the batch at hand and stops, once this is true.
    #[must_use]
    pub fn stop_on(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt.push(flag);
        self
    }

    /// From now on ctrl-C finishes the batch and saves the checkpoint; a second one ends the program at once. The handler
    /// stays for the rest of the program, for all trainers that ask for it.
    ///
    /// # Errors
    /// If the program has a handler of its own already.
    #[cfg(feature = "interrupt")]
    #[track_caller]
    pub fn catch_ctrl_c(self) -> Result<Self> {
        Ok(self.stop_on(interrupt::flag()?))
    }

    /// Is called after every epoch; `ControlFlow::Break(())` stops.
    #[must_use]
    pub fn on_epoch(self, watch: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) -> Self {
        Trainer { watch: Some(Box::new(watch)), ..self }
    }

    /// Trains, on the first set; the second one, which may be `None`, is only looked at.
    ///
    /// # Errors
    /// If a setting makes no sense, the data do not fit the model or the loss, or a checkpoint cannot be written, read, or is
    /// that of another run.
    #[track_caller]
    pub fn fit<'d>(
        self,
        train: &Dataset<T>,
        valid: impl Into<Option<&'d Dataset<T>>>,
    ) -> Result<Report<L, T>> {
        run::fit(self, train, valid.into())
    }
}

impl<L, R: fmt::Debug, T: Scalar> fmt::Debug for Trainer<L, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer")
            .field("loss", &self.loss)
            .field("optimizer", &self.optimizer)
            .field("batch", &self.batch)
            .field("epochs", &self.epochs)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
