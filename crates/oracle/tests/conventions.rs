//! Kinks, ties, zeros, infinities and overflow: what the engine promises there, and the oracle must judge by.

use chainrule_oracle::ops::{self, Part};
use chainrule_oracle::{Array, Complex, Dual, Number, Precise};

/// The gradient of a single number, one element after the other, by duals and by complex steps, which must agree.
fn gradient(f: &impl Gradient, x: &[f64]) -> Vec<f64> {
    (0..x.len())
        .map(|i| {
            let dual = f.at(x
                .iter()
                .enumerate()
                .map(|(j, &x)| Dual { value: x, tangent: f64::from(i == j) })
                .collect());
            let along = |(j, &x)| Complex::along(x, f64::from(u8::from(i == j)));
            let step = f.at(x.iter().enumerate().map(along).collect());
            let precise =
                |(j, &x)| Dual { value: Precise::of(x), tangent: Precise::of(f64::from(u8::from(i == j))) };
            let precise = f.at(x.iter().enumerate().map(precise).collect());
            let same =
                |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-14 * b.abs();
            assert!(
                same(dual.tangent, step.slope()),
                "{} by dual, {} by step at {x:?}",
                dual.tangent,
                step.slope()
            );
            assert!(
                same(dual.tangent, precise.tangent.hi()),
                "{} and {:?} at {x:?}",
                dual.tangent,
                precise.tangent
            );
            dual.tangent
        })
        .collect()
}

/// A function of a list of numbers of any kind.
trait Gradient {
    fn at<N: Number>(&self, x: Vec<N>) -> N;
}

macro_rules! check {
    ($(|$x:ident| $f:expr, [$($at:expr),*] => $value:expr, [$($slope:expr),*];)+) => {$({
        struct Case;
        impl Gradient for Case {
            fn at<N: Number>(&self, $x: Vec<N>) -> N {
                $f
            }
        }
        let x: Vec<f64> = vec![$($at),*];
        let (value, want): (f64, Vec<f64>) = ($value, vec![$($slope),*]);
        let got = Case.at(x.clone());
        assert!(got == value || (got - value).abs() <= 4e-16 * value.abs(), "{} at {x:?} is {got}, not {value}", stringify!($f));
        let slopes = gradient(&Case, &x);
        let near = |(got, want): (&f64, &f64)| got == want || (got - want).abs() <= 4e-15 * want.abs();
        assert!(slopes.iter().zip(&want).all(near), "{} at {x:?}: slopes {slopes:?}, not {want:?}", stringify!($f));
    })+};
}

fn all<N: Number>(f: fn(&Array<N>) -> Array<N>, x: Vec<N>) -> N {
    f(&Array::vector(x)).at(&[])
}

#[test]
fn slopes_at_kinks_and_ties() {
    check! {
        |x| x[0].relu(), [0.0] => 0.0, [0.0];
        |x| x[0].relu(), [1e-30] => 1e-30, [1.0];
        |x| x[0].abs(), [0.0] => 0.0, [0.0];
        |x| x[0].abs(), [-2.0] => 2.0, [-1.0];
        |x| x[0].sign(), [0.0] => 0.0, [0.0];
        |x| x[0].clamp(-1.0, 2.0), [2.0] => 2.0, [0.0];
        |x| x[0].clamp(-1.0, 2.0), [-1.0] => -1.0, [0.0];
        |x| x[0].clamp(-1.0, f64::INFINITY), [5.0] => 5.0, [1.0];
        |x| x[0].leaky_relu(0.25), [0.0] => 0.0, [0.25];
        |x| x[0].elu(1.5), [0.0] => 0.0, [1.5];
        |x| x[0].maximum(x[1]), [3.0, 3.0] => 3.0, [0.5, 0.5];
        |x| x[0].minimum(x[1]), [3.0, 4.0] => 3.0, [1.0, 0.0];
        |x| all(ops::max, x), [1.0, 7.0, 7.0, 7.0, 7.0] => 7.0, [0.0, 0.25, 0.25, 0.25, 0.25];
        |x| all(ops::min, x), [1.0, 7.0] => 1.0, [1.0, 0.0];
        |x| all(ops::norm, x), [0.0, 0.0] => 0.0, [0.0, 0.0];
        |x| x[0].hypot(x[1]), [0.0, 0.0] => 0.0, [0.0, 0.0];
        |x| x[0].atan2(x[1]), [0.0, 0.0] => 0.0, [0.0, 0.0];
    }
}

#[test]
fn powers_and_products_at_zero() {
    check! {
        |x| x[0].square(), [0.0] => 0.0, [0.0];
        |x| x[0].powi(0), [0.0] => 1.0, [0.0];
        |x| x[0].powi(1), [0.0] => 0.0, [1.0];
        |x| x[0].powi(2), [0.0] => 0.0, [0.0];
        |x| x[0].powf(0.0), [0.0] => 1.0, [0.0];
        |x| x[0].powf(1.0), [0.0] => 0.0, [1.0];
        |x| x[0].powf(2.0), [0.0] => 0.0, [0.0];
        |x| x[0].powf(3.0), [-2.0] => -8.0, [12.0];
        |x| x[0].pow(x[1]), [0.0, 0.0] => 1.0, [0.0, 0.0];
        |x| x[0].pow(x[1]), [0.0, 1.0] => 0.0, [1.0, 0.0];
        |x| x[0].pow(x[1]), [0.0, 2.0] => 0.0, [0.0, 0.0];
        |x| all(ops::prod, x), [0.0, 2.0, 3.0] => 0.0, [6.0, 0.0, 0.0];
        |x| all(ops::prod, x), [0.0, 2.0, 0.0] => 0.0, [0.0, 0.0, 0.0];
        |x| all(ops::prod, x), [] => 1.0, [];
    }
    let x = Dual::variable(Dual::variable(0.0));
    for y in [x.square(), x.powi(2), x.powf(2.0)] {
        assert_eq!([y.value.value, y.tangent.value, y.tangent.tangent], [0.0, 0.0, 2.0]);
    }
}

#[test]
fn far_out_nothing_overflows_and_no_digit_is_lost() {
    let ln2 = 2_f64.ln();
    check! {
        |x| all(ops::logsumexp, x), [1000.0, 1000.0] => 1000.0 + ln2, [0.5, 0.5];
        |x| all(ops::logsumexp, x), [-1000.0, -1000.0] => ln2 - 1000.0, [0.5, 0.5];
        |x| all(ops::logsumexp, x), [1000.0, -1000.0] => 1000.0, [1.0, 0.0];
        |x| x[0].softplus(), [1000.0] => 1000.0, [1.0];
        |x| x[0].softplus(), [-1000.0] => 0.0, [0.0];
        |x| x[0].sigmoid(), [-1000.0] => 0.0, [0.0];
        |x| x[0].tanh(), [1000.0] => 1.0, [0.0];
        // 4 e^-38, but for the last digits
        |x| x[0].tanh(), [19.0] => 1.0, [1.2556531168192118e-16];
        |x| x[0].sigmoid_cross_entropy(N::of(1.0)), [-1000.0] => 1000.0, [-1.0];
        |x| x[0].hypot(x[1]), [3e200, 4e200] => 5e200, [0.6, 0.8];
        |x| x[0].atan2(x[1]), [3e-200, 4e-200] => 0.6435011087932844, [1.6e199, -1.2e199];
        |x| all(ops::norm, x), [3e200, 4e200] => 5e200, [0.6, 0.8];
    }
    // by duals alone: these are far below the complex step
    let tiny = |i, x| Dual { value: x, tangent: f64::from(u8::from(i)) };
    let norm = ops::norm(&Array::vector(vec![tiny(true, 3e-200), tiny(false, 4e-200)])).data[0];
    assert_eq!(norm, Dual { value: 5e-200, tangent: 0.6000000000000001 });
}

#[test]
fn infinities_and_nan() {
    let inf = f64::INFINITY;
    let softmax = ops::softmax(&Array::vector(vec![0.0, -inf]), &[0]);
    assert_eq!(softmax.data, [1.0, 0.0]);
    assert!(ops::softmax(&Array::vector(vec![-inf, -inf]), &[0]).data.iter().all(|p| p.is_nan()));
    assert_eq!(ops::logsumexp(&Array::vector(vec![-inf, -inf])).data, [-inf]);
    assert_eq!(ops::logsumexp(&Array::<f64>::vector(vec![])).data, [-inf]);
    assert!(ops::mean(&Array::<f64>::vector(vec![])).data[0].is_nan());
    assert_eq!(ops::sum(&Array::<f64>::vector(vec![])).data, [0.0]);
    assert!(ops::max(&Array::vector(vec![1.0, f64::NAN])).data[0].is_nan());
    assert_eq!(ops::argmax(&Array::vector(vec![1.0, f64::NAN, 5.0]), 0).data, [1.0]);
    assert_eq!(ops::argmax(&Array::vector(vec![1.0, 5.0, 5.0]), 0).data, [1.0]);
    assert_eq!(ops::log_det(&Array::new(&[2, 2], vec![1.0, 2.0, 2.0, 4.0])).data, [-inf]);
    assert!(ops::log_det(&Array::new(&[2, 2], vec![0.0, 1.0, 1.0, 0.0])).data[0].is_nan());
    assert_eq!(ops::log_det(&Array::new(&[2, 2], vec![0.0, 1.0, -1.0, 0.0])).data, [0.0]);
    assert_eq!(ops::log_det(&Array::<f64>::new(&[0, 0], vec![])).data, [0.0]);
    assert!(ops::cholesky(&Array::new(&[1, 1], vec![-1.0])).data[0].is_nan());
}

/// A branch that was not taken, or a slope that is 0, adds nothing, however infinite the rest is.
#[test]
fn zero_absorbs_infinities_in_derivatives() {
    check! {
        |x| {
            let below = x[0].relu(); // 0 for negative numbers, with slope 0
            below.sqrt()
        }, [-1.0] => 0.0, [0.0];
        |x| ops::select(&Array::scalar(N::of(0.0)), &Array::scalar(x[0].ln()), &Array::scalar(x[0])).at(&[]),
            [0.0] => 0.0, [1.0];
        |x| ops::softmax_cross_entropy(
            &Array::vector(vec![x[0], N::of(f64::NEG_INFINITY)]), &Array::vector(vec![N::of(1.0), N::of(0.0)])
        ).at(&[]), [3.0] => 0.0, [0.0];
    }
}

#[test]
fn known_results() {
    let a = Array::new(&[2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(ops::matmul(&a, &ops::t(&a)).data, [14.0, 32.0, 32.0, 77.0]);
    assert_eq!(ops::variance(&a).data, [35.0 / 12.0]);
    assert_eq!(ops::cumsum(&a, 1).data, [1.0, 3.0, 6.0, 4.0, 9.0, 15.0]);
    assert_eq!(
        ops::slice(&a, &[Part::Place(-1), Part::Range { start: 0, end: None, step: -2 }]).data,
        [6.0, 4.0]
    );
    assert_eq!(ops::tile(&a, &[1, 2]).data, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]);
    assert_eq!(ops::einsum(&a, "ij,ij->i", &a).data, [14.0, 77.0]);
    assert_eq!(
        ops::solve(&Array::new(&[2, 2], vec![0.0, 1.0, 2.0, 1.0]), &Array::vector(vec![1.0, 5.0])).data,
        [2.0, 1.0]
    );
    let definite = Array::new(&[2, 2], vec![4.0, 2.0, 2.0, 5.0]);
    assert_eq!(ops::cholesky(&definite).data, [2.0, 0.0, 1.0, 2.0]);
    assert_eq!(ops::log_det(&definite).data, [16_f64.ln()]);
}

/// As PyTorch's `Conv2d` and `ConvTranspose2d` compute them.
#[test]
fn known_convolutions() {
    let x = Array::new(&[1, 1, 3, 3], (1..=9).map(f64::from).collect());
    let w = Array::new(&[1, 1, 2, 2], vec![1.0, 0.0, 0.0, -1.0]);
    assert_eq!(ops::conv2d(&x, &w, &ops::Conv::default()).data, [-4.0; 4]);
    let wide = ops::Conv { stride: [2, 2], padding: [1, 1], ..ops::Conv::default() };
    assert_eq!(ops::conv2d(&x, &w, &wide).data, [-1.0, -3.0, -7.0, -4.0]);
    let y = ops::conv_transpose2d(&Array::new(&[1, 1, 1, 2], vec![1.0, 2.0]), &w, &ops::Conv::default());
    assert_eq!((y.shape, y.data), (vec![1, 1, 2, 3], vec![1.0, 2.0, 0.0, 0.0, -1.0, -2.0]));
}
