//! What the values depend on, their ranges, and what is refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

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
    let (wide, narrow) = (Params::<f64>::init(&layer, 3).unwrap(), Params::<f32>::init(&layer, 3).unwrap());
    let (wide, narrow) = (wide.get("weight").unwrap(), narrow.get("weight").unwrap());
    assert!(wide.iter().zip(narrow).all(|(&a, &b)| a as f32 == b));
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

struct Fanless;

impl<T: Scalar> Layer<T> for Fanless {
    fn declare(&self, params: &mut Declarations<T>) {
        params.parameter("gain", [2], Init::Xavier);
    }
    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        x
    }
}

#[test]
fn an_unknown_fan_in_is_refused() {
    let error = Params::<f64>::init(&Sequential::new().named("scale", Fanless), 0).unwrap_err();
    assert_eq!(error.message(), "`scale.gain`: Xavier needs the fan-in and fan-out of the parameter");
    assert_eq!(error.help(), "declare it with `weight`, which tells them, and not with `parameter`");
}
