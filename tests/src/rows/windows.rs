//! Convolutions and pooling.

use chainrule::graph::{Conv, Pool};
use chainrule_oracle::ops;

use super::{Row, rows};

pub(super) fn rows() -> Vec<Row> {
    rows! {
        conv2d, reals, [&[&[1, 2, 3, 3], &[2, 2, 2, 2]], &[&[1, 1, 1, 1], &[1, 1, 1, 1]], &[&[0, 1, 2, 2], &[1, 1, 2, 1]]],
            |g, x| x[0].conv2d(x[1], Conv::new()),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv::default());
        conv2d, reals, [&[&[2, 1, 4, 3], &[2, 1, 2, 2]]],
            |g, x| x[0].conv2d(x[1], Conv::new().stride([2, 2]).padding(1)),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv { stride: [2; 2], padding: [1; 2], ..ops::Conv::default() });
        conv2d, reals, [&[&[1, 2, 4, 3], &[4, 1, 2, 2]]],
            |g, x| x[0].conv2d(x[1], Conv::new().dilation(2).groups(2)),
            |a| ops::conv2d(&a[0], &a[1], &ops::Conv { dilation: [2; 2], groups: 2, ..ops::Conv::default() });
        conv1d, reals, [&[&[2, 2, 4], &[3, 2, 2]], &[&[1, 1, 3], &[1, 1, 3]]],
            |g, x| x[0].conv1d(x[1], Conv::new()),
            |a| ops::conv1d(&a[0], &a[1], &ops::Conv::default());
        conv_transpose2d, reals, [&[&[1, 2, 2, 2], &[2, 2, 2, 2]], &[&[1, 1, 1, 2], &[1, 1, 2, 1]]],
            |g, x| x[0].conv_transpose2d(x[1], Conv::new()),
            |a| ops::conv_transpose2d(&a[0], &a[1], &ops::Conv::default());
        conv_transpose2d, reals, [&[&[1, 2, 2, 3], &[2, 1, 2, 2]]],
            |g, x| x[0].conv_transpose2d(x[1], Conv::new().stride(2).padding(1).groups(2).output_padding(1)),
            |a| {
                let options =
                    ops::Conv { stride: [2; 2], padding: [1; 2], groups: 2, output_padding: [1; 2], ..ops::Conv::default() };
                ops::conv_transpose2d(&a[0], &a[1], &options)
            };
        conv_transpose1d, reals, [&[&[1, 2, 3], &[2, 2, 2]]],
            |g, x| x[0].conv_transpose1d(x[1], Conv::new().stride(2).dilation(2)),
            |a| ops::conv_transpose1d(&a[0], &a[1], &ops::Conv { stride: [2], dilation: [2], ..ops::Conv::default() });
        max_pool2d, reals, [&[&[1, 2, 4, 3]]],
            |g, x| x[0].max_pool2d(Pool::new(2).stride(1).padding(1)),
            |a| ops::max_pool2d(&a[0], &ops::Pool { stride: [1; 2], padding: [1; 2], ..ops::Pool::new([2; 2]) });
        max_pool2d, reals, [&[&[1, 1, 4, 4]], &[&[0, 1, 2, 2]]],
            |g, x| x[0].max_pool2d(Pool::new([2, 2])),
            |a| ops::max_pool2d(&a[0], &ops::Pool::new([2; 2]));
        avg_pool2d, reals, [&[&[1, 2, 4, 3]]],
            |g, x| x[0].avg_pool2d(Pool::new(2).stride(2).padding(1)),
            |a| ops::avg_pool2d(&a[0], &ops::Pool { padding: [1; 2], ..ops::Pool::new([2; 2]) });
        avg_pool2d, reals, [&[&[1, 1, 5, 3]]],
            |g, x| x[0].avg_pool2d(Pool::new(2).stride(1).dilation(2)),
            |a| ops::avg_pool2d(&a[0], &ops::Pool { stride: [1; 2], dilation: [2; 2], ..ops::Pool::new([2; 2]) });
        max_pool1d, reals, [&[&[2, 5]]], |g, x| x[0].max_pool1d(Pool::new(3).stride(2)), |a| {
            ops::max_pool1d(&a[0], &ops::Pool { stride: [2], ..ops::Pool::new([3]) })
        };
        avg_pool1d, reals, [&[&[2, 6]]], |g, x| x[0].avg_pool1d(Pool::new(3)), |a| {
            ops::avg_pool1d(&a[0], &ops::Pool::new([3]))
        };
    }
}
