//! Random calls of the public interface: none may panic.
#![no_main]

use chainrule_check::program::random_calls;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    random_calls::calls(bytes);
});
