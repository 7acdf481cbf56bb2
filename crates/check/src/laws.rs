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

use chainrule_graph::{Feeds, Scalar, Var};
use ndarray::ArrayD;

use crate::check::array_function;
use crate::failure::{Cause, Failure, Inner};
use crate::random::Random;
use crate::recorded::{Function, Recorded};
use crate::settings::Settings;
use crate::source;
use crate::subject::{Arrays, Step, Subject, Trouble, moving};

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
        Failure(Box::new(Inner {
            cause,
            inputs: x.iter().map(source::array).collect(),
            taylor: None,
            guilty: None,
            seed: 0,
            drawn: None,
        }))
    })
}

/// A function at a point, with random seeds and directions.
struct Held<'a, T, F> {
    law: Law,
    function: &'a Recorded<F>,
    x: &'a [ArrayD<T>],
    fixed: &'a [bool],
}

/// Whether a law holds.
pub(crate) fn holds<T: Scalar, F: Function<T>>(
    law: Law,
    function: &Recorded<F>,
    x: &[ArrayD<T>],
    settings: &Settings,
) -> Result<(), Cause> {
    let fixed = settings.fixed(x.len());
    let held = Held { law, function, x, fixed: &fixed };
    let mut random = Random(settings.seed ^ 0x1a35);
    let outputs = held.run(&[])?;
    let (e, d) = (random.like(&outputs), random.like(&outputs));
    let inputs: Arrays<T> = moving(x, &fixed).cloned().collect();
    let (v, w) = (random.like(&inputs), random.like(&inputs));
    match law {
        Law::SeedScaling => held.scaling(&e),
        Law::ZeroSeed => held.zero(&e, &v),
        Law::Linearity => held.linear(&e, &d),
        Law::UnusedInput => held.unused(&e),
        Law::Adjoint => {
            let (tangents, gradients) = (held.run(&[forward(&v)])?, held.run(&[reverse(&e)])?);
            held.near("<J v, w> and <v, J' w>", &[product(&tangents, &e)], &[product(&gradients, &v)])
        }
        Law::Symmetry => {
            let (hv, hw) = (held.run(&[reverse(&e), forward(&v)])?, held.run(&[reverse(&e), forward(&w)])?);
            held.near("<H v, w> and <v, H w>", &[product(&hv, &w)], &[product(&hw, &v)])
        }
        Law::SecondOrder => held.ways(&e, &v),
        Law::Determinism => {
            let path = [reverse(&e)];
            let (first, second) = (held.run(&path)?, held.run(&path)?);
            held.same("the gradients, twice", &first, &second)
        }
        Law::Compiled => held.compiled(&e),
    }
}

fn reverse<T: Scalar>(e: &Arrays<T>) -> Step<T> {
    Step::Reverse(e.clone())
}

fn forward<T: Scalar>(v: &Arrays<T>) -> Step<T> {
    Step::Forward(v.clone())
}

fn scaled<T: Scalar>(arrays: &Arrays<T>, factor: f64) -> Arrays<T> {
    arrays.iter().map(|x| x.mapv(|x| x * T::of(factor))).collect()
}

/// A sum of products, and the sum of their sizes: what its rounding is in proportion to.
fn product<T: Scalar>(a: &Arrays<T>, b: &Arrays<T>) -> (f64, f64) {
    let pairs = a.iter().zip(b).flat_map(|(a, b)| a.iter().zip(b));
    pairs
        .map(|(a, b)| a.as_f64() * b.as_f64())
        .fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
}

impl<T: Scalar, F: Function<T>> Held<'_, T, F> {
    fn run(&self, path: &[Step<T>]) -> Result<Arrays<T>, Trouble> {
        Ok(self.function.run(self.x, path, self.fixed)?.outputs)
    }

    fn broken(&self, message: String) -> Cause {
        Cause::Law { law: self.law, message }
    }

    /// The same bits. (The sign of a zero is no part of the law of scaling: a product may underflow.)
    fn same(&self, what: &str, got: &Arrays<T>, want: &Arrays<T>) -> Result<(), Cause> {
        for (number, (a, b)) in got.iter().zip(want).enumerate() {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                if a.bits() != b.bits() {
                    return Err(
                        self.broken(format!("{what}: {a:?} and {b:?}, element {place} of array {number}"))
                    );
                }
            }
        }
        Ok(())
    }

    /// The same up to rounding: of sums, a few thousand units of what their terms add up to.
    fn near(&self, what: &str, got: &[(f64, f64)], want: &[(f64, f64)]) -> Result<(), Cause> {
        let unit = if T::NAME == "f32" { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let largest = got.iter().chain(want).fold(0.0_f64, |m, (_, size)| m.max(*size));
        for ((a, _), (b, _)) in got.iter().zip(want) {
            let allowed = 4096.0 * unit * largest;
            if !matches!(
                (a - b).abs().partial_cmp(&allowed),
                Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
            ) {
                return Err(self.broken(format!("{what}: {a:e} and {b:e}, apart by more than {allowed:.1e}")));
            }
        }
        Ok(())
    }

    fn scaling(&self, e: &Arrays<T>) -> Result<(), Cause> {
        let gradients = self.run(&[reverse(e)])?;
        for power in [-3, 5] {
            let factor = f64::from(power).exp2();
            let got = self.run(&[reverse(&scaled(e, factor))])?;
            self.same(&format!("a seed 2^{power} times as large"), &got, &scaled(&gradients, factor))?;
        }
        Ok(())
    }

    fn zero(&self, e: &Arrays<T>, v: &Arrays<T>) -> Result<(), Cause> {
        for (what, step) in [("gradient", reverse(&scaled(e, 0.0))), ("derivative", forward(&scaled(v, 0.0)))]
        {
            let got = self.run(&[step])?;
            if let Some(x) = got.iter().flatten().find(|x| **x != T::zero()) {
                return Err(self.broken(format!("a {what} has the element {x:?}")));
            }
        }
        Ok(())
    }

    fn linear(&self, e: &Arrays<T>, d: &Arrays<T>) -> Result<(), Cause> {
        let sum = e.iter().zip(d).map(|(e, d)| e + d).collect();
        let (of_sum, of_e, of_d) =
            (self.run(&[reverse(&sum)])?, self.run(&[reverse(e)])?, self.run(&[reverse(d)])?);
        // All gradients at once: one that is nothing but cancellation is small beside the others.
        let got: Vec<_> = of_sum.iter().flatten().map(|g| (g.as_f64(), g.as_f64().abs())).collect();
        let want = of_e.iter().flatten().zip(of_d.iter().flatten()).map(|(e, d)| (e.as_f64(), d.as_f64()));
        let want: Vec<_> = want.map(|(e, d)| (e + d, e.abs() + d.abs())).collect();
        self.near("the gradient of a sum of seeds and the sum of gradients", &got, &want)
    }

    /// An input more, which the function does not see.
    fn unused(&self, e: &Arrays<T>) -> Result<(), Cause> {
        let gradient = self.function.on_graph(self.x, &[], self.fixed, |graph, _, outputs| {
            let stranger = graph.constant([T::one(), T::of(-2.0)].to_vec());
            let seeds: Vec<Var<'_, T>> = e.iter().map(|e| graph.constant(e)).collect();
            Ok(chainrule_graph::vjp(outputs, seeds, stranger)?.value()?)
        })?;
        match gradient.iter().find(|g| **g != T::zero()) {
            Some(g) => Err(self.broken(format!("an element of it is {g:?}"))),
            None => Ok(()),
        }
    }

    fn ways(&self, e: &Arrays<T>, v: &Arrays<T>) -> Result<(), Cause> {
        // The derivative of the gradient along v: directly; as the gradient of the gradient's product with v; and as the
        // gradient of the derivative along v.
        let direct = self.run(&[reverse(e), forward(v)])?;
        let numbers = |arrays: &Arrays<T>| -> Vec<(f64, f64)> {
            arrays.iter().flatten().map(|x| (x.as_f64(), x.as_f64().abs())).collect()
        };
        for (way, path) in [
            ("reverse over reverse", [reverse(e), reverse(v)]),
            ("reverse over forward", [forward(v), reverse(e)]),
        ] {
            let other = self.run(&path)?;
            self.near(&format!("forward over reverse and {way}"), &numbers(&direct), &numbers(&other))?;
        }
        Ok(())
    }

    fn compiled(&self, e: &Arrays<T>) -> Result<(), Cause> {
        let pools = [1, 4].map(|count| rayon::ThreadPoolBuilder::new().num_threads(count).build());
        // Where threads cannot be had, there is nothing to compare.
        let pools: Vec<_> = pools.into_iter().flatten().collect();
        for path in [vec![], vec![reverse(e)]] {
            let (values, compiled) = self.function.both_ways(self.x, &path, self.fixed, &pools)?;
            for (compiled, pool) in compiled.iter().zip(&pools) {
                let threads = pool.current_num_threads();
                self.same(&format!("`value`, and a program on {threads} threads"), &values, compiled)?;
            }
        }
        Ok(())
    }
}
