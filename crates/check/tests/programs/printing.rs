//! What programs print is Rust that compiles and makes the same numbers: a program for each operation stands in
//! `printed.rs`, as printed, and is compiled with this test.
//!
//! `UPDATE_PAGES=1 cargo test -p chainrule-check --test programs printing` writes it anew.

use chainrule_check::program::{Program, operations, programs};
use chainrule_graph::Graph;

use crate::printed;

/// A program in which the operation occurs, always the same one.
fn program_with(operation: &str) -> Program {
    for seed in 1_u64.. {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as u8
        })
        .take(3 * 8)
        .collect();
        let program = programs().only(&[operation, "mul"]).decode(&bytes);
        if program.contains(operation) {
            return program;
        }
    }
    unreachable!("there are enough seeds")
}

fn page() -> String {
    let mut text = String::from(
        "//! A program for each operation, as printed: made by `UPDATE_PAGES=1 cargo test -p chainrule-check --test \
         programs printing`.\n#![allow(unused_imports, clippy::all)]\n\nuse chainrule_graph::*;\nuse ndarray::{ArrayD, NewAxis, \
         arr0, array, s};\n",
    );
    for operation in operations() {
        let program = program_with(operation);
        text += &format!(
            "\nfn {operation}_<'g>(graph: &'g Graph) -> Var<'g> {{\n{}    v{}\n}}\n",
            program.code(),
            program.output()
        );
    }
    text += "\n/// The operations, and their programs.\npub(crate) const ALL: &[(&str, for<'g> fn(&'g Graph) -> Var<'g>)] = &[\n";
    for operation in operations() {
        text += &format!("    (\"{operation}\", {operation}_),\n");
    }
    text + "];\n"
}

#[test]
fn printed_programs_compile_and_give_the_same_bits() {
    let (page, path) = (page(), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/printed.rs"));
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    assert!(
        page == std::fs::read_to_string(path).unwrap(),
        "run with UPDATE_PAGES=1, and look at what has changed"
    );
    assert_eq!(printed::ALL.len(), operations().count());
    for (operation, printed) in printed::ALL {
        let (own, other) = (Graph::new(), Graph::new());
        let program = program_with(operation);
        let (got, want) = (printed(&own), program.record(&other)[program.output()]);
        assert_eq!(got.item().unwrap().to_bits(), want.item().unwrap().to_bits(), "{operation}");
    }
}
