//! Rounding: of figures for the reader, and of the arithmetic itself.
//!
//! The lecture rounds as one does by hand, 0.435 to 0.44. The double nearest to 0.435 lies below it, and Rust prints
//! it as 0.43 where two decimals are asked for; so [`half_up`] rounds the decimal figure and not the binary one.

/// The unit roundoff of `f64`: one operation is off by this much, relatively, at most.
pub const UNIT: f64 = f64::EPSILON / 2.0;

/// The smallest positive `f64`: below the normal numbers a product may be off by half of it, absolutely.
pub const SMALLEST: f64 = f64::MIN_POSITIVE * f64::EPSILON;

/// `gamma_n = n u / (1 - n u)`: the relative error that `n` roundings can add up to.
///
/// Every sum of products, in whatever order, is off by at most `gamma_n` times the sum of the products' absolute
/// values, with `n` the number of roundings a product goes through (N. J. Higham, "Accuracy and Stability of Numerical
/// Algorithms", 2nd edition, section 3.1).
///
/// ```
/// use chainrule_examples::rounding::{UNIT, gamma};
///
/// assert!(gamma(3) > 3.0 * UNIT && gamma(3) < 3.001 * UNIT);
/// ```
pub fn gamma(n: usize) -> f64 {
    let nu = n as f64 * UNIT;
    nu / (1.0 - nu)
}

/// The decimal figure of `x`: its first digits (at most 15, which every `f64` holds truly), and the power of ten of
/// the first one. The sixteenth is where the errors of the arithmetic sit: it would turn 0.435 into 0.43499...
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    power: i32,
}

impl Decimal {
    fn of(x: f64) -> Option<Self> {
        let text = format!("{:.14e}", x.abs());
        let (digits, power) = text.split_once('e')?;
        let digits = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        Some(Decimal { negative: x < 0.0, digits, power: power.parse().ok()? })
    }

    /// Keeps the digits down to that of `10^last`, rounding a half away from zero.
    fn round(mut self, last: i32) -> Self {
        let keep = self.power - last + 1;
        if keep < 0 {
            return Decimal { negative: false, digits: vec![0], power: last };
        }
        // A digit in front takes what is carried over, also into a figure of which no digit is kept.
        self.digits.insert(0, 0);
        self.power += 1;
        let keep = keep as usize + 1;
        if let Some(&next) = self.digits.get(keep) {
            self.digits.truncate(keep);
            if next >= 5 {
                for digit in self.digits.iter_mut().rev() {
                    *digit = (*digit + 1) % 10;
                    if *digit != 0 {
                        break;
                    }
                }
            }
        }
        self
    }

    /// The figure without an exponent, with this many decimals.
    fn plain(&self, decimals: usize) -> String {
        let digit = |power: i32| {
            let place = usize::try_from(self.power - power).ok();
            char::from(b'0' + place.and_then(|place| self.digits.get(place)).copied().unwrap_or(0))
        };
        let mut text = String::new();
        if self.negative && self.digits.iter().any(|&digit| digit != 0) {
            text.push('-');
        }
        let whole: String = (0..=self.power.max(0)).rev().map(digit).collect();
        let whole = whole.trim_start_matches('0');
        text.push_str(if whole.is_empty() { "0" } else { whole });
        if decimals > 0 {
            text.push('.');
            text.extend((1..=decimals).map(|place| digit(-(place as i32))));
        }
        text
    }
}

/// `x` with this many decimals, a half rounded away from zero *in the decimal figure*, as one does by hand.
///
/// ```
/// use chainrule_examples::rounding::half_up;
///
/// assert_eq!(half_up(0.435, 2), "0.44"); // format!("{:.2}", 0.435) is 0.43
/// assert_eq!(half_up(0.2525, 2), "0.25");
/// ```
pub fn half_up(x: f64, decimals: usize) -> String {
    match Decimal::of(x) {
        Some(decimal) => decimal.round(-(decimals as i32)).plain(decimals),
        None => x.to_string(),
    }
}

/// `x` as short as six significant digits allow: `0.435`, `-1.2`, `3`, `1.5e-9`.
///
/// ```
/// use chainrule_examples::rounding::figure;
///
/// assert_eq!(figure(0.1 + 0.2), "0.3");
/// assert_eq!(figure(2.0_f64.sqrt() * 1e20), "1.41421e20");
/// ```
pub fn figure(x: f64) -> String {
    significant(x, 6)
}

/// `x` with at most this many significant digits, without zeros at the end.
pub fn significant(x: f64, digits: i32) -> String {
    let Some(decimal) = Decimal::of(x) else { return x.to_string() };
    if x == 0.0 {
        return "0".into();
    }
    let last = decimal.power - digits + 1;
    let power = decimal.power;
    let rounded = decimal.round(last);
    if (-4..digits).contains(&power) {
        let text = rounded.plain(usize::try_from(-last).unwrap_or(0));
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
    } else {
        short_exponent(&format!("{:.*e}", usize::try_from(digits - 1).unwrap_or(0), x))
    }
}

/// `1.50000e-9` as `1.5e-9`.
fn short_exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, power)) if mantissa.contains('.') => {
            format!("{}e{power}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_as_by_hand() {
        let cases = [
            (0.435, 2, "0.44"),
            (0.3 / 0.6 * 0.42 + 0.2 / 0.4 * 0.45, 2, "0.44"),
            (0.2525, 2, "0.25"),
            (0.1825, 2, "0.18"),
            (0.5, 0, "1"),
            (0.49, 0, "0"),
            (0.005, 2, "0.01"),
            (0.0049, 2, "0.00"),
            (-0.0049, 2, "0.00"),
            (-0.435, 2, "-0.44"),
            (9.995, 2, "10.00"),
            (99.5, 0, "100"),
            (1e-30, 2, "0.00"),
            (0.0, 3, "0.000"),
            (123456.0, 1, "123456.0"),
            (1.305, 3, "1.305"),
        ];
        for (x, decimals, text) in cases {
            assert_eq!(half_up(x, decimals), text, "{x:?}");
        }
        assert_eq!(half_up(f64::NAN, 2), "NaN");
        assert_eq!(half_up(f64::NEG_INFINITY, 2), "-inf");
    }

    #[test]
    fn figures_are_short() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0 - 0.58, "0.42"),
            (-1.2, "-1.2"),
            (123456.0, "123456"),
            (999999.6, "1000000"),
            (1234567.0, "1.23457e6"),
            (0.00012345678, "0.000123457"),
            (5e-324, "4.94066e-324"),
            (1e-9, "1e-9"),
            (-1.5e300, "-1.5e300"),
        ];
        for (x, text) in cases {
            assert_eq!(figure(x), text);
        }
    }

    #[test]
    fn sixteen_digits_are_never_shown() {
        assert_eq!(figure(0.216_000_000_000_000_03), "0.216");
        assert_eq!(half_up(0.216_000_000_000_000_03, 15), "0.216000000000000");
    }
}
