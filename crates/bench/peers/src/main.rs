//! The workloads of `chainrule-bench` in other frameworks: the same data, the same lines of JSON.

mod arrays;
mod burn;
mod candle;

use std::process::{Command, ExitCode};

use chainrule_bench::allocations::Counting;
use chainrule_bench::engine::{Mode, measure_calls};
use chainrule_bench::options;
use chainrule_bench::workload::{Calls, Id, Result};
use clap::{Parser, ValueEnum};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The workloads of chainrule-bench in other frameworks: a line of JSON for each.
#[derive(Parser)]
struct Arguments {
    /// Which workloads, separated by commas; all that are there unless given
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    workloads: Vec<Id>,
    /// On how many threads
    #[arg(long, default_value_t = 1, value_parser = options::threads, allow_hyphen_values = true)]
    threads: usize,
    /// Which framework
    #[arg(long, value_enum)]
    peer: Peer,
    /// For how long each is measured, in seconds
    #[arg(long, default_value_t = 1.0, value_parser = options::seconds, allow_hyphen_values = true)]
    seconds: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Peer {
    Burn,
    Candle,
}

impl Peer {
    /// As printed; the versions are those of Cargo.toml.
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Peer::Burn => ("burn", "0.22.1"),
            Peer::Candle => ("candle", "0.11.1"),
        }
    }

    fn calls(self, id: Id) -> Result<Option<Box<dyn Calls>>> {
        match self {
            Peer::Burn => burn::calls(id),
            Peer::Candle => candle::calls(id),
        }
    }
}

/// By which the frameworks, and what they call, are told the number of threads: before they start.
const VARIABLES: [&str; 2] = ["RAYON_NUM_THREADS", "MATMUL_NUM_THREADS"];

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let threads = arguments.threads.to_string();
    let done = if VARIABLES.iter().all(|name| std::env::var(name).as_ref() == Ok(&threads)) {
        // Long chains of operations are let go of by recursion: that takes stack.
        let measuring = std::thread::Builder::new().stack_size(1 << 30).spawn(move || run(&arguments));
        measuring.map_err(Into::into).and_then(|thread| thread.join().map_err(|_| "panicked")?)
    } else {
        again(&threads)
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// This program with the variables set.
fn again(threads: &str) -> Result<bool> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).envs(VARIABLES.map(|name| (name, threads)));
    Ok(command.status()?.success())
}

/// Whether all check values were right.
fn run(arguments: &Arguments) -> Result<bool> {
    let Arguments { threads, peer, seconds, .. } = *arguments;
    let ids = if arguments.workloads.is_empty() { &Id::ALL[..] } else { &arguments.workloads };
    let mut right = true;
    for &id in ids {
        let Some(mut calls) = peer.calls(id)? else {
            eprintln!("{id}: not there");
            continue;
        };
        right &= measure_calls(id, &mut *calls, seconds)?.report(peer.name(), Mode::Record, id, threads);
    }
    Ok(right)
}
