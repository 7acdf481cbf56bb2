//! From bytes to a program.
//!
//! A program is made of *genes*, eight bytes each. A gene names an operation, and every operand is read modulo the lines
//! that fit; so any list of genes decodes, a list with some taken out too, and shrinking is taking out and making bytes
//! smaller. Where nothing fits, a new leaf of the right shape is made.
//!
//! Decoding evaluates as it goes, on the oracle, and so keeps each operand where the operation has a derivative that is
//! worth testing: what lies outside of a domain, near a kink, or ties, is *mended* by a line in between (a shift, most
//! often). Nothing is rejected.

use std::sync::Arc;

use chainrule_oracle::{Array, count};
use ndarray::{ArrayD, IxDyn};

use super::Program;
use super::call::{Call, Id, Line, Operator};
use super::evaluate::{guests, value};
use super::guest::Guest;
use super::kinds::Kind;
use super::strategy::Settings;

/// One instruction before decoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gene {
    pub(super) kind: u8,
    pub(super) a: u8,
    pub(super) b: u8,
    pub(super) c: u8,
    pub(super) p: [u8; 4],
}

impl From<[u8; 8]> for Gene {
    fn from([kind, a, b, c, p @ ..]: [u8; 8]) -> Self {
        Gene { kind, a, b, c, p }
    }
}

/// What a gene can name.
#[derive(Clone)]
pub(super) enum Choice {
    Kind(&'static Kind),
    Guest(Arc<Guest>),
}

/// No node is larger: many small ones say more than a large one.
const ELEMENTS: usize = 60;

/// The largest absolute value that lines are built upon. A larger result is scaled down by a power of 2 before anything
/// else reads it, so that programs do not run away.
const LARGE: f64 = 8.0;

/// How far elements stay away from kinks.
pub(super) const MARGIN: f64 = 0.0625;

/// Numbers on a grid of eighths, from -2 to 2, in an order without pattern; of seed 0, to which a report is shrunk, plain
/// ones from 1 on.
pub(super) fn grid(shape: &[usize], seed: u8) -> ArrayD<f64> {
    let mut numbers = Numbers::new(seed);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || numbers.next(33) / 8.0)
}

/// Halves, many of them equal, and some 0.
fn ties(shape: &[usize], seed: u8) -> ArrayD<f64> {
    let mut numbers = Numbers::new(seed);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || match seed {
        0 => ((numbers.next(5) - 8.0) / 2.0).floor(),
        _ => numbers.next(7) / 2.0,
    })
}

/// The same without 0, for weights.
pub(super) fn weights(shape: &[usize], seed: u8) -> ArrayD<f64> {
    grid(shape, seed.max(1)).mapv(|x| if x == 0.0 { 0.75 } else { x })
}

struct Numbers {
    state: u64,
    plain: bool,
}

impl Numbers {
    fn new(seed: u8) -> Self {
        Numbers { state: u64::from(seed), plain: seed == 0 }
    }

    /// Whole numbers around 0, so many different ones.
    fn next(&mut self, sides: u64) -> f64 {
        if self.plain {
            self.state += 1;
            return 7.0 + (self.state % 23) as f64;
        }
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.state >> 33) % sides) as f64 - (sides / 2) as f64
    }
}

pub(super) struct Decoder<'a> {
    settings: &'a Settings,
    pub(super) lines: Vec<Line>,
    pub(super) values: Vec<Array<f64>>,
    /// Lines with large values, which only the scaling behind them reads.
    hidden: Vec<bool>,
    /// Lines whose values have no rounding errors, so that equal ones are equal in every precision.
    exact: Vec<bool>,
}

/// The program that a list of genes stands for.
pub(super) fn decode(genes: &[[u8; 8]], settings: &Settings) -> Program {
    let mut decoder =
        Decoder { settings, lines: Vec::new(), values: Vec::new(), hidden: Vec::new(), exact: Vec::new() };
    for &gene in genes {
        decoder.instruction(&gene.into());
    }
    if decoder.lines.is_empty() {
        decoder.leaf(ArrayD::from_elem(IxDyn(&[]), 1.0));
    }
    let readout = decoder.gather();
    Program { lines: decoder.lines, readout }
}

impl Decoder<'_> {
    fn instruction(&mut self, gene: &Gene) {
        let choices = &self.settings.choices;
        let Some(choice) = choices.get(usize::from(gene.kind) % choices.len().max(1)) else { return };
        // A gene that comes to nothing (a mean of no elements, say) leaves no line behind.
        let before = self.lines.len();
        let made = match choice {
            Choice::Kind(kind) => (kind.draw)(self, gene),
            Choice::Guest(guest) => super::kinds::guest(self, gene, guest),
        };
        match made {
            Some(id) => self.tame(id),
            None => self.forget(before),
        }
    }

    fn forget(&mut self, from: usize) {
        self.lines.truncate(from);
        self.values.truncate(from);
        self.hidden.truncate(from);
        self.exact.truncate(from);
    }

    /// Records a line, if it has a finite value of a bearable size.
    pub(super) fn push(&mut self, call: impl Into<Call>, operands: &[Id]) -> Option<Id> {
        let call = call.into();
        let values: Option<Vec<&Array<f64>>> = operands.iter().map(|&id| self.values.get(id)).collect();
        let value = value(&call, &values?, &guests)?;
        if count(&value.shape) > ELEMENTS || !value.data.iter().all(|x| x.is_finite()) {
            return None;
        }
        self.hidden.push(value.data.iter().any(|x| x.abs() > LARGE));
        self.exact.push(call.is_exact() && operands.iter().all(|&id| self.exact[id]));
        self.values.push(value);
        self.lines.push(Line { call, operands: operands.to_vec() });
        Some(self.lines.len() - 1)
    }

    /// Scales large values down.
    fn tame(&mut self, id: Id) {
        let size = self.elements(id).iter().fold(0.0_f64, |size, x| size.max(x.abs()));
        if size > LARGE {
            let scale = 2_f64.powi(1 - size.log2().ceil() as i32);
            self.push(Call::Number(Operator::Mul, scale, false), &[id]);
        }
    }

    pub(super) fn shape(&self, id: Id) -> &[usize] {
        self.values.get(id).map_or(&[], |value| value.shape.as_slice())
    }

    pub(super) fn rank(&self, id: Id) -> usize {
        self.shape(id).len()
    }

    pub(super) fn elements(&self, id: Id) -> &[f64] {
        self.values.get(id).map_or(&[], |value| value.data.as_slice())
    }

    /// A new input.
    pub(super) fn leaf(&mut self, value: ArrayD<f64>) -> Option<Id> {
        self.push(Call::Leaf(value), &[])
    }

    /// A new input of this shape.
    pub(super) fn fresh(&mut self, shape: &[usize], seed: u8) -> Option<Id> {
        self.leaf(if self.settings.kinks { ties(shape, seed) } else { grid(shape, seed) })
    }

    /// Whether these may have equal elements, and elements at kinks.
    pub(super) fn at_kinks(&self, lines: &[Id]) -> bool {
        self.settings.kinks && lines.iter().all(|&id| self.exact.get(id) == Some(&true))
    }

    /// A line that later ones may read, of those that fit.
    pub(super) fn pick(&self, number: u8, fits: impl Fn(&[usize]) -> bool) -> Option<Id> {
        self.pick_line(number, |_, shape| fits(shape))
    }

    /// The same, when more than the shape has to fit. Constants are not picked: they were made for one line.
    pub(super) fn pick_line(&self, number: u8, fits: impl Fn(Id, &[usize]) -> bool) -> Option<Id> {
        let readable = |&id: &Id| {
            !self.hidden[id]
                && !matches!(self.lines[id].call, Call::Constant(_))
                && fits(id, &self.values[id].shape)
        };
        let fitting: Vec<Id> = (0..self.lines.len()).filter(readable).collect();
        // Counted from the last, so that new lines are used and shrinking moves towards them.
        let last = fitting.len().checked_sub(1)?;
        fitting.get(last - usize::from(number) % fitting.len()).copied()
    }

    /// Any line; if there is none yet, a leaf.
    pub(super) fn any(&mut self, gene: &Gene) -> Option<Id> {
        match self.pick(gene.a, |_| true) {
            Some(id) => Some(id),
            None => self.fresh(&shape_of(gene), gene.p[3]),
        }
    }

    /// A line of exactly this shape; if there is none, or by chance, a leaf.
    pub(super) fn shaped(&mut self, number: u8, shape: &[usize]) -> Option<Id> {
        match self.pick(number, |s| s == shape) {
            Some(id) if number < 128 => Some(id),
            _ => self.fresh(shape, number),
        }
    }

    /// A line with elements and of a rank from `least` to `most`; if there is none, another one reshaped.
    pub(super) fn ranked(&mut self, gene: &Gene, least: usize, most: usize) -> Option<Id> {
        if let Some(id) = self.pick(gene.a, |s| s.len() >= least && s.len() <= most) {
            return Some(id);
        }
        let Some(id) = self.pick(gene.a, |_| true) else {
            let mut shape = shape_of(gene);
            shape.truncate(most);
            while shape.len() < least {
                shape.push(2 + shape.len() % 2);
            }
            return self.fresh(&shape, gene.p[3]);
        };
        let shape = self.shape(id);
        let mut to = shape.to_vec();
        while to.len() < least {
            to.insert(0, 1);
        }
        if to.len() > most {
            // The first axes become one.
            let merged = count(&to[..=to.len() - most]);
            to.drain(..=to.len() - most);
            to.insert(0, merged);
        }
        self.push(Call::Reshape(to), &[id])
    }

    /// The line itself if `fits` is true of its elements; else with a shift that makes it so, or scaled, squared or squashed and
    /// shifted; else a new leaf of the same shape.
    pub(super) fn mended(&mut self, id: Id, fits: impl Fn(f64) -> bool) -> Option<Id> {
        let elements = self.elements(id);
        if elements.iter().all(|&x| fits(x)) {
            return Some(id);
        }
        let first = |map: &dyn Fn(f64) -> f64| -> Option<f64> {
            let shifts = (1..=48_i32).flat_map(|k| [f64::from(k) / 16.0, f64::from(-k) / 16.0]);
            std::iter::once(0.0).chain(shifts).find(|c| elements.iter().all(|&x| fits(map(x) + c)))
        };
        let found = [
            (None, first(&|x| x)),
            (Some(Call::Number(Operator::Mul, 0.25, false)), first(&|x| 0.25 * x)),
            (Some(super::Function::Square.into()), first(&|x| x * x)),
            (Some(super::Function::Tanh.into()), first(&f64::tanh)),
        ];
        for (before, shift) in found {
            let Some(shift) = shift else { continue };
            let mapped = match before {
                Some(call) => self.push(call, &[id])?,
                None => id,
            };
            return if shift == 0.0 { Some(mapped) } else { self.push(plus(shift), &[mapped]) };
        }
        let shape = self.shape(id).to_vec();
        let mut numbers = Numbers::new(id as u8 + 1);
        let mut comfortable = || {
            // Odd sixteenths lie on no kink.
            let tries = std::iter::repeat_with(|| (numbers.next(33) * 2.0 + 1.0) / 16.0);
            tries.take(1000).find(|&x| fits(x)).unwrap_or(1.0)
        };
        let leaf = ArrayD::from_shape_simple_fn(IxDyn(&shape), &mut comfortable);
        self.leaf(leaf)
    }

    /// Within a range, and away from each of these points by the given distance.
    pub(super) fn within(&mut self, id: Id, low: f64, high: f64, points: &[(f64, f64)]) -> Option<Id> {
        let kinks = self.at_kinks(&[id]);
        let fits = |x: f64, (point, margin): &(f64, f64)| {
            (x - point).abs() >= *margin || (kinks && *margin <= MARGIN)
        };
        self.mended(id, |x| x >= low && x <= high && points.iter().all(|point| fits(x, point)))
    }

    /// The line itself if `fits` is true of all its elements together; else with different numbers added to them.
    pub(super) fn scattered(&mut self, id: Id, fits: impl Fn(&Array<f64>) -> bool) -> Option<Id> {
        if self.values.get(id).is_some_and(&fits) {
            return Some(id);
        }
        let shape = self.shape(id).to_vec();
        for seed in 1..=24_u8 {
            let offsets = grid(&shape, seed.wrapping_mul(37));
            let before = self.lines.len();
            let added = self.push(Call::Constant(offsets), &[])?;
            let sum = self.push(Call::Operator(Operator::Add), &[id, added])?;
            if self.values.get(sum).is_some_and(&fits) {
                return Some(sum);
            }
            self.forget(before);
        }
        // Numbers an eighth apart, in an order without pattern.
        let n = count(&shape);
        let mut place = 0;
        let ramp = ArrayD::from_shape_simple_fn(IxDyn(&shape), || {
            place += 1;
            (place * 7 % n.max(1)) as f64 / 8.0 + (place * 7 / n.max(1)) as f64 / 8.0 - 1.0 + 0.0625
        });
        let leaf = self.leaf(ramp)?;
        self.values.get(leaf).is_some_and(&fits).then_some(leaf)
    }

    /// Adds up the weighted sums of all lines that nobody reads, and returns the number of the first of these lines.
    fn gather(&mut self) -> usize {
        let mut read = vec![false; self.lines.len()];
        for &id in self.lines.iter().flat_map(|line| &line.operands) {
            read[id] = true;
        }
        let readout = self.lines.len();
        let mut total = None;
        for id in (0..readout).filter(|&id| !read[id]) {
            let weights = weights(self.shape(id), id as u8);
            let part = self.push(Call::Weigh(weights), &[id]);
            total = match (total, part) {
                (Some(total), Some(part)) => self.push(Call::Operator(Operator::Add), &[total, part]),
                (total, part) => part.or(total),
            };
        }
        readout
    }
}

/// `x + c`
pub(super) fn plus(c: f64) -> Call {
    Call::Number(Operator::Add, c, false)
}

/// The shape of a new leaf: rank 0 to 4, sizes 0 to 3.
pub(super) fn shape_of(gene: &Gene) -> Vec<usize> {
    const SIZES: [usize; 16] = [2, 3, 2, 1, 3, 2, 3, 1, 2, 3, 2, 3, 1, 2, 3, 0];
    let rank = [1, 2, 0, 3, 4, 2, 1, 3][usize::from(gene.p[0] % 8)];
    let bits = [gene.p[1] % 16, gene.p[1] / 16, gene.p[2] % 16, gene.p[2] / 16];
    let mut shape: Vec<usize> = bits.iter().take(rank).map(|&bits| SIZES[usize::from(bits)]).collect();
    while count(&shape) > ELEMENTS / 2 {
        if let Some(size) = shape.iter_mut().max() {
            *size -= 1;
        }
    }
    shape
}
