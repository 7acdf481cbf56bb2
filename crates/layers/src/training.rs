//! What layers do in training beside computing their output: they replace running statistics, and draw random numbers.

use std::cell::RefCell;
use std::collections::HashMap;

use chainrule_graph::{Graph, Scalar, Var};
use indexmap::IndexMap;

use crate::hash::{BASIS, fnv1a};

/// The variable that counts the runs of a program for the random numbers of its layers.
pub(crate) const COUNTER: &str = "random";

/// One recording of a model in training.
pub(crate) struct Training<'g, T> {
    graph: &'g Graph<T>,
    seed: u64,
    replaced: RefCell<IndexMap<String, Var<'g, T>>>,
    /// The counter, and the key made of it and the seed, once a layer has asked for one.
    random: RefCell<Option<(Var<'g, T>, Var<'g, T>)>>,
    /// How many keys each layer has been given.
    given: RefCell<HashMap<String, u64>>,
}

impl<'g, T: Scalar> Training<'g, T> {
    pub(crate) fn new(graph: &'g Graph<T>, seed: u64) -> Self {
        Training {
            graph,
            seed,
            replaced: RefCell::default(),
            random: RefCell::default(),
            given: RefCell::default(),
        }
    }

    pub(crate) fn set(&self, path: String, value: Var<'g, T>) {
        self.replaced.borrow_mut().insert(path, value);
    }

    pub(crate) fn get(&self, path: &str) -> Option<Var<'g, T>> {
        self.replaced.borrow().get(path).copied()
    }

    pub(crate) fn replaced(&self) -> IndexMap<String, Var<'g, T>> {
        self.replaced.borrow().clone()
    }

    /// A new key for the layer with this path.
    pub(crate) fn key(&self, path: &str) -> Var<'g, T> {
        let (_, root) = *self.random.borrow_mut().get_or_insert_with(|| {
            let counter = self.graph.get(COUNTER).unwrap_or_else(|| self.graph.variable(COUNTER, T::zero()));
            (counter, fold(counter, self.seed))
        });
        let mut given = self.given.borrow_mut();
        let given = given.entry(path.to_owned()).or_default();
        let key = fold(fold(root, fnv1a(BASIS, path.bytes())), *given);
        *given += 1;
        key
    }

    /// The counter and its next value, if a layer drew random numbers. It counts as far as whole numbers go in `f32`, 2²⁴,
    /// and begins again.
    pub(crate) fn counter(&self) -> Option<(Var<'g, T>, Var<'g, T>)> {
        let (counter, _) = (*self.random.borrow())?;
        let next = counter + T::one();
        let end = T::of((1_u32 << 24) as f64);
        Some((counter, next.less(end).select(next, T::zero())))
    }
}

/// The key with all bits of a number folded in, 22 at a time, which every number type holds.
fn fold<'g, T: Scalar>(key: Var<'g, T>, number: u64) -> Var<'g, T> {
    [0, 22, 44]
        .into_iter()
        .map(|shift| (number >> shift) & 0x3f_ffff)
        .fold(key, |key, part| key.fold_in(T::of(part as f64)))
}
