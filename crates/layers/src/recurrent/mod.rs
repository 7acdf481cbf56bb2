//! Layers that go along a sequence and carry a state.

mod bidirectional;
mod gru;
mod lstm;
mod rnn;

pub use bidirectional::Bidirectional;
pub use gru::Gru;
pub use lstm::Lstm;
pub use rnn::Rnn;

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::init::Init;
use crate::layer::Declarations;

/// What all of them have: sizes, and whether they give all outputs or the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    inputs: usize,
    hidden: usize,
    last: bool,
}

impl Cell {
    fn new(inputs: usize, hidden: usize) -> Self {
        Cell { inputs, hidden, last: false }
    }

    /// The four parameters of a cell with so many gates, named and laid out as PyTorch's.
    fn declare<T: Scalar>(&self, params: &mut Declarations<T>, gates: usize) {
        let bound = 1.0 / (self.hidden as f64).sqrt();
        // A cell of no units has no numbers; it need not be refused for an infinite bound.
        let bound = if bound.is_finite() { bound } else { 0.0 };
        let init = Init::Uniform { low: -bound, high: bound };
        let all = gates.saturating_mul(self.hidden);
        params.parameter("weight_ih", [all, self.inputs], init);
        params.parameter("weight_hh", [all, self.hidden], init);
        params.parameter("bias_ih", [all], init);
        params.parameter("bias_hh", [all], init);
    }

    /// Goes along the sequence. The product of all inputs with `weight_ih`, plus `bias`, is one before the loop; `step` gets the
    /// rows of one point in time, `[batch, gates hidden]`, and the output and the memory of the one before, `[batch, hidden]`.
    fn scan<'g, T: Scalar>(
        &self,
        operation: &str,
        params: &Scoped<'_, 'g, T>,
        x: Var<'g, T>,
        bias: Var<'g, T>,
        mut step: impl FnMut(Var<'g, T>, [Var<'g, T>; 2]) -> [Var<'g, T>; 2],
    ) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let (x, batch, time, single) = match *shape.as_slice() {
            [batch, time, inputs] if inputs == self.inputs => (x.permute([1, 0, 2]), batch, time, false),
            [time, inputs] if inputs == self.inputs => (x.unsqueeze(1), 1, time, true),
            _ => {
                let f = self.inputs;
                let reason = format!(
                    "this layer takes sequences [time, {f}] or batches [n, time, {f}], and the input is {shape:?}"
                );
                let help = "the last axis must have the layer's number of inputs; `permute` moves axes";
                return Fault::new(reason, help).node(operation, x.graph(), &[x]);
            }
        };
        if time == 0 {
            let help = "a sequence has at least one point in time";
            return Fault::new("the sequence is empty", help).node(operation, x.graph(), &[x]);
        }
        let projected = x.matmul(params.get("weight_ih").t()) + bias;
        let mut steps = Vec::with_capacity(time);
        halves(projected, time, &mut steps);
        let zeros = x.graph().full([batch, self.hidden], T::zero());
        let mut state = [zeros, zeros];
        let mut outputs = Vec::with_capacity(if self.last { 0 } else { time });
        for rows in steps {
            state = step(rows.squeeze(0), state);
            if !self.last {
                outputs.push(state[0]);
            }
        }
        match (self.last, single) {
            (true, true) => state[0].squeeze(0),
            (true, false) => state[0],
            (false, true) => x.graph().concat(outputs, 0),
            (false, false) => x.graph().stack(outputs, 1),
        }
    }

    fn describe(&self, kind: &str) -> Description {
        Description::new(kind).with("inputs", self.inputs).with("hidden", self.hidden).with("last", self.last)
    }

    fn from_description(description: &Description) -> Result<Self> {
        Ok(Cell {
            inputs: description.get("inputs")?,
            hidden: description.get("hidden")?,
            last: description.get("last")?,
        })
    }
}

/// The points in time of a sequence `[time, ...]`, by halving: the cotangents of the parts then meet two by two, in
/// `time log time` elements. If each part was cut out of the whole, each would come back as large as the whole.
fn halves<'g, T: Scalar>(x: Var<'g, T>, time: usize, parts: &mut Vec<Var<'g, T>>) {
    if time < 2 {
        parts.push(x);
        return;
    }
    let half = time / 2;
    let [first, second] = x.split([half, time - half], 0);
    halves(first, half, parts);
    halves(second, time - half, parts);
}
