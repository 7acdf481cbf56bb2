//! Derivatives of whole functions: both modes, all orders, Jacobians, `vmap`, checkpoints, rules of the user's own, and where
//! gradients end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod checkpoints;
mod custom;
mod cuts;
mod edges;
mod every_operation;
mod jacobians;
mod networks;
mod random_programs;
mod vmap;
