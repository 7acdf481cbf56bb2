//! The lecture as one HTML file: a network whose signals step forward and whose errors step back along the links, with the
//! arithmetic written out, and every weight, input and target to be changed.
//!
//! ```
//! use chainrule_page::Page;
//! use chainrule_page::network::Network;
//!
//! let html = Page { name: None, network: &Network::lecture(), engine: None }.html()?;
//! assert!(html.contains("0.435"));
//! # Ok::<(), chainrule_page::TooLarge>(())
//! ```
//!
//! # How it works
//!
//! The page computes nothing by itself. All of its numbers are values of nodes on a tape of `chainrule-graph`, and the errors
//! and gradients are pulled back by it:
//!
//! * [`network`]: the network and what may be noted beside it.
//! * [`lesson`]: a question about a network, and the answer: signals, errors in three ways, gradients. One recording.
//! * [`blocks`]: questions and answers as lists of numbers, each block of which says what it is.
//! * [`module`]: the same as a machine that takes and gives one number at a time; `examples/engine.rs` gives it a C interface.
//!   Compiled to WebAssembly it is a part of the page:
//!   `cargo build -p chainrule-page --example engine --profile page --target wasm32-unknown-unknown`.
//! * [`html`]: the page from its parts in `assets/`: a template, a style, a program that draws and listens.
//!
//! Without the module (no such target installed) the page carries the answers along: everything can be looked at, and
//! nothing edited.
#![forbid(unsafe_code)]

pub mod blocks;
pub mod html;
pub mod lesson;
pub mod module;
pub mod network;

pub use html::{Page, TooLarge};

/// The README, whose example is run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
