//! What a program printed, against what its page shows.

/// Whether a page shows what was printed. A line `...` of the page stands for any number of lines; blanks at the ends of lines
/// and blank lines at the end do not count.
pub fn matches(shown: &str, printed: &str) -> bool {
    let (shown, printed) = (tidy(shown), tidy(printed));
    let printed: Vec<&str> = printed.lines().collect();
    let parts: Vec<Vec<&str>> =
        shown.lines().collect::<Vec<_>>().split(|line| *line == "...").map(<[_]>::to_vec).collect();
    let Some((first, rest)) = parts.split_first() else { return printed.is_empty() };
    if !printed.starts_with(first) {
        return false;
    }
    let mut at = first.len();
    for (number, part) in rest.iter().enumerate() {
        // The part after the last dots ends the output; the others stand wherever they are found first.
        let last = number + 1 == rest.len();
        let places = at..(printed.len() + 1).saturating_sub(part.len());
        let mut places = places.filter(|&place| printed[place..].starts_with(part));
        match if last { places.next_back() } else { places.next() } {
            Some(place) if !last || place + part.len() == printed.len() => at = place + part.len(),
            _ => return false,
        }
    }
    at == printed.len()
}

/// Without blanks at the ends of lines, and with one line break at the end.
pub fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let text = lines.join("\n");
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

/// Places in the generated file as the reader of the page would see them: `src/main.rs`, or `main.rs` where the folder is not
/// shown, and lines counted from the first one of the program.
pub fn places(text: &str, file: &str, first: usize) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    moved(&moved(text, file, "src/main.rs", first), name, "main.rs", first)
}

fn moved(text: &str, file: &str, shown: &str, first: usize) -> String {
    let mut pieces = text.split(file);
    let mut result = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        result.push_str(shown);
        let number = piece.strip_prefix(':').map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.split_at(end)
        });
        match number.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest))) {
            Some((line, rest)) => result.push_str(&format!(":{}{rest}", (line + 1).saturating_sub(first))),
            None => result.push_str(piece),
        }
    }
    result
}

/// Four blanks before each line.
pub fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_any_lines_but_for_no_others() {
        let printed = "a\nb\nc\nb\n";
        for shown in [
            "a\nb\nc\nb\n",
            "a\n...\n",
            "...\nc\nb",
            "a\n...\nb\n",
            "...\nb\n...\n",
            "a\nb\n...\nc\nb\n",
            "...\n",
        ] {
            assert!(matches(shown, printed), "{shown:?}");
        }
        for shown in ["a\nb\nc\n", "...\nc\n", "b\n...\n", "a\n...\nd\n...\n", "", "a\nb\nc\nb\n...\nb\n"] {
            assert!(!matches(shown, printed), "{shown:?}");
        }
    }

    #[test]
    fn blanks_at_the_ends_of_lines_do_not_count() {
        assert!(matches("a\n", "a  \n\n"));
        assert!(!matches("a\n", " a\n"));
    }

    #[test]
    fn places_are_counted_from_the_first_line_of_the_program() {
        let text = "  --> /out/page-40.rs:43:9\n";
        assert_eq!(places(text, "/out/page-40.rs", 40), "  --> src/main.rs:4:9\n");
        assert_eq!(places("exp [2]  page-40.rs:43", "/out/page-40.rs", 40), "exp [2]  main.rs:4");
    }
}
