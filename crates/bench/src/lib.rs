//! Ten workloads that measure an autodiff engine on a CPU: from a network of seven neurons, where a step should cost less than
//! a microsecond, to a transformer block. The same work, bit-identical data and the same printed lines for every engine,
//! so that two can be compared in one run on one machine; a time counts only with the check values beside it.
//!
//! * [`data`]: the numbers, made by integer arithmetic.
//! * [`workload`], [`workloads`]: what a workload is, and the ten on the graph.
//! * [`record`]: the graph recorded anew by each call.
//! * [`limit`]: the same work without a graph, by hand, as a yardstick.
//! * [`measure`], [`allocations`], [`engine`], [`table`]: measuring and comparing; [`options`]: what may be asked for.
#![deny(unsafe_code)]

pub mod allocations;
pub mod data;
pub mod engine;
pub mod limit;
pub mod measure;
pub mod options;
pub mod record;
pub mod replay;
pub mod table;
pub mod workload;
pub mod workloads;
