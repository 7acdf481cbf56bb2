//! Why is this gradient zero? [`explain`] looks for what cuts the way from an input to an output.

use std::fmt;
use std::panic::Location;

use crate::Scalar;
use crate::cut::cuts;
use crate::error::{Fault, Result};
use crate::nodes::Node;
use crate::op::{NodeId, Op};
use crate::sweep;
use crate::var::Var;

/// What becomes of the derivative of an output by an input; printing it says so in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// It is not zero everywhere.
    Flows,
    /// The output is not computed from the input.
    Independent,
    /// No path that derivatives pass joins the two: these nodes cut all those there are.
    Cut(Vec<Place>),
    /// There is a path, but at these values what passes is zero everywhere from these nodes on.
    Zero(Vec<Place>),
}

/// A node, as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The operation.
    pub operation: String,
    /// The source line that recorded it.
    pub line: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, places) = match self {
            Explanation::Flows => return write!(f, "the derivative is not zero"),
            Explanation::Independent => return write!(f, "the output is not computed from the input"),
            Explanation::Cut(places) => ("every path is cut, by", places),
            Explanation::Zero(places) => ("nothing passes at these values: the slopes are zero at", places),
        };
        write!(f, "{head}")?;
        for Place { operation, line } in places {
            write!(f, "\n  `{operation}` at {line}")?;
        }
        Ok(())
    }
}

/// Explains the derivative of `output` by `input`: whether it is zero, and which nodes make it so.
///
/// ```
/// use chainrule_graph::{Explanation, Graph, explain};
///
/// let graph = Graph::new();
/// let x = graph.variable("x", [-1.0, -2.0]);
/// let y = x.relu().sum();
/// let Explanation::Zero(places) = explain(y, x)? else { panic!() };
/// assert_eq!(places[0].operation, "relu");
/// let Explanation::Cut(places) = explain(x.detach().sum(), x)? else { panic!() };
/// assert_eq!(places[0].operation, "detach");
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If a node is invalid or belongs to another graph, or if a value that is needed cannot be computed.
#[track_caller]
pub fn explain<'g, T: Scalar>(output: Var<'g, T>, input: Var<'g, T>) -> Result<Explanation> {
    let caller = Location::caller();
    let graph = output.graph();
    if !input.is_in(graph) {
        return graph.error("explain", &[], Fault::foreign(), caller);
    }
    graph.check(output.id)?;
    graph.check(input.id)?;
    let places = |ids: Vec<NodeId>| -> Vec<Place> {
        let describe = |id| graph.describe(id);
        ids.into_iter().map(describe).map(|(operation, line)| Place { operation, line }).collect()
    };
    let Some(steps) = sweep::trace(graph, output, input) else {
        let stops = |node: &Node<T>, i: usize| matches!(node.op, Op::Detach) || node.op.cuts(i);
        let ids = cuts(graph, input.id, &[output.id], stops);
        return Ok(if ids.is_empty() { Explanation::Independent } else { Explanation::Cut(places(ids)) });
    };
    let is_zero = |x: Var<'g, T>| -> Result<bool> { Ok(x.value()?.iter().all(|x| *x == T::zero())) };
    let mut ends = Vec::new();
    for step in &steps.nodes {
        let (mut arrives, mut leaves) = (!is_zero(step.cotangent)?, false);
        for &passed in &step.passed {
            leaves |= !is_zero(passed)?;
        }
        arrives &= step.id != input.id;
        if arrives && !leaves {
            ends.push(step.id);
        }
    }
    match steps.arrived {
        Some(arrived) if !is_zero(arrived)? => Ok(Explanation::Flows),
        _ => Ok(Explanation::Zero(places(ends))),
    }
}
