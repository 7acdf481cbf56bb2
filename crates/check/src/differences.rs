//! Derivatives by differences, with an error of their own: what a claimed derivative is compared with.
//!
//! Central differences `(f(t) - f(-t)) / 2t` at steps that are halved again and again are extrapolated to step 0
//! (Richardson). The entries of that table tell how far they are off: by how much they differ from the two they were made
//! of, plus the rounding of `f` divided by the step. The entry with the smallest such error is taken, for each component
//! by itself, so nobody has to choose a step. The rounding of `f` is measured, not assumed: see [`noise`].

use chainrule_graph::Scalar;

use crate::subject::Trouble;

/// What depends on the format of the numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    /// Half the distance from 1 to the next number.
    pub(crate) unit: f64,
    /// The largest step, in units of a direction's size.
    pub(crate) step: f64,
    /// How often it may be halved.
    halvings: usize,
    /// The step of neighbouring points, for the noise: no dyadic number, which would be added without rounding.
    close: f64,
    /// An error of this part of the derivative is small enough to look no further.
    enough: f64,
    /// Differences whose error is above this part of the derivative, and above that part of the largest one, decide nothing.
    pub(crate) decides: (f64, f64),
}

impl Format {
    /// The smallest step.
    pub(crate) fn smallest(self) -> f64 {
        self.step / 2_f64.powi(self.halvings as i32)
    }

    pub(crate) fn of<T: Scalar>() -> Self {
        if T::NAME == "f32" {
            let unit = f64::from(f32::EPSILON) / 2.0;
            Format {
                unit,
                step: 0.125,
                halvings: 10,
                close: 1.7e-3,
                enough: 64.0 * unit,
                decides: (0.05, 0.02),
            }
        } else {
            let unit = f64::EPSILON / 2.0;
            Format {
                unit,
                step: 0.0625,
                halvings: 22,
                close: 8.377e-8,
                enough: 1e5 * unit,
                decides: (0.01, 1e-6),
            }
        }
    }
}

/// A derivative, and how far it may be off, for each component.
#[derive(Clone, Debug)]
pub(crate) struct Slopes {
    pub(crate) value: Vec<f64>,
    pub(crate) error: Vec<f64>,
}

/// What a function gives at a step along a direction: nothing where it has no value, or is on another smooth piece.
type Sample = Result<Option<Vec<f64>>, Trouble>;

/// How few rows the table must have before it may be ended.
const ROWS: usize = 4;
/// How many columns of extrapolation are used: each multiplies rounding a little.
const COLUMNS: usize = 5;

/// The derivative at step 0 of a function of the step, by central differences. `None` if there is no neighbourhood of 0 in which
/// it is smooth: at a kink.
pub(crate) fn central(
    at: &mut dyn FnMut(f64) -> Sample,
    noise: &[f64],
    format: Format,
) -> Result<Option<Slopes>, Trouble> {
    let mut pair = |h: f64| -> Sample {
        let Some(plus) = at(h)? else { return Ok(None) };
        let Some(minus) = at(-h)? else { return Ok(None) };
        Ok(Some(plus.iter().zip(&minus).map(|(p, m)| (p - m) / (2.0 * h)).collect()))
    };
    // Errors of central differences go with even powers of the step: a halving divides the first of them by 4.
    extrapolate(&mut pair, noise, format, 4.0)
}

/// The derivative to one side, of `f` with the value `base` at 0: `side` is 1 or -1.
pub(crate) fn one_sided(
    at: &mut dyn FnMut(f64) -> Sample,
    base: &[f64],
    noise: &[f64],
    format: Format,
    side: f64,
) -> Result<Option<Slopes>, Trouble> {
    let mut quotient = |h: f64| -> Sample {
        let there = at(side * h)?;
        Ok(there.map(|there| there.iter().zip(base).map(|(y, y0)| (y - y0) / (side * h)).collect()))
    };
    let noise: Vec<f64> = noise.iter().map(|n| 2.0 * n).collect();
    extrapolate(&mut quotient, &noise, format, 2.0)
}

fn extrapolate(
    quotient: &mut dyn FnMut(f64) -> Sample,
    noise: &[f64],
    format: Format,
    factor: f64,
) -> Result<Option<Slopes>, Trouble> {
    let mut best: Option<Slopes> = None;
    let mut table: Vec<Vec<f64>> = Vec::new();
    let (mut rows, mut idle) = (0, 0);
    let mut h = format.step;
    for _ in 0..=format.halvings {
        let Some(first) = quotient(h)? else {
            // What lies further out does not count: another piece, or no values.
            (table, best, rows, idle) = (Vec::new(), None, 0, 0);
            h /= 2.0;
            continue;
        };
        let mut row = vec![first];
        let mut better = false;
        for (column, coarse) in table.iter().take(COLUMNS).enumerate() {
            let weight = factor.powi(column as i32 + 1);
            let Some(fine) = row.last() else { break };
            let next: Vec<f64> = fine.iter().zip(coarse).map(|(f, c)| f + (f - c) / (weight - 1.0)).collect();
            let slopes = best.get_or_insert_with(|| Slopes {
                value: vec![0.0; next.len()],
                error: vec![f64::INFINITY; next.len()],
            });
            for (i, ((&n, &f), &c)) in next.iter().zip(fine).zip(coarse).enumerate() {
                let rounding = 3.0 * noise.get(i).copied().unwrap_or(0.0) / h;
                let error = (n - f).abs().max((n - c).abs()) + rounding;
                if let (Some(value), Some(known)) = (slopes.value.get_mut(i), slopes.error.get_mut(i))
                    && error < *known
                {
                    better |= error < 0.5 * *known;
                    (*value, *known) = (n, error);
                }
            }
            row.push(next);
        }
        table = row;
        rows += 1;
        idle = if better { 0 } else { idle + 1 };
        if rows >= ROWS && (idle >= 2 || best.as_ref().is_some_and(|best| is_enough(best, format))) {
            break;
        }
        h /= 2.0;
    }
    Ok(best)
}

/// Whether all errors are small beside their derivatives, or beside the largest of these.
fn is_enough(slopes: &Slopes, format: Format) -> bool {
    let largest = slopes.value.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    let enough = |(d, e): (&f64, &f64)| *e <= format.enough * d.abs().max(1e-3 * largest);
    slopes.value.iter().zip(&slopes.error).all(enough)
}

/// The rounding of a function's components near 0, from its values at six neighbouring points on each side.
///
/// A smooth function's fourth and fifth differences over such short steps are far below its rounding; what they show is
/// the rounding (J. Moré, S. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011). Returned are three
/// standard deviations of the noisier side, and at least `base`. (Each side is looked at alone, because a kink is no noise.)
pub(crate) fn noise(
    at: &mut dyn FnMut(f64) -> Sample,
    base: &[f64],
    format: Format,
) -> Result<Vec<f64>, Trouble> {
    let mut sides: Vec<Vec<f64>> = Vec::new();
    for side in [-1.0, 1.0] {
        let mut lines: Vec<Vec<f64>> = Vec::new();
        for step in 1..=6 {
            lines.extend(at(side * f64::from(step) * format.close)?);
        }
        if lines.len() == 6 {
            sides.push(deviations(lines, base));
        }
    }
    let noisier = sides.into_iter().reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a.max(*b)).collect());
    Ok(noisier.unwrap_or_else(|| base.to_vec()))
}

/// Three standard deviations of the rounding in values at evenly spaced points, and at least `base`.
fn deviations(mut lines: Vec<Vec<f64>>, base: &[f64]) -> Vec<f64> {
    let mut level = base.to_vec();
    // (k!)² / (2k)!, by which the mean square of k-th differences of rounding has to be divided.
    for share in [0.0, 0.0, 0.0, 1.0 / 70.0, 1.0 / 252.0] {
        let next = lines.windows(2).map(|pair| match pair {
            [a, b] => a.iter().zip(b).map(|(a, b)| b - a).collect(),
            _ => Vec::new(),
        });
        lines = next.collect();
        for (i, level) in level.iter_mut().enumerate() {
            let squares: f64 = lines.iter().filter_map(|line| line.get(i)).map(|d| d * d).sum();
            let deviation = 3.0 * (share * squares / lines.len() as f64).sqrt();
            if deviation.is_finite() {
                *level = level.max(deviation);
            }
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(f: impl Fn(f64) -> f64) -> impl FnMut(f64) -> Sample {
        move |t| Ok(Some(f(t)).filter(|y| y.is_finite()).map(|y| vec![y]))
    }

    fn slope(f: impl Fn(f64) -> f64 + Copy) -> (f64, f64) {
        let format = Format::of::<f64>();
        let base = 2.0 * format.unit * f(0.0).abs();
        let noise = noise(&mut of(f), &[base], format).unwrap();
        let slopes = central(&mut of(f), &noise, format).unwrap().unwrap();
        (slopes.value[0], slopes.error[0])
    }

    #[test]
    fn the_error_of_differences_is_small_and_bounds_what_they_are_off() {
        type Case = (fn(f64) -> f64, f64);
        let cases: [Case; 7] = [
            (|t| (0.3 + t).exp(), 0.3_f64.exp()),
            (|t| (1.0 + 3.0 * t).sin(), 3.0 * 1_f64.cos()),
            (|t| 1.0 / (0.1 + t), -100.0),
            (|t| (0.01 + t).ln(), 100.0),
            (|t| (30.0 * t).tanh(), 30.0),
            (|t| 7.0 - 2.5 * t, -2.5),
            (|t| 1e3 + t * t * t, 0.0),
        ];
        for (f, want) in cases {
            let (got, error) = slope(f);
            assert!((got - want).abs() <= error, "{got} ± {error}, not {want}");
            assert!(error <= 1e-7 * want.abs().max(1.0), "{got} ± {error}, not {want}");
        }
    }

    #[test]
    fn the_noise_of_a_cancelling_function_is_measured() {
        let f = |t: f64| ((0.7 + t) + 1e8) - 1e8;
        let format = Format::of::<f64>();
        let level = noise(&mut of(f), &[0.0], format).unwrap()[0];
        assert!((1e-9..1e-6).contains(&level), "{level}");
        let (got, error) = slope(f);
        assert!((got - 1.0).abs() <= error && error < 0.1, "{got} ± {error}");
    }

    #[test]
    fn both_sides_of_a_kink_have_their_slopes() {
        let f = |t: f64| if t > 0.0 { t.exp() } else { 1.0 - 2.0 * t };
        let (format, noise) = (Format::of::<f64>(), [1e-16]);
        let side = |side| one_sided(&mut of(f), &[1.0], &noise, format, side).unwrap().unwrap();
        let (left, right) = (side(-1.0), side(1.0));
        assert!((left.value[0] + 2.0).abs() <= left.error[0] + 1e-12);
        assert!((right.value[0] - 1.0).abs() <= right.error[0] && right.error[0] < 1e-8);
    }

    #[test]
    fn steps_that_leave_the_piece_do_not_count() {
        let format = Format::of::<f64>();
        let mut inside = |t: f64| -> Sample { Ok((t.abs() < 1e-3).then(|| vec![(2.0 * t).sin()])) };
        let slopes = central(&mut inside, &[1e-17], format).unwrap().unwrap();
        assert!((slopes.value[0] - 2.0).abs() <= slopes.error[0] && slopes.error[0] < 1e-8);
        let mut nowhere = |t: f64| -> Sample { Ok((t == 0.0).then(|| vec![0.0])) };
        assert!(central(&mut nowhere, &[0.0], format).unwrap().is_none());
    }
}
