//! Links between pages, to files of the repository, and to headings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::pages::{Page, options, root};

/// What is wrong with the links of the pages: the place, the link and the reason, a line each.
pub fn faults(pages: &[Page]) -> Vec<String> {
    let anchors: BTreeMap<&str, BTreeSet<String>> =
        pages.iter().map(|page| (page.path.as_str(), anchors(page, pages))).collect();
    let mut faults = Vec::new();
    for page in pages {
        for (link, line) in links(&page.text) {
            if is_elsewhere(&link) {
                continue;
            }
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if target.is_empty() { page.path.clone() } else { resolved(&page.path, target) };
            let fault = match anchors.get(target.as_str()) {
                Some(known) if !anchor.is_empty() && !known.contains(anchor) => {
                    format!("{target} has no heading #{anchor}; it has {known:?}")
                }
                None if !root().join(&target).exists() => format!("there is no {target}"),
                _ => continue,
            };
            faults.push(format!("{}:{line}: ({link}): {fault}", page.path));
        }
    }
    faults
}

/// Whether a link leads out of the repository.
pub fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// A path relative to a page, from the root of what the page's path is relative to. What leads above it begins with `../`.
pub fn resolved(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Links and pictures with their lines.
fn links(text: &str) -> Vec<(String, usize)> {
    let mut links = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
            links.push((dest_url.to_string(), text[..range.start].matches('\n').count() + 1));
        }
    }
    links
}

/// The anchors that forges and mdBook give the headings of a page.
fn anchors(page: &Page, pages: &[Page]) -> BTreeSet<String> {
    let text = included(page, pages);
    let (mut anchors, mut heading) = (BTreeSet::new(), None::<String>);
    for event in Parser::new_ext(&text, options()) {
        match event {
            Event::Start(Tag::Heading { id: Some(id), .. }) => {
                anchors.insert(id.to_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let slug = slug(&heading.take().unwrap_or_default());
                let numbered = (1..).map(|number| format!("{slug}-{number}"));
                let free = std::iter::once(slug.clone()).chain(numbered).find(|name| !anchors.contains(name));
                anchors.extend(free);
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            _ => {}
        }
    }
    anchors
}

/// The page with the pages in it that mdBook's `#include` puts there.
fn included(page: &Page, pages: &[Page]) -> String {
    let line = |line: &str| {
        let path = line.trim().strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
        let path = path.map(|path| resolved(&page.path, path.trim()));
        let other = path.and_then(|path| pages.iter().find(|other| other.path == path));
        other.map_or_else(|| line.to_owned(), |other| other.text.clone())
    };
    page.text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The pages of a book that its SUMMARY.md does not list, and what it lists and there is not.
pub fn summary_faults(pages: &[Page], summary: &str) -> Vec<String> {
    let Some(page) = pages.iter().find(|page| page.path == summary) else {
        return vec![format!("there is no {summary}")];
    };
    let folder = Path::new(summary).parent().map(|path| format!("{}/", path.display())).unwrap_or_default();
    let listed: BTreeSet<String> = links(&page.text)
        .into_iter()
        .filter(|(link, _)| !link.is_empty())
        .map(|(link, _)| resolved(summary, &link))
        .collect();
    let there: BTreeSet<String> = pages
        .iter()
        .map(|page| page.path.clone())
        .filter(|path| path.starts_with(&folder) && path != summary)
        .collect();
    let missing = listed.difference(&there).map(|path| format!("{summary} lists {path}, which is not there"));
    missing.chain(there.difference(&listed).map(|path| format!("{summary} does not list {path}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, text: &str) -> Page {
        Page { path: path.into(), text: text.into() }
    }

    #[test]
    fn paths_are_resolved_as_a_browser_does() {
        assert_eq!(resolved("docs/src/a.md", "b.md"), "docs/src/b.md");
        assert_eq!(resolved("docs/src/a.md", "../../README.md"), "README.md");
        assert_eq!(resolved("a.md", "../b.md"), "../b.md");
    }

    #[test]
    fn a_wrong_anchor_and_a_missing_file_are_found() {
        let pages = [
            page(
                "docs/a.md",
                "# One\n\n## Two `words`, here\n\n[x](b.md#three) [y](#two-words-here) [z](nowhere.md)",
            ),
            page("docs/b.md", "# Three\n\n[w](a.md#four)"),
        ];
        let faults = faults(&pages);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(
            faults[0].starts_with("docs/a.md:5: (nowhere.md): there is no docs/nowhere.md"),
            "{faults:?}"
        );
        assert!(
            faults[1].starts_with("docs/b.md:3: (a.md#four): docs/a.md has no heading #four"),
            "{faults:?}"
        );
    }

    #[test]
    fn anchors_of_included_pages_count() {
        let pages = [
            page("docs/src/a.md", "{{#include ../b.md}}\n"),
            page("docs/src/c.md", "[x](a.md#three)"),
            page("docs/b.md", "# Three"),
        ];
        assert_eq!(faults(&pages), Vec::<String>::new());
    }

    #[test]
    fn a_summary_lists_every_page_and_no_other() {
        let pages = [
            page("docs/src/SUMMARY.md", "- [a](a.md)\n- [b](b.md)\n- [c]()"),
            page("docs/src/a.md", ""),
            page("docs/src/d.md", ""),
        ];
        let faults = summary_faults(&pages, "docs/src/SUMMARY.md");
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
