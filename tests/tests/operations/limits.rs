//! More edges than in `edges.rs`: second derivatives far out, not-a-number, f32, indeterminate points, windows.

use chainrule::graph::{Conv, Graph, Pool, Scalar, Var, keep};
use ndarray::{Array, ArrayD, array};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn numbers<T: Scalar>(x: Var<'_, T>) -> Vec<f64> {
    x.value().unwrap().iter().map(|x| x.as_f64()).collect()
}

/// Equal, where NaN equals NaN and the zeros each other.
#[track_caller]
fn is(got: Vec<f64>, want: &[f64]) {
    let equal = |(g, w): (&f64, &f64)| g == w || (g.is_nan() && w.is_nan());
    assert!(got.len() == want.len() && got.iter().zip(want).all(equal), "{got:?}, not {want:?}");
}

#[track_caller]
fn near(got: &[f64], want: &[f64], rounding: f64) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= rounding * w.abs(), "{got:?}, not {want:?}");
    }
}

/// Value, first and second derivative of a function of each element.
fn three<T: Scalar>(points: &[f64], f: impl for<'g> Fn(Var<'g, T>) -> Var<'g, T>) -> [Vec<f64>; 3] {
    let graph = Graph::<T>::default();
    let points: Vec<T> = points.iter().map(|&x| T::of(x)).collect();
    let x = graph.variable("x", &points[..]);
    let y = f(x);
    let [dx] = y.sum().grad([x]).unwrap();
    let [ddx] = dx.sum().grad([x]).unwrap();
    let ones = graph.full([points.len()], T::one());
    is(numbers(y.jvp(x, ones).unwrap()), &numbers(dx));
    is(numbers(dx.jvp(x, ones).unwrap()), &numbers(ddx));
    [y, dx, ddx].map(numbers)
}

/// At ±1000 values and slopes are those of the limit, and second derivatives are exact zeros, in both precisions.
fn limits<T: Scalar>() {
    let far = &[-1000.0, 1000.0];
    let abs = |all: [Vec<f64>; 3]| all.map(|x| x.into_iter().map(f64::abs).collect::<Vec<_>>());
    let flat = [0.0, 0.0];
    assert_eq!(abs(three::<T>(far, |x| x.sigmoid())), [[0.0, 1.0], flat, flat]);
    assert_eq!(abs(three::<T>(far, |x| x.tanh())), [[1.0, 1.0], flat, flat]);
    assert_eq!(abs(three::<T>(far, |x| x.erf())), [[1.0, 1.0], flat, flat]);
    let ramp = [[0.0, 1000.0], [0.0, 1.0], flat];
    assert_eq!(abs(three::<T>(far, |x| x.softplus())), ramp);
    assert_eq!(abs(three::<T>(far, |x| x.silu())), ramp);
    assert_eq!(abs(three::<T>(far, |x| x.gelu())), ramp);
    assert_eq!(abs(three::<T>(far, |x| x.gelu_tanh())), ramp);
    assert_eq!(abs(three::<T>(far, |x| x.relu())), ramp);
    assert_eq!(abs(three::<T>(far, |x| x.elu(T::of(0.5)))), [[0.5, 1000.0], [0.0, 1.0], flat]);
    assert_eq!(abs(three::<T>(far, |x| x.leaky_relu(T::of(0.5)))), [[500.0, 1000.0], [0.5, 1.0], flat]);
    assert_eq!(abs(three::<T>(far, |x| x.clamp(-T::one(), T::one()))), [[1.0, 1.0], flat, flat]);
    let graph = Graph::<T>::default();
    let x = graph.variable("x", [T::of(-1000.0), T::of(1000.0)]);
    let p = x.logsumexp().grad(x).unwrap();
    let h = p.jacobian(x).unwrap();
    is([x.logsumexp(), p, h].map(numbers).concat(), &[1000.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    is([x.softmax(0), x.log_softmax(0)].map(numbers).concat(), &[0.0, 1.0, -2000.0, 0.0]);
    is(numbers(x.softmax(0).jacobian(x).unwrap()), &[0.0; 4]);
    is(numbers(x.log_softmax(0).jacobian(x).unwrap()), &[1.0, -1.0, 0.0, 0.0]);
    is(three::<T>(far, |x| x.sigmoid_cross_entropy([T::zero(), T::one()]))[1].clone(), &flat);
    is(three::<T>(far, |x| x.sigmoid_cross_entropy([T::one(), T::zero()]))[0].clone(), &[1000.0, 1000.0]);
}

#[test]
fn limits_far_out_in_both_precisions() {
    limits::<f64>();
    limits::<f32>();
}

/// A NaN stays one wherever the documentation says so, and does not spread to the neighbours.
#[test]
fn not_a_number_stays_where_it_is() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[1.0, NAN, 3.0], [4.0, 5.0, 6.0]]);
    type Function = for<'g> fn(Var<'g>) -> Var<'g>;
    let same: [Function; 14] = [
        |x| x.relu(),
        |x| x.abs(),
        |x| x.sign(),
        |x| x.floor(),
        |x| x.clamp(0.0, 1.0),
        |x| x.leaky_relu(0.5),
        |x| x.elu(1.0),
        |x| x.silu(),
        |x| x.gelu(),
        |x| x.softplus(),
        |x| x.maximum(2.0),
        |x| x.minimum(2.0),
        |x| x.hypot(1.0),
        |x| x.atan2(1.0),
    ];
    for (i, f) in same.into_iter().enumerate() {
        let nan: Vec<bool> = numbers(f(x)).iter().map(|y| y.is_nan()).collect();
        assert_eq!(nan, [false, true, false, false, false, false], "{i}");
    }
    for y in [x.max_axes(1), x.min_axes(1), x.sum_axes(1), x.prod_axes(1), x.norm_axes(1), x.variance_axes(1)]
    {
        let y = numbers(y);
        assert!(y[0].is_nan() && y[1].is_finite(), "{y:?}");
    }
    let p = numbers(x.softmax(1));
    assert!(p[..3].iter().all(|p| p.is_nan()) && p[3..].iter().all(|p| p.is_finite()));
    is(numbers(x.argmax(1)), &[1.0, 2.0]);
    is(numbers(x.argmin(1)), &[1.0, 0.0]);
    is(numbers(x.cumsum(1)), &[1.0, NAN, NAN, 4.0, 9.0, 15.0]);
    is(numbers(x.powi(0)), &[1.0; 6]);
    is(numbers(x.pow(0.0)), &[1.0; 6]);
    is(numbers(x.less(9.0)), &[1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    is(numbers(x.equal(x)), &[1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    is(numbers(x.not_equal(x)), &[0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    // not 0 is what a condition must be, and NaN is not 0; the other branch is out of every derivative
    let chosen = x.select(1.0, x);
    is(numbers(chosen), &[1.0; 6]);
    is(numbers(chosen.sum().grad(x).unwrap()), &[0.0; 6]);
    is(numbers(x.equal(x).select(x.square(), 0.0).sum().grad(x).unwrap()), &[2.0, 0.0, 6.0, 8.0, 10.0, 12.0]);
}

/// Points where a formula says 0/0 or 0·∞.
#[test]
fn indeterminate_points_have_their_documented_slopes() {
    let graph = Graph::new();
    let (a, b) = (graph.variable("a", [0.0, 3.0, -0.0]), graph.variable("b", [0.0, 0.0, -4.0]));
    let [da, db] = a.hypot(b).sum().grad([a, b]).unwrap();
    is(
        [numbers(a.hypot(b)), numbers(da), numbers(db)].concat(),
        &[0.0, 3.0, 4.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0],
    );
    let [da, db] = a.atan2(b).sum().grad([a, b]).unwrap();
    near(&numbers(da), &[0.0, 0.0, -0.25], 1e-15);
    near(&numbers(db), &[0.0, -1.0 / 3.0, 0.0], 1e-15);
    // far out, where the sum of the squares overflows or underflows
    for scale in [1e-200, 1e200] {
        let (a, b) = (graph.constant(3.0 * scale), graph.constant(4.0 * scale));
        let [da, db] = a.atan2(b).grad([a, b]).unwrap();
        near(&[numbers(da), numbers(db)].concat(), &[0.16 / scale, -0.12 / scale], 1e-14);
        let [da, db] = a.hypot(b).grad([a, b]).unwrap();
        near(&[numbers(da), numbers(db)].concat(), &[0.6, 0.8], 1e-15);
    }
    near(&three::<f64>(&[1e200, -1e200], |x| x.atan())[1], &[0.0, 0.0], 0.0);
    // powers at 0 by a number
    is(three::<f64>(&[0.0], |x| x.powf(0.0)).concat(), &[1.0, 0.0, 0.0]);
    is(three::<f64>(&[0.0], |x| x.powf(1.0)).concat(), &[0.0, 1.0, 0.0]);
    is(three::<f64>(&[0.0], |x| x.powf(2.0)).concat(), &[0.0, 0.0, 2.0]);
    is(three::<f64>(&[0.0], |x| x.powf(3.0)).concat(), &[0.0, 0.0, 0.0]);
    is(three::<f64>(&[0.0], |x| x.powi(2)).concat(), &[0.0, 0.0, 2.0]);
    is(three::<f64>(&[0.0], |x| x.powi(1)).concat(), &[0.0, 1.0, 0.0]);
    is(three::<f64>(&[0.0], |x| x.powf(1.5))[1].clone(), &[0.0]);
    is(three::<f64>(&[0.0], |x| x.powf(0.5))[1].clone(), &[INF]);
    is(three::<f64>(&[0.0], |x| x.powf(-1.0))[0].clone(), &[INF]);
    is(three::<f64>(&[0.0], |x| x.powi(-1))[0].clone(), &[INF]);
    // negative bases: whole exponents have all derivatives, broken ones none
    is(three::<f64>(&[-2.0], |x| x.powf(3.0)).concat(), &[-8.0, 12.0, -12.0]);
    is(three::<f64>(&[-2.0], |x| x.pow(3.0)).concat(), &[-8.0, 12.0, -12.0]);
    is(three::<f64>(&[-2.0], |x| x.powf(0.5)).concat(), &[NAN; 3]);
    is(three::<f64>(&[-2.0], |x| x.pow(0.5)).concat(), &[NAN; 3]);
    // a norm at 0 in second order
    let zero = graph.constant([0.0, 0.0]);
    let curved = zero.norm().square().grad(zero).unwrap();
    is(numbers(curved), &[0.0, 0.0]);
}

/// However many are equal, what comes back adds up to the seed.
#[test]
fn ties_of_any_number_preserve_the_seed() {
    let graph = Graph::new();
    for n in 1..40 {
        let x = graph.full([n], 2.5);
        for y in [x.max(), x.min(), x.max_axes(keep(0)).sum()] {
            let d = numbers((y * 3.0).grad(x).unwrap());
            assert!(d.iter().all(|each| *each == d[0]), "{d:?}");
            assert!((d.iter().sum::<f64>() - 3.0).abs() <= 1e-14, "{d:?}");
            assert_eq!(numbers(y.jvp(x, graph.full([n], 1.0)).unwrap()), numbers(y.jvp(x, x / 2.5).unwrap()));
        }
    }
    // windows that overlap: each gives its seed away
    let images =
        graph.constant(Array::from_shape_fn((2, 1, 5, 5), |(n, _, i, j)| ((n + i / 2 + j / 2) % 2) as f64));
    for pool in
        [Pool::new(2), Pool::new(3).stride(1), Pool::new(3).stride(2).padding(1), Pool::new(2).dilation(2)]
    {
        let y = images.max_pool2d(pool);
        let d = y.sum().grad(images).unwrap().sum().item().unwrap();
        let windows = numbers(y).len() as f64;
        assert!((d - windows).abs() <= 1e-12 * windows, "{d} of {windows}");
        let z = images.avg_pool2d(pool);
        assert_eq!(z.shape().unwrap(), y.shape().unwrap());
    }
    let d = images.avg_pool2d(Pool::new(5)).sum().grad(images).unwrap();
    near(&numbers(d), &[1.0 / 25.0; 50], 1e-15);
    let (a, b) = (graph.variable("a", [INF, -INF, 0.0]), graph.variable("b", [INF, -INF, -0.0]));
    let [da, db] = a.maximum(b).sum().grad([a, b]).unwrap();
    is([numbers(da), numbers(db)].concat(), &[0.5; 6]);
}

#[test]
fn windows_of_nothing_and_of_one() {
    let graph = Graph::new();
    let zeros = |shape: &[usize]| graph.constant(ArrayD::<f64>::zeros(shape));
    let ones = |shape: &[usize]| graph.constant(ArrayD::<f64>::ones(shape));
    let all = |y: Var<'_>, shape: &[usize], each: f64| {
        assert_eq!(y.shape().unwrap(), shape);
        assert!(numbers(y).iter().all(|y| *y == each), "{:?}", numbers(y));
    };
    // no images, no channels in, none out: a sum of nothing is 0
    let (x, k) = (zeros(&[0, 2, 4]), ones(&[3, 2, 2]));
    let y = x.conv1d(k, Conv::new());
    all(y, &[0, 3, 3], 0.0);
    let [dx, dk] = y.sum().grad([x, k]).unwrap();
    assert_eq!((dx.shape().unwrap(), numbers(dk)), (vec![0, 2, 4], vec![0.0; 12]));
    let (x, k) = (zeros(&[1, 0, 4]), zeros(&[3, 0, 2]));
    all(x.conv1d(k, Conv::new()), &[1, 3, 3], 0.0);
    let (x, k) = (ones(&[1, 2, 4]), zeros(&[0, 2, 2]));
    all(x.conv1d(k, Conv::new()), &[1, 0, 3], 0.0);
    // a window as large as the image, one of one, and one in the padding alone
    let (x, k) = (ones(&[1, 1, 3, 4]), ones(&[1, 1, 3, 4]));
    all(x.conv2d(k, Conv::new()), &[1, 1, 1, 1], 12.0);
    let (x, k) = (ones(&[1, 1, 1, 1]), ones(&[1, 1, 1, 1]));
    all(x.conv2d(k, Conv::new().stride(7)), &[1, 1, 1, 1], 1.0);
    all(x.conv_transpose2d(k, Conv::new()), &[1, 1, 1, 1], 1.0);
    is(numbers(x.conv2d(k, Conv::new().padding(1))), &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    is(numbers(x.max_pool2d(Pool::new(1))), &[1.0]);
    assert_eq!(zeros(&[0, 3, 4, 4]).max_pool2d(Pool::new(2)).shape().unwrap(), [0, 3, 2, 2]);
    // padding is -∞ to a maximum: no padded place is chosen, whatever the image holds
    let low = graph.constant(array![[[-5.0, -6.0]]]);
    is(numbers(low.max_pool1d(Pool::new(2).stride(1).padding(1))), &[-5.0, -5.0, -6.0]);
    // sizes of 1 and 0 elsewhere
    let (row, none) = (ones(&[1, 3]), zeros(&[0]));
    is(numbers(row.einsum("ij,kj->ik", row)), &[3.0]);
    is(numbers(none.einsum("i,j->ij", row.reshape([3]))), &[]);
    is(numbers(none.einsum("i,i->", none)), &[0.0]);
    is(numbers(none.dot(none)), &[0.0]);
    is(numbers(none.prod()), &[1.0]);
    is(numbers(none.logsumexp()), &[-INF]);
    is(numbers(none.prod().grad(none).unwrap()), &[]);
    let matrix = zeros(&[0, 0]);
    is(numbers(matrix.log_det()), &[0.0]);
    assert_eq!(matrix.inverse().shape().unwrap(), [0, 0]);
    is(numbers(matrix.cholesky()), &[]);
    is(numbers(matrix.solve(none)), &[]);
    is(numbers(matrix.log_det().grad(matrix).unwrap()), &[]);
    is(numbers(graph.one_hot(Array::<usize, _>::zeros(0), 3)), &[]);
}

/// All `-∞`, one `+∞`, and ordinary numbers beside them, in value and gradient.
#[test]
fn softmaxes_of_infinities() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[-INF, -INF], [0.0, -INF], [1.0, 1.0]]);
    is(numbers(x.softmax(1)), &[NAN, NAN, 1.0, 0.0, 0.5, 0.5]);
    is(numbers(x.logsumexp_axes(1))[..2].to_vec(), &[-INF, 0.0]);
    is(numbers(x.logsumexp_axes(1).sum_axes(0).grad(x).unwrap())[..4].to_vec(), &[0.0, 0.0, 1.0, 0.0]);
    is(numbers(x.log_softmax(1))[2..].to_vec(), &[0.0, -INF, -2_f64.ln(), -2_f64.ln()]);
    // the seed of a row that nobody asks for is 0, and its NaN stays out
    let kept = x.softmax(1).slice(ndarray::s![1.., 0]).sum();
    is(numbers(kept.grad(x).unwrap()), &[0.0, 0.0, 0.0, 0.0, 0.25, -0.25]);
}

/// A branch whose value or slope overflows, of which the next derivative too would be NaN.
#[test]
fn overflowing_branches_stay_out_of_second_derivatives() {
    let x = [-2.0, 0.0, 800.0];
    let [y, d, dd] = three::<f64>(&x, |x| x.less(1.0).select(x.exp().square(), 0.0));
    near(&y, &[(-4_f64).exp(), 1.0, 0.0], 1e-15);
    near(&d, &[2.0 * (-4_f64).exp(), 2.0, 0.0], 1e-15);
    near(&dd, &[4.0 * (-4_f64).exp(), 4.0, 0.0], 1e-15);
    let [y, d, dd] = three::<f64>(&x, |x| x.greater(0.0).select(x.ln() * x.sqrt(), x * 3.0));
    near(&y[..2], &[-6.0, 0.0], 0.0);
    near(&d[..2], &[3.0, 3.0], 0.0);
    near(&dd[..2], &[0.0, 0.0], 0.0);
    assert!(dd[2].is_finite() && dd[2] != 0.0);
    let [_, d, dd] = three::<f64>(&[0.0, 4.0], |x| x.not_equal(0.0).select(x.sin() / x, 1.0));
    is(vec![d[0], dd[0]], &[0.0, 0.0]);
    let [_, d, _] = three::<f32>(&[100.0, 0.5], |x| x.less(50.0).select(x.exp(), x));
    near(&d, &[1.0, 0.5_f64.exp()], 1e-6);
}
