//! What the values depend on, their ranges, and what is refused.

use chainrule_graph::{ErrorKind, Scalar, Var};
use chainrule_layers::{Convention, Declarations, Dense, Init, Layer, Params, Scoped, Sequential};
use ndarray::ArrayD;

fn weight(layer: Dense, seed: u64) -> ArrayD<f64> {
    Params::init(&layer, seed).unwrap().get("weight").unwrap().clone()
}

fn moments(values: &ArrayD<f64>) -> (f64, f64) {
    let mean = values.mean().unwrap();
    (mean, values.mapv(|v| (v - mean).powi(2)).mean().unwrap().sqrt())
}

#[test]
fn ranges_and_moments() {
    let (inputs, outputs) = (120, 80);
    let uniform = Init::Uniform { low: -0.25, high: 0.75 };
    for (init, middle, radius) in [
        (Init::Xavier, 0.0, (6.0_f64 / 200.0).sqrt()),
        (Init::He, 0.0, (6.0_f64 / 120.0).sqrt()),
        (Init::LeCun, 0.0, (3.0_f64 / 120.0).sqrt()),
        (uniform, 0.25, 0.5),
    ] {
        for convention in [Convention::InByOut, Convention::OutByIn] {
            let values = weight(Dense::new(inputs, outputs).weights(convention).init(init), 5);
            assert!(values.iter().all(|v| (v - middle).abs() <= radius), "{init:?}");
            // 9600 values: the mean strays by less than 4 of its standard deviations, and the ends are reached
            let (mean, deviation) = moments(&values);
            assert!((mean - middle).abs() < 4.0 * radius / (3.0 * 9600.0_f64).sqrt(), "{init:?} {mean}");
            assert!((deviation / (radius / 3.0_f64.sqrt()) - 1.0).abs() < 0.02, "{init:?} {deviation}");
            assert!(values.iter().any(|v| v - middle > 0.99 * radius));
            assert!(values.iter().any(|v| v - middle < -0.99 * radius));
        }
    }
    assert!(weight(Dense::new(3, 2).init(Init::Zeros), 1).iter().all(|&v| v == 0.0));
    assert!(weight(Dense::new(3, 2).init(Init::Constant(0.1)), 1).iter().all(|&v| v == 0.1));
}

/// The moments of 9600 normal numbers, the 2nd to within 4 of its standard deviations, `√(2 / 9600)`, and the 4th, `√(96 / 9600)`.
#[test]
fn normal_numbers() {
    let normal = Init::Normal { mean: 0.5, deviation: 2.0 };
    for (init, mean, deviation) in [
        (Init::XavierNormal, 0.0, (2.0_f64 / 200.0).sqrt()),
        (Init::HeNormal, 0.0, (2.0_f64 / 120.0).sqrt()),
        (Init::LeCunNormal, 0.0, (1.0_f64 / 120.0).sqrt()),
        (normal, 0.5, 2.0),
    ] {
        let values = weight(Dense::new(120, 80).init(init), 5).mapv(|v| (v - mean) / deviation);
        let moment = |n: i32| values.mapv(|v| v.powi(n)).mean().unwrap();
        assert!(moment(1).abs() < 4.0 / 9600.0_f64.sqrt(), "{init:?} {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 4.0 * (2.0 / 9600.0_f64).sqrt(), "{init:?} {}", moment(2));
        assert!(moment(3).abs() < 4.0 * (15.0 / 9600.0_f64).sqrt(), "{init:?} {}", moment(3));
        assert!((moment(4) - 3.0).abs() < 4.0 * 0.1, "{init:?} {}", moment(4));
    }
    let truncated = Init::TruncatedNormal { mean: 1.0, deviation: 0.5 };
    let values = weight(Dense::new(120, 80).init(truncated), 5);
    assert!(values.iter().all(|v| (v - 1.0).abs() <= 1.0));
    let (mean, deviation) = moments(&values);
    // √(1 - 4 φ(2) / (2 Φ(2) - 1)) = 0.8796
    assert!((mean - 1.0).abs() < 0.02 && (deviation / 0.5 - 0.8796).abs() < 0.02, "{mean} {deviation}");
    assert!(
        weight(Dense::new(2, 3).init(Init::Normal { mean: 0.1, deviation: 0.0 }), 1)
            .iter()
            .all(|&v| v == 0.1)
    );
}

#[test]
fn orthogonal_matrices() {
    for (inputs, outputs) in [(5, 5), (30, 7), (7, 30), (1, 4), (1, 1), (0, 3)] {
        let w = weight(Dense::new(inputs, outputs).init(Init::Orthogonal { gain: 3.0 }), 2) / 3.0;
        let w = w.into_dimensionality::<ndarray::Ix2>().unwrap();
        let product = if inputs <= outputs { w.dot(&w.t()) } else { w.t().dot(&w) };
        let identity = ndarray::Array2::<f64>::eye(inputs.min(outputs));
        assert!((product - identity).iter().all(|d| d.abs() < 1e-15), "{inputs} {outputs}");
    }
    // Evenly: the elements of a matrix of 3 x 3 have mean 0 and square 1/3, and so has its determinant mean 0.
    let draws: Vec<_> =
        (0..600).map(|seed| weight(Dense::new(3, 3).init(Init::Orthogonal { gain: 1.0 }), seed)).collect();
    for (i, j) in (0..9).map(|place| (place / 3, place % 3)) {
        let of = |f: fn(f64) -> f64| draws.iter().map(|w| f(w[[i, j]])).sum::<f64>() / 600.0;
        assert!(of(|v| v).abs() < 4.0 * (1.0 / 1800.0_f64).sqrt());
        assert!((of(|v| v * v) - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / 600.0_f64).sqrt());
    }
    let determinant = |w: &ArrayD<f64>| {
        let a = |i: usize, j: usize| w[[i, j]];
        (0..3)
            .map(|i| {
                a(0, i) * (a(1, (i + 1) % 3) * a(2, (i + 2) % 3) - a(1, (i + 2) % 3) * a(2, (i + 1) % 3))
            })
            .sum::<f64>()
    };
    let sum = draws.iter().map(determinant).sum::<f64>();
    assert!(sum.abs() < 4.0 * 600.0_f64.sqrt(), "{sum}");
    let w = weight(Dense::new(2, 3).init(Init::Identity), 0);
    assert_eq!(w, ndarray::array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]].into_dyn());
}

#[test]
fn extreme_ranges() {
    let widest = Init::Uniform { low: -f64::MAX, high: f64::MAX };
    assert!(weight(Dense::new(50, 50).init(widest), 1).iter().all(|v| v.is_finite()));
    let point = Init::Uniform { low: 0.1, high: 0.1 };
    assert!(weight(Dense::new(50, 50).init(point), 1).iter().all(|&v| v == 0.1));
    let narrow = Init::Uniform { low: 1.0, high: 1.0 + f64::EPSILON };
    assert!(
        weight(Dense::new(50, 50).init(narrow), 1).iter().all(|&v| (1.0..=1.0 + f64::EPSILON).contains(&v))
    );
}

#[test]
fn the_seed_decides() {
    let layer = Dense::new(4, 5);
    assert_eq!(weight(layer, 1), weight(layer, 1));
    let different: Vec<_> = [0, 1, 2, u64::MAX, 1 << 63].map(|seed| weight(layer, seed)).into();
    for (i, a) in different.iter().enumerate() {
        for b in &different[..i] {
            assert!(a.iter().zip(b).all(|(a, b)| a != b));
        }
    }
}

#[test]
fn another_layer_changes_nothing() {
    let small: Params = Params::init(&Sequential::new().dense(4, 5).sigmoid().dense(5, 2), 7).unwrap();
    let large: Params =
        Params::init(&Sequential::new().dense(9, 5).relu().dense(5, 2).dense(2, 2), 7).unwrap();
    assert_eq!(small.get("2.weight"), large.get("2.weight"));
    // neither do more values of its own: the first rows stay
    let uniform = Init::Uniform { low: 0.0, high: 1.0 };
    let (few, many) = (weight(Dense::new(2, 3).init(uniform), 1), weight(Dense::new(5, 3).init(uniform), 1));
    assert!(few.iter().zip(&many).all(|(a, b)| a == b));
}

/// Two parameters of the same shape, seed and almost the same path share no pattern.
#[test]
fn paths_are_uncorrelated() {
    let mut model = Sequential::new();
    for _ in 0..12 {
        model = model.push(Dense::new(50, 50).init(Init::Uniform { low: -1.0, high: 1.0 }).without_bias());
    }
    let params = Params::<f64>::init(&model, 0).unwrap();
    let all: Vec<_> = params.iter().map(|(_, w)| w).collect();
    for (i, a) in all.iter().enumerate() {
        for b in &all[..i] {
            let correlation = a.iter().zip(*b).map(|(a, b)| a * b).sum::<f64>() / (2500.0 / 3.0);
            // 66 pairs, standard deviation 1/50
            assert!(correlation.abs() < 4.0 / 50.0, "{correlation}");
        }
    }
}

#[test]
fn f32_is_f64_rounded() {
    let layer = Dense::new(20, 30);
    for init in [Init::Xavier, Init::HeNormal, Init::Orthogonal { gain: 1.0 }] {
        let layer = layer.init(init);
        let (wide, narrow) =
            (Params::<f64>::init(&layer, 3).unwrap(), Params::<f32>::init(&layer, 3).unwrap());
        let (wide, narrow) = (wide.get("weight").unwrap(), narrow.get("weight").unwrap());
        assert!(wide.iter().zip(narrow).all(|(&a, &b)| a as f32 == b));
    }
}

#[test]
fn wrong_arguments() {
    let big = 1_usize << 31;
    for (layer, message) in [
        (Dense::new(2, 2).init(Init::Uniform { low: 1.0, high: 0.5 }), "`weight`: 1 to 0.5 is no range"),
        (
            Dense::new(2, 2).init(Init::Uniform { low: f64::NAN, high: 0.5 }),
            "`weight`: Uniform { low: NaN, high: 0.5 } is not finite as f64",
        ),
        (
            Dense::new(2, 2).init(Init::Uniform { low: 0.0, high: f64::INFINITY }),
            "`weight`: Uniform { low: 0.0, high: inf } is not finite as f64",
        ),
        (Dense::new(2, 2).init(Init::Constant(f64::NAN)), "`weight`: Constant(NaN) is not finite as f64"),
        (Dense::new(2, 2).init(Init::Normal { mean: 0.0, deviation: -1.0 }), "`weight`: the deviation is -1"),
        (Dense::new(0, 2).init(Init::HeNormal), "`weight`: HeNormal divides by the fan-in, which is 0"),
        (
            Dense::new(2, 2).init(Init::Orthogonal { gain: f64::NAN }),
            "`weight`: Orthogonal { gain: NaN } is not finite as f64",
        ),
        (
            Dense::new(usize::MAX, 2).init(Init::Orthogonal { gain: 1.0 }),
            "`weight`: an array of shape [18446744073709551615, 2] does not fit into memory",
        ),
        (Dense::new(0, 2).init(Init::He), "`weight`: He divides by the fan-in, which is 0"),
        (Dense::new(0, 0).init(Init::LeCun), "`weight`: LeCun divides by the fan-in, which is 0"),
        (
            Dense::new(big, big),
            "`weight`: an array of shape [2147483648, 2147483648] does not fit into memory",
        ),
        (
            Dense::new(usize::MAX, usize::MAX).init(Init::Zeros),
            "`weight`: an array of shape [18446744073709551615, 18446744073709551615] does not fit into memory",
        ),
    ] {
        let error = Params::<f64>::init(&layer, 0).unwrap_err();
        assert_eq!(error.location().line(), line!() - 1);
        assert_eq!(error.location().file(), file!());
        assert_eq!((error.operation(), error.kind()), ("init", ErrorKind::Argument));
        assert_eq!(error.message(), message);
        assert!(!error.help().is_empty());
    }
    let error = Params::<f32>::init(&Dense::new(2, 2).init(Init::Constant(1e300)), 0).unwrap_err();
    assert_eq!(error.message(), "`weight`: Constant(1e300) is not finite as f32");
}

struct Fanless(Init);

impl<T: Scalar> Layer<T> for Fanless {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("gain", [2], self.0);
    }
    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x
    }
}

#[test]
fn an_unknown_fan_in_is_refused() {
    let error = Params::<f64>::init(&Sequential::new().named("scale", Fanless(Init::Xavier)), 0).unwrap_err();
    assert_eq!(error.message(), "`scale.gain`: Xavier needs the fan-in and fan-out of the parameter");
    assert_eq!(error.help(), "declare it with `weight`, which tells them, and not with `parameter`");
}

#[test]
fn vectors_are_no_matrices() {
    for (init, message) in [
        (Init::Identity, "`gain`: Identity makes matrices, and the shape is [2]"),
        (
            Init::Orthogonal { gain: 1.0 },
            "`gain`: Orthogonal { gain: 1.0 } makes matrices, and the shape is [2]",
        ),
    ] {
        assert_eq!(Params::<f64>::init(&Fanless(init), 0).unwrap_err().message(), message);
    }
}
