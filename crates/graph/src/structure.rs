//! Structures of nodes that `grad`, `vjp` and `jvp` take and return alike.

use std::hash::{BuildHasher, Hash};

use indexmap::IndexMap;

use crate::var::Var;

/// A structure that holds nodes: a [`Var`]; an array, `Vec`, tuple or `Option` of structures; an `IndexMap` with
/// structures as values. What has the shape `[w, b]` going into [`Var::grad`] has it coming out.
pub trait Structure<'g, T>: Sized {
    /// The structure without its nodes, to be filled with something else.
    type Form: Form;

    /// That of this structure.
    fn form(&self) -> Self::Form;

    /// The same structure with each node replaced by `replace` of it, in a fixed order.
    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self;
}

impl<'g, T> Structure<'g, T> for Var<'g, T> {
    type Form = Single;

    fn form(&self) -> Single {
        Single
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        replace(self)
    }
}

impl<'g, T, S: Structure<'g, T>, const N: usize> Structure<'g, T> for [S; N] {
    type Form = [S::Form; N];

    fn form(&self) -> Self::Form {
        self.each_ref().map(|part| part.form())
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.map(|part| part.map_vars(replace))
    }
}

impl<'g, T, S: Structure<'g, T>> Structure<'g, T> for Vec<S> {
    type Form = Vec<S::Form>;

    fn form(&self) -> Self::Form {
        self.iter().map(|part| part.form()).collect()
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.into_iter().map(|part| part.map_vars(replace)).collect()
    }
}

impl<'g, T, S: Structure<'g, T>> Structure<'g, T> for Option<S> {
    type Form = Option<S::Form>;

    fn form(&self) -> Self::Form {
        self.as_ref().map(|part| part.form())
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.map(|part| part.map_vars(replace))
    }
}

impl<'g, T, K, S, H> Structure<'g, T> for IndexMap<K, S, H>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    S: Structure<'g, T>,
    H: BuildHasher + Default + Clone + Send + Sync + 'static,
{
    type Form = IndexMap<K, S::Form, H>;

    fn form(&self) -> Self::Form {
        self.iter().map(|(key, part)| (key.clone(), part.form())).collect()
    }

    fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
        self.into_iter().map(|(key, part)| (key, part.map_vars(replace))).collect()
    }
}

macro_rules! tuples {
    ($(($($S:ident $field:tt),+)),+) => {
        $(impl<$($S: Form),+> Form for ($($S,)+) {
            type Of<Z> = ($($S::Of<Z>,)+);

            fn fill<Z>(&self, next: &mut dyn FnMut() -> Z) -> Self::Of<Z> {
                ($(self.$field.fill(next),)+)
            }
        }

        impl<'g, T, $($S: Structure<'g, T>),+> Structure<'g, T> for ($($S,)+) {
            type Form = ($($S::Form,)+);

            fn form(&self) -> Self::Form {
                ($(self.$field.form(),)+)
            }

            fn map_vars(self, replace: &mut dyn FnMut(Var<'g, T>) -> Var<'g, T>) -> Self {
                ($(self.$field.map_vars(replace),)+)
            }
        })+
    };
}

tuples!((A 0), (A 0, B 1), (A 0, B 1, C 2), (A 0, B 1, C 2, D 3));

/// A [`Structure`] without its nodes: what a [`Program`](crate::Program) keeps of it, to hand out results in it.
pub trait Form: Clone + Send + Sync + 'static {
    /// The structure with an `A` in each place.
    type Of<A>;

    /// Fills the places in order.
    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> Self::Of<A>;
}

/// The form of a single node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Single;

impl Form for Single {
    type Of<A> = A;

    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> A {
        next()
    }
}

impl<F: Form, const N: usize> Form for [F; N] {
    type Of<A> = [F::Of<A>; N];

    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> Self::Of<A> {
        self.each_ref().map(|part| part.fill(next))
    }
}

impl<F: Form> Form for Vec<F> {
    type Of<A> = Vec<F::Of<A>>;

    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> Self::Of<A> {
        self.iter().map(|part| part.fill(next)).collect()
    }
}

impl<F: Form> Form for Option<F> {
    type Of<A> = Option<F::Of<A>>;

    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> Self::Of<A> {
        self.as_ref().map(|part| part.fill(next))
    }
}

impl<K, F, H> Form for IndexMap<K, F, H>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    F: Form,
    H: BuildHasher + Default + Clone + Send + Sync + 'static,
{
    type Of<A> = IndexMap<K, F::Of<A>, H>;

    fn fill<A>(&self, next: &mut dyn FnMut() -> A) -> Self::Of<A> {
        self.iter().map(|(key, part)| (key.clone(), part.fill(next))).collect()
    }
}

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
