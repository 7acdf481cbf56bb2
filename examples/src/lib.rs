//! The lecture "Back-propagation 1", computed by chainrule and checked: what `cargo run --release` shows.
//!
//! Where to read:
//!
//! * [`lecture`]: the seven sections, a module each. What they claim "by the tape" is written the way a program of your
//!   own would write it: record, `.vjp(seed, [node])`, `.grad([node])`, `.value()`. Begin with `lecture/closed_form.rs`.
//! * [`bounds`]: how far two computations of the same thing may lie apart, so that no check needs a tolerance that
//!   somebody chose.
//! * [`network`], [`network_file`], [`random`]: the lecture's network, the user's, and random ones.
//! * [`page`]: the same for browsers, one file with the engine inside.
//! * [`data`]: digits and irises, to learn from.
//! * [`report`], [`layout`], [`rounding`]: sections and counted checks, lines that fit a terminal, figures as one writes
//!   them by hand.
//!
//! ```
//! use chainrule_examples::lecture::{Sample, lecture};
//! use chainrule_examples::report::Report;
//!
//! let mut text = Vec::new();
//! let mut report = Report::new(&mut text);
//! lecture(&mut report, Sample { networks: 20, widths: [30, 20, 10] })?;
//! assert!(report.failed().is_empty());
//! # Ok::<(), chainrule_examples::report::Stop>(())
//! ```
#![forbid(unsafe_code)]

pub mod bounds;
pub mod data;
pub mod layout;
pub mod lecture;
pub mod network_file;
pub mod page;
pub mod random;
pub mod report;
pub mod rounding;

// The page draws the same networks, so they are defined there.
pub use chainrule_page::network;
