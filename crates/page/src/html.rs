//! The page: one HTML file with everything inside, its style, its program, the network and the engine.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::blocks::{self, Kind};
use crate::lesson::{Question, Rows};
use crate::module::respond;
use crate::network::Network;

/// A page without an engine carries all of its numbers along; a network may have no more weights then.
pub const MOST_STORED: usize = 20_000;

/// What a page is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'p> {
    /// Where the network comes from; `None` for the lecture's own.
    pub name: Option<&'p str>,
    /// The network.
    pub network: &'p Network,
    /// The engine, compiled to WebAssembly (see `examples/engine.rs`). Without it the page shows numbers that are computed
    /// here, and nothing can be edited.
    pub engine: Option<&'p [u8]>,
}

/// A network is too large for a page without an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// So many weights it has.
    pub weights: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the network has {} weights, and a page that carries its numbers along takes up to {MOST_STORED}\n  help: \
             write the page with the engine inside, which computes them",
            self.weights
        )
    }
}

impl std::error::Error for TooLarge {}

impl Page<'_> {
    /// The text of the page.
    ///
    /// ```
    /// use chainrule_page::Page;
    /// use chainrule_page::network::Network;
    ///
    /// let page = Page { name: Some("<my> net.toml"), network: &Network::lecture(), engine: None };
    /// let html = page.html()?;
    /// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("&lt;my&gt; net.toml"));
    /// # Ok::<(), chainrule_page::TooLarge>(())
    /// ```
    ///
    /// # Errors
    /// Without an engine, if the network has more than [`MOST_STORED`] weights.
    pub fn html(&self) -> Result<String, TooLarge> {
        let shape = self.network.shape();
        let (title, about) = match self.name {
            None => (
                "Back-propagation, step by step".to_owned(),
                "The network of the lecture: signals go forward, errors go back along the same links, and every number is \
                 written out."
                    .to_owned(),
            ),
            Some(name) => (
                escaped(name),
                format!(
                    "A network {shape} through the lecture\u{2019}s eyes: signals go forward, errors go back along the \
                     same links, and every number is written out."
                ),
            ),
        };
        let data = self.data()?;
        let engine = self.engine.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default();
        Ok(filled(TEMPLATE, |field| match field {
            "title" => &title,
            "about" => &about,
            "style" => STYLE,
            "data" => &data,
            "engine" => &engine,
            "program" => PROGRAM,
            _ => "",
        }))
    }

    /// The network and, without an engine, the answers to every question that the page can ask about it. No text of the
    /// user's is in here, only numbers.
    fn data(&self) -> Result<String, TooLarge> {
        let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
        let start = self.question(Rows::Senders, true);
        let mut answers = Vec::new();
        if self.engine.is_none() {
            let weights = self.network.weights.iter().map(|w| w.len()).sum();
            if weights > MOST_STORED {
                return Err(TooLarge { weights });
            }
            for rows in [Rows::Senders, Rows::Receivers] {
                for from_noted in [true, false] {
                    // The key is what the page asks with: its settings.
                    let key = format!("{}{}", u8::from(rows == Rows::Receivers), u8::from(from_noted));
                    let numbers = respond(&blocks::write(&self.question(rows, from_noted).blocks()));
                    answers.push(format!("\"{key}\":{}", list(&numbers)));
                }
            }
        }
        Ok(format!(
            "{{\"kinds\":[{}],\"question\":{},\"answers\":{{{}}}}}",
            kinds.join(","),
            list(&blocks::write(&start.blocks())),
            answers.join(",")
        ))
    }

    fn question(&self, rows: Rows, from_noted: bool) -> Question {
        Question { network: self.network.clone(), rows, from_noted, step: None }
    }
}

const TEMPLATE: &str = include_str!("../assets/page.html");
const STYLE: &str = include_str!("../assets/style.css");

/// One program, in the order in which its parts use each other.
const PROGRAM: &str = concat!(
    include_str!("../assets/numbers.js"),
    include_str!("../assets/engine.js"),
    include_str!("../assets/network.js"),
    include_str!("../assets/elements.js"),
    include_str!("../assets/steps.js"),
    include_str!("../assets/stage.js"),
    include_str!("../assets/panels.js"),
    include_str!("../assets/main.js"),
);

/// The template with its `{{fields}}` filled, each once: what is filled in is never looked at again.
fn filled<'t>(template: &'t str, value: impl Fn(&str) -> &'t str) -> String {
    let mut text = String::new();
    for (i, part) in template.split("{{").enumerate() {
        match part.split_once("}}") {
            Some((field, rest)) if i > 0 => text.extend([value(field), rest]),
            _ => text.push_str(part),
        }
    }
    text
}

/// Text for HTML, in elements and in attributes: no markup, no control characters.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

/// Numbers as JSON, each the shortest text that is read back as the same bits.
fn list(numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers
        .iter()
        .map(|x| {
            let text = format!("{x:?}");
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        })
        .collect();
    format!("[{}]", texts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let value = |field: &str| if field == "a" { "{{b}}" } else { "x" };
        assert_eq!(filled("1 {{a}} 2 {{b}} 3", value), "1 {{b}} 2 x 3");
    }

    #[test]
    fn numbers_are_read_back_as_they_were() {
        assert_eq!(list(&[0.1, -0.0, 3.0, 1e-300, 1e22]), "[0.1,-0,3,1e-300,1e22]");
    }
}
