//! What a person reads: reports as they are printed, and the Rust in them.

use chainrule_check::strategy::array;
use chainrule_check::{Failure, check_function, check_gradient, function};
use chainrule_graph::{CustomOp, Graph, LinearMap, Scalar, Var};
use ndarray::{ArrayD, ArrayViewD, array};

/// Without trailing spaces, and with words for what is not the same everywhere: the place of the guilty operation, and how
/// much rounding was allowed.
fn printed(failure: &Failure) -> String {
    let mut text = failure.to_string();
    if let Some(guilty) = failure.guilty() {
        text = text.replace(&guilty.location.to_string(), "[the line of the call]");
    }
    let line = |line: &str| match line.split_once(", allowed ") {
        Some((apart, _)) => format!("{apart}, allowed [much less]\n"),
        None => line.trim_end().to_owned() + "\n",
    };
    text.lines().map(line).collect()
}

/// `x²`, with a factor in its derivative that should be 2.
struct Square;

impl<T: Scalar> CustomOp<T> for Square {
    fn name(&self) -> &'static str {
        "my_square"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        Ok(operands[0].mapv(|x| x * x))
    }
    fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        LinearMap::diag(operands[0])
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}

#[test]
fn a_wrong_operation_is_named_with_its_line_and_alone() {
    let energy = function(|[x, w]| x.graph().custom(Square, [x.matmul(w).tanh()]).sum());
    let failure = check_gradient(energy).for_all([array([1, 2]), array([2, 2])]).unwrap_err();
    assert_eq!(failure.guilty().unwrap().location.file(), file!());
    insta::assert_snapshot!(printed(&failure), @r#"
    the gradient is wrong: input 0, element [0, 1], reverse mode

      the gradient gives   +0.319850004
      differences give     +0.639700008
      apart by             3.2e-1, allowed [much less]

    Taylor remainder |f(x + h v) - f(x) - h <g, v>|, random v
      h        remainder  order
      2^-4     1.3e-2
      2^-6     3.2e-3     1.03
      2^-8     7.8e-4     1.00
      2^-10    2.0e-4     1.00
      2^-12    4.9e-5     1.00
      2^-14    1.2e-5     1.00
      order 1: wrong

    guilty: `my_square`, its derivative by operand 0
      --> [the line of the call]
      let graph = Graph::new();
      let x0 = graph.constant(array![[0.0, 0.7615941559557649]]);
      let y = /* my_square of */ (x0);
      // d y at [0, 1] / d x0 at [0, 1], forward mode: +0.761594156, and differences give +1.523188312

    inputs, the smallest found; 0 passed before
      let x0 = array![[0.0, 1.0]];
      let x1 = array![[0.0, 0.0], [0.0, 1.0]];
    again: .seed(0).at((x0, x1))
    "#);
}

#[test]
fn a_gradient_that_was_cut_off_names_the_detach_that_matters() {
    // The softmax detaches its largest score too, and that changes nothing.
    let f = function(|[x]| (x.softmax(0) * x.detach()).sum());
    let failure = check_gradient(f).at([[1.0, 0.5]]).unwrap_err();
    insta::assert_snapshot!(printed(&failure), @r#"
    the gradient is wrong: input 0, element [0], reverse mode

      the gradient gives   +0.117501856
      the oracle gives     +0.739961187
      apart by             6.2e-1, allowed [much less]

    Taylor remainder |f(x + h v) - f(x) - h <g, v>|, random v
      h        remainder  order
      2^-4     1.1e-2
      2^-6     2.4e-3     1.09
      2^-8     5.7e-4     1.02
      2^-10    1.4e-4     1.01
      2^-12    3.5e-5     1.00
      2^-14    8.8e-6     1.00
      order 1: wrong

    guilty: `detach`, its derivative by operand 0
      --> [the line of the call]
      let graph = Graph::new();
      let x0 = graph.constant(array![1.0, 0.5]);
      let y = x0.detach();
      // d y at [0] / d x0 at [0], forward mode: +0.000000000, and the oracle gives +1.000000000

    inputs
      let x0 = array![1.0, 0.5];
    again: .seed(0).at([x0])
    "#);
}

/// Runs code, and gives it as text without white space.
macro_rules! shown {
    ($result:ident: $($code:tt)*) => {{
        let text: String = stringify!($($code)*).split_whitespace().collect();
        $($code)*
        ($result.value().unwrap(), text)
    }};
}

#[test]
fn the_rust_in_a_report_compiles_and_computes_the_operation() {
    let failure = check_gradient(|[x]| (x * x.detach()).sum()).at([[1.0, 0.5]]).unwrap_err();
    let rust = &failure.guilty().unwrap().rust;
    let code: String = rust.lines().filter(|line| !line.starts_with("//")).collect();
    let (y, text) = shown! { y:
        let graph = Graph::new();
        let x0 = graph.constant(array![1.0, 0.5]);
        let y = x0.detach();
    };
    assert_eq!(code.split_whitespace().collect::<String>(), text);
    assert_eq!(y, array![1.0, 0.5].into_dyn());
}

#[test]
fn other_verdicts_have_reports_of_their_own() {
    let kink = check_gradient(|[x]| x.relu() - (-x).relu()).at([0.0]).unwrap_err();
    insta::assert_snapshot!(printed(&kink), @r#"
    not differentiable there: input 0, reverse mode

      the gradient gives   +0.000000000
      slope to the left    +1.000000000
      slope to the right   +1.000000000
      anything between the two would be accepted

    inputs
      let x0 = 0.0;
    again: .seed(0).at([x0])
    "#);
    let rough = |[x]: &[ArrayD<f64>; 1]| x.mapv(|x| x + 1e-3 * (1e13 * x).sin());
    let undecided = check_function(rough, |_, [e]| [e.clone()]).at([0.75]).unwrap_err();
    assert!(undecided.to_string().starts_with("undecided: input 0, reverse mode\n"));
    let invalid = check_gradient(|[x, w]| x.matmul(w)).at((array![[1.0, 2.0]], [1.0])).unwrap_err();
    assert!(printed(&invalid).contains("help: the inner sizes must agree"), "{invalid}");
}
