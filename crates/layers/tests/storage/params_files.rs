//! Parameters in files: what comes back, and what files that are damaged, hostile or of other models are answered.

use std::fs;
use std::sync::LazyLock;

use crate::support::{Folder, kept};
use chainrule_graph::{Error, ErrorKind};
use chainrule_layers::{Convention, Dense, Model, Params, Sequential};
use ndarray::{Array, array};
use proptest::prelude::*;

fn model() -> Sequential<f64> {
    Sequential::new().dense(2, 3).tanh().dense(3, 1)
}

/// The message, without the path.
fn refused<V>(result: Result<V, Error>, path: &std::path::Path) -> String {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::File, "{error}");
    let start = format!("`{}`: ", path.display());
    error.message().strip_prefix(&start).unwrap().to_owned()
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let mut params = Params::<f64>::init(&model(), 1).unwrap();
    params.freeze("0").unwrap();
    params.insert("b.scalar", -0.0);
    params.insert("a.none", Array::<f64, _>::zeros((0, 3)));
    params.insert("special", [f64::NAN, f64::INFINITY, f64::MIN_POSITIVE / 8.0]);
    // Columns lie together in memory.
    params.insert("turned", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].reversed_axes());
    params.save(&path).unwrap();
    let again = Params::<f64>::load(&path).unwrap();
    assert_eq!(again.names().collect::<Vec<_>>(), params.names().collect::<Vec<_>>());
    assert_eq!(again.trained().collect::<Vec<_>>(), params.trained().collect::<Vec<_>>());
    for ((_, a), (name, b)) in again.iter().zip(params.iter()) {
        assert_eq!(a.shape(), b.shape(), "{name}");
        assert!(a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits()), "{name}");
    }
    let bytes = fs::read(&path).unwrap();
    again.save(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes, "the same bytes every time");
    assert_eq!(folder.names(), ["net.safetensors"]);
    let header = String::from_utf8_lossy(&bytes[8..400]);
    assert!(header.contains(r#"\"version\":1,\"number\":\"f64\""#), "{header}");
}

#[test]
fn other_number_types() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let mut narrow = Params::<f32>::new();
    narrow.insert("w", [0.1_f32, -3.5]);
    narrow.save(&path).unwrap();
    let wide = Params::<f64>::load(&path).unwrap();
    assert_eq!(wide.get("w"), Some(&array![f64::from(0.1_f32), -3.5].into_dyn()));

    let mut wide = Params::<f64>::new();
    wide.insert("w", [0.1, -3.5]);
    wide.save(&path).unwrap();
    assert_eq!(Params::<f32>::load(&path).unwrap(), narrow);

    wide.insert("v", [1e39]);
    wide.save(&path).unwrap();
    let message = refused(Params::<f32>::load(&path), &path);
    assert_eq!(message, "tensor `v`: 1e39 is beyond the range of f32");
}

/// The file is of PyTorch 2.15 and safetensors 0.8: `nn.Sequential(Linear(2, 3), Tanh(), Linear(3, 1))`, its tensors as float32,
/// float64, float16 and bfloat16. The figures are what Python printed.
#[test]
fn a_file_of_pytorch() {
    let path = kept("pytorch.safetensors");
    let raw = Params::<f64>::load(&path).unwrap();
    let expect = |name: &str, values: &[f64]| {
        assert_eq!(raw.get(name).unwrap().iter().copied().collect::<Vec<_>>(), values, "{name}");
    };
    expect(
        "0.weight",
        &[
            0.04938792809844017,
            -0.4259566068649292,
            0.22515933215618134,
            0.2218763530254364,
            -0.37793222069740295,
            -0.10597917437553406,
        ],
    );
    expect("0.bias", &[-0.13808096448580423, 0.06115830938021342, -0.06349057455857594]);
    expect("2.weight", &[0.405517578125, 0.409912109375, 0.058807373046875]);
    expect("2.bias", &[-0.24609375]);

    let dense = |inputs, outputs| Dense::new(inputs, outputs).weights(Convention::OutByIn);
    let as_there = Sequential::<f64>::new().push(dense(2, 3)).tanh().push(dense(3, 1));
    let params = Params::load_for(&as_there, &path).unwrap();
    assert_eq!(params.names().collect::<Vec<_>>(), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    let turned = raw.transposed(|name| name.ends_with("weight")).unwrap().matching(&model()).unwrap();
    for output in [
        Model { layer: as_there, params }.predict([0.5, -1.0]).unwrap(),
        Model { layer: model(), params: turned }.predict([0.5, -1.0]).unwrap(),
    ] {
        // A sum of three products, and tanh, each within some units in the last place.
        assert!((output[[0]] - -0.15158414575212642).abs() < 8.0 * f64::EPSILON, "{output}");
    }
    assert!(
        refused(Params::load_for(&model(), &path), &path).contains("tensor `0.weight` has shape [3, 2] here")
    );
}

#[test]
fn files_of_other_models() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let mut other = Params::<f64>::init(&Sequential::<f64>::new().dense(2, 3).dense(3, 2), 1).unwrap();
    other.save(&path).unwrap();
    let message = refused(Params::load_for(&model(), &path), &path);
    assert_eq!(message, "missing: `2.weight`, `2.bias`; not expected: `1.weight`, `1.bias`");

    let renamed = Params::<f64>::load(&path).unwrap().renamed(|name| Some(name.replace("1.", "2."))).unwrap();
    renamed.save(&path).unwrap();
    let error = Params::<f64>::load_for(&model(), &path).unwrap_err();
    assert!(error.message().ends_with(
        "tensor `2.weight` has shape [3, 2] here, and [3, 1] in the model; tensor `2.bias` has shape [2] here, and [1] in \
         the model"
    ));
    assert!(error.location().file().ends_with("params_files.rs"));

    let before = other.clone();
    assert!(refused(other.load_into(&path), &path).starts_with("missing: `1.weight`"));
    assert_eq!(other, before, "nothing is half loaded");

    let error = before.renamed(|_| Some("same".to_owned())).unwrap_err();
    assert_eq!(error.message(), "`0.bias` would be the second parameter with the name `same`");
    let mut vector = Params::new();
    vector.insert("v", [1.0]);
    assert_eq!(vector.transposed(|_| true).unwrap_err().message(), "`v` has shape [1]");
}

#[test]
fn values_are_taken_over_and_flags_stay() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let saved = Params::<f64>::init(&model(), 1).unwrap();
    saved.save(&path).unwrap();
    let mut params = Params::<f64>::init(&model(), 2).unwrap();
    params.freeze("2").unwrap();
    params.load_into(&path).unwrap();
    assert_eq!(params.get("2.weight"), saved.get("2.weight"));
    assert_eq!(params.trained().collect::<Vec<_>>(), ["0.weight", "0.bias"]);
}

#[test]
fn writing_that_fails_leaves_the_old_file() {
    let folder = Folder::new();
    let mut params = Params::<f64>::new();
    params.insert("__metadata__", [1.0]);
    let path = folder.file("net.safetensors", "old");
    assert!(refused(params.save(&path), &path).contains("__metadata__"));
    assert_eq!(fs::read(&path).unwrap(), b"old");

    let params = Params::<f64>::init(&model(), 1).unwrap();
    let missing = folder.join("none/net.safetensors");
    assert!(refused(params.save(&missing), &missing).starts_with("cannot be written: "));
    let occupied = folder.file("taken/inside", "").parent().unwrap().to_owned();
    assert!(refused(params.save(&occupied), &occupied).contains("folder"));
    assert_eq!(folder.names(), ["net.safetensors", "taken"], "no temporary files");
    assert!(refused(Params::<f64>::load(&occupied), &occupied).contains("folder"));
    let none = folder.join("none");
    refused(Params::<f64>::load(&none), &none);
}

/// Two threads write different parameters to one path, again and again: whoever reads it finds all of the one or all of the
/// other.
#[test]
fn there_is_never_half_a_file() {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let params = |value: f64| {
        let mut params = Params::new();
        params.insert("w", Array::from_elem(20_000, value));
        params
    };
    let both = [params(1.0), params(2.0)];
    both[0].save(&path).unwrap();
    std::thread::scope(|scope| {
        for params in &both {
            scope.spawn(|| (0..15).for_each(|_| params.save(&path).unwrap()));
        }
        for _ in 0..50 {
            assert!(both.contains(&Params::load(&path).unwrap()));
        }
    });
    assert_eq!(folder.names(), ["net.safetensors"]);
}

/// The file that a header and data make.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn hostile_files() {
    let folder = Folder::new();
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let end = u64::MAX;
    let twice = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let over = r#"{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#;
    let about = |text: &str| format!(r#"{{"__metadata__":{{"chainrule":"{text}"}}}}"#);
    for (bytes, part) in [
        (vec![], "0 bytes are too few"),
        (vec![1, 0, 0], "3 bytes are too few"),
        (u64::MAX.to_le_bytes().to_vec(), "the header is said to have 18446744073709551615 bytes"),
        ([&(1_u64 << 40).to_le_bytes()[..], b"{}"].concat(), "and there are 2"),
        (file("", &[]), "no valid header"),
        (file("[]", &[]), "no valid header"),
        (file("{} {}", &[]), "no valid header"),
        (file(&"[".repeat(100_000), &[]), "no valid header"),
        (file("{\"w\":{\"\u{0}", &[]), "no valid header"),
        (file(twice, &[0; 4]), "the name `w` is there twice"),
        (file(over, &[0; 6]), "w"),
        (file(&one("F32", "[2]", "[0,4]"), &[0; 4]), "no valid safetensors"),
        (file(&one("F32", "[1]", "[4,0]"), &[0; 4]), "tensor `w`: bytes 4 to 0"),
        (file(&one("F32", "[1]", "[0,4]"), &[0; 3]), "tensor `w`: bytes 0 to 4 of 3"),
        (file(&one("F32", "[1]", "[0,4]"), &[0; 5]), "no valid safetensors"),
        (file(&one("U8", &format!("[{end}]"), &format!("[0,{end}]")), &[]), "tensor `w`: bytes 0 to"),
        (file(&one("F64", &format!("[{end},{end}]"), "[0,8]"), &[0; 8]), "tensor `w`: the shape"),
        (file(&one("F64", "[1152921504606846976]", "[0,8]"), &[0; 8]), "tensor `w`: the shape"),
        (file(&one("F64", &format!("[0,{end}]"), "[0,0]"), &[]), "tensor `w`: shape"),
        (file(&one("F64", "[-1]", "[0,8]"), &[0; 8]), "tensor `w`: invalid value"),
        (file(&one("F65", "[1]", "[0,8]"), &[0; 8]), "F65"),
        (file(&one("I64", "[1]", "[0,8]"), &[0; 8]), "tensor `w`: its numbers are I64"),
        (file(&about("NaN"), &[]), "the metadata `chainrule` makes no sense"),
        (file(&about(r#"{\"version\":2,\"number\":\"f64\",\"names\":[]}"#), &[]), "written in version 2"),
        (file(r#"{"__metadata__":{"chainrule":NaN}}"#, &[]), "no valid header"),
        (file(r#"{"__metadata__":{"chainrule":1}}"#, &[]), "no valid safetensors"),
    ] {
        let path = folder.file("net.safetensors", bytes);
        let message = refused(Params::<f64>::load(&path), &path);
        assert!(message.contains(part), "{message}\nhas no {part}");
    }
    // Names that are not there, in the metadata, do no harm.
    let names = about(r#"{\"version\":1,\"number\":\"f64\",\"names\":[\"x\"],\"frozen\":[\"x\"]}"#);
    let path = folder.file("net.safetensors", file(&names, &[]));
    assert!(Params::<f64>::load(&path).unwrap().is_empty());
}

/// A small file.
static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = Folder::new();
    let path = folder.join("net.safetensors");
    let mut params = Params::<f32>::init(&Sequential::<f32>::new().dense(2, 3), 1).unwrap();
    params.freeze("0.bias").unwrap();
    params.save(&path).unwrap();
    fs::read(&path).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Some bytes of a good file changed, and its end cut off: an answer, whichever.
    #[test]
    fn no_bytes_make_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        digits in prop::collection::vec((any::<prop::sample::Index>(), b'0'..=b'9'), 0..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = GOOD.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        // Other numbers in the header are what passes the parser.
        let places: Vec<_> = (8..bytes.len() - 36).filter(|&place| bytes[place].is_ascii_digit()).collect();
        for (place, digit) in digits {
            bytes[places[place.index(places.len())]] = digit;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = Folder::new();
        match Params::<f64>::load(folder.file("net.safetensors", bytes)) {
            Ok(params) => prop_assert!(params.count() <= 9),
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::File),
        }
    }
}
