//! [`Gru`]: the gated recurrent unit.

use chainrule_graph::{Result, Scalar, Var};

use super::Cell;
use crate::bound::Scoped;
use crate::describe::Description;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// The gated recurrent unit, in PyTorch's form (the reset gate acts after the product with the state):
///
/// ```text
/// r = σ(W_ir x[t] + b_ir + W_hr h[t-1] + b_hr)
/// z = σ(W_iz x[t] + b_iz + W_hz h[t-1] + b_hz)
/// n = tanh(W_in x[t] + b_in + r (W_hn h[t-1] + b_hn))
/// h[t] = (1 - z) n + z h[t-1],    h[-1] = 0
/// ```
///
/// Shapes as those of [`Rnn`](crate::Rnn). Parameters, as those of PyTorch's `GRUCell`, the gates in the order `r`, `z`, `n`:
/// `weight_ih` of shape `[3 hidden, inputs]`, `weight_hh` of shape `[3 hidden, hidden]`, `bias_ih` and `bias_hh` of shape
/// `[3 hidden]`; all start uniform in `±1 / √hidden`.
///
/// K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014; this form in J. Chung et al., arXiv
/// 1412.3555 (2014), as cuDNN computes it.
///
/// ```
/// use chainrule_layers::{Gru, Model};
/// use ndarray::Array3;
///
/// let model = Model::init(Gru::new(3, 5), 1)?;
/// assert_eq!(model.predict(Array3::<f64>::zeros((4, 10, 3)))?.shape(), [4, 10, 5]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of inputs, and a sequence of length 0, make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gru {
    cell: Cell,
}

impl Gru {
    /// Giving all outputs.
    pub fn new(inputs: usize, hidden: usize) -> Self {
        Gru { cell: Cell::new(inputs, hidden) }
    }

    /// Giving the last output only.
    pub fn last(self) -> Self {
        Gru { cell: Cell { last: true, ..self.cell } }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Gru { cell: Cell::from_description(description)? })
    }
}

impl<T: Scalar> Layer<T> for Gru {
    fn declare(&self, params: &mut Declarations<T>) {
        self.cell.declare(params, 3);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let (weight, bias) = (params.get("weight_hh").t(), params.get("bias_hh"));
        let n = self.cell.hidden;
        self.cell.scan("gru", params, x, params.get("bias_ih"), |rows, [h, _]| {
            let [gates, new] = rows.split([2 * n, n], 1);
            let [gates_h, new_h] = (h.matmul(weight) + bias).split([2 * n, n], 1);
            let [r, z] = (gates + gates_h).sigmoid().split([n, n], 1);
            let new = (new + r * new_h).tanh();
            let h = new + z * (h - new);
            [h, h]
        })
    }

    fn describe(&self) -> Description {
        self.cell.describe("gru")
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends a [`Gru`] as [`Gru::new`] makes it.
    pub fn gru(self, inputs: usize, hidden: usize) -> Self {
        self.push(Gru::new(inputs, hidden))
    }
}
