//! Structures of nodes that `grad`, `vjp` and `jvp` take and return alike.

use std::hash::{BuildHasher, Hash};

use indexmap::IndexMap;

use crate::var::Var;

/// A structure that holds nodes: a [`Var`]; an array, `Vec`, tuple or `Option` of structures; an `IndexMap` with
/// structures as values. What has the shape `[w, b]` going into [`Var::grad`] has it coming out.
pub trait Structure<'g, T>: Sized {
    /// The same structure with each node replaced by `replace` of it, in a fixed order.
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self;
}

impl<'g, T> Structure<'g, T> for Var<'g, T> {
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        replace(self)
    }
}

impl<'g, T, S: Structure<'g, T>, const N: usize> Structure<'g, T> for [S; N] {
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.map(|part| part.map_vars(replace))
    }
}

impl<'g, T, S: Structure<'g, T>> Structure<'g, T> for Vec<S> {
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.into_iter().map(|part| part.map_vars(replace)).collect()
    }
}

impl<'g, T, S: Structure<'g, T>> Structure<'g, T> for Option<S> {
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.map(|part| part.map_vars(replace))
    }
}

impl<'g, T, K: Hash + Eq, S: Structure<'g, T>, H: BuildHasher + Default> Structure<'g, T>
    for IndexMap<K, S, H>
{
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.into_iter().map(|(key, part)| (key, part.map_vars(replace))).collect()
    }
}

macro_rules! tuples {
    ($(($($S:ident $field:tt),+)),+) => {
        $(impl<'g, T, $($S: Structure<'g, T>),+> Structure<'g, T> for ($($S,)+) {
            fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
                ($(self.$field.map_vars(replace),)+)
            }
        })+
    };
}

tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

/// The nodes of a structure in order, and the structure itself.
pub(crate) fn flatten<'g, T, S: Structure<'g, T>>(structure: S) -> (S, Vec<Var<'g, T>>) {
    let mut vars = Vec::new();
    let structure = structure.map_vars(&mut |x| {
        vars.push(x);
        x
    });
    (structure, vars)
}

/// The structure with these nodes in the places of its own.
pub(crate) fn fill<'g, T, S: Structure<'g, T>>(structure: S, vars: Vec<Var<'g, T>>) -> S {
    let mut vars = vars.into_iter();
    structure.map_vars(&mut |x| vars.next().unwrap_or(x))
}
