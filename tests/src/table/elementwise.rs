//! Functions of each element: signs, special exponents, numbers and arrays as the other operand.

use chainrule::graph::Var;

use super::{Draw, Input, REAL, Row, rows, smooth};
use crate::oracle::{Arr, C};
use crate::rows::{exp, ln, real, sqrt};

const ONE: [&str; 3] = ["2x3", ".", "2x0x1"];
const TWO: [&str; 8] = ["2x3 2x3", "3 2x3", "2x1 1x3", ". 3", "3 .", "2x0 1", "1x0 2x1", "1x1 ."];
/// Not 0.
const OFF_ZERO: Input = smooth(Draw::Away(&[0.0]));
const POSITIVE: Input = smooth(Draw::Between(0.25, 2.5));

fn map(a: &[Arr<C>], f: impl Fn(C) -> C) -> Arr<C> {
    a[0].map(f)
}

fn zip(a: &[Arr<C>], f: impl Fn(C, C) -> C) -> Arr<C> {
    a[0].zip(&a[1], f)
}

/// Of any sign.
fn recip(z: C) -> C {
    real(1.0) / z
}

/// `tan` by its differential equation, to first order.
fn tan(z: C) -> C {
    let y = z.re.tan();
    C::new(y, z.im * (1.0 + y * y))
}

/// By its continued fraction, right of 1.
fn erfc(z: C) -> C {
    let (x, bell) = (z.re, (-z.re * z.re).exp() / std::f64::consts::PI.sqrt());
    let fraction = (1..500).rev().fold(x, |fraction, n| x + f64::from(n) / 2.0 / fraction);
    C::new(bell / fraction, -2.0 * bell * z.im)
}

/// In all quadrants: from `atan` of the smaller ratio, and the slope of the angle.
fn atan2(y: C, x: C) -> C {
    use std::f64::consts::{FRAC_PI_2, PI};
    let angle = match (x.re.abs() >= y.re.abs(), x.re > 0.0, y.re > 0.0) {
        (true, true, _) => (y.re / x.re).atan(),
        (true, false, true) => (y.re / x.re).atan() + PI,
        (true, false, false) => (y.re / x.re).atan() - PI,
        (false, _, true) => FRAC_PI_2 - (x.re / y.re).atan(),
        (false, _, false) => -FRAC_PI_2 - (x.re / y.re).atan(),
    };
    C::new(angle, (x.re * y.im - y.re * x.im) / (x.re * x.re + y.re * y.re))
}

fn table<T: crate::build::Number>() -> ndarray::Array1<T> {
    ndarray::arr1(&[T::of(1.5), T::of(-0.5), T::of(2.0)])
}

fn of_table(a: &[Arr<C>], f: impl Fn(C, C) -> C) -> Arr<C> {
    a[0].zip(&Arr { shape: vec![3], data: vec![real(1.5), real(-0.5), real(2.0)] }, f)
}

fn left<'g, T: crate::build::Number>(c: f64, sign: char, x: Var<'g, T>) -> Var<'g, T> {
    T::of(c).left(sign, x)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        recip "both signs" [OFF_ZERO], ONE, |_, x| x[0].recip(), |a| map(a, recip);
        log1p "below 0" [smooth(Draw::Between(-0.875, 2.0))], ONE, |_, x| x[0].log1p(), |a| map(a, |z| ln(z + 1.0));
        expm1 "near 0" [smooth(Draw::Between(-0.25, 0.25))], ONE, |_, x| x[0].expm1(), |a| map(a, |z| exp(z) - 1.0);
        tan "both signs" [smooth(Draw::Between(-1.25, 1.25))], ONE, |_, x| x[0].tan(), |a| map(a, tan);
        erfc "right of 1" [smooth(Draw::Between(1.0, 2.5))], ONE, |_, x| x[0].erfc(), |a| map(a, erfc);
        powi "0" [REAL], ONE, |_, x| x[0].powi(0), |a| map(a, |_| real(1.0));
        powi "1" [REAL], ONE, |_, x| x[0].powi(1), |a| map(a, |z| z);
        powi "2, with zeros" [smooth(Draw::Zeros)], ONE, |_, x| x[0].powi(2), |a| map(a, |z| z * z);
        powi "3, with zeros" [smooth(Draw::Zeros)], ONE, |_, x| x[0].powi(3), |a| map(a, |z| z * z * z);
        powi "-1" [OFF_ZERO], ONE, |_, x| x[0].powi(-1), |a| map(a, recip);
        powi "-3, both signs" [smooth(Draw::Away(&[0.0, 0.1, -0.1, 0.2, -0.2]))], ONE, |_, x| x[0].powi(-3), |a| map(a, |z| recip(z * z * z));
        powf "0" [POSITIVE], ONE, |_, x| x[0].powf(T::zero()), |a| map(a, |_| real(1.0));
        powf "2, both signs" [OFF_ZERO], ONE, |_, x| x[0].powf(T::of(2.0)), |a| map(a, |z| z * z);
        powf "-½" [POSITIVE], ONE, |_, x| x[0].powf(T::of(-0.5)), |a| map(a, |z| recip(sqrt(z)));
        clamp "open above" [smooth(Draw::Away(&[-0.5]))], ONE, |_, x| x[0].clamp(T::of(-0.5), None), |a| {
            map(a, |z| if z.re > -0.5 { z } else { real(-0.5) })
        };
        clamp "both open" [REAL], ONE, |_, x| x[0].clamp(None, None), |a| map(a, |z| z);
        add "number + node" [REAL], ONE, |_, x| left(1.5, '+', x[0]), |a| map(a, |z| z + 1.5);
        sub "number - node" [REAL], ONE, |_, x| left(1.5, '-', x[0]), |a| map(a, |z| real(1.5) - z);
        mul "number * node" [REAL], ONE, |_, x| left(1.5, '*', x[0]), |a| map(a, |z| z * 1.5);
        div "number / node" [OFF_ZERO], ONE, |_, x| left(1.5, '/', x[0]), |a| map(a, |z| recip(z) * 1.5);
        add "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] + table::<T>(), |a| of_table(a, |x, y| x + y);
        sub "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] - &table::<T>(), |a| of_table(a, |x, y| x - y);
        mul "array" [REAL], ["2x3", ".", "0x1"], |_, x| x[0] * table::<T>(), |a| of_table(a, |x, y| x * y);
        div "array" [REAL], ["2x3", ".", "0x1"],
            |_, x| x[0] / table::<T>(),
            |a| of_table(a, |x, y| x * recip(y));
        add "one node twice" [REAL], ONE, |_, x| x[0] + x[0], |a| map(a, |z| z * 2.0);
        sub "broadcast" [REAL, REAL], TWO, |_, x| x[0] - x[1], |a| zip(a, |x, y| x - y);
        mul "one node twice" [REAL], ONE, |_, x| x[0] * x[0], |a| map(a, |z| z * z);
        mul "with zeros" [smooth(Draw::Zeros), smooth(Draw::Zeros)], TWO, |_, x| x[0] * x[1], |a| zip(a, |x, y| x * y);
        div "both signs" [REAL, OFF_ZERO], TWO, |_, x| x[0] / x[1], |a| zip(a, |x, y| x * recip(y));
        pow "one node twice" [POSITIVE], ONE, |_, x| x[0].pow(x[0]), |a| map(a, |z| exp(ln(z) * z));
        pow "array as exponent" [POSITIVE], ["2x3", ".", "0x1"], |_, x| x[0].pow(table::<T>()), |a| {
            of_table(a, |x, y| exp(ln(x) * y))
        };
        atan2 "all quadrants" [OFF_ZERO, OFF_ZERO], TWO, |_, x| x[0].atan2(x[1]), |a| zip(a, atan2);
        hypot "all quadrants" [OFF_ZERO, REAL], TWO, |_, x| x[0].hypot(x[1]), |a| zip(a, |x, y| sqrt(x * x + y * y));
        maximum "of an array" [smooth(Draw::Away(&[1.5, -0.5, 2.0]))], ["2x3", ".", "0x1"],
            |_, x| x[0].maximum(table::<T>()),
            |a| {
                of_table(a, |x, y| if x.re > y.re { x } else { y })
            };
        minimum "broadcast" [smooth(Draw::Apart), smooth(Draw::Apart)], TWO, |_, x| x[0].minimum(x[1]), |a| {
            zip(a, |x, y| if x.re < y.re { x } else { y })
        };
        select "on a comparison" [smooth(Draw::Apart), smooth(Draw::Apart)], TWO, |_, x| x[0].less(x[1]).select(x[0].exp(), x[1].square()), |a| {
            zip(a, |x, y| if x.re < y.re { exp(x) } else { y * y })
        };
        select "on a node" [super::cut(Draw::Below(2)), REAL, REAL], ["2x3 2x3 2x3", "3 2x3 2x1", ". 2 3x2", "3 . .", "2x1 0 1"],
            |_, x| x[0].select(x[1], x[2]),
            |a| {
                let either = a[1].zip(&a[2], |x: C, _| x);
                let or = a[1].zip(&a[2], |_, y: C| y);
                let first = a[0].zip(&either, |c: C, x: C| c * x);
                first.zip(&a[0].zip(&or, |c: C, y: C| (real(1.0) - c) * y), |x, y: C| x + y)
            };
    }
}
