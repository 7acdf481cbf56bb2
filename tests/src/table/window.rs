//! Convolutions and pooling with options of their own for each axis.

use chainrule::graph::{Conv, Pool};
use chainrule_oracle::ops;

use super::{Draw, Input, REAL, Row, rows, smooth};

const APART: Input = smooth(Draw::Apart);

/// A convolution along one axis.
const fn line(stride: usize, padding: usize, dilation: usize, groups: usize) -> ops::Conv<1> {
    ops::Conv { stride: [stride], padding: [padding], dilation: [dilation], groups, output_padding: [0] }
}

/// Pooling along one axis.
const fn windows(size: usize, stride: usize, padding: usize, dilation: usize) -> ops::Pool<1> {
    ops::Pool { size: [size], stride: [stride], padding: [padding], dilation: [dilation] }
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        conv1d "stride, padding, dilation" [REAL, REAL], ["1x2x5 1x2x2", "0x1x4 2x1x2", "1x1x1 1x1x1"],
            |_, x| x[0].conv1d(x[1], Conv::new().stride(2).padding(1).dilation(2)),
            |a| ops::conv1d(&a[0], &a[1], &line(2, 1, 2, 1));
        conv1d "groups" [REAL, REAL], ["2x2x3 4x1x2", "1x4x2 2x2x2"],
            |_, x| x[0].conv1d(x[1], Conv::new().groups(2)),
            |a| ops::conv1d(&a[0], &a[1], &line(1, 0, 1, 2));
        conv1d "more padding than window" [REAL, REAL], ["1x1x2 1x1x2"],
            |_, x| x[0].conv1d(x[1], Conv::new().padding(3)),
            |a| ops::conv1d(&a[0], &a[1], &line(1, 3, 1, 1));
        conv1d "no channels" [REAL, REAL], ["1x0x3 2x0x2", "1x2x3 0x2x2"],
            |_, x| x[0].conv1d(x[1], Conv::new()),
            |a| ops::conv1d(&a[0], &a[1], &line(1, 0, 1, 1));
        conv2d "each axis its own" [REAL, REAL], ["1x1x4x5 1x1x2x2", "0x1x4x3 2x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().stride([2, 1]).padding([0, 1]).dilation([1, 2])),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv { stride: [2, 1], padding: [0, 1], dilation: [1, 2], ..ops::Conv::default() });
        conv2d "groups of two channels" [REAL, REAL], ["1x4x2x2 2x2x2x1", "2x2x1x2 2x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().groups(2).padding([1, 0])),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv { padding: [1, 0], groups: 2, ..ops::Conv::default() });
        conv2d "a stride past the window" [REAL, REAL], ["1x1x5x4 1x1x1x2"],
            |_, x| x[0].conv2d(x[1], Conv::new().stride(3)),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv { stride: [3, 3], ..ops::Conv::default() });
        conv_transpose1d "plain" [REAL, REAL], ["2x1x3 1x2x2", "1x2x1 2x1x1", "0x1x2 1x1x2"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new()),
            |a| ops::conv_transpose1d(&a[0], &a[1], &line(1, 0, 1, 1));
        conv_transpose1d "all options" [REAL, REAL], ["1x2x3 2x2x2", "2x4x2 4x1x2"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new().stride(3).padding(1).dilation(2).groups(2).output_padding(2)),
            |a| ops::conv_transpose1d(&a[0], &a[1], &ops::Conv { output_padding: [2], ..line(3, 1, 2, 2) });
        conv_transpose1d "dilation below the stride" [REAL, REAL], ["1x1x4 1x1x3"],
            |_, x| x[0].conv_transpose1d(x[1], Conv::new().padding(2).dilation(2)),
            |a| ops::conv_transpose1d(&a[0], &a[1], &line(1, 2, 2, 1));
        conv_transpose2d "each axis its own" [REAL, REAL], ["1x1x2x3 1x2x2x2", "0x1x1x2 1x1x2x1", "2x2x1x2 2x1x2x1"],
            |_, x| x[0].conv_transpose2d(x[1], Conv::new().stride([2, 1]).padding([1, 0]).dilation([1, 2]).output_padding([1, 0])),
            |a| {
                let (stride, padding) = ([2, 1], [1, 0]);
                let options = ops::Conv { stride, padding, dilation: [1, 2], output_padding: [1, 0], groups: 1 };
                ops::conv_transpose2d(&a[0], &a[1], &options)
            };
        max_pool1d "all options" [APART], ["2x6", "1x2x5", "0x5", "5"],
            |_, x| x[0].max_pool1d(Pool::new(2).stride(1).padding(1).dilation(2)),
            |a| ops::max_pool1d(&a[0], &windows(2, 1, 1, 2));
        max_pool1d "overlapping" [APART], ["7", "2x3"],
            |_, x| x[0].max_pool1d(Pool::new(3).stride(1)),
            |a| ops::max_pool1d(&a[0], &windows(3, 1, 0, 1));
        max_pool1d "far below 0" [APART], ["5", "2x3"],
            |_, x| (x[0] - T::of(512.0)).max_pool1d(Pool::new(2).stride(1).padding(1)),
            |a| ops::max_pool1d(&a[0].map(|x| x - N::of(512.0)), &windows(2, 1, 1, 1));
        avg_pool1d "all options" [REAL], ["2x6", "1x2x5", "0x5", "5"],
            |_, x| x[0].avg_pool1d(Pool::new(2).stride(3).padding(1).dilation(2)),
            |a| ops::avg_pool1d(&a[0], &windows(2, 3, 1, 2));
        avg_pool1d "more padding than window" [REAL], ["3", "1x1"],
            |_, x| x[0].avg_pool1d(Pool::new(2).stride(1).padding(3)),
            |a| ops::avg_pool1d(&a[0], &windows(2, 1, 3, 1));
        max_pool2d "each axis its own" [APART], ["4x5", "2x1x3x4", "0x3x4", "1x2x2"],
            |_, x| x[0].max_pool2d(Pool::new([2, 1]).stride([1, 2]).padding([1, 0])),
            |a| ops::max_pool2d(&a[0], &ops::Pool { stride: [1, 2], padding: [1, 0], ..ops::Pool::new([2, 1]) });
        max_pool2d "dilation" [APART], ["4x4", "2x3x3"],
            |_, x| x[0].max_pool2d(Pool::new(2).stride(1).dilation([2, 1])),
            |a| ops::max_pool2d(&a[0], &ops::Pool { stride: [1, 1], dilation: [2, 1], ..ops::Pool::new([2, 2]) });
        max_pool2d "a part left over" [APART], ["5x3", "1x1x3x5"],
            |_, x| x[0].max_pool2d(Pool::new(2)),
            |a| ops::max_pool2d(&a[0], &ops::Pool::new([2, 2]));
        avg_pool2d "each axis its own" [REAL], ["4x5", "2x1x3x4", "0x3x4", "1x1x2"],
            |_, x| x[0].avg_pool2d(Pool::new([1, 2]).stride([2, 1]).padding([0, 1])),
            |a| ops::avg_pool2d(&a[0], &ops::Pool { stride: [2, 1], padding: [0, 1], ..ops::Pool::new([1, 2]) });
        avg_pool2d "overlapping" [REAL], ["4x4", "2x2x2"],
            |_, x| x[0].avg_pool2d(Pool::new(2).stride(1)),
            |a| ops::avg_pool2d(&a[0], &ops::Pool { stride: [1, 1], ..ops::Pool::new([2, 2]) });
    }
}
