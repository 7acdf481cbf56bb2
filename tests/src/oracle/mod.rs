//! An evaluator that shares no code with the engine: naive loops over a tiny array type.
//!
//! Elements are complex numbers, so that a derivative is the imaginary part of a value at `x + i h` with `h` so tiny
//! that nothing is lost (Squire and Trapp's complex step: no subtraction, hence no cancellation). The same structural
//! operations run on plain `f64` arrays of *magnitudes*, the sum of the absolute values of all contributions, which
//! is what rounding errors are in proportion to.

pub mod scalar;

use std::ops::{Add, Mul};

/// The element type of values.
pub type C = num_complex::Complex<f64>;

/// A row-major array: sizes and elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Arr<E = C> {
    /// Sizes along the axes.
    pub shape: Vec<usize>,
    /// Elements, the last axis running fastest.
    pub data: Vec<E>,
}

/// The number of elements of a shape.
pub fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The multi-index of the element at a row-major position.
fn unravel(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &n) in index.iter_mut().zip(shape).rev() {
        *i = position % n;
        position /= n;
    }
    index
}

/// The row-major position of a multi-index.
fn ravel(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |position, (&i, &n)| position * n + i)
}

/// NumPy's rule for two shapes, if they fit.
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

impl<E: Copy + Default + Add<Output = E> + Mul<Output = E>> Arr<E> {
    /// The array whose elements are a function of their multi-index.
    pub fn from_fn(shape: &[usize], mut f: impl FnMut(&[usize]) -> E) -> Self {
        let data = (0..count(shape)).map(|p| f(&unravel(p, shape))).collect();
        Arr { shape: shape.to_vec(), data }
    }

    /// All elements the default (zero).
    pub fn zeros(shape: &[usize]) -> Self {
        Arr { shape: shape.to_vec(), data: vec![E::default(); count(shape)] }
    }

    /// One element by its multi-index.
    pub fn at(&self, index: &[usize]) -> E {
        self.data[ravel(index, &self.shape)]
    }

    /// Each element through a function.
    pub fn map<F>(&self, f: impl FnMut(E) -> F) -> Arr<F> {
        Arr { shape: self.shape.clone(), data: self.data.iter().copied().map(f).collect() }
    }

    /// Repeated to a shape that it fits by NumPy's rule.
    pub fn broadcast(&self, shape: &[usize]) -> Self {
        let skip = shape.len() - self.shape.len();
        Arr::from_fn(shape, |index| {
            let own: Vec<usize> =
                index[skip..].iter().zip(&self.shape).map(|(&i, &n)| if n == 1 { 0 } else { i }).collect();
            self.at(&own)
        })
    }

    /// Element by element with another array, after broadcasting. Shapes must fit.
    pub fn zip<F, G: Copy + Default + Add<Output = G> + Mul<Output = G>>(
        &self,
        other: &Arr<G>,
        mut f: impl FnMut(E, G) -> F,
    ) -> Arr<F> {
        let shape = common_shape(&self.shape, &other.shape).unwrap_or_default();
        let (a, b) = (self.broadcast(&shape), other.broadcast(&shape));
        Arr { data: a.data.into_iter().zip(b.data).map(|(x, y)| f(x, y)).collect(), shape }
    }

    /// The same elements in another shape.
    pub fn reshape(&self, shape: &[usize]) -> Self {
        Arr { shape: shape.to_vec(), data: self.data.clone() }
    }

    /// Result axis `i` is this array's axis `axes[i]`.
    pub fn permute(&self, axes: &[usize]) -> Self {
        let shape: Vec<usize> = axes.iter().map(|&a| self.shape[a]).collect();
        Arr::from_fn(&shape, |index| {
            let mut own = vec![0; axes.len()];
            for (&axis, &i) in axes.iter().zip(index) {
                own[axis] = i;
            }
            self.at(&own)
        })
    }

    /// The sum over some axes, which stay with size 1 if `keep`.
    pub fn sum(&self, axes: &[usize], keep: bool) -> Self {
        let kept: Vec<usize> =
            self.shape.iter().enumerate().map(|(a, &n)| if axes.contains(&a) { 1 } else { n }).collect();
        let mut sums = Arr::zeros(&kept);
        for (position, &x) in self.data.iter().enumerate() {
            let mut index = unravel(position, &self.shape);
            for &axis in axes {
                index[axis] = 0;
            }
            let slot = ravel(&index, &kept);
            sums.data[slot] = sums.data[slot] + x;
        }
        if !keep {
            sums.shape = (0..kept.len()).filter(|a| !axes.contains(a)).map(|a| kept[a]).collect();
        }
        sums
    }

    /// Matrix product by NumPy's rule for ranks 1 and 2. Shapes must fit.
    pub fn matmul(&self, other: &Arr<E>) -> Self {
        let (m, k) = if self.shape.len() == 2 { (self.shape[0], self.shape[1]) } else { (1, self.shape[0]) };
        let n = if other.shape.len() == 2 { other.shape[1] } else { 1 };
        let mut data = Vec::new();
        for i in 0..m {
            for j in 0..n {
                let terms = (0..k).map(|l| self.data[i * k + l] * other.data[l * n + j]);
                data.push(terms.fold(E::default(), |sum, term| sum + term));
            }
        }
        let mut shape = Vec::new();
        if self.shape.len() == 2 {
            shape.push(m);
        }
        if other.shape.len() == 2 {
            shape.push(n);
        }
        Arr { shape, data }
    }
}

/// Real numbers as complex ones.
pub fn complex(values: &Arr<f64>) -> Arr<C> {
    values.map(|x| C::new(x, 0.0))
}

/// Extrapolates central differences of `f` around 0 to step 0 (Richardson, four steps `h`, `h/2`, `h/4`, `h/8`).
/// Returns for each component the derivative and an estimate of its error: the last correction, and the rounding of
/// values of the size of `noise` over the smallest step.
pub fn derivative(h: f64, noise: &[f64], mut f: impl FnMut(f64) -> Vec<f64>) -> Vec<(f64, f64)> {
    const LEVELS: usize = 4;
    let mut table: Vec<Vec<f64>> = Vec::new();
    for level in 0..LEVELS {
        let step = h / f64::from(1 << level);
        let (up, down) = (f(step), f(-step));
        table.push(up.iter().zip(&down).map(|(u, d)| (u - d) / (2.0 * step)).collect());
    }
    let smallest = h / f64::from(1 << (LEVELS - 1));
    let mut correction = vec![0.0; noise.len()];
    for order in 1..LEVELS {
        let weight = f64::from(1 << (2 * order)) - 1.0;
        for level in (order..LEVELS).rev() {
            for i in 0..noise.len() {
                let better = table[level][i] + (table[level][i] - table[level - 1][i]) / weight;
                if level == LEVELS - 1 {
                    correction[i] = (better - table[level][i]).abs();
                }
                table[level][i] = better;
            }
        }
    }
    let best = &table[LEVELS - 1];
    (0..noise.len()).map(|i| (best[i], correction[i] + 8.0 * f64::EPSILON * noise[i] / smallest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_sums_of_known_arrays() {
        let a = Arr { shape: vec![2, 3], data: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
        let x = Arr { shape: vec![3], data: vec![1.0, 0.0, -1.0] };
        assert_eq!(a.matmul(&x), Arr { shape: vec![2], data: vec![-2.0, -2.0] });
        assert_eq!(x.matmul(&x), Arr { shape: vec![], data: vec![2.0] });
        assert_eq!(x.matmul(&a.permute(&[1, 0])).data, [-2.0, -2.0]);
        assert_eq!(a.matmul(&a.permute(&[1, 0])).data, [14.0, 32.0, 32.0, 77.0]);
        assert_eq!(a.sum(&[0], true), Arr { shape: vec![1, 3], data: vec![5.0, 7.0, 9.0] });
        assert_eq!(a.sum(&[1], false), Arr { shape: vec![2], data: vec![6.0, 15.0] });
        assert_eq!(Arr::<f64>::zeros(&[0, 3]).sum(&[0], false).data, [0.0; 3]);
        assert_eq!(a.zip(&x, |a, b| a + b).data, [2.0, 2.0, 2.0, 5.0, 5.0, 5.0]);
        assert_eq!(common_shape(&[2, 1], &[0]), Some(vec![2, 0]));
        assert_eq!(common_shape(&[2], &[0]), None);
    }

    #[test]
    fn extrapolation_knows_its_error() {
        let slope = derivative(1.0 / 64.0, &[3.0], |h| vec![(1.0 + h).exp()]);
        let (got, error) = slope[0];
        assert!((got - 1f64.exp()).abs() <= error && error < 1e-11, "{got} {error}");
        // Across a kink the estimate says that it cannot be trusted.
        let (_, error) = derivative(1.0 / 64.0, &[1.0], |h| vec![(h - 0.003).max(0.0)])[0];
        assert!(error > 1e-3);
    }
}
