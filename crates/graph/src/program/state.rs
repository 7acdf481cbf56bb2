//! What lives from run to run: the values of variables.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult};

use chainrule_kernels::Awaited;
use indexmap::IndexMap;
use ndarray::{ArrayD, IxDyn};

use super::layout::GRAIN;
use crate::Scalar;
use crate::convert::IntoArray;
use crate::error::{ErrorKind, Fault, Result};
use crate::shape::{Shape, element_count};
use crate::values::reserve;

/// The values of variables, by name, as compiled programs read and update them.
///
/// A `State` is a handle: its clones, and the programs that were compiled with it, share the values. So the program that
/// trains, the one that evaluates, and the one for the odd-sized last batch work on the same parameters without a copy, even
/// if they were recorded in different graphs: variables are matched by name.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use ndarray::array;
///
/// let graph = Graph::new();
/// let w = graph.variable("w", array![1.0, 2.0]);
/// let mut step = Program::new([], [w.sum()]).update(w, w * 0.5).compile()?;
/// let mut read = Program::new([], [w]).state(step.state()).compile()?;
/// step.run(())?;
/// let [now] = read.run(())?;
/// assert_eq!(now, array![0.5, 1.0].into_dyn());
/// assert_eq!(step.state().get("w"), Some(array![0.5, 1.0].into_dyn()));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub struct State<T = f64>(Arc<RwLock<Values<T>>>);

pub(super) struct Values<T> {
    slots: IndexMap<String, (usize, Shape)>,
    pub(super) elements: Aligned<T>,
}

/// The values of a state, held by a run.
///
/// While a run waits for its parallel steps, its thread may take up other tasks of the pool, and such a task may run
/// another program. Two rules keep that from being a deadlock: a thread for which others may be waiting never waits, and
/// a thread of a pool that waits goes on working for the pool.
///
/// Others may be waiting for a thread on whose stack a run holds values, and for one that has taken over a piece of a step
/// of such a run: the run ends only when the piece does, and the piece only when what lies above it on the stack does. The
/// mark tells both ([`Awaited`]). A piece of `value()` has no mark, for nobody holds values meanwhile; if an operation of
/// the user's own calls `value()` in a run, it has.
pub(super) struct Held<G> {
    values: G,
    /// Dropped behind the values.
    _mark: Awaited,
}

impl<G> Held<G> {
    fn wait(now: impl Fn() -> Option<G>, waiting: impl FnOnce() -> G) -> Option<Self> {
        let values = match now() {
            Some(values) => values,
            None if Awaited::here() => return None,
            None if rayon::current_thread_index().is_none() => waiting(),
            None => loop {
                if rayon::yield_now().is_none_or(|yielded| yielded == rayon::Yield::Idle) {
                    std::thread::yield_now();
                }
                if let Some(values) = now() {
                    break values;
                }
            },
        };
        Some(Held { values, _mark: Awaited::new() })
    }
}

impl<G: Deref> Deref for Held<G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.values
    }
}

impl<G: DerefMut> DerefMut for Held<G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.values
    }
}

/// What was locked, or nothing if somebody else has it.
fn opened<G>(tried: TryLockResult<G>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Elements that begin at a multiple of 64 bytes, the size of a cache line and of the longest vectors.
pub(super) struct Aligned<T> {
    elements: Vec<T>,
    shift: usize,
    len: usize,
}

impl<T: Scalar> Aligned<T> {
    pub(super) fn zeros(len: usize) -> Result<Self, Fault> {
        let mut elements = Vec::new();
        reserve(&mut elements, len.saturating_add(64))?;
        elements.resize(len + 64, T::zero());
        let shift = elements.as_ptr().align_offset(64).min(64);
        Ok(Aligned { elements, shift, len })
    }

    pub(super) fn get(&self) -> &[T] {
        self.elements.get(self.shift..self.shift + self.len).unwrap_or(&[])
    }

    pub(super) fn get_mut(&mut self) -> &mut [T] {
        self.elements.get_mut(self.shift..self.shift + self.len).unwrap_or(&mut [])
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl<T: Scalar> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        // Another piece of memory is aligned differently.
        let mut elements = vec![T::zero(); self.len + 64];
        let shift = elements.as_ptr().align_offset(64).min(64);
        if let Some(to) = elements.get_mut(shift..shift + self.len) {
            to.copy_from_slice(self.get());
        }
        Aligned { elements, shift, len: self.len }
    }
}

impl<T: Scalar> Clone for Values<T> {
    fn clone(&self) -> Self {
        Values { slots: self.slots.clone(), elements: self.elements.clone() }
    }
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        State(self.0.clone())
    }
}

impl<T: Scalar> Default for State<T> {
    fn default() -> Self {
        State::new()
    }
}

impl<T: Scalar> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.read();
        f.debug_map().entries(values.slots.iter().map(|(name, slot)| (name, slot.1.as_slice()))).finish()
    }
}

impl<T: Scalar> State<T> {
    /// Without values; programs that are compiled with it bring the initial values of their variables.
    pub fn new() -> Self {
        let elements = Aligned { elements: Vec::new(), shift: 0, len: 0 };
        State(Arc::new(RwLock::new(Values { slots: IndexMap::new(), elements })))
    }

    /// Names and shapes, in the order in which they came.
    pub fn shapes(&self) -> IndexMap<String, Vec<usize>> {
        self.read().slots.iter().map(|(name, slot)| (name.clone(), slot.1.to_vec())).collect()
    }

    /// A copy of a value.
    pub fn get(&self, name: &str) -> Option<ArrayD<T>> {
        let values = self.read();
        let (offset, shape) = values.slots.get(name)?;
        let elements = values.elements.get().get(*offset..*offset + element_count(shape))?;
        ArrayD::from_shape_vec(IxDyn(shape), elements.to_vec()).ok()
    }

    /// Replaces a value.
    ///
    /// # Errors
    /// If there is no value of that name, or it has another shape; nothing is changed then.
    #[track_caller]
    pub fn set(&self, name: &str, value: impl IntoArray<T>) -> Result<()> {
        let caller = Location::caller();
        // `as_view` runs code of the value's own, which may use this state: it is locked behind it only.
        let value = value.as_view();
        let mut values = self.write();
        let refuse = |message: String, help: String| {
            let fault = Fault::new(ErrorKind::Argument, message, help);
            Err(fault.at("set", vec![value.shape().to_vec()], caller, String::new()))
        };
        let Some((offset, shape)) = values.slots.get(name).cloned() else {
            let names: Vec<_> = values.slots.keys().map(|name| format!("`{name}`")).collect();
            return refuse(format!("there is no value `{name}`"), format!("there are: {}", names.join(", ")));
        };
        if value.shape() != shape.as_slice() {
            let message = format!("`{name}` has the shape {:?}, not {:?}", shape.as_slice(), value.shape());
            return refuse(message, "a value keeps its shape".into());
        }
        if let Some(slot) = values.elements.get_mut().get_mut(offset..offset + element_count(&shape)) {
            slot.iter_mut().zip(&value).for_each(|(to, &from)| *to = from);
        }
        Ok(())
    }

    /// A state of its own with the same values.
    pub fn snapshot(&self) -> Self {
        State(Arc::new(RwLock::new(self.read().clone())))
    }

    /// A panic while the values were locked cannot have left them half-changed: steps are replaced as wholes, by code that
    /// does not panic.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Values<T>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Values<T>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The values for a run that replaces some; `None` if waiting for them would never end.
    pub(super) fn write_for_run(&self) -> Option<Held<RwLockWriteGuard<'_, Values<T>>>> {
        Held::wait(|| opened(self.0.try_write()), || self.write())
    }

    /// The values for a run that reads them; `None` if waiting for them would never end.
    pub(super) fn read_for_run(&self) -> Option<Held<RwLockReadGuard<'_, Values<T>>>> {
        Held::wait(|| opened(self.0.try_read()), || self.read())
    }

    /// Places for variables: those there are, and new ones with these initial values. Their offsets, and the size of all.
    pub(super) fn declare(&self, variables: &[(String, ArrayD<T>)]) -> Result<(Vec<usize>, usize), Fault> {
        let mut values = self.write();
        for (name, initial) in variables {
            if let Some((_, shape)) = values.slots.get(name)
                && shape.as_slice() != initial.shape()
            {
                return Err(Fault::new(
                    ErrorKind::Shape,
                    format!(
                        "variable `{name}` has the shape {:?}, and the state holds one of shape {:?}",
                        initial.shape(),
                        shape.as_slice()
                    ),
                    "programs that share a state share their variables: give different ones different names",
                ));
            }
        }
        let new = |values: &Values<T>| {
            let missing = variables.iter().filter(|variable| !values.slots.contains_key(&variable.0));
            missing.map(|variable| variable.1.len().next_multiple_of(GRAIN)).sum::<usize>()
        };
        let grown = values.elements.len() + new(&values);
        if grown > values.elements.len() {
            let mut elements = Aligned::zeros(grown)?;
            let old = values.elements.get();
            if let Some(to) = elements.get_mut().get_mut(..old.len()) {
                to.copy_from_slice(old);
            }
            let mut offset = old.len();
            for (name, initial) in variables {
                if values.slots.contains_key(name) {
                    continue;
                }
                if let Some(slot) = elements.get_mut().get_mut(offset..offset + initial.len()) {
                    slot.iter_mut().zip(initial).for_each(|(to, &from)| *to = from);
                }
                values.slots.insert(name.clone(), (offset, initial.shape().into()));
                offset += initial.len().next_multiple_of(GRAIN);
            }
            values.elements = elements;
        }
        for (name, initial) in variables.iter().filter(|variable| variable.1.is_empty()) {
            values.slots.entry(name.clone()).or_insert((0, initial.shape().into()));
        }
        let offsets =
            variables.iter().map(|(name, _)| values.slots.get(name).map_or(0, |slot| slot.0)).collect();
        Ok((offsets, values.elements.len()))
    }
}
