//! Measures the ten workloads and prints a line of JSON for each, or a table of all.

use std::process::ExitCode;

use chainrule_bench::allocations::Counting;
use chainrule_bench::engine::{Mode, Peer, measure};
use chainrule_bench::measure::on_threads;
use chainrule_bench::options;
use chainrule_bench::replay::Profiling;
use chainrule_bench::table;
use chainrule_bench::workload::{Id, Result};
use chainrule_bench::workloads::visit;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Ten workloads that measure chainrule: a line of JSON for each.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Which workloads, separated by commas; all unless given
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    workloads: Vec<Id>,
    /// On how many threads
    #[arg(long, default_value_t = 1, value_parser = options::threads, allow_hyphen_values = true)]
    threads: usize,
    /// How the graph is used
    #[arg(long, value_enum, default_value_t = Mode::Replay)]
    mode: Mode,
    /// Whose work is measured
    #[arg(long, value_enum, default_value_t = Peer::Chainrule)]
    peer: Peer,
    /// For how long each is measured, in seconds
    #[arg(long, default_value_t = 1.0, value_parser = options::seconds, allow_hyphen_values = true)]
    seconds: f64,
    /// Instead of lines, a Markdown table of everything here, with ratios
    #[arg(long)]
    table: bool,
    /// Instead of lines, the plan of each workload's program, with the time of each step
    #[arg(long)]
    plan: bool,
    /// For the table: how often each is measured, in turn
    #[arg(long, default_value_t = 3, value_parser = options::rounds, allow_hyphen_values = true)]
    rounds: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all check values were right.
fn run(arguments: &Arguments) -> Result<bool> {
    let Arguments { threads, mode, peer, seconds, .. } = *arguments;
    let ids = if arguments.workloads.is_empty() { &Id::ALL[..] } else { &arguments.workloads };
    if arguments.table {
        return table::print(ids, arguments.rounds, seconds);
    }
    if arguments.plan {
        return on_threads(threads, || {
            for &id in ids {
                println!("{id}: {}", visit(id, Profiling { runs: 30 })?);
            }
            Ok(true)
        })?;
    }
    on_threads(threads, || {
        let mut right = true;
        for &id in ids {
            let Some(measured) = measure(peer, mode, id, seconds)? else {
                eprintln!("{id}: not there");
                continue;
            };
            let version = env!("CARGO_PKG_VERSION");
            right &= measured.report((&peer.to_string(), version), mode, id, threads);
        }
        Ok(right)
    })?
}
