//! What holds for every layer: gradients, compiled programs, `f32`, batches of one and of none.

use crate::zoo::{Case, cases, close, cotangent, inputs, output};
use chainrule_graph::{Graph, Program, Scalar};
use ndarray::{ArrayD, Axis, Slice};

/// The derivative of `Σ e y` by each element of each parameter and of the input, against central differences, in training.
#[test]
fn gradients_are_those_of_central_differences() {
    const H: f64 = 1e-5;
    for case in cases::<f64>() {
        let graph = Graph::new();
        let bound = case.params.bind(&graph).train(5);
        let x = graph.constant(&case.x);
        let y = bound.apply(&case.layer, x);
        let loss = (y * cotangent(&y.shape().unwrap())).sum();
        let nodes = inputs(&case, &bound, x);
        let gradients: Vec<_> =
            loss.grad(nodes.clone()).unwrap().into_iter().map(|g| g.value().unwrap()).collect();
        let values: Vec<_> = nodes.iter().map(|node| node.value().unwrap()).collect();
        let mut program = Program::new(nodes, [loss]).compile().unwrap();
        for (number, gradient) in gradients.iter().enumerate() {
            for (place, &want) in gradient.indexed_iter() {
                let mut at = |h: f64| {
                    let mut moved = values.clone();
                    moved[number][&place] += h;
                    let [loss] = program.run(moved).unwrap();
                    loss.first().copied().unwrap()
                };
                let slope = (at(H) - at(-H)) / (2.0 * H);
                assert!(
                    (slope - want).abs() <= 2e-8 * (1.0 + want.abs()),
                    "{}: {want} and not {slope}, by input {number} at {place:?}",
                    case.name
                );
            }
        }
    }
}

fn same_bits<T: Scalar>(what: &str, got: &ArrayD<T>, want: &ArrayD<T>) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    for (got, want) in got.iter().zip(want) {
        assert_eq!(got.as_f64().to_bits(), want.as_f64().to_bits(), "{what}");
    }
}

fn compiled<T: Scalar>(case: &Case<T>) {
    let graph = Graph::default();
    let bound = case.params.bind(&graph).train(5);
    let x = graph.constant(&case.x);
    let y = bound.apply(&case.layer, x);
    let loss = (y * cotangent(&y.shape().unwrap())).sum();
    let mut outputs = vec![y];
    outputs.extend(loss.grad(inputs(case, &bound, x)).unwrap());
    let updates = bound.updates();
    let mut program = Program::new([x], outputs.clone()).updates(updates.clone()).compile().unwrap();
    let results = program.run([case.x.view()]).unwrap();
    let results: Vec<_> = results.into_iter().map(|result| result.to_owned()).collect();
    for (number, (result, node)) in results.iter().zip(&outputs).enumerate() {
        same_bits(&format!("{}, result {number}", case.name), result, &node.value().unwrap());
    }
    let state = program.state();
    for (name, node) in graph.variables() {
        let next = updates.iter().find(|(old, _)| format!("{old:?}") == format!("{node:?}"));
        let want = next.map_or(node, |(_, next)| *next).value().unwrap();
        // A variable that the program does not use has no place in its state.
        if let Ok(got) = state.get(&name) {
            same_bits(&format!("{}, `{name}`", case.name), &got, &want);
        } else {
            assert!(next.is_none(), "{}: `{name}`", case.name);
        }
    }
}

#[test]
fn compiled_steps_are_the_recorded_ones_bit_for_bit() {
    cases::<f64>().iter().for_each(compiled);
    cases::<f32>().iter().for_each(compiled);
}

#[test]
fn single_precision_is_double_precision_rounded() {
    for (single, double) in cases::<f32>().iter().zip(cases::<f64>()) {
        let train = double.train && !double.name.contains("dropout") && double.name != "pictures";
        let want = output(&double, &double.x, train).mapv(|y| y as f32);
        close(double.name, &output(single, &single.x, train), &want, 2e-5);
    }
}

#[test]
fn samples_do_not_know_of_each_other() {
    for case in cases::<f64>().iter().filter(|case| case.is_batch()) {
        let all = output(case, &case.x, false);
        for row in 0..case.x.shape()[0] {
            let part = |x: &ArrayD<f64>| x.slice_axis(Axis(0), Slice::from(row..row + 1)).to_owned();
            close(case.name, &output(case, &part(&case.x), false), &part(&all), 1e-13);
        }
    }
}

#[test]
fn a_batch_of_none_gives_none() {
    for case in cases::<f64>().iter().filter(|case| case.is_batch()) {
        let none = case.x.slice_axis(Axis(0), Slice::from(0..0)).to_owned();
        let mut shape = output(case, &case.x, false).shape().to_vec();
        shape[0] = 0;
        assert_eq!(output(case, &none, false).shape(), shape, "{}", case.name);
        let graph = Graph::new();
        let bound = case.params.bind(&graph);
        let x = graph.constant(&none);
        let loss = bound.apply(&case.layer, x).sum();
        for gradient in loss.grad(inputs(case, &bound, x)).unwrap() {
            let gradient = gradient.value().unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert!(gradient.iter().all(|&g| g == 0.0), "{}", case.name);
        }
    }
}
