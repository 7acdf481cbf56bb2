//! A program's plan for a person to read, and its times.

use std::fmt;
use std::time::Duration;

use super::source::ItemId;

/// What a step does.
#[derive(Clone, Debug)]
pub(super) struct StepInfo {
    /// The items that it computes.
    pub(super) items: Vec<ItemId>,
    pub(super) title: String,
    /// Elements from and to memory.
    pub(super) read: usize,
    pub(super) written: usize,
    /// Arithmetic operations; a transcendental function counts as one.
    pub(super) flops: f64,
}

/// One step of a [`Program`](crate::Program), as [`Program::explain`](crate::Program::explain) lists it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlanStep {
    /// What sort of step, and how large.
    pub title: String,
    /// The operations in it, as the user knows them, with how often they occur.
    pub operations: Vec<(String, usize)>,
    /// The user's source lines that they come from.
    pub lines: Vec<String>,
    /// Bytes that are read from memory, the first-level cache aside.
    pub bytes_read: usize,
    /// Bytes that are written to memory.
    pub bytes_written: usize,
    /// Arithmetic operations; a transcendental function counts as one.
    pub flops: f64,
    /// How long it took, in a profile: the median of the runs.
    pub time: Option<Duration>,
}

/// A program's plan: what [`Program::explain`](crate::Program::explain) and [`Program::profile`](crate::Program::profile)
/// return. Print it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// How many nodes of the graph the program stands for.
    pub nodes: usize,
    /// How many things are left to compute, once each is computed once.
    pub items: usize,
    /// The steps in their order.
    pub steps: Vec<PlanStep>,
    /// Bytes for inputs, intermediate results and outputs, and the kernels' own memory.
    pub work_bytes: usize,
    /// What the same values would take if none shared its place.
    pub unshared_bytes: usize,
    /// Bytes for variables.
    pub state_bytes: usize,
    /// Bytes for constants.
    pub constant_bytes: usize,
    /// How many results are written over an operand that nobody needs any more, or over the variable whose new value they
    /// are.
    pub in_place: usize,
}

impl Plan {
    /// The time of all steps, in a profile.
    pub fn time(&self) -> Option<Duration> {
        self.steps.iter().map(|step| step.time).sum()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nodes, items, steps) = (self.nodes, self.items, self.steps.len());
        writeln!(f, "{nodes} nodes -> {items} to compute -> {steps} steps")?;
        writeln!(
            f,
            "memory: {} work ({} without sharing, {} results in place), {} variables, {} constants",
            Bytes(self.work_bytes),
            Bytes(self.unshared_bytes),
            self.in_place,
            Bytes(self.state_bytes),
            Bytes(self.constant_bytes),
        )?;
        let total = self.time();
        for (number, step) in self.steps.iter().enumerate() {
            write!(f, "{:>4}  {:<34}", number + 1, step.title)?;
            if let (Some(time), Some(total)) = (step.time, total) {
                let share = 100.0 * time.as_secs_f64() / total.as_secs_f64().max(1e-12);
                write!(f, " {:>9} {share:>4.0} %", Time(time).to_string())?;
            }
            write!(
                f,
                " {:>9} in {:>9} out",
                Bytes(step.bytes_read).to_string(),
                Bytes(step.bytes_written).to_string()
            )?;
            if step.flops >= 1e5 {
                write!(f, " {:>7.1} Mflop", step.flops / 1e6)?;
            }
            let names = step.operations.iter().take(12).map(|(name, count)| match count {
                1 => name.clone(),
                count => format!("{name} x{count}"),
            });
            let more = if step.operations.len() > 12 { ", ..." } else { "" };
            writeln!(f, "  {}{more}", names.collect::<Vec<_>>().join(", "))?;
            if !step.lines.is_empty() {
                writeln!(f, "      {}", step.lines.join(", "))?;
            }
        }
        match total {
            Some(total) => writeln!(f, "all steps: {}", Time(total)),
            None => Ok(()),
        }
    }
}

/// A number of bytes for a person.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match self.0 {
            0..=9_999 => write!(f, "{} B", self.0),
            10_000..=9_999_999 => write!(f, "{:.0} kB", bytes / 1e3),
            _ => write!(f, "{:.0} MB", bytes / 1e6),
        }
    }
}

/// A time for a person.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos() as f64;
        match nanoseconds {
            ..10_000.0 => write!(f, "{nanoseconds:.0} ns"),
            ..10_000_000.0 => write!(f, "{:.1} us", nanoseconds / 1e3),
            _ => write!(f, "{:.1} ms", nanoseconds / 1e6),
        }
    }
}
