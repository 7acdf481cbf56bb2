//! What a passed test says.

use std::fmt;

use crate::failure::{Mode, Place};
use crate::taylor::Taylor;

/// How many numbers were compared with a reference, and how close they were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compared {
    /// How many.
    pub count: usize,
    /// The largest distance, as a part of what is allowed.
    pub worst: f64,
}

impl Compared {
    /// One more.
    pub(crate) fn add(&mut self, distance: f64) {
        *self = self.and(Compared { count: 1, worst: distance });
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Compared { count: self.count + other.count, worst: self.worst.max(other.worst) }
    }
}

/// A gradient test that passed: what was compared, and how close it was.
///
/// ```
/// use chainrule_check::check_gradient;
///
/// let report = check_gradient(|[x, w]| (x * w).tanh()).order(2).at([[0.5, -1.0], [2.0, 0.25]])?;
/// assert!(report.worst() < 1.0 && report.comparisons() > 20);
/// assert!(report.taylor().and_then(|taylor| taylor.order).is_some_and(|order| order > 1.9));
/// println!("{report}");
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(crate) order: usize,
    pub(crate) modes: Vec<Mode>,
    pub(crate) points: u32,
    pub(crate) values: Compared,
    pub(crate) by_oracle: Compared,
    pub(crate) by_differences: Compared,
    pub(crate) taylor: Option<Taylor>,
    pub(crate) ignored: Vec<Place>,
    pub(crate) kinks: Vec<String>,
    pub(crate) nudged: u32,
    pub(crate) undecided: u32,
    pub(crate) seed: u64,
}

impl Report {
    /// How many derivatives were compared.
    pub fn comparisons(&self) -> usize {
        self.by_oracle.count + self.by_differences.count
    }

    /// The derivatives that were compared with the [oracle](crate::Reference::Oracle).
    pub fn by_oracle(&self) -> Compared {
        self.by_oracle
    }

    /// The derivatives that were compared with [differences](crate::Reference::Differences).
    pub fn by_differences(&self) -> Compared {
        self.by_differences
    }

    /// The values that were compared with the oracle's: all numbers that the function computes on its way.
    pub fn values(&self) -> Compared {
        self.values
    }

    /// At how many points.
    pub fn points(&self) -> u32 {
        self.points
    }

    /// The largest distance of a derivative, as a part of what is allowed.
    pub fn worst(&self) -> f64 {
        self.by_oracle.worst.max(self.by_differences.worst)
    }

    /// How the remainder of the first-order Taylor expansion shrinks with the step, at the last point.
    pub fn taylor(&self) -> Option<&Taylor> {
        self.taylor.as_ref()
    }

    /// Inputs that no output depends on: their gradients are zeros, and so are the differences, at every point.
    pub fn ignored(&self) -> &[Place] {
        &self.ignored
    }

    /// The operations at whose kinks points lay: there, what is between the slopes of the two sides is accepted.
    pub fn kinks(&self) -> &[String] {
        &self.kinks
    }

    /// How many points were moved a little, off a kink.
    pub fn nudged(&self) -> u32 {
        self.nudged
    }

    /// At how many points, of those that were drawn, differences could not decide.
    pub fn undecided(&self) -> u32 {
        self.undecided
    }

    /// The seed of the directions.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// With what another point gave.
    pub(crate) fn and(mut self, other: Report) -> Report {
        let first = self.points == 0;
        self.ignored = match first {
            true => other.ignored,
            false => self.ignored.into_iter().filter(|place| other.ignored.contains(place)).collect(),
        };
        for kink in other.kinks {
            if !self.kinks.contains(&kink) {
                self.kinks.push(kink);
            }
        }
        Report {
            order: other.order,
            modes: other.modes,
            points: self.points + other.points,
            values: self.values.and(other.values),
            by_oracle: self.by_oracle.and(other.by_oracle),
            by_differences: self.by_differences.and(other.by_differences),
            taylor: other.taylor.or(self.taylor),
            ignored: self.ignored,
            kinks: self.kinks,
            nudged: self.nudged + other.nudged,
            undecided: self.undecided + other.undecided,
            seed: other.seed,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modes: Vec<String> = self.modes.iter().map(Mode::to_string).collect();
        let s = if self.points == 1 { "" } else { "s" };
        writeln!(
            f,
            "right: {} derivatives at {} point{s}, {}{} mode; at most {:.2} of what is allowed",
            self.comparisons(),
            self.points,
            if self.order > 1 { format!("up to order {}, ", self.order) } else { String::new() },
            modes.join(" and "),
            self.worst()
        )?;
        if self.by_oracle.count > 0 {
            writeln!(f, "{}", Means(self))?;
        }
        for place in &self.ignored {
            writeln!(f, "note: no output depends on {place}")?;
        }
        for kink in &self.kinks {
            writeln!(f, "note: at a kink of {kink}: a slope between those of the two sides")?;
        }
        if self.nudged > 0 {
            writeln!(f, "note: {} moved off a kink", points(self.nudged))?;
        }
        if self.undecided > 0 {
            writeln!(f, "note: {} undecided", points(self.undecided))?;
        }
        if let Some(taylor) = &self.taylor {
            write!(f, "{taylor}")?;
        }
        Ok(())
    }
}

/// What was compared with what, where the oracle had a say.
struct Means<'a>(&'a Report);

impl fmt::Display for Means<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { values, by_oracle, by_differences, .. } = self.0;
        write!(f, "with the oracle: {} derivatives and {} values", by_oracle.count, values.count)?;
        match by_differences.count {
            0 => Ok(()),
            count => write!(f, "; with differences: {count} derivatives"),
        }
    }
}

fn points(count: u32) -> String {
    if count == 1 { "1 point".into() } else { format!("{count} points") }
}

/// How many decimals show what matters of a number that is known up to `error`.
pub(crate) fn places(error: f64) -> usize {
    if error.is_finite() && error > 0.0 { (1.0 - error.log10()).clamp(3.0, 9.0) as usize } else { 9 }
}
