//! Writing through strides: [`place`] and [`accumulate`] are the transposes of reading a [`View`].

use crate::scalar::Scalar;
use crate::view::{View, Walk, checked_len};

/// Element number `i` of `x` becomes the element at position `i` of the grid that `offset`, `shape` and `strides` describe
/// in `out`; the rest of `out` is left alone. `false`, with `out` untouched, if the grid does not lie inside of `out` or
/// has another number of elements.
pub fn place<T: Scalar>(
    x: View<T>,
    out: &mut [T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
) -> bool {
    write(x, out, offset, shape, strides, |to, from| *to = from)
}

/// Like [`place`], but adds to what is there, one element after the other: positions may occur more than once.
pub fn accumulate<T: Scalar>(
    x: View<T>,
    out: &mut [T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
) -> bool {
    write(x, out, offset, shape, strides, |to, from| *to += from)
}

/// The number of elements that are read at once.
const TILE: usize = 256;

#[inline]
fn write<T: Scalar>(
    x: View<T>,
    out: &mut [T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
    put: impl Fn(&mut T, T),
) -> bool {
    let Some(len) = checked_len(out.len(), offset, shape, strides) else { return false };
    if len != x.len() {
        return false;
    }
    let (mut tile, grid) = ([T::zero(); TILE], Walk { origin: offset as isize, shape, strides });
    let mut done = 0;
    while done < len {
        let count = x.read(done, &mut tile);
        if count == 0 {
            return false;
        }
        let mut elements = tile.iter();
        grid.each(done, count, |position| {
            if let (Some(to), Some(&from)) = (out.get_mut(position as usize), elements.next()) {
                put(to, from);
            }
        });
        done += count;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::layouts;
    use proptest::prelude::*;

    #[test]
    fn overlapping_windows_add_up() {
        let mut out = [0.0; 4];
        // windows of two elements, one apart
        assert!(accumulate(View::dense(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), &mut out, 0, &[3, 2], &[1, 1]));
        assert_eq!(out, [1.0, 5.0, 9.0, 6.0]);
        assert!(place(View::dense(&[7.0, 8.0]), &mut out, 3, &[2], &[-2]));
        assert_eq!(out, [1.0, 8.0, 9.0, 7.0]);
        assert!(place(View::dense(&[]), &mut out, 99, &[0, 3], &[1, 1]));
        assert!(!place(View::dense(&[1.0]), &mut out, 4, &[1], &[1]));
        assert!(!place(View::dense(&[1.0]), &mut out, 0, &[2], &[1]));
    }

    proptest! {
        /// `<read x, y> = <x, accumulate y>`, exact in small whole numbers.
        #[test]
        fn adding_is_the_transpose_of_reading(grid in layouts(), seed in 0usize..9) {
            let x: Vec<f64> = (0..grid.data.len()).map(|i| ((i * 7 + seed) % 11) as f64 - 5.0).collect();
            let read = View::strided(&x, grid.offset, &grid.shape, &grid.strides).unwrap();
            let y: Vec<f64> = (0..read.len()).map(|i| ((i * 5 + seed) % 13) as f64 - 6.0).collect();
            let mut seen = vec![0.0; read.len()];
            read.read(0, &mut seen);
            let mut back = vec![0.0; x.len()];
            prop_assert!(accumulate(View::dense(&y), &mut back, grid.offset, &grid.shape, &grid.strides));
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            prop_assert_eq!(dot(&seen, &y), dot(&x, &back));
        }
    }
}
