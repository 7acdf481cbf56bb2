//! An allocator that counts what some threads ask for. Each test has a [`Counter`] and threads of its own, so that neither the
//! other tests nor the test harness, which run beside it, are counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// What the threads of one test ask for.
pub(crate) struct Counter {
    used: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
}

thread_local! {
    // Without an initialiser or a destructor, so that the allocator may read it at any time.
    static COUNTER: Cell<Option<&'static Counter>> = const { Cell::new(None) };
}

impl Counter {
    pub(crate) const fn new() -> Self {
        Counter { used: AtomicUsize::new(0), most: AtomicUsize::new(0), calls: AtomicUsize::new(0) }
    }

    /// Threads that are counted, with stacks of 2 MiB, the size that threads have by default, whatever the environment says. All
    /// have begun. Work has to be installed on them: coming in from outside allocates now and then, for the queue of the pool.
    pub(crate) fn threads(&'static self, threads: usize) -> ThreadPool {
        let pool = ThreadPoolBuilder::new().num_threads(threads).stack_size(2 << 20);
        let pool = pool.start_handler(|_| COUNTER.set(Some(self))).build().unwrap();
        pool.broadcast(|_| rayon::join(|| {}, || {}));
        pool
    }

    /// How many bytes are in use: of memory that these threads asked for, less what they gave back.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::SeqCst)
    }

    /// The most bytes that were in use at once since this was last asked, and how often memory was asked for.
    pub(crate) fn since(&self) -> (usize, usize) {
        (self.most.swap(self.used(), Ordering::SeqCst), self.calls.swap(0, Ordering::SeqCst))
    }

    fn add(&self, bytes: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(self.used.fetch_add(bytes, Ordering::Relaxed) + bytes, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The system's allocator, counted.
pub(crate) struct Counting;

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNTER.get().inspect(|counter| counter.add(layout.size()));
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        COUNTER.get().inspect(|counter| counter.add(layout.size()));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNTER.get().inspect(|counter| {
            counter.add(size);
            counter.subtract(layout.size());
        });
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        COUNTER.get().inspect(|counter| counter.subtract(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
