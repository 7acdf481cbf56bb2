//! Lines whose derivative is not the one that is agreed upon: at a tie or a kink, say, where differences accept any slope
//! between those of the two sides, but the oracle has one.

use chainrule_graph::{Graph, Var, jvp};
use chainrule_oracle::Array;
use ndarray::{ArrayD, Dimension, IxDyn};

use super::Program;
use super::call::{Call, Line};
use super::evaluate::{from_oracle, guests, to_oracle};
use crate::failure::{Mismatch, Mode, Place};
use crate::guilty::Guilty;
use crate::reference::Reference;
use crate::source;

impl Program {
    /// The first line whose own derivative is not the oracle's.
    pub(super) fn unconventional(&self) -> Option<Guilty> {
        let values = self.evaluate::<f64>(|_, value| value, &guests);
        for (id, line) in self.lines.iter().enumerate() {
            let operands: Option<Vec<&Array<f64>>> = line.operands.iter().map(|&id| values.get(id)).collect();
            let operands: Vec<ArrayD<f64>> = operands?.into_iter().map(from_oracle).collect();
            let with_derivative = (0..operands.len()).filter(|&i| !line.call.cuts(i));
            if let Some(guilty) =
                with_derivative.into_iter().find_map(|by| line.unconventional(&operands, by))
            {
                return Some(Guilty { node: id, ..guilty });
            }
        }
        None
    }
}

impl Line {
    /// The line alone on these operands, if its tangent is not the oracle's when only the operand `by` moves.
    fn unconventional(&self, operands: &[ArrayD<f64>], by: usize) -> Option<Guilty> {
        let leaf = |(i, value): (usize, &ArrayD<f64>)| {
            let call = if i == by { Call::Leaf(value.clone()) } else { Call::Constant(value.clone()) };
            Line { call, operands: Vec::new() }
        };
        let mut lines: Vec<Line> = operands.iter().enumerate().map(leaf).collect();
        lines.push(Line { call: self.call.clone(), operands: (0..operands.len()).collect() });
        let alone = Program { readout: lines.len(), lines };

        let graph = Graph::<f64>::new();
        let nodes = alone.record(&graph);
        let (node, input) = (*nodes.last()?, *nodes.get(by)?);
        let direction = alone.direction(by);
        let along: Var<'_> = graph.constant(&direction);
        let tangent = jvp(node, input, along).ok()?.value().ok()?;
        let run = alone.derivatives::<f64>(&[to_oracle(&direction)], None);
        let wanted = run.last()?.data.iter().map(|y| y.value.tangent);
        let (place, got, want) = ndarray::indices(IxDyn(tangent.shape()))
            .into_iter()
            .zip(&tangent)
            .zip(wanted)
            .map(|((place, &got), want)| (place.slice().to_vec(), got, want))
            .find(|(_, got, want)| !want.admits(*got))?;
        let mismatch = Mismatch {
            place: Place { input: Some(by), name: None, element: None },
            modes: vec![Mode::Forward],
            output: Some((0, place)),
            weighted: false,
            claimed: got,
            expected: want.value,
            error: want.error,
            allowed: 2.0 * want.error,
            reference: Reference::Oracle,
            slopes: None,
        };
        Some(Guilty {
            node: node.number(),
            operation: node.operation(),
            operand: by,
            location: node.location(),
            rust: source::operation(node, operands, by, &mismatch),
            mismatch,
        })
    }
}
