//! From a program that fails to the smallest one found that still does: first as genes, then as lines.
//!
//! *Genes* know nothing of each other, so taking out and making smaller always leaves a program. But they end in local
//! minima: a line may be there only because a later one reads it, or only to keep a value away from a kink, and without it
//! decoding makes another program, which does not fail. So then *lines* are cut: one is recorded alone, on leaves that hold the
//! values which its operands had; or a leaf that holds its value takes its place, and what only that line has read is
//! gone. Values stay what they were, so nothing comes closer to a kink or the border of a domain than it was.

use chainrule_oracle::Array;
use ndarray::ArrayD;

use super::Program;
use super::call::{Call, Id, Line, Operator};
use super::decode::weights;
use super::evaluate::{from_oracle, guests};

/// One gene or two of them, if they do; then whatever can be taken out or made smaller, again and again. (Proptest shrinks a
/// [`strategy`](super::Programs::strategy) too, but deletes first and makes numbers smaller then, after which more could be
/// deleted.)
pub(super) fn fewer_genes(mut genes: Vec<[u8; 8]>, fails: impl Fn(&[[u8; 8]]) -> bool) -> Vec<[u8; 8]> {
    let ones = genes.iter().map(|&gene| vec![gene]);
    let twos =
        genes.iter().enumerate().flat_map(|(i, &a)| genes.iter().skip(i + 1).map(move |&b| vec![a, b]));
    if let Some(few) = ones.chain(twos).find(|few| fails(few)) {
        genes = few;
    }
    loop {
        let before = genes.clone();
        for i in (0..genes.len()).rev() {
            // Operands are counted from the last line: those of later genes may have to be nearer by what was taken out.
            for nearer in 0..3 {
                let mut fewer = genes.clone();
                fewer.remove(i);
                fewer.iter_mut().skip(i).for_each(|gene| gene[1] = gene[1].saturating_sub(nearer));
                if fails(&fewer) {
                    genes = fewer;
                    break;
                }
            }
        }
        for i in 0..genes.len() {
            for k in 1..8 {
                let byte = genes[i][k];
                for smaller in [0, 1, byte / 2].into_iter().filter(|&smaller| smaller < byte) {
                    let mut plainer = genes.clone();
                    plainer[i][k] = smaller;
                    if fails(&plainer) {
                        genes = plainer;
                        break;
                    }
                }
            }
        }
        if genes == before {
            return genes;
        }
    }
}

/// The same program with as many lines cut as it takes to fail.
pub(super) fn fewer_lines(mut program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    let size = |program: &Program| (program.instructions(), program.lines.len());
    loop {
        let cut = Cut::new(&program);
        let smaller = cut.smaller().filter(|other| size(other) < size(&program));
        let Some(found) = smaller.into_iter().find(|other| fails(other)) else { return program };
        program = found;
    }
}

/// A line of these numbers.
type Leaf = fn(ArrayD<f64>) -> Call;

/// What can take the place of a line: an input, or, where there is no derivative (an index, a condition), a constant.
const LEAVES: [Leaf; 2] = [Call::Leaf, Call::Constant];

/// A program, and what it takes to cut it.
struct Cut<'a> {
    lines: &'a [Line],
    /// The lines that make the result.
    results: Vec<Id>,
    values: Vec<Array<f64>>,
}

impl<'a> Cut<'a> {
    fn new(program: &'a Program) -> Self {
        let (lines, tail) = program.lines.split_at(program.readout.min(program.lines.len()));
        let weighed = tail.iter().filter(|line| matches!(line.call, Call::Weigh(_)));
        Cut {
            lines,
            results: weighed.flat_map(|line| line.operands.iter().copied()).collect(),
            values: program.evaluate(|_, value| value, &guests),
        }
    }

    /// Smaller programs, those first that are likely to be the smallest.
    fn smaller(&self) -> impl Iterator<Item = Program> + '_ {
        let computing = move || (0..self.lines.len()).filter(|&id| !self.lines[id].call.is_leaf());
        let alone = computing().flat_map(move |id| {
            LEAVES.into_iter().map(move |leaf| {
                let operands = &self.lines[id].operands;
                self.program(&[id], |other| operands.contains(&other).then_some(leaf))
            })
        });
        let fewer_results = (0..self.results.len()).map(move |k| {
            let others = self.results.iter().enumerate().filter(|(i, _)| *i != k);
            self.program(&others.map(|(_, &id)| id).collect::<Vec<_>>(), |_| None)
        });
        let replaced = computing().rev().flat_map(move |id| {
            let program = move |leaf| self.program(&self.results, |other| (other == id).then_some(leaf));
            LEAVES.into_iter().map(program)
        });
        alone.chain(fewer_results).chain(replaced)
    }

    /// The program of what these results need, where some lines are leaves with the values that they have.
    fn program(&self, results: &[Id], leaf: impl Fn(Id) -> Option<Leaf>) -> Program {
        let mut lines: Vec<Option<Line>> = vec![None; self.lines.len()];
        let mut needed = vec![false; self.lines.len()];
        results.iter().for_each(|&id| needed[id] = true);
        for id in (0..self.lines.len()).rev() {
            if !needed[id] {
                continue;
            }
            let line = match leaf(id).filter(|_| !self.lines[id].call.is_leaf()) {
                // Numbers of programs are exact in single precision.
                Some(leaf) => {
                    let value = from_oracle(&self.values[id]).mapv(|x| f64::from(x as f32));
                    Line { call: leaf(value), operands: Vec::new() }
                }
                None => self.lines[id].clone(),
            };
            line.operands.iter().for_each(|&operand| needed[operand] = true);
            lines[id] = Some(line);
        }
        let mut numbers = vec![0; self.lines.len()];
        let mut kept: Vec<Line> = Vec::new();
        for (id, line) in lines.into_iter().enumerate() {
            let Some(Line { call, operands }) = line else { continue };
            numbers[id] = kept.len();
            kept.push(Line {
                call,
                operands: operands.into_iter().map(|operand| numbers[operand]).collect(),
            });
        }
        let readout = kept.len();
        let mut total = None;
        for &id in results {
            let weights = weights(&self.values[id].shape, numbers[id] as u8);
            kept.push(Line { call: Call::Weigh(weights), operands: vec![numbers[id]] });
            let part = kept.len() - 1;
            if let Some(total) = total {
                kept.push(Line { call: Call::Operator(Operator::Add), operands: vec![total, part] });
            }
            total = Some(kept.len() - 1);
        }
        Program { lines: kept, readout }
    }
}
