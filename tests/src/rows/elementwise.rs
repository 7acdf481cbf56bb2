//! Functions of each element, and of two in the same place.

use chainrule_oracle::{Array, ops};

use super::{Row, rows};

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
        neg, reals, ONE, |g, x| -x[0], |a| ops::neg(&a[0]);
        abs, reals, ONE, |g, x| x[0].abs(), |a| ops::abs(&a[0]);
        sign, cut, ONE, |g, x| x[0].sign(), |a| ops::sign(&a[0]);
        floor, cut, ONE, |g, x| x[0].floor(), |a| ops::floor(&a[0]);
        exp, reals, ONE, |g, x| x[0].exp(), |a| ops::exp(&a[0]);
        expm1, reals, ONE, |g, x| x[0].expm1(), |a| ops::expm1(&a[0]);
        ln, positives, ONE, |g, x| x[0].ln(), |a| ops::ln(&a[0]);
        log1p, positives, ONE, |g, x| x[0].log1p(), |a| ops::log1p(&a[0]);
        sqrt, positives, ONE, |g, x| x[0].sqrt(), |a| ops::sqrt(&a[0]);
        square, reals, ONE, |g, x| x[0].square(), |a| ops::square(&a[0]);
        recip, positives, ONE, |g, x| x[0].recip(), |a| ops::recip(&a[0]);
        sin, reals, ONE, |g, x| x[0].sin(), |a| ops::sin(&a[0]);
        cos, reals, ONE, |g, x| x[0].cos(), |a| ops::cos(&a[0]);
        tan, positives, ONE, |g, x| (x[0] * T::of(0.5)).tan(), |a| ops::tan(&a[0].map(|x| x * N::of(0.5)));
        atan, reals, ONE, |g, x| x[0].atan(), |a| ops::atan(&a[0]);
        sigmoid, reals, ONE, |g, x| x[0].sigmoid(), |a| ops::sigmoid(&a[0]);
        tanh, reals, ONE, |g, x| x[0].tanh(), |a| ops::tanh(&a[0]);
        softplus, reals, ONE, |g, x| x[0].softplus(), |a| ops::softplus(&a[0]);
        relu, reals, ONE, |g, x| x[0].relu(), |a| ops::relu(&a[0]);
        erf, reals, ONE, |g, x| x[0].erf(), |a| ops::erf(&a[0]);
        erfc, reals, ONE, |g, x| x[0].erfc(), |a| ops::erfc(&a[0]);
        powi, reals, ONE, |g, x| x[0].powi(3), |a| ops::powi(&a[0], 3);
        powi, positives, ONE, |g, x| x[0].powi(-2), |a| ops::powi(&a[0], -2);
        powf, positives, ONE, |g, x| x[0].powf(T::of(1.75)), |a| ops::powf(&a[0], 1.75);
        clamp, reals, ONE, |g, x| x[0].clamp(T::of(-0.5), T::of(1.0)), |a| ops::clamp(&a[0], -0.5, 1.0);
        clamp, reals, ONE, |g, x| x[0].clamp(None, T::of(0.25)), |a| ops::clamp(&a[0], f64::NEG_INFINITY, 0.25);
        leaky_relu, reals, ONE, |g, x| x[0].leaky_relu(T::of(0.125)), |a| ops::leaky_relu(&a[0], 0.125);
        elu, reals, ONE, |g, x| x[0].elu(T::of(1.5)), |a| ops::elu(&a[0], 1.5);
        silu, reals, ONE, |g, x| x[0].silu(), |a| ops::silu(&a[0]);
        gelu, reals, ONE, |g, x| x[0].gelu(), |a| ops::gelu(&a[0]);
        gelu_tanh, reals, ONE, |g, x| x[0].gelu_tanh(), |a| ops::gelu_tanh(&a[0]);
        add, reals, TWO, |g, x| x[0] + x[1], |a| ops::add(&a[0], &a[1]);
        sub, reals, TWO, |g, x| x[0] - x[1], |a| ops::sub(&a[0], &a[1]);
        mul, reals, TWO, |g, x| x[0] * x[1], |a| ops::mul(&a[0], &a[1]);
        div, positives, TWO, |g, x| x[0] / x[1], |a| ops::div(&a[0], &a[1]);
        add_number, reals, ONE, |g, x| x[0] + T::of(1.25) - T::of(0.5), |a| {
            a[0].map(|x| x + N::of(1.25) - N::of(0.5))
        };
        mul_number, reals, ONE, |g, x| x[0] * T::of(3.0) / T::of(-2.0), |a| {
            a[0].map(|x| x * N::of(3.0) / N::of(-2.0))
        };
        pow, powers, TWO, |g, x| x[0].pow(x[1]), |a| ops::pow(&a[0], &a[1]);
        maximum, reals, TWO, |g, x| x[0].maximum(x[1]), |a| ops::maximum(&a[0], &a[1]);
        minimum, reals, TWO, |g, x| x[0].minimum(x[1]), |a| ops::minimum(&a[0], &a[1]);
        less, cut, TWO, |g, x| x[0].less(x[1]), |a| ops::less(&a[0], &a[1]);
        less_equal, cut, TWO, |g, x| x[0].less_equal(x[1]), |a| ops::less_equal(&a[0], &a[1]);
        equal, cut, TWO, |g, x| x[0].equal(x[1]), |a| ops::equal(&a[0], &a[1]);
        greater, cut, TWO, |g, x| x[0].greater(x[1]), |a| ops::greater(&a[0], &a[1]);
        greater_equal, cut, TWO, |g, x| x[0].greater_equal(x[1]), |a| ops::greater_equal(&a[0], &a[1]);
        not_equal, cut, TWO, |g, x| x[0].not_equal(x[1]), |a| ops::not_equal(&a[0], &a[1]);
        fold_in, cut, TWO, |g, x| x[0].fold_in(x[1]), |a| ops::fold_in(&a[0], &a[1]);
        uniform, cut, [&[&[]]], |g, x| x[0].uniform([2, 3]), |a| ops::uniform(a[0].at(&[]), &[2, 3]);
        normal, cut, [&[&[]]], |g, x| x[0].normal([2, 3]), |a| ops::normal(a[0].at(&[]), &[2, 3]);
        atan2, positives, TWO, |g, x| x[0].atan2(x[1]), |a| ops::atan2(&a[0], &a[1]);
        hypot, positives, TWO, |g, x| x[0].hypot(x[1]), |a| ops::hypot(&a[0], &a[1]);
        select, reals, [&[&[2, 3], &[3]], &[&[2, 1], &[2, 3]], &[&[0, 3], &[3]]],
            |g, x| g.constant([T::one(), T::zero(), T::one()]).select(x[0], x[1]),
            |a| ops::select(&Array::of(&Array::vector(vec![1.0, 0.0, 1.0])), &a[0], &a[1]);
    }
}
