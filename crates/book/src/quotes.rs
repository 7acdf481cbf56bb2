//! Code that a page quotes from a source file: `rust,quote=crates/graph/src/sweep.rs`.

/// Whether the lines of a quote stand in a source file, in this order and without a gap. Indentation does not count, and a
/// line `// ...` of the quote stands for any lines.
///
/// # Errors
/// The first line of the quote for which nothing is found.
pub fn stands_in(quote: &str, source: &str) -> Result<(), String> {
    let source: Vec<&str> = source.lines().map(str::trim).collect();
    let quote: Vec<&str> = quote.trim().lines().map(str::trim).collect();
    let mut at = 0;
    for part in quote.split(|line| *line == "// ...") {
        let mut best = 0;
        let place = (at..source.len() + 1).find(|&place| {
            let same = source[place..].iter().zip(part).take_while(|(a, b)| a == b).count();
            best = best.max(same);
            same == part.len()
        });
        match place {
            Some(place) => at = place + part.len(),
            None => return Err(part.get(best).copied().unwrap_or("").to_owned()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::stands_in;

    const SOURCE: &str = "fn a() {\n    one();\n    two();\n    three();\n}\n";

    #[test]
    fn a_quote_is_found_whatever_its_indentation() {
        assert_eq!(stands_in("one();\ntwo();\n", SOURCE), Ok(()));
        assert_eq!(stands_in("fn a() {\n// ...\nthree();\n}", SOURCE), Ok(()));
    }

    #[test]
    fn what_is_not_in_the_source_is_named() {
        assert_eq!(stands_in("one();\nthree();", SOURCE), Err("three();".into()));
        assert_eq!(stands_in("three();\n// ...\none();", SOURCE), Err("one();".into()));
    }
}
