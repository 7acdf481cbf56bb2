//! The networks that the lecture is told for.

use chainrule::prelude::*;
use ndarray::{Array1, Array2, array};

use crate::random::Random;

/// Weights, targets, and inputs or outputs (or both).
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// `W[1]`, `W[2]`, ... of all layers but the last: one row a sender, one column a receiver, as the lecture writes them.
    pub hidden: Vec<Array2<f64>>,
    /// The weights of the last layer.
    pub last: Array2<f64>,
    /// What goes in, where it is known.
    pub inputs: Option<Array1<f64>>,
    /// What came out, where that was given; rounded to two decimals, maybe.
    pub outputs: Option<Array1<f64>>,
    /// What should come out.
    pub targets: Array1<f64>,
}

/// `Z` and `A` of every layer.
pub struct Signals {
    /// `Z[1]`, `Z[2]`, ...
    pub z: Vec<Array1<f64>>,
    /// `A[0]`, the inputs, then `A[1]`, `A[2]`, ...
    pub a: Vec<Array1<f64>>,
}

impl Network {
    /// The lecture's: two layers, with outputs that it rounds to 0.58 and 0.55. The lecture gives `W[2]`, outputs and
    /// targets; the inputs and `W[1]` are chosen to fit.
    pub fn of_the_lecture() -> Self {
        Network {
            hidden: vec![array![[0.3, 0.4, -1.2], [0.2, 0.2, -0.5]]],
            last: array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]],
            inputs: Some(array![1.0, 0.5]),
            outputs: Some(array![0.58, 0.55]),
            targets: array![1.0, 1.0],
        }
    }

    /// The number of layers, `L`.
    pub fn depth(&self) -> usize {
        self.hidden.len() + 1
    }

    /// `W[1]` to `W[L]`.
    pub fn weights(&self) -> impl DoubleEndedIterator<Item = &Array2<f64>> {
        self.hidden.iter().chain([&self.last])
    }

    /// A random one without given outputs, all targets 1.
    pub fn random(random: &mut Random, sizes: &[usize]) -> Self {
        let mut weights: Vec<_> = sizes.windows(2).map(|pair| random.weights(pair[0], pair[1])).collect();
        let last = weights.pop().unwrap_or_default();
        let inputs = Some(random.units(sizes.first().copied().unwrap_or(0)));
        Network { hidden: weights, inputs, outputs: None, targets: Array1::ones(last.ncols()), last }
    }

    /// The signal pass on the tape: `Z = W'A`, `A = sigmoid(Z)`, layer by layer.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn signals(&self, inputs: &Array1<f64>) -> Result<Signals, chainrule::Error> {
        let graph = Graph::new();
        let mut signals = Signals { z: vec![], a: vec![inputs.clone()] };
        let mut a = graph.constant(inputs);
        for w in self.weights() {
            let z = graph.constant(w).t().matmul(a);
            a = z.sigmoid();
            signals.z.push(flat(z)?);
            signals.a.push(flat(a)?);
        }
        Ok(signals)
    }
}

/// The value of a node as a vector.
///
/// # Errors
/// If the node is invalid.
pub fn flat(x: Var<'_>) -> Result<Array1<f64>, chainrule::Error> {
    Ok(x.value()?.flatten().into_owned())
}
