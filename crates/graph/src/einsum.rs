//! Einstein summation over two operands: a small language, read and checked first ([`Spec`]), then recorded as the
//! diagonals, sums, one matrix product and one permutation that it stands for.

use std::collections::BTreeMap;
use std::panic::Location;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::scalar::Binary;
use crate::var::Var;

/// What the letters of a specification say; the axes that `...` stands for have letters of their own by now.
struct Spec {
    operands: [Vec<char>; 2],
    output: Vec<char>,
    /// The size of each letter's axis.
    sizes: BTreeMap<char, usize>,
}

impl<'g, T: Scalar> Var<'g, T> {
    /// Sums of products, as NumPy's `einsum` writes them: a letter for each axis of both operands, and behind `->` those of the
    /// result. Letters that the result lacks are summed over; a letter twice in one operand is its diagonal; `...` stands for
    /// any axes, which are broadcast and come first in the result. Without `->`, the result has the letters that occur once,
    /// in alphabetical order.
    ///
    /// Each derivative is an einsum of the cotangent with the other operand. A specification that does not fit the shapes makes an
    /// invalid node.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let a = graph.constant(ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]));
    /// let b = graph.constant(ndarray::arr2(&[[5.0, 6.0], [7.0, 8.0]]));
    /// assert_eq!(a.einsum("ij,jk->ik", b).value()?, a.matmul(b).value()?);
    /// assert_eq!(a.einsum("ij,ij->", b).item()?, 70.0);
    /// assert_eq!(a.einsum("ii,ij->j", b).value()?, ndarray::arr1(&[33.0, 38.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(self, subscripts: &str, other: impl IntoVar<'g, T>) -> Self {
        let caller = Location::caller();
        let other = other.into_var(self.graph());
        let both = [self, other];
        if !other.is_in(self.graph()) {
            return self.graph().refuse("einsum", &both, Fault::foreign(), caller);
        }
        let invalid = both.iter().any(|x| self.graph().check(x.id).is_err());
        match Spec::read(subscripts, &self.sizes(), &other.sizes()) {
            Ok(spec) if !invalid => spec.record(both),
            Ok(_) => self.graph().refuse("einsum", &both, Fault::foreign(), caller),
            Err(fault) => self.graph().refuse("einsum", &both, fault, caller),
        }
    }
}

fn wrong(message: String) -> Fault {
    Fault::new(
        ErrorKind::Argument,
        message,
        "a letter for each axis, as in \"ij,jk->ik\"; `...` for any others",
    )
}

impl Spec {
    fn read(subscripts: &str, a: &[usize], b: &[usize]) -> Result<Spec, Fault> {
        let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
        let (inputs, output) = match text.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (text.as_str(), None),
        };
        let Some((left, right)) = inputs.split_once(',') else {
            return Err(wrong(format!("\"{subscripts}\" has no comma between two operands")));
        };
        let any = |text: &str, shape: &[usize]| -> Result<usize, Fault> {
            let letters = text.replacen("...", "", 1).chars().count();
            match shape.len().checked_sub(letters) {
                Some(more) if more == 0 || text.contains("...") => Ok(more),
                _ => Err(wrong(format!("\"{text}\" names {letters} axes of an operand of shape {shape:?}"))),
            }
        };
        // Aligned at the last one, as broadcasting does.
        let most = any(left, a)?.max(any(right, b)?);
        let letters = |text: &str, count: usize| -> Result<Vec<char>, Fault> {
            let fresh: String = ('\u{1}'..).take(most).skip(most - count).collect();
            let text = text.replacen("...", &fresh, 1);
            match text.chars().find(|c| !(c.is_ascii_alphabetic() || fresh.contains(*c))) {
                Some(c) => Err(wrong(format!("`{c}` in \"{subscripts}\" is not a letter"))),
                None => Ok(text.chars().collect()),
            }
        };
        let operands = [letters(left, any(left, a)?)?, letters(right, any(right, b)?)?];
        let mut sizes = BTreeMap::new();
        for (letters, shape) in operands.iter().zip([a, b]) {
            for (&letter, &size) in letters.iter().zip(shape) {
                let known = sizes.entry(letter).or_insert(size);
                if *known == 1 {
                    *known = size;
                } else if size != *known && size != 1 {
                    let name =
                        if letter.is_ascii_alphabetic() { letter.to_string() } else { "...".to_owned() };
                    return Err(Fault::new(
                        ErrorKind::Shape,
                        format!("`{name}` in \"{subscripts}\" has the sizes {known} and {size}"),
                        "axes with one letter have one size, or size 1",
                    ));
                }
            }
        }
        let all = || operands.iter().flatten();
        let output = match output {
            Some(output) => letters(output, if output.contains("...") { most } else { 0 })?,
            None => {
                let once = |c: &&char| !c.is_ascii_alphabetic() || all().filter(|d| d == c).count() == 1;
                let mut letters: Vec<char> = all().filter(once).copied().collect();
                letters.sort_unstable();
                letters.dedup();
                letters
            }
        };
        for (i, letter) in output.iter().enumerate() {
            if output[..i].contains(letter) || !sizes.contains_key(letter) {
                return Err(wrong(format!(
                    "the result of \"{subscripts}\" has `{letter}` twice, or no operand has it"
                )));
            }
        }
        Ok(Spec { operands, output, sizes })
    }

    #[track_caller]
    fn record<'g, T: Scalar>(&self, both: [Var<'g, T>; 2]) -> Var<'g, T> {
        let [(a, a_letters), (b, b_letters)] = [self.prepare(both, 0), self.prepare(both, 1)];
        let (mut batch, mut left, mut inner, mut right) = (vec![], vec![], vec![], vec![]);
        for &letter in &a_letters {
            match (b_letters.contains(&letter), self.output.contains(&letter)) {
                (true, true) => batch.push(letter),
                (true, false) => inner.push(letter),
                (false, _) => left.push(letter),
            }
        }
        right.extend(b_letters.iter().filter(|letter| !a_letters.contains(letter)));
        let size = |letters: &[char]| letters.iter().map(|c| self.sizes[c]).product::<usize>();
        let a =
            order(a, &a_letters, [&batch, &left, &inner]).reshape([size(&batch), size(&left), size(&inner)]);
        let b = order(b, &b_letters, [&batch, &inner, &right]).reshape([
            size(&batch),
            size(&inner),
            size(&right),
        ]);
        let product = match inner.is_empty() {
            // Nothing is summed: elementwise is cheaper than a product with inner size 1, and needs no sum.
            true => a.zip(Binary::Mul, b),
            false => a.matmul(b),
        };
        let letters: Vec<char> = batch.iter().chain(&left).chain(&right).copied().collect();
        let shape: Vec<usize> = letters.iter().map(|c| self.sizes[c]).collect();
        order(product.reshape(shape), &letters, [&self.output, &[], &[]])
    }

    /// An operand with each letter once, in full size, and without those that only it has and the result lacks.
    #[track_caller]
    fn prepare<'g, T: Scalar>(&self, both: [Var<'g, T>; 2], which: usize) -> (Var<'g, T>, Vec<char>) {
        let (mut x, mut letters) = (both[which], self.operands[which].clone());
        while let Some((i, j)) = twice(&letters) {
            x = diagonal(x, i, j, self.sizes[&letters[i]]);
            let letter = letters.remove(j);
            letters.remove(i);
            letters.push(letter);
        }
        let alone =
            |letter: &char| !self.output.contains(letter) && !self.operands[1 - which].contains(letter);
        let summed: Vec<usize> = (0..letters.len()).filter(|&axis| alone(&letters[axis])).collect();
        if !summed.is_empty() {
            x = x.sum_axes(summed);
            letters.retain(|letter| !alone(letter));
        }
        let full: Vec<usize> = letters.iter().map(|letter| self.sizes[letter]).collect();
        (x.broadcast_to(full), letters)
    }
}

/// The first two places that have the same letter.
fn twice(letters: &[char]) -> Option<(usize, usize)> {
    (0..letters.len())
        .find_map(|i| (i + 1..letters.len()).find(|&j| letters[i] == letters[j]).map(|j| (i, j)))
}

/// The elements whose places on two axes, of size `n` or 1, are equal, along a new last axis.
#[track_caller]
fn diagonal<T: Scalar>(x: Var<'_, T>, i: usize, j: usize, n: usize) -> Var<'_, T> {
    let sizes = x.sizes();
    let mut full = sizes.to_vec();
    (full[i], full[j]) = (n, n);
    let others = (0..sizes.len()).filter(|&axis| axis != i && axis != j);
    let order: Vec<usize> = others.clone().chain([i, j]).collect();
    let rest: Vec<usize> = others.map(|axis| sizes[axis]).collect();
    let flat: Vec<usize> = rest.iter().copied().chain([n * n]).collect();
    let square = x.broadcast_to(full).permute(order).reshape(flat);
    square.every_nth(n + 1, n)
}

/// The axes of these letters, in this order.
#[track_caller]
fn order<'g, T: Scalar>(x: Var<'g, T>, letters: &[char], wanted: [&[char]; 3]) -> Var<'g, T> {
    let mut axes = Vec::new();
    for letter in wanted.into_iter().flatten() {
        if let Some(axis) = letters.iter().position(|c| c == letter) {
            axes.push(axis);
        }
    }
    if axes.iter().copied().eq(0..letters.len()) { x } else { x.permute(axes) }
}
