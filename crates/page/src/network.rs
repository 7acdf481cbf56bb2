//! The network that the lecture looks at: its own or the user's.

use ndarray::{Array1, Array2, array};

/// No number grows beyond this: its square still fits `f64`.
pub const LARGEST: f64 = 1e150;

/// The first column that has no shares, because its sum is zero as far as its rounding errors let one say.
///
/// A sum of `n` terms is off by at most `n u / (1 - n u)` times the sum of their absolute values, with `u = 2^-53`.
///
/// ```
/// use chainrule_page::network::column_without_shares;
///
/// // 0.1 + 0.2 - 0.3 is 5.6e-17 in floating point, and zero to everybody else.
/// assert_eq!(column_without_shares(&ndarray::array![[1.0, 0.1], [1.0, 0.2], [1.0, -0.3]]), Some(1));
/// ```
pub fn column_without_shares(w: &Array2<f64>) -> Option<usize> {
    w.columns().into_iter().position(|column| {
        let roundings = column.len() as f64 * f64::EPSILON / 2.0;
        let size: f64 = column.iter().map(|weight| weight.abs()).sum();
        column.sum().abs() <= roundings / (1.0 - roundings) * size
    })
}

/// Sigmoid layers without biases, and one sample.
///
/// There is an input or an output: without inputs there is no signal pass, and the errors start from the outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// `W[1]`, `W[2]`, ..., each `n[l-1] x n[l]` (a row for each sending neuron), so that `Z[l] = W[l]' A[l-1]`.
    pub weights: Vec<Array2<f64>>,
    /// What the outputs ought to be.
    pub targets: Array1<f64>,
    /// What goes in, `A[0]`.
    pub inputs: Option<Array1<f64>>,
    /// What comes out, as somebody noted it, rounded.
    pub outputs: Option<Vec<Noted>>,
}

/// A number as somebody noted it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noted {
    /// The number.
    pub value: f64,
    /// With so many decimals: 0.50 has two.
    pub decimals: usize,
}

impl Network {
    /// The network of the lecture. The matrix `W[2]`, the outputs and the targets are on its slides; inputs and `W[1]`
    /// are chosen so that these outputs come out.
    pub fn lecture() -> Self {
        let noted = |value| Noted { value, decimals: 2 };
        Network {
            weights: vec![
                array![[0.3, 0.4, -1.2], [0.2, 0.2, -0.5]],
                array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]],
            ],
            targets: array![1.0, 1.0],
            inputs: Some(array![1.0, 0.5]),
            outputs: Some(vec![noted(0.58), noted(0.55)]),
        }
    }

    /// How many layers of weights there are: the outputs are `A[depth]`.
    pub fn depth(&self) -> usize {
        self.weights.len()
    }

    /// The number of inputs, of the neurons of each layer, and of the outputs.
    pub fn widths(&self) -> Vec<usize> {
        let first = self.weights.first().map(Array2::nrows);
        first.into_iter().chain(self.weights.iter().map(Array2::ncols)).collect()
    }

    /// `2-3-2`, or `2-3-...-2` if there are many layers.
    pub fn shape(&self) -> String {
        let widths: Vec<String> = self.widths().iter().map(usize::to_string).collect();
        let whole = widths.join("-");
        let Some((last, before)) = widths.split_last().filter(|_| whole.len() > 24) else { return whole };
        // The longest beginning that fits, and the outputs.
        let shortened = |first: usize| format!("{}-...-{last}", before[..first].join("-"));
        (1..before.len()).rev().map(shortened).find(|text| text.len() <= 24).unwrap_or(whole)
    }

    /// The noted outputs.
    pub fn noted_outputs(&self) -> Option<Array1<f64>> {
        self.outputs.as_ref().map(|outputs| outputs.iter().map(|noted| noted.value).collect())
    }

    /// The layers whose errors are asked for, from the last to the first: the hidden ones, or the inputs (layer 0) of a
    /// network without any.
    pub fn pulled_back(&self) -> impl Iterator<Item = usize> {
        let first = usize::from(self.depth() > 1);
        (first..self.depth()).rev()
    }

    /// The first layer (counted from 0) in which sums of absolute values grow beyond `limit`, forwards or backwards, and
    /// what it is that grows. Numbers of this size would become infinite, and nothing could be compared.
    pub fn beyond(&self, limit: f64) -> Option<(usize, &'static str)> {
        let too_large = |numbers: &Array1<f64>| !numbers.iter().all(|&x| x <= limit);
        let sizes: Vec<Array2<f64>> = self.weights.iter().map(|w| w.mapv(f64::abs)).collect();
        let inputs =
            self.inputs.clone().unwrap_or_else(|| Array1::ones(sizes.first().map_or(0, Array2::nrows)));
        let mut signal = inputs.mapv(f64::abs);
        for (l, w) in sizes.iter().enumerate() {
            let sums = w.t().dot(&signal);
            if too_large(&sums) {
                return Some((l, "the sums"));
            }
            signal = Array1::ones(sums.len()); // a sigmoid ends at 1
        }
        let mut errors = self.targets.mapv(|y| y.abs() + 1.0);
        for (l, w) in sizes.iter().enumerate().rev() {
            errors = w.dot(&errors);
            if too_large(&errors) {
                return Some((l, "the errors that go back"));
            }
        }
        None
    }
}
