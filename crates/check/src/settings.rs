//! What a test is asked for.

use crate::failure::{Mode, Place};
use crate::reference::Reference;
use crate::tolerance::Tolerance;

/// What to do with inputs that lie at a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinks {
    /// Judge the gradient there: whatever lies between the slopes of the two sides is accepted, and nothing else. Given inputs
    /// are judged where they are, unless this says otherwise.
    Judge,
    /// Move the inputs a little, off the kink. Drawn inputs are, unless this says otherwise.
    Nudge,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) order: usize,
    pub(crate) modes: Vec<Mode>,
    pub(crate) reference: Reference,
    pub(crate) tolerance: Tolerance,
    pub(crate) seed: u64,
    pub(crate) cases: u32,
    pub(crate) kinks: Option<Kinks>,
    pub(crate) all_matter: bool,
    pub(crate) laws: bool,
    pub(crate) fixed: Vec<usize>,
    pub(crate) names: Vec<String>,
    /// Up to how many elements in all, each is moved alone.
    pub(crate) elements: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            order: 1,
            modes: vec![Mode::Reverse, Mode::Forward],
            reference: Reference::default(),
            tolerance: Tolerance::default(),
            seed: 0,
            cases: 32,
            kinks: None,
            all_matter: false,
            laws: false,
            fixed: Vec::new(),
            names: Vec::new(),
            elements: 24,
        }
    }
}

/// As many cases as the environment variable `PROPTEST_CASES` says, or as usual.
pub(crate) fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

impl Settings {
    pub(crate) fn place(&self, input: Option<usize>, element: Option<Vec<usize>>) -> Place {
        let name = input.and_then(|input| self.names.get(input)).cloned();
        Place { input, name, element }
    }

    /// For each of `count` inputs, whether it never moves.
    pub(crate) fn fixed(&self, count: usize) -> Vec<bool> {
        (0..count).map(|input| self.fixed.contains(&input)).collect()
    }
}
