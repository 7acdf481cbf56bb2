//! Layers and losses, one at a time and as networks. One program for all of these pages: each program holds the whole engine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod behaviour;
mod composed;
mod dense;
mod every_layer;
mod init;
mod kit;
mod loss;
mod networks;
mod refused;
mod summary;
mod torch;
mod zoo;
