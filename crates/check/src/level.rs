//! A function after some differentiations, at a point: its values, its gradients, and its values along directions.

use chainrule_graph::Scalar;
use ndarray::{ArrayD, Dimension};

use crate::differences::{Format, noise};
use crate::failure::{Cause, Mode};
use crate::point::Point;
use crate::random::Random;
use crate::reference::Tape;
use crate::subject::{Arrays, Run, Step, Trouble, moving};
use crate::taylor::Taylor;

/// How many inputs have directions of their own in higher orders.
const MANY: usize = 4;

/// A run beside the point, and the components of its outputs.
type There<T> = (Run<T>, Vec<f64>);

/// One array for each input that moves.
pub(crate) type Direction = Arrays<f64>;

pub(crate) struct Level<'a, T> {
    pub(crate) point: &'a Point<'a, T>,
    pub(crate) path: &'a [Step<T>],
    pub(crate) modes: &'a [Mode],
    pub(crate) format: Format,
    pub(crate) base: Run<T>,
    /// Weights of the outputs: what reverse mode differentiates is their sum.
    pub(crate) cotangents: Arrays<T>,
    /// The gradients in reverse mode.
    pub(crate) gradients: Option<Arrays<f64>>,
    /// The function that the oracle evaluates, if it does.
    pub(crate) tape: Option<&'a Tape<T>>,
    /// The size of values and derivatives, for what counts as nothing.
    pub(crate) scale: f64,
    /// The rounding of the values, once it had to be measured.
    noise: Option<Vec<f64>>,
    /// That of the gradients.
    gradient_noise: Option<Arrays<f64>>,
}

impl<'a, T: Scalar> Level<'a, T> {
    pub(crate) fn new(
        point: &'a Point<'a, T>,
        path: &'a [Step<T>],
        modes: &'a [Mode],
        tape: Option<&'a Tape<T>>,
    ) -> Result<Self, Cause> {
        let base = point.subject.run(point.x, path, point.fixed)?;
        let again = point.subject.run(point.x, path, point.fixed)?;
        for (number, (y, z)) in base.outputs.iter().zip(&again.outputs).enumerate() {
            if y.shape() != z.shape() || y.iter().zip(z).any(|(a, b)| a.bits() != b.bits()) {
                return Err(Cause::NonDeterministic { what: what(path, number) });
            }
            finite(y, &what(path, number))?;
        }
        let seed = point.settings.seed.wrapping_add(path.len() as u64);
        // Of a single number the gradient itself is judged, else that of a sum with random weights.
        let single = base.outputs.iter().map(ArrayD::len).sum::<usize>() == 1;
        let cotangents = match single {
            true => base.outputs.iter().map(|y| y.mapv(|_| T::one())).collect(),
            false => Random(seed).like(&base.outputs),
        };
        let largest = base.outputs.iter().flatten().fold(0.0, |m: f64, y| m.max(y.as_f64().abs()));
        let mut level = Level {
            point,
            path,
            modes,
            format: Format::of::<T>(),
            base,
            cotangents,
            gradients: None,
            tape,
            scale: largest,
            noise: None,
            gradient_noise: None,
        };
        if level.reverse() {
            level.gradients = Some(level.judged_gradients()?);
        }
        Ok(level)
    }

    pub(crate) fn reverse(&self) -> bool {
        self.point.settings.modes.contains(&Mode::Reverse) || !self.point.subject.is_differentiable()
    }

    pub(crate) fn forward(&self) -> bool {
        self.point.settings.modes.contains(&Mode::Forward) && self.point.subject.is_differentiable()
    }

    /// What leads to the next order.
    pub(crate) fn steps(&self) -> Vec<(Step<T>, Mode)> {
        let mut steps = Vec::new();
        if self.reverse() {
            steps.push((Step::Reverse(self.cotangents.clone()), Mode::Reverse));
        }
        if self.forward() {
            steps.push((Step::Forward(typed(&self.joint())), Mode::Forward));
        }
        steps
    }

    /// The inputs that move.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = usize> {
        let fixed = self.point.fixed;
        (0..self.point.x.len()).filter(|&i| fixed.get(i) == Some(&false))
    }

    /// The gradients, of the right shapes, finite, and the same twice.
    fn judged_gradients(&self) -> Result<Arrays<f64>, Cause> {
        let (gradients, again) = (self.gradients_at(self.point.x)?, self.gradients_at(self.point.x)?);
        let wanted: Vec<&ArrayD<T>> = moving(self.point.x, self.point.fixed).collect();
        if gradients.len() != wanted.len() {
            let message = format!("{} gradients for {} inputs", gradients.len(), wanted.len());
            return Err(Cause::Shape { message });
        }
        for (((g, h), x), i) in gradients.iter().zip(&again).zip(wanted).zip(self.inputs()) {
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
        Ok(gradients)
    }

    fn gradients_at(&self, x: &[ArrayD<T>]) -> Result<Arrays<f64>, Trouble> {
        let path: Vec<Step<T>> =
            self.path.iter().cloned().chain([Step::Reverse(self.cotangents.clone())]).collect();
        let run = self.point.subject.run(x, &path, self.point.fixed)?;
        Ok(run.outputs.iter().map(|g| g.mapv(|g| g.as_f64())).collect())
    }

    /// The outputs one after the other, and their weighted sum: what is differentiated.
    pub(crate) fn components(&self, outputs: &[ArrayD<T>]) -> Vec<f64> {
        let sum: f64 = outputs.iter().zip(&self.cotangents).map(|(y, c)| dot(y, c)).sum();
        outputs.iter().flat_map(|y| y.iter().map(|y| y.as_f64())).chain([sum]).collect()
    }

    /// The components at a step along a direction, on the same smooth piece.
    pub(crate) fn sample(&self, direction: &Direction, t: f64) -> Result<Option<Vec<f64>>, Trouble> {
        let there = self.there(direction, t)?;
        Ok(there.filter(|(run, _)| run.branches == self.base.branches).map(|(_, values)| values))
    }

    /// The same on any piece; nothing where the function has no values.
    pub(crate) fn there(&self, direction: &Direction, t: f64) -> Result<Option<There<T>>, Trouble> {
        let moved = self.moved(direction, t);
        let Some(run) = defined(self.point.subject.run(&moved, self.path, self.point.fixed))? else {
            return Ok(None);
        };
        let same = run.outputs.iter().map(ArrayD::shape).eq(self.base.outputs.iter().map(ArrayD::shape));
        let values = self.components(&run.outputs);
        Ok(Some((run, values)).filter(|(_, values)| same && all_finite(values)))
    }

    fn moved(&self, direction: &Direction, t: f64) -> Arrays<T> {
        moved(self.point.x, self.point.fixed, direction, t)
    }

    /// All inputs at once, each with steps of its own size.
    pub(crate) fn joint(&self) -> Direction {
        let mut random = Random(self.point.settings.seed ^ 0x5eed ^ ((self.path.len() as u64) << 32));
        let inputs = moving(self.point.x, self.point.fixed);
        inputs.map(|x| random.array::<f64>(x.shape()) * size(x)).collect()
    }

    /// Every element alone, if there are few; else a random direction for each input. And all together, which is enough in
    /// higher orders of many inputs: what fails is [located](Level::locate) by halves anyway.
    pub(crate) fn directions(&self) -> Vec<Direction> {
        let joint = self.joint();
        let total: usize = joint.iter().map(ArrayD::len).sum();
        let each = self.path.is_empty() && total <= self.point.settings.elements;
        let mut all = Vec::new();
        for (i, v) in joint.iter().enumerate() {
            if each {
                all.extend((0..v.len()).map(|k| part(&joint, &[(i, k)])));
            } else if joint.len() > 1 && !v.is_empty() && (self.path.is_empty() || joint.len() <= MANY) {
                all.push(part(&joint, &(0..v.len()).map(|k| (i, k)).collect::<Vec<_>>()));
            }
        }
        all.push(joint);
        all
    }

    /// How much rounding is in the components: at least that of the values themselves, and if `measured`, what it is.
    pub(crate) fn noise(&mut self, measured: bool) -> Result<Vec<f64>, Trouble> {
        if let Some(noise) = &self.noise {
            return Ok(noise.clone());
        }
        let base = self.components(&self.base.outputs);
        let base: Vec<f64> = base.iter().map(|y| 2.0 * self.format.unit * y.abs()).collect();
        if !measured {
            return Ok(base);
        }
        let joint = self.joint();
        let noise = noise(&mut |t| Ok(self.there(&joint, t)?.map(|(_, y)| y)), &base, self.format)?;
        Ok(self.noise.insert(noise).clone())
    }

    /// How much rounding is in the gradients along a direction: the same.
    pub(crate) fn gradient_noise(&mut self, direction: &Direction, measured: bool) -> Result<f64, Trouble> {
        let Some(gradients) = self.gradients.clone() else { return Ok(0.0) };
        let along = |noise: &Arrays<f64>| -> f64 {
            noise.iter().zip(direction).map(|(n, v)| (n * v).mapv(f64::abs).sum()).sum()
        };
        let base = 4.0 * self.format.unit * along(&gradients);
        if measured && self.gradient_noise.is_none() {
            let joint = self.joint();
            let flat = |all: &Arrays<f64>| -> Vec<f64> { all.iter().flatten().copied().collect() };
            let zeros: Vec<f64> = flat(&gradients).iter().map(|_| 0.0).collect();
            let mut at = |t: f64| {
                let there = defined(self.gradients_at(&self.moved(&joint, t)))?;
                Ok(there.map(|g| flat(&g)).filter(|g| all_finite(g)))
            };
            let mut noise = noise(&mut at, &zeros, self.format)?.into_iter();
            let noise = gradients.iter().map(|g| g.mapv(|_| noise.next().unwrap_or(0.0))).collect();
            self.gradient_noise = Some(noise);
        }
        Ok(base + self.gradient_noise.as_ref().map_or(0.0, along))
    }

    /// The derivatives along a direction in forward mode, their weighted sum last; and how much rounding is in them.
    pub(crate) fn tangents(&self, direction: &Direction, measured: bool) -> Result<Vec<(f64, f64)>, Cause> {
        let path: Vec<Step<T>> = self.path.iter().cloned().chain([Step::Forward(typed(direction))]).collect();
        let run = self.point.subject.run(self.point.x, &path, self.point.fixed)?;
        for (number, y) in run.outputs.iter().enumerate() {
            finite(y, &what(&path, number))?;
        }
        let values = self.components(&run.outputs);
        let mut rounding: Vec<f64> = values.iter().map(|y| 8.0 * self.format.unit * y.abs()).collect();
        if measured {
            let joint = self.joint();
            let mut at = |t: f64| {
                let run = self.point.subject.run(&self.moved(&joint, t), &path, self.point.fixed);
                let there = defined(run)?.map(|run| self.components(&run.outputs));
                Ok(there.filter(|y| all_finite(y)))
            };
            rounding = noise(&mut at, &rounding, self.format)?;
        }
        Ok(values.into_iter().zip(rounding).collect())
    }

    pub(crate) fn taylor(&mut self) -> Result<Option<Taylor>, Cause> {
        let joint = self.joint();
        let slope: f64 = match &self.gradients {
            Some(gradients) => gradients.iter().zip(&joint).map(|(g, v)| (g * v).sum()).sum(),
            None => self.tangents(&joint, false)?.last().map_or(0.0, |(slope, _)| *slope),
        };
        let noise = self.noise(false)?.last().copied().unwrap_or(0.0);
        let Some(&start) = self.components(&self.base.outputs).last() else { return Ok(None) };
        let mut rows = Vec::new();
        for k in 0..6 {
            let h = self.format.step / f64::from(1 << (2 * k));
            if let Some(y) = self.sample(&joint, h)?.and_then(|values| values.last().copied()) {
                rows.push((h, (y - start - h * slope).abs()));
            }
        }
        Ok(Taylor::new(rows, noise))
    }
}

/// The inputs, those that move by a step along a direction.
pub(crate) fn moved<T: Scalar>(x: &[ArrayD<T>], fixed: &[bool], direction: &Direction, t: f64) -> Arrays<T> {
    let mut directions = direction.iter();
    let mut moved = x.to_vec();
    for (x, _) in moved.iter_mut().zip(fixed).filter(|(_, fixed)| !**fixed) {
        let Some(v) = directions.next() else { break };
        x.zip_mut_with(v, |x, &v| {
            if v != 0.0 {
                *x = T::of(x.as_f64() + t * v);
            }
        });
    }
    moved
}

/// What a function gave, if it has a value there. A panic is one wherever it happens; an error may mean that there is none.
pub(crate) fn defined<R>(run: Result<R, Trouble>) -> Result<Option<R>, Trouble> {
    match run {
        Ok(run) => Ok(Some(run)),
        Err(Trouble::Panic(message)) => Err(Trouble::Panic(message)),
        Err(_) => Ok(None),
    }
}

/// Some elements of a direction.
pub(crate) fn part(direction: &Direction, elements: &[(usize, usize)]) -> Direction {
    let mut part: Direction = direction.iter().map(|v| v.mapv(|_| 0.0)).collect();
    for &(i, k) in elements {
        let value = direction.get(i).and_then(|v| v.iter().nth(k)).copied();
        if let (Some(slot), Some(value)) = (part.get_mut(i).and_then(|v| v.iter_mut().nth(k)), value) {
            *slot = value;
        }
    }
    part
}

fn typed<T: Scalar>(direction: &Direction) -> Arrays<T> {
    direction.iter().map(|v| v.mapv(T::of)).collect()
}

fn dot<T: Scalar>(a: &ArrayD<T>, b: &ArrayD<T>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.as_f64() * b.as_f64()).sum()
}

pub(crate) fn all_finite(y: &[f64]) -> bool {
    y.iter().all(|y| y.is_finite())
}

/// The size of steps for an input: 1, or the power of 2 below its largest element.
pub(crate) fn size<T: Scalar>(x: &ArrayD<T>) -> f64 {
    let largest = x.iter().map(|x| x.as_f64().abs()).filter(|x| x.is_finite()).fold(1.0, f64::max);
    largest.log2().floor().exp2()
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
            Err(Cause::NotFinite { what: format!("{what}{at} is {value:?}") })
        }
    }
}
