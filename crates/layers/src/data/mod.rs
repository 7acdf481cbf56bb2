//! [`Dataset`]: samples and what is to be learnt of them, and where they come from.

mod csv;
mod idx;
#[cfg(feature = "images")]
mod images;
mod labels;
mod npy;
#[cfg(feature = "npz")]
mod npz;
mod number;
mod scale;

pub use csv::{Column, Csv};
pub use idx::load_idx;
#[cfg(feature = "images")]
pub use images::ImageFolder;
pub use npy::load_npy;
#[cfg(feature = "npz")]
pub use npz::load_npz;
pub use scale::{MinMax, Standardiser};

use std::fmt;

use chainrule_graph::{IntoArray, Result, Scalar};
use ndarray::{ArrayD, Axis};
use rand_pcg::rand_core::Rng;

use crate::fault::Fault;
use crate::init::generator;

/// Samples and their targets: two arrays, whose first axis counts the samples.
///
/// Targets are numbers (`[n]` or `[n, outputs]`), labels as whole numbers from 0 (`[n]`), or probabilities (`[n, classes]`);
/// which of them is a matter of the [`Loss`](crate::Loss). Labels may have [names](Dataset::classes).
///
/// ```
/// use chainrule_layers::Dataset;
/// use ndarray::array;
///
/// let data = Dataset::new(array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0])?;
/// assert_eq!((data.len(), data.inputs().shape()), (4, &[4, 2][..]));
/// let (train, test) = data.shuffled(1).split(0.75)?;
/// assert_eq!((train.len(), test.len()), (3, 1));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Dataset<T = f64> {
    inputs: ArrayD<T>,
    targets: ArrayD<T>,
    /// The names of the labels 0, 1, ..., or none.
    classes: Vec<String>,
}

impl<T: Scalar> Dataset<T> {
    /// # Errors
    /// If the two do not have the same number of samples, or have no axis that counts them.
    #[track_caller]
    pub fn new(inputs: impl IntoArray<T>, targets: impl IntoArray<T>) -> Result<Self> {
        let (inputs, targets) = (inputs.as_view(), targets.as_view());
        let (of, to) = (inputs.shape(), targets.shape());
        match (of.first(), to.first()) {
            (Some(n), Some(m)) if n == m => {
                // In rows, whatever lay in memory: batches are cut out of them.
                let (inputs, targets) = (rows(inputs.to_owned()), rows(targets.to_owned()));
                Ok(Dataset { inputs, targets, classes: Vec::new() })
            }
            _ => Fault::new(
                format!("the inputs have shape {of:?}, the targets {to:?}"),
                "the first axis of both counts the samples",
            )
            .raise("dataset"),
        }
    }

    /// The inputs; the first axis counts the samples.
    pub fn inputs(&self) -> &ArrayD<T> {
        &self.inputs
    }

    /// The targets; the first axis counts the samples.
    pub fn targets(&self) -> &ArrayD<T> {
        &self.targets
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.inputs.len_of(Axis(0))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples with these numbers, in this order.
    ///
    /// # Errors
    /// If there is no sample of a number.
    #[track_caller]
    pub fn select(&self, numbers: &[usize]) -> Result<Self> {
        if let Some(wrong) = numbers.iter().find(|&&number| number >= self.len()) {
            return Fault::new(
                format!("sample number {wrong} of {}", self.len()),
                "samples are counted from 0",
            )
            .raise("select");
        }
        Ok(self.rows(numbers))
    }

    /// The samples with these numbers, all of which there are.
    fn rows(&self, numbers: &[usize]) -> Self {
        let of = |array: &ArrayD<T>| array.select(Axis(0), numbers);
        self.with(of(&self.inputs), of(&self.targets))
    }

    /// The same samples in an order that the seed determines, the same on every machine.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        self.rows(&permutation(self.len(), seed, 0))
    }

    /// The first samples and the rest: `fraction` of all (rounded to a whole number) goes to the first. Shuffle before,
    /// where the order means something.
    ///
    /// # Errors
    /// If the fraction is not between 0 and 1.
    #[track_caller]
    pub fn split(&self, fraction: f64) -> Result<(Self, Self)> {
        if !(0.0..=1.0).contains(&fraction) {
            return Fault::new(format!("the fraction is {fraction}"), "give a number between 0 and 1")
                .raise("split");
        }
        let first = (self.len() as f64 * fraction).round() as usize;
        let of = |array: &ArrayD<T>| {
            let (a, b) = array.view().split_at(Axis(0), first.min(self.len()));
            (a.to_owned(), b.to_owned())
        };
        let ((x, x_rest), (y, y_rest)) = (of(&self.inputs), of(&self.targets));
        Ok((self.with(x, y), self.with(x_rest, y_rest)))
    }

    /// The same samples with inputs and targets changed, each as a whole. Names of classes stay.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    #[track_caller]
    pub fn map(self, change: impl FnOnce(ArrayD<T>, ArrayD<T>) -> (ArrayD<T>, ArrayD<T>)) -> Result<Self> {
        let (inputs, targets) = change(self.inputs, self.targets);
        Ok(Dataset { classes: self.classes, ..Dataset::new(inputs, targets)? })
    }

    /// Other samples of the same classes.
    fn with(&self, inputs: ArrayD<T>, targets: ArrayD<T>) -> Self {
        Dataset { inputs, targets, classes: self.classes.clone() }
    }
}

/// The two shapes.
impl<T> fmt::Debug for Dataset<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dataset {:?} -> {:?}", self.inputs.shape(), self.targets.shape())
    }
}

fn rows<T: Scalar>(array: ArrayD<T>) -> ArrayD<T> {
    if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
}

/// The numbers from 0 to `n - 1` in an order that seed and round determine: the method of Fisher and Yates.
pub(crate) fn permutation(n: usize, seed: u64, round: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut random = generator(seed, &format!("shuffle {round}"));
    for last in (1..n).rev() {
        // The high half of the product is uniform to within n / 2^64.
        let place = ((u128::from(random.next_u64()) * (last as u128 + 1)) >> 64) as usize;
        order.swap(last, place);
    }
    order
}
