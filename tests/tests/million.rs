//! A tape of a million nodes, from its recording to a run of the compiled program, on a small stack: memory and work grow as
//! the tape does. In a file of its own, which is a process of its own, with an allocator that counts. No time is asserted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use chainrule::graph::{Graph, Program};

struct Counting;

/// Bytes that are in use, the most there were, and how often memory was asked for.
static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn count(bytes: usize) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        MOST.fetch_max(USED.fetch_add(bytes, Ordering::Relaxed) + bytes, Ordering::Relaxed);
    }
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size());
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count(size);
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a tape has cost.
struct Cost {
    nodes: usize,
    /// What is counted, each with a name.
    counts: Vec<(&'static str, usize)>,
}

impl Cost {
    fn add(&mut self, what: &'static str, count: usize) {
        self.counts.push((what, count));
    }

    /// The most memory there was above what was in use `before`, and how often it was asked for, since the last time.
    fn add_memory(&mut self, bytes: &'static str, calls: &'static str, before: usize) {
        self.add(bytes, MOST.swap(USED.load(Ordering::SeqCst), Ordering::SeqCst) - before);
        self.add(calls, CALLS.swap(0, Ordering::SeqCst));
    }
}

/// `y -> sin(y) a + y`, so often, with its value and both derivatives: interactively, and as a program.
fn cost(length: usize) -> Cost {
    let before = USED.load(Ordering::SeqCst);
    MOST.store(before, Ordering::SeqCst);
    CALLS.store(0, Ordering::SeqCst);
    let graph = Graph::new();
    let (x, a) = (graph.variable("x", 0.5), graph.variable("a", 0.0001));
    let y = (0..length).fold(x, |y, _| y.sin() * a + y);
    let mut cost = Cost { nodes: 0, counts: Vec::new() };
    cost.add_memory("bytes to record", "allocations to record", before);
    let [dx, da] = y.grad([x, a]).unwrap();
    cost.nodes = graph.len();
    cost.add_memory("bytes to differentiate", "allocations to differentiate", before);
    let want = [y, dx, da].map(|y| y.item().unwrap().to_bits());
    cost.add_memory("bytes to evaluate", "allocations to evaluate", before);
    let mut program = Program::new([], [y, dx, da]).compile().unwrap();
    cost.add_memory("bytes to compile", "allocations to compile", before);
    assert_eq!(program.run(()).unwrap().map(|y| y[[]].to_bits()), want);
    cost.add_memory("bytes to run", "allocations to run", before);
    let plan = program.explain();
    cost.add("nodes", plan.nodes);
    cost.add("items", plan.items);
    cost.add("operations", plan.steps.iter().flat_map(|step| &step.operations).map(|entry| entry.1).sum());
    cost.add("steps", plan.steps.len());
    cost.add("bytes of a run's own", plan.work_bytes);
    cost
}

#[test]
fn a_million_nodes_cost_four_times_as_much_as_a_quarter_of_a_million() {
    let test = || {
        let (quarter, million) = (cost(28_000), cost(112_000));
        assert!(million.nodes > 1_000_000, "{}", million.nodes);
        let ratio = million.nodes as f64 / quarter.nodes as f64;
        for (&(what, some), &(_, all)) in quarter.counts.iter().zip(&million.counts) {
            // Lists double as they grow; what is there once is there once.
            assert!(all as f64 <= 1.05 * ratio * some as f64 + 64.0, "{what}: {some}, then {all}");
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}
