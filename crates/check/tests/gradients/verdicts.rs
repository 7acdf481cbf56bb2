//! Every verdict, each by a function that deserves it.

use std::cell::Cell;

use chainrule_check::strategy::array;
use chainrule_check::{
    Cause, Failure, Kinks, Mode, Tolerance, check_function, check_gradient, check_gradient_f32,
    check_gradients, function,
};
use chainrule_graph::Var;
use ndarray::array;

fn cause(result: Result<chainrule_check::Report, Failure>) -> Cause {
    match result {
        Ok(report) => panic!("passed: {report}"),
        Err(failure) => failure.cause().clone(),
    }
}

#[test]
fn right_gradients_pass_in_every_order_and_mode() {
    let layer = function(|[x, w, b]| (x.matmul(w) + b).tanh().softmax(-1));
    let inputs =
        (array![[0.5, -1.0], [0.25, 2.0]], array![[1.0, 0.5, -0.5], [0.25, 0.0, 1.5]], [0.1, 0.2, 0.3]);
    let report = check_gradient(layer).order(3).laws().at(inputs).unwrap();
    println!("{report}");
    assert!(report.comparisons() > 100 && report.worst() < 1.0);
    assert!((report.taylor().unwrap().order.unwrap() - 2.0).abs() < 0.3);
}

#[test]
fn single_precision_passes_with_steps_and_tolerances_of_its_own() {
    let inputs = (array![[0.5_f32, -1.0], [0.25, 2.0]], array![[1.0_f32, 0.5], [0.25, -1.5]]);
    check_gradient_f32(|[x, w]| x.matmul(w).sigmoid().square().mean()).order(2).laws().at(inputs).unwrap();
    assert!(matches!(cause(check_gradient_f32(|[x]| x * x.detach()).at([[1.0_f32, 2.0]])), Cause::Wrong(_)));
}

#[test]
fn many_inputs_and_outputs_are_told_apart() {
    let check =
        check_gradients::<f64, _>(|xs| xs.iter().map(|x| x.sin()).chain([xs[0] * xs[1].detach()]).collect());
    let Cause::Wrong(mismatch) = cause(check.modes([Mode::Forward]).at([0.5, 1.5])) else { panic!() };
    assert_eq!((mismatch.place.input, mismatch.output), (Some(1), Some((2, vec![]))));
    assert_eq!((mismatch.claimed, mismatch.modes), (0.0, vec![Mode::Forward]));
    assert!((mismatch.expected - 0.5).abs() < 1e-9);
}

#[test]
fn a_wrong_element_is_found_and_named() {
    let f = |[x]: &[ndarray::ArrayD<f64>; 1]| x.mapv(|x| x * x * x);
    let wrong = |[x]: &[ndarray::ArrayD<f64>; 1], [e]: &[ndarray::ArrayD<f64>; 1]| {
        let mut g = x * x * e * 3.0;
        g[[17, 3]] *= 1.0 + 1e-6;
        [g]
    };
    let x = ndarray::Array2::from_shape_fn((20, 5), |(i, j)| 0.5 + (i + 3 * j) as f64 / 16.0);
    let Cause::Wrong(mismatch) = cause(check_function(f, wrong).at([x.clone()])) else { panic!() };
    assert_eq!(mismatch.place.element, Some(vec![17, 3]));
    // Where the sum of all terms hides it, a fixed tolerance sees nothing.
    check_function(f, wrong)
        .tolerance(Tolerance::Relative { rtol: 1e-3, atol: 1e-5 })
        .at([x.clone()])
        .unwrap();
    check_function(f, wrong).tolerance(Tolerance::Rho(1e-4)).at([x]).unwrap();
}

#[test]
fn second_order_mistakes_are_found_in_second_order() {
    // The square, with the right gradient and a constant where the second derivative should be.
    let f = function(|[x]| x.detach() * x * 2.0 - x.detach().square());
    check_gradient(f).at([1.5]).unwrap();
    let Cause::Wrong(mismatch) = cause(check_gradient(f).order(2).at([1.5])) else { panic!() };
    assert!(mismatch.claimed == 0.0 && mismatch.expected.abs() > 0.1);
    struct Square;
    impl<T: chainrule_graph::Scalar> chainrule_graph::CustomOp<T> for Square {
        fn name(&self) -> &'static str {
            "my square"
        }
        fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
            Ok(operands[0].to_vec())
        }
        fn value(&self, x: &[ndarray::ArrayViewD<'_, T>]) -> Result<ndarray::ArrayD<T>, String> {
            Ok(x[0].mapv(|x| x * x))
        }
        fn derivative<'g>(
            &self,
            _: usize,
            x: &[Var<'g, T>],
            _: Var<'g, T>,
        ) -> chainrule_graph::LinearMap<'g, T> {
            chainrule_graph::LinearMap::diag(x[0].detach() * T::of(2.0))
        }
        fn cuts(&self, _: usize) -> bool {
            false
        }
    }
    let f = function(|[x]| x.graph().custom(Square, [x]).exp());
    check_gradient(f).at([0.5]).unwrap();
    let failure = check_gradient(f).order(2).at([0.5]).unwrap_err();
    let Cause::Wrong(mismatch) = failure.cause() else { panic!("{failure}") };
    assert_eq!(mismatch.order(), 2);
    println!("{failure}");
    assert!(["detach", "my square"].contains(&failure.guilty().unwrap().operation.as_str()));
}

#[test]
fn a_function_that_changes_is_not_deterministic() {
    let calls = Cell::new(0.0);
    let f = function(|[x]| {
        calls.set(calls.get() + 1.0);
        x * calls.get()
    });
    assert!(matches!(cause(check_gradient(f).at([1.0])), Cause::NonDeterministic { .. }));
}

#[test]
fn a_panic_is_caught_and_told() {
    let f = function(|[x]| panic!("no such {}", x.number()));
    let Cause::Panicked { message } = cause(check_gradient(f).at([1.0])) else { panic!() };
    assert_eq!(message, "no such 0");
}

#[test]
fn values_and_gradients_that_are_not_finite_are_named() {
    let Cause::NotFinite { what } = cause(check_gradient(|[x]| x.ln()).at([[1.0, 0.0]])) else { panic!() };
    assert_eq!(what, "output 0, element [1], is -inf");
    let Cause::NotFinite { what } = cause(check_gradient(|[x]| x.sqrt()).at([0.0])) else { panic!() };
    assert!(what.starts_with("the gradient of input 0 is"), "{what}");
}

#[test]
fn invalid_graphs_bring_the_error_of_the_engine() {
    let failure = check_gradient(|[x, w]| x.matmul(w)).at((array![[1.0, 2.0]], [1.0])).unwrap_err();
    let Cause::Invalid(error) = failure.cause() else { panic!("{failure}") };
    assert_eq!((error.operation(), error.location().file()), ("matmul", file!()));
    let Cause::Invalid(error) = cause(check_gradient(|[x]| x.floor()).at([0.5])) else { panic!() };
    assert_eq!(error.kind(), chainrule_graph::ErrorKind::Cut);
}

#[test]
fn an_input_without_a_gradient_can_be_fixed() {
    let f = function(|[x, places]| x.take(places, 0).exp());
    check_gradient(f).fixed(1).order(2).at((array![0.5, 1.0, 2.0], [2.0, 0.0, 2.0])).unwrap();
}

#[test]
fn the_number_of_inputs_must_fit() {
    let Cause::Shape { message } = cause(check_gradient(|[x, w]| x * w).at([1.0])) else { panic!() };
    assert_eq!(message, "1 inputs were given, the function takes 2");
    let f = |[x]: &[ndarray::ArrayD<f64>; 1]| x.sum();
    let none =
        |_: &[ndarray::ArrayD<f64>; 1], _: &[ndarray::ArrayD<f64>; 1]| Vec::<ndarray::ArrayD<f64>>::new();
    let Cause::Shape { message } = cause(check_function(f, none).at([[1.0, 2.0]])) else { panic!() };
    assert_eq!(message, "0 gradients for 1 inputs");
    let short = |_: &[ndarray::ArrayD<f64>; 1], _: &[ndarray::ArrayD<f64>; 1]| array![1.0];
    let Cause::Shape { message } = cause(check_function(f, short).at([[1.0, 2.0]])) else { panic!() };
    assert_eq!(message, "the gradient of input 0 has the shape [1], the input [2]");
}

#[test]
fn at_a_kink_what_is_between_the_slopes_is_accepted_and_nothing_else() {
    let report = check_gradient(|[x]| x.relu() + x.abs()).order(2).at([[0.0, 1.0, -1.0]]).unwrap();
    assert!(report.kinks().iter().any(|kink| kink.contains("relu")), "{report}");
    let report = check_gradient(|[x]| x.max()).at([[1.0, 1.0, 0.5]]).unwrap();
    assert!(report.kinks()[0].starts_with("`max`"), "{report}");
    // 0, where the slope is 1 on both sides.
    let f = function(|[x]| x.relu() - (-x).relu());
    let Cause::Kink(mismatch) = cause(check_gradient(f).at([0.0])) else { panic!() };
    let (left, right) = mismatch.slopes.unwrap();
    assert!(mismatch.claimed == 0.0 && (left - 1.0).abs() < 1e-9 && (right - 1.0).abs() < 1e-9);
    let report = check_gradient(f).kinks(Kinks::Nudge).at([0.0]).unwrap();
    assert_eq!(report.nudged(), 1);
}

#[test]
fn kinks_of_functions_that_cannot_tell_are_seen_by_their_slopes() {
    let abs = |[x]: &[ndarray::ArrayD<f64>; 1]| x.mapv(f64::abs);
    let at_zero = |slope: f64| {
        move |[x]: &[ndarray::ArrayD<f64>; 1], [e]: &[ndarray::ArrayD<f64>; 1]| {
            e * &x.mapv(|x| if x == 0.0 { slope } else { x.signum() })
        }
    };
    for slope in [-1.0, 0.0, 0.5, 1.0] {
        check_function(abs, at_zero(slope)).at([[0.0, 1.0]]).unwrap_or_else(|f| panic!("{slope}: {f}"));
    }
    assert!(matches!(cause(check_function(abs, at_zero(1.5)).at([[0.0, 1.0]])), Cause::Kink(_)));
}

#[test]
fn a_function_that_is_too_rough_is_undecided_and_not_right() {
    let f = |[x]: &[ndarray::ArrayD<f64>; 1]| x.mapv(|x| x + 1e-3 * (1e13 * x).sin());
    let g = |[_]: &[ndarray::ArrayD<f64>; 1], [e]: &[ndarray::ArrayD<f64>; 1]| e.clone();
    assert!(matches!(cause(check_function(f, g).at([0.7])), Cause::Undecided(_)));
}

#[test]
fn drawn_inputs_shrink_to_the_smallest_that_fail() {
    // Wrong from 1 on.
    let f = function(|[x]| x.greater(0.9).select(x.detach() * x, x * x));
    let failure = check_gradient(f).for_all([array([3])]).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Wrong(_)), "{failure}");
    let smallest = ["array![1.0, 0.0, 0.0]", "array![0.0, 1.0, 0.0]", "array![0.0, 0.0, 1.0]"];
    assert!(smallest.contains(&failure.inputs()[0].as_str()), "{failure}");
}
#[test]
fn an_operation_that_reads_one_triangle_is_not_blamed_for_the_other() {
    let a = array![[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]];
    check_gradient(|[a]| a.cholesky()).order(2).at([a.clone()]).unwrap();
    let failure = check_gradient(|[a]| a.cholesky() * a.detach().sum()).at([a]).unwrap_err();
    assert_eq!(failure.guilty().unwrap().operation, "detach", "{failure}");
}

#[test]
fn forward_mode_alone_has_a_table_too() {
    let report = check_gradient(|[x]| x.exp()).modes([Mode::Forward]).order(2).at([[0.5, 1.0]]).unwrap();
    assert!((report.taylor().unwrap().order.unwrap() - 2.0).abs() < 0.1);
    let failure = check_gradient(|[x]| x * x.detach()).modes([Mode::Forward]).at([1.5]).unwrap_err();
    assert!((failure.taylor().unwrap().order.unwrap() - 1.0).abs() < 0.1);
}

/// `|x|` as an operation of the user's own, which says nothing of its kink.
struct Size;

impl chainrule_graph::CustomOp<f64> for Size {
    fn name(&self) -> &'static str {
        "size"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, x: &[ndarray::ArrayViewD<'_, f64>]) -> Result<ndarray::ArrayD<f64>, String> {
        Ok(x[0].mapv(f64::abs))
    }
    fn derivative<'g>(&self, _: usize, x: &[Var<'g>], _: Var<'g>) -> chainrule_graph::LinearMap<'g, f64> {
        chainrule_graph::LinearMap::diag(x[0].greater_equal(0.0) * 2.0 - 1.0)
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}

#[test]
fn kinks_of_operations_that_cannot_tell_are_seen_among_those_that_can() {
    let f = function(|[x]| x.graph().custom(Size, [x]) + (x + 1.0).relu());
    assert_eq!(check_gradient(f).at([0.0]).unwrap().kinks(), ["the function"]);
    assert_eq!(check_gradient(f).kinks(Kinks::Nudge).order(2).at([0.0]).unwrap().nudged(), 1);
}

#[test]
fn tied_ones_cannot_each_have_the_whole_slope() {
    let largest = |[x]: &[ndarray::ArrayD<f64>; 1]| x.fold(f64::MIN, |m, x| m.max(*x));
    let share = |each: f64| {
        move |[x]: &[ndarray::ArrayD<f64>; 1], [e]: &[ndarray::ArrayD<f64>; 1]| {
            e * &x.mapv(|x| if x == 1.0 { each } else { 0.0 })
        }
    };
    check_function(largest, share(0.5)).at([[1.0, 1.0, 0.5]]).unwrap();
    assert!(matches!(cause(check_function(largest, share(1.0)).at([[1.0, 1.0, 0.5]])), Cause::Kink(_)));
}
