//! Compiled programs: what goes in and comes out, in which structure, and from which memory.

use chainrule::graph::{Graph, Program, Scalar, Var, keep};
use indexmap::IndexMap;
use ndarray::{
    Array1, Array2, Array3, ArrayD, ArrayView2, ArrayViewD, IxDyn, ShapeBuilder, array, aview1, s,
};

fn bits<T: Scalar>(x: &ArrayViewD<'_, T>) -> (Vec<usize>, Vec<u64>) {
    (x.shape().to_vec(), x.iter().map(|x| x.as_f64().to_bits()).collect())
}

#[track_caller]
fn same<T: Scalar>(got: &ArrayViewD<'_, T>, want: &ArrayD<T>) {
    assert_eq!(bits(got), bits(&want.view()));
}

fn wave(shape: &[usize]) -> ArrayD<f64> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| (i as f64 * 0.37).sin() * 2.0).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

#[test]
fn outputs_in_the_structure_they_were_given_in() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let (y, z) = (x * 2.0, x.sum());
    let (double, sum) = (array![2.0, 4.0].into_dyn(), ArrayD::from_elem(vec![], 3.0));
    let mut one = Program::new([], y).compile().unwrap();
    same(&one.run(()).unwrap(), &double);
    let mut two = Program::new([], [y, z]).compile().unwrap();
    let [a, b] = two.run(()).unwrap();
    same(&a, &double);
    same(&b, &sum);
    let mut list = Program::new([], vec![z, y, z]).compile().unwrap();
    let got = list.run(()).unwrap();
    assert_eq!(got.len(), 3);
    same(&got[0], &sum);
    same(&got[1], &double);
    same(&got[2], &sum);
    let mut tuple = Program::new([], (y, [z, z], Some(y), None::<Var<'_>>)).compile().unwrap();
    let (a, [b, c], d, e) = tuple.run(()).unwrap();
    same(&a, &double);
    same(&b, &sum);
    same(&c, &sum);
    same(&d.unwrap(), &double);
    assert!(e.is_none());
    let map = IndexMap::<_, _>::from_iter([("z", vec![z]), ("y", vec![y, z]), ("none", vec![])]);
    let mut named = Program::new([], map).compile().unwrap();
    let got = named.run(()).unwrap();
    assert_eq!(got.keys().collect::<Vec<_>>(), [&"z", &"y", &"none"]);
    same(&got["z"][0], &sum);
    same(&got["y"][0], &double);
    same(&got["y"][1], &sum);
    assert!(got["none"].is_empty());
    // A clone has the structure too.
    let got = named.clone().run(()).unwrap().into_values().map(|part| part.len()).collect::<Vec<_>>();
    assert_eq!(got, [1, 2, 0]);
}

#[test]
fn no_outputs_but_updates() {
    let graph = Graph::new();
    let (n, none): (_, [Var<'_>; 0]) = (graph.variable("n", 1.0), []);
    let mut program = Program::new([], none).update(n, n * 2.0).compile().unwrap();
    for _ in 0..10 {
        let [] = program.run(()).unwrap();
    }
    assert_eq!(program.state().get("n").unwrap()[[]], 1024.0);
    let mut program = Program::new([], Vec::<Var<'_>>::new()).update(n, n + 1.0).compile().unwrap();
    assert!(program.run(()).unwrap().is_empty());
    assert_eq!(program.state().get("n").unwrap()[[]], 2.0);
}

/// What is nobody's to hand out is copied: inputs, variables, constants; and views are laid out row by row.
#[test]
fn outputs_that_are_not_computed() {
    for (rows, cols) in [(1, 1), (2, 3), (1, 7), (70, 70), (0, 3), (3, 0), (300, 40)] {
        let graph = Graph::new();
        let (first, second) = (wave(&[rows, cols]), wave(&[rows, cols]) + 1.0);
        let x = graph.constant(&first);
        let v = graph.variable("v", &second);
        let c = graph.constant(&(&second * 3.0));
        for (what, leaf) in [("input", x), ("variable", v), ("constant", c)] {
            let mut outputs = vec![
                leaf,
                leaf.t(),
                leaf.broadcast_to([2, rows, cols]),
                leaf.unsqueeze(-1).broadcast_to([rows, cols, 3]),
                leaf.reshape([cols, rows]),
                leaf.t().reshape([rows, cols]),
                leaf.slice(s![..;-1, ..]),
                leaf.slice(s![.., ..;2]),
                leaf.slice(s![rows / 2.., cols / 2..]),
                leaf,
                leaf.sum_axes(keep(0)),
                leaf.flip(1).t(),
            ];
            outputs.push(outputs[1]);
            let mut program = Program::new([x], outputs.clone()).update(v, v * 1.0).compile().unwrap();
            for run in 0..2 {
                let got = program.run([&first]).unwrap();
                for (i, (got, want)) in got.iter().zip(&outputs).enumerate() {
                    let want = want.value().unwrap();
                    assert_eq!(
                        bits(got),
                        bits(&want.view()),
                        "{what} {rows} x {cols}, output {i}, run {run}"
                    );
                }
            }
            // Each alone.
            for (i, output) in outputs.iter().enumerate() {
                let mut program = Program::new([x], *output).compile().unwrap();
                let want = output.value().unwrap();
                assert_eq!(bits(&program.run([&first]).unwrap()), bits(&want.view()), "{what}, output {i}");
            }
        }
    }
}

#[test]
fn an_output_that_is_updated_has_the_old_value() {
    for n in [1, 3, 1024, 1025, 70_000] {
        let graph = Graph::new();
        let w = graph.variable("w", wave(&[n]));
        let next = w * 0.5;
        let mut program = Program::new([], [w, next, w.slice(s![..;-1]), w.reshape([n, 1])])
            .update(w, next)
            .compile()
            .unwrap();
        let mut old = wave(&[n]);
        for _ in 0..3 {
            let [w, next, turned, column] = program.run(()).unwrap();
            same(&w, &old);
            same(&next, &(&old * 0.5));
            same(&turned, &old.slice(s![..;-1]).to_owned().into_dyn());
            same(&column, &old.clone().into_shape_with_order(IxDyn(&[n, 1])).unwrap());
            old *= 0.5;
            same(&program.state().get("w").unwrap().view(), &old);
        }
    }
}

#[test]
fn nothing_and_single_numbers() {
    let graph = Graph::new();
    let (none, one) = (graph.constant(ArrayD::<f64>::zeros(vec![0, 3])), graph.constant(0.0));
    let w = graph.variable("w", ArrayD::<f64>::zeros(vec![3, 0]));
    let product = none.matmul(graph.constant(wave(&[3, 2])));
    let outputs = [none.sum_axes(0), none.sum(), none * 2.0, w.matmul(none), product, one.exp(), w];
    for finite in [false, true] {
        graph.check_finite(finite);
        let mut program = Program::new([none, one], outputs).update(w, w + one).compile().unwrap();
        let got = program.run((Array2::<f64>::zeros((0, 3)), 1.0)).unwrap();
        let shapes = got.each_ref().map(|x| x.shape().to_vec());
        assert_eq!(shapes, [vec![3], vec![], vec![0, 3], vec![3, 3], vec![0, 2], vec![], vec![3, 0]]);
        assert!(got[0].iter().chain(&got[1]).chain(&got[3]).all(|x| x.to_bits() == 0));
        same(&got[5], &graph.constant(1.0).exp().value().unwrap());
        assert_eq!(program.state().get("w").unwrap().shape(), [3, 0]);
    }
}

/// A node in the middle as input: what it was computed from is not needed, and not computed.
#[test]
fn inputs_in_the_middle() {
    let graph = Graph::new();
    let x = graph.constant(array![[1.0, 2.0], [2.0, 4.0]]);
    // The inverse of a singular matrix: nobody can compute it, and nobody has to.
    let hidden = x.inverse();
    let y = (hidden.t() * 2.0).sum_axes(0) + x.sum();
    let mut program = Program::new([hidden], [y, hidden]).compile().unwrap();
    let given = array![[1.0, 2.0], [3.0, 4.0]];
    let [y, back] = program.run([&given]).unwrap();
    same(&y, &array![15.0, 23.0].into_dyn());
    same(&back, &given.clone().into_dyn());
    // Both a node and its operand; a view of the node is cut by it only where it is asked through it.
    let (a, b) = (x * 3.0, (x * 3.0).t());
    let c = a + b + x;
    let mut program = Program::new([x, a], [c, a.sum()]).compile().unwrap();
    let [c, sum] = program.run([&given, &array![[0.0, 1.0], [0.0, 0.0]]]).unwrap();
    same(&c, &(array![[0.0, 1.0], [0.0, 0.0]] + &given.t() * 3.0 + &given).into_dyn());
    assert_eq!(sum[[]], 1.0);
    // A view as input: others of the same node do not change.
    let turned = x.t();
    let mut program = Program::new([turned], [turned * 1.0, x * 1.0]).compile().unwrap();
    let [turned, plain] = program.run([&given]).unwrap();
    same(&turned, &given.clone().into_dyn());
    same(&plain, &array![[1.0, 2.0], [2.0, 4.0]].into_dyn());
    // Inputs that nobody needs, and variables as inputs: they are not in the state.
    let w = graph.variable("w", 1.0);
    let mut program = Program::new([w, a, x], [w * 5.0]).compile().unwrap();
    assert_eq!(program.run((2.0, &given, &given)).unwrap()[0][[]], 10.0);
    assert!(program.state().shapes().is_empty());
}

/// Large ones are read where they lie, small ones and others in order are copied: the bits are the same.
#[test]
fn inputs_from_any_memory() {
    for (rows, cols) in [(1, 1), (3, 5), (64, 64), (65, 64), (120, 130)] {
        let graph = Graph::new();
        let data = Array2::from_shape_fn((rows, cols), |(i, j)| ((i * 31 + j * 7) as f64 * 0.1).sin());
        let (x, b) = (graph.constant(&data), graph.constant(Array1::<f64>::zeros(cols)));
        let y = (x.tanh() * x + b).softmax(1);
        let outputs = [y, x.matmul(x.t()), x.sum_axes(0), x.t().exp(), (x * x).sum(), x.cumsum(0)];
        let bias = Array1::from_shape_fn(cols, |j| j as f64 * 0.25);
        let mut program = Program::new([x, b], outputs).compile().unwrap();
        let want = program.run((&data, &bias)).unwrap().map(|y| bits(&y));
        let turned = data.t().as_standard_layout().to_owned();
        let mut fortran = Array2::<f64>::zeros((rows, cols).f());
        fortran.assign(&data);
        let wide = Array3::from_shape_fn((rows, cols * 2 + 1, 2), |(i, j, k)| match (j % 2, k) {
            (1, 1) => data[[i, j / 2]],
            _ => f64::NAN,
        });
        let backward = data.slice(s![..;-1, ..;-1]).as_standard_layout().to_owned();
        let rows_backward = data.slice(s![..;-1, ..]).as_standard_layout().to_owned();
        let backward_bias: Array1<f64> = bias.iter().rev().copied().collect();
        let mut padded = ndarray::Array1::from_elem(2 * cols, f64::NAN);
        padded.slice_mut(s![..;2]).assign(&bias);
        let views: [(&str, ArrayView2<'_, f64>); 6] = [
            ("as it is", data.view()),
            ("transposed", turned.t()),
            ("column by column", fortran.view()),
            ("in between", wide.slice(s![.., 1..;2, 1])),
            ("backward", backward.slice(s![..;-1, ..;-1])),
            ("rows backward", rows_backward.slice(s![..;-1, ..])),
        ];
        for (what, view) in views {
            let biases = [bias.view(), backward_bias.slice(s![..;-1]), padded.slice(s![..;2])];
            for bias in biases {
                assert_eq!(view, data, "{what}");
                let got = program.run((view, bias)).unwrap().map(|y| bits(&y));
                assert!(got == want, "{what}, {rows} x {cols}");
            }
        }
        assert!(program.run((&data.clone().into_dyn(), &bias)).unwrap().map(|y| bits(&y)) == want);
        assert!(program.run((data.view(), bias.as_slice().unwrap())).unwrap().map(|y| bits(&y)) == want);
        assert!(program.run((data.to_shared(), bias.to_vec())).unwrap().map(|y| bits(&y)) == want);
    }
}

#[test]
fn inputs_as_lists_and_tuples() {
    let graph = Graph::f32();
    let nodes = [1.0, 2.0, 3.0].map(|x: f32| graph.constant([x, x]));
    let sum = nodes[0] + nodes[1] * 10.0 + nodes[2] * 100.0;
    let mut program = Program::new(nodes, sum).compile().unwrap();
    let want = array![321.0_f32, 654.0].into_dyn();
    let [a, b, c] = [array![1.0_f32, 4.0], array![2.0, 5.0], array![3.0, 6.0]];
    same(&program.run([&a, &b, &c]).unwrap(), &want);
    same(&program.run([a.view(), b.view(), c.view()]).unwrap(), &want);
    same(&program.run(vec![a.clone(), b.clone(), c.clone()]).unwrap(), &want);
    same(&program.run(&[a.clone(), b.clone(), c.clone()][..]).unwrap(), &want);
    same(&program.run([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]).unwrap(), &want);
    same(&program.run((&a, [2.0, 5.0], vec![3.0, 6.0])).unwrap(), &want);
    same(&program.run((a.clone().into_dyn(), b.as_slice().unwrap(), aview1(&[3.0, 6.0]))).unwrap(), &want);
    // Six of six dimensions.
    let graph = Graph::new();
    let shapes: [&[usize]; 6] = [&[], &[2], &[1, 2], &[1, 1, 2], &[2, 1, 1, 1], &[1, 1, 1, 1, 2]];
    let nodes = shapes.map(|shape| graph.full(shape, 0.0));
    let all = nodes.iter().map(|x| x.sum()).reduce(|a, b| a * 10.0 + b).unwrap();
    let mut program = Program::new(nodes, all).compile().unwrap();
    let one = |n: usize| ArrayD::from_elem(shapes[n], n as f64 * 0.5);
    let got = program
        .run((
            7.0,
            one(1).into_dimensionality::<ndarray::Ix1>().unwrap(),
            one(2).into_dimensionality::<ndarray::Ix2>().unwrap(),
            one(3).into_dimensionality::<ndarray::Ix3>().unwrap(),
            one(4).into_dimensionality::<ndarray::Ix4>().unwrap(),
            one(5),
        ))
        .unwrap();
    assert_eq!(got[[]], 712_345.0);
}
