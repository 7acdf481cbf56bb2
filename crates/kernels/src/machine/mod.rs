//! The machine that compiled programs run on: a list of steps over a few areas of memory, with nothing to decide and nothing
//! to allocate.
//!
//! Whoever compiles a program decides what lies where ([`Sizes`], [`At`]) and adds steps; each is checked when it is added
//! ([`Machine::push`]), so that a run is safe whatever the plan was. Steps are fused kernels (`fused.rs`), stretches of scalar
//! code (`scalars.rs`), matrix products (also with a kernel that finishes them: `finished.rs`) and all the other loops of this crate (`others.rs`).

mod arrange;
mod assemble;
mod chain;
#[cfg(test)]
mod chain_tests;
mod finished;
#[cfg(test)]
mod finished_tests;
mod fused;
mod instruction;
mod memory;
mod others;
mod product;
mod scalars;
mod tasks;
#[cfg(test)]
mod tests;
mod tile;

pub use fused::{Fusion, Layout, Level, Output, Reduction, TILE, Value};
pub use memory::{At, CONSTANTS, INPUTS, Memory, STATE, Sizes, WORK};
pub use others::{Operand, Other, Part, Trouble};
pub use product::{Axis, Factor, Product};
pub use scalars::{ScalarCode, ScalarStep};

use crate::scalar::Scalar;
use crate::team;
use finished::Finished;
use instruction::Fused;
use std::ops::Range;

/// One thing to do.
#[derive(Clone, Debug)]
enum Step<T> {
    Fused(Box<Fused<T>>),
    Scalars(Box<[ScalarStep<T>]>),
    Product(Box<product::Ready>),
    Finished(Box<Finished<T>>),
    Other(Box<Other<T>>),
}

impl<T: Scalar> Step<T> {
    /// Whether several threads may work on it.
    fn forks(&self) -> bool {
        match self {
            Step::Fused(fused) => fused.long,
            Step::Scalars(_) => false,
            Step::Product(product) => product.forks(),
            Step::Finished(finished) => finished.forks(),
            Step::Other(other) => other.forks(),
        }
    }
}

/// Steps, each of them checked against the sizes of the memory.
#[derive(Clone, Debug)]
pub struct Machine<T> {
    sizes: Sizes,
    steps: Vec<Step<T>>,
    writes_state: bool,
    /// The number of the first step that several threads may work on, and of the last one.
    forks: Option<(usize, usize)>,
}

impl<T: Scalar> Machine<T> {
    /// Without steps, for memory of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        Machine { sizes, steps: Vec::new(), writes_state: false, forks: None }
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a step writes to the state.
    pub fn writes_state(&self) -> bool {
        self.writes_state
    }

    /// Adds a fused kernel; `false`, and nothing is added, if it would touch what it may not.
    #[must_use]
    pub fn push_fusion(&mut self, fusion: &Fusion<T>) -> bool {
        let writes = fusion.outputs.iter().any(|output| output.at.area == STATE);
        let step = fusion.assemble(&self.sizes).map(|fused| Step::Fused(Box::new(fused)));
        self.add(step, writes)
    }

    /// Adds scalar code; `false`, and nothing is added, if it would touch what it may not.
    #[must_use]
    pub fn push_scalars(&mut self, steps: Vec<ScalarStep<T>>) -> bool {
        let writes = scalars::writes(&steps, STATE);
        let step = scalars::is_sound(&steps, &self.sizes).then(|| Step::Scalars(steps.into()));
        self.add(step, writes)
    }

    /// Adds matrix products; `false`, and nothing is added, if they would touch what they may not.
    #[must_use]
    pub fn push_product(&mut self, product: Product) -> bool {
        let writes = product.out.area == STATE;
        let step = product.ready::<T>(&self.sizes).map(|ready| Step::Product(Box::new(ready)));
        self.add(step, writes)
    }

    /// Adds a matrix product and a fused kernel that finishes it, as one step: as soon as a block of rows is ready, the kernel
    /// makes of it what it makes, while the block is in the caches. The bits are those of the two steps behind each other.
    ///
    /// `false`, and nothing is added, if there would be nothing in it or it could not be: there must be one product, of several
    /// blocks of rows ([`Blocks`](crate::Blocks)), which has as many elements as the kernel. The kernel reads it in the order of
    /// its elements, reduces nothing to a single one, and writes to nothing that the product reads; it may write over the
    /// product. Its memory for itself, of [`Fusion::scratch_behind`] elements, lies beside that of the product.
    #[must_use]
    pub fn push_finished(&mut self, product: &Product, fusion: &Fusion<T>) -> bool {
        let writes = product.out.area == STATE || fusion.outputs.iter().any(|output| output.at.area == STATE);
        let step = Finished::new(product, fusion, &self.sizes);
        self.add(step.map(|finished| Step::Finished(Box::new(finished))), writes)
    }

    /// Adds one of the other steps; `false`, and nothing is added, if it would touch what it may not.
    #[must_use]
    pub fn push(&mut self, other: Other<T>) -> bool {
        let writes = other.writes(STATE);
        let step = other.is_sound(&self.sizes).then(|| Step::Other(Box::new(other)));
        self.add(step, writes)
    }

    fn add(&mut self, step: Option<Step<T>>, writes_state: bool) -> bool {
        let sound = step.is_some();
        self.writes_state |= sound && writes_state;
        if step.as_ref().is_some_and(Step::forks) {
            let number = self.steps.len();
            self.forks = Some((self.forks.map_or(number, |(first, _)| first), number));
        }
        self.steps.extend(step);
        sound
    }

    /// Runs some of the steps.
    ///
    /// # Errors
    /// The number of the step that could not be done, and why: the steps before it are done, those behind it are not. If the
    /// memory has not the sizes that were declared, none is.
    pub fn run(&self, steps: Range<usize>, memory: &mut Memory<'_, T>) -> Result<(), (usize, Trouble)> {
        match self.forks {
            Some((first, last)) if first < steps.end && steps.start <= last => {
                let mut done = Ok(());
                team::accompanied(|| done = T::run_here(self, steps, memory));
                done
            }
            _ => T::run_here(self, steps, memory),
        }
    }

    pub(crate) fn run_here(
        &self,
        steps: Range<usize>,
        memory: &mut Memory<'_, T>,
    ) -> Result<(), (usize, Trouble)> {
        if !self.sizes.fit(memory) || (self.writes_state && !memory.owns_state) {
            return Err((steps.start, Trouble::Memory));
        }
        let first = steps.start;
        for (number, step) in self.steps.get(steps).unwrap_or_default().iter().enumerate() {
            match step {
                // SAFETY: the memory fits the sizes against which the step was checked when it was added, and it is
                // borrowed exclusively.
                Step::Fused(fused) => unsafe { fused.run(memory) },
                // SAFETY: as above.
                Step::Scalars(code) => unsafe { scalars::run(code, memory) },
                // SAFETY: as above.
                Step::Product(product) => unsafe { product.run(memory) },
                // SAFETY: as above.
                Step::Finished(finished) => unsafe { finished.run(memory) },
                Step::Other(other) => {
                    // SAFETY: as above.
                    unsafe { other.run(memory) }.map_err(|trouble| (first + number, trouble))?;
                }
            }
        }
        Ok(())
    }
}
