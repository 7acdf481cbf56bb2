//! What derivatives are compared with: the oracle by default, and how strict that is; differences where it cannot say.

use std::cell::Cell;

use chainrule_check::program::{Call, Program, Programs, claims::Judged, programs};
use chainrule_check::{
    Cause, Failure, Kinks, Reference, Report, Tolerance, check_function, check_gradient, check_gradient_f32,
    check_gradients, function,
};
use chainrule_graph::{ErrorKind, Graph, Scalar, Unary, Var};
use ndarray::{Array2, ArrayD, array};

fn cause(result: Result<Report, Failure>) -> Cause {
    match result {
        Ok(report) => panic!("passed: {report}"),
        Err(failure) => failure.cause().clone(),
    }
}

/// All of a report is the oracle's.
fn by_oracle_alone(report: &Report) {
    assert_eq!(
        (report.by_differences().count, report.by_oracle().count),
        (0, report.comparisons()),
        "{report}"
    );
    assert!(report.values().count > 0 && report.values().worst <= 1.0 && report.worst() <= 1.0, "{report}");
}

#[test]
fn smooth_functions_are_judged_by_the_oracle_in_every_order() {
    let layer = function(|[x, w, b]| (x.matmul(w) + b).tanh().softmax(-1));
    let at =
        || (array![[0.5, -1.0], [0.25, 2.0]], array![[1.0, 0.5, -0.5], [0.25, 0.0, 1.5]], [0.1, 0.2, 0.3]);
    by_oracle_alone(&check_gradient(layer).order(3).reference(Reference::Oracle).at(at()).unwrap());
    // By differences there are as many numbers, and none is the oracle's.
    let differences = check_gradient(layer).order(2).reference(Reference::Differences).at(at()).unwrap();
    let both = check_gradient(layer).order(2).at(at()).unwrap();
    assert_eq!(differences.by_oracle().count + differences.values().count, 0);
    assert_eq!(differences.comparisons(), both.comparisons());
    let single = check_gradient_f32(|[x, w]| x.matmul(w).sigmoid().variance()).order(2);
    by_oracle_alone(
        &single.at((array![[0.5_f32, -1.0], [0.25, 2.0]], array![[1.0_f32, 0.5], [0.25, -1.5]])).unwrap(),
    );
}

#[test]
fn a_part_in_a_million_million_is_seen() {
    // What `detach` hides is too little for differences.
    let f = function(|[x]| x.exp() + x.detach() * 1e-12);
    check_gradient(f).reference(Reference::Differences).at([0.5]).unwrap();
    let failure = check_gradient(f).at([0.5]).unwrap_err();
    let Cause::Wrong(mismatch) = failure.cause() else { panic!("{failure}") };
    assert_eq!(mismatch.reference, Reference::Oracle);
    let off = mismatch.expected - mismatch.claimed;
    assert!(mismatch.allowed < 1e-14 && (off - 1e-12).abs() < 1e-14, "{off:e}: {failure}");
    assert!(failure.to_string().contains("\n  the oracle gives "), "{failure}");
}

/// Whether the kit sees that the slope of a function is off by this part.
fn sees<T: Scalar>(f: Unary<T>, part: f64) -> bool {
    let check = check_gradients::<T, _>(|xs| {
        let y = xs[0].map(f);
        vec![y + y.detach() * T::of(part)]
    });
    let x = ArrayD::from_elem(vec![1], T::of(0.75));
    match check.at([x]) {
        Ok(_) => false,
        Err(failure) => match failure.cause() {
            Cause::Wrong(mismatch) => mismatch.reference == Reference::Oracle,
            other => panic!("{}: {other:?}", f.name()),
        },
    }
}

#[test]
fn every_slope_that_is_off_by_a_hair_is_caught() {
    fn flat<T: Scalar>(f: Unary<T>) -> bool {
        f.is_step() || f.value(T::of(0.75)) == f.value(T::of(0.625))
    }
    for f in Unary::<f64>::all().into_iter().filter(|f| !flat(*f)) {
        assert!(sees(f, 1e-13), "{}", f.name());
    }
    for f in Unary::<f32>::all().into_iter().filter(|f| !flat(*f)) {
        assert!(sees(f, 1e-5), "{}", f.name());
    }
}

#[test]
fn the_classic_tolerances_apply_to_the_oracle_too() {
    let f = function(|[x]| x.exp() + x.detach() * 1e-6);
    for tolerance in [Tolerance::Rho(1e-4), Tolerance::Relative { rtol: 1e-4, atol: 0.0 }] {
        by_oracle_alone(&check_gradient(f).tolerance(tolerance).at([0.5]).unwrap());
    }
    assert!(matches!(cause(check_gradient(f).tolerance(Tolerance::Rho(1e-8)).at([0.5])), Cause::Wrong(_)));
}

#[test]
fn gradients_taken_inside_of_a_function_are_part_of_it() {
    let penalty = function(|[x, w]| {
        let energy = (x.matmul(w).tanh()).square().sum();
        let force = energy.grad(x).unwrap_or(energy);
        force.square().sum() + energy
    });
    let at = (array![[0.5, -1.0]], array![[1.0, 0.5], [0.25, -1.5]]);
    by_oracle_alone(&check_gradient(penalty).order(2).reference(Reference::Oracle).at(at).unwrap());
}

#[test]
fn what_acts_beside_the_tape_is_found_by_differences() {
    let f = function(|[x]| x * x.item().unwrap_or(0.0));
    let Cause::Wrong(mismatch) = cause(check_gradient(f).at([3.0])) else { panic!() };
    assert_eq!(mismatch.reference, Reference::Differences);
    assert!((mismatch.claimed - 3.0).abs() < 1e-12 && (mismatch.expected - 6.0).abs() < 1e-8);
    let Cause::Refused { message } = cause(check_gradient(f).reference(Reference::Oracle).at([3.0])) else {
        panic!()
    };
    assert!(message.ends_with("for inputs nearby it records other operations or constants"), "{message}");
}

#[test]
fn what_is_not_recorded_is_left_to_differences() {
    let square =
        |reference| check_function(|[x]| x * x, |[x], [e]| [x * e * 2.0]).reference(reference).at([1.5]);
    assert_eq!(square(Reference::Automatic).unwrap().by_oracle().count, 0);
    let Cause::Refused { message } = cause(square(Reference::Oracle)) else { panic!() };
    assert_eq!(message, "the oracle cannot evaluate it: it is not recorded on the engine");
}

#[test]
fn a_function_too_large_for_plain_loops_is_left_to_differences_unless_asked() {
    let (x, w) = (Array2::from_elem((40, 60), 0.25), Array2::from_elem((60, 40), 0.5));
    let f = function(|[x, w]| x.matmul(w).tanh().sum());
    let report =
        check_gradient(f).modes([chainrule_check::Mode::Reverse]).at((x.clone(), w.clone())).unwrap();
    assert_eq!(report.by_oracle().count, 0);
}

#[test]
fn at_kinks_the_slopes_to_both_sides_decide_for_the_oracle_too() {
    for reference in [Reference::Automatic, Reference::Oracle] {
        let report =
            check_gradient(|[x]| x.relu() + x.abs()).reference(reference).at([[0.0, 1.0, -1.0]]).unwrap();
        assert!(report.by_differences().count > 0 && report.by_oracle().count > 0, "{report}");
        assert!(report.kinks().iter().any(|kink| kink.contains("relu")), "{report}");
        let f = function(|[x]| x.relu() - (-x).relu());
        assert!(matches!(cause(check_gradient(f).reference(reference).at([0.0])), Cause::Kink(_)));
        let report = check_gradient(f).reference(reference).kinks(Kinks::Nudge).at([0.0]).unwrap();
        assert_eq!(report.nudged(), 1);
        by_oracle_alone(&report);
    }
}

#[test]
fn panics_and_errors_come_before_what_the_oracle_says_of_them() {
    let f = function(|[x]| panic!("no such {}", x.number()));
    assert!(matches!(
        cause(check_gradient(f).reference(Reference::Oracle).at([1.0])),
        Cause::Panicked { .. }
    ));
    let f = function(|[x, w]| x.matmul(w));
    let at = (array![[1.0, 2.0]], [1.0]);
    assert!(matches!(cause(check_gradient(f).reference(Reference::Oracle).at(at)), Cause::Invalid(_)));
}

/// The result of a program with other leaves.
fn output<'g, T: Judged>(program: &Program, xs: &[Var<'g, T>]) -> Option<Var<'g, T>> {
    let leaves = program.leaves();
    let given = |id| leaves.iter().position(|&leaf| leaf == id).and_then(|k| xs.get(k).copied());
    program.record_with::<T>(xs.first()?.graph(), given).get(program.output()).copied()
}

/// A random program as a function of its leaves, of which those that no derivative reaches stay where they are.
fn check_program<T: Judged>(program: &Program, order: usize) -> Result<Report, Failure> {
    let leaves = program.leaves();
    let values: Vec<ArrayD<T>> = leaves
        .iter()
        .filter_map(|&id| match &program.lines[id].call {
            Call::Leaf(value) => Some(value.mapv(T::of)),
            _ => None,
        })
        .collect();
    let graph = Graph::<T>::default();
    let xs: Vec<Var<'_, T>> = values.iter().map(|x| graph.constant(x)).collect();
    let y = output(program, &xs);
    let mut check = check_gradients::<T, _>(|xs| output(program, &xs).into_iter().collect());
    for (k, x) in xs.iter().enumerate() {
        if y.is_some_and(|y| y.grad(*x).is_err_and(|error| error.kind() == ErrorKind::Cut)) {
            check = check.fixed(k);
        }
    }
    check.reference(Reference::Oracle).order(order).at(values)
}

/// Runs programs, more with `PROPTEST_CASES`.
fn no_false_alarm<T: Judged>(name: &str, programs: &Programs, cases: u32, order: usize) {
    let (compared, skipped) = (Cell::new(0), Cell::new(0));
    let claim = |program: &Program, _: &mut _| match check_program::<T>(program, order) {
        Ok(report) => {
            compared.set(compared.get() + report.by_oracle().count + report.values().count);
            Ok(())
        }
        Err(failure) => match failure.cause() {
            Cause::Wrong(_) | Cause::Value { .. } => Err(Failure::new(failure.to_string())),
            _ => {
                skipped.set(skipped.get() + 1);
                Ok(())
            }
        },
    };
    // What `detach` hides is a mistake to the kit.
    let cases = programs.clone().without(&["detach"]).check_by(cases, claim).unwrap().cases;
    let (compared, skipped) = (compared.get(), skipped.get());
    println!("{name}: {cases} programs, {compared} numbers, {skipped} programs skipped");
    assert!(
        skipped < cases / 10 && compared > 10 * cases,
        "{name}: {skipped} of {cases}, {compared} numbers"
    );
}

#[test]
fn random_programs_raise_no_false_alarm() {
    let matrices = ["cholesky", "solve", "solve_triangular", "inverse", "log_det", "matmul", "mul", "t"];
    let matrices = programs().only(&matrices).lines(6);
    no_false_alarm::<f64>("f64", &programs(), 100, 2);
    no_false_alarm::<f32>("f32", &programs(), 100, 2);
    no_false_alarm::<f64>("f64 at kinks", &programs().at_kinks(), 50, 1);
    no_false_alarm::<f64>("f64, order 3", &programs().lines(6), 25, 3);
    no_false_alarm::<f64>("matrices", &matrices, 25, 2);
    no_false_alarm::<f32>("matrices in f32", &matrices, 25, 2);
}
