//! Fused kernels: from the items of a group to the values of a [`Fusion`], with what is read, spread and kept.

use chainrule_kernels::{self as kernels, At, Fusion, Level, Output, Reduction, Value, WORK};

use super::describe::StepInfo;
use super::hash::Map;
use super::lower::Lowering;
use super::schedule::{Domain, Role, pattern, reduced_axes};
use super::simplify::Kind;
use super::source::{ItemId, Pattern, Source};
use crate::Scalar;
use crate::op::Op;

impl<T: Scalar> Lowering<'_, T> {
    /// `finishes`: the product before it, as one step with it.
    pub(super) fn fused(&mut self, domain: Domain, items: &[ItemId], finishes: bool) {
        let mut kernel = Kernel {
            lowering: self,
            domain,
            fusion: Fusion {
                len: domain.len,
                cols: domain.cols,
                values: Vec::new(),
                outputs: Vec::new(),
                scratch: At { area: WORK, offset: 0 },
            },
            values: Map::default(),
            loads: Map::default(),
            spreads: Map::default(),
            read: 0,
            written: 0,
        };
        items.iter().for_each(|&item| kernel.item(item));
        kernel.outputs(items);
        let Kernel { fusion, read, written, .. } = kernel;
        if fusion.outputs.is_empty() {
            return;
        }
        let work = fusion.values.iter().filter(|value| !matches!(value, Value::Load { .. })).count();
        let info = StepInfo {
            items: items.to_vec(),
            title: match domain {
                Domain { len, cols: 0 } => format!("fused over {len}"),
                Domain { len, cols } => format!("fused over {} rows of {cols}", len / cols),
            },
            read,
            written,
            flops: work as f64 * domain.len as f64,
        };
        self.add_kernel(fusion, info, finishes);
    }
}

/// A fused kernel in the making.
struct Kernel<'l, 'p, T> {
    lowering: &'l Lowering<'p, T>,
    domain: Domain,
    fusion: Fusion<T>,
    /// The value that an item is.
    values: Map<ItemId, usize>,
    loads: Map<(ItemId, usize, Pattern, Level), usize>,
    spreads: Map<usize, usize>,
    /// How many elements are read from memory, and written.
    read: usize,
    written: usize,
}

impl<T: Scalar> Kernel<'_, '_, T> {
    fn push(&mut self, value: Value<T>) -> usize {
        self.fusion.values.push(value);
        self.fusion.values.len() - 1
    }

    fn item(&mut self, id: ItemId) {
        let lowering = self.lowering;
        let Some(item) = lowering.program.items.get(id) else { return };
        // A reduction to rows reads what rows are made of.
        let by_row = matches!(lowering.schedule.role(id), Role::Row(_)) && reduced_axes(&item.kind).is_none();
        let level = if by_row { Level::Row } else { Level::Full };
        let operands: Vec<usize> =
            item.operands.iter().map(|source| self.operand(id, source, level)).collect();
        let reduction = |largest: bool| if largest { Reduction::Largest } else { Reduction::Smallest };
        let all = matches!(lowering.schedule.role(id), Role::All(_));
        let reduce = |reduction, x| match all {
            true => Value::ReduceAll(reduction, x),
            false => Value::ReduceRows(reduction, x),
        };
        #[allow(clippy::wildcard_enum_match_arm, reason = "nothing else is fused")]
        let value = match (&item.kind, &*operands) {
            (Kind::Copy, &[x]) => {
                self.values.insert(id, x);
                return;
            }
            (Kind::Compute(Op::Map(f)), &[x]) => Value::Map(*f, x),
            (Kind::Compute(Op::Zip(f)), &[a, b]) => Value::Zip(*f, a, b),
            (Kind::Compute(Op::Select), &[c, a, b]) => Value::Select(c, a, b),
            (Kind::Compute(Op::Sum(_)), &[x]) => reduce(Reduction::Sum, x),
            (Kind::Compute(Op::Extremum { largest, .. }), &[x]) => reduce(reduction(*largest), x),
            _ => return,
        };
        let value = self.push(value);
        self.values.insert(id, value);
    }

    /// An operand as a value of the kernel.
    fn operand(&mut self, user: ItemId, source: &Source, level: Level) -> usize {
        let lowering = self.lowering;
        let shared = lowering.schedule.shares(lowering.program, user, source);
        let pattern = pattern(lowering.program, source);
        if shared && let Some(&value) = self.values.get(&source.root) {
            return match pattern {
                Pattern::Rows(_) => self.spread(value),
                Pattern::Whole | Pattern::Part | Pattern::Same | Pattern::Cycle(_) | Pattern::Grid => value,
            };
        }
        if level == Level::Full && pattern == Pattern::Rows(self.domain.cols) {
            let whole = Source::whole(source.root, &[lowering.len(source.root)]);
            let rows = self.load(&whole, Pattern::Whole, Level::Row);
            return self.spread(rows);
        }
        self.load(source, pattern, level)
    }

    fn spread(&mut self, value: usize) -> usize {
        if let Some(&spread) = self.spreads.get(&value) {
            return spread;
        }
        let spread = self.push(Value::Spread(value, Level::Full));
        self.spreads.insert(value, spread);
        spread
    }

    fn load(&mut self, source: &Source, pattern: Pattern, level: Level) -> usize {
        let lowering = self.lowering;
        let key = (source.root, source.offset, pattern, level);
        // Grids differ by more than that.
        if pattern != Pattern::Grid
            && let Some(&value) = self.loads.get(&key)
        {
            return value;
        }
        let root_len = lowering.len(source.root);
        let count = match level {
            Level::Row => self.domain.len / self.domain.cols.max(1),
            Level::Full | Level::One => self.domain.len,
        };
        let grid = || {
            let merged = source.merged();
            kernels::Layout::Grid {
                shape: merged.iter().map(|axis| axis.0).collect(),
                strides: merged.iter().map(|axis| axis.1).collect(),
            }
        };
        let single = self.domain.len <= kernels::TILE;
        let (layout, read) = match pattern {
            Pattern::Whole if root_len == 1 && count > 1 => (kernels::Layout::Same, 1),
            Pattern::Whole => (
                kernels::Layout::Dense { padded: lowering.layout.is_padded(source.root, root_len) },
                root_len,
            ),
            Pattern::Part => (kernels::Layout::Dense { padded: false }, count),
            Pattern::Same => (kernels::Layout::Same, 1),
            Pattern::Cycle(period)
                if single || (self.domain.cols > 0 && self.domain.cols.is_multiple_of(period)) =>
            {
                (kernels::Layout::Cycle { period }, period)
            }
            Pattern::Cycle(_) | Pattern::Rows(_) | Pattern::Grid => (grid(), count),
        };
        self.read += read;
        let value = self.push(Value::Load { at: lowering.at(source), layout, level });
        if pattern != Pattern::Grid {
            self.loads.insert(key, value);
        }
        value
    }

    fn outputs(&mut self, items: &[ItemId]) {
        let lowering = self.lowering;
        for id in items.iter().filter(|id| lowering.layout.is_stored(**id)) {
            if let Some(&value) = self.values.get(id) {
                let (at, len) = (lowering.layout.place(*id), lowering.len(*id));
                self.written += len;
                self.fusion.outputs.push(Output { value, at, padded: lowering.layout.is_padded(*id, len) });
            }
        }
    }
}
