//! The borders: nothing, one, the same twice, itself, cut paths, masks, many paths, high orders.

use chainrule::graph::{ErrorKind, Graph, Var, jvp, keep, vjp};
use chainrule::ndarray::{Array, IxDyn, array};
use indexmap::IndexMap;

#[track_caller]
fn is(x: Var<'_>, shape: &[usize], elements: &[f64]) {
    let value = x.value().unwrap();
    assert_eq!((value.shape(), value.iter().copied().collect::<Vec<_>>()), (shape, elements.to_vec()));
}

fn zeros<'g>(graph: &'g Graph, shape: &[usize]) -> Var<'g> {
    graph.constant(Array::<f64, _>::zeros(IxDyn(shape)))
}

#[test]
fn a_product_over_an_inner_size_of_0_is_zeros_with_gradients_of_the_right_shape() {
    let graph = Graph::new();
    let (a, b) = (zeros(&graph, &[2, 0]), zeros(&graph, &[0, 3]));
    let y = a.matmul(b);
    is(y, &[2, 3], &[0.0; 6]);
    let [da, db] = (y + 1.0).square().sum().grad([a, b]).unwrap();
    is(da, &[2, 0], &[]);
    is(db, &[0, 3], &[]);
    is(a.matmul(zeros(&graph, &[0])), &[2], &[0.0; 2]);
    is(zeros(&graph, &[0]).matmul(b), &[3], &[0.0; 3]);
    is(zeros(&graph, &[0]).matmul(zeros(&graph, &[0])), &[], &[0.0]);
    is(zeros(&graph, &[0, 2]).matmul(zeros(&graph, &[2, 3])), &[0, 3], &[]);
}

#[test]
fn sums_of_nothing_are_0_and_means_of_nothing_are_nan() {
    let graph = Graph::new();
    let x = zeros(&graph, &[2, 0, 3]);
    is(x.sum(), &[], &[0.0]);
    is(x.sum_axes(1), &[2, 3], &[0.0; 6]);
    is(x.sum_axes(0), &[0, 3], &[]);
    is(x.sum_axes(keep([0, 1])), &[1, 1, 3], &[0.0; 3]);
    assert!(x.mean().item().unwrap().is_nan());
    assert!(x.mean_axes(1).value().unwrap().iter().all(|m| m.is_nan()));
    is(x.mean_axes(0), &[0, 3], &[]);
    // Their gradients have no elements, and say so in their shape.
    is(x.sum().grad(x).unwrap(), &[2, 0, 3], &[]);
    is(x.mean().grad(x).unwrap(), &[2, 0, 3], &[]);
    is(x.mean_axes(1).vjp(1.0, x).unwrap(), &[2, 0, 3], &[]);
}

#[test]
fn elementwise_work_on_nothing_is_nothing() {
    let graph = Graph::new();
    let x = zeros(&graph, &[0, 2]);
    let y = ((x.exp() + array![1.0, 2.0]).sigmoid() / (x - 1.0)).t();
    is(y, &[2, 0], &[]);
    let [dx] = y.square().sum().grad([x]).unwrap();
    is(dx, &[0, 2], &[]);
    is(y.jvp(x, x).unwrap(), &[2, 0], &[]);
}

#[test]
fn axes_of_size_1_broadcast_and_collect() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[[2.0]]]);
    let y = x * Array::from_elem((2, 3), 1.5);
    assert_eq!(y.shape().unwrap(), [1, 2, 3]);
    is(y.sum().grad(x).unwrap(), &[1, 1, 1], &[9.0]);
    is(x.sum_axes(1), &[1, 1], &[2.0]);
    is(x.reshape([1]).reshape([0_usize; 0]).grad(x).unwrap(), &[1, 1, 1], &[1.0]);
    is(x.permute([2, 0, 1]).exp().ln().sum().grad(x).unwrap(), &[1, 1, 1], &[1.0]);
    // One element in several axes is one number to `grad` and `item`.
    is(x.square().grad(x).unwrap(), &[1, 1, 1], &[4.0]);
    assert_eq!(x.item().unwrap(), 2.0);
}

#[test]
fn a_detached_node_passes_no_gradient_and_its_value_still_counts() {
    let graph = Graph::new();
    let x = graph.variable("x", [3.0, -2.0]);
    is(x.detach(), &[2], &[3.0, -2.0]);
    is((x.detach() * x).sum().grad(x).unwrap(), &[2], &[3.0, -2.0]);
    is(x.detach().sum().grad(x).unwrap(), &[2], &[0.0, 0.0]);
    is((x.detach() * x).jvp(x, graph.constant([1.0, 10.0])).unwrap(), &[2], &[3.0, -20.0]);
    // The detached node itself can be an input: nothing is cut behind it.
    let frozen = x.detach();
    let [df, dx] = (frozen * x).sum().grad([frozen, x]).unwrap();
    is(df, &[2], &[3.0, -2.0]);
    is(dx, &[2], &[3.0, -2.0]);
    // A detached gradient is a number to the next derivative.
    let slope = x.powi(3).sum().grad(x).unwrap();
    is((slope.detach() * x).sum().grad(x).unwrap(), &[2], &[27.0, 12.0]);
}

#[test]
fn unused_inputs_and_independent_outputs_get_exact_zeros() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, f64::INFINITY, f64::NAN]);
    let unused = graph.variable("unused", Array::from_elem((2, 0, 3), 1.0));
    let other = graph.variable("other", array![[f64::NAN, 1.0]]);
    let y = x.sum();
    let [a, b] = y.grad([unused, other]).unwrap();
    is(a, &[2, 0, 3], &[]);
    is(b, &[1, 2], &[0.0, 0.0]);
    // A node recorded after the output, and one computed from it.
    let later = y * 2.0;
    is(y.grad(later).unwrap(), &[], &[0.0]);
    let [tangent, none] = jvp([y, other.sum()], x, graph.constant([1.0, 2.0, 4.0])).unwrap();
    is(tangent, &[], &[7.0]);
    is(none, &[], &[0.0]);
    // Zeros are nodes too.
    is(b.square().sum().grad(x).unwrap(), &[3], &[0.0; 3]);
}

#[test]
fn the_gradient_of_a_node_with_respect_to_itself_is_the_seed() {
    let graph = Graph::new();
    let x = graph.variable("x", 5.0);
    is(x.grad(x).unwrap(), &[], &[1.0]);
    let v = graph.variable("v", [1.0, 2.0]).exp();
    is(v.vjp([3.0, 4.0], v).unwrap(), &[2], &[3.0, 4.0]);
    is(v.jvp(v, graph.constant([3.0, 4.0])).unwrap(), &[2], &[3.0, 4.0]);
}

#[test]
fn gradients_with_respect_to_intermediate_nodes_stop_there() {
    let graph = Graph::new();
    let x = graph.variable("x", 3.0);
    let y = x.square();
    let z = y * x;
    let [dx, dy] = z.grad([x, y]).unwrap();
    // For y as an input, moving it alone; for x, the whole of x³.
    is(dy, &[], &[3.0]);
    is(dx, &[], &[27.0]);
    // Both move at once in forward mode: x's way through y and y's own.
    is(z.jvp([x, y], [graph.constant(1.0), graph.constant(100.0)]).unwrap(), &[], &[327.0]);
}

#[test]
fn repeated_inputs_and_outputs_each_get_their_own() {
    let graph = Graph::new();
    let x = graph.variable("x", 3.0);
    let y = x.square();
    let [a, b, c] = y.grad([x, x, x]).unwrap();
    for d in [a, b, c] {
        is(d, &[], &[6.0]);
    }
    let one = graph.constant(1.0);
    // An output named twice counts twice.
    is(vjp([y, y], [one, one * 10.0], x).unwrap(), &[], &[66.0]);
    // An input named twice moves by the sum of its tangents.
    is(y.jvp([x, x], [one, one * 10.0]).unwrap(), &[], &[66.0]);
    let [p, q] = jvp([y, y], x, one).unwrap();
    is(p, &[], &[6.0]);
    is(q, &[], &[6.0]);
}

#[test]
fn structures_come_back_as_they_went_in() {
    let graph = Graph::new();
    let (w, b) = (graph.variable("w", 2.0), graph.variable("b", 3.0));
    let y = w * b + w;
    let gradients: IndexMap<String, Var<'_>> = y.grad(graph.variables()).unwrap();
    assert_eq!(gradients.keys().collect::<Vec<_>>(), ["w", "b"]);
    is(gradients["w"], &[], &[4.0]);
    is(gradients["b"], &[], &[2.0]);
    let (dw, [db, again], none, some) = y.grad((w, [b, w], None::<Var<'_>>, Some(vec![b]))).unwrap();
    is(dw, &[], &[4.0]);
    is(db, &[], &[2.0]);
    is(again, &[], &[4.0]);
    assert!(none.is_none());
    is(some.unwrap()[0], &[], &[2.0]);
    assert!(y.grad(Vec::<Var<'_>>::new()).unwrap().is_empty());
    assert_eq!(y.grad([] as [Var<'_>; 0]).unwrap().len(), 0);
    is(y.jvp(Vec::<Var<'_>>::new(), Vec::new()).unwrap(), &[], &[0.0]);
}

#[test]
fn gradients_belong_to_one_number() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    assert_eq!(x.square().grad(x).unwrap_err().kind(), ErrorKind::NotScalar);
    let nothing = zeros(&graph, &[0]);
    assert_eq!(nothing.grad(x).unwrap_err().kind(), ErrorKind::NotScalar);
    assert_eq!(nothing.item().unwrap_err().kind(), ErrorKind::NotScalar);
    assert_eq!(x.item().unwrap_err().kind(), ErrorKind::NotScalar);
}

/// A branch that was not taken may be infinite or NaN; it never poisons the gradient.
#[test]
fn masks_absorb_infinities_and_nan() {
    let graph = Graph::new();
    let x = graph.variable("x", [-2.0, 0.0, 3.0]);
    // Infinite factors behind the zero slope of relu, or behind a zero of the seed; and NaN, of 0 times infinity, behind
    // the latter. (Behind relu alone NaN stays NaN: it is not a branch that was not taken.)
    let masked = [
        (x * f64::INFINITY).relu().vjp([1.0, 0.0, 0.0], x),
        (x / 0.0).relu().vjp([1.0, 0.0, 0.0], x),
        (x * f64::NEG_INFINITY).relu().vjp([0.0, 0.0, 1.0], x),
    ];
    for gradient in masked {
        is(gradient.unwrap(), &[3], &[0.0; 3]);
    }
    // sqrt(relu(x)): the slope at 0 is 1/0, times the zero slope of relu.
    is(x.relu().sqrt().vjp(1.0, x).unwrap(), &[3], &[0.0, 0.0, 0.5 / 3f64.sqrt()]);
    is(x.relu().sqrt().jvp(x, graph.constant([1.0; 3])).unwrap(), &[3], &[0.0, 0.0, 0.5 / 3f64.sqrt()]);
    is(x.relu().ln().vjp([0.0, 0.0, 1.0], x).unwrap(), &[3], &[0.0, 0.0, 1.0 / 3.0]);
    // An explicit mask of zeros, forwards and in the second order.
    let mask = array![0.0, 0.0, 1.0];
    let slope = (x.sqrt().vjp(&mask, x)).unwrap();
    is(slope, &[3], &[0.0, 0.0, 0.5 / 3f64.sqrt()]);
    let second = slope.vjp(1.0, x).unwrap().value().unwrap();
    assert_eq!((second[0], second[1]), (0.0, 0.0));
    is(x.ln().jvp(x, graph.constant(mask)).unwrap(), &[3], &[0.0, 0.0, 1.0 / 3.0]);
}

/// 2^60 paths lead through the diamonds; each node is visited once. (Anything else would not end.)
#[test]
fn a_tower_of_60_diamonds_has_two_to_the_60_paths() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0);
    let y = (0..60).fold(x, |y, _| y + y);
    is(y.grad(x).unwrap(), &[], &[2f64.powi(60)]);
    is(y.jvp(x, graph.constant(1.0)).unwrap(), &[], &[2f64.powi(60)]);
    // With products: y = x^(2^10), so the slope at 1 is 2^10 and the second derivative 2^10 (2^10 - 1).
    let z = (0..10).fold(x, |z, _| z * z);
    let slope = z.grad(x).unwrap();
    is(slope, &[], &[1024.0]);
    is(slope.grad(x).unwrap(), &[], &[1024.0 * 1023.0]);
}

#[test]
fn a_chain_of_3000_nodes_in_both_modes_and_twice() {
    let graph = Graph::new();
    let x = graph.variable("x", 0.5);
    // x + 3000/2^20 in steps that f64 holds, squared at the end.
    let y = (0..3000).fold(x, |y, _| y + 2f64.powi(-20)).square();
    let value = 0.5 + 3000.0 * 2f64.powi(-20);
    let slope = y.grad(x).unwrap();
    is(slope, &[], &[2.0 * value]);
    is(y.jvp(x, graph.constant(1.0)).unwrap(), &[], &[2.0 * value]);
    is(slope.grad(x).unwrap(), &[], &[2.0]);
    // A sine of tangents, multiplied up: slopes are products of 3000 factors.
    let z = (0..3000).fold(x, |z, _| z * 1.0009765625);
    let want = (0..3000).fold(1.0, |slope: f64, _| slope * 1.0009765625);
    is(z.grad(x).unwrap(), &[], &[want]);
}

#[test]
fn third_and_fourth_derivatives_of_known_functions() {
    let near = |got: f64, want: f64| assert!((got - want).abs() <= 1e-13 * want.abs(), "{got}, not {want}");
    let graph = Graph::new();
    let x = graph.variable("x", 0.75);
    let derivatives = |y: Var<'_>| {
        let mut all = [0.0; 4];
        let mut y = y;
        for d in &mut all {
            y = y.grad(x).unwrap();
            *d = y.item().unwrap();
        }
        all
    };
    let e = 0.75_f64.exp();
    for (y, want) in [
        (x.exp(), [e; 4]),
        (x.powi(5), [5.0 * 0.31640625, 20.0 * 0.421875, 60.0 * 0.5625, 120.0 * 0.75]),
        (x.recip(), [-1.0 / 0.5625, 2.0 / 0.421875, -6.0 / 0.31640625, 24.0 / 0.2373046875]),
        (x.ln(), [1.0 / 0.75, -1.0 / 0.5625, 2.0 / 0.421875, -6.0 / 0.31640625]),
        (x.square().exp(), {
            // e^(x²) times 2x, 4x²+2, 8x³+12x, 16x⁴+48x²+12
            let f = 0.5625_f64.exp();
            [1.5 * f, (2.25 + 2.0) * f, (3.375 + 9.0) * f, (16.0 * 0.31640625 + 27.0 + 12.0) * f]
        }),
        (x.sigmoid(), {
            // Polynomials in s: s-s², s-3s²+2s³, s-7s²+12s³-6s⁴, s-15s²+50s³-60s⁴+24s⁵
            let s = 1.0 / (1.0 + (-0.75_f64).exp());
            let p = |c: [f64; 5]| c.iter().rev().fold(0.0, |sum, c| (sum + c) * s);
            [
                p([1.0, -1.0, 0.0, 0.0, 0.0]),
                p([1.0, -3.0, 2.0, 0.0, 0.0]),
                p([1.0, -7.0, 12.0, -6.0, 0.0]),
                p([1.0, -15.0, 50.0, -60.0, 24.0]),
            ]
        }),
    ] {
        derivatives(y).into_iter().zip(want).for_each(|(got, want)| near(got, want));
    }
    // A mixed third derivative: ∂³/∂a²∂b of a² b³ is 6 b².
    let (a, b) = (graph.variable("a", 2.0), graph.variable("b", 3.0));
    let y = a.square() * b.powi(3);
    let mixed = y.grad(a).unwrap().grad(a).unwrap().jvp(b, graph.constant(1.0)).unwrap();
    near(mixed.item().unwrap(), 54.0);
}

#[test]
fn clearing_forgets_names_and_nodes() {
    let mut graph = Graph::new();
    for round in 1..4 {
        let x = graph.variable("x", f64::from(round));
        assert_eq!(x.square().grad(x).unwrap().item().unwrap(), 2.0 * f64::from(round));
        graph.clear();
        assert!(graph.is_empty() && graph.get("x").is_none() && graph.variables().is_empty());
    }
}
