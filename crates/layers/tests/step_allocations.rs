//! A compiled step of training allocates nothing, whatever the optimiser. In a file of its own, which is a process of its
//! own, with an allocator that counts.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chainrule_graph::{Graph, Program};
use chainrule_layers::{
    Adagrad, Adam, AdamW, Lion, Loss, Momentum, Nesterov, Optimizer, Params, RmsProp, Rule, Schedule,
    Sequential, Sgd,
};
use ndarray::{Array1, Array2};

struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn count() {
        if COUNTS.load(Ordering::Relaxed) {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How many allocations three steps make, once one was made.
fn allocations<R: Rule<f32>>(optimizer: &Optimizer<R>) -> usize {
    let model = Sequential::new().dense(7, 12).tanh().dense(12, 3);
    let graph = Graph::f32();
    let bound = Params::init(&model, 1).unwrap().bind(&graph).train(0);
    let x = Array2::from_shape_fn((5, 7), |(i, j)| (i as f32 + 0.3 * j as f32).sin());
    let labels = Array1::from_shape_fn(5, |i| (i % 3) as f32);
    let (a, b) = (graph.constant(&x), graph.constant(&labels));
    let loss = Loss::SoftmaxCrossEntropy.of(b, bound.apply(&model, a));
    let updates = optimizer.minimize(loss, &bound).unwrap();
    let mut step = Program::new([a, b], [loss]).updates(updates).compile().unwrap();
    step.run((&x, &labels)).unwrap();
    COUNT.store(0, Ordering::SeqCst);
    COUNTS.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let [loss] = step.run((&x, &labels)).unwrap();
        assert!(loss[[]].is_finite());
    }
    COUNTS.store(false, Ordering::SeqCst);
    COUNT.load(Ordering::SeqCst)
}

#[test]
fn steps_do_not_allocate() {
    let counts = [
        allocations(&Sgd::new(0.1).clip_norm(1.0)),
        allocations(&Momentum::new(Schedule::step_decay(0.1, 0.5, 2), 0.9).weight_decay(0.1)),
        allocations(&Nesterov::new(0.1, 0.9).clip_value(0.1)),
        allocations(&Adam::new(Schedule::one_cycle(0.1, 20)).amsgrad()),
        allocations(&AdamW::new(Schedule::cosine(0.1, 4).warm_up(2))),
        allocations(&RmsProp::new(0.1).momentum(0.5).centered()),
        allocations(&Adagrad::new(0.1).accumulate(2)),
        allocations(&Lion::new(Schedule::exponential(0.1, 0.9)).weight_decay(0.1)),
    ];
    assert_eq!(counts, [0; 8]);
    // The counter counts.
    COUNTS.store(true, Ordering::SeqCst);
    drop(std::hint::black_box(vec![1_u8; 100]));
    COUNTS.store(false, Ordering::SeqCst);
    assert!(COUNT.load(Ordering::SeqCst) > 0);
}
