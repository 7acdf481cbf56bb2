//! Every operation, and how a gene is read as a call of it: which lines fit as operands, which options it takes, where it
//! has a derivative.
//!
//! A page of rows for each family. An operation of the engine that has no row here fails the test that reads
//! `docs/operations.md`.

mod elementwise;
mod layout;
mod networks;
mod products;
mod reductions;
mod windows;

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};

use super::call::{Call, Id};
use super::decode::{Decoder, Gene, MARGIN};
use super::guest::Guest;

/// An operation, by the name of its method.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// Records a call of it; `None` where the gene comes to nothing.
    pub(super) draw: fn(&mut Decoder<'_>, &Gene) -> Option<Id>,
}

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    let pages = [
        elementwise::FUNCTIONS,
        elementwise::OTHERS,
        reductions::KINDS,
        products::KINDS,
        layout::KINDS,
        windows::KINDS,
    ];
    pages.into_iter().flatten()
}

/// Layers of networks, each of several lines.
pub(super) fn layers() -> impl Iterator<Item = &'static Kind> {
    networks::KINDS.iter()
}

/// A number that both precisions hold.
fn number(byte: u8) -> f64 {
    const NUMBERS: [f64; 16] =
        [2.0, 1.5, 0.5, -0.5, 3.0, -1.5, 0.25, -2.0, -1.0, 0.75, 1.0, 0.0, -0.75, 1.25, -0.25, 4.0];
    NUMBERS[usize::from(byte % 16)]
}

/// Some axes, in falling order; of the smallest byte the first one.
fn axes(byte: u8, rank: usize) -> Vec<usize> {
    (0..rank).rev().filter(|axis| (byte ^ 1) >> axis & 1 == 1).collect()
}

/// An axis.
fn axis(byte: u8, rank: usize) -> Option<usize> {
    (rank > 0).then(|| usize::from(byte) % rank)
}

/// Numbers below `size`, in an order without pattern; some of them twice.
fn places(shape: &[usize], size: usize, seed: u8) -> Option<ArrayD<usize>> {
    if size == 0 && !shape.contains(&0) {
        return None;
    }
    let mut state = usize::from(seed);
    Some(ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        state = state.wrapping_mul(75).wrapping_add(74) % 65537;
        (state / 3) % size.max(1)
    }))
}

/// An operation of the user's own, on operands of the shapes that it takes.
pub(super) fn guest(d: &mut Decoder<'_>, g: &Gene, guest: &Arc<Guest>) -> Option<Id> {
    let numbers = [g.a, g.b, g.c, g.p[0]];
    let (low, high, kinks) = guest.range();
    let points: Vec<(f64, f64)> = kinks.iter().map(|&kink| (kink, MARGIN)).collect();
    let own = guest.own_shapes();
    let mut operands = Vec::new();
    if own.is_empty() {
        let first = d.any(g)?;
        let shape = d.shape(first).to_vec();
        operands.push(first);
        for i in 1..guest.count() {
            let shapes: Vec<&[usize]> = operands.iter().map(|&id| d.shape(id)).collect();
            let together = |s: &[usize]| guest.takes(&[&shapes[..], &[s]].concat());
            let fits = d.pick(numbers[i % 4], |s| i + 1 < guest.count() || together(s));
            operands.push(match fits {
                Some(id) => id,
                None => d.fresh(&shape, numbers[i % 4])?,
            });
        }
    } else {
        for (i, shape) in own.iter().enumerate() {
            operands.push(d.shaped(numbers[i % 4], shape)?);
        }
    }
    for id in &mut operands {
        *id = d.within(*id, low, high, &points)?;
    }
    let shapes: Vec<&[usize]> = operands.iter().map(|&id| d.shape(id)).collect();
    if !guest.takes(&shapes) {
        // All operands of the shape of the first one.
        let shape = d.shape(*operands.first()?).to_vec();
        for (id, number) in operands.iter_mut().zip(numbers).skip(1) {
            if d.shape(*id) != shape {
                let other = d.shaped(number, &shape)?;
                *id = d.within(other, low, high, &points)?;
            }
        }
    }
    d.push(Call::Guest(guest.clone()), &operands)
}
