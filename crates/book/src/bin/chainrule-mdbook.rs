//! The preprocessor that `book.toml` names. mdBook asks it `supports RENDERER` first, then sends the book and reads it back.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use chainrule_book::preprocess;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("supports") {
        // Only HTML shows MathML and SVG.
        let html = std::env::args().nth(2).as_deref() == Some("html");
        return if html { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut json = String::new();
    let read = io::stdin().read_to_string(&mut json).map_err(|error| error.to_string());
    let written = read
        .and_then(|_| preprocess::book(&json))
        .and_then(|book| io::stdout().write_all(book.as_bytes()).map_err(|error| error.to_string()));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
