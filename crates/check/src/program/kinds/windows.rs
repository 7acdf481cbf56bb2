//! Convolutions, their transposes, and pooling.

use super::Kind;
use crate::program::call::{Call, Id, Moves};
use crate::program::decode::{Decoder, Gene, MARGIN};

/// This page.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "conv1d", draw: |d, g| conv(d, g, 1, false) },
    Kind { name: "conv2d", draw: |d, g| conv(d, g, 2, false) },
    Kind { name: "conv_transpose1d", draw: |d, g| conv(d, g, 1, true) },
    Kind { name: "conv_transpose2d", draw: |d, g| conv(d, g, 2, true) },
    Kind { name: "max_pool1d", draw: |d, g| pool(d, g, 1, true) },
    Kind { name: "max_pool2d", draw: |d, g| pool(d, g, 2, true) },
    Kind { name: "avg_pool1d", draw: |d, g| pool(d, g, 1, false) },
    Kind { name: "avg_pool2d", draw: |d, g| pool(d, g, 2, false) },
];

/// Options that leave at least one window in each axis, for windows of this size; the size shrinks where it must.
fn moves(g: &Gene, shape: &[usize], size: &mut [usize; 2]) -> Option<Moves> {
    let own =
        |byte: u8, values: [usize; 4]| [values[usize::from(byte % 4)], values[usize::from(byte / 4 % 4)]];
    let mut moves = Moves {
        stride: own(g.p[0], [1, 2, 1, 3]),
        padding: own(g.p[1], [0, 1, 0, 2]),
        dilation: own(g.p[0] / 16, [1, 1, 2, 1]),
        ..Moves::PLAIN
    };
    let axes = shape.len();
    if axes == 1 {
        // The first of the two axes is not there.
        (moves.stride[0], moves.padding[0], moves.dilation[0], size[0]) = (1, 0, 1, 1);
    }
    for (i, &n) in shape.iter().enumerate() {
        let axis = 2 - axes + i;
        let reach = |size: usize| moves.dilation[axis] * (size - 1) + 1;
        while size[axis] > 1 && reach(size[axis]) > n + 2 * moves.padding[axis] {
            size[axis] -= 1;
        }
        if n + 2 * moves.padding[axis] == 0 {
            return None;
        }
    }
    Some(moves)
}

fn conv(d: &mut Decoder<'_>, g: &Gene, axes: usize, transposed: bool) -> Option<Id> {
    let x = d.ranked(g, 2 + axes, 2 + axes)?;
    let shape = d.shape(x).to_vec();
    let (channels, spatial) = (shape[1], &shape[2..]);
    let mut size = [[2, 1, 2, 3][usize::from(g.b % 4)], [2, 1, 3, 2][usize::from(g.b / 4 % 4)]];
    let mut moves = if transposed {
        // Every size fits; only the padding must leave something.
        moves(g, &vec![8; axes], &mut size)?
    } else {
        moves(g, spatial, &mut size)?
    };
    moves.groups = if g.c % 3 == 1 && channels > 1 { channels } else { 1 };
    let outputs = 1 + usize::from(g.c / 4 % 2);
    let kernel = &size[2 - axes..];
    let kernels = if transposed {
        for axis in 2 - axes..2 {
            let full = moves.stride[axis] * spatial[axis + axes - 2].saturating_sub(1)
                + moves.dilation[axis] * (size[axis] - 1)
                + 1;
            if spatial[axis + axes - 2] == 0 {
                return None;
            }
            if full <= 2 * moves.padding[axis] {
                moves.padding[axis] = 0;
            }
            moves.output_padding[axis] = usize::from(g.p[2] / 2 % 4).min(moves.stride[axis] - 1);
        }
        [&[channels, outputs], kernel].concat()
    } else {
        [&[outputs * moves.groups, channels / moves.groups.max(1)], kernel].concat()
    };
    let w = d.shaped(g.p[3], &kernels)?;
    let call = if transposed { Call::ConvTranspose(axes, moves) } else { Call::Conv(axes, moves) };
    d.push(call, &[x, w])
}

fn pool(d: &mut Decoder<'_>, g: &Gene, axes: usize, largest: bool) -> Option<Id> {
    let x = d.ranked(g, axes, 4)?;
    let shape = d.shape(x).to_vec();
    let spatial = &shape[shape.len() - axes..];
    let mut size = [[2, 1, 2, 3][usize::from(g.b % 4)], [2, 3, 2, 1][usize::from(g.b / 4 % 4)]];
    let mut moves = moves(g, spatial, &mut size)?;
    if largest {
        // A window that lies in the padding has no largest element.
        for (i, &n) in spatial.iter().enumerate() {
            let axis = 2 - axes + i;
            let reach = |size: usize| moves.dilation[axis] * (size - 1);
            moves.padding[axis] = moves.padding[axis].min(reach(size[axis]));
            while reach(size[axis]) + 1 > n + 2 * moves.padding[axis] {
                if size[axis] == 1 {
                    return None;
                }
                size[axis] -= 1;
                moves.padding[axis] = moves.padding[axis].min(reach(size[axis]));
            }
        }
    }
    let x = if largest && !d.at_kinks(&[x]) {
        // No two elements are near each other, so no two in a window.
        d.scattered(x, |x| {
            let mut sorted = x.data.clone();
            sorted.sort_by(f64::total_cmp);
            sorted.windows(2).all(|pair| pair[1] - pair[0] >= MARGIN)
        })?
    } else {
        x
    };
    d.push(Call::Pool(largest, axes, size, moves), &[x])
}
