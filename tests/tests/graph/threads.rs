//! The same bits at any number of threads, for work above the sizes at which it is split; and graphs on several threads.

use std::thread;

use chainrule::graph::{Graph, Scalar, Var};
use chainrule::ndarray::{Array, Array2, s};
use rayon::ThreadPoolBuilder;

/// Numbers without pattern, whose sums depend on the order of the additions.
fn numbers<T: Scalar>(rows: usize, columns: usize, seed: u64) -> Array2<T> {
    let mut state = seed;
    Array::from_shape_fn((rows, columns), |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        T::of((state >> 11) as f64 / 2f64.powi(52) - 1.0)
    })
}

/// Bits as `u64`: equal numbers are not enough, and NaN must be equal to itself.
fn bits<T: Scalar>(x: Var<'_, T>) -> Vec<u64> {
    x.value().unwrap().into_iter().map(|x| x.as_f64().to_bits()).collect()
}

/// The bits of a program at 1, 2, 3 and 8 threads must be the same, and again in the same pool.
fn at_all_thread_counts<R: PartialEq + Send>(program: impl Fn() -> R + Sync) -> R {
    let run = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&program);
    let one = run(1);
    for threads in [2, 3, 8, 2] {
        assert!(run(threads) == one, "{threads} threads");
    }
    one
}

fn elementwise<T: Scalar>() {
    // 401 * 257 elements: more than 2^16, and no multiple of any chunk.
    let x = numbers::<T>(401, 257, 1);
    let row = numbers::<T>(1, 257, 2);
    let all = at_all_thread_counts(|| {
        let graph = Graph::<T>::default();
        let (x, row) = (graph.variable("x", &x), graph.variable("row", &row));
        let y = ((x + row).sigmoid() * x.exp() / (x.square() + T::one())).tanh();
        let turned = (x.t() * T::of(3.0)).t() - x;
        let [dx, drow] = (y * turned).vjp(T::one(), [x, row]).unwrap();
        [y, turned, dx, drow].map(bits)
    });
    assert_eq!(all[2].len(), 401 * 257);
}

#[test]
fn elementwise_work_and_its_gradients() {
    elementwise::<f64>();
    elementwise::<f32>();
}

fn sums<T: Scalar>() {
    let x = numbers::<T>(521, 389, 3);
    let all = at_all_thread_counts(|| {
        let graph = Graph::<T>::default();
        // Dense, turned, with gaps and reversed: the sums run along the memory and across it.
        let views = [
            graph.constant(&x),
            graph.constant(&x).t(),
            graph.constant(x.slice(s![..;-1, ..])),
            graph.constant(&x).reshape([389, 521]).t(),
            graph.constant(x.row(0)).broadcast_to([521, 389]),
        ];
        views.map(|x| {
            let y = x.sum() * x.mean();
            let means = x.mean_axes(0).square().sum() + x.sum_axes(1).square().sum();
            [x.sum(), x.sum_axes(0), x.sum_axes(1), y.grad(x).unwrap(), means.grad(x).unwrap()].map(bits)
        })
    });
    // One sum that an order of additions decides: not what adding one after another gives.
    let plain = x.iter().fold(T::zero(), |sum, &x| sum + x).as_f64();
    assert!((f64::from_bits(all[0][0][0]) - plain).abs() < 1e-3 * plain.abs().max(100.0));
    assert_ne!(all[0][0][0], plain.to_bits(), "these numbers are too tame to show anything");
}

#[test]
fn sums_and_means_and_their_gradients() {
    sums::<f64>();
    sums::<f32>();
}

fn products<T: Scalar>() {
    // 97 * 131 * 113 multiplications: more than 48 * 48 * 256.
    let (a, b) = (numbers::<T>(97, 131, 5), numbers::<T>(131, 113, 6));
    at_all_thread_counts(|| {
        let graph = Graph::<T>::default();
        let (a, b) = (graph.variable("a", &a), graph.variable("b", &b));
        let y = a.matmul(b);
        let [da, db] = y.square().sum().grad([a, b]).unwrap();
        let turned = b.t().matmul(a.t());
        let hessian = da.jvp(b, b).unwrap();
        [y, da, db, turned, hessian].map(bits)
    });
    let (tall, v) = (numbers::<T>(2048, 512, 7), numbers::<T>(512, 1, 8));
    at_all_thread_counts(|| {
        let graph = Graph::<T>::default();
        let (tall, v) = (graph.variable("tall", &tall), graph.variable("v", v.column(0)));
        let y = tall.matmul(v);
        let [dt, dv] = y.vjp(T::of(0.5), [tall, v]).unwrap();
        [y, dt, dv].map(bits)
    });
}

#[test]
fn matrix_products_and_their_gradients() {
    products::<f64>();
    products::<f32>();
}

#[test]
fn graphs_on_several_threads_at_once_know_nothing_of_each_other() {
    let run = |seed: u64| {
        let graph = Graph::new();
        let w = graph.variable("w", numbers::<f64>(40, 30, seed));
        let loss = w.matmul(numbers::<f64>(30, 20, seed + 1)).tanh().square().mean();
        let gradient = loss.grad(w).unwrap();
        [bits(loss), bits(gradient)]
    };
    let alone: Vec<_> = (0..6).map(run).collect();
    let together: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|seed| scope.spawn(move || run(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(alone == together);
}

#[test]
fn a_graph_moves_to_another_thread_with_all_it_holds() {
    fn moves<S: Send>(value: S) -> S {
        value
    }
    let graph = moves(Graph::new());
    graph.variable("x", [1.0, 2.0]).square();
    let graph = thread::spawn(move || {
        let x = graph.get("x").unwrap();
        assert_eq!(x.square().sum().grad(x).unwrap().value().unwrap()[[1]], 4.0);
        graph
    })
    .join()
    .unwrap();
    assert_eq!(graph.get("x").unwrap().sum().item().unwrap(), 3.0);
}
