//! Where values lie.
//!
//! Values that stay lie in one arena, end to end in the order of their computation, so that computing a node allocates
//! nothing of its own. Those of checkpointed nodes, which are let go of again, have buffers of their own. A value may
//! be a *view*: other strides over the elements of its operand.

use std::borrow::Cow;

use chainrule_kernels::{self as kernels, View};
use ndarray::ArrayViewD;
use smallvec::SmallVec;

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::op::{NodeId, Op};
use crate::shape::element_count;

/// Where the elements of a node's value are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// Not computed.
    Pending,
    /// Row-major in the arena, from this element on.
    Dense(usize),
    /// Row-major in a buffer of its own.
    Buffer(u32),
    /// With other strides: the number of a [`Layout`].
    Strided(u32),
}

pub(crate) type Strides = SmallVec<[isize; 4]>;

/// Elements in the arena, or in a buffer.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) buffer: Option<u32>,
    pub(crate) offset: usize,
    pub(crate) strides: Strides,
}

/// The values of a tape.
#[derive(Debug)]
pub(crate) struct Values<T> {
    /// Up to the last node that has a value; those behind it are pending.
    places: Vec<Place>,
    layouts: Vec<Layout>,
    arena: Vec<T>,
    buffers: Vec<Buffer<T>>,
}

#[derive(Debug)]
struct Buffer<T> {
    elements: Vec<T>,
    /// How many nodes have their value in it.
    holders: usize,
}

impl<T: Scalar> Values<T> {
    pub(crate) fn new() -> Self {
        Values { places: Vec::new(), layouts: Vec::new(), arena: Vec::new(), buffers: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.layouts.clear();
        self.arena.clear();
        self.buffers.clear();
    }

    /// Lets the list of places reach to these nodes.
    pub(crate) fn reach(&mut self, nodes: &[NodeId]) {
        let end = nodes.iter().map(|id| id.index() + 1).max().unwrap_or(0);
        self.places.resize(self.places.len().max(end), Place::Pending);
    }

    /// Of a node that they reach to.
    #[inline]
    pub(crate) fn set(&mut self, id: NodeId, place: Place) {
        if let Some(slot) = self.places.get_mut(id.index()) {
            *slot = place;
        }
    }

    pub(crate) fn place(&self, id: NodeId) -> Place {
        self.places.get(id.index()).copied().unwrap_or(Place::Pending)
    }

    pub(crate) fn is_known(&self, id: NodeId) -> bool {
        self.place(id) != Place::Pending
    }

    /// Copies a leaf's elements into the arena.
    pub(crate) fn store(&mut self, value: ArrayViewD<'_, T>) -> Result<Place, Fault> {
        reserve(&mut self.arena, value.len())?;
        let start = self.arena.len();
        match value.as_slice() {
            Some(elements) => self.arena.extend_from_slice(elements),
            None => self.arena.extend(value.iter().copied()),
        }
        Ok(Place::Dense(start))
    }

    /// Makes room for `len` elements and lets `fill` write them, with all known values at hand.
    pub(crate) fn fill<E>(
        &mut self,
        len: usize,
        transient: bool,
        fill: impl FnOnce(Reader<'_, T>, &mut [T]) -> Result<(), E>,
    ) -> Result<Place, E>
    where
        E: From<Fault>,
    {
        if transient {
            let mut elements = Vec::new();
            reserve(&mut elements, len)?;
            elements.resize(len, T::zero());
            fill(self.reader(), &mut elements)?;
            let free = self.buffers.iter().position(|buffer| buffer.holders == 0);
            let number = free.unwrap_or(self.buffers.len());
            let buffer = Buffer { elements, holders: 0 };
            match self.buffers.get_mut(number) {
                Some(slot) => *slot = buffer,
                None => self.buffers.push(buffer),
            }
            return Ok(Place::Buffer(number as u32));
        }
        reserve(&mut self.arena, len)?;
        let start = self.arena.len();
        self.arena.resize(start + len, T::zero());
        let (known, new) = self.arena.split_at_mut(start);
        let reader =
            Reader { places: &self.places, layouts: &self.layouts, arena: known, buffers: &self.buffers };
        match fill(reader, new) {
            Ok(()) => Ok(Place::Dense(start)),
            Err(error) => {
                self.arena.truncate(start);
                Err(error)
            }
        }
    }

    /// The single number that lies in the arena as this node's value.
    #[inline]
    pub(crate) fn number(&self, id: NodeId) -> Option<T> {
        match self.places.get(id.index()) {
            Some(&Place::Dense(start)) => self.arena.get(start).copied(),
            Some(Place::Buffer(_) | Place::Strided(_) | Place::Pending) | None => None,
        }
    }

    /// Makes a single number the value of a node.
    #[inline]
    pub(crate) fn set_number(&mut self, id: NodeId, number: T) -> Result<(), Fault> {
        reserve(&mut self.arena, 1)?;
        let place = Place::Dense(self.arena.len());
        self.arena.push(number);
        self.set(id, place);
        Ok(())
    }

    pub(crate) fn strided(&mut self, layout: Layout) -> Place {
        self.layouts.push(layout);
        Place::Strided((self.layouts.len() - 1) as u32)
    }

    pub(crate) fn reader(&self) -> Reader<'_, T> {
        Reader { places: &self.places, layouts: &self.layouts, arena: &self.arena, buffers: &self.buffers }
    }

    /// The buffer in which a value at this place lies.
    pub(crate) fn buffer_of(&self, place: Place) -> Option<u32> {
        match place {
            Place::Buffer(number) => Some(number),
            Place::Strided(number) => self.layouts.get(number as usize).and_then(|layout| layout.buffer),
            Place::Pending | Place::Dense(_) => None,
        }
    }

    /// Another node has its value at this place.
    pub(crate) fn hold(&mut self, place: Place) {
        if let Some(number) = self.buffer_of(place)
            && let Some(buffer) = self.buffers.get_mut(number as usize)
        {
            buffer.holders += 1;
        }
    }

    /// Lets go of a node's value; the memory of a buffer without holders is free.
    pub(crate) fn release(&mut self, id: NodeId) {
        let place = self.place(id);
        if let Some(number) = self.buffer_of(place)
            && let Some(buffer) = self.buffers.get_mut(number as usize)
        {
            buffer.holders = buffer.holders.saturating_sub(1);
            if buffer.holders == 0 {
                buffer.elements = Vec::new();
            }
        }
        self.set(id, Place::Pending);
    }
}

/// Room for more, or the fault that there is none.
#[inline]
pub(crate) fn reserve<T>(elements: &mut Vec<T>, len: usize) -> Result<(), Fault> {
    elements.try_reserve(len).map_err(|_| {
        Fault::new(
            ErrorKind::OutOfMemory,
            format!("no memory for {len} more numbers beside the {} there are", elements.len()),
            "use smaller arrays, or clear the graph between steps",
        )
    })
}

/// Read access to the known values.
pub(crate) struct Reader<'a, T> {
    places: &'a [Place],
    layouts: &'a [Layout],
    arena: &'a [T],
    buffers: &'a [Buffer<T>],
}

impl<'a, T: Scalar> Reader<'a, T> {
    /// The elements among which a value lies, and where it begins there, with what strides.
    pub(crate) fn layout(&self, id: NodeId, shape: &[usize]) -> (&'a [T], Layout) {
        let layout = match self.places.get(id.index()) {
            Some(Place::Dense(offset)) => Layout { buffer: None, offset: *offset, strides: row_major(shape) },
            Some(Place::Buffer(number)) => {
                Layout { buffer: Some(*number), offset: 0, strides: row_major(shape) }
            }
            Some(Place::Strided(number)) => match self.layouts.get(*number as usize) {
                Some(layout) => layout.clone(),
                None => return (&[], nowhere()),
            },
            Some(Place::Pending) | None => return (&[], nowhere()),
        };
        (self.elements(layout.buffer), layout)
    }

    fn elements(&self, buffer: Option<u32>) -> &'a [T] {
        match buffer {
            None => self.arena,
            Some(number) => self.buffers.get(number as usize).map_or(&[], |buffer| &buffer.elements),
        }
    }

    /// The elements of a value that lies row-major.
    fn slice(&self, id: NodeId, shape: &[usize]) -> Option<&'a [T]> {
        match self.places.get(id.index())? {
            Place::Dense(start) => self.arena.get(*start..*start + element_count(shape)),
            Place::Buffer(number) => self.buffers.get(*number as usize).map(|buffer| &buffer.elements[..]),
            Place::Pending | Place::Strided(_) => None,
        }
    }

    /// Lets `read` see a value. (A view borrows its strides, so it cannot be returned.)
    pub(crate) fn with<R>(&self, id: NodeId, shape: &[usize], read: impl FnOnce(View<'_, T>) -> R) -> R {
        if let Some(elements) = self.slice(id, shape) {
            return read(View::dense(elements));
        }
        let (elements, layout) = self.layout(id, shape);
        let view = View::strided(elements, layout.offset, shape, &layout.strides);
        read(view.unwrap_or(View::dense(&[])))
    }

    /// A value row-major, copied if it is not.
    pub(crate) fn dense(&self, id: NodeId, shape: &[usize]) -> Result<Cow<'a, [T]>, Fault> {
        if let Some(elements) = self.slice(id, shape) {
            return Ok(Cow::Borrowed(elements));
        }
        let mut copy = Vec::new();
        reserve(&mut copy, element_count(shape))?;
        copy.resize(element_count(shape), T::zero());
        self.with(id, shape, |x| {
            if let Some(elements) = x.as_slice() {
                copy.copy_from_slice(elements);
            } else {
                kernels::copy(x, &mut copy);
            }
        });
        Ok(Cow::Owned(copy))
    }
}

fn nowhere() -> Layout {
    Layout { buffer: None, offset: 0, strides: Strides::new() }
}

/// Where element number `index` of an array lies that begins at `offset`; of more strides than sizes the first ones count.
pub(crate) fn position(mut offset: usize, shape: &[usize], strides: &[isize], mut index: usize) -> usize {
    for (&size, &stride) in shape.iter().zip(strides).rev() {
        let step = ((index % size.max(1)) as isize).wrapping_mul(stride);
        offset = offset.wrapping_add_signed(step);
        index /= size.max(1);
    }
    offset
}

/// Offset and strides of a view of a view, which has the shape `to`; `None` if the operation is not one that moves nothing, or
/// one (a reshape) for which that depends on the strides.
pub(crate) fn viewed<T>(
    op: &Op<T>,
    to: &[usize],
    offset: usize,
    strides: &[isize],
) -> Option<(usize, Strides)> {
    let stride = |axis: u8| strides.get(axis as usize).copied().unwrap_or(0);
    #[allow(clippy::wildcard_enum_match_arm, reason = "a view is one of these few")]
    let view = match op {
        Op::Broadcast { axes, .. } => {
            let mut rest = strides.iter().copied();
            let kept = |axis| if axes.contains(&axis) { 0 } else { rest.next().unwrap_or(0) };
            (offset, (0_u8..).zip(to).map(|(axis, _)| axis).map(kept).collect())
        }
        Op::Permute(axes) => (offset, axes.iter().map(|&axis| stride(axis)).collect()),
        Op::Slice(slices) => {
            let starts = slices.iter().zip(strides).map(|(slice, &stride)| {
                let start = (slice.start as isize).wrapping_mul(stride);
                (start, stride.wrapping_mul(slice.step))
            });
            let (starts, strides): (SmallVec<[isize; 8]>, Strides) = starts.unzip();
            // Without elements there is no first one.
            let empty = slices.iter().any(|slice| slice.len == 0);
            let start =
                if empty { 0 } else { starts.iter().fold(0, |sum: isize, &start| sum.wrapping_add(start)) };
            (offset.wrapping_add_signed(start), strides)
        }
        // The axis steps from window to window, and a new last one from element to element.
        Op::Unfold(window) => {
            let step = stride(window.axis);
            let mut strides = Strides::from_slice(strides);
            if let Some(slot) = strides.get_mut(window.axis as usize) {
                *slot = step.wrapping_mul(window.stride as isize);
            }
            strides.push(step.wrapping_mul(window.dilation as isize));
            (offset, strides)
        }
        _ => return None,
    };
    Some(view)
}

/// The strides of elements one after the other.
pub(crate) fn row_major(shape: &[usize]) -> Strides {
    if shape.is_empty() {
        return Strides::new();
    }
    let mut strides: Strides = shape.iter().map(|_| 1).collect();
    let mut step = 1;
    for (stride, &size) in strides.iter_mut().zip(shape).rev() {
        *stride = step as isize;
        step *= size.max(1);
    }
    strides
}
