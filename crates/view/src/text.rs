//! What is written into boxes: numbers in few digits, arrays in one line, names that cannot do harm.

use chainrule_graph::Scalar;
use ndarray::{ArrayViewD, Axis};

/// Columns of a line, beyond which it is abridged.
pub(crate) const WIDEST: usize = 44;

/// Four digits, without zeros at the end; whole numbers up to a million as they are.
pub(crate) fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".into() } else { x.to_string() };
    }
    if x.fract() == 0.0 && x.abs() < 1e6 {
        return x.to_string();
    }
    // Rounded first: 0.99999 is a 1.
    let scientific = format!("{x:.3e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    match exponent.parse::<i32>() {
        Ok(exponent @ -3..=3) => trim(&format!("{x:.*}", (3 - exponent).max(0) as usize)),
        _ => format!("{}e{exponent}", trim(digits)),
    }
}

/// An array in one line: the whole of a small one, else its range and mean; what is not finite is counted.
pub(crate) fn summary<T: Scalar>(array: ArrayViewD<'_, T>) -> String {
    if array.is_empty() {
        return "empty".into();
    }
    if array.len() <= 4 || (array.ndim() == 2 && array.len() <= 6) {
        let whole = whole(array.view());
        if columns(&whole) <= WIDEST {
            return whole;
        }
    }
    let (mut low, mut high, mut mean, mut finite) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_usize);
    let (mut nan, mut infinite) = (0_usize, 0_usize);
    for x in array.iter().filter_map(|x| x.to_f64()) {
        if x.is_nan() {
            nan += 1;
        } else if x.is_infinite() {
            infinite += 1;
        } else {
            finite += 1;
            (low, high) = (low.min(x), high.max(x));
            // Not a sum, which could overflow; and not a difference of the two, for the same reason.
            mean += x / finite as f64 - mean / finite as f64;
        }
    }
    let mut parts = Vec::new();
    if finite > 0 && low == high {
        parts.push(format!("all {}", short(low)));
    } else if finite > 0 {
        parts.push(format!("{}..{}", short(low), short(high)));
        parts.push(format!("mean {}", short(mean)));
    }
    for (count, name) in [(nan, "NaN"), (infinite, "inf")] {
        if count > 0 {
            parts.push(format!("{count} {name}"));
        }
    }
    parts.join(", ")
}

/// `[[1, 2], [3, 4]]`
fn whole<T: Scalar>(array: ArrayViewD<'_, T>) -> String {
    if array.ndim() == 0 {
        return array.iter().next().and_then(|x| x.to_f64()).map(short).unwrap_or_default();
    }
    let parts: Vec<String> = array.axis_iter(Axis(0)).map(whole).collect();
    format!("[{}]", parts.join(", "))
}

/// The text without control characters, and what else would move the cursor, turn the direction of writing or be
/// forbidden in XML: such characters are shown as Rust would write them.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// The beginning of a text that is wider than `most` columns.
pub(crate) fn abridged(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let (mut shown, mut used) = (String::new(), 1);
    for c in text.chars() {
        used += width(c);
        if used > most {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}

/// How many columns of a monospaced font a text takes, at most.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// East Asian characters and pictures are two columns wide; all of those blocks are counted so.
fn width(c: char) -> usize {
    match u32::from(c) {
        ..0x1100 | 0x2000..=0x22ff => 1,
        _ => 2,
    }
}

/// `1 node`, `2 nodes`, `97 000 nodes`
pub(crate) fn counted(count: usize, what: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    format!("{grouped} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};

    #[test]
    fn numbers_have_four_digits_and_no_more() {
        let figures = [
            (0.21600000000000003, "0.216"),
            (0.99999, "1"),
            (-1234.56, "-1235"),
            (99999.0, "99999"),
            (99999.5, "1e5"),
            (1234567.0, "1.235e6"),
            (0.00123456, "0.001235"),
            (1.5e-7, "1.5e-7"),
            (f64::MAX, "1.798e308"),
            (-0.0, "0"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
            (100.0, "100"),
        ];
        for (x, text) in figures {
            assert_eq!(short(x), text);
        }
    }

    #[test]
    fn small_arrays_are_shown_whole_and_others_by_range_and_mean() {
        assert_eq!(summary(array![0.216, 0.129, 0.087].into_dyn().view()), "[0.216, 0.129, 0.087]");
        assert_eq!(summary(array![[1.0_f32, 2.0], [3.0, 4.5]].into_dyn().view()), "[[1, 2], [3, 4.5]]");
        assert_eq!(summary(ndarray::arr0(2.5).into_dyn().view()), "2.5");
        assert_eq!(summary(Array::<f64, _>::zeros((0, 3)).into_dyn().view()), "empty");
        assert_eq!(summary(Array::linspace(0.0, 9.0, 10).into_dyn().view()), "0..9, mean 4.5");
        assert_eq!(summary(Array::<f64, _>::ones(10).into_dyn().view()), "all 1");
        let mut mixed = Array::linspace(0.0, 9.0, 10);
        (mixed[0], mixed[1], mixed[2]) = (f64::NAN, f64::NAN, f64::INFINITY);
        assert_eq!(summary(mixed.into_dyn().view()), "3..9, mean 6, 2 NaN, 1 inf");
        assert_eq!(summary(Array::from_elem(9, f64::NAN).into_dyn().view()), "9 NaN");
        let huge = Array::from_iter((0..8).map(|i| if i % 2 == 0 { f64::MAX } else { -f64::MAX }));
        assert_eq!(summary(huge.into_dyn().view()), "-1.798e308..1.798e308, mean 0");
    }

    #[test]
    fn hostile_names_are_harmless() {
        assert_eq!(printable("a\u{1b}[2J\n\0\u{202e}\u{ffff}b"), "a\\u{1b}[2J\\n\\0\\u{202e}\\u{ffff}b");
        assert_eq!(printable("W\"1\\' ü 重"), "W\"1\\' ü 重");
        assert_eq!(
            (columns("ü重"), abridged("abcdef", 4), abridged("重重重", 4)),
            (3, "abc…".into(), "重…".into())
        );
        assert_eq!(
            (counted(1, "node"), counted(1234567, "node")),
            ("1 node".into(), "1\u{a0}234\u{a0}567 nodes".into())
        );
    }
}
