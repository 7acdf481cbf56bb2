//! Derivatives of a tape in numbers that carry them, each with a running bound of what rounding may do to it.
//!
//! A number moves along up to three directions at once ([`Dual`] of `Dual` of `Dual`), and every part of it is [`Bounded`]: the
//! bound holds for both modes and whatever order the engine adds up in. Linear algebra follows the formulas that the engine
//! uses, as in the sweep that judges random programs ([`matrices`](crate::program::matrices)): a bound has to hold for what is
//! computed, while the value does not depend on the formula.

use chainrule_graph::{Operation, Scalar};
use chainrule_oracle::{Array, Bounded, Double, Dual, Precision, Single};
use ndarray::ArrayD;

use super::evaluate::turned;
use super::tape::{From, Tape};
use crate::differences::Slopes;
use crate::failure::Cause;
use crate::program::matrices::{Matrices, triangle};
use crate::report::Compared;

/// How all inputs move: the numbers of each, or none of one that stays.
pub(crate) type Moves = Vec<Vec<f64>>;

/// Numbers that move along some directions.
pub(super) trait Moving: Matrices {
    type Rounding: Precision;

    /// A value, and how fast it moves along each direction; along those that are missing it does not.
    fn seed(value: f64, along: &[f64]) -> Self;

    /// The derivative along all directions, one after the other.
    fn highest(self) -> Bounded<Self::Rounding>;
}

impl<P: Precision> Moving for Bounded<P> {
    type Rounding = P;

    fn seed(value: f64, _: &[f64]) -> Self {
        Bounded::exact(value)
    }

    fn highest(self) -> Bounded<P> {
        self
    }
}

impl<N: Moving> Moving for Dual<N> {
    type Rounding = N::Rounding;

    fn seed(value: f64, along: &[f64]) -> Self {
        let (first, rest) = along.split_first().unwrap_or((&0.0, &[]));
        Dual { value: N::seed(value, rest), tangent: N::seed(*first, &[]) }
    }

    fn highest(self) -> Bounded<N::Rounding> {
        self.tangent.highest()
    }
}

/// In which order three directions are taken; two are the first two of them.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]];

/// The derivatives of all outputs along up to three directions, one after the other; the last one is that of their sum with
/// weights. The errors are what the engine may be apart from the values.
///
/// The formulas of matrices are not symmetric in the directions: what is exactly 0 in one order may be a sum that cancels in
/// another, and the modes of the engine take them in different orders. So there the bounds hold for all orders.
pub(crate) fn derivatives<T: Scalar>(tape: &Tape<T>, along: &[Moves], weights: &[ArrayD<T>]) -> Slopes {
    let in_order = |along: &[Moves]| match T::NAME {
        "f32" => of_order::<T, Single>(tape, along, weights),
        _ => of_order::<T, Double>(tape, along, weights),
    };
    let mut slopes = in_order(along);
    let orders = match along.len() {
        2 if tape.has_matrices() => &ORDERS[1..2],
        3 if tape.has_matrices() => &ORDERS[1..],
        _ => &[],
    };
    for order in orders {
        let turned: Vec<Moves> = order.iter().filter_map(|&i| along.get(i)).cloned().collect();
        let other = in_order(&turned);
        for (k, error) in slopes.error.iter_mut().enumerate() {
            let pick = |numbers: &[f64]| numbers.get(k).copied().unwrap_or(f64::NAN);
            *error = error.max(pick(&other.error) + (pick(&other.value) - pick(&slopes.value)).abs());
        }
    }
    slopes
}

fn of_order<T: Scalar, P: Precision>(tape: &Tape<T>, along: &[Moves], weights: &[ArrayD<T>]) -> Slopes {
    match along {
        [] => highest::<T, Bounded<P>>(tape, along, weights),
        [_] => highest::<T, Dual<Bounded<P>>>(tape, along, weights),
        [_, _] => highest::<T, Dual<Dual<Bounded<P>>>>(tape, along, weights),
        [..] => highest::<T, Dual<Dual<Dual<Bounded<P>>>>>(tape, along, weights),
    }
}

fn highest<T: Scalar, N: Moving>(tape: &Tape<T>, along: &[Moves], weights: &[ArrayD<T>]) -> Slopes {
    let values = moved::<T, N>(tape, along);
    let outputs: Vec<N> =
        tape.outputs.iter().filter_map(|&y| values.get(y)).flat_map(|y| y.data.clone()).collect();
    let weighted = outputs.iter().zip(weights.iter().flatten()).map(|(&y, w)| y * N::of(w.as_f64()));
    let sum = N::sum(&weighted.collect::<Vec<_>>());
    let all = || outputs.iter().copied().chain([sum]).map(N::highest);
    Slopes { value: all().map(|y| y.value).collect(), error: all().map(|y| 2.0 * y.error).collect() }
}

/// The values of all nodes where the inputs move.
fn moved<T: Scalar, N: Moving>(tape: &Tape<T>, along: &[Moves]) -> Vec<Array<N>> {
    let input = |number: usize, value: &Array<f64>| {
        let element = |(i, &x): (usize, &f64)| {
            let speed = |moves: &Moves| moves.get(number).and_then(|v| v.get(i)).copied().unwrap_or(0.0);
            N::seed(x, &along.iter().map(speed).collect::<Vec<_>>())
        };
        Array { shape: value.shape.clone(), data: value.data.iter().enumerate().map(element).collect() }
    };
    tape.evaluate(input, &judging)
}

/// What is not done by definition: linear algebra, whose bounds are those of the engine's formulas; and `detach`, which is no part
/// of the function but says something of its derivative, so the function goes on through it.
pub(super) fn judging<T: Scalar, N: Matrices>(
    operation: &Operation<T>,
    operands: &[&Array<N>],
) -> Option<Array<N>> {
    Some(match (operation, operands) {
        (Operation::Detach, [x]) => (*x).clone(),
        (Operation::Cholesky, [a]) => Matrices::cholesky(a),
        (Operation::Solve, [a, b]) => Matrices::solve(a, b),
        (Operation::TriangularSolve { upper, transposed }, [a, b]) => {
            Matrices::solve(&triangle(&turned(a, *transposed), upper != transposed), b)
        }
        (Operation::LogDet, [a]) => Matrices::log_det(a),
        _ => return None,
    })
}

/// Compares the values of all nodes.
///
/// # Errors
/// The first one that is not the oracle's.
pub(crate) fn values<T: Scalar>(tape: &Tape<T>) -> Result<Compared, Cause> {
    match T::NAME {
        "f32" => values_rounded::<T, Single>(tape),
        _ => values_rounded::<T, Double>(tape),
    }
}

fn values_rounded<T: Scalar, P: Precision>(tape: &Tape<T>) -> Result<Compared, Cause> {
    let mut compared = Compared::default();
    for (node, want) in tape.nodes.iter().zip(moved::<T, Bounded<P>>(tape, &[])) {
        if !matches!(node.from, From::Computed(..)) {
            continue;
        }
        let places = chainrule_oracle::indices(&node.value.shape);
        // Of another shape, it is another value.
        let wanted =
            if want.shape == node.value.shape { want } else { node.value.map(|_| Bounded::exact(f64::NAN)) };
        for ((&got, want), element) in node.value.data.iter().zip(wanted.data).zip(places) {
            let distance = want.distance(got);
            if distance > 1.0 {
                return Err(Cause::Value {
                    operation: node.name.clone(),
                    location: node.location,
                    element,
                    value: got,
                    expected: want.value,
                    allowed: 2.0 * want.error,
                });
            }
            compared.add(distance);
        }
    }
    Ok(compared)
}
