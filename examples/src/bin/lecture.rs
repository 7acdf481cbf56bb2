//! The lecture "Back-propagation 1", or a network of the user's through its eyes: `lecture --help`.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chainrule_examples::lecture::{Sample, lecture, own_network};
use chainrule_examples::network_file::{FORMAT, read};
use chainrule_examples::report::{Report, Stop};
use clap::Parser;

/// Shows the lecture "Back-propagation 1", computed by chainrule and checked.
///
/// Without an argument, the lecture's own network and random ones: the signal
/// pass, the split of the error by shares, the simplification, its closed form,
/// both ways to write the weights, and what the lecture leaves out.
/// With a file, the same for your own network.
#[derive(Parser)]
#[command(
    name = "lecture",
    version,
    verbatim_doc_comment,
    after_long_help = after_help(),
    after_help = "`--help` tells more: the format of the file, and the exit statuses."
)]
struct Arguments {
    /// Your own network: weights, targets, and inputs or outputs
    #[arg(value_name = "NETWORK.TOML")]
    network: Option<PathBuf>,
}

fn after_help() -> String {
    format!(
        "{FORMAT}\n\nExit status:\n  0  every check passed\n  1  a check failed; it is named where it stands and on\n     \
         standard error, or the output could not be written\n  2  the arguments or the file are wrong"
    )
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let network = match arguments
        .network
        .as_deref()
        .map(|path| read(path).map(|network| (path, network)))
        .transpose()
    {
        Ok(network) => network,
        Err(error) => {
            complain(&format!("error: {error}"));
            return ExitCode::from(2);
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut report = Report::new(&mut out);
    let outcome = match &network {
        None => lecture(&mut report, Sample::default()),
        Some((path, network)) => own_network(&mut report, &path.display().to_string(), network),
    };
    let failed = report.failed().to_vec();
    for claim in &failed {
        complain(&format!("check failed: {claim}"));
    }
    match outcome {
        // Whoever closes the pipe has read enough.
        Err(Stop::Output(error)) if error.kind() == ErrorKind::BrokenPipe => status(&failed),
        Err(stop) => {
            complain(&format!("error: {stop}"));
            ExitCode::FAILURE
        }
        Ok(()) => status(&failed),
    }
}

fn status(failed: &[String]) -> ExitCode {
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line on standard error. Where even that is closed there is nobody left to tell (`eprintln` would panic).
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
