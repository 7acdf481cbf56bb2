//! The mode `record`: nothing is prepared. Each call records the graph anew, differentiates it and evaluates it, as a program
//! does that builds its network in the loop.
//!
//! The graph is cleared, not made anew: it forgets all nodes and values and keeps the memory of its lists, as the README's
//! own training loop has it.

use chainrule::Graph;
use chainrule::graph::Scalar;
use ndarray::{ArrayD, ArrayViewD};

use crate::workload::{Calls, Result, Workload, first};
use crate::workloads::Visitor;

/// Prepares the calls of a workload in this mode.
pub struct Recording;

impl Visitor for Recording {
    type Output = Box<dyn Calls>;

    fn visit<T: Scalar, const I: usize, const O: usize>(self, workload: Workload<T, I, O>) -> Self::Output {
        let state = workload.state.clone();
        Box::new(Recorder { workload, graph: Graph::default(), state })
    }
}

struct Recorder<T, const I: usize, const O: usize> {
    workload: Workload<T, I, O>,
    graph: Graph<T>,
    state: Vec<ArrayD<T>>,
}

impl<T: Scalar, const I: usize, const O: usize> Recorder<T, I, O> {
    /// One call: what goes out, and the state renewed.
    fn outputs(&mut self) -> Result<[ArrayD<T>; O]> {
        self.graph.clear();
        let inputs = self.workload.inputs.each_ref().map(|array| self.graph.constant(array));
        let state: Vec<_> = self.state.iter().map(|array| self.graph.constant(array)).collect();
        let recorded = (self.workload.record)(inputs, &state)?;
        let mut outputs = [const { None }; O];
        for (place, node) in outputs.iter_mut().zip(recorded.outputs) {
            *place = Some(node.value()?);
        }
        let next: Result<Vec<_>, _> = recorded.next.iter().map(|node| node.value()).collect();
        let next = next?;
        if !next.is_empty() {
            self.state = next;
        }
        Ok(outputs.map(Option::unwrap_or_default))
    }
}

impl<T: Scalar, const I: usize, const O: usize> Calls for Recorder<T, I, O> {
    fn call(&mut self) -> Result<f64> {
        let outputs = self.outputs()?;
        Ok(first(&outputs.each_ref().map(|array| array.view())))
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        let outputs = self.outputs()?;
        let views: [ArrayViewD<'_, T>; O] = outputs.each_ref().map(|array| array.view());
        Ok(self.workload.sums(&views))
    }
}
