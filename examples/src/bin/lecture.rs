//! The lecture "Back-propagation 1", or a network of the user's through its eyes: `lecture --help`.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chainrule_examples::layout::printable;
use chainrule_examples::lecture::{Sample, lecture, own_network};
use chainrule_examples::network::Network;
use chainrule_examples::network_file::{FORMAT, read};
use chainrule_examples::page::{PageError, build_engine, is_page, write_page};
use chainrule_examples::report::{Report, Stop};
use clap::Parser;

/// Shows the lecture "Back-propagation 1", computed by chainrule and checked.
///
/// Without an argument, the lecture's own network and random ones: the signal
/// pass, the split of the error by shares, the simplification, its closed form,
/// both ways to write the weights, and what the lecture leaves out.
/// With a file, the same for your own network. With --html, as a page for the
/// browser, where signals and errors move and every number can be changed.
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

    /// Write a page instead: one file that needs no server
    #[arg(long, value_name = "PAGE.html")]
    html: Option<PathBuf>,

    /// With --html: no engine inside, so that nothing can be edited
    #[arg(long, requires = "html")]
    without_engine: bool,
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
    if let Some(path) = &arguments.html {
        return html(
            path,
            network.as_ref().map(|(path, network)| (*path, network)),
            !arguments.without_engine,
        );
    }
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

/// Writes the page, with the engine inside if it can be built.
fn html(path: &Path, own: Option<(&Path, &Network)>, with_engine: bool) -> ExitCode {
    if let Err(error) = is_page(path) {
        complain(&format!("error: {error}"));
        return ExitCode::from(2);
    }
    let mut engine = None;
    if with_engine {
        complain("Building the engine for browsers (a minute or two the first time) ...");
        match build_engine() {
            Ok(module) => engine = Some(module),
            Err(reason) => complain(&format!("note: the page's numbers cannot be edited, because {reason}")),
        }
    }
    let name = own.map(|(path, _)| path.display().to_string());
    let network = own.map_or_else(Network::lecture, |(_, network)| network.clone());
    match write_page(path, name.as_deref(), &network, engine.as_deref()) {
        Ok(bytes) => {
            let shown = printable(&path.display().to_string());
            let line = format!("{shown}: {} kB; open it in a browser", bytes.div_ceil(1000));
            // The page is there, whether or not somebody reads this.
            let _ = writeln!(io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&format!("error: {error}"));
            match error {
                PageError::Unwritable(..) => ExitCode::FAILURE,
                PageError::NotAPage(_) | PageError::TooLarge(_) => ExitCode::from(2),
            }
        }
    }
}

fn status(failed: &[String]) -> ExitCode {
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line on standard error. Where even that is closed there is nobody left to tell (`eprintln` would panic).
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
