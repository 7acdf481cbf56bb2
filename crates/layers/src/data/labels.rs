//! Labels: classes as whole numbers from 0, their names, and their indicator vectors.

use chainrule_graph::{Result, Scalar};
use ndarray::{Array2, Ix1};

use super::Dataset;
use crate::fault::Fault;

impl<T: Scalar> Dataset<T> {
    /// The names of the classes 0, 1, ...; empty if none were given.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// With names for the classes 0, 1, ...
    ///
    /// ```
    /// use chainrule_layers::Dataset;
    ///
    /// let data = Dataset::new([0.1, 0.2, 0.3], [0.0, 1.0, 0.0])?.named(["ham", "spam"])?;
    /// assert_eq!(data.labels()?, [0, 1, 0]);
    /// assert_eq!(data.classes()[1], "spam");
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the targets are not labels, or one of them has no name.
    #[track_caller]
    pub fn named(mut self, classes: impl IntoIterator<Item = impl Into<String>>) -> Result<Self> {
        let classes: Vec<String> = classes.into_iter().map(Into::into).collect();
        match self.whole().and_then(|labels| within(&labels, classes.len())) {
            Ok(()) => {
                self.classes = classes;
                Ok(self)
            }
            Err(fault) => fault.raise("named"),
        }
    }

    /// The targets as classes, counted from 0.
    ///
    /// # Errors
    /// If the targets are not `[n]` whole numbers from 0.
    #[track_caller]
    pub fn labels(&self) -> Result<Vec<usize>> {
        match self.whole() {
            Ok(labels) => Ok(labels),
            Err(fault) => fault.raise("labels"),
        }
    }

    /// With a row of probabilities for each label: 1 at its class, and 0 at the others.
    ///
    /// ```
    /// use chainrule_layers::Dataset;
    /// use ndarray::array;
    ///
    /// let data = Dataset::new([0.1, 0.2], [2.0, 0.0])?.one_hot(3)?;
    /// assert_eq!(data.targets(), &array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the targets are not labels below this number of classes.
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        let checked = self.whole().and_then(|labels| within(&labels, classes).map(|()| labels));
        match checked {
            Ok(labels) => {
                let mut rows = Array2::zeros((labels.len(), classes));
                for (mut row, label) in rows.rows_mut().into_iter().zip(labels) {
                    if let Some(place) = row.get_mut(label) {
                        *place = T::one();
                    }
                }
                Ok(self.with(self.inputs.clone(), rows.into_dyn()))
            }
            Err(fault) => fault.raise("one_hot"),
        }
    }

    fn whole(&self) -> Result<Vec<usize>, Fault> {
        const HELP: &str = "labels are whole numbers from 0, one for each sample";
        let Ok(targets) = self.targets.view().into_dimensionality::<Ix1>() else {
            return Err(Fault::new(format!("the targets have shape {:?}", self.targets.shape()), HELP));
        };
        let mut labels = Vec::with_capacity(targets.len());
        for (number, &target) in targets.iter().enumerate() {
            let wide = target.as_f64();
            // 2^32 classes are more than any array of probabilities has room for.
            if !(0.0..4_294_967_296.0).contains(&wide) || wide.fract() != 0.0 {
                return Err(Fault::new(format!("the target of sample {number} is {target}"), HELP));
            }
            labels.push(wide as usize);
        }
        Ok(labels)
    }
}

fn within(labels: &[usize], classes: usize) -> Result<(), Fault> {
    match labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
        None => Ok(()),
        Some((number, label)) => Err(Fault::new(
            format!("sample {number} has label {label}, and there are {classes} classes"),
            "classes are counted from 0",
        )),
    }
}
