//! The language between the page and the engine: lists of numbers, made of blocks.
//!
//! A WebAssembly module without generated glue exchanges nothing but numbers, so a network goes in and a lesson comes out
//! as a list of them. Both are written in the same way, one block after the other:
//!
//! ```text
//! kind  layer  rows  columns  number  number  ...        (rows x columns numbers, row by row)
//! ```
//!
//! `kind` is the place of a [`Kind`] in [`Kind::ALL`]; the page gets the names of the kinds in that order, so no code is
//! written twice. `layer` is the layer of the neurons, or of the receiving neurons where there are links.

use ndarray::{Array2, ArrayD, ArrayView2};

/// What a block holds.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// What a block holds.
        ///
        /// `W` is written as the question's convention says: a row a sender (`n[l-1] x n[l]`) or a row a receiver. So are
        /// all matrices here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All kinds; a block names its kind by the place in this list.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The name by which the page knows it.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Asked: two numbers. 1 if matrices are to be written with a row for each receiver, else 0; and 1 if the errors
    /// start from the noted outputs, else 0.
    Settings "settings",
    /// Asked, if a step of learning is to be taken: the way (0 by shares, 1 simplified, 2 exact) and how far to go.
    Step "step",
    /// Asked: `W[layer]` with a row for each *sender*, whatever the settings say. Answered: as the settings say.
    Weights "weights",
    /// Asked: what the outputs ought to be.
    Targets "targets",
    /// Asked: what goes in. May be missing.
    Inputs "inputs",
    /// Asked: two rows, the outputs as somebody noted them and with how many decimals. May be missing.
    Noted "noted",

    /// Why there is no answer: the characters of a message.
    Refused "refused",
    /// What each link carries forward: its weight times the signal of its sender. With inputs only.
    SignalTerm "signalTerm",
    /// `Z[layer]`, the sums. With inputs only.
    Sum "sum",
    /// `A[layer]`, the signals; `A[0]` are the inputs. With inputs only.
    Signal "signal",
    /// `g'(Z[layer])`, the slopes of the sigmoids, by the tape. With inputs only.
    Slope "slope",
    /// The computed outputs, rounded to the decimals of the noted ones. With inputs and noted outputs.
    Rounded "rounded",
    /// `E[depth] = Y - A[depth]`, where the errors begin: from the noted outputs or from the computed ones.
    Error "error",
    /// The sum of these errors.
    ErrorTotal "errorTotal",

    /// The sum of the weights into each neuron of `layer`.
    Normaliser "normaliser",
    /// The share of each link of `layer` in the error in front of it: its weight by the normaliser.
    Share "share",
    /// What each link carries back: its share times the error of its receiver.
    ShareTerm "shareTerm",
    /// `E[layer]`, split by shares.
    ByShares "byShares",
    /// The sum of these errors: that of the layer in front of it, up to rounding.
    BySharesTotal "bySharesTotal",
    /// The split by shares ends in front of `layer`: one number, the neuron whose weights add up to zero, or -1 where the
    /// shares would be larger than [`LARGEST`](crate::network::LARGEST).
    NoShares "noShares",

    /// What each link carries back by the simplification: its weight times the error of its receiver.
    Term "term",
    /// `E[layer]` by the simplification, without normalisers: the tape's pull-back of `Z[layer+1]` to `A[layer]`.
    Simplified "simplified",
    /// The sum of these errors.
    SimplifiedTotal "simplifiedTotal",

    /// `C = 1/2 |Y - A|^2`, of the computed outputs. With inputs only, as all that follows.
    Cost "cost",
    /// `E[layer]` by the exact recursion, which starts from the computed outputs.
    Exact "exact",
    /// The sum of these errors.
    ExactTotal "exactTotal",
    /// `E[layer] * g'(Z[layer])` of the exact recursion.
    Delta "delta",
    /// What each link carries back exactly: its weight times `E * g'` of its receiver.
    ExactTerm "exactTerm",
    /// `dC/dA[layer]` by the tape.
    SignalGradient "signalGradient",
    /// `dC/dW[layer]` by the tape.
    WeightGradient "weightGradient",
    /// The way that `W[layer]` is moved by the errors of the simplification: `E[layer]` pulled back to `W[layer]`.
    Update "update",
    /// The same by the errors that were split by shares. Missing where there are no shares.
    UpdateByShares "updateByShares",
    /// The cosine of the angle between the update of `W[1]` and the way down, minus its gradient. Missing where one of
    /// them is zero.
    Cosine "cosine",
    /// The same for the update by shares.
    CosineByShares "cosineByShares",
    /// `W[layer]` after the step that was asked for, with a row for each *sender*, to be asked about next. Missing where
    /// that way has no update.
    Next "next",
}

/// Some numbers that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What they are.
    pub kind: Kind,
    /// Of which layer.
    pub layer: usize,
    /// The numbers; a vector is one row.
    pub numbers: Array2<f64>,
}

impl Block {
    /// A block of a matrix.
    pub fn matrix(kind: Kind, layer: usize, numbers: ArrayView2<'_, f64>) -> Self {
        Block { kind, layer, numbers: numbers.to_owned() }
    }

    /// A block of a vector: one row.
    pub fn vector<'a>(kind: Kind, layer: usize, numbers: impl IntoIterator<Item = &'a f64>) -> Self {
        let numbers: Vec<f64> = numbers.into_iter().copied().collect();
        let shape = (1, numbers.len());
        Block { kind, layer, numbers: Array2::from_shape_vec(shape, numbers).unwrap_or_default() }
    }

    /// A block of a value of the tape, which is a number, a vector or a matrix.
    pub(crate) fn value(kind: Kind, layer: usize, value: ArrayD<f64>) -> Self {
        let shape = match *value.shape() {
            [rows, columns] => (rows, columns),
            _ => (1, value.len()),
        };
        let numbers = Array2::from_shape_vec(shape, value.iter().copied().collect()).unwrap_or_default();
        Block { kind, layer, numbers }
    }
}

/// The list of numbers that blocks are written as.
///
/// ```
/// use chainrule_page::blocks::{Block, Kind, read, write};
///
/// let blocks = [Block::vector(Kind::Targets, 2, &[0.1, 0.9])];
/// let numbers = write(&blocks);
/// assert_eq!(numbers[1..], [2.0, 1.0, 2.0, 0.1, 0.9]);
/// assert_eq!(read(&numbers).as_deref(), Some(&blocks[..]));
/// assert_eq!(read(&numbers[1..]), None);
/// ```
pub fn write<'b>(blocks: impl IntoIterator<Item = &'b Block>) -> Vec<f64> {
    let mut numbers = Vec::new();
    for block in blocks {
        let (rows, columns) = block.numbers.dim();
        // The cast is the place in `ALL`, whose order is that of the variants.
        numbers.extend([block.kind as usize, block.layer, rows, columns].map(|n| n as f64));
        numbers.extend(&block.numbers);
    }
    numbers
}

/// The blocks that a list of numbers is made of; `None` if it is not made of blocks.
pub fn read(mut numbers: &[f64]) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    while let Some((&[kind, layer, rows, columns], rest)) = numbers.split_first_chunk() {
        let kind = *Kind::ALL.get(whole(kind)?)?;
        let (layer, rows, columns) = (whole(layer)?, whole(rows)?, whole(columns)?);
        let (own, rest) = rest.split_at_checked(rows.checked_mul(columns)?)?;
        let own = Array2::from_shape_vec((rows, columns), own.to_vec()).ok()?;
        blocks.push(Block { kind, layer, numbers: own });
        numbers = rest;
    }
    numbers.is_empty().then_some(blocks)
}

/// A number that counts something.
fn whole(x: f64) -> Option<usize> {
    let whole = x as usize; // saturates, and NaN is 0
    (whole as f64 == x && whole < 1 << 31).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_place_in_the_list() {
        for (place, &kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
    }

    #[test]
    fn no_list_of_numbers_can_do_harm() {
        for numbers in [
            &[f64::NAN, 0.0, 0.0, 0.0][..],
            &[0.0, 0.0, 1e300, 1e300],
            &[0.0, 0.0, 2147483647.0, 2147483647.0],
            &[0.0, -1.0, 0.0, 0.0],
            &[0.0, 0.0, 0.5, 0.0],
            &[999.0, 0.0, 0.0, 0.0],
            &[0.0, 0.0, 1.0, 2.0, 5.0],
            &[0.0],
        ] {
            assert_eq!(read(numbers), None, "{numbers:?}");
        }
        assert_eq!(read(&[]), Some(vec![]));
    }
}
