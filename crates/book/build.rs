//! Writes a module for each program of the book, and the table of them all.
//!
//! `programs.rs` is compiled by `tests/programs.rs`. Programs that must not compile are written to `compile_fail.md`, which the
//! documentation tests of `src/lib.rs` read.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "src/pages.rs"]
#[allow(dead_code, unreachable_pub)]
mod pages;
#[path = "src/programs.rs"]
#[allow(dead_code, unreachable_pub)]
mod programs;

use programs::Ending;

fn main() -> io::Result<()> {
    let root = pages::root();
    for watched in ["README.md", "docs"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    println!("cargo::rerun-if-changed=src");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let folder = out.join("programs");
    // What a page lost must not stay behind.
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;

    let (mut modules, mut refused) =
        (Vec::new(), String::from("Blocks of the book that must not compile.\n"));
    for listing in programs::listings(&pages::pages()?) {
        if listing.ending == Ending::NotCompiled {
            refused.push_str(&format!(
                "\n{}\n\n```compile_fail\n{}```\n",
                listing.place(),
                listing.block.code
            ));
        }
        if listing.module < modules.len() {
            continue;
        }
        if listing.ending == Ending::NotCompiled {
            modules.push(None);
            continue;
        }
        let path = folder.join(listing.file());
        fs::write(&path, listing.module())?;
        modules.push(Some(path));
    }
    write(&out.join("programs.rs"), &table(&modules))?;
    write(&out.join("compile_fail.md"), &refused)
}

/// The modules, and a list of their `run` functions and files in the order of their numbers.
fn table(modules: &[Option<PathBuf>]) -> String {
    let (mut declarations, mut rows) = (String::new(), String::new());
    for (number, path) in modules.iter().enumerate() {
        match path {
            Some(path) => {
                let path = path.to_string_lossy();
                declarations.push_str(&format!("#[path = {path:?}]\nmod program_{number};\n"));
                rows.push_str(&format!("    Some((program_{number}::run, {path:?})),\n"));
            }
            None => rows.push_str("    None,\n"),
        }
    }
    format!(
        "{declarations}\n/// What a program does, and the file that it is in.\ntype Program = (fn() -> ExitCode, &'static str);\n\n\
         pub(crate) const PROGRAMS: &[Option<Program>] = &[\n{rows}];\n"
    )
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}
