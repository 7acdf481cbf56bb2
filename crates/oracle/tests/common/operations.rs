//! A call of every operation, for numbers of any kind.

use chainrule_oracle::ops::{self, Conv, Part, Pool};
use chainrule_oracle::{Array, Number};

use super::Random;

/// From which numbers operands are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum From {
    /// Between -2 and 2.
    Reals,
    /// Between ¼ and 2.
    Positives,
    /// The first operand positive, the others real.
    PositiveBase,
    /// Reals, with 3 added to the diagonal of the first operand.
    Dominant,
}

/// One operation, or one way to call it: name, numbers, and shapes for its operands, several combinations.
pub struct Operation {
    pub name: &'static str,
    pub from: From,
    pub shapes: &'static [&'static [&'static [usize]]],
}

impl Operation {
    /// The operands of a case.
    pub fn operands(&self, shapes: &[&[usize]], random: &mut Random) -> Vec<Array<f64>> {
        let draw = |(i, shape): (usize, &&[usize])| {
            let positive = self.from == From::Positives || (self.from == From::PositiveBase && i == 0);
            let low = if positive { 0.25 } else { -2.0 };
            Array::from_fn(shape, |index| {
                let diagonal = self.from == From::Dominant && i == 0 && index.first() == index.last();
                // numbers of single precision, so that both types compute the same
                f64::from(random.between(low, 2.0) as f32) + if diagonal { 3.0 } else { 0.0 }
            })
        };
        shapes.iter().enumerate().map(draw).collect()
    }
}

const ONE: &[&[&[usize]]] = &[&[&[2, 3]], &[&[]], &[&[0, 2]]];
const TWO: &[&[&[usize]]] = &[&[&[2, 3], &[2, 3]], &[&[2, 1], &[1, 3]], &[&[], &[2]], &[&[0, 2], &[2]]];
const CUBE: &[&[&[usize]]] = &[&[&[2, 3, 2]], &[&[1, 3, 1]], &[&[0, 3, 2]]];
const SAME: &[&[&[usize]]] = &[&[&[2, 3], &[2, 3]], &[&[3], &[3]], &[&[0, 3], &[0, 3]]];
const SQUARE: &[&[&[usize]]] = &[&[&[3, 3]], &[&[1, 1]], &[&[0, 0]]];
const SYSTEM: &[&[&[usize]]] =
    &[&[&[3, 3], &[3]], &[&[3, 3], &[3, 2]], &[&[1, 1], &[1, 1]], &[&[4, 4], &[4]]];

/// Operations of one array, of two and of three: `method: a call` in a closure of the operands, which serves all kinds of
/// numbers.
macro_rules! operations {
    ($($name:literal $from:ident $shapes:expr, |$a:ident| $call:expr;)+) => {
        /// All of them.
        pub const ALL: &[Operation] =
            &[$(Operation { name: $name, from: From::$from, shapes: $shapes }),+];

        /// The operation with this number in the list.
        pub fn evaluate<N: Number>(number: usize, operands: &[Array<N>]) -> Array<N> {
            let calls: &[fn(&[Array<N>]) -> Array<N>] = &[$(|$a: &[Array<N>]| $call),+];
            calls[number](operands)
        }
    };
}

fn whole<N: Number>(numbers: &[f64]) -> Array<N> {
    Array::vector(numbers.iter().map(|&x| N::of(x)).collect())
}

operations! {
    "neg" Reals ONE, |a| ops::neg(&a[0]);
    "square" Reals ONE, |a| ops::square(&a[0]);
    "sqrt" Positives ONE, |a| ops::sqrt(&a[0]);
    "exp" Reals ONE, |a| ops::exp(&a[0]);
    "ln" Positives ONE, |a| ops::ln(&a[0]);
    "sigmoid" Reals ONE, |a| ops::sigmoid(&a[0]);
    "logistic_density" Reals ONE, |a| ops::logistic_density(&a[0]);
    "tanh" Reals ONE, |a| ops::tanh(&a[0]);
    "relu" Reals ONE, |a| ops::relu(&a[0]);
    "abs" Reals ONE, |a| ops::abs(&a[0]);
    "sign" Reals ONE, |a| ops::sign(&a[0]);
    "floor" Reals ONE, |a| ops::floor(&a[0]);
    "expm1" Reals ONE, |a| ops::expm1(&a[0]);
    "log1p" Positives ONE, |a| ops::log1p(&a[0]);
    "sin" Reals ONE, |a| ops::sin(&a[0]);
    "cos" Reals ONE, |a| ops::cos(&a[0]);
    "tan" Reals ONE, |a| ops::tan(&a[0]);
    "atan" Reals ONE, |a| ops::atan(&a[0]);
    "softplus" Reals ONE, |a| ops::softplus(&a[0]);
    "erf" Reals ONE, |a| ops::erf(&a[0]);
    "erfc" Reals ONE, |a| ops::erfc(&a[0]);
    "recip" Positives ONE, |a| ops::recip(&a[0]);
    "powi" Reals ONE, |a| ops::powi(&a[0], 3);
    "powi" Positives ONE, |a| ops::powi(&a[0], -2);
    "powf" Positives ONE, |a| ops::powf(&a[0], 1.75);
    "powf" Positives ONE, |a| ops::powf(&a[0], -0.25);
    "clamp" Reals ONE, |a| ops::clamp(&a[0], -0.5, 1.0);
    "inside" Reals ONE, |a| ops::inside(&a[0], -0.5, 1.0);
    "step" Reals ONE, |a| ops::step(&a[0]);
    "leaky_relu" Reals ONE, |a| ops::leaky_relu(&a[0], 0.125);
    "elu" Reals ONE, |a| ops::elu(&a[0], 1.5);
    "silu" Reals ONE, |a| ops::silu(&a[0]);
    "gelu" Reals ONE, |a| ops::gelu(&a[0]);
    "gelu_tanh" Reals ONE, |a| ops::gelu_tanh(&a[0]);
    "add" Reals TWO, |a| ops::add(&a[0], &a[1]);
    "sub" Reals TWO, |a| ops::sub(&a[0], &a[1]);
    "mul" Reals TWO, |a| ops::mul(&a[0], &a[1]);
    "div" Positives TWO, |a| ops::div(&a[0], &a[1]);
    "chain" Reals TWO, |a| ops::chain(&a[0], &a[1]);
    "pow" PositiveBase TWO, |a| ops::pow(&a[0], &a[1]);
    "maximum" Reals TWO, |a| ops::maximum(&a[0], &a[1]);
    "minimum" Reals TWO, |a| ops::minimum(&a[0], &a[1]);
    "above" Reals TWO, |a| ops::above(&a[0], &a[1]);
    "less" Reals TWO, |a| ops::less(&a[0], &a[1]);
    "less_equal" Reals TWO, |a| ops::less_equal(&a[0], &a[1]);
    "equal" Reals TWO, |a| ops::equal(&a[0], &a[1]);
    "greater" Reals TWO, |a| ops::greater(&a[0], &a[1]);
    "greater_equal" Reals TWO, |a| ops::greater_equal(&a[0], &a[1]);
    "not_equal" Reals TWO, |a| ops::not_equal(&a[0], &a[1]);
    "atan2" Reals TWO, |a| ops::atan2(&a[0], &a[1]);
    "hypot" Reals TWO, |a| ops::hypot(&a[0], &a[1]);
    "select" Reals &[&[&[2, 3], &[3]], &[&[2, 1], &[2, 3]]], |a| ops::select(&whole(&[1.0, 0.0, 1.0]), &a[0], &a[1]);
    "sigmoid_cross_entropy" Reals SAME, |a| ops::sigmoid_cross_entropy(&a[0], &a[1]);
    "sum" Reals CUBE, |a| ops::sum(&a[0]);
    "sum_axes" Reals CUBE, |a| ops::sum_axes(&a[0], &[0, 2], false);
    "sum_axes" Reals CUBE, |a| ops::sum_axes(&a[0], &[1], true);
    "mean" Reals CUBE, |a| ops::mean(&a[0]);
    "mean_axes" Reals CUBE, |a| ops::mean_axes(&a[0], &[2, 1], true);
    "max" Reals ONE, |a| ops::max(&a[0]);
    "max_axes" Reals CUBE, |a| ops::max_axes(&a[0], &[1], false);
    "min" Reals ONE, |a| ops::min(&a[0]);
    "min_axes" Reals CUBE, |a| ops::min_axes(&a[0], &[1, 2], true);
    "prod" Reals CUBE, |a| ops::prod(&a[0]);
    "prod_axes" Reals CUBE, |a| ops::prod_axes(&a[0], &[0, 1], false);
    "variance" Reals CUBE, |a| ops::variance(&a[0]);
    "variance_axes" Reals CUBE, |a| ops::variance_axes(&a[0], &[1], false);
    "norm" Reals CUBE, |a| ops::norm(&a[0]);
    "norm_axes" Reals CUBE, |a| ops::norm_axes(&a[0], &[0, 2], true);
    "logsumexp" Reals CUBE, |a| ops::logsumexp(&a[0]);
    "logsumexp_axes" Reals CUBE, |a| ops::logsumexp_axes(&a[0], &[1], false);
    "softmax" Reals CUBE, |a| ops::softmax(&a[0], &[1]);
    "softmax" Reals CUBE, |a| ops::softmax(&a[0], &[0, 2]);
    "log_softmax" Reals CUBE, |a| ops::log_softmax(&a[0], &[1]);
    "softmax_cross_entropy" Positives SAME, |a| ops::softmax_cross_entropy(&a[0], &a[1]);
    "softmax_cross_entropy_labels" Reals &[&[&[2, 3]]], |a| {
        ops::softmax_cross_entropy_labels(&a[0], &whole(&[-1.0, 0.0]))
    };
    "cumsum" Reals CUBE, |a| ops::cumsum(&a[0], 1);
    "argmax" Reals CUBE, |a| ops::argmax(&a[0], 1);
    "argmin" Reals CUBE, |a| ops::argmin(&a[0], 1);
    "uniform" Reals &[&[&[]]], |a| ops::uniform(a[0].at(&[]), &[2, 2]);
    "normal" Reals &[&[&[]]], |a| ops::normal(a[0].at(&[]), &[2, 2]);
    "fold_in" Reals TWO, |a| ops::fold_in(&a[0], &a[1]);
    "matmul" Reals &[
        &[&[2, 3], &[3, 2]], &[&[3], &[3, 2]], &[&[2, 3], &[3]], &[&[3], &[3]], &[&[2, 0], &[0, 3]],
        &[&[2, 1, 2, 3], &[2, 3, 1]], &[&[2, 2], &[3, 2, 2]]
    ], |a| ops::matmul(&a[0], &a[1]);
    "dot" Reals &[&[&[3], &[3]], &[&[0], &[0]]], |a| ops::dot(&a[0], &a[1]);
    "outer" Reals &[&[&[2], &[3]], &[&[0], &[3]]], |a| ops::outer(&a[0], &a[1]);
    "einsum" Reals &[&[&[2, 2, 3], &[3, 2]]], |a| ops::einsum(&a[0], "...ij, jk -> k...", &a[1]);
    "einsum" Reals &[&[&[3, 3], &[3, 2]]], |a| ops::einsum(&a[0], "ii,ij", &a[1]);
    "cholesky" Dominant SQUARE, |a| {
        ops::cholesky(&ops::add(&ops::matmul(&a[0], &ops::t(&a[0])), &a[0]))
    };
    "solve_triangular" Dominant SYSTEM, |a| ops::solve_triangular(&a[0], true, &a[1]);
    "solve_triangular" Dominant SYSTEM, |a| ops::solve_triangular(&a[0], false, &a[1]);
    "solve" Reals SYSTEM, |a| ops::solve(&a[0], &a[1]);
    "inverse" Dominant SQUARE, |a| ops::inverse(&a[0]);
    "log_det" Dominant SQUARE, |a| ops::log_det(&a[0]);
    "reshape" Reals &[&[&[2, 6]]], |a| ops::reshape(&a[0], &[3, 4]);
    "permute" Reals CUBE, |a| ops::permute(&a[0], &[2, 0, 1]);
    "t" Reals CUBE, |a| ops::t(&a[0]);
    "mt" Reals CUBE, |a| ops::mt(&a[0]);
    "squeeze" Reals &[&[&[1, 3, 1]]], |a| ops::squeeze(&a[0], &[0, 2]);
    "unsqueeze" Reals CUBE, |a| ops::unsqueeze(&a[0], &[1, 4]);
    "tile" Reals ONE, |a| ops::tile(&a[0], &[2, 1, 3]);
    "broadcast_to" Reals &[&[&[3, 1]], &[&[]]], |a| ops::broadcast_to(&a[0], &[2, 3, 2]);
    "detach" Reals ONE, |a| ops::detach(&a[0]);
    "slice" Reals &[&[&[3, 5]]], |a| {
        ops::slice(&a[0], &[Part::Place(-1), Part::New, Part::Range { start: 0, end: Some(4), step: -2 }])
    };
    "flip" Reals CUBE, |a| ops::flip(&a[0], &[0, 1]);
    "split" Reals &[&[&[2, 5]]], |a| {
        let parts = ops::split(&a[0], &[2, 1, 2], 1);
        ops::add(&ops::mul(&parts[0], &parts[2]), &parts[1])
    };
    "chunks" Reals &[&[&[4, 2]]], |a| {
        let parts = ops::chunks(&a[0], 2, 0);
        ops::mul(&parts[0], &parts[1])
    };
    "pad" Reals ONE, |a| ops::pad(&a[0], &[[1, 0], [2, 1]], 1.5);
    "concat" Reals &[&[&[2, 3], &[2, 1]], &[&[2, 0], &[2, 2]]], |a| ops::concat(&[&a[0], &a[1], &a[0]], 1);
    "stack" Reals SAME, |a| ops::stack(&[&a[0], &a[1]], 1);
    "take" Reals CUBE, |a| ops::take(&a[0], &whole(&[2.0, 0.0, 2.0, -2.0]), 1);
    "take_along" Reals &[&[&[2, 3]]], |a| {
        let numbers = whole(&[2.0, 0.0, 2.0, 1.0, 0.0, 1.0, 1.0, -1.0]).reshape(&[2, 4]);
        ops::take_along(&a[0], &numbers, 1)
    };
    "scatter_add" Reals &[&[&[3, 2], &[4, 2]]], |a| {
        ops::scatter_add(&a[0], &whole(&[1.0, -1.0, 1.0, 0.0]), &a[1], 0)
    };
    "one_hot" Reals &[&[&[2, 3]]], |a| ops::one_hot(&ops::argmax(&a[0], 1), 3);
    "conv1d" Reals &[&[&[2, 2, 5], &[3, 2, 2]]], |a| {
        ops::conv1d(&a[0], &a[1], &Conv { stride: [2], padding: [1], ..Conv::default() })
    };
    "conv2d" Reals &[&[&[1, 2, 3, 3], &[2, 2, 2, 2]]], |a| ops::conv2d(&a[0], &a[1], &Conv::default());
    "conv2d" Reals &[&[&[1, 2, 4, 3], &[4, 1, 2, 2]]], |a| {
        ops::conv2d(&a[0], &a[1], &Conv { dilation: [2, 1], groups: 2, ..Conv::default() })
    };
    "conv_transpose1d" Reals &[&[&[1, 2, 3], &[2, 2, 2]]], |a| {
        ops::conv_transpose1d(&a[0], &a[1], &Conv { stride: [2], dilation: [2], ..Conv::default() })
    };
    "conv_transpose2d" Reals &[&[&[1, 2, 2, 3], &[2, 1, 2, 2]]], |a| {
        let options =
            Conv { stride: [2, 2], padding: [1, 1], groups: 2, output_padding: [1, 1], ..Conv::default() };
        ops::conv_transpose2d(&a[0], &a[1], &options)
    };
    "max_pool1d" Reals &[&[&[2, 5]]], |a| ops::max_pool1d(&a[0], &Pool { stride: [2], ..Pool::new([3]) });
    "max_pool2d" Reals &[&[&[2, 4, 3]]], |a| {
        ops::max_pool2d(&a[0], &Pool { stride: [1, 1], padding: [1, 1], ..Pool::new([2, 2]) })
    };
    "avg_pool1d" Reals &[&[&[2, 6]]], |a| ops::avg_pool1d(&a[0], &Pool::new([3]));
    "avg_pool2d" Reals &[&[&[2, 4, 3]]], |a| ops::avg_pool2d(&a[0], &Pool { padding: [1, 1], ..Pool::new([2, 2]) });
    "unfold" Reals &[&[&[2, 5]]], |a| ops::unfold(&a[0], 1, 2, 1, 2);
    "fold" Reals &[&[&[2, 3, 2]]], |a| ops::fold(&a[0], 1, 5, 1, 2);
}
