//! A run: inputs are checked, the steps done, and what went wrong is told in the user's words.

use std::panic::Location;
use std::time::{Duration, Instant};

use chainrule_kernels::{At, CONSTANTS, Memory, STATE, Trouble, WORK};
use ndarray::{ArrayViewD, IxDyn};

use super::lower::{Call, Stage};
use super::state::Aligned;
use super::{Compiled, Input, copy};
use crate::Scalar;
use crate::error::{Error, ErrorKind, Fault, Result};
use crate::evaluate::{index_of, not_finite};
use crate::execute::{bad_index, branched, singular};
use crate::op::Origin;
use crate::shape::element_count;

/// The variables during a run.
pub(super) enum StateRef<'s, T> {
    Read(&'s Aligned<T>),
    Write(&'s mut Aligned<T>),
}

impl Input {
    /// The error for an array of another shape.
    #[cold]
    pub(super) fn refuse(&self, shape: &[usize], caller: Origin) -> Error {
        let Input { name, shape: takes, .. } = self;
        let message =
            format!("input {name} has the shape {shape:?}, the program takes {:?}", takes.as_slice());
        let help = "a program is compiled for its shapes: record and compile another one for other shapes; they can \
                    share the state";
        Fault::new(ErrorKind::Shape, message, help).at("run", Vec::new(), caller, String::new())
    }
}

impl<T: Scalar> Compiled<T> {
    /// The error for inputs that are not as many as the program takes.
    #[cold]
    pub(super) fn refuse_count(&self, count: usize, caller: Origin) -> Error {
        let message = format!("{count} inputs, the program takes {}", self.inputs.len());
        let list = self.inputs.iter().map(|input| format!("{} {:?}", input.name, input.shape.as_slice()));
        let help = format!("the program takes {}", list.collect::<Vec<_>>().join(", "));
        Fault::new(ErrorKind::Count, message, help).at("run", Vec::new(), caller, String::new())
    }

    pub(super) fn stages(
        &self,
        work: &mut Aligned<T>,
        state: &mut StateRef<'_, T>,
        inputs: &[&[T]],
        mut times: Option<&mut [Vec<Duration>]>,
        caller: Origin,
    ) -> Result<()> {
        let machine = &self.lowered.machine;
        for stage in &self.lowered.stages {
            match stage {
                Stage::Steps(steps) => {
                    let inputs = inputs.iter().copied();
                    let mut memory = match state {
                        StateRef::Write(values) => {
                            Memory::new(work.get_mut(), values.get_mut(), self.constants.get(), inputs)
                        }
                        StateRef::Read(values) => {
                            Memory::reading(work.get_mut(), values.get(), self.constants.get(), inputs)
                        }
                    };
                    let done = match &mut times {
                        None => machine.run(steps.clone(), &mut memory),
                        Some(times) => steps.clone().try_for_each(|step| {
                            let begin = Instant::now();
                            let done = machine.run(step..step + 1, &mut memory);
                            if let Some(times) = times.get_mut(step) {
                                times.push(begin.elapsed());
                            }
                            done
                        }),
                    };
                    done.map_err(|(step, trouble)| self.error(step, &trouble, caller))?;
                }
                Stage::Call(call) => self.call(call, work, state, inputs)?,
            }
        }
        Ok(())
    }

    /// Runs an operation of the user's own.
    fn call(
        &self,
        call: &Call<T>,
        work: &mut Aligned<T>,
        state: &StateRef<'_, T>,
        inputs: &[&[T]],
    ) -> Result<()> {
        let refuse = |message: String, help: &str| {
            Err(self.blame(call.item, Fault::new(ErrorKind::Argument, message, help)))
        };
        let area = |at: &At| match at.area {
            WORK => work.get(),
            STATE => match state {
                StateRef::Read(values) => values.get(),
                StateRef::Write(values) => values.get(),
            },
            CONSTANTS => self.constants.get(),
            input => inputs.get((input - chainrule_kernels::INPUTS) as usize).copied().unwrap_or(&[]),
        };
        let mut views = Vec::with_capacity(call.operands.len());
        for (at, shape) in &call.operands {
            let elements = area(at).get(at.offset..at.offset + element_count(shape)).unwrap_or(&[]);
            match ArrayViewD::from_shape(IxDyn(shape), elements) {
                Ok(view) => views.push(view),
                Err(error) => return refuse(error.to_string(), ""),
            }
        }
        let value = match call.custom.op.value(&views) {
            Ok(value) => value,
            Err(message) => return refuse(message, ""),
        };
        if value.shape() != call.shape.as_slice() {
            let promised = call.shape.as_slice();
            let message = format!("the value has the shape {:?}, promised was {promised:?}", value.shape());
            return refuse(message, "`CustomOp::value` must return what `CustomOp::shape` says");
        }
        let to = work.get_mut().get_mut(call.out.offset..call.out.offset + value.len()).unwrap_or(&mut []);
        copy(&value.view(), to);
        Ok(())
    }

    fn error(&self, step: usize, trouble: &Trouble, caller: Origin) -> Error {
        let item =
            self.lowered.infos.get(step).and_then(|info| info.items.first()).copied().unwrap_or(usize::MAX);
        match trouble {
            Trouble::Memory => Fault::new(
                ErrorKind::Argument,
                "the state has lost variables of this program",
                "compile the program again",
            )
            .at("run", Vec::new(), caller, String::new()),
            Trouble::Index(index) => self.blame(item, bad_index(index)),
            Trouble::Linalg(error) => self.blame(item, singular(error)),
            Trouble::Guard => {
                let expected = matches!(self.blame.get(&item), Some(blame) if blame.expected);
                self.blame(item, branched(expected))
            }
            Trouble::NotFinite(place, value) => {
                let shape = self.blame.get(&item).map(|blame| blame.shape.clone()).unwrap_or_default();
                self.blame(item, not_finite(value, &index_of(*place, &shape)))
            }
        }
    }

    fn blame(&self, item: usize, fault: Fault) -> Error {
        match self.blame.get(&item) {
            Some(blame) => fault.at(blame.name.clone(), blame.shapes.clone(), blame.origin, String::new()),
            None => fault.at("run", Vec::new(), Location::caller(), String::new()),
        }
    }
}
