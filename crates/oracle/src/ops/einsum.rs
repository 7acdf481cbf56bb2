//! Einstein summation over two operands.

use super::sum_of_products;
use crate::{Array, Number, indices};

/// An axis by its letter; those behind `...` are numbered from the last one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Dots(usize),
    Letter(char),
}

/// The labels of an operand with this many axes; `None` if they are not as many.
fn labels(text: &str, rank: usize) -> Option<Vec<Label>> {
    let letters = |part: &str| part.chars().map(Label::Letter).collect::<Vec<_>>();
    let all = match text.split_once("...") {
        None => letters(text),
        Some((before, behind)) => {
            let dots = rank.checked_sub(before.chars().count() + behind.chars().count())?;
            [letters(before), (0..dots).rev().map(Label::Dots).collect(), letters(behind)].concat()
        }
    };
    (all.len() == rank).then_some(all)
}

/// Sums of products as NumPy's `einsum` writes them; a specification that does not fit gives the single number NaN.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let a = Array::new(&[2, 2], vec![1.0, 2.0, 3.0, 4.0]);
/// let trace = ops::einsum(&a, "ii,->", &Array::scalar(1.0));
/// assert_eq!(trace.data, [5.0]);
/// ```
pub fn einsum<N: Number>(a: &Array<N>, subscripts: &str, b: &Array<N>) -> Array<N> {
    evaluate(a, subscripts, b).unwrap_or(Array::misfit())
}

fn evaluate<N: Number>(a: &Array<N>, subscripts: &str, b: &Array<N>) -> Option<Array<N>> {
    let text: String = subscripts.split_whitespace().collect();
    let (operands, result) = match text.split_once("->") {
        Some((operands, result)) => (operands, Some(result)),
        None => (text.as_str(), None),
    };
    let (first, second) = operands.split_once(',')?;
    let (first, second) = (labels(first, a.rank())?, labels(second, b.rank())?);
    let all: Vec<(Label, usize)> = first
        .iter()
        .copied()
        .zip(a.shape.iter().copied())
        .chain(second.iter().copied().zip(b.shape.iter().copied()))
        .collect();
    let mut dots: Vec<Label> =
        all.iter().map(|&(label, _)| label).filter(|l| matches!(l, Label::Dots(_))).collect();
    dots.sort_unstable_by(|x, y| y.cmp(x)); // from the outermost
    dots.dedup();
    let out = match result {
        Some(result) => {
            let letters = result.chars().filter(|&c| c != '.').count();
            labels(result, letters + if result.contains("...") { dots.len() } else { 0 })?
        }
        None => {
            let once = |l: &Label| all.iter().filter(|(other, _)| other == l).count() == 1;
            let mut letters: Vec<Label> =
                all.iter().map(|&(l, _)| l).filter(|l| matches!(l, Label::Letter(_)) && once(l)).collect();
            letters.sort_unstable();
            [dots, letters].concat()
        }
    };
    // a size of 1 is stretched
    let size = |label: Label| {
        let sizes = all.iter().filter(|(l, _)| *l == label).map(|&(_, n)| n);
        sizes.reduce(|m, n| if m == 1 { n } else { m })
    };
    if all.iter().any(|&(label, n)| n != 1 && size(label) != Some(n)) {
        return None;
    }
    let mut summed: Vec<Label> = all.iter().map(|&(l, _)| l).filter(|l| !out.contains(l)).collect();
    summed.sort_unstable();
    summed.dedup();
    let shape: Vec<usize> = out.iter().map(|&l| size(l)).collect::<Option<_>>()?;
    let inner: Vec<usize> = summed.iter().map(|&l| size(l)).collect::<Option<_>>()?;
    Some(Array::from_fn(&shape, |outside| {
        sum_of_products(indices(&inner).map(|inside| {
            let place = |label: Label| {
                let find = |labels: &[Label], at: &[usize]| {
                    labels.iter().position(|&l| l == label).and_then(|i| at.get(i).copied())
                };
                find(&out, outside).or_else(|| find(&summed, &inside)).unwrap_or(0)
            };
            let element = |x: &Array<N>, labels: &[Label]| {
                let index: Vec<usize> =
                    labels.iter().zip(&x.shape).map(|(&l, &n)| if n == 1 { 0 } else { place(l) }).collect();
                x.at(&index)
            };
            (element(a, &first), element(b, &second))
        }))
    }))
}
