//! A long run of random programs with everything that is claimed of them, in double and single precision. It tells how near the
//! largest error came to its bound, and where.
//!
//! `cargo run --release -p chainrule-check --example soak -- --cases 100000 [--seed 7] [--lines 12]`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::process::ExitCode;
use std::time::Instant;

use chainrule_check::Failure;
use chainrule_check::program::{Programs, Report, programs};

/// So many programs of these in one precision.
type Part = fn(&Programs, u32) -> Result<Report, Failure>;

/// The numbers behind the options, in this order; what they are without.
const OPTIONS: [(&str, u64); 3] = [("--cases", 10_000), ("--seed", 1), ("--lines", 12)];

/// What the arguments say.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<[u64; 3], String> {
    let mut numbers = OPTIONS.map(|(_, usual)| usual);
    while let Some(argument) = arguments.next() {
        let place = OPTIONS.iter().position(|(name, _)| *name == argument);
        let place = place
            .ok_or_else(|| format!("`{argument}` is no option; there are --cases, --seed and --lines"))?;
        let text = arguments.next().ok_or_else(|| format!("`{argument}` takes a whole number"))?;
        let largest = if place == 1 { u64::MAX } else { u64::from(u32::MAX) };
        let number = text.parse().ok().filter(|number| *number <= largest);
        numbers[place] = number
            .ok_or_else(|| format!("`{argument}` takes a whole number up to {largest}, not `{text}`"))?;
    }
    Ok(numbers)
}

fn main() -> ExitCode {
    if std::env::var_os("PROPTEST_CASES").is_some() {
        eprintln!("error: PROPTEST_CASES takes the place of --cases everywhere: unset it");
        return ExitCode::from(2);
    }
    let [cases, seed, lines] = match options(std::env::args().skip(1)) {
        Ok(numbers) => numbers,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let cases = cases as u32;
    let programs = programs().lines(lines as usize);
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
        let (mut compared, mut worst) = (0, Report::default());
        for k in 0..cases.div_ceil(piece) {
            let programs = programs.clone().seed(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(k)));
            match check(&programs, piece.min(cases - k * piece)) {
                Ok(report) => {
                    errors.extend_from_slice(&report.errors);
                    compared += report.compared;
                    if report.worst > worst.worst {
                        worst = report;
                    }
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
        if let Some(program) = &worst.worst_program {
            println!("  the largest is that of {}, in\n{}", worst.worst_of, program.code());
        }
    }
    println!("{alarms} alarms");
    if alarms == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
