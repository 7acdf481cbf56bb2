//! Models in files: the architecture as JSON, the registry that builds it again.

use std::fs;

use crate::support::Folder;
use chainrule_graph::{ErrorKind, Scalar, Var};
use chainrule_layers::*;
use proptest::prelude::*;

fn network<T: Scalar>() -> Sequential<T> {
    let init = Init::Uniform { low: -0.1, high: 0.30000000000000004 };
    Sequential::new()
        .named("encoder", Sequential::new().dense(4, 3).sigmoid().dropout(0.1))
        .push(Dense::new(3, 2).without_bias().weights(Convention::OutByIn).init(init))
        .relu()
        .tanh()
}

struct Gain(usize);

impl<T: Scalar> Layer<T> for Gain {
    fn declare(&self, params: &mut Declarations<T>) {
        params.buffer("gain", [self.0], Init::Constant(3.0));
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x * params.get("gain")
    }

    fn describe(&self) -> Description {
        Description::new("gain").with("columns", self.0)
    }
}

/// `y = x + f(x)`
struct Skip<L>(L);

impl<T: Scalar, L: Layer<T>> Layer<T> for Skip<L> {
    fn declare(&self, params: &mut Declarations<T>) {
        params.layer("branch", &self.0);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x + params.apply("branch", &self.0, x)
    }

    fn describe(&self) -> Description {
        Description::new("skip").layers([("branch".to_owned(), self.0.describe())])
    }
}

#[test]
fn a_model_comes_back() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let model = Model::<_, f64>::init(network(), 3).unwrap();
    model.save(&path).unwrap();
    assert_eq!(folder.names(), ["net.json", "net.safetensors"]);
    let again = Model::<_, f64>::load(&path).unwrap();
    assert_eq!(again.layer.describe(), Layer::<f64>::describe(&network::<f64>()));
    assert_eq!(again.params, model.params);
    let x = [0.1, -0.2, 0.3, -0.4];
    assert_eq!(again.predict(x).unwrap(), model.predict(x).unwrap());
    let narrow = Model::<_, f32>::load(&path).unwrap().predict(x.map(|x| x as f32)).unwrap();
    let close = |(narrow, wide): (&f32, &f64)| (f64::from(*narrow) - wide).abs() < 1e-6;
    assert!(narrow.iter().zip(&model.predict(x).unwrap()).all(close));

    let text = fs::read_to_string(folder.join("net.json")).unwrap();
    let start = "{\n  \"format\": \"chainrule model\",\n  \"version\": 1,\n  \"model\": {\n    \"kind\": \"sequential\",\n    \
                 \"layers\": [\n      {\n        \"name\": \"encoder\",\n        \"kind\": \"sequential\",";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn layers_of_ones_own() {
    let folder = Folder::new();
    let path = folder.join("own.safetensors");
    let inner = Sequential::new().push(Gain(2));
    let model = Model::<_, f64>::init(Sequential::new().push(Skip(inner)), 0).unwrap();
    model.save(&path).unwrap();

    let error = Model::<_, f64>::load(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(
        error.message().contains("own.json`: layer `0`: no kind `skip`; known are `sequential`, "),
        "{error}"
    );
    assert!(error.help().contains("Registry::register"));

    let registry = Registry::new().register("skip", |_, inside| Ok(Skip(inside.layer("branch")?)));
    let error = registry.load(&path).unwrap_err();
    assert!(error.message().contains("own.json`: layer `0.branch.0`: no kind `gain`"), "{error}");

    let registry = registry.register("gain", |about, _| Ok(Gain(about.get("columns")?)));
    let again: Model<AnyLayer, f64> = registry.load(&path).unwrap();
    assert_eq!(again.predict([1.0, 2.0]).unwrap(), ndarray::array![4.0, 8.0].into_dyn());
    // Buffers are not trained, whoever loads them.
    assert!(!again.params.is_trained("0.branch.0.gain"));

    let registry = registry.register("gain", |about, _| Ok(Gain(about.get("rows")?)));
    let error = registry.load(&path).unwrap_err();
    assert!(error.message().ends_with("own.json`: layer `0.branch.0`: a `gain` without `rows`"), "{error}");
    let registry = registry.register("skip", |_, inside| Ok(Skip(inside.layer("trunk")?)));
    let error = registry.load(&path).unwrap_err();
    assert!(
        error.message().ends_with("layer `0`: a `skip` without the layer `trunk` inside; there are `branch`"),
        "{error}"
    );
}

#[test]
fn a_layer_that_does_not_describe_itself() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let layer = Sequential::new().dense(1, 1).named("middle", Sequential::new().lambda(|x| x.square()));
    let model = Model::<_, f64>::init(layer, 0).unwrap();
    let error = model.save(&path).unwrap_err();
    assert!(error.message().ends_with("layer `middle.0` (a `Lambda`) does not describe itself"), "{error}");
    assert!(folder.names().is_empty(), "nothing is written");
    model.params.save(&path).unwrap();
    let error = model.save(folder.join("net.json")).unwrap_err();
    assert!(error.message().ends_with("the description would have the same name"), "{error}");
}

#[test]
fn descriptions_that_are_wrong() {
    let of = |model: &str| format!(r#"{{"format": "chainrule model", "version": 1, "model": {model}}}"#);
    for (text, part) in [
        ("{".to_owned(), "no valid JSON: EOF"),
        ("[]".to_owned(), "no description of a model"),
        (of("1").replace("chainrule", "other"), "no description of a model"),
        (of("1").replace("version\": 1", "version\": 2"), "written in version 2; known is 1"),
        (of("1").replace("\"version\": 1,", ""), "written without a version"),
        (of("1"), "the model: it is not an object"),
        (of("{}"), "the model: it has no `kind`"),
        (of(r#"{"kind": "x", "units": 3}"#), "`units` is none of"),
        (of(r#"{"kind": "x", "settings": []}"#), "the model: its `settings` are not an object"),
        (of(r#"{"kind": "x", "layers": {}}"#), "the model: its `layers` are not a list"),
        (of(r#"{"kind": "x", "layers": [{"kind": "y"}]}"#), "entry 0 of its `layers` has no `name`"),
        (of(r#"{"kind": "x", "layers": [{"name": "a", "kind": 1}]}"#), "layer `a`: it has no `kind`"),
        (of(&format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000))), "recursion limit"),
    ] {
        let error = Description::from_json(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        assert!(error.message().contains(part), "{error}");
    }
    let wrong = Description::new("dense").with("inputs", 1).with("outputs", "many");
    let error = Registry::<f64>::new().build(&wrong).unwrap_err();
    assert!(error.message().starts_with("`outputs` of a `dense` is \"many\""), "{error}");
    assert!(error.location().file().ends_with("model_files.rs"));
}

#[test]
fn layers_with_statistics_and_shared_ones() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let layer = Sequential::new()
        .conv2d(1, 2, 3)
        .push(BatchNorm::new(2).momentum(0.2))
        .named("mixed", Dense::new(2, 2))
        .again("mixed")
        .flatten();
    let model = Model::<_, f64>::init(layer, 1).unwrap();
    model.save(&path).unwrap();
    let again = Model::<_, f64>::load(&path).unwrap();
    assert_eq!(again.params, model.params);
    assert_eq!(again.layer.describe(), Layer::<f64>::describe(&model.layer));
    let trained = ["0.weight", "0.bias", "1.weight", "1.bias", "mixed.weight", "mixed.bias"];
    assert_eq!(again.params.trained().collect::<Vec<_>>(), trained);
    // Their place in the file: the format sorts by name, and the order is kept beside it.
    assert_eq!(again.params.names().collect::<Vec<_>>(), model.params.names().collect::<Vec<_>>());
}

/// A model with every kind of size in it.
fn wide() -> String {
    let model = Sequential::<f64>::new()
        .push(Bidirectional(Rnn::new(2, 3)))
        .residual(Dense::new(4, 4))
        .conv1d(1, 2, 3)
        .push(Conv2d::new(2, 4, [3, 5]).same().dilation(2).groups(2))
        .push(ConvTranspose2d::new(2, 3, 4).stride([2, 3]).output_padding([0, 1]))
        .max_pool1d(2)
        .avg_pool2d([2, 3])
        .reshape([2, 3])
        .push(Embedding::new(5, 2))
        .positional_embedding(5, 2)
        .positional_encoding(4)
        .push(LayerNorm::new(3))
        .group_norm(2, 4)
        .push(BatchNorm::new(3))
        .gru(2, 3)
        .push(Lstm::new(2, 3))
        .push(MultiHeadAttention::new(6, 2).causal())
        .push(TransformerBlock::new(6, 2).hidden(7))
        .softmax(-1);
    Layer::<f64>::describe(&model).to_json().unwrap()
}

/// Text with some of its numbers replaced.
fn renumbered(text: &str, changes: &[(prop::sample::Index, &str)]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for character in text.chars() {
        match parts.last_mut() {
            Some(part) if part.ends_with(|c: char| c.is_ascii_digit()) == character.is_ascii_digit() => {
                part.push(character);
            }
            _ => parts.push(character.to_string()),
        }
    }
    // Not in the first lines, where the version is, nor in names.
    let numbers: Vec<usize> = (6..parts.len())
        .filter(|&part| {
            parts[part].bytes().all(|byte| byte.is_ascii_digit()) && parts[part - 1].ends_with([' ', '-'])
        })
        .collect();
    for (place, number) in changes {
        parts[numbers[place.index(numbers.len())]] = (*number).to_owned();
    }
    parts.concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever sizes a description has, building and comparing parameters with it do not panic, and allocate nothing.
    #[test]
    fn no_sizes_make_it_panic(changes in prop::collection::vec((
        any::<prop::sample::Index>(),
        prop::sample::select(vec!["0", "1", "3", "4294967296", "9223372036854775807", "18446744073709551615"]),
    ), 1..4)) {
        let text = renumbered(&wide(), &changes);
        let layer = Description::from_json(&text).and_then(|description| Registry::<f64>::new().build(&description));
        if let Ok(layer) = layer {
            prop_assert!(Params::new().matching(&layer).is_err());
        }
    }

    #[test]
    fn no_description_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..4)) {
        let text = Layer::<f64>::describe(&network::<f64>()).to_json().unwrap();
        let mut characters: Vec<char> = text.chars().collect();
        for (place, character) in changes {
            let place = place.index(characters.len());
            characters[place] = character;
        }
        if let Ok(description) = Description::from_json(&characters.into_iter().collect::<String>()) {
            let _ = Registry::<f64>::new().build(&description);
        }
    }
}
