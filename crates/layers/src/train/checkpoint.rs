//! A run of training in a file: every variable of its state, the best parameters, and where in the data it is.
//!
//! The file is a safetensors file of `f64`, which holds every `f32` exactly: `state.` and the name of a variable, `best.` and that
//! of a parameter, `history` with a row for each epoch, `sums`. The rest, and the settings that a run must share, are a note
//! in its metadata.

use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Result, Scalar, State};
use indexmap::IndexMap;
use ndarray::{ArrayD, IxDyn};
use serde::{Deserialize, Serialize};

use super::run::Position;
use super::{Epoch, History};
use crate::data::Dataset;
use crate::fault::Fault;
use crate::files::{self, tensors, write_atomically};
use crate::hash::{BASIS, fnv1a};
use crate::optimise::Plateau;
use crate::params::Params;

/// What two runs must have in common for one to go on where the other stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) batch: usize,
    pub(super) seed: u64,
    pub(super) shuffle: bool,
    pub(super) loss: String,
    pub(super) metrics: Vec<String>,
    pub(super) train: String,
    pub(super) valid: Option<String>,
}

/// The rest of a [`Position`] that is no tensor.
#[derive(Serialize, Deserialize)]
struct Counts {
    batches: usize,
    waited: usize,
    plateau: Option<Plateau>,
    settings: Settings,
}

impl Settings {
    /// What differs, in words.
    fn difference(&self, other: &Settings) -> Option<String> {
        let rows = [
            ("the size of batches", self.batch.to_string(), other.batch.to_string()),
            ("the seed", self.seed.to_string(), other.seed.to_string()),
            ("shuffling", self.shuffle.to_string(), other.shuffle.to_string()),
            ("the loss", self.loss.clone(), other.loss.clone()),
            ("the metrics", self.metrics.join(", "), other.metrics.join(", ")),
            ("the checksum of the training data", self.train.clone(), other.train.clone()),
            (
                "the checksum of the validation data",
                self.valid.clone().unwrap_or_else(|| "none".into()),
                other.valid.clone().unwrap_or_else(|| "none".into()),
            ),
        ];
        let differs = rows.into_iter().find(|(_, a, b)| a != b);
        differs.map(|(what, a, b)| format!("{what} was {a} and is {b}"))
    }
}

/// A checksum of shapes and bits: FNV-1a.
pub(super) fn digest<T: Scalar>(data: &Dataset<T>) -> String {
    let add = |hash: u64, word: u64| fnv1a(hash, word.to_le_bytes());
    let of = |hash: u64, array: &ArrayD<T>| {
        let hash = array.shape().iter().fold(hash, |hash, &size| add(hash, size as u64));
        array.iter().fold(hash, |hash, x| add(hash, x.bits()))
    };
    format!("{:016x}", of(of(BASIS, data.inputs()), data.targets()))
}

#[track_caller]
pub(super) fn save<T: Scalar>(
    path: &Path,
    settings: &Settings,
    state: &State<T>,
    position: &Position<T>,
) -> Result<()> {
    let mut all = Params::<f64>::new();
    for name in state.shapes().keys() {
        all.insert(format!("state.{name}"), state.get(name)?.mapv(T::as_f64));
    }
    if let Some((_, params)) = &position.best {
        for (name, value) in params {
            all.insert(format!("best.{name}"), value.mapv(T::as_f64));
        }
    }
    let width = 4 + position.history.metrics.len();
    let rows: Vec<f64> = position.history.epochs.iter().flat_map(row).collect();
    let best = position.best.as_ref().map_or(f64::NAN, |(loss, _)| *loss);
    all.insert("history", shaped(vec![position.history.epochs.len(), width], rows));
    all.insert("sums", shaped(vec![2], vec![position.loss, best]));
    let (batches, waited) = (position.batches, position.waited);
    let counts = Counts { batches, waited, plateau: position.plateau.clone(), settings: settings.clone() };
    let note = serde_json::to_string(&counts).map_err(|error| Fault::new(error.to_string(), "report this"));
    match note.and_then(|note| tensors::to_bytes(&all, Some(note))) {
        Ok(bytes) => write_atomically(path, &bytes),
        Err(fault) => fault.in_file("save", path),
    }
}

/// The figures of an epoch; NaN stands for a loss that was not computed.
fn row(epoch: &Epoch) -> Vec<f64> {
    let mut row = vec![epoch.number as f64, epoch.rate, epoch.loss, epoch.valid_loss.unwrap_or(f64::NAN)];
    row.extend(&epoch.metrics);
    row
}

fn shaped(shape: Vec<usize>, values: Vec<f64>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap_or_default()
}

/// Sets the state to that of the file. `params` are those of the model, `fresh` a run that has not begun.
#[track_caller]
pub(super) fn load<T: Scalar>(
    path: &Path,
    settings: &Settings,
    state: &State<T>,
    params: &Params<T>,
    fresh: Position<T>,
) -> Result<Position<T>> {
    let refuse = |message: String, help: &str| {
        Err(Error::new(ErrorKind::File, "resume", format!("`{}`: {message}", path.display()), help))
    };
    let (tensors, note) = match files::read(path).and_then(|bytes| tensors::from_bytes::<f64>(&bytes)) {
        Ok(read) => read,
        Err(fault) => return fault.in_file("resume", path),
    };
    let Some(counts) = note.and_then(|note| serde_json::from_str::<Counts>(&note).ok()) else {
        return refuse("this is no checkpoint of a training".into(), "parameters alone are given to `start`");
    };
    if let Some(difference) = counts.settings.difference(settings) {
        return refuse(difference, "set it as it was, or begin anew without `resume`");
    }
    // Everything is looked at before the first value is set.
    let shapes = state.shapes();
    let mut values = IndexMap::new();
    for (name, shape) in &shapes {
        match tensors.get(&format!("state.{name}")) {
            Some(value) if value.shape() == shape.as_slice() => {
                values.insert(name.as_str(), value.mapv(T::of));
            }
            Some(value) => {
                let message = format!("`{name}` has shape {:?} there, and {shape:?} here", value.shape());
                return refuse(message, "this is the checkpoint of another model");
            }
            None => {
                let help = "this is the checkpoint of another model or optimiser";
                return refuse(format!("it has no `{name}`"), help);
            }
        }
    }
    let unknown = tensors.names().filter_map(|name| name.strip_prefix("state."));
    if let Some(name) = unknown.into_iter().find(|name| !shapes.contains_key(*name)) {
        let help = "this is the checkpoint of another model or optimiser";
        return refuse(format!("it has `{name}`, which this run has not"), help);
    }
    let (Some(rows), Some(sums)) = (tensors.get("history"), tensors.get("sums")) else {
        return refuse("its history is missing".into(), "it was not written by this crate");
    };
    let Some([loss, best_loss]) = sums.as_slice().and_then(|sums| <[f64; 2]>::try_from(sums).ok()) else {
        return refuse("its sums are not two numbers".into(), "it was not written by this crate");
    };
    let mut best = params.clone();
    let mut found = false;
    for (name, value) in params {
        match tensors.get(&format!("best.{name}")) {
            Some(there) if there.shape() == value.shape() => {
                found = true;
                best.insert(name.as_str(), there.mapv(T::of));
            }
            Some(_) => {
                return refuse(
                    format!("`best.{name}` has another shape"),
                    "this is the checkpoint of another model",
                );
            }
            None => {}
        }
    }
    let epochs = rows.outer_iter().filter_map(|row| epoch(row.iter().copied())).collect();
    for (name, value) in values {
        state.set(name, value)?;
    }
    Ok(Position {
        batches: counts.batches,
        waited: counts.waited,
        plateau: counts.plateau,
        loss,
        history: History { epochs, ..fresh.history },
        best: found.then_some((best_loss, best)),
    })
}

fn epoch(mut row: impl Iterator<Item = f64>) -> Option<Epoch> {
    let (number, rate, loss, valid) = (row.next()?, row.next()?, row.next()?, row.next()?);
    Some(Epoch {
        number: number as usize,
        rate,
        loss,
        valid_loss: (!valid.is_nan()).then_some(valid),
        metrics: row.collect(),
    })
}
