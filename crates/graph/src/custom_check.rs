//! The test that our own operations pass, for operations of the user's own.

use std::panic::Location;
use std::sync::Arc;

use ndarray::{ArrayD, Zip};

use crate::custom::CustomOp;
use crate::differentiate::jvp;
use crate::error::{ErrorKind, Fault, Result};
use crate::graph::Graph;
use crate::op::Origin;
use crate::var::Var;

/// Tests the derivative rules of an operation at some operands: first derivatives in forward mode against differences of
/// values, reverse mode against forward mode, and second derivatives against differences of gradients. Operands through
/// which no derivative passes ([`CustomOp::cuts`]) are left as they are.
///
/// Differences are central ones, extrapolated to step 0 (Richardson), with an estimate of their own error; a rule is refused
/// only where it differs by more than ten times that, or by more than a millionth. Choose operands away from kinks.
///
/// ```
/// use chainrule_graph::{CustomOp, LinearMap, Scalar, Var, check_custom};
/// use ndarray::{ArrayD, ArrayViewD, array};
///
/// /// `x²` times a factor in its rule, which should be 2.
/// struct Square(f64);
///
/// impl<T: Scalar> CustomOp<T> for Square {
///     fn name(&self) -> &'static str {
///         "my square"
///     }
///     fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
///         Ok(operands[0].to_vec())
///     }
///     fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
///         Ok(operands[0].mapv(|x| x * x))
///     }
///     fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
///         LinearMap::diag(operands[0] * T::of(self.0))
///     }
///     fn cuts(&self, _: usize) -> bool {
///         false
///     }
/// }
///
/// let x = array![0.5, -1.5].into_dyn();
/// assert!(check_custom(Square(2.0), &[x.clone()]).is_ok());
/// let error = check_custom(Square(3.0), &[x]).unwrap_err();
/// assert!(error.message().starts_with("the derivative by operand 0 is wrong"), "{error}");
/// ```
///
/// # Errors
/// If a rule is wrong (the error says by which operand, in which mode or order, and by how much), or if the operation has no
/// value there.
#[track_caller]
pub fn check_custom(op: impl CustomOp<f64>, operands: &[ArrayD<f64>]) -> Result<()> {
    let caller = Location::caller();
    let op: Arc<dyn CustomOp<f64>> = Arc::new(op);
    let probe = Probe { op, caller };
    let result = probe.value(operands)?;
    let weights = spread(result.shape(), 7);
    for i in (0..operands.len()).filter(|&i| !probe.op.cuts(i)) {
        let Some(operand) = operands.get(i) else { continue };
        let direction = spread(operand.shape(), 3);
        // Forward mode against values.
        let tangent = probe.tangent(operands, i, &direction)?;
        let (want, error) = differences(|t| probe.value(&moved(operands, i, &direction, t)))?;
        probe.agree(&format!("the derivative by operand {i} is wrong"), &tangent, &want, &error)?;
        // Reverse mode against forward mode: <J v, w> = <v, J' w>.
        let cotangent = probe.cotangent(operands, i, &weights)?;
        let (there, back) = ((&tangent * &weights).sum(), (&direction * &cotangent).sum());
        let size =
            (&tangent * &weights).mapv(f64::abs).sum() + (&direction * &cotangent).mapv(f64::abs).sum();
        let one = |x: f64| ArrayD::from_elem(vec![], x);
        let what = format!("the transpose of the derivative by operand {i} is wrong");
        probe.agree(&what, &one(back), &one(there), &one(size * 1e-13))?;
        // Second order: the derivative of the cotangent along each operand's direction.
        for j in (0..operands.len()).filter(|&j| !probe.op.cuts(j)) {
            let Some(other) = operands.get(j) else { continue };
            let direction = spread(other.shape(), 5);
            let second = probe.second(operands, i, &weights, j, &direction)?;
            let (want, error) =
                differences(|t| probe.cotangent(&moved(operands, j, &direction, t), i, &weights))?;
            let what = format!("the second derivative by operands {i} and {j} is wrong");
            probe.agree(&what, &second, &want, &error)?;
        }
    }
    Ok(())
}

struct Probe {
    op: Arc<dyn CustomOp<f64>>,
    caller: Origin,
}

impl Probe {
    /// Records the operation on a graph of its own, and reads what `then` makes of it.
    fn on(
        &self,
        operands: &[ArrayD<f64>],
        then: impl for<'g> FnOnce(&'g Graph, &[Var<'g>], Var<'g>) -> Result<Var<'g>>,
    ) -> Result<ArrayD<f64>> {
        let graph = Graph::new();
        let xs: Vec<Var<'_>> = operands.iter().map(|x| graph.constant(x)).collect();
        let y = graph.custom(self.op.clone(), xs.iter().copied());
        graph.check(y.id)?;
        then(&graph, &xs, y)?.value()
    }

    fn value(&self, operands: &[ArrayD<f64>]) -> Result<ArrayD<f64>> {
        self.on(operands, |_, _, y| Ok(y))
    }

    fn tangent(&self, operands: &[ArrayD<f64>], i: usize, direction: &ArrayD<f64>) -> Result<ArrayD<f64>> {
        self.on(operands, |graph, xs, y| jvp(y, xs.get(i).copied(), Some(graph.constant(direction))))
    }

    fn cotangent(&self, operands: &[ArrayD<f64>], i: usize, weights: &ArrayD<f64>) -> Result<ArrayD<f64>> {
        self.on(operands, |_, xs, y| Ok(y.vjp(weights, xs.get(i).copied())?.unwrap_or(y)))
    }

    fn second(
        &self,
        operands: &[ArrayD<f64>],
        i: usize,
        weights: &ArrayD<f64>,
        j: usize,
        direction: &ArrayD<f64>,
    ) -> Result<ArrayD<f64>> {
        self.on(operands, |graph, xs, y| {
            let first = y.vjp(weights, xs.get(i).copied())?.unwrap_or(y);
            jvp(first, xs.get(j).copied(), Some(graph.constant(direction)))
        })
    }

    fn agree(&self, what: &str, got: &ArrayD<f64>, want: &ArrayD<f64>, error: &ArrayD<f64>) -> Result<()> {
        let scale = want.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
        for ((got, want), error) in got.iter().zip(want).zip(error) {
            let allowed = 10.0 * error + 1e-6 * scale;
            // Not `>`: NaN is wrong too.
            if !matches!(
                (got - want).abs().partial_cmp(&allowed),
                Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
            ) {
                let message = format!("{what}: it gives {got}, and differences give {want}");
                let help = "check the rule's sign, factors and transposes; at a kink, choose other operands";
                let fault = Fault::new(ErrorKind::WrongDerivative, message, help);
                return Err(fault.at(self.op.name(), Vec::new(), self.caller, String::new()));
            }
        }
        Ok(())
    }
}

/// Numbers without a pattern, none of them 0.
fn spread(shape: &[usize], step: usize) -> ArrayD<f64> {
    let mut number = 0;
    ArrayD::from_shape_simple_fn(shape, || {
        number += 1;
        ((number * step % 11) as f64 - 5.5) / 4.0
    })
}

fn moved(operands: &[ArrayD<f64>], i: usize, direction: &ArrayD<f64>, t: f64) -> Vec<ArrayD<f64>> {
    let mut moved = operands.to_vec();
    if let Some(x) = moved.get_mut(i) {
        x.scaled_add(t, direction);
    }
    moved
}

/// The derivative of `f` at 0 by central differences with steps `h`, `h/2`, `h/4`, extrapolated, and an estimate of its error.
fn differences(f: impl Fn(f64) -> Result<ArrayD<f64>>) -> Result<(ArrayD<f64>, ArrayD<f64>)> {
    const STEP: f64 = 1.0 / 256.0;
    let central = |h: f64| -> Result<ArrayD<f64>> { Ok((f(h)? - f(-h)?) / (2.0 * h)) };
    let (a, b, c) = (central(STEP)?, central(STEP / 2.0)?, central(STEP / 4.0)?);
    let better =
        |coarse: &ArrayD<f64>, fine: &ArrayD<f64>, factor: f64| fine + (fine - coarse) / (factor - 1.0);
    let (ab, bc) = (better(&a, &b, 4.0), better(&b, &c, 4.0));
    let best = better(&ab, &bc, 16.0);
    let mut error = (&best - &bc).mapv(f64::abs);
    // Rounding of values of the size of the derivative, over the smallest step.
    Zip::from(&mut error)
        .and(&best)
        .for_each(|error, best| *error += f64::EPSILON * (1.0 + best.abs()) / STEP * 8.0);
    Ok((best, error))
}
