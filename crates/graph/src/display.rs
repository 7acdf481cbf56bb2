//! The tape as text: one node a line, with operands, shape and the source line it comes from.

use std::fmt::{Result, Write};

use crate::Scalar;
use crate::op::{NodeId, Op};
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

    /// `%3 = matmul(%0, %2) [2]  src/main.rs:7:15`
    fn describe(&self, id: NodeId, f: &mut String) -> Result {
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
