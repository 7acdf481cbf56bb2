//! The derivatives of a guest's operation, of which only values are known: by differences, extrapolated to step 0.

use chainrule_oracle::{Array, Bounded, Dual, Precision};
use ndarray::ArrayD;

use super::evaluate::{from_oracle, plain_guest};
use super::guest::Guest;

type Second<P> = Dual<Dual<Bounded<P>>>;

/// Beside the error that differences tell of themselves: in proportion to the largest element, this much may be wrong.
const PART: f64 = 1e-7;

/// Steps along the two directions, scaled so that no element moves by more than 1 per unit.
struct Directions {
    x: Vec<ArrayD<f64>>,
    a: Vec<ArrayD<f64>>,
    b: Vec<ArrayD<f64>>,
    ab: Vec<ArrayD<f64>>,
}

/// The value of an operation of the user's own, and its derivatives.
pub(super) fn guest<P: Precision>(guest: &Guest, operands: &[&Array<Second<P>>]) -> Option<Array<Second<P>>> {
    let part = |f: fn(&Second<P>) -> f64| -> Vec<ArrayD<f64>> {
        operands
            .iter()
            .map(|x| from_oracle(&Array { shape: x.shape.clone(), data: x.data.iter().map(f).collect() }))
            .collect()
    };
    let mut d = Directions {
        x: part(|x| x.value.value.value),
        a: part(|x| x.value.tangent.value),
        b: part(|x| x.tangent.value.value),
        ab: part(|x| x.tangent.tangent.value),
    };
    for (i, operand) in operands.iter().enumerate() {
        if guest.cuts(i) {
            for direction in [&mut d.a, &mut d.b, &mut d.ab] {
                direction[i] = ArrayD::zeros(operand.shape.as_slice());
            }
        }
    }
    let scale = |x: &[ArrayD<f64>]| x.iter().flatten().fold(1.0_f64, |m, x| m.max(x.abs()));
    let (sa, sb) = (scale(&d.a), scale(&d.b));
    let sab = scale(&d.ab).max(1.0) / (sa * sb);
    let shrink = sab.max(1.0).sqrt();
    let (sa, sb) = (sa * shrink, sb * shrink);
    // At steps s and t, in units of the scaled directions.
    let at = |s: f64, t: f64| -> Option<Array<f64>> {
        let (s, t) = (s / sa, t / sb);
        let moved: Vec<Array<f64>> = (0..d.x.len())
            .map(|i| &d.x[i] + &(&d.a[i] * s) + &(&d.b[i] * t) + &(&d.ab[i] * (s * t)))
            .map(|x| super::evaluate::to_oracle(&x))
            .collect();
        plain_guest(guest, &moved.iter().collect::<Vec<_>>())
    };
    let here = at(0.0, 0.0)?;
    let central = |along: &dyn Fn(f64) -> Option<Array<f64>>, h: f64| -> Option<Vec<f64>> {
        let (right, left) = (along(h)?, along(-h)?);
        Some(right.data.iter().zip(&left.data).map(|(r, l)| (r - l) / (2.0 * h)).collect())
    };
    let mixed = |h: f64| -> Option<Vec<f64>> {
        let (pp, pm, mp, mm) = (at(h, h)?, at(h, -h)?, at(-h, h)?, at(-h, -h)?);
        let corners = pp.data.iter().zip(&pm.data).zip(mp.data.iter().zip(&mm.data));
        Some(corners.map(|((pp, pm), (mp, mm))| (pp - pm - mp + mm) / (4.0 * h * h)).collect())
    };
    let size = here.data.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let by_a = extrapolated(|h| central(&|s| at(s, 0.0), h), size * 1e-13)?;
    let by_b = extrapolated(|h| central(&|t| at(0.0, t), h), size * 1e-13)?;
    let by_both = extrapolated(mixed, size * 1e-10)?;
    let bounded = |(x, error): (f64, f64), scale: f64| Bounded::new(x * scale, error * scale);
    let unit = if P::UNIT > 1e-10 { 1e-4 } else { 1e-12 };
    let data = (0..here.data.len()).map(|k| Dual {
        value: Dual { value: Bounded::new(here.data[k], unit * size), tangent: bounded(by_a[k], sa) },
        tangent: Dual { value: bounded(by_b[k], sb), tangent: bounded(by_both[k], sa * sb) },
    });
    Some(Array { shape: here.shape.clone(), data: data.collect() })
}

/// Central differences with steps `h`, `h/2` and `h/4`, extrapolated; each with its error.
fn extrapolated(f: impl Fn(f64) -> Option<Vec<f64>>, rounding: f64) -> Option<Vec<(f64, f64)>> {
    const STEP: f64 = 1.0 / 64.0;
    let (a, b, c) = (f(STEP)?, f(STEP / 2.0)?, f(STEP / 4.0)?);
    let size = c.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
    let points = a.iter().zip(&b).zip(&c).map(|((&a, &b), &c)| {
        let (ab, bc) = (b + (b - a) / 3.0, c + (c - b) / 3.0);
        let best = bc + (bc - ab) / 15.0;
        (best, 4.0 * (best - bc).abs() + rounding / STEP * 4.0 + PART * size)
    });
    Some(points.collect())
}
