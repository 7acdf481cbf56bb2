//! Operations, each by itself: values and derivatives against independent figures and definitions, edges, refusals, and that
//! none is missing in a table or on the page.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod arrays;
mod edges;
mod limits;
mod one_by_one;
mod page;
mod pairs;
mod random_numbers;
mod refusals;
mod registry;
mod slopes;
mod table;
