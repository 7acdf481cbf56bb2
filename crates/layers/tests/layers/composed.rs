//! Layers made of layers, layers of a user's own, and where errors point.

use chainrule_graph::{Error, Graph, Scalar, Var};
use chainrule_layers::{Declarations, Dense, Init, Layer, Params, Relu, Scoped, Sequential, Sigmoid, Tanh};
use ndarray::array;

fn names<L: Layer<f64>>(model: &L) -> Vec<String> {
    Params::init(model, 0).unwrap().names().map(str::to_owned).collect()
}

#[test]
fn names_are_paths() {
    assert_eq!(names(&Dense::new(2, 3)), ["weight", "bias"]);
    assert!(names(&Sequential::new()).is_empty());
    let inner = Sequential::new().dense(3, 3).tanh().push(Dense::new(3, 3).without_bias());
    let model = Sequential::new().dense(2, 3).relu().named("encoder", inner).dense(3, 1);
    let want = [
        "0.weight",
        "0.bias",
        "encoder.0.weight",
        "encoder.0.bias",
        "encoder.2.weight",
        "3.weight",
        "3.bias",
    ];
    assert_eq!(names(&model), want);
    assert_eq!(names(&Sequential::new().push(model.clone()))[2], "0.encoder.0.weight");
    assert_eq!(format!("{model:?}"), r#"Sequential ["0", "1", "encoder", "3"]"#);
    assert_eq!((model.len(), model.is_empty()), (4, false));
}

#[test]
fn a_sequence_is_its_layers_one_after_the_other() {
    let (first, second) = (Dense::new(2, 3), Dense::new(3, 1));
    let model = Sequential::new().push(first).push(Tanh).named("last", second).lambda(|x| x * x.exp());
    let params = Params::init(&model, 11).unwrap();
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let x = graph.constant(array![[1.0, -2.0], [0.5, 0.25], [0.0, 3.0]]);
    let hidden = (x.matmul(bound.get("0.weight")) + bound.get("0.bias")).tanh();
    let y = hidden.matmul(bound.get("last.weight")) + bound.get("last.bias");
    let by_hand = y * y.exp();
    assert_eq!(bound.apply(&model, x).value().unwrap(), by_hand.value().unwrap());
    let boxed: Box<dyn Layer<f64>> = Box::new(model);
    assert_eq!(bound.apply(&boxed, x).value().unwrap(), by_hand.value().unwrap());
    assert_eq!(bound.apply(&*boxed, x).value().unwrap(), by_hand.value().unwrap());
    let identity = bound.apply(&Sequential::new(), x);
    assert_eq!(identity.value().unwrap(), x.value().unwrap());
}

#[test]
fn activations_are_the_functions_of_their_names() {
    let graph = Graph::new();
    let none = Params::new().bind(&graph);
    let x = graph.constant([-2.0, 0.0, 0.5, 800.0]);
    assert_eq!(none.apply(&Sigmoid, x).value().unwrap(), x.sigmoid().value().unwrap());
    assert_eq!(none.apply(&Tanh, x).value().unwrap(), x.tanh().value().unwrap());
    assert_eq!(none.apply(&Relu, x).value().unwrap(), x.relu().value().unwrap());
}

/// `y = x + f(x)`, with a gain for each column.
struct Residual<L> {
    width: usize,
    branch: L,
}

impl<T: Scalar, L: Layer<T>> Layer<T> for Residual<L> {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("gain", [self.width], Init::Constant(0.5));
        params.layer("branch", &self.branch);
    }
    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x + params.apply("branch", &self.branch, x) * params.get("gain")
    }
}

#[test]
fn a_layer_of_ones_own() {
    let model = Sequential::new()
        .dense(2, 3)
        .push(Residual { width: 3, branch: Sequential::new().dense(3, 3).tanh() });
    assert_eq!(names(&model)[2..], ["1.gain", "1.branch.0.weight", "1.branch.0.bias"]);
    let graph = Graph::new();
    let bound = Params::init(&model, 1).unwrap().bind(&graph);
    let h = bound.apply(&Sequential::new().dense(2, 3), [0.3, -0.6]);
    let f = (h.matmul(bound.get("1.branch.0.weight")) + bound.get("1.branch.0.bias")).tanh();
    let y = bound.apply(&model, [0.3, -0.6]);
    assert_eq!(y.value().unwrap(), (h + f * 0.5).value().unwrap());
    let gradients = y.sum().grad(bound).unwrap();
    assert_eq!(gradients.get("1.gain").value().unwrap(), f.value().unwrap());
}

#[test]
fn errors_have_the_users_line_and_the_layers_path() {
    let encoder = Sequential::new().push(Dense::new(4, 3));
    let model = Sequential::new().dense(2, 4).named("encoder", encoder).sigmoid();
    let graph = Graph::new();
    let bound = Params::init(&model, 0).unwrap().bind(&graph);
    let check = |error: Error, line: u32, path: &str| {
        assert_eq!((error.location().line(), error.location().file()), (line, file!()), "{error}");
        // A graph that joins the nameless outer scope too has a dot in front.
        assert_eq!(error.scope().trim_start_matches('.'), path, "{error}");
    };
    let y = bound.apply(&model, [1.0, 2.0, 3.0]);
    check(y.value().unwrap_err(), line!() - 1, "0");

    let wrong = Sequential::new().named("encoder", Sequential::new().push(Narrow)).dense(2, 4);
    let graph = Graph::new();
    let bound = Params::init(&wrong, 0).unwrap().bind(&graph);
    let y = bound.apply(&wrong, [1.0, 2.0, 3.0]);
    let error = y.value().unwrap_err();
    assert_eq!(error.operation(), "add");
    check(error, line!() - 3, "encoder.0");
    // the scope is closed again
    let y = graph.constant([1.0]).matmul([1.0, 2.0]);
    check(y.value().unwrap_err(), line!() - 1, "");
    // a single layer has no path
    let bound = Params::init(&Dense::new(2, 4), 0).unwrap().bind(&graph);
    let y = bound.apply(&Dense::new(2, 4), [1.0]);
    check(y.value().unwrap_err(), line!() - 1, "");
}

/// Adds an array of two to whatever it gets.
struct Narrow;

impl Layer for Narrow {
    fn declare(&self, _: &mut Declarations) {}
    fn forward<'g>(&self, _: &Scoped<'_, 'g>, x: Var<'g>) -> Var<'g> {
        x + array![1.0, 2.0]
    }
}

#[test]
fn the_parameters_of_another_model_are_refused() {
    let graph = Graph::new();
    let mut params = Params::init(&Dense::new(2, 3), 0).unwrap();
    params.insert("bias", [0.0]); // would broadcast
    let bound = params.bind(&graph);
    let y = bound.apply(&Dense::new(2, 3), [1.0, 2.0]);
    let error = y.value().unwrap_err();
    assert_eq!((error.operation(), error.location().line()), ("apply", line!() - 2));
    assert_eq!(error.message(), "the parameter `bias` has shape [1], and the model needs [3]");
    let y = bound.apply(&Sequential::new().dense(2, 3), [1.0, 2.0]);
    let error = y.value().unwrap_err();
    assert_eq!(error.message(), "the model needs a parameter `0.weight`; there are `weight`, `bias`");
    // one that is not used does not matter
    assert!(bound.apply(&Dense::new(2, 3).without_bias(), [1.0, 2.0]).value().is_ok());
}

#[test]
fn an_input_of_another_graph_is_refused() {
    let (graph, other) = (Graph::new(), Graph::new());
    let bound = Params::init(&Dense::new(1, 1), 0).unwrap().bind(&graph);
    let y = bound.apply(&Dense::new(1, 1), other.constant([1.0]));
    let error = y.value().unwrap_err();
    assert_eq!((error.location().line(), error.location().file()), (line!() - 2, file!()));
    assert_eq!(error.message(), "the input belongs to another graph");
}

/// Declares one name and asks for another.
struct Forgetful;

impl<T: Scalar> Layer<T> for Forgetful {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("gain", [], Init::Constant(1.0));
    }
    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x * params.get("again")
    }
}

#[test]
fn a_parameter_that_was_not_declared_is_named() {
    let model = Sequential::new().push(Forgetful);
    let graph = Graph::new();
    let y = Params::init(&model, 0).unwrap().bind(&graph).apply(&model, [1.0]);
    let error = y.value().unwrap_err();
    assert_eq!((error.location().line(), error.location().file()), (line!() - 2, file!()));
    assert_eq!(error.message(), "there is no `0.again`; there are `0.gain`");
}

#[test]
fn names_that_cannot_be() {
    let twice = Sequential::new().named("a", Dense::new(1, 1)).named("a", Dense::new(1, 1));
    let index = Sequential::new().named("1", Dense::new(1, 1)).push(Dense::new(1, 1));
    let nested = Sequential::new().named("a", Sequential::new().named("", Dense::new(1, 1)));
    for (model, message) in [
        (twice, "the parameter `a.weight` is declared twice"),
        (index, "the parameter `1.weight` is declared twice"),
        (Sequential::new().named("a.b", Dense::new(1, 1)), "\"a.b\" cannot be a name in the model"),
        (nested, "\"\" cannot be a name in `a`"),
    ] {
        let error = Params::<f64>::init(&model, 0).unwrap_err();
        assert_eq!((error.message(), error.location().line()), (message, line!() - 1));
        let graph = Graph::new();
        assert_eq!(Params::new().bind(&graph).apply(&model, [1.0]).value().unwrap_err().message(), message);
    }
}

#[test]
fn models_can_be_shared_between_threads() {
    fn shared<M: Send + Sync + Clone + 'static>(_: &M) {}
    shared(&Sequential::<f32>::new().dense(2, 2).lambda(|x| x.exp()));
    shared(&Params::<f64>::new());
}
