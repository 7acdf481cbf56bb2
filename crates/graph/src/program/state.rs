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
/// assert_eq!(step.state().get("w")?, array![0.5, 1.0].into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Reading and replacing values waits for a run that uses them. A thread for which that run waits in its turn (it computes an
/// operation of the user's own for it, or a piece of its step) must not: it gets an error of the kind
/// [`Busy`](ErrorKind::Busy).
pub struct State<T = f64>(Arc<Shared<T>>);

struct Shared<T> {
    /// Where each value begins, and its shape. Never changed once there, so it is not locked while programs run.
    slots: RwLock<Slots>,
    /// Locked before `slots` where both are.
    elements: RwLock<Aligned<T>>,
}

type Slots = IndexMap<String, (usize, Shape)>;

/// The values of a state, held by a run or by whoever reads or replaces some.
///
/// While a run waits for its parallel steps, its thread may take up other tasks of the pool, and such a task may use
/// the same state. Two rules keep that from being a deadlock: a thread for which others may be waiting never waits, and
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
        let slots = self.slots();
        f.debug_map().entries(slots.iter().map(|(name, slot)| (name, slot.1.as_slice()))).finish()
    }
}

impl<T: Scalar> State<T> {
    /// Without values; programs that are compiled with it bring the initial values of their variables.
    pub fn new() -> Self {
        State::of(IndexMap::new(), Aligned { elements: Vec::new(), shift: 0, len: 0 })
    }

    fn of(slots: Slots, elements: Aligned<T>) -> Self {
        State(Arc::new(Shared { slots: RwLock::new(slots), elements: RwLock::new(elements) }))
    }

    /// Names and shapes, in the order in which they came.
    pub fn shapes(&self) -> IndexMap<String, Vec<usize>> {
        self.slots().iter().map(|(name, slot)| (name.clone(), slot.1.to_vec())).collect()
    }

    /// Whether there is a value of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.slots().contains_key(name)
    }

    /// A copy of a value.
    ///
    /// # Errors
    /// If there is no value of that name, or the state is [`Busy`](ErrorKind::Busy) with a run that waits for this thread.
    #[track_caller]
    pub fn get(&self, name: &str) -> Result<ArrayD<T>> {
        let caller = Location::caller();
        let refuse = |fault: Fault| fault.at("get", Vec::new(), caller, String::new());
        let (offset, shape) = self.slot(name).map_err(refuse)?;
        let elements = self.read().ok_or_else(busy).map_err(refuse)?;
        let value = elements.get().get(offset..offset + element_count(&shape)).unwrap_or(&[]).to_vec();
        ArrayD::from_shape_vec(IxDyn(&shape), value).map_err(|_| refuse(unknown(name, &self.slots())))
    }

    /// Replaces a value.
    ///
    /// # Errors
    /// If there is no value of that name, it has another shape, or the state is [`Busy`](ErrorKind::Busy) with a run that waits
    /// for this thread; nothing is changed then.
    #[track_caller]
    pub fn set(&self, name: &str, value: impl IntoArray<T>) -> Result<()> {
        let caller = Location::caller();
        // `as_view` runs code of the value's own, which may use this state: it is locked behind it only.
        let value = value.as_view();
        let refuse = |fault: Fault| fault.at("set", vec![value.shape().to_vec()], caller, String::new());
        let (offset, shape) = self.slot(name).map_err(refuse)?;
        if value.shape() != shape.as_slice() {
            let message = format!("`{name}` has the shape {:?}, not {:?}", shape.as_slice(), value.shape());
            return Err(refuse(Fault::new(ErrorKind::Argument, message, "a value keeps its shape")));
        }
        let mut elements = self.write().ok_or_else(busy).map_err(refuse)?;
        if let Some(slot) = elements.get_mut().get_mut(offset..offset + element_count(&shape)) {
            slot.iter_mut().zip(&value).for_each(|(to, &from)| *to = from);
        }
        Ok(())
    }

    /// A state of its own with the same values.
    ///
    /// # Errors
    /// If the state is [`Busy`](ErrorKind::Busy) with a run that waits for this thread.
    #[track_caller]
    pub fn snapshot(&self) -> Result<Self> {
        let caller = Location::caller();
        let refuse = |fault: Fault| fault.at("snapshot", Vec::new(), caller, String::new());
        let elements = self.read().ok_or_else(busy).map_err(refuse)?;
        Ok(State::of(self.slots().clone(), elements.clone()))
    }

    /// A panic while the values were locked cannot have left them half-changed: steps are replaced as wholes, by code that
    /// does not panic.
    fn slots(&self) -> RwLockReadGuard<'_, Slots> {
        self.0.slots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, name: &str) -> Result<(usize, Shape), Fault> {
        let slots = self.slots();
        slots.get(name).cloned().ok_or_else(|| unknown(name, &slots))
    }

    /// The values, to replace some; `None` if waiting for them would never end.
    pub(super) fn write(&self) -> Option<Held<RwLockWriteGuard<'_, Aligned<T>>>> {
        let elements = &self.0.elements;
        Held::wait(
            || opened(elements.try_write()),
            || elements.write().unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// The values, to read them; `None` if waiting for them would never end.
    pub(super) fn read(&self) -> Option<Held<RwLockReadGuard<'_, Aligned<T>>>> {
        let elements = &self.0.elements;
        Held::wait(|| opened(elements.try_read()), || elements.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Places for variables: those there are, and new ones with these initial values. Their offsets, and the size of all.
    pub(super) fn declare(&self, variables: &[(String, ArrayD<T>)]) -> Result<(Vec<usize>, usize), Fault> {
        let mut elements = self.write().ok_or_else(busy)?;
        let mut slots = self.0.slots.write().unwrap_or_else(PoisonError::into_inner);
        for (name, initial) in variables {
            if let Some((_, shape)) = slots.get(name)
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
        let missing = variables.iter().filter(|variable| !slots.contains_key(&variable.0));
        let grown =
            elements.len() + missing.map(|variable| variable.1.len().next_multiple_of(GRAIN)).sum::<usize>();
        if grown > elements.len() {
            let mut larger = Aligned::zeros(grown)?;
            let old = elements.get();
            if let Some(to) = larger.get_mut().get_mut(..old.len()) {
                to.copy_from_slice(old);
            }
            let mut offset = old.len();
            for (name, initial) in variables {
                if slots.contains_key(name) {
                    continue;
                }
                if let Some(slot) = larger.get_mut().get_mut(offset..offset + initial.len()) {
                    slot.iter_mut().zip(initial).for_each(|(to, &from)| *to = from);
                }
                slots.insert(name.clone(), (offset, initial.shape().into()));
                offset += initial.len().next_multiple_of(GRAIN);
            }
            *elements = larger;
        }
        for (name, initial) in variables.iter().filter(|variable| variable.1.is_empty()) {
            slots.entry(name.clone()).or_insert((0, initial.shape().into()));
        }
        let offsets = variables.iter().map(|(name, _)| slots.get(name).map_or(0, |slot| slot.0)).collect();
        Ok((offsets, elements.len()))
    }
}

/// What is said of a name that a state does not have.
fn unknown(name: &str, slots: &Slots) -> Fault {
    let names: Vec<_> = slots.keys().map(|name| format!("`{name}`")).collect();
    let help = format!("there are: {}", names.join(", "));
    Fault::new(ErrorKind::Argument, format!("there is no value `{name}`"), help)
}

/// What is said where waiting would never end.
pub(super) fn busy() -> Fault {
    let message = "a run has the state, and waits for what this thread is doing";
    let help = "what shares a state is done one after the other, not inside of a run or as tasks of its pool: or give each a \
                `snapshot`";
    Fault::new(ErrorKind::Busy, message, help)
}
