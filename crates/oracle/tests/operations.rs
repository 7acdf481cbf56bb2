//! Every operation, with every kind of number: all of them must agree, each as well as it claims to.

mod common;

use std::collections::BTreeSet;

use chainrule_oracle::{Array, Bounded, Complex, Double, Dual, Number, Precise, Single};
use common::Random;
use common::operations::{ALL, Operation, evaluate};
use common::single::Rounded;

/// A case: an operation's number, its operands, and a direction for each.
struct Case {
    number: usize,
    what: String,
    x: Vec<Array<f64>>,
    v: Vec<Array<f64>>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, operation) in ALL.iter().enumerate() {
        for shapes in operation.shapes {
            let mut random = Random(cases.len() as u64);
            for draw in 0..3 {
                let x = operation.operands(shapes, &mut random);
                let direction = |x: &Array<f64>| x.map(|_| f64::from(random.between(-1.0, 1.0) as f32));
                let v = x.iter().map(direction).collect();
                let what = format!("{} of {shapes:?}, draw {draw}", operation.name);
                cases.push(Case { number, what, x, v });
            }
        }
    }
    cases
}

impl Case {
    /// At the operands, each an element made of a value and a direction.
    fn run<N: Number>(&self, element: impl Fn(f64, f64) -> N) -> Array<N> {
        let operands: Vec<Array<N>> = self.x.iter().zip(&self.v).map(|(x, v)| x.zip(v, &element)).collect();
        evaluate(self.number, &operands)
    }

    fn dual<N: Number>(&self) -> Array<Dual<N>> {
        self.run(|x, v| Dual { value: N::of(x), tangent: N::of(v) })
    }

    fn twice<N: Number>(&self) -> Array<Dual<Dual<N>>> {
        let number = |x, v| Dual { value: N::of(x), tangent: N::of(v) };
        self.run(|x, v| Dual { value: number(x, v), tangent: number(v, 0.0) })
    }
}

#[test]
fn the_manifest_names_no_dependency() {
    let manifest = include_str!("../Cargo.toml");
    let mut named = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
            assert!(!inside || line == "[dependencies]", "{line}");
        } else if inside {
            named.push(line);
        }
    }
    assert!(named.is_empty(), "the judge depends on {named:?}");
}

#[test]
fn every_operation_of_the_table_has_a_function() {
    let page = include_str!("../../../docs/operations.md");
    let called: BTreeSet<&str> = ALL.iter().map(|operation: &Operation| operation.name).collect();
    let headings = page.lines().filter_map(|line| line.strip_prefix("### `")?.split_once('('));
    let missing: Vec<&str> = headings
        .filter_map(|(path, _)| path.split_once('.'))
        .map(|(_, name)| name)
        // an operation of the user's own has a definition of the user's own
        .filter(|name| *name != "custom" && !called.contains(name))
        .collect();
    assert!(missing.is_empty(), "no function for {missing:?}");
}

#[test]
fn all_numbers_have_the_same_values() {
    for case in cases() {
        let want = case.run(|x, _| x);
        let bounds = case.run(|x, _| Bounded::<Double>::exact(x));
        let others = [
            case.run(Complex::along).reals(),
            case.dual::<f64>().reals(),
            case.twice::<f64>().reals(),
            case.run(|x, _| Precise::of(x)).reals(),
        ];
        for other in others {
            assert_eq!(other.shape, want.shape, "{}", case.what);
            for (bound, (a, b)) in bounds.data.iter().zip(other.data.iter().zip(&want.data)) {
                let near = (a - b).abs() <= 8.0 * bound.error;
                assert!(a == b || near || (a.is_nan() && b.is_nan()), "{}: {a}, not {b}", case.what);
            }
        }
    }
}

/// The rules of calculus against no rules at all.
#[test]
fn duals_agree_with_complex_steps() {
    for case in cases() {
        let steps = case.run(Complex::along);
        for (bound, step) in case.dual::<Bounded>().data.iter().zip(&steps.data) {
            let tangent = bound.tangent;
            let off = (step.slope() - tangent.value).abs();
            // complex arithmetic rounds a few times more
            let allowed = 16.0 * tangent.error;
            let same = off <= allowed || (step.slope().is_nan() && tangent.value.is_nan());
            assert!(same, "{}: {} by step, {tangent:?}", case.what, step.slope());
        }
    }
}

#[test]
fn second_derivatives_agree_with_complex_steps_of_duals() {
    for case in cases() {
        let steps = case.run(|x, v| Dual { value: Complex::along(x, v), tangent: Complex::of(v) });
        let exact = case.twice::<Precise>();
        for ((bound, step), exact) in case.twice::<Bounded>().data.iter().zip(&steps.data).zip(&exact.data) {
            let (second, exact) = (bound.tangent.tangent, exact.tangent.tangent);
            let allowed = 16.0 * second.error;
            let got = step.tangent.slope();
            let same = exact.distance(got).abs() <= allowed || (got.is_nan() && exact.hi().is_nan());
            assert!(same, "{}: {got} by step, {exact:?} exactly, {second:?}", case.what);
        }
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// What was found about a bound: how much larger it is than the error, where there is one.
fn ratio(what: &str, bound: f64, exact: Precise, computed: f64) -> Option<f64> {
    if exact.hi().is_nan() && computed.is_nan() {
        return None;
    }
    let error = exact.distance(computed).abs();
    assert!(error <= bound, "{what}: {computed} is off by {error:e}, bound {bound:e}");
    (error > 0.0).then(|| bound / error)
}

#[test]
fn bounds_hold_and_are_near_the_errors() {
    let (mut values, mut slopes, mut seconds) = (Vec::new(), Vec::new(), Vec::new());
    for case in cases() {
        let exact = case.twice::<Precise>();
        let plain = case.twice::<f64>();
        for ((bound, exact), plain) in case.twice::<Bounded>().data.iter().zip(&exact.data).zip(&plain.data) {
            let what = &case.what;
            values.extend(ratio(what, bound.value.value.error, exact.value.value, plain.value.value));
            slopes.extend(ratio(what, bound.tangent.value.error, exact.tangent.value, plain.tangent.value));
            let second = (bound.tangent.tangent.error, exact.tangent.tangent, plain.tangent.tangent);
            seconds.extend(ratio(what, second.0, second.1, second.2));
        }
    }
    let medians = [median(values), median(slopes), median(seconds)];
    println!("bound over error, median of values, first and second derivatives: {medians:?}");
    assert!(medians[0] < 20.0 && medians[1] < 40.0 && medians[2] < 80.0, "{medians:?}");
}

#[test]
fn bounds_hold_in_single_precision() {
    let (mut values, mut slopes) = (Vec::new(), Vec::new());
    for case in cases() {
        if ["uniform", "normal", "fold_in"].contains(&ALL[case.number].name) {
            continue; // drawn from the bits of an f64
        }
        let bounds = case.dual::<Bounded<Single>>();
        let (exact, plain) = (case.dual::<Precise>(), case.dual::<Rounded>());
        for ((bound, exact), plain) in bounds.data.iter().zip(&exact.data).zip(&plain.data) {
            let what = &format!("{} in f32", case.what);
            values.extend(ratio(what, bound.value.error, exact.value, plain.value.real()));
            slopes.extend(ratio(what, bound.tangent.error, exact.tangent, plain.tangent.real()));
        }
    }
    let medians = [median(values), median(slopes)];
    println!("bound over error in f32, median of values and derivatives: {medians:?}");
    assert!(medians[0] < 20.0 && medians[1] < 40.0, "{medians:?}");
}
