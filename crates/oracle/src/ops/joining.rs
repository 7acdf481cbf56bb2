//! Several arrays as one, and one as several.

use crate::{Array, Number};

/// The arrays one after the other along an axis that they have.
pub fn concat<N: Number>(arrays: &[&Array<N>], axis: usize) -> Array<N> {
    let Some(first) = arrays.first().filter(|first| axis < first.rank()) else { return Array::misfit() };
    let others = |x: &Array<N>| {
        let mut shape = x.shape.clone();
        if let Some(size) = shape.get_mut(axis) {
            *size = 0;
        }
        shape
    };
    if arrays.iter().any(|x| others(x) != others(first)) {
        return Array::misfit();
    }
    let mut shape = first.shape.clone();
    shape[axis] = arrays.iter().map(|x| x.size(axis)).sum();
    Array::from_fn(&shape, |index| {
        let mut own = index.to_vec();
        for x in arrays {
            if own[axis] < x.size(axis) {
                return x.at(&own);
            }
            own[axis] -= x.size(axis);
        }
        N::of(f64::NAN)
    })
}

/// The arrays, all of one shape, side by side along a new axis at this place of the result.
pub fn stack<N: Number>(arrays: &[&Array<N>], axis: usize) -> Array<N> {
    let raised: Vec<Array<N>> = arrays.iter().map(|x| super::unsqueeze(x, &[axis])).collect();
    concat(&raised.iter().collect::<Vec<_>>(), axis)
}

/// Parts of these sizes along an axis, one after the other.
pub fn split<N: Number>(x: &Array<N>, sizes: &[usize], axis: usize) -> Vec<Array<N>> {
    let mut start = 0;
    let part = |&size: &usize| {
        let mut shape = x.shape.clone();
        if let Some(slot) = shape.get_mut(axis) {
            *slot = size;
        }
        let from = start;
        start += size;
        Array::from_fn(&shape, |index| {
            let mut own = index.to_vec();
            if let Some(place) = own.get_mut(axis) {
                *place += from;
            }
            x.at(&own)
        })
    };
    sizes.iter().map(part).collect()
}

/// So many equal parts along an axis.
pub fn chunks<N: Number>(x: &Array<N>, count: usize, axis: usize) -> Vec<Array<N>> {
    split(x, &vec![x.size(axis) / count.max(1); count], axis)
}
