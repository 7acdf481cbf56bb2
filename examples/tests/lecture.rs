//! The lecture as a reader meets it: its figures, its layout, and the program with its exit statuses.

#![allow(clippy::unwrap_used, reason = "the functions that tests share are tests too")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use chainrule_examples::lecture::{self, Study};
use chainrule_examples::network::Network;
use chainrule_examples::network_file;
use chainrule_examples::random::Random;
use chainrule_examples::report::COLUMNS;
use ndarray::Array1;

/// Large enough for the claims of the last step to hold, small enough for an unoptimised build.
const STUDY: Study = Study { networks: 30, sizes: [60, 50, 10] };

fn text_of(network: &Network) -> String {
    let report = lecture::run_for(network, "net.toml").unwrap();
    assert!(report.failed().is_empty(), "{:?}\n{network:?}", report.failed());
    report.finish()
}

fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= COLUMNS, "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn the_lecture_has_its_figures_and_all_checks_pass() {
    let report = lecture::run(STUDY).unwrap();
    let text = report.finish();
    assert!(report.failed().is_empty(), "{text}");
    assert_narrow(&text);
    for figure in [
        "errors      E[2] = y - A[2] = (0.42, 0.45)",
        "N = (0.6, 0.4)",
        "E[1] = (0.435, 0.2525, 0.1825)",
        "(0.44, 0.25, 0.18)",
        "conserved: 0.87 = 0.87",
        "slide's E[1] = (0.435, 0.435, 0.435)",
        "the sum is 1.305 and not 0.87",
        "E[1]_1 = 0.3 * 0.42 + 0.2 * 0.45 = 0.216",
        "the tape's vjp   = (0.216, 0.129, 0.087)",
        "A[2] = sigmoid(Z[2]) = (0.580079, 0.550077)",
    ] {
        assert!(text.contains(figure), "{figure} is not in\n{text}");
    }
    let checks = text.matches("\n  [ok] ").count();
    assert!(text.ends_with(&format!("\nAll {checks} checks passed.\n")), "{checks}");
    assert!(checks > 30);
}

#[test]
fn networks_of_all_sorts_fit_the_page() {
    let mut random = Random::new(3);
    let shapes: [&[usize]; 6] = [&[1, 1], &[1, 1, 1], &[40, 30, 20], &[3, 200], &[200, 3], &[2; 33]];
    for sizes in shapes {
        let mut network = Network::random(&mut random, sizes);
        assert_narrow(&text_of(&network));
        // only the outputs known, and large or tiny numbers
        network.outputs = Some(Array1::from_elem(network.last.ncols(), 0.123456789));
        network.inputs = None;
        for scale in [1e5, -1e-150, 1e-300] {
            network.last = network.last.mapv(|w| w * scale);
            assert_narrow(&text_of(&network));
        }
    }
}

#[test]
fn weights_without_a_normaliser_are_explained() {
    let text =
        "targets = [1, 1]\noutputs = [0.5, 0.5]\nlayers = [{weights = [[0.1, 0.1], [0.2, 2], [-0.3, 3]]}]";
    let text = text_of(&network_file::parse(text, "net.toml").unwrap());
    assert!(text.contains("The weights into output 1 add up to 0"), "{text}");
}

#[test]
fn saturated_layers_and_exact_targets_are_no_failure() {
    for text in [
        "targets = [1]\ninputs = [1000, 1]\nlayers = [{weights = [[9, -9], [1, 1]]}, {weights = [[1], [1]]}]",
        "targets = [0.5]\ninputs = [0]\nlayers = [{weights = [[1]]}, {weights = [[0]]}]",
    ] {
        text_of(&network_file::parse(text, "net.toml").unwrap());
    }
}

fn lecture(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lecture")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A file that is gone again at the end.
struct Temporary(std::path::PathBuf);

impl Temporary {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chainrule-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Temporary(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_sample_file_runs() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("my-network.toml");
    let output = lecture(&[sample.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("checks passed.\n"));
}

#[test]
fn a_failed_check_is_named_and_gives_status_1() {
    let text = network_file::FORMAT.replace("0.58", "0.9");
    let file = Temporary::new("contradiction.toml", &text);
    let output = lecture(&[file.path()]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(errors, "error: check failed: A[2], rounded to two decimals, is (0.58, 0.55), as given\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[FAILED] A[2]") && text.ends_with("checks FAILED.\n"), "{text}");
}

#[test]
fn wrong_files_and_arguments_give_status_2() {
    let file = Temporary::new("wrong.toml", "targets = [1]\nlayers = 3");
    for arguments in [&["no-such-file.toml"][..], &[file.path()], &["--no-such-option"], &["a", "b"], &["/"]]
    {
        let output = lecture(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.starts_with("error: ") && output.stdout.is_empty(), "{errors}");
    }
    if Path::new("/dev/zero").exists() {
        let output = lecture(&["/dev/zero"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("is larger than 16 MiB"));
    }
}

#[test]
fn help_has_the_format_and_the_statuses() {
    let output = lecture(&["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(text.contains(network_file::FORMAT) && text.contains("Exit status: 0"), "{text}");
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lecture"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("my-network.toml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
