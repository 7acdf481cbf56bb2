//! The operations where formulas break: kinks, ties, overflow, zeros, masks, offsets, long graphs.

use chainrule::graph::{Graph, Pool, Scalar, Var, keep};
use ndarray::array;

const INF: f64 = f64::INFINITY;

fn numbers<T: Scalar>(x: Var<'_, T>) -> Vec<f64> {
    x.value().unwrap().iter().map(|x| x.as_f64()).collect()
}

/// Value and slope of a function of each element.
fn both(points: &[f64], f: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> [Vec<f64>; 2] {
    let graph = Graph::new();
    let x = graph.variable("x", points);
    let y = f(x);
    let slope = y.vjp(1.0, x).unwrap();
    assert_eq!(numbers(slope), numbers(y.jvp(x, graph.full([points.len()], 1.0)).unwrap()), "the two modes");
    [numbers(y), numbers(slope)]
}

#[track_caller]
fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= 4.0 * f64::EPSILON * w.abs(), "{got:?}, not {want:?}");
    }
}

#[test]
fn kinks_have_their_documented_slopes() {
    assert_eq!(both(&[-1.0, 0.0, 1.0], |x| x.relu())[1], [0.0, 0.0, 1.0]);
    assert_eq!(both(&[-1.0, 0.0, 1.0], |x| x.abs())[1], [-1.0, 0.0, 1.0]);
    assert_eq!(both(&[-1.0, 0.0, 0.5, 1.0, 2.0], |x| x.clamp(0.0, 1.0))[1], [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(both(&[-2.0, 0.0, 2.0], |x| x.leaky_relu(0.25)), [[-0.5, 0.0, 2.0], [0.25, 0.25, 1.0]]);
    assert_eq!(both(&[0.0, 2.0], |x| x.elu(0.5)), [[0.0, 2.0], [0.5, 1.0]]);
}

#[test]
fn ties_share_evenly_and_the_seed_is_conserved() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[2.0, 2.0, 1.0], [0.0, 3.0, 3.0]]);
    let seed = array![3.0, 5.0];
    let gradient = x.max_axes(1).vjp(&seed, x).unwrap();
    assert_eq!(numbers(gradient), [1.5, 1.5, 0.0, 0.0, 2.5, 2.5]);
    assert_eq!(numbers(x.min_axes(0).vjp(1.0, x).unwrap()), [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    let all_equal = graph.full([3, 4], 7.0);
    assert_eq!(numbers(all_equal.max().grad(all_equal).unwrap()), [1.0 / 12.0; 12]);
    let (a, b) = (graph.variable("a", [1.0, -0.0]), graph.variable("b", [1.0, 0.0]));
    for y in [a.maximum(b), a.minimum(b)] {
        let [da, db] = y.sum().grad([a, b]).unwrap();
        assert_eq!((numbers(da), numbers(db)), (vec![0.5, 0.5], vec![0.5, 0.5]));
    }
    let y = a.maximum(a).sum();
    assert_eq!(numbers(y.grad(a).unwrap()), [1.0, 1.0]);
    let square = graph.full([2, 2], 1.0);
    assert_eq!(numbers(square.max_pool2d(Pool::new(2)).sum().grad(square).unwrap()), [0.25; 4]);
    // windows that overlap
    let row = graph.variable("row", [1.0, 2.0, 2.0]);
    assert_eq!(numbers(row.max_pool1d(Pool::new(2).stride(1)).sum().grad(row).unwrap()), [0.0, 1.5, 0.5]);
}

#[test]
fn saturated_functions_are_finite_and_right() {
    let far = [-1000.0, 1000.0];
    assert_eq!(both(&far, |x| x.sigmoid()), [[0.0, 1.0], [0.0, 0.0]]);
    assert_eq!(both(&far, |x| x.tanh()), [[-1.0, 1.0], [0.0, 0.0]]);
    assert_eq!(both(&far, |x| x.softplus()), [[0.0, 1000.0], [0.0, 1.0]]);
    assert_eq!(both(&far, |x| x.elu(1.0)), [[-1.0, 1000.0], [0.0, 1.0]]);
    assert_eq!(both(&far, |x| x.erf()), [[-1.0, 1.0], [0.0, 0.0]]);
    for f in [|x: Var<'_>| x.silu(), |x| x.gelu(), |x| x.gelu_tanh()] as [for<'g> fn(Var<'g>) -> Var<'g>; 3] {
        let [value, slope] = both(&far, f);
        assert_eq!(value.iter().map(|x| x.abs()).collect::<Vec<_>>(), [0.0, 1000.0]);
        assert_eq!(slope.iter().map(|x| x.abs()).collect::<Vec<_>>(), [0.0, 1.0]);
    }
    // tiny tails keep their digits
    near(&both(&[-700.0], |x| x.softplus())[0], &[9.859_676_543_759_77e-305]);
    // The rounding of x/√2 counts x² times in its erfc.
    let tail = both(&[-30.0], |x| x.gelu())[0][0] / (-30.0 * 4.906_713_927_148_187e-198);
    assert!((tail - 1.0).abs() < 900.0 * f64::EPSILON, "{tail}");
}

#[test]
fn logsumexp_and_softmax_with_infinities_and_large_numbers() {
    let graph = Graph::new();
    let value_and_gradient = |x: &[f64]| {
        let x = graph.constant(x);
        let y = x.logsumexp();
        (y.item().unwrap(), numbers(y.grad(x).unwrap()), numbers(y.grad(x).unwrap().sum().grad(x).unwrap()))
    };
    assert_eq!(value_and_gradient(&[-INF, -INF]), (-INF, vec![0.0, 0.0], vec![0.0, 0.0]));
    assert_eq!(value_and_gradient(&[-INF, 3.0]), (3.0, vec![0.0, 1.0], vec![0.0, 0.0]));
    assert_eq!(value_and_gradient(&[1000.0, -1000.0]), (1000.0, vec![1.0, 0.0], vec![0.0, 0.0]));
    assert_eq!(value_and_gradient(&[-1000.0, -1000.0]).0, -1000.0 + 2_f64.ln());
    assert_eq!(value_and_gradient(&[INF, 0.0]).0, INF);
    assert!(value_and_gradient(&[f64::NAN, 0.0]).0.is_nan());
    assert_eq!(value_and_gradient(&[]).0, -INF);
    let masked = graph.variable("masked", array![[0.0, -INF, 0.0], [800.0, -800.0, 800.0]]);
    let p = masked.softmax(-1);
    assert_eq!(numbers(p), [0.5, 0.0, 0.5, 0.5, 0.0, 0.5]);
    assert!(numbers(p.square().sum().grad(masked).unwrap()).iter().all(|g| g.is_finite()));
    assert_eq!(numbers(masked.log_softmax(1))[1], -INF);
    assert_eq!(numbers(masked.log_softmax(1))[4], -1600.0 - 2_f64.ln());
    let taken = masked.log_softmax(1).slice(ndarray::s![.., 0]).sum().grad(masked).unwrap();
    assert_eq!(numbers(taken), [0.5, 0.0, -0.5, 0.5, 0.0, -0.5]);
}

#[test]
fn cross_entropies_at_logits_of_800() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[800.0, -800.0], [-800.0, 800.0]]);
    let losses = x.softmax_cross_entropy_labels([0, 0]);
    assert_eq!(numbers(losses), [0.0, 1600.0]);
    assert_eq!(numbers(losses.sum().grad(x).unwrap()), [0.0, 0.0, -1.0, 1.0]);
    let soft = x.softmax_cross_entropy(array![[1.0, 0.0], [0.25, 0.75]]);
    assert_eq!(numbers(soft), [0.0, 400.0]);
    assert_eq!(numbers(soft.sum().grad(x).unwrap()), [0.0, 0.0, -0.25, 0.25]);
    let y = graph.variable("y", [800.0, -800.0, 800.0, -40.0]);
    let losses = y.sigmoid_cross_entropy([1.0, 0.0, 0.0, 0.0]);
    near(&numbers(losses), &[0.0, 0.0, 800.0, 4.248_354_255_291_589e-18]);
    near(&numbers(losses.sum().grad(y).unwrap()), &[0.0, 0.0, 1.0, 4.248_354_255_291_589e-18]);
    // a probability of 0 adds nothing, even to an impossible class
    let z = graph.variable("z", [0.0, -INF]);
    let loss = z.softmax_cross_entropy([1.0, 0.0]);
    assert_eq!((loss.item().unwrap(), numbers(loss.grad(z).unwrap())), (0.0, vec![0.0, 0.0]));
}

#[test]
fn branches_not_taken_stay_out_of_every_derivative() {
    let graph = Graph::new();
    let x = graph.variable("x", [-1.0, 0.0, 1000.0, 4.0]);
    let root = x.greater(0.0).select(x.sqrt(), 0.0);
    let big = x.less(500.0).select(x.exp(), x);
    let [dx] = (root + big).sum().grad([x]).unwrap();
    near(&numbers(dx), &[(-1_f64).exp(), 1.0, 1.0 + 0.5 / 1000_f64.sqrt(), 4_f64.exp() + 0.25]);
    let [ddx] = dx.sum().grad([x]).unwrap();
    near(&numbers(ddx), &[(-1_f64).exp(), 1.0, -0.25 * 1000_f64.powf(-1.5), 4_f64.exp() - 1.0 / 32.0]);
    let tangent = (root + big).jvp(x, graph.full([4], 1.0)).unwrap();
    assert_eq!(numbers(tangent), numbers(dx));
    // x ln x towards 0
    let y = graph.variable("y", [0.0, 1e-300, 1.0]);
    let f = y.greater(0.0).select(y * y.ln(), 0.0);
    near(&numbers(f), &[0.0, 1e-300 * 1e-300_f64.ln(), 0.0]);
    near(&numbers(f.sum().grad(y).unwrap()), &[0.0, 1e-300_f64.ln() + 1.0, 1.0]);
}

#[test]
fn powers_at_zero() {
    let graph = Graph::new();
    let (a, b) = (
        graph.variable("a", [0.0, 0.0, 0.0, -2.0, -2.0, 0.0]),
        graph.variable("b", [2.0, 1.0, 0.0, 3.0, 0.5, -1.0]),
    );
    let y = a.pow(b);
    let [da, db] = y.vjp(1.0, [a, b]).unwrap();
    let (y, da, db) = (numbers(y), numbers(da), numbers(db));
    assert_eq!(
        (&y[..4], &da[..4], &db[..3]),
        (&[0.0, 0.0, 1.0, -8.0][..], &[0.0, 1.0, 0.0, 12.0][..], &[0.0, 0.0, 0.0][..])
    );
    assert!(y[4].is_nan() && y[5].is_infinite() && da[5].is_infinite() && db[3].is_nan());
    for n in [0, 1, 2, 3] {
        let [value, slope] = both(&[0.0], |x| x.powi(n));
        assert_eq!((value[0], slope[0]), (f64::from(n == 0), f64::from(n == 1)), "{n}");
    }
    // x² by a node: 2, and its third derivative 0
    let x = graph.variable("x", 0.0);
    let dx = x.pow(2.0).grad(x).unwrap();
    let ddx = dx.grad(x).unwrap();
    assert_eq!(
        (dx.item().unwrap(), ddx.item().unwrap(), ddx.grad(x).unwrap().item().unwrap()),
        (0.0, 2.0, 0.0)
    );
}

#[test]
fn products_with_zeros_have_all_their_derivatives() {
    let graph = Graph::new();
    for (zeros, first) in [([2.0, 0.0, 4.0], [0.0, 8.0, 0.0]), ([0.0, 0.0, 4.0], [0.0, 0.0, 0.0])] {
        let x = graph.constant(zeros);
        let [dx] = x.prod().grad([x]).unwrap();
        assert_eq!(numbers(dx), first);
        let h = numbers(x.prod().hessian(x).unwrap());
        let [a, b, c] = zeros;
        assert_eq!(h, [0.0, c, b, c, 0.0, a, b, a, 0.0]);
    }
    assert_eq!(
        graph.constant(ndarray::Array2::<f64>::zeros((0, 2))).prod_axes(0).value().unwrap(),
        array![1.0, 1.0].into_dyn()
    );
}

#[test]
fn norms_of_nothing_of_giants_and_of_dwarfs() {
    let graph = Graph::new();
    for scale in [1e-300, 1e-160, 1.0, 1e160, 1e300] {
        let x = graph.constant([3.0 * scale, -4.0 * scale]);
        near(&[x.norm().item().unwrap()], &[5.0 * scale]);
        near(&numbers(x.norm().grad(x).unwrap()), &[0.6, -0.8]);
    }
    let zero = graph.constant([0.0, 0.0]);
    assert_eq!(
        (zero.norm().item().unwrap(), numbers(zero.norm().grad(zero).unwrap())),
        (0.0, vec![0.0, 0.0])
    );
    let rows = graph.constant(array![[0.0, 0.0], [3.0, 4.0]]);
    near(&numbers(rows.norm_axes(1).sum().grad(rows).unwrap()), &[0.0, 0.0, 0.6, 0.8]);
    assert_eq!(graph.constant([INF, 1.0]).norm().item().unwrap(), INF);
    assert!(graph.constant([f64::NAN, 1.0]).norm().item().unwrap().is_nan());
    assert_eq!(graph.constant(ndarray::Array1::<f64>::zeros(0)).norm().item().unwrap(), 0.0);
}

/// Layer normalisation of numbers around a million: the figures are those of the numbers around 0, exactly.
#[test]
fn variances_do_not_feel_an_offset() {
    let run = |offset: f64| {
        let graph = Graph::new();
        let x = graph.variable("x", [1.0, -2.0, 4.0, 5.0].map(|x| x + offset));
        let normal = (x - x.mean_axes(keep(0))) / (x.variance_axes(keep(0)) + 1e-5).sqrt();
        let loss = (normal * array![1.0, 2.0, -1.0, 0.5]).sum();
        let gradient = loss.grad(x).unwrap();
        [numbers(x.variance()), numbers(normal), numbers(gradient)].concat()
    };
    // The offset and its sums are whole numbers, so even the roundings are the same.
    assert_eq!(run(1e6), run(0.0));
    assert_eq!(run(1e6)[0], 7.5);
}

#[test]
fn many_paths_and_long_chains_of_every_sort() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0);
    // 2^60 paths
    let mut y = x;
    for _ in 0..60 {
        y = y.maximum(y * 1.0) + y;
    }
    let dx = y.grad(x).unwrap();
    // each level: half of the maximum by each way, and once more: a factor of 2
    assert_eq!(dx.item().unwrap(), 2_f64.powi(60));
    let mut z = x;
    for i in 0..3000 {
        // a running sum of one element is the element
        z = if i % 2 == 0 { z.sin() } else { z.reshape([1]).cumsum(0).sum() };
    }
    let dz = z.grad(x).unwrap();
    assert!(dz.grad(x).unwrap().item().unwrap().is_finite());
}

#[test]
fn empty_and_single_axes_of_structural_operations() {
    let graph = Graph::new();
    let empty = graph.constant(ndarray::Array2::<f64>::zeros((0, 3)));
    assert_eq!(graph.concat([empty, empty], 0).shape().unwrap(), [0, 3]);
    assert_eq!(empty.tile([2, 2]).shape().unwrap(), [0, 6]);
    assert_eq!(empty.take(ndarray::Array1::<usize>::zeros(0), 0).shape().unwrap(), [0, 3]);
    assert_eq!(
        empty.pad([[1, 1], [0, 0]], 2.0).value().unwrap(),
        ndarray::Array2::from_elem((2, 3), 2.0).into_dyn()
    );
    assert_eq!(empty.einsum("ij,kj->ik", ndarray::Array2::<f64>::zeros((2, 3))).shape().unwrap(), [0, 2]);
    assert_eq!(numbers(empty.einsum("ij,ij->j", ndarray::Array2::<f64>::zeros((0, 3)))), [0.0; 3]);
    assert_eq!(empty.cumsum(0).shape().unwrap(), [0, 3]);
    assert_eq!(empty.argmax(1).shape().unwrap(), [0]);
    assert!(empty.max_axes(0).value().is_err() && empty.max_axes(1).value().is_ok());
    assert_eq!(empty.flip([0, 1]).slice(ndarray::s![.., ..;2]).shape().unwrap(), [0, 2]);
    let [a, b] = empty.split([0, 0], 0);
    assert_eq!((a.shape().unwrap(), b.sum().item().unwrap()), (vec![0, 3], 0.0));
    let one = graph.constant(array![[5.0]]);
    assert_eq!(numbers(one.softmax(0)), [1.0]);
    assert_eq!(numbers(one.variance_axes(1)), [0.0]);
    assert!(empty.variance_axes(0).value().unwrap().iter().all(|x| x.is_nan()));
}
