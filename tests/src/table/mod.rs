//! The second table of operations: their options, signs, corners and operands that are indices, beside the first table
//! ([`rows`](crate::rows), one row for each operation). [`check`] runs the rows of both, with bounds near rounding.
//!
//! A row says how each operand is drawn (away from kinks; with zeros, with the need of pivoting), and which operands get no
//! gradient: the engine must refuse one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

pub mod check;
mod custom;
mod draw;
mod elementwise;
mod layout;
mod product;
mod reduce;
mod window;

pub use draw::{Draw, Random};

use chainrule::graph::{Graph, Var};

use crate::oracle::Definition;

/// An operation as the user calls it.
pub type Engine<T> = for<'g> fn(&'g Graph<T>, &[Var<'g, T>]) -> Var<'g, T>;

/// An operand: where its elements come from, and whether the operation passes a derivative to it.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// How it is drawn, away from the kinks.
    pub draw: Draw,
    /// The result is constant between jumps, and the engine refuses a gradient.
    pub cut: bool,
}

/// An operand with a derivative.
const fn smooth(draw: Draw) -> Input {
    Input { draw, cut: false }
}

/// An operand without one.
const fn cut(draw: Draw) -> Input {
    Input { draw, cut: true }
}

/// An operand of any real numbers.
const REAL: Input = smooth(Draw::Between(-2.0, 2.0));

/// One operation with certain options.
pub struct Row {
    /// The operation, as its method is called.
    pub name: &'static str,
    /// The options.
    pub note: &'static str,
    /// Its operands.
    pub inputs: Vec<Input>,
    /// Shapes for the operands, several combinations.
    pub shapes: Vec<Vec<Vec<usize>>>,
    /// The call in double precision.
    pub f64: Engine<f64>,
    /// The same in single precision.
    pub f32: Engine<f32>,
    /// What it is on the oracle.
    pub definition: Definition,
}

/// Rows: name, options, operands, shapes, the call (written once and compiled for both precisions), and the definition.
macro_rules! rows {
    ($($name:ident $note:literal $inputs:expr, $shapes:expr, |$g:pat_param, $x:ident| $call:expr, |$a:pat_param| $definition:expr;)+) => {
        vec![$({
            fn call<'g, T: chainrule_check::program::Number>(
                $g: &'g chainrule::graph::Graph<T>,
                $x: &[chainrule::graph::Var<'g, T>],
            ) -> chainrule::graph::Var<'g, T> {
                $call
            }
            crate::table::Row {
                name: stringify!($name),
                note: $note,
                inputs: $inputs.to_vec(),
                shapes: crate::table::shapes(&$shapes),
                f64: call::<f64>,
                f32: call::<f32>,
                definition: crate::oracle::definition!(|$a| $definition),
            }
        }),+]
    };
}
use rows;

/// One combination a text, operands separated by spaces, sizes by `x`: `"2x3 3"`. `.` is a single number.
fn shapes(texts: &[&str]) -> Vec<Vec<Vec<usize>>> {
    let sizes = |text: &str| text.split('x').filter(|s| *s != ".").map(|s| s.parse().unwrap()).collect();
    texts.iter().map(|text| text.split(' ').map(sizes).collect()).collect()
}

/// A part of the table: its name, and its rows.
pub type Part = (&'static str, fn() -> Vec<Row>);

/// The rows of this table by parts, and those of the first one; each part is a test of its own.
pub const PARTS: &[Part] = &[
    ("first table", first),
    ("elementwise", elementwise::rows),
    ("reduce", reduce::rows),
    ("product", product::rows),
    ("layout", layout::rows),
    ("window", window::rows),
];

/// The rows of the first table.
pub fn first() -> Vec<Row> {
    let row = |row: crate::rows::Row| {
        let shapes: Vec<Vec<Vec<usize>>> =
            row.shapes.iter().map(|case| case.iter().map(|s| s.to_vec()).collect()).collect();
        let input = |i: usize| {
            let draw = match row.numbers {
                crate::rows::From::Reals => Draw::Apart,
                crate::rows::From::PositiveBase if i > 0 => Draw::Between(-2.0, 2.0),
                _ => Draw::Between(0.25, 2.0),
            };
            Input { draw, cut: row.cut }
        };
        Row {
            name: row.name,
            note: "(first table)",
            inputs: (0..shapes[0].len()).map(input).collect(),
            shapes,
            f64: row.engine,
            f32: row.engine32,
            definition: row.definition,
        }
    };
    crate::rows::all().into_iter().map(row).collect()
}
