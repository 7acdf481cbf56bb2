//! The mode `replay`: recorded and compiled once, beforehand; each call runs the program.

use std::time::{Duration, Instant};

use chainrule::Graph;
use chainrule::graph::{Plan, Program, Scalar, Single};
use ndarray::ArrayViewD;

use crate::engine::Use;
use crate::workload::{Calls, Result, Workload, first};
use crate::workloads::Visitor;

/// Prepares the calls of a workload in this mode, and does something with them.
pub struct Replaying<'a> {
    /// What is done.
    pub with: Use<'a>,
}

impl Visitor for Replaying<'_> {
    type Output = Result<()>;

    fn visit<T: Scalar, const I: usize, const O: usize>(self, workload: Workload<T, I, O>) -> Result<()> {
        let graph = Graph::<T>::default();
        let (mut program, compile) = compile(&graph, &workload)?;
        let run = |see: See<'_, T, O>| {
            see(&program.run(workload.inputs.each_ref())?);
            Ok(())
        };
        (self.with)(&mut Replayer { workload: &workload, run }, Some(compile))
    }
}

/// The plan of a workload's program, with the time of each step.
pub struct Profiling {
    /// How many runs are timed.
    pub runs: usize,
}

impl Visitor for Profiling {
    type Output = Result<Plan>;

    fn visit<T: Scalar, const I: usize, const O: usize>(self, workload: Workload<T, I, O>) -> Result<Plan> {
        let graph = Graph::<T>::default();
        Ok(compile(&graph, &workload)?.0.profile(workload.inputs.each_ref(), self.runs)?)
    }
}

/// The program of a workload, and how long compiling it took.
fn compile<T: Scalar, const I: usize, const O: usize>(
    graph: &Graph<T>,
    workload: &Workload<T, I, O>,
) -> Result<(Program<T, [Single; O]>, Duration)> {
    let mut names = 0..;
    let mut name = |kind: &str| format!("{kind} {}", names.next().unwrap_or(0));
    let inputs = workload.inputs.each_ref().map(|array| graph.variable(name("input"), array));
    let state: Vec<_> = workload.state.iter().map(|array| graph.variable(name("state"), array)).collect();
    let recorded = (workload.record)(inputs, &state)?;
    let start = Instant::now();
    let program =
        Program::new(inputs, recorded.outputs).updates(state.into_iter().zip(recorded.next)).compile()?;
    Ok((program, start.elapsed()))
}

/// What is done with the outputs of a call.
type See<'a, T, const O: usize> = &'a mut dyn FnMut(&[ArrayViewD<'_, T>; O]);

struct Replayer<'a, T, R, const I: usize, const O: usize> {
    workload: &'a Workload<T, I, O>,
    run: R,
}

impl<T: Scalar, R, const I: usize, const O: usize> Calls for Replayer<'_, T, R, I, O>
where
    R: FnMut(See<'_, T, O>) -> Result<()>,
{
    fn call(&mut self) -> Result<f64> {
        let mut loss = f64::NAN;
        (self.run)(&mut |outputs| loss = first(outputs))?;
        Ok(loss)
    }

    fn sums(&mut self) -> Result<(f64, f64)> {
        let mut sums = (f64::NAN, f64::NAN);
        (self.run)(&mut |outputs| sums = self.workload.sums(outputs))?;
        Ok(sums)
    }
}
