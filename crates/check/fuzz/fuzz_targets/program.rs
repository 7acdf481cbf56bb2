//! Bytes as programs: everything that is claimed of a program holds.
#![no_main]

use chainrule_check::program::random_calls;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(failure) = random_calls::program(bytes) {
        panic!("{failure}");
    }
});
