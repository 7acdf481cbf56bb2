//! The Korean edition beside the English one: the same chapters, the same programs, the same pictures.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::collections::BTreeMap;
use std::fs;

use chainrule_book::pages::{Block, Page, blocks, options, pages, root};
use pulldown_cmark::{Event, Parser, Tag};

/// Code without its comments and without what stands in its strings: what must be the same in every language.
fn skeleton(code: &str) -> String {
    let mut result = String::new();
    let mut rest = code.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|&c| c != '\n').is_some() {},
            '"' => {
                result.push_str("\"\"");
                let mut escaped = false;
                for c in rest.by_ref() {
                    match c {
                        '"' if !escaped => break,
                        _ => escaped = c == '\\' && !escaped,
                    }
                }
            }
            // A quotation mark as a character, and not a lifetime.
            '\'' if rest.peek() == Some(&'"') => {
                result.push_str("'\"");
                rest.next();
            }
            c if c.is_whitespace() => {}
            c => result.push(c),
        }
    }
    result
}

/// The path of a chapter inside of its edition, and its code: of programs the skeleton, of everything else but outputs the text.
fn chapters(edition: &str) -> BTreeMap<String, Vec<(Vec<String>, String)>> {
    let of = |block: Block| match block.words.first().map(String::as_str) {
        Some("rust") => Some((block.words, skeleton(&block.code))),
        _ if block.says("output") => Some((block.words, String::new())),
        _ => None,
    };
    let chapter = |page: Page| {
        let name = page.path.strip_prefix(edition)?.to_owned();
        Some((name, blocks(&page.text).into_iter().filter_map(of).collect()))
    };
    pages().unwrap().into_iter().filter_map(chapter).collect()
}

#[test]
fn a_skeleton_keeps_all_but_comments_strings_and_blanks() {
    let english = "let x = f(\"a \\\" // b\", '\"'); // note\n    x + 1";
    let korean = "let x = f(\"가\", '\"');   // 주석\n// 하나 더\nx + 1";
    assert_eq!(skeleton(english), "letx=f(\"\",'\"');x+1");
    assert_eq!(skeleton(english), skeleton(korean));
    assert_ne!(skeleton(english), skeleton("let x = f(\"가\", '\"'); x + 2"));
}

#[test]
fn every_chapter_of_the_tutorial_is_there_in_korean_with_the_same_programs() {
    let (english, korean) = (chapters("docs/src/tutorial/"), chapters("docs/ko/src/tutorial/"));
    assert!(english.len() > 1, "the tutorial is missing");
    assert_eq!(english.keys().collect::<Vec<_>>(), korean.keys().collect::<Vec<_>>());
    for (name, blocks) in &english {
        let same = &korean[name];
        for (number, (ours, theirs)) in blocks.iter().zip(same).enumerate() {
            assert_eq!(ours, theirs, "{name}, block {} of the code", number + 1);
        }
        assert_eq!(blocks.len(), same.len(), "{name}");
    }
}

/// What must be the same in all chapters: pictures by the name of their files, formulas, and where headings and solutions are.
fn outline(edition: &str) -> BTreeMap<String, Vec<String>> {
    let of = |event: Event<'_>| match event {
        Event::Start(Tag::Image { dest_url, .. }) => dest_url.rsplit('/').next().map(str::to_owned),
        Event::Start(Tag::Heading { level, .. }) => Some(level.to_string()),
        Event::Html(html) if html.starts_with("<details>") => Some("solution".to_owned()),
        Event::DisplayMath(latex) => Some(latex.to_string()),
        _ => None,
    };
    let chapter = |page: Page| {
        let name = page.path.strip_prefix(edition)?.to_owned();
        Some((name, Parser::new_ext(&page.text, options()).filter_map(of).collect()))
    };
    pages().unwrap().into_iter().filter_map(chapter).collect()
}

/// A difference is a chapter whose translation has been left behind.
#[test]
fn both_editions_have_the_same_headings_formulas_pictures_and_solutions() {
    let (english, korean) = (outline("docs/src/tutorial/"), outline("docs/ko/src/tutorial/"));
    for (name, parts) in &english {
        assert_eq!(Some(parts), korean.get(name), "{name}");
    }
}

#[test]
fn both_editions_have_the_same_style() {
    let style = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    assert_eq!(style("docs/theme/chainrule.css"), style("docs/ko/theme/chainrule.css"));
}
