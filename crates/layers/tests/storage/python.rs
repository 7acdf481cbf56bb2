//! Parameters to Python and back, where there is a `python3` with the packages `safetensors` and `numpy`.

use std::process::{Command, Output};

use crate::support::Folder;
use chainrule_layers::{Params, load_npy};
use ndarray::array;

fn python(script: &str, folder: &Folder) -> Option<Output> {
    Command::new("python3").args(["-c", script]).arg(folder.join("")).output().ok()
}

/// Reads our file, checks it against figures, and writes its own.
const SCRIPT: &str = r#"
import sys, numpy, safetensors.numpy
folder = sys.argv[1]
found = safetensors.numpy.load_file(folder + "/ours.safetensors")
assert sorted(found) == ["b", "layer.w"], found
assert found["b"].dtype == numpy.float64 and found["b"].tolist() == [0.1, float("-inf")], found
assert found["layer.w"].shape == (2, 3) and found["layer.w"].tolist() == [[1, 2, 3], [4, 5, 6.5]], found
half = numpy.array([[0.1, -65504]], dtype=numpy.float16)
safetensors.numpy.save_file({"half": half, "w": found["layer.w"] / 3, "f": numpy.float32([0.1])}, folder + "/theirs.safetensors")
numpy.save(folder + "/w.npy", found["layer.w"] / 3)
"#;

#[test]
fn python_reads_and_writes_the_same_files() {
    let folder = Folder::new();
    match python("import safetensors.numpy, numpy", &folder) {
        Some(output) if output.status.success() => {}
        _ => return println!("skipped: no python3 with the packages safetensors and numpy"),
    }
    let mut params = Params::<f64>::new();
    params.insert("layer.w", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]);
    params.insert("b", [0.1, f64::NEG_INFINITY]);
    params.save(folder.join("ours.safetensors")).unwrap();
    let output = python(SCRIPT, &folder).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let theirs = Params::<f64>::load(folder.join("theirs.safetensors")).unwrap();
    let third = array![[1.0 / 3.0, 2.0 / 3.0, 1.0], [4.0 / 3.0, 5.0 / 3.0, 6.5 / 3.0]].into_dyn();
    assert_eq!(theirs.get("w"), Some(&third));
    assert_eq!(theirs.get("f"), Some(&array![f64::from(0.1_f32)].into_dyn()));
    assert_eq!(theirs.get("half"), Some(&array![[0.0999755859375, -65504.0]].into_dyn()));
    assert_eq!(load_npy::<f64>(folder.join("w.npy")).unwrap(), third);
}
