//! A product with scratch that the caller brings allocates nothing, whatever its size and the layout of its operands;
//! and tiny ones need no scratch.

#![allow(clippy::unwrap_used)]
use chainrule_kernels::{Matrix, Offsets, Scalar, matmul, matmul_in, matmul_scratch, matmul_with};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(f: impl FnOnce() -> bool) -> usize {
    let before = COUNT.get();
    assert!(f());
    COUNT.get() - before
}

fn none_at_all<T: Scalar>() {
    let sizes =
        [(1, 2, 3), (4, 4, 4), (7, 9, 70), (70, 300, 90), (1, 300, 300), (300, 300, 1), (200, 200, 200)];
    for (m, k, n) in sizes {
        let data = vec![T::one(); (m * k).max(k * n)];
        let mut out = vec![T::zero(); m * n];
        let mut scratch = vec![T::zero(); matmul_scratch::<T>(m, k, n)];
        let table =
            |count: usize, step: usize| Offsets::new((0..count).map(|i| (i * step) as isize)).unwrap();
        let (rows, steps, inner, cols) = (table(m, k), table(k, 1), table(k, n), table(n, 1));
        let strided =
            |rows, cols, r: usize, c: usize| Matrix::new(&data, 0, rows, cols, r as isize, c as isize);
        let lefts = [strided(m, k, k, 1), strided(m, k, 1, m), Matrix::gathered(&data, 0, &rows, &steps)];
        let rights = [strided(k, n, n, 1), strided(k, n, 1, k), Matrix::gathered(&data, 0, &inner, &cols)];
        for a in lefts {
            for b in rights {
                let (a, b) = (a.unwrap(), b.unwrap());
                // The first call may look at the processor and the environment.
                assert!(matmul_in(a, b, &mut out, &mut scratch));
                assert_eq!(count(|| matmul_in(a, b, &mut out, &mut scratch)), 0, "{m} x {k} x {n}");
                assert_eq!(count(|| matmul_with(a, b, &mut out, &mut scratch, |_, _| ())), 0);
                assert!(out.iter().all(|&x| x == T::of(k as f64)));
                if m * k * n <= 64 {
                    assert_eq!(count(|| matmul(a, b, &mut out)), 0, "{m} x {k} x {n}");
                }
            }
        }
    }
}

#[test]
fn a_product_allocates_nothing() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(none_at_all::<f32>);
    pool.install(none_at_all::<f64>);
}
