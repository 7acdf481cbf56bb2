//! Compiled programs give the bits of `value()`: for every operation, for random programs, at every length that matters to
//! tiles, and at any number of threads.

use chainrule::graph::{Graph, Program, Scalar, Var, keep};
use chainrule_check::program::{Failure, programs};
use chainrule_tests::oracle::array;
use chainrule_tests::random::same;
use chainrule_tests::rows;
use ndarray::{ArrayD, ArrayViewD};

fn bits<T: Scalar>(x: impl IntoIterator<Item = T>) -> Vec<u64> {
    // One NaN is as good as another.
    x.into_iter().map(|x| if x.is_nan() { u64::MAX } else { x.as_f64().to_bits() }).collect()
}

/// All nodes as outputs of one program, each as that of its own, and with the inputs as constants; against `value()`.
fn compare<T: Scalar>(inputs: &[Var<'_, T>], outputs: &[Var<'_, T>]) -> Result<(), Failure> {
    let want: Vec<_> = outputs.iter().map(|y| y.value().map(bits)).collect::<Result<_, _>>()?;
    let values: Vec<ArrayD<T>> = inputs.iter().map(|x| x.value()).collect::<Result<_, _>>()?;
    let check = |how: &str, got: &[Vec<u64>], want: &[Vec<u64>]| {
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            same(&format!("{how}, length of output {i}"), got.len(), want.len())?;
            if let Some(wrong) = got.iter().zip(want).position(|(g, w)| g != w) {
                let [got, want] = [got, want].map(|all| f64::from_bits(all[wrong]));
                let plan = Program::new(inputs.to_vec(), outputs.to_vec()).compile()?.explain();
                let place = format!("{how}, output {i}, element {wrong}");
                return Err(Failure::new(format!("{place}: {got:e}, not {want:e}\n{plan}")));
            }
        }
        Ok(())
    };
    let read = |ys: Vec<ArrayViewD<'_, T>>| ys.iter().map(|y| bits(y.iter().copied())).collect::<Vec<_>>();
    let mut all = Program::new(inputs.to_vec(), outputs.to_vec()).compile()?;
    for how in ["first run", "second run"] {
        check(how, &read(all.run(values.clone())?), &want)?;
    }
    for (y, want) in outputs.iter().zip(&want) {
        let mut alone = Program::new(inputs.to_vec(), vec![*y]).compile()?;
        check("alone", &read(alone.run(values.clone())?), std::slice::from_ref(want))?;
    }
    let mut without = Program::new([], outputs.to_vec()).compile()?;
    check("without inputs", &read(without.run(())?), &want)
}

#[track_caller]
fn same_bits<T: Scalar>(what: &str, inputs: &[Var<'_, T>], outputs: &[Var<'_, T>]) {
    compare(inputs, outputs).unwrap_or_else(|failure| panic!("{what}, {failure}"));
}

/// The value, its gradient, and the gradient of that.
fn with_derivatives<'g, T: Scalar>(y: Var<'g, T>, x: &[Var<'g, T>], cut: bool) -> Vec<Var<'g, T>> {
    let mut outputs = vec![y];
    if !cut && !x.is_empty() {
        let first = (y * y).sum().grad(x.to_vec()).unwrap();
        let along = first.iter().map(|g| (*g * *g).sum()).reduce(|a, b| a + b).unwrap();
        outputs.extend(first);
        outputs.extend(along.grad(x.to_vec()).unwrap());
    }
    outputs
}

#[test]
fn every_operation() {
    for row in rows::all() {
        for shapes in row.shapes {
            let operands = row.operands(shapes, 3);
            let what = format!("{} of {shapes:?}", row.name);
            let graph = Graph::new();
            let x: Vec<_> = operands
                .iter()
                .enumerate()
                .map(|(i, x)| graph.variable(format!("x{i}"), array::<f64>(x)))
                .collect();
            let y = (row.engine)(&graph, &x);
            same_bits(&what, &x, &with_derivatives(y, &x, row.cut));
            let graph = Graph::f32();
            let x: Vec<_> = operands
                .iter()
                .enumerate()
                .map(|(i, x)| graph.variable(format!("x{i}"), array::<f32>(x)))
                .collect();
            let y = (row.engine32)(&graph, &x);
            same_bits(&what, &x, &with_derivatives(y, &x, row.cut));
        }
    }
}

#[test]
fn random_programs() {
    programs()
        .lines(24)
        .check_by(200, |program, _| {
            let graph = Graph::new();
            let nodes = program.record(&graph);
            let output = nodes[program.output()];
            let leaves: Vec<_> = program.leaves().into_iter().map(|id| nodes[id]).collect();
            let has_gradient = |y: Var<'_>, x: Var<'_>| y.grad(x).is_ok();
            let inputs: Vec<_> = leaves.iter().copied().filter(|&x| has_gradient(output, x)).collect();
            let mut outputs = nodes.clone();
            let gradients = output.grad(inputs.clone())?;
            if let Some(along) = gradients.iter().map(|g| (*g * *g).sum()).reduce(|a, b| a + b) {
                outputs.extend(
                    along.grad(inputs.into_iter().filter(|&x| has_gradient(along, x)).collect::<Vec<_>>())?,
                );
            }
            outputs.extend(gradients);
            compare(&leaves, &outputs)
        })
        .unwrap();
}

/// Elementwise chains, softmax, layer norm, sums and extremes along rows and of everything.
fn mixture<'g, T: Scalar>(x: Var<'g, T>, bias: Var<'g, T>) -> Vec<Var<'g, T>> {
    let y = (x * T::of(0.7) + bias).tanh();
    let centred = y - y.mean_axes(keep(1));
    let norm = centred / (centred.square().mean_axes(keep(1)) + T::of(1e-5)).sqrt();
    let soft = (norm * y).softmax(1);
    let loss = (soft * x).sum() + norm.max_axes(1).sum() + y.min() + soft.sum_axes(0).square().sum();
    let [dx, db] = loss.grad([x, bias]).unwrap();
    vec![loss, dx, db, soft, y.max(), (x + x.t().t()).t()]
}

fn wave<T: Scalar>(shape: &[usize]) -> ArrayD<T> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| T::of((i as f64 * 0.37).sin() * 2.0)).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

fn at_lengths<T: Scalar>() {
    for shape in [
        [1, 1],
        [1, 2],
        [2, 1],
        [3, 5],
        [16, 16],
        [17, 3],
        [1, 1023],
        [1, 1024],
        [1, 1025],
        [1, 5000],
        [2, 1024],
        [3, 1025],
        [700, 3],
        [1025, 1],
        [64, 100],
        [40, 128],
        [33, 96],
        [5, 700],
        [500, 7],
    ] {
        let graph = Graph::<T>::default();
        let x = graph.variable("x", wave::<T>(&shape));
        let bias = graph.variable("b", wave::<T>(&shape[1..]));
        same_bits(&format!("{shape:?} in {}", T::NAME), &[x, bias], &mixture(x, bias));
    }
}

#[test]
fn lengths_of_tiles() {
    at_lengths::<f64>();
    at_lengths::<f32>();
}

/// Sums over some axes and over more of them, whose numbers could be taken for sizes of what the first leave.
#[test]
fn reductions_of_the_same_array_are_told_apart() {
    let graph = Graph::new();
    for (i, shape) in
        [vec![2, 1, 2], vec![3, 1, 2], vec![2, 1, 2, 3], vec![3, 2, 1], vec![2, 2, 1, 1]].iter().enumerate()
    {
        let x = graph.variable(format!("x{i}"), wave::<f64>(shape));
        let axes: Vec<Vec<usize>> = (0..1_usize << shape.len())
            .map(|set| (0..shape.len()).filter(|axis| set >> axis & 1 == 1).collect())
            .collect();
        let mut outputs = Vec::new();
        for axes in &axes {
            let some = axes.as_slice();
            outputs.extend([x.sum_axes(some), x.max_axes(some), x.min_axes(some), x.sum_axes(keep(some))]);
        }
        same_bits(&format!("{shape:?}"), &[x], &outputs);
    }
}

#[test]
fn any_number_of_threads() {
    for shape in [[300, 500], [4, 60_000], [60_000, 4], [1, 200_000], [257, 1024]] {
        let graph = Graph::f32();
        let x = graph.variable("x", wave::<f32>(&shape));
        let bias = graph.variable("b", wave::<f32>(&shape[1..]));
        let outputs = mixture(x, bias);
        let want: Vec<_> = outputs.iter().map(|y| bits(y.value().unwrap())).collect();
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut program = Program::new([], outputs.clone()).compile().unwrap();
            let got = pool.install(|| {
                program.run(()).map(|ys| ys.iter().map(|y| bits(y.iter().copied())).collect::<Vec<_>>())
            });
            assert!(got.unwrap() == want, "{shape:?} on {threads} threads");
        }
    }
}

/// How many operations of scalar code a program has.
#[track_caller]
fn scalar_operations<'g>(inputs: Vec<Var<'g, f64>>, outputs: Vec<Var<'g, f64>>) -> usize {
    let plan = Program::new(inputs, outputs).compile().unwrap().explain().to_string();
    let (_, rest) = plan.split_once("scalar code of ").unwrap_or_else(|| panic!("no scalar code:\n{plan}"));
    rest.split(' ').next().and_then(|count| count.parse().ok()).unwrap()
}

/// A sine and its slope, a sigmoid and its: in tiny programs, where they are long, and in chains.
#[test]
fn scalar_code_computes_a_function_and_its_slope_together() {
    let graph = Graph::new();
    let x = graph.variable("x", wave::<f64>(&[]));
    let a = graph.variable("a", wave::<f64>(&[]));
    for outputs in [vec![x.sin(), x.cos()], vec![(a * a).cos(), (a * a).sin()]] {
        same_bits("a pair", &[x, a], &outputs);
        let more = if outputs[0].value().unwrap() == x.sin().value().unwrap() { 0 } else { 1 };
        assert_eq!(scalar_operations(vec![x, a], outputs), 1 + more);
    }
    let weights = graph.variable("w", wave::<f64>(&[3]));
    let slope = weights.sigmoid().sum().grad(weights).unwrap();
    let outputs = vec![weights.sigmoid(), slope];
    same_bits("a layer", &[weights], &outputs);
    assert_eq!(scalar_operations(vec![weights], outputs), 3);
    let rounds = 100;
    let y = (0..rounds).fold(x, |x, _| x.sin() * a + x);
    let gradients = y.grad([x, a]).unwrap();
    let outputs = [vec![y], gradients.to_vec()].concat();
    same_bits("a chain", &[x, a], &outputs);
    // Both functions; the product and the sum; and three for the gradients.
    assert!(scalar_operations(vec![x, a], outputs) <= 5 * rounds);
}
