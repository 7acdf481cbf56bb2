//! The program itself: arguments, exit statuses, pipes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chainrule_examples::network_file::FORMAT;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lecture"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn sample() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("my-network.toml").to_str().unwrap().to_owned()
}

/// A file that is gone again at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chainrule-{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        Temporary(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_sample_file_passes_with_status_0() {
    let (status, text, errors) = run(&[&sample()]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(
        text.lines().last().unwrap().starts_with("All ") && text.ends_with(" checks passed.\n"),
        "{text}"
    );
}

#[test]
fn a_failed_check_is_named_twice_and_gives_status_1() {
    let text = "targets = [1, 1]\ninputs = [1, 0.5]\noutputs = [0.58, 0.65]\n\
                [[layers]]\nweights = [[0.3, 0.4, -1.2], [0.2, 0.2, -0.5]]\n\
                [[layers]]\nweights = [[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]";
    let file = Temporary::new("contradiction.toml", text);
    let (status, text, errors) = run(&[file.path()]);
    assert_eq!(status, Some(1));
    assert_eq!(errors, "check failed: output 2: the tape's 0.550077, rounded, is the given 0.65\n");
    assert!(text.contains("\n  [FAILED] output 2: the tape's 0.550077"), "{text}");
    assert!(text.contains("\n1 of ") && text.ends_with("checks FAILED.\n"), "{text}");
}

#[test]
fn wrong_files_and_arguments_give_status_2() {
    let file = Temporary::new("wrong.toml", "targets = [1]\nlayers = 3");
    for arguments in
        [&["no-such-file.toml"][..], &[file.path()], &["--no-such-option"], &["a", "b"], &["/"], &[""]]
    {
        let (status, text, errors) = run(arguments);
        assert_eq!((status, text.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.starts_with("error: "), "{errors}");
    }
    let (_, _, errors) = run(&[file.path()]);
    assert_eq!(
        errors,
        format!(
            "error: {}:2:10: `layers` is an integer, not a list\n  help: write a [[layers]] for each layer\n",
            file.path()
        )
    );
}

#[test]
fn help_says_it_all() {
    let (status, text, errors) = run(&["--help"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(text.contains(FORMAT) && text.contains("Exit status:\n  0  every check passed\n  1  "), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let (status, text, _) = run(&["-h"]);
    assert!(status == Some(0) && text.contains("`--help` tells more"), "{text}");
    let (status, text, _) = run(&["--version"]);
    assert_eq!((status, text), (Some(0), format!("lecture {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    for arguments in [&["--help"][..], &[&sample()]] {
        for bytes in [0, 1] {
            let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0; 1][..bytes]).unwrap();
            drop(stdout);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            assert!(output.stderr.is_empty(), "{output:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_not_a_panic() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&[&sample()]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.starts_with("error: cannot write the output: ") && errors.lines().count() == 1,
        "{errors}"
    );
}
