//! The lecture "Back-propagation 1" as a program that checks itself.
//!
//! [`lecture::run`] goes through the lecture's steps for a [`network::Network`], the lecture's own or one that
//! [`network_file`] has read from a file, and writes to a [`report::Report`], which counts what it claims. The steps stand
//! in the lecture's order: [`lecture::signal`], [`lecture::split`], [`lecture::closed_form`], [`lecture::conventions`],
//! [`lecture::left_out`], [`lecture::normaliser`]. What is computed "by the tape" uses chainrule as any program would.
#![forbid(unsafe_code)]

pub mod lecture;
pub mod network;
pub mod network_file;

pub mod random;
pub mod report;
pub mod rounding;
