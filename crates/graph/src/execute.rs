//! Third transformation: values. The executor computes the nodes that a wanted value needs and that have none yet,
//! in index order, each once.
//!
//! All values lie in one arena, end to end in the order of their computation. Broadcasting and permuting move
//! nothing: such a value is a *view*, other strides over the elements of its operand.

use chainrule_kernels::{self as kernels, Matrix, View};
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use smallvec::SmallVec;

use crate::Scalar;
use crate::error::{ErrorKind, Fault};
use crate::op::{NodeId, Op};
use crate::shape::element_count;
use crate::tape::Tape;

/// Where the elements of a node's value are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// Not computed.
    Pending,
    /// Not computed, and already on the list of what must be.
    Queued,
    /// In the arena from this element on, row-major.
    Dense(usize),
    /// In the arena with other strides: the number of a [`Layout`].
    Strided(u32),
}

#[derive(Debug)]
struct Layout {
    offset: usize,
    strides: Strides,
}

type Strides = SmallVec<[isize; 4]>;

/// The values of a tape.
#[derive(Debug)]
pub(crate) struct Values<T> {
    places: Vec<Place>,
    layouts: Vec<Layout>,
    arena: Vec<T>,
}

impl<T: Scalar> Values<T> {
    pub(crate) fn new() -> Self {
        Values { places: Vec::new(), layouts: Vec::new(), arena: Vec::new() }
    }

    pub(crate) fn clear(&mut self) {
        self.places.clear();
        self.layouts.clear();
        self.arena.clear();
    }

    pub(crate) fn push_pending(&mut self) {
        self.places.push(Place::Pending);
    }

    pub(crate) fn set(&mut self, id: NodeId, place: Place) {
        if let Some(slot) = self.places.get_mut(id.index()) {
            *slot = place;
        }
    }

    fn place(&self, id: NodeId) -> Place {
        self.places.get(id.index()).copied().unwrap_or(Place::Pending)
    }

    fn is_known(&self, id: NodeId) -> bool {
        matches!(self.place(id), Place::Dense(_) | Place::Strided(_))
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

    /// Appends `len` elements to the arena and lets `fill` write them, with all older elements at hand.
    fn extend(&mut self, len: usize, fill: impl FnOnce(Reader<'_, T>, &mut [T])) -> Result<Place, Fault> {
        reserve(&mut self.arena, len)?;
        let start = self.arena.len();
        self.arena.resize(start + len, T::zero());
        let (known, new) = self.arena.split_at_mut(start);
        fill(Reader { places: &self.places, layouts: &self.layouts, arena: known }, new);
        Ok(Place::Dense(start))
    }

    fn strided(&mut self, offset: usize, strides: Strides) -> Place {
        self.layouts.push(Layout { offset, strides });
        Place::Strided((self.layouts.len() - 1) as u32)
    }

    fn reader(&self) -> Reader<'_, T> {
        Reader { places: &self.places, layouts: &self.layouts, arena: &self.arena }
    }

    /// The offset and the strides of a known value of this shape.
    fn layout(&self, id: NodeId, shape: &[usize]) -> (usize, Strides) {
        self.reader().layout(id, shape)
    }
}

fn reserve<T>(arena: &mut Vec<T>, len: usize) -> Result<(), Fault> {
    arena.try_reserve(len).map_err(|_| {
        Fault::new(
            ErrorKind::OutOfMemory,
            format!("no memory for {len} more numbers beside the {} there are", arena.len()),
            "use smaller arrays, or clear the graph between steps",
        )
    })
}

/// Read access to the known values.
struct Reader<'a, T> {
    places: &'a [Place],
    layouts: &'a [Layout],
    arena: &'a [T],
}

impl<'a, T: Scalar> Reader<'a, T> {
    fn layout(&self, id: NodeId, shape: &[usize]) -> (usize, Strides) {
        match self.places.get(id.index()) {
            Some(Place::Dense(offset)) => (*offset, row_major(shape)),
            Some(Place::Strided(number)) => match self.layouts.get(*number as usize) {
                Some(layout) => (layout.offset, layout.strides.clone()),
                None => (0, Strides::new()),
            },
            Some(Place::Pending | Place::Queued) | None => (0, Strides::new()),
        }
    }

    /// Lets `read` see a value. (A view borrows its strides, so it cannot be returned.)
    fn with<R>(&self, id: NodeId, shape: &[usize], read: impl FnOnce(View<'_, T>) -> R) -> R {
        if let Some(Place::Dense(start)) = self.places.get(id.index())
            && let Some(elements) = self.arena.get(*start..*start + element_count(shape))
        {
            return read(View::dense(elements));
        }
        let (offset, strides) = self.layout(id, shape);
        read(View::strided(self.arena, offset, shape, &strides).unwrap_or(View::dense(&[])))
    }
}

fn row_major(shape: &[usize]) -> Strides {
    let mut strides: Strides = shape.iter().map(|_| 1).collect();
    let mut step = 1;
    for (stride, &size) in strides.iter_mut().zip(shape).rev() {
        *stride = step as isize;
        step *= size.max(1);
    }
    strides
}

impl<T: Scalar> Tape<T> {
    /// Computes what `id` needs and has not been computed. The node must be valid.
    pub(crate) fn evaluate(&mut self, id: NodeId) -> Result<(), Fault> {
        if self.values.is_known(id) {
            return Ok(());
        }
        let mut queue = vec![id];
        self.values.set(id, Place::Queued);
        let mut next = 0;
        while let Some(node) = queue.get(next).and_then(|id| self.nodes.get(id.index())) {
            for &operand in &node.operands {
                if self.values.place(operand) == Place::Pending {
                    self.values.set(operand, Place::Queued);
                    queue.push(operand);
                }
            }
            next += 1;
        }
        queue.sort_unstable();
        for (done, &id) in queue.iter().enumerate() {
            if let Err(fault) = self.compute(id) {
                for &id in &queue[done..] {
                    self.values.set(id, Place::Pending);
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Computes one node whose operands are known.
    fn compute(&mut self, id: NodeId) -> Result<(), Fault> {
        let Tape { nodes, values, shapes, .. } = self;
        let Some(node) = nodes.get(id.index()) else { return Ok(()) };
        let sizes = |id: NodeId| nodes.get(id.index()).map_or(&[][..], |node| shapes.get(node.shape));
        let to = shapes.get(node.shape);
        let len = element_count(to);
        let place = match (&node.op, node.operands.as_slice()) {
            (Op::Map(f), &[x]) => values.extend(len, |known, out| known.with(x, to, |x| f.run(x, out)))?,
            (Op::Zip(f), &[a, b]) => values.extend(len, |known, out| {
                known.with(a, to, |a| known.with(b, to, |b| f.run(a, b, out)));
            })?,
            (Op::MatMul, &[a, b]) => {
                let (a_sizes, b_sizes) = (sizes(a), sizes(b));
                values.extend(len, |known, out| {
                    let a = left_matrix(&known, a, a_sizes);
                    let b = right_matrix(&known, b, b_sizes);
                    if let (Some(a), Some(b)) = (a, b) {
                        kernels::matmul(a, b, out);
                    }
                })?
            }
            (Op::Sum(axes), &[x]) => {
                let from = sizes(x);
                let reduced: SmallVec<[bool; 8]> =
                    (0_u8..).zip(from).map(|(axis, _)| axes.contains(&axis)).collect();
                values.extend(len, |known, out| {
                    let (offset, strides) = known.layout(x, from);
                    kernels::sum(known.arena, offset, from, &strides, &reduced, out);
                })?
            }
            (Op::Broadcast { axes, .. }, &[x]) => {
                let (offset, strides) = values.layout(x, sizes(x));
                let mut rest = strides.into_iter();
                let strides = (0_u8..)
                    .zip(to)
                    .map(|(axis, _)| if axes.contains(&axis) { 0 } else { rest.next().unwrap_or(0) })
                    .collect();
                values.strided(offset, strides)
            }
            (Op::Permute(axes), &[x]) => {
                let (offset, strides) = values.layout(x, sizes(x));
                let strides =
                    axes.iter().map(|&axis| strides.get(axis as usize).copied().unwrap_or(0)).collect();
                values.strided(offset, strides)
            }
            (Op::Reshape(_), &[x]) => match values.place(x) {
                dense @ Place::Dense(_) => dense,
                Place::Strided(_) | Place::Pending | Place::Queued => {
                    let from = sizes(x);
                    values.extend(len, |known, out| known.with(x, from, |x| kernels::copy(x, out)))?
                }
            },
            (Op::Detach, &[x]) => values.place(x),
            // Leaves are known from the start; an invalid node makes its users invalid and is never computed.
            (Op::Invalid(_) | Op::Variable(_) | Op::Constant, _) => values.place(id),
            (
                Op::Map(_)
                | Op::Zip(_)
                | Op::MatMul
                | Op::Sum(_)
                | Op::Broadcast { .. }
                | Op::Permute(_)
                | Op::Reshape(_)
                | Op::Detach,
                _,
            ) => values.place(id),
        };
        values.set(id, place);
        Ok(())
    }

    /// A copy of a known value.
    pub(crate) fn read(&self, id: NodeId) -> Result<ArrayD<T>, Fault> {
        let sizes = self.sizes(id);
        let mut elements = Vec::new();
        reserve(&mut elements, element_count(sizes))?;
        elements.resize(element_count(sizes), T::zero());
        self.values.reader().with(id, sizes, |x| kernels::copy(x, &mut elements));
        ArrayD::from_shape_vec(IxDyn(sizes), elements)
            .map_err(|e| Fault::new(ErrorKind::TooLarge, e.to_string(), "use a smaller array"))
    }

    /// The only element of a known value.
    pub(crate) fn read_one(&self, id: NodeId) -> T {
        let mut one = [T::nan()];
        self.values.reader().with(id, self.sizes(id), |x| x.read(0, &mut one));
        one[0]
    }
}

/// A vector on the left of a product is a row.
fn left_matrix<'a, T: Scalar>(known: &Reader<'a, T>, id: NodeId, sizes: &[usize]) -> Option<Matrix<'a, T>> {
    let (offset, strides) = known.layout(id, sizes);
    match (sizes, strides.as_slice()) {
        (&[k], &[step]) => Matrix::new(known.arena, offset, 1, k, 0, step),
        (&[m, k], &[row, column]) => Matrix::new(known.arena, offset, m, k, row, column),
        _ => None,
    }
}

/// A vector on the right of a product is a column.
fn right_matrix<'a, T: Scalar>(known: &Reader<'a, T>, id: NodeId, sizes: &[usize]) -> Option<Matrix<'a, T>> {
    let (offset, strides) = known.layout(id, sizes);
    match (sizes, strides.as_slice()) {
        (&[k], &[step]) => Matrix::new(known.arena, offset, k, 1, step, 0),
        (&[k, n], &[row, column]) => Matrix::new(known.arena, offset, k, n, row, column),
        _ => None,
    }
}
