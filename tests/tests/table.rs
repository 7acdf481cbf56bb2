//! Both tables of operations (`src/rows`, `src/table`) at bounds near rounding: values, tangents, cotangents, second
//! derivatives in all four ways, the refusals of gradients that there are not, and single precision.
#![allow(clippy::panic, reason = "the functions that tests share are tests too")]

use chainrule_tests::table::check::{Worst, check};
use chainrule_tests::table::{PARTS, Row};

/// Every row is run, and all failures are told at once.
fn run(part: &str) {
    let (mut worst, mut failures) = (Worst::default(), Vec::new());
    let rows: Vec<Row> =
        PARTS.iter().filter(|(name, _)| *name == part).flat_map(|(_, rows)| rows()).collect();
    assert!(!rows.is_empty(), "no part is called {part}");
    for row in &rows {
        match check(row) {
            Ok(errors) => {
                println!("{:24} {:28} {errors:.2?}", row.name, row.note);
                worst = worst.or(errors);
            }
            Err(failure) => failures.push(failure),
        }
    }
    println!("{} rows, worst {worst:.3?}", rows.len());
    assert!(failures.is_empty(), "{} rows fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn first_table() {
    run("first table");
}

#[test]
fn elementwise() {
    run("elementwise");
}
