//! The remainder of the first-order Taylor expansion: the test without a tolerance.

use std::fmt;

/// How fast `|f(x + h v) - f(x) - h <g, v>|` shrinks with `h`, along a random direction `v`.
///
/// With the right gradient `g` a step ten times smaller leaves a hundredth (order 2); with a wrong one a tenth (order 1).
/// No tolerance is in it, so the table convinces where a number does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Taylor {
    /// Steps and remainders, from the largest step down to where only rounding is left.
    pub rows: Vec<(f64, f64)>,
    /// The order between the last rows; none if the remainder is nothing but rounding from the beginning, as that of a
    /// linear function.
    pub order: Option<f64>,
}

impl Taylor {
    /// From steps with their remainders, of which those up to `noise` are rounding.
    pub(crate) fn new(all: impl IntoIterator<Item = (f64, f64)>, noise: f64) -> Option<Self> {
        let all: Vec<(f64, f64)> = all.into_iter().filter(|(_, r)| r.is_finite()).collect();
        let rows: Vec<_> = all.iter().copied().take_while(|(_, r)| *r > 30.0 * noise).collect();
        let order = rows.windows(2).last().and_then(|pair| match pair {
            [(h0, r0), (h1, r1)] => Some((r0 / r1).log2() / (h0 / h1).log2()),
            _ => None,
        });
        if all.is_empty() {
            return None;
        }
        let rows = if rows.is_empty() { all.into_iter().take(2).collect() } else { rows };
        Some(Taylor { rows, order })
    }
}

impl fmt::Display for Taylor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Taylor remainder |f(x + h v) - f(x) - h <g, v>|, random v")?;
        writeln!(f, "  h        remainder  order")?;
        let mut before: Option<(f64, f64)> = None;
        for &(h, remainder) in &self.rows {
            let step = format!("2^{}", h.log2().round());
            write!(f, "  {step:<7}  {remainder:.1e}")?;
            match before {
                Some((h0, r0)) if remainder > 0.0 => {
                    writeln!(f, "     {:.2}", (r0 / remainder).log2() / (h0 / h).log2())?;
                }
                _ => writeln!(f)?,
            }
            before = Some((h, remainder));
        }
        match self.order {
            Some(order) if order < 1.5 => writeln!(f, "  order 1: wrong"),
            Some(_) => writeln!(f, "  order 2 or more: right along v"),
            None => writeln!(f, "  nothing but rounding: right along v"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_read_off_the_rows_above_the_noise() {
        let rows = |power: i32| (1..9).map(move |k| (0.5_f64.powi(k), 0.5_f64.powi(k * power)));
        assert_eq!(Taylor::new(rows(2), 1e-9).unwrap().order, Some(2.0));
        assert_eq!(Taylor::new(rows(1), 1e-9).unwrap().order, Some(1.0));
        assert_eq!(Taylor::new(rows(2), 1.0).unwrap().order, None);
        assert_eq!(Taylor::new([], 0.0), None);
    }
}
