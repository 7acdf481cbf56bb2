//! The operands: [`Matrix`] reads data through two strides, or through two tables of [`Offsets`].

use crate::view::checked_len;

/// Where the rows (or the columns) of a gathered matrix lie, relative to each other.
///
/// Any group of axes of a strided array can be listed like this. The patches of an image that a convolution multiplies,
/// for instance, are a matrix whose rows are the places of the output, (batch, y, x), and whose columns are the elements
/// of the kernel, (channel, dy, dx): element (i, j) is that at the place of `i` shifted by `j`, which is a sum of two
/// offsets. The matrix itself, many times as large as the image, never exists.
#[derive(Clone, Debug)]
pub struct Offsets {
    table: Vec<i32>,
    low: i32,
    high: i32,
    /// How many runs of consecutive offsets there are.
    runs: usize,
}

impl Offsets {
    /// The offsets in order; `None` if one of them does not fit into 32 bits.
    pub fn new(offsets: impl IntoIterator<Item = isize>) -> Option<Offsets> {
        let table: Vec<i32> =
            offsets.into_iter().map(|offset| i32::try_from(offset).ok()).collect::<Option<_>>()?;
        let low = table.iter().copied().min().unwrap_or(0);
        let high = table.iter().copied().max().unwrap_or(0);
        let breaks = table.windows(2).filter(|pair| !matches!(pair, [a, b] if follows(*a, *b))).count();
        let runs = breaks + usize::from(!table.is_empty());
        Some(Offsets { table, low, high, runs })
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The smallest and the largest offset; 0 if there is none.
    pub(crate) fn span(&self) -> [isize; 2] {
        [self.low as isize, self.high as isize]
    }

    #[inline(always)]
    pub(super) fn table(&self) -> &[i32] {
        &self.table
    }

    /// How long the runs of consecutive offsets are, in the mean.
    #[inline]
    pub(super) fn run(&self) -> usize {
        self.table.len() / self.runs.max(1)
    }
}

#[inline]
fn follows(a: i32, b: i32) -> bool {
    a.checked_add(1) == Some(b)
}

/// A read-only matrix whose elements need not lie side by side: see [`Matrix::new`] and [`Matrix::gathered`].
#[derive(Debug)]
pub struct Matrix<'a, T> {
    pub(super) data: &'a [T],
    pub(super) offset: usize,
    rows: usize,
    cols: usize,
    pub(super) layout: Layout<'a>,
}

/// How element (i, j) is found, from the offset on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout<'a> {
    /// By the strides of the rows and the columns; 1 where there is but one.
    Strided(isize, isize),
    /// By the tables of the rows and the columns.
    Gathered(&'a Offsets, &'a Offsets),
}

impl<T> Clone for Matrix<'_, T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Matrix<'_, T> {}

impl<'a, T> Matrix<'a, T> {
    /// The strided matrix whose element `(i, j)` is `data[offset + i*row_stride + j*col_stride]`.
    ///
    /// `None` if an element would lie outside `data`, or if the sizes overflow. The stride of an axis of size 1 is
    /// irrelevant; an empty matrix fits everywhere.
    #[inline]
    pub fn new(
        data: &'a [T],
        offset: usize,
        rows: usize,
        cols: usize,
        row_stride: isize,
        col_stride: isize,
    ) -> Option<Self> {
        if !fits_forward(data.len(), offset, rows, cols, row_stride, col_stride) {
            checked_len(data.len(), offset, &[rows, cols], &[row_stride, col_stride])?;
        }
        // A stride that is never used must not choose the code path, nor overflow.
        let row_stride = if rows > 1 { row_stride } else { 1 };
        let col_stride = if cols > 1 { col_stride } else { 1 };
        Some(Matrix { data, offset, rows, cols, layout: Layout::Strided(row_stride, col_stride) })
    }

    /// The gathered matrix whose element `(i, j)` is `data[offset + rows[i] + cols[j]]`; `None` if an element would lie
    /// outside `data`. This takes the same short time for any number of offsets.
    #[inline]
    pub fn gathered(data: &'a [T], offset: usize, rows: &'a Offsets, cols: &'a Offsets) -> Option<Self> {
        if !rows.is_empty() && !cols.is_empty() {
            let low = isize::try_from(rows.low as i64 + cols.low as i64).ok()?;
            let high = isize::try_from(rows.high as i64 + cols.high as i64).ok()?;
            offset.checked_add_signed(low)?;
            data.get(offset.checked_add_signed(high)?)?;
        }
        let layout = Layout::Gathered(rows, cols);
        Some(Matrix { data, offset, rows: rows.len(), cols: cols.len(), layout })
    }

    /// The number of rows.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[inline(always)]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Whether its elements are found by tables.
    #[inline]
    pub(super) fn is_gathered(&self) -> bool {
        matches!(self.layout, Layout::Gathered(..))
    }

    /// The transposed matrix, on the same data.
    #[inline]
    pub fn transposed(self) -> Self {
        let layout = match self.layout {
            Layout::Strided(row, col) => Layout::Strided(col, row),
            Layout::Gathered(rows, cols) => Layout::Gathered(cols, rows),
        };
        Matrix { rows: self.cols, cols: self.rows, layout, ..self }
    }

    /// Where element `(i, j)` lies. Inside of the matrix nothing wraps, as has been checked when it was made.
    #[inline(always)]
    pub(super) fn position(&self, i: usize, j: usize) -> usize {
        match self.layout {
            Layout::Strided(row, col) => self
                .offset
                .wrapping_add_signed((i as isize).wrapping_mul(row))
                .wrapping_add_signed((j as isize).wrapping_mul(col)),
            Layout::Gathered(rows, cols) => {
                let at = |offsets: &Offsets, i| offsets.table.get(i).map_or(0, |&at| at as isize);
                self.offset.wrapping_add_signed(at(rows, i)).wrapping_add_signed(at(cols, j))
            }
        }
    }

    /// A pointer from which the offsets of a gathered matrix count.
    #[inline(always)]
    pub(super) fn begin(&self) -> *const T {
        self.data.as_ptr().wrapping_add(self.offset)
    }

    /// A pointer to element `(i, j)`; valid, if there is such an element.
    #[inline(always)]
    pub(super) fn pointer(&self, i: usize, j: usize) -> *const T {
        self.data.as_ptr().wrapping_add(self.position(i, j))
    }
}

/// The common case of [`checked_len`], in a few instructions: something is there, no stride is negative, and the last
/// element lies inside the data. `false` may also mean that only the careful check can tell.
#[inline]
pub(super) fn fits_forward(
    bound: usize,
    offset: usize,
    rows: usize,
    cols: usize,
    row_stride: isize,
    col_stride: isize,
) -> bool {
    // Below 2^31 nothing can overflow: two products below 2^62 and an offset below 2^63.
    let small = 1 << 31;
    let (row_stride, col_stride) = (row_stride as usize as u64, col_stride as usize as u64);
    let (rows, cols) = ((rows as u64).wrapping_sub(1), (cols as u64).wrapping_sub(1));
    (rows | cols | row_stride | col_stride) < small
        && (offset as u64) < 1 << 62
        && offset as u64 + rows * row_stride + cols * col_stride < bound as u64
}
