//! Wrong derivative rules for every operation and every operand: random programs must find each of them within 256 cases,
//! shrink to at most 3 lines that compute, and name the operation and the operand.
//!
//! `cargo run --release -p chainrule-check --example faults [-- --only matmul]`
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chainrule_check::program::fault::{Caught, Fault, faults, hunt};

/// Of a single wrong rule, no more lines that compute may be left than this.
const LINES: usize = 3;

fn main() -> ExitCode {
    let start = Instant::now();
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let faults: Vec<Fault> = faults()
        .into_iter()
        .filter(|fault| only.as_deref().is_none_or(|name| fault.operation == name))
        .collect();
    let found: Mutex<Vec<(usize, Option<Caught>)>> = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((i, &fault)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, faults.get(i)?)))
                {
                    let caught = hunt(fault);
                    if let Ok(mut found) = found.lock() {
                        found.push((i, caught));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(i, _)| *i);

    let mut rows: BTreeMap<&str, Vec<(Fault, Option<Caught>)>> = BTreeMap::new();
    for (i, caught) in found {
        rows.entry(faults[i].operation).or_default().push((faults[i], caught));
    }
    println!(
        "{:30} {:>7} {:>7} {:>6} {:>6} {:>6}",
        "operation", "faults", "caught", "named", "cases", "lines"
    );
    let (mut bad, mut cases, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = 0;
    for (operation, row) in &rows {
        let caught: Vec<&Caught> = row.iter().filter_map(|(_, caught)| caught.as_ref()).collect();
        let named =
            row.iter().filter(|(fault, caught)| caught.as_ref().is_some_and(|c| c.is_named(*fault))).count();
        let most = |f: fn(&Caught) -> usize| caught.iter().map(|c| f(c)).max().unwrap_or(0);
        println!(
            "{operation:30} {:>7} {:>7} {named:>6} {:>6} {:>6}",
            row.len(),
            caught.len(),
            most(|c| c.cases() as usize),
            most(Caught::lines)
        );
        total += row.len();
        cases.extend(caught.iter().map(|c| c.cases() as usize));
        lines.extend(caught.iter().map(|c| c.lines()));
        for (fault, caught) in row {
            match caught {
                None => bad.push(format!("{fault}: not caught")),
                Some(c) if !c.is_named(*fault) => {
                    bad.push(format!(
                        "{fault}: blamed on {:?}",
                        c.failure.guilty().map(|guilty| guilty.to_string())
                    ));
                }
                Some(c) if c.lines() > LINES => {
                    bad.push(format!("{fault}: {} lines are left\n{}", c.lines(), c.failure));
                }
                Some(_) => {}
            }
        }
    }
    cases.sort_unstable();
    lines.sort_unstable();
    let middle = |list: &[usize]| list.get(list.len() / 2).copied().unwrap_or(0);
    for text in &bad {
        println!("{text}");
    }
    println!(
        "caught {} of {total} faults; median {} cases, at most {}; median {} lines after shrinking, at most {}; {:.1} s",
        cases.len(),
        middle(&cases),
        cases.last().copied().unwrap_or(0),
        middle(&lines),
        lines.last().copied().unwrap_or(0),
        start.elapsed().as_secs_f64()
    );
    if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
