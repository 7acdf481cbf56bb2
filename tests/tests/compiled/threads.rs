//! Programs on many threads: clones beside each other, and the same bits at any number of threads.

use std::sync::mpsc;
use std::time::Duration;

use chainrule::graph::{Conv, ErrorKind, Graph, Pool, Program, Single, State, Var, keep};
use ndarray::ArrayD;

fn wave(shape: &[usize]) -> ArrayD<f32> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| (i as f32 * 0.37).sin()).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

#[test]
fn programs_and_states_go_to_other_threads() {
    fn send<T: Send>() {}
    fn sync<T: Sync>() {}
    send::<Program<f64, Vec<Single>>>();
    send::<Program<f32, (Single, [Single; 2])>>();
    send::<State<f64>>();
    sync::<State<f64>>();
    sync::<State<f32>>();
}

#[test]
fn readers_run_side_by_side() {
    let graph = Graph::new();
    let (x, w) = (graph.constant(vec![0.0; 3000]), graph.variable("w", vec![0.5; 3000]));
    let program = Program::new([x], [(x * w).sum(), x + w]).compile().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let mut program = program.clone();
            scope.spawn(move || {
                for run in 0..50 {
                    let x = f64::from(thread * 64 + run);
                    let [sum, all] = program.run([vec![x; 3000]]).unwrap();
                    assert_eq!(sum[[]], 3000.0 * 0.5 * x);
                    assert!(all.iter().all(|y| *y == x + 0.5));
                }
            });
        }
    });
}

/// No update is lost, and none is seen half done: all elements of the counter are equal in each run.
#[test]
fn writers_wait_for_each_other() {
    const CLONES: u32 = 6;
    const RUNS: u32 = 40;
    for size in [1, 100, 5000] {
        let graph = Graph::new();
        let n = graph.variable("n", vec![0.0; size]);
        let program = Program::new([], [n, n.max() - n.min()]).update(n, n + 1.0).compile().unwrap();
        let reader = Program::new([], [n.max() - n.min(), n.sum()]).state(program.state()).compile().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..CLONES {
                let mut program = program.clone();
                scope.spawn(move || {
                    let mut last = -1.0;
                    for _ in 0..RUNS {
                        let [n, difference] = program.run(()).unwrap();
                        assert!(n[[0]] > last && difference[[]] == 0.0);
                        last = n[[0]];
                    }
                });
                let (mut reader, state) = (reader.clone(), reader.state().clone());
                scope.spawn(move || {
                    for _ in 0..RUNS {
                        let [difference, sum] = reader.run(()).unwrap();
                        assert_eq!((difference[[]], sum[[]] % size as f64), (0.0, 0.0));
                        let n = state.get("n").unwrap();
                        assert!(n.iter().all(|x| *x == n[[0]]));
                    }
                });
            }
        });
        assert_eq!(
            program.state().get("n").unwrap(),
            ArrayD::from_elem(vec![size], f64::from(CLONES * RUNS))
        );
    }
}

/// A network with convolutions, attention and equations, its loss and its gradients.
fn network(graph: &Graph<f32>) -> Vec<Var<'_, f32>> {
    let images = graph.constant(wave(&[8, 3, 20, 20]));
    let kernels = graph.variable("kernels", wave(&[16, 3, 3, 3]) * 0.3);
    let features = images.conv2d(kernels, Conv::new().padding(1)).relu().max_pool2d(Pool::new(2).stride(2));
    // As words: 8 sentences of 100 words of 16 numbers.
    let words = features.reshape([8, 16, 100]).permute([0, 2, 1]);
    let [q, k, v] = ["q", "k", "v"].map(|name| words.matmul(graph.variable(name, wave(&[16, 16]) * 0.25)));
    let scores = (q.matmul(k.permute([0, 2, 1])) * 0.25).softmax(2);
    let attended = scores.matmul(v) + words;
    let centred = attended - attended.mean_axes(keep(2));
    let normed = centred / (centred.square().mean_axes(keep(2)) + 1e-5).sqrt();
    let flat = normed.reshape([800, 16]);
    let gram = flat.t().matmul(flat) * 0.01 + graph.constant(ndarray::Array2::<f32>::eye(16));
    let solved = gram.solve(flat.sum_axes(0));
    let loss = normed.tanh().sum() * 0.01 + solved.square().sum() + gram.log_det() + gram.cholesky().sum();
    let mut outputs = vec![loss, scores, solved];
    outputs.extend(loss.grad(graph.variables().into_values().collect::<Vec<_>>()).unwrap());
    outputs
}

#[test]
fn the_same_bits_at_any_number_of_threads() {
    let graph = Graph::f32();
    let outputs = network(&graph);
    let program = Program::new([], outputs).compile().unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut program = program.clone();
        pool.install(|| {
            let outputs = program.run(()).unwrap();
            outputs.iter().flat_map(|y| y.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect::<Vec<_>>()
        })
    };
    let want = run(1);
    assert!(want.iter().all(|&x| f32::from_bits(x).is_finite()));
    for threads in [2, 3, 8] {
        for _ in 0..3 {
            assert!(run(threads) == want, "{threads} threads");
        }
    }
}

/// Programs that share a state, as tasks of the pool over which their steps spread. A thread that waits for a piece of a step
/// takes up another task meanwhile; if that is a program that waits for the same state, both wait for ever. There are
/// always tasks for such a thread: a new one comes whenever one has ended. In a thread of its own, so that the test fails
/// and does not hang.
#[test]
fn programs_as_tasks_of_a_pool_end() {
    const RUNS: usize = 60;
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let graph = Graph::new();
        let w = graph.variable("w", vec![0.0; 24_000]);
        let y = (w.sin() * 0.0 + w.cos() * 0.0).tanh();
        let program = Program::new([], [y.sum()]).update(w, w + 1.0 + y).compile().unwrap();
        for (threads, waiting) in [(Some(2), 3), (Some(3), 5), (None, 3)] {
            let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let pool = threads.map(pool);
            let before = program.state().get("w").unwrap()[[7]];
            let (end, ends) = mpsc::channel();
            let mut results = Vec::new();
            for run in 0..RUNS {
                let (mut program, end) = (program.clone(), end.clone());
                let mut task =
                    move || end.send(program.run(()).map(drop).map_err(|error| error.kind())).unwrap();
                match &pool {
                    Some(pool) => pool.spawn(task),
                    // In the global pool, every other run is that of a thread outside, for which others fork.
                    None if run % 2 == 0 => rayon::spawn(task),
                    None => task(),
                }
                if run >= waiting {
                    results.push(ends.recv().unwrap());
                }
            }
            drop(end);
            results.extend(ends);
            // Each has run, or says that it cannot wait.
            let ran = results.iter().filter(|result| **result == Ok(())).count();
            assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(ErrorKind::Busy))));
            assert_eq!(results.len(), RUNS);
            assert_eq!(program.state().get("w").unwrap()[[7]] - before, ran as f64, "a lost update");
        }
        done.send(()).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(()), "a deadlock, or a lost update");
}
