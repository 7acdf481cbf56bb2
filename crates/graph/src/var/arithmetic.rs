//! `+ - * /` between nodes, between nodes and plain numbers on either side, and with an array on the right; negation.

use std::ops::{Add, Div, Mul, Neg, Sub};
use std::panic::Location;

use ndarray::{ArrayBase, Data, Dimension};

use crate::Scalar;
use crate::error::Fault;
use crate::op::Op;
use crate::scalar::{Binary, Unary};
use crate::var::Var;

impl<'g, T: Scalar> Var<'g, T> {
    /// Applies a function of the table to each element. The methods with the functions' own names are shorter; this
    /// one is for code that has the function as a value: a layer whose activation is an argument, a test over all.
    ///
    /// ```
    /// use chainrule_graph::{Graph, Unary};
    ///
    /// let graph = Graph::new();
    /// let x = graph.constant(2.0);
    /// assert_eq!(x.map(Unary::Square).item()?, x.square().item()?);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn map(self, function: Unary<T>) -> Self {
        let mut tape = self.graph.tape.borrow_mut();
        let id = tape.push_function(|| Op::Map(function), [self.id], Location::caller());
        drop(tape);
        Var::new(self.graph, id)
    }

    /// Applies a function of the table to the elements in the same places of two nodes, after broadcasting.
    #[track_caller]
    pub fn zip(self, function: Binary, other: Self) -> Self {
        let caller = Location::caller();
        if !other.is_in(self.graph) {
            return self.reject(function.name(), &[self], Fault::foreign());
        }
        let mut tape = self.graph.tape.borrow_mut();
        let mut pair = [self.id, other.id];
        if tape.shape_id(self.id) != tape.shape_id(other.id) {
            match tape.broadcast_pair(self.id, other.id, caller) {
                Ok(broadcast) => pair = broadcast,
                Err(fault) => {
                    drop(tape);
                    return self.reject(function.name(), &[self, other], fault);
                }
            }
        }
        let id = tape.push_function(|| Op::Zip(function), pair, caller);
        drop(tape);
        Var::new(self.graph, id)
    }
}

/// `-x`, elementwise.
impl<T: Scalar> Neg for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.map(Unary::Neg)
    }
}

/// Two nodes by [`Var::zip`], a node and a number by the function that each row names. (Rows hold expressions and not
/// functions, for a call through a function would lose the user's source line.)
macro_rules! operators {
    ($($Trait:ident $method:ident ($x:ident, $c:ident), node number: $right:expr, number node: $left:expr;)+) => {
        $(
            /// Elementwise, after broadcasting by NumPy's rule.
            impl<T: Scalar> $Trait for Var<'_, T> {
                type Output = Self;
                #[track_caller]
                fn $method(self, other: Self) -> Self {
                    self.zip(Binary::$Trait, other)
                }
            }

            /// With the same number for each element.
            impl<T: Scalar> $Trait<T> for Var<'_, T> {
                type Output = Self;
                #[track_caller]
                fn $method(self, $c: T) -> Self {
                    let $x = self;
                    $right
                }
            }

            /// With an array, which becomes a constant.
            impl<T: Scalar, S: Data<Elem = T>, D: Dimension> $Trait<ArrayBase<S, D>> for Var<'_, T> {
                type Output = Self;
                #[track_caller]
                fn $method(self, other: ArrayBase<S, D>) -> Self {
                    self.zip(Binary::$Trait, self.graph.constant(other))
                }
            }

            /// With an array, which becomes a constant.
            impl<T: Scalar, S: Data<Elem = T>, D: Dimension> $Trait<&ArrayBase<S, D>> for Var<'_, T> {
                type Output = Self;
                #[track_caller]
                fn $method(self, other: &ArrayBase<S, D>) -> Self {
                    self.zip(Binary::$Trait, self.graph.constant(other))
                }
            }

            operators!(@left f64, $Trait $method, $x, $c, $left);
            operators!(@left f32, $Trait $method, $x, $c, $left);
        )+
    };
    (@left $T:ty, $Trait:ident $method:ident, $x:ident, $c:ident, $left:expr) => {
        /// With the same number for each element.
        impl<'g> $Trait<Var<'g, $T>> for $T {
            type Output = Var<'g, $T>;
            #[track_caller]
            fn $method(self, $x: Var<'g, $T>) -> Var<'g, $T> {
                let $c = self;
                $left
            }
        }
    };
}

operators! {
    Add add (x, c), node number: x.map(Unary::Add(c)), number node: x.map(Unary::Add(c));
    Sub sub (x, c), node number: x.map(Unary::Add(-c)), number node: x.map(Unary::Neg).map(Unary::Add(c));
    Mul mul (x, c), node number: x.map(Unary::Mul(c)), number node: x.map(Unary::Mul(c));
    Div div (x, c), node number: x.map(Unary::Div(c)), number node: x.map(Unary::DivInto(c));
}
