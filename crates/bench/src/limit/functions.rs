//! Functions without branches, so that loops over them vectorise. Right to two units or so in the last place of 1, or of larger
//! results, in the range that the workloads need; no care for small results, NaNs, infinities or tails.

/// Adding it rounds to a whole number and leaves that in the lowest bits.
const ROUND: f32 = 12_582_912.0;
const ROUND_F64: f64 = 6_755_399_441_055_744.0;

/// The polynomial with these coefficients, the highest first.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[0];
    for c in &coefficients[1..] {
        sum = sum.mul_add(x, *c);
    }
    sum
}

#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    let rounded = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = n.mul_add(2.121_944_4e-4, n.mul_add(-0.693_359_4, x));
    let p = polynomial(r, [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
    let y = p.mul_add(r * r, r) + 1.0;
    y * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// `ln(1 + x)` for `x` from 0 on.
#[inline(always)]
pub(super) fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    let lost = (x - (u - 1.0)) / u;
    let exponent = (u.to_bits().wrapping_sub(0x3f35_04f3) as i32) >> 23;
    let f = f32::from_bits(u.to_bits().wrapping_sub((exponent << 23) as u32)) - 1.0;
    let p = polynomial(
        f,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_7e-1,
            2.000_071_4e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let square = f * f;
    let e = exponent as f32;
    let y = e.mul_add(-2.121_944_4e-4, p * f * square) - 0.5 * square;
    e.mul_add(0.693_359_4, f + y) + lost
}

/// `sin r` for `r` between -pi/2 and pi/2.
#[inline(always)]
fn half_wave(r: f32) -> f32 {
    let s = r * r;
    let p = polynomial(s, [2.608_316e-6, -1.981_069e-4, 8.333_079e-3, -1.666_666e-1]);
    p.mul_add(s * r, r)
}

/// `x - n pi`
#[inline(always)]
fn less_half_turns(x: f32, n: f32) -> f32 {
    n.mul_add(-1.984_187_3e-9, n.mul_add(-1.131_594_2e-4, n.mul_add(-3.141_479_5, x)))
}

#[inline(always)]
pub(super) fn sin(x: f32) -> f32 {
    let rounded = x.mul_add(std::f32::consts::FRAC_1_PI, ROUND);
    let y = half_wave(less_half_turns(x, rounded - ROUND));
    f32::from_bits(y.to_bits() ^ (rounded.to_bits() << 31))
}

#[inline(always)]
pub(super) fn cos(x: f32) -> f32 {
    let rounded = x.mul_add(std::f32::consts::FRAC_1_PI, -0.5) + ROUND;
    let y = half_wave(less_half_turns(x, rounded - ROUND + 0.5));
    f32::from_bits(y.to_bits() ^ ((rounded.to_bits() ^ 1) << 31))
}

/// `exp x` for `x` up to 0: that of a very small one is a very small number, not 0.
#[inline(always)]
pub(super) fn exp_f64(x: f64) -> f64 {
    let x = x.max(-700.0);
    let rounded = x.mul_add(std::f64::consts::LOG2_E, ROUND_F64);
    let n = rounded - ROUND_F64;
    let r = n.mul_add(-1.908_214_929_270_587_7e-10, n.mul_add(-6.931_471_803_691_238e-1, x));
    // Taylor's, up to r^13: |r| is at most ln(2) / 2.
    let mut sum: f64 = 1.0 / 6_227_020_800.0;
    for factorial in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0,
        1.0,
    ] {
        sum = sum.mul_add(r, 1.0 / factorial);
    }
    sum * f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the standard library, in `f64`.
    #[test]
    fn right_to_two_units() {
        let close = |have: f32, want: f64, x: f32| {
            let error = (f64::from(have) - want).abs();
            assert!(error <= 2e-7 * (1.0 + want.abs()), "at {x}: {have} for {want}");
        };
        for i in -4000..=4000 {
            let x = i as f32 * 1e-3;
            let exact = f64::from(x);
            close(exp(x), exact.exp(), x);
            close(tanh(x), exact.tanh(), x);
            close(sigmoid(x), 1.0 / (1.0 + (-exact).exp()), x);
            close(sin(x), exact.sin(), x);
            close(cos(x), exact.cos(), x);
            close(log1p(x.abs()), exact.abs().ln_1p(), x);
            let y = exact * 10.0 - 40.0;
            assert!((exp_f64(y) / y.exp() - 1.0).abs() < 1e-15, "at {y}");
        }
    }
}
