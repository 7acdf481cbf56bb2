//! The tape as text: one node a line, with operands, shape and the source line it comes from.

use std::fmt::{Formatter, Result};

use crate::Scalar;
use crate::op::{NodeId, Op};
use crate::scalar::Unary;
use crate::tape::Tape;

impl<T: Scalar> Tape<T> {
    pub(crate) fn list(&self, f: &mut Formatter<'_>) -> Result {
        for number in 0..self.nodes.len() {
            self.describe(NodeId(number as u32), f)?;
            writeln!(f)?;
        }
        Ok(())
    }

    /// `%3 = matmul(%0, %2) [2]  src/main.rs:7:15`
    pub(crate) fn describe(&self, id: NodeId, f: &mut Formatter<'_>) -> Result {
        let Some(node) = self.nodes.get(id.index()) else { return write!(f, "%{}", id.0) };
        write!(f, "%{} = {}", id.0, node.op.name())?;
        match &node.op {
            Op::Variable(number) => {
                if let Some((name, _)) = self.names.get_index(*number as usize) {
                    write!(f, " {name:?}")?;
                }
            }
            Op::Map(Unary::Add(c) | Unary::Mul(c) | Unary::Div(c) | Unary::DivInto(c) | Unary::Powf(c)) => {
                write!(f, " {c}")?;
            }
            Op::Map(Unary::Powi(n)) => write!(f, " {n}")?,
            Op::Sum(axes) | Op::Broadcast { axes, .. } | Op::Permute(axes) => {
                write!(f, " {:?}", axes.as_slice())?;
            }
            Op::Invalid(_)
            | Op::Constant
            | Op::Detach
            | Op::Map(_)
            | Op::Zip(_)
            | Op::Reshape(_)
            | Op::MatMul => {}
        }
        if !node.operands.is_empty() {
            write!(f, "(")?;
            for (i, operand) in node.operands.iter().enumerate() {
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
