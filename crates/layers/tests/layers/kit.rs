//! Every layer, loss and optimiser under the gradient test kit: both modes, first and second order, against differences that
//! know their own error, and the exact laws.

use crate::zoo::{Case, cases};
use chainrule_check::strategy::array;
use chainrule_check::{Report, check_gradients, gradient_test};
use chainrule_graph::{Structure, Var};
use chainrule_layers::{
    Adagrad, Adam, AdamW, Bound, Lion, Loss, Momentum, Nesterov, Optimizer, Params, RmsProp, Rule, Sgd,
};
use ndarray::{ArrayD, array};

/// The layer as a function of its input and of all parameters that training changes.
fn check(case: &Case<f64>) -> Report {
    let trained: Vec<&str> = case.params.trained().collect();
    let mut inputs: Vec<ArrayD<f64>> =
        trained.iter().map(|name| case.params.get(name).unwrap().clone()).collect();
    inputs.push(case.x.clone());
    let mut check =
        check_gradients::<f64, _>(|xs| vec![apply(case, &xs)]).names(trained.iter().copied().chain(["x"]));
    if case.is_whole() {
        check = check.fixed(trained.len());
    }
    check.order(2).laws().at(inputs).unwrap_or_else(|failure| panic!("{}: {failure}", case.name))
}

/// The output of the layer at the last of these nodes, with the others as parameters.
fn apply<'g>(case: &Case<f64>, xs: &[Var<'g>]) -> Var<'g> {
    let (x, params) = xs.split_last().unwrap();
    let bound = case.params.bind(x.graph());
    let names: Vec<String> = bound.names().map(str::to_owned).collect();
    let (mut names, mut params) = (names.iter(), params.iter());
    let bound: Bound<'_> = bound.map_vars(&mut |old| match names.next() {
        Some(name) if case.params.is_trained(name) => *params.next().unwrap(),
        _ => old,
    });
    bound.train(5).apply(&case.layer, *x)
}

#[test]
fn every_layer_passes() {
    let mut worst = 0.0_f64;
    for case in cases::<f64>() {
        let report = check(&case);
        println!("{:<30} {:>5} comparisons, worst {:.3}", case.name, report.comparisons(), report.worst());
        worst = worst.max(report.worst());
    }
    println!("worst {worst:.3}");
}

/// A loss as a function of target and output, at the given ones.
fn check_loss(loss: &Loss<f64>, target: ArrayD<f64>, output: ArrayD<f64>, target_is_fixed: bool) {
    let mut check = check_gradients::<f64, _>(|xs| vec![loss.of(xs[0], xs[1])]).names(["target", "output"]);
    if target_is_fixed {
        check = check.fixed(0);
    }
    check.order(2).laws().at([target, output]).unwrap_or_else(|failure| panic!("{loss:?}: {failure}"));
}

#[test]
fn every_loss_passes_by_its_output_and_by_its_target() {
    let output = array![[0.5, -1.25, 2.0], [1.0, 0.25, -0.75]].into_dyn();
    let shares = array![[0.25, 0.5, 0.25], [0.125, 0.625, 0.25]].into_dyn();
    for loss in [
        Loss::MeanSquaredError,
        Loss::HalfSquaredError,
        Loss::MeanAbsoluteError,
        Loss::Huber(0.75),
        Loss::SoftmaxCrossEntropy,
        Loss::SmoothedCrossEntropy(0.1),
        Loss::BinaryCrossEntropy,
        Loss::KlDivergence,
    ] {
        check_loss(&loss, shares.clone(), output.clone(), false);
        // Labels, which have no gradient.
        if matches!(loss, Loss::SoftmaxCrossEntropy | Loss::SmoothedCrossEntropy(_)) {
            check_loss(&loss, array![2.0, 0.0].into_dyn(), output.clone(), true);
        }
    }
}

/// The parameter after a step of an optimiser, as a function of the parameter and its gradient.
fn check_step<R: Rule<f64>>(name: &str, optimizer: &Optimizer<R>, by_gradient: bool) {
    let next = |p: Var<'_>, g: Var<'_>| {
        let mut params = Params::new();
        params.insert("p", p.value().unwrap());
        let bound = params.bind(p.graph()).map_vars(&mut |_| p);
        // The gradient of Σ p g by p is g.
        let updates = optimizer.minimize((p * g).sum(), &bound).unwrap();
        updates.into_iter().find(|(old, _)| old.number() == p.number()).unwrap().1.number()
    };
    let mut check = check_gradients::<f64, _>(|xs| {
        let number = next(xs[0], xs[1]);
        xs[0].graph().nodes().nth(number).into_iter().collect()
    });
    if !by_gradient {
        check = check.fixed(1);
    }
    let at = [array![0.5, -1.0, 2.0], array![0.25, 0.5, -1.5]];
    check.names(["p", "g"]).order(2).laws().at(at).unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

#[test]
fn every_step_of_an_optimiser_can_be_differentiated() {
    check_step("sgd", &Sgd::new(0.3).weight_decay(0.1), true);
    check_step("sgd, clipped", &Sgd::new(0.3).clip_norm(0.2), true);
    check_step("momentum", &Momentum::new(0.1, 0.8), true);
    check_step("nesterov", &Nesterov::new(0.1, 0.8).weight_decay(0.02), true);
    check_step("adam", &Adam::new(0.05), true);
    check_step("amsgrad", &Adam::new(0.1).betas(0.9, 0.6).amsgrad(), true);
    check_step("adamw", &AdamW::new(0.05).weight_decay(0.5), true);
    check_step("rmsprop", &RmsProp::new(0.01).momentum(0.7), true);
    check_step("rmsprop, centered", &RmsProp::new(0.01).momentum(0.5).centered(), true);
    check_step("adagrad", &Adagrad::new(0.2), true);
    // It takes the gradient's sign only, by which there is no derivative.
    check_step("lion", &Lion::new(0.03).weight_decay(0.3), false);
}

gradient_test!(softmax_of_drawn_scores, |[x]| x.softmax(-1), [array([2, 3])]);
gradient_test!(
    attention_of_drawn_queries,
    |[q, k, v]| q.matmul(k.t()).softmax(-1).matmul(v),
    [array([2, 3]), array([2, 3]), array([2, 1])],
    |check| check.cases(8).all_inputs_matter()
);
