//! Recording on behalf of an older node: its derivative, its copy, its batched form.

use crate::Scalar;
use crate::graph::Graph;
use crate::op::{Mark, Origin};

/// While it lives, new nodes have the source line of an older one, and a mark of their own.
pub(crate) struct Behalf<'g, T: Scalar> {
    graph: &'g Graph<T>,
    before: (Option<Origin>, Mark),
}

impl<T: Scalar> Graph<T> {
    /// The mark that new nodes get now.
    pub(crate) fn mark(&self) -> Mark {
        self.tape.borrow().mark
    }

    /// Without an origin, the lines stay those of the calls.
    pub(crate) fn on_behalf(&self, origin: Option<Origin>, mark: Mark) -> Behalf<'_, T> {
        let mut tape = self.tape.borrow_mut();
        let before = (tape.behalf, tape.mark);
        tape.behalf = origin.or(tape.behalf);
        tape.mark = mark;
        drop(tape);
        Behalf { graph: self, before }
    }
}

impl<T: Scalar> Drop for Behalf<'_, T> {
    fn drop(&mut self) {
        let mut tape = self.graph.tape.borrow_mut();
        (tape.behalf, tape.mark) = self.before;
    }
}
