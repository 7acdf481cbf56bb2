//! Where the items of a program lie: an area of memory and an offset for each that must be in memory at all.
//!
//! Values of intermediate results share one stretch of memory: a place is free again behind the last step that reads it, and
//! the result of an elementwise kernel may take the place of an operand that nobody needs any more. New values of variables
//! are written over the old ones if nobody behind that step reads these.

use std::collections::VecDeque;

use chainrule_kernels::{At, CONSTANTS, INPUTS, Level, STATE, WORK};
use indexmap::IndexMap;

use super::arena::{Arena, Singles};
use super::hash::Map;
use super::schedule::{Form, Role, Schedule, reads_in_order};
use super::simplify::{Items, Kind};
use super::source::ItemId;
use crate::Scalar;

/// The places of a program's items.
pub(super) struct Layout<T> {
    /// Of each item that is in memory.
    places: Vec<Option<At>>,
    /// How much memory the intermediate results need.
    pub(super) work: usize,
    pub(super) constants: Vec<T>,
    /// Of each input: its place, if it is copied there for each run.
    pub(super) copied: Vec<Option<At>>,
    /// New values that are copied over the old ones at the end: from where, to which state.
    pub(super) commits: Vec<(ItemId, usize)>,
    /// How many results took the place of an operand.
    pub(super) reused: usize,
}

/// Inputs of more elements are read where the caller has them.
const COPIED_INPUT: usize = 4096;

/// The kernels' loops run to the next multiple of so many elements.
pub(super) const GRAIN: usize = 16;

impl<T: Scalar> Layout<T> {
    pub(super) fn place(&self, item: ItemId) -> At {
        self.places.get(item).copied().flatten().unwrap_or(At { area: WORK, offset: 0 })
    }

    pub(super) fn is_stored(&self, item: ItemId) -> bool {
        self.places.get(item).is_some_and(|place| place.is_some())
    }

    /// Whether the loops may read on to the next multiple of 16 elements.
    pub(super) fn is_padded(&self, item: ItemId, len: usize) -> bool {
        len > 1 && self.place(item).area < INPUTS
    }
}

/// `states` has the offset of each variable in the state memory.
pub(super) fn lay_out<T: Scalar>(program: &Items<T>, schedule: &Schedule, states: &[usize]) -> Layout<T> {
    let count = program.items.len();
    let mut layout = Layout {
        places: vec![None; count],
        work: 0,
        constants: Vec::new(),
        copied: Vec::new(),
        commits: Vec::new(),
        reused: 0,
    };
    let needs = Needs::of(program, schedule);
    let over = overwritten(program, schedule);
    for update in &program.updates {
        match (over.get(update.value).copied().flatten(), states.get(update.state)) {
            (Some(state), Some(&offset)) if state == update.state => {
                layout.set(update.value, At { area: STATE, offset });
            }
            _ => layout.commits.push((update.value, update.state)),
        }
    }
    // Single numbers lie together at the begin, everything else behind them.
    let (mut singles, mut arrays) = (Singles::default(), Arena::new(GRAIN));
    let mut in_arena = vec![false; count];
    for (id, item) in program.items.iter().enumerate() {
        match &item.kind {
            Kind::State(number) => {
                if let Some(&offset) = states.get(*number) {
                    layout.set(id, At { area: STATE, offset });
                }
            }
            Kind::Constant(elements) => {
                layout.set(id, At { area: CONSTANTS, offset: layout.constants.len() });
                layout.constants.extend_from_slice(elements);
                let padded = layout.constants.len().next_multiple_of(GRAIN);
                layout.constants.resize(padded, T::zero());
            }
            Kind::Input(number) => {
                let by_single = needs.by_single.get(id).copied().unwrap_or(false);
                let offset = match item.len {
                    1 => Some(singles.take()),
                    len if len <= COPIED_INPUT || by_single => Some(arrays.take(len)),
                    _ => None,
                };
                let place = match offset {
                    Some(offset) => At { area: WORK, offset },
                    None => At { area: INPUTS + *number as u32, offset: 0 },
                };
                layout.set(id, place);
            }
            Kind::Compute(_) | Kind::Copy => {}
        }
    }
    let mut dying: Vec<Vec<ItemId>> = vec![Vec::new(); schedule.groups.len()];
    for (number, group) in schedule.groups.iter().enumerate() {
        let mut legacies = Legacies::of(program, schedule, number, &needs, &in_arena);
        for &item in group.items.iter().filter(|item| needs.stored.get(**item) == Some(&true)) {
            if layout.is_stored(item) {
                continue;
            }
            let len = program.items.get(item).map_or(0, |item| item.len);
            let offset = match len {
                1 => singles.take(),
                _ => match layout.inherit(schedule, item, len, &mut legacies, &mut in_arena) {
                    Some(offset) => offset,
                    None => arrays.take(len),
                },
            };
            layout.set(item, At { area: WORK, offset });
            if let Some(slot) = in_arena.get_mut(item) {
                *slot = true;
            }
            if group.form == Form::Scalars {
                // Scalar code runs one after the other, so a place is free again at once.
                let operands = program.items.get(item).map(|item| &item.operands[..]).unwrap_or_default();
                for root in operands.iter().map(|source| source.root) {
                    if needs.last_user.get(root) == Some(&item)
                        && program.items.get(root).is_some_and(|root| root.len == 1)
                        && needs.last.get(root) == Some(&number)
                        && in_arena.get_mut(root).is_some_and(std::mem::take)
                    {
                        singles.give(layout.place(root).offset);
                    }
                }
            }
            match needs.last.get(item) {
                Some(&last) if last != usize::MAX => {
                    if let Some(dying) = dying.get_mut(last) {
                        dying.push(item);
                    }
                }
                _ => {}
            }
        }
        for &item in dying.get(number).map_or(&[][..], |dying| dying) {
            // Unless another one has inherited the place.
            if in_arena.get_mut(item).is_some_and(std::mem::take) {
                let len = program.items.get(item).map_or(0, |item| item.len);
                let offset = layout.place(item).offset;
                if len == 1 { singles.give(offset) } else { arrays.give(offset, len) }
            }
        }
    }
    let begin = singles.end.next_multiple_of(GRAIN);
    for (item, place) in program.items.iter().zip(&mut layout.places) {
        if let Some(place) = place
            && place.area == WORK
            && item.len != 1
        {
            place.offset += begin;
        }
    }
    // Inputs are the first items, in their order. Those that are copied keep their places: the next run brings new ones.
    for (id, item) in program.items.iter().enumerate() {
        if let Kind::Input(_) = item.kind {
            layout.copied.push(Some(layout.place(id)).filter(|place| place.area == WORK));
        }
    }
    layout.work = begin + arrays.end();
    layout
}

impl<T: Scalar> Layout<T> {
    fn set(&mut self, item: ItemId, place: At) {
        if let Some(slot) = self.places.get_mut(item) {
            *slot = Some(place);
        }
    }

    /// The place of an operand that dies here and that a kernel can overwrite as it goes.
    fn inherit(
        &mut self,
        schedule: &Schedule,
        heir: ItemId,
        len: usize,
        legacies: &mut Legacies,
        in_arena: &mut [bool],
    ) -> Option<usize> {
        let level = match schedule.role(heir) {
            Role::Full(_) => Level::Full,
            Role::Row(_) => Level::Row,
            Role::Leaf | Role::Single | Role::All(_) | Role::Alone => return None,
        };
        let source = legacies.0.get_mut(&(len, level))?.pop_front()?;
        *in_arena.get_mut(source)? = false;
        self.reused += 1;
        Some(self.place(source).offset)
    }
}

/// The operands of a fused kernel whose places are free for its results: those that nobody behind it needs, and that it reads
/// element by element, all uses at the same level. By length and that level.
struct Legacies(Map<(usize, Level), VecDeque<ItemId>>);

impl Legacies {
    fn of<T>(
        program: &Items<T>,
        schedule: &Schedule,
        group: usize,
        needs: &Needs,
        in_arena: &[bool],
    ) -> Legacies {
        let mut levels: IndexMap<ItemId, Option<Level>> = IndexMap::new();
        let fused = schedule.groups.get(group).filter(|members| matches!(members.form, Form::Fused(_)));
        // A product that this kernel finishes reads its factors until the last block.
        let product =
            fused.filter(|kernel| kernel.finishes).and_then(|_| schedule.groups.get(group.checked_sub(1)?));
        let product =
            product.map_or(&[][..], |product| &product.items).iter().filter_map(|&id| program.items.get(id));
        let busy: Vec<ItemId> = product.flat_map(|item| &item.operands).map(|source| source.root).collect();
        for &user in fused.map_or(&[][..], |members| &members.items) {
            let Some(item) = program.items.get(user) else { continue };
            for source in &item.operands {
                let root = source.root;
                let dies = needs.last.get(root) == Some(&group)
                    && schedule.group(root) != group
                    && in_arena.get(root) == Some(&true)
                    && !busy.contains(&root);
                if !dies {
                    continue;
                }
                let level = reads_in_order(program, schedule.role(user), user, source);
                let all = levels.entry(root).or_insert(level);
                if *all != level {
                    *all = None;
                }
            }
        }
        let mut legacies = Legacies(Map::default());
        for (root, level) in levels {
            if let (Some(level), Some(item)) = (level, program.items.get(root)) {
                legacies.0.entry((item.len, level)).or_default().push_back(root);
            }
        }
        legacies
    }
}

/// What must be in memory, and for how long.
struct Needs {
    stored: Vec<bool>,
    /// The last group that reads it; `usize::MAX` for what lives to the end.
    last: Vec<usize>,
    /// The last item that reads it.
    last_user: Vec<ItemId>,
    /// Whether scalar code reads it.
    by_single: Vec<bool>,
}

impl Needs {
    fn of<T>(program: &Items<T>, schedule: &Schedule) -> Needs {
        let count = program.items.len();
        let mut needs = Needs {
            stored: vec![false; count],
            last: vec![0; count],
            last_user: vec![0; count],
            by_single: vec![false; count],
        };
        for (user, item) in program.items.iter().enumerate() {
            if let Some(stored) = needs.stored.get_mut(user) {
                *stored = matches!(schedule.role(user), Role::Alone | Role::All(_) | Role::Single);
            }
            if let Some(last) = needs.last.get_mut(user) {
                *last = schedule.group(user);
            }
            for source in &item.operands {
                let root = source.root;
                if !schedule.shares(program, user, source)
                    && let Some(stored) = needs.stored.get_mut(root)
                {
                    *stored = true;
                }
                if let Some(last) = needs.last.get_mut(root) {
                    *last = (*last).max(schedule.done_with_operands(user));
                }
                if let Some(last_user) = needs.last_user.get_mut(root) {
                    *last_user = user;
                }
                if schedule.role(user) == Role::Single
                    && let Some(by_single) = needs.by_single.get_mut(root)
                {
                    *by_single = true;
                }
            }
        }
        let kept = program.outputs.iter().copied().chain(program.updates.iter().map(|update| update.value));
        for item in kept {
            if let (Some(stored), Some(last)) = (needs.stored.get_mut(item), needs.last.get_mut(item)) {
                (*stored, *last) = (true, usize::MAX);
            }
        }
        if !schedule.fuse {
            needs.stored.iter_mut().for_each(|stored| *stored = true);
        }
        needs
    }
}

/// Of each item that may be written over the old value of a variable: of which.
fn overwritten<T>(program: &Items<T>, schedule: &Schedule) -> Vec<Option<usize>> {
    let mut over: Vec<Option<usize>> = vec![None; program.items.len()];
    let mut used = vec![0_usize; program.items.len()];
    for item in program.outputs.iter().copied().chain(program.updates.iter().map(|update| update.value)) {
        if let Some(used) = used.get_mut(item) {
            *used += 1;
        }
    }
    // The last reader of each variable; whether all that read it in that group do so element by element.
    let mut readers = vec![(0_usize, true); program.states.len()];
    let mut add = |state: usize, group: usize, even: bool| {
        if let Some((last, all_even)) = readers.get_mut(state) {
            (*last, *all_even) = match group.cmp(last) {
                std::cmp::Ordering::Less => (*last, *all_even),
                std::cmp::Ordering::Equal => (group, *all_even && even),
                std::cmp::Ordering::Greater => (group, even),
            };
        }
    };
    for (user, item) in program.items.iter().enumerate() {
        for source in &item.operands {
            if let Some(Kind::State(state)) = program.items.get(source.root).map(|root| &root.kind) {
                let even = reads_in_order(program, schedule.role(user), user, source) == Some(Level::Full);
                add(*state, schedule.group(user), even);
            }
        }
    }
    for update in &program.updates {
        let group = schedule.group(update.value);
        let last = schedule.groups.get(group).is_some_and(|group| group.last);
        let full = matches!(schedule.role(update.value), Role::Full(_));
        let (reader, even) = readers.get(update.state).copied().unwrap_or((0, true));
        let free = reader < group || (reader == group && even);
        if last
            && full
            && free
            && used.get(update.value) == Some(&1)
            && let Some(slot) = over.get_mut(update.value)
        {
            *slot = Some(update.state);
        }
    }
    over
}
