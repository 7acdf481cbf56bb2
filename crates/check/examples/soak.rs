//! A long run of random programs with everything that is claimed of them, in double and single precision.
//!
//! `cargo run --release -p chainrule-check --example soak -- --cases 100000 [--seed 7] [--lines 12]`
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::process::ExitCode;
use std::time::Instant;

use chainrule_check::program::{Failure, Programs, Report, programs};

/// So many programs of these in one precision.
type Part = fn(&Programs, u32) -> Result<Report, Failure>;

/// The number behind an option.
fn option(name: &str) -> Option<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).and_then(|number| number.parse().ok())
}

fn main() -> ExitCode {
    let cases = option("--cases").unwrap_or(10_000) as u32;
    let seed = option("--seed").unwrap_or(1);
    let programs = programs().lines(option("--lines").unwrap_or(12) as usize);
    println!("{cases} random programs in all, seed {seed}");
    let mut alarms = 0;
    let parts: [(&str, u32, Part); 4] = [
        ("f64", cases / 4, Programs::check),
        ("f32", cases / 4, Programs::check_single),
        ("f64 at kinks", cases / 4, |programs, cases| programs.clone().at_kinks().check(cases)),
        ("f32 at kinks", cases / 4, |programs, cases| programs.clone().at_kinks().check_single(cases)),
    ];
    for (name, cases, check) in parts {
        let start = Instant::now();
        // In pieces with seeds of their own, so that one alarm does not end the run.
        let piece = 2000;
        let mut errors = Vec::new();
        let mut compared = 0;
        for k in 0..cases.div_ceil(piece) {
            let programs = programs.clone().seed(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(k)));
            match check(&programs, piece.min(cases - k * piece)) {
                Ok(report) => {
                    errors.extend(report.errors);
                    compared += report.compared;
                }
                Err(failure) => {
                    alarms += 1;
                    println!("ALARM in {name}, piece {k}:\n{failure}\n");
                }
            }
        }
        errors.sort_by(f64::total_cmp);
        let part =
            |share: f64| errors.get(((errors.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0);
        println!(
            "{name}: {} programs, {compared} numbers, {:.1} s; largest error of a program in parts of its bound: \
             median {:.3}, 99 % {:.3}, maximum {:.3}",
            errors.len(),
            start.elapsed().as_secs_f64(),
            part(0.5),
            part(0.99),
            part(1.0),
        );
    }
    println!("{alarms} alarms");
    if alarms == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
