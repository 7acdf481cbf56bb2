//! Regular parts of an array: slices with steps, reversed axes, parts along an axis; and their transpose, padding.

use std::sync::Arc;

use ndarray::SliceInfoElem;

use crate::Scalar;
use crate::convert::IntoAxes;
use crate::error::{ErrorKind, Fault};
use crate::op::{Op, SliceAxis};
use crate::shape::{Shape, normalize_axes};
use crate::var::Var;

impl<T: Scalar> Var<'_, T> {
    /// A regular part, as `ndarray`'s macro `s!` writes it: for each axis a range with a step, or one place, which removes
    /// the axis; `NewAxis` inserts one. Negative places count from the end. A negative step takes the range backwards, from
    /// its last element on. Axes that are not mentioned, the last ones, are taken whole.
    ///
    /// The derivative puts the cotangent back in its place, among zeros. A range beyond the axis makes an invalid node.
    ///
    /// ```
    /// use ndarray::s;
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    /// assert_eq!(x.slice(s![1, ..]).value()?, ndarray::arr1(&[4.0, 5.0, 6.0]).into_dyn());
    /// assert_eq!(x.slice(s![.., ..;2]).value()?, ndarray::arr2(&[[1.0, 3.0], [4.0, 6.0]]).into_dyn());
    /// assert_eq!(x.slice(s![0, ..;-1]).value()?, ndarray::arr1(&[3.0, 2.0, 1.0]).into_dyn());
    /// assert!(x.slice(s![2, ..]).value().unwrap_err().message().starts_with("there is no place 2 on axis 0"));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn slice(self, part: impl AsRef<[SliceInfoElem]>) -> Self {
        let sizes = self.sizes();
        let (slices, shape) = match parts(part.as_ref(), &sizes) {
            Ok(parts) => parts,
            Err(fault) => return self.reject("slice", &[self], fault),
        };
        let part = self.record(Op::Slice(slices.as_slice().into()));
        let same = slices.iter().map(|slice| slice.len).eq(shape.iter().copied());
        if same { part } else { part.reshape(shape.as_slice()) }
    }

    /// Some axes in reverse order of their elements.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0, 3.0]).flip(0).value()?, ndarray::arr1(&[3.0, 2.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn flip(self, axes: impl IntoAxes) -> Self {
        let sizes = self.sizes();
        let (axes, _) = axes.into_axes();
        let axes = match normalize_axes(&axes, sizes.len()) {
            Ok(axes) => axes,
            Err(fault) => return self.reject("flip", &[self], fault),
        };
        let slices: Arc<[SliceAxis]> = (0_u8..)
            .zip(&sizes)
            .map(|(axis, &len)| match axes.contains(&axis) {
                true => SliceAxis { start: len.saturating_sub(1), step: -1, len },
                false => whole(len),
            })
            .collect();
        self.record(Op::Slice(slices))
    }

    /// Parts of these sizes along an axis, one after the other; the sizes add up to that of the axis. The opposite of
    /// [`Graph::concat`](crate::Graph::concat).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let [a, b] = graph.constant([1.0, 2.0, 3.0]).split([1, 2], 0);
    /// assert_eq!(a.value()?, ndarray::arr1(&[1.0]).into_dyn());
    /// assert_eq!(b.value()?, ndarray::arr1(&[2.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn split<const N: usize>(self, sizes: [usize; N], axis: isize) -> [Self; N] {
        let shape = self.sizes();
        let checked = self.axis(axis).and_then(|axis| {
            let have = shape[axis as usize];
            let sum = sizes.iter().try_fold(0_usize, |sum, &size| sum.checked_add(size));
            if sum == Some(have) { Ok(axis) } else { Err(uneven(&format!("{sizes:?}"), have, axis)) }
        });
        let mut nodes = [self; N];
        match checked {
            Ok(axis) => {
                let mut start = 0;
                for (node, &len) in nodes.iter_mut().zip(&sizes) {
                    *node = self.part(axis, start, len);
                    start += len;
                }
            }
            Err(fault) => {
                let invalid = self.reject("split", &[self], fault);
                nodes = [invalid; N];
            }
        }
        nodes
    }

    /// So many equal parts along an axis, one after the other. If there cannot be, all of them are invalid.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let parts = graph.constant([1.0, 2.0, 3.0, 4.0]).chunks(2, 0);
    /// assert_eq!(parts[1].value()?, ndarray::arr1(&[3.0, 4.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn chunks(self, count: usize, axis: isize) -> Vec<Self> {
        let shape = self.sizes();
        let checked = self.axis(axis).and_then(|axis| {
            let have = shape[axis as usize];
            let fits = count > 0 && have.is_multiple_of(count) && count <= have.max(1);
            if fits {
                Ok((axis, have / count))
            } else {
                Err(uneven(&format!("{count} equal parts"), have, axis))
            }
        });
        let mut nodes = Vec::new();
        match checked {
            Ok((axis, len)) => {
                for i in 0..count {
                    nodes.push(self.part(axis, i * len, len));
                }
            }
            Err(fault) => nodes = vec![self.reject("chunks", &[self], fault); count.clamp(1, 1 << 16)],
        }
        nodes
    }

    /// With `[before, after]` more elements at the ends of each axis, all equal to `value`. Axes that are not mentioned, the
    /// last ones, stay.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant([1.0, 2.0]);
    /// assert_eq!(x.pad([[1, 2]], 0.0).value()?, ndarray::arr1(&[0.0, 1.0, 2.0, 0.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn pad(self, widths: impl AsRef<[[usize; 2]]>, value: T) -> Self {
        let (sizes, widths) = (self.sizes(), widths.as_ref());
        if widths.len() > sizes.len() {
            let fault = Fault::new(
                ErrorKind::Axis,
                format!("{} axes to pad, and there are {}", widths.len(), sizes.len()),
                "give one pair [before, after] for each axis",
            );
            return self.reject("pad", &[self], fault);
        }
        let width = |axis: usize| widths.get(axis).copied().unwrap_or([0, 0]);
        let to: Shape = (0..sizes.len())
            .map(|axis| sizes[axis].saturating_add(width(axis)[0]).saturating_add(width(axis)[1]))
            .collect();
        if to == sizes {
            return self;
        }
        let slices: Arc<[SliceAxis]> =
            (0..sizes.len()).map(|axis| SliceAxis { start: width(axis)[0], ..whole(sizes[axis]) }).collect();
        let interned = self.graph.tape.borrow_mut().shapes.intern(&to);
        let to = match interned {
            Ok(to) => to,
            Err(fault) => return self.reject("pad", &[self], fault),
        };
        let padded = self.record(Op::Unslice { slices: slices.clone(), to });
        if value == T::zero() {
            return padded;
        }
        let inside = self.graph.full(sizes.as_slice(), T::one()).record(Op::Unslice { slices, to });
        inside.select(padded, value)
    }

    /// `len` elements of the last axis, `step` apart.
    #[track_caller]
    pub(crate) fn every_nth(self, step: usize, len: usize) -> Self {
        let sizes = self.sizes();
        let mut slices: Vec<SliceAxis> = sizes.iter().map(|&size| whole(size)).collect();
        if let Some(last) = slices.last_mut() {
            *last = SliceAxis { start: 0, step: step as isize, len };
        }
        self.record(Op::Slice(slices.into()))
    }

    /// `len` elements of an axis, from `start` on.
    #[track_caller]
    pub(crate) fn part(self, axis: u8, start: usize, len: usize) -> Self {
        let slices: Arc<[SliceAxis]> = (0_u8..)
            .zip(&self.sizes())
            .map(|(a, &size)| if a == axis { SliceAxis { start, step: 1, len } } else { whole(size) })
            .collect();
        self.record(Op::Slice(slices))
    }
}

fn whole(len: usize) -> SliceAxis {
    SliceAxis { start: 0, step: 1, len }
}

fn uneven(parts: &str, have: usize, axis: u8) -> Fault {
    Fault::new(
        ErrorKind::Shape,
        format!("axis {axis} has size {have} and cannot be split into {parts}"),
        "the parts must use up the axis",
    )
}

/// The part of each axis, and the shape of the result: without the axes of which one place is taken, with the new ones.
fn parts(elements: &[SliceInfoElem], sizes: &[usize]) -> Result<(Vec<SliceAxis>, Shape), Fault> {
    let (mut slices, mut shape) = (Vec::new(), Shape::new());
    for element in elements {
        let axis = slices.len();
        let size = match (element, sizes.get(axis)) {
            (SliceInfoElem::NewAxis, _) => {
                shape.push(1);
                continue;
            }
            (_, Some(&size)) => size,
            (_, None) => {
                return Err(Fault::new(
                    ErrorKind::Axis,
                    format!("more parts than the {} axes of {sizes:?}", sizes.len()),
                    "give at most one range or place for each axis",
                ));
            }
        };
        match *element {
            SliceInfoElem::Index(index) => {
                let start = place(index, size).filter(|&start| start < size);
                let start = start.ok_or_else(|| no_place(index, axis, size))?;
                slices.push(SliceAxis { start, step: 1, len: 1 });
            }
            SliceInfoElem::Slice { start, end, step } => {
                let first = place(start, size).ok_or_else(|| no_place(start, axis, size))?;
                let end = end
                    .map_or(Some(size), |end| place(end, size))
                    .ok_or_else(|| no_place(end.unwrap_or_default(), axis, size))?;
                let slice = range(first, end.max(first), step).ok_or_else(|| {
                    Fault::new(ErrorKind::Argument, "a step of 0 goes nowhere", "use 1, or a negative step")
                })?;
                shape.push(slice.len);
                slices.push(slice);
            }
            SliceInfoElem::NewAxis => {}
        }
    }
    for &size in sizes.get(slices.len()..).unwrap_or(&[]) {
        slices.push(whole(size));
        shape.push(size);
    }
    Ok((slices, shape))
}

/// A place that may be counted from the end; the end itself is one too.
fn place(index: isize, size: usize) -> Option<usize> {
    let place = if index < 0 { index.checked_add_unsigned(size)? } else { index };
    usize::try_from(place).ok().filter(|&place| place <= size)
}

fn range(start: usize, end: usize, step: isize) -> Option<SliceAxis> {
    let stride = step.unsigned_abs();
    let len = if stride == 0 { return None } else { (end - start).div_ceil(stride) };
    let start = if step < 0 { end.saturating_sub(1) } else { start };
    Some(SliceAxis { start, step, len })
}

fn no_place(index: isize, axis: usize, size: usize) -> Fault {
    Fault::new(
        ErrorKind::Index,
        format!("there is no place {index} on axis {axis} of size {size}"),
        "places count from 0, or from -1 at the end backwards",
    )
}
