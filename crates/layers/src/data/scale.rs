//! Bringing features to one scale: fitted on one set, applied to others.

use std::path::Path;

use chainrule_graph::{Error, ErrorKind, IntoArray, Result, Scalar};
use ndarray::{ArrayD, Axis};
use serde::{Deserialize, Serialize};

use super::Dataset;
use crate::fault::Fault;
use crate::files::{read, write_atomically};

/// One number to subtract and one to divide by, for each feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
struct Scale {
    /// The shape of a sample.
    shape: Vec<usize>,
    offset: Vec<f64>,
    divisor: Vec<f64>,
}

/// A [`Scale`] as it is in a file, where anything may be.
#[derive(Deserialize)]
struct Written {
    shape: Vec<usize>,
    offset: Vec<f64>,
    divisor: Vec<f64>,
}

impl TryFrom<Written> for Scale {
    type Error = String;

    fn try_from(Written { shape, offset, divisor }: Written) -> Result<Self, String> {
        let count = shape.iter().try_fold(1_usize, |count, &n| count.checked_mul(n));
        if count != Some(offset.len()) || offset.len() != divisor.len() {
            let (o, d) = (offset.len(), divisor.len());
            return Err(format!("{o} offsets and {d} divisors for samples of shape {shape:?}"));
        }
        if !divisor.iter().all(|&d| d.is_finite() && d > 0.0) || !offset.iter().all(|o| o.is_finite()) {
            return Err("offsets are finite, and divisors are positive and finite".to_owned());
        }
        Ok(Scale { shape, offset, divisor })
    }
}

impl Scale {
    /// `of` makes offset and divisor of the values of one feature.
    fn fit<T: Scalar>(samples: &ArrayD<T>, of: impl Fn(&[f64]) -> (f64, f64)) -> Result<Self, Fault> {
        let Some((&n, shape)) = samples.shape().split_first().filter(|(n, _)| **n > 0) else {
            let reason = format!("no samples in an array of shape {:?}", samples.shape());
            return Err(Fault::new(reason, "the first axis counts the samples"));
        };
        let count = samples.len() / n;
        let (mut offset, mut divisor) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut column = Vec::with_capacity(n);
        for (number, lane) in samples.lanes(Axis(0)).into_iter().enumerate() {
            column.clear();
            column.extend(lane.iter().map(|value| value.as_f64()));
            let (o, d) = of(&column);
            if !o.is_finite() || !d.is_finite() {
                let reason = format!("feature {number} has values that are not finite, or too large");
                return Err(Fault::new(reason, "look for NaN and infinities in the data"));
            }
            offset.push(o);
            // A constant feature has nothing to tell: it becomes 0, not NaN.
            divisor.push(if d > 0.0 { d } else { 1.0 });
        }
        Ok(Scale { shape: shape.to_vec(), offset, divisor })
    }

    /// Samples, or a single one.
    fn map<T: Scalar>(
        &self,
        samples: ArrayD<T>,
        change: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<ArrayD<T>, Fault> {
        let shape = samples.shape();
        let fits = shape == self.shape || shape.split_first().is_some_and(|(_, sample)| sample == self.shape);
        if !fits {
            let reason =
                format!("this is fitted to samples of shape {:?}, and the array is {shape:?}", self.shape);
            return Err(Fault::new(reason, "give samples with the features that it was fitted to"));
        }
        let mut samples = samples.as_standard_layout().into_owned();
        let features = self.offset.iter().zip(&self.divisor).cycle();
        for (value, (&offset, &divisor)) in samples.iter_mut().zip(features) {
            *value = T::of(change(value.as_f64(), offset, divisor));
        }
        Ok(samples)
    }
}

macro_rules! scalers {
    ($($(#[$doc:meta])* $Name:ident $name:literal, $fit:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $Name(Scale);

            impl $Name {
                /// Learns offset and divisor of each feature from these samples. Their first axis counts them; all other
                /// axes are features.
                ///
                /// # Errors
                /// If there are no samples, or not all values are finite.
                #[track_caller]
                pub fn fit<T: Scalar>(samples: impl IntoArray<T>) -> Result<Self> {
                    match Scale::fit(&samples.as_view().to_owned(), $fit) {
                        Ok(scale) => Ok($Name(scale)),
                        Err(fault) => fault.raise($name),
                    }
                }

                /// These samples, or this one, on the scale.
                ///
                /// # Errors
                /// If they have other features than those it was fitted to.
                #[track_caller]
                pub fn apply<T: Scalar>(&self, samples: impl IntoArray<T>) -> Result<ArrayD<T>> {
                    match self.0.map(samples.as_view().to_owned(), |x, offset, divisor| (x - offset) / divisor) {
                        Ok(samples) => Ok(samples),
                        Err(fault) => fault.raise($name),
                    }
                }

                /// The same data with its inputs on the scale.
                ///
                /// # Errors
                /// As [`apply`](Self::apply).
                #[track_caller]
                pub fn apply_to<T: Scalar>(&self, data: &Dataset<T>) -> Result<Dataset<T>> {
                    let inputs = self.apply(&data.inputs)?;
                    Ok(data.with(inputs, data.targets.clone()))
                }

                /// Back from the scale to the numbers as they were, but for rounding.
                ///
                /// # Errors
                /// As [`apply`](Self::apply).
                #[track_caller]
                pub fn inverse<T: Scalar>(&self, samples: impl IntoArray<T>) -> Result<ArrayD<T>> {
                    match self.0.map(samples.as_view().to_owned(), |x, offset, divisor| x * divisor + offset) {
                        Ok(samples) => Ok(samples),
                        Err(fault) => fault.raise($name),
                    }
                }

                /// What is subtracted from each feature, in rows.
                pub fn offsets(&self) -> &[f64] {
                    &self.0.offset
                }

                /// What each feature is divided by, in rows.
                pub fn divisors(&self) -> &[f64] {
                    &self.0.divisor
                }

                /// Writes it as JSON: whoever uses a model later has to scale as it was trained.
                ///
                /// # Errors
                /// If the file cannot be written.
                #[track_caller]
                pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
                    match serde_json::to_string_pretty(self) {
                        Ok(text) => write_atomically(path.as_ref(), (text + "\n").as_bytes()),
                        Err(error) => Err(Error::new(ErrorKind::File, $name, error.to_string(), "")),
                    }
                }

                /// Reads what [`save`](Self::save) has written.
                ///
                /// # Errors
                /// If the file cannot be read or has something else in it.
                #[track_caller]
                pub fn load(path: impl AsRef<Path>) -> Result<Self> {
                    let path = path.as_ref();
                    let found = read(path).and_then(|text| {
                        serde_json::from_slice(&text)
                            .map_err(|error| Fault::new(error.to_string(), "such a file is written by `save`"))
                    });
                    match found {
                        Ok(found) => Ok(found),
                        Err(fault) => fault.in_file($name, path),
                    }
                }
            }
        )+
    };
}

scalers! {
    /// Subtracts each feature's mean and divides by its standard deviation (of the population: by `n`), so that it has mean 0
    /// and deviation 1 in the set it is fitted to. Constant features become 0.
    ///
    /// Fit it to the training data alone: a test that has taught anything is none.
    ///
    /// ```
    /// use chainrule_layers::Standardiser;
    /// use ndarray::array;
    ///
    /// let scale = Standardiser::fit(array![[1.0, 5.0], [3.0, 5.0]])?;
    /// assert_eq!(scale.apply(array![[3.0, 5.0], [5.0, 5.0]])?, array![[1.0, 0.0], [3.0, 0.0]].into_dyn());
    /// assert_eq!(scale.inverse([1.0, 0.0])?, array![3.0, 5.0].into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    Standardiser "standardiser", |values| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        // A constant's mean is off by rounding, and its deviation must still be 0.
        if values.iter().all(|v| v == &values[0]) {
            return (values[0], 0.0);
        }
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        (mean, variance.sqrt())
    };

    /// Maps each feature to the numbers from 0 to 1: 0 for the smallest value in the set it is fitted to, 1 for the largest.
    /// Constant features become 0; other sets may reach beyond.
    ///
    /// ```
    /// use chainrule_layers::MinMax;
    /// use ndarray::array;
    ///
    /// let scale = MinMax::fit(array![[1.0, 5.0], [3.0, 5.0]])?;
    /// assert_eq!(scale.apply(array![[2.0, 5.0], [5.0, 5.0]])?, array![[0.5, 0.0], [2.0, 0.0]].into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    MinMax "min_max", |values| {
        // NaN must not be passed over, as `min` does.
        let sum: f64 = values.iter().map(|v| v * 0.0).sum();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (v.min(low), v.max(high)));
        (low + sum, high - low)
    };
}
