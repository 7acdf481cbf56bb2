//! Claims over random programs, as the tests here run them. The programs are those of `chainrule_check`: all operations, shrunk
//! and printed as Rust when they fail.

use std::fmt;

use chainrule_check::program::{Failure, Program, Programs, Report, Verdict};

/// Checks a claim over so many programs, the same ones every time; over `PROPTEST_CASES` of them where that is set.
///
/// # Errors
/// The claim that does not hold, and the smallest program found.
pub fn for_programs(
    usual: u32,
    programs: &Programs,
    claim: impl Fn(&Program, &mut Verdict) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    programs.check_by(cases, claim)
}

/// Both must be the same.
///
/// # Errors
/// If they are not.
pub fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, want: T) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(Failure::new(format!("{what}: {got:?}, not {want:?}"))) }
}
