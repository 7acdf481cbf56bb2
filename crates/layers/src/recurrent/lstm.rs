//! [`Lstm`]: long short-term memory.

use chainrule_graph::{Result, Scalar, Var};

use super::Cell;
use crate::bound::Scoped;
use crate::describe::Description;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Long short-term memory: beside its output `h` it carries a memory `c`, which gates forget from, write to and read.
///
/// ```text
/// i = σ(W_ii x[t] + b_ii + W_hi h[t-1] + b_hi)       f, o: likewise
/// g = tanh(W_ig x[t] + b_ig + W_hg h[t-1] + b_hg)
/// c[t] = f c[t-1] + i g
/// h[t] = o tanh(c[t]),    h[-1] = c[-1] = 0
/// ```
///
/// Shapes as those of [`Rnn`](crate::Rnn). Parameters, as those of PyTorch's `LSTMCell`, the gates in the order `i`, `f`, `g`, `o`:
/// `weight_ih` of shape `[4 hidden, inputs]`, `weight_hh` of shape `[4 hidden, hidden]`, `bias_ih` and `bias_hh` of shape
/// `[4 hidden]`; all start uniform in `±1 / √hidden`.
///
/// S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); the forget gate by F. Gers et al.,
/// Neural Computation 12 (2000).
///
/// ```
/// use chainrule_layers::{Lstm, Model};
/// use ndarray::Array2;
///
/// let model = Model::init(Lstm::new(3, 5).last(), 1)?;
/// let sequence = Array2::<f64>::zeros((10, 3)); // one, without a batch
/// assert_eq!(model.predict(sequence)?.shape(), [5]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of inputs, and a sequence of length 0, make an invalid node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lstm {
    cell: Cell,
}

impl Lstm {
    /// Giving all outputs.
    pub fn new(inputs: usize, hidden: usize) -> Self {
        Lstm { cell: Cell::new(inputs, hidden) }
    }

    /// Giving the last output only.
    pub fn last(self) -> Self {
        Lstm { cell: Cell { last: true, ..self.cell } }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Lstm { cell: Cell::from_description(description)? })
    }
}

impl<T: Scalar> Layer<T> for Lstm {
    fn declare(&self, params: &mut Declarations<T>) {
        self.cell.declare(params, 4);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let weight = params.get("weight_hh").t();
        let bias = params.get("bias_ih") + params.get("bias_hh");
        let n = self.cell.hidden;
        self.cell.scan("lstm", params, x, bias, |rows, [h, c]| {
            let [i, f, g, o] = (rows + h.matmul(weight)).split([n, n, n, n], 1);
            let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
            [o.sigmoid() * c.tanh(), c]
        })
    }

    fn describe(&self) -> Description {
        self.cell.describe("lstm")
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends an [`Lstm`] as [`Lstm::new`] makes it.
    pub fn lstm(self, inputs: usize, hidden: usize) -> Self {
        self.push(Lstm::new(inputs, hidden))
    }
}
