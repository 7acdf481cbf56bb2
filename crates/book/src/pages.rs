//! Which pages there are, and the code blocks in them. Also part of the build script.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The folder of the repository.
pub fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root.pop();
    root
}

/// A file of the documentation.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its path from the root of the repository, with `/` between the parts.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// README.md and every page under `docs/`, in the order of their paths.
///
/// # Errors
/// If one cannot be read.
pub fn pages() -> io::Result<Vec<Page>> {
    let root = root();
    let mut paths = vec![root.join("README.md")];
    markdown(&root.join("docs"), &mut paths)?;
    paths.sort();
    let page = |path: PathBuf| {
        let text = fs::read_to_string(&path)?.replace("\r\n", "\n");
        let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Ok(Page { path, text })
    };
    paths.into_iter().map(page).collect()
}

fn markdown(folder: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            markdown(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            into.push(path);
        }
    }
    Ok(())
}

/// The Markdown that forges and mdBook read, with formulas between dollars.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_MATH
}

/// A fenced block of code.
#[derive(Clone, Debug)]
pub struct Block {
    /// The words after the opening fence: the language first.
    pub words: Vec<String>,
    /// The code, without the indentation that a list gives it.
    pub code: String,
    /// The line of the page, counted from 1, in which the code begins.
    pub line: usize,
    /// Where the code stands in the page.
    pub range: Range<usize>,
    /// Why it is neither compiled nor run: the comment `<!-- not run: ... -->` in the line before it.
    pub reason: Option<String>,
}

impl Block {
    /// Whether a word stands after the fence.
    pub fn says(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// What stands after `key=`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

/// The words of an info string: `rust,no_run` has two.
pub fn words(info: &str) -> Vec<String> {
    info.split([',', ' ', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The fenced blocks of a page, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let start = range.start + text[range.start..].find('\n').map_or(0, |end| end + 1);
                let before = text[..range.start].trim_end().lines().next_back().unwrap_or("").trim();
                let reason = before.strip_prefix("<!-- not run:").and_then(|rest| rest.strip_suffix("-->"));
                open = Some(Block {
                    words: words(&info),
                    code: String::new(),
                    line: text[..start].matches('\n').count() + 1,
                    range: start..start,
                    reason: reason.map(|reason| reason.trim().to_owned()),
                });
            }
            Event::Text(code) => {
                if let Some(block) = &mut open {
                    block.code.push_str(&code);
                    block.range.end = range.end;
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}
