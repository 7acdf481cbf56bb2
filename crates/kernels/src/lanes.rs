//! Loops along one axis of a dense row-major array: running sums, the places of extremes, and indexing.
//!
//! The array is seen as [`Lanes`]: the axes before the one in question, that one, and the axes behind it. Indices are
//! numbers of the array's own type, because they may be the result of a computation; one that is not a whole number
//! inside of the axis is refused.

use std::fmt;

use crate::scalar::Scalar;

/// The shape `[outer, size, inner]`; the loops run along the middle axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// The product of the sizes before the axis.
    pub outer: usize,
    /// The size of the axis.
    pub size: usize,
    /// The product of the sizes behind it.
    pub inner: usize,
}

impl Lanes {
    /// The number of elements, if it can be addressed.
    pub fn count(&self) -> Option<usize> {
        self.with(self.size)
    }

    fn with(&self, size: usize) -> Option<usize> {
        if self.outer == 0 || size == 0 || self.inner == 0 {
            return Some(0);
        }
        self.outer.checked_mul(size)?.checked_mul(self.inner)
    }
}

/// An index that is not a whole number inside of the axis, or sizes that do not fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadIndex {
    /// Its place among the indices.
    pub position: usize,
    /// What it is.
    pub value: f64,
    /// The size of the axis it should lie in.
    pub size: usize,
}

impl fmt::Display for BadIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadIndex { position, value, size } = self;
        write!(f, "index number {position} is {value}, on an axis of size {size}")
    }
}

impl std::error::Error for BadIndex {}

/// Sizes that do not fit: callers check them, so this is never shown.
const MISFIT: BadIndex = BadIndex { position: 0, value: f64::NAN, size: 0 };

fn place<T: Scalar>(index: &[T], position: usize, size: usize) -> Result<usize, BadIndex> {
    let value = index.get(position).map_or(f64::NAN, |x| x.as_f64());
    // Below 2^53 whole numbers are exact; NaN fails both comparisons.
    let whole = value >= 0.0 && value < size as f64 && value.fract() == 0.0;
    if whole { Ok(value as usize) } else { Err(BadIndex { position, value, size }) }
}

/// Along the axis, the sum of the elements up to each and including it; with `reverse`, of those from each on. `false`
/// if the lengths do not fit.
pub fn cumsum<T: Scalar>(x: &[T], lanes: Lanes, reverse: bool, out: &mut [T]) -> bool {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(x.len()) || out.len() != x.len() {
        return false;
    }
    out.copy_from_slice(x);
    if out.is_empty() {
        return true;
    }
    for lane in out.chunks_exact_mut(size * inner) {
        for step in 1..size {
            let (before, at) = if reverse { (size - step, size - step - 1) } else { (step - 1, step) };
            let (low, high) = lane.split_at_mut(before.max(at) * inner);
            let (low, high) = (&mut low[before.min(at) * inner..], &mut high[..inner]);
            let (from, to) = if reverse { (high, low) } else { (low, high) };
            for (to, &from) in to.iter_mut().zip(from.iter()) {
                *to += from;
            }
        }
    }
    true
}

/// The place of the largest (or smallest) element along the axis, which `out` lacks: of equal ones the first, of NaNs
/// the first NaN. `false` if the lengths do not fit, or if there is nothing to choose from.
pub fn arg_extremum<T: Scalar>(x: &[T], lanes: Lanes, largest: bool, out: &mut [T]) -> bool {
    let Lanes { outer, size, inner } = lanes;
    if lanes.count() != Some(x.len()) || outer.checked_mul(inner) != Some(out.len()) {
        return false;
    }
    if out.is_empty() {
        return true;
    }
    if size == 0 {
        return false;
    }
    for (lane, out) in x.chunks_exact(size * inner).zip(out.chunks_exact_mut(inner)) {
        for (i, out) in out.iter_mut().enumerate() {
            let mut best = (0, lane[i]);
            for step in 1..size {
                let next = lane[step * inner + i];
                let better = if largest { next > best.1 } else { next < best.1 };
                if !best.1.is_nan() && (better || next.is_nan()) {
                    best = (step, next);
                }
            }
            *out = T::of(best.0 as f64);
        }
    }
    true
}

/// `out[o, j, i] = x[o, index[j], i]`, where `x` has the shape `lanes` and `out` the size of `index` along the axis.
///
/// # Errors
/// If an index is not a whole number inside of the axis; `out` is then partly written.
pub fn gather<T: Scalar>(x: &[T], lanes: Lanes, index: &[T], out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(x.len()) || lanes.with(index.len()) != Some(out.len()) {
        return Err(MISFIT);
    }
    if out.is_empty() {
        return check_all(index, size, lanes.outer == 0 || inner == 0);
    }
    for (number, row) in out.chunks_exact_mut(inner).enumerate() {
        let (o, j) = (number / index.len(), number % index.len());
        let start = (o * size + place(index, j, size)?) * inner;
        row.copy_from_slice(&x[start..start + inner]);
    }
    Ok(())
}

/// The transpose of [`gather`]: `out`, of the shape `lanes`, is filled with zeros, and `x[o, j, i]` added to
/// `out[o, index[j], i]`, in the order of `j`.
///
/// # Errors
/// If an index is not a whole number inside of the axis; `out` is then partly written.
pub fn scatter_add<T: Scalar>(x: &[T], index: &[T], lanes: Lanes, out: &mut [T]) -> Result<(), BadIndex> {
    let Lanes { size, inner, .. } = lanes;
    if lanes.count() != Some(out.len()) || lanes.with(index.len()) != Some(x.len()) {
        return Err(MISFIT);
    }
    out.fill(T::zero());
    if x.is_empty() {
        return check_all(index, size, lanes.outer == 0 || inner == 0);
    }
    for (number, row) in x.chunks_exact(inner).enumerate() {
        let (o, j) = (number / index.len(), number % index.len());
        let start = (o * size + place(index, j, size)?) * inner;
        for (to, &from) in out[start..start + inner].iter_mut().zip(row) {
            *to += from;
        }
    }
    Ok(())
}

/// Indices are checked even where there is nothing to move, unless other sizes are the reason.
fn check_all<T: Scalar>(index: &[T], size: usize, elsewhere: bool) -> Result<(), BadIndex> {
    if elsewhere {
        return Ok(());
    }
    (0..index.len()).try_for_each(|position| place(index, position, size).map(|_| ()))
}

/// `out[o, j, i] = x[o, index[o, j, i], i]`: every index picks one element along the axis.
///
/// # Errors
/// If an index is not a whole number inside of the axis; `out` is then partly written.
pub fn take_along<T: Scalar>(x: &[T], lanes: Lanes, index: &[T], out: &mut [T]) -> Result<(), BadIndex> {
    if lanes.count() != Some(x.len()) || index.len() != out.len() {
        return Err(MISFIT);
    }
    along(lanes, index, |position, from| out[position] = x[from])
}

/// The transpose of [`take_along`]: `out`, of the shape `lanes`, is filled with zeros, and `x[o, j, i]` added to
/// `out[o, index[o, j, i], i]`, in the order of the elements of `x`.
///
/// # Errors
/// If an index is not a whole number inside of the axis; `out` is then partly written.
pub fn put_along_add<T: Scalar>(x: &[T], index: &[T], lanes: Lanes, out: &mut [T]) -> Result<(), BadIndex> {
    if lanes.count() != Some(out.len()) || index.len() != x.len() {
        return Err(MISFIT);
    }
    out.fill(T::zero());
    along(lanes, index, |position, to| out[to] += x[position])
}

/// Calls `visit(position among the indices, position in the array)`.
fn along<T: Scalar>(lanes: Lanes, index: &[T], mut visit: impl FnMut(usize, usize)) -> Result<(), BadIndex> {
    let Lanes { outer, size, inner } = lanes;
    if index.is_empty() {
        return Ok(());
    }
    // The length of the index along the axis follows from its number of elements.
    let many = outer.checked_mul(inner).filter(|&rest| rest > 0 && index.len().is_multiple_of(rest));
    let Some(many) = many.map(|rest| index.len() / rest) else { return Err(MISFIT) };
    for position in 0..index.len() {
        let (o, i) = (position / (many * inner), position % inner);
        let step = place(index, position, size)?;
        visit(position, (o * size + step) * inner + i);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LANES: Lanes = Lanes { outer: 2, size: 3, inner: 2 };

    fn whole(count: usize, seed: usize) -> Vec<f64> {
        (0..count).map(|i| ((i * 7 + seed * 5) % 11) as f64 - 5.0).collect()
    }

    #[test]
    fn running_sums_by_hand() {
        let x: Vec<f64> = (1..=12).map(f64::from).collect();
        let mut out = vec![0.0; 12];
        assert!(cumsum(&x, LANES, false, &mut out));
        assert_eq!(out, [1., 2., 4., 6., 9., 12., 7., 8., 16., 18., 27., 30.]);
        assert!(cumsum(&x, LANES, true, &mut out));
        assert_eq!(out, [9., 12., 8., 10., 5., 6., 27., 30., 20., 22., 11., 12.]);
        assert!(!cumsum(&x, LANES, true, &mut out[..11]));
        assert!(cumsum::<f64>(&[], Lanes { outer: 2, size: 0, inner: 3 }, false, &mut []));
    }

    #[test]
    fn the_first_extreme_counts_and_nan_before_all() {
        let lanes = Lanes { outer: 1, size: 4, inner: 2 };
        let x = [1.0, 5.0, 3.0, f64::NAN, 3.0, 9.0, 0.0, f64::NAN];
        let mut out = [9.0; 2];
        assert!(arg_extremum(&x, lanes, true, &mut out));
        assert_eq!(out, [1.0, 1.0]);
        assert!(arg_extremum(&x, lanes, false, &mut out));
        assert_eq!(out, [3.0, 1.0]);
        assert!(!arg_extremum::<f64>(&[], Lanes { size: 0, ..lanes }, true, &mut out));
        assert!(arg_extremum::<f64>(&[], Lanes { outer: 0, ..lanes }, true, &mut []));
    }

    #[test]
    fn indices_outside_are_refused() {
        let x = whole(12, 1);
        for wrong in [-1.0, 3.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
            let mut out = vec![0.0; 8];
            let bad = gather(&x, LANES, &[0.0, wrong], &mut out).unwrap_err();
            assert_eq!((bad.position, bad.size), (1, 3));
            assert!(scatter_add(&out, &[wrong, 0.0], LANES, &mut x.clone()).is_err());
            assert!(take_along(&x, LANES, &[wrong; 4], &mut [0.0; 4]).is_err());
            assert!(put_along_add(&[0.0; 4], &[wrong; 4], LANES, &mut x.clone()).is_err());
            // also where there is nothing to take from
            let none = Lanes { outer: 2, size: 0, inner: 2 };
            assert!(gather(&[], none, &[wrong], &mut [0.0; 4]).is_err());
        }
        assert!(take_along(&x, LANES, &[0.0; 3], &mut [0.0; 3]).is_err());
        assert_eq!(gather(&[], Lanes { outer: 0, ..LANES }, &[7.0], &mut []), Ok(()));
    }

    #[test]
    fn rows_are_picked_and_duplicates_add_up() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let lanes = Lanes { outer: 1, size: 3, inner: 2 };
        let (mut out, mut back) = ([0.0; 6], [9.0; 6]);
        gather(&x, lanes, &[2.0, 0.0, 2.0], &mut out).unwrap();
        assert_eq!(out, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        scatter_add(&x, &[2.0, 0.0, 2.0], lanes, &mut back).unwrap();
        assert_eq!(back, [3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    }

    proptest! {
        /// `<G x, y> = <x, G' y>`, exact in small whole numbers.
        #[test]
        fn scattering_is_the_transpose_of_gathering(
            outer in 0usize..3, size in 1usize..4, inner in 0usize..3, picks in prop::collection::vec(0u8..4, 0..5), seed in 0usize..9,
        ) {
            let lanes = Lanes { outer, size, inner };
            let index: Vec<f64> = picks.iter().map(|&p| f64::from(p) % size as f64).collect();
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let x = whole(outer * size * inner, seed);
            let y = whole(outer * index.len() * inner, seed + 1);
            let (mut gx, mut gy) = (vec![0.0; y.len()], vec![7.0; x.len()]);
            gather(&x, lanes, &index, &mut gx).unwrap();
            scatter_add(&y, &index, lanes, &mut gy).unwrap();
            prop_assert_eq!(dot(&gx, &y), dot(&x, &gy));

            let index: Vec<f64> = (0..y.len()).map(|i| ((i * 5 + seed) % size) as f64).collect();
            take_along(&x, lanes, &index, &mut gx).unwrap();
            put_along_add(&y, &index, lanes, &mut gy).unwrap();
            prop_assert_eq!(dot(&gx, &y), dot(&x, &gy));

            let (mut forth, mut back) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            let z = whole(x.len(), seed + 2);
            cumsum(&x, lanes, false, &mut forth);
            cumsum(&z, lanes, true, &mut back);
            prop_assert_eq!(dot(&forth, &z), dot(&x, &back));
        }

        #[test]
        fn nonsense_never_panics(outer in any::<usize>(), size in any::<usize>(), inner in any::<usize>(), n in 0usize..5) {
            let lanes = Lanes { outer, size, inner };
            let (x, mut out) = (vec![0.0; n], vec![0.0; n]);
            cumsum(&x, lanes, true, &mut out);
            arg_extremum(&x, lanes, true, &mut out);
            let _ = gather(&x, lanes, &x, &mut out);
            let _ = scatter_add(&x, &x, lanes, &mut out);
            let _ = take_along(&x, lanes, &x, &mut out);
            let _ = put_along_add(&x, &x, lanes, &mut out);
        }
    }
}
