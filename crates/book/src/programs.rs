//! From the code blocks of the pages to programs, and from these to Rust modules. Also part of the build script.

use crate::pages::{Block, Page, blocks};

/// How a program of the book ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is compiled and run, and succeeds.
    Success,
    /// It is compiled and run, and ends with an error (`rust,fails`), which its output shows.
    Failure,
    /// It is only compiled (`rust,no_run`).
    NotRun,
    /// The compiler refuses it (`rust,compile_fail`).
    NotCompiled,
}

/// A Rust block that is a program, and what the page says it prints.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The page it stands in.
    pub page: String,
    /// The block itself.
    pub block: Block,
    /// How it ends.
    pub ending: Ending,
    /// The block that is marked as its output, if there is one.
    pub output: Option<Block>,
    /// The number of its module. Pages in two languages share the programs that are the same in both.
    pub module: usize,
}

/// All programs, in the order of the pages. Quotes and blocks that say `ignore` are none.
pub fn listings(pages: &[Page]) -> Vec<Listing> {
    let mut listings: Vec<Listing> = Vec::new();
    let mut modules = 0;
    for page in pages {
        let first = listings.len();
        for block in blocks(&page.text) {
            if block.words.first().is_some_and(|word| word == "rust") {
                if block.says("ignore") || block.value("quote").is_some() {
                    continue;
                }
                let ending = match () {
                    () if block.says("compile_fail") => Ending::NotCompiled,
                    () if block.says("no_run") => Ending::NotRun,
                    () if block.says("fails") => Ending::Failure,
                    () => Ending::Success,
                };
                let same = |other: &&Listing| other.block.code == block.code && other.ending == ending;
                let module = listings.iter().find(same).map_or(modules, |other| other.module);
                modules = modules.max(module + 1);
                listings.push(Listing { page: page.path.clone(), block, ending, output: None, module });
            } else if block.says("output")
                && let Some(listing) = listings[first..].last_mut()
            {
                listing.output = Some(block);
            }
        }
    }
    listings
}

impl Listing {
    /// The page and the line where the program begins.
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.block.line)
    }

    /// The name of its file: the page and the line again.
    pub fn file(&self) -> String {
        let page = self.page.trim_end_matches(".md").replace(['/', '.'], "-");
        format!("{page}-{}.rs", self.block.line)
    }

    /// The Rust source of its module. The code keeps the line numbers that it has in the page, so that what the compiler says
    /// of line 40 is about line 40 of the page.
    pub fn module(&self) -> String {
        let code = visible(&self.block.code);
        let (head, code, tail) = if code.contains("fn main(") {
            (String::new(), code, String::new())
        } else if code.contains("#[test]") {
            let (code, calls) = tests(&code);
            (String::new(), code, format!("fn main() {{ {calls} }}"))
        } else if code.trim_end().ends_with("(())") {
            // As rustdoc reads it: a last line `Ok::<(), Error>(())` permits the question mark.
            let head = "fn main() -> Result<(), impl std::fmt::Debug> {".to_owned();
            (head, code, "}".to_owned())
        } else {
            ("fn main() {".to_owned(), code, "}".to_owned())
        };
        let lines = "\n".repeat(self.block.line.saturating_sub(2));
        format!(
            "{lines}{head}\n{code}\n{tail}\n\npub(super) fn run() -> std::process::ExitCode {{ \
             std::process::Termination::report(main()) }}\n"
        )
    }
}

/// Lines that begin with `# ` are part of the program, but not shown in the book.
fn visible(code: &str) -> String {
    let line = |line: &str| {
        let rest = line.trim_start();
        match rest.strip_prefix('#') {
            Some("") => String::new(),
            Some(rest) if rest.starts_with(' ') => rest[1..].to_owned(),
            Some(rest) if rest.starts_with('#') => rest.to_owned(),
            _ => line.to_owned(),
        }
    };
    code.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Tests as plain functions, and the calls of them all.
fn tests(code: &str) -> (String, String) {
    let (mut lines, mut calls, mut marked) = (Vec::new(), String::new(), false);
    for line in code.lines() {
        if line.trim() == "#[test]" {
            marked = true;
            lines.push(String::new());
            continue;
        }
        if marked && let Some(name) = line.trim_start().strip_prefix("fn ") {
            let name = name.split('(').next().unwrap_or("");
            calls.push_str(&format!("if std::process::Termination::report({name}()) != std::process::ExitCode::SUCCESS {{ std::process::exit(1) }}"));
            marked = false;
        }
        lines.push(line.to_owned());
    }
    (lines.join("\n"), calls)
}
