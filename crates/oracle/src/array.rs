//! A row-major array: sizes and elements. Everything about it is public, and nothing about it is fast.

use crate::Number;

/// Elements in row-major order: the last axis runs fastest. A single number has no axes.
///
/// Nothing here panics. Elements that do not exist read as NaN, and arrays whose shapes do not fit give the single number
/// NaN, so that a mistake in a test cannot look like agreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<N = f64> {
    /// Sizes along the axes.
    pub shape: Vec<usize>,
    /// As many elements as the product of the sizes.
    pub data: Vec<N>,
}

/// The number of elements of a shape.
pub fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The multi-index of the element at a row-major position.
fn unravel(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &n) in index.iter_mut().zip(shape).rev() {
        *i = position % n.max(1);
        position /= n.max(1);
    }
    index
}

/// All multi-indices of a shape, in row-major order.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    (0..count(shape)).map(|position| unravel(position, shape))
}

/// NumPy's rule for two shapes, if they fit: counted from the last axis, sizes are equal, or one of them is 1 or missing.
pub fn common_shape(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |s: &[usize], axis: usize| if axis + s.len() < rank { 1 } else { s[axis + s.len() - rank] };
    (0..rank)
        .map(|axis| match (size(a, axis), size(b, axis)) {
            (m, n) if m == n || n == 1 => Some(m),
            (1, n) => Some(n),
            _ => None,
        })
        .collect()
}

impl<N: Number> Array<N> {
    /// An array from its parts.
    pub fn new(shape: &[usize], data: Vec<N>) -> Self {
        Array { shape: shape.to_vec(), data }
    }

    /// A single number.
    pub fn scalar(x: N) -> Self {
        Array { shape: vec![], data: vec![x] }
    }

    /// A vector.
    pub fn vector(data: Vec<N>) -> Self {
        Array { shape: vec![data.len()], data }
    }

    /// All elements the same.
    pub fn filled(shape: &[usize], x: N) -> Self {
        Array { shape: shape.to_vec(), data: vec![x; count(shape)] }
    }

    /// All elements 0.
    pub fn zeros(shape: &[usize]) -> Self {
        Array::filled(shape, N::of(0.0))
    }

    /// What comes of shapes that do not fit: the single number NaN.
    pub fn misfit() -> Self {
        Array::scalar(N::of(f64::NAN))
    }

    /// The array whose elements are a function of their multi-index.
    pub fn from_fn(shape: &[usize], mut f: impl FnMut(&[usize]) -> N) -> Self {
        Array { shape: shape.to_vec(), data: indices(shape).map(|index| f(&index)).collect() }
    }

    /// Constants.
    pub fn of(values: &Array<f64>) -> Self {
        values.map(N::of)
    }

    /// The values as plain numbers.
    pub fn reals(&self) -> Array<f64> {
        self.map(N::real)
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The size of an axis; 1 for one that is not there.
    pub fn size(&self, axis: usize) -> usize {
        self.shape.get(axis).copied().unwrap_or(1)
    }

    /// One element by its multi-index; NaN where there is none.
    pub fn at(&self, index: &[usize]) -> N {
        let inside = index.len() == self.shape.len() && index.iter().zip(&self.shape).all(|(i, n)| i < n);
        let position = index.iter().zip(&self.shape).fold(0, |position, (&i, &n)| position * n + i);
        let element = if inside { self.data.get(position) } else { None };
        element.copied().unwrap_or(N::of(f64::NAN))
    }

    /// Each element through a function.
    pub fn map<M: Number>(&self, f: impl FnMut(N) -> M) -> Array<M> {
        Array { shape: self.shape.clone(), data: self.data.iter().copied().map(f).collect() }
    }

    /// Repeated to a shape that it fits by NumPy's rule.
    pub fn broadcast(&self, shape: &[usize]) -> Self {
        if common_shape(&self.shape, shape).as_deref() != Some(shape) {
            return Array::misfit();
        }
        let skip = shape.len() - self.shape.len();
        Array::from_fn(shape, |index| {
            let own: Vec<usize> =
                index[skip..].iter().zip(&self.shape).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect();
            self.at(&own)
        })
    }

    /// Element by element with another array, after broadcasting.
    pub fn zip<M: Number, R: Number>(&self, other: &Array<M>, mut f: impl FnMut(N, M) -> R) -> Array<R> {
        if self.shape == other.shape {
            let pairs = self.data.iter().zip(&other.data);
            return Array { shape: self.shape.clone(), data: pairs.map(|(&x, &y)| f(x, y)).collect() };
        }
        let Some(shape) = common_shape(&self.shape, &other.shape) else { return Array::misfit() };
        let (a, b) = (self.broadcast(&shape), other.broadcast(&shape));
        Array { data: a.data.into_iter().zip(b.data).map(|(x, y)| f(x, y)).collect(), shape }
    }

    /// The same elements in another shape.
    pub fn reshape(&self, shape: &[usize]) -> Self {
        if count(shape) != self.data.len() {
            return Array::misfit();
        }
        Array { shape: shape.to_vec(), data: self.data.clone() }
    }

    /// Axis `i` of the result is this array's axis `axes[i]`.
    pub fn permute(&self, axes: &[usize]) -> Self {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.rank()).collect::<Vec<_>>() {
            return Array::misfit();
        }
        let shape: Vec<usize> = axes.iter().map(|&axis| self.size(axis)).collect();
        Array::from_fn(&shape, |index| {
            let mut own = vec![0; axes.len()];
            for (&axis, &i) in axes.iter().zip(index) {
                own[axis] = i;
            }
            self.at(&own)
        })
    }
}
