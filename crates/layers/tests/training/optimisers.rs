//! Every optimiser against PyTorch's in double precision (Lion against its paper), figures by `data/optimisers.py`; and that
//! what `value()` gives is what a compiled step gives, in any program.

use chainrule_graph::{ErrorKind, Graph, Program, Scalar, Var};
use chainrule_layers::{
    Adagrad, Adam, AdamW, Bound, Lion, Momentum, Nesterov, Optimizer, Params, RmsProp, Rule, Schedule, Sgd,
    Step, mean_squared_error,
};
use ndarray::{Array2, ArrayD, s};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn read<V: DeserializeOwned>(value: &Value) -> V {
    serde_json::from_value(value.clone()).unwrap()
}

fn figures() -> Value {
    serde_json::from_str(include_str!("../data/optimisers.json")).unwrap()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = read(value);
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

fn problem<T: Scalar>(data: &Value) -> Params<T> {
    let mut params = Params::new();
    params.insert("w", matrix(&data["w"]).mapv(T::of));
    params.insert("b", read::<Vec<f64>>(&data["b"]).into_iter().map(T::of).collect::<Vec<_>>());
    params
}

fn loss<'g, T: Scalar>(bound: &Bound<'g, T>, x: Var<'g, T>, y: Var<'g, T>) -> Var<'g, T> {
    mean_squared_error(y, (x.matmul(bound.get("w")) + bound.get("b")).tanh())
}

/// The largest deviation of losses and last parameters, relative to 1 and themselves.
fn deviation<R: Rule<f64>>(name: &str, optimizer: Optimizer<R>, batch: usize) -> f64 {
    let data = figures();
    let (x, y) = (matrix(&data["x"]), matrix(&data["y"]));
    let graph = Graph::new();
    let mut params = problem(&data);
    let bound = params.bind(&graph);
    let [a, b] = [&x, &y].map(|all| graph.constant(all.slice(s![..batch, ..])));
    let loss = loss(&bound, a, b);
    let updates = optimizer.minimize(loss, &bound).unwrap();
    let mut step = Program::new([a, b], [loss]).updates(updates).compile().unwrap();
    let losses: Vec<f64> = read(&data[name]["losses"]);
    let close = |have: f64, want: f64| (have - want).abs() / want.abs().max(1.0);
    let mut worst = 0.0_f64;
    for (run, want) in losses.into_iter().enumerate() {
        let from = run * batch % x.nrows();
        let rows = s![from..from + batch, ..];
        let [have] = step.run((&x.slice(rows), &y.slice(rows))).unwrap();
        worst = worst.max(close(have[[]], want));
    }
    params.read(step.state()).unwrap();
    let end: Vec<f64> = read(&data[name]["end"]);
    let have = params.iter().flat_map(|(_, p)| p.iter());
    have.zip(end).fold(worst, |worst, (&have, want)| worst.max(close(have, want)))
}

#[test]
fn every_optimiser_follows_its_reference() {
    let nesterov = Nesterov::new(0.1, 0.8).weight_decay(0.02);
    let accumulate = Adam::new(Schedule::exponential(0.05, 0.8)).clip_norm(0.2).accumulate(3);
    let cosine = AdamW::new(Schedule::cosine_to(0.1, 0.01, 20)).weight_decay(0.2);
    let centered = RmsProp::new(0.01).momentum(0.5).centered();
    let momentum = RmsProp::new(0.01).smoothing(0.9).epsilon(1e-4).momentum(0.7);
    let betas = Adam::new(0.05).betas(0.0, 0.5).epsilon(1e-3).weight_decay(0.1);
    let mut worst = 0.0_f64;
    for (name, deviation) in [
        ("sgd", deviation("sgd", Sgd::new(0.3), 6)),
        ("sgd_decay", deviation("sgd_decay", Sgd::new(0.3).weight_decay(0.1), 6)),
        ("momentum", deviation("momentum", Momentum::new(0.1, 0.8), 6)),
        ("nesterov", deviation("nesterov", nesterov, 6)),
        ("adam", deviation("adam", Adam::new(0.05), 6)),
        ("adam_betas", deviation("adam_betas", betas, 6)),
        ("adam_zero", deviation("adam_zero", Adam::new(0.05).betas(0.5, 0.0), 6)),
        ("amsgrad", deviation("amsgrad", Adam::new(0.1).betas(0.9, 0.6).amsgrad(), 6)),
        ("adamw", deviation("adamw", AdamW::new(0.05), 6)),
        ("adamw_decay", deviation("adamw_decay", AdamW::new(0.05).weight_decay(0.5), 6)),
        ("rmsprop", deviation("rmsprop", RmsProp::new(0.01), 6)),
        ("rmsprop_momentum", deviation("rmsprop_momentum", momentum, 6)),
        ("rmsprop_centered", deviation("rmsprop_centered", centered, 6)),
        ("adagrad", deviation("adagrad", Adagrad::new(0.2), 6)),
        ("lion", deviation("lion", Lion::new(0.03), 6)),
        ("lion_decay", deviation("lion_decay", Lion::new(0.03).betas(0.8, 0.95).weight_decay(0.3), 6)),
        ("clip_norm", deviation("clip_norm", Momentum::new(0.3, 0.5).clip_norm(0.2).weight_decay(0.1), 6)),
        ("clip_value", deviation("clip_value", Sgd::new(0.3).clip_value(0.05), 6)),
        ("accumulate", deviation("accumulate", accumulate, 2)),
        ("adamw_cosine", deviation("adamw_cosine", cosine, 6)),
    ] {
        println!("{name}: {deviation:e}");
        worst = worst.max(deviation);
        assert!(deviation < 1e-12, "{name}: {deviation:e}");
    }
    println!("worst: {worst:e}");
}

/// Five steps of a program with a state, the first of `value()`, and the others of programs that take everything as inputs:
/// all that a step replaces has the same bits.
fn both_ways<T: Scalar, R: Rule<T>>(optimizer: &Optimizer<R>) {
    let data = figures();
    let (x, y) = (matrix(&data["x"]).mapv(T::of), matrix(&data["y"]).mapv(T::of));
    let compiled = Graph::<T>::default();
    let bound = problem(&data).bind(&compiled);
    let cost = loss(&bound, compiled.constant(&x), compiled.constant(&y));
    let mut step =
        Program::new([], [cost]).updates(optimizer.minimize(cost, &bound).unwrap()).compile().unwrap();
    // The variables of the next graph, by name.
    let mut values: Vec<(String, ArrayD<T>)> = Vec::new();
    for _ in 0..5 {
        step.run(()).unwrap();
        let graph = Graph::<T>::default();
        let mut params = problem::<T>(&data);
        for (name, value) in &values {
            if params.get(name).is_some() {
                params.insert(name.clone(), value);
            }
        }
        let bound = params.bind(&graph);
        let cost = loss(&bound, graph.constant(&x), graph.constant(&y));
        let updates = optimizer.minimize(cost, &bound).unwrap();
        let variables = graph.variables();
        let name_of = |x: Var<'_, T>| {
            let same = |(_, other): &(&String, &Var<'_, T>)| format!("{other:?}") == format!("{x:?}");
            variables.iter().find(same).unwrap().0.clone()
        };
        let names: Vec<String> = updates.iter().map(|&(old, _)| name_of(old)).collect();
        let olds: Vec<_> = updates.iter().map(|&(old, _)| old).collect();
        let next: Vec<ArrayD<T>> = if values.is_empty() {
            updates.iter().map(|(_, next)| next.value().unwrap()).collect()
        } else {
            let feeds: Vec<_> = names
                .iter()
                .map(|name| values.iter().find(|(other, _)| other == name).unwrap().1.clone())
                .collect();
            let mut program = Program::new(olds, updates.iter().map(|&(_, next)| next).collect::<Vec<_>>())
                .compile()
                .unwrap();
            program.run(feeds).unwrap().into_iter().map(|value| value.to_owned()).collect()
        };
        values = names.into_iter().zip(next).collect();
        for (name, value) in &values {
            let state = step.state().get(name).unwrap();
            assert!(state.iter().zip(value).all(|(a, b)| a.bits() == b.bits()), "{name}");
        }
    }
}

#[test]
fn interactive_and_compiled_steps_have_the_same_bits() {
    fn all<T: Scalar>() {
        both_ways::<T, _>(&Sgd::new(0.1).clip_norm(0.1));
        both_ways::<T, _>(&Momentum::new(0.1, 0.9).weight_decay(0.1));
        both_ways::<T, _>(&Nesterov::new(0.1, 0.9).clip_value(0.1));
        both_ways::<T, _>(&Adam::new(Schedule::one_cycle(0.1, 20)).amsgrad());
        both_ways::<T, _>(&AdamW::new(Schedule::cosine(0.1, 4).warm_up(2)));
        both_ways::<T, _>(&RmsProp::new(0.1).momentum(0.5).centered());
        both_ways::<T, _>(&Adagrad::new(0.1).accumulate(2));
        both_ways::<T, _>(&Lion::new(0.1).weight_decay(0.1));
    }
    all::<f64>();
    all::<f32>();
}

fn quadratic<R: Rule<f64>>(optimizer: &Optimizer<R>, x: [f64; 2], gradient: [f64; 2]) -> Vec<f64> {
    let mut params = Params::new();
    params.insert("x", x);
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let loss = (bound.get("x") * graph.constant(gradient)).sum();
    let mut step =
        Program::new([], [loss]).updates(optimizer.minimize(loss, &bound).unwrap()).compile().unwrap();
    step.run(()).unwrap();
    step.state().get("x").unwrap().into_raw_vec_and_offset().0
}

#[test]
fn clipping_at_the_ends() {
    let norm = Sgd::new(1.0).clip_norm(1.0);
    // no gradient, one within the bound, one beyond, and one whose square overflows
    assert_eq!(quadratic(&norm, [1.0, 2.0], [0.0, 0.0]), [1.0, 2.0]);
    assert_eq!(quadratic(&norm, [1.0, 2.0], [0.6, -0.7]), [1.0 - 0.6, 2.0 + 0.7]);
    let far = quadratic(&norm, [0.0, 0.0], [3e200, 4e200]);
    assert!((far[0] + 0.6).abs() < 1e-15 && (far[1] + 0.8).abs() < 1e-15);
    let infinite = quadratic(&norm, [0.0, 5.0], [f64::INFINITY, 1.0]);
    assert!(infinite[0].is_nan() && infinite[1] == 5.0);
    assert!(quadratic(&norm, [0.0, 5.0], [f64::NAN, 1.0]).iter().all(|x| x.is_nan()));
    let value = Sgd::new(1.0).clip_value(0.5);
    assert_eq!(quadratic(&value, [0.0, 0.0], [f64::INFINITY, -0.25]), [-0.5, 0.25]);
}

#[test]
fn the_first_steps_of_adam() {
    // m / (1 - beta1) and √(v / (1 - beta2)) are the gradient and its size, whatever the betas
    for (b1, b2) in [(0.9, 0.999), (0.0, 0.0), (0.999999, 0.9999999), (0.0, 0.99)] {
        let x = quadratic(&Adam::new(0.5).betas(b1, b2).epsilon(0.0), [1.0, 1.0], [1e-12, -3.0]);
        assert!((x[0] - 0.5).abs() < 1e-8 && (x[1] - 1.5).abs() < 1e-8, "{b1} {b2} {x:?}");
    }
    // a gradient of 0 needs the epsilon
    assert_eq!(quadratic(&Adam::new(0.5), [1.0, 1.0], [0.0, 0.0]), [1.0, 1.0]);
}

/// If all gradients are alike, corrected averages are what they are of: each of 3000 steps is the rate.
#[test]
fn the_corrections_of_adam() {
    fn deviation<T: Scalar>() -> f64 {
        let mut params = Params::<T>::new();
        params.insert("x", [T::zero()]);
        let graph = Graph::<T>::default();
        let bound = params.bind(&graph);
        let loss = (bound.get("x") * T::of(3.0)).sum();
        let updates = Adam::new(0.5).epsilon(0.0).minimize(loss, &bound).unwrap();
        let mut step = Program::new([], [loss]).updates(updates).compile().unwrap();
        let mut worst = 0.0_f64;
        for _ in 0..3000 {
            step.state().set("x", [T::zero()]).unwrap();
            step.run(()).unwrap();
            worst = worst.max((step.state().get("x").unwrap()[[0]].as_f64() / 0.5 + 1.0).abs());
        }
        worst
    }
    let (double, single) = (deviation::<f64>(), deviation::<f32>());
    println!("f64: {double:e}, f32: {single:e}");
    assert!(double < 1e-12 && single < 1e-5);
}

#[test]
fn frozen_parameters_take_no_part() {
    let data = figures();
    let graph = Graph::new();
    let mut params = problem::<f64>(&data);
    params.freeze("w").unwrap();
    let bound = params.bind(&graph);
    let loss = loss(&bound, graph.constant(matrix(&data["x"])), graph.constant(matrix(&data["y"])));
    let adam = AdamW::new(0.1).clip_norm(1e-3);
    let mut step = Program::new([], [loss]).updates(adam.minimize(loss, &bound).unwrap()).compile().unwrap();
    step.run(()).unwrap();
    let names: Vec<_> = step.state().shapes().into_keys().filter(|name| name.ends_with(".w")).collect();
    assert_eq!(names, Vec::<String>::new());
    let before = params.clone();
    params.read(step.state()).unwrap();
    assert_eq!(params.get("w"), before.get("w"));
    assert_ne!(params.get("b"), before.get("b"));
}

#[test]
fn wrong_settings() {
    fn refused<R: Rule<f64>>(optimizer: Optimizer<R>) -> String {
        let mut params = Params::new();
        params.insert("x", [1.0]);
        let graph = Graph::new();
        let bound = params.bind(&graph);
        let error = optimizer.minimize(bound.get("x").sum(), &bound).unwrap_err();
        assert_eq!((error.kind(), error.operation()), (ErrorKind::Argument, "minimize"));
        assert_eq!((error.location().file(), error.location().line()), (file!(), line!() - 2));
        error.message().to_owned()
    }
    assert_eq!(refused(Momentum::new(0.1, 1.0)), "momentum is 1, and must be in [0, 1)");
    assert_eq!(refused(Nesterov::new(0.1, -0.1)), "momentum is -0.1, and must be in [0, 1)");
    assert_eq!(refused(Adam::new(0.1).betas(1.5, 0.9)), "beta1 is 1.5, and must be in [0, 1)");
    assert_eq!(refused(Adam::new(0.1).betas(0.5, f64::NAN)), "beta2 is NaN, and must be in [0, 1)");
    assert_eq!(refused(AdamW::new(0.1).epsilon(-1.0)), "epsilon is -1, and must be 0 or a positive number");
    assert_eq!(refused(RmsProp::new(0.1).smoothing(1.0)), "smoothing is 1, and must be in [0, 1)");
    assert_eq!(refused(RmsProp::new(0.1).momentum(2.0)), "momentum is 2, and must be in [0, 1)");
    assert_eq!(
        refused(Adagrad::new(0.1).epsilon(f64::INFINITY)),
        "epsilon is inf, and must be 0 or a positive number"
    );
    assert_eq!(refused(Lion::new(0.1).betas(0.9, 1.0)), "beta2 is 1, and must be in [0, 1)");
    assert_eq!(refused(Sgd::new(f64::NAN)), "the rate is NaN");
    assert_eq!(refused(Sgd::new(-0.1)), "the rate is -0.1");
    assert_eq!(refused(Sgd::new(Schedule::cosine(0.1, 0))), "the schedule has too few steps");
    assert_eq!(
        refused(Sgd::new(Schedule::exponential(0.1, 0.0))),
        "the factor or power of the schedule is 0"
    );
    assert_eq!(refused(Sgd::new(0.1).clip_norm(0.0)), "gradients are clipped to 0");
    assert_eq!(refused(Sgd::new(0.1).weight_decay(-1.0)), "the decay of weights is -1");
    assert_eq!(refused(Sgd::new(0.1).accumulate(0)), "gradients are accumulated over 0 steps");
}

#[test]
fn one_optimiser_to_a_graph() {
    let mut params = Params::new();
    params.insert("x", [1.0]);
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let loss = bound.get("x").sum();
    Sgd::new(0.1).minimize(loss, &bound).unwrap();
    let error = Sgd::new(0.1).minimize(loss, &bound).unwrap_err();
    assert_eq!((error.location().file(), error.location().line()), (file!(), line!() - 1));
    assert!(error.message().contains("optimizer.step"), "{}", error.message());
}

/// A check of its own, beside the formula.
#[test]
fn a_rule_that_refuses() {
    struct Never;
    impl<T: Scalar> Rule<T> for Never {
        fn next<'g>(&self, _: &mut Step<'_, 'g, T>, p: Var<'g, T>, _: Var<'g, T>) -> Var<'g, T> {
            p
        }
        fn check(&self) -> Result<(), String> {
            Err("not today".into())
        }
    }
    let mut params = Params::new();
    params.insert("x", [1.0]);
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let error = Optimizer::new(Never, 0.1).minimize(bound.get("x").sum(), &bound).unwrap_err();
    assert_eq!(error.message(), "not today");
}
