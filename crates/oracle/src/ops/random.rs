//! Random numbers that a key determines, as the engine makes them.

use crate::{Array, Number};

/// A number in `[0, 1)` that the bits of two numbers determine: SplitMix64's mixing (S. Vigna), here by arithmetic on wide
/// integers. NaN if one of them is.
pub fn noise(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    const SIZE: u128 = 1 << 64;
    let mix = |x: u128| {
        let x = (x ^ (x / (1 << 30))) * 0xbf58_476d_1ce4_e5b9 % SIZE;
        let x = (x ^ (x / (1 << 27))) * 0x94d0_49bb_1331_11eb % SIZE;
        x ^ (x / (1 << 31))
    };
    let bits = |x: f64| u128::from(x.to_bits());
    let sum = (mix(bits(a)) + mix(bits(b) ^ 0x9e37_79b9_7f4a_7c15)) % SIZE;
    (mix(sum) / (1 << 11)) as f64 / 2_f64.powi(53)
}

/// The same in single precision: the mixing of `lowbias32` (C. Wellons).
///
/// ```
/// use chainrule_oracle::ops;
/// assert!(ops::noise_single(1.0, 2.0) != ops::noise_single(2.0, 1.0));
/// ```
pub fn noise_single(a: f32, b: f32) -> f32 {
    if a.is_nan() || b.is_nan() {
        return f32::NAN;
    }
    const SIZE: u64 = 1 << 32;
    let mix = |x: u64| {
        let x = (x ^ (x / (1 << 16))) * 0x7feb_352d % SIZE;
        let x = (x ^ (x / (1 << 15))) * 0x846c_a68b % SIZE;
        x ^ (x / (1 << 16))
    };
    let bits = |x: f32| u64::from(x.to_bits());
    let sum = (mix(bits(a)) + mix(bits(b) ^ 0x9e37_79b9)) % SIZE;
    (mix(sum) / (1 << 8)) as f32 / (1 << 24) as f32
}

/// A new key from each key and number, after broadcasting.
pub fn fold_in<N: Number>(key: &Array<N>, number: &Array<N>) -> Array<N> {
    key.zip(number, N::noise)
}

/// Uniform numbers in `[0, 1)`: the noise of the key and the row-major position.
pub fn uniform<N: Number>(key: N, shape: &[usize]) -> Array<N> {
    let data = (0..crate::count(shape)).map(|position| key.noise(N::of(position as f64)));
    Array { shape: shape.to_vec(), data: data.collect() }
}

/// Normal numbers by Box and Muller: `√(-2 ln(1 - u)) cos(2πv)` of uniform numbers `u` and `v` of two keys.
pub fn normal<N: Number>(key: N, shape: &[usize]) -> Array<N> {
    let draw = |number: f64| uniform(key.noise(N::of(number)), shape);
    draw(1.0).zip(&draw(2.0), |u, v| {
        ((N::of(1.0) - u).ln() * N::of(-2.0)).sqrt() * (v * N::of(std::f64::consts::TAU)).cos()
    })
}
