//! What stands in the pages besides programs: links, quotes, formulas, pictures, and the marks of blocks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::fs;

use chainrule_book::formulas::Formulas;
use chainrule_book::links;
use chainrule_book::pages::{Page, blocks, options, pages, root};
use chainrule_book::programs::{Ending, listings};
use chainrule_book::quotes;
use pulldown_cmark::{Event, Parser};

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn line(page: &Page, at: usize) -> String {
    format!("{}:{}", page.path, page.text[..at].matches('\n').count() + 1)
}

#[test]
fn every_link_and_picture_leads_somewhere() {
    none(links::faults(&pages().unwrap()));
}

#[test]
fn every_page_is_in_its_book() {
    let pages = pages().unwrap();
    let summaries = pages.iter().filter(|page| page.path.ends_with("/SUMMARY.md"));
    none(summaries.flat_map(|summary| links::summary_faults(&pages, &summary.path)).collect());
}

#[test]
fn every_quote_stands_in_the_source_file_it_names() {
    let mut faults = Vec::new();
    for page in pages().unwrap() {
        for block in blocks(&page.text) {
            let Some(file) = block.value("quote") else { continue };
            let place = format!("{}:{}", page.path, block.line);
            match fs::read_to_string(root().join(file)) {
                Ok(source) => {
                    if let Err(line) = quotes::stands_in(&block.code, &source) {
                        faults
                            .push(format!("{place}: in {file} there is no such line at this place: {line}"));
                    }
                }
                Err(error) => faults.push(format!("{place}: {file}: {error}")),
            }
        }
    }
    none(faults);
}

#[test]
fn every_formula_becomes_mathml() {
    let formulas = Formulas::new().unwrap();
    let mut faults = Vec::new();
    for page in pages().unwrap() {
        for (event, range) in Parser::new_ext(&page.text, options()).into_offset_iter() {
            let (latex, display) = match event {
                Event::InlineMath(latex) => (latex, false),
                Event::DisplayMath(latex) => (latex, true),
                _ => continue,
            };
            if let Err(error) = formulas.convert(&latex, display) {
                faults.push(format!("{}: {error}", line(&page, range.start)));
            }
        }
    }
    none(faults);
}

#[test]
fn a_block_that_is_not_run_says_why() {
    let mut faults = Vec::new();
    for page in pages().unwrap() {
        for block in blocks(&page.text) {
            let skipped = ["ignore", "no_run", "compile_fail"].iter().any(|word| block.says(word));
            if skipped && block.reason.as_ref().is_none_or(String::is_empty) {
                faults.push(format!(
                    "{}:{}: write `<!-- not run: the reason -->` in the line above the block",
                    page.path, block.line
                ));
            }
        }
    }
    none(faults);
}

#[test]
fn outputs_belong_to_programs_that_run() {
    let pages = pages().unwrap();
    let listings = listings(&pages);
    let mut faults = Vec::new();
    let outputs =
        pages.iter().flat_map(|page| blocks(&page.text)).filter(|block| block.says("output")).count();
    let owned = listings.iter().filter(|listing| listing.output.is_some()).count();
    if outputs != owned {
        faults.push(format!("{outputs} blocks are marked `output`, but {owned} programs have one"));
    }
    for listing in &listings {
        let runs = matches!(listing.ending, Ending::Success | Ending::Failure);
        if listing.output.is_some() && !runs {
            faults.push(format!("{}: it has an output, but is not run", listing.place()));
        }
        if listing.ending == Ending::Failure && listing.output.is_none() {
            faults.push(format!("{}: it `fails`, and the page does not show how", listing.place()));
        }
    }
    none(faults);
}

#[test]
fn the_preprocessor_understands_every_page() {
    for page in
        pages().unwrap().iter().filter(|page| page.path.starts_with("docs/") && page.path.contains("src/"))
    {
        let (book, path) = page.path.split_once("src/").unwrap();
        let json = serde_json::json!([
            {"root": root().join(book), "config": {"book": {"src": "src"}}},
            {"items": [{"Chapter": {"content": page.text, "path": path}}]},
        ]);
        let result = chainrule_book::preprocess::book(&json.to_string());
        assert!(result.is_ok(), "{}: {result:?}", page.path);
    }
}
