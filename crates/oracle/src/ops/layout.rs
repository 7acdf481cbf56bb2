//! What moves elements and computes nothing.

use crate::{Array, Number};

/// The same elements in row-major order under another shape.
pub fn reshape<N: Number>(x: &Array<N>, shape: &[usize]) -> Array<N> {
    x.reshape(shape)
}

/// The axes in another order: axis `i` of the result is axis `axes[i]`.
pub fn permute<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    x.permute(axes)
}

/// The axes in reverse order.
pub fn t<N: Number>(x: &Array<N>) -> Array<N> {
    x.permute(&(0..x.rank()).rev().collect::<Vec<_>>())
}

/// The last two axes change places; a vector is its own.
pub fn mt<N: Number>(x: &Array<N>) -> Array<N> {
    let mut axes: Vec<usize> = (0..x.rank()).collect();
    if let Some([.., a, b]) = axes.get_mut(..) {
        std::mem::swap(a, b);
    }
    x.permute(&axes)
}

/// Without some axes, which have size 1.
pub fn squeeze<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    let shape: Vec<usize> =
        (0..x.rank()).filter(|axis| !axes.contains(axis)).map(|axis| x.size(axis)).collect();
    x.reshape(&shape)
}

/// With new axes of size 1 at these places of the result.
pub fn unsqueeze<N: Number>(x: &Array<N>, axes: &[usize]) -> Array<N> {
    let mut own = x.shape.iter();
    let shape: Vec<usize> = (0..x.rank() + axes.len())
        .map(|axis| if axes.contains(&axis) { 1 } else { own.next().copied().unwrap_or(1) })
        .collect();
    x.reshape(&shape)
}

/// Repeated as a whole, so many times along each axis; shapes and numbers are filled up with 1 at the front.
pub fn tile<N: Number>(x: &Array<N>, times: &[usize]) -> Array<N> {
    let rank = x.rank().max(times.len());
    let filled = |sizes: &[usize]| [vec![1; rank - sizes.len()], sizes.to_vec()].concat();
    let x = x.reshape(&filled(&x.shape));
    let shape: Vec<usize> = x.shape.iter().zip(filled(times)).map(|(&n, times)| n * times).collect();
    Array::from_fn(&shape, |index| {
        x.at(&index.iter().zip(&x.shape).map(|(&i, &n)| i % n.max(1)).collect::<Vec<_>>())
    })
}

/// Repeated to another shape by NumPy's rule.
pub fn broadcast_to<N: Number>(x: &Array<N>, shape: &[usize]) -> Array<N> {
    x.broadcast(shape)
}

/// The same values as constants to every derivative.
pub fn detach<N: Number>(x: &Array<N>) -> Array<N> {
    x.map(N::detach)
}
