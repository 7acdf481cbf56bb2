//! Checkpoints in every place a program can put them; that they change no bit of single operations is in `every_operation.rs`, and
//! what they save in `memory/checkpoints.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chainrule::graph::{CustomOp, ErrorKind, Explanation, Graph, LinearMap, Program, Var, explain, vmap};
use ndarray::{ArrayD, ArrayViewD, array};

fn bits(x: Var<'_>) -> Vec<u64> {
    x.value().unwrap().iter().map(|x| x.to_bits()).collect()
}

fn numbers(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().iter().copied().collect()
}

/// `function` in a checkpoint or not.
fn maybe<'g>(on: bool, graph: &'g Graph, function: impl FnOnce() -> Var<'g>) -> Var<'g> {
    if on { graph.checkpoint(function) } else { function() }
}

/// A program, with and without checkpoints: the same bits of all nodes that it returns.
#[track_caller]
fn same_bits(program: impl for<'g> Fn(&'g Graph, Var<'g>, bool) -> Vec<Var<'g>>) {
    let run = |on, together: bool| -> Vec<Vec<u64>> {
        let graph = Graph::new();
        let x = graph.variable("x", [0.3, -0.7, 1.1]);
        let nodes = program(&graph, x, on);
        if together {
            graph.compute(nodes.clone()).unwrap();
        }
        nodes.into_iter().map(bits).collect()
    };
    let plain = run(false, false);
    assert!(!plain.is_empty());
    assert_eq!(run(true, false), plain);
    assert_eq!(run(true, true), plain);
}

#[test]
fn several_nested_and_in_a_row() {
    same_bits(|graph, x, on| {
        let mut y = x;
        for _ in 0..5 {
            y = maybe(on, graph, || y.sin() * 1.5 + x);
        }
        let z = maybe(on, graph, || {
            let inner = maybe(on, graph, || maybe(on, graph, || (y * x).tanh()).exp());
            inner * y + inner.square()
        });
        let loss = (z * y).sum();
        let [dx, dy, dz] = loss.grad([x, y, z]).unwrap();
        vec![loss, z, dx, dy, dz, loss.jvp(x, x).unwrap()]
    });
}

#[test]
fn nothing_inside_only_constants_or_the_input_itself() {
    same_bits(|graph, x, on| {
        let same = maybe(on, graph, || x);
        let constant = maybe(on, graph, || graph.constant([1.0, 2.0, 3.0]));
        let named = maybe(on, graph, || graph.variable("inside", 2.0).exp());
        let loss = (same.square() * constant * named).sum();
        let [a, b, c, d] = loss.grad([x, constant, named, graph.get("inside").unwrap()]).unwrap();
        vec![loss, a, b, c, d]
    });
    let graph = Graph::new();
    let x = graph.variable("x", 2.0);
    graph.checkpoint(Vec::<Var<'_>>::new);
    let (a, [b, c], none) = graph.checkpoint(|| (x.exp(), [x, x * 2.0], None::<Var<'_>>));
    assert_eq!((numbers(a), numbers(b), numbers(c)), (vec![2_f64.exp()], vec![2.0], vec![4.0]));
    assert!(none.is_none());
}

/// Nodes of the inside that are used outside: read, computed with, differentiated, and differentiated by.
#[test]
fn nodes_of_the_inside_work_outside() {
    same_bits(|graph, x, on| {
        let mut leaked = Vec::new();
        let y = maybe(on, graph, || {
            let a = x.exp();
            let b = a.sin() * x;
            leaked = vec![a, b];
            b.square()
        });
        let (a, b) = (leaked[0], leaked[1]);
        let loss = (y * a).sum();
        let [dx, da, db] = loss.grad([x, a, b]).unwrap();
        let inner = (a * b).sum().grad([x, a]).unwrap();
        vec![loss, dx, da, db, a, inner[0], inner[1], b, loss.jvp([a], [b]).unwrap()]
    });
}

/// Read by value while the checkpoint is still open, and a branch taken on it.
#[test]
fn values_can_be_read_inside() {
    same_bits(|graph, x, on| {
        let y = maybe(on, graph, || {
            let a = x.exp();
            let largest = a.max().item().unwrap();
            let b = if a.sum().greater(3.0).holds().unwrap() { a / largest } else { a };
            assert_eq!(a.value().unwrap().len(), 3);
            b.tanh()
        });
        let loss = y.square().sum();
        vec![loss, loss.grad(x).unwrap(), y]
    });
}

#[test]
fn gradients_detached_nodes_and_transforms_inside() {
    same_bits(|graph, x, on| {
        let y = maybe(on, graph, || {
            let energy = (x.sin() * x).sum();
            let slope = energy.grad(x).unwrap();
            let [curved] = (slope * slope.detach()).sum().grad([x]).unwrap();
            curved + slope.exp()
        });
        let loss = y.square().sum();
        vec![loss, loss.grad(x).unwrap(), loss.jvp(x, x).unwrap()]
    });
    same_bits(|graph, x, on| {
        let h = maybe(on, graph, || x.powi(3).exp().sum().hessian(x).unwrap());
        let each = maybe(on, graph, || vmap(h, |row| Ok((row * x).tanh().sum())).unwrap());
        vec![h, each, each.sum().grad(x).unwrap()]
    });
}

/// In second order contributions may meet in another order; a single path has none to meet.
#[test]
fn higher_orders_agree() {
    let run = |on| {
        let graph = Graph::new();
        let x = graph.variable("x", [0.3, -0.7, 1.1]);
        let y = maybe(on, &graph, || maybe(on, &graph, || x.sin().exp()).square() * x);
        let z = maybe(on, &graph, || (y * x).tanh());
        let mut all = Vec::new();
        let mut d = z;
        for _ in 0..4 {
            d = d.sum().grad(x).unwrap();
            all.extend(numbers(d));
        }
        all.extend(numbers(z.square().sum().hessian(x).unwrap()));
        all.extend(numbers(z.jacobian(x).unwrap()));
        all.extend(numbers(z.square().sum().hvp(x, x).unwrap()));
        all
    };
    let (saved, plain) = (run(true), run(false));
    for (s, p) in saved.iter().zip(&plain) {
        assert!((s - p).abs() <= 1e-12 * (1.0 + p.abs()), "{saved:?}\n{plain:?}");
    }
    assert_eq!(saved.len(), plain.len());
}

/// `eˣ`, counting how often it is computed.
struct Exp(Arc<AtomicUsize>);

impl CustomOp<f64> for Exp {
    fn name(&self) -> &'static str {
        "counted exp"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(operands[0].mapv(f64::exp))
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], y: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::diag(y)
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// For a value an operation in a checkpoint runs once; for the value and the gradient twice, however deep the checkpoints are,
/// and however many of them there are; for several gradients read together, twice for each sweep at most.
#[test]
fn operations_run_twice_and_no_more() {
    const LAYERS: usize = 6;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = || runs.swap(0, Ordering::Relaxed);
    let model = |graph: &Graph, depth: usize, compute: &dyn for<'g> Fn(&'g Graph, Var<'g>, Var<'g>)| {
        let x = graph.variable("x", [0.1, -0.2]);
        let mut y = x;
        for _ in 0..LAYERS {
            let layer = |y| graph.custom(Exp(runs.clone()), [y]).sin();
            y = match depth {
                0 => layer(y),
                1 => graph.checkpoint(|| layer(y)),
                _ => graph.checkpoint(|| graph.checkpoint(|| graph.custom(Exp(runs.clone()), [y])).sin()),
            };
        }
        compute(graph, y.sum(), x);
    };
    for depth in 0..3 {
        model(&Graph::new(), depth, &|graph, loss, _| graph.compute(loss).unwrap());
        assert_eq!(counted(), LAYERS, "the value, depth {depth}");
        model(&Graph::new(), depth, &|graph, loss, x| graph.compute([loss, loss.grad(x).unwrap()]).unwrap());
        let times = if depth == 0 { 1 } else { 2 };
        assert_eq!(counted(), times * LAYERS, "the value and the gradient together, depth {depth}");
        model(&Graph::new(), depth, &|_, loss, x| {
            loss.item().unwrap();
            drop(loss.grad(x).unwrap().value().unwrap());
        });
        assert_eq!(counted(), times * LAYERS, "the value and then the gradient, depth {depth}");
        model(&Graph::new(), depth, &|_, loss, x| drop(loss.jvp(x, x).unwrap().value().unwrap()));
        assert_eq!(counted(), LAYERS, "forward mode, depth {depth}");
    }
}

/// Errors and explanations inside of a checkpoint name the lines inside.
#[test]
fn errors_inside_have_their_lines() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 4.0]);
    let wrong = graph.checkpoint(|| x.exp() + array![1.0, 2.0, 3.0]);
    assert_eq!((wrong.value().unwrap_err().location().line(), wrong.shape().is_err()), (line!() - 1, true));
    let cut = graph.checkpoint(|| x.exp().floor() * 2.0);
    let line = line!() - 1;
    let error = cut.sum().grad(x).unwrap_err();
    assert!(error.kind() == ErrorKind::Cut && error.message().contains(&format!(":{line}:")), "{error}");
    let dead = graph.checkpoint(|| (-x.exp()).relu());
    let Explanation::Zero(places) = explain(dead.sum(), x).unwrap() else { panic!() };
    assert_eq!(places[0].operation, "relu");
    let zero = graph.checkpoint(|| x.exp().detach()).sum();
    assert_eq!(numbers(zero.grad(x).unwrap()), [0.0, 0.0]);
    let singular = graph.checkpoint(|| x.outer(x).inverse().exp());
    let line = line!() - 1;
    for node in [singular, singular.sum().grad(x).unwrap()] {
        let error = node.value().unwrap_err();
        assert_eq!((error.kind(), error.location().line()), (ErrorKind::Singular, line));
    }
    graph.check_finite(true);
    let logs = graph.checkpoint(|| (x - 1.0).ln().exp());
    let line = line!() - 1;
    let error = logs.value().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::NotFinite, "ln", line)
    );
    graph.check_finite(false);
    // one that gives up half-way leaves nothing behind
    let left = graph.checkpoint(|| (x * 2.0).reshape([3]).value().map(|_| x).ok());
    assert!(left.is_none());
    let foreign = Graph::new();
    let outside = graph.checkpoint(|| foreign.constant(2.0).exp());
    assert_eq!(numbers(outside), [2_f64.exp()]);
    assert_eq!(numbers((x * x).sum().grad(x).unwrap()), [2.0, 8.0]);
}

/// It has no value at all.
struct Never;

impl CustomOp<f64> for Never {
    fn name(&self) -> &'static str {
        "never"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, _: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        Err("not today".to_owned())
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// When an operation of a checkpoint fails, the values inside are let go of, whoever wrote the operation: the next attempt
/// computes them again.
#[test]
fn a_failure_inside_leaves_no_values_behind() {
    let last: [for<'g> fn(Var<'g>) -> Var<'g>; 2] = [|x| x.inverse(), |x| x.graph().custom(Never, [x])];
    for (i, last) in last.into_iter().enumerate() {
        let runs = Arc::new(AtomicUsize::new(0));
        let graph = Graph::new();
        let x = graph.full([2, 2], 1.0);
        let y = graph.checkpoint(|| last(graph.custom(Exp(runs.clone()), [x]).sin()));
        for attempt in 1..4 {
            assert!(y.value().is_err());
            assert_eq!(runs.load(Ordering::Relaxed), attempt, "the failing operation is number {i}");
        }
    }
}

/// A checkpoint in a function of one example is one of the whole batch: each example's operation runs twice.
#[test]
fn inside_of_vmap_it_is_still_a_checkpoint() {
    let runs = Arc::new(AtomicUsize::new(0));
    let graph = &Graph::new();
    let x = graph.variable("x", array![[0.1, -0.2], [0.3, 0.5], [-0.7, 0.0]]);
    let batch = |saving| {
        let body = |x| maybe(saving, graph, || graph.custom(Exp(runs.clone()), [x]).sin());
        let loss = vmap(x, |x| Ok(body(x))).unwrap().sum();
        let slope = loss.grad(x).unwrap();
        graph.compute([loss, slope]).unwrap();
        (runs.swap(0, Ordering::Relaxed), bits(loss), bits(slope))
    };
    let (plain, saved) = (batch(false), batch(true));
    assert_eq!((plain.0, saved.0), (3, 6));
    assert_eq!((plain.1, plain.2), (saved.1, saved.2));
}

/// A compiled program finds common subexpressions; that a checkpoint is computed a second time is meant, and is none.
#[test]
fn a_program_computes_checkpoints_twice_and_needs_less_memory() {
    fn block<'g>(x: Var<'g>) -> Var<'g> {
        (0..4).fold(x.sin(), |y, _| (y.cumsum(0) / 2000.0).tanh())
    }
    let program = |saving| {
        let graph = &Graph::new();
        let x = graph.variable("x", ndarray::Array1::linspace(0.0, 1.0, 2000));
        let mut y = graph.constant(0.0) + x;
        for _ in 0..8 {
            y = match saving {
                true => graph.checkpoint(|| block(y)),
                false => block(y),
            };
        }
        let mut program = Program::new([], [y.sum().grad(x).unwrap()]).compile().unwrap();
        let plan = program.explain();
        let [slope] = program.run(()).unwrap();
        (plan.work_bytes, plan.items, slope.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
    };
    let ((plain, few, want), (saved, many, bits)) = (program(false), program(true));
    assert_eq!(bits, want);
    assert!(many > few, "{many} things to compute, and {few} without checkpoints");
    assert!(2 * saved < plain, "{saved} bytes, and {plain} without checkpoints");
}
