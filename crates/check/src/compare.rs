//! Claimed derivatives beside what they should be: the verdict along one direction, and the smallest direction that has it.

use std::cmp::Ordering;

use chainrule_graph::Scalar;
use ndarray::ArrayD;

use crate::differences::{Slopes, central};
use crate::failure::{Cause, Mismatch, Mode, Place};
use crate::level::{Direction, Level, part};
use crate::point::Passed;
use crate::{Reference, Tolerance};

/// What a mode says of a component.
pub(crate) struct Claim {
    pub(crate) mode: Mode,
    pub(crate) component: usize,
    pub(crate) value: f64,
    pub(crate) rounding: f64,
}

/// What the oracle or differences say of it.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    pub(crate) value: f64,
    pub(crate) error: f64,
    pub(crate) allowed: f64,
    pub(crate) reference: Reference,
}

impl Known {
    /// Whether a claim is near enough; NaN is not.
    fn accepts(&self, claim: &Claim) -> bool {
        let off = (claim.value - self.value).abs();
        matches!(off.partial_cmp(&self.allowed), Some(Ordering::Less | Ordering::Equal))
    }
}

impl<T: Scalar> Level<'_, T> {
    /// Compares both modes with the oracle along a direction; where it cannot say, with differences.
    ///
    /// These first with the rounding that there must be. Only if that does not do, rounding is measured, which takes time; then
    /// it is the verdict.
    pub(crate) fn along(&mut self, direction: &Direction, passed: &mut Passed) -> Result<(), Cause> {
        if let Some(tape) = self.tape
            && self.by_oracle(tape, direction, passed)?
        {
            return Ok(());
        }
        for measured in [false, true] {
            let noise = self.noise(measured)?;
            let slopes = central(&mut |t| self.sample(direction, t), &noise, self.format)?;
            let claims = self.claims(direction, measured)?;
            let Some(slopes) = slopes else { return self.at_kink(direction, &claims, passed) };
            if measured || self.accepted(&claims, &slopes) {
                return self.judge(direction, &claims, &slopes, passed);
            }
        }
        Ok(())
    }

    /// What both modes say along a direction.
    pub(crate) fn claims(&mut self, direction: &Direction, measured: bool) -> Result<Vec<Claim>, Cause> {
        let mut claims = Vec::new();
        if let Some(gradients) = &self.gradients {
            let value = gradients.iter().zip(direction).map(|(g, v)| (g * v).sum()).sum();
            let component = self.base.outputs.iter().map(ArrayD::len).sum();
            let rounding = self.gradient_noise(direction, measured)?;
            claims.push(Claim { mode: Mode::Reverse, component, value, rounding });
        }
        if self.forward() {
            let tangents = self.tangents(direction, measured)?;
            claims.extend(tangents.into_iter().enumerate().map(|(component, (value, rounding))| Claim {
                mode: Mode::Forward,
                component,
                value,
                rounding,
            }));
        }
        Ok(claims)
    }

    fn known(&self, claim: &Claim, slopes: &Slopes) -> Known {
        let pick = |numbers: &[f64]| numbers.get(claim.component).copied().unwrap_or(f64::NAN);
        let (value, error) = (pick(&slopes.value), pick(&slopes.error));
        let allowed =
            self.point.settings.tolerance.allowed(claim.value, value, 4.0 * (error + claim.rounding));
        Known { value, error, allowed, reference: Reference::Differences }
    }

    fn accepted(&self, claims: &[Claim], slopes: &Slopes) -> bool {
        claims.iter().all(|claim| {
            let known = self.known(claim, slopes);
            known.accepts(claim) && self.decides(claim, &known)
        })
    }

    /// Whether what is known is accurate enough to mean something.
    pub(crate) fn decides(&self, claim: &Claim, known: &Known) -> bool {
        let (part, floor) = self.format.decides;
        let size = claim.value.abs().max(known.value.abs());
        self.point.settings.tolerance != Tolerance::RunningError
            || known.allowed <= part * size
            || known.allowed <= floor * self.scale
            || known.allowed <= 1e3 * self.format.unit
    }

    fn judge(
        &mut self,
        direction: &Direction,
        claims: &[Claim],
        slopes: &Slopes,
        passed: &mut Passed,
    ) -> Result<(), Cause> {
        for claim in claims {
            let known = self.known(claim, slopes);
            // Code of the user's says nothing of its kinks: they show in the slopes to both sides.
            if !known.accepts(claim) && self.is_kink(direction, claim.component)? {
                return self.at_kink(direction, claims, passed);
            }
            self.judge_claim(direction, claim, known, passed)?;
        }
        let still = slopes.value.iter().zip(&slopes.error).all(|(d, e)| d.abs() <= 4.0 * e);
        if !still || claims.iter().any(|claim| claim.value != 0.0) {
            self.matters(direction, passed);
        }
        Ok(())
    }

    /// The verdict on one claim, where there is a derivative.
    pub(crate) fn judge_claim(
        &mut self,
        direction: &Direction,
        claim: &Claim,
        known: Known,
        passed: &mut Passed,
    ) -> Result<(), Cause> {
        self.scale = self.scale.max(claim.value.abs()).max(known.value.abs());
        if !known.accepts(claim) {
            return Err(Cause::Wrong(Box::new(self.mismatch(direction, claim, known))));
        }
        if !self.decides(claim, &known) {
            return Err(Cause::Undecided(Box::new(self.mismatch(direction, claim, known))));
        }
        let off = (claim.value - known.value).abs();
        passed.by(known.reference).add(if known.allowed > 0.0 { off / known.allowed } else { 0.0 });
        Ok(())
    }

    /// The one input that a direction moves is not ignored.
    pub(crate) fn matters(&self, direction: &Direction, passed: &mut Passed) {
        let mut moved = passed.ignored.iter_mut().zip(direction).filter(|(_, v)| v.iter().any(|v| *v != 0.0));
        if let (Some((ignored, _)), None) = (moved.next(), moved.next()) {
            *ignored = false;
        }
    }

    pub(crate) fn mismatch(&self, direction: &Direction, claim: &Claim, known: Known) -> Mismatch {
        // Of one element alone the derivative is by that element, and not by the length of the direction.
        let (place, length) = self.place(direction);
        Mismatch {
            place,
            modes: [&[claim.mode], self.modes].concat(),
            output: self.output(claim.component),
            weighted: self.output(claim.component).is_none() && !self.is_single(),
            claimed: claim.value / length,
            expected: known.value / length,
            error: known.error / length.abs(),
            allowed: known.allowed / length.abs(),
            reference: known.reference,
            slopes: None,
        }
    }

    /// Which output a component belongs to; none for the weighted sum.
    fn output(&self, component: usize) -> Option<(usize, Vec<usize>)> {
        let mut rest = component;
        for (number, y) in self.base.outputs.iter().enumerate() {
            if rest < y.len() {
                return Some((number, element(y.shape(), rest)));
            }
            rest -= y.len();
        }
        None
    }

    fn is_single(&self) -> bool {
        self.base.outputs.iter().map(ArrayD::len).sum::<usize>() == 1
    }

    /// What a direction moves, and by how much if that is one element.
    pub(crate) fn place(&self, direction: &Direction) -> (Place, f64) {
        let settings = self.point.settings;
        let moved: Vec<(usize, &ArrayD<f64>)> =
            self.inputs().zip(direction).filter(|(_, v)| v.iter().any(|v| *v != 0.0)).collect();
        let [(input, v)] = moved.as_slice() else { return (settings.place(None, None), 1.0) };
        let mut places = v.iter().enumerate().filter(|(_, v)| **v != 0.0);
        match (places.next(), places.next()) {
            (Some((place, &length)), None) => {
                (settings.place(Some(*input), Some(element(v.shape(), place))), length)
            }
            _ => (settings.place(Some(*input), None), 1.0),
        }
    }

    /// The same mistake along as few elements as show it: halves of the direction that still fail.
    pub(crate) fn locate(&mut self, direction: &Direction, cause: Cause) -> Cause {
        let mut best = cause;
        let mut moved: Vec<(usize, usize)> = Vec::new();
        for (i, v) in direction.iter().enumerate() {
            moved.extend(v.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(k, _)| (i, k)));
        }
        while moved.len() > 1 && matches!(best, Cause::Wrong(_)) {
            let (left, right) = moved.split_at(moved.len() / 2);
            let found = [left, right].into_iter().find_map(|half| {
                match self.along(&part(direction, half), &mut Passed::default()) {
                    Err(found @ Cause::Wrong(_)) => Some((half.to_vec(), found)),
                    _ => None,
                }
            });
            let Some(found) = found else { break };
            (moved, best) = found;
        }
        best
    }
}

fn element(shape: &[usize], mut place: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (slot, &size) in index.iter_mut().zip(shape).rev() {
        if size > 0 {
            (*slot, place) = (place % size, place / size);
        }
    }
    index
}
