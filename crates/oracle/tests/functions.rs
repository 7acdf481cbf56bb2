//! Every function, with every sort of number, against figures of 80 digits.

mod common;

use std::collections::BTreeMap;

use chainrule_oracle::{Bounded, Complex, Dual, Number, Precise};
use common::{function, pair, rows, ulp};

const FUNCTIONS: &str = include_str!("data/functions.csv");
const PAIRS: &str = include_str!("data/pairs.csv");

/// The largest error of each function, and what has one above the limit.
#[derive(Default)]
struct Errors {
    worst: BTreeMap<&'static str, f64>,
    failures: Vec<String>,
}

impl Errors {
    fn add(&mut self, name: &'static str, at: &dyn std::fmt::Debug, error: f64, limit: f64) {
        let worst = self.worst.entry(name).or_insert(0.0);
        *worst = worst.max(error);
        if error.is_nan() || error > limit {
            self.failures.push(format!("{name} at {at:?}: {error} x its unit, limit {limit}"));
        }
    }

    fn report(self) {
        println!("{:?}", self.worst);
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

/// In units of the second argument; 0 for equal infinities.
fn error(got: f64, want: f64, unit: f64) -> f64 {
    if got == want { 0.0 } else { (got - want).abs() / unit }
}

#[test]
fn values_are_within_one_and_a_half_units_in_the_last_place() {
    let mut errors = Errors::default();
    for (name, row) in rows(FUNCTIONS) {
        let [x, hi, lo, ..] = row[..] else { panic!("{name}") };
        let got: f64 = function(name, x);
        let off = if got == hi { lo.abs() } else { ((got - hi) - lo).abs() };
        errors.add(name, &x, if hi.is_infinite() { error(got, hi, 0.0) } else { off / ulp(hi) }, 1.5);
    }
    for (name, row) in rows(PAIRS) {
        let [x, y, hi, ..] = row[..] else { panic!("{name}") };
        errors.add(name, &(x, y), error(pair(name, x, y), hi, ulp(hi)), 1.5);
    }
    errors.report();
}

/// Where the second part of the sum is a normal number, and sines of moderate arguments.
#[test]
fn precise_values_have_thirty_digits() {
    const UNIT: f64 = 1.0 / (1_u128 << 100) as f64;
    let mut errors = Errors::default();
    let mut check = |name, at: &dyn std::fmt::Debug, got: Precise, hi: f64, lo: f64| {
        let off = (got - Precise::of(hi) - Precise::of(lo)).real().abs();
        if hi.is_infinite() {
            errors.add(name, at, error(got.hi(), hi, 0.0), 0.0);
        } else if hi.abs() > 1e-290 {
            errors.add(name, at, off / hi.abs() / UNIT, 8.0);
        } else {
            errors.add(name, at, error(got.hi(), hi, ulp(hi)), 1.0);
        }
    };
    for (name, row) in rows(FUNCTIONS) {
        let [x, hi, lo, ..] = row[..] else { panic!("{name}") };
        if !(["sin", "cos", "tan"].contains(&name) && x.abs() > 1e15) {
            check(name, &x, function(name, Precise::of(x)), hi, lo);
        }
    }
    for (name, row) in rows(PAIRS) {
        let [x, y, hi, lo, ..] = row[..] else { panic!("{name}") };
        check(name, &(x, y), pair(name, Precise::of(x), Precise::of(y)), hi, lo);
    }
    errors.report();
}

/// No rule of calculus in it, so a rule that is wrong in [`Dual`] shows here.
#[test]
fn complex_steps_give_slopes() {
    let mut errors = Errors::default();
    for (name, row) in rows(FUNCTIONS) {
        let [x, hi, _, slope, _] = row[..] else { panic!("{name}") };
        // numbers that are not far above the step are not near the real axis
        if x.abs() < 1e-40 || x.abs() > 1e200 || !hi.is_finite() {
            continue;
        }
        let got = function(name, Complex::step(x));
        // the step makes what is nearly subnormal smaller still
        if slope.abs() > 1e-200 && slope.is_finite() {
            errors.add(name, &x, error(got.slope(), slope, ulp(slope)), 64.0);
        }
        errors.add(name, &x, error(got.re, hi, ulp(hi)), 16.0);
    }
    for (name, row) in rows(PAIRS) {
        let [x, y, hi, _, by_x, by_y] = row[..] else { panic!("{name}") };
        if !hi.is_finite() || hi == 0.0 || x.abs().min(y.abs()) < 1e-40 || x.abs().max(y.abs()) > 1e150 {
            continue;
        }
        for (slope, z) in [
            (by_x, pair(name, Complex::step(x), Complex::of(y))),
            (by_y, pair(name, Complex::of(x), Complex::step(y))),
        ] {
            if slope.abs() > 1e-200 && slope.abs() < 1e200 {
                errors.add(name, &(x, y), error(z.slope(), slope, ulp(slope)), 64.0);
            }
        }
    }
    errors.report();
}

fn twice<N: Number>(x: f64) -> Dual<Dual<N>> {
    Dual::variable(Dual::variable(N::of(x)))
}

#[test]
fn duals_give_slopes_to_a_few_units_over_the_whole_domain() {
    let mut errors = Errors::default();
    for (name, row) in rows(FUNCTIONS) {
        let [x, _, _, slope, _] = row[..] else { panic!("{name}") };
        let got = function(name, Dual::variable(x)).tangent;
        errors.add(name, &x, error(got, slope, ulp(slope)), 6.0);
    }
    for (name, row) in rows(PAIRS) {
        let [x, y, _, _, by_x, by_y] = row[..] else { panic!("{name}") };
        for (slope, z) in [
            (by_x, pair(name, Dual::variable(x), Dual::of(y))),
            (by_y, pair(name, Dual::of(x), Dual::variable(y))),
        ] {
            errors.add(name, &(x, y), error(z.tangent, slope, ulp(slope)), 6.0);
        }
    }
    errors.report();
}

#[test]
fn precise_duals_give_second_derivatives_to_the_last_digit() {
    let mut errors = Errors::default();
    for (name, row) in rows(FUNCTIONS) {
        let [x, _, _, slope, second] = row[..] else { panic!("{name}") };
        if ["sin", "cos", "tan"].contains(&name) && x.abs() > 1e15 {
            continue;
        }
        let y = function(name, twice::<Precise>(x));
        errors.add(name, &x, error(y.tangent.value.hi(), slope, ulp(slope)), 2.0);
        if second.abs() > 1e-290 && second.is_finite() {
            errors.add(name, &x, error(y.tangent.tangent.hi(), second, ulp(second)), 2.0);
        }
    }
    errors.report();
}

/// Slopes of slopes in `f64`: in units of the larger of the derivative and its terms, of which the inflection points of
/// bells have two that cancel.
#[test]
fn duals_of_duals_give_second_derivatives() {
    let mut errors = Errors::default();
    for (name, row) in rows(FUNCTIONS) {
        let [x, _, _, slope, second] = row[..] else { panic!("{name}") };
        let got = function(name, twice::<f64>(x)).tangent.tangent;
        let scale = if ["density", "bell"].contains(&name) { slope.abs().max(second.abs()) } else { second };
        if second.abs() < 1e300 {
            errors.add(name, &x, error(got, second, ulp(scale)), 16.0);
        }
    }
    errors.report();
}

#[test]
fn bounds_hold_for_values_and_slopes() {
    for (name, row) in rows(FUNCTIONS) {
        let [x, hi, lo, slope, _] = row[..] else { panic!("{name}") };
        let y = function(name, Dual::variable(Bounded::<chainrule_oracle::Double>::exact(x)));
        if hi.is_finite() {
            let off = ((y.value.value - hi) - lo).abs();
            assert!(off <= y.value.error, "{name}({x}): off by {off}, bound {}", y.value.error);
        }
        if slope.is_finite() {
            let off = (y.tangent.value - slope).abs();
            // the table is rounded itself
            assert!(
                off <= y.tangent.error + ulp(slope) / 2.0,
                "{name}'({x}): off by {off}, bound {}",
                y.tangent.error
            );
        }
    }
}
