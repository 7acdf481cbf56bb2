//! How a training is shown while it runs.

use std::io::{IsTerminal, Write};

/// How a training is shown while it runs, on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A bar for the epoch if standard error is a terminal (and the feature `progress` is on), else lines.
    #[default]
    Auto,
    /// A line for each epoch.
    Lines,
    /// Nothing.
    Silent,
}

/// Who shows it.
pub(super) enum Reporter {
    #[cfg(feature = "progress")]
    Bar(indicatif::ProgressBar),
    Lines,
    Silent,
}

impl Reporter {
    pub(super) fn new(progress: Progress, batches: usize) -> Self {
        match progress {
            Progress::Silent => Reporter::Silent,
            Progress::Auto if std::io::stderr().is_terminal() => Self::bar(batches),
            Progress::Auto | Progress::Lines => Reporter::Lines,
        }
    }

    #[cfg(feature = "progress")]
    fn bar(batches: usize) -> Self {
        let bar = indicatif::ProgressBar::new(batches as u64);
        match indicatif::ProgressStyle::with_template(
            "{msg} {bar:24} {pos}/{len} batches, {eta} left in this epoch",
        ) {
            Ok(style) => Reporter::Bar(bar.with_style(style)),
            Err(_) => Reporter::Lines,
        }
    }

    #[cfg(not(feature = "progress"))]
    fn bar(_: usize) -> Self {
        Reporter::Lines
    }

    /// A batch is done.
    #[cfg_attr(not(feature = "progress"), allow(unused_variables, reason = "only a bar shows batches"))]
    pub(super) fn batch(&self, epoch: usize, done: usize, loss: f64) {
        #[cfg(feature = "progress")]
        if let Reporter::Bar(bar) = self {
            bar.set_position(done as u64);
            bar.set_message(format!("epoch {epoch}  loss {loss:.5}"));
        }
    }

    /// Something to be read: an epoch is done, a run is taken up again.
    pub(super) fn line(&self, line: &str) {
        match self {
            #[cfg(feature = "progress")]
            Reporter::Bar(bar) => bar.println(line),
            // Where nobody listens any more, training goes on.
            Reporter::Lines => drop(writeln!(std::io::stderr(), "{line}")),
            Reporter::Silent => {}
        }
    }

    pub(super) fn end(&self) {
        #[cfg(feature = "progress")]
        if let Reporter::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
