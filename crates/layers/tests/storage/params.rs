//! The store, its nodes, and the step.

use chainrule_graph::{ErrorKind, Graph};
use chainrule_layers::{Bound, Dense, Params, Sequential, Sigmoid, half_squared_error};
use ndarray::array;

#[test]
fn a_store_keeps_its_order() {
    let mut params = Params::new();
    assert!(params.is_empty());
    for name in ["z", "a", "m.0"] {
        assert!(params.insert(name, [1.0, 2.0]).is_none());
    }
    assert_eq!(params.insert("a", array![[3.0]]), Some(array![1.0, 2.0].into_dyn()));
    assert_eq!(params.names().collect::<Vec<_>>(), ["z", "a", "m.0"]);
    assert_eq!((params.len(), params.count()), (3, 5));
    if let Some(z) = params.get_mut("z") {
        z.fill(7.0);
    }
    assert_eq!(params.get("z"), Some(&array![7.0, 7.0].into_dyn()));
    assert_eq!(params.get("Z"), None);
    assert_eq!(params.get_mut(""), None);
    assert_eq!(params.iter().map(|(_, v)| v.len()).collect::<Vec<_>>(), [2, 1, 2]);
    assert_eq!((&params).into_iter().count(), 3);
}

#[test]
fn nodes_and_gradients_have_the_names() {
    let mut params = Params::new();
    params.insert("w", [2.0, 3.0]);
    params.insert("unused", 1.0);
    let graph = Graph::new();
    let bound = params.bind(&graph);
    assert_eq!(graph.variables().len(), 2);
    assert_eq!(bound.names().collect::<Vec<_>>(), ["w", "unused"]);
    let gradients = bound.get("w").square().sum().grad(bound.clone()).unwrap();
    assert_eq!(gradients.get("w").value().unwrap(), array![4.0, 6.0].into_dyn());
    assert_eq!(gradients.get("unused").item().unwrap(), 0.0);
    assert_eq!(gradients.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["w", "unused"]);
    assert_eq!((gradients.len(), gradients.is_empty()), (2, false));
    assert!(format!("{bound:?}").contains("variable \"unused\""));
}

#[test]
fn a_missing_name_lists_the_others() {
    let graph = Graph::new();
    let bound = Params::<f64>::init(&Dense::new(2, 1), 0).unwrap().bind(&graph);
    let node = bound.get("wieght");
    let error = node.exp().value().unwrap_err();
    assert_eq!(error.location().line(), line!() - 2);
    assert_eq!(error.message(), "there is no `wieght`; there are `weight`, `bias`");
    let none = Params::new().bind(&graph).get("w").shape().unwrap_err();
    assert_eq!(none.message(), "there is no `w`; there are none");

    let mut many = Params::new();
    for i in 0..100 {
        many.insert(format!("p{i}"), i as f64);
    }
    let error = many.bind(&graph).get("w").shape().unwrap_err();
    assert!(error.message().ends_with("`p11` and 88 more"), "{error}");
}

#[test]
fn binding_twice_is_an_error() {
    let params = Params::<f64>::init(&Dense::new(2, 1), 0).unwrap();
    let graph = Graph::new();
    let first = params.bind(&graph);
    let second = params.bind(&graph);
    let error = second.apply(&Dense::new(2, 1), [1.0, 2.0]).value().unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::DuplicateName, line!() - 2));
    assert!(first.apply(&Dense::new(2, 1), [1.0, 2.0]).value().is_ok());
}

fn two() -> Params {
    let mut params = Params::new();
    params.insert("a", [1.0, 2.0]);
    params.insert("b", array![[3.0]]);
    params
}

fn gradients<'g>(graph: &'g Graph, a: &[f64], b: f64) -> Bound<'g> {
    let mut params = Params::new();
    params.insert("a", a);
    params.insert("b", array![[b]]);
    params.bind(graph)
}

#[test]
fn a_step_goes_against_the_gradient() {
    let (mut params, graph) = (two(), Graph::new());
    params.step(&gradients(&graph, &[10.0, -20.0], 4.0), 0.5).unwrap();
    assert_eq!(params.get("a"), Some(&array![-4.0, 12.0].into_dyn()));
    assert_eq!(params.get("b"), Some(&array![[1.0]].into_dyn()));
}

#[test]
fn a_failed_step_changes_nothing() {
    let graphs = [(); 6].map(|()| Graph::new());
    let [g0, g1, g2, g3, g4, g5] = &graphs;
    let mut fewer = Params::new();
    fewer.insert("a", [0.0, 0.0]);
    let mut more = two();
    more.insert("c", 1.0);
    let good = |graph| gradients(graph, &[1.0, 1.0], 1.0);
    for (gradients, rate, message) in [
        (good(g0), f64::NAN, "the rate is NaN"),
        (fewer.bind(g1), 0.1, "no gradient for `b`; there are `a`"),
        (more.bind(g2), 0.1, "no parameter `c` for this gradient; there are `a`, `b`"),
        (gradients(g3, &[1.0], 1.0), 0.1, "the gradient of `a` has shape [1], the parameter [2]"),
        (gradients(g4, &[1.0, 1.0], f64::NAN), 0.1, "`b` would become NaN at [0, 0]"),
        (gradients(g5, &[1.0, 1.0], -1e200), 1e200, "`b` would become inf at [0, 0]"),
    ] {
        let mut params = two();
        let error = params.step(&gradients, rate).unwrap_err();
        assert_eq!((error.message(), error.location().line()), (message, line!() - 1));
        assert_eq!((error.operation(), error.location().file()), ("step", file!()));
        assert_eq!(params, two());
    }
}

#[test]
fn an_invalid_gradient_is_returned_as_it_is() {
    let graph = Graph::new();
    let oops = graph.constant([1.0, 2.0]) + graph.constant([1.0, 2.0, 3.0]);
    let wrong = chainrule_graph::Structure::map_vars(two().bind(&graph), &mut |_| oops);
    let mut params = two();
    assert_eq!(params.step(&wrong, 0.1).unwrap_err().operation(), "add");
    assert_eq!(params, two());
}

#[test]
fn training_lowers_the_loss_in_f32() {
    let model = Sequential::new().dense(2, 3).push(Sigmoid).dense(3, 1);
    let mut params = Params::init(&model, 4).unwrap();
    let mut losses = Vec::new();
    for _ in 0..50 {
        let graph = Graph::f32();
        let bound = params.bind(&graph);
        let loss = half_squared_error([0.25], bound.apply(&model, [1.0, -2.0]));
        losses.push(loss.item().unwrap());
        params.step(&loss.grad(bound).unwrap(), 0.1).unwrap();
    }
    assert!(losses[49] < 1e-3 * losses[0], "{losses:?}");
}
