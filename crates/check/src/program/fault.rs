//! Wrong derivative rules, to test the tests.
//!
//! A fault takes the place of one operation: the value is the engine's own, and so is the derivative, but for one
//! [`Mistake`] in the rule of one operand. It is an operation of a user's own, so the engine has no hook for it. The right
//! derivative is recorded by differentiating the right call, so a faulty rule has every order too.

use std::fmt;

use chainrule_graph::{CustomOp, Error, Graph, LinearMap, Var, jvp};
use ndarray::{ArrayD, ArrayViewD, Dimension, IxDyn};

use super::call::Call;
use super::record::Number;
use super::{Failure, Program, programs};

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// The wrong sign.
    Sign,
    /// A factor of 2.
    Twice,
    /// Nothing passes to this operand.
    Dropped,
    /// The wrong sign in reverse mode only.
    ReverseSign,
    /// A factor of 2 in forward mode only.
    ForwardTwice,
    /// What the last element of the result contributes is forgotten.
    Forgotten,
    /// Off by one: what belongs to a place goes to the next one along the last axis.
    Shifted,
    /// The slope is taken for a constant: the first order is right, the second is wrong.
    Frozen,
    /// The rule of another operand of the same shape.
    OtherOperand,
    /// A square matrix that should be transposed, or should not.
    Transposed,
    /// Where an operand was broadcast, only the first of its copies counts.
    MissingSum,
    /// At a tie or a kink, all goes to one side.
    Tie,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Mistake; 12] = [
        Mistake::Sign,
        Mistake::Twice,
        Mistake::Dropped,
        Mistake::ReverseSign,
        Mistake::ForwardTwice,
        Mistake::Forgotten,
        Mistake::Shifted,
        Mistake::Frozen,
        Mistake::OtherOperand,
        Mistake::Transposed,
        Mistake::MissingSum,
        Mistake::Tie,
    ];

    /// Whether the mistake makes a difference for an operation, in some of its calls.
    fn concerns(self, operation: &str) -> bool {
        match self {
            Mistake::Sign
            | Mistake::Twice
            | Mistake::Dropped
            | Mistake::ReverseSign
            | Mistake::ForwardTwice => true,
            Mistake::Forgotten => true,
            // Every element of the operand gets the same.
            Mistake::Shifted => !matches!(operation, "sum" | "mean"),
            Mistake::Frozen => !LINEAR.contains(&operation),
            Mistake::OtherOperand => DIFFERENT.contains(&operation),
            Mistake::Transposed => MATRICES.contains(&operation),
            Mistake::MissingSum => BROADCAST.contains(&operation),
            Mistake::Tie => TIES.contains(&operation),
        }
    }
}

/// Linear in all operands together, so that there is no second derivative.
const LINEAR: &[&str] = &[
    "add",
    "sub",
    "add_number",
    "sub_number",
    "mul_number",
    "neg",
    "sum",
    "sum_axes",
    "mean",
    "mean_axes",
    "cumsum",
    "relu",
    "abs",
    "clamp",
    "leaky_relu",
    "maximum",
    "minimum",
    "max",
    "max_axes",
    "min",
    "min_axes",
    "select",
    "reshape",
    "permute",
    "t",
    "mt",
    "squeeze",
    "unsqueeze",
    "tile",
    "broadcast_to",
    "slice",
    "flip",
    "split",
    "chunks",
    "pad",
    "concat",
    "stack",
    "take",
    "take_along",
    "scatter_add",
    "max_pool1d",
    "max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
];

/// Of several operands, with different rules.
const DIFFERENT: &[&str] = &[
    "sub",
    "mul",
    "div",
    "pow",
    "maximum",
    "minimum",
    "atan2",
    "hypot",
    "chain",
    "select",
    "matmul",
    "dot",
    "outer",
    "concat",
    "stack",
    "softmax_cross_entropy",
    "sigmoid_cross_entropy",
];

/// Of square matrices whose derivatives are not symmetric.
const MATRICES: &[&str] =
    &["matmul", "solve", "solve_triangular", "inverse", "log_det", "t", "mt", "permute", "outer", "softmax"];

/// Operands are stretched.
const BROADCAST: &[&str] =
    &["add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "hypot", "select", "broadcast_to"];

/// With ties or kinks, at which a convention holds.
const TIES: &[&str] =
    &["relu", "abs", "clamp", "leaky_relu", "maximum", "minimum", "max", "max_axes", "min", "min_axes"];

/// A mistake in the rule of one operand of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The operation, by its method.
    pub operation: &'static str,
    /// The operand, by its number.
    pub operand: usize,
    /// The mistake.
    pub mistake: Mistake,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by operand {}: {:?}", self.operation, self.operand, self.mistake)
    }
}

/// Of every operation and every operand with a derivative, all mistakes that make a difference.
pub fn faults() -> Vec<Fault> {
    let mut faults = Vec::new();
    for kind in super::kinds::all() {
        for operand in operands(kind.name) {
            // The last element of a stack is never the first part's.
            let idle =
                |mistake: Mistake| mistake == Mistake::Forgotten && (kind.name, operand) == ("stack", 0);
            let concerning =
                Mistake::ALL.into_iter().filter(|mistake| mistake.concerns(kind.name) && !idle(*mistake));
            faults.extend(concerning.map(|mistake| Fault { operation: kind.name, operand, mistake }));
        }
    }
    faults
}

/// The operands of an operation through which a derivative passes.
fn operands(operation: &str) -> Vec<usize> {
    match operation {
        // Constant between jumps, or cut on purpose.
        "sign" | "floor" | "less" | "less_equal" | "equal" | "greater" | "greater_equal" | "not_equal"
        | "above" | "argmax" | "argmin" | "uniform" | "normal" | "fold_in" | "one_hot" | "detach" => vec![],
        "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" | "atan2" | "hypot" | "chain" => {
            vec![0, 1]
        }
        "select" => vec![1, 2],
        "softmax_cross_entropy" | "sigmoid_cross_entropy" => vec![0, 1],
        "matmul" | "dot" | "outer" | "einsum" | "solve_triangular" | "solve" => vec![0, 1],
        "concat" | "stack" | "scatter_add" => vec![0, 1],
        "conv1d" | "conv2d" | "conv_transpose1d" | "conv_transpose2d" => vec![0, 1],
        _ => vec![0],
    }
}

impl Fault {
    /// The call with this fault, if it is one of the operation's.
    pub(super) fn spoil(self, call: &Call) -> Option<Call> {
        (call.name() == self.operation && !matches!(call, Call::Faulty(..)))
            .then(|| Call::Faulty(Box::new(call.clone()), self))
    }

    pub(super) fn record<'g, T: Number>(
        self,
        call: &Call,
        graph: &'g Graph<T>,
        operands: &[Var<'g, T>],
    ) -> Var<'g, T> {
        // The updates of `scatter_add` are its last operand, wherever the indices come from.
        let operand = match call {
            Call::ScatterAddNode(_) if self.operand == 1 => 2,
            _ => self.operand,
        };
        let count = operands.len();
        let fault = Fault { operand, ..self };
        graph.custom(Faulty { call: call.clone(), fault, count }, operands.iter().copied())
    }
}

/// An operation with a fault in it.
struct Faulty {
    call: Call,
    fault: Fault,
    count: usize,
}

impl Faulty {
    /// The right call on a graph of its own.
    fn alone<T: Number>(&self, operands: &[ArrayD<T>]) -> Result<(Vec<usize>, ArrayD<T>), String> {
        let graph = Graph::<T>::default();
        let operands: Vec<Var<'_, T>> = operands.iter().map(|x| graph.constant(x)).collect();
        let y = self.call.record(&graph, &operands);
        Ok((y.shape().map_err(|e| e.to_string())?, y.value().map_err(|e| e.to_string())?))
    }
}

impl<T: Number> CustomOp<T> for Faulty {
    fn name(&self) -> &'static str {
        self.call.name()
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        let graph = Graph::<T>::default();
        let operands: Vec<Var<'_, T>> = operands.iter().map(|s| graph.full(s, T::one())).collect();
        self.call.record(&graph, &operands).shape().map_err(|e| e.to_string())
    }

    fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
        self.alone(&operands.iter().map(|x| x.to_owned()).collect::<Vec<_>>()).map(|(_, value)| value)
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g, T>], y: Var<'g, T>) -> LinearMap<'g, T> {
        let mistake = (i == self.fault.operand).then_some(self.fault.mistake);
        let (from, to) = (operands.get(i).map_or(y, |x| *x), y);
        let right = self.right(i, operands, y, mistake);
        match mistake {
            None | Some(Mistake::Frozen | Mistake::Tie) => right,
            Some(Mistake::Sign) => right.then(LinearMap::scale(-T::one())),
            Some(Mistake::Twice) => right.then(LinearMap::scale(T::of(2.0))),
            Some(Mistake::Dropped) => LinearMap::zero(),
            Some(Mistake::ReverseSign) => lopsided(right, T::one(), -T::one()),
            Some(Mistake::ForwardTwice) => lopsided(right, T::of(2.0), T::one()),
            Some(Mistake::Forgotten) => {
                let shape = to.shape().unwrap_or_default();
                let n: usize = shape.iter().product();
                let mut place = 0;
                right.then(masked(to, &shape, || {
                    place += 1;
                    place != n
                }))
            }
            Some(Mistake::Shifted) => shifted(from).then(right),
            Some(Mistake::OtherOperand) => {
                let shape = from.shape().ok();
                let other = (0..self.count).find(|&j| {
                    j != i && !self.call.cuts(j) && operands.get(j).and_then(|x| x.shape().ok()) == shape
                });
                match other {
                    Some(j) => self.right(j, operands, y, None),
                    None => right,
                }
            }
            Some(Mistake::Transposed) => match from.shape().unwrap_or_default().as_slice() {
                [.., n, m] if n == m => LinearMap::pair(|x| x.mt(), |e| e.mt()).then(right),
                _ => match to.shape().unwrap_or_default().as_slice() {
                    [.., n, m] if n == m => right.then(LinearMap::pair(|x| x.mt(), |e| e.mt())),
                    _ => right,
                },
            },
            Some(Mistake::MissingSum) => right.then(first_copy(from, to)),
        }
    }

    fn cuts(&self, i: usize) -> bool {
        self.call.cuts(i)
    }
}

impl Faulty {
    /// The right derivative, by differentiating the right call.
    fn right<'g, T: Number>(
        &self,
        i: usize,
        operands: &[Var<'g, T>],
        y: Var<'g, T>,
        mistake: Option<Mistake>,
    ) -> LinearMap<'g, T> {
        // Copies, so that a node that is two operands is two.
        let mut copies: Vec<Var<'g, T>> = operands.iter().map(|&x| x * T::one()).collect();
        match mistake {
            Some(Mistake::Frozen) => copies.iter_mut().for_each(|x| *x = x.detach()),
            Some(Mistake::Tie) => {
                if let Some(x) = copies.get_mut(i) {
                    *x = beside(*x);
                }
            }
            _ => {}
        }
        let Some(&x) = copies.get(i) else { return LinearMap::zero() };
        let again = self.call.record(y.graph(), &copies);
        LinearMap::pair(
            move |tangent| or_invalid(jvp(again, x, tangent), again),
            move |cotangent| or_invalid(again.vjp(cotangent, x), again),
        )
    }
}

fn or_invalid<'g, T: Number>(result: Result<Var<'g, T>, Error>, y: Var<'g, T>) -> Var<'g, T> {
    result.unwrap_or_else(|error| y.graph().invalid("fault", &[y], error.to_string(), ""))
}

/// The map with one factor in forward mode and another in reverse mode.
fn lopsided<'g, T: Number>(map: LinearMap<'g, T>, forward: T, reverse: T) -> LinearMap<'g, T> {
    map.then(LinearMap::pair(move |x| x * forward, move |e| e * reverse))
}

/// Some elements only.
fn masked<'g, T: Number>(
    like: Var<'g, T>,
    shape: &[usize],
    mut kept: impl FnMut() -> bool,
) -> LinearMap<'g, T> {
    let mask = ArrayD::from_shape_simple_fn(IxDyn(shape), || if kept() { T::one() } else { T::zero() });
    LinearMap::diag(like.graph().constant(mask))
}

/// Only what lies first along the axes that the operand lacks, or has with size 1.
fn first_copy<'g, T: Number>(operand: Var<'g, T>, result: Var<'g, T>) -> LinearMap<'g, T> {
    let (from, to) = (operand.shape().unwrap_or_default(), result.shape().unwrap_or_default());
    let size = |axis: usize| (axis + from.len()).checked_sub(to.len()).and_then(|i| from.get(i)).copied();
    let stretched: Vec<bool> =
        to.iter().enumerate().map(|(axis, &n)| size(axis).unwrap_or(1) == 1 && n > 1).collect();
    let mut indices = ndarray::indices(IxDyn(&to)).into_iter();
    masked(result, &to, move || {
        let index = indices.next();
        index.is_none_or(|index| index.slice().iter().zip(&stretched).all(|(&i, &s)| !s || i == 0))
    })
}

/// Every element one place on along the last axis, the last one to the front.
fn shifted<'g, T: Number>(operand: Var<'g, T>) -> LinearMap<'g, T> {
    let shape = operand.shape().unwrap_or_default();
    match shape.split_last() {
        Some((&n, front)) if n > 1 => {
            let axis = front.len() as isize;
            let turn = move |x: Var<'g, T>, by: usize| {
                let places: Vec<usize> = (0..n).map(|i| (i + by) % n).collect();
                x.take(places, axis)
            };
            LinearMap::pair(move |x| turn(x, 1), move |e| turn(e, n - 1))
        }
        _ => LinearMap::identity(),
    }
}

/// A little above, the more the farther on: no ties, and on the right side of every kink.
fn beside<T: Number>(x: Var<'_, T>) -> Var<'_, T> {
    let shape = x.shape().unwrap_or_default();
    let mut place = 0.0;
    let step = T::epsilon().sqrt();
    let ramp = ArrayD::from_shape_simple_fn(IxDyn(&shape), || {
        place += 1.0;
        T::of(place) * step
    });
    x + x.graph().constant(ramp)
}

/// How a fault was found.
#[derive(Clone, Debug)]
pub struct Caught {
    /// The shrunk program and what is wrong with it.
    pub failure: Failure,
}

impl Caught {
    /// Whether the operation and the operand were named rightly. (A rule taken for that of the other operand is wrong in the
    /// second order for both, and of a node that is both operands either may be named.)
    pub fn is_named(&self, fault: Fault) -> bool {
        let operand = |named: usize| match (fault.operation, fault.operand) {
            // With indices from a node, the updates are the third operand.
            ("scatter_add", 1) => named == 1 || named == 2,
            (_, operand) => named == operand,
        };
        self.failure
            .guilty()
            .is_some_and(|guilty| guilty.operation == fault.operation && operand(guilty.operand))
    }

    /// How many lines that compute are left of the program.
    pub fn lines(&self) -> usize {
        self.failure.program().map_or(0, Program::instructions)
    }

    /// How many programs it took.
    pub fn cases(&self) -> u32 {
        self.failure.passed().unwrap_or(0).saturating_add(1)
    }
}

/// Looks for a fault among 256 random programs of all operations, in which a tenth of the instructions are of the faulty one
/// (for ties, programs at ties); `None` if none of them shows it.
pub fn hunt(fault: Fault) -> Option<Caught> {
    const CASES: u32 = 256;
    let programs = programs().favour(&[fault.operation]);
    let programs = if fault.mistake == Mistake::Tie { programs.at_kinks() } else { programs };
    programs.catch(fault, CASES).map(|failure| Caught { failure })
}
