//! Everything that is here, in turn, as a Markdown table.

use crate::engine::{Measured, Mode, Peer, measure};
use crate::limit;
use crate::measure::{on_threads, time};
use crate::workload::{Id, Result};

const COLUMNS: [(&str, Peer, Mode); 3] = [
    ("replay", Peer::Chainrule, Mode::Replay),
    ("record", Peer::Chainrule, Mode::Record),
    ("limit", Peer::Limit, Mode::Replay),
];

/// The workloads that are worth dividing among threads.
const PARALLEL: [Id; 5] = [Id::W4, Id::W5, Id::W7, Id::W8, Id::W9];

/// Prints it, with the best median of some rounds of so many seconds each; whether all check values were right.
pub fn print(ids: &[Id], rounds: usize, seconds: f64) -> Result<bool> {
    let mut right = true;
    let mut best = vec![[None; COLUMNS.len()]; ids.len()];
    for _ in 0..rounds {
        for (row, &id) in best.iter_mut().zip(ids) {
            for (place, &(name, peer, mode)) in row.iter_mut().zip(&COLUMNS) {
                let measured = on_threads(1, || measure(peer, mode, id, seconds))??;
                right &= is_right(id, name, measured);
                better(place, measured);
            }
        }
    }

    println!("One thread, best median of {rounds} rounds of {seconds} s; ratios to the limit.\n");
    println!("| | unit | replay | record | limit | replay / limit | record / limit |");
    println!("|---|---|---|---|---|---|---|");
    for (row, &id) in best.iter().zip(ids) {
        let seconds = row.map(|measured| measured.map(|measured: Measured| measured.timing.median));
        let [replay, record, limit] = seconds.map(|x| number(x.map(|x| x * id.unit().per_second)));
        let ratio = |i: usize| number(seconds[i].zip(seconds[2]).map(|(a, b)| a / b));
        let (first, second) = (ratio(0), ratio(1));
        println!("| {id} | {} | {replay} | {record} | {limit} | {first} | {second} |", id.unit().name);
    }

    speed_ups(ids, rounds, seconds)?;

    println!("\nHeap allocations of one call.\n");
    println!("| | replay | record | limit |\n|---|---|---|---|");
    for (row, &id) in best.iter().zip(ids) {
        let [replay, record, limit] =
            row.map(|measured| measured.map_or("-".into(), |measured| measured.allocations.to_string()));
        println!("| {id} | {replay} | {record} | {limit} |");
    }

    println!("\nFrom the recorded graph to the program, best of the rounds.\n");
    println!("| | ms |\n|---|---|");
    for (row, &id) in best.iter().zip(ids) {
        let compile = row[0].and_then(|measured| measured.compile);
        println!("| {id} | {} |", number(compile.map(|time| time.as_secs_f64() * 1e3)));
    }
    Ok(right)
}

/// How much faster two threads are, beside a bare product of matrices in the same rounds.
fn speed_ups(ids: &[Id], rounds: usize, seconds: f64) -> Result<()> {
    let ids: Vec<Id> = PARALLEL.into_iter().filter(|id| ids.contains(id)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    println!(
        "\nSpeed-up by two threads, beside that of a bare product of 1024 x 1024 matrices (f32, `gemm`).\n"
    );
    println!("| | replay | record | limit |\n|---|---|---|---|");
    let mut best = vec![[[None; 2]; COLUMNS.len()]; ids.len()];
    let mut bare = [f64::INFINITY; 2];
    for _ in 0..rounds {
        for (threads, fastest) in (1..).zip(&mut bare) {
            let timing = on_threads(threads, || time(&mut *limit::product(1024), seconds))??;
            *fastest = fastest.min(timing.median);
        }
        for (row, &id) in best.iter_mut().zip(&ids) {
            for (pair, &(_, peer, mode)) in row.iter_mut().zip(&COLUMNS) {
                for (threads, place) in (1..).zip(pair) {
                    better(place, on_threads(threads, || measure(peer, mode, id, seconds))??);
                }
            }
        }
    }
    for (row, &id) in best.iter().zip(&ids) {
        let [replay, record, limit] = row.map(|pair: [Option<Measured>; 2]| {
            number(pair[0].zip(pair[1]).map(|(one, two)| one.timing.median / two.timing.median))
        });
        println!("| {id} | {replay} | {record} | {limit} |");
    }
    println!("| bare product | | | {} |", number(Some(bare[0] / bare[1])));
    Ok(())
}

/// Keeps the one with the smaller median (and the faster compilation).
fn better(place: &mut Option<Measured>, measured: Option<Measured>) {
    let Some(mut measured) = measured else { return };
    if let Some(earlier) = *place {
        if earlier.timing.median < measured.timing.median {
            measured.timing = earlier.timing;
        }
        measured.compile = measured.compile.min(earlier.compile);
    }
    *place = Some(measured);
}

fn is_right(id: Id, name: &str, measured: Option<Measured>) -> bool {
    let distance = measured.map_or(0.0, |measured| measured.check.distance(id.expected()));
    let right = distance <= id.tolerance();
    if !right {
        eprintln!("{id}, {name}: the check values are off by {distance:e}");
    }
    right
}

/// Three digits, or a dash.
fn number(x: Option<f64>) -> String {
    match x {
        None => "-".into(),
        Some(x) if x >= 100.0 => format!("{x:.0}"),
        Some(x) if x >= 10.0 => format!("{x:.1}"),
        Some(x) if x >= 1.0 => format!("{x:.2}"),
        Some(x) => format!("{x:.3}"),
    }
}
