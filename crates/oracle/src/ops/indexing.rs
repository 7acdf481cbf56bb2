//! Elements by their numbers. Indices are whole numbers of the array's own type; negative ones count from the end.

use crate::{Array, Number};

/// The place that an index names on an axis.
pub(super) fn place<N: Number>(index: N, size: usize) -> Option<usize> {
    let i = index.real();
    let place = if i < 0.0 { i + size as f64 } else { i };
    (place == place.floor() && place >= 0.0 && place < size as f64).then_some(place as usize)
}

/// The entries along an axis with these numbers; the axis is replaced by the axes of the indices.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let table = Array::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(ops::take(&table, &Array::vector(vec![1.0, 1.0]), 0).data, [3.0, 4.0, 3.0, 4.0]);
/// ```
pub fn take<N: Number>(x: &Array<N>, numbers: &Array<N>, axis: usize) -> Array<N> {
    let (Some(before), Some(behind)) = (x.shape.get(..axis), x.shape.get(axis + 1..)) else {
        return Array::misfit();
    };
    Array::from_fn(&[before, &numbers.shape, behind].concat(), |index| {
        let (front, rest) = index.split_at(axis);
        let (number, back) = rest.split_at(numbers.rank());
        match place(numbers.at(number), x.size(axis)) {
            Some(place) => x.at(&[front, &[place], back].concat()),
            None => N::of(f64::NAN),
        }
    })
}

/// Along an axis, the element that the index in each place names.
pub fn take_along<N: Number>(x: &Array<N>, numbers: &Array<N>, axis: usize) -> Array<N> {
    Array::from_fn(&numbers.shape, |index| {
        let mut own = index.to_vec();
        match (own.get_mut(axis), place(numbers.at(index), x.size(axis))) {
            (Some(slot), Some(place)) => *slot = place,
            _ => return N::of(f64::NAN),
        }
        x.at(&own)
    })
}

/// `x` with updates, of the shape of [`take`] with the same indices, added to the entries that the indices name.
pub fn scatter_add<N: Number>(x: &Array<N>, numbers: &Array<N>, updates: &Array<N>, axis: usize) -> Array<N> {
    if updates.rank() + 1 != x.rank() + numbers.rank() || axis >= x.rank() {
        return Array::misfit();
    }
    Array::from_fn(&x.shape, |index| {
        let (front, back) = (&index[..axis], &index[axis + 1..]);
        let mut terms = vec![x.at(index)];
        for number in crate::indices(&numbers.shape) {
            match place(numbers.at(&number), x.size(axis)) {
                Some(place) if place == index[axis] => {
                    terms.push(updates.at(&[front, number.as_slice(), back].concat()));
                }
                Some(_) => {}
                None => terms.push(N::of(f64::NAN)),
            }
        }
        N::sum(&terms)
    })
}

/// A new last axis of `classes` numbers: 1 at the place of each index, else 0.
pub fn one_hot<N: Number>(numbers: &Array<N>, classes: usize) -> Array<N> {
    Array::from_fn(&[numbers.shape.as_slice(), &[classes]].concat(), |index| {
        let (class, number) = index.split_last().map_or((0, index), |(&class, number)| (class, number));
        match place(numbers.at(number), classes) {
            Some(place) => N::of(f64::from(u8::from(place == class))),
            None => N::of(f64::NAN),
        }
    })
}
