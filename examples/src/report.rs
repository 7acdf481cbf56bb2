//! The report: what the lecture prints, and the count of what it claims.

use std::fmt;
use std::io::{self, Write};

use crate::layout::{INDENT, WIDTH, abridged, wrapped};

/// Why a report ends early.
#[derive(Debug)]
pub enum Stop {
    /// The text could not be written; a closed pipe is such a case.
    Output(io::Error),
    /// The engine refused something: a fault of this program, for what users give is checked before.
    Engine(chainrule::Error),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Output(error) => write!(f, "cannot write the output: {error}"),
            Stop::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Stop {}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Output(error)
    }
}

impl From<chainrule::Error> for Stop {
    fn from(error: chainrule::Error) -> Self {
        Stop::Engine(error)
    }
}

/// What every part of the lecture returns.
pub type Outcome<T = ()> = Result<T, Stop>;

/// A text of sections, lines and checks on its way to a writer. No line is wider than [`WIDTH`].
///
/// ```
/// use chainrule_examples::report::Report;
///
/// let mut text = Vec::new();
/// let mut report = Report::new(&mut text);
/// report.check(1 + 1 == 2, "one and one is two")?;
/// report.check(2 + 2 == 5, "two and two is five")?;
/// report.finish()?;
/// assert_eq!(report.failed(), ["two and two is five"]);
/// assert!(String::from_utf8_lossy(&text).ends_with("1 of 2 checks FAILED.\n"));
/// # Ok::<(), chainrule_examples::report::Stop>(())
/// ```
pub struct Report<'w> {
    out: &'w mut dyn Write,
    sections: usize,
    passed: usize,
    failed: Vec<String>,
}

impl<'w> Report<'w> {
    /// An empty report.
    pub fn new(out: &'w mut dyn Write) -> Self {
        Report { out, sections: 0, passed: 0, failed: Vec::new() }
    }

    /// The claims that turned out wrong so far.
    pub fn failed(&self) -> &[String] {
        &self.failed
    }

    /// How many claims were right so far.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// The room that lines have behind their indentation.
    pub fn room(&self) -> usize {
        WIDTH - INDENT.len()
    }

    /// The heading of the whole.
    pub fn title(&mut self, title: &str) -> Outcome {
        for line in wrapped(title, WIDTH) {
            writeln!(self.out, "{line}")?;
        }
        writeln!(self.out, "{}", "=".repeat(title.chars().count().min(WIDTH)))?;
        Ok(())
    }

    /// A heading with the next number.
    pub fn section(&mut self, title: &str) -> Outcome {
        self.sections += 1;
        let title = abridged(&format!("{}. {title}", self.sections), WIDTH);
        writeln!(self.out, "\n{title}\n{}", "-".repeat(title.chars().count()))?;
        Ok(())
    }

    /// A paragraph, wrapped, with an empty line before it.
    pub fn text(&mut self, paragraph: &str) -> Outcome {
        writeln!(self.out)?;
        for line in wrapped(paragraph, WIDTH) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Lines as they are, indented, with an empty line before them.
    pub fn block<L: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = L>) -> Outcome {
        writeln!(self.out)?;
        self.lines(lines)
    }

    /// Lines as they are, indented.
    pub fn lines<L: AsRef<str>>(&mut self, lines: impl IntoIterator<Item = L>) -> Outcome {
        for line in lines {
            let line = abridged(line.as_ref().trim_end(), self.room());
            writeln!(self.out, "{}", format!("{INDENT}{line}").trim_end())?;
        }
        Ok(())
    }

    /// One line as it is, indented.
    pub fn line(&mut self, line: impl AsRef<str>) -> Outcome {
        self.lines([line])
    }

    /// An empty line.
    pub fn blank(&mut self) -> Outcome {
        writeln!(self.out)?;
        Ok(())
    }

    /// Counts a claim, and shows it with its verdict.
    pub fn check(&mut self, right: bool, claim: impl AsRef<str>) -> Outcome {
        let claim = claim.as_ref();
        let mark = if right { "[ok] " } else { "[FAILED] " };
        for (i, line) in wrapped(claim, self.room() - mark.len()).iter().enumerate() {
            let mark = if i == 0 { mark } else { &" ".repeat(mark.len()) };
            writeln!(self.out, "{INDENT}{mark}{line}")?;
        }
        if right {
            self.passed += 1;
        } else {
            self.failed.push(claim.to_owned());
        }
        Ok(())
    }

    /// The last line.
    pub fn finish(&mut self) -> Outcome {
        let (passed, failed) = (self.passed, self.failed.len());
        match failed {
            0 => writeln!(self.out, "\nAll {passed} checks passed.")?,
            _ => writeln!(self.out, "\n{failed} of {} checks FAILED.", passed + failed)?,
        }
        self.out.flush()?;
        Ok(())
    }
}
