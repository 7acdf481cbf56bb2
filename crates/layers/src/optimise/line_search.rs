//! A search along a line for a step that satisfies the strong conditions of Wolfe.

use chainrule_graph::Result;

/// A point on the line.
#[derive(Clone)]
pub(super) struct Trial {
    pub(super) step: f64,
    pub(super) value: f64,
    /// The derivative along the line.
    pub(super) slope: f64,
    pub(super) point: Vec<f64>,
    pub(super) gradient: Vec<f64>,
}

impl Trial {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
}

/// How much of the decrease that the slope promises a step must bring, and to which part it must bring down the slope.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;

/// At most so many trials to find an interval, and to find a step in it.
const BRACKETS: usize = 25;
const CUTS: usize = 30;

/// The two conditions, at a start.
struct Wolfe<'s> {
    start: &'s Trial,
    /// By how much values may differ by rounding.
    noise: f64,
}

impl Wolfe<'_> {
    /// Close to a minimum values differ by rounding alone; there the slope says whether they fall (W. Hager and H. Zhang, "A
    /// new conjugate gradient method with guaranteed descent and an efficient line search", SIAM J. Optim. 16, 2005).
    fn decreases(&self, at: &Trial) -> bool {
        let Trial { value, slope, .. } = *self.start;
        at.value <= value + DECREASE * at.step * slope
            || (at.value <= value + self.noise && at.slope <= (2.0 * DECREASE - 1.0) * slope)
    }

    fn is_flat(&self, at: &Trial) -> bool {
        at.slope.abs() <= -CURVATURE * self.start.slope
    }
}

/// A step along a direction in which the value falls at first, or `None` if none was found. `first` is tried first. (J.
/// Nocedal and S. Wright, "Numerical optimization", 2nd edition 2006, algorithms 3.5 and 3.6.)
///
/// Values that are not finite count as too high.
pub(super) fn search(
    start: &Trial,
    first: f64,
    epsilon: f64,
    mut at: impl FnMut(f64) -> Result<Trial>,
) -> Result<Option<Trial>> {
    let wolfe = Wolfe { start, noise: 4.0 * epsilon * start.value.abs() };
    let mut last = start.clone();
    let mut step = first;
    for number in 0..BRACKETS {
        let trial = at(step)?;
        if !trial.is_finite()
            || !wolfe.decreases(&trial)
            || (number > 0 && trial.value > last.value + wolfe.noise)
        {
            return zoom(&wolfe, last, trial, at);
        }
        if wolfe.is_flat(&trial) {
            return Ok(Some(trial));
        }
        if trial.slope >= 0.0 {
            return zoom(&wolfe, trial, last, at);
        }
        step *= 2.0;
        last = trial;
    }
    // It falls without an end in sight.
    Ok(Some(last))
}

/// A step between two, of which `low` decreases the value enough and has the lower one.
fn zoom(
    wolfe: &Wolfe<'_>,
    mut low: Trial,
    mut high: Trial,
    mut at: impl FnMut(f64) -> Result<Trial>,
) -> Result<Option<Trial>> {
    for _ in 0..CUTS {
        let trial = at(between(&low, &high))?;
        if trial.step == low.step || trial.step == high.step {
            break;
        }
        if !trial.is_finite() || !wolfe.decreases(&trial) || trial.value > low.value + wolfe.noise {
            high = trial;
            continue;
        }
        if wolfe.is_flat(&trial) {
            return Ok(Some(trial));
        }
        if trial.slope * (high.step - low.step) >= 0.0 {
            high = low;
        }
        low = trial;
    }
    Ok((low.step > 0.0 && low.value < wolfe.start.value).then_some(low))
}

/// The minimum of the cubic through two points and their slopes (equation 3.59), not too close to either; the middle where
/// there is none.
fn between(low: &Trial, high: &Trial) -> f64 {
    let (a, b) = (low.step, high.step);
    let d1 = low.slope + high.slope - 3.0 * (low.value - high.value) / (a - b);
    let d2 = (d1 * d1 - low.slope * high.slope).sqrt() * (b - a).signum();
    let cubic = b - (b - a) * (high.slope + d2 - d1) / (high.slope - low.slope + 2.0 * d2);
    let margin = 0.1 * (b - a).abs();
    let (left, right) = (a.min(b) + margin, a.max(b) - margin);
    if cubic.is_finite() { cubic.max(left).min(right) } else { a + 0.5 * (b - a) }
}
