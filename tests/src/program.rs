//! Random programs as data: a flat list of instructions that always decodes.
//!
//! A [`Genome`] is what proptest makes and shrinks: leaves and instructions of plain small numbers. Decoding reads
//! every operand modulo the nodes that fit, so any deletion still decodes, and shrinking deletes lines one by one.
//! Decoding evaluates as it goes (on the oracle), which lets it guard by composition: arguments of relu are nudged off
//! the kink, large values are scaled down by a power of 2, `ln` meets only positive numbers. The result is a
//! [`Program`], explicit and straight-line, whose `Debug` is the Rust code that reproduces it.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

use chainrule_oracle::{Array, common_shape, count};

/// One instruction before decoding.
#[derive(Clone, Debug)]
pub struct Gene {
    op: u8,
    a: u8,
    b: u8,
    parameter: u8,
}

/// A program before decoding.
#[derive(Clone, Debug)]
pub struct Genome {
    leaves: Vec<(Vec<u8>, u8)>,
    genes: Vec<Gene>,
}

/// A node of a program by its number.
pub type Id = usize;

/// One line of a program. Numbers `c` are dyadic.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Step {
    Leaf(Array),
    Pair(char, Id, Id),
    /// A node and a number, the number on the left if the flag is set.
    Number(char, Id, f64, bool),
    Neg(Id),
    MatMul(Id, Id),
    T(Id),
    Permute(Id, Vec<usize>),
    Reshape(Id, Vec<usize>),
    BroadcastTo(Id, Vec<usize>),
    Sum(Id),
    Mean(Id),
    SumAxes(Id, Vec<usize>, bool),
    MeanAxes(Id, Vec<usize>, bool),
    Function(Function, Id),
    Detach(Id),
    /// `(a * weights).sum()` with a constant array: makes a dead end count.
    Weigh(Id, Array),
}

/// The functions with a method of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Function {
    Exp,
    Ln,
    Sqrt,
    Square,
    Powi(i32),
    Powf(f64),
    Sigmoid,
    Tanh,
    Relu,
    Recip,
}

/// A straight-line program; the last node is its scalar result.
#[derive(Clone, PartialEq)]
pub struct Program {
    /// One a node.
    pub steps: Vec<Step>,
}

impl Step {
    /// The nodes it reads.
    pub fn operands(&self) -> Vec<Id> {
        use Step::*;
        match self {
            Leaf(_) => vec![],
            Pair(_, a, b) | MatMul(a, b) => vec![*a, *b],
            Number(_, a, ..) | Neg(a) | T(a) | Permute(a, _) | Reshape(a, _) | BroadcastTo(a, _) => vec![*a],
            Sum(a) | Mean(a) | SumAxes(a, ..) | MeanAxes(a, ..) | Function(_, a) | Detach(a) => vec![*a],
            Weigh(a, _) => vec![*a],
        }
    }
}

impl Program {
    /// The nodes that are leaves.
    pub fn leaves(&self) -> Vec<Id> {
        (0..self.steps.len()).filter(|&i| matches!(self.steps[i], Step::Leaf(_))).collect()
    }

    /// The node that a line stands for: `t` of a vector and `broadcast_to` to the same shape are the operand itself.
    pub fn canonical(&self, id: Id, shapes: &[Vec<usize>]) -> Id {
        match &self.steps[id] {
            Step::T(a) if shapes[*a].len() < 2 => self.canonical(*a, shapes),
            Step::BroadcastTo(a, to) if shapes[*a] == *to => self.canonical(*a, shapes),
            _ => id,
        }
    }

    /// The scalar result.
    pub fn output(&self) -> Id {
        self.steps.len().saturating_sub(1)
    }
}

/// Random programs of up to `lines` instructions.
pub fn programs(lines: usize) -> impl Strategy<Value = Program> {
    let gene = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    let gene = gene.prop_map(|(op, a, b, parameter)| Gene { op, a, b, parameter });
    // Programs and not genomes are what a failing case prints; the mapping keeps proptest's shrinking.
    (vec((vec(0_u8..9, 0..5), any::<u8>()), 1..4), vec(gene, 0..lines + 1))
        .prop_map(|(leaves, genes)| Genome { leaves, genes }.decode())
}

/// Numbers on a grid of eighths, from -2 to 2, in an order without pattern.
pub fn grid(shape: &[usize], seed: u8) -> Array {
    let mut state = u64::from(seed);
    let data = (0..count(shape)).map(|_| {
        // A seed of 0 (the shrunk one) gives 1, 1.125, ...: plain numbers for the report.
        if seed == 0 {
            state += 1;
            return 1.0 + (state % 5) as f64 / 8.0;
        }
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 33) as f64 / 8.0 - 2.0
    });
    Array { data: data.collect(), shape: shape.to_vec() }
}

struct Decoder {
    steps: Vec<Step>,
    values: Vec<Array>,
    /// Nodes with large values, which only the scaling behind them reads: a rounding error of a large argument would
    /// be a large error of the slope taken at it, and no bound in proportion to the slope could hold.
    hidden: Vec<Id>,
}

impl Genome {
    /// The program it stands for.
    pub fn decode(&self) -> Program {
        let mut decoder = Decoder { steps: Vec::new(), values: Vec::new(), hidden: Vec::new() };
        for (dims, seed) in &self.leaves {
            // Size 0 is one of nine: it makes everything after it empty.
            let shape: Vec<usize> =
                dims.iter().map(|&d| [1, 2, 3, 2, 3, 1, 2, 3, 0][usize::from(d)]).collect();
            decoder.push(Step::Leaf(grid(&shape, *seed)));
        }
        for gene in &self.genes {
            decoder.line(gene);
        }
        decoder.gather();
        Program { steps: decoder.steps }
    }
}

impl Decoder {
    /// Records a line, and hides it if its values have grown large.
    fn push(&mut self, step: Step) -> Id {
        let value = crate::reference::value(&step, &self.values);
        self.steps.push(step);
        self.values.push(value);
        let id = self.steps.len() - 1;
        if self.size(id) > 8.0 {
            self.hidden.push(id);
        }
        id
    }

    /// The largest absolute value.
    fn size(&self, id: Id) -> f64 {
        self.values[id].data.iter().fold(0.0, |size, x| size.max(x.abs()))
    }

    /// Records a line, and behind it a scaling if its values have grown large.
    fn push_tamed(&mut self, step: Step) {
        let id = self.push(step);
        let size = self.size(id);
        if size > 8.0 {
            self.push(Step::Number('*', id, 2f64.powi(1 - size.log2().ceil() as i32), false));
        }
    }

    fn shape(&self, id: Id) -> Vec<usize> {
        self.values[id].shape.clone()
    }

    /// A node of those that fit.
    fn pick(&self, number: u8, fits: impl Fn(&[usize]) -> bool) -> Option<Id> {
        let fitting: Vec<Id> = (0..self.values.len())
            .filter(|i| !self.hidden.contains(i) && fits(&self.values[*i].shape))
            .collect();
        // Counted from the last, so that new nodes are used and shrinking moves towards them.
        (!fitting.is_empty()).then(|| fitting[fitting.len() - 1 - usize::from(number) % fitting.len()])
    }

    fn function(&mut self, f: Function, a: Id) -> Id {
        self.push(Step::Function(f, a))
    }

    fn plus(&mut self, a: Id, c: f64) -> Id {
        self.push(Step::Number('+', a, c, false))
    }

    /// Above 1/4 everywhere.
    fn positive(&mut self, a: Id) -> Id {
        let square = self.function(Function::Square, a);
        self.plus(square, 0.25)
    }

    fn line(&mut self, gene: &Gene) {
        let &Gene { op, a, b, parameter } = gene;
        let Some(a) = self.pick(a, |_| true) else { return };
        let shape = self.shape(a);
        let number = f64::from(parameter % 15) / 4.0 - 1.75;
        let sign = ['+', '-', '*', '/'][usize::from(parameter / 16 % 4)];
        match op % 24 {
            kind @ 0..=3 => {
                let fits = |s: &[usize]| common_shape(&shape, s).is_some_and(|s| s.len() <= 4);
                let b = self.pick(b, fits).unwrap_or(a);
                let (a, mut b) = if parameter % 2 == 0 { (a, b) } else { (b, a) };
                let sign = ['+', '-', '*', '/'][usize::from(kind)];
                if sign == '/' {
                    b = self.positive(b);
                }
                self.push_tamed(Step::Pair(sign, a, b));
            }
            4 => {
                let c = if sign == '/' && number == 0.0 { 1.5 } else { number };
                self.push_tamed(Step::Number(sign, a, c, false));
            }
            5 => {
                let a = if sign == '/' { self.positive(a) } else { a };
                self.push_tamed(Step::Number(sign, a, number, true));
            }
            6 => self.push_tamed(Step::Neg(a)),
            7 | 8 => self.product(a, b),
            9 => self.push_tamed(Step::T(a)),
            10 => {
                let mut axes: Vec<usize> = (0..shape.len()).collect();
                if !axes.is_empty() {
                    let turn = usize::from(b) % axes.len();
                    axes.rotate_left(turn);
                    let other = usize::from(parameter) % axes.len();
                    axes.swap(0, other);
                }
                self.push_tamed(Step::Permute(a, axes));
            }
            11 => {
                let to = match parameter % 3 {
                    0 => vec![count(&shape)],
                    1 => shape.iter().rev().copied().collect(),
                    _ => shape.iter().copied().chain([1]).take(4).collect(),
                };
                let to = if count(&to) == count(&shape) { to } else { vec![count(&shape)] };
                self.push_tamed(Step::Reshape(a, to));
            }
            12 => {
                let grown =
                    |(axis, &n): (usize, &usize)| if n == 1 { 1 + (axis + usize::from(b)) % 3 } else { n };
                let mut to: Vec<usize> = shape.iter().enumerate().map(grown).collect();
                if to.len() < 4 && parameter % 2 == 1 {
                    to.insert(0, usize::from(parameter) / 2 % 4);
                }
                self.push_tamed(Step::BroadcastTo(a, to));
            }
            13 | 14 => {
                let axes: Vec<usize> = (0..shape.len()).rev().filter(|axis| b >> axis & 1 == 1).collect();
                let (all, keep, mean) = (parameter % 5 == 0, parameter % 2 == 1, op % 24 == 14);
                let elements =
                    if all { count(&shape) } else { axes.iter().map(|&axis| shape[axis]).product() };
                // The mean of nothing is NaN; `derivatives/edges.rs` has it.
                let step = match (all, mean && elements > 0) {
                    (true, true) => Step::Mean(a),
                    (true, false) => Step::Sum(a),
                    (false, true) => Step::MeanAxes(a, axes, keep),
                    (false, false) => Step::SumAxes(a, axes, keep),
                };
                self.push_tamed(step);
            }
            15 => self.push_tamed(Step::Detach(a)),
            other => self.guarded(other, a, parameter),
        }
    }

    fn product(&mut self, a: Id, b: u8) {
        let mut a = a;
        if !matches!(self.shape(a).len(), 1 | 2) {
            let flat = vec![self.values[a].data.len()];
            a = self.push(Step::Reshape(a, flat));
        }
        let inner = self.shape(a).last().copied().unwrap_or(0);
        let fits = |s: &[usize]| matches!(s.len(), 1 | 2) && s[0] == inner;
        let b = match self.pick(b, fits) {
            Some(b) => b,
            None => self.push(Step::T(a)),
        };
        self.push_tamed(Step::MatMul(a, b));
    }

    /// Functions, with arguments kept where value and slope are tame.
    fn guarded(&mut self, kind: u8, a: Id, parameter: u8) {
        use Function::*;
        match kind {
            16 => {
                let small = self.function(Tanh, a);
                self.push_tamed(Step::Function(Exp, small));
            }
            17 => {
                let small = self.function(Sigmoid, a);
                let positive = self.plus(small, 0.5);
                self.push_tamed(Step::Function(Ln, positive));
            }
            18 | 22 | 23 => {
                let positive = self.positive(a);
                let powers = [-0.5, 0.75, 1.5, 3.0, 0.0, 1.0];
                let f = match kind {
                    18 => Sqrt,
                    22 => Powf(powers[usize::from(parameter) % powers.len()]),
                    _ => Recip,
                };
                self.push_tamed(Step::Function(f, positive));
            }
            19 => {
                let n = i32::from(parameter % 7) - 2;
                let a = if n < 0 { self.positive(a) } else { a };
                self.push_tamed(Step::Function(if parameter > 200 { Square } else { Powi(n) }, a));
            }
            20 => {
                self.push_tamed(Step::Function(if parameter.is_multiple_of(2) { Sigmoid } else { Tanh }, a))
            }
            _ => {
                // Nudged to the shift that keeps every element farthest from the kink.
                let distance = |c: f64| self.values[a].data.iter().map(|x| (x + c).abs()).fold(9.0, f64::min);
                let shifts = (0..32).map(|i| f64::from(i) / 16.0);
                let best = shifts.fold(0.0, |best, c| {
                    if distance(best) >= 0.0625 || distance(c) <= distance(best) { best } else { c }
                });
                let a = if best == 0.0 { a } else { self.plus(a, best) };
                self.push_tamed(Step::Function(Relu, a));
            }
        }
    }

    /// Adds up the weighted sums of all nodes that nobody reads.
    fn gather(&mut self) {
        let mut read = vec![false; self.steps.len()];
        self.steps.iter().flat_map(Step::operands).for_each(|id| read[id] = true);
        let mut total = None;
        for id in (0..read.len()).filter(|&id| !read[id]) {
            let weights = grid(&self.shape(id), id as u8 + 1);
            let part = self.push(Step::Weigh(id, weights));
            total = Some(match total {
                None => part,
                Some(total) => self.push(Step::Pair('+', total, part)),
            });
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nlet graph = Graph::new();")?;
        for (id, step) in self.steps.iter().enumerate() {
            writeln!(f, "let v{id} = {};", Line(step))?;
        }
        Ok(())
    }
}

struct Line<'a>(&'a Step);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let array =
            |a: &Array| format!("ArrayD::from_shape_vec(vec!{:?}, vec!{:?}).unwrap()", a.shape, a.data);
        let reduce = |name: &str, a: &Id, axes: &[usize], keep: &bool| {
            let axes = if *keep { format!("keep({axes:?})") } else { format!("{axes:?}") };
            format!("v{a}.{name}({axes})")
        };
        match self.0 {
            Step::Leaf(value) => write!(f, "graph.constant({})", array(value)),
            Step::Pair(sign, a, b) => write!(f, "v{a} {sign} v{b}"),
            Step::Number(sign, a, c, false) => write!(f, "v{a} {sign} {c:?}"),
            Step::Number(sign, a, c, true) => write!(f, "{c:?} {sign} v{a}"),
            Step::Neg(a) => write!(f, "-v{a}"),
            Step::MatMul(a, b) => write!(f, "v{a}.matmul(v{b})"),
            Step::T(a) => write!(f, "v{a}.t()"),
            Step::Permute(a, axes) => write!(f, "v{a}.permute({axes:?})"),
            Step::Reshape(a, to) => write!(f, "v{a}.reshape({to:?})"),
            Step::BroadcastTo(a, to) => write!(f, "v{a}.broadcast_to({to:?})"),
            Step::Sum(a) => write!(f, "v{a}.sum()"),
            Step::Mean(a) => write!(f, "v{a}.mean()"),
            Step::SumAxes(a, axes, keep) => f.write_str(&reduce("sum_axes", a, axes, keep)),
            Step::MeanAxes(a, axes, keep) => f.write_str(&reduce("mean_axes", a, axes, keep)),
            Step::Function(Function::Powi(n), a) => write!(f, "v{a}.powi({n})"),
            Step::Function(Function::Powf(c), a) => write!(f, "v{a}.powf({c:?})"),
            Step::Function(name, a) => write!(f, "v{a}.{}()", format!("{name:?}").to_lowercase()),
            Step::Detach(a) => write!(f, "v{a}.detach()"),
            Step::Weigh(a, weights) => write!(f, "(v{a} * {}).sum()", array(weights)),
        }
    }
}
