//! Reading arrays that are not plain slices: a [`View`] is data plus a layout, checked once when it is made.
//!
//! Logical element `(i0, i1, ...)`, counted in row-major order, is `data[offset + i0*strides[0] + i1*strides[1] + ...]`.
//! A stride of 0 repeats an element (a broadcast), a negative one walks backwards. Making a view checks every element
//! it can reach, so that the loops behind it need neither checks nor `unsafe`; it also recognises the two layouts
//! that have a faster loop: one dense slice, and one value repeated.

use crate::nest::lines;
use crate::pool;
use smallvec::SmallVec;

/// A read-only strided array.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T>(Layout<'a, T>);

#[derive(Clone, Copy, Debug)]
enum Layout<'a, T> {
    Dense(&'a [T]),
    Repeated { value: T, len: usize },
    Strided(Strided<'a, T>),
}

/// Equally spaced runs of elements: where they start is walked by `rows`, inside them it is a simple loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strided<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) rows: Walk<'a>,
    pub(crate) run: usize,
    pub(crate) step: isize,
    pub(crate) len: usize,
}

impl<'a, T> View<'a, T> {
    /// All of `data`, in order.
    #[inline]
    pub fn dense(data: &'a [T]) -> Self {
        View(Layout::Dense(data))
    }
}

impl<'a, T: Copy> View<'a, T> {
    /// The array that `offset`, `shape` and `strides` describe, or `None` if the two ranks differ, if any element
    /// lies outside `data`, or if the sizes overflow. The stride of an axis of size 1 is irrelevant.
    pub fn strided(data: &'a [T], offset: usize, shape: &'a [usize], strides: &'a [isize]) -> Option<Self> {
        let len = checked_len(data.len(), offset, shape, strides)?;
        if len == 0 {
            return Some(View::dense(&[]));
        }
        Self::runs(Strided::of(data, offset, shape, strides, len)?)
    }

    /// The fastest layout for runs that are already known to be in bounds.
    pub(crate) fn runs(runs: Strided<'a, T>) -> Option<Self> {
        let Strided { data, rows, run, step, len } = runs;
        let start = rows.origin as usize;
        if run == len && (step == 1 || len == 1) {
            return data.get(start..start.checked_add(len)?).map(View::dense);
        }
        if run == len && step == 0 {
            return data.get(start).map(|&value| View(Layout::Repeated { value, len }));
        }
        Some(View(Layout::Strided(runs)))
    }

    /// The number of logical elements.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Layout::Dense(data) => data.len(),
            Layout::Repeated { len, .. } => *len,
            Layout::Strided(runs) => runs.len,
        }
    }

    /// Whether there is no element at all.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as one slice, if they lie side by side in order.
    #[inline]
    pub fn as_slice(&self) -> Option<&'a [T]> {
        match self.0 {
            Layout::Dense(data) => Some(data),
            _ => None,
        }
    }

    /// The one value that all elements share because of the layout (every stride 0, or a single element).
    #[inline]
    pub fn as_scalar(&self) -> Option<T> {
        match self.0 {
            Layout::Dense([value]) => Some(*value),
            Layout::Repeated { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The runs of a layout that is neither one slice nor one value.
    #[inline]
    pub(crate) fn as_runs(&self) -> Option<&Strided<'a, T>> {
        match &self.0 {
            Layout::Strided(runs) => Some(runs),
            _ => None,
        }
    }

    /// Copies the logical elements from `start` on into `out` and returns how many there were (fewer than
    /// `out.len()` only at the end of the array).
    pub fn read(&self, start: usize, out: &mut [T]) -> usize {
        let count = out.len().min(self.len().saturating_sub(start));
        let Some(out) = out.get_mut(..count) else { return 0 };
        match &self.0 {
            Layout::Dense(data) => {
                if let Some(source) = data.get(start..start + count) {
                    out.copy_from_slice(source);
                }
            }
            Layout::Repeated { value, .. } => out.fill(*value),
            Layout::Strided(runs) => runs.read(start, out),
        }
        count
    }
}

impl<T: Copy + Send + Sync> View<'_, T> {
    /// Copies all elements, where they do not lie in long runs: in the order that suits memory. `false` if they do, or if
    /// this is not the way, and nothing is done then.
    pub(crate) fn copy_by_lines(&self, out: &mut [T]) -> bool {
        let Layout::Strided(Strided { data, rows, run, step, len }) = self.0 else { return false };
        let whole = out.len() == len && rows.shape.len() < 12;
        if run >= 32 || !whole || step < 0 || rows.strides.iter().any(|&stride| stride < 0) {
            return false;
        }
        let mut to: SmallVec<[isize; 12]> = SmallVec::from_elem(1, rows.shape.len() + 1);
        let mut spacing = run as isize;
        for (to, &size) in to.iter_mut().rev().skip(1).zip(rows.shape.iter().rev()) {
            *to = spacing;
            spacing *= size as isize;
        }
        let shape: SmallVec<[usize; 12]> = rows.shape.iter().copied().chain([run]).collect();
        let strides: SmallVec<[isize; 12]> = rows.strides.iter().copied().chain([step]).collect();
        let part = |shape: &[usize], from: usize, out: &mut [T]| {
            lines(shape, (0, &to), (from, &strides), |line| line.each(out, data, |to, from| *to = from));
        };
        let origin = rows.origin as usize;
        match (shape.first(), strides.first(), to.first()) {
            // The outermost axis among the threads.
            (Some(&size), Some(&stride), Some(&spacing)) if size > 1 && pool::worth(len) => {
                pool::chunks(out, spacing as usize, |index, out| {
                    let shape: SmallVec<[usize; 12]> =
                        [1].into_iter().chain(shape.iter().skip(1).copied()).collect();
                    part(&shape, origin + index * stride as usize, out);
                });
            }
            _ => part(&shape, origin, out),
        }
        true
    }
}

impl<'a, T> Strided<'a, T> {
    /// The longest runs of a grid of `len` elements, at least one.
    pub(crate) fn of(
        data: &'a [T],
        offset: usize,
        shape: &'a [usize],
        strides: &'a [isize],
        len: usize,
    ) -> Option<Self> {
        // The longest trailing group of axes that is one evenly spaced run.
        let (mut run, mut step, mut outer) = (1usize, 0isize, shape.len());
        for (&size, &stride) in shape.iter().zip(strides).rev() {
            if run == 1 && size != 1 {
                step = stride;
                run = size;
            } else if size == 1 || stride as i128 == run as i128 * step as i128 {
                run *= size;
            } else {
                break;
            }
            outer -= 1;
        }
        let rows =
            Walk { origin: offset as isize, shape: shape.get(..outer)?, strides: strides.get(..outer)? };
        Some(Strided { data, rows, run, step, len })
    }
}

impl<T: Copy> Strided<'_, T> {
    /// Calls `f(position, count)` for the runs, or parts of runs, that make up `len` elements from `start` on.
    #[inline]
    pub(crate) fn each_run(&self, start: usize, len: usize, mut f: impl FnMut(isize, usize)) {
        let (row, mut skip) = (start / self.run, start % self.run);
        let mut left = len;
        let rows = if len == 0 { 0 } else { (len - 1 + skip) / self.run + 1 };
        self.rows.each(row, rows, |base| {
            let count = left.min(self.run - skip);
            f(base + skip as isize * self.step, count);
            left -= count;
            skip = 0;
        });
    }

    /// The caller has made sure that `start + out.len()` is at most `len`.
    fn read(&self, start: usize, mut out: &mut [T]) {
        match self.run {
            2 => return self.read_short::<2>(start, out),
            3 => return self.read_short::<3>(start, out),
            4 => return self.read_short::<4>(start, out),
            _ => {}
        }
        self.each_run(start, out.len(), |position, count| {
            let (now, later) = std::mem::take(&mut out).split_at_mut(count);
            spread(self.data, position, self.step, now, |to, from| *to = from);
            out = later;
        });
    }
}

impl<T: Copy> Strided<'_, T> {
    /// [`read`](Strided::read) of runs of `N` elements, which is too few for a loop.
    fn read_short<const N: usize>(&self, start: usize, out: &mut [T]) {
        let (mut row, skip) = (start / N, start % N);
        let element =
            |base: isize, i: usize| self.data.get((base + i as isize * self.step) as usize).copied();
        let mut out = out;
        if skip > 0 {
            let base = self.rows.position(row);
            let (now, later) = out.split_at_mut((N - skip).min(out.len()));
            for (to, i) in now.iter_mut().zip(skip..) {
                *to = element(base, i).unwrap_or(*to);
            }
            (out, row) = (later, row + 1);
        }
        let (groups, rest) = out.as_chunks_mut::<N>();
        let (count, mut groups) = (groups.len(), groups);
        self.rows.each_line(row, count, |base, stride, len| {
            let (now, later) = std::mem::take(&mut groups).split_at_mut(len);
            groups = later;
            let line = self.data.get(base as usize..).unwrap_or_default();
            match (stride, self.step) {
                // Each element of a line so many times: what windows side by side have in common.
                (1, 0) => now.iter_mut().zip(line).for_each(|(group, &x)| *group = [x; N]),
                (_, 1) if stride > 0 => {
                    let runs = line.windows(N).step_by(stride as usize);
                    now.iter_mut().zip(runs).for_each(|(group, run)| group.copy_from_slice(run));
                }
                _ => {
                    let mut base = base;
                    for group in now {
                        for (i, to) in group.iter_mut().enumerate() {
                            *to = element(base, i).unwrap_or(*to);
                        }
                        base = base.wrapping_add(stride);
                    }
                }
            }
        });
        if !rest.is_empty() {
            let base = self.rows.position(row + count);
            for (i, to) in rest.iter_mut().enumerate() {
                *to = element(base, i).unwrap_or(*to);
            }
        }
    }
}

/// `f(target, element)` for every target and the elements `first`, `first + step`, ...; the loop is chosen by `step`
/// so that the common ones vectorise.
#[inline]
pub(crate) fn spread<T: Copy>(data: &[T], first: isize, step: isize, out: &mut [T], f: impl Fn(&mut T, T)) {
    let first = first as usize;
    let size = step.unsigned_abs();
    match step {
        1 => {
            let source = data.get(first..).unwrap_or_default();
            out.iter_mut().zip(source).for_each(|(to, &from)| f(to, from));
        }
        0 => {
            if let Some(&from) = data.get(first) {
                out.iter_mut().for_each(|to| f(to, from));
            }
        }
        2.. => {
            let source = data.get(first..).unwrap_or_default();
            out.iter_mut().zip(source.iter().step_by(size)).for_each(|(to, &from)| f(to, from));
        }
        _ => {
            let source = data.get(..=first).unwrap_or_default();
            out.iter_mut().zip(source.iter().rev().step_by(size)).for_each(|(to, &from)| f(to, from));
        }
    }
}

/// Of so many axes, those before the last one are counted while walking.
const COUNTERS: usize = 12;

/// The positions of a strided grid in row-major order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'a> {
    pub(crate) origin: isize,
    pub(crate) shape: &'a [usize],
    pub(crate) strides: &'a [isize],
}

impl Walk<'_> {
    /// Calls `f` with the positions number `start` to `start + count - 1`.
    #[inline]
    pub(crate) fn each(&self, start: usize, count: usize, mut f: impl FnMut(isize)) {
        self.each_line(start, count, |begin, stride, len| {
            let mut position = begin;
            for _ in 0..len {
                f(position);
                // Behind the last element this may point anywhere; it is not used there.
                position = position.wrapping_add(stride);
            }
        });
    }

    /// Calls `f(first, stride, count)` for the lines, or parts of lines, of these positions.
    ///
    /// The index is taken apart once; from line to line, counters of the axes go on, the last one fastest. Of more axes than
    /// there are counters for, the index is taken apart for each line.
    #[inline]
    pub(crate) fn each_line(&self, start: usize, count: usize, mut f: impl FnMut(isize, isize, usize)) {
        let outer = self.shape.len().saturating_sub(1);
        let (size, stride) = match (self.shape.get(outer), self.strides.get(outer)) {
            (Some(&size), Some(&stride)) => (size.max(1), stride),
            _ => (1, 0),
        };
        let end = start.saturating_add(count);
        let mut index = start;
        let mut column = index % size;
        let mut begin = self.position(index).wrapping_sub((column as isize).wrapping_mul(stride));
        let mut counters = [0_usize; COUNTERS];
        let counted = outer <= COUNTERS;
        let mut rest = index / size;
        for (counter, &size) in counters.iter_mut().zip(self.shape.get(..outer).unwrap_or_default()).rev() {
            *counter = rest % size.max(1);
            rest /= size.max(1);
        }
        while index < end {
            let some = (size - column).min(end - index);
            f(begin.wrapping_add((column as isize).wrapping_mul(stride)), stride, some);
            index += some;
            column = 0;
            if !counted {
                begin = self.position(index);
                continue;
            }
            let axes = self.shape.iter().zip(self.strides).zip(&mut counters).take(outer);
            for ((&size, &stride), counter) in axes.rev() {
                *counter += 1;
                begin = begin.wrapping_add(stride);
                if *counter < size {
                    break;
                }
                begin = begin.wrapping_sub((size as isize).wrapping_mul(stride));
                *counter = 0;
            }
        }
    }

    /// Position number `index`. Every partial sum is a position of the grid too, so nothing overflows.
    pub(crate) fn position(&self, mut index: usize) -> isize {
        let mut position = self.origin;
        for (&size, &stride) in self.shape.iter().zip(self.strides).rev() {
            let size = size.max(1);
            position = position.wrapping_add(((index % size) as isize).wrapping_mul(stride));
            index /= size;
        }
        position
    }
}

/// The number of elements, if all of them lie inside `bound` elements of data.
pub(crate) fn checked_len(bound: usize, offset: usize, shape: &[usize], strides: &[isize]) -> Option<usize> {
    if shape.len() != strides.len() {
        return None;
    }
    // An empty array reaches nothing, however wild the rest of its description is.
    if shape.contains(&0) {
        return Some(0);
    }
    let mut len = 1usize;
    let (mut low, mut high) = (isize::try_from(offset).ok()?, isize::try_from(offset).ok()?);
    for (&size, &stride) in shape.iter().zip(strides) {
        if size != 1 {
            len = len.checked_mul(size)?;
            let span = isize::try_from(size - 1).ok()?.checked_mul(stride)?;
            if span < 0 {
                low = low.checked_add(span)?;
            } else {
                high = high.checked_add(span)?;
            }
        }
    }
    (low >= 0 && usize::try_from(high).ok()? < bound).then_some(len)
}

/// From where to where (exclusive) the elements lie, if all of them lie inside `bound` elements of data.
pub(crate) fn span(
    bound: usize,
    offset: usize,
    shape: &[usize],
    strides: &[isize],
) -> Option<(usize, usize)> {
    if checked_len(bound, offset, shape, strides)? == 0 {
        return Some((offset, offset));
    }
    let (mut low, mut high) = (offset, offset);
    for (&size, &stride) in shape.iter().zip(strides) {
        let reach = (size - 1) * stride.unsigned_abs();
        if stride < 0 { low -= reach } else { high += reach }
    }
    Some((low, high + 1))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An array description that fits its data, with negative, zero and arbitrary strides.
    #[derive(Clone, Debug)]
    pub(crate) struct Layouts {
        pub(crate) data: Vec<f64>,
        pub(crate) offset: usize,
        pub(crate) shape: Vec<usize>,
        pub(crate) strides: Vec<isize>,
    }

    impl Layouts {
        pub(crate) fn view(&self) -> View<'_, f64> {
            View::strided(&self.data, self.offset, &self.shape, &self.strides).unwrap()
        }

        /// The logical elements by the definition.
        pub(crate) fn naive(&self) -> Vec<f64> {
            let len: usize = self.shape.iter().product();
            let element = |mut index: usize| {
                let mut at = self.offset as isize;
                for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
                    at += (index % size) as isize * stride;
                    index /= size;
                }
                self.data[at as usize]
            };
            (0..len).map(element).collect()
        }
    }

    /// Axes of size 0 to 5 (and, half of the time, the last one long), row-major or with any strides.
    pub(crate) fn layouts() -> impl Strategy<Value = Layouts> {
        let axis = (prop_oneof![1 => Just(0usize), 3 => Just(1), 12 => 2usize..6], -7isize..8, any::<bool>());
        (prop::collection::vec(axis, 0..5), 1usize..90, any::<bool>()).prop_map(|(axes, last, row_major)| {
            let mut shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
            if let Some(size) = shape.last_mut()
                && last % 2 == 0
            {
                *size = last;
            }
            let mut expected = 1;
            let mut strides = vec![0; shape.len()];
            for (k, &(_, stride, broadcast)) in axes.iter().enumerate().rev() {
                strides[k] = match (row_major, broadcast) {
                    (false, _) => stride,
                    (true, true) if k == 0 => 0,
                    _ => expected,
                };
                expected *= shape[k].max(1) as isize;
            }
            let spans =
                || shape.iter().zip(&strides).map(|(&size, &stride)| (size.max(1) - 1) as isize * stride);
            let offset = -spans().filter(|&span| span < 0).sum::<isize>();
            let bound = offset + spans().filter(|&span| span > 0).sum::<isize>() + 1;
            let data = (0..bound).map(|i| (i as f64 * 0.37).sin()).collect();
            Layouts { data, offset: offset as usize, shape, strides }
        })
    }

    proptest! {
        #[test]
        fn reads_what_the_definition_says(x in layouts(), start in 0usize..200, count in 0usize..400) {
            let (view, naive) = (x.view(), x.naive());
            prop_assert_eq!((view.len(), view.is_empty()), (naive.len(), naive.is_empty()));
            if let Some(slice) = view.as_slice() {
                prop_assert_eq!(slice, &naive[..]);
            }
            if let Some(value) = view.as_scalar() {
                prop_assert!(naive.iter().all(|&x| x == value));
            }
            let mut out = vec![9.0; count];
            let expected = naive.get(start..).unwrap_or_default();
            let expected = &expected[..expected.len().min(count)];
            prop_assert_eq!(view.read(start, &mut out), expected.len());
            prop_assert_eq!(&out[..expected.len()], expected);
            prop_assert!(out[expected.len()..].iter().all(|&x| x == 9.0));
        }

        #[test]
        fn one_element_too_few_is_refused(x in layouts()) {
            if !x.naive().is_empty() {
                let short = &x.data[..x.data.len() - 1];
                prop_assert!(View::strided(short, x.offset, &x.shape, &x.strides).is_none());
            }
        }

        #[test]
        fn nonsense_never_panics(
            offset in any::<usize>(),
            shape in prop::collection::vec(any::<usize>(), 0..4),
            strides in prop::collection::vec(any::<isize>(), 0..4),
        ) {
            if let Some(view) = View::strided(&[1.0, 2.0], offset, &shape, &strides) {
                prop_assert!(view.read(usize::MAX, &mut [0.0; 3]) <= 1);
            }
        }
    }

    #[test]
    fn recognises_the_fast_layouts() {
        let data = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let view = |offset, shape, strides| View::strided(&data, offset, shape, strides).unwrap();
        assert_eq!(view(1, &[2, 1, 2], &[2, -99, 1]).as_slice(), Some(&data[1..5]));
        assert_eq!(view(5, &[], &[]).as_slice(), Some(&data[5..]));
        assert_eq!(view(9, &[0, usize::MAX, 2], &[isize::MIN, 5, 1]).as_slice(), Some(&data[..0]));
        assert_eq!(view(2, &[3, 4], &[0, 0]).as_scalar(), Some(2.0));
        assert_eq!(view(2, &[1, 1], &[7, 7]).as_scalar(), Some(2.0));
        assert_eq!(view(2, &[1, 2], &[0, 1]).as_scalar(), None);
        assert_eq!(View::dense(&data[..1]).as_scalar(), Some(0.0));
        assert_eq!(View::<f64>::dense(&[]).as_scalar(), None);
        assert!(view(5, &[2, 3], &[-3, -1]).as_slice().is_none());
        assert_eq!(view(0, &[usize::MAX >> 1], &[0]).len(), usize::MAX >> 1);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let data = [0.0; 6];
        let strided = |offset, shape, strides| View::strided(&data, offset, shape, strides).is_none();
        assert!(strided(0, &[2, 3], &[1]) && strided(6, &[1], &[1]) && strided(6, &[], &[]));
        assert!(
            strided(0, &[2], &[-1]) && strided(0, &[2], &[isize::MIN]) && strided(0, &[2], &[isize::MAX])
        );
        assert!(strided(0, &[usize::MAX, 2], &[0, 0]) && strided(usize::MAX, &[1], &[0]));
        assert!(View::strided(&[0.0; 0], 0, &[1], &[1]).is_none());
    }
}
