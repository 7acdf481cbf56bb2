//! The laws, held against a recorded function at a point.

use std::sync::OnceLock;

use chainrule_graph::{Scalar, Var};
use ndarray::ArrayD;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::differences::{Format, noise};
use crate::failure::Cause;
use crate::laws::Law;
use crate::level::{all_finite, defined, moved, size};
use crate::random::Random;
use crate::recorded::{Function, Recorded};
use crate::settings::Settings;
use crate::subject::{Arrays, Step, Subject, Trouble, moving};

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
        Law::Adjoint => held.near("<J v, w> and <v, J' w>", &|x| {
            let (tangents, gradients) = (held.at(x, &[forward(&v)])?, held.at(x, &[reverse(&e)])?);
            Ok(Sides { got: vec![product(&tangents, &e)], want: vec![product(&gradients, &v)] })
        }),
        Law::Symmetry => held.near("<H v, w> and <v, H w>", &|x| {
            let along = |v| held.at(x, &[reverse(&e), forward(v)]);
            Ok(Sides { got: vec![product(&along(&v)?, &w)], want: vec![product(&along(&w)?, &v)] })
        }),
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

/// Numbers, each with the size of what it is the sum of.
fn numbers<T: Scalar>(arrays: &Arrays<T>) -> Vec<(f64, f64)> {
    arrays.iter().flatten().map(|x| (x.as_f64(), x.as_f64().abs())).collect()
}

/// One thread and four, kept for all tests of a process: making threads takes longer than most tests.
fn pools() -> &'static [ThreadPool] {
    static POOLS: OnceLock<Vec<ThreadPool>> = OnceLock::new();
    POOLS.get_or_init(|| {
        let pools = [1, 4].map(|count| ThreadPoolBuilder::new().num_threads(count).build());
        // Where threads cannot be had, there is nothing to compare.
        pools.into_iter().flatten().collect()
    })
}

/// The two sides of a law.
struct Sides {
    got: Vec<(f64, f64)>,
    want: Vec<(f64, f64)>,
}

/// What both sides are at some inputs.
type SidesAt<'a, T> = dyn Fn(&[ArrayD<T>]) -> Result<Sides, Trouble> + 'a;

impl Sides {
    fn off(&self) -> Vec<f64> {
        self.got.iter().zip(&self.want).map(|((a, _), (b, _))| a - b).collect()
    }
}

impl<T: Scalar, F: Function<T>> Held<'_, T, F> {
    fn run(&self, path: &[Step<T>]) -> Result<Arrays<T>, Trouble> {
        self.at(self.x, path)
    }

    fn at(&self, x: &[ArrayD<T>], path: &[Step<T>]) -> Result<Arrays<T>, Trouble> {
        Ok(self.function.run(x, path, self.fixed)?.outputs)
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

    /// The same up to rounding: of sums, a few thousand units of what their terms add up to; and where that does not do, the
    /// measured rounding of the difference. All numbers at once: one that is nothing but cancellation is small beside the
    /// others.
    fn near(&self, what: &str, sides: &SidesAt<'_, T>) -> Result<(), Cause> {
        let format = Format::of::<T>();
        let here = sides(self.x)?;
        let largest = here.got.iter().chain(&here.want).fold(0.0_f64, |m, (_, size)| m.max(*size));
        let off = here.off();
        let least = vec![8192.0 * format.unit * largest; off.len()];
        let mut allowed = least.clone();
        let broken = |allowed: &[f64]| {
            off.iter().zip(allowed).position(|(off, allowed)| off.abs() > *allowed || off.is_nan())
        };
        if broken(&allowed).is_some() {
            let mut random = Random(7);
            let v: Arrays<f64> =
                moving(self.x, self.fixed).map(|x| random.array::<f64>(x.shape()) * size(x)).collect();
            let mut at = |t: f64| {
                let there = defined(sides(&moved(self.x, self.fixed, &v, t)))?.map(|sides| sides.off());
                Ok(there.filter(|off| all_finite(off)))
            };
            let measured = noise(&mut at, &least, format)?;
            allowed = least.iter().zip(&measured).map(|(least, noise)| least + 4.0 * noise).collect();
        }
        let Some(place) = broken(&allowed) else { return Ok(()) };
        let pick = |numbers: &[(f64, f64)]| numbers.get(place).map_or(f64::NAN, |(value, _)| *value);
        let (got, want) = (pick(&here.got), pick(&here.want));
        let most = allowed.get(place).copied().unwrap_or(0.0);
        Err(self.broken(format!("{what}: {got:e} and {want:e}, apart by more than {most:.1e}")))
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
        self.near("the gradient of a sum of seeds and the sum of gradients", &|x| {
            let of = |seed: &Arrays<T>| self.at(x, &[reverse(seed)]);
            let (of_e, of_d) = (numbers(&of(e)?), numbers(&of(d)?));
            let want = of_e.iter().zip(of_d).map(|((e, size), (d, other))| (e + d, size + other)).collect();
            Ok(Sides { got: numbers(&of(&sum)?), want })
        })
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

    /// The derivative of the gradient along v: directly; as the gradient of the gradient's product with v; and as the gradient
    /// of the derivative along v.
    fn ways(&self, e: &Arrays<T>, v: &Arrays<T>) -> Result<(), Cause> {
        for (way, path) in [
            ("reverse over reverse", [reverse(e), reverse(v)]),
            ("reverse over forward", [forward(v), reverse(e)]),
        ] {
            self.near(&format!("forward over reverse and {way}"), &|x| {
                let direct = self.at(x, &[reverse(e), forward(v)])?;
                Ok(Sides { got: numbers(&direct), want: numbers(&self.at(x, &path)?) })
            })?;
        }
        Ok(())
    }

    fn compiled(&self, e: &Arrays<T>) -> Result<(), Cause> {
        let pools = pools();
        for path in [vec![], vec![reverse(e)]] {
            let (values, compiled) = self.function.both_ways(self.x, &path, self.fixed, pools)?;
            for (compiled, pool) in compiled.iter().zip(pools) {
                let threads = pool.current_num_threads();
                self.same(&format!("`value`, and a program on {threads} threads"), &values, compiled)?;
            }
        }
        Ok(())
    }
}
