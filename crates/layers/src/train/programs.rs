//! The compiled programs of a training: one for each size of a batch, all on one state.

use chainrule_graph::{Graph, Program, Result, Scalar, Single, State, Var};
use indexmap::IndexMap;
use ndarray::ArrayD;

use super::batches::Batch;
use crate::bound::Bound;
use crate::data::Dataset;
use crate::layer::Layer;
use crate::loss::Loss;
use crate::optimise::{Optimizer, Rule};
use crate::params::Params;

/// Loss and output of one batch.
pub(super) struct Outcome<T> {
    pub(super) loss: T,
    pub(super) output: ArrayD<T>,
}

type Compiled<T> = Program<T, [Single; 2]>;

/// One program with the room for what goes in.
pub(super) struct Runner<T: Scalar> {
    program: Compiled<T>,
    pub(super) batch: Batch<T>,
}

impl<T: Scalar> Runner<T> {
    pub(super) fn run(&mut self) -> Result<Outcome<T>> {
        let [loss, output] = self.program.run([&self.batch.inputs, &self.batch.targets])?;
        Ok(Outcome { loss: loss.first().copied().unwrap_or(T::nan()), output: output.to_owned() })
    }
}

/// Programs by the size of their batch. There are two sizes, of the ordinary batches and of the last one.
pub(super) struct Programs<T: Scalar> {
    by_size: IndexMap<usize, Runner<T>>,
}

impl<T: Scalar> Programs<T> {
    pub(super) fn new() -> Self {
        Programs { by_size: IndexMap::new() }
    }

    /// That of this size, compiled if it is new.
    pub(super) fn of_size(
        &mut self,
        size: usize,
        compile: impl FnOnce(Batch<T>) -> Result<Runner<T>>,
        data: &Dataset<T>,
    ) -> Result<&mut Runner<T>> {
        match self.by_size.entry(size) {
            indexmap::map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            indexmap::map::Entry::Vacant(entry) => Ok(entry.insert(compile(Batch::new(data, size))?)),
        }
    }
}

/// What a step is made of.
pub(super) struct Recipe<'r, L: ?Sized, T: Scalar> {
    pub(super) layer: &'r L,
    pub(super) loss: &'r Loss<T>,
    pub(super) params: &'r Params<T>,
    pub(super) state: &'r State<T>,
}

impl<L: Layer<T> + ?Sized, T: Scalar> Recipe<'_, L, T> {
    /// A program that trains: one run is one step.
    #[track_caller]
    pub(super) fn step<R: Rule<T>>(
        &self,
        batch: Batch<T>,
        optimizer: &Optimizer<R>,
        seed: u64,
    ) -> Result<Runner<T>> {
        let graph = Graph::default();
        let bound = self.params.bind(&graph).train(seed);
        let (inputs, outputs) = self.record(&graph, &bound, &batch);
        let updates = optimizer.minimize(outputs[0], &bound)?;
        let program = Program::new(inputs, outputs).updates(updates).state(self.state).compile()?;
        Ok(Runner { program, batch })
    }

    /// A program that only looks.
    #[track_caller]
    pub(super) fn look(&self, batch: Batch<T>) -> Result<Runner<T>> {
        let graph = Graph::default();
        let bound = self.params.bind(&graph);
        let (inputs, outputs) = self.record(&graph, &bound, &batch);
        let program = Program::new(inputs, outputs).state(self.state).compile()?;
        Ok(Runner { program, batch })
    }

    #[track_caller]
    fn record<'g>(
        &self,
        graph: &'g Graph<T>,
        bound: &Bound<'g, T>,
        batch: &Batch<T>,
    ) -> ([Var<'g, T>; 2], [Var<'g, T>; 2]) {
        let (x, y) = (graph.constant(&batch.inputs), graph.constant(&batch.targets));
        let output = bound.apply(self.layer, x);
        ([x, y], [self.loss.of(y, output), output])
    }
}
