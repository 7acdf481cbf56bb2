//! What makes one number of many: all of them, or those along some axes.

use crate::{Array, Number, count};

fn every<N: Number>(x: &Array<N>) -> Vec<usize> {
    (0..x.rank()).collect()
}

/// The array whose elements are a function of those along some axes, which disappear, or stay with size 1 if `keep`.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let x = Array::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(ops::over(&x, &[1], false, |row| row[0] - row[1]).data, [-1.0, -1.0]);
/// ```
pub fn over<N: Number>(x: &Array<N>, axes: &[usize], keep: bool, f: impl Fn(&[N]) -> N) -> Array<N> {
    let rest: Vec<usize> = (0..x.rank()).filter(|axis| !axes.contains(axis)).collect();
    let mut axes = axes.to_vec();
    axes.sort_unstable(); // the elements come in the order in which they lie
    let moved = x.permute(&[rest.as_slice(), &axes].concat());
    let size: usize = axes.iter().map(|&axis| x.size(axis)).product();
    let places: Vec<usize> = rest.iter().map(|&axis| x.size(axis)).collect();
    let data =
        (0..count(&places)).map(|i| f(moved.data.get(i * size..(i + 1) * size).unwrap_or(&[]))).collect();
    let kept = || (0..x.rank()).map(|axis| if axes.contains(&axis) { 1 } else { x.size(axis) }).collect();
    Array { shape: if keep { kept() } else { places }, data }
}

pub(super) fn mean_of<N: Number>(x: &[N]) -> N {
    N::sum(x) / N::of(x.len() as f64)
}

fn largest<N: Number>(x: &[N]) -> N {
    N::extreme(x, true).unwrap_or(N::of(f64::NAN))
}

fn smallest<N: Number>(x: &[N]) -> N {
    N::extreme(x, false).unwrap_or(N::of(f64::NAN))
}

fn variance_of<N: Number>(x: &[N]) -> N {
    let mean = mean_of(x);
    mean_of(&x.iter().map(|&x| (x - mean).square()).collect::<Vec<_>>())
}

/// Scaled by the largest element, so that no square overflows. The length does not depend on the scale.
fn norm_of<N: Number>(x: &[N]) -> N {
    let size = x.iter().map(|x| x.real().abs()).fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
    if size == 0.0 || !size.is_finite() {
        let sum = N::sum(&x.iter().map(|x| x.detach().abs()).collect::<Vec<_>>());
        return if sum.real().is_nan() && size == f64::INFINITY { N::of(f64::INFINITY) } else { sum };
    }
    // a power of 2, so that the scaling is exact
    let scale = 2_f64.powi(size.log2().floor().clamp(-1000.0, 1000.0) as i32);
    let squares: Vec<N> = x.iter().map(|&x| (x / N::of(scale)).square()).collect();
    N::sum(&squares).sqrt() * N::of(scale)
}

/// The place of the first largest or smallest, of NaNs the first.
fn place<N: Number>(x: &[N], largest: bool) -> N {
    let nan = x.iter().position(|x| x.real().is_nan());
    let best = x.iter().enumerate().reduce(|best, next| {
        let (a, b) = (best.1.real(), next.1.real());
        if if largest { b > a } else { b < a } { next } else { best }
    });
    let Some((first, &best)) = best else { return N::of(f64::NAN) };
    let number = N::of(nan.unwrap_or(first) as f64);
    let rivals = x.iter().enumerate().filter(|&(i, x)| i != first && best.undecided(*x));
    rivals.fold(number, |number, _| number.widened(N::of(x.len() as f64)))
}

/// The sum of all elements; 0 of none.
pub fn sum<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, N::sum)
}

/// The sum over some axes.
pub fn sum_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, N::sum)
}

/// The mean of all elements; NaN of none.
pub fn mean<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, mean_of)
}

/// The mean over some axes.
pub fn mean_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, mean_of)
}

/// The largest element; equal ones share the derivative. NaN of none, which the graph refuses.
pub fn max<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, largest)
}

/// The largest elements over some axes.
pub fn max_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, largest)
}

/// The smallest element; as [`max`].
pub fn min<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, smallest)
}

/// The smallest elements over some axes.
pub fn min_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, smallest)
}

/// The product of all elements, 1 of none.
pub fn prod<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, N::product)
}

/// The products over some axes.
pub fn prod_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, N::product)
}

/// `Σ (x - m)² / n` with the mean `m`; NaN of none.
pub fn variance<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, variance_of)
}

/// The variances over some axes.
pub fn variance_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, variance_of)
}

/// `√Σ x²`; 0 of none. The derivative at 0 is 0.
pub fn norm<N: Number>(x: &Array<N>) -> Array<N> {
    over(x, &every(x), false, norm_of)
}

/// The lengths over some axes.
pub fn norm_axes<N: Number>(x: &Array<N>, axes: &[usize], keep: bool) -> Array<N> {
    over(x, axes, keep, norm_of)
}

/// Along an axis, the sum of the elements up to each and including it.
pub fn cumsum<N: Number>(x: &Array<N>, axis: usize) -> Array<N> {
    Array::from_fn(&x.shape, |index| {
        let mut place = index.to_vec();
        let last = index.get(axis).copied().unwrap_or(0);
        let terms = (0..=last).map(|i| {
            if let Some(slot) = place.get_mut(axis) {
                *slot = i;
            }
            x.at(&place)
        });
        N::sum(&terms.collect::<Vec<_>>())
    })
}

/// The place of the first largest element along an axis, which disappears.
pub fn argmax<N: Number>(x: &Array<N>, axis: usize) -> Array<N> {
    over(x, &[axis], false, |x| place(x, true))
}

/// The place of the first smallest element along an axis, which disappears.
pub fn argmin<N: Number>(x: &Array<N>, axis: usize) -> Array<N> {
    over(x, &[axis], false, |x| place(x, false))
}
