//! Random programs of all operations: every value and derivative within its error bound, and all laws.

use chainrule_check::program::programs;

#[test]
fn every_claim_holds_of_random_programs_in_double_precision() {
    let report = programs().check(400).unwrap();
    println!("{} programs, {} numbers, worst {:.3} of its bound", report.cases, report.compared, report.worst);
    assert!(report.compared > 10_000, "{} comparisons prove little", report.compared);
}

#[test]
fn every_claim_holds_of_random_programs_in_single_precision() {
    let report = programs().check_single(400).unwrap();
    println!("{} programs, {} numbers, worst {:.3} of its bound", report.cases, report.compared, report.worst);
    assert!(report.compared > 10_000, "{} comparisons prove little", report.compared);
}
