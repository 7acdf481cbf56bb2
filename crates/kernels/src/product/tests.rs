//! The product against its definition, bit by bit.

use super::*;
use crate::cpu::{Arithmetic, Kernel};
use crate::view::checked_len;
use proptest::prelude::*;
use std::sync::Mutex;

mod sizes;

/// The definition, for elements given by functions.
struct Definition<'a, T> {
    sizes: (usize, usize, usize),
    a: &'a dyn Fn(usize, usize) -> T,
    b: &'a dyn Fn(usize, usize) -> T,
}

impl<T: Scalar> Kernel for Definition<'_, T> {
    type Output = Vec<T>;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Vec<T> {
        let (m, k, n) = self.sizes;
        let mut out = vec![T::zero(); m * n];
        for (at, out) in out.iter_mut().enumerate() {
            for begin in (0..k).step_by(INNER) {
                let mut sum = T::zero();
                for l in begin..k.min(begin + INNER) {
                    sum = A::mul_add((self.a)(at / n, l), (self.b)(l, at % n), sum);
                }
                *out = if begin == 0 { sum } else { *out + sum };
            }
        }
        out
    }
}

/// A matrix with its data; the strides may be negative, zero, transposed or spread out, or tables of any offsets.
struct Owned<T> {
    data: Vec<T>,
    offset: usize,
    rows: usize,
    cols: usize,
    strides: (isize, isize),
    tables: Option<(Offsets, Offsets)>,
}

/// The number of layouts of `Owned::new`.
const LAYOUTS: usize = 14;

impl<T: Scalar> Owned<T> {
    fn new(rows: usize, cols: usize, layout: usize, seed: f64) -> Self {
        let (r, c) = (rows.max(1) as isize, cols.max(1) as isize);
        let layout = layout % LAYOUTS;
        if layout >= 9 {
            return Owned::gathered(rows, cols, layout, seed);
        }
        let strides =
            [(c, 1), (1, r), (-c, 1), (c, -1), (2 * c, 2), (0, 1), (1, 0), (-1, -r), (0, 0)][layout];
        let spans = [(r - 1) * strides.0, (c - 1) * strides.1];
        let offset = -spans.iter().filter(|&&span| span < 0).sum::<isize>();
        let bound = offset + spans.iter().filter(|&&span| span > 0).sum::<isize>() + 1;
        Owned { data: numbers(bound, seed), offset: offset as usize, rows, cols, strides, tables: None }
    }

    fn gathered(rows: usize, cols: usize, layout: usize, seed: f64) -> Self {
        let (r, c) = (rows as isize, cols as isize);
        let table = |count: isize, f: &dyn Fn(isize) -> isize| Offsets::new((0..count).map(f)).unwrap();
        let (rows_of, cols_of) = match layout {
            // The places of a width of 14 in rows of 16, times a kernel of 3 x 3 in planes.
            9 => (table(r, &|i| i / 14 * 16 + i % 14), table(c, &|j| j / 9 * 400 + j / 3 % 3 * 16 + j % 3)),
            10 => (table(r, &|i| i / 9 * 400 + i / 3 % 3 * 16 + i % 3), table(c, &|j| j / 14 * 16 + j % 14)),
            // Channels last: places are equally spaced, channels side by side.
            11 => (table(r, &|i| i / 20 * 160 + i % 20 * 7), table(c, &|j| j / 7 * 160 + j % 7)),
            12 => (table(r, &|i| i * c), table(c, &|j| c - j)),
            _ => (table(r, &|i| (i * 37) % 11 - 5), table(c, &|j| -(j * j) % 13 * 3)),
        };
        let all = || (0..r).flat_map(|i| (0..c).map(move |j| (i as usize, j as usize)));
        let at = |(i, j)| rows_of.table()[i] as isize + cols_of.table()[j] as isize;
        let low = all().map(at).min().unwrap_or(0).min(0);
        let high = all().map(at).max().unwrap_or(0).max(0);
        let data = numbers(high - low + 1, seed);
        Owned { data, offset: -low as usize, rows, cols, strides: (0, 0), tables: Some((rows_of, cols_of)) }
    }

    fn matrix(&self) -> Matrix<'_, T> {
        let matrix = match &self.tables {
            Some((rows, cols)) => Matrix::gathered(&self.data, self.offset, rows, cols),
            None => {
                Matrix::new(&self.data, self.offset, self.rows, self.cols, self.strides.0, self.strides.1)
            }
        };
        matrix.unwrap()
    }

    fn at(&self, i: usize, j: usize) -> T {
        let place = match &self.tables {
            Some((rows, cols)) => rows.table()[i] as isize + cols.table()[j] as isize,
            None => i as isize * self.strides.0 + j as isize * self.strides.1,
        };
        self.data[(self.offset as isize + place) as usize]
    }
}

fn numbers<T: Scalar>(count: isize, seed: f64) -> Vec<T> {
    (0..count).map(|i| T::of((i as f64 * 0.7 + seed).sin())).collect()
}

fn bits<T: Scalar>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.as_f64().to_bits()).collect()
}

/// The bits of the definition, on all paths, with scratch that is no longer than it says, and full of NaN.
fn check<T: Scalar>(a: &Owned<T>, b: &Owned<T>) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    let (x, y) = (a.matrix(), b.matrix());
    let scratch = || vec![T::nan(); matmul_scratch::<T>(m, k, n)];
    for cpu in Cpu::available() {
        let definition = Definition { sizes: (m, k, n), a: &|i, l| a.at(i, l), b: &|l, j| b.at(l, j) };
        let expected = bits(&cpu.run(definition));
        let name = || format!("{m} x {k} x {n}, {:?} {:?}, {cpu:?}", a.matrix().layout, b.matrix().layout);
        let mut out = vec![T::nan(); m * n];
        if small(cpu, &x, &y, &mut out) {
            assert!(bits(&out) == expected, "at once: {}", name());
        }
        if m * k * n > DIRECT {
            out.fill(T::nan());
            // SAFETY: the output is borrowed exclusively.
            assert!(unsafe { product(cpu, x, y, &mut *out, &mut scratch(), &|_, _| ()) });
            assert!(bits(&out) == expected, "by a plan: {}", name());
        }
        out.fill(T::nan());
        if m * k * n <= 3000 {
            cpu.run(Direct::<T, true>::new(&x, &y, &mut out));
            assert!(bits(&out) == expected, "directly, in groups: {}", name());
            out.fill(T::nan());
            cpu.run(Direct::<T, false>::new(&x, &y, &mut out));
            assert!(bits(&out) == expected, "directly: {}", name());
        }
        let blocks = Mutex::new(Vec::new());
        let finish = |first: usize, rows: &mut [T]| {
            blocks.lock().unwrap().push((first, rows.len()));
            rows.iter_mut().for_each(|x| *x = -*x);
        };
        out.fill(T::nan());
        assert!(with(cpu, x, y, &mut out, &mut scratch(), &finish));
        out.iter_mut().for_each(|x| *x = -*x);
        assert!(bits(&out) == expected, "with an epilogue: {}", name());
        let mut blocks = blocks.into_inner().unwrap();
        blocks.sort_unstable();
        let mut next = 0;
        for (first, len) in blocks {
            assert!((first * n, len % n) == (next, 0) && len > 0, "blocks: {}", name());
            next += len;
        }
        assert_eq!(next, m * n);
    }
    let mut out = vec![T::nan(); m * n];
    let mut again = out.clone();
    assert!(matmul(x, y, &mut out) && matmul_in(x, y, &mut again, &mut scratch()));
    assert_eq!(bits(&out), bits(&again));
}

fn check_both((m, k, n): (usize, usize, usize), (p, q): (usize, usize)) {
    check(&Owned::<f32>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
    check(&Owned::<f64>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
}

proptest! {
    #[test]
    fn any_layout_against_the_definition(
        sizes in (0usize..20, 0usize..20, 0usize..20), layouts in (0..LAYOUTS, 0..LAYOUTS),
    ) {
        check_both(sizes, layouts);
    }

    #[test]
    fn larger_ones_too(
        sizes in (0usize..90, 0usize..40, 0usize..90), layouts in (0..LAYOUTS, 0..LAYOUTS),
    ) {
        check_both(sizes, layouts);
    }

    /// `(A B)' = B' A'`, with the same bits.
    #[test]
    fn transposed_products_change_sides(
        (m, k, n) in (0usize..6, 0usize..6, 0usize..6), (p, q) in (0..LAYOUTS, 0..LAYOUTS),
    ) {
        let (a, b) = (Owned::<f64>::new(m, k, p, 0.1), Owned::<f64>::new(k, n, q, 0.2));
        let turned = a.matrix().transposed();
        prop_assert_eq!((turned.rows(), turned.cols()), (k, m));
        let (mut ab, mut ba) = (vec![0.0; m * n], vec![0.0; m * n]);
        prop_assert!(matmul(a.matrix(), b.matrix(), &mut ab));
        prop_assert!(matmul(b.matrix().transposed(), turned, &mut ba));
        prop_assert!((0..m * n).all(|at| ab[at] == ba[at % n * m + at / n]));
        prop_assert!(matmul(turned.transposed(), b.matrix(), &mut ba));
        prop_assert_eq!(ab, ba);
    }

    #[test]
    fn nonsense_never_panics(
        (offset, rows, cols) in (any::<usize>(), any::<usize>(), any::<usize>()),
        (row_stride, col_stride) in (any::<isize>(), any::<isize>()),
        (p, q) in (any::<i32>(), any::<i32>()),
    ) {
        let _ = Matrix::new(&[1.0, 2.0], offset, rows, cols, row_stride, col_stride);
        let (p, q) = (Offsets::new([p as isize]).unwrap(), Offsets::new([q as isize]).unwrap());
        let _ = Matrix::gathered(&[1.0, 2.0], offset, &p, &q);
        let _ = matmul_scratch::<f32>(rows, cols, offset);
    }

    #[test]
    fn the_quick_check_is_the_careful_one(
        (bound, offset, rows, cols) in (0usize..60, 0usize..9, 0usize..6, 0usize..6),
        (r, c) in (-9isize..9, -9isize..9),
    ) {
        let careful = checked_len(bound, offset, &[rows, cols], &[r, c]).is_some();
        let quick = matrix::fits_forward(bound, offset, rows, cols, r, c);
        prop_assert!(careful || !quick);
        prop_assert!(quick == careful || rows * cols == 0 || r < 0 || c < 0);
    }
}
