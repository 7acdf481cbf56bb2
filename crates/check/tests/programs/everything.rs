//! Random programs of all operations: every value and derivative within its error bound, and all laws.

use std::collections::BTreeSet;

use crate::cube::Cube;
use chainrule_check::Failure;
use chainrule_check::program::{
    Call, Function, Guest, Line, Program, Programs, Report, claims, networks, operations, programs,
};

fn passes(name: &str, result: Result<Report, Failure>) {
    let report = result.unwrap();
    println!(
        "{name}: {} programs, {} numbers, worst {:.3} of its bound",
        report.cases, report.compared, report.worst
    );
    assert!(report.compared > 1000, "{} comparisons prove little", report.compared);
}

#[test]
fn everything_holds_in_double_precision() {
    passes("f64", programs().check(1000));
}

#[test]
fn everything_holds_in_single_precision() {
    passes("f32", programs().check_single(600));
}

#[test]
fn conventions_hold_at_ties_and_kinks() {
    passes("f64 at kinks", programs().at_kinks().check(600));
    passes("f32 at kinks", programs().at_kinks().check_single(300));
}

#[test]
fn everything_holds_of_networks() {
    passes("networks", networks().check(100));
}

#[test]
fn matrices_get_their_share() {
    let matrices = ["cholesky", "solve", "solve_triangular", "inverse", "log_det", "matmul", "mul", "t"];
    passes("matrices", programs().only(&matrices).lines(6).check(200));
}

#[test]
fn the_complex_step_finds_the_same_derivatives() {
    passes("complex step", programs().check_by(400, claims::complex_step));
}

#[test]
fn operations_of_the_users_own_mix_with_ours() {
    let guests = || Guest::new("Cube::right()", Cube::right(), 1).single(Cube::right()).within(-2.0..=2.0);
    passes("guests", programs().with([guests()]).check(150));
    passes("guests in f32", programs().with([guests()]).check_single(100));
    let wrong = Guest::new("Cube(2.0)", Cube(2.0), 1).within(-2.0..=2.0);
    let failure = programs().with([wrong]).check(256).unwrap_err();
    let guilty = failure.guilty().unwrap();
    assert_eq!((guilty.operation.as_str(), guilty.operand), ("cube", 0));
    let program = failure.program().unwrap();
    assert_eq!(program.instructions(), 1, "{failure}");
    assert!(program.code().contains("graph.custom(Cube(2.0), [v0])"), "{failure}");
}

#[test]
fn a_failure_says_how_to_make_it_again() {
    let wrong = || programs().with([Guest::new("Cube(2.0)", Cube(2.0), 1).within(-2.0..=2.0)]).seed(7);
    let failure = wrong().check(256).unwrap_err();
    let passed = failure.passed().unwrap();
    let again = format!("\nagain: .seed(7).check({})", passed + 1);
    assert!(failure.to_string().ends_with(&again), "{failure}");
    assert!(wrong().check(passed).is_ok());
    assert_eq!(wrong().check(passed + 1).unwrap_err().to_string(), failure.to_string());
}

#[test]
fn programs_are_the_same_every_time_unless_the_seed_is_another() {
    let drawn = |programs: Programs| programs.draw(20).collect::<Vec<_>>();
    assert_eq!(drawn(programs()), drawn(programs().seed(0)));
    assert_ne!(drawn(programs()), drawn(programs().seed(1)));
}

#[test]
fn any_bytes_are_a_program_and_any_deletion_leaves_one() {
    let mut state = 1_u64;
    let mut bytes: Vec<u8> = Vec::new();
    for _ in 0..12 * 8 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        bytes.push((state >> 33) as u8);
    }
    for gene in 0..12 {
        let mut fewer = bytes.clone();
        fewer.drain(gene * 8..gene * 8 + 8);
        let program = programs().decode(&fewer);
        assert!(!program.lines.is_empty());
        assert!(program.lines.iter().enumerate().all(|(id, line)| line.operands.iter().all(|&x| x < id)));
    }
    assert_eq!(programs().decode(&[]).lines.len(), 2, "a leaf, and its sum");
}

#[test]
fn every_operation_occurs() {
    let lines = programs().draw(1500).flat_map(|program| program.lines);
    let met: BTreeSet<&str> = lines.map(|line| line.call.name()).collect();
    let missing: Vec<&str> = operations().filter(|name| !met.contains(name)).collect();
    assert!(missing.is_empty(), "these never occur: {missing:?}");
}

#[test]
fn every_operation_of_the_page_can_occur() {
    let page = include_str!("../../../../docs/operations.md");
    let known: BTreeSet<&str> = operations().collect();
    // A node of several: `graph.concat(nodes, axis)`; the guest is any operation of the user's own.
    let names =
        page.lines().filter_map(|line| line.strip_prefix("### `")?.split_once('.')?.1.split_once('('));
    let missing: Vec<&str> = names.map(|(name, _)| name).filter(|name| !known.contains(name)).collect();
    assert_eq!(missing, ["custom"], "operations that no random program has");
}

#[test]
fn shapes_of_all_ranks_and_empty_ones_occur() {
    let mut seen = BTreeSet::new();
    for line in programs().draw(600).flat_map(|program| program.lines) {
        if let Call::Leaf(value) = &line.call {
            seen.insert((value.ndim(), value.is_empty(), value.shape().contains(&1)));
        }
    }
    for rank in 0..=4 {
        assert!(seen.iter().any(|(r, ..)| *r == rank), "no leaf of rank {rank}");
    }
    assert!(seen.iter().any(|(_, empty, _)| *empty) && seen.iter().any(|(.., one)| *one));
}

#[test]
fn a_program_is_printed_as_the_code_that_makes_it() {
    let line = |call: Call, operands: &[usize]| Line { call, operands: operands.to_vec() };
    let program = Program {
        lines: vec![
            line(Call::Leaf(ndarray::arr1(&[1.0, 2.0]).into_dyn()), &[]),
            line(Function::Exp.into(), &[0]),
            line(Call::Weigh(ndarray::arr1(&[0.5, -1.0]).into_dyn()), &[1]),
        ],
        readout: 2,
    };
    let code = "    let v0 = graph.variable(\"v0\", array![1.0, 2.0]);\n    let v1 = v0.exp();\n    \
                let v2 = (v1 * array![0.5, -1.0]).sum();\n";
    assert_eq!(program.code(), code);
    assert_eq!(program.instructions(), 1);
}
