//! [`Init`]: the numbers a parameter starts from.

mod normal;

use chainrule_graph::Scalar;
use ndarray::{ArrayD, IxDyn};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::hash::{BASIS, fnv1a};

/// How the numbers of a parameter are chosen before training.
///
/// | | values |
/// |---|---|
/// | `Zeros` | 0 |
/// | `Constant(c)` | `c` |
/// | `Uniform { low, high }` | uniform between `low` and `high` |
/// | `Xavier` | uniform between `-r` and `r`, `r = √(6 / (fan_in + fan_out))` |
/// | `He` | the same with `r = √(6 / fan_in)` |
/// | `LeCun` | the same with `r = √(3 / fan_in)` |
/// | `Normal { mean, deviation }` | normal |
/// | `TruncatedNormal { mean, deviation }` | normal, drawn again until it is within two deviations |
/// | `XavierNormal` | normal with mean 0 and deviation `√(2 / (fan_in + fan_out))` |
/// | `HeNormal` | the same with `√(2 / fan_in)` |
/// | `LeCunNormal` | the same with `√(1 / fan_in)` |
/// | `Orthogonal { gain }` | `gain` times a matrix with orthonormal rows or columns, whichever are fewer |
/// | `Identity` | 1 on the diagonal of a matrix, 0 elsewhere |
///
/// `fan_in` is how many numbers each output is computed from, `fan_out` how many outputs each input reaches; the layer
/// tells both (see [`Declarations::weight`](crate::Declarations::weight)). Those of Xavier, He and LeCun keep the size of the
/// signal about the same from layer to layer. `r` is `√3` times the standard deviation of the values.
///
/// # Reproducible
/// The values of a parameter depend on the seed, its own path (`encoder.0.weight`) and its place in the array alone:
/// adding, removing or widening another layer changes nothing, and neither does the platform. `f32` values are the
/// `f64` ones, rounded.
///
/// ```
/// use chainrule_layers::{Dense, Init, Params};
///
/// let layer = Dense::new(3, 2).init(Init::Uniform { low: -0.1, high: 0.1 });
/// let params = Params::<f64>::init(&layer, 7)?;
/// assert!(params.get("weight").is_some_and(|w| w.iter().all(|v| v.abs() <= 0.1)));
/// assert_eq!(params, Params::init(&layer, 7)?);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// [`Params::init`](crate::Params::init) refuses numbers that are not finite (in the graph's number type), `low > high`,
/// a negative deviation, a fan-in of 0 or unknown where the values depend on it, and shapes that are no matrix where one is
/// needed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Init {
    /// Zeros: right for biases, wrong for weights, whose rows would all learn the same.
    Zeros,
    /// The same number everywhere.
    Constant(f64),
    /// Uniform between two numbers, both of which may occur by rounding.
    Uniform {
        /// The smallest value.
        low: f64,
        /// The largest value.
        high: f64,
    },
    /// For sigmoid and tanh. X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    /// networks", AISTATS 2010, equation 16. Keras calls it `glorot_uniform`.
    Xavier,
    /// For relu. K. He et al., "Delving deep into rectifiers", ICCV 2015, equation 10: standard deviation `√(2 / fan_in)`.
    /// Keras calls it `he_uniform`, PyTorch `kaiming_uniform_`.
    He,
    /// For linear layers. Y. LeCun et al., "Efficient BackProp", 1998, section 4.6: standard deviation `1 / √fan_in`.
    /// Keras calls it `lecun_uniform`.
    LeCun,
    /// Normal numbers.
    Normal {
        /// Their mean.
        mean: f64,
        /// Their standard deviation.
        deviation: f64,
    },
    /// Normal numbers within two standard deviations of the mean; what is left has a standard deviation of 0.88 `deviation`.
    /// Keras calls it `truncated_normal`.
    TruncatedNormal {
        /// Their mean.
        mean: f64,
        /// The standard deviation before the ends are cut off.
        deviation: f64,
    },
    /// As [`Xavier`](Init::Xavier), with normal numbers. PyTorch calls it `xavier_normal_`.
    XavierNormal,
    /// As [`He`](Init::He), with normal numbers. PyTorch calls it `kaiming_normal_`.
    HeNormal,
    /// As [`LeCun`](Init::LeCun), with normal numbers: for selu.
    LeCunNormal,
    /// A matrix that keeps lengths, drawn evenly from all of them (the measure of Haar): normal rows or columns, made
    /// orthonormal one after the other. The first axis against all others together, as in PyTorch's `orthogonal_`. For deep
    /// and for recurrent networks: A. Saxe, J. McClelland and S. Ganguli, "Exact solutions to the nonlinear dynamics of
    /// learning in deep linear neural networks", ICLR 2014.
    Orthogonal {
        /// By what all is multiplied: 1, or `√2` before relu.
        gain: f64,
    },
    /// The identity, or as much of it as a matrix that is not square holds.
    Identity,
}

impl Init {
    /// The values of one parameter. `fans` are fan-in and fan-out, where the layer told them.
    pub(crate) fn values<T: Scalar>(
        self,
        shape: &[usize],
        fans: Option<[usize; 2]>,
        seed: u64,
        path: &str,
    ) -> Result<ArrayD<T>, Fault> {
        let memory = || {
            Fault::new(
                format!("an array of shape {shape:?} does not fit into memory"),
                "check the layer's sizes",
            )
        };
        let plan = self.plan(fans)?;
        let numbers = match plan {
            Plan::Uniform(a, b) | Plan::Normal(a, b) | Plan::Truncated(a, b) => [a, b],
            Plan::Orthogonal(gain) => [gain, gain],
            Plan::Identity => [0.0, 1.0],
        };
        if !numbers.into_iter().all(|number| T::of(number).is_finite()) {
            return Err(Fault::new(format!("{self:?} is not finite as {}", T::NAME), "give finite numbers"));
        }
        let mut generator = generator(seed, path);
        let filled = match plan {
            Plan::Uniform(low, high) if low > high => {
                return Err(Fault::new(
                    format!("{low} to {high} is no range"),
                    "`low` must not be above `high`",
                ));
            }
            Plan::Uniform(low, high) if low == high => fill(shape, || T::of(low)),
            // Weighted ends and not `low + u (high - low)`: the difference of two finite numbers may overflow.
            Plan::Uniform(low, high) => fill(shape, || {
                let u = unit(generator.next_u64());
                T::of((low * (1.0 - u) + high * u).max(low).min(high))
            }),
            Plan::Normal(_, deviation) | Plan::Truncated(_, deviation) if deviation < 0.0 => {
                return Err(Fault::new(
                    format!("the deviation is {deviation}"),
                    "give 0 or a positive number",
                ));
            }
            Plan::Normal(mean, deviation) => {
                let mut normal = normal::Normal::new(generator);
                fill(shape, || T::of(mean + deviation * normal.draw()))
            }
            Plan::Truncated(mean, deviation) => {
                let mut normal = normal::Normal::new(generator);
                fill(shape, || T::of(mean + deviation * normal.draw_within(2.0)))
            }
            Plan::Orthogonal(gain) => {
                let [rows, columns] = matrix(shape).ok_or_else(|| self.no_matrix(shape))?;
                let values = normal::orthogonal(rows, columns, normal::Normal::new(generator));
                let mut values = values.ok_or_else(memory)?.into_iter();
                fill(shape, || T::of(gain * values.next().unwrap_or_default()))
            }
            Plan::Identity => {
                let &[_, columns] = shape else { return Err(self.no_matrix(shape)) };
                let mut place = 0_usize;
                fill(shape, || {
                    let (row, column) = (place / columns, place % columns);
                    place += 1;
                    if row == column { T::one() } else { T::zero() }
                })
            }
        };
        filled.ok_or_else(memory)
    }

    fn no_matrix(self, shape: &[usize]) -> Fault {
        Fault::new(format!("{self:?} makes matrices, and the shape is {shape:?}"), "choose another `Init`")
    }

    /// With the fans put in.
    fn plan(self, fans: Option<[usize; 2]>) -> Result<Plan, Fault> {
        let deviation = |numerator: f64, sum: fn(f64, f64) -> f64| match fans {
            None => Err(Fault::new(
                format!("{self:?} needs the fan-in and fan-out of the parameter"),
                "declare it with `weight`, which tells them, and not with `parameter`",
            )),
            Some([0, _]) => Err(Fault::new(
                format!("{self:?} divides by the fan-in, which is 0"),
                "a layer without inputs has nothing to learn; `Init::Zeros` allows it",
            )),
            Some([fan_in, fan_out]) => Ok((numerator / sum(fan_in as f64, fan_out as f64)).sqrt()),
        };
        let both = |fan_in: f64, fan_out: f64| fan_in + fan_out;
        let one = |fan_in: f64, _: f64| fan_in;
        let uniform = |r: f64| Plan::Uniform(-r, r);
        let normal = |deviation: f64| Plan::Normal(0.0, deviation);
        Ok(match self {
            Init::Zeros => Plan::Uniform(0.0, 0.0),
            Init::Constant(c) => Plan::Uniform(c, c),
            Init::Uniform { low, high } => Plan::Uniform(low, high),
            Init::Normal { mean, deviation } => Plan::Normal(mean, deviation),
            Init::TruncatedNormal { mean, deviation } => Plan::Truncated(mean, deviation),
            Init::Orthogonal { gain } => Plan::Orthogonal(gain),
            Init::Identity => Plan::Identity,
            Init::Xavier => uniform(deviation(6.0, both)?),
            Init::He => uniform(deviation(6.0, one)?),
            Init::LeCun => uniform(deviation(3.0, one)?),
            Init::XavierNormal => normal(deviation(2.0, both)?),
            Init::HeNormal => normal(deviation(2.0, one)?),
            Init::LeCunNormal => normal(deviation(1.0, one)?),
        })
    }
}

/// How values are made.
#[derive(Clone, Copy)]
enum Plan {
    /// Between two numbers.
    Uniform(f64, f64),
    /// Of a mean and a deviation.
    Normal(f64, f64),
    /// The same, within two deviations.
    Truncated(f64, f64),
    /// With a gain.
    Orthogonal(f64),
    Identity,
}

/// The first axis and all others together, if there are others.
fn matrix(shape: &[usize]) -> Option<[usize; 2]> {
    match shape {
        [] | [_] => None,
        [rows, rest @ ..] => {
            Some([*rows, rest.iter().try_fold(1_usize, |all, &n| all.checked_mul(n)).unwrap_or(usize::MAX)])
        }
    }
}

/// `None` if memory cannot be had.
fn fill<T>(shape: &[usize], value: impl FnMut() -> T) -> Option<ArrayD<T>> {
    let count = shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n))?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).ok()?;
    values.extend(std::iter::repeat_with(value).take(count));
    ArrayD::from_shape_vec(IxDyn(shape), values).ok()
}

/// The upper 53 bits as a number in `[0, 1)`: every value is a multiple of `2⁻⁵³`, so nothing is rounded.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// A generator of the parameter's own. The path is hashed into state and stream alike: generators that share either
/// are correlated. FNV-1a, because the hashes of the standard library may change with its version.
pub(crate) fn generator(seed: u64, path: &str) -> Pcg64 {
    let [a, b] = [BASIS, BASIS.rotate_left(32)].map(|start| fnv1a(start, path.bytes()));
    let wide = |high: u64, low: u64| u128::from(mix(high)) << 64 | u128::from(mix(low));
    let seed = mix(seed);
    Pcg64::new(wide(seed ^ a, seed.wrapping_add(b)), wide(a.wrapping_add(seed), b ^ seed.rotate_left(32)))
}

/// The last steps of SplitMix64: each bit of the argument reaches each bit of the result.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_interval_is_half_open() {
        assert_eq!(unit(0), 0.0);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(unit(1 << 63), 0.5);
    }

    /// The figures are from an independent program (PCG XSL-RR 128/64, FNV-1a and SplitMix64 in Python): another
    /// platform, or a later version, must give the same.
    #[test]
    fn the_values_never_change() {
        let draw = |seed, path| {
            let unit = Init::Uniform { low: 0.0, high: 1.0 };
            unit.values::<f64>(&[3], None, seed, path).unwrap().into_raw_vec_and_offset().0
        };
        assert_eq!(draw(0, "0.weight"), [0.9720590117625599, 0.33707194739944346, 0.32194809981063777]);
        assert_eq!(
            draw(u64::MAX, "encoder.0.bias"),
            [0.30762468739782656, 0.929729111414626, 0.3630969930532515]
        );
    }

    /// From the same program; its logarithm and sine may round otherwise in the last place.
    #[test]
    fn normal_values_never_change() {
        let normal = Init::Normal { mean: 0.0, deviation: 1.0 };
        let values = normal.values::<f64>(&[4], None, 0, "0.weight").unwrap();
        let want = [-1.3915147420157228, 2.2845147918838977, -0.4979679173072716, -0.7273863095851207];
        assert!(values.iter().zip(want).all(|(a, b)| (a / b - 1.0).abs() < 5e-16), "{values}");
    }
}
