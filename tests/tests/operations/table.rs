//! Both tables of operations (`src/rows`, `src/table`) at bounds near rounding: values, tangents, cotangents, second
//! derivatives in all four ways, the refusals of gradients that there are not, and single precision.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

#[test]
fn reductions() {
    run("reduce");
}

#[test]
fn products() {
    run("product");
}

#[test]
fn layout() {
    run("layout");
}

#[test]
fn windows() {
    run("window");
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// Public methods of nodes and graphs in all files of the engine, those that macros write from their rows (`exp => Exp;`), and
/// operators, also those of macro rows (`Add add (x, c), ...`).
fn methods() -> BTreeSet<String> {
    let (mut files, mut names) = (Vec::new(), BTreeSet::new());
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/graph/src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let mut of_nodes = false;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with("impl") {
                let head = line.strip_prefix("impl ").or_else(|| line.split_once("> ").map(|(_, rest)| rest));
                let head = head.unwrap_or_default();
                let (of_trait, whose) = match head.split_once(" for ") {
                    Some((of_trait, whose)) => (Some(of_trait), whose),
                    None => (None, head),
                };
                of_nodes = of_trait.is_none() && (whose.starts_with("Var<") || whose.starts_with("Graph<"));
                let operator = of_trait.and_then(|t| t.split_whitespace().next_back());
                let operator =
                    operator.filter(|o| !["Clone", "Copy", "fmt::Debug", "fmt::Display"].contains(o));
                if let Some(operator) = operator.filter(|o| whose.starts_with("Var<") && !o.ends_with('>')) {
                    names.insert(operator.to_lowercase());
                }
            } else if line.starts_with("    pub fn ") && of_nodes {
                names.insert(words[2].split(['(', '<']).next().unwrap().to_owned());
            } else if let [method, "=>", function] = words[..]
                && line.starts_with("    ")
                && !line.starts_with("     ")
                && function.ends_with(';')
                && method.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                names.insert(method.to_owned());
            } else if let [operator, method, "(x,", "c),", ..] = words[..]
                && operator.to_lowercase() == method
            {
                names.insert(method.to_owned());
            }
        }
    }
    names
}

/// What is no operation: what nodes and graphs tell of themselves, what records leaves, what differentiates or cuts, and the
/// functions by name, which `slopes.rs` tests.
const OTHERS: &str = "\
    graph shape value item holds map zip detach variable constant full get variables len is_empty clear scope invalid \
    check_finite new f32 grad vjp jvp jacobian jacobian_by hessian hvp compute checkpoint \
    nodes sections number operation name operands location derived_from is_computed options kind passes_derivative again";

#[test]
fn every_method_is_in_a_table() {
    let methods = methods();
    let others: BTreeSet<&str> = OTHERS.split_whitespace().collect();
    let rows: BTreeSet<&str> =
        PARTS.iter().flat_map(|(_, rows)| rows()).map(|row| row.name.trim_end_matches("_number")).collect();
    let missing: Vec<_> =
        methods.iter().filter(|m| !rows.contains(m.as_str()) && !others.contains(m.as_str())).collect();
    assert!(missing.is_empty(), "operations without a row, or to be named in OTHERS: {missing:?}");
    let unknown: Vec<_> = rows.union(&others).filter(|name| !methods.contains(**name)).collect();
    assert!(unknown.is_empty(), "no methods of these names: {unknown:?}");
}
