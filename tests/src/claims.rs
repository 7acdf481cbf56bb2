//! All claims about one program at once: value, gradients, tangents and both ways to second derivatives.

use chainrule::graph::{Graph, Var, jvp};

use crate::build::array;
use crate::oracle::scalar::H;
use crate::program::{Id, Program, Step, grid};
use crate::property::{Failure, Verdict};
use crate::reference::Move;

/// First derivatives, in proportion to the sum of the absolute values of all contributions: a dozen lines with sums of
/// up to a hundred terms.
const PART: f64 = 1e-13;

/// Second derivatives, beside the error of the differences.
const PART_2: f64 = 1e-11;

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
    let plain = program.run(&[], &[], false).values;
    let moves: Vec<Move> =
        leaves.iter().map(|&id| (id, grid(&plain[id].shape, 40 + id as u8).map(|x| x + 0.0625))).collect();
    let run = program.run(&moves, &[], true);
    let xs: Vec<Var<'_>> = leaves.iter().map(|&id| nodes[id]).collect();
    let vs: Vec<Var<'_>> = moves.iter().map(|(_, d)| graph.constant(array::<f64>(d))).collect();

    let tangents = jvp(nodes.clone(), xs.clone(), vs.clone())?;
    for id in 0..nodes.len() {
        let (value, tangent, want) = (nodes[id], tangents[id], &run.values[id]);
        verdict.same(&format!("shape of v{id}"), value.shape()?, want.shape.clone())?;
        verdict.same(&format!("shape of the tangent of v{id}"), tangent.shape()?, want.shape.clone())?;
        let got = numbers(value)?.into_iter().zip(numbers(tangent)?);
        for ((value, tangent), (want, size)) in got.zip(want.data.iter().zip(&run.sizes[id].data)) {
            verdict.near(&format!("v{id}"), value, want.re, PART * want.re.abs().max(1.0))?;
            verdict.near(&format!("tangent of v{id}"), tangent, want.im / H, PART * size)?;
        }
    }

    let output = nodes[program.output()];
    let gradients = output.grad(xs.clone())?;
    let forward = jvp(gradients.clone(), xs.clone(), vs.clone())?;
    let along = gradients.iter().zip(&vs).map(|(&g, &v)| (g * v).sum()).reduce(|a, b| a + b);
    let reverse = along.unwrap_or(graph.constant(0.0)).grad(xs)?;
    let scale = leaves.iter().flat_map(|&id| program.gradient(id, &[]).1.data).fold(1.0, f64::max);
    for (k, &id) in leaves.iter().enumerate() {
        let (want, sizes) = program.gradient(id, &[]);
        verdict.same(&format!("shape of the gradient for v{id}"), gradients[k].shape()?, want.shape)?;
        for ((got, want), size) in numbers(gradients[k])?.into_iter().zip(want.data).zip(sizes.data) {
            verdict.near(&format!("gradient for v{id}"), got, want, PART * size)?;
        }
        let wanted = program.hessian_times(id, &moves);
        verdict.same(&format!("count of v{id}"), numbers(reverse[k])?.len(), wanted.len())?;
        let got = numbers(forward[k])?.into_iter().zip(numbers(reverse[k])?);
        for ((forward, reverse), (want, error)) in got.zip(wanted) {
            let bound = PART_2 * scale.max(want.abs()) + 4.0 * error;
            verdict.near(
                &format!("second derivative for v{id}, forward over reverse"),
                forward,
                want,
                bound,
            )?;
            verdict.near(
                &format!("second derivative for v{id}, reverse over reverse"),
                reverse,
                want,
                bound,
            )?;
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
    let shape = so_far.run(&[], &[], false).values[tested].shape.clone();
    steps.push(Step::Weigh(tested + 1, grid(&shape, 7).map(|x| x + 0.0625)));
    Program { steps }
}
