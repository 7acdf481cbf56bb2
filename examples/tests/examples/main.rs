//! The lecture, the user's own networks, the page and the pictures. One program for all of these: each program holds the whole engine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod lecture;
mod network_file;
mod page;
mod pictures;
mod program;
