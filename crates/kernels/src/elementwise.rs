//! One function applied to every element: [`map`] for one operand, [`zip`] for two, [`copy`] for none; [`select`]
//! chooses between two.
//!
//! There is one loop for each function, over slices ([`map_slice`], [`zip_slices`]); it is compiled for each kind of
//! processor. Dense operands go through it where they lie. Of other layouts, 256 elements at a time are read into pieces
//! that stay in the L1 cache; where the elements of a slice meet evenly spaced runs (a bias that is added to every row), the
//! runs are used where they lie too.
//!
//! Operands and output are logically flat: shapes were settled by whoever made the views. If the lengths disagree, the
//! common part is computed and the rest of `out` is left alone.

use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::function::{Binary, BinaryVisitor, Unary, UnaryVisitor};
use crate::pool;
use crate::scalar::Scalar;
use crate::view::{Strided, View, spread};

/// The length of the pieces that are spread: fixed, so that the number of threads decides nothing but the time.
const CHUNK: usize = 1 << 12;

/// The number of elements that are read from a strided operand at once.
const TILE: usize = 256;

/// `out[i] = f(x[i])`, for as many as both have.
#[inline]
pub(crate) fn map_slice<T: Scalar>(cpu: Cpu, f: Unary<T>, x: &[T], out: &mut [T]) {
    cpu.run(MapSlice { f, x, out });
}

struct MapSlice<'a, T> {
    f: Unary<T>,
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for MapSlice<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        self.f.visit::<A, _>(MapLoop { x: self.x, out: self.out });
    }
}

struct MapLoop<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> UnaryVisitor<T> for MapLoop<'_, T> {
    type Output = ();

    #[inline(always)]
    fn visit(self, f: impl Fn(T) -> T + Copy) {
        for (out, &x) in self.out.iter_mut().zip(self.x) {
            *out = f(x);
        }
    }

    #[inline(always)]
    fn visit_slices(self, _: impl Fn(T) -> T + Copy, many: impl Fn(&[T], &mut [T]) + Copy) {
        let len = self.x.len().min(self.out.len());
        if let (Some(x), Some(out)) = (self.x.get(..len), self.out.get_mut(..len)) {
            many(x, out);
        }
    }
}

/// `out[i] = f(a[i], b[i])`, for as many as all have.
#[inline]
pub(crate) fn zip_slices<T: Scalar>(cpu: Cpu, f: Binary, a: &[T], b: &[T], out: &mut [T]) {
    cpu.run(ZipSlices { f, a, b, out });
}

struct ZipSlices<'a, T> {
    f: Binary,
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for ZipSlices<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        self.f.visit(ZipLoop { a: self.a, b: self.b, out: self.out });
    }
}

struct ZipLoop<'a, T> {
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> BinaryVisitor<T> for ZipLoop<'_, T> {
    type Output = ();

    #[inline(always)]
    fn visit(self, f: impl Fn(T, T) -> T + Copy) {
        for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = f(a, b);
        }
    }

    #[inline(always)]
    fn visit_mostly(
        self,
        f: impl Fn(T, T) -> T + Copy,
        odd: impl Fn(T) -> bool + Copy,
        exact: impl Fn(T, T) -> T + Copy,
    ) {
        let mut some = 0;
        for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            let y = f(a, b);
            *out = y;
            some |= u32::from(odd(y));
        }
        if some != 0 {
            for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
                if odd(*out) {
                    *out = exact(a, b);
                }
            }
        }
    }
}

#[inline]
pub(crate) fn map<T: Scalar>(f: Unary<T>, x: View<T>, out: &mut [T]) {
    match x.as_slice() {
        Some(x) if !pool::worth(out.len()) => map_slice(Cpu::current(), f, x, out),
        _ => map_long(f, x, out),
    }
}

#[inline(never)]
fn map_long<T: Scalar>(f: Unary<T>, x: View<T>, out: &mut [T]) {
    let cpu = Cpu::current();
    spread_out(x.len(), out, |start, out| {
        if let Some(x) = x.as_slice() {
            map_slice(cpu, f, x.get(start..).unwrap_or_default(), out);
        } else if let Some(x) = x.as_scalar() {
            out.fill(f.value(x));
        } else {
            let (mut start, mut tile) = (start, [T::zero(); TILE]);
            for out in out.chunks_mut(TILE) {
                let count = x.read(start, &mut tile[..out.len()]);
                map_slice(cpu, f, &tile[..count], out);
                start += count;
            }
        }
    });
}

#[inline]
pub(crate) fn zip<T: Scalar>(f: Binary, a: View<T>, b: View<T>, out: &mut [T]) {
    match (a.as_slice(), b.as_slice()) {
        (Some(a), Some(b)) if !pool::worth(out.len()) => zip_slices(Cpu::current(), f, a, b, out),
        _ => zip_long(f, a, b, out),
    }
}

#[inline(never)]
fn zip_long<T: Scalar>(f: Binary, a: View<T>, b: View<T>, out: &mut [T]) {
    let cpu = Cpu::current();
    let len = a.len().min(b.len());
    match (a.as_slice(), b.as_slice(), a.as_runs(), b.as_runs()) {
        (Some(a), Some(b), ..) => spread_out(len, out, |start, out| {
            zip_slices(cpu, f, a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default(), out);
        }),
        (Some(a), _, _, Some(b)) => spread_out(len, out, |start, out| {
            with_runs(a, b, start, out, |a, b, out| zip_slices(cpu, f, a, b, out));
        }),
        (_, Some(b), Some(a), _) => spread_out(len, out, |start, out| {
            with_runs(b, a, start, out, |b, a, out| zip_slices(cpu, f, a, b, out));
        }),
        // A small tile for small work: clearing a large one would take longer than the work.
        _ if len <= 32 => spread_out(len, out, |start, out| zip_tiles::<T, 32>(cpu, f, a, b, start, out)),
        _ => spread_out(len, out, |start, out| zip_tiles::<T, TILE>(cpu, f, a, b, start, out)),
    }
}

/// A slice with anything that has runs, such as a bias that is added to every row: the runs are used where they lie.
fn with_runs<T: Scalar>(
    slice: &[T],
    runs: &Strided<T>,
    start: usize,
    mut out: &mut [T],
    work: impl Fn(&[T], &[T], &mut [T]),
) {
    let mut slice = slice.get(start..).unwrap_or_default();
    runs.each_run(start, out.len(), |position, count| {
        let (now, later) = std::mem::take(&mut out).split_at_mut(count);
        let (left, rest) = slice.split_at_checked(count).unwrap_or_default();
        (out, slice) = (later, rest);
        if runs.step == 1 {
            work(left, runs.data.get(position as usize..).unwrap_or_default(), now);
        } else {
            let mut tile = [T::zero(); TILE];
            let mut position = position;
            for (left, now) in left.chunks(TILE).zip(now.chunks_mut(TILE)) {
                spread(runs.data, position, runs.step, &mut tile[..now.len()], |to, from| *to = from);
                work(left, &tile[..now.len()], now);
                position = position.wrapping_add(runs.step.wrapping_mul(TILE as isize));
            }
        }
    });
}

/// Two operands of any layout.
fn zip_tiles<T: Scalar, const N: usize>(
    cpu: Cpu,
    f: Binary,
    a: View<T>,
    b: View<T>,
    start: usize,
    out: &mut [T],
) {
    let (mut ones, mut others) = ([T::zero(); N], [T::zero(); N]);
    let mut start = start;
    for out in out.chunks_mut(N) {
        let a = piece(a, start, &mut ones[..out.len()]);
        let b = piece(b, start, &mut others[..out.len()]);
        zip_slices(cpu, f, a, b, out);
        start += out.len();
    }
}

pub(crate) fn select<T: Scalar>(condition: View<T>, a: View<T>, b: View<T>, out: &mut [T]) {
    let cpu = Cpu::current();
    let len = condition.len().min(a.len()).min(b.len());
    match (condition.as_slice(), a.as_slice(), b.as_slice()) {
        (Some(condition), Some(a), Some(b)) => spread_out(len, out, |start, out| {
            let condition = condition.get(start..).unwrap_or_default();
            select_slices(
                cpu,
                condition,
                a.get(start..).unwrap_or_default(),
                b.get(start..).unwrap_or_default(),
                out,
            );
        }),
        _ if len <= 32 => {
            spread_out(len, out, |start, out| select_tiles::<T, 32>(condition, a, b, start, out))
        }
        _ => spread_out(len, out, |start, out| select_tiles::<T, TILE>(condition, a, b, start, out)),
    }
}

/// `out[i] = a[i]` where `condition[i]` is not 0, else `b[i]`; for as many as all have.
#[inline]
pub(crate) fn select_slices<T: Scalar>(cpu: Cpu, condition: &[T], a: &[T], b: &[T], out: &mut [T]) {
    cpu.run(SelectSlices { condition, a, b, out });
}

struct SelectSlices<'a, T> {
    condition: &'a [T],
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for SelectSlices<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        for (((out, &condition), &a), &b) in self.out.iter_mut().zip(self.condition).zip(self.a).zip(self.b) {
            *out = if condition == T::zero() { b } else { a };
        }
    }
}

/// At least one operand is not dense.
fn select_tiles<T: Scalar, const N: usize>(
    condition: View<T>,
    a: View<T>,
    b: View<T>,
    start: usize,
    out: &mut [T],
) {
    let (mut conditions, mut ones, mut others) = ([T::zero(); N], [T::zero(); N], [T::zero(); N]);
    let mut start = start;
    for out in out.chunks_mut(N) {
        let condition = piece(condition, start, &mut conditions[..out.len()]);
        let (a, b) = (piece(a, start, &mut ones[..out.len()]), piece(b, start, &mut others[..out.len()]));
        select_slices(Cpu::current(), condition, a, b, out);
        start += out.len();
    }
}

/// The elements from `start` on: where they lie if they are dense, else in `tile`.
#[inline]
fn piece<'t, T: Scalar>(x: View<'t, T>, start: usize, tile: &'t mut [T]) -> &'t [T] {
    match x.as_slice() {
        Some(x) => x.get(start..).unwrap_or_default(),
        None => {
            x.read(start, tile);
            tile
        }
    }
}

fn copy_slice<T: Scalar>(x: &[T], out: &mut [T]) {
    let len = x.len().min(out.len());
    if let (Some(out), Some(x)) = (out.get_mut(..len), x.get(..len)) {
        out.copy_from_slice(x);
    }
}

#[inline]
pub(crate) fn copy<T: Scalar>(x: View<T>, out: &mut [T]) {
    match x.as_slice() {
        Some(x) if !pool::worth(out.len()) => copy_slice(x, out),
        _ if x.copy_by_lines(out) => {}
        _ => spread_out(x.len(), out, |start, out| {
            x.read(start, out);
        }),
    }
}

/// Calls `work(start, part)` for the first `len` elements of `out`, in one part or, if there are many, in fixed parts
/// on the threads of the pool.
#[inline]
fn spread_out<T: Scalar>(len: usize, out: &mut [T], work: impl Fn(usize, &mut [T]) + Sync) {
    let len = len.min(out.len());
    let Some(out) = out.get_mut(..len) else { return };
    if !pool::worth(len) {
        work(0, out);
    } else {
        pool::chunks(out, CHUNK, |index, part| work(index * CHUNK, part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::layouts;
    use proptest::prelude::*;

    fn value(i: usize) -> f64 {
        (i as f64 * 0.61).sin()
    }

    proptest! {
        #[test]
        fn any_layout_against_the_definition(x in layouts(), extra in -3isize..4) {
            let naive = x.naive();
            let len = naive.len().saturating_add_signed(extra);
            let other: Vec<f64> = (0..len).map(value).collect();
            let common = len.min(naive.len());
            let (a, b) = (x.view(), View::dense(&other));
            let mut out = vec![9.0; len];

            map(Unary::Add(-2.0), a, &mut out);
            prop_assert!(out[..common].iter().zip(&naive).all(|(out, x)| *out == x - 2.0));
            prop_assert!(out[common..].iter().all(|&x| x == 9.0));
            copy(a, &mut out);
            prop_assert_eq!(&out[..common], &naive[..common]);
            prop_assert!(out[common..].iter().all(|&x| x == 9.0));
            zip(Binary::Sub, a, b, &mut out);
            prop_assert!((0..common).all(|i| out[i] == naive[i] - other[i]));
            zip(Binary::Sub, b, a, &mut out);
            prop_assert!((0..common).all(|i| out[i] == other[i] - naive[i]));
            zip(Binary::Mul, a, a, &mut out);
            prop_assert!((0..common).all(|i| out[i] == naive[i] * naive[i]));
            prop_assert!(out[common..].iter().all(|&x| x == 9.0));
        }

        /// Every operand in any layout, and the lengths need not agree.
        #[test]
        fn selects_what_the_definition_says(
            mut condition in layouts(), x in layouts(), others in prop::collection::vec(-1.0..1.0f64, 0..120),
        ) {
            for (i, x) in condition.data.iter_mut().enumerate() {
                *x = [0.0, 1.0, -0.0, f64::NAN, -2.0][i % 5];
            }
            let long: Vec<f64> = others.iter().cycle().take(others.len() * 40).copied().collect();
            let condition_elements = condition.naive();
            let operands = [(x.view(), x.naive()), (View::dense(&long), long.clone())];
            let conditions =
                [(condition.view(), &condition_elements), (View::dense(&condition_elements), &condition_elements)];
            for (condition, conditions) in conditions {
                for (a, first) in &operands {
                    for (b, second) in &operands {
                        let mut out = vec![9.0; conditions.len() + 2];
                        select(condition, *a, *b, &mut out);
                        let common = conditions.len().min(first.len()).min(second.len());
                        for i in 0..common {
                            let expected = if conditions[i] == 0.0 { second[i] } else { first[i] };
                            prop_assert_eq!(out[i], expected);
                        }
                        prop_assert!(out[common..].iter().all(|&x| x == 9.0));
                    }
                }
            }
        }
    }

    #[test]
    fn a_repeated_value_on_either_side() {
        let (x, two): (Vec<f64>, _) = ((0..700).map(value).collect(), [2.0]);
        let two = View::strided(&two, 0, &[7, 100], &[0, 0]).unwrap();
        let mut out = vec![0.0; 700];
        zip(Binary::Sub, View::dense(&x), two, &mut out);
        assert!(out.iter().zip(&x).all(|(out, x)| *out == x - 2.0));
        zip(Binary::Sub, two, View::dense(&x), &mut out);
        assert!(out.iter().zip(&x).all(|(out, x)| *out == 2.0 - x));
        zip(Binary::Mul, two, two, &mut out);
        assert!(out.iter().all(|&out| out == 4.0));
    }

    /// Long enough to be split, with an uneven end; every layout that has a loop of its own.
    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let (rows, cols) = (401, 257);
        let len = rows * cols;
        assert!(len > pool::MANY);
        let x: Vec<f64> = (0..len).map(value).collect();
        let signs: Vec<f64> = x.iter().map(|x| x.relu()).collect();
        let (shape, bias, column) = ([rows, cols], [0, 1], [1, 0]);
        let turned = [1, rows as isize];
        let views = [
            View::dense(&x[..]),
            View::strided(&x, 0, &shape, &bias).unwrap(),
            View::strided(&x, 0, &shape, &column).unwrap(),
            View::strided(&x, 0, &shape, &turned).unwrap(),
            View::strided(&x, 3, &shape, &[0, 0]).unwrap(),
        ];
        for a in views {
            for b in views {
                let run = |threads| {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                    let mut out = vec![0.0; 3 * len];
                    pool.install(|| {
                        zip(Binary::Atan2, a, b, &mut out[..len]);
                        map(Unary::Sigmoid, a, &mut out[len..2 * len]);
                        select(View::dense(&signs), a, b, &mut out[2 * len..]);
                    });
                    out
                };
                let one = run(1);
                let mut pair = [vec![0.0; len], vec![0.0; len]];
                a.read(0, &mut pair[0]);
                b.read(0, &mut pair[1]);
                assert!((0..len).all(|i| one[i] == Binary::Atan2.value(pair[0][i], pair[1][i])));
                assert!((0..len).all(|i| one[len + i] == Unary::Sigmoid.value(pair[0][i])));
                assert!((0..len).all(|i| one[2 * len + i] == pair[usize::from(signs[i] == 0.0)][i]));
                for threads in [2, 3, 8] {
                    assert!(one == run(threads), "{threads} threads");
                }
            }
        }
    }
}
