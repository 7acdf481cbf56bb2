//! The nodes of a tape on the oracle, each by its definition, for numbers of any kind.

use chainrule_graph::{Binary, Operation, Scalar, SliceAxis, Unary};
use chainrule_oracle::{Array, Number, count, indices, ops};

use super::tape::{From, Tape};

/// What is computed by other means than the oracle's definitions; `None` for all else.
pub(super) type Rule<'a, T, N> = &'a dyn Fn(&Operation<T>, &[&Array<N>]) -> Option<Array<N>>;

impl<T: Scalar> Tape<T> {
    /// The values of all nodes, where inputs are what `input` says of their numbers and values. What the oracle does not know is
    /// a misfit: a single NaN.
    pub(super) fn evaluate<N: Number>(
        &self,
        input: impl Fn(usize, &Array<f64>) -> Array<N>,
        rule: Rule<'_, T, N>,
    ) -> Vec<Array<N>> {
        let mut values: Vec<Array<N>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            values.push(match &node.from {
                From::Input(number) => input(*number, &node.value),
                From::Leaf => Array::of(&node.value),
                From::Computed(operation, operands) => {
                    let operands: Option<Vec<&Array<N>>> = operands.iter().map(|&x| values.get(x)).collect();
                    let value = operands.and_then(|operands| {
                        rule(operation, &operands).or_else(|| value(operation, &operands))
                    });
                    value.unwrap_or(Array::misfit())
                }
            });
        }
        values
    }
}

/// The value of one operation; `None` if the oracle has none for these operands.
fn value<T: Scalar, N: Number>(operation: &Operation<T>, operands: &[&Array<N>]) -> Option<Array<N>> {
    Some(match (operation, operands) {
        (Operation::Detach, [x]) => ops::detach(x),
        // It asks whether a branch is still the right one, and passes the number on.
        (Operation::Guard { .. }, [x]) => (*x).clone(),
        (Operation::Map(f), [x]) => map(*f, x),
        (Operation::Zip(f), [x, y]) => zip(*f, x, y),
        (Operation::Broadcast { axes, shape }, [x]) => ops::broadcast_to(&ops::unsqueeze(x, axes), shape),
        (Operation::Sum { axes }, [x]) => ops::sum_axes(x, axes, false),
        (Operation::Reshape { shape }, [x]) => ops::reshape(x, shape),
        (Operation::Permute { axes }, [x]) => ops::permute(x, axes),
        (Operation::MatMul, [x, y]) => ops::matmul(x, y),
        (Operation::Select, [condition, x, y]) => ops::select(condition, x, y),
        (Operation::Extremum { axes, largest: true }, [x]) => ops::max_axes(x, axes, false),
        (Operation::Extremum { axes, largest: false }, [x]) => ops::min_axes(x, axes, false),
        (Operation::ArgExtremum { axis, largest: true }, [x]) => ops::argmax(x, *axis),
        (Operation::ArgExtremum { axis, largest: false }, [x]) => ops::argmin(x, *axis),
        (Operation::CumSum { axis, reverse: false }, [x]) => ops::cumsum(x, *axis),
        (Operation::CumSum { axis, reverse: true }, [x]) => {
            ops::flip(&ops::cumsum(&ops::flip(x, &[*axis]), *axis), &[*axis])
        }
        (Operation::Slice { parts }, [x]) => {
            let shape: Vec<usize> = parts.iter().map(|part| part.len).collect();
            Array::from_fn(&shape, |index| part(parts, index).map_or(N::of(f64::NAN), |own| x.at(&own)))
        }
        (Operation::Unslice { parts, shape }, [x]) => {
            let places = indices(&x.shape).map(|index| part(parts, &index));
            added(shape, places.zip(x.data.iter().copied()))
        }
        (Operation::Concat { axis }, parts) => ops::concat(parts, *axis),
        (Operation::Gather { axis, along: false }, [x, numbers]) => ops::take(x, numbers, *axis),
        (Operation::Gather { axis, along: true }, [x, numbers]) => ops::take_along(x, numbers, *axis),
        (Operation::Scatter { axis, along: false, shape }, [x, numbers]) => {
            ops::scatter_add(&Array::zeros(shape), numbers, x, *axis)
        }
        (Operation::Scatter { axis, along: true, shape }, [x, numbers]) => {
            let places = indices(&x.shape).map(|mut index| {
                let number = numbers.at(&index).real();
                let slot = index.get_mut(*axis).filter(|_| number >= 0.0 && number.fract() == 0.0)?;
                *slot = number as usize;
                Some(index)
            });
            added(shape, places.zip(x.data.iter().copied()))
        }
        (Operation::Unfold { axis, size, stride, dilation }, [x]) => {
            ops::unfold(x, *axis, *size, *stride, *dilation)
        }
        (Operation::Fold { axis, stride, dilation, shape, .. }, [x]) => {
            ops::fold(x, *axis, *shape.get(*axis)?, *stride, *dilation)
        }
        (Operation::Cholesky, [a]) => ops::cholesky(a),
        (Operation::TriangularSolve { upper, transposed }, [a, b]) => {
            ops::solve_triangular(&turned(a, *transposed), upper != transposed, b)
        }
        (Operation::Solve, [a, b]) => ops::solve(a, b),
        (Operation::LogDet, [a]) => ops::log_det(a),
        _ => return None,
    })
}

/// The matrix, or its transpose.
pub(super) fn turned<N: Number>(a: &Array<N>, transposed: bool) -> Array<N> {
    if transposed { ops::t(a) } else { a.clone() }
}

/// The place in the whole of a place in a part.
fn part(parts: &[SliceAxis], index: &[usize]) -> Option<Vec<usize>> {
    let place = |(part, &i): (&SliceAxis, &usize)| {
        part.start.checked_add_signed(part.step.checked_mul(isize::try_from(i).ok()?)?)
    };
    parts.iter().zip(index).map(place).collect()
}

/// Zeros, to which numbers are added in their places; one without a place, or outside, makes everything NaN.
fn added<N: Number>(shape: &[usize], numbers: impl Iterator<Item = (Option<Vec<usize>>, N)>) -> Array<N> {
    let mut terms = vec![Vec::new(); count(shape)];
    for (place, number) in numbers {
        let flat = place.and_then(|place| {
            let inside = place.len() == shape.len() && place.iter().zip(shape).all(|(i, size)| i < size);
            inside.then(|| place.iter().zip(shape).fold(0, |flat, (i, size)| flat * size + i))
        });
        match flat.and_then(|flat| terms.get_mut(flat)) {
            Some(terms) => terms.push(number),
            None => return Array::misfit(),
        }
    }
    Array { shape: shape.to_vec(), data: terms.iter().map(|terms| N::sum(terms)).collect() }
}

fn map<T: Scalar, N: Number>(f: Unary<T>, x: &Array<N>) -> Array<N> {
    let number = |c: T| Array::scalar(N::of(c.as_f64()));
    match f {
        Unary::Neg => ops::neg(x),
        Unary::Add(c) => ops::add(x, &number(c)),
        Unary::Mul(c) => ops::mul(x, &number(c)),
        Unary::Div(c) => ops::div(x, &number(c)),
        Unary::DivInto(c) => ops::div(&number(c), x),
        Unary::Square => ops::square(x),
        Unary::Sqrt => ops::sqrt(x),
        Unary::Powi(n) => ops::powi(x, n),
        Unary::Powf(c) => ops::powf(x, c.as_f64()),
        Unary::Abs => ops::abs(x),
        Unary::Sign => ops::sign(x),
        Unary::Floor => ops::floor(x),
        Unary::Exp => ops::exp(x),
        Unary::Expm1 => ops::expm1(x),
        Unary::Ln => ops::ln(x),
        Unary::Log1p => ops::log1p(x),
        Unary::Sin => ops::sin(x),
        Unary::Cos => ops::cos(x),
        Unary::Tan => ops::tan(x),
        Unary::Atan => ops::atan(x),
        Unary::Sigmoid => ops::sigmoid(x),
        Unary::LogisticDensity => ops::logistic_density(x),
        Unary::Tanh => ops::tanh(x),
        Unary::Softplus => ops::softplus(x),
        Unary::Erf => ops::erf(x),
        Unary::Erfc => ops::erfc(x),
        Unary::Clamp(low, high) => ops::clamp(x, low.as_f64(), high.as_f64()),
        Unary::Relu => ops::relu(x),
        Unary::Inside(low, high) => ops::inside(x, low.as_f64(), high.as_f64()),
        Unary::Step => ops::step(x),
    }
}

fn zip<N: Number>(f: Binary, x: &Array<N>, y: &Array<N>) -> Array<N> {
    match f {
        Binary::Add => ops::add(x, y),
        Binary::Sub => ops::sub(x, y),
        Binary::Mul => ops::mul(x, y),
        Binary::Div => ops::div(x, y),
        Binary::Pow => ops::pow(x, y),
        Binary::Maximum => ops::maximum(x, y),
        Binary::Minimum => ops::minimum(x, y),
        Binary::Above => ops::above(x, y),
        Binary::Less => ops::less(x, y),
        Binary::LessEqual => ops::less_equal(x, y),
        Binary::Equal => ops::equal(x, y),
        Binary::Atan2 => ops::atan2(x, y),
        Binary::Hypot => ops::hypot(x, y),
        Binary::Chain => ops::chain(x, y),
        // What a key and a number give is a new key.
        Binary::Noise => ops::fold_in(x, y),
    }
}
