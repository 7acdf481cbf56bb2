//! One row for each operation: how to record it, and which function of the oracle it is.
//!
//! A row says for which shapes it runs, empty ones and ones of size 1 among them, and from which numbers its operands are
//! drawn. The tests in `tests/operations` do the rest, and compare the list with the sources, so that an operation
//! without a row fails.

mod elementwise;
mod layout;
mod linalg;
mod products;
mod reductions;
mod windows;

use chainrule::graph::{Graph, Var};

use chainrule_oracle::{Array, count};

use crate::oracle::Definition;

/// From which numbers operands are drawn. None of them hits a kink, and no two are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum From {
    /// Between -2 and 2.
    Reals,
    /// Between ¼ and 2.
    Positives,
    /// The first operand like [`From::Positives`], the others like [`From::Reals`].
    PositiveBase,
}

/// What a row's operation records.
pub type Engine<T> = for<'g> fn(&'g Graph<T>, &[Var<'g, T>]) -> Var<'g, T>;

/// One operation.
pub struct Row {
    /// The method's name; several rows may share one.
    pub name: &'static str,
    /// For each case, the shapes of the operands.
    pub shapes: &'static [&'static [&'static [usize]]],
    /// The operands' numbers.
    pub numbers: From,
    /// It, in `f64` and in `f32`.
    pub engine: Engine<f64>,
    /// It, in `f32`.
    pub engine32: Engine<f32>,
    /// It, on the oracle.
    pub definition: Definition,
    /// Whether no gradient passes, and asking for one is an error.
    pub cut: bool,
}

/// `name, numbers, shapes, |graph, operands| engine, |operands| oracle;` or, for a row without a gradient, `name, cut, ...`.
macro_rules! rows {
    ($($name:ident, $numbers:ident, $shapes:expr, |$g:ident, $x:ident| $engine:expr, |$a:ident| $oracle:expr;)+) => {
        vec![$({
            #[allow(unused_variables)]
            fn engine<'g, T: chainrule::graph::Scalar>(
                $g: &'g chainrule::graph::Graph<T>,
                $x: &[chainrule::graph::Var<'g, T>],
            ) -> chainrule::graph::Var<'g, T> {
                $engine
            }
            let cut = rows!(@cut $numbers);
            let numbers = rows!(@from $numbers);
            crate::rows::Row {
                name: stringify!($name),
                shapes: &$shapes,
                numbers,
                engine: engine::<f64>,
                engine32: engine::<f32>,
                definition: crate::oracle::definition!(|$a| $oracle),
                cut,
            }
        }),+]
    };
    (@cut cut) => { true };
    (@cut $numbers:ident) => { false };
    (@from cut) => { crate::rows::From::Reals };
    (@from reals) => { crate::rows::From::Reals };
    (@from positives) => { crate::rows::From::Positives };
    (@from powers) => { crate::rows::From::PositiveBase };
}
pub(crate) use rows;

/// All of them.
pub fn all() -> Vec<Row> {
    [
        elementwise::rows(),
        reductions::rows(),
        products::rows(),
        layout::rows(),
        windows::rows(),
        linalg::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Row {
    /// The operands of a case.
    pub fn operands(&self, shapes: &[&[usize]], seed: u64) -> Vec<Array> {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1);
        let draw = |(i, shape): (usize, &&[usize])| {
            let positive = match self.numbers {
                From::Reals => false,
                From::Positives => true,
                From::PositiveBase => i == 0,
            };
            let data = (0..count(shape)).map(|_| random.number(positive)).collect();
            Array { shape: shape.to_vec(), data }
        };
        shapes.iter().enumerate().map(draw).collect()
    }
}

/// Numbers on a fine grid whose offset keeps them off zeros, halves and whole numbers.
pub struct Random(pub u64);

impl Random {
    /// The next one.
    pub fn number(&mut self, positive: bool) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let unit = ((self.0 >> 44) as f64 + 0.3) / (1_u64 << 20) as f64;
        if positive { 0.25 + 1.75 * unit } else { 4.0 * unit - 2.0 }
    }
}
