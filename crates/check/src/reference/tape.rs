//! A recorded function as plain data: what its outputs need, taken off the tape.

use std::collections::BTreeMap;
use std::panic::Location;

use chainrule_graph::{Operation, Scalar, Var};
use chainrule_oracle::Array;

/// The nodes between inputs and outputs, operands before users.
pub(crate) struct Tape<T> {
    pub(super) nodes: Vec<Node<T>>,
    /// The places of the outputs in `nodes`.
    pub(super) outputs: Vec<usize>,
}

pub(super) struct Node<T> {
    pub(super) from: From<T>,
    /// The value that the engine has.
    pub(super) value: Array<f64>,
    /// The operation's name, and the line that recorded it.
    pub(super) name: String,
    pub(super) location: &'static Location<'static>,
}

/// Where a value comes from.
pub(super) enum From<T> {
    /// It is the input of this number.
    Input(usize),
    /// It was there.
    Leaf,
    /// An operation computed it from the nodes in these places.
    Computed(Operation<T>, Vec<usize>),
}

impl<T: Scalar> Tape<T> {
    /// What the outputs need.
    ///
    /// # Errors
    /// Why the oracle cannot evaluate it.
    pub(crate) fn of(inputs: &[Var<'_, T>], outputs: &[Var<'_, T>]) -> Result<Self, String> {
        let mut needed = BTreeMap::new();
        let mut open = outputs.to_vec();
        while let Some(node) = open.pop() {
            if needed.insert(node.number(), node).is_none() {
                open.extend(node.operands());
            }
        }
        let places: BTreeMap<usize, usize> = needed.keys().copied().zip(0..).collect();
        let place = |node: Var<'_, T>| places.get(&node.number()).copied().unwrap_or(usize::MAX);
        let mut nodes = Vec::with_capacity(needed.len());
        for &node in needed.values() {
            let input = inputs.iter().position(|x| x.number() == node.number());
            let from = match (input, node.kind()) {
                (Some(input), _) => From::Input(input),
                (None, Operation::Variable { .. } | Operation::Constant) => From::Leaf,
                (None, Operation::Custom { name }) => {
                    return Err(format!("`{name}` at {} is an operation of the user's own", node.location()));
                }
                (None, operation) => {
                    From::Computed(operation, node.operands().into_iter().map(place).collect())
                }
            };
            let value = node.value().map_err(|error| error.to_string())?;
            let value =
                Array { shape: value.shape().to_vec(), data: value.iter().map(|x| x.as_f64()).collect() };
            nodes.push(Node { from, value, name: node.operation(), location: node.location() });
        }
        Ok(Tape { nodes, outputs: outputs.iter().map(|y| place(*y)).collect() })
    }

    /// Whether another recording of the function consists of the same operations and constants: then its inputs act through what
    /// is recorded, and in no other way.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same = |(a, b): (&Node<T>, &Node<T>)| match (&a.from, &b.from) {
            (From::Input(a), From::Input(b)) => a == b,
            (From::Leaf, From::Leaf) => {
                let bits = |x: &Array<f64>| x.data.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                a.value.shape == b.value.shape && bits(&a.value) == bits(&b.value)
            }
            (From::Computed(f, x), From::Computed(g, y)) => f == g && x == y,
            _ => false,
        };
        self.outputs == other.outputs
            && self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(same)
    }

    /// Whether there is linear algebra in it, beside products.
    pub(super) fn has_matrices(&self) -> bool {
        self.nodes.iter().any(|node| match &node.from {
            From::Computed(operation, _) => matches!(
                operation,
                Operation::Cholesky
                    | Operation::Solve
                    | Operation::TriangularSolve { .. }
                    | Operation::LogDet
            ),
            From::Input(_) | From::Leaf => false,
        })
    }

    /// About how many additions and multiplications one evaluation takes.
    pub(crate) fn work(&self) -> f64 {
        let size = |place: usize| self.nodes.get(place).map_or(&[][..], |node| &node.value.shape);
        let count = |shape: &[usize]| shape.iter().product::<usize>() as f64;
        let node = |node: &Node<T>| {
            let From::Computed(operation, operands) = &node.from else { return 0.0 };
            let own = count(&node.value.shape);
            let first = operands.first().map_or(&[][..], |&x| size(x));
            let side = first.last().copied().unwrap_or(1) as f64;
            match operation {
                Operation::MatMul => own * side,
                Operation::Cholesky | Operation::LogDet => side * side * side,
                Operation::Solve | Operation::TriangularSolve { .. } => side * side * side + side * own,
                // Each element looks for what is added to it.
                Operation::Fold { .. } | Operation::Scatter { .. } => own * count(first).sqrt(),
                _ => own.max(count(first)),
            }
        };
        self.nodes.iter().map(node).sum()
    }
}
