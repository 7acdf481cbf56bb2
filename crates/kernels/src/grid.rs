//! Writing through strides: [`place`] and [`accumulate`] are the transposes of reading a [`View`].

use smallvec::SmallVec;

use crate::pool;
use crate::scalar::Scalar;
use crate::view::{Strided, View, checked_len, span};

/// Element number `i` of `x` becomes the element at position `i` of the grid that `offset`, `shape` and `strides` describe
/// in `out`; the rest of `out` is left alone. `false`, with `out` untouched, if the grid does not lie inside of `out` or
/// has another number of elements. Where positions occur more than once, the last element stays.
pub fn place<T: Scalar>(
    x: View<T>,
    out: &mut [T],
    offset: usize,
    shape: &[usize],
    strides: &[isize],
) -> bool {
    if pool::worth(x.len())
        && checked_len(out.len(), offset, shape, strides) == Some(x.len())
        && let Some(blocks) = Blocks::of(offset, shape, strides)
    {
        blocks.place(x, out, shape, strides);
        return true;
    }
    write(x, out, offset, shape, strides, |to, from| *to = from)
}

/// A grid whose parts along the first axis lie one behind the other, so that several threads can write them.
struct Blocks {
    /// Where the first block begins, and the grid in each.
    begin: usize,
    offset: usize,
    /// From one block to the next.
    spacing: usize,
    /// How many elements of the grid a block has.
    each: usize,
}

impl Blocks {
    /// Nothing if parts reach into each other, or there is only one.
    fn of(offset: usize, shape: &[usize], strides: &[isize]) -> Option<Self> {
        let (size, shape) = shape.split_first()?;
        let (stride, strides) = strides.split_first()?;
        let spacing = usize::try_from(*stride).ok().filter(|&spacing| spacing > 0 && *size > 1)?;
        let (begin, offset) = (offset / spacing * spacing, offset % spacing);
        let (_, end) = span(isize::MAX as usize, offset, shape, strides)?;
        let each = shape.iter().product();
        (end <= spacing).then_some(Blocks { begin, offset, spacing, each })
    }

    fn place<T: Scalar>(&self, x: View<T>, out: &mut [T], shape: &[usize], strides: &[isize]) {
        let Some((&size, shape)) = shape.split_first() else { return };
        let together = (CHUNK / self.each.max(1)).clamp(1, size);
        let end = (self.begin + size * self.spacing).min(out.len());
        let out = out.get_mut(self.begin..end).unwrap_or_default();
        pool::chunks(out, together * self.spacing, |number, out| {
            let first = number * together;
            let shape: SmallVec<[usize; 12]> =
                [together.min(size - first)].into_iter().chain(shape.iter().copied()).collect();
            let len = shape.iter().product();
            if let Some(grid) = Strided::<T>::of(&[], self.offset, &shape, strides, len) {
                write_all(x, first * self.each, len, out, &grid, |to, from| *to = from);
            }
        });
    }
}

/// About how many elements a thread places at a time.
const CHUNK: usize = 1 << 12;

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
    if len == 0 {
        return true;
    }
    let Some(grid) = Strided::<T>::of(&[], offset, shape, strides, len) else { return false };
    write_all(x, 0, len, out, &grid, put);
    true
}

/// `len` elements of `x`, from number `first` on, go to the positions of a grid of as many.
#[inline]
fn write_all<T: Scalar>(
    x: View<T>,
    first: usize,
    len: usize,
    out: &mut [T],
    grid: &Strided<T>,
    put: impl Fn(&mut T, T),
) {
    if let Some(x) = x.as_slice() {
        return write_runs(x.get(first..first + len).unwrap_or_default(), out, grid, 0, put);
    }
    let (mut tile, mut done) = ([T::zero(); TILE], 0);
    while done < len {
        let room = tile.get_mut(..TILE.min(len - done)).unwrap_or_default();
        let count = x.read(first + done, room);
        if count == 0 {
            return;
        }
        write_runs(room.get(..count).unwrap_or_default(), out, grid, done, &put);
        done += count;
    }
}

/// The elements of `x` go to the positions from number `start` on.
#[inline]
fn write_runs<T: Scalar>(
    mut x: &[T],
    out: &mut [T],
    grid: &Strided<T>,
    start: usize,
    put: impl Fn(&mut T, T),
) {
    let size = grid.step.unsigned_abs();
    grid.each_run(start, x.len(), |position, count| {
        let (now, later) = x.split_at_checked(count).unwrap_or_default();
        x = later;
        let first = position as usize;
        match grid.step {
            1 => {
                let targets = out.get_mut(first..).unwrap_or_default();
                targets.iter_mut().zip(now).for_each(|(to, &from)| put(to, from));
            }
            0 => {
                if let Some(to) = out.get_mut(first) {
                    now.iter().for_each(|&from| put(to, from));
                }
            }
            2.. => {
                let targets = out.get_mut(first..).unwrap_or_default();
                targets.iter_mut().step_by(size).zip(now).for_each(|(to, &from)| put(to, from));
            }
            _ => {
                let targets = out.get_mut(..=first).unwrap_or_default();
                targets.iter_mut().rev().step_by(size).zip(now).for_each(|(to, &from)| put(to, from));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Layouts, layouts};
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

    /// The positions by the definition, in order.
    fn positions(grid: &Layouts) -> Vec<usize> {
        let at = Layouts { data: (0..grid.data.len()).map(|i| i as f64).collect(), ..grid.clone() };
        at.naive().into_iter().map(|x| x as usize).collect()
    }

    proptest! {
        /// Reading from any layout, writing to any other.
        #[test]
        fn any_layout_against_the_definition(grid in layouts(), (step, turn) in (0isize..4, any::<bool>())) {
            let positions = positions(&grid);
            let step = if turn { -step } else { step };
            let last = positions.len().saturating_sub(1);
            let offset = if turn { last * step.unsigned_abs() } else { 0 };
            let source: Vec<f64> = (0..=last * step.unsigned_abs()).map(|i| (i as f64 * 0.7).cos()).collect();
            let (shape, strides) = ([positions.len()], [step]);
            let x = View::strided(&source, offset, &shape, &strides).unwrap();
            let mut elements = vec![0.0; positions.len()];
            x.read(0, &mut elements);

            for x in [x, View::dense(&elements)] {
                let (mut placed, mut added) = (grid.data.clone(), grid.data.clone());
                let (mut out, mut sums) = (grid.data.clone(), grid.data.clone());
                for (&at, &x) in positions.iter().zip(&elements) {
                    placed[at] = x;
                    added[at] += x;
                }
                prop_assert!(place(x, &mut out, grid.offset, &grid.shape, &grid.strides));
                prop_assert_eq!(&out, &placed);
                prop_assert!(accumulate(x, &mut sums, grid.offset, &grid.shape, &grid.strides));
                prop_assert_eq!(&sums, &added);
            }
        }

        /// Parts of a matrix, or of a longer array, whatever divides: as many elements as several threads share.
        #[test]
        fn blocks_on_several_threads(
            (rows, cols, before, behind) in (1usize..300, 1usize..200, 0usize..40, 0usize..40),
            (skip, scattered) in (0usize..3, any::<bool>()),
        ) {
            let width = before + cols + behind;
            let step = if scattered { 2 } else { 1 };
            let source: Vec<f64> = (0..rows * cols * step).map(|i| i as f64).collect();
            let (all, every) = ([rows * cols], [step as isize]);
            let x = View::strided(&source, 0, &all, &every).unwrap();
            let mut out = vec![-1.0; (rows + skip) * width];
            let mut want = out.clone();
            for (i, x) in source.iter().step_by(step).enumerate() {
                want[(skip + i / cols) * width + before + i % cols] = *x;
            }
            let (offset, shape, strides) = (skip * width + before, [rows, cols], [width as isize, 1]);
            if let Some(blocks) = Blocks::of(offset, &shape, &strides) {
                blocks.place(x, &mut out, &shape, &strides);
                prop_assert_eq!(&out, &want);
            } else {
                prop_assert_eq!(rows, 1);
            }
        }

        #[test]
        fn nonsense_never_panics(
            (offset, len) in (prop_oneof![any::<usize>(), 0usize..3], 0usize..4),
            shape in prop::collection::vec(prop_oneof![any::<usize>(), 0usize..3], 0..4),
            strides in prop::collection::vec(prop_oneof![any::<isize>(), 0isize..2], 0..4),
        ) {
            let (x, mut out) = ([1.0; 4], [7.0; 2]);
            let x = View::dense(&x[..len]);
            if !place(x, &mut out, offset, &shape, &strides) {
                prop_assert!(!accumulate(x, &mut out, offset, &shape, &strides));
                prop_assert_eq!(out, [7.0; 2]);
            }
        }

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
