//! What a workload is, and what everything that can run one looks like.

use std::error::Error;
use std::fmt;

use chainrule::Var;
use chainrule::graph::Scalar;
use clap::ValueEnum;
use ndarray::{ArrayD, ArrayViewD};

/// Whatever went wrong, for a program that can only say so and stop.
pub type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// The ten workloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
#[allow(missing_docs)]
pub enum Id {
    W1,
    W2,
    W3,
    W4,
    W5,
    W6,
    W7,
    W8,
    W9,
    W10,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A unit of time, and how many of it a second has; a unit may be for one of many operations of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// As printed.
    pub name: &'static str,
    /// Seconds of one call, times this, are in the unit.
    pub per_second: f64,
}

/// What a workload must come to, as two independent engines have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Check {
    /// The loss that the first step reports, and the one of the sixth.
    Steps {
        /// At the initial parameters.
        loss0: f64,
        /// After five steps.
        loss5: f64,
    },
    /// A value and the sum of the absolute gradient over all parameters; for the Hessian-vector product `v'Hv` and the
    /// sum of `|Hv|`.
    Values {
        /// The value.
        loss: f64,
        /// The sum.
        gabs: f64,
    },
}

impl Check {
    /// The names and numbers.
    pub fn named(self) -> [(&'static str, f64); 2] {
        match self {
            Check::Steps { loss0, loss5 } => [("loss0", loss0), ("loss5", loss5)],
            Check::Values { loss, gabs } => [("loss", loss), ("gabs", gabs)],
        }
    }

    /// The largest relative distance of the two numbers from the expected ones.
    pub fn distance(self, expected: Check) -> f64 {
        let pairs = self.named().into_iter().zip(expected.named());
        pairs.map(|((_, have), (_, want))| ((have - want) / want).abs()).fold(0.0, nan_or_larger)
    }
}

fn nan_or_larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

impl Id {
    /// All, in order.
    pub const ALL: [Id; 10] =
        [Id::W1, Id::W2, Id::W3, Id::W4, Id::W5, Id::W6, Id::W7, Id::W8, Id::W9, Id::W10];

    /// What its times are given in.
    pub fn unit(self) -> Unit {
        match self {
            Id::W1 | Id::W2 | Id::W3 => Unit { name: "us", per_second: 1e6 },
            Id::W6 => Unit { name: "ns per op", per_second: 1e9 / 9999.0 },
            Id::W4 | Id::W5 | Id::W7 | Id::W8 | Id::W9 | Id::W10 => Unit { name: "ms", per_second: 1e3 },
        }
    }

    /// What it must come to.
    pub fn expected(self) -> Check {
        match self {
            Id::W1 => Check::Steps { loss0: 0.248295009, loss5: 0.147201568 },
            Id::W2 => Check::Steps { loss0: 0.25115056, loss5: 0.24987962 },
            Id::W3 => Check::Steps { loss0: 2.35065007, loss5: 2.29196596 },
            Id::W4 => Check::Steps { loss0: 2.3039183, loss5: 1.930383 },
            Id::W5 => Check::Steps { loss0: 2.3017626, loss5: 2.2953171 },
            Id::W6 => Check::Values { loss: 2.86395288, gabs: 914.61793 },
            Id::W7 => Check::Values { loss: 716710.25, gabs: 896852.537 },
            Id::W8 => Check::Steps { loss0: 0.7201440, loss5: 0.7135245 },
            Id::W9 => Check::Values { loss: -12632.313282078, gabs: 21134.63523035 },
            Id::W10 => Check::Values { loss: 16.311937, gabs: 286.712252 },
        }
    }

    /// How far from the expected numbers a result may be, relative: two units or so of the digits they are given with.
    pub fn tolerance(self) -> f64 {
        match self {
            Id::W9 => 1e-10,
            // Whose digits are fewest.
            Id::W4 => 2e-6,
            _ => 1e-6,
        }
    }
}

/// A workload on a graph: its data, and how one call is recorded.
///
/// `I` arrays come in with each call and `O` go out; the state (parameters, an optimiser's moments) stays from call to call.
pub struct Workload<T, const I: usize, const O: usize> {
    /// Which one.
    pub id: Id,
    /// What comes in with each call.
    pub inputs: [ArrayD<T>; I],
    /// What the first call finds; each array becomes a variable of the graph.
    pub state: Vec<ArrayD<T>>,
    /// Records one call on the graph that these nodes belong to: the inputs, then the state.
    pub record: Record<T, I, O>,
}

/// Records one call; see [`Workload::record`].
pub type Record<T, const I: usize, const O: usize> =
    for<'g> fn([Var<'g, T>; I], &[Var<'g, T>]) -> Result<Recorded<'g, T, O>>;

/// One call, recorded.
pub struct Recorded<'g, T, const O: usize> {
    /// The loss or value, then gradients, where the call returns them; for the Hessian-vector product, the product.
    pub outputs: [Var<'g, T>; O],
    /// What replaces the state, in its order; nothing if the state stays as it is.
    pub next: Vec<Var<'g, T>>,
}

impl<T: Scalar, const I: usize, const O: usize> Workload<T, I, O> {
    /// The two numbers of [`Check::Values`].
    pub fn sums(&self, outputs: &[ArrayViewD<'_, T>; O]) -> (f64, f64) {
        let absolute =
            |arrays: &[ArrayViewD<'_, T>]| -> f64 { arrays.iter().flatten().map(|x| x.as_f64().abs()).sum() };
        match self.id {
            Id::W10 => {
                // The vector is the last inputs.
                let vector = self.inputs[I - O..].iter().flatten();
                let product =
                    outputs.iter().flatten().zip(vector).map(|(a, b)| a.as_f64() * b.as_f64()).sum();
                (product, absolute(outputs))
            }
            _ => (first(outputs), absolute(&outputs[1..])),
        }
    }
}

/// The first number of the first array.
pub fn first<T: Scalar>(outputs: &[ArrayViewD<'_, T>]) -> f64 {
    outputs.first().and_then(|array| array.first()).map_or(f64::NAN, |x| x.as_f64())
}

/// Something that does the work of a workload, prepared.
pub trait Calls {
    /// The timed call. It returns the loss that a step reports, or the first number it computed: the state is new after it.
    fn call(&mut self) -> Result<f64>;

    /// A call whose value and gradients are summed up, as [`Check::Values`] has them.
    fn sums(&mut self) -> Result<(f64, f64)>;
}

/// Calls it from its fresh state, as often as the check needs it.
pub fn check(id: Id, calls: &mut dyn Calls) -> Result<Check> {
    Ok(match id.expected() {
        Check::Steps { .. } => {
            let loss0 = calls.call()?;
            for _ in 0..4 {
                calls.call()?;
            }
            Check::Steps { loss0, loss5: calls.call()? }
        }
        Check::Values { .. } => {
            let (loss, gabs) = calls.sums()?;
            Check::Values { loss, gabs }
        }
    })
}
