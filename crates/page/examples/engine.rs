//! The engine as a WebAssembly module with a plain C interface: numbers in, numbers out (see `blocks`).
//!
//! ```text
//! cargo build -p chainrule-page --example engine --profile page --target wasm32-unknown-unknown
//! ```
//!
//! No pointer crosses this border, so nothing here can be unsound. What remains is the attribute that gives an export its
//! name, and which is `unsafe` because another symbol might have the same one; that is why this is a crate of its own
//! while the library forbids `unsafe`. Built as any other example it is a library nobody loads, which keeps it compiling.
#![deny(unsafe_code)]
#![allow(missing_docs, reason = "an example has no documentation page")]

use std::cell::RefCell;

use chainrule_page::module::Module;

thread_local! {
    static MODULE: RefCell<Module> = const { RefCell::new(Module::new()) };
}

/// Begins a question.
#[allow(unsafe_code, reason = "the name of an export: no other symbol of this module has it")]
#[unsafe(no_mangle)]
pub extern "C" fn lesson_begin() {
    MODULE.with_borrow_mut(Module::begin);
}

/// The next number of the question.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn lesson_push(number: f64) {
    MODULE.with_borrow_mut(|module| module.push(number));
}

/// Answers it: how many numbers the answer has.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn lesson_run() -> u32 {
    MODULE.with_borrow_mut(|module| u32::try_from(module.run()).unwrap_or(u32::MAX))
}

/// A number of the answer.
#[allow(unsafe_code, reason = "as above")]
#[unsafe(no_mangle)]
pub extern "C" fn lesson_get(place: u32) -> f64 {
    MODULE.with_borrow(|module| module.get(place as usize))
}
