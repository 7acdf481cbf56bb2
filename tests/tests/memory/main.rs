//! Memory, counted by an allocator: it is used again, a run of a compiled program asks for none, and what a graph takes grows as
//! the graph does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod checkpoints;
mod counter;
mod million;
mod reuse;
mod runs;

#[global_allocator]
static ALLOCATOR: counter::Counting = counter::Counting;
