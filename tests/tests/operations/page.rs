//! `docs/operations.md` is made from the sources' own documentation; this writes it, and fails where it is stale.

use std::fmt::Write;

use chainrule::graph::{Binary, Domain, Unary};
use chainrule_tests::sources::{Operation, families};

const HEAD: &str = "# Operations

<!-- Made from the sources by `UPDATE_PAGES=1 cargo test -p chainrule-tests --test operations page`. Do not edit. -->

Every operation, its formula, derivative and conventions, as its own documentation has them. Examples that run are in the
API documentation. Wherever an array stands beside a node it may be another node, an `ndarray` array, a `Vec`, a Rust
array or a plain number; shapes are broadcast by NumPy's rule where the text says so, and axes are counted from 0 or, from
the end, from -1. All operations exist in `f32` and `f64`, in both modes and any order.

Arguments that do not fit (shapes, axes, indices that are integers) make an invalid node, whose error names the operation,
the shapes and the line. What only moves elements carries a cotangent back to where they came from, and adds up where one
was taken several times.
";

/// Links point to the same page here.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once("](") {
            Some((words, link)) if words.starts_with('`') && !words.contains('[') => {
                plain.push_str(words);
                rest = link.split_once(')').map_or("", |(_, rest)| rest);
            }
            _ => match after.split_once(']') {
                // `[`name`]` without a target
                Some((words, more)) if words.starts_with('`') && words.ends_with('`') && words.len() > 2 => {
                    plain.push_str(words);
                    rest = more;
                }
                _ => {
                    plain.push('[');
                    rest = after;
                }
            },
        }
    }
    plain + rest
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for family in families().unwrap() {
        let hidden = ["map", "zip"];
        let shown: Vec<&Operation> =
            family.operations.iter().filter(|o| !hidden.contains(&o.name.as_str())).collect();
        if shown.is_empty() {
            continue;
        }
        write!(page, "\n## {}\n", plain(&family.title)).unwrap();
        for operation in shown {
            assert!(!operation.docs.is_empty(), "{} says nothing", operation.name);
            write!(page, "\n### `{}`\n\n{}\n", operation.call, plain(&operation.docs.join("\n"))).unwrap();
        }
    }
    page.push_str("\n## The table of scalar functions\n\nAs code has them, for `x.map(function)` and `x.zip(function, y)`.\n\n");
    page.push_str("| function | finite on | kinks |\n|---|---|---|\n");
    let domain = |domain: Domain| match domain {
        Domain::Real => "all numbers",
        Domain::NonZero => "all but 0",
        Domain::Positive => "x > 0",
        Domain::AboveMinusOne => "x > -1",
    };
    for f in Unary::<f64>::all() {
        let kinks = match (f, f.kinks()) {
            (Unary::Floor, _) => "every whole number".to_owned(),
            (_, kinks) => kinks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        writeln!(page, "| `{f:?}` | {} | {kinks} |", domain(f.domain())).unwrap();
    }
    for f in Binary::all() {
        let condition = match f.domain() {
            Domain::NonZero => "second not 0",
            Domain::Real | Domain::Positive | Domain::AboveMinusOne => "all numbers",
        };
        writeln!(page, "| `{f:?}` | {condition} | |").unwrap();
    }
    page
}

#[test]
fn the_page_is_not_stale() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
    let page = page();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let stale =
        "docs/operations.md is stale: UPDATE_PAGES=1 cargo test -p chainrule-tests --test operations page";
    for (i, (have, want)) in written.lines().zip(page.lines()).enumerate() {
        assert_eq!(have, want, "{stale} (line {})", i + 1);
    }
    assert_eq!(written.lines().count(), page.lines().count(), "{stale}");
}
