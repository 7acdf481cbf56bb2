//! Claims about values and derivatives of random programs, each against the oracle or an exact law.

use chainrule::graph::{Graph, Var, vjp};
use chainrule_oracle::{Array, Double, Single, count};
use chainrule_tests::build::array;
use chainrule_tests::program::{Id, Program, Step, grid};
use chainrule_tests::property::{Failure, Verdict, for_programs};
use chainrule_tests::reference::Move;

/// The rounding of a scalar product of up to 225 terms, in proportion to the sum of their absolute values.
const PART: f64 = 5e-14;

fn elements(x: Var<'_>) -> Result<Vec<f64>, Failure> {
    Ok(x.value()?.iter().copied().collect())
}

fn shapes(program: &Program) -> Vec<Vec<usize>> {
    program.values().into_iter().map(|v| v.shape).collect()
}

fn bits(x: Var<'_>) -> Result<Vec<u64>, Failure> {
    Ok(elements(x)?.into_iter().map(f64::to_bits).collect())
}

/// A direction for each node, without zeros in it (they would hide things).
fn directions(program: &Program, nodes: &[Id], seed: u8) -> Vec<Move> {
    let shapes = shapes(program);
    let direction = |&id: &Id| (id, grid(&shapes[id], seed + id as u8).map(|x| x + 0.0625));
    nodes.iter().map(direction).collect()
}

fn constants<'g>(graph: &'g Graph, moves: &[Move]) -> Vec<Var<'g>> {
    moves.iter().map(|(_, d)| graph.constant(array::<f64>(d))).collect()
}

/// Leaves, and two nodes from the middle.
fn some_nodes(program: &Program) -> Vec<Id> {
    let mut nodes = program.leaves();
    let shapes = shapes(program);
    nodes.extend(
        [program.steps.len() / 2, program.steps.len() * 2 / 3].map(|id| program.canonical(id, &shapes)),
    );
    nodes
}

fn pick(nodes: &[Var<'static>], ids: &[Id]) -> Vec<Var<'static>> {
    ids.iter().map(|&id| nodes[id]).collect()
}

/// A graph that lives as long as the process: closures of tests are simpler without its lifetime. A few KiB each.
fn fresh() -> &'static Graph {
    Box::leak(Box::new(Graph::new()))
}

#[test]
fn values_are_those_of_the_oracle() {
    for_programs("values", 300, 16, |program, verdict| {
        let graph = Graph::new();
        let nodes = program.record(&graph);
        for (id, (node, want)) in nodes.iter().zip(program.tangents::<Double>(&[])).enumerate() {
            verdict.same("shape", node.shape()?, want.shape)?;
            for (got, want) in elements(*node)?.into_iter().zip(want.data) {
                verdict.within(&format!("v{id}"), got, want.value)?;
            }
        }
        Ok(())
    })
    .unwrap();
}

fn gradient_is_right(program: &Program, inputs: &[Id], verdict: &mut Verdict) -> Result<(), Failure> {
    let graph = fresh();
    let nodes = program.record(graph);
    let gradients = nodes[program.output()].grad(pick(&nodes, inputs))?;
    for (&id, gradient) in inputs.iter().zip(gradients) {
        let want = program.gradient::<Double>(id);
        verdict.same("shape", gradient.shape()?, want.shape)?;
        for (got, want) in elements(gradient)?.into_iter().zip(want.data) {
            verdict.within(&format!("dv{id}"), got, want)?;
        }
    }
    Ok(())
}

#[test]
fn gradients_are_those_of_the_oracle() {
    for_programs("gradients", 250, 14, |program, verdict| {
        gradient_is_right(program, &program.leaves(), verdict)
    })
    .unwrap();
}

/// Inputs from the middle, some named twice: each gradient is that of moving that node alone.
#[test]
fn gradients_of_intermediate_and_repeated_inputs() {
    for_programs("intermediate inputs", 150, 12, |program, verdict| {
        let mut inputs = some_nodes(program);
        inputs.extend([program.output(), inputs[0]]);
        gradient_is_right(program, &inputs, verdict)
    })
    .unwrap();
}

/// Every line's tangent, when leaves and lines from the middle move together.
#[test]
fn forward_mode_is_that_of_the_oracle() {
    for_programs("forward", 250, 14, |program, verdict| {
        let graph = fresh();
        let nodes = program.record(graph);
        let mut inputs = some_nodes(program);
        inputs.sort_unstable();
        inputs.dedup();
        let moves = directions(program, &inputs, 3);
        let run = program.tangents::<Double>(&moves);
        let tangents = chainrule::graph::jvp(nodes.clone(), pick(&nodes, &inputs), constants(graph, &moves))?;
        for (id, (tangent, want)) in tangents.into_iter().zip(run).enumerate() {
            verdict.same("shape", tangent.shape()?, want.shape)?;
            for (got, want) in elements(tangent)?.into_iter().zip(want.data) {
                verdict.within(&format!("tangent of v{id}"), got, want.tangent)?;
            }
        }
        Ok(())
    })
    .unwrap();
}

/// <J v, w> = <v, J' w> for several outputs at once: a law that needs no oracle.
#[test]
fn the_two_modes_are_transposes() {
    for_programs("transposes", 200, 14, |program, verdict| {
        let graph = fresh();
        let nodes = program.record(graph);
        let (inputs, outputs) = (program.leaves(), some_nodes(program));
        let (v, w) = (directions(program, &inputs, 5), directions(program, &outputs, 9));
        let (xs, ys) = (pick(&nodes, &inputs), pick(&nodes, &outputs));
        let tangents = chainrule::graph::jvp(ys.clone(), xs.clone(), constants(graph, &v))?;
        let cotangents = vjp(ys, constants(graph, &w), xs)?;
        let dot = |a: &[Var<'static>], b: &[Move]| -> Result<(f64, f64), Failure> {
            let mut sums = (0.0, 0.0);
            for (a, (_, b)) in a.iter().zip(b) {
                for (a, b) in elements(*a)?.into_iter().zip(&b.data) {
                    sums = (sums.0 + a * b, sums.1 + (a * b).abs());
                }
            }
            Ok(sums)
        };
        let ((left, a), (right, b)) = (dot(&tangents, &w)?, dot(&cotangents, &v)?);
        // What rounding inside of the derivatives can do, on each side.
        let run = program.tangents::<Double>(&v);
        let inside: f64 = w
            .iter()
            .map(|(id, w)| {
                run[*id].data.iter().zip(&w.data).map(|(y, w)| y.tangent.error * w.abs()).sum::<f64>()
            })
            .sum();
        verdict.near("<Jv,w>", left, right, PART * (a + b) + 4.0 * inside)
    })
    .unwrap();
}

/// Forward over reverse, and reverse over reverse by the scalar <gradient, v>, give the Hessian times v.
#[test]
fn second_derivatives_are_those_of_the_oracle() {
    for_programs("second order", 40, 8, |program, verdict| {
        let graph = fresh();
        let nodes = program.record(graph);
        let inputs = program.leaves();
        let moves = directions(program, &inputs, 7);
        let (xs, vs) = (pick(&nodes, &inputs), constants(graph, &moves));
        let gradients = nodes[program.output()].grad(xs.clone())?;
        let forward = chainrule::graph::jvp(gradients.clone(), xs.clone(), vs.clone())?;
        let products = gradients.iter().zip(&vs).map(|(&g, &v)| (g * v).sum());
        let along = products.reduce(|a, b| a + b).unwrap_or(graph.constant(0.0));
        let reverse = along.grad(xs)?;
        for (id, (f, r)) in inputs.iter().zip(forward.into_iter().zip(reverse)) {
            let want = program.hessian_times(*id, &moves).data;
            for ((f, r), want) in elements(f)?.into_iter().zip(elements(r)?).zip(want) {
                verdict.within(&format!("Hv{id}, forward over reverse"), f, want)?;
                verdict.within(&format!("Hv{id}, reverse over reverse"), r, want)?;
            }
        }
        Ok(())
    })
    .unwrap();
}

/// <H v, w> = <v, H w>
#[test]
fn hessians_are_symmetric() {
    for_programs("symmetry", 80, 10, |program, verdict| {
        let graph = fresh();
        let nodes = program.record(graph);
        let inputs = program.leaves();
        let xs = pick(&nodes, &inputs);
        let gradients = nodes[program.output()].grad(xs.clone())?;
        let mut sides = [0.0; 2];
        let mut allowed = 0.0;
        for (side, (v, w)) in sides.iter_mut().zip([(11, 13), (13, 11)]) {
            let (v, w) = (directions(program, &inputs, v), directions(program, &inputs, w));
            let products = chainrule::graph::jvp(gradients.clone(), xs.clone(), constants(graph, &v))?;
            for (product, (id, w)) in products.into_iter().zip(&w) {
                let exact = program.hessian_times(*id, &v).data;
                for ((h, w), exact) in elements(product)?.into_iter().zip(&w.data).zip(exact) {
                    *side += h * w;
                    allowed += PART * (h * w).abs() + 2.0 * exact.error * w.abs();
                }
            }
        }
        verdict.near("<Hv,w>", sides[0], sides[1], allowed)
    })
    .unwrap();
}

/// Powers of 2 scale without rounding, so a scaled seed gives the scaled bits; a zero seed gives zeros, an input that
/// nothing depends on zeros of its shape.
#[test]
fn exact_laws_of_seeds() {
    for_programs("seeds", 200, 14, |program, verdict| {
        let graph = fresh();
        let nodes = program.record(graph);
        let unused = graph.constant(array::<f64>(&grid(&[2, 0, 3], 1)));
        let other = graph.constant(array::<f64>(&grid(&[2, 3], 1)));
        let mut xs = pick(&nodes, &program.leaves());
        xs.extend([unused, other]);
        let y = nodes[program.output()];
        let plain = y.vjp(1.0, xs.clone())?;
        let scaled = y.vjp(2f64.powi(20), xs.clone())?;
        let nothing = y.vjp(0.0, xs.clone())?;
        for (((plain, scaled), nothing), x) in plain.into_iter().zip(scaled).zip(nothing).zip(&xs) {
            let want: Vec<f64> = elements(plain)?.into_iter().map(|g| g * 2f64.powi(20)).collect();
            verdict.same("2^20 times the seed", elements(scaled)?, want)?;
            let zeros = Array::<f64>::zeros(&x.shape()?);
            verdict.same("seed 0", elements(nothing)?, zeros.data)?;
            verdict.same("shape", nothing.shape()?, zeros.shape)?;
        }
        let unused = y.vjp(1.0, [unused, other])?;
        verdict.same("unused", elements(unused[1])?, vec![0.0; 6])?;
        verdict.same("unused, empty", unused[0].shape()?, vec![2, 0, 3])
    })
    .unwrap();
}

/// Reading values early, late, backwards or twice gives the same bits as reading them all at the end.
#[test]
fn the_order_of_reading_does_not_matter() {
    for_programs("reading", 150, 14, |program, verdict| {
        let run = |order: &dyn Fn(usize) -> Vec<usize>| -> Result<Vec<Vec<u64>>, Failure> {
            let graph = fresh();
            let mut nodes = program.record(graph);
            nodes.extend(nodes[program.output()].grad(pick(&nodes, &program.leaves()))?);
            for i in order(nodes.len()) {
                bits(nodes[i])?;
            }
            nodes.into_iter().map(bits).collect()
        };
        let only_last = run(&|n| vec![n - 1])?;
        verdict.same("forwards", run(&|n| (0..n).collect())?, only_last.clone())?;
        verdict.same("backwards", run(&|n| (0..n).rev().collect())?, only_last.clone())?;
        verdict.same("mixed", run(&|n| (0..n).map(|i| i * 7 % n).collect())?, only_last)
    })
    .unwrap();
}

/// The same program again in the graph's old memory: the same bits.
#[test]
fn a_cleared_graph_is_a_fresh_one() {
    for_programs("clear", 100, 14, |program, verdict| {
        let mut graph = Graph::new();
        let run = |graph: &Graph| -> Result<(usize, Vec<Vec<u64>>), Failure> {
            let nodes = program.record(graph);
            let leaves: Vec<_> = program.leaves().into_iter().map(|id| nodes[id]).collect();
            let gradients = nodes[program.output()].grad(leaves)?;
            let all = nodes.into_iter().chain(gradients).map(bits).collect::<Result<_, _>>()?;
            Ok((graph.len(), all))
        };
        let first = run(&graph)?;
        graph.clear();
        verdict.same("again", run(&graph)?, first)
    })
    .unwrap();
}

/// In single precision, within the bound for its roundoff.
#[test]
fn f32_follows_f64() {
    for_programs("f32", 200, 12, |program, verdict| {
        let graph = Graph::f32();
        let nodes = program.record(&graph);
        let leaves = program.leaves();
        let inputs: Vec<_> = leaves.iter().map(|&id| nodes[id]).collect();
        for (id, gradient) in leaves.into_iter().zip(nodes[program.output()].grad(inputs)?) {
            for (&got, want) in gradient.value()?.iter().zip(program.gradient::<Single>(id).data) {
                verdict.within(&format!("dv{id}"), f64::from(got), want)?;
            }
        }
        Ok(())
    })
    .unwrap();
}

/// The generator itself: every kind of line occurs, and programs are not all empty or all flat.
#[test]
fn programs_cover_every_operation() {
    let mut seen = std::collections::BTreeSet::new();
    let (mut empty, mut deep) = (0, 0);
    let tally = std::cell::RefCell::new((&mut seen, &mut empty, &mut deep));
    for_programs("coverage", 400, 14, |program, _| {
        let (seen, empty, deep) = &mut *tally.borrow_mut();
        for (step, shape) in program.steps.iter().zip(shapes(program)) {
            let ranks: Vec<usize> = step.operands().iter().map(|_| shape.len()).collect();
            let name = match step {
                Step::Function(f, _) => format!("{f:?}").split('(').next().unwrap_or_default().to_owned(),
                Step::Pair(sign, ..) => format!("{sign}"),
                Step::Number(sign, _, _, left) => format!("{sign} number {left}"),
                Step::MatMul(..) => format!("MatMul {}", ranks[0]),
                other => format!("{other:?}").split('(').next().unwrap_or_default().to_owned(),
            };
            seen.insert(name);
            **empty += usize::from(count(&shape) == 0);
            **deep += usize::from(shape.len() == 4);
        }
        Ok(())
    })
    .unwrap();
    // 10 functions, 4 operators, 8 with numbers, 3 ranks of products, 13 other lines (see `Step`).
    assert_eq!(seen.len(), 10 + 4 + 8 + 3 + 12, "{seen:?}");
    assert!(empty > 50 && deep > 50, "{empty} empty, {deep} of rank 4");
}
