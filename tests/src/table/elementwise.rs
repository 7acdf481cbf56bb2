//! Functions of each element: signs, special exponents, numbers and arrays as the other operand.

use chainrule::graph::Var;
use chainrule_check::program::Operator;
use chainrule_oracle::{Array, Number, ops};

use super::{Draw, Input, REAL, Row, rows, smooth};

const ONE: [&str; 3] = ["2x3", ".", "2x0x1"];
const TWO: [&str; 8] = ["2x3 2x3", "3 2x3", "2x1 1x3", ". 3", "3 .", "2x0 1", "1x0 2x1", "1x1 ."];
/// Not 0.
const OFF_ZERO: Input = smooth(Draw::Away(&[0.0]));
const POSITIVE: Input = smooth(Draw::Between(0.25, 2.5));

fn table<T: chainrule_check::program::Number>() -> ndarray::Array1<T> {
    ndarray::arr1(&[T::of(1.5), T::of(-0.5), T::of(2.0)])
}

/// The same on the oracle.
fn known<N: Number>() -> Array<N> {
    Array::of(&Array::vector(vec![1.5, -0.5, 2.0]))
}

fn left<'g, T: chainrule_check::program::Number>(c: f64, operator: Operator, x: Var<'g, T>) -> Var<'g, T> {
    T::of(c).left(operator, x)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        recip "both signs" [OFF_ZERO], ONE, |_, x| x[0].recip(), |a| ops::recip(&a[0]);
        log1p "below 0" [smooth(Draw::Between(-0.875, 2.0))], ONE, |_, x| x[0].log1p(), |a| ops::log1p(&a[0]);
        expm1 "near 0" [smooth(Draw::Between(-0.25, 0.25))], ONE, |_, x| x[0].expm1(), |a| ops::expm1(&a[0]);
        tan "both signs" [smooth(Draw::Between(-1.25, 1.25))], ONE, |_, x| x[0].tan(), |a| ops::tan(&a[0]);
        erfc "right of 1" [smooth(Draw::Between(1.0, 2.5))], ONE, |_, x| x[0].erfc(), |a| ops::erfc(&a[0]);
        powi "0" [REAL], ONE, |_, x| x[0].powi(0), |a| ops::powi(&a[0], 0);
        powi "1" [REAL], ONE, |_, x| x[0].powi(1), |a| ops::powi(&a[0], 1);
        powi "2, with zeros" [smooth(Draw::Zeros)], ONE, |_, x| x[0].powi(2), |a| ops::powi(&a[0], 2);
        powi "3, with zeros" [smooth(Draw::Zeros)], ONE, |_, x| x[0].powi(3), |a| ops::powi(&a[0], 3);
        powi "-1" [OFF_ZERO], ONE, |_, x| x[0].powi(-1), |a| ops::powi(&a[0], -1);
        powi "-3, both signs" [smooth(Draw::Away(&[0.0, 0.1, -0.1, 0.2, -0.2]))], ONE, |_, x| x[0].powi(-3), |a| ops::powi(&a[0], -3);
        powf "0" [POSITIVE], ONE, |_, x| x[0].powf(T::zero()), |a| ops::powf(&a[0], 0.0);
        powf "2, both signs" [OFF_ZERO], ONE, |_, x| x[0].powf(T::of(2.0)), |a| ops::powf(&a[0], 2.0);
        powf "-½" [POSITIVE], ONE, |_, x| x[0].powf(T::of(-0.5)), |a| ops::powf(&a[0], -0.5);
        clamp "open above" [smooth(Draw::Away(&[-0.5]))], ONE, |_, x| x[0].clamp(T::of(-0.5), None), |a| {
            ops::clamp(&a[0], -0.5, f64::INFINITY)
        };
        clamp "both open" [REAL], ONE, |_, x| x[0].clamp(None, None), |a| a[0].clone();
        add "number + node" [REAL], ONE, |_, x| left(1.5, Operator::Add, x[0]), |a| a[0].map(|x| N::of(1.5) + x);
        sub "number - node" [REAL], ONE, |_, x| left(1.5, Operator::Sub, x[0]), |a| a[0].map(|x| N::of(1.5) - x);
        mul "number * node" [REAL], ONE, |_, x| left(1.5, Operator::Mul, x[0]), |a| a[0].map(|x| N::of(1.5) * x);
        div "number / node" [OFF_ZERO], ONE, |_, x| left(1.5, Operator::Div, x[0]), |a| a[0].map(|x| N::of(1.5) / x);
        add "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] + table::<T>(), |a| ops::add(&a[0], &known());
        sub "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] - &table::<T>(), |a| ops::sub(&a[0], &known());
        mul "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] * table::<T>(), |a| ops::mul(&a[0], &known());
        div "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] / table::<T>(), |a| ops::div(&a[0], &known());
        add "one node twice" [REAL], ONE, |_, x| x[0] + x[0], |a| ops::add(&a[0], &a[0]);
        sub "broadcast" [REAL, REAL], TWO, |_, x| x[0] - x[1], |a| ops::sub(&a[0], &a[1]);
        mul "one node twice" [REAL], ONE, |_, x| x[0] * x[0], |a| ops::mul(&a[0], &a[0]);
        mul "with zeros" [smooth(Draw::Zeros), smooth(Draw::Zeros)], TWO, |_, x| x[0] * x[1], |a| ops::mul(&a[0], &a[1]);
        div "both signs" [REAL, OFF_ZERO], TWO, |_, x| x[0] / x[1], |a| ops::div(&a[0], &a[1]);
        pow "one node twice" [POSITIVE], ONE, |_, x| x[0].pow(x[0]), |a| ops::pow(&a[0], &a[0]);
        pow "array as exponent" [POSITIVE], ["2x3", ".", "0x1"], |_, x| x[0].pow(table::<T>()), |a| ops::pow(&a[0], &known());
        atan2 "all quadrants" [OFF_ZERO, OFF_ZERO], TWO, |_, x| x[0].atan2(x[1]), |a| ops::atan2(&a[0], &a[1]);
        hypot "all quadrants" [OFF_ZERO, REAL], TWO, |_, x| x[0].hypot(x[1]), |a| ops::hypot(&a[0], &a[1]);
        maximum "of an array" [smooth(Draw::Away(&[1.5, -0.5, 2.0]))], ["2x3", ".", "0x1"],
            |_, x| x[0].maximum(table::<T>()),
            |a| ops::maximum(&a[0], &known());
        minimum "broadcast" [smooth(Draw::Apart), smooth(Draw::Apart)], TWO, |_, x| x[0].minimum(x[1]), |a| ops::minimum(&a[0], &a[1]);
        select "on a comparison" [smooth(Draw::Apart), smooth(Draw::Apart)], TWO,
            |_, x| x[0].less(x[1]).select(x[0].exp(), x[1].square()),
            |a| ops::select(&ops::less(&a[0], &a[1]), &ops::exp(&a[0]), &ops::square(&a[1]));
        select "on a node" [super::cut(Draw::Below(2)), REAL, REAL], ["2x3 2x3 2x3", "3 2x3 2x1", ". 2 3x2", "3 . .", "2x1 0 1"],
            |_, x| x[0].select(x[1], x[2]),
            |a| ops::select(&a[0], &a[1], &a[2]);
    }
}
