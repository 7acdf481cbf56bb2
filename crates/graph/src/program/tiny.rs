//! Tiny programs as nothing but scalar code: for a net of a dozen weights, beginning a kernel costs more than its arithmetic.
//!
//! Each element of each item becomes an operation on single numbers, item after item. The order of the additions
//! is that of the kernels (`reduce.rs` and `product/mod.rs` in `chainrule-kernels` define it), so the bits are too. What
//! is not written here, or is long, is no tiny program.

use chainrule_kernels::{At, CONSTANTS, Pair, STATE, ScalarCode, ScalarStep, WORK};
use smallvec::SmallVec;

use super::commits::commit;
use super::layout::{GRAIN, Layout};
use super::pairs::pair;
use super::schedule::{Reduces, Schedule, reduced_axes, reduces};
use super::simplify::{Item, Items, Kind};
use super::source::{ItemId, Source};
use crate::Scalar;
use crate::op::Op;
use crate::scalar::{Binary, Unary};
use crate::shape::element_count;
use crate::values::position;

/// Up to so many operations, scalar code is faster than kernels.
const MOST: usize = 200;

/// Room for the halves of a sum.
pub(super) const TEMPORARIES: usize = 8;

/// The most elements whose sum is a tree without a loop.
const SHORT: usize = 8;

/// Whether a program may be tiny: a look at the sizes, because nearly all are not.
pub(super) fn may_be<T>(program: &Items<T>) -> bool {
    let work = |item: &Item<T>| match &item.kind {
        Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => 0,
        // Windows where they lie have more axes than matrices.
        Kind::Compute(Op::MatMul)
            if item.operands.iter().any(|x| x.shape.len() > item.shape.len().max(2)) =>
        {
            MOST + 1
        }
        Kind::Compute(Op::MatMul) => {
            item.len * item.operands.first().and_then(|a| a.shape.last()).copied().unwrap_or(1)
        }
        Kind::Compute(_) | Kind::Copy => item.len,
    };
    program
        .items
        .iter()
        .try_fold(0, |all: usize, item| Some(all + work(item)).filter(|&all| all <= MOST))
        .is_some()
}

/// Scalar code for the whole program; nothing if the program is not tiny. A zero must be behind the layout's constants.
pub(super) fn expand<T: Scalar>(
    program: &Items<T>,
    schedule: &Schedule,
    layout: &Layout<T>,
    states: &[usize],
) -> Option<Vec<ScalarStep<T>>> {
    let temporaries = layout.work.next_multiple_of(GRAIN);
    let zero = At { area: CONSTANTS, offset: layout.constants.len() };
    let mut code = Code { layout, temporaries, zero, operations: Vec::new() };
    // In the order for which the places were given out.
    let mut ids = schedule.groups.iter().flat_map(|group| &group.items).peekable();
    while let Some(&id) = ids.next() {
        let item = program.items.get(id)?;
        let with_next = |&&next: &&ItemId| program.items.get(next).and_then(|next| pair(item, next));
        match ids.peek().and_then(|next| Some((**next, with_next(next)?))) {
            Some((next, pair)) => {
                ids.next();
                code.both(pair, item, [id, next])?;
            }
            None => code.item(id, item)?,
        }
    }
    let mut commits = Vec::new();
    for &(item, state) in &layout.commits {
        let (from, len) = (layout.place(item), program.items.get(item)?.len);
        let to = At { area: STATE, offset: *states.get(state)? };
        commits.extend((0..len).map(|i| (plus(from, i), plus(to, i))));
    }
    let outputs: Vec<_> = program
        .outputs
        .iter()
        .map(|&id| Some((layout.place(id), program.items.get(id)?.len)))
        .collect::<Option<_>>()?;
    let kept = |at: At| {
        let holds = |&(begin, len): &(At, usize)| {
            at.area == begin.area && (begin.offset..begin.offset + len).contains(&at.offset)
        };
        outputs.iter().any(holds)
    };
    let steps = commit(code.operations, &commits, kept)?;
    Some(steps).filter(|steps| !steps.is_empty() && steps.len() <= MOST)
}

/// An operation on single numbers, with unused operands anywhere.
pub(super) struct Operation<T> {
    pub(super) code: ScalarCode<T>,
    pub(super) operands: [At; 3],
    pub(super) to: At,
}

impl<T: Scalar> Operation<T> {
    /// As the machine wants it; `None` for a place that is too far away for it.
    pub(super) fn step(self) -> Option<ScalarStep<T>> {
        ScalarStep::new(self.code, self.operands, self.to)
    }
}

struct Code<'l, T> {
    layout: &'l Layout<T>,
    temporaries: usize,
    zero: At,
    operations: Vec<Operation<T>>,
}

fn plus(at: At, by: usize) -> At {
    At { offset: at.offset + by, ..at }
}

impl<T: Scalar> Code<'_, T> {
    fn push(&mut self, code: ScalarCode<T>, operands: [At; 3], to: At) -> Option<()> {
        self.operations.push(Operation { code, operands, to });
        Some(())
    }

    /// Element number `index` of a view.
    fn element(&self, source: &Source, index: usize) -> At {
        let offset = position(source.offset, &source.shape, &source.strides, index);
        plus(self.layout.place(source.root), offset)
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "what is not here is no scalar code")]
    fn item(&mut self, id: ItemId, item: &Item<T>) -> Option<()> {
        let out = self.layout.place(id);
        let code = match &item.kind {
            Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => return Some(()),
            Kind::Copy => ScalarCode::Copy,
            Kind::Compute(Op::Map(f)) => ScalarCode::Map(*f),
            Kind::Compute(Op::Zip(f)) => ScalarCode::Zip(*f),
            Kind::Compute(Op::Select) => ScalarCode::Select,
            Kind::Compute(Op::MatMul) => return self.product(item, out),
            Kind::Compute(Op::Sum(_)) => return self.reduction(item, out, true, Binary::Add),
            Kind::Compute(Op::Extremum { largest: true, .. }) => {
                return self.reduction(item, out, false, Binary::Maximum);
            }
            Kind::Compute(Op::Extremum { largest: false, .. }) => {
                return self.reduction(item, out, false, Binary::Minimum);
            }
            Kind::Compute(_) => return None,
        };
        for i in 0..item.len {
            let operand = |number: usize| {
                let source = item.operands.get(number).or_else(|| item.operands.first())?;
                Some(self.element(source, i))
            };
            let operands = [operand(0)?, operand(1)?, operand(2)?];
            self.push(code, operands, plus(out, i))?;
        }
        Some(())
    }

    /// Two functions of the same numbers.
    fn both(&mut self, (pair, swapped): (Pair, bool), item: &Item<T>, ids: [ItemId; 2]) -> Option<()> {
        let [one, other] = ids.map(|id| self.layout.place(id));
        let (to, also) = if swapped { (other, one) } else { (one, other) };
        for i in 0..item.len {
            let x = self.element(item.operands.first()?, i);
            self.push(ScalarCode::Pair(pair), [x, plus(also, i), x], plus(to, i))?;
        }
        Some(())
    }

    /// Inner sums in ascending order, from +0.
    fn product(&mut self, item: &Item<T>, out: At) -> Option<()> {
        let [a, b] = [item.operands.first()?, item.operands.get(1)?];
        let [m, k] = match *a.shape {
            [k] => [1, k],
            [.., m, k] => [m, k],
            [] => return None,
        };
        let n = if b.shape.len() == 1 { 1 } else { b.shape.last().copied()? };
        for index in 0..item.len {
            let (batch, row, col) = (index / (m * n), index / n % m, index % n);
            let to = plus(out, index);
            let mut sum = self.zero;
            for l in 0..k {
                let left = self.element(a, batch * m * k + row * k + l);
                let right = self.element(b, batch * k * n + l * n + col);
                self.push(ScalarCode::Fma, [left, right, sum], to)?;
                sum = to;
            }
            if k == 0 {
                self.push(ScalarCode::Copy, [sum; 3], to)?;
            }
        }
        Some(())
    }

    /// Along rows a tree, down columns one after the other.
    fn reduction(&mut self, item: &Item<T>, out: At, sum: bool, both: Binary) -> Option<()> {
        let source = item.operands.first()?;
        let axes = reduced_axes(&item.kind)?;
        let count = element_count(&source.shape).checked_div(item.len)?;
        match reduces(&source.shape, axes) {
            Reduces::All | Reduces::Rows(_) if count <= SHORT && count > 1 => {
                for row in 0..item.len {
                    let lanes: SmallVec<[At; SHORT]> =
                        (0..count).map(|i| self.element(source, row * count + i)).collect();
                    self.tree(&lanes, plus(out, row), sum, both)?;
                }
                Some(())
            }
            // Axes before the kept ones: whole rows are added to each other, up to 32 of them without a tree.
            Reduces::Otherwise if sum && (1..=32).contains(&count) && leading(&source.shape, axes) => {
                for col in 0..item.len {
                    let mut before = self.zero;
                    for row in 0..count {
                        let x = self.element(source, row * item.len + col);
                        self.push(ScalarCode::Zip(both), [before, x, x], plus(out, col))?;
                        before = plus(out, col);
                    }
                }
                Some(())
            }
            Reduces::All | Reduces::Rows(_) | Reduces::Otherwise => None,
        }
    }

    /// What two to eight lanes give: they are combined in halves, lanes without an element count nothing.
    fn tree(&mut self, lanes: &[At], out: At, sum: bool, both: Binary) -> Option<()> {
        let first = self.temporaries;
        let temporary = |i: usize| At { area: WORK, offset: first + i };
        let mut lanes: SmallVec<[At; SHORT]> = lanes.into();
        if sum {
            // From +0 on: -0 becomes +0.
            for (i, lane) in lanes.iter_mut().enumerate() {
                let to = temporary(i);
                self.push(ScalarCode::Map(Unary::Add(T::zero())), [*lane; 3], to)?;
                *lane = to;
            }
        }
        let mut half = lanes.len().next_power_of_two() / 2;
        while half > 0 {
            for i in 0..half {
                let last = half == 1;
                match (lanes.get(i).copied(), lanes.get(i + half).copied()) {
                    (Some(a), Some(b)) => {
                        let to = if last { out } else { temporary(i) };
                        self.push(ScalarCode::Zip(both), [a, b, b], to)?;
                        if let Some(lane) = lanes.get_mut(i) {
                            *lane = to;
                        }
                    }
                    (Some(a), None) if last => self.push(ScalarCode::Copy, [a; 3], out)?,
                    _ => {}
                }
            }
            lanes.truncate(half);
            half /= 2;
        }
        Some(())
    }
}

/// Whether the reduced axes come before all others, axes of size 1 aside.
fn leading(shape: &[usize], axes: &[u8]) -> bool {
    let reduced = (0_u8..).zip(shape).filter(|(_, size)| **size != 1).map(|(axis, _)| axes.contains(&axis));
    let mut kept = false;
    for reduced in reduced {
        if reduced && kept {
            return false;
        }
        kept |= !reduced;
    }
    true
}
