//! The order in which a kernel computes its values: so that chains (`chain.rs`) are long.
//!
//! Each value comes behind its operands, and of two operands the one comes last that is the end of the longer chain of cheap
//! operations: the chain goes on with the value itself, and what comes before is loaded. As in Sethi's and Ullman's
//! order for expressions, few values wait at the same time. Two functions that are a [`Pair`] come right after each other.

use std::collections::HashMap;

use super::assemble::operands;
use super::chain;
use super::fused::{Fusion, Value};
use crate::function::Unary;
use crate::pair::Pair;
use crate::scalar::Scalar;

/// The same kernel in that order.
pub(crate) fn arranged<T: Scalar>(fusion: &Fusion<T>) -> Fusion<T> {
    let count = fusion.values.len();
    let order = order(&fusion.values);
    let mut numbers = vec![0; count];
    for (new, &old) in order.iter().enumerate() {
        if let Some(number) = numbers.get_mut(old) {
            *number = new;
        }
    }
    let number = |old: &usize| numbers.get(*old).copied().unwrap_or(*old);
    let renumbered = |value: &Value<T>| match value {
        Value::Load { .. } => value.clone(),
        Value::Map(f, x) => Value::Map(*f, number(x)),
        Value::Zip(f, a, b) => Value::Zip(*f, number(a), number(b)),
        Value::Select(c, a, b) => Value::Select(number(c), number(a), number(b)),
        Value::ReduceRows(reduction, x) => Value::ReduceRows(*reduction, number(x)),
        Value::ReduceAll(reduction, x) => Value::ReduceAll(*reduction, number(x)),
        Value::Spread(x, level) => Value::Spread(number(x), *level),
    };
    let values = order.iter().filter_map(|&old| fusion.values.get(old)).map(renumbered).collect();
    let mut outputs = fusion.outputs.clone();
    outputs.iter_mut().for_each(|output| output.value = number(&output.value));
    Fusion { values, outputs, ..*fusion }
}

/// The numbers of the values, each behind those of its operands.
fn order<T: Scalar>(values: &[Value<T>]) -> Vec<usize> {
    // How long the chain is that ends in each value.
    let mut lengths: Vec<usize> = Vec::with_capacity(values.len());
    let mut used = vec![false; values.len()];
    for value in values {
        let mut longest = 0;
        for operand in operands(value).into_iter().flatten() {
            longest = longest.max(lengths.get(operand).copied().unwrap_or(0));
            if let Some(used) = used.get_mut(operand) {
                *used = true;
            }
        }
        lengths.push(if chain::is_link(value) { longest + 1 } else { 0 });
    }
    let length = |value: usize| lengths.get(value).copied().unwrap_or(0);
    let partners = partners(values);
    let mut done = vec![false; values.len()];
    let mut order = Vec::with_capacity(values.len());
    // Whether the operands of the value are in the order by now.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let ends = used.iter().enumerate().filter(|(_, used)| !**used);
    for (end, _) in ends {
        open.push((end, false));
        while let Some((number, ready)) = open.pop() {
            if done.get(number) != Some(&false) {
                continue;
            }
            if ready {
                done[number] = true;
                order.push(number);
                // Its operands are there by now.
                if let Some(&other) = partners.get(&number)
                    && done.get(other) == Some(&false)
                {
                    done[other] = true;
                    order.push(other);
                }
                continue;
            }
            open.push((number, true));
            let Some(value) = values.get(number) else { continue };
            let mut operands: smallvec::SmallVec<[usize; 4]> =
                operands(value).into_iter().flatten().collect();
            // The first to be pushed is the last to be computed.
            if let Some(Value::Map(_, other)) = partners.get(&number).and_then(|&other| values.get(other)) {
                operands.push(*other);
            }
            operands.sort_by_key(|&operand| std::cmp::Reverse((length(operand), operand)));
            open.extend(operands.into_iter().map(|operand| (operand, false)));
        }
    }
    order
}

/// Whether the second value is `2` times the first.
fn is_double<T: Scalar>(values: &[Value<T>], double: usize, x: usize) -> bool {
    matches!(values.get(double), Some(Value::Map(Unary::Mul(c), of)) if *of == x && *c == T::of(2.0))
}

/// The pair that two values are, and whether they are the other way round.
fn pair<T: Scalar>(values: &[Value<T>], one: &Value<T>, other: &Value<T>) -> Option<(Pair, bool)> {
    match (one, other) {
        (Value::Map(f, x), Value::Map(g, y)) if x == y => Pair::of(*f, *g),
        (Value::Map(Unary::Tanh, x), Value::Map(Unary::LogisticDensity, y)) if is_double(values, *y, *x) => {
            Some((Pair::Tanh, false))
        }
        (Value::Map(Unary::LogisticDensity, x), Value::Map(Unary::Tanh, y)) if is_double(values, *x, *y) => {
            Some((Pair::Tanh, true))
        }
        _ => None,
    }
}

/// For each value of a pair the other one.
fn partners<T: Scalar>(values: &[Value<T>]) -> HashMap<usize, usize> {
    let mut partners = HashMap::new();
    // Functions that wait for a partner, by what both are made of.
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, value) in values.iter().enumerate() {
        let Value::Map(f, x) = value else { continue };
        if !Pair::ALL.iter().any(|pair| pair.functions().contains(f)) {
            continue;
        }
        let half = match values.get(*x) {
            Some(Value::Map(Unary::Mul(_), half)) if is_double(values, *x, *half) => *half,
            _ => *x,
        };
        let fits =
            |other: &usize| values.get(*other).is_some_and(|other| pair(values, other, value).is_some());
        let found = [*x, half].into_iter().find_map(|of| {
            let waiting = waiting.get_mut(&of)?;
            let position = waiting.iter().position(fits)?;
            Some(waiting.swap_remove(position))
        });
        match found {
            Some(other) => partners.extend([(number, other), (other, number)]),
            // The double of a number waits where the number does, too.
            None if half != *x && *f == Unary::LogisticDensity => {
                waiting.entry(half).or_default().push(number)
            }
            None => waiting.entry(*x).or_default().push(number),
        }
    }
    partners
}

/// The pairs of values that follow each other, by the number of the first.
pub(crate) fn pairs<T: Scalar>(values: &[Value<T>]) -> HashMap<usize, (Pair, bool)> {
    let mut pairs = HashMap::new();
    let mut number = 1;
    while let (Some(one), Some(other)) = (values.get(number - 1), values.get(number)) {
        if let Some(pair) = pair(values, one, other) {
            pairs.insert(number - 1, pair);
            number += 1;
        }
        number += 1;
    }
    pairs
}
