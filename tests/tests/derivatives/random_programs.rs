//! Derivatives of random programs by lines in the middle and of several outputs at once, and laws that need no oracle.
//!
//! That values, tangents, gradients and second derivatives are those of the oracle, in both precisions, and that seeds scale them
//! without rounding, is tested of the same programs in `crates/check/tests/programs/everything.rs`.

use std::cell::Cell;

use chainrule::graph::{Error, ErrorKind, Graph, Var, jvp, vjp};
use chainrule_check::program::{Call, Failure, Id, Line, Operator, Program, claims, programs, to_oracle};
use chainrule_check::{Cause, laws};
use chainrule_tests::random::same;
use ndarray::ArrayD;

fn bits(x: Var<'_>) -> Result<Vec<u64>, Failure> {
    Ok(x.value()?.iter().map(|x| x.to_bits()).collect())
}

/// The bits of derivatives, or that the engine refuses them because every path is cut.
fn bits_or_cut(derivatives: Result<Vec<Var<'_>>, Error>) -> Result<Option<Vec<Vec<u64>>>, Failure> {
    match derivatives {
        Ok(derivatives) => Ok(Some(derivatives.into_iter().map(bits).collect::<Result<_, _>>()?)),
        Err(error) if error.kind() == ErrorKind::Cut => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn pick<'g>(nodes: &[Var<'g>], ids: &[Id]) -> Vec<Var<'g>> {
    ids.iter().map(|&id| nodes[id]).collect()
}

/// The nodes by which the result has a gradient.
fn with_gradient<'g>(output: Var<'g>, nodes: Vec<Var<'g>>) -> Vec<Var<'g>> {
    nodes.into_iter().filter(|&x| output.grad(x).is_ok()).collect()
}

/// Two lines from the middle that compute something. (Of lines that are the same node, as `t` of a vector is that vector, the
/// first.)
fn middle(program: &Program, nodes: &[Var<'_>]) -> Vec<Id> {
    let new = |id: Id| nodes[..id].iter().all(|x| x.number() != nodes[id].number());
    let lines: Vec<Id> =
        (0..nodes.len()).filter(|&id| !program.lines[id].operands.is_empty() && new(id)).collect();
    [lines.len() / 2, lines.len() * 2 / 3].iter().filter_map(|&i| lines.get(i).copied()).collect()
}

/// Numbers without zeros among them, which would hide things, as directions and weights.
fn direction(shape: &[usize], seed: usize) -> ArrayD<f64> {
    let mut i = seed;
    ArrayD::from_shape_simple_fn(shape, || {
        i += 7;
        (i * i % 31) as f64 / 8.0 - 1.9375
    })
}

/// The program with an input of its own added to a line. It is -0, and `x + -0` is `x` to the last bit: to move this input is to
/// move the line.
fn opened(program: &Program, line: Id, shape: &[usize]) -> Program {
    let mut lines = Vec::new();
    for (id, old) in program.lines.iter().enumerate() {
        let operands = old.operands.iter().map(|&x| behind(line, x)).collect();
        lines.push(Line { call: old.call.clone(), operands });
        if id == line {
            lines.push(Line { call: Call::Leaf(ArrayD::from_elem(shape, -0.0)), operands: vec![] });
            lines.push(Line { call: Call::Operator(Operator::Add), operands: vec![line, line + 1] });
        }
    }
    let readout = if program.readout > line { program.readout + 2 } else { program.readout };
    Program { lines, readout }
}

/// Where a line is in the program that is opened at another.
fn behind(line: Id, id: Id) -> Id {
    if id >= line { id + 2 } else { id }
}

/// By the line and by the input that is added to it there is the same gradient, and both have the oracle's derivatives.
#[test]
fn a_line_in_the_middle_is_an_input_like_any_other() {
    programs()
        .check_by(150, |program, verdict| {
            let graph = Graph::new();
            let nodes = program.record(&graph);
            for line in middle(program, &nodes) {
                let shape = nodes[line].shape()?;
                let opened = opened(program, line, &shape);
                claims::all::<f64>(&opened, verdict)?;
                let other = Graph::new();
                let twins = opened.record(&other);
                let twin = |id: &Id| twins[behind(line, *id)];
                same(
                    "the gradient",
                    bits_or_cut(nodes[program.output()].grad(vec![nodes[line]]))?,
                    bits_or_cut(twin(&program.output()).grad(vec![twins[line + 1]]))?,
                )?;
                // All lines, when this one and the leaves move.
                let moves = opened.leaves().into_iter().map(|id| Ok(direction(&twins[id].shape()?, id)));
                let moves = moves.collect::<Result<Vec<_>, Failure>>()?;
                let constants: Vec<Var<'_>> = moves.iter().map(|d| graph.constant(d)).collect();
                let in_front = |id: Id| if id > line + 1 { id - 2 } else { id.min(line) };
                let inputs = opened.leaves().into_iter().map(|id| nodes[in_front(id)]).collect::<Vec<_>>();
                let oracles: Vec<_> = moves.iter().map(to_oracle).collect();
                let want = opened.derivatives::<f64>(&oracles, None);
                for (id, tangent) in jvp(nodes.clone(), inputs, constants)?.into_iter().enumerate() {
                    for (&got, want) in tangent.value()?.iter().zip(&want[behind(line, id)].data) {
                        verdict.near(|| format!("the tangent of v{id}"), got, want.value.tangent)?;
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}

/// Asked for together, also twice and with the result itself among them, gradients are those asked for alone.
#[test]
fn gradients_of_many_inputs_are_those_of_each_alone() {
    programs()
        .check_by(150, |program, _| {
            let graph = Graph::new();
            let nodes = program.record(&graph);
            let output = nodes[program.output()];
            let mut inputs = [program.leaves(), middle(program, &nodes), vec![program.output()]].concat();
            inputs.push(inputs[0]);
            let inputs = with_gradient(output, pick(&nodes, &inputs));
            let together = output.grad(inputs.clone())?;
            for (i, (gradient, &x)) in together.into_iter().zip(&inputs).enumerate() {
                same(&format!("input {i}"), bits(gradient)?, bits(output.grad(x)?)?)?;
            }
            Ok(())
        })
        .unwrap();
}

/// `J' w` of several outputs, one of which may lie on the way to another, is the gradient of `Σ w y`; and that is the oracle's.
#[test]
fn cotangents_of_several_outputs_are_the_gradient_of_their_weighted_sum() {
    programs()
        .check_by(150, |program, verdict| {
            let graph = Graph::new();
            let nodes = program.record(&graph);
            let mut outputs = middle(program, &nodes);
            outputs.push(program.output());
            let mut sum = program.clone();
            let (mut seeds, mut total) = (Vec::new(), None);
            for (i, &id) in outputs.iter().enumerate() {
                let weights = direction(&nodes[id].shape()?, i + 3);
                seeds.push(graph.constant(&weights));
                sum.lines.push(Line { call: Call::Weigh(weights), operands: vec![id] });
                let part = sum.output();
                if let Some(total) = total {
                    sum.lines.push(Line { call: Call::Operator(Operator::Add), operands: vec![total, part] });
                }
                total = Some(sum.output());
            }
            claims::all::<f64>(&sum, verdict)?;
            let whole = sum.record(&graph);
            let outputs = pick(&nodes, &outputs);
            for id in program.leaves() {
                same(
                    &format!("by v{id}"),
                    bits_or_cut(vjp(outputs.clone(), seeds.clone(), vec![nodes[id]]))?,
                    bits_or_cut(whole[sum.output()].grad(vec![whole[id]]))?,
                )?;
            }
            Ok(())
        })
        .unwrap();
}

/// The program with two of its inputs given.
fn by_two<'g>(program: &Program, [first, last]: [Id; 2], [x, y]: [Var<'g>; 2]) -> Vec<Var<'g>> {
    program.record_with(x.graph(), |id| {
        [(first, x), (last, y)].into_iter().find(|(given, _)| *given == id).map(|(_, x)| x)
    })
}

/// `<J v, w> = <v, J' w>` of a vector of several lines, and `<H v, w> = <v, H w>` and all ways to second derivatives of the result;
/// by two inputs together.
#[test]
fn the_two_modes_are_transposes_and_hessians_are_symmetric() {
    let tested = Cell::new(0);
    let report = programs().check_by(80, |program, _| {
        let graph = Graph::new();
        let nodes = program.record(&graph);
        let (lines, output) = (middle(program, &nodes), program.output());
        let open = |&id: &Id| nodes[output].grad(nodes[id]).is_ok();
        let leaves: Vec<Id> = program.leaves().into_iter().filter(open).collect();
        let &[first, .., last] = &leaves[..] else { return Ok(()) };
        let values = [nodes[first].value()?, nodes[last].value()?];
        let ids = [first, last];
        // `J` of all these lines, end to end.
        laws::adjoint(
            |x: [Var<'_>; 2]| {
                let nodes = by_two(program, ids, x);
                let flat = lines.iter().chain([&output]).map(|&id| {
                    let count = nodes[id].shape().map_or(0, |shape| shape.iter().product());
                    nodes[id].reshape([count])
                });
                x[0].graph().concat(flat.collect::<Vec<_>>(), 0)
            },
            values.clone(),
        )
        .map_err(|failure| Failure::new(failure.to_string()))?;
        let symmetry = laws::hessian_symmetry(|x| by_two(program, ids, x)[output], values.clone());
        let ways = laws::second_order_modes(|x| by_two(program, ids, x)[output], values);
        match symmetry.and(ways) {
            Ok(()) => tested.set(tested.get() + 1),
            // What only a step could carry from one gradient to the other input is refused.
            Err(failure) if matches!(failure.cause(), Cause::Invalid(e) if e.kind() == ErrorKind::Cut) => {}
            Err(failure) => return Err(Failure::new(failure.to_string())),
        }
        Ok(())
    });
    let cases = report.unwrap().cases;
    assert!(
        4 * tested.get() > cases,
        "only {} of {cases} programs have second derivatives by two inputs",
        tested.get()
    );
}

/// Reading values early, late, backwards or twice gives the same bits as reading them all at the end.
#[test]
fn the_order_of_reading_does_not_matter() {
    programs()
        .check_by(150, |program, _| {
            let run = |order: &dyn Fn(usize) -> Vec<usize>| -> Result<Vec<Vec<u64>>, Failure> {
                let graph = Graph::new();
                let mut nodes = program.record(&graph);
                let output = nodes[program.output()];
                nodes.extend(output.grad(with_gradient(output, pick(&nodes, &program.leaves())))?);
                for i in order(nodes.len()) {
                    bits(nodes[i])?;
                }
                nodes.into_iter().map(bits).collect()
            };
            let only_last = run(&|n| vec![n - 1])?;
            same("forwards", &run(&|n| (0..n).collect())?, &only_last)?;
            same("backwards", &run(&|n| (0..n).rev().collect())?, &only_last)?;
            same("mixed", &run(&|n| (0..n).map(|i| i * 7 % n).collect())?, &only_last)
        })
        .unwrap();
}

/// The same program again in the graph's old memory: the same bits.
#[test]
fn a_cleared_graph_is_a_fresh_one() {
    programs()
        .check_by(100, |program, _| {
            let mut graph = Graph::new();
            let run = |graph: &Graph| -> Result<(usize, Vec<Vec<u64>>), Failure> {
                let nodes = program.record(graph);
                let output = nodes[program.output()];
                let gradients = output.grad(with_gradient(output, pick(&nodes, &program.leaves())))?;
                let all = nodes.into_iter().chain(gradients).map(bits).collect::<Result<_, _>>()?;
                Ok((graph.len(), all))
            };
            let first = run(&graph)?;
            graph.clear();
            same("again", run(&graph)?, first)
        })
        .unwrap();
}
