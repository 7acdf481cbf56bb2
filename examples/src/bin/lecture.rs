//! The lecture, run and checked; see `--help`.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chainrule_examples::lecture::{self, Study};
use chainrule_examples::network_file::{self, FORMAT};
use clap::Parser;

/// Back-propagation, as the lecture derives it, computed on a tape and checked.
///
/// Goes through the lecture's steps for its own network: signals forward, errors split by weights, the simplification
/// without normalisers, the closed form, both conventions for the weights, and what the lecture leaves out. With a file, the
/// same for a network of your own.
#[derive(Parser)]
#[command(name = "lecture", version, after_long_help = help())]
struct Arguments {
    /// A network of your own, as a TOML file.
    network: Option<PathBuf>,
}

fn help() -> String {
    format!(
        "The file:\n\n{FORMAT}\n\nAt least one of `inputs` and `outputs` is needed. The way back begins with the outputs that \
         are given, or\nelse with the computed ones.\n\nExit status: 0 if every check passed, 1 if one failed, 2 for wrong \
         arguments or a wrong file."
    )
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let report = match &arguments.network {
        None => lecture::run(Study::default()).map_err(|e| e.to_string()),
        Some(path) => match network_file::read(path) {
            Ok(network) => lecture::run_for(&network, &path.display().to_string()).map_err(|e| e.to_string()),
            Err(error) => return complain(&error.to_string()),
        },
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return complain(&error),
    };
    match std::io::stdout().write_all(report.finish().as_bytes()) {
        // A reader who has seen enough (`| head`) is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            return complain(&format!("cannot write: {error}"));
        }
        _ => {}
    }
    for claim in report.failed() {
        complain(&format!("check failed: {claim}"));
    }
    if report.failed().is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn complain(message: &str) -> ExitCode {
    // Where even the error cannot be written, the status has to do.
    let _ = writeln!(std::io::stderr(), "error: {message}");
    ExitCode::from(2)
}
