//! A program on the oracle, for numbers of any kind.

use chainrule_oracle::{Array, Number, ops};
use ndarray::{ArrayD, IxDyn};

use super::Program;
use super::call::{Call, Function, Id, Mapped, Moves, Operator, Over, Pair, Part, Reduction};
use super::guest::Guest;

/// An array of the oracle, of the same numbers.
pub fn to_oracle(x: &ArrayD<f64>) -> Array<f64> {
    Array { shape: x.shape().to_vec(), data: x.iter().copied().collect() }
}

/// An `ndarray` array of the same numbers.
pub fn from_oracle(x: &Array<f64>) -> ArrayD<f64> {
    // There are as many numbers as the shape says, or it is a mistake that has to show.
    ArrayD::from_shape_vec(IxDyn(&x.shape), x.data.clone())
        .unwrap_or_else(|_| ArrayD::from_elem(IxDyn(&[]), f64::NAN))
}

/// The results of some calls by other means than the oracle's definitions: those of guests, of which the oracle knows none. For
/// other calls it returns `None`.
pub type Rule<'a, N> = &'a dyn Fn(&Call, &[&Array<N>]) -> Option<Array<N>>;

/// A guest's operation has a value, and nothing else is known of it.
pub(super) fn guests(call: &Call, operands: &[&Array<f64>]) -> Option<Array<f64>> {
    match call {
        Call::Guest(guest) => plain_guest(guest, operands),
        _ => None,
    }
}

pub(super) fn plain_guest(guest: &Guest, operands: &[&Array<f64>]) -> Option<Array<f64>> {
    let operands: Vec<ArrayD<f64>> = operands.iter().map(|x| from_oracle(x)).collect();
    guest.value(&operands).map(|y| to_oracle(&y))
}

impl Program {
    /// The values of all lines. `moved` says what an input is in the place of its own value (with a derivative, say); a value
    /// that there is not is NaN.
    pub fn evaluate<N: Number>(
        &self,
        moved: impl Fn(Id, Array<N>) -> Array<N>,
        rule: Rule<'_, N>,
    ) -> Vec<Array<N>> {
        let mut values: Vec<Array<N>> = Vec::with_capacity(self.lines.len());
        for (id, line) in self.lines.iter().enumerate() {
            let operands: Option<Vec<&Array<N>>> = line.operands.iter().map(|&id| values.get(id)).collect();
            let value = operands.and_then(|operands| value(&line.call, &operands, rule));
            let value = value.unwrap_or(Array::misfit());
            values.push(if line.call.is_leaf() { moved(id, value) } else { value });
        }
        values
    }
}

/// The value of one call; `None` if these operands have none.
pub(super) fn value<N: Number>(call: &Call, operands: &[&Array<N>], rule: Rule<'_, N>) -> Option<Array<N>> {
    if let Some(value) = rule(call, operands) {
        return Some(value);
    }
    Some(match (call, operands) {
        (Call::Leaf(value) | Call::Constant(value), []) => Array::of(&to_oracle(value)),
        (Call::Operator(operator), [x, y]) => operate(*operator, x, y),
        (Call::Number(operator, c, true), [x]) => operate(*operator, &Array::scalar(N::of(*c)), x),
        (Call::Number(operator, c, false), [x]) => operate(*operator, x, &Array::scalar(N::of(*c))),
        (Call::Neg, [x]) => ops::neg(x),
        (Call::Function(function), [x]) => apply(*function, x),
        (Call::Map(Mapped::LogisticDensity), [x]) => ops::logistic_density(x),
        (Call::Map(Mapped::Inside(low, high)), [x]) => ops::inside(x, *low, *high),
        (Call::Map(Mapped::Step), [x]) => ops::step(x),
        (Call::Pair(pair), [x, y]) => combine(*pair, x, y),
        (Call::PairNumber(pair, c), [x]) => combine(*pair, x, &Array::scalar(N::of(*c))),
        (Call::Chain, [x, y]) => ops::chain(x, y),
        (Call::Above, [x, y]) => ops::above(x, y),
        (Call::Select, [condition, x, y]) => ops::select(condition, x, y),
        (Call::Reduce(reduction, over), [x]) => reduce(*reduction, over, x),
        (Call::Softmax(axes), [x]) => ops::softmax(x, axes),
        (Call::LogSoftmax(axes), [x]) => ops::log_softmax(x, axes),
        (Call::SoftmaxCrossEntropy, [x, p]) => ops::softmax_cross_entropy(x, p),
        (Call::SoftmaxCrossEntropyLabels(labels), [x]) => {
            ops::softmax_cross_entropy_labels(x, &numbers(labels))
        }
        (Call::SigmoidCrossEntropy, [x, p]) => ops::sigmoid_cross_entropy(x, p),
        (Call::CumSum(axis), [x]) => ops::cumsum(x, *axis),
        (Call::ArgExtremum(axis, true), [x]) => ops::argmax(x, *axis),
        (Call::ArgExtremum(axis, false), [x]) => ops::argmin(x, *axis),
        (Call::Uniform(shape), [key]) => ops::uniform(*key.data.first()?, shape),
        (Call::Normal(shape), [key]) => ops::normal(*key.data.first()?, shape),
        (Call::FoldIn(number), [key]) => ops::fold_in(key, &Array::scalar(N::of(*number))),
        (Call::MatMul, [x, y]) => ops::matmul(x, y),
        (Call::Dot, [x, y]) => ops::dot(x, y),
        (Call::Outer, [x, y]) => ops::outer(x, y),
        (Call::Einsum(subscripts), [x, y]) => ops::einsum(x, subscripts, y),
        (Call::Cholesky, [x]) => ops::cholesky(x),
        (Call::SolveTriangular(upper), [x, b]) => ops::solve_triangular(x, *upper, b),
        (Call::Solve, [x, b]) => ops::solve(x, b),
        (Call::Inverse, [x]) => ops::inverse(x),
        (Call::LogDet, [x]) => ops::log_det(x),
        (Call::Reshape(to), [x]) => ops::reshape(x, to),
        (Call::Permute(axes), [x]) => ops::permute(x, axes),
        (Call::T, [x]) => ops::t(x),
        (Call::Mt, [x]) => ops::mt(x),
        (Call::Squeeze(axes), [x]) => ops::squeeze(x, axes),
        (Call::Unsqueeze(axes), [x]) => ops::unsqueeze(x, axes),
        (Call::Tile(times), [x]) => ops::tile(x, times),
        (Call::BroadcastTo(to), [x]) => ops::broadcast_to(x, to),
        (Call::Detach, [x]) => ops::detach(x),
        (Call::Slice(parts), [x]) => {
            ops::slice(x, &parts.iter().map(|&part| part.into()).collect::<Vec<_>>())
        }
        (Call::Flip(axes), [x]) => ops::flip(x, axes),
        (Call::Split(sizes, axis, which), [x]) => ops::split(x, sizes, *axis).get(*which)?.clone(),
        (Call::Chunks(count, axis, which), [x]) => ops::chunks(x, *count, *axis).get(*which)?.clone(),
        (Call::Pad(widths, value), [x]) => ops::pad(x, widths, *value),
        (Call::Concat(axis), parts) => ops::concat(parts, *axis),
        (Call::Stack(axis), parts) => ops::stack(parts, *axis),
        (Call::Take(indices, axis), [x]) => ops::take(x, &numbers(indices), *axis),
        (Call::TakeNode(axis), [x, indices]) => ops::take(x, indices, *axis),
        (Call::TakeAlong(indices, axis), [x]) => ops::take_along(x, &numbers(indices), *axis),
        (Call::TakeAlongNode(axis), [x, indices]) => ops::take_along(x, indices, *axis),
        (Call::ScatterAdd(indices, axis), [x, updates]) => {
            ops::scatter_add(x, &numbers(indices), updates, *axis)
        }
        (Call::ScatterAddNode(axis), [x, indices, updates]) => ops::scatter_add(x, indices, updates, *axis),
        (Call::OneHot(classes), [indices]) => ops::one_hot(indices, *classes),
        (Call::Conv(1, moves), [x, w]) => ops::conv1d(x, w, &moves.oracle1()),
        (Call::Conv(_, moves), [x, w]) => ops::conv2d(x, w, &moves.oracle2()),
        (Call::ConvTranspose(1, moves), [x, w]) => ops::conv_transpose1d(x, w, &moves.oracle1()),
        (Call::ConvTranspose(_, moves), [x, w]) => ops::conv_transpose2d(x, w, &moves.oracle2()),
        (Call::Pool(largest, 1, [_, size], moves), [x]) => {
            let Moves { stride: [_, stride], padding: [_, padding], dilation: [_, dilation], .. } = *moves;
            let pool =
                ops::Pool { size: [*size], stride: [stride], padding: [padding], dilation: [dilation] };
            if *largest { ops::max_pool1d(x, &pool) } else { ops::avg_pool1d(x, &pool) }
        }
        (Call::Pool(largest, _, size, moves), [x]) => {
            let Moves { stride, padding, dilation, .. } = *moves;
            let pool = ops::Pool { size: *size, stride, padding, dilation };
            if *largest { ops::max_pool2d(x, &pool) } else { ops::avg_pool2d(x, &pool) }
        }
        (Call::Faulty(call, _), operands) => value(call, operands, rule)?,
        (Call::Weigh(weights), [x]) => ops::sum(&ops::mul(x, &Array::of(&to_oracle(weights)))),
        _ => return None,
    })
}

/// Whole numbers as the oracle takes indices.
fn numbers<N: Number>(indices: &ArrayD<usize>) -> Array<N> {
    Array { shape: indices.shape().to_vec(), data: indices.iter().map(|&i| N::of(i as f64)).collect() }
}

fn operate<N: Number>(operator: Operator, x: &Array<N>, y: &Array<N>) -> Array<N> {
    match operator {
        Operator::Add => ops::add(x, y),
        Operator::Sub => ops::sub(x, y),
        Operator::Mul => ops::mul(x, y),
        Operator::Div => ops::div(x, y),
    }
}

fn apply<N: Number>(function: Function, x: &Array<N>) -> Array<N> {
    match function {
        Function::Square => ops::square(x),
        Function::Sqrt => ops::sqrt(x),
        Function::Exp => ops::exp(x),
        Function::Ln => ops::ln(x),
        Function::Sigmoid => ops::sigmoid(x),
        Function::Tanh => ops::tanh(x),
        Function::Relu => ops::relu(x),
        Function::Abs => ops::abs(x),
        Function::Sign => ops::sign(x),
        Function::Floor => ops::floor(x),
        Function::Expm1 => ops::expm1(x),
        Function::Log1p => ops::log1p(x),
        Function::Sin => ops::sin(x),
        Function::Cos => ops::cos(x),
        Function::Tan => ops::tan(x),
        Function::Atan => ops::atan(x),
        Function::Softplus => ops::softplus(x),
        Function::Erf => ops::erf(x),
        Function::Erfc => ops::erfc(x),
        Function::Recip => ops::recip(x),
        Function::Powi(n) => ops::powi(x, n),
        Function::Powf(c) => ops::powf(x, c),
        Function::Clamp(low, high) => {
            ops::clamp(x, low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
        }
        Function::LeakyRelu(slope) => ops::leaky_relu(x, slope),
        Function::Elu(alpha) => ops::elu(x, alpha),
        Function::Silu => ops::silu(x),
        Function::Gelu => ops::gelu(x),
        Function::GeluTanh => ops::gelu_tanh(x),
    }
}

fn combine<N: Number>(pair: Pair, x: &Array<N>, y: &Array<N>) -> Array<N> {
    match pair {
        Pair::Pow => ops::pow(x, y),
        Pair::Maximum => ops::maximum(x, y),
        Pair::Minimum => ops::minimum(x, y),
        Pair::Less => ops::less(x, y),
        Pair::LessEqual => ops::less_equal(x, y),
        Pair::Equal => ops::equal(x, y),
        Pair::Greater => ops::greater(x, y),
        Pair::GreaterEqual => ops::greater_equal(x, y),
        Pair::NotEqual => ops::not_equal(x, y),
        Pair::Atan2 => ops::atan2(x, y),
        Pair::Hypot => ops::hypot(x, y),
    }
}

fn reduce<N: Number>(reduction: Reduction, over: &Over, x: &Array<N>) -> Array<N> {
    let (axes, keep) = match over {
        Over::All => (None, false),
        Over::Axes(axes) => (Some(axes), false),
        Over::Kept(axes) => (Some(axes), true),
    };
    macro_rules! by {
        ($all:ident, $some:ident) => {
            match axes {
                None => ops::$all(x),
                Some(axes) => ops::$some(x, axes, keep),
            }
        };
    }
    match reduction {
        Reduction::Sum => by!(sum, sum_axes),
        Reduction::Mean => by!(mean, mean_axes),
        Reduction::Max => by!(max, max_axes),
        Reduction::Min => by!(min, min_axes),
        Reduction::Prod => by!(prod, prod_axes),
        Reduction::Variance => by!(variance, variance_axes),
        Reduction::Norm => by!(norm, norm_axes),
        Reduction::LogSumExp => by!(logsumexp, logsumexp_axes),
    }
}

impl From<Part> for ops::Part {
    fn from(part: Part) -> Self {
        match part {
            Part::Range(start, end, step) => ops::Part::Range { start, end, step },
            Part::Place(place) => ops::Part::Place(place),
            Part::New => ops::Part::New,
        }
    }
}

impl Moves {
    fn oracle1(&self) -> ops::Conv<1> {
        ops::Conv {
            stride: [self.stride[1]],
            padding: [self.padding[1]],
            dilation: [self.dilation[1]],
            groups: self.groups,
            output_padding: [self.output_padding[1]],
        }
    }

    fn oracle2(&self) -> ops::Conv<2> {
        let Moves { stride, padding, dilation, groups, output_padding } = *self;
        ops::Conv { stride, padding, dilation, groups, output_padding }
    }
}
