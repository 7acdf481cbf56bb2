//! What can be measured, and measuring it.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;

use crate::allocations;
use crate::limit;
use crate::measure::{Timing, max_resident, time};
use crate::record::Recording;
use crate::workload::{Calls, Check, Id, Result, check};
use crate::workloads::visit;

/// Whose work is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// The graph.
    Chainrule,
    /// Code written by hand for the one workload.
    Limit,
}

/// How the graph is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Recorded and compiled beforehand, which is not timed.
    Replay,
    /// Recorded, differentiated and evaluated by each call.
    Record,
}

/// What is done with prepared calls; it also gets the time that compiling the program took, if there is one.
pub type Use<'a> = &'a mut dyn FnMut(&mut dyn Calls, Option<Duration>) -> Result<()>;

/// Prepares the calls of a workload from its fresh state. Nothing is done, and the answer is no, if the peer does not have it.
pub fn prepared(peer: Peer, mode: Mode, id: Id, with: Use<'_>) -> Result<bool> {
    match (peer, mode) {
        (Peer::Limit, _) => match limit::calls(id) {
            Some(mut calls) => with(&mut *calls, None)?,
            None => return Ok(false),
        },
        (Peer::Chainrule, Mode::Record) => with(&mut *visit(id, Recording), None)?,
        (Peer::Chainrule, Mode::Replay) => visit(id, crate::replay::Replaying { with })?,
    }
    Ok(true)
}

/// What measuring a workload found.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Seconds of a call.
    pub timing: Timing,
    /// What the workload came to.
    pub check: Check,
    /// Heap allocations during one call.
    pub allocations: u64,
    /// Of compiling the program.
    pub compile: Option<Duration>,
}

/// Checks, then measures on the current threads; nothing if the peer does not have the workload.
pub fn measure(peer: Peer, mode: Mode, id: Id, seconds: f64) -> Result<Option<Measured>> {
    let mut measured = None;
    prepared(peer, mode, id, &mut |calls, compile| {
        measured = Some(Measured { compile, ..measure_calls(id, calls, seconds)? });
        Ok(())
    })?;
    Ok(measured)
}

/// The same for whatever else does the work, from its fresh state.
pub fn measure_calls(id: Id, calls: &mut dyn Calls, seconds: f64) -> Result<Measured> {
    let check = check(id, calls)?;
    let timing = time(calls, seconds)?;
    let (allocations, result) = allocations::count(|| calls.call());
    result?;
    Ok(Measured { timing, check, allocations, compile: None })
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Peer::Chainrule => "chainrule",
            Peer::Limit => "limit",
        })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Replay => "replay",
            Mode::Record => "record",
        })
    }
}

impl Measured {
    /// Prints the line of JSON, and whether the check values are right: what is wrong is said on standard error.
    pub fn report(&self, (peer, version): (&str, &str), mode: Mode, id: Id, threads: usize) -> bool {
        println!("{}", self.line((peer, version), mode, id, threads));
        let distance = self.check.distance(id.expected());
        let right = distance <= id.tolerance();
        if !right {
            eprintln!("{id}: the check values are off by {distance:e}: they must be {:?}", id.expected());
        }
        right
    }

    fn line(&self, (peer, version): (&str, &str), mode: Mode, id: Id, threads: usize) -> String {
        let unit = id.unit();
        let [median, min, p90] = [self.timing.median, self.timing.min, self.timing.p90]
            .map(|x| format!("{:.5}", x * unit.per_second));
        let [(name0, number0), (name1, number1)] = self.check.named();
        format!(
            "{{\"peer\": \"{peer}\", \"version\": \"{version}\", \"workload\": \"{id}\", \"threads\": {threads}, \
             \"mode\": \"{mode}\", \"unit\": \"{}\", \"median\": {median}, \"min\": {min}, \"p90\": {p90}, \
             \"samples\": {}, \"check\": {{\"{name0}\": {number0}, \"{name1}\": {number1}}}, \
             \"allocations\": {}, \"maxrss_kb\": {}}}",
            unit.name,
            self.timing.samples,
            self.allocations,
            max_resident(),
        )
    }
}
