//! What must not compile: what would otherwise be a dangling node, a data race, or two number types in one graph.
//!
//! Each file of `compile_fail/` is a program with one mistake, and beside it what the compiler says. After a change of
//! the toolchain or the API: `TRYBUILD=overwrite cargo test -p chainrule-tests --test compile_fail`, and read the diff.

#[test]
fn mistakes_that_the_compiler_finds() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
    // The same programs without their mistakes compile, so that each one fails for its mistake alone.
    cases.pass("tests/compile_fail/without_mistakes/*.rs");
}
