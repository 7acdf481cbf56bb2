//! Every operation, one row each (`src/rows`), against the complex step on its definition: values, both modes, second
//! derivatives in both ways, broadcasting, empty shapes and ones of size 1, in f64 and f32.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::collections::BTreeSet;

use chainrule::graph::{ErrorKind, Graph, Scalar, Var, jvp};
use chainrule_tests::build::array;
use chainrule_tests::oracle::scalar::H;
use chainrule_tests::oracle::{Arr, C, count, derivative};
use chainrule_tests::rows::{DRAWN, Engine, Random, Row, all};
use chainrule_tests::sources::families;

/// First derivatives: relative to the largest element of what they belong to.
const FIRST: f64 = 1e-11;
/// Second derivatives, beside the error that the differences have themselves.
const SECOND: f64 = 1e-9;

/// The oracle at `x + t d`, with the imaginary parts `H e`.
fn oracle(row: &Row, x: &[Arr<f64>], t: f64, d: &[Arr<f64>], e: &[Arr<f64>]) -> Arr<C> {
    let at = |i: usize| {
        let data = (0..x[i].data.len()).map(|j| C::new(x[i].data[j] + t * d[i].data[j], H * e[i].data[j]));
        Arr { shape: x[i].shape.clone(), data: data.collect() }
    };
    (row.oracle)(&(0..x.len()).map(at).collect::<Vec<_>>())
}

fn zeros(x: &[Arr<f64>]) -> Vec<Arr<f64>> {
    x.iter().map(|x| Arr::zeros(&x.shape)).collect()
}

fn random(shapes: &[Vec<usize>], seed: u64) -> Vec<Arr<f64>> {
    let mut random = Random(seed);
    let draw = |shape: &Vec<usize>| Arr {
        shape: shape.clone(),
        data: (0..count(shape)).map(|_| random.number(false)).collect(),
    };
    shapes.iter().map(draw).collect()
}

/// The gradient of `<w, y>` at `x + t d`, all operands' elements in one list.
fn gradient(row: &Row, x: &[Arr<f64>], t: f64, d: &[Arr<f64>], w: &Arr<f64>) -> Vec<f64> {
    let mut gradient = Vec::new();
    for i in 0..x.len() {
        for j in 0..x[i].data.len() {
            let mut unit = zeros(x);
            unit[i].data[j] = 1.0;
            let y = oracle(row, x, t, d, &unit);
            gradient.push(y.data.iter().zip(&w.data).map(|(y, w)| y.im / H * w).sum());
        }
    }
    gradient
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Vec<f64> {
    x.value().unwrap().iter().map(|x| x.as_f64()).collect()
}

fn together<T: Scalar>(xs: &[Var<'_, T>]) -> Vec<f64> {
    xs.iter().flat_map(|&x| numbers(x)).collect()
}

#[track_caller]
fn near(what: &str, got: &[f64], want: &[f64], part: f64, errors: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(0.0_f64, |m, x| m.max(x.abs())).max(1e-3);
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let allowed = part * scale + errors.get(i).copied().unwrap_or(0.0);
        assert!(
            (g - w).abs() <= allowed,
            "{what}: element {i} is {g}, not {w} (allowed {allowed:e})\n{got:?}\n{want:?}"
        );
    }
}

fn check(row: &Row, shapes: &[&[usize]], seed: u64) {
    let x = row.operands(shapes, seed);
    let what = format!("{} of {shapes:?}, seed {seed}", row.name);
    let plain = oracle(row, &x, 0.0, &zeros(&x), &zeros(&x));
    let [w, v] = [
        random(std::slice::from_ref(&plain.shape), seed + 1),
        random(&shapes.iter().map(|s| s.to_vec()).collect::<Vec<_>>(), seed + 2),
    ];
    let w = &w[0];

    let graph = Graph::new();
    let xs: Vec<Var<'_>> = x.iter().map(|x| graph.constant(array::<f64>(x))).collect();
    let y = (row.engine)(&graph, &xs);
    assert_eq!(y.shape().unwrap_or_else(|e| panic!("{what}: {e}")), plain.shape, "{what}");
    let real: Vec<f64> = plain.data.iter().map(|z| z.re).collect();
    near(&format!("{what}: value"), &numbers(y), &real, 1e-13, &[]);

    let seeds = graph.constant(array::<f64>(w));
    let directions: Vec<Var<'_>> = v.iter().map(|v| graph.constant(array::<f64>(v))).collect();
    if row.cut {
        // Of no elements too: what has no gradient has none.
        let error = y.vjp(seeds, xs.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cut, "{what}: {error}");
        assert_eq!(y.jvp(xs, directions).unwrap_err().kind(), ErrorKind::Cut, "{what}");
        return;
    }
    // Forward.
    let along = oracle(row, &x, 0.0, &zeros(&x), &v);
    let tangent = y.jvp(xs.clone(), directions.clone()).unwrap();
    let want: Vec<f64> = along.data.iter().map(|z| z.im / H).collect();
    near(&format!("{what}: tangent"), &numbers(tangent), &want, FIRST, &[]);
    // Backward.
    let cotangents = y.vjp(seeds, xs.clone()).unwrap();
    let want = gradient(row, &x, 0.0, &zeros(&x), w);
    near(&format!("{what}: cotangent"), &together(&cotangents), &want, FIRST, &[]);
    // Second order: the derivative of <gradient, v> by the operands.
    let noise: Vec<f64> = vec![want.iter().fold(1.0, |m, x| m.max(x.abs())); want.len()];
    let (second, errors): (Vec<f64>, Vec<f64>) =
        derivative(1.0 / 512.0, &noise, |t| gradient(row, &x, t, &v, w)).into_iter().unzip();
    let errors: Vec<f64> = errors.into_iter().map(|e| 4.0 * e).collect();
    let forward = jvp(cotangents.clone(), xs.clone(), directions.clone()).unwrap();
    near(&format!("{what}: forward over reverse"), &together(&forward), &second, SECOND, &errors);
    let products = cotangents.iter().zip(&directions).map(|(&g, &v)| (g * v).sum());
    let sum = products.reduce(|a, b| a + b).unwrap();
    let reverse = sum.grad(xs).unwrap();
    near(&format!("{what}: reverse over reverse"), &together(&reverse), &second, SECOND, &errors);
}

#[test]
fn every_operation_has_the_derivatives_of_its_definition() {
    for row in all() {
        for shapes in row.shapes {
            for seed in [1, 2] {
                check(&row, shapes, seed);
            }
        }
    }
}

/// Value and gradients, as a list.
fn run<T: Scalar>(engine: Engine<T>, x: &[Arr<f64>], w: Option<&Arr<f64>>) -> Vec<f64> {
    let graph = Graph::<T>::default();
    let xs: Vec<Var<'_, T>> = x.iter().map(|x| graph.constant(array::<T>(x))).collect();
    let y = engine(&graph, &xs);
    let Some(w) = w else { return numbers(y) };
    let cotangents = y.vjp(graph.constant(array::<T>(w)), xs).unwrap();
    together(&cotangents)
}

#[test]
fn every_operation_in_f32_follows_the_one_in_f64() {
    let part = 4096.0 * f64::from(f32::EPSILON);
    for row in all().into_iter().filter(|row| !DRAWN.contains(&row.name)) {
        for shapes in row.shapes {
            // Numbers that both types hold, so that ties and choices are the same ones.
            let x: Vec<Arr<f64>> =
                row.operands(shapes, 3).iter().map(|x| x.map(|x| f64::from(x as f32))).collect();
            let plain = oracle(&row, &x, 0.0, &zeros(&x), &zeros(&x));
            let what = format!("{} of {shapes:?} in f32", row.name);
            near(&what, &run(row.engine32, &x, None), &run(row.engine, &x, None), part, &[]);
            if !row.cut {
                let w = random(std::slice::from_ref(&plain.shape), 4)[0].map(|w| f64::from(w as f32));
                near(&what, &run(row.engine32, &x, Some(&w)), &run(row.engine, &x, Some(&w)), part, &[]);
            }
        }
    }
}

/// The methods that the sources offer, by their names.
fn offered() -> BTreeSet<String> {
    families()
        .unwrap()
        .into_iter()
        .flat_map(|family| family.operations)
        .map(|operation| operation.name)
        .collect()
}

#[test]
fn no_operation_is_without_a_row() {
    // What is no operation: the table's functions as values, and what cuts on purpose.
    let others = ["map", "zip", "detach"];
    // Operators have no method.
    let operators = ["neg", "add", "sub", "mul", "div", "add_number", "mul_number"];
    let rows: BTreeSet<String> = all().iter().map(|row| row.name.to_owned()).collect();
    let offered = offered();
    let missing: Vec<_> =
        offered.iter().filter(|name| !rows.contains(*name) && !others.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "without a row in tests/src/rows: {missing:?}");
    let unknown: Vec<_> =
        rows.iter().filter(|name| !offered.contains(*name) && !operators.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "rows for what is not offered: {unknown:?}");
    assert!(offered.len() > 80, "{offered:?}");
}
