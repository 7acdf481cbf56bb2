//! Runs every program of the book and compares what it prints with the page.
//!
//! ```text
//! cargo test -p chainrule-book --test programs                  # all
//! cargo test -p chainrule-book --test programs -- xor           # those of pages whose path contains "xor"
//! UPDATE_PAGES=1 cargo test -p chainrule-book --test programs   # and write into the pages what they print
//! ```
//!
//! All programs are one binary, this one, which starts itself anew for each of them. They run as on a processor without
//! special instructions (`CHAINRULE_CPU=portable`), so that the last digits are the same everywhere.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use chainrule_book::output;
use chainrule_book::pages::{pages, root};
use chainrule_book::programs::{Ending, Listing, listings};

// The words of the workspace's lints that are for libraries: a program of the book is free of them.
#[allow(missing_docs, unreachable_pub, dead_code)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// A program's `main` may return nothing, and is asked for its result all the same.
#[allow(clippy::unit_arg)]
mod book {
    use std::process::ExitCode;
    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, number] = arguments.as_slice()
        && flag == "--program"
    {
        let program = number.parse().ok().and_then(|number: usize| book::PROGRAMS.get(number)).copied();
        return program.flatten().map_or(ExitCode::from(99), |(run, _)| run());
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let all = listings(&pages().unwrap());
    let wanted: Vec<&Listing> =
        all.iter().filter(|listing| filter.is_none_or(|part| listing.place().contains(part))).collect();

    // Programs are found by their numbers, so a page that was changed meanwhile would be compared with another one's output.
    if all.iter().any(is_stale) {
        println!("the pages have changed since their programs were compiled; start the test anew");
        return ExitCode::FAILURE;
    }
    let faults = run_all(&wanted);
    let ran = wanted.iter().filter(|l| matches!(l.ending, Ending::Success | Ending::Failure)).count();
    let compared = wanted.iter().filter(|listing| listing.output.is_some()).count();
    println!("\n{ran} programs of the book ran, {compared} outputs were compared");
    let update = env::var_os("UPDATE_PAGES").is_some();
    let mut failed = 0;
    let mut rewritten: BTreeMap<&str, Vec<(&Listing, String)>> = BTreeMap::new();
    for (listing, fault) in &faults {
        match fault {
            Fault::Differs(printed) if update => {
                rewritten.entry(&listing.page).or_default().push((listing, printed.clone()));
            }
            fault => {
                failed += 1;
                println!("\n---- {}\n{}", listing.place(), fault.report(listing));
            }
        }
    }
    for (page, outputs) in rewritten {
        write(page, outputs);
    }
    if failed == 0 {
        return ExitCode::SUCCESS;
    }
    println!("\n{failed} programs failed. UPDATE_PAGES=1 writes what they print into the pages.");
    ExitCode::FAILURE
}

/// Whether the module that was compiled for a program is another one's.
fn is_stale(listing: &Listing) -> bool {
    let Some(program) = book::PROGRAMS.get(listing.module) else { return true };
    // Before the code there are empty lines, as many as its first page has lines before it.
    let other = |code: String| code.trim_start() != listing.module().trim_start();
    program.is_some_and(|(_, file)| fs::read_to_string(file).is_ok_and(other))
}

/// What may be wrong with a program.
enum Fault {
    /// It ended otherwise than the page says; with all that it wrote.
    Ended(String),
    /// It prints something else.
    Differs(String),
}

impl Fault {
    fn report(&self, listing: &Listing) -> String {
        match self {
            Fault::Ended(wrote) if listing.ending == Ending::Failure => {
                format!("it is marked `fails`, but succeeded:\n{wrote}")
            }
            Fault::Ended(wrote) => format!("it failed:\n{wrote}"),
            Fault::Differs(printed) => {
                let (line, shown) =
                    listing.output.as_ref().map_or((0, ""), |block| (block.line, block.code.as_str()));
                format!(
                    "expected, line {line} of the page:\n{}\ngot:\n{}",
                    output::indented(shown),
                    output::indented(printed)
                )
            }
        }
    }
}

/// Runs programs, some at a time.
fn run_all<'a>(listings: &[&'a Listing]) -> Vec<(&'a Listing, Fault)> {
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&listing) = listings.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fault = match listing.ending {
                        Ending::Success | Ending::Failure => run(listing),
                        Ending::NotRun | Ending::NotCompiled => None,
                    };
                    let verdict = match fault {
                        None => "ok",
                        Some(Fault::Differs(_)) => "differs",
                        Some(Fault::Ended(_)) => "FAILED",
                    };
                    println!("program {} ... {verdict}", listing.place());
                    faults.lock().unwrap().extend(fault.map(|fault| (listing, fault)));
                }
            });
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort_by_key(|(listing, _)| (listing.page.clone(), listing.block.line));
    faults
}

/// Runs one program in a folder of its own.
fn run(listing: &Listing) -> Option<Fault> {
    let folder = folder(listing);
    let result = Command::new(env::current_exe().unwrap())
        .args(["--program", &listing.module.to_string()])
        .current_dir(&folder)
        .env("CHAINRULE_CPU", "portable")
        .env_remove("UPDATE_PAGES")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let _ = fs::remove_dir_all(&folder);

    let (_, file) = book::PROGRAMS[listing.module].unwrap();
    // The first line that the module has of the program, whose number may be of another page with the same program.
    let first = file.rsplit(['-', '.']).nth(1).and_then(|line| line.parse().ok()).unwrap_or(1);
    let text = |bytes: &[u8]| output::places(&String::from_utf8_lossy(bytes), file, first);
    let (printed, errors) = (text(&result.stdout), text(&result.stderr));
    let all = format!("{printed}{errors}");
    if result.status.success() != (listing.ending == Ending::Success) {
        return Some(Fault::Ended(all));
    }
    let printed = if listing.ending == Ending::Failure { all } else { printed };
    match &listing.output {
        Some(block) if !output::matches(&block.code, &printed) => {
            Some(Fault::Differs(output::tidy(&printed)))
        }
        _ => None,
    }
}

/// An empty folder to run a program in, with the data files of the repository that it names.
fn folder(listing: &Listing) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(listing.file());
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for data in ["digits.csv", "iris.csv"] {
        if listing.block.code.contains(data) {
            fs::copy(root().join("examples/data").join(data), folder.join(data)).unwrap();
        }
    }
    folder
}

/// Puts outputs into a page, the last one first, so that the places of the others stay right.
fn write(page: &str, mut outputs: Vec<(&Listing, String)>) {
    let path = root().join(page);
    let mut text = fs::read_to_string(&path).unwrap();
    outputs.sort_by_key(|(listing, _)| std::cmp::Reverse(listing.block.line));
    for (listing, printed) in outputs {
        let range = listing.output.as_ref().unwrap().range.clone();
        text.replace_range(range, &printed);
        println!("{}: its output was written into the page", listing.place());
    }
    fs::write(path, text).unwrap();
}
