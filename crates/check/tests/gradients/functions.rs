//! Every scalar function of the engine under the kit: no false alarm at drawn inputs, in either precision; and all kinks of
//! the engine's table are seen.

use chainrule_check::strategy::{Arrays, array};
use chainrule_check::{Check, Kinks, check_function, check_function_f32, check_gradient, check_gradients};
use chainrule_graph::{Binary, Domain, Graph, Scalar, Unary};
use ndarray::ArrayD;

fn drawn<T>(domain: Domain) -> Arrays<T> {
    match domain {
        Domain::Real => array([3]),
        Domain::NonZero => array([3]).away_from([0.0], 0.25),
        Domain::Positive => array([3]).between(0.25, 2.0),
        Domain::AboveMinusOne => array([3]).between(-0.75, 2.0),
    }
}

fn unary<T: Scalar>(order: usize, worst: &mut f64) {
    for f in Unary::<T>::all().into_iter().filter(|f| !f.is_step()) {
        let check: Check<'_, T> = check_gradients(move |xs| xs.iter().map(|x| x.map(f)).collect());
        let report = check.order(order).laws().cases(4).for_all([drawn(f.domain())]);
        let report = report.unwrap_or_else(|failure| panic!("{}: {failure}", f.name()));
        *worst = worst.max(report.worst());
        assert!(report.undecided() <= 1, "{}: {report}", f.name());
    }
}

#[test]
fn no_function_of_one_number_raises_a_false_alarm() {
    let mut worst = 0.0;
    unary::<f64>(3, &mut worst);
    println!("f64, three orders: worst {worst:.3} of what is allowed");
    let mut worst = 0.0;
    unary::<f32>(2, &mut worst);
    println!("f32, two orders: worst {worst:.3} of what is allowed");
}

#[test]
fn no_function_of_two_numbers_raises_a_false_alarm() {
    let smooth = |f: &Binary| !f.is_step() && !matches!(f, Binary::Noise);
    for &f in Binary::all().iter().filter(|f| smooth(f)) {
        let check = check_gradients::<f64, _>(move |xs| vec![xs[0].zip(f, xs[1])]);
        // A base of a power is positive, a divisor is not 0, and Chain's zeros absorb on purpose.
        let far = array([3]).between(0.25, 2.0);
        let report = check.order(2).laws().cases(8).for_all([far.clone(), far]);
        let report = report.unwrap_or_else(|failure| panic!("{}: {failure}", f.name()));
        assert!(report.undecided() <= 1, "{}: {report}", f.name());
    }
}

#[test]
fn every_kink_of_the_table_is_seen_and_can_be_left() {
    let mut seen = 0;
    for f in Unary::<f64>::all() {
        for kink in f.kinks().into_iter().filter(|kink| kink.abs() < 2.0) {
            // Beside a smooth way, so that a step is no gradient that is cut.
            let nudged = check_gradients::<f64, _>(move |xs| xs.iter().map(|x| x.map(f) + x.sin()).collect());
            let report = nudged.kinks(Kinks::Nudge).order(2).at([kink]);
            assert_eq!(
                report.unwrap_or_else(|e| panic!("{}: {e}", f.name())).nudged(),
                1,
                "{} at {kink}",
                f.name()
            );
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
    for f in [Binary::Maximum, Binary::Minimum, Binary::Hypot, Binary::Atan2] {
        let at = if matches!(f, Binary::Hypot | Binary::Atan2) { 0.0 } else { 0.5 };
        let check = check_gradients::<f64, _>(move |xs| vec![xs[0].zip(f, xs[1])]);
        assert_eq!(check.kinks(Kinks::Nudge).at([at, at]).unwrap().nudged(), 1, "{}", f.name());
    }
    assert_eq!(check_gradient(|[x]| x.max()).kinks(Kinks::Nudge).at([[1.0, 1.0]]).unwrap().nudged(), 1);
}

/// The value of a function and its slope times `factor`, as a gradient that somebody claims.
fn with_factor<T: Scalar>(f: Unary<T>, x: T, factor: f64) -> [T; 2] {
    let graph = Graph::<T>::default();
    let x = graph.constant(x);
    let y = x.map(f);
    [y.item().unwrap(), y.grad(x).unwrap().item().unwrap() * T::of(factor)]
}

#[test]
fn a_slope_that_is_a_little_off_is_caught() {
    for (f, g) in Unary::<f64>::all().into_iter().zip(Unary::<f32>::all()).filter(|(f, _)| !f.is_step()) {
        if matches!(f, Unary::Powi(0) | Unary::Clamp(..))
            || matches!(f, Unary::Mul(c) | Unary::Powf(c) if c == 0.0)
        {
            continue; // the slope is 0 there
        }
        let check = |factor: f64| {
            let value = move |[x]: &[ArrayD<f64>; 1]| x.mapv(|x| with_factor(f, x, 1.0)[0]);
            check_function(value, move |[x], [e]| e * &x.mapv(|x| with_factor(f, x, factor)[1])).at([0.75])
        };
        check(1.0).unwrap_or_else(|failure| panic!("{}: {failure}", f.name()));
        assert!(check(1.0 + 1e-9).is_err(), "{} in f64", f.name());
        let single = |factor: f64| {
            let value = move |[x]: &[ArrayD<f32>; 1]| x.mapv(|x| with_factor(g, x, 1.0)[0]);
            check_function_f32(value, move |[x], [e]| e * &x.mapv(|x| with_factor(g, x, factor)[1]))
                .at([0.75_f32])
        };
        single(1.0).unwrap_or_else(|failure| panic!("{}: {failure}", g.name()));
        assert!(single(1.0 + 2e-3).is_err(), "{} in f32", g.name());
    }
}
