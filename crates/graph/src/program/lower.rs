//! From scheduled items with places to the steps of a machine.

use std::ops::Range;
use std::sync::Arc;

use chainrule_kernels::{
    self as kernels, At, Factor, Fusion, Machine, Operand, Other, Part, Product, Reduction, ScalarCode,
    ScalarStep, Sizes, WORK,
};

use super::describe::StepInfo;
use super::epilogue::Finished;
use super::gathered::factor;
use super::layout::{GRAIN, Layout};
use super::pairs::pair;
use super::schedule::{Domain, Form, Schedule};
use super::simplify::{Items, Kind};
use super::source::{ItemId, Source};
use super::tiny::TEMPORARIES;
use crate::Scalar;
use crate::custom::Custom;
use crate::execute::{columns, lanes, rows};
use crate::op::{Op, Triangle};
use crate::scalar::Binary;
use crate::shape::{Shape, element_count};
use crate::values::row_major;

/// A part of a run.
pub(super) enum Stage<T> {
    /// Steps of the machine.
    Steps(Range<usize>),
    /// An operation of the user's.
    Call(Call<T>),
}

/// An operation of the user's: operands, lying one element after the other, and the place of the result.
pub(super) struct Call<T> {
    pub(super) custom: Arc<Custom<T>>,
    pub(super) operands: Vec<(At, Shape)>,
    pub(super) out: At,
    pub(super) shape: Shape,
    pub(super) item: ItemId,
}

/// The steps of a program.
pub(super) struct Lowered<T> {
    pub(super) machine: Machine<T>,
    pub(super) stages: Vec<Stage<T>>,
    /// What each step of the machine does.
    pub(super) infos: Vec<StepInfo>,
    /// How much memory intermediate results and the kernels themselves need.
    pub(super) work: usize,
}

/// A step before it is known where the kernels' own memory is.
pub(super) enum Draft<T> {
    Fusion(Box<Fusion<T>>),
    Scalars(Vec<ScalarStep<T>>),
    Product(Product),
    Finished(Box<Finished<T>>),
    Other(Other<T>),
    Call(Call<T>),
}

pub(super) struct Lowering<'p, T> {
    pub(super) program: &'p Items<T>,
    pub(super) schedule: &'p Schedule,
    pub(super) layout: &'p Layout<T>,
    states: &'p [usize],
    /// Where the kernels' own memory begins.
    pub(super) scratch: At,
    /// How much of it the largest step needs.
    pub(super) scratch_len: usize,
    pub(super) drafts: Vec<(Draft<T>, StepInfo)>,
    /// How often each item is an operand or a new value.
    uses: Vec<usize>,
}

/// `state` is the size of the state memory. The error is the item whose step the machine refused.
pub(super) fn lower<T: Scalar>(
    program: &Items<T>,
    schedule: &Schedule,
    layout: &Layout<T>,
    states: &[usize],
    state: usize,
    check_finite: bool,
) -> Result<Lowered<T>, ItemId> {
    let scratch = At { area: WORK, offset: layout.work.next_multiple_of(GRAIN) };
    let mut uses = vec![0; program.items.len()];
    let roots = program.items.iter().flat_map(|item| &item.operands).map(|source| source.root);
    for item in
        roots.chain(program.updates.iter().map(|update| update.value)).chain(program.outputs.iter().copied())
    {
        if let Some(uses) = uses.get_mut(item) {
            *uses += 1;
        }
    }
    let mut lowering =
        Lowering { program, schedule, layout, states, scratch, scratch_len: 0, drafts: Vec::new(), uses };
    if check_finite {
        // What is handed in is looked at as `value()` looks at leaves; constants were when they were read.
        let leaf = |kind: &Kind<T>| matches!(kind, Kind::Input(_) | Kind::State(_));
        let items = program.items.iter().enumerate();
        let used = items.filter(|(id, item)| leaf(&item.kind) && lowering.uses.get(*id) != Some(&0));
        let used: Vec<ItemId> = used.map(|(id, _)| id).collect();
        used.into_iter().for_each(|id| lowering.finite(id));
    }
    for group in &schedule.groups {
        match group.form {
            Form::Fused(domain) => lowering.fused(domain, &group.items, group.finishes),
            Form::Scalars => lowering.scalars(&group.items),
            Form::Alone => group.items.iter().for_each(|&item| lowering.alone(item)),
        }
        if check_finite {
            group.items.iter().for_each(|&item| lowering.finite(item));
        }
    }
    lowering.commits();
    lowering.finish(state)
}

/// A tiny program: one stretch of scalar code. `None` if the machine refuses it.
pub(super) fn lower_tiny<T: Scalar>(
    program: &Items<T>,
    layout: &Layout<T>,
    steps: Vec<ScalarStep<T>>,
    state: usize,
) -> Option<Lowered<T>> {
    let work = layout.work.next_multiple_of(GRAIN) + TEMPORARIES;
    let inputs = layout.copied.iter().map(|_| 0);
    let mut machine = Machine::new(Sizes::new(work, state, layout.constants.len(), inputs));
    let count = steps.len();
    let computed =
        |(_, item): &(ItemId, &super::simplify::Item<T>)| matches!(item.kind, Kind::Compute(_) | Kind::Copy);
    let info = StepInfo {
        items: program.items.iter().enumerate().filter(computed).map(|(id, _)| id).collect(),
        title: format!("scalar code of {count} operations"),
        read: 2 * count,
        written: count,
        flops: count as f64,
    };
    let sound = layout.copied.iter().all(|copied| copied.is_some()) && machine.push_scalars(steps);
    sound.then(|| Lowered { machine, stages: vec![Stage::Steps(0..1)], infos: vec![info], work })
}

impl<T: Scalar> Lowering<'_, T> {
    pub(super) fn len(&self, item: ItemId) -> usize {
        self.program.items.get(item).map_or(0, |item| item.len)
    }

    pub(super) fn at(&self, source: &Source) -> At {
        let place = self.layout.place(source.root);
        At { offset: place.offset + source.offset, ..place }
    }

    pub(super) fn add(&mut self, draft: Draft<T>, info: StepInfo) {
        self.drafts.push((draft, info));
    }

    fn scalars(&mut self, items: &[ItemId]) {
        let mut steps = Vec::with_capacity(items.len());
        let mut done = Vec::with_capacity(items.len());
        for (number, &id) in items.iter().enumerate() {
            let Some(item) = self.program.items.get(id) else { continue };
            let before = number.checked_sub(1).and_then(|before| items.get(before)).copied();
            if let Some((code, operands)) = before.and_then(|before| self.product_and_sum(before, id))
                && done.last() == before.as_ref()
                && let Some(step) = ScalarStep::new(code, operands, self.layout.place(id))
            {
                steps.pop();
                steps.push(step);
                done.push(id);
                continue;
            }
            if let Some((code, operands, to)) = before.and_then(|before| self.both(before, id))
                && done.last() == before.as_ref()
                && let Some(step) = ScalarStep::new(code, operands, to)
            {
                steps.pop();
                steps.push(step);
                done.push(id);
                continue;
            }
            let code = match &item.kind {
                Kind::Compute(Op::Map(f)) => ScalarCode::Map(*f),
                Kind::Compute(Op::Zip(f)) => ScalarCode::Zip(*f),
                Kind::Compute(Op::Select) => ScalarCode::Select,
                Kind::Compute(_) | Kind::Copy | Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => {
                    ScalarCode::Copy
                }
            };
            let operand = |i: usize| {
                let source = item.operands.get(i).or_else(|| item.operands.first());
                source.map_or(At { area: WORK, offset: 0 }, |source| self.at(source))
            };
            match ScalarStep::new(code, [operand(0), operand(1), operand(2)], self.layout.place(id)) {
                Some(step) => {
                    steps.push(step);
                    done.push(id);
                }
                None => {
                    // A place too far off for the short form: a kernel of one element.
                    self.push_scalars(std::mem::take(&mut steps), std::mem::take(&mut done));
                    self.fused(Domain { len: 1, cols: 0 }, &[id], false);
                }
            }
        }
        self.push_scalars(steps, done);
    }

    /// A product and, right behind it, the sum that alone needs it: one operation of scalar code.
    fn product_and_sum(&self, product: ItemId, sum: ItemId) -> Option<(ScalarCode<T>, [At; 3])> {
        let (first, second) = (self.program.items.get(product)?, self.program.items.get(sum)?);
        let code = match (&first.kind, &second.kind) {
            (Kind::Compute(Op::Zip(Binary::Mul)), Kind::Compute(Op::Zip(Binary::Add))) => ScalarCode::MulAdd,
            (Kind::Compute(Op::Zip(Binary::Chain)), Kind::Compute(Op::Zip(Binary::Add))) => {
                ScalarCode::ChainAdd
            }
            _ => return None,
        };
        let [a, b] = [first.operands.first()?, first.operands.get(1)?];
        let [left, right] = [second.operands.first()?, second.operands.get(1)?];
        let other = match (left.root == product, right.root == product) {
            (true, false) => right,
            (false, true) => left,
            _ => return None,
        };
        let alone = self.uses.get(product) == Some(&1);
        alone.then(|| (code, [self.at(a), self.at(b), self.at(other)]))
    }

    /// Two functions of the same number, computed together.
    fn both(&self, one: ItemId, other: ItemId) -> Option<(ScalarCode<T>, [At; 3], At)> {
        let (first, second) = (self.program.items.get(one)?, self.program.items.get(other)?);
        let (pair, swapped) = pair(first, second)?;
        let x = self.at(first.operands.first()?);
        let (to, also) = if swapped { (other, one) } else { (one, other) };
        Some((ScalarCode::Pair(pair), [x, self.layout.place(also), x], self.layout.place(to)))
    }

    fn push_scalars(&mut self, steps: Vec<ScalarStep<T>>, items: Vec<ItemId>) {
        if steps.is_empty() {
            return;
        }
        let count = steps.len();
        let title = format!("scalar code of {count} operation{}", if count == 1 { "" } else { "s" });
        let info = StepInfo { items, title, read: 2 * count, written: count, flops: count as f64 };
        self.add(Draft::Scalars(steps), info);
    }

    fn operand(&self, source: &Source) -> Option<Operand> {
        Operand::new(self.at(source), &source.shape, &source.strides)
    }

    fn alone(&mut self, id: ItemId) {
        let Some(item) = self.program.items.get(id) else { return };
        if item.len == 0 && item.custom().is_none() {
            return;
        }
        let out = self.layout.place(id);
        if let Some(custom) = item.custom() {
            let operands = item.operands.iter().map(|x| (self.at(x), x.shape.clone())).collect();
            let call = Call { custom: custom.clone(), operands, out, shape: item.shape.clone(), item: id };
            let info = self.info(id, custom.name.to_owned(), 0.0);
            self.add(Draft::Call(call), info);
            return;
        }
        if let (Kind::Compute(Op::MatMul), [a, b]) = (&item.kind, &*item.operands) {
            let Some(product) = self.product(a, b, &item.shape, out) else { return };
            let [m, k, n] = product.sizes();
            let count = product.starts.len();
            let times = if count == 1 { String::new() } else { format!("{count} x ") };
            let flops = 2.0 * (m as f64) * (k as f64) * (n as f64) * count as f64;
            let lies = |factor: &Factor| if let Factor::Gathered(_) = factor { " of windows" } else { "" };
            let (left, right) = (lies(&product.a_axes), lies(&product.b_axes));
            let info = self.info(id, format!("matmul {times}[{m}, {k}]{left} [{k}, {n}]{right}"), flops);
            self.add(Draft::Product(product), info);
        } else if let Some(other) = self.other(id, out) {
            let info = self.info(id, self.name(id).to_owned(), item.len as f64);
            self.add(Draft::Other(other), info);
        }
    }

    fn name(&self, id: ItemId) -> &'static str {
        match self.program.items.get(id).map(|item| &item.kind) {
            Some(Kind::Compute(op)) => op.name(),
            Some(Kind::Copy | Kind::Input(_) | Kind::State(_) | Kind::Constant(_)) | None => "copy",
        }
    }

    fn info(&self, id: ItemId, title: String, flops: f64) -> StepInfo {
        let item = self.program.items.get(id);
        let read = item.map_or(0, |item| item.operands.iter().map(|x| element_count(&x.shape)).sum());
        StepInfo { items: vec![id], title, read, written: self.len(id), flops }
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "what else there is, is fused or a view")]
    fn other(&mut self, id: ItemId, out: At) -> Option<Other<T>> {
        let item = self.program.items.get(id)?;
        let first = item.operands.first()?;
        let second = item.operands.get(1);
        let op = match &item.kind {
            Kind::Copy => return Some(Other::Copy { x: self.operand(first)?, out }),
            Kind::Compute(op) => op,
            Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => return None,
        };
        let reduce = |reduction, axes: &[u8]| {
            let reduced = (0_u8..).zip(&first.shape).map(|(axis, _)| axes.contains(&axis)).collect();
            Some(Other::Reduce { reduction, x: self.operand(first)?, reduced, out })
        };
        Some(match op {
            Op::Sum(axes) => reduce(Reduction::Sum, axes)?,
            Op::Extremum { axes, largest } => {
                reduce(if *largest { Reduction::Largest } else { Reduction::Smallest }, axes)?
            }
            Op::ArgExtremum { axis, largest } => Other::ArgExtremum {
                x: self.at(first),
                lanes: lanes(&first.shape, *axis),
                largest: *largest,
                out,
            },
            Op::CumSum { axis, reverse } => {
                Other::CumSum { x: self.at(first), lanes: lanes(&first.shape, *axis), reverse: *reverse, out }
            }
            Op::Gather { axis, along } => Other::Gather {
                x: self.at(first),
                lanes: lanes(&first.shape, *axis),
                index: self.at(second?),
                count: element_count(&second?.shape),
                along: *along,
                out,
                len: item.len,
            },
            Op::Scatter { axis, along, .. } => Other::Scatter {
                x: self.at(first),
                len: element_count(&first.shape),
                index: self.at(second?),
                count: element_count(&second?.shape),
                lanes: lanes(&item.shape, *axis),
                along: *along,
                out,
            },
            Op::Unslice { slices, .. } => {
                let (mut offset, mut strides) = (0, row_major(&item.shape));
                for (slice, stride) in slices.iter().zip(&mut strides) {
                    offset += slice.start * stride.unsigned_abs();
                    *stride *= slice.step;
                }
                let shape = slices.iter().map(|slice| slice.len).collect();
                let strides = strides.into_iter().collect();
                let parts = [Part { x: self.operand(first)?, offset, shape, strides }].into();
                Other::Place { parts, clear: true, out, len: item.len }
            }
            Op::Fold { window, .. } => {
                let whole = Source::whole(0, &item.shape);
                let windows = whole.through(&Op::<T>::Unfold(window.clone()), &first.shape)?;
                let strides = windows.strides.into_iter().collect();
                Other::Fold { x: self.operand(first)?, strides, out, len: item.len }
            }
            Op::Concat(axis) => {
                let strides = row_major(&item.shape);
                let step = strides.get(*axis as usize).map_or(0, |stride| stride.unsigned_abs());
                let mut offset = 0;
                let mut parts = Vec::new();
                for part in &item.operands {
                    let here = offset;
                    offset += step * part.shape.get(*axis as usize).copied().unwrap_or(0);
                    if element_count(&part.shape) > 0 {
                        let shape = part.shape.iter().copied().collect();
                        let strides = strides.iter().copied().collect();
                        parts.push(Part { x: self.operand(part)?, offset: here, shape, strides });
                    }
                }
                Other::Place { parts: parts.into(), clear: false, out, len: item.len }
            }
            Op::Cholesky => Other::Cholesky { a: self.at(first), n: rows(&first.shape), out },
            Op::LogDet => {
                let n = rows(&first.shape);
                self.scratch_len = self.scratch_len.max(n * n);
                Other::LogDet { a: self.at(first), n, scratch: self.scratch, out }
            }
            Op::Solve => {
                let n = rows(&first.shape);
                self.scratch_len = self.scratch_len.max(n * n);
                let (b, columns) = (self.at(second?), columns(&item.shape));
                Other::Solve {
                    a: self.at(first),
                    n,
                    b,
                    columns,
                    scratch: Some(self.scratch),
                    triangle: None,
                    out,
                }
            }
            Op::TriangularSolve(Triangle { upper, transposed }) => {
                let (n, b, columns) = (rows(&first.shape), self.at(second?), columns(&item.shape));
                let triangle = Some([*upper, *transposed]);
                Other::Solve { a: self.at(first), n, b, columns, scratch: None, triangle, out }
            }
            Op::Guard(expected) => {
                Other::Guard { x: self.at(first), expected: *expected, of: std::marker::PhantomData }
            }
            _ => return None,
        })
    }

    /// One product, or one for each place in the axes before the last two.
    fn product(&mut self, a: &Source, b: &Source, shape: &[usize], out: At) -> Option<Product> {
        let size = |x: &Source, back: usize| x.shape.get(x.shape.len().checked_sub(back)?).copied();
        let vector = |x: &Source| x.shape.len() == 1;
        let n = if vector(b) { 1 } else { *shape.last()? };
        let [m, k] = match (vector(a), vector(b)) {
            (true, _) => [1, size(a, 1)?],
            (false, true) => [*shape.last()?, size(b, 1)?],
            (false, false) => {
                let batch = shape.get(..shape.len().checked_sub(2)?)?;
                let m = *shape.get(batch.len())?;
                [m, element_count(&a.shape) / (element_count(batch) * m).max(1)]
            }
        };
        let ((a_axes, left), (b_axes, right)) = (factor(a, [m, k])?, factor(b, [k, n])?);
        let starts = left.into_iter().zip(right).map(|(a, b)| [a, b]).collect();
        let (a, b) = (self.operand(a)?, self.operand(b)?);
        let product = Product { a, b, a_axes, b_axes, starts, out, scratch: self.scratch };
        self.scratch_len = self.scratch_len.max(product.scratch::<T>());
        Some(product)
    }

    fn finite(&mut self, id: ItemId) {
        if self.layout.is_stored(id) && self.len(id) > 0 {
            let other = Other::Finite { x: self.layout.place(id), len: self.len(id) };
            let info = StepInfo {
                items: vec![id],
                title: "check finite".into(),
                read: self.len(id),
                written: 0,
                flops: 0.0,
            };
            self.add(Draft::Other(other), info);
        }
    }

    /// New values of variables that could not be written over the old ones at once.
    fn commits(&mut self) {
        for &(item, state) in &self.layout.commits {
            let Some(&offset) = self.states.get(state) else { continue };
            let (from, len) = (self.layout.place(item), self.len(item));
            let out = At { area: kernels::STATE, offset };
            let info = StepInfo {
                items: vec![item],
                title: "new value".into(),
                read: len,
                written: len,
                flops: 0.0,
            };
            if len > 0 {
                self.add(Draft::Other(Other::Copy { x: Operand::dense(from, len), out }), info);
            }
        }
    }

    fn finish(self, state: usize) -> Result<Lowered<T>, ItemId> {
        let work = self.scratch.offset + self.scratch_len.next_multiple_of(GRAIN);
        // Inputs are the first items; those that are copied are not read where they lie.
        let inputs = self.layout.copied.iter().enumerate();
        let inputs = inputs.map(|(number, copied)| if copied.is_some() { 0 } else { self.len(number) });
        let sizes = Sizes::new(work, state, self.layout.constants.len(), inputs);
        let mut lowered =
            Lowered { machine: Machine::new(sizes), stages: Vec::new(), infos: Vec::new(), work };
        let mut first = 0;
        for (draft, mut info) in self.drafts {
            let sound = match draft {
                Draft::Finished(finished) => {
                    finished.push(&mut lowered.machine, &mut lowered.infos, &mut info)
                }
                Draft::Fusion(fusion) => lowered.machine.push_fusion(&fusion),
                Draft::Scalars(steps) => lowered.machine.push_scalars(steps),
                Draft::Product(product) => lowered.machine.push_product(product),
                Draft::Other(other) => lowered.machine.push(other),
                Draft::Call(call) => {
                    lowered.stages.push(Stage::Steps(first..lowered.machine.len()));
                    first = lowered.machine.len();
                    lowered.stages.push(Stage::Call(call));
                    continue;
                }
            };
            if !sound {
                return Err(info.items.first().copied().unwrap_or(0));
            }
            lowered.infos.push(info);
        }
        lowered.stages.push(Stage::Steps(first..lowered.machine.len()));
        Ok(lowered)
    }
}
