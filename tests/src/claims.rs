//! All claims about one program at once: value, gradients, tangents and both ways to second derivatives.

use chainrule::graph::{Graph, Var, jvp};

use chainrule_oracle::Double;

use crate::build::array;
use crate::program::{Id, Program, Step, grid};
use crate::property::{Failure, Verdict};
use crate::reference::Move;

fn numbers(x: Var<'_>) -> Result<Vec<f64>, Failure> {
    Ok(x.value()?.into_iter().collect())
}

/// Checks one program against the oracle: the value of every line; the gradient of the result for every leaf; the
/// tangent of every line when all leaves move; the Hessian of the result times that move, by reverse over reverse and
/// by forward over reverse.
///
/// # Errors
/// Says what is wrong, with the program.
pub fn check(program: &Program) -> Result<(), Failure> {
    claims(program).map_err(|failure| Failure(format!("{}\n{program:?}", failure.0)))
}

fn claims(program: &Program) -> Result<(), Failure> {
    let mut verdict = Verdict::default();
    let graph = Graph::new();
    let nodes = program.record(&graph);
    let leaves = program.leaves();
    let plain = program.values();
    let moves: Vec<Move> =
        leaves.iter().map(|&id| (id, grid(&plain[id].shape, 40 + id as u8).map(|x| x + 0.0625))).collect();
    let run = program.tangents::<Double>(&moves);
    let xs: Vec<Var<'_>> = leaves.iter().map(|&id| nodes[id]).collect();
    let vs: Vec<Var<'_>> = moves.iter().map(|(_, d)| graph.constant(array::<f64>(d))).collect();

    let tangents = jvp(nodes.clone(), xs.clone(), vs.clone())?;
    for id in 0..nodes.len() {
        let (value, tangent, want) = (nodes[id], tangents[id], &run[id]);
        verdict.same(&format!("shape of v{id}"), value.shape()?, want.shape.clone())?;
        verdict.same(&format!("shape of the tangent of v{id}"), tangent.shape()?, want.shape.clone())?;
        for ((value, tangent), want) in numbers(value)?.into_iter().zip(numbers(tangent)?).zip(&want.data) {
            verdict.within(&format!("v{id}"), value, want.value)?;
            verdict.within(&format!("tangent of v{id}"), tangent, want.tangent)?;
        }
    }

    let gradients = nodes[program.output()].grad(xs.clone())?;
    let forward = jvp(gradients.clone(), xs.clone(), vs.clone())?;
    let along = gradients.iter().zip(&vs).map(|(&g, &v)| (g * v).sum()).reduce(|a, b| a + b);
    let reverse = along.unwrap_or(graph.constant(0.0)).grad(xs)?;
    for (k, &id) in leaves.iter().enumerate() {
        let (first, second) = (program.gradient::<Double>(id), program.hessian_times(id, &moves));
        verdict.same(&format!("shape of the gradient for v{id}"), gradients[k].shape()?, first.shape)?;
        for (way, got, want) in [
            ("gradient", gradients[k], first.data),
            ("forward over reverse", forward[k], second.data.clone()),
            ("reverse over reverse", reverse[k], second.data),
        ] {
            let got = numbers(got)?;
            verdict.same(&format!("count of {way} for v{id}"), got.len(), want.len())?;
            for (got, want) in got.into_iter().zip(want) {
                verdict.within(&format!("{way} for v{id}"), got, want)?;
            }
        }
    }
    Ok(())
}

/// A program of leaves, one line under test, and behind it `(line² * weights).sum()`, so that every element counts in
/// the first derivative and in the second.
pub fn program_of(leaves: Vec<Step>, line: Step) -> Program {
    let mut steps = leaves;
    let tested: Id = steps.len();
    steps.push(line);
    steps.push(Step::Function(crate::program::Function::Square, tested));
    let so_far = Program { steps: steps.clone() };
    let shape = so_far.values()[tested].shape.clone();
    steps.push(Step::Weigh(tested + 1, grid(&shape, 7).map(|x| x + 0.0625)));
    Program { steps }
}
