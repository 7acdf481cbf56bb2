//! Companions: threads of the pool that stay with a run, so that its forks need not wake a sleeping thread.
//!
//! Waking a thread takes longer (10 to 40 µs) than many a step of a program. So a run that will fork asks for companions once, by
//! forks of rayon's, and from then on its threads offer each other pieces of work through a few places in memory that all of
//! them look at. Companions take up nothing else meanwhile. So whoever waits here waits for pieces of this run only, and
//! nothing that a companion does can wait for a lock that the run holds.
//!
//! A companion for whom there is nothing to do loses patience and goes back to the pool; when all are gone, forks are rayon's
//! again.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::thread::Result;
use std::time::{Duration, Instant};

use crate::pool;

/// How many pieces can be on offer at once; a thread that finds no free place does both halves of its work itself.
const PLACES: usize = 16;

/// How long a companion looks for work before it goes: as long as waking it again may take, some times over.
const PATIENCE: Duration = Duration::from_micros(200);

/// How often it looks before it asks the clock.
const LOOKS: usize = 256;

/// Threads that work on the same run.
#[derive(Default)]
struct Team {
    /// Pieces that whoever comes first may take.
    offers: [AtomicPtr<Piece>; PLACES],
    /// Whether the run has ended.
    over: AtomicBool,
    /// How many companions are there now.
    present: AtomicUsize,
    /// How many have gone before the end.
    gone: AtomicUsize,
}

/// A piece of work on the stack of the thread that offers it. Whoever takes it out of its place runs it, exactly once, and then
/// sets `done`; the thread that offers it does not go on before that.
struct Piece {
    run: unsafe fn(*const ()),
    of: *const (),
    done: AtomicBool,
}

/// A function that is called once, perhaps by another thread, and what came of it.
struct Once<F> {
    function: Cell<Option<F>>,
    result: Cell<Option<Result<()>>>,
}

impl<F: FnOnce()> Once<F> {
    /// # Safety
    /// `this` points to a `Once<F>` that nobody else touches meanwhile.
    unsafe fn run(this: *const ()) {
        // SAFETY: the caller's promise.
        let this = unsafe { &*this.cast::<Self>() };
        if let Some(function) = this.function.take() {
            this.result.set(Some(catch_unwind(AssertUnwindSafe(function))));
        }
    }
}

thread_local! {
    /// The team that this thread works for, if it does.
    static TEAM: Cell<*const Team> = const { Cell::new(null()) };
}

/// Sets the team of this thread, and the former one again when dropped.
struct Member(*const Team);

impl Member {
    fn of(team: *const Team) -> Self {
        Member(TEAM.replace(team))
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        TEAM.set(self.0);
    }
}

/// `work`, with companions from the current pool if there are other threads in it. Forks of the work go to them.
pub(crate) fn accompanied(work: impl FnOnce() + Send) {
    let companions = pool::threads().saturating_sub(1);
    if companions == 0 || !TEAM.get().is_null() {
        return work();
    }
    let team = Team::default();
    let lead = || {
        // Also if the work panics, nobody waits for an end that does not come.
        let result = {
            let _member = Member::of(&raw const team);
            catch_unwind(AssertUnwindSafe(work))
        };
        team.over.store(true, Ordering::SeqCst);
        // They are gone in no time. Rayon would look for foreign work while it waits for them.
        let mut waits = 0;
        while team.present.load(Ordering::SeqCst) > 0 {
            wait(&mut waits);
        }
        result.unwrap_or_else(|panic| resume_unwind(panic));
    };
    pool::join_in_pool(lead, || gather(&team, companions));
}

/// This thread becomes a companion, and so do as many others as are free.
fn gather(team: &Team, companions: usize) {
    if companions > 1 && !team.over.load(Ordering::Relaxed) {
        pool::join_in_pool(|| team.accompany(), || gather(team, companions - 1));
    } else {
        team.accompany();
    }
}

/// Whether this thread has companions, or is one.
#[inline]
pub(crate) fn is_here() -> bool {
    !TEAM.get().is_null()
}

/// Both, the second perhaps by a companion. Gives them back where there are none.
pub(crate) fn fork<A: FnOnce() + Send, B: FnOnce() + Send>(one: A, other: B) -> Option<(A, B)> {
    let team = TEAM.get();
    if team.is_null() {
        return Some((one, other));
    }
    // SAFETY: the pointer was set by a thread that is in the call of `accompanied`, or of `accompany`, of this team: both
    // end before the team does.
    let team = unsafe { &*team };
    if team.present.load(Ordering::Relaxed) == 0 && team.gone.load(Ordering::Relaxed) > 0 {
        return Some((one, other));
    }
    team.fork(one, other);
    None
}

/// A moment, in which now and then another thread may have the processor: there may be fewer of these than threads.
fn wait(waits: &mut usize) {
    *waits += 1;
    if waits.is_multiple_of(LOOKS) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

impl Team {
    /// Does what is offered until the run is over.
    fn accompany(&self) {
        self.present.fetch_add(1, Ordering::SeqCst);
        let _member = Member::of(self);
        let (mut looks, mut since) = (0, None);
        // After the end, nothing is taken any more: the thread that leads may be waiting for the others to have left.
        while !self.over.load(Ordering::SeqCst) {
            if self.help() {
                (looks, since) = (0, None);
                continue;
            }
            wait(&mut looks);
            if looks.is_multiple_of(LOOKS) && since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                self.gone.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        self.present.fetch_sub(1, Ordering::SeqCst);
    }

    /// Does one of the pieces on offer, if there is one: the first, which is a large one.
    fn help(&self) -> bool {
        for place in &self.offers {
            if place.load(Ordering::Relaxed).is_null() {
                continue;
            }
            let piece = place.swap(null_mut(), Ordering::Acquire);
            if !piece.is_null() {
                // SAFETY: the thread that offers the piece waits until it is done, and whoever takes it out of its place
                // has it alone.
                unsafe {
                    ((*piece).run)((*piece).of);
                    (*piece).done.store(true, Ordering::Release);
                }
                return true;
            }
        }
        false
    }

    fn fork<A: FnOnce() + Send, B: FnOnce() + Send>(&self, one: A, other: B) {
        let work = Once { function: Cell::new(Some(other)), result: Cell::new(None) };
        let piece = Piece { run: Once::<B>::run, of: (&raw const work).cast(), done: AtomicBool::new(false) };
        let offer = (&raw const piece).cast_mut();
        let free = |place: &&AtomicPtr<Piece>| {
            place.load(Ordering::Relaxed).is_null()
                && place.compare_exchange(null_mut(), offer, Ordering::Release, Ordering::Relaxed).is_ok()
        };
        let place = self.offers.iter().find(free);
        let first = catch_unwind(AssertUnwindSafe(one));
        // Nobody else's piece has the same address as long as this one is here.
        let taken = |place: &AtomicPtr<Piece>| {
            place.compare_exchange(offer, null_mut(), Ordering::Relaxed, Ordering::Relaxed).is_err()
        };
        if place.is_some_and(taken) {
            let mut waits = 0;
            while !piece.done.load(Ordering::Acquire) {
                if self.help() {
                    waits = 0;
                } else {
                    wait(&mut waits);
                }
            }
        } else if first.is_ok() {
            // SAFETY: the piece is not, or no more, where others could find it.
            unsafe { Once::<B>::run((&raw const work).cast()) };
        }
        let second = work.result.take().unwrap_or(Ok(()));
        first.and(second).unwrap_or_else(|panic| resume_unwind(panic));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use crate::pool::{Awaited, numbers};

    fn pool_of(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    /// How often each of `count` numbers comes, in forks inside of forks.
    fn seen(count: usize) -> Vec<usize> {
        let seen: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
        numbers(count.div_ceil(10), 16, |ten| {
            let rest = 10.min(count - 10 * ten);
            numbers(rest, 4, |i| _ = seen[10 * ten + i].fetch_add(1, Ordering::Relaxed));
        });
        seen.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_piece_is_done_once_by_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            let pool = pool_of(threads);
            for count in [0, 1, 7, 100, 1000] {
                let work = || accompanied(|| (0..20).for_each(|_| assert_eq!(seen(count), vec![1; count])));
                // From inside of the pool and from outside of it.
                pool.install(work);
                pool.in_place_scope(|_| work());
            }
        }
    }

    #[test]
    fn companions_come_and_have_the_marks_of_the_run() {
        let pool = pool_of(2);
        pool.install(|| {
            let _mark = Awaited::new();
            let elsewhere = AtomicUsize::new(0);
            // Again and again until a companion has done a piece: on a busy machine it may lose its patience first, and then
            // rayon's forks carry the mark.
            while elsewhere.load(Ordering::Relaxed) == 0 {
                accompanied(|| {
                    let leader = std::thread::current().id();
                    (0..100).for_each(|_| {
                        numbers(2, 2, |_| {
                            assert!(Awaited::here());
                            if is_here() && std::thread::current().id() != leader {
                                elsewhere.fetch_add(1, Ordering::Relaxed);
                            }
                        });
                    });
                });
            }
        });
        assert_eq!(pool.broadcast(|_| (is_here(), Awaited::here())), [(false, false); 2]);
    }

    #[test]
    fn a_panic_arrives_where_the_work_was_given_out_and_the_threads_stay() {
        let pool = pool_of(3);
        for bad in [0, 3, 7] {
            let done = AtomicUsize::new(0);
            let run = || {
                accompanied(|| {
                    numbers(8, 8, |i| match i == bad {
                        true => panic!("piece {i}"),
                        false => _ = done.fetch_add(1, Ordering::Relaxed),
                    });
                });
            };
            let caught = pool.install(|| catch_unwind(AssertUnwindSafe(run))).unwrap_err();
            assert_eq!(caught.downcast_ref::<String>(), Some(&format!("piece {bad}")));
            assert!(done.into_inner() < 8);
        }
        pool.install(|| accompanied(|| assert_eq!(seen(100), vec![1; 100])));
    }

    #[test]
    fn after_a_long_time_without_work_companions_are_gone_and_all_is_done_nevertheless() {
        let pool = pool_of(2);
        pool.install(|| {
            accompanied(|| {
                assert_eq!(seen(50), vec![1; 50]);
                std::thread::sleep(50 * PATIENCE);
                assert_eq!(seen(50), vec![1; 50]);
                // Where companions went, rayon's own forks find a thread again.
                let leader = std::thread::current().id();
                let elsewhere = AtomicBool::new(false);
                while !elsewhere.load(Ordering::Relaxed) {
                    numbers(2, 2, |_| {
                        elsewhere.fetch_or(std::thread::current().id() != leader, Ordering::Relaxed);
                    });
                }
            });
        });
    }

    #[test]
    fn inside_of_a_team_there_is_no_second_one() {
        pool_of(2).install(|| accompanied(|| accompanied(|| assert_eq!(seen(30), vec![1; 30]))));
    }
}
