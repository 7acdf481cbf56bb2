//! Kinks: where a function has a slope to each side and none in the middle.
//!
//! A function recorded on the engine tells of them by its decisions ([`branch`](crate::branch)): no step is so small that the
//! point and both sides lie on one piece. Of a foreign function, and of operations of the user's own, only the two slopes
//! tell.

use chainrule_graph::Scalar;

use crate::Reference;
use crate::compare::{Claim, Known};
use crate::differences::{Slopes, one_sided};
use crate::failure::Cause;
use crate::level::{Direction, Level};
use crate::point::Passed;
use crate::subject::{Branch, Trouble};

impl<T: Scalar> Level<'_, T> {
    /// At a kink: whatever lies between the slopes of the two sides is a derivative.
    pub(crate) fn at_kink(
        &mut self,
        direction: &Direction,
        claims: &[Claim],
        passed: &mut Passed,
    ) -> Result<(), Cause> {
        let sides = self.sides(direction)?;
        for claim in claims {
            let pick = |s: &Slopes| Some((*s.value.get(claim.component)?, *s.error.get(claim.component)?));
            let both = sides.as_ref().and_then(|(left, right)| Some((pick(left)?, pick(right)?)));
            let Some(((left, e), (right, r))) = both else {
                let nothing = Known {
                    value: f64::NAN,
                    error: f64::INFINITY,
                    allowed: f64::INFINITY,
                    reference: Reference::Differences,
                };
                return Err(Cause::Undecided(Box::new(self.mismatch(direction, claim, nothing))));
            };
            let error = e.max(r);
            let allowed =
                self.point.settings.tolerance.allowed(claim.value, left, 4.0 * (error + claim.rounding));
            if claim.value < left.min(right) - allowed || claim.value > left.max(right) + allowed {
                let value = f64::midpoint(left, right);
                let known = Known { value, error, allowed, reference: Reference::Differences };
                let mut mismatch = self.mismatch(direction, claim, known);
                let (_, length) = self.place(direction);
                // To the left of an element that the direction moves down is the direction's right.
                let (left, right) = if length < 0.0 { (right, left) } else { (left, right) };
                mismatch.slopes = Some((left / length, right / length));
                return Err(Cause::Kink(Box::new(mismatch)));
            }
            passed.by(Reference::Differences).add(0.0);
            if left.abs().max(right.abs()) > 4.0 * error {
                self.matters(direction, passed);
            }
        }
        let kink = self.kink(direction).unwrap_or_else(|| "the function".into());
        if !passed.kinks.contains(&kink) {
            passed.kinks.push(kink);
        }
        Ok(())
    }

    /// The slopes to the left and to the right.
    fn sides(&mut self, direction: &Direction) -> Result<Option<(Slopes, Slopes)>, Trouble> {
        let base = self.components(&self.base.outputs);
        let noise = self.noise(true)?;
        let mut sides = Vec::new();
        for side in [-1.0, 1.0] {
            // The piece next to the point on this side: the one at a step so small that nothing else lies between.
            let near = self.there(direction, side * self.format.step / 1024.0)?;
            let Some(piece) = near.map(|(run, _)| run.branches) else { return Ok(None) };
            let mut at = |t: f64| -> Result<Option<Vec<f64>>, Trouble> {
                let there = self.there(direction, t)?;
                Ok(there.filter(|(run, _)| run.branches == piece).map(|(_, values)| values))
            };
            sides.extend(one_sided(&mut at, &base, &noise, self.format, side)?);
        }
        let mut sides = sides.into_iter();
        Ok(sides.next().zip(sides.next()))
    }

    /// Whether the slopes of the two sides differ by more than they may be off.
    pub(crate) fn is_kink(&mut self, direction: &Direction, component: usize) -> Result<bool, Trouble> {
        let Some((left, right)) = self.sides(direction)? else { return Ok(false) };
        let both = left.value.get(component).zip(right.value.get(component));
        let errors = left.error.get(component).zip(right.error.get(component));
        Ok(both.zip(errors).is_some_and(|((l, r), (e, s))| {
            let apart = (l - r).abs();
            apart > 10.0 * (e + s) && apart > 1e-3 * l.abs().max(r.abs())
        }))
    }

    /// The operation that decides otherwise beside the point.
    fn kink(&self, direction: &Direction) -> Option<String> {
        let name = |branch: &Branch| {
            format!("`{}` at {}:{}", branch.operation, branch.location.file(), branch.location.line())
        };
        let steps = [self.format.step / 1024.0, -self.format.step / 1024.0];
        steps.into_iter().find_map(|t| {
            let (run, _) = self.there(direction, t).ok().flatten()?;
            crate::branch::difference(&self.base.branches, &run.branches).map(name)
        })
    }
}
