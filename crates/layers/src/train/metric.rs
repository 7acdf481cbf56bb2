//! [`Metric`]: a number for people, beside the loss.

use std::fmt;
use std::sync::Arc;

use chainrule_graph::{Result, Scalar};
use ndarray::{Array2, ArrayD, ArrayViewD, Axis};

use crate::fault::Fault;

/// How good outputs are, as a number that people read. It is computed from all outputs of a set together, after the last
/// batch.
#[derive(Clone)]
#[non_exhaustive]
pub enum Metric<T = f64> {
    /// The part of samples whose largest output (logit or probability) is that of their class. Targets are labels or
    /// probabilities, of which the largest counts; of equal outputs the first.
    Accuracy,
    /// The part of elements where output and target lie on the same side: a logit above 0, a target above ½.
    BinaryAccuracy,
    /// The coefficient of determination `1 - Σ(y - ŷ)² / Σ(y - ȳ)²`, where `ȳ` is the mean of the targets (of each output by
    /// itself; the result is the mean over the outputs, as in scikit-learn). 1 is perfect, 0 as good as the mean. Of a
    /// constant target it is 1 if all outputs are right, else 0.
    R2,
    /// `mean |y - ŷ|`
    MeanAbsoluteError,
    /// A function of your own; see [`Metric::custom`].
    Custom(&'static str, Arc<dyn MetricFunction<T>>),
}

/// A function of targets and outputs: any closure `Fn(ArrayViewD<T>, ArrayViewD<T>) -> f64`.
pub trait MetricFunction<T>: Send + Sync {
    /// The figure for these targets and outputs.
    fn of(&self, targets: ArrayViewD<'_, T>, outputs: ArrayViewD<'_, T>) -> f64;
}

impl<T, F: Fn(ArrayViewD<'_, T>, ArrayViewD<'_, T>) -> f64 + Send + Sync> MetricFunction<T> for F {
    fn of(&self, targets: ArrayViewD<'_, T>, outputs: ArrayViewD<'_, T>) -> f64 {
        self(targets, outputs)
    }
}

impl<T: Scalar> Metric<T> {
    /// A metric of your own, from all targets and all outputs.
    ///
    /// ```
    /// use chainrule_layers::Metric;
    /// use ndarray::array;
    ///
    /// let largest = Metric::<f64>::custom("largest", |_, outputs| outputs.iter().copied().fold(f64::MIN, f64::max));
    /// assert_eq!(largest.of(&array![0.0, 0.0].into_dyn(), &array![3.0, 4.0].into_dyn())?, 4.0);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pub fn custom(
        name: &'static str,
        function: impl Fn(ArrayViewD<'_, T>, ArrayViewD<'_, T>) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Metric::Custom(name, Arc::new(function))
    }

    /// The name that histories show.
    pub fn name(&self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::BinaryAccuracy => "binary accuracy",
            Metric::R2 => "R2",
            Metric::MeanAbsoluteError => "mean absolute error",
            Metric::Custom(name, _) => name,
        }
    }

    /// The figure for these targets and outputs; NaN where there are none.
    ///
    /// # Errors
    /// If their shapes do not fit each other.
    #[track_caller]
    pub fn of(&self, targets: &ArrayD<T>, outputs: &ArrayD<T>) -> Result<f64> {
        if let Metric::Custom(_, function) = self {
            return Ok(function.of(targets.view(), outputs.view()));
        }
        if let Metric::Accuracy = self {
            let (truth, found) = (classes(targets, outputs)?, largest(outputs));
            return Ok(mean(truth.iter().zip(&found).map(|(a, b)| f64::from(u8::from(a == b)))));
        }
        if targets.shape() != outputs.shape() {
            let reason = format!("targets have shape {:?}, outputs {:?}", targets.shape(), outputs.shape());
            return Fault::new(reason, "this metric compares element with element").raise("metric");
        }
        let pairs = || targets.iter().zip(outputs).map(|(&y, &o)| (y.as_f64(), o.as_f64()));
        Ok(match self {
            Metric::BinaryAccuracy => mean(pairs().map(|(y, o)| f64::from(u8::from((y > 0.5) == (o > 0.0))))),
            Metric::MeanAbsoluteError => mean(pairs().map(|(y, o)| (y - o).abs())),
            _ => r2(targets, outputs),
        })
    }
}

/// The name.
impl<T: Scalar> fmt::Debug for Metric<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often each class (row) was taken for each class (column).
///
/// `outputs` are logits or probabilities `[n, classes]`; `targets` labels `[n]` or probabilities `[n, classes]`.
///
/// ```
/// use chainrule_layers::confusion_matrix;
/// use ndarray::array;
///
/// let outputs = array![[2.0, 1.0], [0.0, 3.0], [5.0, 0.0]].into_dyn();
/// let counts = confusion_matrix(&array![0.0, 1.0, 1.0].into_dyn(), &outputs)?;
/// assert_eq!(counts, array![[1, 0], [1, 1]]); // the last sample is a 1, taken for a 0
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If the shapes do not fit, or a label is no class.
#[track_caller]
pub fn confusion_matrix<T: Scalar>(targets: &ArrayD<T>, outputs: &ArrayD<T>) -> Result<Array2<usize>> {
    let truth = classes(targets, outputs)?;
    let count = outputs.shape().last().copied().unwrap_or(0);
    let mut counts = Array2::zeros((count, count));
    for (of, taken) in truth.into_iter().zip(largest(outputs)) {
        match counts.get_mut((of, taken)) {
            Some(entry) => *entry += 1,
            None => {
                let reason = format!("a label is {of}, and there are {count} classes");
                return Fault::new(reason, "labels are whole numbers from 0 on").raise("confusion_matrix");
            }
        }
    }
    Ok(counts)
}

/// The class of each sample. A label that is no whole number is no class: the number of classes.
#[track_caller]
fn classes<T: Scalar>(targets: &ArrayD<T>, outputs: &ArrayD<T>) -> Result<Vec<usize>> {
    let (y, o) = (targets.shape(), outputs.shape());
    if y == o && o.len() == 2 {
        return Ok(largest(targets));
    }
    match o {
        [n, count] if y == [*n] => {
            let class = |label: f64| {
                let whole = label >= 0.0 && label.fract() == 0.0 && label < *count as f64;
                if whole { label as usize } else { *count }
            };
            Ok(targets.iter().map(|label| class(label.as_f64())).collect())
        }
        _ => Fault::new(
            format!("targets have shape {y:?}, outputs {o:?}"),
            "outputs are [n, classes], targets labels [n] or probabilities [n, classes]",
        )
        .raise("metric"),
    }
}

/// The place of the largest element of each row; of a NaN, its place.
fn largest<T: Scalar>(rows: &ArrayD<T>) -> Vec<usize> {
    let of = |row: ArrayViewD<'_, T>| {
        let better = |best: (usize, T), (i, &x): (usize, &T)| {
            if best.1.is_nan() || x <= best.1 { best } else { (i, x) }
        };
        row.iter().enumerate().fold((0, T::neg_infinity()), better).0
    };
    rows.axis_iter(Axis(0)).map(of).collect()
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = numbers.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
    sum / n
}

fn r2<T: Scalar>(targets: &ArrayD<T>, outputs: &ArrayD<T>) -> f64 {
    let n = targets.len_of(Axis(0));
    let width = targets.len().checked_div(n).unwrap_or(0);
    let column = |array: &ArrayD<T>, j: usize| -> Vec<f64> {
        array.iter().skip(j).step_by(width.max(1)).map(|x| x.as_f64()).collect()
    };
    mean((0..width).map(|j| {
        let (y, o) = (column(targets, j), column(outputs, j));
        let centre = mean(y.iter().copied());
        let rest: f64 = y.iter().zip(&o).map(|(y, o)| (y - o).powi(2)).sum();
        let all: f64 = y.iter().map(|y| (y - centre).powi(2)).sum();
        match (all == 0.0, rest == 0.0) {
            (true, right) => f64::from(u8::from(right)),
            (false, _) => 1.0 - rest / all,
        }
    }))
}
