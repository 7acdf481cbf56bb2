//! Decisions on values: on which smooth piece of a recorded function a point lies.
//!
//! `relu` decides by the sign of its operand, `max` by who is largest, `less` by its own value. Two points with the same
//! decisions everywhere lie on one smooth piece, so differences between them mean something.

use chainrule_graph::{Graph, Operation, Scalar, Var};
use ndarray::Axis;

use crate::subject::Branch;

/// The decisions of all nodes of a graph.
pub(crate) fn branches<T: Scalar>(graph: &Graph<T>) -> Vec<Branch> {
    // A decision may be a value that has not been computed; one that cannot be is no decision.
    let nodes: Vec<Var<'_, T>> = graph.nodes().collect();
    nodes.into_iter().filter_map(decisions).collect()
}

pub(crate) fn decisions<T: Scalar>(node: Var<'_, T>) -> Option<Branch> {
    let operation = node.operation();
    let number =
        |x: Var<'_, T>| -> Option<Vec<f64>> { Some(x.value().ok()?.iter().map(|x| x.as_f64()).collect()) };
    let operands = node.operands();
    let operand = |i: usize| operands.get(i).copied().and_then(number);
    let signs = match operation.as_str() {
        // Its value is the decision.
        "sign" | "floor" | "step" | "inside" | "less" | "less_equal" | "equal" | "above" | "argmax"
        | "argmin" => number(node)?,
        // On which side of 0 the operand lies. (`sqrt` and its like have no slope there.)
        "relu" | "abs" | "sqrt" | "powf" | "pow" | "holds" => operand(0)?.into_iter().map(sign).collect(),
        // Below, between or above the bounds.
        "clamp" => pairs(&operand(0)?, &number(node)?),
        "maximum" | "minimum" => pairs(&operand(0)?, &operand(1)?),
        // Neither has a slope at the origin.
        "hypot" | "atan2" => {
            let (a, b) = (operand(0)?, operand(1)?);
            a.iter().zip(&b).map(|(a, b)| if *a == 0.0 && *b == 0.0 { 0.0 } else { 1.0 }).collect()
        }
        // Which elements are the largest, or the smallest: those that equal the result.
        "max" | "min" => extremes(node)?,
        // The condition, and what numbers an index has.
        "select" => operand(0)?,
        "take" | "take_along" => operand(1)?,
        // (One of the user's own by this name may keep its indices to itself.)
        "scatter_add" | "scatter_add_along" if operands.len() == 3 => operand(1)?,
        _ => return None,
    };
    Some(Branch { operation, location: node.location(), signs })
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

fn pairs(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| if a == b { 0.0 } else { sign(a - b) }).collect()
}

/// For each element of the operand, whether it is the largest, or the smallest, of those that it is compared with.
fn extremes<T: Scalar>(node: Var<'_, T>) -> Option<Vec<f64>> {
    let (operand, mut result) = (node.operands().first()?.value().ok()?, node.value().ok()?);
    let Operation::Extremum { axes, .. } = node.kind() else { return None };
    for axis in axes {
        result.insert_axis_inplace(Axis(axis));
    }
    let result = result.broadcast(operand.raw_dim())?;
    Some(operand.iter().zip(result).map(|(x, y)| if x == y { 1.0 } else { 0.0 }).collect())
}

/// The first operation that decides otherwise in `there` than in `here`.
pub(crate) fn difference<'a>(here: &'a [Branch], there: &[Branch]) -> Option<&'a Branch> {
    here.iter().zip(there).find(|(a, b)| a != b).map(|(branch, _)| branch).or_else(|| {
        // One of them is longer: the function itself took another way.
        if here.len() == there.len() { None } else { here.last() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn an_extreme_is_found_over_whatever_axes() {
        let graph = Graph::new();
        let x = graph.constant(array![[1.0, 3.0], [3.0, 2.0]]);
        for (node, want) in [
            (x.max(), [0.0, 1.0, 1.0, 0.0]),
            (x.max_axes(0), [0.0, 1.0, 1.0, 0.0]),
            (x.min_axes(1), [1.0, 0.0, 0.0, 1.0]),
            (x.min_axes([1, 0]), [1.0, 0.0, 0.0, 0.0]),
            (x.min(), [1.0, 0.0, 0.0, 0.0]),
        ] {
            assert_eq!(extremes(node), Some(want.to_vec()), "{node:?}");
        }
        // In whatever order the axes are named.
        let x = graph.constant(array![[[1.0, 3.0], [3.0, 2.0]]]);
        for axes in [[0, 2], [2, 0]] {
            assert_eq!(extremes(x.max_axes(axes)), Some(vec![0.0, 1.0, 1.0, 0.0]), "{axes:?}");
        }
    }

    #[test]
    fn two_points_differ_in_the_first_operation_that_decides_otherwise() {
        let at = |x: f64| {
            let graph = Graph::new();
            let x = graph.constant([x]);
            let _ = (x + 5.0).abs() + x.relu() + x.greater(0.5);
            branches(&graph)
        };
        assert_eq!(at(0.25), at(0.375));
        assert_eq!(difference(&at(0.25), &at(-0.25)).map(|b| b.operation.as_str()), Some("relu"));
        assert_eq!(difference(&at(0.25), &at(0.75)).map(|b| b.operation.as_str()), Some("less"));
    }
}
