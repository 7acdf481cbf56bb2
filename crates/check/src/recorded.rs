//! Functions that are recorded on the engine: a closure from nodes to nodes, and one operation of a tape alone.

use chainrule_graph::{Error, Graph, Program, Scalar, Var, jvp, vjp};
use ndarray::ArrayD;
use rayon::ThreadPool;

use crate::branch::branches;
use crate::failure::Cause;
use crate::guilty::{self, Guilty};
use crate::reference::Tape;
use crate::subject::{Arrays, Run, Step, Subject, Trouble, caught, moving};

/// A closure of the user's, recorded anew on a graph of its own for every run: so it may branch on values and keep no state.
pub(crate) struct Recorded<F> {
    function: F,
}

impl<F> Recorded<F> {
    pub(crate) fn new(function: F) -> Self {
        Recorded { function }
    }
}

/// What the closures of the public functions are turned into.
pub(crate) trait Function<T>: for<'g> Fn(&[Var<'g, T>]) -> Result<Vec<Var<'g, T>>, Trouble> {}

impl<T, F: for<'g> Fn(&[Var<'g, T>]) -> Result<Vec<Var<'g, T>>, Trouble>> Function<T> for F {}

impl<F> Recorded<F> {
    /// Records the function and its derivatives, and hands them to `then`.
    pub(crate) fn on_graph<T: Scalar, R>(
        &self,
        x: &[ArrayD<T>],
        path: &[Step<T>],
        fixed: &[bool],
        then: impl for<'g> FnOnce(&'g Graph<T>, &[Var<'g, T>], Vec<Var<'g, T>>) -> Result<R, Trouble>,
    ) -> Result<R, Trouble>
    where
        F: Function<T>,
    {
        let graph = Graph::default();
        let inputs: Vec<Var<'_, T>> = x.iter().map(|x| graph.constant(x)).collect();
        let outputs = caught(|| (self.function)(&inputs))??;
        if outputs.iter().any(|y| !std::ptr::eq(y.graph(), &graph)) {
            return Err(Trouble::Refused("a result belongs to another graph than the inputs".into()));
        }
        let outputs = differentiated(&graph, &inputs, outputs, path, fixed)?;
        then(&graph, &inputs, outputs)
    }

    /// The results as `value` gives them, and as a compiled program does in each of some pools of threads.
    pub(crate) fn both_ways<T: Scalar>(
        &self,
        x: &[ArrayD<T>],
        path: &[Step<T>],
        fixed: &[bool],
        pools: &[ThreadPool],
    ) -> Result<(Arrays<T>, Vec<Arrays<T>>), Trouble>
    where
        F: Function<T>,
    {
        self.on_graph(x, path, fixed, |_, inputs, outputs| {
            let mut program = Program::new(inputs.iter().copied(), outputs.clone()).compile()?;
            let mut compiled = Vec::new();
            for pool in pools {
                let run = || -> Result<Arrays<T>, Error> {
                    Ok(program.run(x)?.into_iter().map(|y| y.to_owned()).collect())
                };
                compiled.push(pool.install(run)?);
            }
            Ok((values(&outputs)?, compiled))
        })
    }
}

impl<T: Scalar, F: Function<T>> Subject<T> for Recorded<F> {
    fn run(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Result<Run<T>, Trouble> {
        self.on_graph(x, path, fixed, |graph, _, outputs| {
            let outputs = caught(|| values(&outputs))??;
            Ok(Run { outputs, branches: branches(graph) })
        })
    }

    fn tape(&self, x: &[ArrayD<T>]) -> Result<Tape<T>, String> {
        let tape = self.on_graph(x, &[], &[], |_, inputs, outputs| caught(|| Tape::of(inputs, &outputs)));
        tape.unwrap_or_else(|trouble| Err(Cause::from(trouble).headline()))
    }

    fn is_differentiable(&self) -> bool {
        true
    }

    fn guilty(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Option<Guilty> {
        let found = self.on_graph(x, path, fixed, |graph, inputs, outputs| {
            Ok(guilty::search(graph, inputs, &outputs, path.len(), fixed))
        });
        found.ok().flatten()
    }
}

/// One operation of a tape, of other operands.
pub(crate) struct Alone<'g, T> {
    pub(crate) node: Var<'g, T>,
}

impl<'g, T: Scalar> Alone<'g, T> {
    /// The operation of these operands, and they.
    pub(crate) fn on(&self, x: &[ArrayD<T>]) -> (Vec<Var<'g, T>>, Var<'g, T>) {
        let inputs: Vec<Var<'g, T>> = x.iter().map(|x| self.node.graph().constant(x)).collect();
        let y = self.node.again(symmetric(self.node, &inputs));
        (inputs, y)
    }
}

impl<T: Scalar> Subject<T> for Alone<'_, T> {
    fn run(&self, x: &[ArrayD<T>], path: &[Step<T>], fixed: &[bool]) -> Result<Run<T>, Trouble> {
        let (inputs, y) = self.on(x);
        let outputs = differentiated(self.node.graph(), &inputs, vec![y], path, fixed)?;
        let outputs = caught(|| values(&outputs))??;
        Ok(Run { outputs, branches: crate::branch::decisions(y).into_iter().collect() })
    }

    fn tape(&self, x: &[ArrayD<T>]) -> Result<Tape<T>, String> {
        let (inputs, y) = self.on(x);
        Tape::of(&inputs, &[y])
    }

    fn is_differentiable(&self) -> bool {
        true
    }

    fn guilty(&self, _: &[ArrayD<T>], _: &[Step<T>], _: &[bool]) -> Option<Guilty> {
        None
    }
}

/// The operands that an operation takes. Of a symmetric matrix, `cholesky` reads one triangle only: it may move as a symmetric one
/// only.
fn symmetric<'g, T: Scalar>(node: Var<'g, T>, operands: &[Var<'g, T>]) -> Vec<Var<'g, T>> {
    match node.operation().as_str() {
        "cholesky" => operands.iter().map(|x| (*x + x.t()) * T::of(0.5)).collect(),
        _ => operands.to_vec(),
    }
}

fn values<T: Scalar>(nodes: &[Var<'_, T>]) -> Result<Arrays<T>, Trouble> {
    nodes.iter().map(|node| Ok(node.value()?)).collect()
}

/// The function after each step of a path.
pub(crate) fn differentiated<'g, T: Scalar>(
    graph: &'g Graph<T>,
    inputs: &[Var<'g, T>],
    mut outputs: Vec<Var<'g, T>>,
    path: &[Step<T>],
    fixed: &[bool],
) -> Result<Vec<Var<'g, T>>, Trouble> {
    let wrt: Vec<Var<'g, T>> = moving(inputs, fixed).copied().collect();
    let constants =
        |arrays: &Arrays<T>| -> Vec<Var<'g, T>> { arrays.iter().map(|x| graph.constant(x)).collect() };
    for step in path {
        // Rules may be code of the user's.
        outputs = match step {
            Step::Reverse(cotangents) => caught(|| vjp(outputs, constants(cotangents), wrt.clone()))??,
            Step::Forward(tangents) => caught(|| jvp(outputs, wrt.clone(), constants(tangents)))??,
        };
    }
    Ok(outputs)
}
