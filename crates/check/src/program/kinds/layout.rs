//! What moves elements, picks them, and puts them together.

use chainrule_oracle::count;

use super::{Kind, axes, axis, number, places};
use crate::program::call::{Call, Id, Part};
use crate::program::decode::{Decoder, Gene};

/// This page.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "reshape", draw: reshape },
    Kind { name: "permute", draw: permute },
    Kind { name: "t", draw: |d, g| plain(d, g, Call::T) },
    Kind { name: "mt", draw: |d, g| plain(d, g, Call::Mt) },
    Kind { name: "detach", draw: |d, g| plain(d, g, Call::Detach) },
    Kind {
        name: "squeeze",
        draw: |d, g| {
            let x = d.any(g)?;
            let single = |axis: &usize| d.shape(x)[*axis] == 1 && (g.b ^ 1) >> axis & 1 == 1;
            let axes: Vec<usize> = (0..d.rank(x)).filter(single).collect();
            d.push(Call::Squeeze(axes), &[x])
        },
    },
    Kind {
        name: "unsqueeze",
        draw: |d, g| {
            let x = d.ranked(g, 0, 3)?;
            let place = usize::from(g.b) % (d.rank(x) + 1);
            d.push(Call::Unsqueeze(vec![place]), &[x])
        },
    },
    Kind {
        name: "tile",
        draw: |d, g| {
            let x = d.any(g)?;
            // Fewer numbers than axes, as many, or one more.
            let rank = (d.rank(x) + usize::from(g.c % 2)).min(4);
            let times =
                (0..rank).map(|i| [2, 1, 1, 2, 1, 3, 1, 0][usize::from(g.b.rotate_left(3 * i as u32) % 8)]);
            let times: Vec<usize> = times.skip(usize::from(g.c / 2 % 2)).collect();
            d.push(Call::Tile(times), &[x])
        },
    },
    Kind { name: "broadcast_to", draw: broadcast_to },
    Kind { name: "slice", draw: slice },
    Kind {
        name: "flip",
        draw: |d, g| {
            let x = d.any(g)?;
            let axes = axes(g.b, d.rank(x));
            d.push(Call::Flip(axes), &[x])
        },
    },
    Kind { name: "split", draw: split },
    Kind { name: "chunks", draw: chunks },
    Kind {
        name: "pad",
        draw: |d, g| {
            let x = d.any(g)?;
            let given = d.rank(x).saturating_sub(usize::from(g.c % 2));
            let width = |i: u32| [1, 0, 2, 0][usize::from(g.b.rotate_right(2 * i) % 4)];
            let widths = (0..given as u32).map(|i| [width(2 * i), width(2 * i + 1)]).collect();
            d.push(Call::Pad(widths, number(g.p[0])), &[x])
        },
    },
    Kind { name: "concat", draw: concat },
    Kind { name: "stack", draw: stack },
    Kind { name: "take", draw: take },
    Kind { name: "take_along", draw: take_along },
    Kind { name: "scatter_add", draw: scatter_add },
    Kind {
        name: "one_hot",
        draw: |d, g| {
            let indices = indices(d, g, &[2], 3)?;
            d.push(Call::OneHot(3), &[indices])
        },
    },
];

fn plain(d: &mut Decoder<'_>, g: &Gene, call: Call) -> Option<Id> {
    let x = d.any(g)?;
    d.push(call, &[x])
}

fn reshape(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let shape = d.shape(x).to_vec();
    let n = count(&shape);
    let to = match g.b % 4 {
        0 => shape.iter().rev().copied().collect(),
        1 => vec![n],
        2 => shape.iter().copied().chain([1]).take(4).collect(),
        _ if n.is_multiple_of(2) => vec![2, n / 2],
        _ => vec![1, n],
    };
    let to: Vec<usize> = if count(&to) == n { to } else { vec![n] };
    d.push(Call::Reshape(to), &[x])
}

fn permute(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let mut axes: Vec<usize> = (0..d.rank(x)).collect();
    if !axes.is_empty() {
        let turn = usize::from(g.b ^ 1) % axes.len();
        axes.rotate_left(turn);
        let other = usize::from(g.c) % axes.len();
        axes.swap(0, other);
    }
    d.push(Call::Permute(axes), &[x])
}

fn broadcast_to(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let shape = d.shape(x).to_vec();
    let grown =
        |(axis, &n): (usize, &usize)| if n == 1 { [2, 1, 3, 0][(axis + usize::from(g.b)) % 4] } else { n };
    let mut to: Vec<usize> = shape.iter().enumerate().map(grown).collect();
    if to.len() < 4 && g.c.is_multiple_of(2) {
        to.insert(0, [2, 3, 1, 0][usize::from(g.c / 2 % 4)]);
    }
    d.push(Call::BroadcastTo(to), &[x])
}

fn slice(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let shape = d.shape(x).to_vec();
    let bytes = [g.b, g.c, g.p[0], g.p[1]];
    let mut parts = Vec::new();
    for (&n, &byte) in shape.iter().zip(&bytes) {
        let n = n as isize;
        let start = isize::from(byte / 8 % 4).min(n);
        parts.push(match byte % 8 {
            0 if n > 1 => Part::Range(1, None, 1),
            1 if n > 0 => Part::Place(start.min(n - 1)),
            2 if n > 0 => Part::Place(-1),
            3 => Part::Range(0, None, -1),
            4 => Part::Range(0, None, 2),
            5 => Part::Range(start, Some(n), 1),
            6 if n > 1 => Part::Range(-2, None, -2),
            7 if n > 0 => Part::Range(0, Some(n - 1), 1),
            _ => Part::Range(0, None, 1),
        });
    }
    if g.p[2] % 4 == 1 && parts.len() < 4 {
        parts.insert(usize::from(g.p[3]) % (parts.len() + 1), Part::New);
    }
    d.push(Call::Slice(parts), &[x])
}

fn split(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let axis = axis(g.b, d.rank(x))?;
    let n = d.shape(x).get(axis).copied()?;
    let first = [1, n, 0][usize::from(g.c % 3)].min(n);
    let sizes = match g.p[0] % 3 {
        0 => vec![first, n - first],
        1 => vec![first, (n - first).min(1), n - first - (n - first).min(1)],
        _ => vec![n],
    };
    let which = usize::from(g.p[1]) % sizes.len();
    d.push(Call::Split(sizes, axis, which), &[x])
}

fn chunks(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let axis = axis(g.b, d.rank(x))?;
    let n = d.shape(x).get(axis).copied()?;
    let counts: Vec<usize> = (1..=n.max(1)).rev().filter(|k| n.is_multiple_of(*k)).collect();
    let parts = counts.get(usize::from(g.c) % counts.len().max(1)).copied()?;
    d.push(Call::Chunks(parts, axis, usize::from(g.p[0]) % parts), &[x])
}

fn concat(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let axis = axis(g.b, d.rank(x))?;
    let shape = d.shape(x).to_vec();
    let without = |s: &[usize]| {
        let mut s = s.to_vec();
        (s.len() == shape.len()).then(|| s.remove(axis)).map(|_| s)
    };
    let rest = without(&shape);
    let mut parts = vec![x];
    for (number, extra) in [(g.c, 1), (g.p[0], 2)].into_iter().take(1 + usize::from(g.p[1] % 2)) {
        parts.push(match d.pick(number, |s| without(s) == rest) {
            Some(part) if number < 160 => part,
            _ => {
                let mut shape = shape.clone();
                shape[axis] = extra;
                d.fresh(&shape, number)?
            }
        });
    }
    if g.p[2] % 8 == 7 {
        parts.truncate(1);
    }
    if g.p[2] % 2 == 1 {
        parts.reverse();
    }
    d.push(Call::Concat(axis), &parts)
}

fn stack(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 0, 3)?;
    let shape = d.shape(x).to_vec();
    let place = usize::from(g.b) % (shape.len() + 1);
    let mut parts = vec![x, d.shaped(g.c, &shape)?];
    if g.p[0] % 3 == 2 {
        parts.push(x);
    }
    if g.p[1] % 2 == 1 {
        parts.reverse();
    }
    d.push(Call::Stack(place), &parts)
}

/// Whole numbers below `size` as a line: the result of `argmax` where there is one that fits, else a constant.
fn indices(d: &mut Decoder<'_>, g: &Gene, shape: &[usize], size: usize) -> Option<Id> {
    let found = d.pick_line(g.p[1], |id, s| {
        let whole = matches!(d.lines.get(id).map(|line| &line.call), Some(Call::ArgExtremum(..)));
        whole && s == shape && d.elements(id).iter().all(|&x| x < size as f64)
    });
    match found {
        Some(id) => Some(id),
        None => {
            let places = places(shape, size, g.p[2])?;
            d.push(Call::Constant(places.mapv(|place| place as f64)), &[])
        }
    }
}

/// The shape of a list of indices.
fn list(byte: u8) -> Vec<usize> {
    match byte % 6 {
        0 => vec![3],
        1 => vec![2],
        2 => vec![],
        3 => vec![2, 2],
        4 => vec![0],
        _ => vec![1],
    }
}

fn take(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 3)?;
    let axis = axis(g.b, d.rank(x))?;
    let size = d.shape(x).get(axis).copied()?;
    let shape = list(g.c);
    if g.p[0].is_multiple_of(2) {
        let indices = places(&shape, size, g.p[2])?;
        return d.push(Call::Take(indices, axis), &[x]);
    }
    let indices = indices(d, g, &shape, size)?;
    d.push(Call::TakeNode(axis), &[x, indices])
}

fn take_along(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 4)?;
    let axis = axis(g.b, d.rank(x))?;
    let mut shape = d.shape(x).to_vec();
    let size = shape.get(axis).copied()?;
    shape[axis] = [size, 1, 2, 3][usize::from(g.c % 4)];
    if g.p[0].is_multiple_of(2) {
        let indices = places(&shape, size, g.p[2])?;
        return d.push(Call::TakeAlong(indices, axis), &[x]);
    }
    let indices = indices(d, g, &shape, size)?;
    d.push(Call::TakeAlongNode(axis), &[x, indices])
}

fn scatter_add(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.ranked(g, 1, 3)?;
    let axis = axis(g.b, d.rank(x))?;
    let size = d.shape(x).get(axis).copied()?;
    let list = list(g.c);
    let shape = d.shape(x);
    let updates = [&shape[..axis], &list, &shape[axis + 1..]].concat();
    let places = places(&list, size, g.p[2])?;
    let updates = d.shaped(g.p[3], &updates)?;
    if g.p[0].is_multiple_of(2) {
        return d.push(Call::ScatterAdd(places, axis), &[x, updates]);
    }
    let indices = indices(d, g, &list, size)?;
    d.push(Call::ScatterAddNode(axis), &[x, indices, updates])
}
