//! [`Rnn`]: the simple recurrent layer.

use chainrule_graph::{Result, Scalar, Var};

use super::Cell;
use crate::bound::Scoped;
use crate::describe::Description;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// The simple recurrent layer: its output at each point in time depends on the input there, and on its output before.
///
/// ```text
/// h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh),    h[-1] = 0
/// ```
///
/// or `max(·, 0)` in place of `tanh`. It takes a batch of sequences, `[n, time, inputs]`, or one, `[time, inputs]`, and gives all
/// outputs, `[n, time, hidden]`, or with [`last`](Rnn::last) the last one, `[n, hidden]`. Layers on top of each other are a
/// [`Sequential`].
///
/// Parameters, as those of PyTorch's `RNNCell`: `weight_ih` of shape `[hidden, inputs]`, `weight_hh` of shape `[hidden, hidden]`,
/// `bias_ih` and `bias_hh` of shape `[hidden]`; all start uniform in `±1 / √hidden`.
///
/// J. Elman, "Finding structure in time", Cognitive Science 14 (1990).
///
/// ```
/// use chainrule_layers::{Model, Rnn, Sequential};
/// use ndarray::Array3;
///
/// let model = Model::init(Sequential::new().rnn(3, 8).push(Rnn::new(8, 5).last()), 1)?;
/// assert_eq!(model.predict(Array3::<f64>::zeros((4, 10, 3)))?.shape(), [4, 5]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of inputs, and a sequence of length 0, make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rnn {
    cell: Cell,
    relu: bool,
}

impl Rnn {
    /// With `tanh`, giving all outputs.
    pub fn new(inputs: usize, hidden: usize) -> Self {
        Rnn { cell: Cell::new(inputs, hidden), relu: false }
    }

    /// With `max(·, 0)` in place of `tanh`.
    pub fn relu(self) -> Self {
        Rnn { relu: true, ..self }
    }

    /// Giving the last output only.
    pub fn last(self) -> Self {
        Rnn { cell: Cell { last: true, ..self.cell }, ..self }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Rnn { cell: Cell::from_description(description)?, relu: description.get("relu")? })
    }
}

impl<T: Scalar> Layer<T> for Rnn {
    fn declare(&self, params: &mut Declarations<T>) {
        self.cell.declare(params, 1);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let weight = params.get("weight_hh").t();
        let bias = params.get("bias_ih") + params.get("bias_hh");
        self.cell.scan("rnn", params, x, bias, |rows, [h, _]| {
            let z = rows + h.matmul(weight);
            let h = if self.relu { z.relu() } else { z.tanh() };
            [h, h]
        })
    }

    fn describe(&self) -> Description {
        self.cell.describe("rnn").with("relu", self.relu)
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends an [`Rnn`] as [`Rnn::new`] makes it.
    pub fn rnn(self, inputs: usize, hidden: usize) -> Self {
        self.push(Rnn::new(inputs, hidden))
    }
}
