//! What claims over random programs share; the programs are those of `chainrule_check`.

use std::fmt;

use chainrule_check::program::Failure;

/// Both must be the same.
///
/// # Errors
/// If they are not.
pub fn same<T: PartialEq + fmt::Debug>(what: &str, got: T, want: T) -> Result<(), Failure> {
    if got == want { Ok(()) } else { Err(Failure::new(format!("{what}: {got:?}, not {want:?}"))) }
}
