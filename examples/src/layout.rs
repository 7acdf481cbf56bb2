//! Vectors, matrices, sums and tables as lines of text that fit a terminal, whatever their size.

use ndarray::ArrayView2;

use crate::rounding::{figure, significant};

/// No line is wider than this many characters.
pub const WIDTH: usize = 80;

/// What stands before every line that is not prose.
pub const INDENT: &str = "  ";

/// So many rows of a matrix, or of sums, are shown; of more, the first ones and the last.
const ROWS: usize = 8;

/// The number of characters, which is what a terminal counts (and not bytes).
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// `text` cut to `room` characters, with dots where something is missing.
pub fn abridged(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.into();
    }
    text.chars().take(room.saturating_sub(3)).chain("...".chars()).collect()
}

/// Names and texts of the user as they may be shown: no control characters, which could change the terminal.
pub fn printable(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(200)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().count() > 200 { shown + "..." } else { shown }
}

/// Words in lines of at most `room` characters. A `~` is a space at which no line ends.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = abridged(&word.replace('~', " "), room);
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if width(line) + 1 + width(&word) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The parts joined by `separator`; those in the middle give way to dots if there is not room for all.
pub fn joined(parts: &[String], separator: &str, room: usize) -> String {
    let whole = parts.join(separator);
    let Some((last, front)) = parts.split_last() else { return whole };
    if width(&whole) <= room {
        return whole;
    }
    let end = format!("...{separator}{last}");
    let mut text = String::new();
    for part in front {
        if width(&text) + width(part) + width(separator) + width(&end) > room {
            break;
        }
        text.push_str(part);
        text.push_str(separator);
    }
    abridged(&(text + &end), room)
}

/// Figures have this many digits, the first number of them that fits.
pub const DIGITS: [i32; 3] = [6, 4, 3];

/// `(0.42, 0.45)`, with fewer digits if that makes it fit, or `(0.42, 0.45, ..., 0.1), 64 numbers`.
pub fn vector<'a>(values: impl IntoIterator<Item = &'a f64> + Clone, room: usize) -> String {
    let parts =
        |digits| -> Vec<String> { values.clone().into_iter().map(|&x| significant(x, digits)).collect() };
    for digits in DIGITS {
        let whole = parts(digits).join(", ");
        if width(&whole) + 2 <= room {
            return format!("({whole})");
        }
    }
    let parts = parts(DIGITS[0]);
    let count = format!(", {} numbers", parts.len());
    format!("({}){count}", joined(&parts, ", ", room.saturating_sub(2 + width(&count))))
}

/// The indices to be shown of `len` things: all, or the first ones, a gap (`None`) and the last.
fn shown(len: usize, most: usize) -> Vec<Option<usize>> {
    if len <= most {
        return (0..len).map(Some).collect();
    }
    let first = most.saturating_sub(2);
    (0..first).map(Some).chain([None, len.checked_sub(1)]).collect()
}

/// A matrix behind its name, its columns aligned at the decimal point. What does not fit is left out, and the size said.
///
/// ```text
/// W[2] = | 0.3  0.2 |
///        | 0.2  0.1 |
/// ```
pub fn matrix(name: &str, matrix: ArrayView2<'_, f64>, room: usize) -> Vec<String> {
    let (rows, columns) = matrix.dim();
    let row_places = shown(rows, ROWS);
    let head = if name.is_empty() { String::new() } else { format!("{name} = ") };
    // The widest choice of columns that fits, from all down to the last alone.
    let column = |place: Option<usize>| match place {
        None => row_places.iter().map(|_| "...".to_owned()).collect(),
        Some(j) => aligned(row_places.iter().map(|row| {
            row.and_then(|i| matrix.get([i, j])).map_or_else(|| "...".to_owned(), |&x| figure(x))
        })),
    };
    let mut most = columns.min(room / 3 + 2);
    let cells = loop {
        let cells: Vec<Vec<String>> = shown(columns, most).into_iter().map(column).collect();
        let wide: usize = cells.iter().map(|cell| cell.first().map_or(0, |text| width(text) + 2)).sum();
        if width(&head) + wide + 2 <= room || most <= 2 {
            break cells;
        }
        most -= 1;
    };
    let mut lines: Vec<String> = (0..row_places.len())
        .map(|i| {
            let row: Vec<&str> = cells.iter().filter_map(|cell| cell.get(i)).map(String::as_str).collect();
            let head = if i == 0 { head.clone() } else { " ".repeat(width(&head)) };
            abridged(&format!("{head}| {} |", row.join("  ")), room)
        })
        .collect();
    if cells.len() < columns || row_places.len() < rows {
        lines.push(format!("{}({rows} x {columns})", " ".repeat(width(&head))));
    }
    lines
}

/// Figures padded to one width, their decimal points above each other.
fn aligned(figures: impl Iterator<Item = String>) -> Vec<String> {
    let figures: Vec<String> = figures.collect();
    let point = |text: &str| text.find('.').filter(|_| text != "...").unwrap_or(text.len());
    let left = figures.iter().map(|text| point(text)).max().unwrap_or(0);
    let right = figures.iter().map(|text| text.len() - point(text)).max().unwrap_or(0);
    figures
        .iter()
        .map(|text| {
            let before = " ".repeat(left - point(text));
            format!("{:<1$}", before + text, left + right)
        })
        .collect()
}

/// Two blocks of lines beside each other, or one above the other if there is no room.
pub fn beside(left: &[String], right: &[String], room: usize) -> Vec<String> {
    let widest = |block: &[String]| block.iter().map(|line| width(line)).max().unwrap_or(0);
    let column = widest(left).max(room / 2);
    if column + 2 + widest(right) > room {
        return [left, &[String::new()], right].concat();
    }
    (0..left.len().max(right.len()))
        .map(|i| {
            let line = |block: &[String]| block.get(i).cloned().unwrap_or_default();
            format!("{:<column$}  {}", line(left), line(right)).trim_end().to_owned()
        })
        .collect()
}

/// Sums written out behind a heading, from column `start` on, their results below each other; terms and rows in the
/// middle may be left out.
///
/// ```text
/// E[1] = W[2] E[2]        0.3 * 0.42 + 0.2 * 0.45 = 0.216
///                         0.2 * 0.42 + 0.1 * 0.45 = 0.129
/// ```
pub fn sums(head: &str, start: usize, rows: &[(Vec<String>, String)], room: usize) -> Vec<String> {
    let start = (width(head) + 2).max(start);
    let places = shown(rows.len(), ROWS);
    let sums: Vec<Option<(String, &String)>> = places
        .iter()
        .map(|place| {
            let (terms, result) = rows.get((*place)?)?;
            Some((joined(terms, " + ", room.saturating_sub(start + 3 + width(result))), result))
        })
        .collect();
    let longest = sums.iter().flatten().map(|(sum, _)| width(sum)).max().unwrap_or(0);
    sums.iter()
        .enumerate()
        .map(|(i, sum)| {
            let head = if i == 0 { head } else { "" };
            let line = match sum {
                // Results stand below each other where that does not push one of them out.
                Some((sum, result)) if start + longest + 3 + width(result) <= room => {
                    format!("{head:<start$}{sum:<longest$} = {result}")
                }
                Some((sum, result)) => format!("{head:<start$}{sum} = {result}"),
                None => format!("{head:<start$}... ({} more)", rows.len() - (places.len() - 1)),
            };
            abridged(&line, room)
        })
        .collect()
}

/// Whether the longest of the sums fits behind a heading of `start` characters.
pub fn sums_fit(start: usize, rows: &[(Vec<String>, String)], room: usize) -> bool {
    rows.iter().all(|(terms, result)| start + width(&terms.join(" + ")) + 3 + width(result) <= room)
}

/// A table with its columns aligned: the first to the left, the others to the right.
pub fn table(head: &[&str], rows: &[Vec<String>], room: usize) -> Vec<String> {
    let all: Vec<Vec<&str>> = [head.to_vec()]
        .into_iter()
        .chain(rows.iter().map(|row| row.iter().map(String::as_str).collect()))
        .collect();
    let wide: Vec<usize> = (0..head.len())
        .map(|j| all.iter().filter_map(|row| row.get(j)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    all.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&wide)
                .enumerate()
                .map(|(j, (cell, &w))| if j == 0 { format!("{cell:<w$}") } else { format!("{cell:>w$}") })
                .collect();
            abridged(cells.join("   ").trim_end(), room)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    fn room_is_kept(lines: &[String], room: usize) {
        for line in lines {
            assert!(width(line) <= room, "{} > {room}: {line}", width(line));
        }
    }

    #[test]
    fn matrices_align_at_the_point() {
        let lines = matrix("W[1]", array![[0.3, 0.4, -1.2], [10.25, 2.0, -0.5]].view(), 78);
        assert_eq!(lines, ["W[1] = |  0.3   0.4  -1.2 |", "       | 10.25  2    -0.5 |"]);
    }

    #[test]
    fn wide_and_high_matrices_are_abridged_and_say_their_size() {
        let wide = Array2::from_shape_fn((20, 50), |(i, j)| -(i as f64) / 7.0 + j as f64);
        let lines = matrix("W[1]", wide.view(), 78);
        assert_eq!(lines.len(), 9);
        assert!(lines[0].contains("...") && lines[0].ends_with(" 49      |"), "{}", lines[0]);
        assert_eq!(lines[8].trim(), "(20 x 50)");
        room_is_kept(&lines, 78);
        let huge = Array2::from_elem((2, 9), -1.234567e-300);
        room_is_kept(&matrix("shares", huge.view(), 78), 78);
        room_is_kept(&matrix("", huge.view(), 38), 38);
    }

    #[test]
    fn sums_keep_their_first_and_last_terms() {
        let terms: Vec<String> = (1..=40).map(|i| format!("0.{i} * 0.5")).collect();
        let rows = vec![(terms, "0.216".to_owned()); 12];
        let lines = sums("E[1] = W[2] E[2]", 24, &rows, 78);
        assert!(lines[0].contains("0.2 * 0.5 + ... + 0.40 * 0.5 = 0.216"), "{}", lines[0]);
        assert_eq!(lines[6].trim(), "... (5 more)");
        assert_eq!(lines.len(), 8);
        room_is_kept(&lines, 78);
    }

    #[test]
    fn vectors_say_how_many_they_are() {
        assert_eq!(vector(&[0.42, 0.45], 60), "(0.42, 0.45)");
        let long = vector(&[1.0 / 3.0; 30], 60);
        assert!(long.ends_with("..., 0.333333), 30 numbers") && width(&long) <= 60, "{long}");
    }

    #[test]
    fn prose_wraps() {
        room_is_kept(&wrapped(&"word ".repeat(99), 78), 78);
        room_is_kept(&wrapped(&"x".repeat(200), 78), 78);
    }
}
