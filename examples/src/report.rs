//! What the lecture prints: text for 80 columns, and claims that are checked and counted.

/// The widest line.
pub const COLUMNS: usize = 80;

/// Text, and the outcome of the checks in it.
#[derive(Default)]
pub struct Report {
    text: String,
    sections: usize,
    checks: usize,
    failed: Vec<String>,
}

impl Report {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A numbered heading.
    pub fn section(&mut self, title: &str) {
        self.sections += 1;
        let number = self.sections;
        self.blank();
        self.text.push_str(&format!("{number}. {title}\n{}\n", "-".repeat(title.chars().count() + 3)));
    }

    /// One blank line before what comes, if there is none.
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Words, broken into lines.
    pub fn say(&mut self, words: &str) {
        self.blank();
        self.fold("", words);
        self.text.push('\n');
    }

    /// Lines as they are, indented by two.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) {
        self.blank();
        for line in lines {
            self.text.push_str(&format!("  {}\n", line.as_ref()));
        }
        self.text.push('\n');
    }

    /// A claim, with the outcome of its check beside it.
    pub fn check(&mut self, claim: &str, holds: bool) {
        self.checks += 1;
        if !holds {
            self.failed.push(claim.to_owned());
        }
        self.fold(if holds { "  [ok] " } else { "  [FAILED] " }, claim);
    }

    /// The claims that do not hold.
    pub fn failed(&self) -> &[String] {
        &self.failed
    }

    /// Everything, with the outcome as the last line.
    pub fn finish(&self) -> String {
        let outcome = match self.failed.len() {
            0 => format!("All {} checks passed.", self.checks),
            failed => format!("{failed} of {} checks FAILED.", self.checks),
        };
        format!("{}\n\n{outcome}\n", self.text.trim_end())
    }

    /// Breaks words into lines; all but the first are indented as far as the first one's mark.
    fn fold(&mut self, mark: &str, words: &str) {
        let mut line = mark.to_owned();
        let indent = " ".repeat(mark.chars().count());
        for word in words.split_whitespace() {
            let used = line.chars().count();
            if used > indent.len() && used + 1 + word.chars().count() > COLUMNS {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                line.clone_from(&indent);
            }
            if line.chars().count() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// A number in few characters: up to six significant digits, without trailing zeros.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if size.to_bits() == 0 {
        return "0".to_owned();
    }
    if !x.is_finite() || !(1e-4..1e6).contains(&size) {
        return format!("{x:.2e}");
    }
    let places = (5 - size.log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// How many numbers of a row, and how many rows of a matrix, are shown at most.
const SHOWN: usize = 6;

/// `name = (1, 2, 3)`, abridged where it is long.
pub fn vector(name: &str, values: impl IntoIterator<Item = f64>) -> String {
    let cells: Vec<String> = values.into_iter().map(short).collect();
    let line = |count: usize| {
        let more = if count < cells.len() { format!(", ... {} in all", cells.len()) } else { String::new() };
        format!("{name} = ({}{more})", cells[..count].join(", "))
    };
    let fits = |&count: &usize| line(count).chars().count() <= COLUMNS - 2;
    line((1..=cells.len().min(SHOWN)).rev().find(fits).unwrap_or(0))
}

/// A matrix in aligned columns behind its name, abridged where it is large.
pub fn matrix(name: &str, values: &ndarray::Array2<f64>) -> Vec<String> {
    let (rows, columns) = values.dim();
    let cells: Vec<Vec<String>> = values
        .rows()
        .into_iter()
        .take(SHOWN)
        .map(|row| row.iter().take(SHOWN).map(|&x| short(x)).collect())
        .collect();
    let width = cells.iter().flatten().map(|cell| cell.chars().count()).max().unwrap_or(1);
    let indent = " ".repeat(name.chars().count());
    // ` = [`, ` ... ]` and the indentation take their room.
    let room = COLUMNS.saturating_sub(indent.len() + 14) / (width + 2);
    let shown = columns.min(SHOWN).min(room.max(1));
    let mut lines: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let row: Vec<String> = row.iter().take(shown).map(|cell| format!("{cell:>width$}")).collect();
            let start = if i == 0 { format!("{name} = [") } else { format!("{indent}   [") };
            let more = if columns > shown { "  ..." } else { "" };
            format!("{start} {}{more} ]", row.join("  "))
        })
        .collect();
    if rows > SHOWN || columns > shown {
        lines.push(format!("{indent}   {rows} x {columns} in all"));
    }
    lines
}

/// A decimal number rounded half up, as it is done on paper: of the number's own decimal digits (the binary `0.435` lies a
/// little below), away from zero.
pub fn round_half_up(x: f64, places: usize) -> String {
    // Twelve places are those of the decimal number that is meant; what lies beyond is rounding of the binary one.
    let text = format!("{:.12}", x.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits: Vec<u32> =
        whole.chars().chain(fraction.chars().take(places)).filter_map(|c| c.to_digit(10)).collect();
    let mut up = fraction.chars().nth(places).is_some_and(|c| c >= '5');
    let mut rounded: Vec<char> = Vec::new();
    for digit in digits.into_iter().rev() {
        let sum = digit + u32::from(up);
        up = sum == 10;
        rounded.extend(char::from_digit(sum % 10, 10));
    }
    if up {
        rounded.push('1');
    }
    let mut text: String = rounded.iter().rev().collect();
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if x < 0.0 && !zero { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_paper() {
        let cases = [(0.435, "0.44"), (0.2525, "0.25"), (0.1825, "0.18"), (0.995, "1.00"), (9.995, "10.00")];
        for (x, want) in cases.into_iter().chain([(-0.435, "-0.44"), (-0.001, "0.00"), (0.0, "0.00")]) {
            assert_eq!(round_half_up(x, 2), want, "{x}");
        }
        assert_eq!(round_half_up(0.3 / 0.6 * 0.42 + 0.2 / 0.4 * 0.45, 2), "0.44");
        assert_eq!((round_half_up(2.5, 0), round_half_up(1.25, 1)), ("3".to_owned(), "1.3".to_owned()));
    }

    #[test]
    fn numbers_are_short() {
        let cases =
            [(0.42, "0.42"), (1.0, "1"), (-1234.5, "-1234.5"), (1e-7, "1.00e-7"), (1e300, "1.00e300")];
        for (x, want) in cases.into_iter().chain([(0.0, "0"), (0.580079152, "0.580079"), (120.0, "120")]) {
            assert_eq!(short(x), want);
        }
    }

    #[test]
    fn no_line_is_too_long_and_failures_are_named() {
        let mut report = Report::new();
        report.section("A title");
        report.say(&"word ".repeat(100));
        report.check(&"claim ".repeat(40), true);
        report.check("twice two is five", false);
        let text = report.finish();
        assert!(text.lines().all(|line| line.chars().count() <= COLUMNS), "{text}");
        assert!(text.contains("[FAILED] twice two is five"));
        assert!(text.ends_with("1 of 2 checks FAILED.\n"));
        assert_eq!(report.failed(), ["twice two is five"]);
    }

    #[test]
    fn large_matrices_are_abridged() {
        let lines = matrix("W[2]", &ndarray::Array2::from_elem((9, 70), -1234.5678e-20));
        assert!(lines.iter().all(|line| line.chars().count() <= COLUMNS - 2), "{lines:#?}");
        assert!(lines[6].contains("9 x 70 in all"));
        let line = vector("E[1]", vec![-1234.5678e-200; 30]);
        assert!(line.chars().count() <= COLUMNS - 2 && line.contains("30 in all"), "{line}");
    }
}
