//! Which operation makes a gradient wrong.
//!
//! A tape is a list of operations whose derivatives are multiplied; if the product is wrong, one of them is. So each is
//! looked at alone, on the operands it had ([`Var::again`]), with the very test that failed for the whole. What makes a
//! derivative of a derivative wrong may be an operation that the first derivative consists of, or one whose rule is right in
//! first order only.

use std::fmt;
use std::panic::Location;

use chainrule_graph::{ErrorKind, Graph, Scalar, Var, vjp};
use ndarray::ArrayD;

use crate::failure::{Cause, Mismatch, Mode};
use crate::point::Point;
use crate::recorded::Alone;
use crate::settings::Settings;
use crate::source;

/// An operation whose own derivative is wrong.
#[derive(Clone, Debug)]
pub struct Guilty {
    /// Its name.
    pub operation: String,
    /// With respect to which operand.
    pub operand: Option<usize>,
    /// The line that recorded it.
    pub location: &'static Location<'static>,
    /// The operation alone, as Rust that shows the mistake.
    pub rust: String,
    /// What it gives, and what differences of it give.
    pub mismatch: Option<Mismatch>,
}

impl fmt::Display for Guilty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "guilty: `{}`", self.operation)?;
        if let Some(operand) = self.operand {
            write!(f, ", its derivative by operand {operand}")?;
        }
        writeln!(f, "\n  --> {}", self.location)?;
        for line in self.rust.lines() {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

/// How many nodes are looked at: enough for a network, and an end for a tape of a million.
const MOST: usize = 20_000;

/// Looks at every operation between `inputs` and `outputs`, which are `depth` times differentiated.
pub(crate) fn search<'g, T: Scalar>(
    graph: &'g Graph<T>,
    inputs: &[Var<'g, T>],
    outputs: &[Var<'g, T>],
    depth: usize,
    fixed: &[bool],
) -> Option<Guilty> {
    let nodes: Vec<Var<'g, T>> = graph.nodes().collect();
    let needed = needed(&nodes, outputs);
    let used = || nodes.iter().copied().filter(|node| needed.get(node.number()) == Some(&true)).take(MOST);
    let mut cut_off = Vec::new();
    for order in [1, depth + 1] {
        for node in used().filter(|node| order == 1 || node.derived_from().is_none()) {
            match look_at(node, order) {
                Some(guilty) if guilty.operation == "detach" => cut_off.push((node, guilty)),
                Some(guilty) => return Some(guilty),
                None => {}
            }
        }
        if depth == 0 {
            break;
        }
    }
    // `detach` is wrong on purpose. The one that matters is the one without which the gradient is another.
    let wrt: Vec<Var<'g, T>> = crate::subject::moving(inputs, fixed).copied().collect();
    cut_off.into_iter().find(|(node, _)| matters(&nodes, *node, &wrt, outputs) == Some(true)).map(|(_, g)| g)
}

/// For each node, whether an output needs it.
fn needed<T: Scalar>(nodes: &[Var<'_, T>], outputs: &[Var<'_, T>]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    let mark = |needed: &mut Vec<bool>, node: Var<'_, T>| {
        if let Some(slot) = needed.get_mut(node.number()) {
            *slot = true;
        }
    };
    outputs.iter().for_each(|y| mark(&mut needed, *y));
    for node in nodes.iter().rev() {
        if needed.get(node.number()) == Some(&true) {
            node.operands().into_iter().for_each(|x| mark(&mut needed, x));
        }
    }
    needed
}

/// The operation alone.
fn look_at<T: Scalar>(node: Var<'_, T>, order: usize) -> Option<Guilty> {
    let operands = node.operands();
    if operands.is_empty() {
        return None;
    }
    let values: Vec<ArrayD<T>> = operands.iter().map(|x| x.value().ok()).collect::<Option<_>>()?;
    let fixed: Vec<bool> = (0..operands.len()).map(|i| is_cut(node, &values, i)).collect();
    if fixed.iter().all(|fixed| *fixed) {
        return None;
    }
    let alone = Alone { node };
    // Forward mode first: it tells by which element of the operand which element of the result is wrong.
    let mismatch = [Mode::Forward, Mode::Reverse].into_iter().find_map(|mode| {
        let settings = Settings { order, modes: vec![mode], elements: 12, seed: 1, ..Settings::default() };
        let point = Point { subject: &alone, x: &values, fixed: &fixed, settings: &settings };
        match point.check().err()?.cause {
            Cause::Wrong(mismatch) => Some(mismatch),
            _ => None,
        }
    })?;
    let operand = mismatch.place.input;
    Some(Guilty {
        operation: node.operation(),
        operand,
        location: node.location(),
        rust: source::operation(node, &values, &mismatch),
        mismatch: Some(*mismatch),
    })
}

/// Whether the engine refuses a gradient by this operand: an index, a comparison.
fn is_cut<T: Scalar>(node: Var<'_, T>, values: &[ArrayD<T>], operand: usize) -> bool {
    let constants: Vec<Var<'_, T>> = values.iter().map(|x| node.graph().constant(x)).collect();
    let y = node.again(constants.iter().copied());
    let gradient = constants.get(operand).map(|x| y.vjp(T::one(), *x));
    matches!(gradient, Some(Err(error)) if error.kind() == ErrorKind::Cut)
}

/// Whether the gradients are others if a derivative passes through this `detach`.
fn matters<'g, T: Scalar>(
    nodes: &[Var<'g, T>],
    detach: Var<'g, T>,
    inputs: &[Var<'g, T>],
    outputs: &[Var<'g, T>],
) -> Option<bool> {
    let mut copies: Vec<Var<'g, T>> = Vec::new();
    for node in nodes {
        let operands = node.operands();
        let copied: Vec<Var<'g, T>> =
            operands.iter().map(|x| copies.get(x.number()).copied()).collect::<Option<_>>()?;
        let same = operands.iter().zip(&copied).all(|(a, b)| a.number() == b.number());
        copies.push(match copied.first() {
            Some(operand) if node.number() == detach.number() => *operand,
            Some(_) if !same => node.again(copied),
            _ => *node,
        });
    }
    let through: Vec<Var<'g, T>> =
        outputs.iter().map(|y| copies.get(y.number()).copied()).collect::<Option<_>>()?;
    let gradients = |outputs: &[Var<'g, T>]| -> Option<Vec<f64>> {
        let seeds = outputs.iter().map(|y| *y * T::zero() + T::one()).collect();
        let gradients = vjp(outputs.to_vec(), seeds, inputs.to_vec()).ok()?;
        let values: Option<Vec<ArrayD<T>>> = gradients.into_iter().map(|g| g.value().ok()).collect();
        Some(values?.iter().flatten().map(|g| g.as_f64()).collect())
    };
    let (before, after) = (gradients(outputs)?, gradients(&through)?);
    let largest = before.iter().chain(&after).fold(0.0_f64, |m, g| m.max(g.abs()));
    Some(before.iter().zip(&after).any(|(a, b)| (a - b).abs() > 1e-4 * largest))
}
