//! The loop of a [`Trainer`].

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use chainrule_graph::{Result, Scalar, State};

use super::batches::ranges;
use super::checkpoint;
use super::evaluate::{evaluate, weight};
use super::programs::{Programs, Recipe};
use super::progress::Reporter;
use super::{Epoch, History, Report, Stop, Trainer};
use crate::data::{Dataset, permutation};
use crate::fault::Fault;
use crate::layer::Layer;
use crate::model::Model;
use crate::optimise::{Plateau, Rule};
use crate::params::Params;

/// Everything that a run is at, but for the state of its programs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Position<T> {
    /// How many batches of the epoch at hand are done, and the weighted sum of their losses.
    pub(super) batches: usize,
    pub(super) loss: f64,
    pub(super) history: History,
    /// The smallest loss so far, and the parameters that gave it.
    pub(super) best: Option<(f64, Params<T>)>,
    /// For how many epochs it has not become smaller.
    pub(super) waited: usize,
    /// What lowers the rate, with its memory.
    pub(super) plateau: Option<Plateau>,
}

#[track_caller]
pub(super) fn fit<L: Layer<T>, R: Rule<T>, T: Scalar>(
    mut trainer: Trainer<L, R, T>,
    train: &Dataset<T>,
    valid: Option<&Dataset<T>>,
) -> Result<Report<L, T>> {
    check(&trainer, train, valid)?;
    let params = match trainer.params.take() {
        Some(params) => params,
        None => Params::init(&trainer.layer, trainer.seed)?,
    };
    let (mut watch, state) = (trainer.watch.take(), State::new());
    let mut run = Run {
        recipe: Recipe { layer: &trainer.layer, loss: &trainer.loss, params: &params, state: &state },
        trainer: &trainer,
        train,
        valid,
        steps: Programs::new(),
        looks: Programs::new(),
        reporter: Reporter::new(trainer.progress, train.len().div_ceil(trainer.batch.max(1))),
    };
    let mut position = run.begin()?;
    let mut sound = run.params()?;
    let stop = loop {
        if position.history.epochs.len() >= trainer.epochs {
            break Stop::Finished;
        }
        if run.out_of_patience(&position) {
            break Stop::Patience;
        }
        match run.epoch(&mut position)? {
            Some(stop) => break stop,
            None => sound = run.params()?,
        }
        run.save(&position)?;
        if let (Some(watch), Some(epoch)) = (&mut watch, position.history.last())
            && watch(epoch) == ControlFlow::Break(())
        {
            break Stop::Asked;
        }
    };
    run.reporter.end();
    if stop == Stop::Interrupted {
        run.save(&position)?;
        sound = run.params()?;
    }
    let best = position.best.filter(|_| !trainer.keep_last && valid.is_some());
    let params = best.map_or(sound, |(_, params)| params);
    Ok(Report { model: Model { layer: trainer.layer, params }, history: position.history, stop })
}

/// What does not change while it runs.
struct Run<'r, L, R, T: Scalar> {
    recipe: Recipe<'r, L, T>,
    trainer: &'r Trainer<L, R, T>,
    train: &'r Dataset<T>,
    valid: Option<&'r Dataset<T>>,
    steps: Programs<T>,
    looks: Programs<T>,
    reporter: Reporter,
}

impl<L: Layer<T>, R: Rule<T>, T: Scalar> Run<'_, L, R, T> {
    /// Compiles the first program, which gives the state its variables, and takes up a checkpoint.
    #[track_caller]
    fn begin(&mut self) -> Result<Position<T>> {
        let names = self.trainer.metrics.iter().map(|metric| metric.name().to_owned()).collect();
        let history = History { metrics: names, epochs: Vec::new() };
        let fresh = Position {
            batches: 0,
            loss: 0.0,
            history,
            best: None,
            waited: 0,
            plateau: self.trainer.plateau.clone(),
        };
        let (recipe, trainer) = (&self.recipe, self.trainer);
        let first = trainer.batch.min(self.train.len());
        let compile = |batch| recipe.step(batch, &trainer.optimizer, trainer.seed);
        self.steps.of_size(first, compile, self.train)?;
        let Some(path) = trainer.checkpoint.as_ref().filter(|path| trainer.resume && path.exists()) else {
            return Ok(fresh);
        };
        let settings = self.settings();
        let position = checkpoint::load(path, &settings, self.recipe.state, self.recipe.params, fresh)?;
        let done = position.history.epochs.len();
        self.reporter.line(&format!("goes on from {} after {done} epochs", path.display()));
        Ok(position)
    }

    /// The parameters as they are now.
    #[track_caller]
    fn params(&self) -> Result<Params<T>> {
        let mut params = self.recipe.params.clone();
        params.read(self.recipe.state)?;
        Ok(params)
    }

    /// One epoch, or the rest of it. `Some` if it was not finished.
    #[track_caller]
    fn epoch(&mut self, position: &mut Position<T>) -> Result<Option<Stop>> {
        let (trainer, recipe) = (self.trainer, &self.recipe);
        let number = position.history.epochs.len() + 1;
        let order = match trainer.shuffle {
            true => permutation(self.train.len(), trainer.seed, number as u64),
            false => (0..self.train.len()).collect(),
        };
        for range in ranges(self.train.len(), trainer.batch).skip(position.batches) {
            if trainer.interrupt.iter().any(|flag| flag.load(Ordering::SeqCst)) {
                return Ok(Some(Stop::Interrupted));
            }
            let compile = |batch| recipe.step(batch, &trainer.optimizer, trainer.seed);
            let runner = self.steps.of_size(range.len(), compile, self.train)?;
            let samples = order.get(range.clone()).unwrap_or(&[]);
            runner.batch.fill(self.train, samples.iter().copied());
            let loss = runner.run()?.loss.as_f64();
            if !loss.is_finite() {
                let batch = position.batches + 1;
                self.reporter.line(&format!(
                    "epoch {number}: the loss of batch {batch} is {loss}; a smaller rate often helps"
                ));
                return Ok(Some(Stop::Diverged));
            }
            position.loss += loss * weight(&trainer.loss, range.len());
            position.batches += 1;
            self.reporter.batch(number, position.batches, loss);
        }
        let epoch = self.measure(number, position.loss)?;
        (position.batches, position.loss) = (0, 0.0);
        let measured = epoch.valid_loss.unwrap_or(epoch.loss);
        if position.best.as_ref().is_none_or(|(best, _)| measured < *best) {
            (position.best, position.waited) = (Some((measured, self.params()?)), 0);
        } else {
            position.waited += 1;
        }
        if let Some(plateau) = &mut position.plateau {
            self.recipe.state.set("optimizer.factor", T::of(plateau.observe(measured)?))?;
        }
        self.reporter.line(&position.history.line(&epoch, trainer.epochs));
        position.history.epochs.push(epoch);
        Ok(None)
    }

    /// The figures of an epoch that is done.
    #[track_caller]
    fn measure(&mut self, number: usize, loss: f64) -> Result<Epoch> {
        let trainer = self.trainer;
        let loss = loss / weight(&trainer.loss, self.train.len());
        let looked_at = self.valid.or((!trainer.metrics.is_empty()).then_some(self.train));
        let seen = match looked_at {
            Some(data) => {
                Some(evaluate(&self.recipe, &mut self.looks, data, trainer.batch, &trainer.metrics)?)
            }
            None => None,
        };
        let state = &self.recipe.state;
        let now = |name: &str| match state.contains(name) {
            true => state.get(name).map(|x| x.first().map_or(1.0, |x| x.as_f64())),
            false => Ok(1.0),
        };
        let done = now("optimizer.step")? as usize;
        let rate = trainer.optimizer.schedule().rate(done.saturating_sub(1)) * now("optimizer.factor")?;
        Ok(Epoch {
            number,
            rate,
            loss,
            valid_loss: seen.as_ref().filter(|_| self.valid.is_some()).map(|seen| seen.loss),
            metrics: seen.map(|seen| seen.metrics).unwrap_or_default(),
        })
    }

    fn out_of_patience(&self, position: &Position<T>) -> bool {
        self.trainer.patience.is_some_and(|patience| position.waited >= patience)
    }

    #[track_caller]
    fn save(&self, position: &Position<T>) -> Result<()> {
        match &self.trainer.checkpoint {
            Some(path) => checkpoint::save(path, &self.settings(), self.recipe.state, position),
            None => Ok(()),
        }
    }

    /// What a checkpoint's run must have in common with this one.
    fn settings(&self) -> checkpoint::Settings {
        checkpoint::Settings {
            batch: self.trainer.batch,
            seed: self.trainer.seed,
            shuffle: self.trainer.shuffle,
            loss: format!("{:?}", self.trainer.loss),
            metrics: self.trainer.metrics.iter().map(|metric| metric.name().to_owned()).collect(),
            train: checkpoint::digest(self.train),
            valid: self.valid.map(checkpoint::digest),
        }
    }
}

#[track_caller]
fn check<L, R, T: Scalar>(
    trainer: &Trainer<L, R, T>,
    train: &Dataset<T>,
    valid: Option<&Dataset<T>>,
) -> Result<()> {
    let refuse = |message: String, help: &'static str| Fault::new(message, help).raise("fit");
    if trainer.batch == 0 {
        return refuse("batches have 0 samples".into(), "give `batch` at least 1");
    }
    if trainer.patience == Some(0) {
        return refuse("the patience is 0 epochs".into(), "give `patience` at least 1, or leave it out");
    }
    if train.is_empty() {
        return refuse("there are no samples to learn from".into(), "look how the dataset was made");
    }
    if let Some(valid) = valid {
        if valid.is_empty() {
            return refuse("the validation set is empty".into(), "give `None`, or samples");
        }
        let sample = |data: &Dataset<T>| {
            [data.inputs(), data.targets()]
                .map(|array| array.shape().iter().skip(1).copied().collect::<Vec<_>>())
        };
        if sample(train) != sample(valid) {
            let message = format!("the sets have samples of different shapes: {train:?} and {valid:?}");
            return refuse(message, "only the number of samples may differ");
        }
    }
    if trainer.resume && trainer.checkpoint.is_none() {
        return refuse("there is no checkpoint to resume from".into(), "give its path: `.checkpoint(path)`");
    }
    Ok(())
}
