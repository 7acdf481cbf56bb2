//! One function at one point: every order, every mode, every direction, compared with differences.

use chainrule_graph::Scalar;
use ndarray::{ArrayD, Dimension};

use crate::differences::{Format, Slopes, central, noise, one_sided};
use crate::failure::{Cause, Mismatch, Mode, Place};
use crate::random::Random;
use crate::settings::Settings;
use crate::subject::{Arrays, Branch, Run, Step, Subject, Trouble, moving};
use crate::taylor::Taylor;

impl From<Trouble> for Cause {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Engine(error) => Cause::Invalid(error),
            Trouble::Panic(message) => Cause::Panicked { message },
            Trouble::Refused(message) => Cause::Refused { message },
            Trouble::Shape(message) => Cause::Shape { message },
        }
    }
}

/// What a point gave, if nothing is wrong.
#[derive(Default)]
pub(crate) struct Passed {
    pub(crate) comparisons: usize,
    pub(crate) worst: f64,
    pub(crate) taylor: Option<Taylor>,
    /// For each input, whether its gradients and the differences are all zeros.
    pub(crate) ignored: Vec<bool>,
    pub(crate) kinks: Vec<String>,
}

/// What is wrong, and after which steps.
pub(crate) struct Found<T> {
    pub(crate) cause: Cause,
    pub(crate) taylor: Option<Taylor>,
    pub(crate) path: Vec<Step<T>>,
    /// Whether the point lies at a kink that the function's own decisions tell of.
    pub(crate) kink: Option<String>,
}

pub(crate) struct Point<'a, T> {
    pub(crate) subject: &'a dyn Subject<T>,
    pub(crate) x: &'a [ArrayD<T>],
    pub(crate) fixed: &'a [bool],
    pub(crate) settings: &'a Settings,
}

/// The function after some differentiations, at the point.
struct Level<'a, T> {
    point: &'a Point<'a, T>,
    path: &'a [Step<T>],
    modes: Vec<Mode>,
    format: Format,
    base: Run<T>,
    /// Weights of the outputs: what reverse mode differentiates is their sum.
    cotangents: Arrays<T>,
    /// The gradients in reverse mode, with their measured rounding.
    gradients: Option<(Arrays<f64>, Arrays<f64>)>,
    /// The size of the largest derivative, for what counts as nothing.
    scale: f64,
    noise: Vec<f64>,
}

/// A direction: one array for each input that moves.
type Direction = Arrays<f64>;

impl<T: Scalar> Point<'_, T> {
    /// All orders.
    pub(crate) fn check(&self) -> Result<Passed, Found<T>> {
        let mut passed =
            Passed { ignored: vec![true; moving(self.x, self.fixed).count()], ..Passed::default() };
        let mut paths: Vec<(Vec<Step<T>>, Vec<Mode>)> = vec![(Vec::new(), Vec::new())];
        let order = if self.subject.is_differentiable() { self.settings.order } else { 1 };
        for level in 1..=order {
            let mut next = Vec::new();
            for (path, modes) in &paths {
                let before = passed.kinks.len();
                let steps = self.level(path, modes, &mut passed)?;
                // A derivative of what jumps is none.
                if passed.kinks.len() > before {
                    continue;
                }
                if level < order {
                    next.extend(steps.into_iter().map(|(step, mode)| {
                        let path = path.iter().cloned().chain([step]).collect();
                        (path, [&[mode], modes.as_slice()].concat())
                    }));
                }
            }
            paths = next;
        }
        Ok(passed)
    }

    /// One level; returns the steps to the next one.
    fn level(
        &self,
        path: &[Step<T>],
        modes: &[Mode],
        passed: &mut Passed,
    ) -> Result<Vec<(Step<T>, Mode)>, Found<T>> {
        let plain = |cause: Cause| Found { cause, taylor: None, path: path.to_vec(), kink: None };
        let mut level = Level::new(self, path, modes).map_err(plain)?;
        let mut taylor = None;
        if path.is_empty() && level.reverse() {
            taylor = level.taylor().map_err(|trouble| plain(trouble.into()))?;
            passed.taylor.clone_from(&taylor);
        }
        let directions = level.directions();
        for direction in &directions {
            if let Err(cause) = level.along(direction, passed) {
                let cause = level.locate(direction, cause);
                let kink = level.kink(direction);
                return Err(Found { cause, taylor, path: path.to_vec(), kink });
            }
        }
        let mut steps = Vec::new();
        if level.reverse() {
            steps.push((Step::Reverse(level.cotangents.clone()), Mode::Reverse));
        }
        if level.forward() {
            let tangents = directions.last().map(|d| typed(d)).unwrap_or_default();
            steps.push((Step::Forward(tangents), Mode::Forward));
        }
        Ok(steps)
    }
}

impl<'a, T: Scalar> Level<'a, T> {
    fn new(point: &'a Point<'a, T>, path: &'a [Step<T>], modes: &[Mode]) -> Result<Self, Cause> {
        let &Point { subject, x, fixed, settings } = point;
        let base = subject.run(x, path, fixed)?;
        let again = subject.run(x, path, fixed)?;
        for (number, (y, z)) in base.outputs.iter().zip(&again.outputs).enumerate() {
            if y.iter().zip(z).any(|(a, b)| a.bits() != b.bits()) || y.shape() != z.shape() {
                return Err(Cause::NonDeterministic { what: what(path, number) });
            }
            finite(y, &what(path, number))?;
        }
        let mut random = Random(settings.seed.wrapping_add(path.len() as u64));
        let cotangents = random.like(&base.outputs);
        let mut level = Level {
            point,
            path,
            modes: modes.to_vec(),
            format: Format::of::<T>(),
            base,
            cotangents,
            gradients: None,
            scale: 0.0,
            noise: Vec::new(),
        };
        if level.reverse() {
            level.gradients = Some(level.measured_gradients()?);
        }
        let joint = level.joint();
        let values = level.components(&level.base.outputs);
        level.noise = noise(&mut |t| level.sample(&joint, t, false), &values, level.format)?;
        Ok(level)
    }

    fn reverse(&self) -> bool {
        self.point.settings.modes.contains(&Mode::Reverse) || !self.point.subject.is_differentiable()
    }

    fn forward(&self) -> bool {
        self.point.settings.modes.contains(&Mode::Forward) && self.point.subject.is_differentiable()
    }

    /// The gradients, of the right shapes, finite, and the same twice; and how much rounding is in them.
    fn measured_gradients(&self) -> Result<(Arrays<f64>, Arrays<f64>), Cause> {
        let gradients = self.gradients_at(self.point.x)?;
        let again = self.gradients_at(self.point.x)?;
        let inputs: Vec<usize> =
            (0..self.point.x.len()).filter(|&i| self.point.fixed.get(i) == Some(&false)).collect();
        let wanted: Vec<&ArrayD<T>> = moving(self.point.x, self.point.fixed).collect();
        if gradients.len() != wanted.len() {
            let message = format!("{} gradients for {} inputs", gradients.len(), wanted.len());
            return Err(Cause::Shape { message });
        }
        for (((g, h), x), &i) in gradients.iter().zip(&again).zip(wanted).zip(&inputs) {
            let name = format!("the gradient of {}", self.point.settings.place(Some(i), None));
            if g.shape() != x.shape() {
                let message = format!("{name} has the shape {:?}, the input {:?}", g.shape(), x.shape());
                return Err(Cause::Shape { message });
            }
            if g.iter().zip(h).any(|(a, b)| a.to_bits() != b.to_bits()) {
                return Err(Cause::NonDeterministic { what: name });
            }
            finite(g, &name)?;
        }
        let joint = self.joint();
        let flat = |all: &Arrays<f64>| all.iter().flat_map(|g| g.iter().copied()).collect::<Vec<f64>>();
        let mut at = |t: f64| -> Result<Option<Vec<f64>>, Trouble> {
            match self.gradients_at(&self.moved(&joint, t)) {
                Ok(there) => Ok(Some(flat(&there)).filter(|g| g.iter().all(|g| g.is_finite()))),
                Err(Trouble::Panic(message)) => Err(Trouble::Panic(message)),
                Err(_) => Ok(None),
            }
        };
        let mut rounding = noise(&mut at, &flat(&gradients), self.format)?.into_iter();
        let rounding = gradients.iter().map(|g| g.mapv(|_| rounding.next().unwrap_or(0.0))).collect();
        Ok((gradients, rounding))
    }

    fn gradients_at(&self, x: &[ArrayD<T>]) -> Result<Arrays<f64>, Trouble> {
        let path: Vec<Step<T>> =
            self.path.iter().cloned().chain([Step::Reverse(self.cotangents.clone())]).collect();
        let run = self.point.subject.run(x, &path, self.point.fixed)?;
        Ok(run.outputs.iter().map(|g| g.mapv(|g| g.as_f64())).collect())
    }

    /// The outputs one after the other, and their weighted sum: what all is a derivative of.
    fn components(&self, outputs: &[ArrayD<T>]) -> Vec<f64> {
        let sum: f64 = outputs.iter().zip(&self.cotangents).map(|(y, c)| dot(y, c)).sum();
        outputs.iter().flat_map(|y| y.iter().map(|y| y.as_f64())).chain([sum]).collect()
    }

    /// The components at a step along a direction; on another smooth piece only if `anywhere`.
    fn sample(&self, direction: &Direction, t: f64, anywhere: bool) -> Result<Option<Vec<f64>>, Trouble> {
        let Some((run, values)) = self.there(direction, t)? else { return Ok(None) };
        Ok(Some(values).filter(|_| anywhere || run.branches == self.base.branches))
    }

    fn there(&self, direction: &Direction, t: f64) -> Result<Option<(Run<T>, Vec<f64>)>, Trouble> {
        let run = match self.point.subject.run(&self.moved(direction, t), self.path, self.point.fixed) {
            Ok(run) => run,
            // A panic is one wherever it happens; an error may mean that there is no value there.
            Err(Trouble::Panic(message)) => return Err(Trouble::Panic(message)),
            Err(_) => return Ok(None),
        };
        let same = run.outputs.iter().map(ArrayD::shape).eq(self.base.outputs.iter().map(ArrayD::shape));
        let values = self.components(&run.outputs);
        Ok(Some((run, values)).filter(|(_, values)| same && values.iter().all(|y| y.is_finite())))
    }

    fn moved(&self, direction: &Direction, t: f64) -> Arrays<T> {
        let mut directions = direction.iter();
        let pairs = self.point.x.iter().zip(self.point.fixed);
        pairs
            .map(|(x, &fixed)| match if fixed { None } else { directions.next() } {
                None => x.clone(),
                Some(v) => {
                    let mut x = x.clone();
                    x.zip_mut_with(v, |x, &v| {
                        if v != 0.0 {
                            *x = T::of(x.as_f64() + t * v);
                        }
                    });
                    x
                }
            })
            .collect()
    }

    /// All inputs at once, each with steps of its own size.
    fn joint(&self) -> Direction {
        let mut random = Random(self.point.settings.seed ^ 0x5eed ^ (self.path.len() as u64) << 32);
        let inputs = moving(self.point.x, self.point.fixed);
        inputs.map(|x| random.array::<f64>(x.shape()) * size(x)).collect()
    }

    /// Every element of small inputs alone; a random direction for each larger input; and all together.
    fn directions(&self) -> Vec<Direction> {
        let joint = self.joint();
        let mut all = Vec::new();
        let total: usize = joint.iter().map(ArrayD::len).sum();
        for (i, v) in joint.iter().enumerate() {
            let only = |mask: &dyn Fn(usize) -> bool| -> Direction {
                let zeros = |v: &ArrayD<f64>| v.mapv(|_| 0.0);
                let mut direction: Direction = joint.iter().map(zeros).collect();
                if let Some(part) = direction.get_mut(i) {
                    part.iter_mut()
                        .zip(v)
                        .enumerate()
                        .filter(|(k, _)| mask(*k))
                        .for_each(|(_, (p, v))| *p = *v);
                }
                direction
            };
            if total <= self.point.settings.elements && self.path.is_empty() {
                all.extend((0..v.len()).map(|k| only(&|place| place == k)));
            } else if joint.len() > 1 && !v.is_empty() {
                all.push(only(&|_| true));
            }
        }
        all.push(joint);
        all
    }

    /// Compares both modes with differences along a direction, and with each other.
    fn along(&mut self, direction: &Direction, passed: &mut Passed) -> Result<(), Cause> {
        let slopes = central(&mut |t| self.sample(direction, t, false), &self.noise, self.format)?;
        let tangents = if self.forward() { Some(self.tangents(direction)?) } else { None };
        let got = self.got(direction, tangents.as_ref());
        let Some(slopes) = slopes else { return self.at_kink(direction, &got, passed) };
        for claim in &got {
            let (Some(&want), Some(&error)) =
                (slopes.value.get(claim.component), slopes.error.get(claim.component))
            else {
                continue;
            };
            let uncertain = error + claim.rounding;
            let allowed = self.point.settings.tolerance.allowed(claim.value, want, uncertain);
            self.scale = self.scale.max(claim.value.abs()).max(want.abs());
            let off = (claim.value - want).abs();
            let make = || Box::new(self.mismatch(direction, claim, want, error, allowed));
            if !matches!(
                off.partial_cmp(&allowed),
                Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
            ) {
                // A foreign function says nothing of its kinks: they show in the slopes to both sides.
                if self.base.branches.is_empty() && self.is_kink(direction, claim.component)? {
                    return self.at_kink(direction, &got, passed);
                }
                return Err(Cause::Wrong(make()));
            }
            let (part, floor) = self.format.decides;
            let size = claim.value.abs().max(want.abs());
            if self.point.settings.tolerance == crate::Tolerance::RunningError
                && allowed > part * size
                && allowed > floor * self.scale
                && allowed > 1e3 * self.format.unit
            {
                return Err(Cause::Undecided(make()));
            }
            passed.comparisons += 1;
            if allowed > 0.0 {
                passed.worst = passed.worst.max(off / allowed);
            }
        }
        if self.path.is_empty() {
            let moved = slopes.value.iter().zip(&slopes.error).any(|(d, e)| d.abs() > 4.0 * e);
            let claimed = got.iter().any(|claim| claim.value != 0.0);
            for (ignored, v) in passed.ignored.iter_mut().zip(direction) {
                *ignored &= !(v.iter().any(|v| *v != 0.0) && (moved || claimed) && alone(direction));
            }
        }
        Ok(())
    }

    /// What both modes say along a direction.
    fn got(&self, direction: &Direction, tangents: Option<&(Vec<f64>, Vec<f64>)>) -> Vec<Claim> {
        let mut got = Vec::new();
        let last = self.base.outputs.iter().map(ArrayD::len).sum();
        if let Some((gradients, rounding)) = &self.gradients {
            let terms = gradients.iter().zip(direction).map(|(g, v)| (g * v).sum());
            let sizes = gradients.iter().zip(direction).map(|(g, v)| (g * v).mapv(f64::abs).sum());
            let noise = rounding.iter().zip(direction).map(|(n, v)| (n * v).mapv(f64::abs).sum());
            let rounding = noise.sum::<f64>() + 4.0 * self.format.unit * sizes.sum::<f64>();
            got.push(Claim { mode: Mode::Reverse, component: last, value: terms.sum(), rounding });
        }
        if let Some((values, rounding)) = tangents {
            let pairs = values.iter().zip(rounding).enumerate();
            got.extend(pairs.map(|(component, (&value, &rounding))| Claim {
                mode: Mode::Forward,
                component,
                value,
                rounding,
            }));
        }
        got
    }

    /// The derivatives in forward mode, their weighted sum last, with their measured rounding.
    fn tangents(&self, direction: &Direction) -> Result<(Vec<f64>, Vec<f64>), Cause> {
        let path: Vec<Step<T>> = self.path.iter().cloned().chain([Step::Forward(typed(direction))]).collect();
        let joint = self.joint();
        let mut at = |t: f64| -> Result<Option<Vec<f64>>, Trouble> {
            match self.point.subject.run(&self.moved(&joint, t), &path, self.point.fixed) {
                Ok(run) => {
                    Ok(Some(self.components(&run.outputs)).filter(|y| y.iter().all(|y| y.is_finite())))
                }
                Err(Trouble::Panic(message)) => Err(Trouble::Panic(message)),
                Err(_) => Ok(None),
            }
        };
        let run = self.point.subject.run(self.point.x, &path, self.point.fixed)?;
        for (number, y) in run.outputs.iter().enumerate() {
            finite(y, &what(&path, number))?;
        }
        let values = self.components(&run.outputs);
        let rounding = noise(&mut at, &values, self.format)?;
        Ok((values, rounding))
    }

    /// At a kink: whatever lies between the slopes of the two sides is a derivative.
    fn at_kink(&self, direction: &Direction, got: &[Claim], passed: &mut Passed) -> Result<(), Cause> {
        let sides = self.sides(direction)?;
        for claim in got {
            let pick = |s: &Slopes| Some((*s.value.get(claim.component)?, *s.error.get(claim.component)?));
            let both = sides.as_ref().and_then(|(left, right)| Some((pick(left)?, pick(right)?)));
            let Some(((left, e), (right, r))) = both else {
                let mismatch = self.mismatch(direction, claim, f64::NAN, f64::INFINITY, f64::INFINITY);
                return Err(Cause::Undecided(Box::new(mismatch)));
            };
            let allowed = self.point.settings.tolerance.allowed(claim.value, left, e.max(r) + claim.rounding);
            if claim.value < left.min(right) - allowed || claim.value > left.max(right) + allowed {
                let mut mismatch =
                    self.mismatch(direction, claim, f64::midpoint(left, right), e.max(r), allowed);
                mismatch.slopes = Some((left, right));
                return Err(Cause::Kink(Box::new(mismatch)));
            }
            passed.comparisons += 1;
        }
        let kink = self.kink(direction).unwrap_or_else(|| "the function".into());
        if !passed.kinks.contains(&kink) {
            passed.kinks.push(kink);
        }
        Ok(())
    }

    /// The slopes to the left and to the right.
    fn sides(&self, direction: &Direction) -> Result<Option<(Slopes, Slopes)>, Trouble> {
        let base = self.components(&self.base.outputs);
        let mut slopes = Vec::new();
        for side in [-1.0, 1.0] {
            // The piece next to the point on this side: the one at a step so small that nothing else lies between.
            let near = self.there(direction, side * self.format.step / 1024.0)?;
            let Some(piece) = near.map(|(run, _)| run.branches) else { return Ok(None) };
            let mut at = |t: f64| -> Result<Option<Vec<f64>>, Trouble> {
                let there = self.there(direction, t)?;
                Ok(there.filter(|(run, _)| run.branches == piece).map(|(_, values)| values))
            };
            slopes.push(one_sided(&mut at, &base, &self.noise, self.format, side)?);
        }
        let mut slopes = slopes.into_iter().flatten();
        Ok(slopes.next().zip(slopes.next()))
    }

    /// Whether the slopes of the two sides differ by more than they may be off.
    fn is_kink(&self, direction: &Direction, component: usize) -> Result<bool, Trouble> {
        let Some((left, right)) = self.sides(direction)? else { return Ok(false) };
        let both = left.value.get(component).zip(right.value.get(component));
        let errors = left.error.get(component).zip(right.error.get(component));
        Ok(both.zip(errors).is_some_and(|((l, r), (e, s))| {
            let apart = (l - r).abs();
            apart > 10.0 * (e + s) && apart > 1e-3 * l.abs().max(r.abs())
        }))
    }

    /// The operation that decides otherwise on the two sides of the point.
    fn kink(&self, direction: &Direction) -> Option<String> {
        let name = |branch: &Branch| {
            let file = branch.location.file();
            format!("`{}` at {file}:{}", branch.operation, branch.location.line())
        };
        for t in [self.format.step / 1024.0, -self.format.step / 1024.0] {
            let (run, _) = self.there(direction, t).ok().flatten()?;
            if let Some(branch) = crate::branch::difference(&self.base.branches, &run.branches) {
                return Some(name(branch));
            }
        }
        None
    }

    fn mismatch(
        &self,
        direction: &Direction,
        claim: &Claim,
        want: f64,
        error: f64,
        allowed: f64,
    ) -> Mismatch {
        let mut modes = vec![claim.mode];
        modes.extend_from_slice(&self.modes);
        // Of one element alone the derivative is by that element, and not by the length of the direction.
        let (place, length) = self.place(direction);
        Mismatch {
            place,
            modes,
            output: self.output(claim.component),
            claimed: claim.value / length,
            expected: want / length,
            error: error / length.abs(),
            allowed: allowed / length.abs(),
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

    /// What a direction moves, and by how much if that is one element.
    fn place(&self, direction: &Direction) -> (Place, f64) {
        let indices: Vec<usize> =
            (0..self.point.x.len()).filter(|&i| self.point.fixed.get(i) == Some(&false)).collect();
        let moved: Vec<(usize, &ArrayD<f64>)> =
            indices.into_iter().zip(direction).filter(|(_, v)| v.iter().any(|v| *v != 0.0)).collect();
        let [(input, v)] = moved.as_slice() else { return (self.point.settings.place(None, None), 1.0) };
        let mut places = v.iter().enumerate().filter(|(_, v)| **v != 0.0);
        match (places.next(), places.next()) {
            (Some((place, &length)), None) => {
                (self.point.settings.place(Some(*input), Some(element(v.shape(), place))), length)
            }
            _ => (self.point.settings.place(Some(*input), None), 1.0),
        }
    }

    /// The same mistake along as few elements as show it: halves of the direction that still fail.
    fn locate(&mut self, direction: &Direction, cause: Cause) -> Cause {
        let mut best = cause;
        let mut moved: Vec<(usize, usize)> = Vec::new();
        for (i, v) in direction.iter().enumerate() {
            moved.extend(v.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(k, _)| (i, k)));
        }
        while moved.len() > 1 && matches!(best, Cause::Wrong(_)) {
            let (left, right) = moved.split_at(moved.len() / 2);
            let mut next = None;
            for half in [left, right] {
                let mut part: Direction = direction.iter().map(|v| v.mapv(|_| 0.0)).collect();
                for &(i, k) in half {
                    let value = direction.get(i).and_then(|v| v.iter().nth(k)).copied().unwrap_or(0.0);
                    if let Some(slot) = part.get_mut(i).and_then(|v| v.iter_mut().nth(k)) {
                        *slot = value;
                    }
                }
                if let Err(found @ Cause::Wrong(_)) = self.along(&part, &mut Passed::default()) {
                    next = Some((half.to_vec(), found));
                    break;
                }
            }
            let Some((half, found)) = next else { break };
            (moved, best) = (half, found);
        }
        best
    }

    fn taylor(&self) -> Result<Option<Taylor>, Trouble> {
        let joint = self.joint();
        let Some((gradients, _)) = &self.gradients else { return Ok(None) };
        let slope: f64 = gradients.iter().zip(&joint).map(|(g, v)| (g * v).sum()).sum();
        let base = self.components(&self.base.outputs);
        let (Some(&start), Some(&noise)) = (base.last(), self.noise.last()) else { return Ok(None) };
        let mut rows = Vec::new();
        for k in 0..12 {
            let h = self.format.step / f64::from(1 << k);
            if let Some(y) = self.sample(&joint, h, false)?.and_then(|values| values.last().copied()) {
                rows.push((h, (y - start - h * slope).abs()));
            }
        }
        Ok(Taylor::new(rows, noise))
    }
}

/// What a mode says of a component.
struct Claim {
    mode: Mode,
    component: usize,
    value: f64,
    rounding: f64,
}

fn typed<T: Scalar>(direction: &Direction) -> Arrays<T> {
    direction.iter().map(|v| v.mapv(T::of)).collect()
}

fn dot<T: Scalar>(a: &ArrayD<T>, b: &ArrayD<T>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
}

/// Whether a direction moves one input only.
fn alone(direction: &Direction) -> bool {
    direction.iter().filter(|v| v.iter().any(|v| *v != 0.0)).count() == 1
}

/// The size of steps for an input: 1, or the power of 2 below its largest element.
fn size<T: Scalar>(x: &ArrayD<T>) -> f64 {
    let largest = x.iter().map(|x| x.as_f64().abs()).filter(|x| x.is_finite()).fold(1.0, f64::max);
    largest.log2().floor().exp2()
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

/// `output 1`, or what it has become by differentiation.
fn what<T>(path: &[Step<T>], number: usize) -> String {
    match path {
        [] => format!("output {number}"),
        [.., Step::Reverse(_)] => format!("gradient {number}"),
        [.., Step::Forward(_)] => format!("the derivative of output {number}"),
    }
}

fn finite<T: Scalar>(y: &ArrayD<T>, what: &str) -> Result<(), Cause> {
    match y.indexed_iter().find(|(_, y)| !y.is_finite()) {
        None => Ok(()),
        Some((place, value)) => {
            let place = place.slice();
            let at = if place.is_empty() { String::new() } else { format!(", element {place:?},") };
            Err(Cause::NotFinite { what: format!("{what}{at} is {:?}", value) })
        }
    }
}
