//! Matrix products.

use super::sum_of_products;
use crate::{Array, Number, common_shape};

/// Matrix product by NumPy's rule for `@`: vectors are rows on the left and columns on the right, further axes number
/// matrices and are broadcast.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let a = Array::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(ops::matmul(&a, &Array::vector(vec![1.0, -1.0])).data, [-1.0, -1.0]);
/// ```
pub fn matmul<N: Number>(a: &Array<N>, b: &Array<N>) -> Array<N> {
    let (row, column) = (a.rank() == 1, b.rank() == 1);
    let left = if row { a.reshape(&[&[1], a.shape.as_slice()].concat()) } else { a.clone() };
    let right = if column { b.reshape(&[b.shape.as_slice(), &[1]].concat()) } else { b.clone() };
    let (Some((front_a, &[m, k])), Some((front_b, &[l, n]))) =
        (left.shape.split_last_chunk::<2>(), right.shape.split_last_chunk::<2>())
    else {
        return Array::misfit();
    };
    let Some(front) = common_shape(front_a, front_b).filter(|_| k == l) else { return Array::misfit() };
    let left = left.broadcast(&[front.as_slice(), &[m, k]].concat());
    let right = right.broadcast(&[front.as_slice(), &[k, n]].concat());
    let product = Array::from_fn(&[front.as_slice(), &[m, n]].concat(), |index| {
        let (front, place) = index.split_at(front.len());
        sum_of_products((0..k).map(|l| {
            (left.at(&[front, &[place[0], l]].concat()), right.at(&[front, &[l, place[1]]].concat()))
        }))
    });
    let inner = [(!row).then_some(m), (!column).then_some(n)];
    let shape: Vec<usize> = front.iter().copied().chain(inner.into_iter().flatten()).collect();
    product.reshape(&shape)
}

/// `Σ aᵢ bᵢ` of two vectors.
pub fn dot<N: Number>(a: &Array<N>, b: &Array<N>) -> Array<N> {
    if a.rank() != 1 || a.shape != b.shape {
        return Array::misfit();
    }
    Array::scalar(sum_of_products(a.data.iter().copied().zip(b.data.iter().copied())))
}

/// `y[i, j] = aᵢ bⱼ` of two vectors.
pub fn outer<N: Number>(a: &Array<N>, b: &Array<N>) -> Array<N> {
    if a.rank() != 1 || b.rank() != 1 {
        return Array::misfit();
    }
    Array::from_fn(&[a.size(0), b.size(0)], |i| a.at(&[i[0]]) * b.at(&[i[1]]))
}
