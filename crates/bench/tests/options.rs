//! The program refuses options that make no sense: it names the option and says what would be right.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chainrule-bench")).args(arguments).output().unwrap()
}

#[test]
fn refused_by_name() {
    let wrong = [
        ("--threads", &["0", "-1", "100000000", "99999999999999999999", "x", ""][..], "from 1 to 1024"),
        ("--rounds", &["0", "-1", "99999999999999999999", "x", ""], "from 1 up"),
        ("--seconds", &["nan", "-1", "inf", "-inf", "1e300", "x", ""], "a number of seconds"),
        ("--workloads", &["W0", "W1,,W2", ""], "W10"),
    ];
    for (option, texts, remedy) in wrong {
        for text in texts {
            for arguments in [&[option, text][..], &["--table", &format!("{option}={text}")]] {
                let output = run(arguments);
                let error = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
                assert!(output.stdout.is_empty(), "{arguments:?}");
                assert!(error.contains(option) && error.contains(remedy), "{arguments:?}: {error}");
            }
        }
    }
}

#[test]
fn the_shortest_run() {
    let output = run(&["--workloads", "w1", "--seconds", "0", "--threads", "1"]);
    let lines = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && lines.lines().count() == 1, "{output:?}");
    assert!(lines.contains(r#""workload": "W1""#), "{lines}");
}
