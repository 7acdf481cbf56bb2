//! Every operation has a row in `src/rows`. What the rows claim (values, both modes, second derivatives in all four ways, f32) is
//! tested in `table.rs`, together with those of the second table.

use std::collections::BTreeSet;

use chainrule_tests::rows::all;
use chainrule_tests::sources::families;

/// The methods that the sources offer, by their names.
fn offered() -> BTreeSet<String> {
    families()
        .unwrap()
        .into_iter()
        .flat_map(|family| family.operations)
        .map(|operation| operation.name)
        .collect()
}

#[test]
fn no_operation_is_without_a_row() {
    // What is no operation: the table's functions as values, and what cuts on purpose.
    let others = ["map", "zip", "detach"];
    // Operators have no method.
    let operators = ["neg", "add", "sub", "mul", "div", "add_number", "mul_number"];
    let rows: BTreeSet<String> = all().iter().map(|row| row.name.to_owned()).collect();
    let offered = offered();
    let missing: Vec<_> =
        offered.iter().filter(|name| !rows.contains(*name) && !others.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "without a row in tests/src/rows: {missing:?}");
    let unknown: Vec<_> =
        rows.iter().filter(|name| !offered.contains(*name) && !operators.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "rows for what is not offered: {unknown:?}");
    assert!(offered.len() > 80, "{offered:?}");
}
