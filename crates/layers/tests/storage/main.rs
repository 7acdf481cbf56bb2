//! Parameters, models and data: in memory and in files.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod data_files;
mod model_files;
mod params;
mod params_files;
mod python;
mod support;
