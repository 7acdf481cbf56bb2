//! x
#![forbid(unsafe_code)]
pub mod blocks;
pub mod lesson;
pub mod module;
pub mod network;
