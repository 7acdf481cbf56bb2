//! Laws that derivatives obey, most of them to the last bit: no differences, no tolerance to choose.
//!
//! Each is a function that can be used alone on any closure; [`Check::laws`](crate::Check::laws) tests all of them.
//!
//! ```
//! use chainrule_check::{function, laws};
//! use ndarray::array;
//!
//! let attention = function(|[q, k, v]| q.matmul(k.t()).softmax(-1).matmul(v));
//! let inputs = [array![[0.5, 1.0]], array![[1.0, -0.25]], array![[2.0, 0.0]]];
//! laws::adjoint(attention, inputs.clone())?;
//! laws::seed_scaling(attention, inputs)?;
//! # Ok::<(), chainrule_check::Failure>(())
//! ```

use std::fmt;

use chainrule_graph::{Feeds, Var};
use ndarray::ArrayD;

use crate::entry::array_function;
use crate::failure::Failure;
use crate::held::holds;
use crate::recorded::Recorded;
use crate::settings::Settings;
use crate::source;

macro_rules! laws {
    ($($(#[$doc:meta])* $Law:ident $function:ident $text:literal;)+) => {
        /// One of the laws.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Law {
            $($(#[$doc])* $Law,)+
        }

        impl Law {
            /// All of them.
            pub const ALL: [Law; [$(Law::$Law),+].len()] = [$(Law::$Law),+];
        }

        impl fmt::Display for Law {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Law::$Law => $text,)+
                })
            }
        }

        $($(#[$doc])*
        ///
        /// ```
        #[doc = concat!("chainrule_check::laws::", stringify!($function), "(|[x, w]| (x * w).tanh(), ([0.5, 1.0], 2.0))?;")]
        /// # Ok::<(), chainrule_check::Failure>(())
        /// ```
        ///
        /// # Errors
        /// How the law is broken at these inputs, or why the function has no gradient there.
        pub fn $function<const N: usize, F>(function: F, inputs: impl Feeds<f64>) -> Result<(), Failure>
        where
            F: for<'g> Fn([Var<'g, f64>; N]) -> Var<'g, f64>,
        {
            alone(Law::$Law, function, inputs)
        }
        )+
    };
}

laws! {
    /// A seed `2^k` times as large gives gradients `2^k` times as large, bit for bit.
    SeedScaling seed_scaling "a seed 2^k times as large gives gradients 2^k times as large";
    /// A zero seed gives zero gradients, and zero tangents give zero derivatives.
    ZeroSeed zero_seed "a zero seed gives zeros";
    /// The gradient for a sum of seeds is the sum of their gradients, up to rounding.
    Linearity linearity "gradients are linear in the seed";
    /// The gradient by an input that the function does not see is exactly zero.
    UnusedInput unused_input "an input that is not used has the gradient zero";
    /// `<J v, w> = <v, J' w>`: forward and reverse mode are transposes of each other, up to rounding.
    Adjoint adjoint "<J v, w> = <v, J' w>";
    /// `<H v, w> = <v, H w>`: second derivatives do not depend on the order, up to rounding.
    Symmetry hessian_symmetry "the Hessian is symmetric";
    /// Forward over reverse mode, reverse over reverse and reverse over forward give the same second derivatives, up to
    /// rounding.
    SecondOrder second_order_modes "all ways to second derivatives agree";
    /// The same inputs give the same bits again.
    Determinism determinism "the same inputs give the same bits";
    /// A compiled program gives the bits that `value` gives, outputs and gradients, on one thread and on four.
    Compiled compiled "compiled, interactive, one thread, four: the same bits";
}

fn alone<const N: usize, F>(law: Law, function: F, inputs: impl Feeds<f64>) -> Result<(), Failure>
where
    F: for<'g> Fn([Var<'g, f64>; N]) -> Var<'g, f64>,
{
    let x: Vec<ArrayD<f64>> =
        (0..inputs.count()).filter_map(|i| inputs.feed(i)).map(|x| x.to_owned()).collect();
    let subject = Recorded::new(array_function::<f64, N, F>(function));
    holds(law, &subject, &x, &Settings::default()).map_err(|cause| {
        let mut failure = Failure::from(cause);
        failure.0.inputs = x.iter().map(source::array).collect();
        failure
    })
}
