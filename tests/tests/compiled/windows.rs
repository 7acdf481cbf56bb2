//! Convolutions and pooling through programs, which read windows where they lie and keep to the order of memory: the bits are
//! those of `value()`, whatever the windows are and however many threads there are.

use chainrule::graph::{Conv, Graph, Pool, Program, Scalar, Var};
use ndarray::ArrayD;

fn wave<T: Scalar>(shape: &[usize], pace: f64) -> ArrayD<T> {
    let len = shape.iter().product::<usize>();
    // Rounded, so that there are ties; with zeros of both signs.
    let value = |i: usize| {
        T::of(((i as f64 * pace).sin() * 8.0).round() / 8.0 * if i.is_multiple_of(3) { -1.0 } else { 1.0 })
    };
    ArrayD::from_shape_vec(shape, (0..len).map(value).collect()).unwrap()
}

fn bits<T: Scalar>(x: &ArrayD<T>) -> Vec<u64> {
    x.iter().map(|x| if x.is_nan() { u64::MAX } else { x.as_f64().to_bits() }).collect()
}

/// The value of `y`, its derivatives and theirs, at several numbers of threads.
#[track_caller]
fn check<T: Scalar>(what: &str, y: Var<'_, T>, x: &[Var<'_, T>]) {
    let mut outputs = vec![y];
    let weights = y.graph().constant(wave::<T>(&y.shape().unwrap(), 0.7));
    let first = (y * y * weights).sum().grad(x.to_vec()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let along = first.iter().map(|g| (*g * *g).sum()).reduce(|a, b| a + b).unwrap();
    outputs.extend(first);
    outputs.extend(along.grad(x.to_vec()).unwrap());
    let want: Vec<_> = outputs.iter().map(|y| bits(&y.value().unwrap())).collect();
    let program =
        Program::new(x.to_vec(), outputs).compile().unwrap_or_else(|error| panic!("{what}: {error}"));
    let values: Vec<ArrayD<T>> = x.iter().map(|x| x.value().unwrap()).collect();
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut program = program.clone();
        let got: Vec<_> = pool
            .install(|| program.run(values.clone()).unwrap().iter().map(|y| bits(&y.to_owned())).collect());
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            assert!(got == want, "{what}, {threads} threads, output {i}\n{}", program.explain());
        }
    }
}

fn convolutions<T: Scalar>(graph: fn() -> Graph<T>) {
    let plain = Conv::new;
    let cases: [(&str, [usize; 4], [usize; 4], Conv<2>); 13] = [
        // Folded on several threads.
        ("large", [8, 4, 32, 32], [4, 4, 3, 3], plain().padding(1)),
        ("same size", [3, 4, 18, 18], [8, 4, 3, 3], plain().padding(1)),
        ("long rows", [2, 2, 5, 40], [3, 2, 3, 3], plain().padding(1)),
        ("narrow", [2, 3, 40, 3], [4, 3, 3, 2], plain()),
        ("steps", [2, 3, 17, 19], [5, 3, 3, 3], plain().stride([2, 3]).padding([1, 0])),
        ("dilated", [2, 3, 20, 18], [4, 3, 3, 2], plain().dilation([2, 3]).padding(2)),
        ("groups", [2, 6, 12, 12], [9, 2, 3, 3], plain().groups(3).padding(1)),
        ("a group for each channel", [2, 4, 14, 16], [4, 1, 3, 3], plain().groups(4)),
        ("windows of one", [2, 5, 16, 16], [7, 5, 1, 1], plain()),
        ("windows of one, padded", [2, 5, 16, 16], [7, 5, 1, 1], plain().padding(1).stride(2)),
        ("one window", [3, 4, 6, 7], [5, 4, 6, 7], plain()),
        ("more terms than a block", [1, 30, 12, 12], [4, 30, 3, 3], plain().padding(1)),
        ("nothing", [0, 3, 8, 8], [4, 3, 3, 3], plain()),
    ];
    for (what, x, w, conv) in cases {
        let graph = graph();
        let (x, w) = (graph.variable("x", wave::<T>(&x, 0.37)), graph.variable("w", wave::<T>(&w, 0.83)));
        check(what, x.conv2d(w, conv), &[x, w]);
    }
}

#[test]
fn convolutions_in_double_precision() {
    convolutions(Graph::<f64>::new);
}

#[test]
fn convolutions_in_single_precision() {
    convolutions(Graph::f32);
}

#[test]
fn transposed_convolutions_and_sequences() {
    let graph = Graph::<f64>::new();
    let (x, w) =
        (graph.variable("x", wave(&[2, 4, 9, 8], 0.37)), graph.variable("w", wave(&[4, 3, 3, 2], 0.83)));
    check("transposed", x.conv_transpose2d(w, Conv::new().stride(2).padding(1)), &[x, w]);
    let (x, w) = (graph.variable("s", wave(&[3, 2, 300], 0.37)), graph.variable("v", wave(&[4, 2, 5], 0.83)));
    check("sequences", x.conv1d(w, Conv::new().padding(2)), &[x, w]);
}

#[test]
fn pooling() {
    let cases: [(&str, [usize; 4], Pool<2>); 11] = [
        ("side by side", [3, 8, 28, 28], Pool::new(2)),
        ("short rows", [3, 16, 14, 14], Pool::new(2)),
        ("a rest", [4, 8, 13, 15], Pool::new(2)),
        ("flat", [3, 8, 20, 24], Pool::new([1, 3])),
        ("high", [3, 8, 21, 24], Pool::new([3, 1])),
        ("oblong", [3, 8, 20, 24], Pool::new([2, 4])),
        ("squares of four", [3, 8, 20, 24], Pool::new(4)),
        ("squares of five", [3, 8, 20, 25], Pool::new(5)),
        ("overlapping", [3, 8, 20, 24], Pool::new(3).stride(2)),
        ("padded", [3, 8, 20, 24], Pool::new(2).padding(1)),
        ("dilated", [3, 8, 20, 24], Pool::new(2).dilation(2)),
    ];
    for (what, shape, pool) in cases {
        let graph = Graph::f32();
        let mut values = wave::<f32>(&shape, 0.37);
        let x = graph.variable("x", values.clone());
        check(&format!("largest, {what}"), x.max_pool2d(pool), &[x]);
        check(&format!("mean, {what}"), x.avg_pool2d(pool), &[x]);
        // As it stands between layers of a network, and with what is not a number.
        values.iter_mut().step_by(97).for_each(|x| *x = f32::NAN);
        values.iter_mut().skip(5).step_by(89).for_each(|x| *x = f32::NEG_INFINITY);
        let x = graph.variable("odd", values);
        check(&format!("odd, {what}"), ((x * 2.0).relu().max_pool2d(pool) + 1.0).sin(), &[x]);
    }
}

/// A network with two blocks of convolution and pooling: no copies of windows, none of what pooling goes back through.
#[test]
fn the_plan_of_a_convolutional_network() {
    let graph = Graph::f32();
    let x = graph.constant(wave::<f32>(&[8, 1, 28, 28], 0.37));
    let k1 = graph.variable("k1", wave::<f32>(&[16, 1, 3, 3], 0.83));
    let k2 = graph.variable("k2", wave::<f32>(&[32, 16, 3, 3], 0.53));
    let first = x.conv2d(k1, Conv::new().padding(1)).relu().max_pool2d(Pool::new(2));
    let second = first.conv2d(k2, Conv::new().padding(1)).relu().max_pool2d(Pool::new(2));
    let [d1, d2] = second.square().mean().grad([k1, k2]).unwrap();
    let step =
        Program::new([x], [second]).update(k1, k1 - d1 * 0.1).update(k2, k2 - d2 * 0.1).compile().unwrap();
    let plan = step.explain();
    let count = |what: &str| plan.steps.iter().filter(|step| step.title.contains(what)).count();
    assert_eq!((count("copy"), count("of windows"), count("fold")), (0, 4, 2), "{plan}");
}
