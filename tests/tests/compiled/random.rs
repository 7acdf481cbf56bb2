//! Random programs with any of their nodes as inputs, and any of their leaves updated, against `value()` on a fresh graph.

use std::cell::Cell;

use chainrule::graph::{ErrorKind, Graph, Program as Compiled, Scalar, Var};
use chainrule_check::program::{Call, Failure, Id, Number, Program, programs, rounded};
use ndarray::{ArrayD, ArrayViewD};

fn bits<T: Scalar>(x: &ArrayViewD<'_, T>) -> Vec<u64> {
    // One NaN is as good as another.
    x.iter().map(|x| if x.is_nan() { u64::MAX } else { x.as_f64().to_bits() }).collect()
}

/// Numbers without pattern, the same for the same program.
struct Dice(Cell<u64>);

impl Dice {
    fn throw(&self, sides: usize) -> usize {
        self.0.set(self.0.get().wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
        (self.0.get() >> 33) as usize % sides.max(1)
    }

    fn some<X: Copy>(&self, of: &[X], most: usize) -> Vec<X> {
        let mut left = of.to_vec();
        (0..self.throw(most + 1).min(of.len())).map(|_| left.swap_remove(self.throw(left.len()))).collect()
    }
}

/// Which nodes are what.
#[derive(Debug)]
struct Choice {
    inputs: Vec<Id>,
    outputs: Vec<Id>,
    /// Leaves, and the numbers of their new values among all nodes, those of the gradients last.
    updates: Vec<(Id, usize)>,
    /// Leaves by which gradients are taken: none if an input is in the middle, where a fresh graph would end.
    gradients: Vec<Id>,
}

/// All nodes, and the gradients behind them.
fn record<'g, T: Number>(
    program: &Program,
    graph: &'g Graph<T>,
    gradients: &[Id],
    given: impl Fn(Id) -> Option<Var<'g, T>>,
) -> Result<Vec<Var<'g, T>>, Failure> {
    let mut nodes = program.record_with(graph, given);
    let by: Vec<_> = gradients.iter().map(|&id| nodes[id]).collect();
    if !by.is_empty() {
        nodes.extend(nodes[program.output()].grad(by)?);
    }
    Ok(nodes)
}

fn choose<T: Number>(program: &Program, dice: &Dice) -> Result<Choice, Failure> {
    let leaves = program.leaves();
    let graph = Graph::<T>::default();
    let only_leaves = dice.throw(2) == 0;
    let plain = program.record(&graph);
    let has_gradient = |&id: &Id| plain[program.output()].grad(plain[id]).is_ok();
    let gradients: Vec<Id> =
        if only_leaves { leaves.iter().copied().filter(has_gradient).collect() } else { Vec::new() };
    let nodes = record(program, &graph, &gradients, |_| None)?;
    let shapes = nodes.iter().map(|x| x.shape()).collect::<Result<Vec<_>, _>>()?;
    // Of lines that are the same node, as `t` of a vector is that vector, the first.
    let new = |&id: &Id| plain[..id].iter().all(|x| x.number() != plain[id].number());
    let lines: Vec<Id> = (0..plain.len()).filter(new).collect();
    let inputs = dice.some(if only_leaves { &leaves } else { &lines }, 3);
    let outputs = dice.some(&(0..nodes.len()).collect::<Vec<_>>(), 6);
    let mut updates = Vec::new();
    for &leaf in leaves.iter().filter(|leaf| !inputs.contains(leaf)) {
        let fit: Vec<usize> = (0..nodes.len()).filter(|&i| shapes[i] == shapes[leaf]).collect();
        if dice.throw(4) > 0 {
            updates.push((leaf, fit[dice.throw(fit.len())]));
        }
    }
    Ok(Choice { inputs, outputs, updates, gradients })
}

/// What came of the runs.
#[derive(Default)]
struct Tally {
    compared: Cell<usize>,
    refused: Cell<usize>,
}

fn check<T: Number>(program: &Program, dice: &Dice, tally: &Tally) -> Result<(), Failure> {
    let choice = choose::<T>(program, dice)?;
    let Choice { inputs, outputs, updates, gradients } = &choice;
    if outputs.is_empty() && updates.is_empty() {
        return Ok(());
    }
    let leaf = |call: &Call| if let Call::Leaf(value) = call { Some(rounded::<T>(value)) } else { None };
    let mut now: Vec<Option<ArrayD<T>>> = program.lines.iter().map(|line| leaf(&line.call)).collect();
    let graph = Graph::<T>::default();
    let variable = |id: Id| now[id].as_ref().map(|value| graph.variable(format!("x{id}"), value));
    let nodes = record(program, &graph, gradients, variable)?;
    let pick = |ids: &[Id]| ids.iter().map(|&id| nodes[id]).collect::<Vec<_>>();
    let pairs = updates.iter().map(|&(leaf, value)| (nodes[leaf], nodes[value]));
    let values = pick(inputs).iter().map(|x| x.value()).collect::<Result<Vec<_>, _>>()?;
    let mut compiled = Compiled::new(pick(inputs), pick(outputs)).updates(pairs).compile()?;
    for run in 0..3 {
        let scale = [T::one(), T::of(-0.75), T::of(1.5)][run];
        let given: Vec<ArrayD<T>> = values.iter().map(|x| x.mapv(|x| x * scale)).collect();
        let fresh = Graph::<T>::default();
        let leaf = |id: Id| {
            let input = inputs.iter().position(|&input| input == id).map(|i| &given[i]);
            input.or(now[id].as_ref()).map(|value| fresh.constant(value))
        };
        let want = record(program, &fresh, gradients, leaf)?;
        let fail = |what: String| Err(Failure::new(format!("{what}, run {run}, {choice:?}")));
        // Scaled, a number may be no index any more, a matrix not positive definite: then the run is refused too.
        let needed = outputs.iter().chain(updates.iter().map(|(_, value)| value));
        let refused: Vec<ErrorKind> =
            needed.filter_map(|&id| want[id].value().err()).map(|error| error.kind()).collect();
        match compiled.run(given.clone()) {
            Err(error) if refused.contains(&error.kind()) => tally.refused.set(tally.refused.get() + 1),
            Err(error) => return fail(format!("refused: {error}")),
            Ok(_) if !refused.is_empty() => return fail(format!("not refused for {refused:?}")),
            Ok(got) => {
                for (got, &id) in got.iter().zip(outputs) {
                    if bits(got) != bits(&want[id].value()?.view()) {
                        return fail(format!("output {id}"));
                    }
                }
                let new = updates.iter().map(|&(leaf, value)| Ok((leaf, want[value].value()?)));
                for (leaf, value) in new.collect::<Result<Vec<_>, Failure>>()? {
                    now[leaf] = Some(value);
                }
                tally.compared.set(tally.compared.get() + 1);
            }
        }
        // A run that is refused changes nothing.
        for name in compiled.state().shapes().into_keys() {
            let id: Id = name[1..].parse().unwrap();
            let got = compiled.state().get(&name).unwrap();
            if bits(&got.view()) != bits(&now[id].as_ref().unwrap().view()) {
                return fail(format!("variable {id}"));
            }
        }
    }
    Ok(())
}

#[test]
fn any_nodes_as_inputs_and_any_leaves_updated() {
    let tally = Tally::default();
    programs()
        .lines(24)
        .check_by(200, |program, _| {
            for seed in 0..6 {
                let dice = Dice(Cell::new(seed * 77 + program.lines.len() as u64));
                check::<f64>(program, &dice, &tally)?;
                check::<f32>(program, &dice, &tally)?;
            }
            Ok(())
        })
        .unwrap();
    let (compared, refused) = (tally.compared.get(), tally.refused.get());
    println!("{compared} runs compared, {refused} refused");
    assert!(compared > 20 * refused && refused > 0, "{compared} runs compared, {refused} refused");
}
