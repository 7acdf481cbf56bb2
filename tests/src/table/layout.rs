//! What moves elements, with all ways to name the same thing; indices as nodes.

use chainrule_oracle::ops::{self, Part};
use chainrule_oracle::{Array, Number};
use ndarray::{NewAxis, s};

use super::{Draw, Input, REAL, Row, cut, rows, smooth};

const CUBES: [&str; 4] = ["2x3x2", "1x1x1", "2x0x3", "0x3x1"];
/// A place on an axis of size 3.
const PLACE: Input = cut(Draw::Below(3));

/// A range with a step.
const fn range(start: isize, end: Option<isize>, step: isize) -> Part {
    Part::Range { start, end, step }
}

/// Indices.
fn whole<N: Number>(numbers: &[f64]) -> Array<N> {
    Array::of(&Array::vector(numbers.to_vec()))
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        reshape "to a number and from one" [REAL], ["1x1", "1", "."],
            |_, x| x[0].reshape([0_usize; 0]).reshape([1, 1]),
            |a| ops::reshape(&a[0], &[1, 1]);
        reshape "inferred" [REAL], ["2x3x2", "1x6"],
            |_, x| x[0].reshape([-1, 3]),
            |a| ops::reshape(&a[0], &[a[0].data.len() / 3, 3]);
        permute "all orders" [REAL], CUBES, |_, x| x[0].permute([2, 0, 1]).permute([1, 0, -1]), |a| ops::permute(&a[0], &[0, 2, 1]);
        t "of three axes" [REAL], CUBES, |_, x| x[0].t(), |a| ops::t(&a[0]);
        t "of fewer than two" [REAL], ["3", ".", "0"], |_, x| x[0].t(), |a| ops::t(&a[0]);
        mt "of fewer than three" [REAL], ["2x3", "0x1"], |_, x| x[0].mt(), |a| ops::mt(&a[0]);
        mt "of a vector" [REAL], ["3", "."], |_, x| x[0].mt(), |a| ops::mt(&a[0]);
        broadcast_to "to nothing" [REAL], ["1", ".", "2x1"],
            |_, x| x[0].broadcast_to([2, 0]),
            |a| ops::broadcast_to(&a[0], &[2, 0]);
        broadcast_to "between" [REAL], ["2x1x3", "1x1x1", "1x3"],
            |_, x| x[0].broadcast_to([2, 2, 3]),
            |a| ops::broadcast_to(&a[0], &[2, 2, 3]);
        squeeze "all, one" [REAL], ["1x1", "1x1x1"],
            |_, x| x[0].squeeze([1]).squeeze(-1),
            |a| ops::squeeze(&ops::squeeze(&a[0], &[1]), &[a[0].rank() - 2]);
        unsqueeze "of a number" [REAL], ["."], |_, x| x[0].unsqueeze([0, 1]), |a| ops::unsqueeze(&a[0], &[0, 1]);
        unsqueeze "first" [REAL], CUBES, |_, x| x[0].unsqueeze(0), |a| ops::unsqueeze(&a[0], &[0]);
        tile "fewer axes than there are" [REAL], ["2x3", "1x1", "0x2"], |_, x| x[0].tile([2]), |a| ops::tile(&a[0], &[2]);
        tile "of a number, and no times" [REAL], ["."], |_, x| x[0].tile([3, 2]), |a| ops::tile(&a[0], &[3, 2]);
        tile "no times" [REAL], ["2x3"], |_, x| x[0].tile([2, 0]), |a| ops::tile(&a[0], &[2, 0]);
        slice "backwards with steps" [REAL], ["5x4"],
            |_, x| x[0].slice(s![..;-2, 1..;-1]),
            |a| ops::slice(&a[0], &[range(0, None, -2), range(1, None, -1)]);
        slice "backwards, not from the end" [REAL], ["6"],
            |_, x| x[0].slice(s![1..5;-3]),
            |a| ops::slice(&a[0], &[range(1, Some(5), -3)]);
        slice "places and new axes" [REAL], ["3x2x2"],
            |_, x| x[0].slice(s![-2, NewAxis, .., 1]),
            |a| ops::slice(&a[0], &[Part::Place(-2), Part::New, Part::ALL, Part::Place(1)]);
        slice "first axes only" [REAL], ["3x2x2", "3x0x2", "3x1x1"],
            |_, x| x[0].slice(s![1..3]),
            |a| ops::slice(&a[0], &[Part::range(1, 3)]);
        slice "a step beyond the end" [REAL], ["4", "1"],
            |_, x| x[0].slice(s![..;9]),
            |a| ops::slice(&a[0], &[range(0, None, 9)]);
        slice "overlapping parts" [REAL], ["4x2"],
            |_, x| x[0].slice(s![..3, ..]) * x[0].slice(s![1.., ..]),
            |a| ops::mul(&ops::slice(&a[0], &[Part::range(0, 3)]), &ops::slice(&a[0], &[range(1, None, 1)]));
        flip "all axes" [REAL], CUBES, |_, x| x[0].flip([0, 1, -1]), |a| ops::flip(&a[0], &[0, 1, 2]);
        flip "no axes" [REAL], CUBES, |_, x| x[0].flip([0_usize; 0]), |a| ops::flip(&a[0], &[]);
        split "an empty part" [REAL], ["3x2", "3x0"], |g, x| {
            let [a, b, c] = x[0].split([1, 0, 2], 0);
            g.concat([c, b, a], 0)
        }, |a| {
            let parts = ops::split(&a[0], &[1, 0, 2], 0);
            ops::concat(&[&parts[2], &parts[1], &parts[0]], 0)
        };
        split "one part of it used" [REAL], ["2x3", "0x3"],
            |_, x| x[0].split([1, 2], -1)[1],
            |a| ops::split(&a[0], &[1, 2], 1)[1].clone();
        chunks "one" [REAL], ["2x3", "0x2"], |_, x| x[0].chunks(1, 0)[0], |a| ops::chunks(&a[0], 1, 0)[0].clone();
        chunks "as many as there are" [REAL], ["3x2", "3x0"],
            |_, x| x[0].chunks(3, 0)[1],
            |a| ops::chunks(&a[0], 3, 0)[1].clone();
        pad "zeros" [REAL], ["2x3", "1x1", "0x2"],
            |_, x| x[0].pad([[1, 2], [0, 1]], T::zero()),
            |a| ops::pad(&a[0], &[[1, 2], [0, 1]], 0.0);
        pad "the first axis" [REAL], ["2x3", "1x1", "0x2", "2x0"],
            |_, x| x[0].pad([[2, 0]], T::of(-1.5)),
            |a| ops::pad(&a[0], &[[2, 0]], -1.5);
        pad "with infinity" [REAL], ["2x2"],
            |_, x| x[0].pad([[0, 1]], T::infinity()),
            |a| ops::pad(&a[0], &[[0, 1]], f64::INFINITY);
        concat "first axis" [REAL, REAL, REAL], ["2x2 1x2 0x2", "1 1 2", "0 0 0"],
            |g, x| g.concat([x[0], x[1], x[2]], 0),
            |a| ops::concat(&[&a[0], &a[1], &a[2]], 0);
        concat "one node" [REAL], ["2x2", "0"], |g, x| g.concat([x[0]], -1), |a| ops::concat(&[&a[0]], a[0].rank() - 1);
        stack "last axis" [REAL, REAL], ["2x3 2x3", "0x2 0x2", ". .", "1 1"],
            |g, x| g.stack([x[0], x[1], x[0]], -1),
            |a| ops::stack(&[&a[0], &a[1], &a[0]], a[0].rank());
        stack "in the middle" [REAL, REAL], ["2x3 2x3", "1x0 1x0"], |g, x| g.stack([x[0], x[1]], 1), |a| ops::stack(&[&a[0], &a[1]], 1);
        take "indices of a node" [REAL, PLACE], ["3x2 2x2", "3x1 4", "3x2 .", "3x0 2", "3x2 0"],
            |_, x| x[0].take(x[1], 0),
            |a| ops::take(&a[0], &a[1], 0);
        take "one place" [REAL], ["2x3", "1x3", "0x3"],
            |_, x| x[0].take(-1, 1),
            |a| ops::take(&a[0], &Array::scalar(N::of(-1.0)), 1);
        take_along "indices of a node" [REAL, PLACE], ["3x2 4x2", "3x1 1x1", "3x0 2x0", "3x2 0x2"],
            |_, x| x[0].take_along(x[1], 0),
            |a| ops::take_along(&a[0], &a[1], 0);
        take_along "last axis" [REAL, PLACE], ["2x3 2x2", "3 5", "0x3 0x1"],
            |_, x| x[0].take_along(x[1], -1),
            |a| ops::take_along(&a[0], &a[1], a[0].rank() - 1);
        scatter_add "indices of a node" [REAL, PLACE, REAL], ["3x2 4 4x2", "3x2 2x2 2x2x2", "3x1 . 1", "3x0 2 2x0", "3x2 0 0x2"],
            |_, x| x[0].scatter_add(x[1], x[2], 0),
            |a| ops::scatter_add(&a[0], &a[1], &a[2], 0);
        scatter_add "last axis" [REAL, REAL], ["2x3 2x4", "1x3 1x4", "0x3 0x4"],
            |_, x| x[0].scatter_add([2, 0, -1, 2], x[1], -1),
            |a| ops::scatter_add(&a[0], &whole(&[2.0, 0.0, -1.0, 2.0]), &a[1], 1);
        one_hot "of a node" [PLACE], ["2x3", ".", "1", "0x2"], |g, x| g.one_hot(x[0], 4), |a| ops::one_hot(&a[0], 4);
        one_hot "as a mask" [REAL], ["3x2", "1x2"],
            |g, x| x[0] * g.one_hot([1], 2),
            |a| ops::mul(&a[0], &ops::one_hot(&whole(&[1.0]), 2));
        custom "two operands, one of them cut" [smooth(Draw::Away(&[0.0])), cut(Draw::Away(&[-2.0, -1.0, 0.0, 1.0, 2.0]))], ["2x3 2x3", "0 0", "1x1 1x1", ". ."],
            |g, x| g.custom(super::custom::TimesFloor, [x[0], x[1]]),
            |a| a[0].zip(&a[1], |x, y| x.square() * y.floor());
        custom "a map of a pair" [REAL], ["4", "1", "0"],
            |g, x| g.custom(super::custom::Reversed, [x[0].square()]),
            |a| ops::flip(&ops::square(&a[0]), &[0]);
    }
}
