//! What a line of a program is: a call of the engine as data, and the numbers of the lines whose results it takes.

use std::sync::Arc;

use ndarray::ArrayD;

use super::fault::Fault;
use super::guest::Guest;

/// A line of a program by its number.
pub type Id = usize;

/// One line: a call, and its operands.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What is called.
    pub call: Call,
    /// The lines whose results it takes, in order.
    pub operands: Vec<Id>,
}

/// `+ - * /`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
}

/// Writes the functions of one array that have a method, with the parameters of that method.
macro_rules! functions {
    ($($Function:ident $(($($p:ident: $P:ty),+))? = $method:ident;)+) => {
        /// A function of each element of one array, by its method.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names are those of the methods")]
        pub enum Function { $($Function $(($($P),+))?),+ }

        impl Function {
            /// The method.
            pub fn name(self) -> &'static str {
                match self { $(Function::$Function { .. } => stringify!($method)),+ }
            }

            /// The arguments of the method, as Rust writes them.
            pub(super) fn arguments(self) -> String {
                match self {
                    $(Function::$Function $(($($p),+))? => {
                        let arguments: Vec<String> = vec![$($(format!("{:?}", $p)),+)?];
                        arguments.join(", ")
                    })+
                }
            }

            /// The call.
            #[track_caller]
            pub(super) fn record<'g, T: super::record::Number>(
                self,
                x: chainrule_graph::Var<'g, T>,
            ) -> chainrule_graph::Var<'g, T> {
                use super::record::Argument;
                match self {
                    $(Function::$Function $(($($p),+))? => x.$method($($(Argument::<T>::argument($p)),+)?)),+
                }
            }
        }
    };
}

functions! {
    Square = square;
    Sqrt = sqrt;
    Exp = exp;
    Ln = ln;
    Sigmoid = sigmoid;
    Tanh = tanh;
    Relu = relu;
    Abs = abs;
    Sign = sign;
    Floor = floor;
    Expm1 = expm1;
    Log1p = log1p;
    Sin = sin;
    Cos = cos;
    Tan = tan;
    Atan = atan;
    Softplus = softplus;
    Erf = erf;
    Erfc = erfc;
    Recip = recip;
    Powi(n: i32) = powi;
    Powf(c: f64) = powf;
    Clamp(low: Option<f64>, high: Option<f64>) = clamp;
    LeakyRelu(slope: f64) = leaky_relu;
    Elu(alpha: f64) = elu;
    Silu = silu;
    Gelu = gelu;
    GeluTanh = gelu_tanh;
}

/// A function without a method, by its name in the table of scalar functions.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the names are those of the table")]
pub enum Mapped {
    LogisticDensity,
    Inside(f64, f64),
    Step,
}

/// Writes the functions of two arrays that have a method.
macro_rules! pairs {
    ($($Pair:ident = $method:ident;)+) => {
        /// A function of two arrays, elementwise after broadcasting, by its method.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names are those of the methods")]
        pub enum Pair { $($Pair),+ }

        impl Pair {
            /// All of them.
            pub const ALL: &[Pair] = &[$(Pair::$Pair),+];

            /// The method.
            pub fn name(self) -> &'static str {
                match self { $(Pair::$Pair => stringify!($method)),+ }
            }

            /// The call.
            #[track_caller]
            pub(super) fn record<'g, T: chainrule_graph::Scalar>(
                self,
                x: chainrule_graph::Var<'g, T>,
                y: impl chainrule_graph::IntoVar<'g, T>,
            ) -> chainrule_graph::Var<'g, T> {
                match self { $(Pair::$Pair => x.$method(y)),+ }
            }
        }
    };
}

pairs! {
    Pow = pow;
    Maximum = maximum;
    Minimum = minimum;
    Less = less;
    LessEqual = less_equal;
    Equal = equal;
    Greater = greater;
    GreaterEqual = greater_equal;
    NotEqual = not_equal;
    Atan2 = atan2;
    Hypot = hypot;
}

impl Pair {
    /// Whether the result is constant between jumps.
    pub fn is_step(self) -> bool {
        !matches!(self, Pair::Pow | Pair::Maximum | Pair::Minimum | Pair::Atan2 | Pair::Hypot)
    }
}

/// A reduction, over all elements or over some axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the methods")]
pub enum Reduction {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    Variance,
    Norm,
    LogSumExp,
}

impl Reduction {
    /// All of them.
    pub const ALL: [Reduction; 8] = [
        Reduction::Sum,
        Reduction::Mean,
        Reduction::Max,
        Reduction::Min,
        Reduction::Prod,
        Reduction::Variance,
        Reduction::Norm,
        Reduction::LogSumExp,
    ];

    /// The methods over all elements and over some axes.
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Reduction::Sum => ["sum", "sum_axes"],
            Reduction::Mean => ["mean", "mean_axes"],
            Reduction::Max => ["max", "max_axes"],
            Reduction::Min => ["min", "min_axes"],
            Reduction::Prod => ["prod", "prod_axes"],
            Reduction::Variance => ["variance", "variance_axes"],
            Reduction::Norm => ["norm", "norm_axes"],
            Reduction::LogSumExp => ["logsumexp", "logsumexp_axes"],
        }
    }
}

/// What a reduction is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// All elements.
    All,
    /// Some axes.
    Axes(Vec<usize>),
    /// Some axes, which stay with size 1.
    Kept(Vec<usize>),
}

/// What a slice takes of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `start..end`, every `step`-th; backwards from the last for a negative step.
    Range(isize, Option<isize>, isize),
    /// One place; the axis disappears.
    Place(isize),
    /// A new axis of size 1, which takes none.
    New,
}

/// How windows move along two axes (the last one, where there is one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the methods of `Conv` and `Pool`")]
pub struct Moves {
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub groups: usize,
    pub output_padding: [usize; 2],
}

/// A call of the engine. Numbers in it are dyadic, so that single precision holds them too.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "what the names of methods do not say is said")]
pub enum Call {
    /// An input: derivatives are taken by it.
    Leaf(ArrayD<f64>),
    /// A constant operand: indices, or numbers that mend a domain.
    Constant(ArrayD<f64>),
    Operator(Operator),
    /// With a number, which stands on the left if the flag is set.
    Number(Operator, f64, bool),
    Neg,
    Function(Function),
    Map(Mapped),
    Pair(Pair),
    /// With a number as the second one.
    PairNumber(Pair, f64),
    /// `x.zip(Binary::Chain, y)`
    Chain,
    /// `x.zip(Binary::Above, y)`
    Above,
    Select,
    Reduce(Reduction, Over),
    Softmax(Vec<usize>),
    LogSoftmax(Vec<usize>),
    SoftmaxCrossEntropy,
    SoftmaxCrossEntropyLabels(ArrayD<usize>),
    SigmoidCrossEntropy,
    CumSum(usize),
    /// The largest or the smallest.
    ArgExtremum(usize, bool),
    Uniform(Vec<usize>),
    Normal(Vec<usize>),
    FoldIn(f64),
    MatMul,
    Dot,
    Outer,
    Einsum(String),
    Cholesky,
    /// Of the upper triangle, or the lower one.
    SolveTriangular(bool),
    Solve,
    Inverse,
    LogDet,
    Reshape(Vec<usize>),
    Permute(Vec<usize>),
    T,
    Mt,
    Squeeze(Vec<usize>),
    Unsqueeze(Vec<usize>),
    Tile(Vec<usize>),
    BroadcastTo(Vec<usize>),
    Detach,
    Slice(Vec<Part>),
    Flip(Vec<usize>),
    /// One of the parts, by its number.
    Split(Vec<usize>, usize, usize),
    /// One of so many parts along an axis, by its number.
    Chunks(usize, usize, usize),
    Pad(Vec<[usize; 2]>, f64),
    Concat(usize),
    Stack(usize),
    Take(ArrayD<usize>, usize),
    /// The indices are the second operand.
    TakeNode(usize),
    TakeAlong(ArrayD<usize>, usize),
    TakeAlongNode(usize),
    ScatterAdd(ArrayD<usize>, usize),
    /// The indices are the second operand, the updates the third.
    ScatterAddNode(usize),
    OneHot(usize),
    /// Along one axis or two.
    Conv(usize, Moves),
    ConvTranspose(usize, Moves),
    /// The largest or the mean of windows of this size along one axis or two.
    Pool(bool, usize, [usize; 2], Moves),
    /// An operation of the user's own.
    Guest(Arc<Guest>),
    /// The same call with a wrong derivative, to test the tests.
    Faulty(Box<Call>, Fault),
    /// `(x * weights).sum()`: makes a dead end count.
    Weigh(ArrayD<f64>),
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // A guest is itself; everything else is what it prints.
            (Call::Guest(a), Call::Guest(b)) => Arc::ptr_eq(a, b),
            _ => format!("{self:?}") == format!("{other:?}"),
        }
    }
}

impl Call {
    /// The method, as the documentation calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Call::Leaf(_) => "variable",
            Call::Constant(_) => "constant",
            Call::Operator(operator) => operator.name(),
            Call::Number(Operator::Add, ..) => "add_number",
            Call::Number(Operator::Sub, ..) => "sub_number",
            Call::Number(Operator::Mul, ..) => "mul_number",
            Call::Number(Operator::Div, ..) => "div_number",
            Call::Neg => "neg",
            Call::Function(function) => function.name(),
            Call::Map(_) => "map",
            Call::Pair(pair) | Call::PairNumber(pair, _) => pair.name(),
            Call::Chain => "chain",
            Call::Above => "above",
            Call::Select => "select",
            Call::Reduce(reduction, over) => reduction.names()[usize::from(*over != Over::All)],
            Call::Softmax(_) => "softmax",
            Call::LogSoftmax(_) => "log_softmax",
            Call::SoftmaxCrossEntropy => "softmax_cross_entropy",
            Call::SoftmaxCrossEntropyLabels(_) => "softmax_cross_entropy_labels",
            Call::SigmoidCrossEntropy => "sigmoid_cross_entropy",
            Call::CumSum(_) => "cumsum",
            Call::ArgExtremum(_, true) => "argmax",
            Call::ArgExtremum(_, false) => "argmin",
            Call::Uniform(_) => "uniform",
            Call::Normal(_) => "normal",
            Call::FoldIn(_) => "fold_in",
            Call::MatMul => "matmul",
            Call::Dot => "dot",
            Call::Outer => "outer",
            Call::Einsum(_) => "einsum",
            Call::Cholesky => "cholesky",
            Call::SolveTriangular(_) => "solve_triangular",
            Call::Solve => "solve",
            Call::Inverse => "inverse",
            Call::LogDet => "log_det",
            Call::Reshape(_) => "reshape",
            Call::Permute(_) => "permute",
            Call::T => "t",
            Call::Mt => "mt",
            Call::Squeeze(_) => "squeeze",
            Call::Unsqueeze(_) => "unsqueeze",
            Call::Tile(_) => "tile",
            Call::BroadcastTo(_) => "broadcast_to",
            Call::Detach => "detach",
            Call::Slice(_) => "slice",
            Call::Flip(_) => "flip",
            Call::Split(..) => "split",
            Call::Chunks(..) => "chunks",
            Call::Pad(..) => "pad",
            Call::Concat(_) => "concat",
            Call::Stack(_) => "stack",
            Call::Take(..) | Call::TakeNode(_) => "take",
            Call::TakeAlong(..) | Call::TakeAlongNode(_) => "take_along",
            Call::ScatterAdd(..) | Call::ScatterAddNode(_) => "scatter_add",
            Call::OneHot(_) => "one_hot",
            Call::Conv(1, _) => "conv1d",
            Call::Conv(..) => "conv2d",
            Call::ConvTranspose(1, _) => "conv_transpose1d",
            Call::ConvTranspose(..) => "conv_transpose2d",
            Call::Pool(true, 1, ..) => "max_pool1d",
            Call::Pool(true, ..) => "max_pool2d",
            Call::Pool(false, 1, ..) => "avg_pool1d",
            Call::Pool(false, ..) => "avg_pool2d",
            Call::Guest(guest) => guest.name(),
            Call::Faulty(call, _) => call.name(),
            Call::Weigh(_) => "weigh",
        }
    }

    /// Whether the result is constant between jumps in operand `i`, so that the engine refuses a gradient that only this
    /// operand could carry.
    pub fn cuts(&self, i: usize) -> bool {
        match self {
            Call::Function(Function::Sign | Function::Floor)
            | Call::Map(Mapped::Inside(..) | Mapped::Step) => true,
            Call::Function(Function::Powi(0)) => false,
            Call::Pair(pair) | Call::PairNumber(pair, _) => pair.is_step(),
            Call::Above | Call::ArgExtremum(..) | Call::Uniform(_) | Call::Normal(_) | Call::FoldIn(_) => {
                true
            }
            Call::OneHot(_) => true,
            Call::Select => i == 0,
            Call::TakeNode(_) | Call::TakeAlongNode(_) | Call::ScatterAddNode(_) => i == 1,
            Call::Guest(guest) => guest.cuts(i),
            Call::Faulty(call, _) => call.cuts(i),
            _ => false,
        }
    }

    /// Whether nothing is rounded: leaves, and what moves or picks elements.
    pub(super) fn is_exact(&self) -> bool {
        let moves = matches!(
            self,
            Call::Reshape(_)
                | Call::Permute(_)
                | Call::T
                | Call::Mt
                | Call::Squeeze(_)
                | Call::Unsqueeze(_)
                | Call::Tile(_)
                | Call::BroadcastTo(_)
                | Call::Slice(_)
                | Call::Flip(_)
                | Call::Split(..)
                | Call::Chunks(..)
                | Call::Pad(..)
                | Call::Concat(_)
                | Call::Stack(_)
                | Call::Take(..)
                | Call::TakeAlong(..)
                | Call::Detach
                | Call::Neg
        );
        let picks = matches!(
            self,
            Call::Select
                | Call::Function(Function::Relu | Function::Abs | Function::Clamp(..))
                | Call::Pair(Pair::Maximum | Pair::Minimum)
                | Call::Pool(true, ..)
                | Call::Reduce(Reduction::Max | Reduction::Min, _)
        );
        moves || picks || self.is_leaf()
    }

    /// Whether the result is a leaf of the tape.
    pub fn is_leaf(&self) -> bool {
        matches!(self, Call::Leaf(_) | Call::Constant(_))
    }
}

impl Operator {
    /// The method of the operator's trait.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Add => "add",
            Operator::Sub => "sub",
            Operator::Mul => "mul",
            Operator::Div => "div",
        }
    }

    /// The sign.
    pub fn sign(self) -> char {
        match self {
            Operator::Add => '+',
            Operator::Sub => '-',
            Operator::Mul => '*',
            Operator::Div => '/',
        }
    }
}
