//! The logarithm of a sum of exponentials, and what is made with it. The largest element is subtracted first: nothing
//! depends on it, so it is a constant, and no exponential overflows.

use super::reductions::over;
use crate::{Array, Number};

/// The largest value; 0 where all are `-∞` or there are none.
fn peak<N: Number>(x: &[N]) -> f64 {
    let largest =
        x.iter().map(|x| x.real()).fold(f64::NEG_INFINITY, |a, b| if b.is_nan() { b } else { a.max(b) });
    if largest == f64::NEG_INFINITY { 0.0 } else { largest }
}

/// `eˣ` of each, divided by that of the largest.
fn exponentials<N: Number>(x: &[N]) -> Vec<N> {
    let peak = N::of(peak(x));
    x.iter().map(|&x| if x.real() == f64::NEG_INFINITY { N::of(0.0) } else { (x - peak).exp() }).collect()
}

fn logsumexp_of<N: Number>(x: &[N]) -> N {
    let peak = peak(x);
    if peak == f64::INFINITY {
        return N::of(peak);
    }
    N::sum(&exponentials(x)).ln() + N::of(peak)
}

/// `ln Σ eˣ` over all elements; `-∞` where all are, or of none.
pub fn logsumexp<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &(0..x.rank()).collect::<Vec<_>>(), false, logsumexp_of)
}

/// `ln Σ eˣ` over some axes.
pub fn logsumexp_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, logsumexp_of)
}

/// `eˣ / Σ eˣ` along some axes; NaN where all elements are `-∞`.
pub fn softmax<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    let peaks = over(x, axes, true, |x| N::of(peak(x)));
    let e =
        x.zip(&peaks, |x, peak| if x.real() == f64::NEG_INFINITY { N::of(0.0) } else { (x - peak).exp() });
    e.zip(&over(&e, axes, true, N::sum), |e, sum| e / sum)
}

/// `x - ln Σ eˣ` along some axes.
pub fn log_softmax<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    // the largest is subtracted from both, so that a common offset costs no digits
    let peaks = over(x, axes, true, |x| N::of(peak(x)));
    let x = x.zip(&peaks, |x, peak| x - peak);
    x.zip(&over(&x, axes, true, |x| N::sum(&exponentials(x)).ln() + N::of(peak(x))), |x, y| x - y)
}
