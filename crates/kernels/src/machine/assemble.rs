//! From a [`Fusion`] to the instructions of its tiles: which value is in which register when.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::arrange::{self, arranged};
use super::chain::join;
use super::fused::{Fusion, Layout, Level, Output, Reduction, Tiling, Value};
use super::instruction::{Code, Fused, Grid, Instruction, Late, REGISTERS, Slot};
use super::memory::{At, Sizes};
use crate::pair::Pair;
use crate::scalar::Scalar;
use crate::view::span;

const NOWHERE: Slot = Slot { area: REGISTERS, offset: 0, moves: Level::One };

/// No more streams are fetched ahead: there is little to gain where there is little to compute for each.
const STREAMS: usize = 4;

impl<T: Scalar> Fusion<T> {
    /// How many elements of memory the kernel needs for itself; 0 if there is no such kernel.
    pub fn scratch(&self) -> usize {
        self.scratch_with(self.tasks())
    }

    /// The same with registers for so many tasks.
    pub(super) fn scratch_with(&self, tasks: usize) -> usize {
        let Some(levels) = self.levels() else { return 0 };
        let (arranged, levels) = self.in_order(levels);
        arranged.scratch_for(tasks, Assembly::new(&arranged, &levels).bound)
    }

    /// The kernel, if it is one that can be run in memory of these sizes.
    pub(crate) fn assemble(&self, sizes: &Sizes) -> Option<Fused<T>> {
        self.assemble_with(self.tasks(), sizes)
    }

    /// The same with registers for so many tasks, at least its own.
    pub(super) fn assemble_with(&self, tasks: usize, sizes: &Sizes) -> Option<Fused<T>> {
        let (arranged, levels) = self.in_order(self.levels()?);
        let assembly = Assembly::new(&arranged, &levels);
        arranged.is_sound(&levels, tasks, assembly.bound, sizes).then(|| assembly.finish())
    }

    /// The kernel in the order of `arrange.rs`, unless its tiles had to be shorter, and the levels of its values.
    fn in_order(&self, levels: Vec<Level>) -> (Cow<'_, Fusion<T>>, Vec<Level>) {
        let arranged = arranged(self);
        let Some(arranged_levels) = arranged.levels() else { return (Cow::Borrowed(self), levels) };
        let tile =
            |fusion: &Fusion<T>, levels: &[Level]| fusion.tile(Assembly::new(fusion, levels).bound).len;
        if tile(&arranged, &arranged_levels) < tile(self, &levels) {
            return (Cow::Borrowed(self), levels);
        }
        (Cow::Owned(arranged), arranged_levels)
    }
}

/// What is kept and what is read, to be found without a search: a kernel may have thousands of both.
struct Ends<'f> {
    /// The outputs of each value.
    kept: HashMap<usize, Vec<&'f Output>>,
    /// The value that goes to each place.
    targets: HashMap<At, usize>,
    /// The places that are read.
    loaded: HashSet<At>,
}

impl<'f> Ends<'f> {
    fn of<T>(fusion: &'f Fusion<T>) -> Self {
        let mut ends = Ends { kept: HashMap::new(), targets: HashMap::new(), loaded: HashSet::new() };
        for output in &fusion.outputs {
            ends.kept.entry(output.value).or_default().push(output);
            ends.targets.insert(output.at, output.value);
        }
        ends.loaded.extend(fusion.values.iter().filter_map(|value| match value {
            Value::Load { at, .. } => Some(*at),
            _ => None,
        }));
        ends
    }

    fn kept(&self, value: usize) -> &[&'f Output] {
        self.kept.get(&value).map_or(&[], |outputs| outputs)
    }
}

/// A kernel in the making.
struct Assembly<'f, T> {
    fusion: &'f Fusion<T>,
    ends: Ends<'f>,
    levels: &'f [Level],
    tile: Tiling,
    /// Where each value is; registers are numbers until the end, when it is known how many there are.
    places: Vec<Option<Slot>>,
    last_use: Vec<usize>,
    free: Vec<usize>,
    registers: usize,
    /// No more than so many.
    bound: usize,
    once: Vec<Instruction<T>>,
    body: Vec<Instruction<T>>,
    grids: Vec<Grid>,
    late: Vec<Late>,
}

impl<'f, T: Scalar> Assembly<'f, T> {
    fn new(fusion: &'f Fusion<T>, levels: &'f [Level]) -> Self {
        let count = fusion.values.len();
        let mut last_use = vec![0; count];
        for (user, value) in fusion.values.iter().enumerate() {
            for operand in operands(value).into_iter().flatten() {
                if let Some(last) = last_use.get_mut(operand) {
                    *last = user;
                }
            }
        }
        for output in &fusion.outputs {
            if let Some(last) = last_use.get_mut(output.value) {
                *last = count;
            }
        }
        let mut assembly = Assembly {
            fusion,
            ends: Ends::of(fusion),
            levels,
            // Tiles get shorter the more registers there are; how many there are does not depend on their length.
            tile: fusion.tile(0),
            places: vec![None; count],
            last_use,
            free: Vec::new(),
            registers: 0,
            bound: 1,
            once: Vec::new(),
            body: Vec::new(),
            grids: Vec::new(),
            late: Vec::new(),
        };
        let bound = assembly.count_registers();
        assembly.bound = bound;
        assembly.tile = fusion.tile(bound);
        assembly.assemble();
        assembly
    }

    /// An upper bound: as if no operand were used where it lies in memory.
    fn count_registers(&mut self) -> usize {
        let tile = self.tile;
        self.tile = Tiling { len: 1, rows: 1 };
        self.assemble();
        self.tile = tile;
        self.places.iter_mut().for_each(|place| *place = None);
        self.free.clear();
        self.once.clear();
        self.body.clear();
        self.grids.clear();
        self.late.clear();
        std::mem::take(&mut self.registers).max(1)
    }

    fn assemble(&mut self) {
        let fusion = self.fusion;
        // What is the same for all tiles has its registers for good, so it comes first.
        for (number, value) in fusion.values.iter().enumerate() {
            if let Value::Load { at, layout: Layout::Same | Layout::Cycle { .. }, .. } = value {
                self.load_once(number, *at);
            }
            if let Value::ReduceAll(..) = value
                && fusion.len > super::fused::TILE
            {
                // The lanes of a block live from tile to tile.
                let lanes = self.register();
                if let Some(place) = self.places.get_mut(number) {
                    *place = Some(lanes);
                }
            }
        }
        let pairs = arrange::pairs(&fusion.values);
        for (number, value) in fusion.values.iter().enumerate() {
            let level = self.level(number);
            if number.checked_sub(1).is_some_and(|before| pairs.contains_key(&before)) {
                // The second of a pair was computed with the first.
                continue;
            }
            if let Some(&(pair, swapped)) = pairs.get(&number) {
                self.pair(number, pair, swapped);
                continue;
            }
            let instruction = match value {
                Value::Load { at, layout, level } => {
                    self.load(number, *at, layout, *level);
                    None
                }
                Value::Map(f, x) => Some((Code::Map(*f), level, [*x, *x, *x])),
                Value::Zip(f, a, b) => Some((Code::Zip(*f), level, [*a, *b, *b])),
                Value::Select(c, a, b) => Some((Code::Select, level, [*c, *a, *b])),
                Value::ReduceRows(reduction, x) => {
                    Some((Code::ReduceRows(*reduction), Level::Row, [*x, *x, *x]))
                }
                Value::ReduceAll(reduction, x) => {
                    let code = match fusion.len <= super::fused::TILE {
                        true => Code::ReduceAll(*reduction),
                        false => {
                            self.late.push(self.late_reduction(number, *reduction));
                            Code::ReduceBlock(*reduction, self.late.len() as u32 - 1)
                        }
                    };
                    Some((code, self.level(*x), [*x, *x, *x]))
                }
                Value::Spread(x, level) => {
                    let code = if self.level(*x) == Level::Row { Code::SpreadRows } else { Code::SpreadOne };
                    Some((code, *level, [*x, *x, *x]))
                }
            };
            if let Some((code, level, operands)) = instruction {
                let operands = operands.map(|x| self.place(x));
                let to = match code {
                    Code::ReduceBlock(..) => self.place(number),
                    _ => self.result(number),
                };
                if let Some(place) = self.places.get_mut(number) {
                    *place = Some(to);
                }
                self.body.push(Instruction { code, level, operands, to });
            }
            self.let_go(number);
        }
        self.store();
    }

    /// A value and the next one, computed together.
    fn pair(&mut self, number: usize, pair: Pair, swapped: bool) {
        // Of the two arguments, that which is not multiplied.
        let first = if swapped { number + 1 } else { number };
        let Some(Value::Map(_, x)) = self.fusion.values.get(first) else { return };
        let (x, level) = (self.place(*x), self.level(number));
        let results = [self.result(number), self.result(number + 1)];
        if let Some(places) = self.places.get_mut(number..=number + 1) {
            places.copy_from_slice(&results.map(Some));
        }
        let [to, also] = if swapped { [results[1], results[0]] } else { results };
        self.body.push(Instruction { code: Code::Pair(pair), level, operands: [x, also, x], to });
        self.let_go(number);
        self.let_go(number + 1);
    }

    fn level(&self, number: usize) -> Level {
        self.levels.get(number).copied().unwrap_or(Level::One)
    }

    fn place(&self, number: usize) -> Slot {
        self.places.get(number).copied().flatten().unwrap_or(NOWHERE)
    }

    fn register(&mut self) -> Slot {
        let number = self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        });
        Slot { area: REGISTERS, offset: number, moves: Level::One }
    }

    /// Registers of operands that nobody uses behind this value.
    fn let_go(&mut self, number: usize) {
        let Some(value) = self.fusion.values.get(number) else { return };
        let mut given = [usize::MAX; 3];
        for (i, operand) in operands(value).into_iter().enumerate() {
            let Some(operand) = operand else { continue };
            let fixed = matches!(
                self.fusion.values.get(operand),
                Some(Value::Load { layout: Layout::Same | Layout::Cycle { .. }, .. })
            );
            let place = self.place(operand);
            if self.last_use.get(operand) == Some(&number)
                && place.area == REGISTERS
                && !fixed
                && !given.contains(&operand)
                && !matches!(self.fusion.values.get(operand), Some(Value::ReduceAll(..)) if self.fusion.len > super::fused::TILE)
            {
                given[i] = operand;
                self.free.push(place.offset);
            }
        }
    }

    /// Whether loops over this level may run to the next multiple of 16 in memory.
    fn is_even(&self, level: Level) -> bool {
        let (tile, whole) = match level {
            Level::One => return true,
            Level::Row => (self.tile.rows, self.fusion.rows()),
            Level::Full => (self.tile.len, self.fusion.len),
        };
        tile.is_multiple_of(16) || tile == whole
    }

    fn load_once(&mut self, number: usize, at: At) {
        let level = self.level(number);
        let place = Slot { area: at.area, offset: at.offset, moves: Level::One };
        let to = match self.fusion.values.get(number) {
            Some(Value::Load { layout: Layout::Cycle { period }, .. }) => {
                let to = self.register();
                let code = Code::Cycle(*period as u32);
                self.once.push(Instruction { code, level, operands: [place; 3], to });
                to
            }
            _ if level == Level::One => place,
            _ => {
                let to = self.register();
                self.once.push(Instruction { code: Code::SpreadOne, level, operands: [place; 3], to });
                to
            }
        };
        if let Some(place) = self.places.get_mut(number) {
            *place = Some(to);
        }
    }

    fn load(&mut self, number: usize, at: At, layout: &Layout, level: Level) {
        let place = Slot { area: at.area, offset: at.offset, moves: level };
        let to = match layout {
            Layout::Same | Layout::Cycle { .. } => return,
            Layout::Dense { padded } => {
                // What is kept as it is must be read before another value takes its place.
                let kept = !self.ends.kept(number).is_empty();
                let replaced = self.ends.targets.get(&at).is_some_and(|value| *value != number);
                let even = !(kept && replaced)
                    && self.is_even(level)
                    && (*padded || level == Level::One || self.fusion.count(level).is_multiple_of(16));
                if even {
                    place
                } else {
                    let to = self.register();
                    self.body.push(Instruction { code: Code::Copy, level, operands: [place; 3], to });
                    to
                }
            }
            Layout::Grid { shape, strides } => {
                let to = self.register();
                // Whether that lies in memory is asked by `is_sound`.
                let (low, high) =
                    span(isize::MAX as usize, at.offset, shape, strides).unwrap_or((at.offset, at.offset));
                self.grids.push(Grid {
                    at: At { offset: low, ..at },
                    len: high - low,
                    offset: at.offset - low,
                    shape: shape.clone(),
                    strides: strides.clone(),
                });
                let code = Code::Grid(self.grids.len() as u32 - 1);
                self.body.push(Instruction { code, level, operands: [place; 3], to });
                to
            }
        };
        if let Some(place) = self.places.get_mut(number) {
            *place = Some(to);
        }
    }

    /// Where a result goes: right into memory if it is kept there and nothing else is, else into a register.
    fn result(&mut self, number: usize) -> Slot {
        let level = self.level(number);
        let direct =
            self.ends.kept(number).iter().find(|output| {
                output.padded && !self.ends.loaded.contains(&output.at) && self.is_even(level)
            });
        match direct {
            Some(output) => Slot { area: output.at.area, offset: output.at.offset, moves: level },
            None => self.register(),
        }
    }

    /// What is kept and is not in memory yet.
    fn store(&mut self) {
        for output in &self.fusion.outputs {
            let level = self.level(output.value);
            let to = Slot { area: output.at.area, offset: output.at.offset, moves: level };
            let late = matches!(self.fusion.values.get(output.value), Some(Value::ReduceAll(..)))
                && self.fusion.len > super::fused::TILE;
            let from = self.place(output.value);
            if !late && from != to {
                self.body.push(Instruction { code: Code::Copy, level, operands: [from; 3], to });
            }
        }
    }

    fn late_reduction(&self, number: usize, reduction: Reduction) -> Late {
        let partials = self.fusion.len.div_ceil(super::fused::TILE);
        let behind = self.fusion.scratch_for(self.fusion.tasks(), self.bound) - self.fusion.partials();
        let mut places = self.ends.kept(number).iter().map(|output| output.at);
        Late {
            reduction,
            partials: self.fusion.scratch.plus(behind + self.late.len() * partials),
            to: [places.next(), places.next()],
        }
    }

    fn finish(mut self) -> Fused<T> {
        let (mut body, mut chains) = join(&self.body, self.registers);
        let stride = self.tile.stride();
        let mut streams: Vec<Slot> = Vec::new();
        let mut place = |slot: &mut Slot| {
            if slot.moves == Level::Full && !streams.contains(slot) && streams.len() <= STREAMS {
                streams.push(*slot);
            }
            if slot.area == REGISTERS {
                slot.offset *= stride;
            }
        };
        for instruction in self.once.iter_mut().chain(&mut body) {
            instruction.operands.iter_mut().chain([&mut instruction.to]).for_each(&mut place);
        }
        for chain in &mut chains {
            chain
                .links
                .iter_mut()
                .flat_map(|link| [&mut link.operand].into_iter().chain(&mut link.to))
                .for_each(&mut place);
            place(&mut chain.first);
            chain.sum.iter_mut().for_each(|(_, lanes)| place(lanes));
        }
        if streams.len() > STREAMS || !self.fusion.is_long() {
            streams.clear();
        }
        Fused {
            len: self.fusion.len,
            rows: self.fusion.rows(),
            cols: self.fusion.cols.max(1),
            tile: self.tile,
            long: self.fusion.is_long(),
            scratch: self.fusion.scratch,
            registers: self.bound,
            once: self.once,
            body,
            chains,
            grids: self.grids,
            late: self.late,
            streams,
        }
    }
}

/// The values that a value is computed from.
pub(crate) fn operands<T>(value: &Value<T>) -> [Option<usize>; 3] {
    match value {
        Value::Load { .. } => [None; 3],
        Value::Map(_, x) | Value::ReduceRows(_, x) | Value::ReduceAll(_, x) | Value::Spread(x, _) => {
            [Some(*x), None, None]
        }
        Value::Zip(_, a, b) => [Some(*a), Some(*b), None],
        Value::Select(c, a, b) => [Some(*c), Some(*a), Some(*b)],
    }
}
