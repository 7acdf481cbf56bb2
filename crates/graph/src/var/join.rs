//! Several nodes as one.

use std::panic::Location;

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::graph::Graph;
use crate::op::Op;
use crate::shape::normalize_axes;
use crate::var::Var;

impl<T: Scalar> Graph<T> {
    /// The nodes one after the other along an axis that they have; all other sizes are equal. The derivative cuts the
    /// cotangent into the parts.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (a, b) = (graph.constant([1.0, 2.0]), graph.constant([3.0]));
    /// assert_eq!(graph.concat([a, b], 0).value()?, ndarray::arr1(&[1.0, 2.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn concat<'g>(&'g self, nodes: impl IntoIterator<Item = Var<'g, T>>, axis: isize) -> Var<'g, T> {
        let nodes: Vec<_> = nodes.into_iter().collect();
        self.join("concat", &nodes, axis)
    }

    /// The nodes, all of one shape, side by side along a new axis at this place of the result.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (a, b) = (graph.constant([1.0, 2.0]), graph.constant([3.0, 4.0]));
    /// assert_eq!(graph.stack([a, b], 0).value()?, ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]).into_dyn());
    /// assert_eq!(graph.stack([a, b], -1).value()?, ndarray::arr2(&[[1.0, 3.0], [2.0, 4.0]]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn stack<'g>(&'g self, nodes: impl IntoIterator<Item = Var<'g, T>>, axis: isize) -> Var<'g, T> {
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        let caller = Location::caller();
        let first = nodes.first().map(|x| x.sizes()).unwrap_or_default();
        let ours = nodes.iter().all(|x| x.is_in(self) && self.check(x.id).is_ok());
        if let Some(other) = nodes.iter().find(|x| ours && x.sizes() != first) {
            let fault = Fault::new(
                ErrorKind::Shape,
                format!("shapes {:?} and {:?} are not equal", first.as_slice(), other.sizes().as_slice()),
                "all shapes must be equal; `concat` joins along an axis that is there",
            );
            return self.refuse("stack", &nodes, fault, caller);
        }
        if ours && let Err(fault) = normalize_axes(&[axis], first.len() + 1) {
            return self.refuse("stack", &nodes, fault, caller);
        }
        if ours {
            for x in &mut nodes {
                *x = x.unsqueeze(axis);
            }
        }
        self.join("stack", &nodes, axis)
    }

    #[track_caller]
    fn join<'g>(&'g self, operation: &str, nodes: &[Var<'g, T>], axis: isize) -> Var<'g, T> {
        let caller = Location::caller();
        let Some(first) = nodes.first() else {
            let fault = Fault::new(ErrorKind::Count, "there are no nodes to join", "give at least one");
            return self.refuse(operation, nodes, fault, caller);
        };
        if nodes.iter().any(|x| !x.is_in(self)) {
            return self.refuse(operation, nodes, Fault::foreign(), caller);
        }
        match first.axis(axis) {
            Ok(axis) => first.record_of(Op::Concat(axis), nodes),
            Err(fault) => self.refuse(operation, nodes, fault, caller),
        }
    }
}
