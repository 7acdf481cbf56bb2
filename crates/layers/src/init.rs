//! [`Init`]: the numbers a parameter starts from.

use chainrule_graph::Scalar;
use ndarray::{ArrayD, IxDyn};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

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
///
/// `fan_in` is how many numbers each output is computed from, `fan_out` how many outputs each input reaches; the layer
/// tells both (see [`Declarations::weight`](crate::Declarations::weight)). The last three keep the size of the signal
/// about the same from layer to layer. `r` is `√3` times the standard deviation of the values.
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
/// and a fan-in of 0 or unknown for the last three.
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
        let [low, high] = self.range(fans)?;
        if ![low, high].into_iter().all(|bound| T::of(bound).is_finite()) {
            let reason = format!("{self:?} is not finite as {}", T::NAME);
            return Err(Fault::new(reason, "give finite numbers"));
        }
        if low > high {
            return Err(Fault::new(format!("{low} to {high} is no range"), "`low` must not be above `high`"));
        }
        let mut generator = generator(seed, path);
        let filled = if low == high {
            fill(shape, || T::of(low))
        } else {
            // Weighted ends and not `low + u (high - low)`: the difference of two finite numbers may overflow.
            fill(shape, || {
                let u = unit(generator.next_u64());
                T::of((low * (1.0 - u) + high * u).max(low).min(high))
            })
        };
        filled.ok_or_else(|| {
            Fault::new(
                format!("an array of shape {shape:?} does not fit into memory"),
                "check the layer's sizes",
            )
        })
    }

    /// The smallest and the largest value.
    fn range(self, fans: Option<[usize; 2]>) -> Result<[f64; 2], Fault> {
        let variance = |numerator: f64, sum: fn(f64, f64) -> f64| match fans {
            None => Err(Fault::new(
                format!("{self:?} needs the fan-in and fan-out of the parameter"),
                "declare it with `weight`, which tells them, and not with `parameter`",
            )),
            Some([0, _]) => Err(Fault::new(
                format!("{self:?} divides by the fan-in, which is 0"),
                "a layer without inputs has nothing to learn; `Init::Zeros` allows it",
            )),
            Some([fan_in, fan_out]) => {
                let r = (numerator / sum(fan_in as f64, fan_out as f64)).sqrt();
                Ok([-r, r])
            }
        };
        match self {
            Init::Zeros => Ok([0.0, 0.0]),
            Init::Constant(c) => Ok([c, c]),
            Init::Uniform { low, high } => Ok([low, high]),
            Init::Xavier => variance(6.0, |fan_in, fan_out| fan_in + fan_out),
            Init::He => variance(6.0, |fan_in, _| fan_in),
            Init::LeCun => variance(3.0, |fan_in, _| fan_in),
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
    let fnv = |offset: u64| {
        path.bytes().fold(offset, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    let (a, b) = (fnv(0xcbf2_9ce4_8422_2325), fnv(0x8422_2325_cbf2_9ce4));
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
}
