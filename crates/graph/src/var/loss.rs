//! Losses on logits, the numbers before the softmax or the sigmoid: fused with it, they neither overflow nor cancel.

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::op::Op;
use crate::scalar::Binary;
use crate::var::Var;
use crate::var::index::IntoIndices;

impl<'g, T: Scalar> Var<'g, T> {
    /// Cross-entropy `-Σ p ln softmax(x)` of these logits with the probabilities `p` of the classes, which are the last axis
    /// and disappear: one number for each sample. A probability of 0 adds nothing, even where the logit is `-∞`.
    ///
    /// The probabilities have the logits' shape (nothing is broadcast). The derivative is `softmax(x) Σp - p`.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[800.0, -800.0], [0.0, 0.0]]));
    /// let losses = x.softmax_cross_entropy(ndarray::arr2(&[[0.0, 1.0], [0.5, 0.5]]));
    /// assert_eq!(losses.value()?, ndarray::arr1(&[1600.0, 2_f64.ln()]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn softmax_cross_entropy(self, probabilities: impl IntoVar<'g, T>) -> Self {
        let p = probabilities.into_var(self.graph);
        match self.same_shape("softmax_cross_entropy", "probabilities", p) {
            Ok(()) => {
                let last = self.sizes().len().saturating_sub(1) as u8;
                let terms = p.zip(Binary::Chain, self.log_softmax(-1));
                -terms.record(Op::Sum(smallvec::smallvec![last]))
            }
            Err(invalid) => invalid,
        }
    }

    /// Cross-entropy `-ln softmax(x)[label]` of these logits with the numbers of the right classes, which are the last axis
    /// and disappear: one number for each sample. Labels are whole numbers, one for each sample: a list or an array of
    /// integers, or a node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[800.0, -800.0], [0.0, 0.0]]));
    /// assert_eq!(x.softmax_cross_entropy_labels([1, 0]).value()?, ndarray::arr1(&[1600.0, 2_f64.ln()]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn softmax_cross_entropy_labels(self, labels: impl IntoIndices<'g, T>) -> Self {
        let sizes = self.sizes();
        let Some((&classes, samples)) = sizes.split_last() else {
            return match self.graph.check(self.id) {
                Ok(()) => self.reject("softmax_cross_entropy_labels", &[self], no_classes()),
                Err(_) => self,
            };
        };
        let labels = labels.into_indices(self.graph, classes);
        if !labels.is_in(self.graph) {
            return self.reject("softmax_cross_entropy_labels", &[self], Fault::foreign());
        }
        if self.graph.check(labels.id).is_ok() && *labels.sizes() != *samples {
            let have = labels.sizes();
            let fault = Fault::new(
                ErrorKind::Shape,
                format!("labels of shape {:?} for logits of shape {:?}", have.as_slice(), sizes.as_slice()),
                "one label for each sample: the shape of the logits without the last axis",
            );
            return self.reject("softmax_cross_entropy_labels", &[self, labels], fault);
        }
        let column: Vec<usize> = samples.iter().copied().chain([1]).collect();
        -self.log_softmax(-1).take_along(labels.reshape(column), -1).reshape(samples)
    }

    /// Binary cross-entropy `-t ln σ(x) - (1 - t) ln σ(-x)` of these logits with the probabilities `t`, elementwise.
    ///
    /// The probabilities have the logits' shape (nothing is broadcast). The derivative is `σ(x) - t`, computed as
    /// `(1 - t) σ(x) - t σ(-x)`; both keep all digits in the tails.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([800.0, -800.0, 0.0]);
    /// let losses = x.sigmoid_cross_entropy([1.0, 1.0, 0.5]);
    /// assert_eq!(losses.value()?, ndarray::arr1(&[0.0, 800.0, 2_f64.ln()]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn sigmoid_cross_entropy(self, probabilities: impl IntoVar<'g, T>) -> Self {
        let t = probabilities.into_var(self.graph);
        match self.same_shape("sigmoid_cross_entropy", "probabilities", t) {
            Ok(()) => {
                let yes = t.zip(Binary::Chain, (-self).softplus());
                let no = (T::one().into_var(self.graph) - t).zip(Binary::Chain, self.softplus());
                yes.zip(Binary::Add, no)
            }
            Err(invalid) => invalid,
        }
    }

    /// Whether the other operand has this node's shape, with at least one axis or none alike.
    #[track_caller]
    fn same_shape(self, operation: &str, what: &str, other: Self) -> Result<(), Self> {
        if !other.is_in(self.graph) {
            return Err(self.reject(operation, &[self], Fault::foreign()));
        }
        let (sizes, others) = (self.sizes(), other.sizes());
        let invalid = self.graph.check(self.id).is_err() || self.graph.check(other.id).is_err();
        if invalid || sizes != others || (sizes.is_empty() && operation.starts_with("softmax")) {
            let fault = match sizes == others {
                true => no_classes(),
                false => Fault::new(
                    ErrorKind::Shape,
                    format!("{what} of shape {:?} for logits of {:?}", others.as_slice(), sizes.as_slice()),
                    "the shapes must be equal; `broadcast_to` repeats on purpose",
                ),
            };
            return Err(self.reject(operation, &[self, other], fault));
        }
        Ok(())
    }
}

fn no_classes() -> Fault {
    Fault::new(
        ErrorKind::Shape,
        "a single number has no axis of classes",
        "logits are [classes] or [n, classes]",
    )
}
