//! A wrong rule in each operation is found by random programs, named, and shrunk to few lines. (All mistakes in all
//! rules: `cargo run --release -p chainrule-check --example faults`.)

use chainrule_check::program::fault::{Fault, Mistake, faults, hunt};

/// One mistake an operand, each in its turn.
fn some() -> Vec<Fault> {
    let mut chosen: Vec<Fault> = Vec::new();
    for (turn, fault) in faults().into_iter().enumerate() {
        let same = |f: &Fault| f.operation == fault.operation && f.operand == fault.operand;
        match chosen.iter_mut().find(|f| same(f)) {
            Some(other) if turn % 5 == 0 => *other = fault,
            Some(_) => {}
            None => chosen.push(fault),
        }
    }
    chosen
}

#[test]
fn every_rule_has_faults() {
    let all = faults();
    assert!(all.len() > 700, "{} faults", all.len());
    for mistake in Mistake::ALL {
        assert!(all.iter().any(|fault| fault.mistake == mistake), "{mistake:?} never occurs");
    }
}

#[test]
fn a_fault_in_each_rule_is_caught_and_named_and_shrunk_to_three_lines() {
    let (mut missed, mut lines) = (Vec::new(), Vec::new());
    let faults = some();
    for fault in &faults {
        match hunt(*fault) {
            None => missed.push(format!("{fault}: not caught")),
            Some(caught) if !caught.is_named(*fault) => missed.push(format!("{fault}: {}", caught.failure)),
            Some(caught) if caught.lines() > 3 => {
                missed.push(format!("{fault}: too many lines are left\n{}", caught.failure));
            }
            Some(caught) => lines.push(caught.lines()),
        }
    }
    lines.sort_unstable();
    println!(
        "{} faults, median {:?} lines, at most {:?}",
        faults.len(),
        lines.get(lines.len() / 2),
        lines.last()
    );
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), faults.len(), missed.join("\n"));
}

#[test]
fn what_genes_cannot_leave_out_is_cut_by_lines() {
    // Both broadcast, next to a kink: as genes they need lines that keep their operands apart, or make a condition.
    for (operation, operand) in [("maximum", 0), ("select", 2)] {
        let caught = hunt(Fault { operation, operand, mistake: Mistake::MissingSum }).unwrap();
        let program = caught.failure.program().unwrap();
        assert_eq!(caught.lines(), 1, "{}", caught.failure);
        assert!(program.contains(operation), "{}", caught.failure);
    }
}
