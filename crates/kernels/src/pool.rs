//! Work on the threads of the current rayon pool: the one place of this crate that forks.
//!
//! A thread that waits for a piece of its work goes on working for the pool, on top of what lies on its stack already. What
//! it takes up may be anything, for instance something that waits for a lock; and whoever has that lock may be waiting for
//! a piece that lies below, on this very stack. So a thread has to know whether others may be waiting for it: see
//! [`Awaited`]. The iterators of rayon fork, and wait, outside of the closures that they are given, where no mark can be
//! left; so everything here is made of `rayon::join`.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::team;

/// How many pieces there are for each thread, where nothing else says how many: some, so that a slow thread delays the others
/// less.
const PIECES: usize = 4;

/// From so many elements on a loop is divided although a thread may have to be woken for it (an addition takes them 10 to
/// 20 µs, a fork and join about 5).
pub(crate) const MANY: usize = 1 << 16;

/// From so many elements on it is divided where companions wait for work.
const FEW: usize = 1 << 13;

/// From how many elements on a loop is divided here.
#[inline]
pub(crate) fn least() -> usize {
    if team::is_here() { FEW } else { MANY }
}

/// Whether a loop over so many elements is divided.
#[inline]
pub(crate) fn worth(len: usize) -> bool {
    len >= FEW && len >= least() && threads() > 1
}

thread_local! {
    /// How many marks there are on this thread's stack.
    static MARKS: Cell<usize> = const { Cell::new(0) };
}

/// A mark on a thread's stack: as long as it is there, others may be waiting for this thread, so it must wait for nobody.
///
/// Whoever takes a lock and then calls this crate with it leaves a mark next to the lock. While work of a marked thread is
/// done by other threads of the pool, they are marked as well.
///
/// ```
/// use chainrule_kernels::Awaited;
///
/// assert!(!Awaited::here());
/// let mark = Awaited::new();
/// assert!(Awaited::here());
/// drop(mark);
/// assert!(!Awaited::here());
/// ```
#[derive(Debug)]
pub struct Awaited {
    /// It belongs to the thread that made it.
    of_this_thread: PhantomData<*const ()>,
}

impl Awaited {
    /// Marks this thread until the mark is dropped.
    #[must_use]
    #[inline]
    #[allow(clippy::new_without_default, reason = "a mark is left on purpose")]
    pub fn new() -> Self {
        MARKS.set(MARKS.get().wrapping_add(1));
        Awaited { of_this_thread: PhantomData }
    }

    /// Whether this thread is marked, so that it must not wait.
    #[must_use]
    #[inline]
    pub fn here() -> bool {
        MARKS.get() > 0
    }
}

impl Drop for Awaited {
    #[inline]
    fn drop(&mut self) {
        MARKS.set(MARKS.get().wrapping_sub(1));
    }
}

/// How many threads there are to work on. One on WebAssembly, where nothing can fork: the compiler knows it there, and leaves
/// two fifths of a module away.
#[inline]
pub(crate) fn threads() -> usize {
    if cfg!(target_family = "wasm") { 1 } else { rayon::current_num_threads() }
}

/// Both, the second perhaps on another thread: a companion's, if this one has such, else one of the pool.
pub(crate) fn join(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    if cfg!(target_family = "wasm") {
        one();
        other();
    } else if let Some((one, other)) = team::fork(one, other) {
        join_in_pool(one, other);
    }
}

/// Both, the second perhaps on another thread of the pool; a mark on this one goes with the work.
pub(crate) fn join_in_pool(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    if !Awaited::here() {
        rayon::join(one, other);
    } else if rayon::current_thread_index().is_some() {
        // Where this thread waits, its own mark is below.
        rayon::join(one, || {
            let _mark = Awaited::new();
            other();
        });
    } else {
        // A thread of the pool forks, and waits, for this one: it gets the mark first.
        rayon::scope(|_| {
            let _mark = Awaited::new();
            join_in_pool(one, other);
        });
    }
}

/// `work` with each number below `count`, in up to so many pieces.
pub(crate) fn numbers(count: usize, pieces: usize, work: impl Fn(usize) + Sync) {
    fn halves(first: usize, count: usize, pieces: usize, work: &(impl Fn(usize) + Sync)) {
        if pieces <= 1 || count <= 1 {
            return (first..first + count).for_each(work);
        }
        let left = count / 2;
        join(
            || halves(first, left, pieces / 2, work),
            || halves(first + left, count - left, pieces - pieces / 2, work),
        );
    }
    halves(0, count, pieces, &work);
}

/// `work` with the number and the elements of each chunk of `len` elements, the last of which may be shorter.
pub(crate) fn chunks<T: Send>(out: &mut [T], len: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    fn halves<T: Send>(
        out: &mut [T],
        len: usize,
        (first, pieces): (usize, usize),
        work: &(impl Fn(usize, &mut [T]) + Sync),
    ) {
        let count = out.len().div_ceil(len);
        if pieces <= 1 || count <= 1 {
            return out.chunks_mut(len).zip(first..).for_each(|(chunk, number)| work(number, chunk));
        }
        let left = count / 2;
        let (one, other) = out.split_at_mut(left * len);
        join(
            || halves(one, len, (first, pieces / 2), work),
            || halves(other, len, (first + left, pieces - pieces / 2), work),
        );
    }
    halves(out, len.max(1), (0, PIECES * threads()), &work);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_number_and_every_chunk_comes_once() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        for count in [0, 1, 2, 7, 100] {
            let seen: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            pool.install(|| numbers(count, 5, |i| _ = seen[i].fetch_add(1, Ordering::Relaxed)));
            assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) == 1));
            let mut out = vec![0; count];
            pool.install(|| chunks(&mut out, 3, |i, out| out.iter_mut().for_each(|x| *x += i + 1)));
            assert_eq!(out, (0..count).map(|i| i / 3 + 1).collect::<Vec<_>>());
        }
    }

    /// From outside of the pool and from inside of it, and only where there is a mark.
    #[test]
    fn marks_go_with_the_work() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let marked = || {
            let marked = AtomicUsize::new(0);
            numbers(16, 16, |_| _ = marked.fetch_add(usize::from(Awaited::here()), Ordering::Relaxed));
            marked.into_inner()
        };
        let both = || {
            let without = marked();
            let _mark = Awaited::new();
            (without, marked())
        };
        assert_eq!(both(), (0, 16));
        assert_eq!(pool.install(both), (0, 16));
        assert_eq!(pool.broadcast(|_| Awaited::here()), [false, false]);
    }
}
