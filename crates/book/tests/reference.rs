//! What the pages of reference promise as a whole: nothing that exists is left out, and no snippet of a table is only prose.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::fs;

use chainrule::graph::Unary;
use chainrule_book::pages::{Block, Page, blocks, options, pages, root};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

fn page(path: &str) -> Page {
    pages().unwrap().into_iter().find(|page| page.path == path).unwrap_or_else(|| panic!("{path} is missing"))
}

/// What stands under a heading, up to the next one of its level.
fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let rest = &text[text.find(&format!("\n{heading}\n"))? + heading.len() + 2..];
    Some(rest.split("\n## ").next().unwrap_or(rest))
}

#[test]
fn every_kind_of_error_is_explained_with_a_program_and_its_message() {
    let source = fs::read_to_string(root().join("crates/graph/src/error.rs")).unwrap();
    let body = source.split("pub enum ErrorKind {").nth(1).unwrap().split("\n}").next().unwrap();
    let kinds =
        body.lines().filter_map(|line| line.trim().strip_suffix(',')).filter(|kind| !kind.starts_with("//"));
    let kinds: Vec<&str> = kinds.collect();
    assert!(kinds.len() >= 17, "{kinds:?}");
    let text = page("docs/src/reference/errors.md").text;
    for kind in kinds {
        let section =
            section(&text, &format!("## `{kind}`")).unwrap_or_else(|| panic!("`{kind}` is not explained"));
        let blocks = blocks(section);
        let causes = |block: &Block| block.code.contains(&format!("ErrorKind::{kind})"));
        assert!(blocks.iter().any(causes), "no program asserts that it has an error of the kind `{kind}`");
        let shown = |block: &Block| block.says("output") && !block.code.trim().is_empty();
        assert!(blocks.iter().any(shown), "what an error of the kind `{kind}` says is not shown");
    }
}

#[test]
fn every_function_with_a_kink_stands_in_the_table_of_conventions() {
    let text = page("docs/src/reference/kinks-and-conventions.md").text;
    for function in Unary::<f64>::all() {
        // These two are slopes of others, and no methods.
        let inner = matches!(function, Unary::Inside(..) | Unary::Step);
        if !inner && !function.kinks().is_empty() {
            assert!(text.contains(&format!("`{}", function.name())), "{} has a kink", function.name());
        }
    }
}

/// Without blanks, and without the commas that only a line break needs.
fn squeezed(code: &str) -> String {
    code.split_whitespace().collect::<String>().replace(",)", ")").replace(",]", "]")
}

/// The code spans in the last column of all tables of a page.
fn snippets(text: &str) -> Vec<String> {
    let (mut found, mut row, mut head) = (Vec::new(), Vec::new(), false);
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::TableHead) => head = true,
            Event::End(TagEnd::TableHead) => head = false,
            Event::Start(Tag::TableCell) => row.clear(),
            Event::Code(code) if !head => row.push(code.to_string()),
            Event::End(TagEnd::TableRow) => found.append(&mut row),
            _ => {}
        }
    }
    found
}

#[test]
fn every_snippet_of_the_tables_for_newcomers_stands_in_a_program() {
    for name in ["pytorch", "jax", "numpy"] {
        let page = page(&format!("docs/src/coming-from/{name}.md"));
        let programs: Vec<Block> =
            blocks(&page.text).into_iter().filter(|block| block.words[0] == "rust").collect();
        let code: Vec<String> = programs.iter().map(|block| squeezed(&block.code)).collect();
        let snippets = snippets(&page.text);
        assert!(snippets.len() >= 20, "{name}: {}", snippets.len());
        for snippet in snippets {
            assert!(
                code.iter().any(|code| code.contains(&squeezed(&snippet))),
                "{name}: `{snippet}` is in no program"
            );
        }
    }
}
