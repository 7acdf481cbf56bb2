//! What happens to a chapter on its way through mdBook.
//!
//! The pages are made for being read as they are. mdBook shows some things better: formulas become MathML, pictures become part
//! of the page (so that they take its colours), a quote gets a caption, an output a frame, and links to files
//! that are not in the book become plain words.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde_json::Value;

use crate::formulas::Formulas;
use crate::links::{is_elsewhere, resolved};
use crate::pages::{options, words};

/// Answers mdBook: from `[context, book]` in JSON to the book with its chapters changed.
///
/// # Errors
/// What is wrong with the JSON, or with a page, whose path is named.
pub fn book(json: &str) -> Result<String, String> {
    let input: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let Value::Array(mut parts) = input else { return Err("mdBook sends a list".into()) };
    let (Some(mut book), Some(context)) = (parts.pop(), parts.pop()) else {
        return Err("mdBook sends its context and the book".into());
    };
    let root = context["root"].as_str().unwrap_or(".");
    let source = Path::new(root).join(context["config"]["book"]["src"].as_str().unwrap_or("src"));
    let chapters = Chapters { formulas: Formulas::new()?, source };
    chapters.walk(&mut book)?;
    Ok(book.to_string())
}

struct Chapters {
    formulas: Formulas,
    /// The folder of the book's pages.
    source: PathBuf,
}

impl Chapters {
    /// Changes every chapter. Whatever else mdBook puts into its JSON stays as it is.
    fn walk(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if let (Some(Value::String(text)), Some(Value::String(path))) =
                    (fields.get("content"), fields.get("path"))
                {
                    let changed = self.chapter(path, text)?;
                    fields.insert("content".into(), Value::String(changed));
                }
                fields.values_mut().try_for_each(|field| self.walk(field))
            }
            _ => Ok(()),
        }
    }

    /// One chapter: what is replaced, and by what.
    fn chapter(&self, path: &str, text: &str) -> Result<String, String> {
        let at = |error: String| format!("{path}: {error}");
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let mut events = Parser::new_ext(text, options()).into_offset_iter().peekable();
        let mut paragraph = 0..0;
        while let Some((event, range)) = events.next() {
            match event {
                Event::InlineMath(latex) => {
                    changes.push((range, self.formulas.convert(&latex, false).map_err(at)?))
                }
                Event::DisplayMath(latex) => {
                    changes.push((range, self.formulas.convert(&latex, true).map_err(at)?))
                }
                Event::Start(Tag::Paragraph) => paragraph = range,
                Event::Start(Tag::Image { dest_url, .. })
                    if dest_url.ends_with(".svg")
                        && text[paragraph.clone()].trim() == &text[range.clone()] =>
                {
                    let mut words = String::new();
                    while let Some((Event::Text(part) | Event::Code(part), _)) =
                        events.next_if(|(event, _)| !matches!(event, Event::End(TagEnd::Image)))
                    {
                        words.push_str(&part);
                    }
                    let file = self.source.join(resolved(path, &dest_url));
                    let svg = fs::read_to_string(&file)
                        .map_err(|error| at(format!("{}: {error}", file.display())))?;
                    changes.push((paragraph.clone(), figure(&svg, &words)));
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    changes.extend(code(&info, &text[range.clone()]).map(|new| (range, new)));
                }
                Event::Start(Tag::Link { dest_url, .. }) if self.leaves(path, &dest_url) => {
                    // The words of the link alone.
                    let link = &text[range.clone()];
                    if let Some(end) = link.rfind("](").filter(|_| link.starts_with('[')) {
                        changes.push((range.start..range.start + 1, String::new()));
                        changes.push((range.start + end..range.end, String::new()));
                    }
                }
                _ => {}
            }
        }
        changes.sort_by_key(|(range, _)| range.start);
        let (mut result, mut from) = (String::with_capacity(text.len()), 0);
        for (range, new) in changes {
            result.push_str(text.get(from..range.start).unwrap_or(""));
            result.push_str(&new);
            from = range.end;
        }
        result.push_str(&text[from..]);
        Ok(result)
    }

    /// Whether a link leads to a file that is not a part of the book.
    fn leaves(&self, page: &str, link: &str) -> bool {
        let file = link.split('#').next().unwrap_or("");
        !is_elsewhere(link) && !file.is_empty() && {
            let target = resolved(page, file);
            target.starts_with("..") || !self.source.join(target).exists()
        }
    }
}

/// A picture as a part of the page. It has the page's colours then, and leaves its own ones for light and dark alone.
fn figure(svg: &str, words: &str) -> String {
    let svg = svg.trim().replacen(" standalone\"", "\"", 1);
    let lines: Vec<&str> = svg.lines().filter(|line| !line.trim().is_empty()).collect();
    let words = words.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<figure class=\"picture\" role=\"img\" aria-label=\"{words}\">\n{}\n</figure>\n",
        lines.join("\n")
    )
}

/// A block that is a quote or an output.
fn code(info: &str, block: &str) -> Option<String> {
    let words = words(info);
    let framed = |class: &str, caption: &str, language: &str| {
        let block = block.replacen(info, language, 1);
        format!("<div class=\"{class}\">\n{caption}\n{}\n\n</div>\n", block.trim_end())
    };
    if let Some(file) = words.iter().find_map(|word| word.strip_prefix("quote=")) {
        let language = format!("{},noplayground", words.first().map_or("", String::as_str));
        return Some(framed("quote", &format!("<p class=\"file\">{file}</p>\n"), &language));
    }
    words.iter().any(|word| word == "output").then(|| framed("output", "", "text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(text: &str) -> String {
        let source = crate::pages::root().join("docs/src");
        Chapters { formulas: Formulas::new().unwrap(), source }.chapter("tutorial/x.md", text).unwrap()
    }

    #[test]
    fn formulas_become_mathml_and_code_is_left_alone() {
        let text = chapter("So $a_1$ and `$b$`.\n\n```text\n$c$\n```\n");
        assert!(text.starts_with("So <math>"), "{text}");
        assert!(text.contains("`$b$`") && text.contains("\n$c$\n"), "{text}");
    }

    #[test]
    fn a_quote_has_its_file_above_it() {
        let text = chapter("```rust,quote=a/b.rs\nfn main() {}\n```\n");
        assert!(
            text.contains("<p class=\"file\">a/b.rs</p>\n\n```rust,noplayground\nfn main() {}\n```"),
            "{text}"
        );
    }

    #[test]
    fn links_that_leave_the_book_become_words() {
        let text = chapter("[a `b`](../../../Cargo.toml), [c](https://example.org/) and [d](../SUMMARY.md)");
        assert_eq!(text, "a `b`, [c](https://example.org/) and [d](../SUMMARY.md)");
    }

    #[test]
    fn every_chapter_of_the_books_json_is_changed() {
        let json = r#"[{"root": "/", "config": {"book": {}}},
            {"items": [{"Chapter": {"content": "$a$", "path": "a.md", "sub_items": [{"Chapter": {"content": "$b$", "path": "b.md"}}]}}]}]"#;
        let book = book(json).unwrap();
        assert_eq!(book.matches("<math>").count(), 2, "{book}");
    }
}
