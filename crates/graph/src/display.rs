//! The tape as text: one node a line, with operands, shape and the source line it comes from.

use std::fmt::{self, Result, Write};

use crate::Scalar;
use crate::op::{NodeId, Op, SliceAxis, Triangle, Window};
use crate::scalar::Unary;
use crate::tape::Tape;

impl<T: Scalar> Tape<T> {
    pub(crate) fn listing(&self) -> String {
        (0..self.nodes.len()).map(|number| self.line(NodeId(number as u32)) + "\n").collect()
    }

    pub(crate) fn line(&self, id: NodeId) -> String {
        let mut line = String::new();
        // Writing to a string does not fail.
        let _ = self.describe(id, &mut line);
        line
    }

    /// What an operation has been told beside its operands: axes, an exponent, a part. Empty for most.
    pub(crate) fn options(&self, id: NodeId) -> String {
        let mut options = String::new();
        if let Some(node) = self.nodes.get(id) {
            // Writing to a string does not fail.
            let _ = write_options(&node.op, &mut options);
        }
        options
    }

    /// `%3 = matmul(%0, %2) [2]  src/main.rs:7:15`
    fn describe(&self, id: NodeId, f: &mut String) -> Result {
        let Some(node) = self.nodes.get(id) else { return write!(f, "%{}", id.0) };
        write!(f, "%{} = {}", id.0, node.op.name())?;
        if let Some(name) = self.variable_name(id) {
            write!(f, " {name:?}")?;
        }
        let options = self.options(id);
        if !options.is_empty() {
            write!(f, " {options}")?;
        }
        let operands = self.nodes.operands(node);
        if !operands.is_empty() {
            write!(f, "(")?;
            for (i, operand) in operands.iter().enumerate() {
                write!(f, "{}%{}", if i > 0 { ", " } else { "" }, operand.0)?;
            }
            write!(f, ")")?;
        }
        match self.error(id) {
            Some(error) => write!(f, "  {}: {}", error.operation(), error.message())?,
            None => write!(f, " {:?}", self.sizes(id))?,
        }
        write!(f, "  {}", node.origin)
    }
}

/// What an operation has been told beside its operands.
fn write_options<T: Scalar>(op: &Op<T>, f: &mut String) -> Result {
    match op {
        Op::Map(Unary::Add(c) | Unary::Mul(c) | Unary::Div(c) | Unary::DivInto(c) | Unary::Powf(c)) => {
            write!(f, "{c}")?;
        }
        Op::Map(Unary::Powi(n)) => write!(f, "{n}")?,
        Op::Map(Unary::Clamp(low, high) | Unary::Inside(low, high)) => write!(f, "{low}..{high}")?,
        Op::Sum(axes) | Op::Extremum { axes, .. } | Op::Broadcast { axes, .. } | Op::Permute(axes) => {
            write!(f, "{:?}", axes.as_slice())?
        }
        Op::ArgExtremum { axis, .. }
        | Op::CumSum { axis, reverse: false }
        | Op::Concat(axis)
        | Op::Gather { axis, .. }
        | Op::Scatter { axis, .. } => write!(f, "{axis}")?,
        Op::CumSum { axis, reverse: true } => write!(f, "{axis} reversed")?,
        Op::Slice(slices) | Op::Unslice { slices, .. } => {
            let axes: Vec<String> = slices.iter().map(ToString::to_string).collect();
            write!(f, "[{}]", axes.join(", "))?;
        }
        Op::Unfold(window) | Op::Fold { window, .. } => {
            let Window { axis, size, stride, dilation } = **window;
            write!(f, "axis {axis} size {size} stride {stride} dilation {dilation}")?;
        }
        Op::TriangularSolve(Triangle { upper, transposed }) => {
            write!(f, "{}", if *upper { "upper" } else { "lower" })?;
            write!(f, "{}", if *transposed { " transposed" } else { "" })?;
        }
        Op::Guard(expected) => write!(f, "{expected}")?,
        Op::Invalid(_)
        | Op::Variable(_)
        | Op::Constant
        | Op::Example
        | Op::Detach
        | Op::Map(_)
        | Op::Zip(_)
        | Op::Reshape(_)
        | Op::MatMul
        | Op::Select
        | Op::Cholesky
        | Op::Solve
        | Op::LogDet
        | Op::Custom(_) => {}
    }
    Ok(())
}

/// `start..end;step`, as `ndarray` writes it; one element is its number.
impl fmt::Display for SliceAxis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        let SliceAxis { start, step, len } = *self;
        match (step, len) {
            (_, 0) => write!(f, "{start}..{start}"),
            (1, _) => write!(f, "{start}..{}", start + len),
            _ => write!(f, "{start}, {}, {len} times", start as isize + step),
        }
    }
}
