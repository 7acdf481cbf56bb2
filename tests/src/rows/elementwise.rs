//! Functions of each element, and of two in the same place.

use chainrule::graph::{Binary, Unary};

use super::{Row, exp, ln, real, rows};
use crate::oracle::scalar::{binary, unary};
use crate::oracle::{Arr, C};

const NAN: C = C::new(f64::NAN, f64::NAN);

fn map(f: Unary<f64>, a: &[Arr<C>]) -> Arr<C> {
    a[0].map(|z| unary(f, z).unwrap_or(NAN))
}

fn zip(f: Binary, a: &[Arr<C>]) -> Arr<C> {
    a[0].zip(&a[1], |x, y| binary(f, x, y).unwrap_or(NAN))
}

fn sigmoid(z: C) -> C {
    real(1.0) / (real(1.0) + exp(-z))
}

/// ½ (1 + erf(x / √2))
fn normal(z: C) -> C {
    let scaled = unary(Unary::Erf, z / std::f64::consts::SQRT_2).unwrap_or(NAN);
    (scaled + 1.0) / 2.0
}

/// The numbers of the places in an array of two rows of three.
fn places() -> Arr<C> {
    Arr { shape: vec![2, 3], data: (0..6).map(|i| real(f64::from(i))).collect() }
}

const ONE: [&[&[usize]]; 4] = [&[&[2, 3]], &[&[]], &[&[1, 1]], &[&[0, 2]]];
const TWO: [&[&[usize]]; 6] = [
    &[&[2, 3], &[2, 3]],
    &[&[2, 3], &[3]],
    &[&[2, 1], &[1, 3]],
    &[&[], &[2]],
    &[&[0, 2], &[2]],
    &[&[1], &[1, 1]],
];

pub(super) fn rows() -> Vec<Row> {
    rows! {
        neg, reals, ONE, |g, x| -x[0], |a| a[0].map(|z| -z);
        abs, reals, ONE, |g, x| x[0].abs(), |a| map(Unary::Abs, a);
        sign, cut, ONE, |g, x| x[0].sign(), |a| map(Unary::Sign, a);
        floor, cut, ONE, |g, x| x[0].floor(), |a| map(Unary::Floor, a);
        exp, reals, ONE, |g, x| x[0].exp(), |a| a[0].map(exp);
        expm1, reals, ONE, |g, x| x[0].expm1(), |a| a[0].map(|z| exp(z) - 1.0);
        ln, positives, ONE, |g, x| x[0].ln(), |a| a[0].map(ln);
        log1p, positives, ONE, |g, x| x[0].log1p(), |a| a[0].map(|z| ln(z + 1.0));
        sqrt, positives, ONE, |g, x| x[0].sqrt(), |a| a[0].map(super::sqrt);
        square, reals, ONE, |g, x| x[0].square(), |a| a[0].map(|z| z * z);
        recip, positives, ONE, |g, x| x[0].recip(), |a| a[0].map(|z| real(1.0) / z);
        sin, reals, ONE, |g, x| x[0].sin(), |a| map(Unary::Sin, a);
        cos, reals, ONE, |g, x| x[0].cos(), |a| map(Unary::Cos, a);
        tan, positives, ONE, |g, x| (x[0] * T::of(0.5)).tan(), |a| map(Unary::Tan, &[a[0].map(|z| z * 0.5)]);
        atan, reals, ONE, |g, x| x[0].atan(), |a| {
            // by its differential equation, exact to first order; the second order is that of the slope
            a[0].map(|z| C::new(z.re.atan(), z.im / (1.0 + z.re * z.re)))
        };
        sigmoid, reals, ONE, |g, x| x[0].sigmoid(), |a| a[0].map(sigmoid);
        tanh, reals, ONE, |g, x| x[0].tanh(), |a| a[0].map(|z| sigmoid(z * 2.0) * 2.0 - 1.0);
        softplus, reals, ONE, |g, x| x[0].softplus(), |a| a[0].map(|z| ln(exp(z) + 1.0));
        relu, reals, ONE, |g, x| x[0].relu(), |a| map(Unary::Relu, a);
        erf, reals, ONE, |g, x| x[0].erf(), |a| map(Unary::Erf, a);
        erfc, reals, ONE, |g, x| x[0].erfc(), |a| map(Unary::Erfc, a);
        powi, reals, ONE, |g, x| x[0].powi(3), |a| a[0].map(|z| z * z * z);
        powi, positives, ONE, |g, x| x[0].powi(-2), |a| a[0].map(|z| real(1.0) / (z * z));
        powf, positives, ONE, |g, x| x[0].powf(T::of(1.75)), |a| a[0].map(|z| exp(ln(z) * 1.75));
        clamp, reals, ONE, |g, x| x[0].clamp(T::of(-0.5), T::of(1.0)), |a| map(Unary::Clamp(-0.5, 1.0), a);
        clamp, reals, ONE, |g, x| x[0].clamp(None, T::of(0.25)), |a| {
            map(Unary::Clamp(f64::NEG_INFINITY, 0.25), a)
        };
        leaky_relu, reals, ONE, |g, x| x[0].leaky_relu(T::of(0.125)), |a| {
            a[0].map(|z| if z.re > 0.0 { z } else { z * 0.125 })
        };
        elu, reals, ONE, |g, x| x[0].elu(T::of(1.5)), |a| {
            a[0].map(|z| if z.re > 0.0 { z } else { (exp(z) - 1.0) * 1.5 })
        };
        silu, reals, ONE, |g, x| x[0].silu(), |a| a[0].map(|z| z * sigmoid(z));
        gelu, reals, ONE, |g, x| x[0].gelu(), |a| a[0].map(|z| z * normal(z));
        gelu_tanh, reals, ONE, |g, x| x[0].gelu_tanh(), |a| {
            let u = |z: C| (z + z * z * z * 0.044715) * (2.0 / std::f64::consts::PI).sqrt();
            a[0].map(|z| z * 0.5 * (sigmoid(u(z) * 2.0) * 2.0))
        };
        add, reals, TWO, |g, x| x[0] + x[1], |a| a[0].zip(&a[1], |x, y: C| x + y);
        sub, reals, TWO, |g, x| x[0] - x[1], |a| a[0].zip(&a[1], |x, y: C| x - y);
        mul, reals, TWO, |g, x| x[0] * x[1], |a| a[0].zip(&a[1], |x, y: C| x * y);
        div, positives, TWO, |g, x| x[0] / x[1], |a| a[0].zip(&a[1], |x, y: C| x / y);
        add_number, reals, ONE, |g, x| x[0] + T::of(1.25) - T::of(0.5), |a| a[0].map(|z| z + 0.75);
        mul_number, reals, ONE, |g, x| x[0] * T::of(3.0) / T::of(-2.0), |a| a[0].map(|z| z * -1.5);
        pow, powers, TWO, |g, x| x[0].pow(x[1]), |a| a[0].zip(&a[1], |x, y: C| exp(ln(x) * y));
        maximum, reals, TWO, |g, x| x[0].maximum(x[1]), |a| zip(Binary::Maximum, a);
        minimum, reals, TWO, |g, x| x[0].minimum(x[1]), |a| zip(Binary::Minimum, a);
        less, cut, TWO, |g, x| x[0].less(x[1]), |a| zip(Binary::Less, a);
        less_equal, cut, TWO, |g, x| x[0].less_equal(x[1]), |a| zip(Binary::LessEqual, a);
        equal, cut, TWO, |g, x| x[0].equal(x[1]), |a| zip(Binary::Equal, a);
        greater, cut, TWO, |g, x| x[0].greater(x[1]), |a| a[0].zip(&a[1], |x, y: C| real(f64::from(x.re > y.re)));
        greater_equal, cut, TWO, |g, x| x[0].greater_equal(x[1]), |a| {
            a[0].zip(&a[1], |x, y: C| real(f64::from(x.re >= y.re)))
        };
        not_equal, cut, TWO, |g, x| x[0].not_equal(x[1]), |a| {
            a[0].zip(&a[1], |x, y: C| real(f64::from(x.re != y.re)))
        };
        fold_in, cut, TWO, |g, x| x[0].fold_in(x[1]), |a| zip(Binary::Noise, a);
        uniform, cut, [&[&[]]], |g, x| x[0].uniform([2, 3]), |a| zip(Binary::Noise, &[a[0].clone(), places()]);
        normal, cut, [&[&[]]], |g, x| x[0].normal([2, 3]), |a| {
            let draw = |i| {
                let key = a[0].map(|z| binary(Binary::Noise, z, real(i)).unwrap_or(NAN));
                zip(Binary::Noise, &[key, places()])
            };
            draw(1.0).zip(&draw(2.0), |u, v: C| {
                super::sqrt(ln(real(1.0) - u) * -2.0) * real((v.re * std::f64::consts::TAU).cos())
            })
        };
        atan2, positives, TWO, |g, x| x[0].atan2(x[1]), |a| zip(Binary::Atan2, a);
        hypot, positives, TWO, |g, x| x[0].hypot(x[1]), |a| a[0].zip(&a[1], |x, y: C| super::sqrt(x * x + y * y));
        select, reals, [&[&[2, 3], &[3]], &[&[2, 1], &[2, 3]], &[&[0, 3], &[3]]],
            |g, x| g.constant([T::one(), T::zero(), T::one()]).select(x[0], x[1]),
            |a| {
                let condition = Arr { shape: vec![3], data: vec![real(1.0), real(0.0), real(1.0)] };
                let (x, y) = (condition.zip(&a[0], |c, x: C| c * x), condition.zip(&a[1], |c, y: C| (real(1.0) - c) * y));
                x.zip(&y, |x, y: C| x + y)
            };
    }
}
