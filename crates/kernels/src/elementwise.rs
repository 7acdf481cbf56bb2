//! One function applied to every element: [`map`] for one operand, [`zip`] for two, [`copy`] for none; [`select`]
//! chooses between two.
//!
//! The function is a closure and is compiled into the loop, so `zip(a, b, out, |a, b| a + b)` is the vectorised loop
//! one would write by hand. Slices, repeated single values, and a slice with evenly spaced runs (a bias that is added
//! to every row) go through it directly; two operands of other layouts are first read, 256 elements at a time, into
//! pieces that stay in the L1 cache.
//!
//! Operands and output are logically flat: shapes were settled by whoever made the views. If the lengths disagree, the
//! common part is computed and the rest of `out` is left alone.

use crate::scalar::Scalar;
use crate::view::{Strided, View, spread};
use rayon::prelude::*;

/// From this length on the work is spread over the threads of the current rayon pool. Below it, waking them costs more
/// than it gains for the cheapest functions (an addition takes 65536 elements 10 to 20 us, a fork and join about 5).
const PARALLEL: usize = 1 << 16;

/// The length of the pieces that are spread: fixed, so that the number of threads decides nothing but the time.
const CHUNK: usize = 1 << 14;

/// The number of elements that are read from a strided operand at once.
const TILE: usize = 256;

/// `out[i] = f(x[i])`.
#[inline]
pub fn map<T: Scalar>(x: View<T>, out: &mut [T], f: impl Fn(T) -> T + Sync) {
    // Nothing comes before the plain loop: for one element even a length computed too early is felt.
    match x.as_slice() {
        Some(x) if out.len() < PARALLEL => map_slice(x, out, &f),
        _ => map_long(x, out, &f),
    }
}

#[inline]
fn map_slice<T: Scalar>(x: &[T], out: &mut [T], f: &impl Fn(T) -> T) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = f(x);
    }
}

#[inline(never)]
fn map_long<T: Scalar>(x: View<T>, out: &mut [T], f: &(impl Fn(T) -> T + Sync)) {
    spread_out(x.len(), out, |start, out| map_part(x, start, out, f));
}

/// `out` is the part of the whole output that begins at `start`.
fn map_part<T: Scalar>(x: View<T>, start: usize, out: &mut [T], f: &impl Fn(T) -> T) {
    if let Some(x) = x.as_slice() {
        map_slice(x.get(start..).unwrap_or_default(), out, f);
    } else if let Some(x) = x.as_scalar() {
        out.fill(f(x));
    } else {
        let mut start = start;
        for out in out.chunks_mut(TILE) {
            start += x.read(start, out);
            for out in out {
                *out = f(*out);
            }
        }
    }
}

/// `out[i] = f(a[i], b[i])`.
#[inline]
pub fn zip<T: Scalar>(a: View<T>, b: View<T>, out: &mut [T], f: impl Fn(T, T) -> T + Sync) {
    match (a.as_slice(), b.as_slice()) {
        (Some(a), Some(b)) if out.len() < PARALLEL => zip_slices(a, b, out, &f),
        _ => zip_long(a, b, out, &f),
    }
}

#[inline]
fn zip_slices<T: Scalar>(a: &[T], b: &[T], out: &mut [T], f: &impl Fn(T, T) -> T) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

#[inline(never)]
fn zip_long<T: Scalar>(a: View<T>, b: View<T>, out: &mut [T], f: &(impl Fn(T, T) -> T + Sync)) {
    let len = a.len().min(b.len());
    match (a.as_slice(), b.as_slice(), a.as_runs(), b.as_runs()) {
        (Some(a), Some(b), ..) => spread_out(len, out, |start, out| {
            zip_slices(a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default(), out, f);
        }),
        (Some(a), _, _, Some(b)) => spread_out(len, out, |start, out| zip_runs(a, b, start, out, f)),
        (_, Some(b), Some(a), _) => {
            spread_out(len, out, |start, out| zip_runs(b, a, start, out, &|b, a| f(a, b)));
        }
        _ => match (a.as_scalar(), b.as_scalar()) {
            (Some(a), _) => spread_out(len, out, |start, out| map_part(b, start, out, &|b| f(a, b))),
            (_, Some(b)) => spread_out(len, out, |start, out| map_part(a, start, out, &|a| f(a, b))),
            // A small tile for small work: clearing a large one would take longer than the work.
            _ if len <= 32 => spread_out(len, out, |start, out| zip_tiles::<T, 32>(a, b, start, out, f)),
            _ => spread_out(len, out, |start, out| zip_tiles::<T, TILE>(a, b, start, out, f)),
        },
    }
}

/// A slice with anything that has runs, such as a bias that is added to every row: the runs are used where they lie.
fn zip_runs<T: Scalar>(
    slice: &[T],
    runs: &Strided<T>,
    start: usize,
    mut out: &mut [T],
    f: &impl Fn(T, T) -> T,
) {
    let mut slice = slice.get(start..).unwrap_or_default();
    runs.each_run(start, out.len(), |position, count| {
        let (now, later) = std::mem::take(&mut out).split_at_mut(count);
        let (left, rest) = slice.split_at_checked(count).unwrap_or_default();
        (out, slice) = (later, rest);
        if runs.step == 1 {
            let right = runs.data.get(position as usize..).unwrap_or_default();
            zip_slices(left, right, now, f);
        } else {
            spread(runs.data, position, runs.step, now, |to, from| *to = from);
            for (out, &left) in now.iter_mut().zip(left) {
                *out = f(left, *out);
            }
        }
    });
}

/// Two operands with runs. The first is read right into the output, so that one tile is enough.
fn zip_tiles<T: Scalar, const N: usize>(
    a: View<T>,
    b: View<T>,
    start: usize,
    out: &mut [T],
    f: &impl Fn(T, T) -> T,
) {
    let mut tile = [T::zero(); N];
    let mut start = start;
    for out in out.chunks_mut(N) {
        a.read(start, out);
        start += b.read(start, &mut tile[..out.len()]);
        for (out, &b) in out.iter_mut().zip(&tile) {
            *out = f(*out, b);
        }
    }
}

/// `out[i] = a[i]` where `condition[i]` is not 0 (NaN is not), else `b[i]`.
pub fn select<T: Scalar>(condition: View<T>, a: View<T>, b: View<T>, out: &mut [T]) {
    let len = condition.len().min(a.len()).min(b.len());
    match (condition.as_slice(), a.as_slice(), b.as_slice()) {
        (Some(condition), Some(a), Some(b)) => spread_out(len, out, |start, out| {
            let condition = condition.get(start..).unwrap_or_default();
            select_slices(
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

#[inline]
fn select_slices<T: Scalar>(condition: &[T], a: &[T], b: &[T], out: &mut [T]) {
    for (((out, &condition), &a), &b) in out.iter_mut().zip(condition).zip(a).zip(b) {
        *out = if condition == T::zero() { b } else { a };
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
        select_slices(condition, a, b, out);
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

/// `out[i] = x[i]`.
#[inline]
pub fn copy<T: Scalar>(x: View<T>, out: &mut [T]) {
    match x.as_slice() {
        Some(x) if out.len() < PARALLEL => map_slice(x, out, &|x| x),
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
    if len < PARALLEL || rayon::current_num_threads() == 1 {
        work(0, out);
    } else {
        out.par_chunks_mut(CHUNK).enumerate().for_each(|(index, part)| work(index * CHUNK, part));
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

            map(a, &mut out, |x| x - 2.0);
            prop_assert!(out[..common].iter().zip(&naive).all(|(out, x)| *out == x - 2.0));
            prop_assert!(out[common..].iter().all(|&x| x == 9.0));
            copy(a, &mut out);
            prop_assert_eq!(&out[..common], &naive[..common]);
            prop_assert!(out[common..].iter().all(|&x| x == 9.0));
            zip(a, b, &mut out, |x, y| x - 2.0 * y);
            prop_assert!((0..common).all(|i| out[i] == naive[i] - 2.0 * other[i]));
            zip(b, a, &mut out, |y, x| y - 2.0 * x);
            prop_assert!((0..common).all(|i| out[i] == other[i] - 2.0 * naive[i]));
            zip(a, a, &mut out, |x, y| x * y + x);
            prop_assert!((0..common).all(|i| out[i] == naive[i] * naive[i] + naive[i]));
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
        zip(View::dense(&x), two, &mut out, |x, y| x - y);
        assert!(out.iter().zip(&x).all(|(out, x)| *out == x - 2.0));
        zip(two, View::dense(&x), &mut out, |x, y| x - y);
        assert!(out.iter().zip(&x).all(|(out, x)| *out == 2.0 - x));
        zip(two, two, &mut out, |x, y| x * y);
        assert!(out.iter().all(|&out| out == 4.0));
    }

    /// Long enough to be split, with an uneven end; every layout that has a loop of its own.
    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let (rows, cols) = (401, 257);
        let len = rows * cols;
        assert!(len > PARALLEL);
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
                        zip(a, b, &mut out[..len], |x, y| (x - 3.0 * y).exp());
                        map(a, &mut out[len..2 * len], |x| x.sigmoid());
                        select(View::dense(&signs), a, b, &mut out[2 * len..]);
                    });
                    out
                };
                let one = run(1);
                let mut pair = [vec![0.0; len], vec![0.0; len]];
                a.read(0, &mut pair[0]);
                b.read(0, &mut pair[1]);
                assert!((0..len).all(|i| one[i] == (pair[0][i] - 3.0 * pair[1][i]).exp()));
                assert!((0..len).all(|i| one[len + i] == pair[0][i].sigmoid()));
                assert!((0..len).all(|i| one[2 * len + i] == pair[usize::from(signs[i] == 0.0)][i]));
                for threads in [2, 3, 8] {
                    assert!(one == run(threads), "{threads} threads");
                }
            }
        }
    }
}
