//! Timing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::workload::{Calls, Result};

/// Seconds of a call, over samples.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The middle one.
    pub median: f64,
    /// The smallest one.
    pub min: f64,
    /// The one that nine of ten do not exceed.
    pub p90: f64,
    /// How many.
    pub samples: usize,
}

/// A sample lasts at least so long: as many calls as it takes.
const SAMPLE: Duration = Duration::from_micros(100);
/// At least so many samples, however long they last.
const SAMPLES: usize = 5;

/// Calls for about so many seconds, after a tenth of them to warm up.
pub fn time(calls: &mut dyn Calls, seconds: f64) -> Result<Timing> {
    let whole = Duration::try_from_secs_f64(seconds)?;
    let start = Instant::now();
    let mut warm = 0;
    let mut fastest = Duration::MAX;
    while warm < 3 || start.elapsed() < whole / 10 {
        let before = Instant::now();
        black_box(calls.call()?);
        fastest = fastest.min(before.elapsed());
        warm += 1;
    }
    let batch = SAMPLE.as_nanos().div_ceil(fastest.as_nanos().max(1)).max(1);

    let mut samples = Vec::with_capacity(1 << 16);
    let start = Instant::now();
    while samples.len() < SAMPLES || start.elapsed() < whole {
        let before = Instant::now();
        for _ in 0..batch {
            black_box(calls.call()?);
        }
        samples.push(before.elapsed().as_secs_f64() / batch as f64);
    }
    samples.sort_unstable_by(f64::total_cmp);
    let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
    Ok(Timing { median: at(0.5), min: at(0.0), p90: at(0.9), samples: samples.len() })
}

/// The most memory that this process has had resident so far, in KiB; 0 where the system does not say.
pub fn max_resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Runs `work` on so many threads: everything in this process that divides its work divides it among them.
pub fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(work))
}
