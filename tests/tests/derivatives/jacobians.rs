//! Jacobians and Hessians by their formulas, of larger functions than single operations (those are in `every_operation.rs`): shapes,
//! both modes, symmetry, products with vectors, nothing at all, third derivatives, errors.

use chainrule::graph::{ErrorKind, Graph, Mode, Var, jvp};
use indexmap::IndexMap;
use ndarray::{ArrayD, array, s};

const MODES: [Mode; 3] = [Mode::Forward, Mode::Reverse, Mode::Auto];

fn numbers(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().iter().copied().collect()
}

#[track_caller]
fn near(got: Var<'_>, want: &ArrayD<f64>) {
    let got = got.value().unwrap();
    assert_eq!(got.shape(), want.shape());
    let scale = want.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= 1e-14 * scale, "{got}\nnot\n{want}");
    }
}

/// Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])², its gradient and its Hessian, in any dimension.
#[test]
fn rosenbrock_in_many_dimensions() {
    for n in [2, 3, 7, 20] {
        let graph = Graph::new();
        let v: Vec<f64> = (0..n).map(|i| ((i * 5 % 7) as f64 - 3.0) / 2.0).collect();
        let x = graph.variable("x", &v[..]);
        let (a, b) = (x.slice(s![..-1]), x.slice(s![1..]));
        let f = ((b - a.square()).square() * 100.0 + (1.0 - a).square()).sum();
        let mut want = ArrayD::<f64>::zeros(vec![n, n]);
        let mut slope = ArrayD::<f64>::zeros(vec![n]);
        for i in 0..n - 1 {
            let miss = v[i + 1] - v[i] * v[i];
            slope[i] += -400.0 * v[i] * miss - 2.0 * (1.0 - v[i]);
            slope[i + 1] += 200.0 * miss;
            want[[i, i]] += 800.0 * v[i] * v[i] - 400.0 * miss + 2.0;
            want[[i + 1, i + 1]] += 200.0;
            want[[i, i + 1]] -= 400.0 * v[i];
            want[[i + 1, i]] -= 400.0 * v[i];
        }
        near(f.grad(x).unwrap(), &slope);
        let h = f.hessian(x).unwrap();
        near(h, &want);
        near(h.t(), &want);
        for mode in MODES {
            near(f.grad(x).unwrap().jacobian_by(mode, x).unwrap(), &want);
        }
        // a number's Jacobian is its gradient
        near(f.jacobian(x).unwrap(), &slope);
        let d: Vec<f64> = (0..n).map(|i| (i % 3) as f64 - 1.5).collect();
        let d = graph.constant(&d[..]);
        near(f.hvp(x, d).unwrap(), &h.matmul(d).value().unwrap());
        // the minimum has a slope of exactly 0
        let one = graph.full([n], 1.0);
        let (a, b) = (one.slice(s![..-1]), one.slice(s![1..]));
        let f = ((b - a.square()).square() * 100.0 + (1.0 - a).square()).sum();
        assert_eq!(numbers(f.grad(one).unwrap()), vec![0.0; n]);
    }
}

#[test]
fn shapes_are_those_of_the_output_and_then_the_input() {
    let graph = Graph::new();
    let a = graph.variable("a", array![[1.0, 2.0, -1.0], [0.5, -3.0, 4.0]]);
    let b = graph.variable("b", array![[2.0], [-1.0], [0.25]]);
    let y = a.matmul(b);
    let (va, vb) = (a.value().unwrap(), b.value().unwrap());
    // ∂y[i,0]/∂a[k,l] = δik b[l,0], and ∂y[i,0]/∂b[l,0] = a[i,l]
    let want_a = ArrayD::from_shape_fn(vec![2, 1, 2, 3], |i| if i[0] == i[2] { vb[[i[3], 0]] } else { 0.0 });
    let want_b = ArrayD::from_shape_fn(vec![2, 1, 3, 1], |i| va[[i[0], i[2]]]);
    for mode in MODES {
        let (ja, [jb, again]) = y.jacobian_by(mode, (a, [b, b])).unwrap();
        near(ja, &want_a);
        near(jb, &want_b);
        near(again, &want_b);
        let named = y.jacobian_by(mode, graph.variables()).unwrap();
        near(named["a"], &want_a);
        near(named["b"], &want_b);
        // a number by a number, a number by a matrix, a matrix by a number
        let t = graph.constant(2.0);
        assert_eq!(t.powi(3).jacobian_by(mode, t).unwrap().value().unwrap(), ArrayD::from_elem(vec![], 12.0));
        near(a.square().sum().jacobian_by(mode, a).unwrap(), &(&va * 2.0));
        near((a * t).jacobian_by(mode, t).unwrap(), &va);
        // by itself, by what it does not depend on, by the node between
        near(t.jacobian_by(mode, t).unwrap(), &ArrayD::from_elem(vec![], 1.0));
        near(a.jacobian_by(mode, b).unwrap(), &ArrayD::zeros(vec![2, 3, 3, 1]));
        near(y.square().jacobian_by(mode, y).unwrap().reshape([2, 2]), &{
            let y = numbers(y);
            array![[2.0 * y[0], 0.0], [0.0, 2.0 * y[1]]].into_dyn()
        });
        assert!(y.jacobian_by(mode, Vec::<Var<'_>>::new()).unwrap().is_empty());
        assert!(y.jacobian_by(mode, None::<Var<'_>>).unwrap().is_none());
        assert!(y.jacobian_by(mode, IndexMap::<u8, Var<'_>>::new()).unwrap().is_empty());
    }
}

fn shape_and_count<'g>(mode: Mode, y: Var<'g>, x: Var<'g>) -> (Vec<usize>, usize) {
    let j = y.jacobian_by(mode, x).unwrap();
    (j.shape().unwrap(), numbers(j).len())
}

#[test]
fn nothing_has_a_jacobian_of_nothing() {
    let graph = Graph::new();
    let empty = graph.constant(ndarray::Array2::<f64>::zeros((2, 0)));
    let x = graph.constant([1.0, 2.0, 3.0]);
    let single = graph.constant([5.0]);
    for mode in MODES {
        let shape = |y, x| shape_and_count(mode, y, x);
        assert_eq!(shape(empty, x), (vec![2, 0, 3], 0));
        assert_eq!(shape(x, empty), (vec![3, 2, 0], 0));
        assert_eq!(shape(empty.exp(), empty), (vec![2, 0, 2, 0], 0));
        assert_eq!(shape(empty.sum(), empty), (vec![2, 0], 0));
        let [je, jx] = (x * empty.sum()).jacobian_by(mode, [empty, x]).unwrap();
        assert_eq!((je.shape().unwrap(), numbers(jx)), (vec![3, 2, 0], vec![0.0; 9]));
        assert_eq!((shape(single, single), shape(x * single, single)), ((vec![1, 1], 1), (vec![3, 1], 3)));
    }
    assert_eq!(empty.square().sum().hessian(empty).unwrap().shape().unwrap(), [2, 0, 2, 0]);
    let along = empty.square().sum().hvp(empty, empty).unwrap();
    assert_eq!((along.shape().unwrap(), numbers(along).len()), (vec![2, 0], 0));
}

/// Of f = Σ xᵢ xⱼ xₖ c: the third derivative is symmetric in its three axes, and that of a softmax's is known in full.
#[test]
fn third_derivatives_are_jacobians_of_hessians() {
    let graph = Graph::new();
    let x = graph.variable("x", [0.5, -1.0, 0.25]);
    let p = x.softmax(0);
    let v = numbers(p);
    // f = ln Σ eˣ: gradient p, Hessian diag(p) - p p', and the third derivative is the third cumulant
    let f = x.logsumexp();
    let delta = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let third = ArrayD::from_shape_fn(vec![3, 3, 3], |i| {
        let (i, j, k) = (i[0], i[1], i[2]);
        v[i] * delta(i, j) * delta(j, k)
            - v[i] * v[k] * delta(i, j)
            - v[j] * v[i] * delta(j, k)
            - v[k] * v[j] * delta(i, k)
            + 2.0 * v[i] * v[j] * v[k]
    });
    for mode in MODES {
        near(f.hessian(x).unwrap().jacobian_by(mode, x).unwrap(), &third);
        near(p.jacobian_by(mode, x).unwrap().jacobian_by(mode, x).unwrap(), &third);
    }
    let fourth = x.powi(4).sum().hessian(x).unwrap().jacobian(x).unwrap().jacobian(x).unwrap();
    let all = |i: &[usize]| i.iter().all(|&k| k == i[0]);
    let want = ArrayD::from_shape_fn(vec![3; 4], |i| if all(&[i[0], i[1], i[2], i[3]]) { 24.0 } else { 0.0 });
    near(fourth, &want);
}

/// A small network's Hessian by one weight: symmetric, and a product with a vector is the same with and without it.
#[test]
fn hessians_of_networks_are_symmetric() {
    let graph = Graph::new();
    let w = graph.variable("w", array![[0.5, -1.0], [0.25, 0.75], [-0.5, 1.5]]);
    let u = graph.variable("u", [1.0, -0.5, 0.25]);
    let x = graph.constant([0.75, -0.25]);
    let loss = (u.dot(w.matmul(x).tanh()) - 0.3).square() + w.square().sum() * 0.01;
    let h = loss.hessian(w).unwrap();
    assert_eq!(h.shape().unwrap(), [3, 2, 3, 2]);
    let flat = h.reshape([6, 6]).value().unwrap();
    near(h.reshape([6, 6]).t(), &flat);
    let (dw, du) = (w.cos(), u.sin());
    let [hw, hu] = loss.hvp([w, u], [dw, du]).unwrap();
    let [mixed_w] = loss.grad(u).unwrap().jacobian([w]).unwrap();
    let mixed = mixed_w.reshape([3, 6]);
    let along_w = h.reshape([6, 6]).matmul(dw.reshape([6])) + mixed.t().matmul(du);
    near(hw.reshape([6]), &along_w.value().unwrap());
    let along_u = loss.hessian(u).unwrap().matmul(du) + mixed.matmul(dw.reshape([6]));
    near(hu, &along_u.value().unwrap());
    // and a derivative of the Hessian along something is jvp of it
    let third = jvp(loss.hessian(u).unwrap(), w, dw).unwrap();
    let whole = loss.hessian(u).unwrap().jacobian(w).unwrap().reshape([9, 6]).matmul(dw.reshape([6]));
    near(third.reshape([9]), &whole.value().unwrap());
}

#[test]
fn errors_have_the_line_of_the_call() {
    let (graph, other) = (Graph::new(), Graph::new());
    let x = graph.variable("x", [1.0, 2.0]);
    let foreign = other.constant(1.0);
    let invalid = x.reshape([3]);
    for mode in MODES {
        let error = x.jacobian_by(mode, [x, foreign]).unwrap_err();
        assert_eq!((error.kind(), error.location().line()), (ErrorKind::ForeignNode, line!() - 1));
        let error = x.floor().jacobian_by(mode, x).unwrap_err();
        assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line!() - 1), "{mode:?}");
        assert_eq!(x.jacobian_by(mode, invalid).unwrap_err().operation(), "reshape");
        assert_eq!(invalid.jacobian_by(mode, x).unwrap_err().operation(), "reshape");
        // asked for, a zero
        assert_eq!(numbers(x.detach().jacobian_by(mode, x).unwrap()), [0.0; 4]);
    }
    let error = x.square().hessian(x).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::NotScalar, line!() - 1));
    let error = x.sum().hessian(foreign).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::ForeignNode, line!() - 1));
    let error = x.square().sum().hvp(x, graph.constant([1.0, 2.0, 3.0])).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Shape, line!() - 1));
    let error = x.square().sum().hvp(vec![x], vec![]).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Count, line!() - 1));
    let error = x.sign().sum().hvp(x, x).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line!() - 1));
    assert_eq!(numbers((x * 2.0).sum().hvp(x, x).unwrap()), [0.0, 0.0]);
    assert_eq!(numbers((x * 2.0).sum().hessian(x).unwrap()), [0.0; 4]);
    // identities beyond memory are errors, not panics
    let vast = graph.full([1 << 25], 1.0);
    let failed = |j: chainrule::graph::Result<Var<'_>>| j.and_then(|j| j.value()).is_err();
    assert!(failed(vast.square().jacobian(vast)));
    assert_eq!(numbers(x.sum()), [3.0]);
}
