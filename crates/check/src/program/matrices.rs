//! The linear algebra of small matrices with derivatives by its formulas: `d(A⁻¹) = -A⁻¹ dA A⁻¹`,
//! `dL = L Φ(L⁻¹ dA L'⁻¹)`, `d ln det A = tr(A⁻¹ dA)`.
//!
//! The oracle carries derivatives through the elimination itself, which is independent of any formula. But an error bound
//! has to hold for what the engine does, and the engine uses the formulas: their contributions are other ones, sometimes
//! larger. So bounds come from here, in the sweep that judges; that both agree is a test of its own.
//!
//! A solve is stable backwards, not forwards: its error is in proportion to `|A⁻¹| |A| |A⁻¹| |b|`. Therefore a derivative
//! passes through `A⁻¹ A A⁻¹`, which is the same map with contributions of that size.
//!
//! A formula is not symmetric in the two directions of a second derivative: what is exactly 0 in one order may be a sum that
//! cancels in the other (`d²L₁₀ / dA₁₁ dv` for `cholesky`), and forward over reverse and reverse over reverse differentiate in
//! different orders. So bounds are taken of both ([`in_either_order`]).

use chainrule_oracle::{Array, Bounded, Dual, Number, Precision, ops};

/// Numbers whose derivatives follow the formulas.
pub(crate) trait Matrices: Number {
    /// `A⁻¹`
    fn inverse(a: &Array<Self>) -> Array<Self>;
    /// The lower triangle `L` with `L L' = (A + A') / 2`.
    fn cholesky(a: &Array<Self>) -> Array<Self>;
    /// `ln det A`
    fn log_det(a: &Array<Self>) -> Array<Self>;
    /// `A X = B`
    fn solve(a: &Array<Self>, b: &Array<Self>) -> Array<Self>;
}

impl<P: Precision> Matrices for Bounded<P> {
    fn inverse(a: &Array<Self>) -> Array<Self> {
        ops::inverse(a)
    }

    fn cholesky(a: &Array<Self>) -> Array<Self> {
        ops::cholesky(a)
    }

    fn log_det(a: &Array<Self>) -> Array<Self> {
        ops::log_det(a)
    }

    fn solve(a: &Array<Self>, b: &Array<Self>) -> Array<Self> {
        ops::solve(a, b)
    }
}

impl<N: Matrices> Matrices for Dual<N> {
    fn inverse(a: &Array<Self>) -> Array<Self> {
        let (value, tangent) = parts(a);
        let inverse = N::inverse(&value);
        let moved = carry(&inverse, &value, &tangent);
        together(&inverse, &right(&moved, &inverse).map(|x| -x))
    }

    fn cholesky(a: &Array<Self>) -> Array<Self> {
        let (value, tangent) = parts(a);
        let n = value.size(0);
        let l = N::cholesky(&value);
        let inverse = N::inverse(&l);
        let half = |x: N| x.scale(N::of(0.5));
        let symmetric = tangent.zip(&ops::t(&tangent), |x, y| N::accumulate(&[half(x), half(y)]));
        let once = carry(&inverse, &l, &symmetric);
        let twice = ops::t(&carry(&inverse, &l, &ops::t(&once)));
        let lower = Array::from_fn(&[n, n], |i| match i {
            [i, j] if i == j => half(twice.at(&[*i, *j])),
            [i, j] if i > j => twice.at(&[*i, *j]),
            _ => N::of(0.0),
        });
        together(&l, &left(&l, &lower))
    }

    fn log_det(a: &Array<Self>) -> Array<Self> {
        let (value, tangent) = parts(a);
        let moved = carry(&N::inverse(&value), &value, &tangent);
        let trace: Vec<N> = (0..value.size(0)).map(|i| moved.at(&[i, i])).collect();
        together(&N::log_det(&value), &Array::scalar(N::accumulate(&trace)))
    }

    fn solve(a: &Array<Self>, b: &Array<Self>) -> Array<Self> {
        let columns = if b.rank() == 1 { b.reshape(&[b.size(0), 1]) } else { b.clone() };
        let ((value, tangent), (b_value, b_tangent)) = (parts(a), parts(&columns));
        let x = N::solve(&value, &b_value);
        let rest = b_tangent.zip(&right(&tangent, &x), |b, ax| N::accumulate(&[b, -ax]));
        together(&x, &carry(&N::inverse(&value), &value, &rest)).reshape(&b.shape)
    }
}

/// A value, two first derivatives, and the second one by both.
type Second<P> = Dual<Dual<Bounded<P>>>;

/// A function with second derivatives, whose bounds hold whichever of the two directions is the first one.
pub(super) fn in_either_order<P: Precision, const K: usize>(
    operands: [&Array<Second<P>>; K],
    function: impl Fn([&Array<Second<P>>; K]) -> Array<Second<P>>,
) -> Array<Second<P>> {
    let swapped = operands.map(|x| x.map(swap));
    let other = function(swapped.each_ref());
    function(operands).zip(&other, |x, y| {
        let y = swap(y);
        let first = Dual { value: x.value.value, tangent: x.value.tangent.covering(y.value.tangent) };
        let tangent = Dual {
            value: x.tangent.value.covering(y.tangent.value),
            tangent: x.tangent.tangent.covering(y.tangent.tangent),
        };
        Dual { value: first, tangent }
    })
}

/// The same with its two directions exchanged.
fn swap<N: Number>(x: Dual<Dual<N>>) -> Dual<Dual<N>> {
    Dual {
        value: Dual { value: x.value.value, tangent: x.tangent.value },
        tangent: Dual { value: x.value.tangent, tangent: x.tangent.tangent },
    }
}

/// Only a triangle of a matrix; the rest is exactly 0.
pub(crate) fn triangle<N: Number>(a: &Array<N>, upper: bool) -> Array<N> {
    Array::from_fn(&a.shape, |i| match i {
        [i, j] if (upper && i <= j) || (!upper && i >= j) => a.at(&[*i, *j]),
        _ => N::of(0.0),
    })
}

fn parts<N: Number>(x: &Array<Dual<N>>) -> (Array<N>, Array<N>) {
    (x.map(|x| x.value), x.map(|x| x.tangent))
}

fn together<N: Number>(value: &Array<N>, tangent: &Array<N>) -> Array<Dual<N>> {
    value.zip(tangent, |value, tangent| Dual { value, tangent })
}

/// `W X`, where `X` is a derivative.
fn left<N: Number>(w: &Array<N>, x: &Array<N>) -> Array<N> {
    Array::from_fn(&[w.size(0), x.size(1)], |i| {
        let terms: Vec<N> = (0..w.size(1)).map(|k| x.at(&[k, i[1]]).scale(w.at(&[i[0], k]))).collect();
        N::accumulate(&terms)
    })
}

/// `X W`, where `X` is a derivative.
fn right<N: Number>(x: &Array<N>, w: &Array<N>) -> Array<N> {
    ops::t(&left(&ops::t(w), &ops::t(x)))
}

/// `A⁻¹ X`, through `A⁻¹ A A⁻¹`.
fn carry<N: Number>(inverse: &Array<N>, a: &Array<N>, x: &Array<N>) -> Array<N> {
    left(inverse, &left(a, &left(inverse, x)))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::call::{Call, Line, Over, Reduction};
    use super::super::claims;
    use super::super::{Program, Verdict};

    /// `L₁₀` does not depend on `A₁₁`, and forward mode has no contribution at all to the second derivative by `A₁₁` and
    /// another direction; reverse over reverse has two that cancel, to 1.7e-9 and not 0.
    #[test]
    fn a_derivative_that_is_exactly_zero_in_one_order_may_be_rounded_in_the_other() {
        let line = |call, operands: &[usize]| Line { call, operands: operands.to_vec() };
        let program = Program {
            lines: vec![
                line(Call::Leaf(array![[4.1875, -0.75], [-0.6875, 4.6875]].into_dyn()), &[]),
                line(Call::Cholesky, &[0]),
                line(Call::Reduce(Reduction::Min, Over::All), &[1]),
                line(Call::Weigh(ndarray::arr0(0.75).into_dyn()), &[2]),
            ],
            readout: 3,
        };
        let mut verdict = Verdict::default();
        claims::all::<f32>(&program, &mut verdict).unwrap();
        claims::all::<f64>(&program, &mut verdict).unwrap();
    }
}
