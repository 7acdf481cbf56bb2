//! Against figures of 32 digits (`table.csv`, made by `table.py`), against the standard library in double precision, and
//! at the values where a formula alone would go wrong; on every processor that this machine can be.

use super::Math;
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::scalar::Scalar;

/// A function, and what is promised: the largest error in units in the last place, where `a b + c` is rounded once and
/// where it is rounded twice.
struct Function<T> {
    name: &'static str,
    run: fn(Cpu, &[T], &mut [T]),
    reference: fn(f64) -> f64,
    /// For `f32`, then for `f64`.
    bounds: [[f64; 2]; 2],
}

macro_rules! elementwise {
    ($method:ident) => {{
        struct Loop<'a, T>(&'a [T], &'a mut [T]);
        impl<T: Scalar + Math> Kernel for Loop<'_, T> {
            type Output = ();
            #[inline(always)]
            fn run<A: Arithmetic>(self) {
                for (out, &x) in self.1.iter_mut().zip(self.0) {
                    *out = x.$method::<A>();
                }
            }
        }
        |cpu: Cpu, x: &[T], out: &mut [T]| cpu.run(Loop(x, out))
    }};
}

macro_rules! slice {
    ($method:ident) => {{
        struct Loop<'a, T>(&'a [T], &'a mut [T]);
        impl<T: Scalar + Math> Kernel for Loop<'_, T> {
            type Output = ();
            #[inline(always)]
            fn run<A: Arithmetic>(self) {
                T::$method::<A>(self.0, self.1);
            }
        }
        |cpu: Cpu, x: &[T], out: &mut [T]| cpu.run(Loop(x, out))
    }};
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn density(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

fn functions<T: Scalar + Math>() -> Vec<Function<T>> {
    let row = |name, run, reference, bounds| Function { name, run, reference, bounds };
    vec![
        row("exp", elementwise!(exp_with), f64::exp, [[1.0, 1.0], [1.0, 1.0]]),
        row("expm1", elementwise!(expm1_with), f64::exp_m1, [[1.1, 1.2], [1.2, 1.1]]),
        row("ln", elementwise!(ln_with), f64::ln, [[0.9, 0.9], [0.8, 0.8]]),
        row("ln_1p", elementwise!(ln_1p_with), f64::ln_1p, [[1.1, 1.1], [0.9, 0.9]]),
        row("sin", slice!(sin_slice), f64::sin, [[0.9, 0.6], [0.9, 0.9]]),
        row("cos", slice!(cos_slice), f64::cos, [[0.9, 0.6], [0.9, 0.9]]),
        row("sin", elementwise!(sin_with), f64::sin, [[0.9, 0.6], [0.9, 0.9]]),
        row("cos", elementwise!(cos_with), f64::cos, [[0.9, 0.6], [0.9, 0.9]]),
        row("tanh", elementwise!(tanh_with), f64::tanh, [[1.1, 1.1], [1.1, 1.1]]),
        row("sigmoid", elementwise!(sigmoid_with), sigmoid, [[2.4, 2.4], [2.0, 2.0]]),
        row("density", elementwise!(logistic_density_with), density, [[2.5, 2.5], [2.2, 2.2]]),
        row("softplus", elementwise!(softplus_with), softplus, [[1.7, 1.7], [1.5, 1.5]]),
        row("erf", elementwise!(erf_with), libm::erf, [[1.1, 1.3], [1.1, 1.2]]),
        row("erfc", elementwise!(erfc_with), libm::erfc, [[2.4, 2.6], [1.8, 1.9]]),
    ]
}

impl<T: Scalar> Function<T> {
    fn values(&self, cpu: Cpu, x: &[T]) -> Vec<T> {
        let mut out = vec![T::zero(); x.len()];
        (self.run)(cpu, x, &mut out);
        out
    }

    /// On every processor; the vector processors have to agree.
    fn everywhere(&self, x: &[T]) -> Vec<(Cpu, Vec<T>)> {
        let all: Vec<_> = Cpu::available().into_iter().map(|cpu| (cpu, self.values(cpu, x))).collect();
        let vectors = all.get(1..).unwrap_or_default();
        assert!(vectors.windows(2).all(|two| all_same(&two[0].1, &two[1].1)), "{} differs", self.name);
        all
    }

    fn bound(&self, cpu: Cpu) -> f64 {
        self.bounds[usize::from(T::NAME == "f64")][usize::from(cpu.name() == "portable")]
    }
}

/// The error of `y` in units in the last place that `T` has at `exact`, the sum of the two.
fn error<T: Scalar>(y: T, exact: (f64, f64)) -> f64 {
    let (digits, lowest) = if T::NAME == "f32" { (23, -149) } else { (52, -1074) };
    // In single precision infinity is one step beyond the largest number.
    let end = 2.0_f64.powi(128);
    let within = |x: f64| if T::NAME == "f32" { x.clamp(-end, end) } else { x };
    let (y, high) = (within(y.as_f64()), within(exact.0));
    if y == high {
        // (What is in the second part is less than half a unit.)
        return 0.0;
    }
    let exponent = (high.abs().to_bits() >> 52) as i32 - 1023;
    let unit = (exponent - digits).max(lowest);
    // In two steps, because 2^1074 is beyond the range.
    ((y - high) - exact.1).abs() * 2.0_f64.powi(-unit / 2) * 2.0_f64.powi(-unit - -unit / 2)
}

fn same<T: Scalar>(a: T, b: T) -> bool {
    a.is_nan() && b.is_nan() || a == b && a.is_sign_negative() == b.is_sign_negative()
}

fn all_same<T: Scalar>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b))
}

/// Name, argument, value.
fn table() -> Vec<(&'static str, f64, (f64, f64))> {
    let row = |line: &'static str| {
        let mut fields = line.split(',');
        let name = fields.next()?;
        let mut number = || fields.next()?.parse().ok();
        Some((name, number()?, (number()?, number()?)))
    };
    include_str!("table.csv").lines().map(|line| row(line).expect(line)).collect()
}

fn table_holds<T: Scalar + Math>() {
    let table = table();
    for function in functions::<T>() {
        let rows = table.iter().filter(|row| row.0 == function.name && T::of(row.1).as_f64() == row.1);
        let (x, exact): (Vec<T>, Vec<_>) = rows.map(|row| (T::of(row.1), row.2)).unzip();
        assert!(x.len() > 60, "{}: {} rows", function.name, x.len());
        for (cpu, values) in function.everywhere(&x) {
            for ((&x, y), &exact) in x.iter().zip(values).zip(&exact) {
                let error = error(y, exact);
                assert!(
                    error <= function.bound(cpu),
                    "{} of {x:e} {}, {}: {y:e}, error {error}",
                    function.name,
                    T::NAME,
                    cpu.name()
                );
            }
        }
    }
}

#[test]
fn figures_of_32_digits() {
    table_holds::<f32>();
    table_holds::<f64>();
}

/// Bit patterns at even distances: every exponent, both signs, NaNs.
#[test]
fn single_precision_throughout() {
    let x: Vec<f32> = (0..=u32::MAX).step_by(100_003).map(f32::from_bits).collect();
    for function in functions::<f32>() {
        let exact: Vec<f64> = x.iter().map(|&x| (function.reference)(f64::from(x))).collect();
        for (cpu, values) in function.everywhere(&x) {
            for ((&x, y), &exact) in x.iter().zip(values).zip(&exact) {
                let fits =
                    if exact.is_nan() { y.is_nan() } else { error(y, (exact, 0.0)) <= function.bound(cpu) };
                assert!(fits, "{} of {x:e} on {}: {y:e}, not {exact:e}", function.name, cpu.name());
            }
        }
    }
}

/// Zeros with their sign, infinities, NaN, and the first numbers beyond the domain and the range.
fn edges<T: Scalar + Math>() {
    let (zero, one, inf, nan) = (T::zero(), T::one(), T::infinity(), T::nan());
    let (half, quarter) = (T::of(0.5), T::of(0.25));
    let least = T::min_positive_value() * T::epsilon();
    let below = -one - T::epsilon();
    let values = |name| match name {
        "exp" => {
            vec![(zero, one), (-zero, one), (inf, inf), (-inf, zero), (T::of(1e4), inf), (T::of(-1e4), zero)]
        }
        "expm1" => vec![(inf, inf), (-inf, -one), (T::of(1e4), inf), (T::of(-1e4), -one)],
        "ln" => vec![
            (zero, -inf),
            (-zero, -inf),
            (one, zero),
            (inf, inf),
            (-inf, nan),
            (-least, nan),
            (-one, nan),
        ],
        "ln_1p" => vec![(inf, inf), (-inf, nan), (-one, -inf), (below, nan), (T::min_value(), nan)],
        "sin" => vec![(inf, nan), (-inf, nan)],
        "cos" => vec![(zero, one), (-zero, one), (least, one), (inf, nan), (-inf, nan)],
        "sigmoid" => vec![(zero, half), (-zero, half), (inf, one), (-inf, zero), (T::of(-1e4), zero)],
        "density" => vec![(zero, quarter), (-zero, quarter), (inf, zero), (-inf, zero)],
        "softplus" => vec![(inf, inf), (-inf, zero), (T::max_value(), T::max_value()), (T::of(-1e4), zero)],
        "erfc" => vec![(inf, zero), (-inf, one + one), (zero, one), (-zero, one), (T::of(1e4), zero)],
        _ => vec![(inf, one), (-inf, -one), (T::of(1e4), one), (T::of(-1e4), -one)],
    };
    for function in functions::<T>() {
        let mut expected: Vec<(T, T)> = values(function.name);
        expected.extend([(nan, nan), (-nan, nan)]);
        // Odd functions, and those that have a slope of 1 at 0.
        if ["expm1", "ln_1p", "sin", "tanh", "erf"].contains(&function.name) {
            expected.extend([(zero, zero), (-zero, -zero)]);
            if function.name != "erf" {
                expected.extend([least, -least, T::min_positive_value()].map(|x| (x, x)));
            }
        }
        for cpu in Cpu::available() {
            let (x, expected): (Vec<T>, Vec<T>) = expected.iter().copied().unzip();
            for ((x, y), expected) in x.iter().zip(function.values(cpu, &x)).zip(expected) {
                assert!(same(y, expected), "{} of {x:e} on {}: {y:e}", function.name, cpu.name());
            }
        }
    }
}

#[test]
fn edges_of_the_domains() {
    edges::<f32>();
    edges::<f64>();
}

/// An element has the same bits in the middle of a vector and in the rest of a loop, on both vector processors; and the
/// one far argument of the sine changes no other element.
fn position_does_not_matter<T: Scalar + Math>() {
    let x: Vec<T> = (0..150)
        .map(|i| T::of(if i == 40 { 1e9 } else { (f64::from(i) * 0.9).sin() * f64::from(i % 40) }))
        .collect();
    for function in functions::<T>() {
        for (cpu, whole) in function.everywhere(&x) {
            for (start, len) in
                [(0, 1), (1, 2), (3, 7), (5, 16), (7, 31), (2, 64), (9, 99), (38, 5), (1, 149)]
            {
                let part = function.values(cpu, &x[start..start + len]);
                assert!(
                    all_same(&part, &whole[start..start + len]),
                    "{} from {start}, {}",
                    function.name,
                    cpu.name()
                );
            }
            for (i, &x) in x.iter().enumerate() {
                assert!(same(function.values(cpu, &[x])[0], whole[i]), "{} of {x:e} alone", function.name);
            }
        }
    }
    for name in ["sin", "cos"] {
        let mut both = functions::<T>().into_iter().filter(|function| function.name == name);
        let (slice, single) = (both.next().unwrap(), both.next().unwrap());
        for cpu in Cpu::available() {
            assert!(all_same(&slice.values(cpu, &x), &single.values(cpu, &x)), "{name}");
        }
    }
}

#[test]
fn the_same_bits_at_every_position() {
    position_does_not_matter::<f32>();
    position_does_not_matter::<f64>();
}
