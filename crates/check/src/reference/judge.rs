//! What the oracle says of the claims of a level, along a direction.
//!
//! A level is the user's function after some differentiations. For the oracle these are no steps but directions: the second
//! derivative along `v` of a gradient, weighted with `c`, is that of the function along `c` and along `v`, and one element of the
//! gradient goes along that element of the inputs.

use chainrule_graph::Scalar;
use ndarray::ArrayD;

use super::derivative::{Moves, derivatives};
use super::{Reference, Tape};
use crate::compare::{Claim, Known};
use crate::differences::Slopes;
use crate::failure::{Cause, Mode};
use crate::level::{Direction, Level};
use crate::point::{Passed, Point};
use crate::random::Random;
use crate::subject::{Arrays, Step, Trouble, moving};

/// How much an evaluation may take by default, in additions and multiplications with numbers that have no derivative; each order
/// makes them four times as dear.
const MOST: f64 = 40_000.0;

impl<T: Scalar> Point<'_, T> {
    /// The function off its tape, if the oracle is to say what its derivatives are, and can.
    ///
    /// # Errors
    /// Why it cannot, if nothing else will do.
    pub(crate) fn tape(&self) -> Result<Option<Tape<T>>, Cause> {
        let reference = self.settings.reference;
        if reference == Reference::Differences {
            return Ok(None);
        }
        match self.whole_tape() {
            Ok(tape) if reference == Reference::Oracle || self.is_affordable(&tape) => Ok(Some(tape)),
            Err(reason) if reference == Reference::Oracle => {
                // What is wrong with the function itself comes first.
                self.subject.run(self.x, &[], self.fixed)?;
                Err(Cause::Refused { message: format!("the oracle cannot evaluate it: {reason}") })
            }
            _ => Ok(None),
        }
    }

    fn is_affordable(&self, tape: &Tape<T>) -> bool {
        tape.work() * 4_f64.powi(self.settings.order as i32) <= 4.0 * MOST
    }

    /// The function off its tape, if the tape is all of it: recorded for inputs nearby, it must be the same.
    fn whole_tape(&self) -> Result<Tape<T>, String> {
        let tape = self.subject.tape(self.x)?;
        let mut random = Random(self.settings.seed ^ 0x7a9e);
        let joint: Direction = moving(self.x, self.fixed)
            .map(|x| random.array::<f64>(x.shape()) * crate::level::size(x))
            .collect();
        for t in [-1.0, 1.0] {
            let step = t * crate::differences::Format::of::<T>().step / 1024.0;
            let there = self.subject.tape(&crate::level::moved(self.x, self.fixed, &joint, step))?;
            if !tape.is_same(&there) {
                return Err("for inputs nearby it records other operations or constants".into());
            }
        }
        Ok(tape)
    }
}

/// A level as the oracle sees it.
struct Asked<'a, T> {
    /// The weights of the function's outputs.
    weights: &'a Arrays<T>,
    /// The directions along which it has been differentiated.
    along: Vec<Moves>,
    /// Whether a gradient was taken last, whose elements are the outputs of the level.
    is_gradient: bool,
}

impl<T: Scalar> Level<'_, T> {
    fn asked(&self) -> Asked<'_, T> {
        let mut asked = Asked { weights: &self.cotangents, along: Vec::new(), is_gradient: false };
        for step in self.path {
            match step {
                Step::Forward(tangents) => asked.along.push(self.moves(tangents)),
                Step::Reverse(cotangents) if asked.is_gradient => asked.along.push(self.moves(cotangents)),
                Step::Reverse(cotangents) => (asked.weights, asked.is_gradient) = (cotangents, true),
            }
        }
        asked
    }

    /// A direction of the inputs that move, as one of all inputs.
    fn moves<S: Scalar>(&self, direction: &Arrays<S>) -> Moves {
        let mut moves = vec![Vec::new(); self.point.x.len()];
        for (input, v) in self.inputs().zip(direction) {
            if let Some(slot) = moves.get_mut(input) {
                *slot = v.iter().map(|v| v.as_f64()).collect();
            }
        }
        moves
    }

    /// Compares both modes with the oracle along a direction. The answer is no if it cannot say.
    ///
    /// # Errors
    /// The first claim that is not right.
    pub(crate) fn by_oracle(
        &mut self,
        tape: &Tape<T>,
        direction: &Direction,
        passed: &mut Passed,
    ) -> Result<bool, Cause> {
        if !self.is_smooth(direction)? {
            return Ok(false);
        }
        let claims = self.claims(direction, false)?;
        let known = self.knowledge(tape, direction, &claims);
        let decided =
            known.iter().all(|(claim, known)| known.value.is_finite() && self.decides(claim, known));
        if !decided && self.point.settings.reference != Reference::Oracle {
            return Ok(false);
        }
        for (claim, known) in &known {
            self.judge_claim(direction, claim, *known, passed)?;
        }
        let moves = |(claim, known): &(&Claim, Known)| claim.value != 0.0 || known.value.abs() > known.error;
        if known.iter().any(moves) {
            self.matters(direction, passed);
        }
        Ok(true)
    }

    /// What the oracle says of each claim; of the elements of a large gradient only their weighted sum.
    fn knowledge<'c>(
        &self,
        tape: &Tape<T>,
        direction: &Direction,
        claims: &'c [Claim],
    ) -> Vec<(&'c Claim, Known)> {
        let Asked { weights, along, is_gradient } = self.asked();
        let elements: usize = self.base.outputs.iter().map(ArrayD::len).sum();
        let along_also = |more: &[Moves]| [&along, more].concat();
        let last = |slopes: &Slopes| slopes.value.len().saturating_sub(1);
        let all = (!is_gradient).then(|| derivatives(tape, &along_also(&[self.moves(direction)]), weights));
        let of = |component: usize| -> Option<(f64, f64)> {
            let pick = |slopes: &Slopes, place: usize| {
                slopes.value.get(place).copied().zip(slopes.error.get(place).copied())
            };
            if let Some(all) = &all {
                return pick(all, component);
            }
            let across = match component < elements {
                true if elements > self.point.settings.elements => return None,
                true => self.moves(&self.one_of(component)),
                false => self.moves(&self.cotangents),
            };
            let slopes = derivatives(tape, &along_also(&[across, self.moves(direction)]), weights);
            pick(&slopes, last(&slopes))
        };
        let moved = direction.iter().flatten().filter(|v| **v != 0.0).count();
        let known = |claim: &'c Claim| {
            let (value, error) = of(claim.component)?;
            // A gradient's product with the direction is the kit's own sum, in double precision.
            let own = match claim.mode {
                Mode::Reverse => {
                    claim.rounding / (4.0 * self.format.unit) * (f64::EPSILON / 2.0 * moved as f64)
                }
                Mode::Forward => 0.0,
            };
            let allowed = self.point.settings.tolerance.allowed(claim.value, value, error + own);
            Some((claim, Known { value, error, allowed, reference: Reference::Oracle }))
        };
        claims.iter().filter_map(known).collect()
    }

    /// One of the outputs' elements alone.
    fn one_of(&self, mut component: usize) -> Arrays<f64> {
        let mut one: Arrays<f64> = self.base.outputs.iter().map(|y| y.mapv(|_| 0.0)).collect();
        for y in &mut one {
            if let Some(slot) = y.iter_mut().nth(component) {
                *slot = 1.0;
                break;
            }
            component = component.saturating_sub(y.len());
        }
        one
    }

    /// Whether the smallest steps to both sides lie on the same smooth piece.
    fn is_smooth(&self, direction: &Direction) -> Result<bool, Trouble> {
        let h = self.format.smallest();
        let same = |t: f64| Ok::<bool, Trouble>(self.sample(direction, t)?.is_some());
        Ok(self.base.branches.is_empty() || (same(-h)? && same(h)?))
    }
}
