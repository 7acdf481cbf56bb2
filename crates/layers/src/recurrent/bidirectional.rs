//! [`Bidirectional`]: a sequence from both ends.

use std::sync::Arc;

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::kinds::{Build, only};
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// A recurrent layer twice, with parameters of its own each time: along the sequence, and along the reversed sequence. The
/// features of both outputs stand side by side, the reversed ones in the order of the input again. If the layer gives its last
/// output only, then these are what each way ends with.
///
/// Parameters are those of the layer in `forward` and in `backward`: `forward.weight_ih`, `backward.weight_ih`.
///
/// M. Schuster and K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing 45 (1997).
///
/// ```
/// use chainrule_layers::{Lstm, Model, Sequential};
/// use ndarray::Array3;
///
/// let model = Model::init(Sequential::new().bidirectional(Lstm::new(3, 5)), 1)?;
/// assert_eq!(model.predict(Array3::<f64>::zeros((4, 10, 3)))?.shape(), [4, 10, 10]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// An input with less than two axes makes an invalid node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bidirectional<L>(pub L);

impl<T: Scalar> Bidirectional<Arc<dyn Layer<T>>> {
    pub(crate) fn from_description(description: &Description, inside: Build<'_, T>) -> Result<Self> {
        Ok(Bidirectional(only(description, "forward", inside)?))
    }
}

impl<T: Scalar, L: Layer<T>> Layer<T> for Bidirectional<L> {
    fn declare(&self, params: &mut Declarations<T>) {
        params.layer("forward", &self.0);
        params.layer("backward", &self.0);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        if shape.len() < 2 {
            let reason = format!("a sequence has the axes [time, features], and the input is {shape:?}");
            let help = "`unsqueeze(-1)` makes features of single numbers";
            return Fault::new(reason, help).node("bidirectional", x.graph(), &[x]);
        }
        let forward = params.apply("forward", &self.0, x);
        let backward = params.apply("backward", &self.0, x.flip(-2));
        let all = backward.shape().is_ok_and(|out| out.len() == shape.len());
        x.graph().concat([forward, if all { backward.flip(-2) } else { backward }], -1)
    }

    fn describe(&self) -> Description {
        Description::new("bidirectional").layers([("forward".to_owned(), self.0.describe())])
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Bidirectional`] of a layer.
    pub fn bidirectional(self, layer: impl Layer<T> + 'static) -> Self {
        self.push(Bidirectional(layer))
    }
}
