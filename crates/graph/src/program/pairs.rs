//! Single numbers that are two functions of one, such as its sine and its cosine: the second is computed right behind the
//! first, so that scalar code can compute both together ([`Pair`]).

use std::collections::HashMap;

use chainrule_kernels::Pair;

use super::simplify::{Item, Items, Kind};
use super::source::ItemId;
use crate::Scalar;
use crate::op::Op;
use crate::scalar::Unary;

/// Longer items are computed by kernels, which have an order of their own.
const LONGEST: usize = 64;

/// The pair that two items are, and whether they are the other way round.
pub(super) fn pair<T: Scalar>(one: &Item<T>, other: &Item<T>) -> Option<(Pair, bool)> {
    let (f, g) = (function(one)?, function(other)?);
    let same = one.len == other.len && one.operands == other.operands;
    Pair::of(f, g).filter(|_| same)
}

fn function<T: Scalar>(item: &Item<T>) -> Option<Unary<T>> {
    match &item.kind {
        Kind::Compute(Op::Map(f)) => Some(*f),
        Kind::Input(_) | Kind::State(_) | Kind::Constant(_) | Kind::Compute(_) | Kind::Copy => None,
    }
}

/// Moves the second item of each pair behind the first.
pub(super) fn bring_together<T: Scalar>(program: &mut Items<T>) {
    let seconds = seconds(program);
    if seconds.is_empty() {
        return;
    }
    let mut order: Vec<ItemId> = Vec::with_capacity(program.items.len());
    let mut moved = vec![false; program.items.len()];
    for id in 0..program.items.len() {
        if moved.get(id) == Some(&true) {
            continue;
        }
        order.push(id);
        if let Some(&second) = seconds.get(&id) {
            order.push(second);
            if let Some(moved) = moved.get_mut(second) {
                *moved = true;
            }
        }
    }
    let mut numbers = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        if let Some(number) = numbers.get_mut(old) {
            *number = new;
        }
    }
    let number = |old: &mut ItemId| *old = numbers.get(*old).copied().unwrap_or(*old);
    let mut items: Vec<Option<Item<T>>> = std::mem::take(&mut program.items).into_iter().map(Some).collect();
    program.items = order.iter().filter_map(|&old| items.get_mut(old)?.take()).collect();
    let operands = program.items.iter_mut().flat_map(|item| &mut item.operands);
    operands.for_each(|source| number(&mut source.root));
    program.outputs.iter_mut().for_each(number);
    program.updates.iter_mut().for_each(|update| number(&mut update.value));
}

/// The second item of each pair, by the first.
fn seconds<T: Scalar>(program: &Items<T>) -> HashMap<ItemId, ItemId> {
    let mut seconds = HashMap::new();
    let mut waiting: HashMap<(ItemId, usize), Vec<ItemId>> = HashMap::new();
    for (id, item) in program.items.iter().enumerate().filter(|(_, item)| item.len <= LONGEST) {
        let (Some(f), Some(source)) = (function(item), item.operands.first()) else { continue };
        if !Pair::ALL.iter().any(|pair| pair.functions().contains(&f)) {
            continue;
        }
        let waiting = waiting.entry((source.root, source.offset)).or_default();
        let fits =
            |other: &ItemId| program.items.get(*other).is_some_and(|other| pair(other, item).is_some());
        match waiting.iter().position(fits) {
            Some(position) => {
                seconds.insert(waiting.swap_remove(position), id);
            }
            None => waiting.push(id),
        }
    }
    seconds
}
