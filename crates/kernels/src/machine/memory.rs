//! The memory of a machine: a few areas, and places in them.
//!
//! Steps address elements by [`At`]: the number of an area and an offset. What a step may touch is checked once, when it is
//! added to the machine, against the sizes that the areas are declared to have; before a run, the areas are checked to
//! have these sizes. In between, steps take slices without looking again: that is what makes a small step cost a few
//! nanoseconds, and it is why the machine is allowed `unsafe`.

use std::marker::PhantomData;

/// A place in the memory of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    /// Which area.
    pub area: u32,
    /// Where in it.
    pub offset: usize,
}

impl At {
    /// The place `by` elements further on.
    pub(crate) fn plus(self, by: usize) -> At {
        At { offset: self.offset + by, ..self }
    }
}

/// The area that steps write to and read from: values of intermediate results.
pub const WORK: u32 = 0;

/// The other area that steps write to: what lives from run to run.
pub const STATE: u32 = 1;

/// Numbers that never change.
pub const CONSTANTS: u32 = 2;

/// The first of the areas that a caller hands in for each run; the next ones follow.
pub const INPUTS: u32 = 3;

/// How many elements the areas have.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    areas: Vec<usize>,
}

impl Sizes {
    /// The three areas of its own, and those of the inputs.
    pub fn new(
        work: usize,
        state: usize,
        constants: usize,
        inputs: impl IntoIterator<Item = usize>,
    ) -> Sizes {
        Sizes { areas: [work, state, constants].into_iter().chain(inputs).collect() }
    }

    /// Whether `len` elements lie there.
    pub(crate) fn hold(&self, at: At, len: usize) -> bool {
        let size = self.areas.get(at.area as usize).copied();
        size.is_some_and(|size| at.offset.checked_add(len).is_some_and(|end| end <= size))
    }

    /// Up to where the area of a place reaches.
    pub(crate) fn reach(&self, at: At) -> usize {
        self.areas.get(at.area as usize).copied().unwrap_or(0)
    }

    /// Whether they do, and may be written.
    pub(crate) fn hold_mut(&self, at: At, len: usize) -> bool {
        at.area <= STATE && self.hold(at, len)
    }

    /// Whether the areas have at least these sizes.
    pub(crate) fn fit(&self, memory: &Memory<'_, impl Copy>) -> bool {
        self.areas.len() == memory.areas.len()
            && self.areas.iter().zip(&memory.areas).all(|(&size, area)| size <= area.len)
    }
}

/// The areas, for one run.
pub struct Memory<'a, T> {
    areas: smallvec::SmallVec<[Area<T>; 16]>,
    /// Whether the state may be written.
    pub(crate) owns_state: bool,
    borrowed: PhantomData<&'a mut [T]>,
}

#[derive(Clone, Copy)]
struct Area<T> {
    start: *mut T,
    len: usize,
}

// SAFETY: the pointers come from slices that are borrowed for `'a`, those of work and state exclusively. The methods that
// hand out slices are `unsafe`, and their callers see to it that no element is written while another thread touches it.
unsafe impl<T: Send + Sync> Send for Memory<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Memory<'_, T> {}

impl<'a, T: Copy> Memory<'a, T> {
    /// The two areas that are written, the constants, and the inputs.
    pub fn new(
        work: &'a mut [T],
        state: &'a mut [T],
        constants: &'a [T],
        inputs: impl IntoIterator<Item = &'a [T]>,
    ) -> Self {
        let state = Area { start: state.as_mut_ptr(), len: state.len() };
        Memory::with(work, state, true, constants, inputs)
    }

    /// With a state that others may read at the same time: for machines that do not write it.
    pub fn reading(
        work: &'a mut [T],
        state: &'a [T],
        constants: &'a [T],
        inputs: impl IntoIterator<Item = &'a [T]>,
    ) -> Self {
        let state = Area { start: state.as_ptr().cast_mut(), len: state.len() };
        Memory::with(work, state, false, constants, inputs)
    }

    fn with(
        work: &'a mut [T],
        state: Area<T>,
        owns_state: bool,
        constants: &'a [T],
        inputs: impl IntoIterator<Item = &'a [T]>,
    ) -> Self {
        let mut areas = smallvec::SmallVec::new();
        areas.push(Area { start: work.as_mut_ptr(), len: work.len() });
        areas.push(state);
        // The pointers to what is only read are never written through: `Sizes::hold_mut` knows two areas, and a machine
        // that writes the second runs only with memory that owns it.
        let read = [constants].into_iter().chain(inputs);
        areas.extend(read.map(|area| Area { start: area.as_ptr().cast_mut(), len: area.len() }));
        Memory { areas, owns_state, borrowed: PhantomData }
    }

    /// `len` elements to read.
    ///
    /// # Safety
    /// `Sizes::hold(at, len)` was true of sizes that `fit` this memory, and while the slice is in use nobody writes to it.
    #[inline(always)]
    pub(crate) unsafe fn read(&self, at: At, len: usize) -> &[T] {
        // SAFETY: the elements lie inside of one of the slices that the memory borrows (the caller), and the area exists.
        unsafe { std::slice::from_raw_parts(self.start(at), len) }
    }

    /// `len` elements to write.
    ///
    /// # Safety
    /// `Sizes::hold_mut(at, len)` was true of sizes that `fit` this memory, and while the slice is in use nobody else reads
    /// or writes it.
    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "exclusive by the caller's promise")]
    pub(crate) unsafe fn write(&self, at: At, len: usize) -> &mut [T] {
        // SAFETY: as above, and the area is one that was borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.start(at), len) }
    }

    /// Where the areas begin, for whoever takes many places in them.
    #[inline(always)]
    pub(crate) fn starts(&self) -> Starts<'_, T> {
        Starts(&self.areas)
    }

    /// Whether there is such an area.
    pub(crate) fn has(&self, area: u32) -> bool {
        (area as usize) < self.areas.len()
    }

    /// Where the place is.
    ///
    /// # Safety
    /// `Sizes::hold(at, len)` was true, for some `len`, of sizes that `fit` this memory.
    #[inline(always)]
    pub(crate) unsafe fn start(&self, at: At) -> *mut T {
        // SAFETY: the same promise.
        unsafe { self.starts().start(at.area, at.offset) }
    }
}

/// Where the areas of a memory begin.
#[derive(Clone, Copy)]
pub(crate) struct Starts<'m, T>(&'m [Area<T>]);

impl<T> Starts<'_, T> {
    /// Where a place is.
    ///
    /// # Safety
    /// As [`Memory::start`].
    #[inline(always)]
    pub(crate) unsafe fn start(self, area: u32, offset: usize) -> *mut T {
        // SAFETY: there is such an area, and the offset is inside or at its end.
        unsafe { self.0.get_unchecked(area as usize).start.add(offset) }
    }
}

/// Whether two ranges of elements have one in common.
pub(crate) fn overlap((a, a_len): (At, usize), (b, b_len): (At, usize)) -> bool {
    a.area == b.area && a.offset < b.offset + b_len && b.offset < a.offset + a_len
}
