//! What the engine's sources offer: its operations by family, with their documentation. The list of rows and the page
//! `docs/operations.md` are compared with it, so that neither can lag behind.

use std::path::Path;

/// A page of the sources.
pub struct Family {
    /// What it is about: its own first sentence.
    pub title: String,
    /// Its operations, in their order there.
    pub operations: Vec<Operation>,
}

/// A method of `Var` or `Graph`.
pub struct Operation {
    /// Its name.
    pub name: String,
    /// As it is called: `graph.stack(nodes, axis)`.
    pub call: String,
    /// Its documentation without the example, in lines.
    pub docs: Vec<String>,
}

/// The pages, in the order in which a reader meets them.
const PAGES: [&str; 18] = [
    "var/elementwise.rs",
    "var/activation.rs",
    "var/compare.rs",
    "var/reduce.rs",
    "var/softmax.rs",
    "var/loss.rs",
    "var/order.rs",
    "var/random.rs",
    "var/product.rs",
    "einsum.rs",
    "var/linalg.rs",
    "var/layout.rs",
    "var/slice.rs",
    "var/join.rs",
    "var/index.rs",
    "var/window.rs",
    "custom.rs",
    "var/arithmetic.rs",
];

/// Reads the sources.
///
/// # Errors
/// If a page is missing, or there is one in `var/` that is not on the list.
pub fn families() -> Result<Vec<Family>, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/graph/src");
    let found = std::fs::read_dir(sources.join("var")).map_err(|e| e.to_string())?;
    for file in found {
        let name = file.map_err(|e| e.to_string())?.file_name().to_string_lossy().into_owned();
        if name != "mod.rs" && !PAGES.contains(&format!("var/{name}").as_str()) {
            return Err(format!("var/{name} is new: it belongs on the list in tests/src/sources.rs"));
        }
    }
    let read = |page: &&str| std::fs::read_to_string(sources.join(page)).map_err(|e| format!("{page}: {e}"));
    PAGES.iter().map(|page| read(page).map(|text| family(&text))).collect()
}

fn family(text: &str) -> Family {
    let title: String = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let title = title.trim().split(": ").next().unwrap_or_default().split(". ").next().unwrap_or_default();
    let mut operations = Vec::new();
    let (mut docs, mut of) = (Vec::new(), None);
    let lines: Vec<&str> = text.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("impl") || line.starts_with("macro_rules") {
            of = match (line.contains(" Var<"), line.contains(" Graph<"), line.starts_with("macro")) {
                (true, ..) => Some("x"),
                (_, true, _) => Some("graph"),
                _ => None,
            };
        }
        let code = line.trim();
        if let Some(doc) = code.strip_prefix("///") {
            docs.push(doc.strip_prefix(' ').unwrap_or(doc).to_owned());
            continue;
        }
        let method = code.strip_prefix("pub fn ").filter(|_| of.is_some() && !code.contains('$'));
        let row =
            code.strip_suffix(';').and_then(|code| code.split_once(" => ")).filter(|(name, function)| {
                let plain = |s: &str| s.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                plain(name) && plain(function)
            });
        if let Some(method) = method {
            let signature: String =
                lines[i..].iter().take_while(|line| !line.contains('}')).map(|l| l.trim()).collect();
            let name = method.split(['(', '<']).next().unwrap_or_default().to_owned();
            let call = format!("{}.{name}({})", of.unwrap_or("x"), arguments(&signature));
            operations.push(Operation { name, call, docs: without_example(&docs) });
        } else if let Some((name, _)) = row {
            let other = if text
                .contains("impl IntoVar<'g, T>) -> Self {\n                self.zip(Binary::$Function")
            {
                "other"
            } else {
                ""
            };
            operations.push(Operation {
                name: name.to_owned(),
                call: format!("x.{name}({other})"),
                docs: without_example(&docs),
            });
        }
        if !code.starts_with("#[") {
            docs.clear();
        }
    }
    Family { title: title.trim_end_matches('.').to_owned(), operations }
}

/// The names of the arguments of a signature, `self` aside.
fn arguments(signature: &str) -> String {
    let inside = signature.split_once('(').map_or("", |(_, rest)| rest);
    let (mut depth, mut names, mut name, mut open) = (0, Vec::new(), String::new(), true);
    for c in inside.chars() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' | '>' | ']' if depth > 0 => depth -= 1,
            ')' => break,
            ':' if depth == 0 => open = false,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut name));
                open = true;
                continue;
            }
            _ => {}
        }
        if open && depth == 0 {
            name.push(c);
        }
    }
    names.push(name);
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty() && !name.contains("self"))
        .collect();
    names.join(", ")
}

/// The words of a documentation: all but examples and headings.
fn without_example(docs: &[String]) -> Vec<String> {
    let mut inside = false;
    let mut words: Vec<String> = Vec::new();
    for line in docs {
        if line.starts_with("```") {
            inside = !inside;
        } else if line.starts_with("# ") {
            break;
        } else if !inside {
            words.push(line.clone());
        }
    }
    while words.last().is_some_and(String::is_empty) {
        words.pop();
    }
    words
}
