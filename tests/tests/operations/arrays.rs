//! What goes in and comes out: `ndarray` arrays of every ownership and layout, plain numbers, axes counted from either
//! end; and figures of every operation worked out by hand.

#![allow(
    clippy::reversed_empty_ranges,
    clippy::op_ref,
    clippy::needless_borrows_for_generic_args,
    reason = "these forms are what is tested"
)]

use chainrule::graph::{Graph, IntoArray, Var, keep};
use chainrule::ndarray::{
    Array, Array1, Array2, Array3, ArrayD, ArrayView1, ArrayView2, Axis, CowArray, ShapeBuilder, arr0, array,
    s,
};

/// The elements, and that the shape is what is said.
#[track_caller]
fn is(x: Var<'_>, shape: &[usize], elements: &[f64]) {
    let value = x.value().unwrap();
    assert_eq!((value.shape(), value.iter().copied().collect::<Vec<_>>()), (shape, elements.to_vec()));
}

/// 1, 2, 3, ...
fn counting(shape: [usize; 2]) -> Array2<f64> {
    Array::from_iter((0..shape[0] * shape[1]).map(|i| i as f64 + 1.0)).into_shape_with_order(shape).unwrap()
}

#[test]
fn arrays_of_every_layout_go_in_as_what_they_look_like() {
    let graph = Graph::new();
    let big = counting([4, 6]);
    let fortran = Array2::from_shape_fn((2, 3).f(), |(i, j)| big[[i, j]]);
    assert!(!fortran.is_standard_layout());
    let shared = big.to_shared();
    let cow = CowArray::from(&big);
    let slice = |graph, x: ArrayView2<'_, f64>| {
        let (wide, tall) = (x.to_owned(), x.t().to_owned());
        let node = Graph::constant(graph, x);
        is(node, wide.shape(), &wide.iter().copied().collect::<Vec<_>>());
        is(node.t(), tall.shape(), &tall.iter().copied().collect::<Vec<_>>());
    };
    for x in [
        big.view(),
        fortran.view(),
        big.t(),
        big.slice(s![1..3, ..;2]),
        big.slice(s![..;-1, ..]),
        big.slice(s![..;-2, ..;-3]),
        big.slice(s![2.., 5..2;-1]),
        big.slice(s![0..0, ..]),
        big.slice(s![.., 3..4]),
        shared.view(),
        cow.view(),
        big.row(2).broadcast((3, 6)).unwrap(),
        arr0(5.0).broadcast((2, 2)).unwrap(),
    ] {
        slice(&graph, x);
    }
    is(graph.constant(fortran), &[2, 3], &[1.0, 2.0, 3.0, 7.0, 8.0, 9.0]);
    is(graph.variable("reversed", big.slice(s![0, ..;-1])), &[6], &[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
    is(graph.constant(&shared), &[4, 6], &(1..=24).map(f64::from).collect::<Vec<_>>());
    is(graph.constant(big.index_axis(Axis(1), 2)), &[4], &[3.0, 9.0, 15.0, 21.0]);
}

#[test]
fn operators_take_arrays_owned_borrowed_and_as_views_on_their_right() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[1.0, 2.0], [3.0, 4.0]]);
    let a = array![[10.0, 20.0], [30.0, 40.0]];
    let reversed = a.slice(s![..;-1, ..;-1]);
    is(x + a.clone(), &[2, 2], &[11.0, 22.0, 33.0, 44.0]);
    is(x + &a, &[2, 2], &[11.0, 22.0, 33.0, 44.0]);
    is(x - a.view(), &[2, 2], &[-9.0, -18.0, -27.0, -36.0]);
    is(x * a.t(), &[2, 2], &[10.0, 60.0, 60.0, 160.0]);
    is(x / reversed, &[2, 2], &[1.0 / 40.0, 2.0 / 30.0, 3.0 / 20.0, 4.0 / 10.0]);
    is(x - &reversed, &[2, 2], &[-39.0, -28.0, -17.0, -6.0]);
    // An array of another rank broadcasts like a node: a row, a column, a number; and the node against the array.
    is(x + array![100.0, 200.0], &[2, 2], &[101.0, 202.0, 103.0, 204.0]);
    is(x * array![[2.0], [3.0]], &[2, 2], &[2.0, 4.0, 9.0, 12.0]);
    is(x - arr0(1.0), &[2, 2], &[0.0, 1.0, 2.0, 3.0]);
    let wide = graph.constant(array![1.0, 2.0]) * Array3::<f64>::ones((2, 1, 2));
    is(wide, &[2, 1, 2], &[1.0, 2.0, 1.0, 2.0]);
    let dynamic: ArrayD<f64> = a.into_dyn();
    is(x.matmul(&dynamic), &[2, 2], &[70.0, 100.0, 150.0, 220.0]);
}

#[test]
fn products_and_seeds_take_whatever_becomes_a_node() {
    let graph = Graph::new();
    let w = graph.variable("w", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let x = array![1.0, 0.0, -1.0];
    let view: ArrayView1<'_, f64> = x.view();
    is(w.matmul(&x), &[2], &[-2.0, -2.0]);
    is(w.matmul(view), &[2], &[-2.0, -2.0]);
    is(w.matmul(x.clone()), &[2], &[-2.0, -2.0]);
    is(w.matmul([1.0, 0.0, -1.0]), &[2], &[-2.0, -2.0]);
    is(w.matmul(vec![1.0, 0.0, -1.0]), &[2], &[-2.0, -2.0]);
    is(w.matmul(&[1.0, 0.0, -1.0][..]), &[2], &[-2.0, -2.0]);
    is(w.matmul(graph.constant(x.slice(s![..;-1]))), &[2], &[2.0, 2.0]);
    is(
        w.vjp(array![[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]].t().t(), w).unwrap(),
        &[2, 3],
        &[1.0, 0.0, 0.0, 0.0, 0.0, 2.0],
    );
    is(w.vjp(3.0, w).unwrap(), &[2, 3], &[3.0; 6]);
    let y = w.matmul(x);
    is(y.vjp(vec![1.0, 10.0], w).unwrap(), &[2, 3], &[1.0, 0.0, -1.0, 10.0, 0.0, -10.0]);
}

#[test]
fn numbers_slices_and_vectors_are_arrays_too() {
    let graph = Graph::f32();
    let shape = |x: Var<'_, f32>| x.shape().unwrap();
    assert_eq!(shape(graph.constant(2.5)), [0; 0]);
    assert_eq!(shape(graph.constant([1.0, 2.0])), [2]);
    assert_eq!(shape(graph.constant(vec![1.0; 3])), [3]);
    assert_eq!(shape(graph.constant(&[1.0; 4][..])), [4]);
    assert_eq!(shape(graph.constant(&&vec![1.0; 5])), [5]);
    assert_eq!(shape(graph.constant(Vec::new())), [0]);
    assert_eq!(shape(graph.full([2, 0, 3], 1.0)), [2, 0, 3]);
    assert_eq!(graph.full([2, 2], 7.0).value().unwrap(), Array2::from_elem((2, 2), 7.0).into_dyn());
    assert_eq!(graph.full([], 7.0).item().unwrap(), 7.0);
}

/// An array of the user's own, which asks the graph it goes into while it goes in.
struct Lazy<'g>(Var<'g>, std::cell::OnceCell<chainrule::ndarray::ArrayD<f64>>);

impl IntoArray<f64> for Lazy<'_> {
    fn as_view(&self) -> chainrule::ndarray::ArrayViewD<'_, f64> {
        self.1.get_or_init(|| self.0.square().value().unwrap()).view()
    }
}

#[test]
fn an_array_of_the_users_own_may_use_the_graph_it_goes_into() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0, 3.0]);
    is(graph.constant(Lazy(x, Default::default())), &[3], &[1.0, 4.0, 9.0]);
    is(graph.variable("squares", Lazy(x + 1.0, Default::default())), &[3], &[4.0, 9.0, 16.0]);
    assert_eq!(graph.variables().keys().collect::<Vec<_>>(), ["x", "squares"]);
}

#[test]
fn negative_axes_count_from_the_last() {
    let graph = Graph::new();
    let x = graph.constant(Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f64));
    let same = |a: Var<'_>, b: Var<'_>| assert_eq!(a.value().unwrap(), b.value().unwrap());
    for axis in 0..3_isize {
        same(x.sum_axes(axis), x.sum_axes(axis - 3));
        same(x.mean_axes(keep(axis)), x.mean_axes(keep(axis - 3)));
    }
    same(x.sum_axes([0, 2]), x.sum_axes([-1, -3]));
    same(x.sum_axes([0_usize, 2]), x.sum_axes(vec![2_i32, 0]));
    same(x.sum_axes(&[1, -1][..]), x.sum_axes([1_isize, 2]));
    same(x.permute([2, 0, 1]), x.permute([-1, 0, -2]));
    same(x.sum_axes([0, 1, 2]), x.sum());
    // No axes: nothing is summed.
    same(x.sum_axes(Vec::<usize>::new()), x);
    same(x.mean_axes(keep(Vec::<i32>::new())), x);
}

#[test]
fn figures_by_hand_of_the_structural_operations() {
    let graph = Graph::new();
    let x = graph.constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    is(x.sum(), &[], &[21.0]);
    is(x.mean(), &[], &[3.5]);
    is(x.sum_axes(0), &[3], &[5.0, 7.0, 9.0]);
    is(x.sum_axes(1), &[2], &[6.0, 15.0]);
    is(x.mean_axes(0), &[3], &[2.5, 3.5, 4.5]);
    is(x.mean_axes(keep(-1)), &[2, 1], &[2.0, 5.0]);
    is(x.sum_axes(keep([0, 1])), &[1, 1], &[21.0]);
    is(x.t(), &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    is(x.reshape([3, 2]), &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    is(x.t().reshape([6]), &[6], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    is(x.sum_axes(0).broadcast_to([2, 3]), &[2, 3], &[5.0, 7.0, 9.0, 5.0, 7.0, 9.0]);
    is(x.matmul(x.t()), &[2, 2], &[14.0, 32.0, 32.0, 77.0]);
    is(x.matmul([1.0, 0.0, -1.0]), &[2], &[-2.0, -2.0]);
    is(graph.constant([1.0, -1.0]).matmul(x), &[3], &[-3.0, -3.0, -3.0]);
    is(graph.constant([1.0, 2.0]).matmul([3.0, 4.0]), &[], &[11.0]);
    is(2.0 - x, &[2, 3], &[1.0, 0.0, -1.0, -2.0, -3.0, -4.0]);
    is(12.0 / x, &[2, 3], &[12.0, 6.0, 4.0, 3.0, 2.4, 2.0]);
    is(-x, &[2, 3], &[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]);
    is(x.powi(-1), &[2, 3], &[1.0, 0.5, 1.0 / 3.0, 0.25, 0.2, 1.0 / 6.0]);
}

#[test]
fn gradients_by_hand() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let b = graph.variable("b", array![10.0, 20.0, 30.0]);
    let c = graph.variable("c", array![[2.0], [3.0]]);
    // x + b: the bias collects its column; x c: the column collects its row.
    let [dx, db, dc] = ((x + b) * c).sum().grad([x, b, c]).unwrap();
    is(dx, &[2, 3], &[2.0, 2.0, 2.0, 3.0, 3.0, 3.0]);
    is(db, &[3], &[5.0, 5.0, 5.0]);
    is(dc, &[2, 1], &[66.0, 75.0]);
    // The mean over rows of squares: 2 x / 2.
    is(x.square().mean_axes(0).sum().grad(x).unwrap(), &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // A quotient of a number by itself summed: d/dx_i of Σ x_i / Σ x_j is 0, in exact figures of powers of 2.
    let p = graph.variable("p", [1.0, 3.0]);
    is((p / p.sum()).sum().grad(p).unwrap(), &[2], &[0.0, 0.0]);
    // x' A x has the gradient (A + A') x and the Hessian A + A'.
    let a = array![[1.0, 2.0], [5.0, 3.0]];
    let form = p.matmul(graph.constant(&a).matmul(p));
    let gradient = form.grad(p).unwrap();
    is(form, &[], &[1.0 + 3.0 * 2.0 + 3.0 * 5.0 + 9.0 * 3.0]);
    is(gradient, &[2], &[2.0 + 21.0, 7.0 + 18.0]);
    is(gradient.vjp([1.0, 0.0], p).unwrap(), &[2], &[2.0, 7.0]);
    is(gradient.jvp(p, graph.constant(Array1::from_vec(vec![0.0, 1.0]))).unwrap(), &[2], &[7.0, 6.0]);
}
