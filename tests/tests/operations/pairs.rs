//! The functions of two numbers, over all magnitudes: values, slopes in both modes and all second derivatives, in
//! relative error; and what zeros, infinities and NaN do.

use chainrule::graph::{Binary, Graph, Scalar, Var};
use chainrule_oracle::Complex;
use chainrule_tests::oracle::binary;

/// `mantissa * 2^exponent` with a mantissa from 1 to 2: figures far beyond the range of `f64`, and nothing rounded on
/// the way to it but the last step.
#[derive(Clone, Copy)]
struct Wide {
    mantissa: f64,
    rest: f64,
    exponent: i32,
}

impl Wide {
    fn of(x: f64) -> Self {
        let exponent = x.abs().log2().floor() as i32;
        // In two steps, for 2^1023 times 2^1023 is beyond the range.
        let mantissa = x * 2f64.powi(-exponent / 2) * 2f64.powi(-exponent + exponent / 2);
        Wide { mantissa, rest: 0.0, exponent }
    }

    /// Quotient and remainder: together some 30 digits.
    fn over(self, b: f64) -> Self {
        let b = Wide::of(b);
        let mantissa = self.mantissa / b.mantissa;
        let rest = ((-mantissa).mul_add(b.mantissa, self.mantissa) + self.rest) / b.mantissa;
        Wide { mantissa, rest, exponent: self.exponent - b.exponent }
    }

    fn times(self, whole: f64) -> Self {
        Wide { mantissa: self.mantissa * whole, rest: self.rest * whole, ..self }
    }

    fn value(self) -> f64 {
        let half = self.exponent / 2;
        let middle = (half - half / 2, self.exponent - half);
        (self.mantissa + self.rest) * 2f64.powi(half / 2) * 2f64.powi(middle.0) * 2f64.powi(middle.1)
    }
}

/// Value, the slopes for `a` and `b`, the second derivatives `aa`, `ab`, `bb`. Powers of 2 times small whole numbers are
/// added and multiplied; only division rounds.
fn figures(f: Binary, a: f64, b: f64) -> Option<[f64; 6]> {
    let step = |x: f64| [x, 0.0, 0.0, 0.0, 0.0, 0.0];
    let first = if a == b { 0.5 } else { f64::from(a > b) };
    Some(match f {
        Binary::Add => [a + b, 1.0, 1.0, 0.0, 0.0, 0.0],
        Binary::Sub => [a - b, 1.0, -1.0, 0.0, 0.0, 0.0],
        // No factor is 0 here; `zeros_absorb...` is about that.
        Binary::Mul | Binary::Chain => [a * b, b, a, 0.0, 1.0, 0.0],
        Binary::Div => {
            let (one, by_a) = (Wide::of(1.0), Wide::of(a));
            let quotient = by_a.over(b);
            let wide = [
                quotient,
                one.over(b),
                quotient.over(b).times(-1.0),
                Wide { mantissa: 0.0, ..one },
                one.over(b).over(b).times(-1.0),
                quotient.over(b).over(b).times(2.0),
            ];
            wide.map(Wide::value)
        }
        Binary::Maximum => [a.max(b), first, 1.0 - first, 0.0, 0.0, 0.0],
        Binary::Minimum => [a.min(b), 1.0 - first, first, 0.0, 0.0, 0.0],
        Binary::Above => step(first),
        Binary::Less => step(f64::from(a < b)),
        Binary::LessEqual => step(f64::from(a <= b)),
        Binary::Equal => step(f64::from(a == b)),
        // In data/pairs.csv.
        Binary::Pow | Binary::Atan2 | Binary::Hypot | Binary::Noise => return None,
    })
}

/// In units of `EPSILON`: a quotient half a unit, each further division or product half a unit more.
const UNITS: [f64; 6] = [0.5, 0.5, 1.0, 0.0, 1.5, 3.0];

fn numbers<T: Scalar>(x: Var<'_, T>) -> Vec<f64> {
    x.value().unwrap().into_iter().map(T::as_f64).collect()
}

fn by_engine<T: Scalar>(f: Binary, points: &[(T, T)]) -> [Vec<f64>; 9] {
    let graph = Graph::<T>::default();
    let (a, b): (Vec<T>, Vec<T>) = points.iter().copied().unzip();
    let (a, b) = (graph.variable("a", a), graph.variable("b", b));
    // The gradient of a step alone is refused (`derivatives/cuts.rs`); beside another path it is the zero that it is.
    let y = a.zip(f, b);
    let is_step = f.is_step();
    let y = if is_step { graph.constant(T::zero()).select(a + b, y) } else { y };
    let one = graph.full([points.len()], T::one());
    let [da, db] = y.vjp(one, [a, b]).unwrap();
    let [aa, ab] = da.vjp(one, [a, b]).unwrap();
    let [ba, bb] = db.vjp(one, [a, b]).unwrap();
    let (along_a, along_b) = (y.jvp(a, one).unwrap(), y.jvp(b, one).unwrap());
    [y, da, db, aa, ab, bb, ba, along_a, along_b].map(numbers)
}

fn over_all_magnitudes<T: Scalar>(exponents: &[i32]) {
    let mantissas = [1.0, 1.5, -1.25, 1.9375];
    let sizes: Vec<f64> = exponents.iter().flat_map(|&e| mantissas.map(|m| m * 2f64.powi(e))).collect();
    let points: Vec<(T, T)> =
        sizes.iter().flat_map(|&a| sizes.iter().map(move |&b| (T::of(a), T::of(b)))).collect();
    let (largest, smallest) = (T::max_value().as_f64(), (T::min_positive_value() * T::epsilon()).as_f64());
    for f in Binary::all() {
        let got = by_engine(f, &points);
        for (i, &(a, b)) in points.iter().enumerate() {
            let (a, b) = (a.as_f64(), b.as_f64());
            let Some(want) = figures(f, a, b) else { continue };
            for (k, &want) in want.iter().enumerate() {
                let rounding = if k == 0 { 0.5 } else { UNITS[k] };
                let allowed = rounding * T::epsilon().as_f64() * want.abs() + 16.0 * smallest;
                let same = |got: f64| {
                    (got - want).abs() <= allowed
                        || (want.abs() > largest && got == want.signum() * f64::INFINITY)
                };
                assert!(same(got[k][i]), "{f:?} {k} at {a:e}, {b:e}: {:e}, not {want:e}", got[k][i]);
                // `ab` and `ba` come by different ways.
                assert!(k != 4 || same(got[6][i]), "{f:?} ba at {a:e}, {b:e}: {:e}, not {want:e}", got[6][i]);
            }
            assert_eq!(
                (got[7][i], got[8][i]),
                (got[1][i], got[2][i]),
                "{f:?}: the two modes at {a:e}, {b:e}"
            );
        }
    }
}

#[test]
fn every_function_of_two_is_accurate_at_all_magnitudes_in_f64() {
    over_all_magnitudes::<f64>(&[-1020, -700, -500, -340, -100, -20, -1, 0, 1, 20, 100, 340, 500, 700, 1020]);
}

#[test]
fn every_function_of_two_is_accurate_at_all_magnitudes_in_f32() {
    over_all_magnitudes::<f32>(&[-125, -100, -62, -42, -10, -1, 0, 1, 10, 42, 62, 100, 125]);
}

/// Those whose figures need more than one rounding: `data/pairs.csv`, made by `data/pairs.py`, has 60 digits. Errors are in
/// units of `EPSILON` of the terms that a figure is a sum of.
#[test]
fn lengths_angles_and_powers_are_accurate() {
    for line in include_str!("data/pairs.csv").lines() {
        let mut fields = line.split(',');
        let name = fields.next().unwrap();
        let f = Binary::all().into_iter().find(|f| format!("{f:?}") == name).unwrap();
        let numbers: Vec<f64> = fields.map(|field| field.parse().unwrap()).collect();
        let got = by_engine(f, &[(numbers[0], numbers[1])]);
        // A power is accurate to one unit; each factor of a derivative adds one or two.
        let units = [1.0, 4.0, 4.0, 16.0, 16.0, 16.0];
        for (k, units) in units.into_iter().enumerate() {
            let (want, size) = (numbers[2 + 2 * k], numbers[3 + 2 * k]);
            let error = (got[k][0] - want).abs();
            assert!(error <= units * f64::EPSILON * size, "{line}: {k} is {:e}, off by {error}", got[k][0]);
        }
    }
    // No square on the way overflows or vanishes.
    let near = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 1e-15, "{got:e}, not {want:e}");
    for scale in [1e-200, 1e200] {
        let [y, da, db, ..] = by_engine(Binary::Hypot, &[(3.0 * scale, -4.0 * scale)]);
        near(y[0], 5.0 * scale);
        near(da[0], 0.6);
        near(db[0], -0.8);
        let [y, da, db, ..] = by_engine(Binary::Atan2, &[(3.0 * scale, 4.0 * scale)]);
        near(y[0], 0.75_f64.atan());
        near(da[0], 0.16 / scale);
        near(db[0], -0.12 / scale);
    }
}

#[test]
fn every_function_of_two_agrees_with_the_complex_step() {
    for f in Binary::all() {
        for (a, b) in [(0.75, 2.5), (1.5, 0.375), (3.0, -0.625)] {
            let got = by_engine(f, &[(a, b)]);
            let at = |da: f64, db: f64| binary(f, Complex::along(a, da), Complex::along(b, db)).slope();
            let (plain, by_a, by_b) = (binary(f, a, b), at(1.0, 0.0), at(0.0, 1.0));
            for (got, want) in [(&got[0], plain), (&got[1], by_a), (&got[2], by_b)] {
                assert!((got[0] - want).abs() <= 4.0 * f64::EPSILON * want.abs(), "{f:?} at {a}, {b}");
            }
        }
    }
}

#[test]
fn zeros_infinities_and_nan_of_two_give_what_is_documented() {
    let inf = f64::INFINITY;
    // The product of the chain rule: a zero absorbs everything.
    for other in [0.0, -0.0, 1.0, inf, -inf, f64::NAN] {
        for zero in [0.0, -0.0] {
            assert_eq!(Binary::Chain.value(zero, other), 0.0);
            assert_eq!(Binary::Chain.value(other, zero), 0.0);
        }
    }
    assert!(Binary::Chain.value(f64::NAN, 1.0).is_nan());
    // The ordinary ones follow IEEE.
    assert!(Binary::Mul.value(0.0, inf).is_nan());
    assert!(Binary::Div.value(0.0_f64, 0.0).is_nan());
    assert!(Binary::Sub.value(inf, inf).is_nan());
    let [y, da, db, ..] = by_engine(Binary::Div, &[(1.0, 0.0), (0.0, inf), (-2.0, inf), (inf, 2.0)]);
    assert_eq!(y, [inf, 0.0, 0.0, inf]);
    assert_eq!(da, [inf, 0.0, 0.0, 0.5]);
    assert_eq!(db, [-inf, 0.0, 0.0, -inf]);
    // A zero cotangent stays zero before infinite slopes.
    let graph = Graph::new();
    let (a, b) = (graph.constant([1.0, inf, f64::NAN]), graph.constant([0.0, inf, 1.0]));
    for f in Binary::all().into_iter().filter(|f| !f.is_step()) {
        for d in a.zip(f, b).vjp(0.0, [a, b]).unwrap() {
            assert_eq!(numbers(d), [0.0; 3], "{f:?}");
        }
    }
}
