//! One test, and the gradient of a layer, a loss or an operation of your own is known to be right; or a report shows the
//! smallest inputs that prove it wrong, and names the guilty operation.
//!
//! ```
//! use chainrule_check::strategy::array;
//! use chainrule_check::{check_function, check_gradient, gradient_test};
//! use ndarray::array;
//!
//! // At inputs of your own: first and second order, reverse and forward mode, and over each other.
//! check_gradient(|[x, w]| x.matmul(w).tanh()).order(2).at((array![[0.5, -1.0]], array![[0.25], [2.0]]))?;
//!
//! // At inputs that are drawn, and shrunk where they fail. In a file of tests, this line is a whole test:
//! gradient_test!(my_layer, |[x, w]| x.matmul(w).tanh(), [array([2, 3]), array([3, 2])]);
//! check_gradient(|[x]| x.ln()).for_all([array([4]).positive()])?;
//!
//! // A gradient by hand, or another engine's: a function of arrays, and what somebody says its derivative is.
//! check_function(|[x]| x * x, |[x], [e]| [x * e * 2.0]).at([[1.0, -0.5]])?;
//! # Ok::<(), chainrule_check::Failure>(())
//! ```
//!
//! # What is tested
//!
//! **Derivatives against an oracle.** What a function records on the engine is computed again by the crate `chainrule-oracle`,
//! which shares no code with the engine: plain loops over numbers that carry derivatives, and with each a running bound of what
//! rounding can have done to it. Each element of small inputs is moved alone, larger inputs along random directions. A
//! derivative that is farther from the oracle's than the bound is wrong; so is a value, because then the derivative is of
//! another function. There is no tolerance to choose ([`Tolerance::RunningError`]), and nothing is left undecided that is
//! smooth: in `f64` the test sees a factor of `1 + 1e-13` in a slope, in `f32` of `1 + 1e-5`.
//!
//! **Derivatives against differences.** What the oracle does not know ([`Reference`]) is compared with central differences,
//! extrapolated to step 0: functions of arrays, and those with operations of your own in them. Differences estimate their own
//! error; in `f64` they see a factor of `1 + 1e-9`, in `f32` of `1 + 2e-3`. Where they cannot tell, the verdict is *undecided*,
//! never *right*. [`Check::reference`] asks for one of the two, and the classic tolerances are there too.
//!
//! **Orders and modes.** A gradient is itself a function; [`order(2)`](Check::order) tests its derivatives in the same way,
//! in all ways to come by them: reverse over reverse, forward over reverse, and so on.
//!
//! **Exact laws.** [`laws`] needs no differences: a doubled seed doubles the gradient to the last bit, `<J v, w> = <v, J' w>`,
//! Hessians are symmetric, a compiled program computes the same bits at any number of threads.
//!
//! **Random programs.** [`program`] is how the engine itself is tested.
//!
//! # Verdicts
//!
//! A test returns a [`Report`], or a [`Failure`] whose [`Cause`] is one of
//!
//! | cause | says |
//! |---|---|
//! | [`Wrong`](Cause::Wrong) | which element of which input, in which mode and order, and by how much |
//! | [`Kink`](Cause::Kink) | the point lies at a kink, and the gradient is none of the slopes between those of the two sides |
//! | [`Undecided`](Cause::Undecided) | differences are too inaccurate there |
//! | [`Value`](Cause::Value) | an operation computes another value than the oracle |
//! | [`NonDeterministic`](Cause::NonDeterministic) | the same inputs gave other numbers the second time |
//! | [`Panicked`](Cause::Panicked), [`Refused`](Cause::Refused) | the function did not return |
//! | [`NotFinite`](Cause::NotFinite) | a value or a gradient is infinite or NaN |
//! | [`InputIgnored`](Cause::InputIgnored) | no output depends on an input, if [all should matter](Check::all_inputs_matter) |
//! | [`Invalid`](Cause::Invalid) | the engine refuses the function, with its own error |
//! | [`Shape`](Cause::Shape) | gradients in another number or of other shapes than the inputs |
//! | [`Law`](Cause::Law) | an exact law is broken |
//! | [`Claim`](Cause::Claim) | a claim about [random programs](program) does not hold |
//!
//! # How to read a report
//!
//! A user's own squaring, with a factor of 1 in its derivative where 2 should be, somewhere inside of a function:
//!
//! ```
//! # use chainrule_graph::{CustomOp, LinearMap, Var};
//! # use ndarray::{ArrayD, ArrayViewD};
//! # struct Square;
//! # impl CustomOp<f64> for Square {
//! #     fn name(&self) -> &'static str { "my_square" }
//! #     fn shape(&self, x: &[&[usize]]) -> Result<Vec<usize>, String> { Ok(x[0].to_vec()) }
//! #     fn value(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> { Ok(x[0].mapv(|x| x * x)) }
//! #     fn derivative<'g>(&self, _: usize, x: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> { LinearMap::diag(x[0]) }
//! #     fn cuts(&self, _: usize) -> bool { false }
//! # }
//! use chainrule_check::check_gradient;
//! use chainrule_check::strategy::array;
//!
//! let energy = check_gradient(|[x, w]| x.graph().custom(Square, [x.matmul(w).tanh()]).sum());
//! let failure = energy.for_all([array([1, 2]), array([2, 2])]).unwrap_err();
//! println!("{failure}");
//! # assert_eq!(failure.guilty().unwrap().operation, "my_square");
//! # let text = failure.to_string();
//! # assert!(text.starts_with("the gradient is wrong: input 0, element [0, 1], reverse mode\n"), "{text}");
//! # assert!(text.contains("  the gradient gives   +0.319850004\n  differences give     +0.639700008\n"), "{text}");
//! # assert!(text.contains("  let x0 = array![[0.0, 1.0]];\n  let x1 = array![[0.0, 0.0], [0.0, 1.0]];"), "{text}");
//! ```
//!
//! ```text
//! the gradient is wrong: input 0, element [0, 1], reverse mode
//!
//!   the gradient gives   +0.319850004
//!   differences give     +0.639700008
//!   apart by             3.2e-1, allowed 1.4e-12
//!
//! Taylor remainder |f(x + h v) - f(x) - h <g, v>|, random v
//!   h        remainder  order
//!   2^-4     1.3e-2
//!   2^-6     3.2e-3     1.03
//!   2^-8     7.8e-4     1.00
//!   2^-10    2.0e-4     1.00
//!   2^-12    4.9e-5     1.00
//!   2^-14    1.2e-5     1.00
//!   order 1: wrong
//!
//! guilty: `my_square`, its derivative by operand 0
//!   --> src/energy.rs:23:36
//!   let graph = Graph::new();
//!   let x0 = graph.constant(array![[0.0, 0.7615941559557649]]);
//!   let y = /* my_square of */ (x0);
//!   // d y at [0, 1] / d x0 at [0, 1], forward mode: +0.761594156, and differences give +1.523188312
//!
//! inputs, the smallest found; 0 passed before
//!   let x0 = array![[0.0, 1.0]];
//!   let x1 = array![[0.0, 0.0], [0.0, 1.0]];
//! again: .seed(0).at((x0, x1))
//! ```
//!
//! * The first line is the verdict and the place. Below it stand the two numbers, how far they are apart, and how far they
//!   might be: the error of the differences and of rounding, four times over. (The oracle has no rule for `my_square`. Of a
//!   function that it knows, the second number is what `the oracle gives`, and allowed is its running error bound.)
//! * The table needs no tolerance at all. What a step `h` leaves beyond the first-order expansion shrinks with `h²` if the
//!   gradient is right (order 2), and with `h` if it is not (order 1).
//! * *guilty* is the operation that is wrong by itself, on the operands that it had, with the line that recorded it. What
//!   follows is Rust that records it alone; of an operation of your own you know how. A `detach` is named where it is why.
//!   ([`guilty`](guilty()) makes this search in any recorded graph.)
//! * The inputs are the smallest found: what can be 0 is 0. The last line makes the same test again.
//!
//! A report of a test that passed says how many derivatives were compared, with the oracle and with differences, how close the
//! closest call was, and what is worth knowing: ignored inputs, kinks, undecided points.
//!
//! # Kinks
//!
//! At a kink there are two slopes and no derivative. A function that is recorded on the engine tells of its kinks: the signs
//! of what `relu` and `abs` see, who is the largest in a `max`, the outcome of comparisons. Steps that change any of these do
//! not count. If no step is small enough, the point is at the kink: inputs of yours are judged there, and whatever lies between
//! the two slopes is accepted; drawn inputs are moved a little ([`Kinks`]). A foreign function shows its kinks in its slopes.
#![forbid(unsafe_code)]

mod branch;
mod check;
mod compare;
mod differences;
mod entry;
mod failure;
mod foreign;
mod guilty;
mod held;
mod kink;
pub mod laws;
mod level;
mod macros;
mod point;
pub mod program;
mod random;
mod recorded;
mod reference;
mod report;
mod settings;
pub mod source;
pub mod strategy;
mod subject;
mod taylor;
mod tolerance;

pub use check::Check;
pub use entry::{
    check_function, check_function_f32, check_gradient, check_gradient_f32, check_gradients, check_number,
    function,
};
pub use failure::{Cause, Failure, Mismatch, Mode, Place};
pub use foreign::Outputs;
pub use guilty::{Guilty, guilty};
pub use reference::Reference;
pub use report::{Compared, Report};
pub use settings::Kinks;
pub use taylor::Taylor;
pub use tolerance::Tolerance;
