//! The laws: they hold for right gradients, and each of them is broken by something.

use std::cell::Cell;

use chainrule_check::laws::{self, Law};
use chainrule_check::{Cause, Failure, check_gradient, function};
use chainrule_graph::{CustomOp, LinearMap, Scalar, Var};
use ndarray::{ArrayD, ArrayViewD, array};

/// The identity, with whatever derivative is put in.
struct Lie<D>(D);

impl<T: Scalar, D> CustomOp<T> for Lie<D>
where
    D: for<'g> Fn(Var<'g, T>) -> LinearMap<'g, T> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "lie"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        Ok(operands[0].to_owned())
    }
    fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
        (self.0)(operands[0])
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}

fn lie<'g, D>(x: Var<'g>, derivative: D) -> Var<'g>
where
    D: for<'h> Fn(Var<'h>) -> LinearMap<'h, f64> + Send + Sync + 'static,
{
    x.graph().custom(Lie(derivative), [x])
}

fn broken(result: Result<(), Failure>) -> Law {
    match result.unwrap_err().cause() {
        Cause::Law { law, .. } => *law,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_laws_hold_for_an_attention() {
    let attention = function(|[q, k, v]| (q.matmul(k.t()).softmax(-1).matmul(v)).tanh());
    let at = [
        array![[0.5, -1.0], [0.25, 2.0]],
        array![[1.0, 0.0], [-0.5, 0.125]],
        array![[2.0, 1.0], [0.5, -3.0]],
    ];
    laws::seed_scaling(attention, at.clone()).unwrap();
    laws::zero_seed(attention, at.clone()).unwrap();
    laws::linearity(attention, at.clone()).unwrap();
    laws::unused_input(attention, at.clone()).unwrap();
    laws::adjoint(attention, at.clone()).unwrap();
    laws::hessian_symmetry(attention, at.clone()).unwrap();
    laws::second_order_modes(attention, at.clone()).unwrap();
    laws::determinism(attention, at.clone()).unwrap();
    laws::compiled(attention, at.clone()).unwrap();
    check_gradient(attention).laws().at(at).unwrap();
}

#[test]
fn a_law_holds_up_to_rounding_where_numbers_cancel() {
    // The derivatives of x / (|x| + 1e-8) are what is left of numbers a hundred million times as large.
    let sign = function(|[x]| x / (x.abs() + 1e-8));
    laws::hessian_symmetry(sign, [[0.5, -1.0]]).unwrap();
    laws::second_order_modes(sign, [[0.5, -1.0]]).unwrap();
}

#[test]
fn a_derivative_that_is_not_the_transpose_breaks_the_adjoint_law() {
    let f = function(|[x]| lie(x, |_| LinearMap::pair(|v| v * 2.0, |w| w * 3.0)));
    assert_eq!(broken(laws::adjoint(f, [[1.0, 2.0]])), Law::Adjoint);
}

#[test]
fn a_clipped_gradient_is_not_linear() {
    let f = function(|[x]| lie(x, |_| LinearMap::pair(|v| v, |w| w.clamp(-0.25, 0.25))));
    assert_eq!(broken(laws::seed_scaling(f, [[1.0, 2.0]])), Law::SeedScaling);
    assert_eq!(broken(laws::linearity(f, [[1.0, 2.0]])), Law::Linearity);
    laws::zero_seed(f, [[1.0, 2.0]]).unwrap();
}

#[test]
fn a_gradient_that_comes_from_nowhere_is_seen_with_a_zero_seed() {
    let f = function(|[x]| lie(x, |_| LinearMap::pair(|v| v, |w| w + 1.0)));
    assert_eq!(broken(laws::zero_seed(f, [[1.0, 2.0]])), Law::ZeroSeed);
}

#[test]
fn gradients_that_come_from_no_function_have_no_symmetric_hessian() {
    let f = function(|[x]| lie(x, |x| LinearMap::diag(x.cumsum(0))));
    assert_eq!(broken(laws::hessian_symmetry(f, [[1.0, 2.0]])), Law::Symmetry);
}

#[test]
fn modes_of_different_maps_disagree_in_second_order() {
    let f = function(|[x]| lie(x, |x| LinearMap::pair(move |v| v * x * 2.0, move |w| w * x * 3.0)));
    assert_eq!(broken(laws::second_order_modes(f, [[1.0, 2.0]])), Law::SecondOrder);
}

#[test]
fn what_changes_from_run_to_run_is_not_deterministic() {
    let runs = Cell::new(0.0);
    let g = function(|[x]| {
        runs.set(runs.get() + 1.0);
        x * runs.get()
    });
    assert_eq!(broken(laws::determinism(g, [1.0])), Law::Determinism);
}
