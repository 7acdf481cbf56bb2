//! The scalar functions of complex numbers, from real formulas that keep a tiny imaginary part.
//!
//! (Several of `num_complex` go through polar coordinates and lose it, or lose it on the way.)

use chainrule::graph::{Binary, Unary};

use super::C;

/// The step of the complex step: its square is far below the smallest number beside 1.
pub const H: f64 = 1e-100;

fn exp(z: C) -> C {
    let size = z.re.exp();
    C::new(size * z.im.cos(), size * z.im.sin())
}

fn ln(z: C) -> C {
    C::new(z.re.hypot(z.im).ln(), z.im.atan2(z.re))
}

fn recip(z: C) -> C {
    // Smith's way for a small imaginary part: no square of the argument that could overflow.
    let ratio = z.im / z.re;
    let size = z.re + z.im * ratio;
    C::new(1.0 / size, -ratio / size)
}

fn sqrt(z: C) -> C {
    let root = ((z.re.hypot(z.im) + z.re) / 2.0).sqrt();
    C::new(root, z.im / (2.0 * root))
}

/// By definition: one factor after another.
fn powi(z: C, n: i32) -> C {
    let power = (0..n.unsigned_abs()).fold(C::new(1.0, 0.0), |power, _| power * z);
    if n < 0 { recip(power) } else { power }
}

fn powf(z: C, c: f64) -> C {
    exp(ln(z) * c)
}

fn sigmoid(z: C) -> C {
    // Whichever exponential does not overflow.
    if z.re < 0.0 { exp(z) * recip(exp(z) + 1.0) } else { recip(exp(-z) + 1.0) }
}

fn tanh(z: C) -> C {
    let (a, b) = (2.0 * z.re, 2.0 * z.im);
    if a.abs() > 40.0 {
        // The same, with both parts of the fraction times 2 e^-|a|: cosh overflows, this does not.
        let t = (-a.abs()).exp();
        let size = 1.0 + t * t + 2.0 * t * b.cos();
        return C::new((1.0 - t * t).copysign(a) / size, 2.0 * t * b.sin() / size);
    }
    let size = a.cosh() + b.cos();
    C::new(a.sinh() / size, b.sin() / size)
}

fn real(x: f64) -> C {
    C::new(x, 0.0)
}

fn bell(x: f64) -> f64 {
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp()
}

/// By its power series, 2/√π Σ (-1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)): for arguments of ordinary size.
fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

/// The registry's functions of one number; `None` for one that has no row here, which fails a test.
pub fn unary(f: Unary<f64>, z: C) -> Option<C> {
    Some(match f {
        Unary::Neg => -z,
        Unary::Add(c) => z + c,
        Unary::Mul(c) => z * c,
        Unary::Div(c) => z / c,
        Unary::DivInto(c) => recip(z) * c,
        Unary::Square => z * z,
        Unary::Sqrt => sqrt(z),
        Unary::Powi(n) => powi(z, n),
        Unary::Powf(c) => powf(z, c),
        Unary::Exp => exp(z),
        Unary::Ln => ln(z),
        Unary::Sigmoid => sigmoid(z),
        Unary::Tanh => tanh(z),
        Unary::LogisticDensity => sigmoid(z) * sigmoid(-z),
        // Not analytic: chosen by the real part.
        Unary::Relu => {
            if z.re > 0.0 {
                z
            } else {
                C::new(0.0, 0.0)
            }
        }
        Unary::Step => C::new(if z.re > 0.0 { 1.0 } else { 0.0 }, 0.0),
        Unary::Abs => {
            if z.re > 0.0 {
                z
            } else {
                -z
            }
        }
        Unary::Sign => real(if z.re == 0.0 { 0.0 } else { z.re.signum() }),
        Unary::Floor => real(z.re.floor()),
        Unary::Clamp(low, high) => {
            if z.re <= low {
                real(low)
            } else if z.re >= high {
                real(high)
            } else {
                z
            }
        }
        Unary::Inside(low, high) => real(f64::from(low < z.re && z.re < high)),
        Unary::Expm1 => C::new(z.re.exp_m1(), z.re.exp() * z.im),
        Unary::Log1p => C::new(z.re.ln_1p(), z.im / (1.0 + z.re)),
        Unary::Sin => C::new(z.re.sin() * z.im.cosh(), z.re.cos() * z.im.sinh()),
        Unary::Cos => C::new(z.re.cos() * z.im.cosh(), -z.re.sin() * z.im.sinh()),
        Unary::Tan => {
            let sin = C::new(z.re.sin() * z.im.cosh(), z.re.cos() * z.im.sinh());
            sin * recip(C::new(z.re.cos() * z.im.cosh(), -z.re.sin() * z.im.sinh()))
        }
        // ½ i (ln(1 - iz) - ln(1 + iz)) would lose a tiny imaginary part; to first order in it:
        Unary::Atan => C::new(z.re.atan2(1.0), z.im / (1.0 + z.re * z.re)),
        Unary::Softplus => C::new((1.0 + z.re.exp()).ln(), z.im * sigmoid(real(z.re)).re),
        Unary::Erf => C::new(erf(z.re), z.im * bell(z.re)),
        Unary::Erfc => C::new(1.0 - erf(z.re), -z.im * bell(z.re)),
    })
}

/// SplitMix64's mixing of the bits, by arithmetic on wide integers.
fn noise(a: f64, b: f64) -> f64 {
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

/// The registry's functions of two numbers.
pub fn binary(f: Binary, a: C, b: C) -> Option<C> {
    Some(match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        // Away from zeros, where alone it is compared, the chain rule's product is a product.
        Binary::Mul | Binary::Chain => a * b,
        Binary::Div => a * recip(b),
        Binary::Pow => exp(ln(a) * b),
        Binary::Maximum => {
            if a.re > b.re {
                a
            } else if a.re < b.re {
                b
            } else {
                (a + b) / 2.0
            }
        }
        Binary::Minimum => {
            if a.re < b.re {
                a
            } else if a.re > b.re {
                b
            } else {
                (a + b) / 2.0
            }
        }
        Binary::Above => real(if a.re == b.re { 0.5 } else { f64::from(a.re > b.re) }),
        Binary::Less => real(f64::from(a.re < b.re)),
        Binary::LessEqual => real(f64::from(a.re <= b.re)),
        Binary::Equal => real(f64::from(a.re == b.re)),
        // to first order in the imaginary parts
        Binary::Atan2 => C::new(a.re.atan2(b.re), (a.im * b.re - a.re * b.im) / (a.re * a.re + b.re * b.re)),
        Binary::Hypot => sqrt(a * a + b * b),
        Binary::Noise => real(noise(a.re, b.re)),
    })
}

/// The slope by complex step.
pub fn slope(f: Unary<f64>, x: f64) -> Option<f64> {
    unary(f, C::new(x, H)).map(|z| z.im / H)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The oracle against slopes written by hand.
    #[test]
    fn known_derivatives() {
        for x in [0.125_f64, 0.5, 1.0, 2.75, -0.5, -3.0] {
            let known = [
                (Unary::Exp, x.exp()),
                (Unary::Sigmoid, 1.0 / (2.0 + x.exp() + (-x).exp())),
                (Unary::Tanh, 1.0 / x.cosh().powi(2)),
                (Unary::Square, 2.0 * x),
                (Unary::Powi(5), 5.0 * x * x * x * x),
                (Unary::Powi(-3), -3.0 / (x * x * x * x)),
                (Unary::Powi(0), 0.0),
                (Unary::DivInto(2.5), -2.5 / (x * x)),
                (Unary::Relu, if x > 0.0 { 1.0 } else { 0.0 }),
                (Unary::Step, 0.0),
                (Unary::Neg, -1.0),
            ];
            let positive = [
                (Unary::Ln, 1.0 / x),
                (Unary::Sqrt, 0.5 / x.abs().sqrt()),
                (Unary::Powf(1.5), 1.5 * x.abs().sqrt()),
                (Unary::Powf(-0.5), -0.5 / (x * x.abs().sqrt())),
                (Unary::Powf(0.0), 0.0),
            ];
            for (f, want) in known.into_iter().chain(positive.into_iter().filter(|_| x > 0.0)) {
                let got = slope(f, x).unwrap();
                assert!((got - want).abs() <= 1e-14 * want.abs(), "{f:?} at {x}: {got}, not {want}");
            }
        }
    }

    /// Far out the exponentials overflow, the functions do not: slopes vanish, and nothing is NaN.
    #[test]
    fn saturated_functions_are_finite() {
        for (f, top) in [(Unary::Sigmoid, 1.0), (Unary::Tanh, 1.0)] {
            for x in [300.0, 800.0, 1e4, 1e300] {
                assert_eq!(unary(f, C::new(x, H)).unwrap().re, top, "{f:?} of {x}");
                let left = unary(f, C::new(-x, H)).unwrap();
                assert!(left.re.is_finite() && left.re <= 0.0_f64.max(1e-100), "{f:?} of -{x}: {left}");
                assert!(slope(f, x).unwrap().abs() < 1e-100 && slope(f, -x).unwrap().abs() < 1e-100, "{f:?}");
            }
        }
        // Where the two formulas meet.
        for x in [19.99_f64, 20.01] {
            let want = 1.0 / x.cosh().powi(2);
            assert!((slope(Unary::Tanh, x).unwrap() / want - 1.0).abs() < 1e-14);
        }
    }

    /// The magnitudes of the bound are slopes taken in the same way, so linearity in the step matters.
    #[test]
    fn the_step_does_not_matter() {
        for f in Unary::all() {
            let at = |h: f64| unary(f, C::new(0.75, h)).unwrap().im / h;
            assert!((at(H) - at(1e3 * H)).abs() <= 1e-15 * at(H).abs(), "{f:?}");
        }
    }
}
