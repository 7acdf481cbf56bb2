//! Which items are computed together, and in which order.
//!
//! An elementwise item belongs to a [`Domain`]: how many elements there are, and how many make a row. Items of one domain
//! can share a fused kernel if nothing that is computed elsewhere stands between them. That is settled by *depth*: the
//! number of kernel boundaries on the longest way to an item. Two items of the same domain and depth have no boundary
//! between them, so the items of one domain and depth are one kernel; no search for cycles is needed, and the time is
//! linear.
//!
//! Depths are as small as possible first. Then, from the end, an item that only one kernel needs moves down into
//! that kernel: its value never goes to memory. Updates move to a depth of their own behind everything that can fail.

use chainrule_kernels::Level;

use super::epilogue::{self, Epilogue};
use super::hash::Map;
use super::simplify::{Items, Kind, Part};
use super::source::{ItemId, Pattern, Source};
use crate::op::Op;
use crate::shape::element_count;

/// The array that a fused kernel goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Domain {
    /// How many elements it has.
    pub(super) len: usize,
    /// How many of them are a row; 0 if there are no rows.
    pub(super) cols: usize,
}

/// How an item is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Not at all: it is there from the start.
    Leaf,
    /// By scalar code.
    Single,
    /// In a fused kernel, an element for each place.
    Full(Domain),
    /// In a fused kernel, an element for each row.
    Row(Domain),
    /// Behind a fused kernel: one element of all.
    All(Domain),
    /// By a step of its own.
    Alone,
}

/// Items that are computed by one step.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) items: Vec<ItemId>,
    /// What it is; of a fused kernel, its domain.
    pub(super) form: Form,
    /// Whether it belongs to the updates behind everything that can fail.
    pub(super) last: bool,
    /// Whether it is a kernel that is to finish the product right before it, block by block: see `epilogue.rs`.
    pub(super) finishes: bool,
}

/// What sort of step a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Form {
    Fused(Domain),
    Scalars,
    Alone,
}

/// The order of a program.
pub(super) struct Schedule {
    pub(super) groups: Vec<Group>,
    pub(super) roles: Vec<Role>,
    /// Of each item, the number of its group.
    pub(super) group_of: Vec<usize>,
    /// Whether items share kernels.
    pub(super) fuse: bool,
}

/// The longest row that a fused kernel can hold.
const LONGEST_ROW: usize = chainrule_kernels::TILE;

pub(super) fn schedule<T: crate::Scalar>(program: &Items<T>, fuse: bool) -> Schedule {
    let roles = if fuse { roles(program) } else { alone(program) };
    let (depths, end) = depths(program, &roles);
    gather(program, roles, &depths, end, fuse)
}

/// Without fusion: each item by a step of its own, so that each value can be looked at.
fn alone<T>(program: &Items<T>) -> Vec<Role> {
    let role = |item: &super::simplify::Item<T>| match &item.kind {
        Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => Role::Leaf,
        Kind::Compute(Op::Map(_) | Op::Zip(_) | Op::Select) => Role::Full(Domain { len: item.len, cols: 0 }),
        Kind::Compute(_) | Kind::Copy => Role::Alone,
    };
    program.items.iter().map(role).collect()
}

/// What a reduction makes of its operand.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reduces {
    /// One element of all.
    All,
    /// One of so many elements in a row.
    Rows(usize),
    /// Anything else.
    Otherwise,
}

/// How a reduction over `axes` of this shape goes through the elements in row-major order.
pub(super) fn reduces(shape: &[usize], axes: &[u8]) -> Reduces {
    let reduced = |axis: usize| u8::try_from(axis).is_ok_and(|axis| axes.contains(&axis));
    let mut cols = 1;
    let mut kept = 1;
    for (axis, &size) in shape.iter().enumerate().rev().filter(|(_, size)| **size != 1) {
        match (reduced(axis), kept == 1) {
            (true, true) => cols *= size,
            (true, false) => return Reduces::Otherwise,
            (false, _) => kept *= size,
        }
    }
    if kept == 1 { Reduces::All } else { Reduces::Rows(cols) }
}

fn len_of<T>(program: &Items<T>, item: ItemId) -> usize {
    program.items.get(item).map_or(0, |item| item.len)
}

pub(super) fn pattern<T>(program: &Items<T>, source: &Source) -> Pattern {
    source.pattern(len_of(program, source.root))
}

/// The axes over which an item reduces, if it does.
pub(super) fn reduced_axes<T>(kind: &Kind<T>) -> Option<&[u8]> {
    match kind {
        Kind::Compute(Op::Sum(axes) | Op::Extremum { axes, .. }) => Some(axes),
        Kind::Input(_) | Kind::State(_) | Kind::Constant(_) | Kind::Compute(_) | Kind::Copy => None,
    }
}

/// How long the rows of an array with so many elements are: what most of those who treat it as rows say.
fn row_lengths<T>(program: &Items<T>) -> Map<usize, usize> {
    let mut votes: Map<usize, Map<usize, usize>> = Map::default();
    let mut vote = |len: usize, cols: usize, weight: usize| {
        if (2..=LONGEST_ROW).contains(&cols) && len > cols {
            *votes.entry(len).or_default().entry(cols).or_default() += weight;
        }
    };
    for item in &program.items {
        for source in &item.operands {
            let len = element_count(&source.shape);
            if let Some(axes) = reduced_axes(&item.kind) {
                if let Reduces::Rows(cols) = reduces(&source.shape, axes) {
                    vote(len, cols, 1 << 20);
                }
            } else if is_elementwise(&item.kind) {
                match pattern(program, source) {
                    Pattern::Rows(cols) => vote(len, cols, 1 << 10),
                    Pattern::Cycle(cols) => vote(len, cols, 1),
                    Pattern::Whole | Pattern::Part | Pattern::Same | Pattern::Grid => {}
                }
            }
        }
    }
    let most = |votes: Map<usize, usize>| votes.into_iter().max_by_key(|&(cols, votes)| (votes, cols));
    votes.into_iter().filter_map(|(len, votes)| Some((len, most(votes)?.0))).collect()
}

fn is_elementwise<T>(kind: &Kind<T>) -> bool {
    matches!(kind, Kind::Copy | Kind::Compute(Op::Map(_) | Op::Zip(_) | Op::Select))
}

fn roles<T>(program: &Items<T>) -> Vec<Role> {
    let rows = row_lengths(program);
    let domain = |len: usize| Domain { len, cols: rows.get(&len).copied().unwrap_or(0) };
    let mut roles: Vec<Role> = Vec::with_capacity(program.items.len());
    let needed_whole = needed_whole(program);
    for (id, item) in program.items.iter().enumerate() {
        let role = match &item.kind {
            Kind::Input(_) | Kind::State(_) | Kind::Constant(_) => Role::Leaf,
            // A copy that nothing shares: a loop of its own may go through memory in the best order.
            Kind::Copy if item.len > 1 && needed_whole.get(id) == Some(&true) => Role::Alone,
            kind @ (Kind::Compute(_) | Kind::Copy) if is_elementwise(kind) => match item.len {
                0 => Role::Alone,
                1 => Role::Single,
                len => {
                    // One for each row of a longer array, if that is what its operands are.
                    let row = item.operands.iter().find_map(|source| match roles.get(source.root) {
                        Some(Role::Row(domain)) if pattern(program, source) == Pattern::Whole => {
                            Some(*domain)
                        }
                        _ => None,
                    });
                    match row {
                        Some(of) if domain(len).cols == 0 => Role::Row(of),
                        _ => Role::Full(domain(len)),
                    }
                }
            },
            kind @ (Kind::Compute(_) | Kind::Copy) => match (reduced_axes(kind), item.operands.first()) {
                (Some(axes), Some(source)) => {
                    let len = element_count(&source.shape);
                    let of = domain(len);
                    match reduces(&source.shape, axes) {
                        _ if len == 0 || item.len == 0 => Role::Alone,
                        Reduces::All if len == 1 => Role::Alone,
                        Reduces::All if of.cols == 0 || len <= chainrule_kernels::TILE => Role::All(of),
                        Reduces::Rows(cols) if cols == of.cols => Role::Row(of),
                        Reduces::All | Reduces::Rows(_) | Reduces::Otherwise => Role::Alone,
                    }
                }
                _ => Role::Alone,
            },
        };
        roles.push(role);
    }
    roles
}

/// Whether no elementwise item reads an item.
fn needed_whole<T>(program: &Items<T>) -> Vec<bool> {
    let mut whole = vec![true; program.items.len()];
    for item in
        program.items.iter().filter(|item| is_elementwise(&item.kind) || reduced_axes(&item.kind).is_some())
    {
        for source in &item.operands {
            if let Some(whole) = whole.get_mut(source.root) {
                *whole = false;
            }
        }
    }
    for update in &program.updates {
        if let Some(whole) = whole.get_mut(update.value) {
            *whole = false;
        }
    }
    whole
}

/// Whether `user` can take the value of a root from a register of the kernel that both are in.
fn is_inside(root: Role, user: Role, pattern: Pattern, reduces: bool) -> bool {
    match (root, user, pattern) {
        (Role::Single, Role::Single, Pattern::Whole | Pattern::Same) => true,
        (Role::Full(a), Role::Full(b), Pattern::Whole) => a == b,
        (Role::Row(a), Role::Row(b), Pattern::Whole) => a == b && !reduces,
        (Role::Row(a), Role::Full(b), Pattern::Rows(cols)) => a == b && cols == a.cols,
        (Role::Full(a), Role::Row(b) | Role::All(b), Pattern::Whole) => a == b && reduces,
        _ => false,
    }
}

/// Where an item reads all of an operand's root in order, in a fused kernel or as a single number: whether an element for each
/// place, or one for each row.
pub(super) fn reads_in_order<T>(
    program: &Items<T>,
    role: Role,
    user: ItemId,
    source: &Source,
) -> Option<Level> {
    let reduces = program.items.get(user).is_some_and(|item| reduced_axes(&item.kind).is_some());
    let level = match (role, reduces) {
        (Role::Full(_) | Role::Single, _) | (Role::Row(_) | Role::All(_), true) => Level::Full,
        (Role::Row(_), false) => Level::Row,
        (Role::All(_) | Role::Leaf | Role::Alone, _) => return None,
    };
    (pattern(program, source) == Pattern::Whole).then_some(level)
}

fn inside<T>(program: &Items<T>, roles: &[Role], user: ItemId, source: &Source) -> bool {
    let role = |item: ItemId| roles.get(item).copied().unwrap_or(Role::Alone);
    let reduces = program.items.get(user).is_some_and(|item| reduced_axes(&item.kind).is_some());
    is_inside(role(source.root), role(user), pattern(program, source), reduces)
}

/// The depth of each item, and the one behind everything that can fail: updates alone are moved there.
fn depths<T>(program: &Items<T>, roles: &[Role]) -> (Vec<usize>, usize) {
    let count = program.items.len();
    let role = |item: ItemId| roles.get(item).copied().unwrap_or(Role::Alone);
    let mut depths = vec![0_usize; count];
    // How far the way back has come. A checkpoint's copy is recorded where it is needed first; at the smallest depth, beside
    // what it is a copy of, it would keep all the values that it is there to save.
    let mut back = 0;
    for (user, item) in program.items.iter().enumerate() {
        let mut depth = if item.part == Part::Again { back } else { 0 };
        for source in item.operands.iter().filter(|source| role(source.root) != Role::Leaf) {
            let step = usize::from(!inside(program, roles, user, source));
            depth = depth.max(depths.get(source.root).copied().unwrap_or(0) + step);
        }
        if let Some(slot) = depths.get_mut(user) {
            *slot = depth;
        }
        if item.part == Part::Derivative {
            back = back.max(depth);
        }
    }
    let end = depths.iter().copied().max().unwrap_or(0) + 1;
    // From the end: what each item's users allow, and whether one kernel has all of them.
    let mut latest = vec![usize::MAX; count];
    let mut joined = vec![true; count];
    let mut wanted = vec![false; count];
    for &output in &program.outputs {
        if let Some(slot) = wanted.get_mut(output) {
            *slot = true;
        }
    }
    let mut updates = vec![0_usize; count];
    for update in &program.updates {
        if let Some(slot) = updates.get_mut(update.value) {
            *slot += 1;
        }
    }
    for (user, item) in program.items.iter().enumerate().rev() {
        let bound = latest.get(user).copied().unwrap_or(usize::MAX);
        let movable = matches!(role(user), Role::Full(_) | Role::Row(_) | Role::Single);
        let kept = wanted.get(user).copied().unwrap_or(false);
        let updates = updates.get(user).copied().unwrap_or(0);
        let depth = depths.get(user).copied().unwrap_or(0);
        let chosen = if !movable || kept {
            depth
        } else if updates == 1 && bound == usize::MAX {
            end
        } else if updates == 0 && bound != usize::MAX && joined.get(user).copied().unwrap_or(false) {
            bound
        } else if updates == 1 && bound == end && joined.get(user).copied().unwrap_or(false) {
            // A new value that other new values need: momentum and what it moves.
            end
        } else {
            depth
        };
        if let Some(slot) = depths.get_mut(user) {
            *slot = chosen;
        }
        for source in item.operands.iter().filter(|source| role(source.root) != Role::Leaf) {
            let inside = inside(program, roles, user, source);
            let allows = chosen.saturating_sub(usize::from(!inside));
            let (Some(bound), Some(joined)) = (latest.get_mut(source.root), joined.get_mut(source.root))
            else {
                continue;
            };
            *joined = *joined && inside && (*bound == usize::MAX || *bound == allows);
            *bound = (*bound).min(allows);
        }
    }
    (depths, end)
}

impl Schedule {
    pub(super) fn role(&self, item: ItemId) -> Role {
        self.roles.get(item).copied().unwrap_or(Role::Alone)
    }

    pub(super) fn group(&self, item: ItemId) -> usize {
        self.group_of.get(item).copied().unwrap_or(usize::MAX)
    }

    /// The group behind which nobody looks at the operands of an item any more. A product that a kernel finishes is not done
    /// before that is.
    pub(super) fn done_with_operands(&self, user: ItemId) -> usize {
        let group = self.group(user);
        let next = group.saturating_add(1);
        if self.groups.get(next).is_some_and(|next| next.finishes) { next } else { group }
    }

    /// Whether a user finds the value of an operand's root in a register of their kernel.
    pub(super) fn shares<T>(&self, program: &Items<T>, user: ItemId, source: &Source) -> bool {
        self.fuse && self.group(user) == self.group(source.root) && inside(program, &self.roles, user, source)
    }
}

/// Items of one domain and depth, in the order of depths.
fn gather<T>(program: &Items<T>, roles: Vec<Role>, depths: &[usize], end: usize, fuse: bool) -> Schedule {
    let mut groups: Vec<(usize, Group)> = Vec::new();
    let mut open: Map<(usize, Form), usize> = Map::default();
    let mut number_of = vec![usize::MAX; program.items.len()];
    for (item, (&role, &depth)) in roles.iter().zip(depths).enumerate() {
        let form = match role {
            Role::Leaf => continue,
            Role::Single => Form::Scalars,
            Role::Full(domain) | Role::Row(domain) | Role::All(domain) => Form::Fused(domain),
            Role::Alone => Form::Alone,
        };
        let new = groups.len();
        let number = match form {
            Form::Alone => new,
            Form::Fused(_) | Form::Scalars if !fuse => new,
            Form::Fused(_) | Form::Scalars => *open.entry((depth, form)).or_insert(new),
        };
        if number == new {
            groups.push((depth, Group { items: Vec::new(), form, last: false, finishes: false }));
        }
        if let Some((_, group)) = groups.get_mut(number) {
            group.items.push(item);
        }
        if let Some(slot) = number_of.get_mut(item) {
            *slot = number;
        }
    }
    // A kernel that finishes a product comes first at its depth, and the product right before it.
    let epilogues = if fuse { epilogue::find(program, &roles, &groups, &number_of, end) } else { Vec::new() };
    let mut first: Map<usize, (usize, usize)> = Map::default();
    for (number, Epilogue { product, kernel }) in epilogues.into_iter().enumerate() {
        if let Some((depth, group)) = groups.get_mut(kernel) {
            group.finishes = true;
            first.extend([(product, (*depth, 2 * number)), (kernel, (*depth, 2 * number + 1))]);
        }
    }
    let mut sorted: Vec<(usize, (usize, Group))> = groups.into_iter().enumerate().collect();
    // By themselves items stay in their order, in which pairs are beside each other.
    if fuse {
        sorted.sort_by_key(|(number, (depth, _))| first.get(number).copied().unwrap_or((*depth, usize::MAX)));
    }
    let mut place = vec![0; sorted.len()];
    for (new, (old, _)) in sorted.iter().enumerate() {
        if let Some(slot) = place.get_mut(*old) {
            *slot = new;
        }
    }
    let last = |(_, (depth, group)): (usize, (usize, Group))| Group { last: fuse && depth == end, ..group };
    let groups = sorted.into_iter().map(last).collect();
    let group_of =
        number_of.into_iter().map(|number| place.get(number).copied().unwrap_or(usize::MAX)).collect();
    Schedule { groups, roles, group_of, fuse }
}
