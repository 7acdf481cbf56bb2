//! What the pictures show, and that they are well-formed. One program for all of these pages: each program holds the whole engine.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod dot;
mod network;
mod support;
mod svg;
mod tree;
