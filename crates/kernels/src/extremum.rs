//! The largest or smallest elements over some axes.

use crate::scalar::Scalar;
use crate::view::{Walk, checked_len};

/// The largest (or smallest) element of the array over the axes flagged in `reduced`; NaN if any element is. `out` has the
/// kept axes, row-major.
///
/// `offset`, `shape` and `strides` are those of [`View::strided`](crate::View::strided), and `reduced` is as long as `shape`.
/// `false`, with `out` untouched, if they do not describe elements inside `data`, if `out` has another length than the product
/// of the kept axes, or if there is nothing to choose from.
pub fn extremum<T: Scalar>(
    data: &[T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    reduced: &[bool],
    largest: bool,
    out: &mut [T],
) -> bool {
    let Some(len) = checked_len(data.len(), offset, shape, strides) else { return false };
    if reduced.len() != shape.len() {
        return false;
    }
    let kept = Axes::of(shape, strides, reduced, false);
    if kept.count() != Some(out.len()) {
        return false;
    }
    if len == 0 {
        return out.is_empty();
    }
    let folded = Axes::of(shape, strides, reduced, true);
    // The choice is outside of the loops, so that each is compiled for one comparison.
    if largest {
        fold(data, offset, &kept, &folded, out, T::larger);
    } else {
        fold(data, offset, &kept, &folded, out, T::smaller);
    }
    true
}

/// Some of the axes of an array.
struct Axes {
    shape: [usize; 64],
    strides: [isize; 64],
    rank: usize,
}

impl Axes {
    /// Those flagged as `which`. Axes of size 1 are left out, so 64 are enough for any array that can be addressed.
    fn of(shape: &[usize], strides: &[isize], flags: &[bool], which: bool) -> Self {
        let mut axes = Axes { shape: [1; 64], strides: [0; 64], rank: 0 };
        for ((&size, &stride), _) in
            shape.iter().zip(strides).zip(flags).filter(|((size, _), flag)| **flag == which && **size != 1)
        {
            if let (Some(to), Some(step)) = (axes.shape.get_mut(axes.rank), axes.strides.get_mut(axes.rank)) {
                (*to, *step) = (size, stride);
                axes.rank += 1;
            }
        }
        axes
    }

    fn count(&self) -> Option<usize> {
        let sizes = self.shape.get(..self.rank)?;
        if sizes.contains(&0) { Some(0) } else { sizes.iter().try_fold(1usize, |all, &n| all.checked_mul(n)) }
    }

    fn walk(&self, origin: isize) -> Walk<'_> {
        let shape = self.shape.get(..self.rank).unwrap_or_default();
        Walk { origin, shape, strides: self.strides.get(..self.rank).unwrap_or_default() }
    }
}

/// There is at least one element to fold for each one that is kept.
#[inline]
fn fold<T: Scalar>(
    data: &[T],
    offset: usize,
    kept: &Axes,
    folded: &Axes,
    out: &mut [T],
    choose: impl Fn(T, T) -> T,
) {
    let (count, mut number) = (folded.count().unwrap_or(0), 0);
    kept.walk(offset as isize).each(0, out.len(), |base| {
        let mut best = data.get(base as usize).copied().unwrap_or(T::nan());
        folded.walk(base).each(0, count, |position| {
            if let Some(&x) = data.get(position as usize) {
                best = choose(best, x);
            }
        });
        if let Some(out) = out.get_mut(number) {
            *out = best;
        }
        number += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::layouts;
    use proptest::prelude::*;

    #[test]
    fn nan_spreads_and_nothing_is_refused() {
        let data = [1.0, f64::NAN, 3.0, -0.0, 0.0, -5.0];
        let mut out = [9.0; 2];
        assert!(extremum(&data, 0, &[2, 3], &[3, 1], &[false, true], true, &mut out));
        assert!(out[0].is_nan() && out[1].to_bits() == 0);
        assert!(extremum(&data, 3, &[3], &[1], &[true], false, &mut out[..1]));
        assert_eq!(out[0], -5.0);
        assert!(!extremum(&data, 0, &[0], &[1], &[true], true, &mut out[..1]));
        assert!(extremum(&data, 0, &[0, 3], &[1, 1], &[false, true], true, &mut []));
        assert!(!extremum(&data, 0, &[2, 3], &[3, 1], &[true], true, &mut out));
        assert!(!extremum(&data, 0, &[2, 3], &[3, 1], &[true, true], true, &mut out));
    }

    proptest! {
        #[test]
        fn it_is_the_largest_by_the_definition(x in layouts(), flags in prop::collection::vec(any::<bool>(), 5), largest in any::<bool>()) {
            let reduced = &flags[..x.shape.len()];
            let naive = x.naive();
            let kept: Vec<usize> = x.shape.iter().zip(reduced).filter(|(_, r)| !**r).map(|(n, _)| *n).collect();
            let mut out = vec![0.0; kept.iter().product()];
            let done = extremum(&x.data, x.offset, &x.shape, &x.strides, reduced, largest, &mut out);
            prop_assert_eq!(done, out.is_empty() || !naive.is_empty());
            if naive.is_empty() { return Ok(()); }
            let mut want = vec![if largest { f64::NEG_INFINITY } else { f64::INFINITY }; out.len()];
            for (position, &value) in naive.iter().enumerate() {
                let (mut rest, mut slot, mut step) = (position, 0, 1);
                for (&size, &reduced) in x.shape.iter().zip(reduced).rev() {
                    if !reduced { slot += rest % size * step; step *= size; }
                    rest /= size;
                }
                want[slot] = if largest { want[slot].max(value) } else { want[slot].min(value) };
            }
            prop_assert_eq!(out, want);
        }
    }
}
